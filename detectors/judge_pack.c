/*
 * What the judge knows, as blocks. The first byte of a block says what is in it. Accounts come from the longest
 * unused to the newest, so that reading them back puts them into that order; many share a block.
 */
#include "detectors/judge_state.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/pack.h"
#include "detectors/record_pack.h"
#include "detectors/trail.h"

#include <assert.h>

/* Raised with every change of what is written here; sizes of what is written as it stands are seen to below. */
#define JUDGE_PACK_VERSION 6
#define BLOCK_ENOUGH       ((size_t)64 * 1024)
#define RECORDS_AHEAD      8

enum block { BLOCK_COMMON = 'c', BLOCK_RECORDS = 'r', BLOCK_GROUPS = 'g' };

struct packing {
	struct text block;
	void (*put)(void *context, struct span block);
	void *context;
};

uint64_t judge_form(void)
{
	static const uint64_t parts[] = { JUDGE_PACK_VERSION,        RECORD_PACK_VERSION,
					  sizeof(struct population), sizeof(struct member),
					  VERDICT_SAMPLES,           VERDICT_CLIENTS };

	return hash_stable((struct span){ (const char *)parts, sizeof(parts) });
}

static void packing_put(struct packing *packing)
{
	packing->put(packing->context, text_span(&packing->block));
	text_clear(&packing->block);
}

static void common_pack(const struct judge *judge, struct packing *packing)
{
	struct text *into = &packing->block;

	pack_number(into, BLOCK_COMMON);
	pack_signed(into, judge->looked);
	pack_number(into, judge->raised_count);
	for (size_t i = 0; i < judge->raised_count; i++)
		pack_span(into, span_of(judge->raised[i]));
	suspects_pack(judge->suspects, into);
	population_pack(&judge->population, into);
	witnesses_pack(judge->witnesses, into);
	packing_put(packing);
}

static void record_add(const struct record *record, struct text *bytes, struct text *into)
{
	text_clear(bytes);
	record_pack(record, bytes);
	pack_span(into, span_of(record->name));
	pack_span(into, text_span(bytes));
	if (record->trail != NULL)
		trail_pack(record->trail, into);
	else
		pack_span(into, (struct span){ "", 0 });
}

static void store_pack(struct store *store, enum block block, struct packing *packing)
{
	struct text bytes = { 0 };

	for (struct record *record = store->calls->next(store, NULL); record != NULL;
	     record = store->calls->next(store, record)) {
		if (packing->block.len == 0)
			pack_number(&packing->block, block);
		record_add(record, &bytes, &packing->block);
		if (packing->block.len >= BLOCK_ENOUGH)
			packing_put(packing);
	}
	if (packing->block.len > 0)
		packing_put(packing);
	text_free(&bytes);
}

void judge_pack(const struct judge *judge, bool records, void (*put)(void *context, struct span block),
		void *context)
{
	struct packing packing = { .put = put, .context = context };

	common_pack(judge, &packing);
	if (records) {
		store_pack(judge->store, BLOCK_RECORDS, &packing);
		store_pack(judge->groups, BLOCK_GROUPS, &packing);
	}
	text_free(&packing.block);
}

/* Of a shared store: ask it for the account, which is then known here before it is heard of. */
static void raised_unpack(struct judge *judge, struct span name)
{
	struct record *record;

	if (judge->raised_count == judge->raised_room) {
		judge->raised_room = judge->raised_room == 0 ? 16 : judge->raised_room * 2;
		judge->raised = memory_grow(judge->raised, judge->raised_room, sizeof(*judge->raised));
	}
	judge->raised[judge->raised_count++] = memory_copy(name);
	if (judge->store->calls->flush == NULL)
		return;
	record = judge->store->calls->record(judge->store, name, true);
	judge->store->calls->keep(judge->store, record);
}

static bool common_unpack(struct judge *judge, struct unpack *from)
{
	uint64_t count;

	judge->looked = unpack_signed(from);
	count = unpack_number(from);
	for (uint64_t i = 0; i < count && !from->broken; i++)
		raised_unpack(judge, unpack_span(from));
	if (from->broken || !suspects_unpack(judge->suspects, from))
		return false;
	if (judge->suspects != NULL)
		suspects_recall(judge->suspects, judge->store, judge->groups);
	return population_unpack(&judge->population, from) && witnesses_unpack(judge->witnesses, from) &&
	       from->rest.len == 0;
}

/* What a block has of one account. */
struct packed {
	struct span name, bytes, trail;
};

static struct packed packed_next(struct unpack *from)
{
	struct packed packed;

	packed.name = unpack_span(from);
	packed.bytes = unpack_span(from);
	packed.trail = unpack_span(from);
	return packed;
}

static bool packed_restore(struct store *store, const struct packed *packed)
{
	struct record *record = store->calls->record(store, packed->name, true);

	if (!record_unpack(record, packed->bytes))
		return false;
	trail_free(&record->trail);
	return packed->trail.len == 0 || (record->trail = trail_unpack(packed->trail)) != NULL;
}

/* Names are known some accounts ahead: to wait for the table at each was an eighth of a start with a million. */
static bool records_unpack(struct store *store, struct unpack *from)
{
	struct packed ahead[RECORDS_AHEAD];
	size_t known = 0, done = 0;

	while (from->rest.len > 0 || done < known) {
		if (from->rest.len > 0) {
			struct packed *next = &ahead[known++ % RECORDS_AHEAD];

			*next = packed_next(from);
			if (from->broken)
				return false;
			if (store->calls->soon != NULL)
				store->calls->soon(store, next->name);
			if (known - done < RECORDS_AHEAD && from->rest.len > 0)
				continue;
		}
		if (!packed_restore(store, &ahead[done++ % RECORDS_AHEAD]))
			return false;
	}
	return true;
}

bool judge_unpack(struct judge *judge, struct span block)
{
	struct unpack from = { .rest = block };

	switch (unpack_number(&from)) {
	case BLOCK_COMMON:
		return common_unpack(judge, &from);
	case BLOCK_RECORDS:
		return records_unpack(judge->store, &from);
	case BLOCK_GROUPS:
		return records_unpack(judge->groups, &from);
	default:
		return false;
	}
}
