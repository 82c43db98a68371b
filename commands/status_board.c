/*
 * Some milliseconds at most, at most once a second: of accounts only those are looked at that are not normal, and
 * of them the worst are kept.
 */
#define _GNU_SOURCE
#include "commands/status_board.h"

#include "commands/in_force.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void board_copy(char *into, size_t room, struct span text)
{
	text = text_utf8_head(text, room - 1);
	if (text.len > 0)
		memcpy(into, text.at, text.len);
	into[text.len] = '\0';
}

void board_locate(const struct watch_work *work, struct board_client *client)
{
	struct span country = pipeline_country(work->pipeline, span_of(client->address));

	board_copy(client->country, sizeof(client->country), country);
}

static void board_trail(const struct watch_work *work, const struct trail *trail,
			struct board_account *account)
{
	struct verdict verdict = { .type = NULL };
	struct verdict_sample samples[VERDICT_SAMPLES];

	trail_show(trail, &verdict, samples);
	for (size_t i = 0; i < verdict.client_count; i++) {
		struct board_client *client = &account->clients[account->client_count++];

		board_copy(client->address, sizeof(client->address), verdict.clients[i]);
		board_locate(work, client);
	}
	for (size_t i = 0; i < verdict.sample_count; i++) {
		struct board_sample *sample = &account->samples[account->sample_count++];

		board_copy(sample->queue_id, sizeof(sample->queue_id), samples[i].queue_id);
		board_copy(sample->recipient, sizeof(sample->recipient), samples[i].recipient);
		board_copy(sample->reply, sizeof(sample->reply), samples[i].reply);
		sample->class = samples[i].class;
	}
}

static void board_fill(const struct watch_work *work, const struct record *record,
		       struct board_account *account)
{
	*account = (struct board_account){
		.name = memory_copy(span_of(record->name)),
		.kind = record->kind,
		.standing = record->standing,
		.habit = record->habit,
		.now = record->now,
		.correspondents = record_correspondents(record),
	};
	windows_sum(&record->windows, record->now, account->sums);
	windows_series(&record->windows, record->now, HORIZON_24H, account->hours);
	windows_series(&record->windows, record->now, HORIZON_7D, account->days);
	account->stopped = act_case_of(work->lasting->act, span_of(record->name), &account->in_force);
	if (record->trail != NULL)
		board_trail(work, record->trail, account);
}

struct board_account *board_account_of(const struct watch_work *work, struct span name)
{
	struct store *store = pipeline_store(work->pipeline);
	const struct record *record = store->calls->record(store, name, false);
	struct board_account *account;

	if (record == NULL)
		return NULL;
	account = memory_new(1, sizeof(*account));
	board_fill(work, record, account);
	return account;
}

void board_account_free(struct board_account *account)
{
	if (account == NULL)
		return;
	free(account->name);
	free(account);
}

/* Worse: a higher state of what goes on (released comes last), then the later one. */
static int board_rank(const struct record *record)
{
	static const int ranks[] = { [STATE_NORMAL] = 0,
				     [STATE_RELEASED] = 1,
				     [STATE_WATCH] = 2,
				     [STATE_FLAGGED] = 3,
				     [STATE_DISABLED] = 4 };

	return ranks[record->standing.state];
}

static int board_order(const void *a, const void *b)
{
	const struct record *one = *(const struct record *const *)a,
			    *other = *(const struct record *const *)b;
	int rank = board_rank(other) - board_rank(one);

	if (rank != 0)
		return rank;
	if (one->standing.since != other->standing.since)
		return one->standing.since < other->standing.since ? 1 : -1;
	return strcmp(one->name, other->name);
}

