/*
 * A frame is what surrounds a program's words in a log line: the time stamp, the host, the program's tag
 * and its pid. RFC 3164 with and without host, RFC 5424, ISO 8601 stamps, Exim's own main log, Postfix's
 * maillog_file, journalctl's and container prefixes are all cut to this shape.
 *
 * The framer keeps, for one source, what single lines do not say: the year, the zone, the last stamp.
 * Nothing is allocated a line; spans borrow from the line, except where split or repeated lines were
 * joined: these borrow from the framer, until its next call.
 */
#ifndef SENDWATCH_PARSERS_FRAME_H
#define SENDWATCH_PARSERS_FRAME_H

#include "base/clock.h"
#include "base/error.h"
#include "base/span.h"

/* What Postfix's parser makes of a tag: its kind of service, the places of "submission/smtpd" and of "smtpd" in it. */
struct frame_daemon {
	uint8_t service; /* 0: it was not asked */
	uint8_t program_at, name_at;
};

struct frame {
	usec_t time;      /* UTC */
	struct span host; /* absent where the frame names none */
	struct span tag;  /* "postfix/submission/smtpd", "dovecot"; absent in Exim's own logs */
	struct span text; /* the program's words */
	uint32_t pid;     /* 0 where absent */
	uint32_t repeat;  /* 1, or N of "message repeated N times: [ ... ]" */
	struct frame_daemon daemon;
	uint8_t exim_id; /* the text is from Exim's own log and begins with an id so long; 0: it was not asked */
};

struct framer_options {
	int year;             /* of the first line, 0: guess */
	const char *timezone; /* IANA name or "+02:00" of stamps without zone; NULL: this machine's */
	usec_t written; /* the file's modification or gzip time, for guessing the year; USEC_NEVER: unknown.
			  The present for standard input */
	bool growing;   /* followed live: stamps after `written` are to be expected */
};

struct framer;

/* NULL and ERROR where the time zone is not known. */
struct framer *framer_new(const struct framer_options *options, struct error *error);
void framer_free(struct framer **framer);

/*
 * A stamp by a clock that was wrong, more than a month from now and ahead of the line before, has that one's time.
 * False where the line has no frame that is known (rubbish, a header dump of rejectlog).
 */
bool framer_cut(struct framer *framer, struct span line, struct frame *frame_r);

/*
 * The line's time alone, for putting files and lines in order; USEC_NEVER where it has none. Each line of
 * a source is shown to framer_time or framer_cut in its order; showing the same line again changes nothing.
 */
usec_t framer_time(struct framer *framer, struct span line);

#endif
