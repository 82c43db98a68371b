/*
 * Postfix 2.11 to 3.11. A line's first words tell what it is: a queue id or none, then a verb that
 * Postfix itself wrote. The daemon's name is not needed for that, since RFC 5424 frames often cut it off
 * the tag.
 */
#define _GNU_SOURCE
#include "parsers/postfix.h"
#include "parsers/postfix_field.h"

/* What the daemon's name says before its words are looked at. */
enum service { SERVICE_FOREIGN, SERVICE_MAIL, SERVICE_IDLE };

static enum service postfix_service(struct span name)
{
	static const struct {
		struct span name;
		enum service service;
	} services[] = {
		{ SPAN_INIT("anvil"), SERVICE_IDLE },
		{ SPAN_INIT("scache"), SERVICE_IDLE },
		{ SPAN_INIT("dnsblog"), SERVICE_IDLE },
		{ SPAN_INIT("tlsproxy"), SERVICE_IDLE },
		{ SPAN_INIT("postlogd"), SERVICE_IDLE },
		{ SPAN_INIT("proxymap"), SERVICE_IDLE },
		{ SPAN_INIT("proxywrite"), SERVICE_IDLE },
		{ SPAN_INIT("verify"), SERVICE_IDLE },
		{ SPAN_INIT("tlsmgr"), SERVICE_IDLE },
		{ SPAN_INIT("flush"), SERVICE_IDLE },
		{ SPAN_INIT("showq"), SERVICE_IDLE },
		{ SPAN_INIT("master"), SERVICE_IDLE },
		{ SPAN_INIT("spawn"), SERVICE_IDLE },
		{ SPAN_INIT("postfix-script"), SERVICE_IDLE },
		{ SPAN_INIT("post-install"), SERVICE_IDLE },
		{ SPAN_INIT("postfix"), SERVICE_IDLE },
		{ SPAN_INIT("postmulti"), SERVICE_IDLE },
		{ SPAN_INIT("postmulti-script"), SERVICE_IDLE },
		{ SPAN_INIT("postmap"), SERVICE_IDLE },
		{ SPAN_INIT("postalias"), SERVICE_IDLE },
		{ SPAN_INIT("postconf"), SERVICE_IDLE },
		{ SPAN_INIT("postqueue"), SERVICE_IDLE },
		{ SPAN_INIT("postlog"), SERVICE_IDLE },
		{ SPAN_INIT("postlock"), SERVICE_IDLE },
		{ SPAN_INIT("postkick"), SERVICE_IDLE },
		{ SPAN_INIT("postcat"), SERVICE_IDLE },
		{ SPAN_INIT("sendmail"), SERVICE_IDLE },
		{ SPAN_INIT("postdrop"), SERVICE_IDLE },
		{ SPAN_INIT("posttls-finger"), SERVICE_IDLE },
		{ SPAN_INIT("trivial-rewrite"), SERVICE_IDLE },
		{ SPAN_INIT("rewrite"), SERVICE_IDLE },
		{ SPAN_INIT("smtpd"), SERVICE_MAIL },
		{ SPAN_INIT("smtp"), SERVICE_MAIL },
		{ SPAN_INIT("qmgr"), SERVICE_MAIL },
		{ SPAN_INIT("oqmgr"), SERVICE_MAIL },
		{ SPAN_INIT("nqmgr"), SERVICE_MAIL },
		{ SPAN_INIT("cleanup"), SERVICE_MAIL },
		{ SPAN_INIT("pickup"), SERVICE_MAIL },
		{ SPAN_INIT("lmtp"), SERVICE_MAIL },
		{ SPAN_INIT("local"), SERVICE_MAIL },
		{ SPAN_INIT("virtual"), SERVICE_MAIL },
		{ SPAN_INIT("pipe"), SERVICE_MAIL },
		{ SPAN_INIT("error"), SERVICE_MAIL },
		{ SPAN_INIT("retry"), SERVICE_MAIL },
		{ SPAN_INIT("discard"), SERVICE_MAIL },
		{ SPAN_INIT("bounce"), SERVICE_MAIL },
		{ SPAN_INIT("defer"), SERVICE_MAIL },
		{ SPAN_INIT("trace"), SERVICE_MAIL },
		{ SPAN_INIT("postscreen"), SERVICE_MAIL },
		{ SPAN_INIT("postsuper"), SERVICE_MAIL },
		{ SPAN_INIT("qmqpd"), SERVICE_MAIL },

	};

	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		if (span_equal(name, services[i].name))
			return services[i].service;
	return SERVICE_FOREIGN;
}

