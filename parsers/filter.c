/*
 * Content filters and their neighbours: understood, and of no account, but for amavis, which says under
 * which queue id a message came to it and under which it went back ("Queue-ID: 4F2A3B ... queued_as:
 * 5A1B2C"), and under which message-id, for sites where nothing else tells.
 *
 * Sender, recipients and message-id are strangers' text. "mail_id: ", which amavis puts behind them, is
 * looked for from the right; the queue id of the first leg stands before the message-id, behind addresses
 * whose quotes are heeded.
 */
#include "parsers/parser.h"
#include "parsers/field.h"

static bool filter_amavis(struct span tag)
{
	return span_equal(tag, SPAN("amavis")) || span_equal(tag, SPAN("amavisd")) ||
	       span_equal(tag, SPAN("amavisd-new"));
}

static bool filter_claims(const struct frame *frame)
{
	static const struct span names[] = {
		SPAN_INIT("rspamd"),          SPAN_INIT("rspamd_proxy"),
		SPAN_INIT("rmilter"),         SPAN_INIT("MailScanner"),
		SPAN_INIT("opendkim"),        SPAN_INIT("opendmarc"),
		SPAN_INIT("openarc"),         SPAN_INIT("dkim-filter"),
		SPAN_INIT("policyd"),         SPAN_INIT("policyd-spf"),
		SPAN_INIT("policyd-weight"),  SPAN_INIT("postgrey"),
		SPAN_INIT("sqlgrey"),         SPAN_INIT("milter-greylist"),
		SPAN_INIT("spamd"),           SPAN_INIT("spampd"),
		SPAN_INIT("spamc"),           SPAN_INIT("spamass-milter"),
		SPAN_INIT("clamd"),           SPAN_INIT("clamav-milter"),
		SPAN_INIT("clamsmtpd"),       SPAN_INIT("clamav-unofficial-sigs"),
		SPAN_INIT("freshclam"),       SPAN_INIT("saslauthd"),
		SPAN_INIT("postsrsd"),        SPAN_INIT("postfwd"),
		SPAN_INIT("postfwd2"),        SPAN_INIT("cbpolicyd"),
		SPAN_INIT("iredapd"),         SPAN_INIT("mimedefang"),
		SPAN_INIT("mimedefang.pl"),   SPAN_INIT("pyzor"),
		SPAN_INIT("razor"),           SPAN_INIT("pmg-smtp-filter"),
		SPAN_INIT("pmgpolicy"),       SPAN_INIT("mlmmj"),
		SPAN_INIT("smf-spf"),         SPAN_INIT("milter-regex"),
		SPAN_INIT("mtasts-resolver"),
	};

	if (filter_amavis(frame->tag))
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_equal(frame->tag, names[i]))
			return true;
	return false;
}

/* The text up to the next ", ". */
static struct span filter_field(struct span rest)
{
	return span_head(rest, span_find(rest, SPAN(", ")));
}

/* Behind "<s> -> <r>,<r>": ", Queue-ID: 4F2A3B". REST is left behind the addresses. */
static void filter_first_leg(struct span *rest, struct event *event)
{
	struct span address, id;

	if (!field_address(rest, &event->sender) || !span_skip(rest, SPAN(" -> ")))
		return;
	do {
		if (!field_address(rest, &address))
			break;
		if (event->recipient.at == NULL)
			event->recipient = address;
	} while (span_skip(rest, SPAN(",<")) && (rest->at--, rest->len++, true));
	if (span_skip(rest, SPAN(", quarantine: ")))
		*rest = span_from(*rest, span_find(*rest, SPAN(", ")));
	if (span_skip(rest, SPAN(", Queue-ID: "))) {
		id = filter_field(*rest);
		if (field_is_queue_id(id))
			event->queue_id = id;
		*rest = span_from(*rest, id.len);
	}
}

/* "mail_id: x, Hits: 1.2, size: 900, queued_as: 5A1B2C, 1234 ms": from behind the last "mail_id: ". */
static void filter_second_leg(struct span rest, struct event *event)
{
	struct span tail, id;
	uint64_t size;

	if (!span_cut_last(&rest, SPAN(", mail_id: "), &tail))
		return;
	tail = span_from(tail, span_find(tail, SPAN(", ")));
	if (span_skip(&tail, SPAN(", b: ")))
		tail = span_from(tail, span_find(tail, SPAN(", ")));
	if (!span_skip(&tail, SPAN(", Hits: ")))
		return;
	tail = span_from(tail, span_find(tail, SPAN(", ")));
	if (span_skip(&tail, SPAN(", size: "))) {
		if (span_to_u64(filter_field(tail), &size) && size < INT64_MAX)
			event->size = (int64_t)size;
		tail = span_from(tail, span_find(tail, SPAN(", ")));
	}
	if (span_skip(&tail, SPAN(", pt: ")))
		tail = span_from(tail, span_find(tail, SPAN(", ")));
	if (!span_skip(&tail, SPAN(", queued_as: ")))
		return;
	id = filter_field(tail);
	id = span_head(id, span_find(id, SPAN("/")));
	if (field_is_queue_id(id))
		event->child_id = id;
}

static bool filter_read_amavis(struct span words, struct event *event)
{
	struct span head, id;

	/* "(01234-05) Passed CLEAN {RelayedOutbound}, LOCAL [192.0.2.1]:1234 [192.0.2.1] <s> -> <r>, ..." */
	if (!span_skip(&words, SPAN("(")) || !span_cut_text(&words, SPAN(") "), &id) ||
	    (!span_starts(words, SPAN("Passed ")) && !span_starts(words, SPAN("Blocked "))))
		return false;
	event->reason = span_head(words, span_find(words, SPAN(",")));
	if (!span_cut(&words, '<', &head))
		return false;
	words = (struct span){ words.at - 1, words.len + 1 };
	if (span_cut_text(&head, SPAN(" ["), &id) && span_cut(&head, ']', &id))
		event->client_ip = id;
	filter_first_leg(&words, event);
	if (span_skip(&words, SPAN(", Message-ID: <"))) {
		head = words;
		if (span_cut(&head, '>', &id))
			event->message_id = id;
	}
	filter_second_leg(words, event);
	return event->child_id.at != NULL;
}

/* "Requeue: 4F2A3B.A1B2C to 5A1B2C": MailScanner puts a message into the queue again, under a new id. */
static bool filter_read_mailscanner(struct span words, struct event *event)
{
	struct span id, bare;

	if (!span_skip(&words, SPAN("Requeue: ")) || !span_cut_text(&words, SPAN(" to "), &id))
		return false;
	if (span_cut(&id, '.', &bare))
		id = bare;
	if (!field_is_queue_id(id) || !field_is_queue_id(words))
		return false;
	event->kind = EVENT_REQUEUE;
	event->mta = MTA_POSTFIX; /* these ids are Postfix's */
	event->queue_id = id;
	event->child_id = words;
	return true;
}

static void filter_parse(const struct frame *frame, struct event *event)
{
	struct event kept = *event;

	event->mta = kept.mta = MTA_FILTER;
	event->program = kept.program = frame->tag;
	event->kind = EVENT_FILTERED;
	if (filter_amavis(frame->tag) && filter_read_amavis(frame->text, event))
		return;
	*event = kept;
	if (span_equal(frame->tag, SPAN("MailScanner")) && filter_read_mailscanner(frame->text, event))
		return;
	event->kind = EVENT_IDLE;
}

const struct parser parser_filter = {
	.name = "filter",
	.claims = filter_claims,
	.parse = filter_parse,
};
