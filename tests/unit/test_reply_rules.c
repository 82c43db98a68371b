/*
 * Rules as data: reading them and complaining about them, the admin's own, limits, shapes, and that the
 * literals by which rules are found are really needed by their patterns.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "parsers/pattern.h"
#include "parsers/reply_index.h"
#include "parsers/reply_literal.h"
#include "parsers/reply_rules.h"
#include "parsers/reply_text.h"

static void test_read(void **state)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{ "rule a\n  class policy\n  pattern x\n", NULL },
		{ "# nothing\n\n", NULL },
		{ "rule a\n  class policy\n  pattern x\n  | y\n  meaning one\n  | two\n", NULL },
		{ "rule a\n  class nonsense\n", "line 2: no reply class is called \"nonsense\"" },
		{ "rule a\n  class policy\n\nrule b\n", "line 4: no pattern in the rule before this, \"a\"" },
		{ "rule a\n  pattern x\n", "line 3: no class in the rule before this, \"a\"" },
		{ "rule a\n  class policy\n  pattern x\nrule a\n", "line 4: there is already a rule \"a\"" },
		{ "rule a\n  colour red\n", "line 2: no field is called \"colour\"" },
		{ "rule a\n  pattern\n", "line 2: nothing stands behind \"pattern\"" },
		{ "rule a\n  phase dinner\n", "line 2: no phase or code is called \"dinner\"" },
		{ "rule a\n  | more\n", "line 2: nothing is continued by \"more\"" },
		{ "  pattern x\n", "line 1: no block has begun at \"pattern x\"" },
		{ "role a\n",
		  "line 1: a block begins with \"rule NAME\" or \"class NAME\", not with \"role\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reply_book book;
		struct error error = { "" };

		if (reply_book_read(span_of(rows[i].text), &book, &error)) {
			assert_null(rows[i].error);
			if (i == 2) {
				assert_string_equal(book.rules[0].pattern, "xy");
				assert_string_equal(book.rules[0].meaning, "one two");
			}
			reply_book_free(&book);
		} else {
			assert_non_null(rows[i].error);
			assert_string_equal(error.text, rows[i].error);
		}
	}
}

/* A rule without a sure literal is tried on every new shape: few may be so. */
static void test_literals(void **state)
{
	static const struct {
		const char *pattern, *literals;
	} rows[] = {
		{ "user unknown", "user unknown " },
		{ "of (?:user|mail)", "mail user " },
		{ "(?:ab|cde)fgh", "fgh " },
		{ "colou?r", "colo " },
		{ "x*", "" },
		{ "a.b", "" },
		{ "(?:user|)unknown", "unknown " },
		{ "(?!never)always", "always " },
		{ "(?<!never)always", "always " },
		{ "(?<name>never)always", "" },
		{ "\\[ts04\\]", "[ts04] " },
		{ "(abc)\\1", "" },
		{ "(?:abc){0,2}def", "def " },
		{ "(?:abcd)+", "abcd " },
		{ "USER Unknown", "user unknown " },
		{ "a very long text that goes on", "a very long text " },
		{ "abc+de", "abc " },
		{ "abcd*efg", "abc " },
		{ "abcd{2}efg", "abcd " },
		{ "ab.abcde[fg]abcd", "abcde " },
		{ "abc\\.def", "abc.def " },
		{ "abc\\sdefg", "defg " },
		{ "(?:abc|abcdef)x?", "abcdef abc " },
		{ "(?:abcdef|abc)x?", "abc abcdef " },
		{ "(?:ab|abcdef)", "" },
		{ "abc(?:defg|hijkl)", "hijkl defg " },
		{ "abc|def)", "" },
	};
	struct reply_book book;
	struct error error;
	size_t unsure = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reply_literals found;
		char text[200] = "";
		size_t len = 0, shortest = SIZE_MAX;

		reply_literals_of(span_of(rows[i].pattern), &found);
		for (size_t n = 0; n < found.count; n++) {
			size_t k = found.count - 1 - n;

			if (found.items[k].len < shortest)
				shortest = found.items[k].len;
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%.*s ", found.items[k].len,
						found.items[k].at);
		}
		assert_string_equal(text, rows[i].literals);
		assert_int_equal(found.shortest, found.count == 0 ? 0 : shortest);
	}
	assert_true(reply_book_read(reply_book_builtin(), &book, &error));
	for (size_t i = 0; i < book.count; i++) {
		struct reply_literals found;

		reply_literals_of(span_of(book.rules[i].pattern), &found);
		unsure += found.count == 0;
	}
	assert_true(book.count > 300);
	assert_in_range(unsure, 0, 20);
	reply_book_free(&book);
}

