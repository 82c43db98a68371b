/*
 * The health of our own addresses: how each remote provider treats each address that our mail goes out
 * from, and which accounts caused it. Providers are told by the name of their mail exchanger.
 *
 * An own address is what the log names (Exim's I=), else the server; the address that remotes name in their
 * refusals is shown beside it. A provider that begins to refuse, measured against what it did before, gives a
 * verdict of type "address": it blames the accounts that sent most of what was refused or unwanted there.
 */
#ifndef SENDWATCH_DETECTORS_HEALTH_H
#define SENDWATCH_DETECTORS_HEALTH_H

#include "base/settings.h"
#include "detectors/verdict.h"
#include "base/pack.h"

#define HEALTH_ACCOUNTS 12
#define HEALTH_NAME     128

struct health_options {
	int64_t minimum;  /* attempts in an hour that say anything */
	double refused;   /* share of an hour's attempts at which a provider refuses us */
	int64_t pairs;    /* of address and provider, remembered at once */
	int64_t culprits; /* accounts named */
};

extern const struct setting health_settings[];

/* One account's part in what a provider saw. */
struct health_account {
	char name[HEALTH_NAME];
	double attempts, bad; /* bad: refused as spam, malware, or to recipients that do not exist */
};

/* One own address at one provider, since `first`. */
struct health_row {
	char address[HEALTH_NAME]; /* or the server's name */
	char named[46];            /* the address that the remote names; "" where it did not */
	char provider[HEALTH_NAME];
	usec_t first, last, since;            /* since: it refuses us from then on; USEC_NEVER: it does not */
	uint64_t attempts, deferred, refused; /* refused: listed, blocked or rate-limited */
	uint64_t classes[REPLY_CLASSES];
	struct health_account accounts[HEALTH_ACCOUNTS]; /* worst first */
	size_t account_count;
};

struct health;

struct health *health_new(const struct health_options *options,
			  void (*verdict)(void *context, const struct verdict *verdict), void *context);
void health_free(struct health **health);

/* Which of our addresses it went out from, as far as the log says. */
struct span health_own(const struct attempt *attempt);

/* Is it one of those that health counts? */
bool health_counts(const struct attempt *attempt, enum attempt_stage stage);

void health_attempt(struct health *health, const struct attempt *attempt, enum attempt_stage stage);

/*
 * Who, lately and at all providers together, did most of what could earn ADDRESS a bad name; where the log does
 * not name that address, of all that went out. Worst first, MOST at most. Returns their number.
 */
size_t health_blame(const struct health *health, struct span address, struct health_account *accounts,
		    size_t most);

/* What is to be said of one; INTO has EVIDENCE_TEXT_SIZE bytes. */
void health_blame_words(const struct health_account *account, char *into);

/* All rows, the most refused first; the caller frees them. */
struct health_row *health_rows(const struct health *health, size_t *count_r);

/* As bytes for this machine, and back into an empty one. */
void health_pack(const struct health *health, struct text *into);
bool health_unpack(struct health *health, struct unpack *from);

#endif
