/*
 * What is independent, and what is not.
 *
 * Given who sends (the owner, or somebody else), these say different things and add up: how much is sent
 * (volume and strangers: two measures of one thing, so the stronger), how good the list is (invalid
 * recipients), what is in the mail (rejects), where it comes from (origins and logins: a new network is
 * seen by both, so the stronger), whose name it bears (senders, scripts), and what happens to those who
 * share something with the account (campaign), and when (hours).
 *
 * Excuses are less independent than accusations: who cleans the list also minds the words, so a clean list
 * and an unsuspicious content are one excuse, the better of the two.
 *
 * A horizon and a suspicion are one hypothesis: "within the last hour somebody else sends from elsewhere".
 * Evidence is added within a hypothesis, and the likeliest hypothesis is the score. Fewer than three
 * first-time recipients are no abuse that anybody suffers from: nothing is asked below that, unless many of those
 * whom the account knows are written to from elsewhere.
 */
#include "detectors/score.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FEWEST       3.0  /* first-time recipients: see above */
#define FEWEST_KNOWN 12.0 /* correspondents, written to from elsewhere: an hour's work. Assumed */
#define INDEPENDENT  5.0  /* decibans from which a group counts as one that agrees: three to one */
#define CORRESPONDS  10.0 /* mails to known correspondents at which an account is half a person's: assumed */
#define EVEN         4.0  /* times the mean that the fullest day may have, of who sends evenly: assumed */
#define TOGETHER     0.65 /* power of the recipients of one message: 300 count as 40; see crowd_of */
#define BULK_FLOOR   15.0 /* strangers that are no bulk for anybody: assumed */
#define PENDING_MOST 0.5  /* what a recipient without outcome weighs against a known stranger: assumed */

const struct detector *const detectors[DETECTORS + 1] = {
	[DETECT_VOLUME] = &detector_volume,
	[DETECT_STRANGERS] = &detector_strangers,
	[DETECT_INVALID] = &detector_invalid_recipients,
	[DETECT_REJECTS] = &detector_rejects,
	[DETECT_ORIGINS] = &detector_origins,
	[DETECT_HOURS] = &detector_hours,
	[DETECT_LOGINS] = &detector_logins,
	[DETECT_SENDERS] = &detector_senders,
	[DETECT_SCRIPTS] = &detector_scripts,
	[DETECT_CAMPAIGN] = &detector_campaign,
};

/* Recipients that were submitted and have no outcome: those that cannot all be known are strangers. */
static double pending_of(const struct view *view, const struct counts *sums)
{
	double open = (double)sums->n[COUNT_SUBMITTED] - (double)sums->n[COUNT_ARRIVED];
	double known = record_correspondents(view->record);

	return open <= known ? 0 : (open - known) * PENDING_MOST;
}

/* Who corresponds is a person: newsletters and shops have no correspondents to speak of. */
static double person_of(const struct view *view)
{
	double known = (double)view->habit->recipients - (double)view->habit->strangers;

	return fmin(view->trust, known / (known + CORRESPONDS));
}

/*
 * A form or a shop that sends day by day, and no day four times as much as the others, has a habit too; a
 * newsletter that is sent once in a while has none that its next issue could be measured by.
 */
static double steady_of(const struct view *view)
{
	const struct habit *habit = view->habit;
	int64_t day = view->now / USEC_DAY;
	double elapsed = (double)day - habit->first;
	double mean = habit->days == 0 ? 0 : (double)habit->strangers / habit->days;
	double even = fmin(1, EVEN * (mean + 1) / ((double)habit->top_day + 1));

	if (elapsed <= 0 || habit->days <= HABIT_SETTLED)
		return 0;
	return (habit->days - HABIT_SETTLED) / (habit->days + 1.0) * fmin(1, habit->days / elapsed) * even;
}

/* Sudden bulk: strangers beyond the account's own habit, in orders of magnitude. */
static double bulk_of(const struct view *view)
{
	const struct habit *habit = view->habit;
	double usual = view->horizon == HORIZON_7D ? (double)habit->top_week : (double)habit->top_day;

	return fmax(0, log10((view->strangers + view->pending + 1) / (usual + BULK_FLOOR)));
}

/*
 * One message to three hundred is one decision, as the house's circulars and invitations are; three hundred
 * messages are a machine's. COUNT recipients of MESSAGES count as so many. The power was chosen by measurement: with
 * it none of 450 people of an institute was flagged in 60 days, without it 26 were, and attacks were found as before.
 */
static double crowd_of(double count, double messages)
{
	messages = fmax(1, messages);
	return count <= messages ? count : messages * pow(count / messages, TOGETHER);
}

static void view_of(struct view *view, const struct counts *sums, enum horizon horizon,
		    enum suspicion suspicion)
{
	const uint32_t *n = sums->n;
	bool away = suspicion == SUSPECT_AWAY;

