/*
 * Postfix 2.11 to 3.11. A line's first words tell what it is: a queue id or none, then a verb that
 * Postfix itself wrote. The daemon's name is not needed for that, since RFC 5424 frames often cut it off
 * the tag.
 */
#define _GNU_SOURCE
#include "parsers/postfix.h"

#include "base/seldom.h"
#include "parsers/field.h"

/* What the daemon's name says before its words are looked at. */
enum service { SERVICE_UNASKED, SERVICE_FOREIGN, SERVICE_MAIL, SERVICE_IDLE };

/* Is NAME one of NAMES, which is a list like " smtpd qmgr "? */
static __attribute__((noinline)) bool postfix_named(struct span name, struct span names)
{
	size_t at = 0;

	while (name.len > 0 && at + name.len + 1 < names.len) {
		const char *hit = memmem(names.at + at, names.len - at, name.at, name.len);

		if (hit == NULL)
			return false;
		if (hit[-1] == ' ' && hit[name.len] == ' ')
			return true;
		at = (size_t)(hit - names.at) + 1;
	}
	return false;
}

static enum service postfix_service(struct span name)
{
	/* Nearly all lines are of these. */
	if (span_equal(name, SPAN("smtpd")) || span_equal(name, SPAN("qmgr")) ||
	    span_equal(name, SPAN("cleanup")) || span_equal(name, SPAN("smtp")))
		return SERVICE_MAIL;
	if (postfix_named(name, SPAN(" pickup lmtp local virtual pipe error retry discard bounce defer trace "
				     "postscreen postsuper oqmgr nqmgr qmqpd ")))
		return SERVICE_MAIL;
	if (postfix_named(name,
			  SPAN(" anvil scache dnsblog tlsproxy postlogd proxymap proxywrite verify tlsmgr "
			       "flush showq master spawn postfix-script post-install postfix postmulti "
			       "postmulti-script postmap postalias postconf postqueue postlog postlock "
			       "postkick postcat sendmail postdrop posttls-finger trivial-rewrite rewrite "
			       /* Policy services of others, which call themselves so in their own code. */
			       "policy-spf policyd-spf policyd-weight postfwd postfwd2 postfwd3 postgrey ")))
		return SERVICE_IDLE;
	return SERVICE_FOREIGN;
}

/* The last part of a tag: "smtpd" of "submission/smtpd". */
static struct span postfix_daemon(struct span tag)
{
	size_t from = tag.len;

	/* Names of daemons are so short that calling memrchr takes longer. */
	while (from > 0 && tag.at[from - 1] != '/')
		from--;
	return span_from(tag, from);
}

static bool postfix_has_tag(struct span tag)
{
	struct span daemon;

	if (span_starts(tag, SPAN("postfix/")))
		return true;
	if (tag.len == 0)
		return false;
	daemon = postfix_daemon(tag);
	/* "postfix-in/smtpd"; but other people's programs are called "postfix-local" and "postfixadmin". */
	if (daemon.len < tag.len)
		return span_starts(tag, SPAN("postfix")) || postfix_service(daemon) != SERVICE_FOREIGN;
	return span_starts(daemon, SPAN("postfix")) && postfix_service(daemon) != SERVICE_FOREIGN;
}

static bool postfix_claims(const struct frame *frame)
{
	return postfix_has_tag(frame->tag);
}

/* The event's program and, where the tag names one behind a "/", the daemon as its transport. */
static enum service postfix_name(struct span tag, struct event *event)
{
	struct span syslog_name;

	event->program = tag;
	if (span_skip(&event->program, SPAN("postfix/")) || span_cut(&event->program, '/', &syslog_name))
		event->transport = postfix_daemon(event->program);
	return postfix_service(event->transport);
}

/* The same of a tag that the framer has kept. */
static enum service postfix_name_kept(const struct frame *frame, struct event *event)
{
	event->program = span_from(frame->tag, frame->daemon.program_at);
	event->transport = span_from(frame->tag, frame->daemon.name_at);
	return frame->daemon.service;
}

bool postfix_tag(struct span tag, struct frame_daemon *daemon_r)
{
	struct event event = { .kind = EVENT_FOREIGN };
	enum service service;

	if (!span_starts(tag, SPAN("postfix")) || tag.len > UINT8_MAX || !postfix_has_tag(tag))
		return false;
	service = postfix_name(tag, &event);
	if (event.transport.at == NULL)
		return false;
	*daemon_r = (struct frame_daemon){ .service = (uint8_t)service,
					   .program_at = (uint8_t)(event.program.at - tag.at),
					   .name_at = (uint8_t)(event.transport.at - tag.at) };
	return true;
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
static SELDOM bool postfix_read_queueless(struct span words, struct event *event)
{
	if (!span_starts(words, SPAN("client=")))
		return postfix_read_action(words, event) || postfix_read_idle(words, event);
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

static SELDOM void postfix_give_up(struct event *event)
{
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

static void postfix_parse(const struct frame *frame, struct event *event)
{
	struct span words = frame->text;
	enum service service = frame->daemon.service != SERVICE_UNASKED ? postfix_name_kept(frame, event)
									: postfix_name(frame->tag, event);

	event->mta = MTA_POSTFIX;
	if (service == SERVICE_IDLE) {
		event->kind = EVENT_IDLE;
		if (span_skip(&words, SPAN("warning: ")))
			postfix_read_warning(words, event);
		else
			postfix_read_trouble(words, event);
	} else if (!postfix_read(words, event)) {
		postfix_give_up(event);
	}
	if (event->kind != EVENT_RESULT)
		event->transport = (struct span){ NULL, 0 };
}

const struct parser parser_postfix = {
	.name = "postfix",
	.claims = postfix_claims,
	.parse = postfix_parse,
};
