/*
 * One walk over the object. Names are told apart by a table, in which the better name of a field stands first: who has
 * written a line cannot add to its names, and each name is looked at once.
 *
 * Limits: controls within a string become "?", its line ends nothing; a value within an array or an object is passed
 * over, but for journalctl's words that are no UTF-8, an array of bytes, and the objects of a second table.
 */
#define _GNU_SOURCE
#include "parsers/frame_json.h"

#include "base/uid.h"

#include <stdint.h>
#include <stdio.h>

#define JSON_DEEP 2 /* objects within each other: "_source" and its "host" */

enum json_field { JSON_TIME, JSON_HOST, JSON_TAG, JSON_PID, JSON_UID, JSON_WORDS, JSON_FIELDS };

static const struct json_name {
	enum json_field field;
	struct span name; /* of a member of an object: after that object's and a dot */
} json_names[] = {
	{ JSON_TIME, SPAN_INIT("_SOURCE_REALTIME_TIMESTAMP") },
	{ JSON_TIME, SPAN_INIT("__REALTIME_TIMESTAMP") },
	{ JSON_TIME, SPAN_INIT("@timestamp") },
	{ JSON_TIME, SPAN_INIT("timestamp") },
	{ JSON_TIME, SPAN_INIT("time") },
	{ JSON_TIME, SPAN_INIT("date") },
	{ JSON_TIME, SPAN_INIT("ISODATE") },
	{ JSON_TIME, SPAN_INIT("DATE") },
	{ JSON_TIME, SPAN_INIT("timereported") },
	{ JSON_TIME, SPAN_INIT("timegenerated") },
	{ JSON_TIME, SPAN_INIT("_time") },
	{ JSON_HOST, SPAN_INIT("_HOSTNAME") },
	{ JSON_HOST, SPAN_INIT("hostname") },
	{ JSON_HOST, SPAN_INIT("host") },
	{ JSON_HOST, SPAN_INIT("HOST") },
	{ JSON_HOST, SPAN_INIT("host.hostname") },
	{ JSON_HOST, SPAN_INIT("host.name") },
	{ JSON_TAG, SPAN_INIT("SYSLOG_IDENTIFIER") },
	{ JSON_TAG, SPAN_INIT("_COMM") },
	{ JSON_TAG, SPAN_INIT("appname") },
	{ JSON_TAG, SPAN_INIT("app-name") },
	{ JSON_TAG, SPAN_INIT("programname") },
	{ JSON_TAG, SPAN_INIT("program") },
	{ JSON_TAG, SPAN_INIT("PROGRAM") },
	{ JSON_TAG, SPAN_INIT("ident") },
	{ JSON_TAG, SPAN_INIT("syslogtag") },
	{ JSON_TAG, SPAN_INIT("tag") },
	{ JSON_TAG, SPAN_INIT("process.name") },
	{ JSON_PID, SPAN_INIT("SYSLOG_PID") },
	{ JSON_PID, SPAN_INIT("_PID") },
	{ JSON_PID, SPAN_INIT("procid") },
	{ JSON_PID, SPAN_INIT("pid") },
	{ JSON_PID, SPAN_INIT("PID") },
	{ JSON_PID, SPAN_INIT("process.pid") },
	{ JSON_UID, SPAN_INIT("_UID") },
	{ JSON_WORDS, SPAN_INIT("MESSAGE") },
	{ JSON_WORDS, SPAN_INIT("message") },
	{ JSON_WORDS, SPAN_INIT("msg") },
	{ JSON_WORDS, SPAN_INIT("log") },
	{ JSON_WORDS, SPAN_INIT("_raw") },
	{ JSON_WORDS, SPAN_INIT("line") },
	{ JSON_WORDS, SPAN_INIT("textPayload") },
	{ JSON_WORDS, SPAN_INIT("short_message") },
};

#define JSON_NAMES (sizeof(json_names) / sizeof(json_names[0]))

