/* Logs that were sorted, or exported from a database: the lines of one second stand in any order. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "parsers/ledger_parts.h"
#include "tests/unit/ledger_lines.h"

#define MOST 8
#define BOB(x) \
	P("submission/smtpd", x ": client=x[192.0.2.7], sasl_method=PLAIN, sasl_username=bob@example.com")
#define QUEUED(x) P("qmgr", x ": from=<bob@example.com>, size=100, nrcpt=1 (queue active)")
#define MID(x)    P("cleanup", x ": message-id=<1@example.com>")
#define SENT(x) \
	P("smtp", x ": to=<a@r.example>, relay=r.example[198.51.100.9]:25, dsn=2.0.0, status=sent (250 ok)")
#define REMOVED(x) P("qmgr", x ": removed")
#define AT_FILTER(x, second) \
	P("smtp", x ": to=<a@r.example>, relay=127.0.0.1[127.0.0.1]:10024, dsn=2.0.0, status=sent " \
		    "(250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as " second ")")
#define FROM_FILTER(x) P("smtpd", x ": client=localhost[127.0.0.1]")
#define EX(x)          E("1abcde-0001aB-Cd " x)

static const struct {
	const char *what, *lines[MOST];
	const char *told;
} lives[] = {
	{ "Postfix",
	  { BOB("A00000001"), MID("A00000001"), QUEUED("A00000001"), SENT("A00000001"),
	    REMOVED("A00000001") },
	  "+ bob@example.com a@r.example delivered outbound\n" },
	{ "Postfix's own bounce",
	  { MID("A00000001"), P("qmgr", "A00000001: from=<>, size=100, nrcpt=1 (queue active)"),
	    SENT("A00000001"), REMOVED("A00000001") },
	  "+ - a@r.example delivered bounce\n" },
	{ "Exim",
	  { EX("<= bob@example.com H=(x) [192.0.2.7] P=esmtpsa A=plain:bob@example.com S=9 id=1@example.com"),
	    EX("** a@r.example R=r T=t H=r.example [198.51.100.9]: SMTP error from remote mail server after "
	       "RCPT TO:<a@r.example>: 550 5.1.1 no such user"),
	    EX("Completed") },
	  "+ bob@example.com a@r.example bounced outbound\n" },
	{ "Exim, for two",
	  { EX("<= bob@example.com H=(x) [192.0.2.7] P=esmtpsa A=plain:bob@example.com S=9 for a@r.example b@r.example"),
	    EX("=> a@r.example R=r T=t H=r.example [198.51.100.9] C=\"250 ok\""),
	    EX("-> b@r.example R=r T=t H=r.example [198.51.100.9] C=\"250 ok\""), EX("Completed") },
	  "+ bob@example.com a@r.example delivered outbound\n+ bob@example.com b@r.example delivered outbound\n" },
};

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What is told of LINES, in the order of bytes: two recipients may come in either. The caller frees it. */
static struct text told_of(const char *const *lines, const unsigned *order, size_t count)
{
	const struct ledger_options options = ledger_options_plain();
	struct text text = { 0 }, told, sorted = { 0 };
	const char *rows[MOST];
	size_t used = 0;
	char *rest, *row;

	for (size_t i = 0; i < count; i++)
		text_add(&text, span_of(lines[order[i]]));
	told = ledger_tells(&options, "+~", text.at);
	for (rest = told.at; (row = strsep(&rest, "\n")) != NULL && used < MOST;)
		if (row[0] != '\0')
			rows[used++] = row;
	qsort(rows, used, sizeof(*rows), by_bytes);
	text_add(&sorted, SPAN(""));
	for (size_t i = 0; i < used; i++)
		text_add_format(&sorted, "%s\n", rows[i]);
	text_free(&told);
	text_free(&text);
	return sorted;
}

