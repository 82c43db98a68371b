/*
 * The table behind the policy service. A throttled account's recipients are counted in twelve slots of five
 * minutes. A recipient counts when it is let through; where a message's DATA says that fewer were accepted than
 * that (others were refused by somebody else), the rest is given back. Where Postfix asks at DATA alone, the
 * whole message counts there.
 *
 * Limits: of more than sixteen messages that one account sends at the same time, the first count once more at
 * their DATA. What a throttled account sent before is forgotten when sendwatch starts anew.
 */
#define _GNU_SOURCE
#include "responders/restrictions.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/memory.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define RESTRICTIONS_MOST 100000
#define RESTRICTION_SLOTS 12
#define RESTRICTION_SLOT  (USEC_HOUR / RESTRICTION_SLOTS)
#define RESTRICTION_OPEN  16 /* messages of one account whose recipients are being counted */

static const char *const restriction_disabled[] = { "reject", "hold", NULL };

const struct setting restriction_settings[] = {
	SETTING(TEXT, struct restriction_options, address, "", 0, 0,
		"socket of the policy service: /run/sendwatch/policy.sock or inet:127.0.0.1:10031; empty: none"),
	SETTING(TEXT, struct restriction_options, socketmap, "", 0, 0,
		"socket of a Postfix table of disabled accounts, as inet:127.0.0.1:10032, asked as "
		"socketmap:inet:127.0.0.1:10032:disabled; while sendwatch is down, Postfix answers 451; empty: none"),
	SETTING(TEXT, struct restriction_options, mode, "0660", 0, 0, "rights of their Unix sockets"),
	SETTING(COUNT, struct restriction_options, clients, "2000", 1, 60000,
		"open connections at most to each: as many as the mail server has processes"),
	SETTING_CHOICE_OF(struct restriction_options, disabled, "reject", restriction_disabled,
			  "what is answered for a disabled account: refuse its mail, or accept and hold it"),
	SETTING(COUNT, struct restriction_options, throttle_watch, "0", 0, 1e6,
		"recipients an hour for an account in state watch; the rest is deferred; 0: no bound"),
	SETTING(COUNT, struct restriction_options, throttle_flagged, "0", 0, 1e6,
		"recipients an hour for an account in state flagged; 0: no bound"),
	SETTING(TEXT, struct restriction_options, text_disabled,
		"This account is suspended, since it sent unsolicited mail: change its password and ask your provider",
		0, 0, "what a disabled account's mail program is told"),
	SETTING(TEXT, struct restriction_options, text_throttled,
		"This account reaches too many recipients for now: please try again later", 0, 0,
		"what a throttled account's mail program is told"),
	{ .name = NULL },
};

struct restricted_message {
	uint64_t instance;   /* its hash */
	uint32_t recipients; /* counted so far; 0: no message */
};

struct restricted {
	char account[ACCOUNT_SIZE];
	struct restriction restriction;
	int64_t slot; /* the newest, as a number of five minutes since 1970 */
	uint32_t sent[RESTRICTION_SLOTS];
	struct restricted_message messages[RESTRICTION_OPEN]; /* a ring */
	uint32_t newest;
};

struct restrictions {
	pthread_mutex_t lock;
	struct map *map;
	struct account_rules rules;
	char *default_domain;
	int disabled;
	char *text_disabled, *text_throttled;
};

bool restriction_mode(const struct restriction_options *options, unsigned *mode_r, struct error *error)
{
	char *end = NULL;
	unsigned long mode = options->mode == NULL ? 0660 : strtoul(options->mode, &end, 8);

	if ((end != NULL && (*end != '\0' || end == options->mode)) || mode == 0 || mode > 0777)
		return error_set(error, "[policy] mode: \"%s\" is no mode, as in 0660", options->mode);
	if (options->address != NULL &&
	    span_equal(policy_place(options->address), policy_place(options->socketmap)))
		return error_set(error, "[policy] socketmap: %s is the policy service's address",
				 options->socketmap);
	*mode_r = (unsigned)mode;
	return true;
}

static bool restricted_same(const void *record, struct span key)
{
	return span_equal(span_of(((const struct restricted *)record)->account), key);
}

struct restrictions *restrictions_new(const struct restriction_options *options,
				      const struct account_rules *rules)
{
	const struct map_options of_map = { .record_size = sizeof(struct restricted),
					    .most = RESTRICTIONS_MOST,
					    .same = restricted_same };
	struct restrictions *restrictions = memory_new(1, sizeof(*restrictions));

	(void)hash_text(SPAN("")); /* its seed is there before a second thread asks */
	pthread_mutex_init(&restrictions->lock, NULL);
	restrictions->map = map_new(&of_map);
	restrictions_use(restrictions, options, rules);
	return restrictions;
}

void restrictions_free(struct restrictions **restrictions)
{
	if (*restrictions == NULL)
		return;
	map_free(&(*restrictions)->map);
	pthread_mutex_destroy(&(*restrictions)->lock);
	free((*restrictions)->default_domain);
	free((*restrictions)->text_disabled);
	free((*restrictions)->text_throttled);
	free(*restrictions);
	*restrictions = NULL;
}

static void restrictions_copy(char **text, const char *from)
{
	free(*text);
	*text = memory_copy(from == NULL ? SPAN("") : span_of(from));
}

