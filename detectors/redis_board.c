/*
 * One batch at a time: what is to be written, and one question. The worker's thread copies the answers; they are
 * told when the main thread asks.
 *
 * To begin, the stream's last entry is asked for, and only when that is known the hash: what is written in between
 * is then read twice rather than never.
 */
#define _GNU_SOURCE
#include "detectors/redis_board.h"

#include "base/memory.h"
#include "base/text.h"
#include "detectors/redis_worker.h"

#include <stdio.h>
#include <stdlib.h>

#define BOARD_PAGE   200     /* entries read, values written at a time */
#define BOARD_STREAM "10000" /* entries, some MiB: who was away for more of them reads the hash instead */
#define BOARD_ID     48      /* bytes: two numbers of 64 bits, a hyphen and an end are 42 */

/* KEYS: hash, stream. ARGV: field, value. Answers with the value that holds. */
static const char write_script[] = "local old = redis.call('HGET', KEYS[1], ARGV[1])\n"
				   "if old and old >= ARGV[2] then return old end\n"
				   "redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])\n"
				   "redis.call('XADD', KEYS[2], 'MAXLEN', '~', " BOARD_STREAM
				   ", '*', ARGV[1], ARGV[2])\n"
				   "return ARGV[2]\n";
static const char drop_script[] = "if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then\n"
				  "redis.call('HDEL', KEYS[1], ARGV[1]) end\n"
				  "return ''\n";

enum board_question { BOARD_LAST, BOARD_ALL, BOARD_FOLLOW };

struct board_pair {
	char *field, *value;
	bool drop;
};

struct board_pairs {
	struct board_pair *items;
	size_t count, room;
};

struct redis_board {
	const struct redis_options *options;
	struct redis_board_calls calls;
	struct redis_worker *worker;
	char *hash, *stream;
	struct board_pairs puts; /* waiting */
	/* The batch that is under way; the worker's until it is idle. */
	struct board_pairs sent, answers;
	struct redis_call batch[BOARD_PAGE + 1];
	enum board_question question;
	char last[BOARD_ID]; /* the entry that was read last */
	bool under_way, whole_page, torn;
	usec_t due, resync, look;
};

static void pairs_add(struct board_pairs *pairs, struct span field, struct span value, bool drop)
{
	if (pairs->count == pairs->room) {
		pairs->room = pairs->room == 0 ? 16 : pairs->room * 2;
		pairs->items = memory_grow(pairs->items, pairs->room, sizeof(*pairs->items));
	}
	pairs->items[pairs->count++] = (struct board_pair){ memory_copy(field), memory_copy(value), drop };
}

static void pairs_clear(struct board_pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		free(pairs->items[i].field);
		free(pairs->items[i].value);
	}
	free(pairs->items);
	*pairs = (struct board_pairs){ 0 };
}

/* Both in one slot of a cluster. */
static void board_keys(const struct redis_options *options, char **hash_r, char **stream_r)
{
	struct text hash = { 0 }, stream = { 0 };

	text_add_format(&hash, "%s:{orders}", options->prefix);
	text_add_format(&stream, "%s:{orders}:new", options->prefix);
	*hash_r = hash.at;
	*stream_r = stream.at;
}

struct redis_board *redis_board_start(const struct redis_options *options,
				      const struct redis_board_calls *calls, struct error *error)
{
	struct redis_board *board = memory_new(1, sizeof(*board));

	board->options = options;
	board->calls = *calls;
	board_keys(options, &board->hash, &board->stream);
	board->worker = redis_worker_start(options, error);
	if (board->worker == NULL)
		redis_board_stop(&board);
	return board;
}

void redis_board_stop(struct redis_board **board)
{
	if (*board == NULL)
		return;
	redis_worker_stop(&(*board)->worker);
	pairs_clear(&(*board)->puts);
	pairs_clear(&(*board)->sent);
	pairs_clear(&(*board)->answers);
	free((*board)->hash);
	free((*board)->stream);
	free(*board);
	*board = NULL;
}

