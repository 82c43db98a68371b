/* Blocks of lines out of entries; two texts by turns, as every input has two blocks. */
#include "collector/entries.h"

#include "base/memory.h"
#include "collector/export.h"
#include "collector/journald.h"
#include "collector/lines.h"

#include <stdlib.h>

#define ENTRIES_BLOCK ((size_t)128 * 1024)
#define ENTRIES_ROOM  ((size_t)64 * 1024 * 1024) /* more than any block's lines can take */

struct entries {
	struct journald_name name;
	struct journald *journal; /* or */
	struct export *export;
	struct text blocks[2];
	unsigned turn;
	bool broken; /* told at the next call, after what came before it */
	struct error why;
};

static struct entries *entries_new(void)
{
	struct entries *entries = memory_new(1, sizeof(*entries));

	for (unsigned i = 0; i < 2; i++)
		entries->blocks[i].ceiling = ENTRIES_ROOM;
	return entries;
}

struct entries *entries_of_journal(const char *log, struct error *error)
{
	struct entries *entries = entries_new();

	if (!journald_name_parse(log, &entries->name, error) ||
	    (entries->journal = journald_open(&entries->name, error)) == NULL)
		entries_free(&entries);
	return entries;
}

struct entries *entries_of_export(struct span head)
{
	struct entries *entries;

	if (!export_is(head))
		return NULL;
	entries = entries_new();
	entries->export = export_new();
	return entries;
}

void entries_free(struct entries **entries)
{
	struct entries *old = *entries;

	if (old == NULL)
		return;
	journald_close(&old->journal);
	export_free(&old->export);
	journald_name_free(&old->name);
	for (unsigned i = 0; i < 2; i++)
		text_free(&old->blocks[i]);
	free(old);
	*entries = NULL;
}

const char *entries_log(const struct entries *entries)
{
	return entries->name.log;
}

/* The other block, empty behind its headroom. */
static struct text *entries_block(struct entries *entries)
{
	static const char headroom[LINES_HEADROOM];
	struct text *block = &entries->blocks[entries->turn ^= 1];

	text_clear(block);
	text_add(block, (struct span){ headroom, sizeof(headroom) });
	return block;
}

static void entries_give(const struct text *block, char **data_r, size_t *len_r)
{
	*data_r = block->at + LINES_HEADROOM;
	*len_r = block->len - LINES_HEADROOM;
}

bool entries_read(struct entries *entries, char **data_r, size_t *len_r, bool *broken_r, struct error *error)
{
	struct text *block = entries_block(entries);
	enum journald_got got = JOURNALD_ENTRY;

	while (!entries->broken && got == JOURNALD_ENTRY && block->len < LINES_HEADROOM + ENTRIES_BLOCK) {
		got = journald_next(entries->journal, block, &entries->why);
		if (got == JOURNALD_ENTRY)
			text_add(block, SPAN("\n"));
		entries->broken = got == JOURNALD_BROKEN;
	}
	entries_give(block, data_r, len_r);
	*broken_r = *len_r == 0 && (entries->broken || journald_lost(entries->journal, &entries->why));
	if (*broken_r)
		*error = entries->why;
	return *len_r > 0;
}

void entries_feed(struct entries *entries, struct span data, bool last, char **data_r, size_t *len_r)
{
	struct text *block = entries_block(entries);

	export_feed(entries->export, data, block);
	if (last)
		export_last(entries->export, block);
	entries_give(block, data_r, len_r);
}
