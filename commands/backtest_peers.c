/*
 * Where a source leaves room, the rule is read in its favour:
 *
 *  - Rules that decide at submission count a message with all its recipients at its first outcome.
 *  - A rule by client address, sender or domain is charged to the account with most of it, by majority vote,
 *    and not to bystanders.
 *  - Rules on logins do not see mail of scripts, and none sees mail that is only forwarded, but for the one that
 *    counts by domain.
 *  - Days and hours of the calendar are UTC's. What a rule does after its first alarm is not followed.
 */
#include "commands/backtest_peers.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/memory.h"
#include "commands/backtest_meter.h"
#include "detectors/origin.h"

#include <stdlib.h>

enum peer_whom { WHOM_LOGIN, WHOM_LOCAL, WHOM_SCRIPT, WHOM_RELAY, WHOM_LOCALHOST, WHOM_OWN, WHOM_EVERY };
enum peer_key { KEY_ACCOUNT, KEY_CLIENT, KEY_SENDER, KEY_DOMAIN };
enum peer_what {
	WHAT_RECIPIENT, /* as submitted */
	WHAT_MESSAGE,
	WHAT_OUTSIDE,  /* a message to somebody outside its own domain */
	WHAT_REMOTE,   /* a recipient elsewhere */
	WHAT_INVALID,  /* one that does not exist */
	WHAT_STRANGER, /* one never written to before, in these logs */
	WHAT_OUTCOME,  /* any, to be counted by whether it failed */
	WHAT_CLIENT,
	WHAT_COUNTRY
};

struct peer {
	const char *name;
	const char *about;
	bool usual;
	enum peer_whom whom;
	enum peer_key key;
	enum peer_what what;
	struct meter_law law;
};

