/*
 * What the outbox could not take, since its disk was full: kept in memory, and put again after a pause, in order.
 *
 * Limits: a thousand messages; what comes then is lost, as is what is still here when the process is killed.
 */
#ifndef SENDWATCH_COMMANDS_UNKEPT_H
#define SENDWATCH_COMMANDS_UNKEPT_H

#include "responders/outbox.h"

struct unkept_message {
	struct unkept_message *next;
	char *target, *id, *account, *json;
};

struct unkept {
	struct unkept_message *first, **end;
	size_t count;
	usec_t again; /* not tried before */
};

void unkept_begin(struct unkept *unkept);
void unkept_free(struct unkept *unkept);

/* All is copied. False where there is no room. */
bool unkept_add(struct unkept *unkept, usec_t now, const char *target, const char *id, struct span account,
		const char *json);

/* When the next try is; USEC_NEVER where there is nothing to try. */
usec_t unkept_due(const struct unkept *unkept);

/* The first goes to the outbox; false where none is due or it was not taken. WHOLE_R: it was the last of its id. */
bool unkept_put(struct unkept *unkept, struct outbox *outbox, usec_t now, char **id_r, bool *whole_r);

#endif
