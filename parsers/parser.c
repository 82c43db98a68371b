/*
 * The family of parsers, and the names of what they give. The order matters only where two would claim
 * one tag: none do.
 */
#include "parsers/parser.h"

#include "base/hash.h"
#include "base/memory.h"
#include "parsers/account.h"

#include <assert.h>
#include <stddef.h>

static const struct parser *const parsers[] = {
	&parser_postfix,
	&parser_exim,
	&parser_dovecot,
	&parser_filter,
};

/* Who reads this. NULL: nobody. */
static const struct parser *parser_of(const struct frame *frame)
{
	/* The framer has seen what most lines are. */
	if (frame->daemon.service != 0)
		return &parser_postfix;
	if (frame->exim_id != 0)
		return &parser_exim;
	for (size_t i = 0; i < sizeof(parsers) / sizeof(parsers[0]); i++)
		if (parsers[i]->claims(frame))
			return parsers[i];
	return NULL;
}

void parser_read(const struct frame *frame, struct event *event_r)
{
	const struct parser *parser = parser_of(frame);

	memory_clear(event_r, sizeof(*event_r));
	event_r->kind = EVENT_FOREIGN;
	event_r->repeat = frame->repeat;
	event_r->uid = event_r->size = event_r->nrcpt = -1;
	if (parser == NULL)
		return;
	if (frame->text.len == 0) {
		event_r->kind = EVENT_IDLE;
		event_r->reason = SPAN("empty, or part of a longer line");
		return;
	}
	parser->parse(frame, event_r);
	if (event_r->queue_id.len > 0)
		event_r->id_hash = hash_text(event_r->queue_id);
	if (event_r->recipient.len > 0)
		event_r->recipient_hash = hash_stable(event_r->recipient);
	if (event_r->relay.len > 0)
		event_r->relay_hash = hash_text(event_r->relay);
	event_r->login_is_account = event_r->login.len > 0 && account_is_login(event_r->login);
	if (event_r->transport.len > 0)
		event_r->lmtp = span_find_nocase(event_r->transport, SPAN("lmtp")) < event_r->transport.len;
}

const char *event_kind_name(enum event_kind kind)
{
	static const char *const names[EVENT_KINDS] = {
		[EVENT_FOREIGN] = "foreign",
		[EVENT_UNKNOWN] = "unknown",
		[EVENT_IDLE] = "idle",
		[EVENT_CLIENT] = "client",
		[EVENT_MESSAGE_ID] = "message_id",
		[EVENT_ACTIVE] = "active",
		[EVENT_RESULT] = "result",
		[EVENT_REJECT] = "reject",
		[EVENT_REJECT_WARNING] = "reject_warning",
		[EVENT_NOTICE] = "notice",
		[EVENT_HOLD] = "hold",
		[EVENT_RELEASE] = "release",
		[EVENT_REQUEUE] = "requeue",
		[EVENT_EXPIRED] = "expired",
		[EVENT_DISCARD] = "discard",
		[EVENT_REDIRECT] = "redirect",
		[EVENT_HEADER] = "header",
		[EVENT_END] = "end",
		[EVENT_LOGIN] = "login",
		[EVENT_LOGIN_FAILED] = "login_failed",
		[EVENT_SCRIPT] = "script",
		[EVENT_FILTERED] = "filtered",
		[EVENT_TROUBLE] = "trouble",
	};

	return (unsigned)kind < EVENT_KINDS ? names[kind] : "unknown";
}

const char *event_outcome_name(enum event_outcome outcome)
{
	static const char *const names[] = {
		[OUTCOME_UNKNOWN] = "unknown",     [OUTCOME_DELIVERED] = "delivered",
		[OUTCOME_DEFERRED] = "deferred",   [OUTCOME_BOUNCED] = "bounced",
		[OUTCOME_EXPIRED] = "expired",     [OUTCOME_HELD] = "held",
		[OUTCOME_DISCARDED] = "discarded", [OUTCOME_PROBE] = "probe",
	};

	return (unsigned)outcome < sizeof(names) / sizeof(names[0]) ? names[outcome] : "unknown";
}

const char *event_mta_name(enum event_mta mta)
{
	static const char *const names[] = {
		[MTA_NONE] = "none",       [MTA_POSTFIX] = "postfix", [MTA_EXIM] = "exim",
		[MTA_DOVECOT] = "dovecot", [MTA_FILTER] = "filter",
	};

	return (unsigned)mta < sizeof(names) / sizeof(names[0]) ? names[mta] : "none";
}

const char *event_phase_name(enum event_phase phase)
{
	static const char *const names[] = {
		[PHASE_UNKNOWN] = "unknown",
		[PHASE_CONNECT] = "connect",
		[PHASE_HELO] = "helo",
		[PHASE_MAIL] = "mail",
		[PHASE_RCPT] = "rcpt",
		[PHASE_DATA] = "data",
		[PHASE_END_OF_DATA] = "end_of_data",
	};

	return (unsigned)phase < sizeof(names) / sizeof(names[0]) ? names[phase] : "unknown";
}

#define EVENT_TEXT(name) \
	{ \
#name, offsetof(struct event, name) \
	}

static const struct {
	const char *name;
	size_t place;
} event_texts[] = {
	EVENT_TEXT(queue_id),   EVENT_TEXT(child_id),
	EVENT_TEXT(parent_id),  EVENT_TEXT(client_name),
	EVENT_TEXT(client_ip),  EVENT_TEXT(client_port),
	EVENT_TEXT(helo),       EVENT_TEXT(login),
	EVENT_TEXT(method),     EVENT_TEXT(protocol),
	EVENT_TEXT(directory),  EVENT_TEXT(sender),
	EVENT_TEXT(recipient),  EVENT_TEXT(original_recipient),
	EVENT_TEXT(recipients), EVENT_TEXT(message_id),
	EVENT_TEXT(subject),    EVENT_TEXT(relay),
	EVENT_TEXT(relay_ip),   EVENT_TEXT(relay_port),
	EVENT_TEXT(local_ip),   EVENT_TEXT(transport),
	EVENT_TEXT(router),     EVENT_TEXT(dsn),
	EVENT_TEXT(reply),      EVENT_TEXT(reason),
};

static_assert(sizeof(event_texts) / sizeof(event_texts[0]) == EVENT_TEXTS, "each text has its name");

const char *event_text_name(size_t number)
{
	assert(number < EVENT_TEXTS);
	return event_texts[number].name;
}

struct span event_text(const struct event *event, size_t number)
{
	struct span text;

	assert(number < EVENT_TEXTS);
	memcpy(&text, (const char *)event + event_texts[number].place, sizeof(text));
	return text;
}
