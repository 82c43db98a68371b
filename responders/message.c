/*
 * A message is read in two steps: the leaves from JSON, cleaned; then what is composed of them. A gathered
 * message takes its lines from its members and is as bad as the worst of them. An account that stands several
 * times in one gathered message is told of once, as it stood last.
 *
 * Limits: a gathered message names its first 20 accounts and counts the rest.
 */
#define _GNU_SOURCE
#include "responders/message.h"

#include "base/hash.h"
#include "detectors/verdict.h"
#include "responders/orders.h"
#include "responders/payload.h"

#include <stdio.h>
#include <stdlib.h>

#define MESSAGE_NAMED    20
#define MESSAGE_KEY_MAX  160
#define MESSAGE_SHORTEST 100

static const char *const message_names[MESSAGE_FIELDS] = {
	[MESSAGE_ID] = "id",
	[MESSAGE_TYPE] = "type",
	[MESSAGE_TIME] = "time",
	[MESSAGE_ENDS] = "ends",
	[MESSAGE_ACCOUNT] = "account",
	[MESSAGE_KEY] = "key",
	[MESSAGE_STATE] = "state",
	[MESSAGE_PREVIOUS] = "previous",
	[MESSAGE_SCORE] = "score",
	[MESSAGE_HOST] = "host",
	[MESSAGE_CUSTOMER] = "customer",
	[MESSAGE_TITLE] = "title",
	[MESSAGE_SHORT] = "short",
	[MESSAGE_SUMMARY] = "summary",
	[MESSAGE_REASON] = "reason",
	[MESSAGE_EVIDENCE] = "evidence",
	[MESSAGE_FIRST_BAD] = "first_bad",
	[MESSAGE_RECIPIENTS] = "recipients",
	[MESSAGE_LEAKED] = "leaked",
	[MESSAGE_CLIENTS] = "clients",
	[MESSAGE_SAMPLES] = "samples",
	[MESSAGE_UNDO] = "undo",
	[MESSAGE_TEXT] = "text",
	[MESSAGE_SEVERITY] = "severity",
	[MESSAGE_PRIORITY] = "priority",
	[MESSAGE_ACTION] = "action",
	[MESSAGE_COLOUR] = "colour",
	[MESSAGE_COUNT] = "count",
};

/* How the states are spoken of, from the most harmless on. */
static const struct message_grade {
	const char *state, *words, *severity, *priority, *colour;
	bool over;
} message_grades[] = {
	{ "normal", "is normal again", "info", "P5", "3066993", true },
	{ "released", "is released", "info", "P5", "3066993", true },
	{ "watch", "is watched", "warning", "P4", "15844367", false },
	{ "", "", "warning", "P3", "15844367", false },
	{ "flagged", "is flagged", "error", "P2", "15105570", false },
	{ "disabled", "is sure enough to be disabled", "critical", "P1", "15158332", false },
};

#define MESSAGE_GRADES   (sizeof(message_grades) / sizeof(message_grades[0]))
#define MESSAGE_STATLESS 3 /* the grade of what has no state */

bool message_field_named(struct span name, enum message_field *field_r)
{
	for (int i = 0; i < MESSAGE_FIELDS; i++)
		if (span_equal(name, span_of(message_names[i]))) {
			*field_r = (enum message_field)i;
			return true;
		}
	return false;
}

/* Marks without a width, and those that turn the direction of writing: U+200B..F, U+202A..E, U+2060..F, U+FEFF. */
static bool message_is_mark(struct span character)
{
	const unsigned char *at = (const unsigned char *)character.at;

	if (character.len != 3)
		return false;
	if (at[0] == 0xe2 && at[1] == 0x80)
		return (at[2] >= 0x8b && at[2] <= 0x8f) || (at[2] >= 0xa8 && at[2] <= 0xae);
	return (at[0] == 0xe2 && at[1] == 0x81 && at[2] >= 0xa0 && at[2] <= 0xaf) ||
	       (at[0] == 0xef && at[1] == 0xbb && at[2] == 0xbf);
}

/* Text of strangers as part of one line. */
static void message_clean(struct span strange, struct text *into)
{
	while (strange.len > 0) {
		size_t len = text_utf8_len(strange);
		struct span character = span_head(strange, len == 0 ? 1 : len);
		unsigned char first = (unsigned char)strange.at[0];
		bool control = first < 0x20 || first == 0x7f || len == 0 ||
			       (first == 0xc2 && (unsigned char)strange.at[1] < 0xa0);

		if (control)
			text_add(into, SPAN(" "));
		else if (!message_is_mark(character))
			text_add(into, character);
		strange = span_from(strange, character.len);
	}
}

