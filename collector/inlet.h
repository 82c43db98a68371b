/*
 * What a listener has open: its socket, the senders that are connected, and what of their words is not given yet. New
 * settings are taken in while the old ones are still at work: what both listen at is one inlet, so that nobody is cut
 * off and nothing that waits in it, or was read of it, is lost. One of them reads at a time.
 *
 * Nothing is queued beyond a line of each sender: what is not read yet waits in the kernel.
 */
#ifndef SENDWATCH_COLLECTOR_INLET_H
#define SENDWATCH_COLLECTOR_INLET_H

#include "base/clock.h"
#include "base/error.h"
#include "collector/listen_name.h"

struct inlet_counts {
	uint64_t refused; /* messages and connections of senders that are not allowed */
	uint64_t lost;    /* datagrams, as the kernel counts them */
};

struct inlet;

/* The one that is open at this place, or a new one. NULL, and ERROR, on failure. */
struct inlet *inlet_open(const struct listen_name *name, struct error *error);
void inlet_close(struct inlet **inlet);

/* From now on those may send whom NAME allows; others that are connected are cut off. */
void inlet_admit(struct inlet *inlet, const struct listen_name *name);

/* The next line, never waiting; it is next, and stays where it is, until it is given. */
bool inlet_peek(struct inlet *inlet, struct span *line_r);
void inlet_give(struct inlet *inlet);

/* Will there never be another line? So it is at the end of standard input. */
bool inlet_is_over(const struct inlet *inlet);

/* To wait on. */
int inlet_fd(const struct inlet *inlet);

/* Lines that were too long, of all who sent here. */
uint64_t inlet_skipped(const struct inlet *inlet);

/* What happened since this last was true: once a minute at most. */
bool inlet_news(struct inlet *inlet, usec_t now, struct inlet_counts *news_r);

#endif
