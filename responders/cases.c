/*
 * The file is lines of words, blank-separated; no account's name holds a blank (parsers/account.h). After the
 * first line,
 *
 *	case ACCOUNT KIND AN_HOUR SINCE UNTIL CAUSE
 *	deed ACCOUNT ADAPTER ID...
 *	other ACCOUNT
 *	past ACCOUNT TIMES LAST EXEMPT
 *	heard ACCOUNT TIMES LAST EXEMPT
 *
 * with times in microseconds, "-" for never; "other" are those that another server opened, and "heard" is a past of
 * which it told. A file that cannot be understood is refused: to start without it would mean to forget whom to release.
 */
#define _GNU_SOURCE
#include "responders/cases.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/save.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#define CASES_HEAD "sendwatch cases 1"
#define CASES_MOST ((size_t)64 * 1024 * 1024)

struct cases {
	char *path;
	struct map *map;
};

static const char *const case_kinds[] = { "none", "throttle", "hold", "reject" };

static bool case_same(const void *record, struct span key)
{
	return span_equal(span_of(((const struct open_case *)record)->account), key);
}

struct open_case *cases_find(const struct cases *cases, struct span account)
{
	return map_find(cases->map, hash_text(account), account);
}

struct open_case *cases_make(struct cases *cases, struct span account)
{
	struct open_case *open = cases_find(cases, account);

	assert(account.len > 0 && account.len <= ACCOUNT_LONGEST);
	if (open == NULL) {
		open = map_add(cases->map, hash_text(account));
		memcpy(open->account, account.at, account.len);
		open->since = open->until = USEC_NEVER;
		memcpy(open->cause, "-", 2);
	}
	return open;
}

static void case_free(struct open_case *open)
{
	for (size_t i = 0; i < open->deed_count; i++) {
		free(open->deeds[i].adapter);
		free(open->deeds[i].ids);
	}
	open->deed_count = 0;
}

void cases_end(struct cases *cases, struct open_case **open)
{
	case_free(*open);
	map_remove(cases->map, *open);
	*open = NULL;
}

void case_done(struct open_case *open, struct span adapter, struct span ids)
{
	struct deed *deed = NULL;
	struct text all = { 0 };

	for (size_t i = 0; i < open->deed_count && deed == NULL; i++)
		if (span_equal(span_of(open->deeds[i].adapter), adapter))
			deed = &open->deeds[i];
	if (deed == NULL) {
		if (open->deed_count == CASE_DEEDS)
			return;
		deed = &open->deeds[open->deed_count++];
		*deed = (struct deed){ memory_copy(adapter), memory_copy(SPAN("")) };
	}
	text_add(&all, span_of(deed->ids));
	if (ids.len > 0 && all.len > 0)
		text_add(&all, SPAN(" "));
	text_add(&all, ids);
	free(deed->ids);
	deed->ids = memory_copy(text_span(&all));
	text_free(&all);
}

bool case_did(const struct open_case *open, struct span adapter)
{
	for (size_t i = 0; i < open->deed_count; i++)
		if (span_equal(span_of(open->deeds[i].adapter), adapter))
			return true;
	return false;
}

void case_undone(struct open_case *open, struct span adapter)
{
	for (size_t i = 0; i < open->deed_count; i++)
		if (span_equal(span_of(open->deeds[i].adapter), adapter)) {
			free(open->deeds[i].adapter);
			free(open->deeds[i].ids);
			open->deed_count--;
			memmove(&open->deeds[i], &open->deeds[i + 1],
				(open->deed_count - i) * sizeof(open->deeds[i]));
			return;
		}
}

/* The next of IDS; false where there is none. */
static bool ids_next(struct span *ids, struct span *id_r)
{
	if (!span_cut(ids, ' ', id_r)) {
		*id_r = *ids;
		ids->len = 0;
	}
	return id_r->len > 0;
}

static bool ids_have(struct span ids, struct span wanted)
{
	struct span id;

	while (ids_next(&ids, &id))
		if (span_equal(id, wanted))
			return true;
	return false;
}