static void message_take(const struct payload *payload, const char *key, struct text *into)
{
	struct text strange = { 0 };

	if (payload_get(payload, key, &strange))
		message_clean(text_span(&strange), into);
	text_free(&strange);
}

/* The same after BETWEEN, where there is something. */
static void message_take_after(const struct payload *payload, const char *key, const char *between,
			       struct text *into)
{
	struct text value = { 0 };

	message_take(payload, key, &value);
	if (value.len > 0) {
		text_add(into, span_of(between));
		text_add(into, text_span(&value));
	}
	text_free(&value);
}

static void message_take_clients(const struct payload *payload, struct text *into)
{
	for (size_t i = 0; i < payload_count(payload, "clients"); i++) {
		struct text strange = { 0 };

		if (i > 0)
			text_add(into, SPAN(", "));
		if (payload_get_member(payload, "clients", i, &strange))
			message_clean(text_span(&strange), into);
		text_free(&strange);
	}
}

/* A line a member: what stands under FIRST and, where it is not NULL, under SECOND. */
static void message_take_lines(const struct payload *payload, const char *list, const char *first,
			       const char *second, struct text *into)
{
	for (size_t i = 0; i < payload_count(payload, list); i++) {
		struct payload *member = payload_member(payload, list, i);

		if (member == NULL)
			continue;
		if (into->len > 0)
			text_add(into, SPAN("\n"));
		message_take(member, first, into);
		if (second != NULL) {
			text_add(into, SPAN(": "));
			message_take(member, second, into);
		}
		payload_free(&member);
	}
}

static const struct message_grade *message_grade(struct span state)
{
	for (size_t i = 0; i < MESSAGE_GRADES; i++)
		if (span_equal(state, span_of(message_grades[i].state)))
			return &message_grades[i];
	return &message_grades[MESSAGE_STATLESS];
}

static void message_graded(struct message *message, const struct message_grade *grade, usec_t time)
{
	char into[CLOCK_TEXT_SIZE];

	text_add(&message->field[MESSAGE_SEVERITY], span_of(grade->severity));
	text_add(&message->field[MESSAGE_PRIORITY], span_of(grade->priority));
	text_add(&message->field[MESSAGE_COLOUR], span_of(grade->colour));
	text_add(&message->field[MESSAGE_ACTION], grade->over ? SPAN("resolve") : SPAN("trigger"));
	if (time != USEC_NEVER)
		text_add(&message->field[MESSAGE_ENDS],
			 span_of(clock_text(grade->over ? time : time + USEC_DAY, into)));
}

/* Services bound the length of what names an alert; a long account goes by its head and a hash of it all. */
static void message_keyed(struct message *message, struct span account)
{
	if (account.len <= MESSAGE_KEY_MAX)
		text_add(&message->field[MESSAGE_KEY], account);
	else
		text_add_format(&message->field[MESSAGE_KEY], "%.*s-%016llx",
				SPAN_ARGS(text_utf8_head(account, 16)),
				(unsigned long long)hash_stable(account));
}

/* An account is one alert through all its states; a login on all servers, another one's local user is another. */
static void message_keyed_by_account(struct message *message, const struct payload *payload)
{
	struct span account = text_span(&message->field[MESSAGE_ACCOUNT]);
	struct text key = { 0 };

	text_add(&key, account);
	if (!order_is_shared(account) &&
	    !span_equal(text_span(&message->field[MESSAGE_TYPE]), SPAN("address")))
		message_take_after(payload, "server", " on ", &key);
	message_keyed(message, text_span(&key));
	text_free(&key);
}

static void message_line(struct text *text, const char *label, const struct text *value)
{
	if (value->len == 0)
		return;
	text_add(text, span_of(label));
	text_add(text, text_span(value));
	text_add(text, SPAN("\n"));
}

/* What has no state: a notice of the server, an act; their title says all. */
static void message_title_of_notice(const struct payload *payload, struct message *message)
{
	struct text *field = message->field, *title = &field[MESSAGE_TITLE];
	struct text action = { 0 };

	message_take(payload, "action", &action);
	if (action.len > 0) {
		text_add(title, text_span(&field[MESSAGE_ACCOUNT]));
		text_add(title, SPAN(": "));
		text_add(title, text_span(&action));
		message_take_after(payload, "adapter", " by ", title);
		message_take_after(payload, "reason", ": ", title);
	} else {
		text_add(title, text_span(&field[MESSAGE_EVIDENCE]));
	}
	text_free(&action);
}

