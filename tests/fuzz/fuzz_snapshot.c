/*
 * A snapshot that anybody wrote: taken whole or refused; what is taken can be written, and is read back. By the
 * first byte the rest is a whole file, the file's text, or a block of the judge's or of health's, which gets its
 * checksum so that what is behind that is reached. A line of the file of orders, too, which Redis also brings.
 */
#include "commands/options.h"
#include "commands/resume.h"
#include "commands/snapshot.h"

#include "responders/orders.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct options options;

static void hear(void *context, const struct verdict *verdict)
{
	(void)context;
	(void)verdict;
}

static void put(void *context, struct span block)
{
	text_add(context, block);
}

static void fuzz_judge(struct span block)
{
	const struct judge_sink sink = { NULL, hear };
	struct store *store = store_memory_new(100);
	struct judge *judge = judge_new(&options.judge, store, &sink);
	struct text again = { 0 };

	if (judge_unpack(judge, block)) {
		judge_pack(judge, true, put, &again);
		judge_time(judge, 20400 * USEC_DAY);
	}
	text_free(&again);
	judge_free(&judge);
	store_free(&store);
}

static void fuzz_health(struct span block)
{
	struct health *health = health_new(&options.health, hear, NULL);
	struct unpack from = { .rest = block };
	struct text again = { 0 };

	if (health_unpack(health, &from))
		health_pack(health, &again);
	text_free(&again);
	health_free(&health);
}

static void fuzz_whole(struct span whole)
{
	struct snapshot snapshot = { .whole = whole };
	struct error error;

	if (snapshot_parse(&snapshot, "fuzz", &error))
		(void)snapshot_restore(&snapshot, NULL, NULL);
}

static void fuzz_text(struct span text)
{
	struct resume resume = { .marks = NULL };

	(void)resume_parse(text, &resume);
	resume_free(&resume);
}

/* What is read is written as what is read as the same. */
static void fuzz_order(struct span line)
{
	struct text field = { 0 }, value = { 0 }, again = { 0 };
	struct order order;
	struct span head;

	if (span_cut(&line, '\n', &head) && order_read(head, line, &order)) {
		order_write(&order, &field, &value);
		if (!order_read(text_span(&field), text_span(&value), &order))
			abort();
		text_clear(&field);
		order_write(&order, &field, &again);
		if (!span_equal(text_span(&value), text_span(&again)))
			abort();
	}
	text_free(&field);
	text_free(&value);
	text_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const kinds[])(struct span) = { fuzz_judge, fuzz_health, fuzz_whole, fuzz_text,
						      fuzz_order };
	static bool ready;

	if (!ready)
		settings_defaults(options_sections(), &options);
	ready = true;
	if (size > 0)
		kinds[data[0] % 5]((struct span){ (const char *)data + 1, size - 1 });
	return 0;
}