void restrictions_use(struct restrictions *restrictions, const struct restriction_options *options,
		      const struct account_rules *rules)
{
	pthread_mutex_lock(&restrictions->lock);
	free(restrictions->default_domain);
	restrictions->default_domain = memory_copy(rules->default_domain);
	restrictions->rules = *rules;
	restrictions->rules.default_domain = span_of(restrictions->default_domain);
	restrictions->disabled = options->disabled;
	restrictions_copy(&restrictions->text_disabled, options->text_disabled);
	restrictions_copy(&restrictions->text_throttled, options->text_throttled);
	pthread_mutex_unlock(&restrictions->lock);
}

void restrictions_set(struct restrictions *restrictions, struct span account,
		      const struct restriction *restriction)
{
	uint64_t hash = hash_text(account);
	struct restricted *known;

	assert(account.len > 0 && account.len <= ACCOUNT_LONGEST);
	pthread_mutex_lock(&restrictions->lock);
	known = map_find(restrictions->map, hash, account);
	if (restriction->kind == RESTRICTION_NONE) {
		if (known != NULL)
			map_remove(restrictions->map, known);
	} else {
		if (known == NULL) {
			known = map_add(restrictions->map, hash);
			memcpy(known->account, account.at, account.len);
		}
		known->restriction = *restriction;
		map_touch(restrictions->map, known);
	}
	pthread_mutex_unlock(&restrictions->lock);
}

struct restriction restrictions_get(struct restrictions *restrictions, struct span account)
{
	struct restriction restriction = { 0 };
	const struct restricted *known;

	pthread_mutex_lock(&restrictions->lock);
	known = map_find(restrictions->map, hash_text(account), account);
	if (known != NULL)
		restriction = known->restriction;
	pthread_mutex_unlock(&restrictions->lock);
	return restriction;
}

/* The slot of NOW; what is an hour old is forgotten. A clock that is set back counts in the newest slot. */
static uint32_t *restricted_slot(struct restricted *known, usec_t now)
{
	int64_t slot = now / RESTRICTION_SLOT;

	if (slot >= known->slot + RESTRICTION_SLOTS)
		memset(known->sent, 0, sizeof(known->sent));
	else
		for (int64_t i = known->slot + 1; i <= slot; i++)
			known->sent[i % RESTRICTION_SLOTS] = 0;
	if (slot > known->slot)
		known->slot = slot;
	return &known->sent[known->slot % RESTRICTION_SLOTS];
}

/* May COUNT recipients more be reached in this hour? They are counted then. */
static bool restricted_admits(struct restricted *known, usec_t now, uint64_t count)
{
	uint32_t *slot = restricted_slot(known, now);
	uint64_t sent = 0;

	for (size_t i = 0; i < RESTRICTION_SLOTS; i++)
		sent += known->sent[i];
	if (count > UINT32_MAX || sent + count > (uint64_t)known->restriction.an_hour)
		return false;
	*slot += (uint32_t)count;
	return true;
}

/* The message that is asked about, where some of its recipients were counted; NULL where none were. */
static struct restricted_message *restricted_message(struct restricted *known,
						     const struct policy_request *request)
{
	uint64_t instance = hash_text(request->instance);

	for (size_t i = 0; i < RESTRICTION_OPEN && request->instance.len > 0; i++)
		if (known->messages[i].instance == instance && known->messages[i].recipients > 0)
			return &known->messages[i];
	return NULL;
}

static bool restricted_throttle(struct restricted *known, usec_t now, const struct policy_request *request)
{
	struct restricted_message *message = restricted_message(known, request);
	uint32_t *slot;

	if (span_equal(request->protocol_state, SPAN("RCPT"))) {
		if (!restricted_admits(known, now, 1))
			return false;
		if (message == NULL) {
			known->newest = (known->newest + 1) % RESTRICTION_OPEN;
			message = &known->messages[known->newest];
			*message = (struct restricted_message){ .instance = hash_text(request->instance) };
		}
		message->recipients++;
		return true;
	}
	if (!span_equal(request->protocol_state, SPAN("DATA")) || request->recipient_count == 0)
		return true;
	if (message == NULL)
		return restricted_admits(known, now, request->recipient_count);
	slot = restricted_slot(known, now);
	if (message->recipients > request->recipient_count) {
		uint32_t surplus = message->recipients - (uint32_t)request->recipient_count;

		*slot -= surplus < *slot ? surplus : *slot;
	}
	*message = (struct restricted_message){ 0 };
	return true;
}

static void restrictions_answer(struct restrictions *restrictions, struct restricted *known, usec_t now,
				const struct policy_request *request, struct policy_answer *answer)
{
	const char *text = restrictions->text_disabled;

	switch (known->restriction.kind) {
	case RESTRICTION_NONE:
		return;
	case RESTRICTION_REJECT:
		answer->action = POLICY_REJECT;
		break;
	case RESTRICTION_HOLD:
		answer->action = POLICY_HOLD;
		break;
	case RESTRICTION_THROTTLE:
		if (restricted_throttle(known, now, request))
			return;
		answer->action = POLICY_DEFER;
		text = restrictions->text_throttled;
		break;
	}
	snprintf(answer->text, sizeof(answer->text), "%s", text);
}

void restrictions_decide(void *context, usec_t now, const struct policy_request *request,
			 struct policy_answer *answer)
{
	struct restrictions *restrictions = context;
	struct account_name name;
	struct span account;
	struct restricted *known;

	pthread_mutex_lock(&restrictions->lock);
	account = request->sasl_username.len > 0
			  ? account_login(&restrictions->rules, request->sasl_username, &name)
			  : account_local(request->local_user, &name);
	known = account.len == 0 ? NULL : map_find(restrictions->map, hash_text(account), account);
	if (known != NULL)
		restrictions_answer(restrictions, known, now, request, answer);
	pthread_mutex_unlock(&restrictions->lock);
}
