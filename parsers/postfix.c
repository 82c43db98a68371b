/*
 * Postfix 2.11 to 3.11. A line's first words tell what it is: a queue id or none, then a verb that
 * Postfix itself wrote. The daemon's name is not needed for that, since RFC 5424 frames often cut it off
 * the tag.
 */
#define _GNU_SOURCE
#include "parsers/postfix.h"
#include "parsers/postfix_field.h"

static struct span postfix_service(struct span tag)
{
	const char *slash = tag.len == 0 ? NULL : memrchr(tag.at, '/', tag.len);

	return slash == NULL ? (struct span){ NULL, 0 } : span_from(tag, (size_t)(slash - tag.at) + 1);
}

static bool postfix_service_known(struct span service)
{
	static const struct span services[] = {
		SPAN_INIT("smtpd"),      SPAN_INIT("smtp"),           SPAN_INIT("qmgr"),
		SPAN_INIT("cleanup"),    SPAN_INIT("pickup"),         SPAN_INIT("lmtp"),
		SPAN_INIT("local"),      SPAN_INIT("virtual"),        SPAN_INIT("pipe"),
		SPAN_INIT("error"),      SPAN_INIT("retry"),          SPAN_INIT("discard"),
		SPAN_INIT("bounce"),     SPAN_INIT("defer"),          SPAN_INIT("trace"),
		SPAN_INIT("anvil"),      SPAN_INIT("scache"),         SPAN_INIT("postscreen"),
		SPAN_INIT("dnsblog"),    SPAN_INIT("tlsproxy"),       SPAN_INIT("verify"),
		SPAN_INIT("proxymap"),   SPAN_INIT("tlsmgr"),         SPAN_INIT("flush"),
		SPAN_INIT("showq"),      SPAN_INIT("master"),         SPAN_INIT("postlogd"),
		SPAN_INIT("postsuper"),  SPAN_INIT("sendmail"),       SPAN_INIT("postdrop"),
		SPAN_INIT("postqueue"),  SPAN_INIT("oqmgr"),          SPAN_INIT("nqmgr"),
		SPAN_INIT("proxywrite"), SPAN_INIT("spawn"),          SPAN_INIT("qmqpd"),
		SPAN_INIT("postmulti"),  SPAN_INIT("postmap"),        SPAN_INIT("postalias"),
		SPAN_INIT("postconf"),   SPAN_INIT("postfix-script"), SPAN_INIT("trivial-rewrite"),
		SPAN_INIT("rewrite"),    SPAN_INIT("postkick"),       SPAN_INIT("postlog"),
		SPAN_INIT("postcat"),    SPAN_INIT("postlock"),       SPAN_INIT("posttls-finger"),
	};

	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		if (span_equal(service, services[i]))
			return true;
	return false;
}

static bool postfix_claims(const struct frame *frame)
{
	struct span service = postfix_service(frame->tag);

	if (service.at == NULL)
		return span_starts(frame->tag, SPAN("postfix"));
	return span_starts(frame->tag, SPAN("postfix")) || postfix_service_known(service);
}

/* "size=1234, nrcpt=2 (queue active)" from the end: a sender's address cannot reach there. */
static bool postfix_read_active(struct span words, struct event *event)
{
	struct span size, nrcpt;
	uint64_t bytes, count;

	event->kind = EVENT_ACTIVE;
	if (!span_ends(words, SPAN(" (queue active)")))
		return false;
	words.len -= SPAN(" (queue active)").len;
	if (!span_cut_last(&words, SPAN(", nrcpt="), &nrcpt) || !span_to_u64(nrcpt, &count) ||
	    !span_cut_last(&words, SPAN(", size="), &size) || !span_to_u64(size, &bytes))
		return false;
	if (!span_skip(&words, SPAN("from=<")) || !span_ends(words, SPAN(">")))
		return false;
	event->size = (int64_t)bytes;
	event->nrcpt = (int32_t)count;
	event->sender = span_head(words, words.len - 1);
	return true;
}

