/*
 * The shapes that each service documents, as templates in the same language that an admin writes:
 *
 *	slack		incoming webhooks: blocks of plain text, in which & < > are entities
 *	discord		webhooks: an embed; nobody is mentioned, whatever the text says
 *	teams		workflows: an adaptive card, whose text runs know no markdown
 *	mattermost	incoming webhooks: markdown
 *	telegram	sendMessage of the bot API (7.0 or later), without a parse mode: plain text
 *	pagerduty	events API v2; an account is one incident
 *	opsgenie	alert API; closed by its alias, with a body of that request's own
 *	alertmanager	API v2; without endsAt it would be over after minutes, since we do not repeat it
 */
#include "responders/template.h"

#include "responders/payload.h"

#include <stdlib.h>

#define TEMPLATE_BREAK SPAN("\xe2\x80\x8b") /* a blank without a width */

const char *const template_choices[] = { "json",         "slack",    "discord",   "teams",
					 "mattermost",   "telegram", "pagerduty", "opsgenie",
					 "alertmanager", "own",      NULL };

const struct template template_of[] = {
	{ .name = "json" },
	{ .name = "slack",
	  .entities = true,
	  .longest = 2500,
	  .body = "{\"text\":\"{title}\",\"unfurl_links\":false,\"unfurl_media\":false,\"blocks\":["
		  "{\"type\":\"section\",\"text\":{\"type\":\"plain_text\",\"emoji\":false,\"text\":\"{text}\"}}]}" },
	{ .name = "discord",
	  .markdown = true,
	  .mentions = true,
	  .longest = 1800,
	  .body = "{\"username\":\"sendwatch\",\"allowed_mentions\":{\"parse\":[]},\"embeds\":[{\"color\":{colour},"
		  "\"description\":\"{text}\",\"timestamp\":\"{time}\"}]}" },
	{ .name = "teams",
	  .mentions = true,
	  .longest = 6000,
	  .body = "{\"type\":\"message\",\"attachments\":[{\"contentType\":\"application/vnd.microsoft.card.adaptive\","
		  "\"contentUrl\":null,\"content\":{\"$schema\":\"http://adaptivecards.io/schemas/adaptive-card.json\","
		  "\"type\":\"AdaptiveCard\",\"version\":\"1.2\",\"body\":["
		  "{\"type\":\"RichTextBlock\",\"inlines\":[{\"type\":\"TextRun\",\"weight\":\"bolder\",\"text\":\"{title}\"}]},"
		  "{\"type\":\"RichTextBlock\",\"inlines\":[{\"type\":\"TextRun\",\"text\":\"{text}\"}]}]}}]}" },
	{ .name = "mattermost",
	  .markdown = true,
	  .mentions = true,
	  .longest = 6000,
	  .body = "{\"username\":\"sendwatch\",\"text\":\"{text}\"}" },
	{ .name = "telegram",
	  .mentions = true,
	  .chat = true,
	  .longest = 3500,
	  .body = "{\"chat_id\":\"{chat}\",\"text\":\"{text}\",\"link_preview_options\":{\"is_disabled\":true}}" },
	{ .name = "pagerduty",
	  .alone = true,
	  .token = true,
	  .longest = 900,
	  .body = "{\"routing_key\":\"{token}\",\"event_action\":\"{action}\",\"dedup_key\":\"sendwatch/{key}\","
		  "\"client\":\"sendwatch\",\"payload\":{\"summary\":\"{summary}\",\"source\":\"sendwatch {host}\","
		  "\"severity\":\"{severity}\",\"timestamp\":\"{time}\",\"component\":\"{account}\",\"class\":\"{state}\","
		  "\"custom_details\":{\"evidence\":\"{evidence}\",\"recipients\":\"{recipients}\","
		  "\"clients\":\"{clients}\",\"undo\":\"{undo}\",\"id\":\"{id}\"}}}" },
	{ .name = "opsgenie",
	  .alone = true,
	  .longest = 4000,
	  .closes = "/sendwatch-{key}/close?identifierType=alias",
	  .closing = "{\"source\":\"sendwatch\",\"note\":\"{title}\"}",
	  .body = "{\"message\":\"sendwatch: {short}\",\"alias\":\"sendwatch-{key}\",\"description\":\"{text}\","
		  "\"priority\":\"{priority}\",\"source\":\"sendwatch\",\"entity\":\"{account}\","
		  "\"details\":{\"state\":\"{state}\",\"host\":\"{host}\",\"undo\":\"{undo}\",\"id\":\"{id}\"}}" },
	{ .name = "alertmanager",
	  .alone = true,
	  .longest = 4000,
	  .body = "[{\"labels\":{\"alertname\":\"SendwatchAccount\",\"account\":\"{account}\",\"type\":\"{type}\",\"key\":\"{key}\"},"
		  "\"annotations\":{\"summary\":\"{title}\",\"description\":\"{text}\",\"state\":\"{state}\","
		  "\"severity\":\"{severity}\",\"undo\":\"{undo}\"},\"startsAt\":\"{time}\",\"endsAt\":\"{ends}\"}]" },
	{ .name = "own" },
};

