/*
 * Trying passwords is known by different accounts, not by tries: a telephone with an old password tries all night.
 * Where few domains are tried it takes three times as many accounts, since an office whose passwords were all
 * changed fails at all its mailboxes.
 *
 * Sending through an account that was taken is held against a network by what it sent itself since then: a customer
 * who writes two mails from his hotel on the day that his account is stolen is no attacker.
 */
#define _GNU_SOURCE
#include "responders/addresses.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/memory.h"
#include "responders/dnsbl_name.h"
#include "responders/ranges.h"

#include <stdio.h>
#include <stdlib.h>

#define FEW_DOMAINS  3
#define FEW_TIMES    3
#define GOOD_SHARE   10 /* failed accounts for each that logs in well: one guessed password speaks for nobody */
#define BAD_WORTH    5 /* recipients that a bad one counts as */
#define PARDON       USEC_DAY
#define SINCE_BEFORE USEC_HOUR

static const char *const address_states[] = { "flagged", "disabled", NULL };

/* So many failures of one network are remembered, FEW_TIMES for each account. */
enum { ADDRESS_ACCOUNTS_MOST = NETWORK_FAILED / FEW_TIMES };

const struct setting address_settings[] = {
	SETTING(FLAG, struct address_options, enabled, "yes", 0, 0,
		"keep a list of networks that guess passwords or send through stolen accounts"),
	SETTING(COUNT, struct address_options, accounts, "10", 2, ADDRESS_ACCOUNTS_MOST,
		"a network that fails at so many accounts guesses (three times as many of only one or two domains)"),
	SETTING(DURATION, struct address_options, window, "1d", USEC_MINUTE, 30 * USEC_DAY,
		"a pause so long between failures begins the count anew"),
	SETTING_CHOICE_OF(struct address_options, state, "flagged", address_states,
			  "state in which an account's mail is held against where it comes from"),
	SETTING(COUNT, struct address_options, recipients, "10", 1, 100000,
		"fewest recipients that a network sent to through that account; a refused one counts five times"),
	SETTING(COUNT, struct address_options, shared, "5", 1, NETWORK_VISITORS,
		"never listed: a network from which so many accounts log in well"),
	SETTING(COUNT, struct address_options, carrier, "20", 2, 150,
		"never listed: one from whose /24 (IPv6: /48) so many accounts of five domains do"),
	SETTING(LIST, struct address_options, protect,
		"10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, fc00::/7, fe80::/10", 0, 0,
		"never listed: networks (203.0.113.0/24, 2001:db8::/32) and addresses"),
	SETTING(DURATION, struct address_options, learning, "2d", 0, 60 * USEC_DAY,
		"nothing is listed before so much of the log was seen"),
	SETTING(DURATION, struct address_options, keep, "7d", USEC_MINUTE, 3650 * USEC_DAY,
		"how long a network stays listed after it was last at it"),
	SETTING(COUNT, struct address_options, most, "10000", 1, 1000000,
		"networks listed at most; the one that was quiet longest makes room"),
	SETTING(TEXT, struct address_options, nft, "", 0, 0,
		"file that is kept as two sets for nft -f; contrib/addresses has the wiring"),
	SETTING(TEXT, struct address_options, fail2ban, "", 0, 0, "file that is kept with a network a line"),
	SETTING(TEXT, struct address_options, crowdsec, "", 0, 0,
		"file that is kept as CSV for cscli decisions import"),
	{ .name = NULL },
};

struct addresses {
	const struct address_options *options;
	struct addresses_calls calls;
	struct networks *networks;
	struct map *listed;
	struct ranges ranges;
	uint64_t version, touched;
};

static bool attacker_same(const void *record, struct span key)
{
	return memcmp(record, key.at, 16) == 0;
}

static bool addresses_protect_all(struct addresses *addresses, struct error *error)
{
	const struct setting_list *protect = &addresses->options->protect;
	struct text own = { 0 };
	struct span rest, one;

	for (size_t i = 0; i < protect->count; i++)
		if (!ranges_add(&addresses->ranges, span_of(protect->texts[i])))
			return error_set(error, "[addresses] protect: %s is no network, as in 203.0.113.0/24",
					 protect->texts[i]);
	(void)ranges_add(&addresses->ranges, SPAN("127.0.0.0/8"));
	(void)ranges_add(&addresses->ranges, SPAN("::1"));
	dnsbl_own_addresses(&own);
	rest = text_span(&own);
	while (span_cut(&rest, ' ', &one))
		(void)ranges_add(&addresses->ranges, one);
	text_free(&own);
	return true;
}

