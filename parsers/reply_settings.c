/*
 * Rules of the admin's own, from detect.conf. They come before the built-in ones, in the order of the file;
 * those that speak of digits, dots or addresses before those that do not, since they are asked at every reply.
 */
#include "base/memory.h"
#include "parsers/reply.h"

#include <stdlib.h>

static const char *const reply_classes[REPLY_CLASSES + 1] = {
	"unknown",
	"delivered",
	"invalid_recipient",
	"mailbox_full",
	"mailbox_disabled",
	"ip_listed",
	"ip_blocked",
	"rate_limited",
	"content_spam",
	"content_malware",
	"sender_auth",
	"sender_rejected",
	"relay_denied",
	"policy",
	"greylisted",
	"message_too_big",
	"dns",
	"network",
	"tls",
	"remote_temporary",
	"expired",
	"loop",
	"local_limit",
	NULL,
};

const struct setting reply_rule_settings[] = {
	SETTING(TEXT, struct reply_rule_options, pattern, "", 0, 0,
		"Perl-compatible pattern, without regard to case, tried on the reply with its lines joined"),
	SETTING_CHOICE_OF(struct reply_rule_options, class, "policy", reply_classes,
			  "what a reply that matches means: the class that it counts as"),
	SETTING(TEXT, struct reply_rule_options, provider, "", 0, 0, "who writes so, for explain"),
	SETTING(TEXT, struct reply_rule_options, meaning, "", 0, 0,
		"what it means, for explain; empty: what its class means"),
	SETTING(TEXT, struct reply_rule_options, owner, "", 0, 0,
		"what the account's owner should do, for explain"),
	SETTING(TEXT, struct reply_rule_options, admin, "", 0, 0, "what the admin should do, for explain"),
	SETTING(TEXT, struct reply_rule_options, delist, "", 0, 0, "where to ask for the removal of a block"),
	{ .name = NULL },
};

struct replies *replies_configured(const struct settings_many *own, struct error *error)
{
	const struct reply_rule_options *options = own->items;
	struct reply_rule *rules = memory_new(own->count, sizeof(*rules));
	struct replies *replies;

	for (size_t i = 0; i < own->count; i++)
		rules[i] = (struct reply_rule){
			.name = options[i].name,
			.pattern = options[i].pattern,
			.class = (enum reply_class)options[i].class,
			.provider = options[i].provider,
			.meaning = options[i].meaning,
			.owner = options[i].owner,
			.admin = options[i].admin,
			.delist = options[i].delist,
		};
	replies = replies_new(rules, own->count, error);
	free(rules);
	return replies;
}
