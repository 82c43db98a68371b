/*
 * Counts a pair of own address and provider: for ever, and over the last hour in twelve slots of five
 * minutes; what leaves the hour goes into a past that is halved every week. The hour is compared with
 * the past, so that a provider that always refuses some of our mail is no news.
 *
 * Bounded: the pair that was longest without mail makes room. Accounts of a pair are the twelve that weigh most; a
 * new one takes the place of the lightest and its weight (space-saving counts: never too low, at times too high).
 */
#include "detectors/health.h"

#include "base/hash.h"
#include "base/map_pack.h"
#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define HEALTH_SLOTS     12
#define HEALTH_SLOT      (5 * USEC_MINUTE)
#define HEALTH_HALF_LIFE (7.0 * 24 * 12) /* slots: a week, so that weekends are in every past */

const struct setting health_settings[] = {
	SETTING(COUNT, struct health_options, minimum, "20", 1, 1000000,
		"fewest attempts at a provider in an hour that say anything"),
	SETTING(PERCENT, struct health_options, refused, "30", 1, 100,
		"share of an hour's attempts that a provider must refuse for our address's sake"),
	SETTING(COUNT, struct health_options, pairs, "4096", 16, 1000000,
		"pairs of own address and provider that are remembered at once"),
	SETTING(COUNT, struct health_options, culprits, "3", 1, HEALTH_ACCOUNTS,
		"accounts that a warning names"),
	{ .name = NULL },
};

struct health_pair {
	struct health_row row; /* accounts in no order */
	int64_t slot;          /* number of the newest slot since 1970 */
	uint32_t attempts[HEALTH_SLOTS], refused[HEALTH_SLOTS];
	double past_attempts, past_refused;
	usec_t first_refused; /* of the present run of refusals */
};

struct health {
	struct health_options options;
	struct map *pairs;
	void (*verdict)(void *context, const struct verdict *verdict);
	void *context;
};

static bool health_same(const void *record, struct span key)
{
	const struct health_pair *pair = record;
	struct span address = span_of(pair->row.address), provider = span_of(pair->row.provider);

	return key.len == address.len + 1 + provider.len && span_starts(key, address) &&
	       span_ends(key, provider);
}

struct health *health_new(const struct health_options *options,
			  void (*verdict)(void *context, const struct verdict *verdict), void *context)
{
	struct health *health = memory_new(1, sizeof(*health));
	const struct map_options map = { .record_size = sizeof(struct health_pair),
					 .most = (uint32_t)options->pairs,
					 .same = health_same };

	health->options = *options;
	health->pairs = map_new(&map);
	health->verdict = verdict;
	health->context = context;
	return health;
}

void health_free(struct health **health)
{
	if (*health == NULL)
		return;
	map_free(&(*health)->pairs);
	free(*health);
	*health = NULL;
}

static void health_copy(char *into, size_t size, struct span text)
{
	text = span_head(text, size - 1);
	if (text.len > 0)
		memcpy(into, text.at, text.len);
	into[text.len] = '\0';
}

/* --- who --- */

static struct health_pair *health_pair_of(struct health *health, struct span address, struct span provider,
					  usec_t time)
{
	char key[2 * HEALTH_NAME];
	struct health_pair *pair;
	int len;

	len = snprintf(key, sizeof(key), "%.*s %.*s", (int)span_head(address, HEALTH_NAME - 1).len,
		       address.at, (int)span_head(provider, HEALTH_NAME - 1).len, provider.at);
	struct span whole = { key, (size_t)len };
	uint64_t hash = hash_stable(whole);

	pair = map_find(health->pairs, hash, whole);
	if (pair == NULL) {
		pair = map_add(health->pairs, hash);
		health_copy(pair->row.address, HEALTH_NAME, address);
		health_copy(pair->row.provider, HEALTH_NAME, provider);
		pair->row.first = time;
		pair->row.since = pair->first_refused = USEC_NEVER;
		pair->slot = time / HEALTH_SLOT;
	}
	map_touch(health->pairs, pair);
	return pair;
}

/* The first address in the reply's words: remotes that refuse an address name it. */
static void health_named(struct health_pair *pair, struct span reply, struct span relay_ip)
{
	for (size_t i = 0; i < reply.len;) {
		size_t start = i;
		uint8_t address[16];

		while (i < reply.len && i - start < 46 &&
		       strchr("0123456789abcdefABCDEF.:", reply.at[i]) != NULL && reply.at[i] != '\0')
			i++;
		struct span text = { reply.at + start, i - start };

		while (text.len > 0 && (text.at[text.len - 1] == '.' || text.at[text.len - 1] == ':'))
			text.len--;
		if (text.len >= 7 && span_to_address(text, address) && !span_equal(text, relay_ip)) {
			health_copy(pair->row.named, sizeof(pair->row.named), text);
			return;
		}
		if (i == start)
			i++;
	}
}