static void board_accounts(const struct watch_work *work, struct board *board)
{
	struct store *store = pipeline_store(work->pipeline);
	size_t names, count = 0;
	const char *const *raised = judge_raised(pipeline_judge(work->pipeline), &names);
	const struct record **records = memory_new(names + 1, sizeof(*records));

	for (size_t i = 0; i < names; i++) {
		const struct record *record = store->calls->record(store, span_of(raised[i]), false);

		if (record != NULL && record->standing.state != STATE_NORMAL)
			records[count++] = record;
	}
	if (count > 0)
		qsort(records, count, sizeof(const struct record *), board_order);
	board->accounts = memory_new(count < BOARD_ACCOUNTS ? count + 1 : BOARD_ACCOUNTS,
				     sizeof(*board->accounts));
	/* A name may stand there twice; its records then stand beside each other. */
	for (size_t i = 0; i < count && board->account_count < BOARD_ACCOUNTS; i++)
		if (i == 0 || records[i] != records[i - 1])
			board_fill(work, records[i], &board->accounts[board->account_count++]);
	free(records);
}

static void board_order_add(void *context, const struct in_force *order)
{
	struct board *board = context;
	struct board_order *added;

	if (board->order_count == BOARD_ORDERS)
		return;
	board->orders = memory_grow(board->orders, board->order_count + 1, sizeof(*board->orders));
	added = &board->orders[board->order_count++];
	*added = (struct board_order){ .account = memory_copy(order->account),
				       .action = order->action,
				       .ends = order->ends,
				       .since = order->since,
				       .until = order->until };
	board_copy(added->by, sizeof(added->by), order->by);
	board_copy(added->reason, sizeof(added->reason), order->reason);
}

static int board_newer(const void *a, const void *b)
{
	const struct board_order *one = a, *other = b;

	return one->since == other->since ? 0 : one->since < other->since ? 1 : -1;
}

static void board_orders(const struct watch_work *work, struct board *board)
{
	act_in_force(work->lasting->act, board_order_add, board);
	if (board->order_count > 0)
		qsort(board->orders, board->order_count, sizeof(*board->orders), board_newer);
}

static void board_sources(const struct watch_work *work, struct board *board)
{
	const struct blindness *blindness = &work->blindness;
	struct collector_source source;
	usec_t now = clock_monotonic();

	board->sources = memory_new(BOARD_SOURCES, sizeof(*board->sources));
	for (uint32_t i = 0; collector_source(work->collector, i, &source); i++) {
		const struct blindness_source *habit = source.number < BLINDNESS_SOURCES
							       ? &blindness->sources[source.number]
							       : NULL;

		board->behind += source.behind;
		if (board->source_count == BOARD_SOURCES)
			continue;
		board->sources[board->source_count++] = (struct board_source){
			.name = memory_copy(span_of(source.name)),
			.position = source.position,
			.behind = source.behind,
			.time = habit != NULL && habit->time != 0 ? habit->time : USEC_NEVER,
			.silence = habit != NULL && habit->heard != 0 ? now - habit->heard : -1,
			.open = source.open,
			.silent = habit != NULL && habit->silent,
			.trouble = memory_copy(span_of(source.trouble)),
		};
	}
}

static void board_targets(const struct watch_work *work, struct board *board)
{
	struct deliver_target target;

	for (size_t i = 0; deliver_target_at(work->deliver, i, &target); i++) {
		board->targets = memory_grow(board->targets, i + 1, sizeof(*board->targets));
		board->targets[i] = (struct board_target){
			.label = memory_copy(span_of(target.label)),
			.waiting = target.waiting,
			.oldest = target.oldest,
			.taken = target.taken,
			.failed = target.failed,
			.trouble = memory_copy(span_of(target.trouble)),
		};
		board->target_count = i + 1;
	}
}

static void board_blocklists(const struct watch_work *work, struct board *board)
{
	const struct dnsbl_memory *known;

	if (work->dnsbl == NULL)
		return;
	known = dnsbl_known(work->dnsbl);
	board->dnsbl_on = true;
	board->dnsbl = dnsbl_stats(work->dnsbl);
	board->listings.rows = memory_new(known->row_count + 1, sizeof(*known->rows));
	board->listings.sides = memory_new(known->side_count + 1, sizeof(*known->sides));
	for (size_t i = 0; i < known->row_count; i++)
		if (known->rows[i].state == DNSBL_LISTED)
			board->listings.rows[board->listings.row_count++] = known->rows[i];
	for (size_t i = 0; i < known->side_count; i++)
		if (known->sides[i].fault != DNSBL_FINE)
			board->listings.sides[board->listings.side_count++] = known->sides[i];
}

