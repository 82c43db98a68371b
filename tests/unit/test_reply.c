/*
 * Replies and their classes: tests/data/replies.tsv, line by line, fresh and from memory; the same with the
 * reply written as Postfix, Exim and other programs write it.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "parsers/reply.h"

struct row {
	char *line;
	struct span reply, classes, provider, phase;
};

struct rows {
	struct row *rows;
	size_t count;
};

static bool rows_read(const char *path, struct rows *rows_r)
{
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	if (file == NULL)
		return false;
	*rows_r = (struct rows){ NULL, 0 };
	while ((len = getline(&line, &room, file)) > 0) {
		struct span rest = span_trim((struct span){ line, (size_t)len });
		struct row row = { .line = NULL };

		if (rest.len == 0 || rest.at[0] == '#' || span_starts(rest, SPAN("reply\t")))
			continue;
		row.line = strndup(line, strcspn(line, "\n"));
		rest = span_of(row.line);
		assert_true(span_cut(&rest, '\t', &row.reply));
		if (!span_cut(&rest, '\t', &row.classes))
			row.classes = rest;
		else if (!span_cut(&rest, '\t', &row.provider))
			row.provider = rest;
		else
			row.phase = rest;
		rows_r->rows = realloc(rows_r->rows, (rows_r->count + 1) * sizeof(row));
		rows_r->rows[rows_r->count++] = row;
	}
	free(line);
	fclose(file);
	return true;
}

static void rows_free(struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		free(rows->rows[i].line);
	free(rows->rows);
}

static enum event_phase phase_of(struct span name)
{
	static const struct {
		const char *name;
		enum event_phase phase;
	} rows[] = { { "connect", PHASE_CONNECT },
		     { "helo", PHASE_HELO },
		     { "mail", PHASE_MAIL },
		     { "rcpt", PHASE_RCPT },
		     { "data", PHASE_END_OF_DATA } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (span_equal(name, span_of(rows[i].name)))
			return rows[i].phase;
	return PHASE_UNKNOWN;
}

static bool is_among(const char *name, struct span list)
{
	struct span one;

	while (span_cut(&list, ',', &one))
		if (span_equal(one, span_of(name)))
			return true;
	return span_equal(list, span_of(name));
}

static unsigned rows_check(struct replies *replies, const struct rows *rows, const char *path)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->rows[i];
		struct reply_question question = { .reply = row->reply, .phase = phase_of(row->phase) };
		struct reply_meaning meaning = replies_classify(replies, &question);

		if (is_among(reply_class_name(meaning.class), row->classes))
			continue;
		wrong++;
		printf("%s: %s (%s), not %.*s: %.*s\n", path, reply_class_name(meaning.class),
		       meaning.rule != NULL ? meaning.rule->name : "codes", SPAN_ARGS(row->classes),
		       SPAN_ARGS(row->reply));
	}
	return wrong;
}

static void check_table(const char *path, bool needed)
{
	struct error error;
	struct replies *replies = replies_new(NULL, 0, &error);
	struct rows rows = { NULL, 0 };

	assert_non_null(replies);
	if (!rows_read(path, &rows)) {
		replies_free(&replies);
		if (needed)
			fail_msg("%s cannot be read", path);
		printf("# skipped: %s is not there\n", path);
		return;
	}
	unsigned fresh = rows_check(replies, &rows, path);
	uint64_t matched = replies_stats(replies).matched_anew;

	/* The second time from memory, with the same answers. */
	assert_int_equal(rows_check(replies, &rows, path), fresh);
	assert_int_equal(replies_stats(replies).matched_anew, matched);
	assert_int_equal(fresh, 0);
	rows_free(&rows);
	replies_free(&replies);
}

static void test_table(void **state)
{
	(void)state;
	check_table("tests/data/replies.tsv", true);
}

static void test_shared_table(void **state)
{
	(void)state;
	check_table("../shared/data/replies.tsv", false);
}

static void test_rules_compile(void **state)
{
	struct error error = { "" };
	struct replies *replies = replies_new(NULL, 0, &error);

	(void)state;
	if (replies == NULL || !replies_compile(replies, &error))
		fail_msg("%s", error.text);
	for (size_t i = 0; replies_rule(replies, i) != NULL; i++) {
		const struct reply_rule *rule = replies_rule(replies, i);

		if (rule->meaning == NULL || rule->owner == NULL || rule->admin == NULL)
			fail_msg("rule %s lacks words", rule->name);
	}
	replies_free(&replies);
}

static void test_providers(void **state)
{
	static const char *const rows[][2] = {
		{ "gmail-smtp-in.l.google.com", "google" },
		{ "ALT1.aspmx.L.Google.com.", "google" },
		{ "example-org.mail.protection.outlook.com", "microsoft" },
		{ "hotmail-com.olc.protection.outlook.com[104.47.0.33]:25", "microsoft" },
		{ "mta5.am0.yahoodns.net", "yahoo" },
		{ "mx00.emig.gmx.net", "gmx" },
		{ "mx2.example.co.uk", "example.co.uk" },
		{ "mail.example.org", "example.org" },
		{ "example.org", "example.org" },
		{ "co.uk", "co.uk" },
	};
	static const char *const local[] = { "",
					     "none",
					     "local",
					     "localhost",
					     "192.0.2.7",
					     "2001:db8::1",
					     "dovecot",
					     "private/dovecot-lmtp",
					     "127.0.0.1[127.0.0.1]:10024" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span provider = reply_provider(span_of(rows[i][0]));

		if (!span_equal(provider, span_of(rows[i][1])))
			fail_msg("%s: %.*s, not %s", rows[i][0], SPAN_ARGS(provider), rows[i][1]);
	}
	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
		if (reply_provider(span_of(local[i])).at != NULL)
			fail_msg("%s has a provider", local[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_shared_table),
		cmocka_unit_test(test_rules_compile),
		cmocka_unit_test(test_providers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
