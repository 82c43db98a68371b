/*
 * The collector: bytes of any number of logs in, lines in the order of time out. It knows nothing of mail;
 * what a line's time is, the caller tells. A log is a file, plain or packed, standard input, or a systemd journal
 * (journald_name.h has its names); live also what syslog daemons send (listen_name.h).
 *
 * Lines are borrowed until the next call. A line has no newline at its end, no CR before it, no NUL in it
 * and at most 64 KiB; what is otherwise is skipped and counted. A last line without a newline is a line of an
 * archive, and not yet a line of a followed file.
 */
#ifndef SENDWATCH_COLLECTOR_COLLECTOR_H
#define SENDWATCH_COLLECTOR_COLLECTOR_H

#include "base/clock.h"
#include "base/error.h"
#include "base/span.h"
#include "base/text.h"

#define COLLECTOR_LINE_MAX ((size_t)64 * 1024)

struct line {
	struct span text;
	uint64_t position; /* of the byte after the line, in its log since it was first known: only grows */
	uint32_t source;   /* 0, 1, ...: the log; rotations of one log share it */
	bool late;         /* read while catching up with what was there at start */
};

enum collected {
	COLLECTED_LINE,
	COLLECTED_WAIT, /* nothing more for now: wait on collector_fd, then call again */
	COLLECTED_END
};

/* Told once of each file, before its first line is asked for: a context for `time`, made by the caller. */
struct collector_calls {
	void *context;
	/* A file is opened. WRITTEN: its modification time or the time in its gzip header. */
	void *(*opened)(void *context, const char *path, usec_t written);
	usec_t (*time)(void *opened, struct span line); /* USEC_NEVER where the line has none */
	void (*closed)(void *context, void *opened);
	/* Something is wrong with a file, and reading goes on without it or past it. */
	void (*trouble)(void *context, const char *words);
};

struct collector_stats {
	uint64_t files, files_failed, bytes, lines, skipped_long, skipped_binary;
	uint64_t bytes_total, bytes_read; /* as stored (compressed), for progress; total 0 where unknown */
};

struct collector;

/*
 * Replay: LOGS are paths, globs or "-", in any order; what is named twice is read once. NULL where none could
 * be opened. Files of one name and its rotations are one source, read one after another; sources are
 * merged by time, and numbered in the order of their first stamps. Archives are inflated ahead by as many
 * threads as there are processors to spare; the result does not depend on it.
 */
struct collector *collector_replay(const char *const *logs, size_t count, const struct collector_calls *calls,
				   struct error *error);

/* The same with a given number of threads, 0 for none. */
struct collector *collector_replay_threads(const char *const *logs, size_t count, unsigned threads,
					   const struct collector_calls *calls, struct error *error);

enum collector_start { COLLECTOR_START_END, COLLECTOR_START_BEGINNING, COLLECTOR_START_SINCE };

/* All zero is a good choice. */
struct collector_live_options {
	const char *positions; /* file that remembers how far was read; NULL: nothing is remembered */
	int start;             /* a log never seen: enum collector_start; what was rotated away included */
	usec_t since;
	struct span saved; /* what collector_positions wrote, instead of the file's content */
	bool poll;         /* do without inotify; network file systems are polled anyhow */
	usec_t poll_every; /* 0: 0.5 s where there is no inotify, else 30 s */
	usec_t grace;      /* a file renamed away is over when nobody wrote to it for so long; 0: 2 s */
	/*
	 * A position that something outside knows of a source (collector_source_name), 0 for none: should the
	 * saved positions be lost, the source's positions go on from there, so that they only grow.
	 */
	uint64_t (*known)(void *context, const char *source_name);
	void *known_context;
};

/*
 * Live: stay with LOGS (paths, globs, journals, listeners), after catching up from the saved positions. Files are
 * followed through rotations and need not be there yet; new matches of a glob are picked up and read from their
 * beginning. Never blocks.
 */
struct collector *collector_live(const char *const *logs, size_t count,
				 const struct collector_live_options *options,
				 const struct collector_calls *calls, struct error *error);

enum collected collector_next(struct collector *collector, struct line *line_r);

/* What was opened for the line just given. */
void *collector_opened(const struct collector *collector);

/* May collector_next take its time, as with a pipe or a log that is being written? Not so with files alone. */
bool collector_may_wait(const struct collector *collector);

/* To poll for reading while COLLECTED_WAIT. */
int collector_fd(const struct collector *collector);

/* Remember that all lines given so far are dealt with. Where it fails, the positions saved before stand. */
bool collector_save(struct collector *collector, struct error *error);

/* The same as text added to INTO, for a snapshot that holds more than positions (see `saved`). */
void collector_positions(const struct collector *collector, struct text *into);

/* What stays the same of a source through restarts, "host:/var/log/mail.log"; until the collector is closed. */
const char *collector_source_name(const struct collector *collector, uint32_t source);

/* How one log that is followed stands; its texts are borrowed until the next call. */
struct collector_source {
	const char *name;
	uint32_t number;   /* as in struct line; UINT32_MAX where no line of it was given yet */
	uint64_t position; /* up to which its lines were given */
	uint64_t behind; /* bytes as stored that are there and were not given yet, older rotations included */
	bool open;       /* there is a file that can be read */
	const char *trouble; /* the last one with this file; "" where there is none */
};

/* The one AT this place in a list of them all; false behind the last. Sizes are asked of the system. */
bool collector_source(const struct collector *collector, uint32_t at, struct collector_source *source_r);

struct collector_stats collector_stats(const struct collector *collector);
void collector_close(struct collector **collector);

#endif