void redis_board_put(struct redis_board *board, struct span field, struct span value)
{
	pairs_add(&board->puts, field, value, false);
	board->due = 0;
}

void redis_board_drop(struct redis_board *board, struct span field, struct span value)
{
	pairs_add(&board->puts, field, value, true);
}

/* --- in the worker's thread --- */

static void write_answered(struct redis_call *call, const struct redis_reply *reply)
{
	struct redis_board *board = call->context;
	const struct board_pair *sent = &board->sent.items[call - board->batch];

	if (!sent->drop && reply->kind == REDIS_TEXT)
		pairs_add(&board->answers, span_of(sent->field), reply->text, false);
}

static void board_read_last(struct redis_board *board, struct span id)
{
	snprintf(board->last, sizeof(board->last), "%.*s", SPAN_ARGS(id));
}

static void last_answered(struct redis_call *call, const struct redis_reply *reply)
{
	struct redis_board *board = call->context;
	struct redis_reply entry = redis_member(reply, 0);

	board_read_last(board, reply->count > 0 ? redis_member(&entry, 0).text : SPAN("0-0"));
}

static void all_answered(struct redis_call *call, const struct redis_reply *reply)
{
	struct redis_board *board = call->context;

	for (size_t i = 0; i + 1 < reply->count; i += 2)
		pairs_add(&board->answers, redis_member(reply, i).text, redis_member(reply, i + 1).text,
			  false);
}

/* Entries from the one that was read last: without it, something is lost. */
static void follow_answered(struct redis_call *call, const struct redis_reply *reply)
{
	struct redis_board *board = call->context;
	struct redis_reply first = redis_member(reply, 0);
	bool begun = strcmp(board->last, "0-0") != 0;

	board->whole_page = reply->count > BOARD_PAGE;
	board->torn = begun &&
		      (reply->count == 0 || !span_equal(redis_member(&first, 0).text, span_of(board->last)));
	for (size_t i = begun ? 1 : 0; i < reply->count && !board->torn; i++) {
		struct redis_reply entry = redis_member(reply, i), texts = redis_member(&entry, 1);

		pairs_add(&board->answers, redis_member(&texts, 0).text, redis_member(&texts, 1).text, false);
		board_read_last(board, redis_member(&entry, 0).text);
	}
}

/* --- in the main thread --- */

static struct redis_call board_write(const char *hash, const char *stream, const struct board_pair *pair)
{
	return (struct redis_call){
		.key = span_of(hash),
		.words = { SPAN("EVAL"), span_of(pair->drop ? drop_script : write_script), SPAN("2"),
			   span_of(hash), span_of(stream), span_of(pair->field), span_of(pair->value) },
		.count = 7,
		.answered = write_answered,
	};
}

static struct redis_call board_ask(const struct redis_board *board)
{
	const struct span hash = span_of(board->hash), stream = span_of(board->stream);
	struct redis_call call = { .key = hash, .count = 6 };

	switch (board->question) {
	case BOARD_LAST:
		call.answered = last_answered;
		memcpy(call.words,
		       (struct span[]){ SPAN("XREVRANGE"), stream, SPAN("+"), SPAN("-"), SPAN("COUNT"),
					SPAN("1") },
		       6 * sizeof(struct span));
		break;
	case BOARD_ALL:
		call.answered = all_answered;
		call.words[0] = SPAN("HGETALL");
		call.words[1] = hash;
		call.count = 2;
		break;
	case BOARD_FOLLOW:
		call.answered = follow_answered;
		memcpy(call.words,
		       (struct span[]){ SPAN("XRANGE"), stream, span_of(board->last), SPAN("+"),
					SPAN("COUNT"), SPAN("201") },
		       6 * sizeof(struct span));
		break;
	}
	return call;
}

/* The next question, and when it is asked. */
static void board_turn(struct redis_board *board, usec_t now)
{
	board->due = now;
	if (board->question == BOARD_LAST) {
		board->question = BOARD_ALL;
	} else if (board->question == BOARD_ALL) {
		board->question = BOARD_FOLLOW;
		board->resync = now + USEC_DAY + now % USEC_HOUR; /* not all servers in one moment */
	} else if (board->torn || now >= board->resync) {
		board->question = BOARD_LAST;
	} else if (!board->whole_page && board->puts.count == 0) {
		board->due = now + board->options->follow;
	}
}