struct addresses *addresses_new(const struct address_options *options, const struct addresses_calls *calls,
				struct error *error)
{
	const struct map_options listed = { .record_size = sizeof(struct attacker),
					    .most = (uint32_t)options->most,
					    .same = attacker_same };
	struct addresses *addresses = memory_new(1, sizeof(*addresses));

	addresses->options = options;
	addresses->calls = *calls;
	addresses->networks = networks_new();
	addresses->listed = map_new(&listed);
	if (!addresses_protect_all(addresses, error))
		addresses_free(&addresses);
	return addresses;
}

void addresses_free(struct addresses **addresses)
{
	if (*addresses == NULL)
		return;
	networks_free(&(*addresses)->networks);
	map_free(&(*addresses)->listed);
	ranges_free(&(*addresses)->ranges);
	free(*addresses);
	*addresses = NULL;
}

/* --- the list --- */

static struct attacker *attacker_find(const struct addresses *addresses, const uint8_t address[16])
{
	struct span key = { (const char *)address, 16 };

	return map_find(addresses->listed, hash_text(key), key);
}

static struct attacker *attacker_make(struct addresses *addresses, const uint8_t address[16], usec_t now)
{
	struct span key = { (const char *)address, 16 };
	struct attacker *attacker = attacker_find(addresses, address);

	if (attacker == NULL) {
		attacker = map_add(addresses->listed, hash_text(key));
		memcpy(attacker->address, address, 16);
		attacker->first = attacker->last = attacker->since = now;
	}
	map_touch(addresses->listed, attacker);
	addresses->touched++;
	if (now > attacker->last)
		attacker->last = now;
	return attacker;
}

static void attacker_name(char (*names)[ADDRESS_NAME_SIZE], uint32_t *count, struct span name)
{
	struct span head = span_head(name, ADDRESS_NAME_SIZE - 1);

	for (uint32_t i = 0; i < *count; i++)
		if (span_equal(span_of(names[i]), head))
			return;
	if (*count < ADDRESS_NAMES && head.len > 0) {
		memcpy(names[*count], head.at, head.len);
		names[(*count)++][head.len] = '\0';
	}
}

static void attacker_drop(struct addresses *addresses, struct attacker *attacker, const char *why)
{
	if (addresses->calls.changed != NULL)
		addresses->calls.changed(addresses->calls.context, attacker, why);
	map_remove(addresses->listed, attacker);
	addresses->version++;
	addresses->touched++;
}

/* REASON is new for it, or it is new itself: it is told of, once for each. */
static void attacker_reason(struct addresses *addresses, struct attacker *attacker,
			    enum address_reason reason)
{
	bool known = (attacker->reasons & (uint32_t)reason) != 0;

	attacker->reasons |= (uint32_t)reason;
	if (known)
		return;
	addresses->version++;
	if (addresses->calls.changed != NULL)
		addresses->calls.changed(addresses->calls.context, attacker, NULL);
}

static struct network_question addresses_question(const struct addresses *addresses, usec_t since, usec_t now)
{
	return (struct network_question){ .since = since,
					  .now = now,
					  .shared = addresses->options->shared,
					  .carrier = addresses->options->carrier };
}

/* May ADDRESS be listed for what began at SINCE? */
static bool addresses_may(const struct addresses *addresses, const uint8_t address[16], usec_t since,
			  usec_t now)
{
	const struct network_question question = addresses_question(addresses, since, now);

	return now - networks_began(addresses->networks) >= addresses->options->learning &&
	       !ranges_hold(&addresses->ranges, address) &&
	       networks_speaks(addresses->networks, address, &question) == NULL;
}

/* --- what the log says --- */

static struct span domain_of(struct span account)
{
	struct span head = account, domain;

	return span_cut_last(&head, SPAN("@"), &domain) ? domain : SPAN("");
}

static bool client_network(struct span client, uint8_t address[16])
{
	if (!span_to_address(client, address))
		return false;
	network_of(address);
	return true;
}

static void addresses_guess(struct addresses *addresses, const struct failures *failures, struct span account,
			    usec_t now)
{
	const struct address_options *options = addresses->options;
	int64_t least = options->accounts * (failures->domain_count < FEW_DOMAINS ? FEW_TIMES : 1);
	struct attacker *attacker = attacker_find(addresses, failures->address);
	unsigned good;

	if (attacker == NULL || (attacker->reasons & ADDRESS_GUESSED) == 0) {
		good = networks_good(addresses->networks, failures->address, now);
		if (failures->count < least || good * GOOD_SHARE > failures->count ||
		    !addresses_may(addresses, failures->address, failures->first, now))
			return;
	}
	attacker = attacker_make(addresses, failures->address, now);
	if (failures->first < attacker->first)
		attacker->first = failures->first;
	attacker->accounts = failures->count > attacker->accounts ? failures->count : attacker->accounts;
	attacker->tries = failures->tries > attacker->tries ? failures->tries : attacker->tries;
	attacker_name(attacker->tried, &attacker->tried_count, account);
	attacker_reason(addresses, attacker, ADDRESS_GUESSED);
}

