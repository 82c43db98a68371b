/*
 * A board in Redis on which every server writes and all servers read: short texts by field, of which the greater
 * one holds (their writers begin them with a time). What a value means is its writers' business.
 *
 * There is a hash, with the value that holds of each field, and a stream, with what was written lately, both in
 * one slot. A server reads the hash once, and then asks the stream, every `[redis] follow` (1 s), for what came behind
 * the entry that it read last. It asks for that entry too: where it is not there any more (Redis came back empty or
 * older, or too much was written meanwhile), all is read anew.
 *
 * What it costs: one XRANGE a server a second, some 60 bytes out and 350 in, and as much again for each value that
 * is written. For 1,000 servers that is 1,000 of the cheapest calls and 0.4 MB a second on one node of Redis,
 * about one hundredth of a core; a value that is written goes out to all, 0.3 MB. The whole hash is read at
 * each start and once a day: 10,000 values are some 3 MB.
 */
#ifndef SENDWATCH_DETECTORS_REDIS_BOARD_H
#define SENDWATCH_DETECTORS_REDIS_BOARD_H

#include "base/text.h"
#include "detectors/redis_route.h"

struct redis_board_calls {
	void *context;
	/* This is on the board, written by whomever, perhaps by this server. */
	void (*heard)(void *context, struct span field, struct span value);
	/* All that is on the board is told from now on; and was told: what was not told of in between is not there. */
	void (*begins)(void *context);
	void (*all)(void *context);
};

struct redis_board;

/* OPTIONS are borrowed. Nothing is connected yet when it returns. */
struct redis_board *redis_board_start(const struct redis_options *options,
				      const struct redis_board_calls *calls, struct error *error);
void redis_board_stop(struct redis_board **board);

/* To be written with the next exchange, unless something greater is there; `heard` tells what is there then. */
void redis_board_put(struct redis_board *board, struct span field, struct span value);

/* To be taken off, where it is still this VALUE. */
void redis_board_drop(struct redis_board *board, struct span field, struct span value);

/* Go on with it at NOW of the monotonic clock: tells what came, sends what is due. Never waits. */
void redis_board_step(struct redis_board *board, usec_t now);
/* While an answer is awaited: when to see whether it is overdue. */
usec_t redis_board_due(const struct redis_board *board);
int redis_board_fd(const struct redis_board *board);

/* Since when Redis has not answered, and why; see redis_worker_away. */
usec_t redis_board_away(struct redis_board *board, struct error *why_r);

/*
 * One value without a board of one's own, for commands: what is there (nothing where it is empty), and in its place
 * another one, greater. They wait for Redis.
 */
bool redis_board_read(const struct redis_options *options, struct span field, struct text *value,
		      struct error *error);
bool redis_board_write(const struct redis_options *options, struct span field, struct span value,
		       struct error *error);

#endif
