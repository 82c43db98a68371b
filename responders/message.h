/*
 * What a parcel says, for people: its JSON (a verdict, a notice, or many of them gathered) as named texts, from
 * which templates, mails and the words of chats are filled.
 *
 * The JSON holds text of strangers. Control bytes and marks that turn the direction of writing are taken out
 * here; what a markup language would understand is the template's to escape.
 */
#ifndef SENDWATCH_RESPONDERS_MESSAGE_H
#define SENDWATCH_RESPONDERS_MESSAGE_H

#include "base/clock.h"
#include "base/text.h"

enum message_field {
	MESSAGE_ID,
	MESSAGE_TYPE,
	MESSAGE_TIME,
	MESSAGE_ENDS,    /* a day after the time where it is trouble, the time where it is over */
	MESSAGE_ACCOUNT, /* "12 accounts" where many are gathered; the type where it is of no account */
	MESSAGE_KEY,     /* short, and the same for all messages of one account */
	MESSAGE_STATE,
	MESSAGE_PREVIOUS,
	MESSAGE_SCORE,
	MESSAGE_HOST,
	MESSAGE_CUSTOMER,
	MESSAGE_TITLE,    /* one line */
	MESSAGE_SHORT,    /* its first 100 bytes */
	MESSAGE_SUMMARY,  /* the short title and the reason, one line */
	MESSAGE_REASON,   /* the strongest evidence, one line */
	MESSAGE_EVIDENCE, /* all of it, a line each; of gathered ones, a line an account */
	MESSAGE_FIRST_BAD,
	MESSAGE_RECIPIENTS,
	MESSAGE_LEAKED,
	MESSAGE_CLIENTS,
	MESSAGE_SAMPLES, /* replies, a line each */
	MESSAGE_UNDO,
	MESSAGE_TEXT,     /* all that a person needs, several lines */
	MESSAGE_SEVERITY, /* critical, error, warning, info */
	MESSAGE_PRIORITY, /* P1 to P5 */
	MESSAGE_ACTION,   /* trigger, resolve */
	MESSAGE_COLOUR,   /* decimal RGB */
	MESSAGE_COUNT,    /* of what is told */
	MESSAGE_FIELDS
};

struct message {
	struct text field[MESSAGE_FIELDS];
};

/* False, and nothing to free, where JSON is none that we wrote. */
bool message_read(struct span json, struct message *message_r);
void message_free(struct message *message);

/* By name, as templates write it: "first_bad". False where there is none. */
bool message_field_named(struct span name, enum message_field *field_r);

/* Can nobody but us have written what is in the field? Times, numbers and words of ours need no escapes. */
bool message_is_ours(enum message_field field);

/* Is it over, rather than trouble? */
bool message_resolves(const struct message *message);

#endif