static void board_store(const struct watch_work *work, struct board *board)
{
	struct store *store = pipeline_store(work->pipeline);
	struct error why = { "" };
	usec_t away = store_away(store, &why);

	board->store = store->calls->stats(store);
	board->store_name = store->calls->name;
	board->shared = pipeline_is_shared(work->pipeline);
	board->away = away == USEC_NEVER ? -1 : clock_monotonic() - away;
	if (away != USEC_NEVER)
		board_copy(board->away_why, sizeof(board->away_why), span_of(why.text));
}

/* Those that have a name of their own here have no dot in it. */
static struct board_provider *board_provider(struct board *board, const struct health_row *row)
{
	const char *name = strchr(row->provider, '.') == NULL ? row->provider : "other";
	struct board_provider *provider;

	for (size_t i = 0; i < board->provider_count; i++)
		if (strcmp(board->providers[i].provider, name) == 0 &&
		    strcmp(board->providers[i].address, row->address) == 0)
			return &board->providers[i];
	if (board->provider_count == BOARD_PROVIDERS)
		return NULL;
	provider = &board->providers[board->provider_count++];
	board_copy(provider->address, sizeof(provider->address), span_of(row->address));
	board_copy(provider->provider, sizeof(provider->provider), span_of(name));
	return provider;
}

static void board_health(const struct watch_work *work, struct board *board)
{
	board->rows = health_rows(work->health, &board->row_count);
	board->providers = memory_new(BOARD_PROVIDERS, sizeof(*board->providers));
	for (size_t i = 0; i < board->row_count; i++) {
		const struct health_row *row = &board->rows[i];
		struct board_provider *provider = board_provider(board, row);

		if (provider == NULL)
			continue;
		provider->attempts += row->attempts;
		provider->deferred += row->deferred;
		provider->refused += row->refused;
		provider->refusing += row->since != USEC_NEVER;
	}
	if (board->row_count > BOARD_ROWS) {
		board->row_count = BOARD_ROWS;
		board->rows = memory_grow(board->rows, BOARD_ROWS, sizeof(*board->rows));
	}
}

struct board *board_new(const struct board_view *view)
{
	const struct watch_work *work = view->work;
	struct board *board = memory_new(1, sizeof(*board));

	board->made = clock_now();
	board->made_clock = clock_monotonic();
	board->idle = board->made_clock - view->idle;
	(void)gethostname(board->host, sizeof(board->host) - 1);
	board->ready = view->ready;
	board->waits = view->waits;
	board->pipeline = pipeline_stats(work->pipeline);
	board->coverage = pipeline_coverage(&board->pipeline);
	board->collector = collector_stats(work->collector);
	board->tally = *view->tally;
	board->dim = work->blindness.dim;
	board->saved = board->made_clock - view->saved;
	board->outbox = deliver_stats(work->deliver);
	board->act = act_stats(work->lasting->act);
	board_store(work, board);
	board_sources(work, board);
	board_targets(work, board);
	board_accounts(work, board);
	board_orders(work, board);
	board_blocklists(work, board);
	board_health(work, board);
	return board;
}

void board_free(struct board *board)
{
	if (board == NULL)
		return;
	for (size_t i = 0; i < board->source_count; i++) {
		free(board->sources[i].name);
		free(board->sources[i].trouble);
	}
	for (size_t i = 0; i < board->target_count; i++) {
		free(board->targets[i].label);
		free(board->targets[i].trouble);
	}
	for (size_t i = 0; i < board->account_count; i++)
		free(board->accounts[i].name);
	for (size_t i = 0; i < board->order_count; i++)
		free(board->orders[i].account);
	free(board->orders);
	free(board->sources);
	free(board->targets);
	free(board->accounts);
	free(board->listings.rows);
	free(board->listings.sides);
	free(board->rows);
	free(board->providers);
	free(board);
}