/* Somebody was there. Has he shown by now that others are at home there too? */
static struct visitor *addresses_visit(struct addresses *addresses, const uint8_t address[16],
				       struct span account, usec_t now)
{
	struct visitor *visitor = networks_visited(addresses->networks, address, hash_stable(account),
						   hash_stable(domain_of(account)), now);
	struct attacker *attacker = attacker_find(addresses, address);

	if (attacker != NULL) {
		const struct network_question question = addresses_question(addresses, attacker->first, now);
		const char *why = networks_speaks(addresses->networks, address, &question);

		if (why != NULL)
			attacker_drop(addresses, attacker, why);
	}
	return visitor;
}

void addresses_login(struct addresses *addresses, const struct login *login)
{
	uint8_t address[16];

	if (login->account.len == 0 || !client_network(login->client_ip, address))
		return;
	if (login->succeeded)
		(void)addresses_visit(addresses, address, login->account, login->time);
	else
		addresses_guess(addresses,
				networks_failed(addresses->networks, address, hash_stable(login->account),
						hash_stable(domain_of(login->account)), login->time,
						login->repeat == 0 ? 1 : login->repeat,
						addresses->options->window),
				login->account, login->time);
}

static void addresses_sent(struct addresses *addresses, const uint8_t address[16],
			   const struct visitor *visitor, struct span account, usec_t now)
{
	usec_t since = networks_raised(addresses->networks, visitor->account);
	struct attacker *attacker;

	if (since == USEC_NEVER || visitor->last < since ||
	    visitor->sent + (uint64_t)visitor->bad * BAD_WORTH < (uint64_t)addresses->options->recipients ||
	    !addresses_may(addresses, address, since, now))
		return;
	attacker = attacker_make(addresses, address, visitor->last);
	if (visitor->first < attacker->first)
		attacker->first = visitor->first;
	for (uint32_t i = 0; i < attacker->by_count; i++)
		if (attacker->by_hash[i] == visitor->account)
			return;
	if (attacker->by_count < ADDRESS_NAMES) {
		uint32_t at = attacker->by_count++;
		struct span name = span_head(account, ADDRESS_NAME_SIZE - 1);

		attacker->by_hash[at] = visitor->account;
		memset(attacker->by[at], 0, ADDRESS_NAME_SIZE);
		memcpy(attacker->by[at], name.at, name.len);
	}
	attacker_reason(addresses, attacker, ADDRESS_SENT);
}

/* Outcomes that say something against whoever sent it. */
static bool attempt_is_bad(const struct attempt *attempt)
{
	switch ((int)attempt->meaning.class) {
	case REPLY_INVALID_RECIPIENT:
	case REPLY_CONTENT_SPAM:
	case REPLY_CONTENT_MALWARE:
		return true;
	default:
		return false;
	}
}

void addresses_attempt(struct addresses *addresses, const struct attempt *attempt)
{
	const struct envelope *envelope = attempt->envelope;
	struct visitor *visitor;
	uint8_t address[16];

	if (envelope->account_kind != ACCOUNT_LOGIN || envelope->account.len == 0 ||
	    !client_network(envelope->client_ip, address))
		return;
	visitor = addresses_visit(addresses, address, envelope->account, attempt->time);
	visitor->sent += visitor->sent < UINT32_MAX;
	visitor->bad += attempt_is_bad(attempt) && visitor->bad < UINT32_MAX;
	addresses_sent(addresses, address, visitor, envelope->account, attempt->time);
}

void addresses_verdict(struct addresses *addresses, const struct verdict *verdict)
{
	uint64_t account = hash_stable(verdict->account);
	bool raised = verdict->state == STATE_DISABLED ||
		      (verdict->state == STATE_FLAGGED && addresses->options->state == 0);
	usec_t since = verdict->first_bad == USEC_NEVER || verdict->first_bad > verdict->time
			       ? verdict->time - SINCE_BEFORE
			       : verdict->first_bad;

	if (strcmp(verdict->type, "verdict") != 0 || verdict->account_kind != ACCOUNT_LOGIN)
		return;
	networks_raise(addresses->networks, account, raised ? since : USEC_NEVER);
	for (const struct network *at = networks_next(addresses->networks, NULL); raised && at != NULL;
	     at = networks_next(addresses->networks, at)) {
		const struct visitor *visitor = network_visitor(at, account);

		if (visitor != NULL)
			addresses_sent(addresses, at->address, visitor, verdict->account, verdict->time);
	}
}