/* The next order in the order of orders. */
static bool next_order(unsigned *order, size_t count)
{
	size_t at = count - 1, other = count - 1, end = count - 1;

	while (at > 0 && order[at - 1] > order[at])
		at--;
	if (at == 0)
		return false;
	while (order[other] < order[at - 1])
		other--;
	for (unsigned kept = order[at - 1]; kept != order[other]; order[other] = kept)
		order[at - 1] = order[other];
	for (; at < end; at++, end--) {
		unsigned kept = order[at];

		order[at] = order[end];
		order[end] = kept;
	}
	return true;
}

static void any_order_tells_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
		unsigned order[MOST] = { 0, 1, 2, 3, 4, 5, 6, 7 }, tried = 0;
		size_t count = 0;

		while (count < MOST && lives[i].lines[count] != NULL)
			count++;
		do {
			struct text got = told_of(lives[i].lines, order, count);

			if (strcmp(got.at, lives[i].told) != 0)
				fail_msg("%s: order %u %u %u %u %u: %s", lives[i].what, order[0], order[1],
					 order[2], order[3], order[4], got.at);
			text_free(&got);
			tried++;
		} while (next_order(order, count));
		assert_true(tried >= 6);
	}
}

/* As sort(1) leaves it: both legs' lines of one kind beside each other, who brought them in the last. */
static void a_sorted_log_leads_through_the_filter(void **state)
{
	const struct ledger_options options = ledger_options_plain();
	struct text told = ledger_tells(&options, "+~>",
					MID("A00000001") MID("B00000002") QUEUED("A00000001")
						REMOVED("A00000001") QUEUED("B00000002") REMOVED("B00000002")
							AT_FILTER("A00000001", "B00000002") SENT("B00000002")
								FROM_FILTER("B00000002") BOB("A00000001"));

	(void)state;
	assert_string_equal(told.at,
			    "> bob@example.com 1\n+ bob@example.com a@r.example delivered outbound\n");
	text_free(&told);
}

/* A queue id that comes up again seconds later is another message's. */
static void what_comes_later_is_another_message(void **state)
{
	const struct ledger_options options = ledger_options_plain();
	struct text told = ledger_tells(
		&options, "+>",
		SENT("A00000001") REMOVED("A00000001")
			PT("10:00:03", "submission/smtpd",
			   "A00000001: client=x[192.0.2.7], sasl_method=PLAIN, sasl_username=bob@example.com")
				PT("10:00:03", "qmgr",
				   "A00000001: from=<bob@example.com>, size=1, nrcpt=1 (queue active)"));

	(void)state;
	assert_string_equal(told.at, "> - -1\n+ - a@r.example delivered unknown\n> bob@example.com 1\n");
	text_free(&told);
}

/* A log of deliveries alone: the first wait in vain, then hardly any does, until it turns out to be worth it. */
static void nothing_waits_for_long_in_vain(void **state)
{
	struct ledger_options options = ledger_options_plain();
	struct told told = { .kinds = "+" };
	struct ledger_sink sink = { .context = &told, .attempt = told_attempt };
	struct error error;
	struct replies *replies = replies_new(NULL, 0, &error);
	struct ledger *ledger = ledger_new(&options, replies, &sink, &error);
	char line[400];
	int at_once = 0;

	(void)state;
	text_add(&told.text, SPAN(""));
	for (unsigned i = 0; i < 1000; i++) {
		size_t before = told.text.len;

		snprintf(line, sizeof(line),
			 "Nov 21 10:%02u:%02u mx postfix/smtp[11]: A%08u: to=<a@r.example>, "
			 "relay=r.example[198.51.100.9]:25, dsn=2.0.0, status=sent (250 ok)\n",
			 i / 60, i % 60, i);
		ledger_feed_text(ledger, span_of(line));
		at_once += i >= 200 && told.text.len > before;
	}
	assert_in_range(at_once, 780, 800);
	ledger_free(&ledger);
	replies_free(&replies);
	text_free(&told.text);
}