/* Cut the name off TEXT where one stands between braces at its front. */
static bool template_cut_name(struct span *text, struct span *name_r)
{
	size_t len = 1;

	if (text->len == 0 || text->at[0] != '{')
		return false;
	while (len < text->len && ((text->at[len] >= 'a' && text->at[len] <= 'z') || text->at[len] == '_'))
		len++;
	if (len == 1 || len == text->len || text->at[len] != '}')
		return false;
	*name_r = (struct span){ text->at + 1, len - 1 };
	*text = span_from(*text, len + 1);
	return true;
}

static bool template_in_word(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
	       (unsigned char)byte >= 0x80;
}

/* One byte of TEXT for the markup of whoever shows it. */
static void template_byte(const struct template *template, struct span text, size_t i, struct text *out)
{
	struct span byte = { text.at + i, 1 };
	char before = i > 0 ? text.at[i - 1] : ' ';

	if (template->entities && *byte.at == '&')
		text_add(out, SPAN("&amp;"));
	else if (template->entities && *byte.at == '<')
		text_add(out, SPAN("&lt;"));
	else if (template->entities && *byte.at == '>')
		text_add(out, SPAN("&gt;"));
	else if (template->markdown && strchr("\\`*_{}[]()<>#+-!|~", *byte.at) != NULL && *byte.at != '\0') {
		text_add(out, SPAN("\\"));
		text_add(out, byte);
	} else
		text_add(out, byte);
	if (template->mentions && ((*byte.at == '@' && !template_in_word(before)) ||
				   (*byte.at == ':' && span_starts(span_from(text, i), SPAN("://")))))
		text_add(out, TEMPLATE_BREAK);
}

/*
 * The text as it is shown to OUT, up to a whole character. What counts is what it has become: a service refuses a
 * message that is too long, for good, and "<<<<" is four times as long as an entity; nobody is to stay unnoticed by
 * the name that he gives himself.
 */
static void template_neutral(const struct template *template, struct span text, struct text *out)
{
	size_t whole = 0; /* of OUT, before the character that TEXT is at */

	for (size_t i = 0; i < text.len; i++) {
		if (((unsigned char)text.at[i] & 0xc0) != 0x80)
			whole = out->len;
		template_byte(template, text, i, out);
		if (template->longest > 0 && out->len > template->longest) {
			out->at[whole] = '\0';
			out->len = whole;
			text_add(out, SPAN("\xe2\x80\xa6"));
			return;
		}
	}
}

static void template_json(struct span text, struct text *out)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.at[i];

		if (byte == '"' || byte == '\\')
			text_add_format(out, "\\%c", byte);
		else if (byte == '\n')
			text_add(out, SPAN("\\n"));
		else if (byte < 0x20)
			text_add_format(out, "\\u%04x", byte);
		else
			text_add(out, (struct span){ text.at + i, 1 });
	}
}