/* The last part of a tag: "smtpd" of "postfix/submission/smtpd"; absent where the tag is one part. */
static struct span postfix_daemon(struct span tag)
{
	const char *slash = tag.len == 0 ? NULL : memrchr(tag.at, '/', tag.len);

	return slash == NULL ? (struct span){ NULL, 0 } : span_from(tag, (size_t)(slash - tag.at) + 1);
}

static bool postfix_claims(const struct frame *frame)
{
	struct span daemon;

	if (span_starts(frame->tag, SPAN("postfix")))
		return !span_starts(frame->tag, SPAN("postfixadmin"));
	daemon = postfix_daemon(frame->tag);
	return daemon.at != NULL && postfix_service(daemon) != SERVICE_FOREIGN;
}

/* Words behind a queue id. */
static bool postfix_read_queued(struct span words, struct event *event)
{
	if (words.len < 2)
		return false;
	switch (words.at[0]) {
	case 't':
		if (span_starts(words, SPAN("to=")))
			return postfix_read_result(words, event);
		break;
	case 'f':
		if (span_starts(words, SPAN("from=")))
			return postfix_read_from(words, event);
		break;
	case 'm':
		if (span_starts(words, SPAN("message-id=")))
			return postfix_read_message_id(words, event);
		break;
	case 'u':
		if (span_starts(words, SPAN("uid=")))
			return postfix_read_pickup(words, event);
		break;
	case 'c':
		if (span_starts(words, SPAN("client=")))
			return postfix_read_client(words, event);
		break;
	case 'r':
		if (span_starts(words, SPAN("resent-message-id=")))
			return postfix_read_message_id(words, event);
		break;
	default:
		break;
	}
	if (postfix_read_queue_change(words, event) || postfix_read_notice(words, event))
		return true;
	event->kind = EVENT_IDLE;
	if (postfix_read_answer(words, event))
		return true;
	event->reply = (struct span){ NULL, 0 };
	event->phase = PHASE_UNKNOWN;
	return postfix_read_action(words, event) || postfix_read_idle_queued(words, event);
}

/* Words behind "NOQUEUE: ", and proxy-accept of versions that leave that out. */
static bool postfix_read_queueless(struct span words, struct event *event)
{
	if (!span_starts(words, SPAN("client=")))
		return postfix_read_action(words, event);
	if (!postfix_read_client(words, event))
		return false;
	/* A proxy filter is asked first: the message gets its id behind it. */
	event->kind = event->login.at != NULL ? EVENT_LOGIN : EVENT_IDLE;
	return true;
}

static bool postfix_read(struct span words, struct event *event)
{
	struct span id;

	if (field_queue_id(&words, &id)) {
		event->queue_id = id;
		return postfix_read_queued(words, event);
	}
	if (span_skip(&words, SPAN("NOQUEUE: ")))
		return postfix_read_queueless(words, event);
	if (span_skip(&words, SPAN("warning: ")))
		return postfix_read_sasl_failure(words, event) || postfix_read_warning(words, event);
	if (span_starts(words, SPAN("proxy-accept: ")) || span_starts(words, SPAN("proxy-reject: ")))
		return postfix_read_action(words, event);
	return postfix_read_trouble(words, event) || postfix_read_idle(words, event);
}

static void postfix_parse(const struct frame *frame, struct event *event)
{
	struct span first = { NULL, 0 };
	struct span words = frame->text;

	event->mta = MTA_POSTFIX;
	event->program = frame->tag;
	if (span_cut(&event->program, '/', &first))
		event->transport = postfix_daemon(frame->tag);
	if (postfix_service(event->transport) == SERVICE_IDLE) {
		event->kind = EVENT_IDLE;
		if (span_skip(&words, SPAN("warning: ")))
			postfix_read_warning(words, event);
		else
			postfix_read_trouble(words, event);
	} else if (!postfix_read(words, event)) {
		*event = (struct event){ .kind = EVENT_UNKNOWN,
					 .mta = MTA_POSTFIX,
					 .repeat = event->repeat,
					 .program = event->program,
					 .uid = -1,
					 .size = -1,
					 .nrcpt = -1,
					 .queue_id = event->queue_id,
					 .reason = SPAN("words that are not known") };
	}
	if (event->kind != EVENT_RESULT)
		event->transport = (struct span){ NULL, 0 };
}

const struct parser parser_postfix = {
	.name = "postfix",
	.claims = postfix_claims,
	.parse = postfix_parse,
};