/* Limits, windows and what they count: as published with each program; see its documentation. */
static const struct peer peers_known[] = {
	{ "lfd-authrelay",
	  "csf/lfd: over 100 recipients an hour by login from one address",
	  true,
	  WHOM_LOGIN,
	  KEY_CLIENT,
	  WHAT_RECIPIENT,
	  { METER_TUMBLING, USEC_HOUR, 101 } },
	{ "lfd-localrelay",
	  "csf/lfd: over 100 recipients an hour of a local user",
	  true,
	  WHOM_LOCAL,
	  KEY_ACCOUNT,
	  WHAT_RECIPIENT,
	  { METER_TUMBLING, USEC_HOUR, 101 } },
	{ "lfd-relay",
	  "csf/lfd: over 100 recipients an hour from an address, without login",
	  true,
	  WHOM_RELAY,
	  KEY_CLIENT,
	  WHAT_RECIPIENT,
	  { METER_TUMBLING, USEC_HOUR, 101 } },
	{ "lfd-localhost",
	  "csf/lfd: over 100 recipients an hour from this machine itself",
	  true,
	  WHOM_LOCALHOST,
	  KEY_CLIENT,
	  WHAT_RECIPIENT,
	  { METER_TUMBLING, USEC_HOUR, 101 } },
	{ "lfd-script",
	  "csf/lfd LF_SCRIPT: over 100 messages an hour of a script's folder",
	  false,
	  WHOM_SCRIPT,
	  KEY_ACCOUNT,
	  WHAT_MESSAGE,
	  { METER_TUMBLING, USEC_HOUR, 101 } },
	{ "blockcracking",
	  "Exim wiki, DirectAdmin BlockCracking: 100 dead recipients an hour",
	  false,
	  WHOM_OWN,
	  KEY_ACCOUNT,
	  WHAT_INVALID,
	  { METER_RATE, USEC_HOUR, 100 } },
	{ "cpanel-spam",
	  "cPanel: over 500 different recipients an hour under one sender",
	  true,
	  WHOM_OWN,
	  KEY_SENDER,
	  WHAT_REMOTE,
	  { METER_DISTINCT, USEC_HOUR, 501 } },
	{ "cpanel-failures",
	  "cPanel: 5 failed or deferred an hour of a domain, and 25 % of its mail",
	  false,
	  WHOM_EVERY,
	  KEY_DOMAIN,
	  WHAT_OUTCOME,
	  { METER_FAILURES, USEC_HOUR, 5 } },
	{ "hestia",
	  "HestiaCP: 200 messages an hour",
	  true,
	  WHOM_LOGIN,
	  KEY_ACCOUNT,
	  WHAT_MESSAGE,
	  { METER_RATE, USEC_HOUR, 200 } },
	{ "policyd-rate-limit",
	  "policyd-rate-limit: over 10 recipients a minute or 150 a day",
	  true,
	  WHOM_LOGIN,
	  KEY_ACCOUNT,
	  WHAT_RECIPIENT,
	  { METER_SLIDING, USEC_MINUTE, 11 } },
	{ "policyd-rate-limit",
	  "",
	  true,
	  WHOM_LOGIN,
	  KEY_ACCOUNT,
	  WHAT_RECIPIENT,
	  { METER_SLIDING, USEC_DAY, 151 } },
	{ "mailu",
	  "Mailu: over 200 messages a day",
	  true,
	  WHOM_LOGIN,
	  KEY_ACCOUNT,
	  WHAT_MESSAGE,
	  { METER_SLIDING, USEC_DAY, 201 } },
	{ "mox",
	  "mox: over 1,000 messages or 200 first-time recipients a day",
	  true,
	  WHOM_OWN,
	  KEY_ACCOUNT,
	  WHAT_STRANGER,
	  { METER_SLIDING, USEC_DAY, 201 } },
	{ "mox", "", true, WHOM_OWN, KEY_ACCOUNT, WHAT_RECIPIENT, { METER_SLIDING, USEC_DAY, 1001 } },
	{ "uwumail",
	  "UwUMail: over 500 recipients an hour, 2,000 a day, or 25 dead ones an hour",
	  true,
	  WHOM_OWN,
	  KEY_ACCOUNT,
	  WHAT_RECIPIENT,
	  { METER_SLIDING, USEC_HOUR, 501 } },
	{ "uwumail", "", true, WHOM_OWN, KEY_ACCOUNT, WHAT_RECIPIENT, { METER_SLIDING, USEC_DAY, 2001 } },
	{ "uwumail", "", true, WHOM_OWN, KEY_ACCOUNT, WHAT_INVALID, { METER_SLIDING, USEC_HOUR, 25 } },
	{ "postfwd",
	  "postfwd's sample: over 5 countries or 20 addresses a day",
	  true,
	  WHOM_LOGIN,
	  KEY_ACCOUNT,
	  WHAT_COUNTRY,
	  { METER_DISTINCT, USEC_DAY, 6 } },
	{ "postfwd", "", true, WHOM_LOGIN, KEY_ACCOUNT, WHAT_CLIENT, { METER_DISTINCT, USEC_DAY, 21 } },
	{ "directadmin",
	  "DirectAdmin: over 200 recipients elsewhere a day (its manual's example)",
	  true,
	  WHOM_OWN,
	  KEY_ACCOUNT,
	  WHAT_REMOTE,
	  { METER_TUMBLING, USEC_DAY, 201 } },
	{ "eximmon",
	  "eximmon: over 8 messages a minute or 100 an hour that leave the domain",
	  true,
	  WHOM_LOGIN,
	  KEY_ACCOUNT,
	  WHAT_OUTSIDE,
	  { METER_TUMBLING, USEC_MINUTE, 9 } },
	{ "eximmon", "", true, WHOM_LOGIN, KEY_ACCOUNT, WHAT_OUTSIDE, { METER_TUMBLING, USEC_HOUR, 101 } },
	{ "checkauthlog",
	  "checkauthlog: over 100 messages or 5 addresses an hour",
	  true,
	  WHOM_LOGIN,
	  KEY_ACCOUNT,
	  WHAT_MESSAGE,
	  { METER_SLIDING, USEC_HOUR, 101 } },
	{ "checkauthlog", "", true, WHOM_LOGIN, KEY_ACCOUNT, WHAT_CLIENT, { METER_DISTINCT, USEC_HOUR, 6 } },
	{ "alternc",
	  "AlternC: 1,000 recipients an hour, 5,000 or 100 addresses a day",
	  true,
	  WHOM_LOGIN,
	  KEY_ACCOUNT,
	  WHAT_RECIPIENT,
	  { METER_SLIDING, USEC_HOUR, 1000 } },
	{ "alternc", "", true, WHOM_LOGIN, KEY_ACCOUNT, WHAT_RECIPIENT, { METER_SLIDING, USEC_DAY, 5000 } },
	{ "alternc", "", true, WHOM_LOGIN, KEY_ACCOUNT, WHAT_CLIENT, { METER_DISTINCT, USEC_DAY, 100 } },
	{ "ratelimit-policyd",
	  "ratelimit-policyd: over 1,000 recipients a day under one sender",
	  true,
	  WHOM_LOGIN,
	  KEY_SENDER,
	  WHAT_RECIPIENT,
	  { METER_TUMBLING, USEC_DAY, 1001 } },
	{ "pcc",
	  "Postfix Country Control: 3 countries in two days under one sender",
	  true,
	  WHOM_LOGIN,
	  KEY_SENDER,
	  WHAT_COUNTRY,
	  { METER_DISTINCT, 2 * USEC_DAY, 3 } },
};