static void message_title_of_verdict(const struct message_grade *grade, struct message *message)
{
	struct text *title = &message->field[MESSAGE_TITLE];
	struct span type = text_span(&message->field[MESSAGE_TYPE]);

	text_add(title, text_span(&message->field[MESSAGE_ACCOUNT]));
	text_add(title, SPAN(" "));
	if (span_equal(type, SPAN("verdict")))
		text_add(title, span_of(grade->words));
	else if (!span_equal(type, SPAN("address")))
		text_add(title, grade->over ? SPAN("is well again") : SPAN("needs a look"));
	else
		text_add(title,
			 grade->over ? SPAN("is no longer listed or blocked") : SPAN("is listed or blocked"));
}

static void message_compose_text(struct message *message, const struct message_grade *grade)
{
	struct text *field = message->field, *text = &field[MESSAGE_TEXT];

	message_line(text, "", &field[MESSAGE_TITLE]);
	if (*grade->state != '\0')
		message_line(text, "", &field[MESSAGE_EVIDENCE]);
	message_line(text, "since ", &field[MESSAGE_FIRST_BAD]);
	message_line(text, "recipients: ", &field[MESSAGE_RECIPIENTS]);
	message_line(text, "from ", &field[MESSAGE_CLIENTS]);
	message_line(text, "on ", &field[MESSAGE_HOST]);
	if (!grade->over)
		message_line(text, "to take it back: ", &field[MESSAGE_UNDO]);
}

/* A verdict, or a notice. */
static void message_compose(struct message *message, const struct payload *payload)
{
	struct text *field = message->field;
	const struct message_grade *grade = message_grade(text_span(&field[MESSAGE_STATE]));
	struct span reason;

	message_graded(message, grade, payload_get_time(payload, "time"));
	/* A notice is an alert of its own. */
	if (*grade->state == '\0')
		message_keyed(message, text_span(&field[MESSAGE_ID]));
	else
		message_keyed_by_account(message, payload);
	/* What is of no account is of a server: of two, each is an alert of its own. */
	if (field[MESSAGE_ACCOUNT].len == 0) {
		text_add(&field[MESSAGE_ACCOUNT], text_span(&field[MESSAGE_TYPE]));
		if (field[MESSAGE_HOST].len > 0)
			text_add(&field[MESSAGE_ACCOUNT], SPAN(" "));
		text_add(&field[MESSAGE_ACCOUNT], text_span(&field[MESSAGE_HOST]));
	}
	if (field[MESSAGE_EVIDENCE].len == 0)
		message_take(payload, "text", &field[MESSAGE_EVIDENCE]);
	if (*grade->state == '\0')
		message_title_of_notice(payload, message);
	else
		message_title_of_verdict(grade, message);
	reason = text_span(&field[MESSAGE_EVIDENCE]);
	reason = span_head(reason, span_find(reason, SPAN("\n")));
	text_add(&field[MESSAGE_REASON], reason);
	message_compose_text(message, grade);
	text_add(&field[MESSAGE_COUNT], SPAN("1"));
}

static bool message_read_one(const struct payload *payload, struct message *message)
{
	static const enum message_field taken[] = {
		MESSAGE_ID,         MESSAGE_TYPE,   MESSAGE_TIME, MESSAGE_ACCOUNT,  MESSAGE_STATE,
		MESSAGE_PREVIOUS,   MESSAGE_SCORE,  MESSAGE_HOST, MESSAGE_CUSTOMER, MESSAGE_FIRST_BAD,
		MESSAGE_RECIPIENTS, MESSAGE_LEAKED, MESSAGE_UNDO,
	};

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		message_take(payload, message_names[taken[i]], &message->field[taken[i]]);
	message_take_clients(payload, &message->field[MESSAGE_CLIENTS]);
	message_take_lines(payload, "evidence", "text", NULL, &message->field[MESSAGE_EVIDENCE]);
	message_take_lines(payload, "samples", "recipient", "reply", &message->field[MESSAGE_SAMPLES]);
	message_compose(message, payload);
	return true;
}

/* Is a later member of the same account? Then that one tells how it stands. */
static bool message_is_older(const struct payload *payload, size_t at, const struct text *account)
{
	bool older = false;

	for (size_t i = at + 1; i < payload_count(payload, "verdicts") && !older && account->len > 0; i++) {
		struct payload *member = payload_member(payload, "verdicts", i);
		struct text other = { 0 };

		if (member != NULL)
			message_take(member, "account", &other);
		older = span_equal(text_span(account), text_span(&other));
		text_free(&other);
		payload_free(&member);
	}
	return older;
}

/* One line of a gathered message. */
static void message_gather_line(const struct message *one, struct text *into)
{
	if (into->len > 0)
		text_add(into, SPAN("\n"));
	text_add(into, text_span(&one->field[MESSAGE_TITLE]));
	if (one->field[MESSAGE_STATE].len > 0 && one->field[MESSAGE_REASON].len > 0) {
		text_add(into, SPAN(": "));
		text_add(into, text_span(&one->field[MESSAGE_REASON]));
	}
}