static double health_weight(const struct health_account *account)
{
	return account->attempts + 5 * account->bad;
}

static void health_account(struct health_pair *pair, const struct attempt *attempt)
{
	struct health_row *row = &pair->row;
	struct span name = span_head(attempt->envelope->account, HEALTH_NAME - 1);
	struct health_account *found = NULL;
	enum reply_class class = attempt->meaning.class;

	if (name.len == 0)
		return;
	for (size_t i = 0; i < row->account_count && found == NULL; i++)
		if (span_equal(span_of(row->accounts[i].name), name))
			found = &row->accounts[i];
	if (found == NULL && row->account_count < HEALTH_ACCOUNTS) {
		found = &row->accounts[row->account_count++];
		health_copy(found->name, HEALTH_NAME, name);
	} else if (found == NULL) {
		found = &row->accounts[0];
		for (size_t i = 1; i < HEALTH_ACCOUNTS; i++)
			if (health_weight(&row->accounts[i]) < health_weight(found))
				found = &row->accounts[i];
		health_copy(found->name, HEALTH_NAME, name);
	}
	found->attempts++;
	if (class == REPLY_CONTENT_SPAM || class == REPLY_CONTENT_MALWARE || class == REPLY_INVALID_RECIPIENT)
		found->bad++;
}

/* --- when --- */

/*
 * A line that is older than the hour came by a clock that was ahead, and is set right now: the hour is one of the past.
 * Waited for, it would be the same hour until the clock is there again, with everything in it that happens meanwhile.
 */
static void health_set_back(struct health_pair *pair, usec_t time)
{
	for (size_t i = 0; i < HEALTH_SLOTS; i++) {
		pair->past_attempts += pair->attempts[i];
		pair->past_refused += pair->refused[i];
		pair->attempts[i] = pair->refused[i] = 0;
	}
	if (pair->first_refused > time)
		pair->first_refused = time;
	pair->row.last = time;
	pair->slot = time / HEALTH_SLOT;
}

/* Slots that leave the hour go into the past. */
static void health_advance(struct health_pair *pair, usec_t time)
{
	int64_t now = time / HEALTH_SLOT, passed = now - pair->slot;

	if (passed <= -HEALTH_SLOTS)
		health_set_back(pair, time);
	if (passed <= 0)
		return;
	for (int64_t n = 1; n <= passed && n <= HEALTH_SLOTS; n++) {
		size_t i = (size_t)((pair->slot + n) % HEALTH_SLOTS);

		pair->past_attempts += pair->attempts[i];
		pair->past_refused += pair->refused[i];
		pair->attempts[i] = pair->refused[i] = 0;
	}
	double fade = exp2(-(double)passed / HEALTH_HALF_LIFE);

	pair->past_attempts *= fade;
	pair->past_refused *= fade;
	/* What accounts did is halved every day (288 slots): blame is for what happens now. */
	for (size_t i = 0; i < pair->row.account_count; i++) {
		pair->row.accounts[i].attempts *= exp2(-(double)passed / 288);
		pair->row.accounts[i].bad *= exp2(-(double)passed / 288);
	}
	pair->slot = now;
}

/* --- verdicts --- */

static int health_order(const void *a, const void *b)
{
	double left = health_weight(a), right = health_weight(b);

	return (left < right) - (left > right);
}

void health_blame_words(const struct health_account *account, char *into)
{
	snprintf(into, EVIDENCE_TEXT_SIZE, "%.100s: %.0f attempts lately, %.0f of them unwanted or to nobody",
		 account->name, account->attempts, account->bad);
}

