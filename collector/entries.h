/*
 * The entries of a journal, or of an exported one, as blocks of lines: what an input is made of that is no
 * text by itself.
 */
#ifndef SENDWATCH_COLLECTOR_ENTRIES_H
#define SENDWATCH_COLLECTOR_ENTRIES_H

#include "base/error.h"
#include "base/span.h"

struct entries;

/* LOG is "journal:...". NULL, and ERROR, where it cannot be read. */
struct entries *entries_of_journal(const char *log, struct error *error);

/* Of what begins with HEAD; NULL where that is no export. */
struct entries *entries_of_export(struct span head);

void entries_free(struct entries **entries);

/* A journal's name as a source, the same for every reading of it; until the entries are freed. */
const char *entries_log(const struct entries *entries);

/*
 * The next block of a journal's lines, LINES_HEADROOM free bytes before it; this one and the one before stay
 * valid. False at the end; *broken_r where it is not the true end.
 */
bool entries_read(struct entries *entries, char **data_r, size_t *len_r, bool *broken_r, struct error *error);

/* The lines of what an export goes on with, a block as above, maybe empty. LAST: nothing comes after it. */
void entries_feed(struct entries *entries, struct span data, bool last, char **data_r, size_t *len_r);

#endif