/* Objects at the top that are looked into: exports of Elasticsearch, Splunk and Google, and Elastic's common schema. */
static const struct json_object {
	struct span name;
	struct span within; /* what stands before the names of its members */
} json_objects[] = {
	{ SPAN_INIT("_source"), SPAN_INIT("") },         { SPAN_INIT("result"), SPAN_INIT("") },
	{ SPAN_INIT("jsonPayload"), SPAN_INIT("") },     { SPAN_INIT("host"), SPAN_INIT("host.") },
	{ SPAN_INIT("process"), SPAN_INIT("process.") },
};

/* What was found so far: the best name of each field, and its value. */
struct json_found {
	size_t best[JSON_FIELDS];
	struct span values[JSON_FIELDS];
};

static bool json_hex(struct span text, unsigned *code_r)
{
	unsigned code = 0;

	if (text.len < 4)
		return false;
	for (size_t i = 0; i < 4; i++) {
		char c = text.at[i];
		unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0')
						      : ((unsigned)c | 0x20u) - 'a' + 10;

		if (digit > 15)
			return false;
		code = code * 16 + digit;
	}
	*code_r = code;
	return true;
}

/* One code of the basic plane as UTF-8. What is none alone (halves of pairs, controls) becomes "?". */
static size_t json_put(char *into, unsigned code)
{
	if (code < 0x20 || (code >= 0xD800 && code <= 0xDFFF)) {
		into[0] = '?';
		return 1;
	}
	if (code < 0x80) {
		into[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		into[0] = (char)(0xC0 | code >> 6);
		into[1] = (char)(0x80 | (code & 0x3F));
		return 2;
	}
	into[0] = (char)(0xE0 | code >> 12);
	into[1] = (char)(0x80 | (code >> 6 & 0x3F));
	into[2] = (char)(0x80 | (code & 0x3F));
	return 3;
}

/* One escape, behind its backslash. Returns how many bytes of TEXT it took. */
static size_t json_escape(struct span text, char *into, size_t *len)
{
	unsigned code;

	switch (text.at[0]) {
	case 'u':
		if (!json_hex(span_from(text, 1), &code))
			return 1;
		*len += json_put(into + *len, code);
		return 5;
	case 'n':
	case 'r':
		return 1; /* the line's end */
	case 't':
		into[(*len)++] = ' ';
		return 1;
	default:
		into[(*len)++] = text.at[0];
		return 1;
	}
}

/* A blank stands before each text, as it does before the words of a line. */
static void json_begin(struct json_room *room)
{
	if (room->left == 0)
		return;
	*room->at++ = ' ';
	room->left--;
}

bool frame_json_text(struct span *rest, struct json_room *room, struct span *text_r)
{
	size_t len = 0, i = 0;

	json_begin(room);
	for (; i < rest->len && rest->at[i] != '"'; i++) {
		if (len + 4 > room->left) {
			i += rest->at[i] == '\\';
			continue;
		}
		if (rest->at[i] == '\\' && i + 1 < rest->len)
			i += json_escape(span_from(*rest, i + 1), room->at, &len);
		else
			room->at[len++] = rest->at[i];
	}
	*text_r = (struct span){ room->at, len };
	room->at += len;
	room->left -= len;
	if (i >= rest->len)
		return false;
	*rest = span_from(*rest, i + 1);
	return true;
}

static void json_blanks(struct span *rest)
{
	while (rest->len > 0 && (rest->at[0] == ' ' || rest->at[0] == '\t'))
		*rest = span_from(*rest, 1);
}

/* "[80,111,115]": a text's bytes. Another array is left where it stands. */
static bool json_bytes(struct span *rest, struct json_room *room, struct span *text_r)
{
	struct span left = *rest, number;
	uint64_t byte;
	size_t len = 0;

	if (!span_skip(&left, SPAN("[")))
		return false;
	json_begin(room);
	for (bool more = true; more; len += len < room->left) {
		size_t end = 0;

		json_blanks(&left);
		while (end < left.len && left.at[end] != ',' && left.at[end] != ']')
			end++;
		number = span_trim(span_head(left, end));
		if (end == left.len || !span_to_u64(number, &byte) || byte > 255)
			return false;
		more = left.at[end] == ',';
		left = span_from(left, end + 1);
		if (len < room->left)
			room->at[len] = byte < ' ' ? '?' : (char)byte;
	}
	*text_r = (struct span){ room->at, len };
	room->at += len;
	room->left -= len;
	*rest = left;
	return true;
}

/* Pass over an object or array with all that is in it, or a word. False where it does not end. */
static bool json_pass(struct span *rest)
{
	size_t deep = 0, i = 0;
	bool quoted = false;

	for (; i < rest->len; i++) {
		char c = rest->at[i];

		if (quoted) {
			i += c == '\\';
			quoted = c != '"';
		} else if (c == '"') {
			quoted = true;
		} else if (c == '{' || c == '[') {
			deep++;
		} else if (deep == 0 && (c == ',' || c == '}')) {
			break;
		} else if (c == '}' || c == ']') {
			deep--;
		}
	}
	if (i >= rest->len)
		return false;
	*rest = span_from(*rest, i);
	return true;
}

/* A string, a number as it stands, or words as bytes; absent where it is something else. */
static bool json_value(struct span *rest, bool wanted, struct json_room *room, struct span *value_r)
{
	struct span from;

	*value_r = (struct span){ NULL, 0 };
	json_blanks(rest);
	from = *rest;
	if (!wanted)
		return json_pass(rest);
	if (span_skip(rest, SPAN("\"")))
		return frame_json_text(rest, room, value_r);
	if (json_bytes(rest, room, value_r))
		return true;
	if (!json_pass(rest))
		return false;
	if ((unsigned)(from.at[0] - '0') < 10)
		*value_r = span_trim(span_head(from, (size_t)(rest->at - from.at)));
	return true;
}

/* The place of NAME in the table, JSON_NAMES where it has none. */
static size_t json_name(struct span name, struct span within)
{
	size_t i = 0;

	for (; i < JSON_NAMES; i++) {
		struct span known = json_names[i].name;

		if (span_skip(&known, within) && span_equal(name, known))
			break;
	}
	return i;
}

/* Is NAME's object looked into, and what stands before the names in it? */
static bool json_opens(struct span name, struct span *within_r)
{
	for (size_t i = 0; i < sizeof(json_objects) / sizeof(json_objects[0]); i++)
		if (span_equal(name, json_objects[i].name)) {
			*within_r = json_objects[i].within;
			return true;
		}
	return false;
}

/* "Nov 6, 2026 @ 09:28:10.040", as Kibana shows and exports it, as "2026-11-06T09:28:10.040"; others as they stand. */
static struct span json_kibana_time(struct span time, struct json_room *room)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct span rest = time, date, words[2];
	size_t month = 0;
	int len;

	if (!span_cut_text(&rest, SPAN(" @ "), &date) || !span_cut_text(&date, SPAN(", "), &words[0]) ||
	    !span_cut(&words[0], ' ', &words[1]) || words[1].len != 3 || words[0].len > 2 || date.len != 4)
		return time;
	while (month < 12 && memcmp(months + month * 3, words[1].at, 3) != 0)
		month++;
	if (month == 12)
		return time;
	len = snprintf(room->at, room->left, "%.*s-%02zu-%s%.*sT%.*s", SPAN_ARGS(date), month + 1,
		       words[0].len == 1 ? "0" : "", SPAN_ARGS(words[0]), SPAN_ARGS(rest));
	if (len < 0 || (size_t)len >= room->left)
		return time;
	time = (struct span){ room->at, (size_t)len };
	room->at += len;
	room->left -= (size_t)len;
	return time;
}