static void health_tell(struct health *health, struct health_pair *pair, const struct attempt *attempt,
			double attempts, double refused, double usual)
{
	struct health_row *row = &pair->row;
	struct evidence evidence[1 + HEALTH_ACCOUNTS] = { { .detector = "health", .window = "1h" } };
	struct verdict verdict = { .type = "address",
				   .time = attempt->time,
				   .host = attempt->envelope->host,
				   .source = attempt->source,
				   .position = attempt->position,
				   .evidence = evidence,
				   .evidence_count = 1,
				   .first_bad = pair->first_refused };
	char account[3 * HEALTH_NAME], key[4 * HEALTH_NAME];
	bool begins = row->since == USEC_NEVER;

	evidence[0].seen = refused;
	evidence[0].of = attempts;
	evidence[0].expected = usual;
	snprintf(
		evidence[0].text, EVIDENCE_TEXT_SIZE,
		begins ? "%.0f of %.0f attempts at %.60s in 1 h refused for our address; usually %.1f %%"
		       : "%.0f of %.0f attempts at %.60s in 1 h refused; usually %.1f %%: it takes our mail again",
		refused, attempts, row->provider, usual * 100);
	qsort(row->accounts, row->account_count, sizeof(*row->accounts), health_order);
	for (size_t i = 0; begins && i < row->account_count && i < (size_t)health->options.culprits; i++) {
		struct evidence *blame = &evidence[verdict.evidence_count++];

		*blame = (struct evidence){ .detector = "account",
					    .seen = row->accounts[i].bad,
					    .of = row->accounts[i].attempts,
					    .expected = -1 };
		health_blame_words(&row->accounts[i], blame->text);
	}
	snprintf(account, sizeof(account), "%s at %s", row->named[0] != '\0' ? row->named : row->address,
		 row->provider);
	verdict.account = span_of(account);
	verdict.address = span_of(row->named[0] != '\0' ? row->named : row->address);
	verdict.provider = span_of(row->provider);
	verdict.state = begins ? STATE_FLAGGED : STATE_NORMAL;
	verdict.previous = begins ? STATE_NORMAL : STATE_FLAGGED;
	/* The same attempt found twice, from whatever file, gives the same verdict. */
	snprintf(key, sizeof(key), "%s %s %d %lld %.*s", row->address, row->provider, begins,
		 (long long)attempt->time, (int)span_head(attempt->queue_ids[0], 64).len,
		 attempt->queue_ids[0].at);
	verdict_identify(&verdict, hash_stable_more(hash_stable(span_of(key)), attempt->recipient));
	row->since = begins ? pair->first_refused : USEC_NEVER;
	if (health->verdict != NULL)
		health->verdict(health->context, &verdict);
}

/*
 * It begins at the share that is set and three times what is usual; it ends at a third of that. A provider that
 * is new is taken to refuse 2 % (0.2 of 10), and whatever is usual, nine of ten refused are told. All assumed.
 */
static void health_judge(struct health *health, struct health_pair *pair, const struct attempt *attempt)
{
	double attempts = 0, refused = 0;
	double usual = (pair->past_refused + 0.2) / (pair->past_attempts + 10);
	double limit = health->options.refused > 3 * usual ? health->options.refused : 3 * usual;

	for (size_t i = 0; i < HEALTH_SLOTS; i++) {
		attempts += pair->attempts[i];
		refused += pair->refused[i];
	}
	if (limit > 0.9)
		limit = 0.9;
	if (attempts < (double)health->options.minimum)
		return;
	if (pair->row.since == USEC_NEVER ? refused >= limit * attempts : refused < limit / 3 * attempts)
		health_tell(health, pair, attempt, attempts, refused, usual);
}

static bool health_refusal(enum reply_class class)
{
	return class == REPLY_IP_LISTED || class == REPLY_IP_BLOCKED || class == REPLY_RATE_LIMITED;
}

/* Exim's own log names no host, and without +outgoing_interface no address. */
struct span health_own(const struct attempt *attempt)
{
	if (attempt->local_ip.len > 0)
		return attempt->local_ip;
	return attempt->envelope->host.len > 0 ? attempt->envelope->host : SPAN("this server");
}

/* An attempt counts once, with its first outcome; retries tell of the same refusal again. */
bool health_counts(const struct attempt *attempt, enum attempt_stage stage)
{
	return stage == ATTEMPT_FIRST && attempt->provider.len > 0 &&
	       attempt->direction != DIRECTION_INTERNAL && attempt->time >= 0;
}