static uint32_t random_of(uint32_t *seed, uint32_t below)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % below;
}

static size_t put(char *into, const char *text)
{
	size_t len = strlen(text);

	memcpy(into, text, len);
	return len;
}

/* A pattern of few letters and all that the reader of literals knows, nested to DEPTH. */
static size_t random_pattern(uint32_t *seed, unsigned depth, char *into)
{
	static const char *const pieces[] = {
		"a",   "b",  "ab", "ba", "aab",  "bb", ".",   "[ab]",   "\\w",
		"\\b", "b?", "a*", "b+", "a{2}", "A",  "\\.", "(?!ba)", "(?<=a)"
	};
	static const char *const begins[] = { "(?:", "(", "(?:", "(?!" };
	static const char *const ends[] = { ")", ")", ")?", ")+", ")*", "){1,2}" };
	size_t len = 0;

	for (uint32_t left = 1 + random_of(seed, 4); left > 0; left--) {
		uint32_t kind = random_of(seed, 8);

		if (kind < 2 && depth > 0) {
			len += put(into + len, begins[random_of(seed, 4)]);
			len += random_pattern(seed, depth - 1, into + len);
			len += put(into + len, ends[random_of(seed, 6)]);
		} else if (kind == 2 && depth < 3) {
			into[len++] = '|';
		} else {
			len += put(into + len, pieces[random_of(seed, 18)]);
		}
	}
	into[len] = '\0';
	return len;
}

/* Whatever a pattern matches has one of its literals. */
static void test_literals_are_needed(void **state)
{
	uint32_t seed = 5;
	int sure = 0, matched = 0;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		struct reply_literals found;
		struct pattern *pattern;
		struct error error;
		char text[4096]; /* 2,300 at most */
		size_t len = random_pattern(&seed, 3, text);

		reply_literals_of((struct span){ text, len }, &found);
		if (found.count == 0)
			continue;
		sure++;
		pattern = pattern_new((struct span){ text, len }, false, &error);
		assert_non_null(pattern);
		for (int k = 0; k < 60; k++) {
			char subject[14];
			bool has = false;

			for (size_t at = 0; at < sizeof(subject); at++)
				subject[at] = "aabb."[random_of(&seed, 5)];
			if (pattern_try(pattern, (struct span){ subject, sizeof(subject) }) !=
			    PATTERN_MATCHED)
				continue;
			matched++;
			for (size_t n = 0; n < found.count; n++)
				has = has || span_find((struct span){ subject, sizeof(subject) },
						       (struct span){ found.items[n].at,
								      found.items[n].len }) < sizeof(subject);
			if (!has)
				fail_msg("%s matches %.14s without a literal of its", text, subject);
		}
		pattern_free(&pattern);
	}
	assert_true(sure > 300);
	assert_true(matched > 1000);
}