/* Seconds, milli- or microseconds since 1970 as seconds with a fraction; others as they stand. */
static struct span json_time(struct span time, struct json_room *room)
{
	size_t len = 0;
	char *at = room->at;

	while (len < time.len && (unsigned)(time.at[len] - '0') < 10)
		len++;
	if (len == 0)
		return json_kibana_time(time, room);
	if (len < 10 || time.len > 20 || room->left < 32)
		return time;
	memcpy(at, time.at, 10);
	at[10] = '.';
	time = span_from(time, len > 10 ? 10 : time.len > 10 ? 11 : 10);
	memcpy(at + 11, time.at, time.len);
	memcpy(at + 11 + time.len, "000", 3);
	room->at += 14 + time.len;
	room->left -= 14 + time.len;
	return (struct span){ at, 14 + time.len };
}

/* A tag as syslog had it ends in a colon, whatever the field is called; rsyslog cuts programname at the first slash. */
static size_t json_rank(size_t which, struct span value)
{
	return json_names[which].field == JSON_TAG && span_ends(value, SPAN(":")) ? 0 : which;
}

/* "postfix/smtpd[4]:", as rsyslog's syslogtag is. */
static void json_tag(struct json_entry *entry)
{
	struct span tag = entry->tag, pid;

	if (span_ends(tag, SPAN(":")))
		tag.len--;
	if (span_ends(tag, SPAN("]"))) {
		tag.len--;
		if (span_cut_last(&tag, SPAN("["), &pid) && entry->pid.len == 0)
			entry->pid = pid;
	}
	entry->tag = tag;
}

