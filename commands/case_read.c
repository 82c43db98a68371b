/*
 * The second reading: the same lines through the same parsers and ledger, without a judge, since it is known by
 * now whom to look at. An attempt counts by its first answer where the picture shows when, and by its last where
 * it is told what became of it.
 */
#define _GNU_SOURCE
#include "commands/case.h"

#include "base/hash.h"
#include "base/memory.h"
#include "commands/case_cause.h"
#include "commands/case_files.h"
#include "commands/options.h"
#include "commands/progress.h"
#include "parsers/account.h"
#include "responders/payload.h"

#include <stdlib.h>

#define CASE_FAILED_BEFORE (7 * USEC_DAY) /* failed logins that may belong to an incident */

static const unsigned char samples_most[CASE_SHOWS] = {
	[CASE_SUBMITTED] = 3,
	[CASE_LOGIN] = 2,
	[CASE_FAILED] = 3,
	[CASE_RESULT + (int) CHART_DELIVERED] = 2,
	[CASE_RESULT + (int) CHART_DELAYED] = 1,
	[CASE_RESULT + (int) CHART_INVALID] = 3,
	[CASE_RESULT + (int) CHART_SPAM] = 3,
	[CASE_RESULT + (int) CHART_BLOCKED] = 3,
	[CASE_RESULT + (int) CHART_REFUSED] = 2,
};

/* The line that is being read. */
static void account_sample(const struct casebook *book, struct case_account *account, enum case_show show,
			   usec_t time)
{
	struct span line = text_utf8_head(book->line.text, CASE_LINE);
	unsigned of_kind = 0;

	for (size_t i = 0; i < account->sample_count; i++)
		of_kind += account->samples[i].show == show;
	if (of_kind == samples_most[show] || account->sample_count == CASE_SAMPLES)
		return;
	account->samples[account->sample_count++] = (struct case_sample){
		.time = time,
		.line = memory_copy(line),
		.show = show,
		.cut = line.len < book->line.text.len,
	};
}

/* --- addresses --- */

static void client_country(const struct casebook *book, struct case_client *client)
{
	struct span country = { NULL, 0 };
	uint8_t bytes[16];

	if (book->geo != NULL && span_to_address(span_of(client->address), bytes))
		country = geo_country(book->geo, bytes);
	if (country.len == 2)
		memcpy(client->country, country.at, 2);
}

/* Room for one more: those that only failed to log in give way to those that got in. */
static struct case_client *client_room(struct case_account *account, bool failed)
{
	struct case_client *last = NULL;
	size_t failing = 0;

	if (account->client_count == account->client_room && account->client_room < CASE_CLIENTS) {
		account->client_room = account->client_room == 0 ? 8 : account->client_room * 2;
		if (account->client_room > CASE_CLIENTS)
			account->client_room = CASE_CLIENTS;
		account->clients = memory_grow(account->clients, account->client_room,
					       sizeof(*account->clients));
	}
	if (account->client_count < (failed ? CASE_CLIENTS / 2 : CASE_CLIENTS))
		return &account->clients[account->client_count++];
	for (size_t i = account->client_count; i-- > 0 && !failed;) {
		const struct case_client *client = &account->clients[i];

		if (client->recipients + client->before + client->logins > 0)
			continue;
		last = &account->clients[i];
		failing++;
	}
	if (failed || failing > CASE_FAILING)
		account->failing++;
	return failing > CASE_FAILING ? last : NULL;
}

static struct case_client *account_client(const struct casebook *book, struct case_account *account,
					  struct span address, bool failed)
{
	uint32_t hash = (uint32_t)hash_text(address);
	struct case_client *client;

	if (address.len == 0 || address.len >= sizeof(client->address))
		return NULL;
	for (size_t i = 0; i < account->client_count; i++) {
		size_t at = (account->client_at + i) % account->client_count;

		if (account->clients[at].hash == hash &&
		    span_equal(span_of(account->clients[at].address), address)) {
			account->client_at = at;
			return &account->clients[at];
		}
	}
	client = client_room(account, failed);
	if (client == NULL)
		return NULL;
	*client = (struct case_client){ .hash = hash, .first = USEC_NEVER, .last = USEC_NEVER };
	memcpy(client->address, address.at, address.len);
	client_country(book, client);
	return client;
}