void case_undone_ids(struct open_case *open, struct span adapter, struct span ids)
{
	struct text kept = { 0 };
	struct deed *deed = NULL;
	struct span left, id;

	for (size_t i = 0; i < open->deed_count && deed == NULL; i++)
		if (span_equal(span_of(open->deeds[i].adapter), adapter))
			deed = &open->deeds[i];
	if (deed == NULL)
		return;
	left = span_of(deed->ids);
	while (ids_next(&left, &id)) {
		if (ids_have(ids, id))
			continue;
		if (kept.len > 0)
			text_add(&kept, SPAN(" "));
		text_add(&kept, id);
	}
	if (kept.len == 0) {
		case_undone(open, adapter);
	} else {
		free(deed->ids);
		deed->ids = memory_copy(text_span(&kept));
	}
	text_free(&kept);
}

struct open_case *cases_next(const struct cases *cases, const struct open_case *after)
{
	return after == NULL ? map_oldest(cases->map) : map_newer(cases->map, after);
}

bool case_is_disabled(const struct open_case *open)
{
	return open->restriction.kind == RESTRICTION_REJECT || open->restriction.kind == RESTRICTION_HOLD;
}

uint64_t cases_disabled(const struct cases *cases)
{
	uint64_t count = 0;

	for (const struct open_case *open = cases_next(cases, NULL); open != NULL;
	     open = cases_next(cases, open))
		count += case_is_disabled(open) && !open->elsewhere ? 1 : 0;
	return count;
}

static bool case_time(struct span word, usec_t *time_r)
{
	uint64_t number;

	if (span_equal(word, SPAN("-"))) {
		*time_r = USEC_NEVER;
		return true;
	}
	if (!span_to_u64(word, &number) || number > INT64_MAX)
		return false;
	*time_r = (usec_t)number;
	return true;
}

static bool case_read_case(struct cases *cases, struct span account, const struct span words[5])
{
	const size_t kinds = sizeof(case_kinds) / sizeof(case_kinds[0]);
	struct open_case *open = cases_make(cases, account);
	uint64_t an_hour;
	size_t kind = 0;

	while (kind < kinds && !span_equal(words[0], span_of(case_kinds[kind])))
		kind++;
	if (kind == kinds)
		return false;
	open->restriction.kind = (enum restriction_kind)kind;
	if (!span_to_u64(words[1], &an_hour) || an_hour > INT64_MAX || words[4].len >= sizeof(open->cause))
		return false;
	open->restriction.an_hour = (int64_t)an_hour;
	memcpy(open->cause, words[4].at, words[4].len);
	open->cause[words[4].len] = '\0';
	return case_time(words[2], &open->since) && case_time(words[3], &open->until);
}

static bool case_read_past(struct brakes *brakes, struct span account, const struct span words[3], bool heard)
{
	uint64_t times;
	usec_t last, exempt;

	if (!span_to_u64(words[0], &times) || times > UINT32_MAX || !case_time(words[1], &last) ||
	    !case_time(words[2], &exempt))
		return false;
	if (heard)
		brakes_hear(brakes, account, (uint32_t)times, last);
	else
		brakes_remember(brakes, account, (uint32_t)times, last);
	brakes_exempt(brakes, account, exempt);
	return true;
}

static size_t case_words(struct span line, struct span *words, size_t most)
{
	size_t count = 0;

	while (count < most && span_cut(&line, ' ', &words[count]))
		count++;
	if (count < most)
		words[count++] = line;
	return count;
}