static bool postfix_read_from(struct span words, struct event *event)
{
	struct span status;

	if (postfix_read_active(words, event))
		return true;
	if (!span_ends(words, SPAN(", returned to sender")) ||
	    !span_cut_last(&words, SPAN(", status="), &status) || !span_skip(&words, SPAN("from=<")) ||
	    !span_ends(words, SPAN(">")))
		return false;
	event->kind = EVENT_EXPIRED;
	event->outcome = OUTCOME_EXPIRED;
	event->sender = span_head(words, words.len - 1);
	return true;
}

static bool postfix_read_message_id(struct span words, struct event *event)
{
	event->kind = EVENT_MESSAGE_ID;
	if (span_skip(&words, SPAN("<"))) {
		const char *end = words.len == 0 ? NULL : memchr(words.at, '>', words.len);

		if (end != NULL)
			words.len = (size_t)(end - words.at);
	}
	event->message_id = words;
	return true;
}

/* "uid=33 from=<www-data>", and " orig_id=4F2K3L" after postsuper -r. */
static bool postfix_read_pickup(struct span words, struct event *event)
{
	struct span uid, id;
	uint64_t number;

	event->kind = EVENT_CLIENT;
	event->local = true;
	if (!span_skip(&words, SPAN("uid=")) || !span_cut(&words, ' ', &uid) || !span_to_u64(uid, &number))
		return false;
	event->uid = (int32_t)number;
	if (!span_ends(words, SPAN(">")) && span_cut_last(&words, SPAN(" orig_id="), &id))
		event->parent_id = id;
	if (!span_skip(&words, SPAN("from=<")) || !span_ends(words, SPAN(">")))
		return false;
	event->sender = span_head(words, words.len - 1);
	return true;
}

static bool postfix_read_notice(struct span words, struct event *event)
{
	struct span id;

	if (!span_cut_last(&words, SPAN(" notification: "), &id) || !field_is_queue_id(id))
		return false;
	event->kind = EVENT_NOTICE;
	event->child_id = id;
	return true;
}

/* Words behind a queue id. */
static bool postfix_read_queued(struct span words, struct event *event)
{
	if (words.len < 2)
		return false;
	switch (words.at[0]) {
	case 't':
		return postfix_read_result(words, event);
	case 'f':
		if (span_starts(words, SPAN("from=")))
			return postfix_read_from(words, event);
		break;
	case 'm':
		if (span_skip(&words, SPAN("message-id=")))
			return postfix_read_message_id(words, event);
		break;
	case 'u':
		return postfix_read_pickup(words, event);
	case 'c':
		if (span_starts(words, SPAN("client=")))
			return postfix_read_client(words, event);
		if (span_starts(words, SPAN("conversation with ")))
			return event->kind = EVENT_IDLE, postfix_read_answer(words, event);
		break;
	case 'h':
	case 'l':
		if (span_starts(words, SPAN("host ")) || span_starts(words, SPAN("lost connection with ")))
			return event->kind = EVENT_IDLE, postfix_read_answer(words, event);
		break;
	case 'r':
		event->kind = EVENT_END;
		if (span_equal(words, SPAN("removed")))
			return true;
		break;
	case 's':
		if (span_starts(words, SPAN("sender ")))
			return postfix_read_notice(words, event);
		event->kind = EVENT_IDLE;
		if (span_starts(words, SPAN("skipped, ")))
			return true;
		break;
	default:
		break;
	}
	return postfix_read_action(words, event);
}

static void postfix_parse(const struct frame *frame, struct event *event)
{
	struct span words = frame->text, id;
	struct span service = postfix_service(frame->tag);
	bool known;

	event->mta = MTA_POSTFIX;
	event->program = service;
	event->transport = service;
	if (postfix_service_idle(service))
		event->kind = EVENT_IDLE, known = true;
	else if (field_queue_id(&words, &id)) {
		event->queue_id = id;
		known = postfix_read_queued(words, event);
	} else if (span_skip(&words, SPAN("NOQUEUE: ")))
		known = postfix_read_action(words, event);
	else if (span_skip(&words, SPAN("warning: ")))
		known = postfix_read_sasl_failure(words, event) || postfix_read_warning(words, event);
	else
		known = postfix_read_idle(words, event);
	if (!known) {
		event->kind = EVENT_UNKNOWN;
		event->reason = SPAN("words that are not known");
	}
}

const struct parser parser_postfix = {
	.name = "postfix",
	.claims = postfix_claims,
	.parse = postfix_parse,
};
