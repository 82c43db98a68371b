/*
 * Reading: a collector's lines, each with its frame and its event. Reading ahead does this on a thread of its
 * own, so that following and judging have theirs; what is given, and in which order, is the same.
 */
#ifndef SENDWATCH_COMMANDS_READING_H
#define SENDWATCH_COMMANDS_READING_H

#include "collector/collector.h"
#include "parsers/event.h"
#include "parsers/frame.h"

/* One line, read. Its texts stay until the next is asked for. */
struct reading {
	struct line line;
	bool framed; /* else there is no frame and no event */
	struct frame frame;
	const struct event *event;
};

struct reading_ahead;

/* WHOLE: events that say nothing of an account are wanted whole, not by their kind alone. */
struct reading_ahead *reading_new(struct collector *collector, bool whole);

/*
 * From here on the collector is the thread's, until reading_stop: its calls come from there, and what it has to
 * say of trouble is given to reading_note_trouble. False where no thread can be had.
 */
bool reading_start(struct reading_ahead *ahead);

/* From the thread alone, as the collector's call: reading_next tells it in its place. */
void reading_note_trouble(struct reading_ahead *ahead, const char *words);

enum collected reading_next(struct reading_ahead *ahead, const struct reading **reading_r,
			    void (*tell)(void *context, const char *words), void *context);

/* The collector's figures when the line just given was read, or a little later. */
struct collector_stats reading_stats(const struct reading_ahead *ahead);

void reading_stop(struct reading_ahead **ahead);

#endif
