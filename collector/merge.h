/*
 * Which of several streams is next in time: a heap of (time, order), the earliest at the top. Among equal
 * times the lower order comes first, so that the merge is the same in every run.
 */
#ifndef SENDWATCH_COLLECTOR_MERGE_H
#define SENDWATCH_COLLECTOR_MERGE_H

#include "base/clock.h"

struct merge_entry {
	usec_t time;
	uint32_t order;
	void *stream;
};

struct merge {
	struct merge_entry *heap;
	size_t count, room;
};

void merge_add(struct merge *merge, struct merge_entry entry);

/* The top's time has changed. */
void merge_settle(struct merge *merge);

/* Take the top away. */
void merge_drop(struct merge *merge);

void merge_free(struct merge *merge);

static inline struct merge_entry *merge_top(const struct merge *merge)
{
	return merge->count == 0 ? NULL : &merge->heap[0];
}

#endif
