/*
 * Marks say how far each log was read, in a way that holds for the log's content and not for a reader: its
 * newest stamp, and how many lines came since that stamp was first met. With them watch, when it starts, can
 * read the logs that are there once more up to exactly where it was, and so knows all that it knew.
 */
#ifndef SENDWATCH_COMMANDS_MARKS_H
#define SENDWATCH_COMMANDS_MARKS_H

#include "base/text.h"
#include "collector/collector.h"

struct marks;

struct marks *marks_new(void);
void marks_free(struct marks **marks);

/* A line with this stamp was read from the source. */
void marks_note(struct marks *marks, const struct collector *collector, uint32_t source, usec_t time);

/*
 * Reading once more, with marks of its own in SEEN: is this line before the mark of its source, or at it? A
 * source without a mark has no such lines.
 */
bool marks_cover(const struct marks *marks, struct marks *seen, const struct collector *collector,
		 uint32_t source, usec_t time);

/* Has SEEN gone past the mark of every source? A source that has no line behind its mark keeps it false. */
bool marks_passed(const struct marks *marks, const struct marks *seen);

/* The source of the mark AT this place, without a host: "/var/log/mail.log"; NULL behind the last. */
const char *marks_source(const struct marks *marks, size_t at);

/* The newest stamp of all; USEC_NEVER where there is none. */
usec_t marks_newest(const struct marks *marks);

/* As lines of text, and back. False where the text is none of ours. */
void marks_write(const struct marks *marks, struct text *out);
bool marks_read(struct marks *marks, struct span text);

#endif