#define PEERS (sizeof(peers_known) / sizeof(peers_known[0]))
/* An account keeps a bit for each rule that has hit it. */
_Static_assert(PEERS <= 64, "more rules than bits");
#define METERS_MOST   4000000 /* a few million accounts' worth of small counters */
#define MESSAGES_MOST 200000  /* open at once; a message that is forgotten counts as a new one */
#define MET_MOST      8000000 /* pairs of account and recipient */

/* A message that came in: how many of its recipients were counted, and how many had an outcome. */
struct peer_message {
	uint32_t counted, arrived;
	bool outside;
};

struct peers {
	struct peer_sink sink;
	struct origins origins;
	struct map *meters, *messages, *met;
	size_t rule[PEERS];
};

/* What of an attempt the rows ask for. */
struct peer_event {
	usec_t time;
	enum account_kind kind;
	uint32_t account;
	uint64_t key[KEY_DOMAIN + 1];
	struct origin origin;
	uint32_t recipient;
	uint32_t submitted; /* recipients that count now */
	bool message, outside, remote, invalid, stranger, failed, localhost;
};

/* Rows of one name are one rule; rules are numbered in their order. */
static size_t rule_of(size_t row)
{
	size_t rule = 0;

	for (size_t i = 1; i <= row; i++)
		rule += strcmp(peers_known[i].name, peers_known[i - 1].name) != 0;
	return rule;
}

static const struct peer *rule_row(size_t rule)
{
	size_t row = 0;

	while (rule_of(row) != rule)
		row++;
	return &peers_known[row];
}

size_t peers_rules(void)
{
	return rule_of(PEERS - 1) + 1;
}

const char *peers_name(size_t rule)
{
	return rule_row(rule)->name;
}

const char *peers_about(size_t rule)
{
	return rule_row(rule)->about;
}

bool peers_usual(size_t rule)
{
	return rule_row(rule)->usual;
}

static void meter_evicted(void *context, void *record)
{
	(void)context;
	meter_free(record);
}

struct peers *peers_new(const struct geo *geo, const struct peer_sink *sink)
{
	struct map_options meters = { .record_size = sizeof(struct meter),
				      .most = METERS_MOST,
				      .evicted = meter_evicted };
	struct map_options messages = { .record_size = sizeof(struct peer_message), .most = MESSAGES_MOST };
	struct map_options met = { .record_size = 8, .most = MET_MOST };
	struct peers *peers = memory_new(1, sizeof(*peers));

	peers->sink = *sink;
	peers->origins.geo = geo;
	peers->meters = map_new(&meters);
	peers->messages = map_new(&messages);
	peers->met = map_new(&met);
	for (size_t i = 0; i < PEERS; i++)
		peers->rule[i] = rule_of(i);
	return peers;
}

void peers_free(struct peers **peers)
{
	if (*peers == NULL)
		return;
	for (struct meter *meter = map_oldest((*peers)->meters); meter != NULL;
	     meter = map_newer((*peers)->meters, meter))
		meter_free(meter);
	map_free(&(*peers)->meters);
	map_free(&(*peers)->messages);
	map_free(&(*peers)->met);
	free(*peers);
	*peers = NULL;
}

/* --- what an attempt means to the rows --- */

static void event_message(struct peers *peers, const struct attempt *attempt, struct peer_event *event)
{
	const struct envelope *envelope = attempt->envelope;
	struct span stamp = { (const char *)&envelope->time, sizeof(envelope->time) };
	uint64_t hash = hash_stable_more(hash_stable_more(hash_text(envelope->queue_id), envelope->host),
					 stamp);
	struct peer_message *message = map_find(peers->messages, hash, envelope->queue_id);

	if (message == NULL) {
		message = map_add(peers->messages, hash);
		message->counted = envelope->nrcpt > 1 ? (uint32_t)envelope->nrcpt : 1;
		event->message = true;
		event->submitted = message->counted;
	}
	if (++message->arrived > message->counted) {
		message->counted++;
		event->submitted = 1;
	}
	event->outside = attempt->direction == DIRECTION_OUTBOUND && !message->outside;
	message->outside = message->outside || event->outside;
}

static bool never_met(struct peers *peers, const struct peer_event *event)
{
	uint64_t hash = (event->key[KEY_ACCOUNT] ^ event->recipient) * UINT64_C(0x9e3779b97f4a7c15);
	void *record = map_find(peers->met, hash, SPAN(""));

	if (record != NULL)
		return false;
	map_add(peers->met, hash);
	return true;
}