static void template_put(const struct template *template, struct span value, struct text *out)
{
	struct text neutral = { 0 };

	while (value.len > 0 && value.at[value.len - 1] == '\n')
		value.len--;
	template_neutral(template, value, &neutral);
	if (template->plain)
		text_add(out, text_span(&neutral));
	else
		template_json(text_span(&neutral), out);
	text_free(&neutral);
}

/* False where a name is unknown. MESSAGE may be NULL: then names are only looked at. */
static bool template_walk(const struct template *template, const char *body, const struct message *message,
			  const struct template_given *given, struct text *out, struct span *unknown_r)
{
	struct span rest = span_of(body), name;
	enum message_field field = MESSAGE_ID;

	while (rest.len > 0) {
		if (!template_cut_name(&rest, &name)) {
			if (out != NULL)
				text_add(out, span_head(rest, 1));
			rest = span_from(rest, 1);
			continue;
		}
		*unknown_r = name;
		if (span_equal(name, SPAN("chat")) || span_equal(name, SPAN("token"))) {
			const char *own = *name.at == 'c' ? given->chat : given->token;

			/* An admin's own text: escaped, but shown to nobody. */
			if (out != NULL)
				template_json(span_of(own), out);
		} else if (!message_field_named(name, &field)) {
			return false;
		} else if (message != NULL && message_is_ours(field)) {
			template_json(text_span(&message->field[field]), out);
		} else if (message != NULL) {
			template_put(template, text_span(&message->field[field]), out);
		}
	}
	return true;
}

void template_fill(const struct template *template, const struct message *message,
		   const struct template_given *given, struct text *out)
{
	bool closes = template->closing != NULL && message_resolves(message);
	struct span unknown;

	(void)template_walk(template, closes ? template->closing : template->body, message, given, out,
			    &unknown);
}

/* A made-up verdict: what can stand in a body shows whether a template makes JSON of it. */
static const char template_sample[] =
	"{\"type\":\"verdict\",\"id\":\"0\",\"time\":\"2026-11-01T03:04:05Z\",\"account\":\"a\\\"b@example.com\","
	"\"state\":\"flagged\",\"previous\":\"normal\",\"score\":31.4,\"host\":\"mx1\",\"recipients\":96,"
	"\"leaked\":55,\"evidence\":[{\"text\":\"a \\\\ \\\" b\"},{\"text\":\"c\"}],\"undo\":\"sendwatch release\"}";

bool template_check(const struct template *template, const char *where, struct error *error)
{
	const struct template_given given = { "chat", "token" };
	struct message message;
	struct span unknown = { NULL, 0 };
	struct text out = { 0 };
	bool good;

	if (template->body == NULL)
		return true;
	if (!template_walk(template, template->body, NULL, &given, NULL, &unknown))
		return error_set(error, "%s the template knows no {%.*s}", where, SPAN_ARGS(unknown));
	if (template->plain || !message_read(span_of(template_sample), &message))
		return true;
	template_fill(template, &message, &given, &out);
	good = payload_is_json(text_span(&out));
	message_free(&message);
	text_free(&out);
	return good || error_set(error, "%s the template does not give JSON when it is filled", where);
}

bool template_tail(const struct template *template, const struct message *message, struct text *out)
{
	struct span key = text_span(&message->field[MESSAGE_KEY]), rest = span_of(template->closes), name;

	if (template->closes == NULL || !message_resolves(message))
		return false;
	while (rest.len > 0) {
		if (!template_cut_name(&rest, &name)) {
			text_add(out, span_head(rest, 1));
			rest = span_from(rest, 1);
			continue;
		}
		for (size_t i = 0; i < key.len; i++) /* the key is all that an address names */
			if (template_in_word(key.at[i]) && (unsigned char)key.at[i] < 0x80)
				text_add(out, (struct span){ key.at + i, 1 });
			else
				text_add_format(out, "%%%02X", (unsigned char)key.at[i]);
	}
	return true;
}