/* TEMPLATE, each of whose "%08u" is NUMBER. */
static void text_expand(char *into, size_t room, const char *template, unsigned number)
{
	size_t len = 0;

	for (; *template != '\0' && len + 9 < room; template ++) {
		if (strncmp(template, "%08u", 4) != 0) {
			into[len++] = *template;
			continue;
		}
		len += (size_t)snprintf(into + len, room - len, "%08u", number);
		template += 3;
	}
	into[len] = '\0';
}

/* Each message knows how much of it waits: what is given for one while another goes must not be mistaken in that. */
static void check_held(const struct ledger *ledger)
{
	size_t count = 0;

	for (const struct held *held = ledger->held_first; held != NULL; held = held->next) {
		const struct message *message = map_at(ledger->messages, held->slot);
		unsigned same = 0;

		for (const struct held *other = ledger->held_first; other != NULL; other = other->next)
			same += other->slot == held->slot;
		assert_int_equal(message->held, same);
		count++;
	}
	assert_int_equal(ledger->held_count, count);
}

/* Whatever order, and with lines lost: nothing of a message is left behind, and none is told twice. */
static void chaos_leaves_nothing_behind(void **state)
{
	enum { MESSAGES = 12, EACH = 11, SEEDS = 300 };
	static const char *const life[EACH] = {
		BOB("A%08u"),
		MID("A%08u"),
		QUEUED("A%08u"),
		FROM_FILTER("B%08u"),
		MID("B%08u"),
		QUEUED("B%08u"),
		AT_FILTER("A%08u", "B%08u"),
		REMOVED("A%08u"),
		SENT("B%08u"),
		REMOVED("B%08u"),
		P("cleanup", "C%08u: message-id=<1@example.com>"),
	};
	char lines[MESSAGES * EACH][400];
	struct ledger_options options = ledger_options_plain();

	(void)state;
	for (unsigned seed = 1; seed <= SEEDS; seed++) {
		unsigned random = seed * 2654435761U, count = 0;
		struct told told = { .kinds = seed % 2 == 0 ? "+=" : "+" };
		struct ledger_sink sink = { .context = &told,
					    .attempt = told_attempt,
					    .want_done = seed % 2 == 0 };
		struct error error;
		struct replies *replies = replies_new(NULL, 0, &error);
		struct ledger *ledger = ledger_new(&options, replies, &sink, &error);

		for (unsigned i = 0; i < MESSAGES; i++)
			for (unsigned k = 0; k < EACH; k++) {
				unsigned id = seed % 3 == 0 ? i % 4 : i; /* also ids that are used again */
				char *at = lines[count++], *minute;

				text_expand(at, sizeof(lines[0]), life[k], id);
				minute = strstr(at, "10:00:00");
				minute[4] = (char)('0' + i / 6);
				minute[6] = (char)('0' + i % 6);
			}
		/* Near to where it stood, or anywhere; and one in twenty is lost. */
		for (unsigned i = 0; i < count; i++) {
			unsigned far = seed % 5 == 0 ? count : 3 + seed % 30, other;
			char kept[400];

			random = random * 1664525U + 1013904223U;
			other = i + random / 65536 % far;
			if (other >= count)
				continue;
			memcpy(kept, lines[i], sizeof(kept));
			memcpy(lines[i], lines[other], sizeof(kept));
			memcpy(lines[other], kept, sizeof(kept));
		}
		for (unsigned i = 0; i < count; i++) {
			random = random * 1664525U + 1013904223U;
			if (random / 65536 % 20 == 0)
				continue;
			ledger_feed_text(ledger, span_of(lines[i]));
			check_held(ledger);
		}
		ledger_finish(ledger);
		assert_int_equal(ledger_stats(ledger).open, 0);
		assert_int_equal(ledger->held_count, 0);
		ledger_free(&ledger);
		replies_free(&replies);
		text_free(&told.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_order_tells_the_same),
		cmocka_unit_test(a_sorted_log_leads_through_the_filter),
		cmocka_unit_test(what_comes_later_is_another_message),
		cmocka_unit_test(nothing_waits_for_long_in_vain),
		cmocka_unit_test(chaos_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