void health_attempt(struct health *health, const struct attempt *attempt, enum attempt_stage stage)
{
	struct span address = health_own(attempt);
	enum reply_class class = attempt->meaning.class;
	struct health_pair *pair;
	size_t slot;

	if (!health_counts(attempt, stage))
		return;
	pair = health_pair_of(health, address, attempt->provider, attempt->time);
	health_advance(pair, attempt->time);
	slot = (size_t)((attempt->time / HEALTH_SLOT) % HEALTH_SLOTS);
	pair->row.attempts++;
	pair->row.deferred += attempt->outcome == OUTCOME_DEFERRED;
	pair->row.classes[class]++;
	if (attempt->time > pair->row.last)
		pair->row.last = attempt->time;
	pair->attempts[slot]++;
	health_account(pair, attempt);
	if (health_refusal(class)) {
		pair->row.refused++;
		pair->refused[slot]++;
		if (pair->first_refused == USEC_NEVER)
			pair->first_refused = attempt->time;
		health_named(pair, attempt->reply, attempt->relay_ip);
	} else if (class == REPLY_DELIVERED && pair->row.since == USEC_NEVER) {
		pair->first_refused = USEC_NEVER;
	}
	health_judge(health, pair, attempt);
}

/* --- for others to ask --- */

static bool health_is_of(const struct health_row *row, struct span address)
{
	return span_equal(span_of(row->address), address) || span_equal(span_of(row->named), address);
}

static int health_name_order(const void *a, const void *b)
{
	return strcmp(((const struct health_account *)a)->name, ((const struct health_account *)b)->name);
}

/* Parts of one account at several providers become one. Returns how many are left. */
static size_t health_sum(struct health_account *parts, size_t count)
{
	size_t sums = 0;

	qsort(parts, count, sizeof(*parts), health_name_order);
	for (size_t i = 0; i < count; i++) {
		if (sums == 0 || strcmp(parts[sums - 1].name, parts[i].name) != 0) {
			parts[sums++] = parts[i];
			continue;
		}
		parts[sums - 1].attempts += parts[i].attempts;
		parts[sums - 1].bad += parts[i].bad;
	}
	return sums;
}

size_t health_blame(const struct health *health, struct span address, struct health_account *accounts,
		    size_t most)
{
	size_t pairs = map_stats(health->pairs).count, count = 0;
	struct health_account *parts = memory_new(pairs * HEALTH_ACCOUNTS, sizeof(*parts));
	bool known = false;

	for (void *at = map_oldest(health->pairs); at != NULL && !known; at = map_newer(health->pairs, at))
		known = health_is_of(&((const struct health_pair *)at)->row, address);
	for (void *at = map_oldest(health->pairs); at != NULL; at = map_newer(health->pairs, at)) {
		const struct health_row *row = &((const struct health_pair *)at)->row;

		if (known && !health_is_of(row, address))
			continue;
		memcpy(&parts[count], row->accounts, row->account_count * sizeof(*parts));
		count += row->account_count;
	}
	count = health_sum(parts, count);
	qsort(parts, count, sizeof(*parts), health_order);
	count = count < most ? count : most;
	memcpy(accounts, parts, count * sizeof(*parts));
	free(parts);
	return count;
}

static int health_row_order(const void *a, const void *b)
{
	const struct health_row *left = a, *right = b;

	if (left->refused != right->refused)
		return left->refused < right->refused ? 1 : -1;
	if (left->attempts != right->attempts)
		return left->attempts < right->attempts ? 1 : -1;
	return strcmp(left->provider, right->provider);
}

struct health_row *health_rows(const struct health *health, size_t *count_r)
{
	size_t count = map_stats(health->pairs).count, n = 0;
	struct health_row *rows = memory_new(count, sizeof(*rows));

	for (void *record = map_oldest(health->pairs); record != NULL && n < count;
	     record = map_newer(health->pairs, record))
		rows[n++] = ((const struct health_pair *)record)->row;
	for (size_t i = 0; i < n; i++)
		qsort(rows[i].accounts, rows[i].account_count, sizeof(rows[i].accounts[0]), health_order);
	qsort(rows, n, sizeof(*rows), health_row_order);
	*count_r = n;
	return rows;
}

void health_pack(const struct health *health, struct text *into)
{
	map_pack(health->pairs, sizeof(struct health_pair), into);
}

static bool health_sound(void *record)
{
	struct health_pair *pair = record;
	struct health_row *row = &pair->row;

	row->address[sizeof(row->address) - 1] = row->provider[sizeof(row->provider) - 1] = '\0';
	row->named[sizeof(row->named) - 1] = '\0';
	for (int i = 0; i < HEALTH_ACCOUNTS; i++)
		row->accounts[i].name[HEALTH_NAME - 1] = '\0';
	return row->account_count <= HEALTH_ACCOUNTS;
}

bool health_unpack(struct health *health, struct unpack *from)
{
	return map_unpack(health->pairs, sizeof(struct health_pair), health_sound, from);
}