/* The way by the index and the plain way, every rule in its order, give the same first rule. */
static void test_index_against_plain(void **state)
{
	FILE *file = fopen("tests/data/replies.tsv", "r");
	struct reply_index *index = reply_index_new();
	struct pattern *patterns[REPLY_RULES_MAX];
	struct reply_book book;
	struct error error;
	char line[4096];
	size_t texts = 0;

	(void)state;
	assert_non_null(file);
	assert_true(reply_book_read(reply_book_builtin(), &book, &error));
	for (size_t i = 0; i < book.count; i++) {
		patterns[i] = pattern_new(span_of(book.rules[i].pattern), false, &error);
		assert_non_null(patterns[i]);
		reply_index_add(index, i, span_of(book.rules[i].pattern));
	}
	reply_index_seal(index);
	while (fgets(line, sizeof(line), file) != NULL && texts++ < 400) {
		char shape[REPLY_TEXT_SIZE];
		struct reply_candidates found;
		struct reply_text text;

		reply_text_cut((struct span){ line, strcspn(line, "\t\n") }, &text);
		size_t len = reply_text_join(&text, shape, reply_text_shape(text.words, false, shape));

		reply_index_find(index, (struct span){ shape, len }, &found);
		for (size_t i = 0; i < book.count; i++)
			if (pattern_try(patterns[i], (struct span){ shape, len }) == PATTERN_MATCHED &&
			    (found.bits[i / 64] >> (i % 64) & 1) == 0)
				fail_msg("%s matches without its literals: %.*s", book.rules[i].name,
					 (int)len, shape);
	}
	for (size_t i = 0; i < book.count; i++)
		pattern_free(&patterns[i]);
	reply_index_free(&index);
	reply_book_free(&book);
	fclose(file);
}

