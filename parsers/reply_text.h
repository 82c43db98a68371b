/*
 * The text of a reply, cut and made comparable: what the MTA wrote around it taken off, its lines joined,
 * and what differs from case to case (addresses, queue ids, times, numbers) put aside.
 */
#ifndef SENDWATCH_PARSERS_REPLY_TEXT_H
#define SENDWATCH_PARSERS_REPLY_TEXT_H

#include "parsers/event.h"

/* A shape and a joined text are cut at this; the cause of a refusal stands before. */
#define REPLY_TEXT_SIZE 1024

struct reply_text {
	struct span words;      /* from the code on */
	enum event_phase phase; /* as the MTA's own words tell, PHASE_UNKNOWN where they do not */
	uint16_t code;          /* 0 where absent */
	uint8_t enhanced[3];    /* zeros where absent */
};

/* Take the MTA's own words off REPLY and read its codes. */
void reply_text_cut(struct span reply, struct reply_text *text_r);

/* "5.1.1" as three numbers; untouched and false where TEXT does not begin with one. */
bool reply_text_enhanced(struct span text, uint8_t enhanced_r[3]);

/*
 * The shape of WORDS: in small letters, lines joined, addresses as "@", host[ip] as "h[0.0.0.0]", numbers as
 * "0", ids as "#"; enhanced codes, error codes of the form TSS04 and the first numbers are kept. EXACT: only
 * lines are joined and escapes undone. Returns the length.
 */
size_t reply_text_shape(struct span words, bool exact, char into[REPLY_TEXT_SIZE]);

/* Drop the codes that the reply's further lines repeat, in place: "550 5.1.1 first second". Returns the length. */
size_t reply_text_join(const struct reply_text *text, char *shape, size_t len);

#endif