/* Take ACCOUNT off; true where nothing else is held against it. */
static bool attacker_without(struct attacker *attacker, uint64_t account)
{
	for (uint32_t i = 0; i < attacker->by_count; i++) {
		if (attacker->by_hash[i] != account)
			continue;
		attacker->by_count--;
		attacker->by_hash[i] = attacker->by_hash[attacker->by_count];
		memmove(attacker->by[i], attacker->by[attacker->by_count], sizeof(attacker->by[i]));
		if (attacker->by_count == 0)
			attacker->reasons &= ~(uint32_t)ADDRESS_SENT;
		return attacker->reasons == 0;
	}
	return false;
}

void addresses_release(struct addresses *addresses, struct span account, usec_t now)
{
	uint64_t hash = hash_stable(account);

	networks_raise(addresses->networks, hash, USEC_NEVER);
	for (const struct network *at = networks_next(addresses->networks, NULL); at != NULL;
	     at = networks_next(addresses->networks, at)) {
		struct visitor *visitor = network_visitor(at, hash);

		if (visitor == NULL)
			continue;
		visitor->sent = visitor->bad = 0;
		visitor->pardoned = now + PARDON;
	}
	for (struct attacker *at = map_oldest(addresses->listed), *next; at != NULL; at = next) {
		next = map_newer(addresses->listed, at);
		if (attacker_without(at, hash))
			attacker_drop(addresses, at, "the account was released");
	}
	addresses->touched++;
}

void addresses_age(struct addresses *addresses, usec_t now)
{
	for (struct attacker *at = map_oldest(addresses->listed), *next; at != NULL; at = next) {
		next = map_newer(addresses->listed, at);
		if (now - at->last >= addresses->options->keep)
			attacker_drop(addresses, at, "it has been quiet");
	}
}

const struct attacker *addresses_next(const struct addresses *addresses, const struct attacker *after)
{
	return after == NULL ? map_oldest(addresses->listed) : map_newer(addresses->listed, after);
}

size_t addresses_count(const struct addresses *addresses)
{
	return map_stats(addresses->listed).count;
}

uint64_t addresses_version(const struct addresses *addresses)
{
	return addresses->version;
}

uint64_t addresses_touched(const struct addresses *addresses)
{
	return addresses->touched;
}

/* --- kept over a restart --- */

void addresses_pack(const struct addresses *addresses, struct text *list, struct text *known)
{
	pack_number(list, sizeof(struct attacker));
	pack_number(list, addresses_count(addresses));
	for (const struct attacker *at = addresses_next(addresses, NULL); at != NULL;
	     at = addresses_next(addresses, at))
		text_add(list, (struct span){ (const char *)at, sizeof(*at) });
	if (known != NULL)
		networks_pack(addresses->networks, known);
}

static bool attacker_sound(const struct attacker *attacker)
{
	bool sound = attacker->by_count <= ADDRESS_NAMES && attacker->tried_count <= ADDRESS_NAMES;

	for (int i = 0; i < ADDRESS_NAMES; i++)
		sound = sound && memchr(attacker->by[i], '\0', ADDRESS_NAME_SIZE) != NULL &&
			memchr(attacker->tried[i], '\0', ADDRESS_NAME_SIZE) != NULL;
	return sound;
}

bool addresses_unpack_list(struct addresses *addresses, struct span list)
{
	struct unpack from = { .rest = list };
	uint64_t size = unpack_number(&from), count = unpack_number(&from);
	struct attacker attacker;

	if (from.broken || size != sizeof(attacker) || count != from.rest.len / sizeof(attacker))
		return false;
	for (; count > 0; count--) {
		memcpy(&attacker, from.rest.at, sizeof(attacker));
		from.rest = span_from(from.rest, sizeof(attacker));
		if (!attacker_sound(&attacker))
			return false;
		memcpy(attacker_make(addresses, attacker.address, attacker.last), &attacker,
		       sizeof(attacker));
	}
	return true;
}

bool addresses_unpack_known(struct addresses *addresses, struct span known)
{
	struct unpack from = { .rest = known };

	if (networks_unpack(addresses->networks, &from))
		return true;
	networks_free(&addresses->networks);
	addresses->networks = networks_new();
	return false;
}