/*
 * What a person says in the name of one of Postfix's programs, or in none as a whole line, is shown as that person's:
 * journald has the uid from the kernel.
 */
static void json_forged(struct json_entry *entry, struct span uid, struct json_room *room)
{
	uint64_t number;
	int len;

	if ((entry->tag.len > 0 && span_find(entry->tag, SPAN("/")) == entry->tag.len) ||
	    !uid_is_a_persons(uid, &number))
		return;
	len = snprintf(room->at, room->left, "uid-%llu", (unsigned long long)number);
	entry->tag = SPAN("uid");
	if (len < 0 || (size_t)len >= room->left)
		return;
	entry->tag = (struct span){ room->at, (size_t)len };
	room->at += len;
	room->left -= (size_t)len;
}

static void json_take(struct json_found *found, size_t which, struct span value)
{
	enum json_field field;

	if (value.len == 0)
		return;
	field = json_names[which].field;
	if (json_rank(which, value) >= found->best[field])
		return;
	found->best[field] = json_rank(which, value);
	found->values[field] = value;
}

/* The members of an object, whose brace REST stands behind, and its end. DEEP: so many more objects are looked into. */
static bool json_walk(struct span *rest, struct span within, int deep, struct json_room *room,
		      struct json_found *found)
{
	do {
		struct json_room kept = *room;
		struct span name, value, inner;
		bool opens;
		size_t which;

		json_blanks(rest);
		if (!span_skip(rest, SPAN("\"")) || !frame_json_text(rest, room, &name))
			return false;
		which = json_name(name, within);
		opens = deep > 0 && within.len == 0 && json_opens(name, &inner);
		*room = kept;
		json_blanks(rest);
		if (!span_skip(rest, SPAN(":")))
			return false;
		json_blanks(rest);
		if (opens && span_starts(*rest, SPAN("{")) && !span_starts(*rest, SPAN("{}"))) {
			span_skip(rest, SPAN("{"));
			if (!json_walk(rest, inner, deep - 1, room, found))
				return false;
		} else {
			if (!json_value(rest, which < JSON_NAMES, room, &value))
				return false;
			json_take(found, which, value);
		}
		json_blanks(rest);
	} while (span_skip(rest, SPAN(",")));
	return span_skip(rest, SPAN("}"));
}

bool frame_json_read(struct span line, struct json_room *room, struct json_entry *entry_r)
{
	struct json_found found = { .best = { JSON_NAMES, JSON_NAMES, JSON_NAMES, JSON_NAMES, JSON_NAMES,
					      JSON_NAMES } };

	if (!span_skip(&line, SPAN("{")) || !json_walk(&line, SPAN(""), JSON_DEEP, room, &found))
		return false;
	*entry_r = (struct json_entry){ json_time(found.values[JSON_TIME], room), found.values[JSON_HOST],
					found.values[JSON_TAG], found.values[JSON_PID],
					found.values[JSON_WORDS] };
	json_tag(entry_r);
	json_forged(entry_r, found.values[JSON_UID], room);
	/* rsyslog's msg has the blank behind the tag. */
	while (entry_r->tag.len > 0 && span_starts(entry_r->words, SPAN(" ")))
		entry_r->words = span_from(entry_r->words, 1);
	return entry_r->time.len > 0 && entry_r->words.len > 0;
}
