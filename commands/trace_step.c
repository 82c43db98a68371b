/*
 * The words of one step. What the line says in fields is said in a fixed order; a line that is known to be
 * of no account is given as it was logged.
 */
#include "commands/trace_step.h"

#include "commands/trace_wanted.h"
#include "commands/words.h"

const char *trace_step_name(const struct event *event)
{
	static const char *const names[EVENT_KINDS] = {
		[EVENT_FOREIGN] = "said",
		[EVENT_UNKNOWN] = "said",
		[EVENT_IDLE] = "said",
		[EVENT_CLIENT] = "came in",
		[EVENT_MESSAGE_ID] = "message-id",
		[EVENT_ACTIVE] = "queued",
		[EVENT_RESULT] = "tried",
		[EVENT_REJECT] = "refused",
		[EVENT_REJECT_WARNING] = "warned",
		[EVENT_NOTICE] = "notice",
		[EVENT_HOLD] = "held",
		[EVENT_RELEASE] = "released",
		[EVENT_REQUEUE] = "requeued",
		[EVENT_EXPIRED] = "expired",
		[EVENT_DISCARD] = "discarded",
		[EVENT_REDIRECT] = "redirected",
		[EVENT_HEADER] = "header",
		[EVENT_END] = "done",
		[EVENT_LOGIN] = "login",
		[EVENT_LOGIN_FAILED] = "login failed",
		[EVENT_SCRIPT] = "script",
		[EVENT_FILTERED] = "filtered",
		[EVENT_TROUBLE] = "trouble",
	};
	static const char *const outcomes[] = {
		[OUTCOME_UNKNOWN] = "tried",       [OUTCOME_DELIVERED] = "delivered",
		[OUTCOME_DEFERRED] = "deferred",   [OUTCOME_BOUNCED] = "bounced",
		[OUTCOME_EXPIRED] = "expired",     [OUTCOME_HELD] = "held",
		[OUTCOME_DISCARDED] = "discarded", [OUTCOME_PROBE] = "probed",
	};

	if (event->kind == EVENT_RESULT && wanted_child(event).len > 0 && event->outcome == OUTCOME_DELIVERED)
		return "passed on";
	if (event->kind == EVENT_RESULT)
		return outcomes[event->outcome];
	return names[event->kind];
}

/* " by NAME" with the words before the text; nothing where it is absent. */
static void add(struct text *out, const char *before, struct span text, const char *after)
{
	if (text.at == NULL)
		return;
	text_add_format(out, "%s%s", out->len > 0 && *before != '\0' ? " " : "", before);
	text_add_printable(out, text);
	text_add(out, span_of(after));
}

static void add_address(struct text *out, const char *before, struct span address)
{
	add(out, before, address, ">");
}

static void add_client(struct text *out, const struct event *event)
{
	add(out, "from ", event->client_name.at != NULL ? event->client_name : event->helo, "");
	if (event->client_ip.at != NULL)
		add(out, event->client_name.at != NULL || event->helo.at != NULL ? "[" : "from [",
		    event->client_ip, "]");
	if (event->client_name.at != NULL && event->helo.at != NULL)
		add(out, "(helo ", event->helo, ")");
	if (event->local && event->uid >= 0)
		text_add_format(out, "%sby uid %lld", out->len > 0 ? " " : "", (long long)event->uid);
	add(out, event->local ? "by user " : "as login ", event->login, "");
	add(out, "with ", event->protocol, "");
	add_address(out, "sender <", event->sender);
	if (event->size >= 0)
		text_add_format(out, "%s%lld bytes", out->len > 0 ? ", " : "", (long long)event->size);
	add(out, "message-id ", event->message_id, "");
	add(out, "subject \"", event->subject, "\"");
	add(out, "for ", event->recipients, "");
	add(out, event->internal_client ? "given back, from " : "notice about ", event->parent_id, "");
}

static void add_result(struct text *out, const struct event *event)
{
	add_address(out, "<", event->recipient);
	add_address(out, "for <", event->original_recipient);
	add(out, "at ", event->relay, "");
	add(out, "[", event->relay_ip, "]");
	if (event->relay.at == NULL && event->relay_ip.at == NULL)
		add(out, "by ", event->transport, "");
	if (event->reply.len > 0)
		add(out, "- ", event->reply, "");
}

void trace_step_words(struct text *out, const struct frame *frame, const struct event *event)
{
	struct span rest;

	switch ((int)event->kind) {
	case EVENT_CLIENT:
		add_client(out, event);
		break;
	case EVENT_RESULT:
		add_result(out, event);
		break;
	case EVENT_MESSAGE_ID:
		add(out, "", event->message_id, "");
		break;
	case EVENT_ACTIVE:
		add_address(out, "sender <", event->sender);
		if (event->size >= 0)
			text_add_format(out, ", %lld bytes", (long long)event->size);
		if (event->nrcpt >= 0) {
			text_add(out, SPAN(", "));
			words_counted(out, (uint64_t)event->nrcpt, "recipient");
		}
		break;
	case EVENT_LOGIN_FAILED:
	case EVENT_LOGIN:
		add(out, "login ", event->login, "");
		add(out, "from ", event->client_name, "");
		add(out, "[", event->client_ip, "]");
		add(out, "- ", event->reply, "");
		break;
	case EVENT_NOTICE:
		add(out, "goes out as ", event->child_id, "");
		break;
	case EVENT_REQUEUE:
		add(out, "as ", event->child_id, "");
		break;
	case EVENT_SCRIPT:
		add(out, "in ", event->directory, "");
		add(out, "", event->directory.at == NULL ? frame->text : (struct span){ NULL, 0 }, "");
		break;
	case EVENT_END:
		break;
	default:
		/* The line itself says it best, without the id that stands before. */
		rest = frame->text;
		if (event->queue_id.len > 0 && span_skip(&rest, event->queue_id) &&
		    !span_skip(&rest, SPAN(": ")))
			span_skip(&rest, SPAN(" "));
		add(out, "", rest, "");
		break;
	}
}