static void account_from(const struct casebook *book, struct case_account *account,
			 const struct attempt *attempt, enum chart_kind kind, bool within)
{
	const struct envelope *envelope = attempt->envelope;
	struct case_client *client = account_client(book, account, envelope->client_ip, false);

	if (client == NULL) {
		account->clients_lost += within && envelope->client_ip.len > 0;
		return;
	}
	case_client_seen(client, attempt->time);
	if (client->helo[0] == '\0' && envelope->helo.len > 0) {
		struct span helo = text_utf8_head(envelope->helo, sizeof(client->helo) - 1);

		memcpy(client->helo, helo.at, helo.len);
	}
	if (within) {
		client->mailed_first = client->recipients == 0 ? attempt->time : client->mailed_first;
		client->mailed_last = attempt->time;
		client->recipients++;
		account->own += client->before > 0;
		client->bad += kind == CHART_INVALID || kind == CHART_SPAM;
	} else {
		client->before += attempt->time < account->since;
	}
}

/* --- attempts --- */

/* A message comes in a moment before its first recipient counts. */
static bool account_within(const struct case_account *account, const struct envelope *envelope)
{
	return account->since == USEC_NEVER || envelope->time >= account->since - USEC_MINUTE;
}

static void account_first(const struct casebook *book, struct case_account *account,
			  const struct attempt *attempt)
{
	const struct envelope *envelope = attempt->envelope;
	enum chart_kind kind = chart_kind_of(attempt->meaning.class, attempt->outcome);
	bool within = account_within(account, envelope);

	case_series_add(&account->whole, attempt->time, kind);
	if (attempt->time >= account->from && attempt->time <= account->until)
		case_series_add(&account->incident, attempt->time, kind);
	account_from(book, account, attempt, kind, within);
	if (!within) {
		account->before++;
		return;
	}
	account->recipients++;
	account->first[kind]++;
	if (account->customer == NULL && envelope->customer.len > 0)
		account->customer = memory_copy(envelope->customer);
	case_tally_add(&account->providers,
		       attempt->provider.len > 0 ? attempt->provider : SPAN("(not reached)"), kind,
		       CASE_PROVIDERS);
	case_tally_add(&account->senders, envelope->sender.len > 0 ? envelope->sender : SPAN("<>"), kind,
		       CASE_WORDS);
	if (envelope->subject.len > 0)
		case_tally_add(&account->subjects, envelope->subject, kind, CASE_WORDS);
	if (attempt->position == book->line.position && attempt->source == book->line.source)
		account_sample(book, account, (enum case_show)(CASE_RESULT + (int)kind), attempt->time);
}

static void account_last(const struct casebook *book, struct case_account *account,
			 const struct attempt *attempt)
{
	if (account_within(account, attempt->envelope)) {
		account->last[chart_kind_of(attempt->meaning.class, attempt->outcome)]++;
		account->classes[attempt->meaning.class]++;
		account->waiting += attempt->outcome == OUTCOME_DEFERRED;
	}
	if (book->with.attempts != NULL && account->worst == STATE_FLAGGED) {
		char *json = payload_attempt(attempt);

		fprintf(book->with.attempts, "%s\n", json);
		free(json);
	}
}

static void book_refused(struct casebook *book, const struct attempt *attempt)
{
	const struct reply_rule *rule = attempt->meaning.rule;
	struct text words = { .at = NULL };

	if (rule == NULL || rule->delist == NULL ||
	    chart_kind_of(attempt->meaning.class, attempt->outcome) != CHART_BLOCKED)
		return;
	text_add(&words, rule->provider != NULL ? span_of(rule->provider) : attempt->provider);
	text_add(&words, SPAN(": "));
	text_add(&words, span_of(rule->delist));
	case_tally_add(&book->delist, text_span(&words), CHART_BLOCKED, CASE_PROVIDERS);
	text_free(&words);
}