static void test_shapes(void **state)
{
	static const struct {
		const char *reply, *shape;
	} rows[] = {
		{ "550 5.1.1 <bob@example.com>: No", "550 5.1.1 <@>: no" },
		{ "550-5.1.1 one\n550-5.1.1 two\\n550 5.1.1 three", "550 5.1.1 one two three" },
		{ "550-5.1.1 one 550-5.1.1 two 550 5.1.1  three", "550 5.1.1 one two three" },
		{ "550-one\r\n550 two", "550 one two" },
		{ "421 4.7.0 [TSS04] Messages from 192.0.2.25 - 4.16.55.1",
		  "421 4.7.0 [tss04] messages from 0.0.0.0 - 0.0.0.0" },
		{ "550 from 2001:db8::25 at 10:11:12", "550 from 0::0 at 0:0:0" },
		{ "550 SC-001 (COL004-MC3F44) x", "550 sc-001 (col004-#) x" },
		{ "554 mx04.example.org[192.0.2.1] said", "554 h[0.0.0.0] said" },
		{ "552 1 mailbox not found", "552 1 mailbox not found" },
		{ "550 \\303\\234nbekannt", "550 \xc3\xbcnbekannt" },
		{ "Name service error for name=example.org type=MX: x",
		  "name service error for name=h type=mx: x" },
		{ "host mx.example.org[192.0.2.1] said: 550 5.7.606 no (in reply to RCPT TO command)",
		  "550 5.7.606 no" },
		{ "SMTP error from remote mail server after end of data: 550 no", "550 no" },
		{ "550 k1si9928wrb.12 - gsmtp", "550 #.0 - gsmtp" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char shape[REPLY_TEXT_SIZE + 1];
		struct reply_text text;
		size_t len;

		reply_text_cut(span_of(rows[i].reply), &text);
		len = reply_text_join(&text, shape, reply_text_shape(text.words, false, shape));
		shape[len] = '\0';
		assert_string_equal(shape, rows[i].shape);
	}
}

/* The MTA's own words around a reply tell the command, where nothing else does. */
static void test_phases(void **state)
{
	static const struct {
		const char *reply;
		enum event_phase phase;
	} rows[] = {
		{ "host a.b[192.0.2.1] said: 550 no (in reply to RCPT TO command)", PHASE_RCPT },
		{ "host a.b[192.0.2.1] said: 550 no (in reply to end of DATA command)", PHASE_END_OF_DATA },
		{ "host a.b[192.0.2.1] said: 550 no (in reply to MAIL FROM command)", PHASE_MAIL },
		{ "host a.b[192.0.2.1] refused to talk to me: 554 no", PHASE_CONNECT },
		{ "SMTP error from remote mail server after RCPT TO:<x@y.z>: 550 no", PHASE_RCPT },
		{ "SMTP error from remote mail server after end of data: 550 no", PHASE_END_OF_DATA },
		{ "SMTP error from remote mail server after initial connection: 554 no", PHASE_CONNECT },
		{ "550 no", PHASE_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reply_text text;

		reply_text_cut(span_of(rows[i].reply), &text);
		assert_int_equal(text.phase, rows[i].phase);
		assert_true(text.code == 550 || text.code == 554);
	}
}

static struct reply_meaning ask(struct replies *replies, const char *reply)
{
	const struct reply_question question = { .reply = span_of(reply) };

	return replies_classify(replies, &question);
}

static void test_own_rules(void **state)
{
	const struct reply_rule own[] = {
		{ .name = "lot", .pattern = "Parking Lot (seven|nine)", .class = REPLY_POLICY },
		{ .name = "address", .pattern = "from 192\\.0\\.2\\.25 ", .class = REPLY_LOCAL_LIMIT },
		{ .name = "gateway", .pattern = "gateway holds it for spam", .class = REPLY_CONTENT_SPAM },
	};
	const struct reply_question greeting = { .reply = SPAN_INIT("554 the gateway holds it for spam"),
						 .phase = PHASE_CONNECT };
	struct error error;
	struct replies *replies = replies_new(own, 3, &error);

	(void)state;
	assert_non_null(replies);
	for (int i = 0; i < 2; i++) {
		assert_string_equal(ask(replies, "550 no such user, parking lot nine").rule->name, "lot");
		assert_int_equal(ask(replies, "550 no such user, parking lot ten").class,
				 REPLY_INVALID_RECIPIENT);
		/* Shapes of these two are the same, answers are not. */
		assert_string_equal(ask(replies, "550 no such user from 192.0.2.25 x").rule->name, "address");
		assert_int_equal(ask(replies, "550 no such user from 192.0.2.26 x").class,
				 REPLY_INVALID_RECIPIENT);
		/* Also where a built-in rule of that class would not be believed. */
		assert_int_equal(replies_classify(replies, &greeting).class, REPLY_CONTENT_SPAM);
	}
	assert_string_equal(replies_rule(replies, 0)->name, "lot");
	assert_non_null(replies_rule(replies, 0)->meaning);
	replies_free(&replies);
}

static void test_bad_and_slow(void **state)
{
	const struct reply_rule bad = { .name = "bad", .pattern = "a(b", .class = REPLY_POLICY };
	const struct reply_rule slow = { .name = "slow",
					 .pattern = "(?:x+x+)+(?:y|z)",
					 .class = REPLY_POLICY };
	struct error error;
	struct replies *replies = replies_new(&bad, 1, &error);

	(void)state;
	assert_null(replies);
	assert_non_null(strstr(error.text, "[reply bad]: missing closing parenthesis at byte 3"));
	replies = replies_new(&slow, 1, &error);
	assert_non_null(replies);
	assert_int_equal(ask(replies, "550 no such user xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx").class,
			 REPLY_INVALID_RECIPIENT);
	assert_int_equal(replies_stats(replies).limit_hits, 1);
	replies_free(&replies);
}

/* More shapes than are remembered: the memory stays as it is, and answers stay right. */
static void test_bounded(void **state)
{
	struct error error;
	struct replies *replies = replies_new(NULL, 0, &error);
	char reply[100];

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		char word[8] = "zqzqzq";

		for (unsigned k = 0, n = i; k < 6; k++, n /= 8)
			word[k] = "qxzjkvwy"[n % 8];
		snprintf(reply, sizeof(reply), "550 5.1.1 no such user %s", word);
		assert_int_equal(ask(replies, reply).class, REPLY_INVALID_RECIPIENT);
	}
	assert_in_range(replies_stats(replies).shapes, 30000, 65536);
	replies_free(&replies);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_literals),
		cmocka_unit_test(test_literals_are_needed),
		cmocka_unit_test(test_index_against_plain),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_phases),
		cmocka_unit_test(test_own_rules),
		cmocka_unit_test(test_bad_and_slow),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
