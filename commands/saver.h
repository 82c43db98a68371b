/*
 * Writes the snapshot, beside the work: where there are many accounts, or the disk was slow the last time, a child
 * process writes what it shares with this one at the moment of its birth, while reading goes on. Never so often that
 * it takes more than a twentieth of a processor, or waits for the disk more than half of the time.
 */
#ifndef SENDWATCH_COMMANDS_SAVER_H
#define SENDWATCH_COMMANDS_SAVER_H

#include "commands/resume.h"

#include <sys/types.h>

struct saver {
	pid_t child; /* 0: none */
	int ended;   /* a pipe that says when it has, while there is one */
	usec_t began;
	usec_t pause; /* what the last one cost asks for, from when it began */
	bool failed;  /* the last time */
	bool slow;    /* the disk, the last time */
};

/* What is to be saved. */
struct saver_work {
	const char *state;
	const struct marks *marks;
	const struct collector *collector;
	const struct pipeline *pipeline;
	const struct health *health;
};

/* Save; where AT_ONCE, it is done when this returns, and with all that is known now. */
bool saver_save(struct saver *saver, const struct saver_work *work, bool at_once, struct error *error);

/* Is a child at it? Clears up behind one that is done. */
bool saver_busy(struct saver *saver);

/* Readable when it is done; -1, which poll passes over, where there is none. */
int saver_fd(const struct saver *saver);

/* Until when the next save should wait, on the monotonic clock, where one is wanted every EVERY. */
usec_t saver_due(const struct saver *saver, usec_t every);

#endif
