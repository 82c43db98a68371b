/*
 * Nothing is asked unless [dnsbl] turns it on, by check neither. What watch knows stands in its state folder;
 * whoever may not read it is shown nothing of it.
 */
#define _GNU_SOURCE
#include "commands/blocklists.h"

#include "responders/payload.h"
#include "responders/resolver.h"

#include <poll.h>
#include <stdlib.h>

#define BLOCKLISTS_LONGEST USEC_MINUTE /* that check waits */

bool blocklists_wanted(const struct options *options)
{
	return options->dnsbl.enabled && resolver_there();
}

/* --- check --- */

static void blocklists_no_verdict(void *context, const struct verdict *verdict)
{
	(void)context; /* what was found is looked at when all is answered */
	(void)verdict;
}

static void blocklists_no_notice(void *context, const char *id, const char *words)
{
	(void)context;
	(void)id;
	(void)words;
}

static void blocklists_ask_all(struct dnsbl *dnsbl)
{
	usec_t until = clock_monotonic() + BLOCKLISTS_LONGEST;

	while (clock_monotonic() < until) {
		struct pollfd ready = { .fd = dnsbl_fd(dnsbl), .events = POLLIN };
		usec_t now = clock_now();

		dnsbl_step(dnsbl, now);
		if (dnsbl_stats(dnsbl).waiting == 0 &&
		    (dnsbl_due(dnsbl) == USEC_NEVER || dnsbl_due(dnsbl) > now))
			break;
		(void)poll(&ready, 1, dnsbl_stats(dnsbl).waiting > 0 ? 100 : 0);
	}
}

static void blocklists_say_found(const struct dnsbl_memory *found,
				 void (*say)(void *context, bool good, const char *words), void *context)
{
	struct text words = { 0 };

	for (size_t i = 0; i < found->side_count; i++) {
		struct dnsbl_side side = found->sides[i];

		if (side.failures > 0 || side.testing)
			side.fault = DNSBL_SILENT; /* watch would ask again before it says so */
		text_clear(&words);
		text_add_format(&words, "%s%s: ", side.zone, side.six ? " (IPv6)" : "");
		dnsbl_fault_words(&side, &words);
		say(context, side.fault == DNSBL_FINE, words.at);
	}
	for (size_t i = 0; i < found->row_count; i++) {
		const struct dnsbl_row *row = &found->rows[i];

		if (row->state != DNSBL_LISTED)
			continue;
		text_clear(&words);
		text_add_format(&words, "%s is listed by %s (%s)%s%s", row->address, row->zone, row->code,
				row->words[0] == '\0' ? "" : ": ", row->words);
		say(context, true, words.at);
	}
	text_free(&words);
}

void blocklists_check(const struct options *options, void (*say)(void *context, bool good, const char *words),
		      void *context)
{
	const struct dnsbl_calls calls = { .verdict = blocklists_no_verdict, .notice = blocklists_no_notice };
	struct dnsbl *dnsbl;
	struct error error;

	if (!options->dnsbl.enabled) {
		say(context, true, "not enabled: no blocklist is asked");
		return;
	}
	if (!resolver_there()) {
		say(context, false, "enabled has no effect: built without c-ares");
		return;
	}
	dnsbl = dnsbl_open(&options->dnsbl, NULL, NULL, &calls, &error);
	if (dnsbl == NULL) {
		say(context, false, error.text);
		return;
	}
	if (dnsbl_known(dnsbl)->row_count == 0)
		say(context, false, "nothing to ask for: name the addresses that mail goes out from");
	blocklists_ask_all(dnsbl);
	blocklists_say_found(dnsbl_known(dnsbl), say, context);
	dnsbl_close(&dnsbl);
}

/* --- health --- */

static bool blocklists_concerns(const struct dnsbl_row *listing, const struct health_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(rows[i].address, listing->address) == 0 ||
		    strcmp(rows[i].named, listing->address) == 0)
			return true;
	return count == 0;
}

static void blocklists_json(const struct dnsbl_row *row)
{
	struct payload *payload = payload_begin("listing");
	char *json;

	payload_add_text(payload, "address", span_of(row->address));
	payload_add_text(payload, "zone", span_of(row->zone));
	payload_add_text(payload, "code", span_of(row->code));
	payload_add_text(payload, "words", span_of(row->words));
	payload_add_time(payload, "since", row->since);
	json = payload_end(&payload);
	puts(json);
	free(json);
}

void blocklists_print(const struct options *options, const struct health_row *rows, size_t count, bool json)
{
	struct dnsbl_memory known;
	struct error error;
	char since[CLOCK_TEXT_SIZE];

	if (options->watch.state == NULL || !dnsbl_memory_read(options->watch.state, &known, &error))
		return;
	for (size_t i = 0; i < known.row_count; i++) {
		const struct dnsbl_row *row = &known.rows[i];

		if (row->state != DNSBL_LISTED || !blocklists_concerns(row, rows, count))
			continue;
		if (json)
			blocklists_json(row);
		else
			printf("%s is listed by %s (%s)\n  since %s\n%s%s%s", row->address, row->zone,
			       row->code, clock_text(row->since, since), row->words[0] == '\0' ? "" : "  ",
			       row->words, row->words[0] == '\0' ? "" : "\n");
	}
	dnsbl_memory_free(&known);
}