static struct peer_event event_of(struct peers *peers, const struct attempt *attempt, uint32_t account)
{
	const struct envelope *envelope = attempt->envelope;
	struct span domain, name = envelope->account;
	struct peer_event event = {
		.time = attempt->time,
		.kind = envelope->account_kind,
		.account = account,
		.origin = origins_find(&peers->origins, envelope->client_ip, envelope->account_kind),
		.recipient = (uint32_t)hash_text(attempt->recipient) | 1,
		.remote = attempt->direction == DIRECTION_OUTBOUND,
		.invalid = attempt->meaning.class == REPLY_INVALID_RECIPIENT,
		.failed = attempt->outcome != OUTCOME_DELIVERED,
		.localhost = span_starts(envelope->client_ip, SPAN("127.")) ||
			     span_equal(envelope->client_ip, SPAN("::1")),
	};

	if (!span_cut_last(&name, SPAN("@"), &domain))
		domain = envelope->account;
	event.key[KEY_ACCOUNT] = hash_text(envelope->account);
	event.key[KEY_CLIENT] = hash_text(envelope->client_ip);
	event.key[KEY_SENDER] = envelope->sender.len == 0 ? 0 : hash_text(envelope->sender);
	event.key[KEY_DOMAIN] = hash_text(domain);
	event_message(peers, attempt, &event);
	event.stranger = never_met(peers, &event);
	return event;
}

static bool row_sees(const struct peer *row, const struct peer_event *event)
{
	switch (row->whom) {
	case WHOM_LOGIN:
		/* Webmail is the machine's own address, which no rule on addresses means. */
		return event->kind == ACCOUNT_LOGIN && !(row->key == KEY_CLIENT && event->localhost);
	case WHOM_LOCAL:
		return event->kind == ACCOUNT_LOCAL || event->kind == ACCOUNT_SCRIPT;
	case WHOM_SCRIPT:
		return event->kind == ACCOUNT_SCRIPT;
	case WHOM_RELAY:
		return (event->kind == ACCOUNT_HOST || event->kind == ACCOUNT_SENDER) && !event->localhost;
	case WHOM_LOCALHOST:
		return event->localhost;
	case WHOM_OWN:
		return event->kind != ACCOUNT_FORWARD;
	case WHOM_EVERY:
		break;
	}
	return true;
}

/* How many events this is to the row, and of which thing. */
static uint32_t row_counts(const struct peer *row, const struct peer_event *event, uint32_t *what_r)
{
	*what_r = event->recipient;
	switch (row->what) {
	case WHAT_RECIPIENT:
		return event->submitted;
	case WHAT_MESSAGE:
		return event->message;
	case WHAT_OUTSIDE:
		return event->outside;
	case WHAT_REMOTE:
		return event->remote;
	case WHAT_INVALID:
		return event->invalid;
	case WHAT_STRANGER:
		return event->stranger;
	case WHAT_OUTCOME:
		*what_r = event->failed;
		return 1;
	case WHAT_CLIENT:
		*what_r = event->origin.client;
		return event->origin.client != 0 && !event->localhost;
	case WHAT_COUNTRY:
		*what_r = event->origin.country;
		return event->origin.country != 0 && !event->localhost;
	}
	return 0;
}

static void row_feed(struct peers *peers, size_t at, const struct peer_event *event)
{
	const struct peer *row = &peers_known[at];
	uint32_t what, times = row_sees(row, event) ? row_counts(row, event, &what) : 0;
	uint64_t hash = event->key[row->key] + (at + 1) * UINT64_C(0x9e3779b97f4a7c15);
	struct meter *meter;

	if (times == 0 || event->key[row->key] == 0)
		return;
	meter = map_find(peers->meters, hash, SPAN(""));
	if (meter == NULL)
		meter = map_add(peers->meters, hash);
	if (meter->fired)
		return;
	for (uint32_t i = 0; i < times && !meter->fired; i++) {
		if (row->key != KEY_ACCOUNT && (row->what != WHAT_OUTCOME || event->failed))
			meter_vote(meter, event->account);
		if (meter_add(meter, &row->law, event->time, what))
			peers->sink.fired(peers->sink.context, peers->rule[at],
					  row->key == KEY_ACCOUNT ? event->account : meter->leader,
					  event->time);
	}
}

void peers_attempt(struct peers *peers, const struct attempt *attempt, uint32_t account)
{
	struct peer_event event = event_of(peers, attempt, account);

	for (size_t i = 0; i < PEERS; i++)
		row_feed(peers, i, &event);
}
