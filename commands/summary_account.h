/*
 * What the summary remembers and says of one account: its first flag with all evidence (written out at once, since a
 * verdict's text is borrowed), its state at the end, and what it sent before and after the flag.
 */
#ifndef SENDWATCH_COMMANDS_SUMMARY_ACCOUNT_H
#define SENDWATCH_COMMANDS_SUMMARY_ACCOUNT_H

#include "base/text.h"
#include "commands/summary.h"

/* What makes a terminal write so; "" where it cannot. */
struct summary_colours {
	const char *red, *yellow, *bold, *dim, *plain;
};

struct summary_account {
	char *name;
	enum account_state worst, state;
	usec_t first_bad, flagged;
	usec_t earlier;                          /* flagged before what is told of; USEC_NEVER: not so */
	usec_t disabled;                         /* sure enough to; USEC_NEVER where it was not */
	usec_t last;                             /* of its last verdict */
	double score;                            /* at the worst */
	bool away;                               /* up to the flag, only from where it had never sent */
	uint64_t recipients, leaked;             /* up to the flag */
	uint64_t recipients_after, leaked_after; /* from the flag on */
	struct text details;                     /* evidence, clients, samples: ready to print */
	struct text reason;                      /* the strongest evidence alone */
};

/* Nothing is known of it yet. NAME is copied. */
void summary_account_begin(struct summary_account *account, struct span name);
void summary_account_free(struct summary_account *account);

/* One of its own, in the order of time. */
void summary_account_attempt(struct summary_account *account, const struct attempt *attempt);
void summary_account_verdict(struct summary_account *account, const struct verdict *verdict,
			     const struct summary_colours *colours);
/* From before the time that is told of. */
void summary_account_earlier(struct summary_account *account, const struct verdict *verdict);

/* For qsort: the worst first, of these those that did the most harm, then by name. */
int summary_account_harm(const void *left, const void *right);

/* Was it flagged before the time that is told of, and is nothing told of it since that says otherwise? */
bool summary_account_is_still(const struct summary_account *account);

/* A paragraph of one that was flagged, a line of one that was only watched, a line of one that is still flagged. */
void summary_account_print_flagged(const struct summary_account *account,
				   const struct summary_colours *colours, const struct summary_read *read,
				   FILE *out);
void summary_account_print_watched(const struct summary_account *account,
				   const struct summary_colours *colours, FILE *out);
void summary_account_add_still(const struct summary_account *account, const struct summary_colours *colours,
			       struct text *out);

#endif
