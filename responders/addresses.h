/*
 * Attacking addresses: networks that tried passwords at many accounts, or sent through an account that was flagged
 * or disabled. Each is kept with its reason, the accounts, and when it was first and last seen at it, until it has
 * been quiet for so long as the settings say, its account is released, or somebody turns out to be at home there.
 *
 * A network is an IPv4 address or an IPv6 /64. Never listed are protected ranges, this machine's own addresses,
 * networks from which many accounts log in or an account does day after day, and the neighbourhoods of
 * carriers (networks.h); nor is anything before the watching has lasted for some time.
 *
 * Text of accounts is as strangers typed it, and cut.
 */
#ifndef SENDWATCH_RESPONDERS_ADDRESSES_H
#define SENDWATCH_RESPONDERS_ADDRESSES_H

#include "base/settings.h"
#include "detectors/verdict.h"
#include "responders/networks.h"

struct address_options {
	bool enabled;
	int64_t accounts, recipients;
	int state; /* 0 flagged, 1 disabled */
	usec_t window, keep, learning;
	int64_t shared, carrier, most;
	struct setting_list protect;
	char *nft, *fail2ban, *crowdsec; /* list files */
};

extern const struct setting address_settings[];

enum address_reason { ADDRESS_GUESSED = 1, ADDRESS_SENT = 2 };

#define ADDRESS_NAMES     8
#define ADDRESS_NAME_SIZE 80

struct attacker {
	uint8_t address[16];
	uint32_t reasons;               /* enum address_reason, together */
	uint32_t accounts, tries;       /* tried: different ones up to NETWORK_FAILED, and how often */
	usec_t first, last, since;      /* since: listed */
	uint32_t tried_count, by_count; /* names kept */
	char tried[ADDRESS_NAMES][ADDRESS_NAME_SIZE];
	char by[ADDRESS_NAMES][ADDRESS_NAME_SIZE]; /* sent through these */
	uint64_t by_hash[ADDRESS_NAMES];
};

struct addresses_calls {
	void *context;
	/* ATTACKER was listed; or WHY, not NULL, says why it is no longer. */
	void (*changed)(void *context, const struct attacker *attacker, const char *why);
};

struct addresses;

/* OPTIONS are borrowed. NULL where a protected range is none. */
struct addresses *addresses_new(const struct address_options *options, const struct addresses_calls *calls,
				struct error *error);
void addresses_free(struct addresses **addresses);

/* What the log says, in its order. */
void addresses_login(struct addresses *addresses, const struct login *login);
void addresses_attempt(struct addresses *addresses, const struct attempt *attempt);
void addresses_verdict(struct addresses *addresses, const struct verdict *verdict);

/* ACCOUNT was released: what is listed for it alone is not any more, and where it sent from it is at home for a day. */
void addresses_release(struct addresses *addresses, struct span account, usec_t now);

/* Forget whose time is over. */
void addresses_age(struct addresses *addresses, usec_t now);

/* From the one that was quiet longest; NULL at the end. */
const struct attacker *addresses_next(const struct addresses *addresses, const struct attacker *after);
size_t addresses_count(const struct addresses *addresses);

/* Goes up with every change of who is listed, and with every other change. */
uint64_t addresses_version(const struct addresses *addresses);
uint64_t addresses_touched(const struct addresses *addresses);

/* All of it, and the list alone, as bytes for this machine; back into new ones. */
void addresses_pack(const struct addresses *addresses, struct text *list, struct text *known);
bool addresses_unpack_list(struct addresses *addresses, struct span list);
bool addresses_unpack_known(struct addresses *addresses, struct span known);

/* The list in the form of others' programs, or as one object of JSON. KEEP is the setting's. */
enum address_form { FORM_NFT, FORM_FAIL2BAN, FORM_CROWDSEC };
void addresses_form(const struct addresses *addresses, enum address_form form, usec_t keep, usec_t now,
		    struct text *out);
char *attacker_json(const struct attacker *attacker, usec_t keep, usec_t now, const char *action,
		    const char *why);

#endif
