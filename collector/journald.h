/*
 * A systemd journal, read entry by entry: this machine's, a folder of journals, one file. Reading takes part in
 * nothing that journald does: files come and go (rotation, vacuum) while it goes on.
 */
#ifndef SENDWATCH_COLLECTOR_JOURNALD_H
#define SENDWATCH_COLLECTOR_JOURNALD_H

#include "collector/journald_name.h"

struct journald;

/* NULL, and ERROR with the name, where it cannot be read, or there is no libsystemd. NAME stays the caller's. */
struct journald *journald_open(const struct journald_name *name, struct error *error);
void journald_close(struct journald **journal);

enum journald_got {
	JOURNALD_ENTRY,
	JOURNALD_NOTHING, /* no more for now */
	JOURNALD_BROKEN   /* ERROR says how; what can be read comes with the next call */
};

/* The next wanted entry as a line (journald_line.h), added to INTO. */
enum journald_got journald_next(struct journald *journal, struct text *into, struct error *error);

/*
 * What went wrong since the last call: entries that journald dropped because their unit wrote too many, or that were
 * left out because a person's uid wrote them in a mail server's name. False where there is nothing to tell.
 */
bool journald_lost(struct journald *journal, struct error *words);

/* When the last wanted entry was written; false where there is none. For a journal that is not read on. */
bool journald_newest(struct journald *journal, usec_t *time_r);

/*
 * Where the entry given last stands, or the one before it, for journald_seek in a later run; added to INTO. False
 * where there is no such entry.
 */
bool journald_cursor(const struct journald *journal, struct text *into);
bool journald_cursor_before(struct journald *journal, struct text *into);

enum journald_sought {
	JOURNALD_SOUGHT, /* the next entry is the one after the cursor's */
	JOURNALD_GONE, /* the cursor's entry is no longer there: the next one is the first after where it was */
	JOURNALD_FAILED
};

enum journald_sought journald_seek(struct journald *journal, const char *cursor, struct error *error);
bool journald_seek_end(struct journald *journal, struct error *error);

/* For a living journal: a descriptor that is readable when something changed, and what to do then. */
int journald_fd(struct journald *journal);
void journald_happened(struct journald *journal);

/* Until when, on the monotonic clock, journald_happened should be called anyhow; USEC_NEVER: not. */
usec_t journald_due(struct journald *journal);

#endif