static void book_attempt(void *context, const struct attempt *attempt, enum attempt_stage stage)
{
	struct casebook *book = context;
	const struct envelope *envelope = attempt->envelope;
	struct case_account *account;

	if (stage == ATTEMPT_FIRST) {
		health_attempt(book->health, attempt, stage);
		book_refused(book, attempt);
	}
	if (stage == ATTEMPT_CHANGED || envelope->account_kind == ACCOUNT_NONE ||
	    attempt->direction != DIRECTION_OUTBOUND)
		return;
	if (stage == ATTEMPT_FIRST)
		case_shared_used(book->shared, envelope->client_ip, envelope->account);
	account = casebook_find(book, envelope->account);
	if (account == NULL)
		return;
	if (stage == ATTEMPT_FIRST)
		account_first(book, account, attempt);
	else
		account_last(book, account, attempt);
}

/* --- logins, submissions --- */

static void account_login_failed(const struct casebook *book, struct case_account *account,
				 const struct login *login)
{
	struct case_client *client;

	if (account->since != USEC_NEVER && login->time < account->since - CASE_FAILED_BEFORE)
		return;
	if (account->since != USEC_NEVER && login->time >= account->since) {
		account->failed_late += login->repeat;
	} else {
		account->failed += login->repeat;
		account->failed_last = login->time;
	}
	account_sample(book, account, CASE_FAILED, login->time);
	client = account_client(book, account, login->client_ip, true);
	if (client == NULL)
		return;
	case_client_seen(client, login->time);
	client->failed += login->repeat;
	if (client->logins + client->recipients + client->before == 0)
		client->failed_first += login->repeat;
}

static void book_login(void *context, const struct login *login)
{
	struct casebook *book = context;
	struct case_account *account;
	struct case_client *client;

	if (login->account.len == 0)
		return;
	if (login->succeeded)
		case_shared_used(book->shared, login->client_ip, login->account);
	else
		case_shared_failed(book->shared, login->client_ip, login->account);
	account = casebook_find(book, login->account);
	if (account == NULL)
		return;
	if (!login->succeeded) {
		account_login_failed(book, account, login);
		return;
	}
	client = account_client(book, account, login->client_ip, false);
	if (client == NULL)
		return;
	case_client_seen(client, login->time);
	client->logins += login->repeat;
	if (client->before == 0 && account->since != USEC_NEVER &&
	    login->time >= account->since - CASE_FAILED_BEFORE)
		account_sample(book, account, CASE_LOGIN, login->time);
}

/* The line with which a message of an account came in. */
static void book_event(void *context, const struct line *line, const struct frame *frame,
		       const struct event *event)
{
	struct casebook *book = context;
	struct case_account *account = NULL;
	struct account_name name;
	struct span named;

	(void)line;
	if (event->kind != EVENT_CLIENT && event->kind != EVENT_SCRIPT)
		return;
	named = options_named(book->with.options, event, &name);
	if (named.len > 0)
		account = casebook_find(book, named);
	if (account == NULL || account->since == USEC_NEVER || frame->time < account->since)
		return;
	for (size_t i = 0; i < account->client_count; i++)
		if (account->clients[i].before > 0 && account->sample_count > 0 &&
		    span_equal(span_of(account->clients[i].address), event->client_ip))
			return; /* the owner's own */
	account_sample(book, account, CASE_SUBMITTED, frame->time);
}

static bool book_line(void *context, const struct line *line, usec_t time)
{
	struct casebook *book = context;

	book->line = *line;
	case_files_line(book, line, time);
	return true;
}

static void book_trouble(void *context, const char *words)
{
	(void)context, (void)words; /* was told when it was read first */
}

static void *book_opened(void *context, const char *path, usec_t written)
{
	struct casebook *book = context;
	void *opened = book->calls.opened(book->calls.context, path, written);

	case_files_opened(book, path, opened);
	return opened;
}

static void book_closed(void *context, void *opened)
{
	struct casebook *book = context;

	book->calls.closed(book->calls.context, opened);
}

#define CASE_BARS 150 /* that a picture has room for */

