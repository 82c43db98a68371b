/*
 * A store in front of another that loses every change from the Nth on, for tests of what is above it. It
 * says how many it lost in its statistics.
 */
#include "base/memory.h"
#include "detectors/store.h"

#include <stdlib.h>

struct store_fail {
	struct store store;
	struct store *inner;
	uint64_t nth, calls, failed;
};

static struct store_fail *fail_of(struct store *store)
{
	return (struct store_fail *)store;
}

static struct record *fail_record(struct store *store, struct span account, bool make)
{
	struct store *inner = fail_of(store)->inner;

	inner->context = store->context;
	inner->evicted = store->evicted;
	inner->changed = store->changed;
	return inner->calls->record(inner, account, make);
}

static void fail_apply(struct store *store, struct record *record, const struct delta *delta, uint32_t source,
		       uint64_t position, struct applied *applied_r)
{
	struct store_fail *fail = fail_of(store);

	if (++fail->calls >= fail->nth) {
		fail->failed++;
		*applied_r = (struct applied){ 0 };
		return;
	}
	fail->inner->calls->apply(fail->inner, record, delta, source, position, applied_r);
}

static void fail_keep(struct store *store, struct record *record)
{
	struct store_fail *fail = fail_of(store);

	fail->inner->calls->keep(fail->inner, record);
}

static struct record *fail_next(struct store *store, const struct record *after)
{
	struct store_fail *fail = fail_of(store);

	return fail->inner->calls->next(fail->inner, after);
}

static struct store_stats fail_stats(const struct store *store)
{
	const struct store_fail *fail = (const struct store_fail *)store;
	struct store_stats stats = fail->inner->calls->stats(fail->inner);

	stats.failed += fail->failed;
	return stats;
}

static void fail_free(struct store *store)
{
	store_free(&fail_of(store)->inner);
	free(store);
}

static const struct store_calls fail_calls = {
	.name = "fail",
	.record = fail_record,
	.apply = fail_apply,
	.keep = fail_keep,
	.next = fail_next,
	.stats = fail_stats,
	.free = fail_free,
};

struct store *store_fail_new(struct store *inner, uint64_t nth)
{
	struct store_fail *fail = memory_new(1, sizeof(*fail));

	fail->store.calls = &fail_calls;
	fail->inner = inner;
	fail->nth = nth;
	return &fail->store;
}
