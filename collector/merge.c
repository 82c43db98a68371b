/* A binary heap in an array; its size is the number of logs that are read at once. */
#include "collector/merge.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>

static bool merge_before(const struct merge_entry *a, const struct merge_entry *b)
{
	return a->time != b->time ? a->time < b->time : a->order < b->order;
}

static void merge_swap(struct merge_entry *a, struct merge_entry *b)
{
	struct merge_entry kept = *a;

	*a = *b;
	*b = kept;
}

void merge_add(struct merge *merge, struct merge_entry entry)
{
	size_t at = merge->count++;

	if (merge->count > merge->room) {
		merge->room = merge->room == 0 ? 16 : merge->room * 2;
		merge->heap = memory_grow(merge->heap, merge->room, sizeof(*merge->heap));
	}
	merge->heap[at] = entry;
	for (; at > 0 && merge_before(&merge->heap[at], &merge->heap[(at - 1) / 2]); at = (at - 1) / 2)
		merge_swap(&merge->heap[at], &merge->heap[(at - 1) / 2]);
}

void merge_settle(struct merge *merge)
{
	size_t at = 0;

	for (;;) {
		size_t least = at, child = 2 * at + 1;

		if (child < merge->count && merge_before(&merge->heap[child], &merge->heap[least]))
			least = child;
		if (child + 1 < merge->count && merge_before(&merge->heap[child + 1], &merge->heap[least]))
			least = child + 1;
		if (least == at)
			return;
		merge_swap(&merge->heap[at], &merge->heap[least]);
		at = least;
	}
}

void merge_drop(struct merge *merge)
{
	assert(merge->count > 0);
	merge->heap[0] = merge->heap[--merge->count];
	merge_settle(merge);
}

void merge_free(struct merge *merge)
{
	free(merge->heap);
	*merge = (struct merge){ 0 };
}