static void board_tell(struct redis_board *board, usec_t now)
{
	struct board_pairs answers = board->answers;
	bool all = board->question == BOARD_ALL;

	board->answers = (struct board_pairs){ 0 };
	board->under_way = false;
	pairs_clear(&board->sent);
	if (all)
		board->calls.begins(board->calls.context);
	for (size_t i = 0; i < answers.count; i++)
		board->calls.heard(board->calls.context, span_of(answers.items[i].field),
				   span_of(answers.items[i].value));
	pairs_clear(&answers);
	if (all)
		board->calls.all(board->calls.context);
	board_turn(board, now);
}

static void board_send(struct redis_board *board)
{
	size_t count = board->puts.count < BOARD_PAGE ? board->puts.count : BOARD_PAGE;

	for (size_t i = 0; i < count; i++) {
		pairs_add(&board->sent, span_of(board->puts.items[i].field),
			  span_of(board->puts.items[i].value), board->puts.items[i].drop);
		free(board->puts.items[i].field);
		free(board->puts.items[i].value);
	}
	board->puts.count -= count;
	if (board->puts.count > 0)
		memmove(board->puts.items, board->puts.items + count,
			board->puts.count * sizeof(*board->puts.items));
	for (size_t i = 0; i < count; i++) {
		board->batch[i] = board_write(board->hash, board->stream, &board->sent.items[i]);
		board->batch[i].context = board;
	}
	board->batch[count] = board_ask(board);
	board->batch[count].context = board;
	board->under_way = true;
	redis_worker_give(board->worker, board->batch, count + 1);
}

void redis_board_step(struct redis_board *board, usec_t now)
{
	board->look = now + USEC_SECOND;
	if (!redis_worker_idle(board->worker))
		return;
	if (board->under_way)
		board_tell(board, now);
	if (now >= board->due)
		board_send(board);
}

usec_t redis_board_due(const struct redis_board *board)
{
	return board->under_way ? board->look : board->due;
}

int redis_board_fd(const struct redis_board *board)
{
	return redis_worker_fd(board->worker);
}

usec_t redis_board_away(struct redis_board *board, struct error *why_r)
{
	return redis_worker_away(board->worker, why_r);
}

static void read_answered(struct redis_call *call, const struct redis_reply *reply)
{
	struct text *value = call->context;

	text_clear(value);
	if (reply->kind == REDIS_TEXT)
		text_add(value, reply->text);
}

bool redis_board_read(const struct redis_options *options, struct span field, struct text *value,
		      struct error *error)
{
	struct redis_route *route = redis_route_new(options, error);
	struct redis_call call = { .count = 3, .answered = read_answered, .context = value };
	char *hash, *stream;
	bool good;

	board_keys(options, &hash, &stream);
	call.key = span_of(hash);
	memcpy(call.words, (struct span[]){ SPAN("HGET"), call.key, field }, 3 * sizeof(struct span));
	good = route != NULL && redis_route_run(route, &call, 1, error);
	redis_route_free(&route);
	free(hash);
	free(stream);
	return good;
}

bool redis_board_write(const struct redis_options *options, struct span field, struct span value,
		       struct error *error)
{
	struct redis_route *route = redis_route_new(options, error);
	struct board_pair pair = { memory_copy(field), memory_copy(value), false };
	struct text holds = { 0 };
	struct redis_call call;
	char *hash, *stream;
	bool good;

	board_keys(options, &hash, &stream);
	call = board_write(hash, stream, &pair);
	call.answered = read_answered;
	call.context = &holds;
	good = route != NULL && redis_route_run(route, &call, 1, error);
	if (good && !span_equal(text_span(&holds), value))
		good = error_set(error, "something newer was ordered at this moment; try again");
	redis_route_free(&route);
	text_free(&holds);
	free(pair.field);
	free(pair.value);
	free(hash);
	free(stream);
	return good;
}
