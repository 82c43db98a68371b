/* The names of reply classes, and whom each blames: what evidence a refusal can be of. */
#include "parsers/reply.h"

struct reply_class_row {
	const char *name;
	const char *blames;
};

static const struct reply_class_row reply_class_rows[REPLY_CLASSES] = {
	[REPLY_UNKNOWN] = { "unknown", "nobody: not understood" },
	[REPLY_DELIVERED] = { "delivered", "nobody" },
	[REPLY_INVALID_RECIPIENT] = { "invalid_recipient", "the sender's list" },
	[REPLY_MAILBOX_FULL] = { "mailbox_full", "the recipient" },
	[REPLY_MAILBOX_DISABLED] = { "mailbox_disabled", "the recipient" },
	[REPLY_IP_LISTED] = { "ip_listed", "our address, on a public list" },
	[REPLY_IP_BLOCKED] = { "ip_blocked", "our address, at one receiver" },
	[REPLY_RATE_LIMITED] = { "rate_limited", "our address or the account" },
	[REPLY_CONTENT_SPAM] = { "content_spam", "the message" },
	[REPLY_CONTENT_MALWARE] = { "content_malware", "the message" },
	[REPLY_SENDER_AUTH] = { "sender_auth", "the configuration" },
	[REPLY_SENDER_REJECTED] = { "sender_rejected", "the envelope sender" },
	[REPLY_RELAY_DENIED] = { "relay_denied", "the configuration" },
	[REPLY_POLICY] = { "policy", "unclear: a rule of the receiver" },
	[REPLY_GREYLISTED] = { "greylisted", "nobody: a first try is put off" },
	[REPLY_MESSAGE_TOO_BIG] = { "message_too_big", "the message" },
	[REPLY_DNS] = { "dns", "the name service" },
	[REPLY_NETWORK] = { "network", "the connection" },
	[REPLY_TLS] = { "tls", "the configuration of one side" },
	[REPLY_REMOTE_TEMPORARY] = { "remote_temporary", "the receiver, for now" },
	[REPLY_EXPIRED] = { "expired", "the receiver: not reached in time" },
	[REPLY_LOOP] = { "loop", "the configuration: mail went round" },
	[REPLY_LOCAL_LIMIT] = { "local_limit", "the account, at our own server's limit" },
};

const char *reply_class_name(enum reply_class class)
{
	return (unsigned)class < REPLY_CLASSES ? reply_class_rows[class].name : "unknown";
}

const char *reply_class_blames(enum reply_class class)
{
	return (unsigned)class < REPLY_CLASSES ? reply_class_rows[class].blames : "nobody: not understood";
}

bool reply_class_parse(struct span name, enum reply_class *class_r)
{
	for (unsigned i = 0; i < REPLY_CLASSES; i++)
		if (span_equal_nocase(name, span_of(reply_class_rows[i].name))) {
			*class_r = (enum reply_class)i;
			return true;
		}
	return false;
}