static void message_gather_words(struct message *message, const size_t counts[MESSAGE_GRADES],
				 size_t accounts)
{
	struct text *title = &message->field[MESSAGE_TITLE];
	const char *comma = ": ";

	text_add_format(&message->field[MESSAGE_ACCOUNT], "%zu accounts", accounts);
	text_add(title, text_span(&message->field[MESSAGE_ACCOUNT]));
	for (size_t i = MESSAGE_GRADES; i-- > 0;) {
		if (counts[i] == 0)
			continue;
		text_add_format(title, "%s%zu %s", comma, counts[i],
				*message_grades[i].state == '\0' ? "of the server" : message_grades[i].state);
		comma = ", ";
	}
	text_add(&message->field[MESSAGE_REASON], text_span(title));
	message_line(&message->field[MESSAGE_TEXT], "", title);
	message_line(&message->field[MESSAGE_TEXT], "", &message->field[MESSAGE_EVIDENCE]);
	message_line(&message->field[MESSAGE_TEXT], "on ", &message->field[MESSAGE_HOST]);
}

static void message_read_many(const struct payload *payload, struct message *message)
{
	size_t counts[MESSAGE_GRADES] = { 0 }, accounts = 0, members = payload_count(payload, "verdicts");
	const struct message_grade *worst = message_grades;
	struct text *lines = &message->field[MESSAGE_EVIDENCE];

	message_take(payload, "id", &message->field[MESSAGE_ID]);
	message_take(payload, "type", &message->field[MESSAGE_TYPE]);
	message_take(payload, "time", &message->field[MESSAGE_TIME]);
	message_take(payload, "host", &message->field[MESSAGE_HOST]);
	for (size_t i = 0; i < members; i++) {
		struct payload *member = payload_member(payload, "verdicts", i);
		struct message one = { 0 };
		const struct message_grade *grade;

		if (member == NULL)
			continue;
		message_read_one(member, &one);
		if (!message_is_older(payload, i, &one.field[MESSAGE_ACCOUNT]) ||
		    one.field[MESSAGE_STATE].len == 0) {
			grade = message_grade(text_span(&one.field[MESSAGE_STATE]));
			counts[grade - message_grades]++;
			worst = grade > worst ? grade : worst;
			if (accounts++ < MESSAGE_NAMED)
				message_gather_line(&one, lines);
		}
		message_free(&one);
		payload_free(&member);
	}
	if (accounts > MESSAGE_NAMED)
		text_add_format(lines, "\nand %zu more", accounts - MESSAGE_NAMED);
	text_add(&message->field[MESSAGE_STATE], span_of(worst->state));
	message_keyed(message, text_span(&message->field[MESSAGE_ID]));
	message_graded(message, worst, payload_get_time(payload, "time"));
	message_gather_words(message, counts, accounts);
	text_add_format(&message->field[MESSAGE_COUNT], "%zu", members);
}

bool message_read(struct span json, struct message *message_r)
{
	struct payload *payload = payload_read(json);

	if (payload == NULL)
		return false;
	*message_r = (struct message){ 0 };
	if (payload_count(payload, "verdicts") > 0)
		message_read_many(payload, message_r);
	else
		message_read_one(payload, message_r);
	payload_free(&payload);
	text_add(&message_r->field[MESSAGE_SHORT],
		 text_utf8_head(text_span(&message_r->field[MESSAGE_TITLE]), MESSAGE_SHORTEST));
	text_add(&message_r->field[MESSAGE_SUMMARY], text_span(&message_r->field[MESSAGE_SHORT]));
	if (message_r->field[MESSAGE_STATE].len > 0 && message_r->field[MESSAGE_REASON].len > 0) {
		text_add(&message_r->field[MESSAGE_SUMMARY], SPAN(": "));
		text_add(&message_r->field[MESSAGE_SUMMARY], text_span(&message_r->field[MESSAGE_REASON]));
	}
	return true;
}

void message_free(struct message *message)
{
	for (int i = 0; i < MESSAGE_FIELDS; i++)
		text_free(&message->field[i]);
}

bool message_resolves(const struct message *message)
{
	return span_equal(text_span(&message->field[MESSAGE_ACTION]), SPAN("resolve"));
}

bool message_is_ours(enum message_field field)
{
	return field == MESSAGE_TIME || field == MESSAGE_ENDS || field == MESSAGE_COLOUR ||
	       field == MESSAGE_COUNT || field == MESSAGE_SEVERITY || field == MESSAGE_PRIORITY ||
	       field == MESSAGE_ACTION || field == MESSAGE_SCORE;
}