/* An incident and a fifth of it before and after, within what the logs cover. */
static void account_window(const struct casebook *book, const struct case_account *account, usec_t *from_r,
			   usec_t *until_r)
{
	usec_t pad, first = book->stats.first, last = book->stats.last;
	usec_t from = account->began == USEC_NEVER ? first : account->began;
	usec_t until = account->sent == USEC_NEVER || account->sent < from ? last : account->sent;

	pad = (until - from) / 5;
	pad = pad < USEC_HOUR / 4 ? USEC_HOUR / 4 : pad;
	*from_r = from - pad > first ? from - pad : first;
	*until_r = until + pad < last ? until + pad : last;
}

/* One of the strangers' addresses: what an owner sends from a new place in between is little, and good. */
static bool client_is_theirs(const struct case_account *account, const struct case_client *client)
{
	return case_client_strange(client) &&
	       (client->bad > 0 || (uint64_t)client->recipients * 50 > account->recipients - account->own);
}

/* Windows say since when to the hour or the day; strangers' own mail says it to the second, and when it ended. */
static void account_strangers(struct case_account *account)
{
	usec_t first = USEC_NEVER, last = USEC_NEVER;

	if (account->worst != STATE_FLAGGED || account->own * 2 > account->recipients || account->before == 0)
		return;
	for (size_t i = 0; i < account->client_count; i++) {
		const struct case_client *client = &account->clients[i];

		if (!client_is_theirs(account, client))
			continue;
		first = first == USEC_NEVER || client->mailed_first < first ? client->mailed_first : first;
		last = client->mailed_last > last ? client->mailed_last : last;
	}
	if (first == USEC_NEVER)
		return;
	account->began = first;
	account->sent = last;
}

/* What is known only now that all was read. */
static void account_finish(const struct casebook *book, struct case_account *account)
{
	account->began = account->began == USEC_NEVER ? account->flagged : account->began;
	account_strangers(account);
	account_window(book, account, &account->shown_from, &account->shown_until);
	case_series_widen(&account->incident, (account->shown_until - account->shown_from) / CASE_BARS);
	case_series_widen(&account->whole, (book->stats.last - book->stats.first) / CASE_BARS);
	case_tally_sort(&account->providers);
	case_tally_sort(&account->senders);
	case_tally_sort(&account->subjects);
}

static bool book_run(struct casebook *book, struct pipeline *pipeline, struct error *error)
{
	const struct arguments *arguments = book->with.arguments;
	struct collector_calls calls;

	book->calls = calls = pipeline_calls(pipeline);
	calls.context = book;
	calls.opened = book_opened;
	calls.closed = book_closed;
	calls.trouble = book_trouble;
	book->reader = collector_replay(arguments->names, arguments->count, &calls, error);
	if (book->reader == NULL)
		return false;
	progress_run(pipeline, book->reader, arguments, false);
	pipeline_finish(pipeline);
	collector_close(&book->reader);
	book->second = pipeline_stats(pipeline);
	return true;
}

static void book_warn(void *context, const struct verdict *verdict)
{
	(void)context, (void)verdict; /* the table of addresses says it all */
}

bool casebook_read(struct casebook *book, const struct collector_stats *collector,
		   const struct pipeline_stats *stats, struct error *error)
{
	const struct pipeline_sink sink = { .context = book,
					    .line = book_line,
					    .event = book_event,
					    .attempt = book_attempt,
					    .login = book_login,
					    .trouble = book_trouble,
					    .want_done = true };
	const struct options *options = book->with.options;
	struct pipeline *pipeline;
	bool good;

	book->collector = *collector;
	book->stats = *stats;
	if (options->judge.geo != NULL && (book->geo = geo_open(options->judge.geo, error)) == NULL)
		return false;
	pipeline = pipeline_new(options, &sink, error);
	if (pipeline == NULL)
		return false;
	book->health = health_new(&options->health, book_warn, NULL);
	book->shared = case_shared_new();
	for (size_t i = 0; i < book->count; i++)
		account_window(book, &book->accounts[i], &book->accounts[i].from, &book->accounts[i].until);
	good = book_run(book, pipeline, error);
	pipeline_free(&pipeline);
	for (size_t i = 0; i < book->count; i++)
		account_finish(book, &book->accounts[i]);
	case_tally_sort(&book->delist);
	case_files_finish(book);
	return good;
}