static bool case_read_line(struct cases *cases, struct brakes *brakes, struct span line)
{
	struct span kind, account, words[5] = { { NULL, 0 } };
	struct open_case *open;
	size_t count;
	bool heard;

	if (!span_cut(&line, ' ', &kind))
		return false;
	if (!span_cut(&line, ' ', &account)) {
		account = line;
		line.len = 0;
	}
	if (account.len == 0 || account.len > ACCOUNT_LONGEST)
		return false;
	if (span_equal(kind, SPAN("other"))) {
		open = cases_find(cases, account);
		if (open != NULL)
			open->elsewhere = true;
		return open != NULL;
	}
	if (span_equal(kind, SPAN("deed"))) {
		open = cases_find(cases, account);
		if (open == NULL || !span_cut(&line, ' ', &words[0]))
			return false;
		case_done(open, words[0], line);
		return true;
	}
	count = case_words(line, words, 5);
	if (span_equal(kind, SPAN("case")) && count == 5)
		return case_read_case(cases, account, words);
	heard = span_equal(kind, SPAN("heard"));
	return (heard || span_equal(kind, SPAN("past"))) && count == 3 &&
	       case_read_past(brakes, account, words, heard);
}

struct cases *cases_open(const char *path, struct brakes *brakes, struct error *error)
{
	const struct map_options of_map = { .record_size = sizeof(struct open_case), .same = case_same };
	struct cases *cases = memory_new(1, sizeof(*cases));
	struct text text = { .ceiling = CASES_MOST };
	struct span rest, line;
	bool good = true;

	cases->path = memory_copy(span_of(path));
	cases->map = map_new(&of_map);
	if (access(path, F_OK) == 0 || errno != ENOENT) {
		good = save_read(path, CASES_MOST, &text, error);
		rest = text_span(&text);
		if (good && (!span_cut(&rest, '\n', &line) || !span_equal(line, SPAN(CASES_HEAD))))
			good = error_set(error, "%s: not a file of open cases", path);
		for (int number = 2; good && span_cut(&rest, '\n', &line); number++)
			if (!case_read_line(cases, brakes, line))
				good = error_set(error, "%s:%d: not understood", path, number);
	}
	text_free(&text);
	if (!good)
		cases_close(&cases);
	return cases;
}

void cases_close(struct cases **cases)
{
	if (*cases == NULL)
		return;
	for (struct open_case *open = cases_next(*cases, NULL); open != NULL; open = cases_next(*cases, open))
		case_free(open);
	map_free(&(*cases)->map);
	free((*cases)->path);
	free(*cases);
	*cases = NULL;
}

static void case_write_time(struct text *out, usec_t time)
{
	if (time == USEC_NEVER)
		text_add(out, SPAN(" -"));
	else
		text_add_format(out, " %" PRId64, time);
}

static void case_write_past(void *context, struct span account, uint32_t times, usec_t last, usec_t exempt,
			    bool heard)
{
	struct text *out = context;

	text_add_format(out, "%s %.*s %u", heard ? "heard" : "past", SPAN_ARGS(account), times);
	case_write_time(out, last);
	case_write_time(out, exempt);
	text_add(out, SPAN("\n"));
}

static void case_write(struct text *out, const struct open_case *open)
{
	text_add_format(out, "case %s %s %" PRId64, open->account, case_kinds[open->restriction.kind],
			open->restriction.an_hour);
	case_write_time(out, open->since);
	case_write_time(out, open->until);
	text_add_format(out, " %s\n", open->cause);
	if (open->elsewhere)
		text_add_format(out, "other %s\n", open->account);
	for (size_t i = 0; i < open->deed_count; i++) {
		text_add_format(out, "deed %s %s ", open->account, open->deeds[i].adapter);
		text_add(out, span_of(open->deeds[i].ids));
		text_add(out, SPAN("\n"));
	}
}

bool cases_save(const struct cases *cases, const struct brakes *brakes, struct error *error)
{
	struct text text = { .ceiling = CASES_MOST };
	bool good;

	text_add(&text, SPAN(CASES_HEAD "\n"));
	for (const struct open_case *open = cases_next(cases, NULL); open != NULL;
	     open = cases_next(cases, open))
		case_write(&text, open);
	brakes_walk(brakes, &text, case_write_past);
	good = save_whole(cases->path, text_span(&text), 0600, error);
	text_free(&text);
	return good;
}
