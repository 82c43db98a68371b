/*
 * A detector is a pure function: from what is known of an account to evidence. No state, no I/O, no clock;
 * the same view gives the same evidence, live, in replay and in a test.
 *
 * The judge asks about each horizon, and about two suspicions: that all of the account's mail in it is a
 * stranger's, and that only what came from networks that the account is not used to is. So a hijacked
 * newsletter is not thinned out by its newsletters.
 */
#ifndef SENDWATCH_DETECTORS_DETECTOR_H
#define SENDWATCH_DETECTORS_DETECTOR_H

#include "base/settings.h"
#include "detectors/population.h"
#include "detectors/record.h"
#include "detectors/verdict.h"

enum suspicion { SUSPECT_ALL, SUSPECT_AWAY, SUSPICIONS };

/* What accounts share (neighbourhood.h). */
enum share { SHARE_CUSTOMER, SHARE_SUBNET, SHARE_HELO, SHARES };

/*
 * The others who share one of these with the account, and how many of them had something against them of late, by
 * themselves: at each of the population's levels so many, of whom a share of USUAL always has.
 */
struct neighbours {
	double others;     /* about; 0: it shares nothing, or nobody is suspicious */
	double suspicious; /* of them: those who have anything against them that is noted */
	double reached[POPULATION_LEVELS], usual[POPULATION_LEVELS];
	double weight; /* of a subnet: accounts, each by how suspicious it is, and all by their share of its users */
	const char *shared; /* "customer", "client network" ... */
};

struct view {
	usec_t now;
	enum horizon horizon;
	enum suspicion suspicion;
	bool explain; /* words are wanted too */
	const struct record *record;
	const struct habit *habit;
	double trust;              /* in the habit, 0 to 1 */
	double person;             /* how surely a person with correspondents, by the habit */
	double steady;             /* the same, or else how surely one that sends much the same each day */
	const struct counts *sums; /* of this horizon, all mail */
	/* What is suspected: of this horizon and suspicion. */
	double recipients, strangers, invalid, spam, foreign, odd, mailings;
	double crowd; /* strangers and pending ones, those of one message counting less than as many messages */
	double known;   /* recipients that it wrote to before */
	double bulk;    /* how far beyond its habit the number of strangers is: 0 not, 1 tenfold */
	double open;    /* recipients that have no outcome yet, at most as many as have one */
	double pending; /* of them, those held to be strangers */
	const struct population *population;
	struct neighbours neighbours[SHARES];
	double alone; /* decibans that the account has by itself, where it has neighbours */
	uint32_t age; /* whole days since the log's first, up to now */
};

/* A mail to somebody known is worth this much of one to a stranger (assumed): lists are for being repeated. */
#define KNOWN_WEIGHT 0.3

/* Messages to those whom the account knows: a circular to all of them is one. */
static inline double view_known_messages(const struct view *view)
{
	double messages = (double)view->sums->n[COUNT_MESSAGES];

	return view->known < messages ? view->known : messages;
}

/* How much of it comes from abroad, by its strangers: counted for these alone, so without any it is taken to be all. */
static inline double view_abroad(const struct view *view)
{
	double abroad = (double)view->sums->n[COUNT_ABROAD];

	return abroad < view->strangers ? abroad / view->strangers : 1;
}

/* Who shares a group tells the judge the same thing in two ways: only its strongest member counts. */
enum evidence_group {
	GROUP_AMOUNT,
	GROUP_LIST,
	GROUP_CONTENT,
	GROUP_ORIGIN,
	GROUP_HOURS,
	GROUP_SENDER,
	GROUP_NEIGHBOURS,
	GROUPS
};

struct detector {
	const char *name;
	const char *about;
	enum evidence_group group;
	const struct setting *settings;
	size_t options_size;
	/* Decibans and, where the view wants them, words and figures; 0 decibans where it has nothing to say. */
	void (*weigh)(const struct view *view, const void *options, struct evidence *evidence_r);
};

extern const struct detector detector_volume, detector_invalid_recipients, detector_rejects,
	detector_strangers, detector_origins, detector_hours, detector_logins, detector_senders,
	detector_scripts, detector_campaign;

/* All of them in this order, ended by NULL. */
enum detector_place {
	DETECT_VOLUME,
	DETECT_STRANGERS,
	DETECT_INVALID,
	DETECT_REJECTS,
	DETECT_ORIGINS,
	DETECT_HOURS,
	DETECT_LOGINS,
	DETECT_SENDERS,
	DETECT_SCRIPTS,
	DETECT_CAMPAIGN,
	DETECTORS
};

extern const struct detector *const detectors[DETECTORS + 1];

/* Room for the options of one detector, whichever it is. */
union detector_options {
	double align;
	char bytes[160];
};

extern const struct setting volume_settings[], strangers_settings[], invalid_settings[], rejects_settings[],
	origins_settings[], hours_settings[], logins_settings[], senders_settings[], scripts_settings[],
	campaign_settings[];

#endif