	view->horizon = horizon;
	view->suspicion = suspicion;
	view->sums = sums;
	view->recipients = n[away ? COUNT_AWAY : COUNT_RECIPIENTS];
	view->strangers = n[away ? COUNT_AWAY_STRANGERS : COUNT_STRANGERS];
	view->invalid = n[away ? COUNT_AWAY_INVALID : COUNT_INVALID];
	view->spam = n[away ? COUNT_AWAY_SPAM : COUNT_SPAM];
	view->foreign = n[away ? COUNT_AWAY_FOREIGN : COUNT_FOREIGN];
	view->odd = n[COUNT_ODD];
	view->mailings = n[COUNT_MAILINGS];
	view->known = view->recipients - view->strangers;
	view->pending = away ? 0 : pending_of(view, sums);
	view->open = fmax(0, (double)n[COUNT_SUBMITTED] - (double)n[COUNT_ARRIVED]);
	view->open = fmin(view->open, view->recipients);
	view->bulk = bulk_of(view);
	view->crowd = crowd_of(view->strangers, view->mailings) +
		      crowd_of(view->pending, (double)n[COUNT_MESSAGES] - view->mailings);
}

/* What speaks against and for the account within a group: the strongest of each. */
struct group {
	double against, excuse;
};

static double weigh_all(const struct view *view, const union detector_options options[DETECTORS],
			uint32_t *independent_r)
{
	struct group groups[GROUPS] = { { 0, 0 } }, *list = &groups[GROUP_LIST],
		     *content = &groups[GROUP_CONTENT];
	double sum = 0;

	*independent_r = 0;
	for (int i = 0; detectors[i] != NULL; i++) {
		struct group *group = &groups[detectors[i]->group];
		struct evidence evidence;

		evidence.decibans = 0;
		detectors[i]->weigh(view, &options[i], &evidence);
		group->against = fmax(group->against, evidence.decibans);
		group->excuse = fmin(group->excuse, evidence.decibans);
	}
	if (list->excuse < 0 && content->excuse < 0)
		*(list->excuse < content->excuse ? &content->excuse : &list->excuse) = 0;
	for (int i = 0; i < GROUPS; i++) {
		double decibans = groups[i].against + groups[i].excuse;

		sum += decibans;
		*independent_r += decibans >= INDEPENDENT;
	}
	return sum;
}

struct score score_account(struct view *view, const struct counts sums[HORIZONS],
			   const union detector_options options[DETECTORS])
{
	struct score best = { .decibans = -40 };

	view->explain = false;
	view->habit = &view->record->habit;
	view->trust = habit_trust(view->habit);
	view->person = person_of(view);
	view->steady = fmax(view->person, steady_of(view));
	for (int h = 0; h < HORIZONS; h++) {
		/* A longer horizon with the same counts only expects more. */
		if (h > 0 && memcmp(&sums[h], &sums[h - 1], sizeof(sums[h])) == 0)
			continue;
		for (int s = SUSPICIONS - 1; s >= 0; s--) {
			uint32_t independent;
			double decibans;

			view_of(view, &sums[h], (enum horizon)h, (enum suspicion)s);
			if (view->strangers + view->pending < FEWEST &&
			    (s != SUSPECT_AWAY || view->known < FEWEST_KNOWN))
				continue;
			/* All of it is away: that was asked already. */
			if (s == SUSPECT_ALL && view->pending <= 0 &&
			    sums[h].n[COUNT_AWAY_STRANGERS] == sums[h].n[COUNT_STRANGERS])
				continue;
			decibans = weigh_all(view, options, &independent);
			if (decibans > best.decibans)
				best = (struct score){ decibans, (enum horizon)h, (enum suspicion)s,
						       independent };
		}
	}
	return best;
}

static int by_decibans(const void *a, const void *b)
{
	const struct evidence *x = a, *y = b;

	return x->decibans < y->decibans ? 1 : x->decibans > y->decibans ? -1 : 0;
}

size_t score_explain(struct view *view, const struct counts sums[HORIZONS], const struct score *score,
		     const union detector_options options[DETECTORS], struct evidence into[VERDICT_EVIDENCE])
{
	size_t count = 0;

	view->habit = &view->record->habit;
	view->trust = habit_trust(view->habit);
	view->person = person_of(view);
	view->steady = fmax(view->person, steady_of(view));
	view_of(view, &sums[score->horizon], score->horizon, score->suspicion);
	view->explain = true;
	for (int i = 0; detectors[i] != NULL && count < VERDICT_EVIDENCE; i++) {
		struct evidence *evidence = &into[count];

		*evidence = (struct evidence){ .detector = detectors[i]->name, .of = -1, .expected = -1 };
		detectors[i]->weigh(view, &options[i], evidence);
		/* Excuses are told too, where they have words: an admin wants to know what speaks for the account. */
		if (fabs(evidence->decibans) >= 0.5 && evidence->text[0] != '\0')
			count++;
	}
	view->explain = false;
	qsort(into, count, sizeof(*into), by_decibans);
	return count;
}
