/*
 * What a remote server's answer means: its class, and whom it blames (README has the table). Rules are
 * data (parsers/replies.rules), compiled in; enhanced status codes (RFC 3463) decide where no rule does,
 * SMTP codes after that. Meanings are remembered by the reply's shape, so that a million refusals of one
 * kind cost one match.
 */
#ifndef SENDWATCH_PARSERS_REPLY_H
#define SENDWATCH_PARSERS_REPLY_H

#include "base/error.h"
#include "base/settings.h"
#include "parsers/event.h"

enum reply_class {
	REPLY_UNKNOWN,
	REPLY_DELIVERED,
	REPLY_INVALID_RECIPIENT,
	REPLY_MAILBOX_FULL,
	REPLY_MAILBOX_DISABLED,
	REPLY_IP_LISTED,
	REPLY_IP_BLOCKED,
	REPLY_RATE_LIMITED,
	REPLY_CONTENT_SPAM,
	REPLY_CONTENT_MALWARE,
	REPLY_SENDER_AUTH,
	REPLY_SENDER_REJECTED,
	REPLY_RELAY_DENIED,
	REPLY_POLICY,
	REPLY_GREYLISTED,
	REPLY_MESSAGE_TOO_BIG,
	REPLY_DNS,
	REPLY_NETWORK,
	REPLY_TLS,
	REPLY_REMOTE_TEMPORARY,
	REPLY_EXPIRED,
	REPLY_LOOP,
	REPLY_LOCAL_LIMIT,
	REPLY_CLASSES
};

struct reply_rule {
	const char *name;    /* "google-unsolicited" */
	const char *pattern; /* PCRE2, without case */
	enum reply_class class;
	const char *provider; /* "Google"; NULL: by the relay's name */
	const char *meaning;  /* two sentences */
	const char *owner;    /* what the account's owner should do */
	const char *admin;    /* what the admin should do */
	const char *delist;   /* where to ask; NULL where there is no such place */
	unsigned phases;      /* bits 1 << enum event_phase; 0: any */
	unsigned codes;       /* bits 1 << the code's first digit, bit 0: no code; 0: any */
};

/* How the class was found: by a rule, by the enhanced code, by the SMTP code, or not at all. */
enum reply_basis { REPLY_BASIS_NONE, REPLY_BASIS_RULE, REPLY_BASIS_ENHANCED, REPLY_BASIS_CODE };

struct reply_meaning {
	enum reply_class class;
	enum reply_basis basis;
	const struct reply_rule *rule; /* NULL where none matched; lives as long as the replies */
	uint16_t code;                 /* 550, 0 where absent */
	uint8_t enhanced[3];           /* 5.1.1; zeros where absent */
};

struct reply_question {
	struct span reply; /* with or without its code */
	struct span dsn;   /* the MTA's own field, where the reply has no enhanced code */
	struct span relay; /* host name; tells the provider */
	enum event_phase phase;
	enum event_outcome outcome;
};

/* "[reply NAME]" in detect.conf: a rule of the admin's own. */
struct reply_rule_options {
	char *name;
	char *pattern;
	int class; /* enum reply_class */
	char *provider, *meaning, *owner, *admin, *delist;
};

extern const struct setting reply_rule_settings[];

struct replies; /* the compiled rules and the memory of shapes */

struct replies_stats {
	uint64_t asked, matched_anew, shapes, limit_hits;
};

/* EXTRA rules (of the admin) come first; a bad pattern is refused with its place in ERROR. */
struct replies *replies_new(const struct reply_rule *extra, size_t extra_count, struct error *error);
void replies_free(struct replies **replies);

/* The same with the sections [reply NAME], struct reply_rule_options each. OWN may go, its texts stay. */
struct replies *replies_configured(const struct settings_many *own, struct error *error);

struct reply_meaning replies_classify(struct replies *replies, const struct reply_question *question);
struct replies_stats replies_stats(const struct replies *replies);

/* Rule I in the order in which they are tried, the admin's first; NULL behind the last. */
const struct reply_rule *replies_rule(const struct replies *replies, size_t i);

/* What a class means in general, where no rule says more: meaning, owner and admin are filled. */
const struct reply_rule *replies_class(const struct replies *replies, enum reply_class class);

/* Compile every pattern now, not when it is first needed. False and its place where one is bad. */
bool replies_compile(struct replies *replies, struct error *error);

/* Whose MX this is: "google", "microsoft", "yahoo" ...; else the relay's registered domain; absent where local. */
struct span reply_provider(struct span relay);

/* The same with its hash_stable, and remembered by the relay's name. Zeroed before the first question. */
#define PROVIDERS_KNOWN 1024
struct providers_known {
	struct provider_known {
		uint64_t hash;     /* of the relay; 0: free */
		uint64_t provider; /* hash_stable of what it is */
		const char *name; /* NULL: LEN bytes of the relay from FROM on, absent where there are none */
		uint16_t from, len;
	} places[PROVIDERS_KNOWN];
};
/* RELAY_HASH: hash_text of RELAY, or 0 where it is to be found out. */
struct span reply_provider_known(struct providers_known *known, struct span relay, uint64_t relay_hash,
				 uint64_t *hash_r);

const char *reply_class_name(enum reply_class class);   /* "invalid_recipient" */
const char *reply_class_blames(enum reply_class class); /* "the sender's list" */
bool reply_class_parse(struct span name, enum reply_class *class_r);

#endif
