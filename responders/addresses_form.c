/*
 * The list in others' forms. Addresses are ours, from their bytes, so nothing in them is what a stranger typed;
 * names of accounts stand in JSON alone, where they are escaped.
 */
#define _GNU_SOURCE
#include "responders/addresses.h"
#include "responders/payload.h"

#include <inttypes.h>
#include <stdlib.h>

/* Seconds that ATTACKER stays listed; at least one, since 0 means for ever to some. */
static int64_t form_left(const struct attacker *attacker, usec_t keep, usec_t now)
{
	int64_t left = (attacker->last + keep - now) / USEC_SECOND;

	return left < 1 ? 1 : left;
}

/* Two sets, emptied and filled in one transaction; whoever has rules for them keeps these. */
static void form_nft(const struct addresses *addresses, usec_t keep, usec_t now, struct text *out)
{
	text_add(out, SPAN("# Kept by sendwatch: changes made by hand are lost. To be loaded by nft -f.\n"
			   "table inet sendwatch {\n"
			   "\tset attackers4 {\n\t\ttype ipv4_addr\n\t\tflags timeout\n\t}\n"
			   "\tset attackers6 {\n\t\ttype ipv6_addr\n\t\tflags interval, timeout\n\t}\n}\n"
			   "flush set inet sendwatch attackers4\nflush set inet sendwatch attackers6\n"));
	for (int four = 1; four >= 0; four--) {
		bool any = false;

		for (const struct attacker *at = addresses_next(addresses, NULL); at != NULL;
		     at = addresses_next(addresses, at)) {
			char words[64];

			if (network_is_v4(at->address) != (four == 1))
				continue;
			network_text(at->address, words);
			if (!any)
				text_add_format(out, "add element inet sendwatch attackers%d {\n",
						four ? 4 : 6);
			text_add_format(out, "\t%s timeout %" PRId64 "s,\n", words, form_left(at, keep, now));
			any = true;
		}
		text_add(out, any ? SPAN("}\n") : SPAN(""));
	}
}

static void form_fail2ban(const struct addresses *addresses, struct text *out)
{
	char words[64];

	for (const struct attacker *at = addresses_next(addresses, NULL); at != NULL;
	     at = addresses_next(addresses, at)) {
		network_text(at->address, words);
		text_add_format(out, "%s\n", words);
	}
}

static void form_crowdsec(const struct addresses *addresses, usec_t keep, usec_t now, struct text *out)
{
	char words[64];

	text_add(out, SPAN("duration,reason,scope,type,value\n"));
	for (const struct attacker *at = addresses_next(addresses, NULL); at != NULL;
	     at = addresses_next(addresses, at)) {
		network_text(at->address, words);
		text_add_format(out, "%" PRId64 "s,sendwatch/%s,%s,ban,%s\n", form_left(at, keep, now),
				(at->reasons & ADDRESS_SENT) != 0 ? "sent" : "guessed",
				network_is_v4(at->address) ? "ip" : "range", words);
	}
}

void addresses_form(const struct addresses *addresses, enum address_form form, usec_t keep, usec_t now,
		    struct text *out)
{
	switch (form) {
	case FORM_NFT:
		form_nft(addresses, keep, now, out);
		break;
	case FORM_FAIL2BAN:
		form_fail2ban(addresses, out);
		break;
	case FORM_CROWDSEC:
		form_crowdsec(addresses, keep, now, out);
		break;
	}
}

static void json_names(struct payload *payload, const char *key, const char (*names)[ADDRESS_NAME_SIZE],
		       uint32_t count)
{
	struct text all = { 0 };

	for (uint32_t i = 0; i < count; i++)
		text_add_format(&all, "%s%s", i == 0 ? "" : " ", names[i]);
	if (count > 0)
		payload_add_text(payload, key, text_span(&all));
	text_free(&all);
}

char *attacker_json(const struct attacker *attacker, usec_t keep, usec_t now, const char *action,
		    const char *why)
{
	struct payload *payload = payload_begin("attacker");
	char words[64];
	struct text about = { 0 };

	network_text(attacker->address, words);
	/* The address stands before all that strangers wrote: fail2ban looks for it from the left. */
	if (action != NULL) {
		text_add_format(&about, "%s-%s-%" PRId64, words, action, now);
		payload_add_text(payload, "id", text_span(&about));
		payload_add_time(payload, "time", now);
	}
	payload_add_text(payload, "address", span_of(words));
	if (action != NULL)
		payload_add_text(payload, "action", span_of(action));
	if (why != NULL)
		payload_add_text(payload, "reason", span_of(why));
	payload_add_flag(payload, "guessed", (attacker->reasons & ADDRESS_GUESSED) != 0);
	payload_add_flag(payload, "sent", (attacker->reasons & ADDRESS_SENT) != 0);
	payload_add_count(payload, "accounts", attacker->accounts);
	payload_add_count(payload, "tries", attacker->tries);
	payload_add_time(payload, "first", attacker->first);
	payload_add_time(payload, "last", attacker->last);
	payload_add_time(payload, "until", attacker->last + keep);
	json_names(payload, "sent_through", attacker->by, attacker->by_count);
	json_names(payload, "tried", attacker->tried, attacker->tried_count);
	text_free(&about);
	return payload_end(&payload);
}
