/*
 * What `journalctl -o export` and systemd-journal-remote write, as lines (journald_line.h): fields as "NAME=value" or,
 * where a value has control bytes, "NAME", newline, its length in 8 bytes, the value; an empty line ends an
 * entry. Fields that are not wanted are passed over whatever their length.
 */
#ifndef SENDWATCH_COLLECTOR_EXPORT_H
#define SENDWATCH_COLLECTOR_EXPORT_H

#include "base/text.h"

struct export;

/* Does what begins with HEAD look like it? */
bool export_is(struct span head);

struct export *export_new(void);
void export_free(struct export **export);

/*
 * Go on with DATA, which need not end where an entry does; the lines of the entries that are whole are added to
 * INTO, each with its newline.
 */
void export_feed(struct export *export, struct span data, struct text *into);

/* At the end: the entry that no empty line ends. */
void export_last(struct export *export, struct text *into);

#endif
