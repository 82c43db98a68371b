/*
 * A whole log from anybody, all the way to attempts and their JSON: frames, parsers, ledger and payload
 * together, since what one of them lets through is what the next one stumbles over.
 */
#include "parsers/ledger.h"
#include "responders/payload.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_attempt(void *context, const struct attempt *attempt, enum attempt_stage stage)
{
	(void)context;
	if (attempt->envelope == NULL ||
	    attempt->queue_id_count > sizeof(attempt->queue_ids) / sizeof(struct span))
		abort();
	if (stage == ATTEMPT_DONE)
		free(payload_attempt(attempt));
}

static void fuzz_submitted(void *context, const struct envelope *envelope, uint32_t source, uint64_t position)
{
	(void)context, (void)source, (void)position;
	if (envelope->account_kind == ACCOUNT_NONE && envelope->account.len > 0)
		abort();
}

static void fuzz_login(void *context, const struct login *login)
{
	(void)context;
	if (login->repeat == 0)
		abort();
}

static void fuzz_lines(struct framer *framer, struct ledger *ledger, struct span text)
{
	struct span line;
	uint64_t position = 0;

	while (span_cut(&text, '\n', &line)) {
		struct frame frame;
		struct event event;

		position += line.len + 1;
		if (memchr(line.at, '\0', line.len) != NULL || !framer_cut(framer, line, &frame))
			continue;
		parser_read(&frame, &event);
		free(payload_event(&frame, &event));
		ledger_feed(ledger, &frame, &event, 0, position);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct framer_options framing = { .year = 2026,
						       .timezone = "UTC",
						       .written = USEC_NEVER };
	static const struct ledger_sink sink = {
		.submitted = fuzz_submitted,
		.attempt = fuzz_attempt,
		.login = fuzz_login,
		.want_done = true,
	};
	static const struct settings_section sections[] = {
		{ "ledger", "", ledger_settings, sizeof(struct ledger_options), 0, false },
		{ .name = NULL },
	};
	static struct ledger_options options;
	static struct replies *replies;
	struct error error;
	struct framer *framer;
	struct ledger *ledger;

	if (replies == NULL) {
		settings_defaults(sections, &options);
		options.messages = 64; /* so that eviction is met too */
		replies = replies_new(NULL, 0, &error);
	}
	framer = framer_new(&framing, &error);
	ledger = ledger_new(&options, replies, &sink, &error);
	if (framer == NULL || ledger == NULL)
		abort();
	fuzz_lines(framer, ledger, (struct span){ (const char *)data, size });
	ledger_finish(ledger);
	ledger_free(&ledger);
	framer_free(&framer);
	return 0;
}
