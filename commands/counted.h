/*
 * How far every log was counted in a shared store, in a file of its own, STATE/counted: so that a snapshot that is
 * damaged, gone, or of another form does not leave that unknown (resume.h has what follows from it).
 */
#ifndef SENDWATCH_COMMANDS_COUNTED_H
#define SENDWATCH_COMMANDS_COUNTED_H

#include "base/error.h"
#include "base/text.h"

enum counted {
	COUNTED_KNOWN,
	COUNTED_OTHERWISE, /* in records of another form, which this program neither reads nor changes */
	COUNTED_UNKNOWN,   /* there is no such file, or it is damaged */
};

/* TEXT is the text of a snapshot (resume_text). */
bool counted_save(const char *state, struct span text, struct error *error);

/* It is added to TEXT where it is KNOWN. */
enum counted counted_read(const char *state, struct text *text);

#endif
