/*
 * The desk stands between watch's loop, which knows everything and must never wait, and the threads that answer
 * people. These take the newest board, ask for a fresher one, or ask something of the loop; the loop answers when it
 * comes by. Where it does not come by, they have the last board and know how old it is.
 */
#ifndef SENDWATCH_COMMANDS_STATUS_DESK_H
#define SENDWATCH_COMMANDS_STATUS_DESK_H

#include "commands/control.h"
#include "commands/status_board.h"

enum desk_phase {
	DESK_STARTS, /* it reads what it knew, and learns from the logs: no turn of the loop yet */
	DESK_RUNS,
	DESK_RELOADS, /* it takes new settings in */
	DESK_STOPS
};

struct desk;

struct desk *desk_new(void);
void desk_free(struct desk **desk); /* when no other thread uses it any more */

/* The loop's side. To poll for reading; a turn; a phase that takes long. */
int desk_fd(const struct desk *desk);
typedef bool desk_obey(void *context, const struct control_order *order, struct error *error);
void desk_turn(struct desk *desk, const struct board_view *view, desk_obey *obey, void *context);
void desk_enter(struct desk *desk, enum desk_phase phase);

/* Whoever waits at the desk goes away with what there is, and nobody waits until it is open again. */
void desk_close(struct desk *desk);
void desk_open(struct desk *desk);

/*
 * The other side. The newest board, made within the last second where the loop comes by within WAIT; NULL where
 * there never was one. To be given back.
 */
struct board *desk_board(struct desk *desk, usec_t wait);
void desk_return(struct desk *desk, struct board **board);

/* When the loop last came by (monotonic), as it is WAIT after it was called. */
struct desk_pulse {
	enum desk_phase phase;
	usec_t age;     /* since it came by, or entered its phase */
	usec_t started; /* wall clock: when the desk was set up */
};

struct desk_pulse desk_pulse(struct desk *desk, usec_t wait);

/*
 * One account, and the countries of COUNT addresses. False where the loop does not answer within WAIT; ACCOUNT_R is
 * NULL where it is not known, else to be freed (board_account_free).
 */
bool desk_account(struct desk *desk, struct span name, struct board_client *clients, size_t count,
		  usec_t wait, struct board_account **account_r);

/*
 * An order, done or refused when it returns. False with ERROR, also where the loop does not come by: then nothing is
 * done.
 */
bool desk_order(struct desk *desk, const struct control_order *order, usec_t wait, struct error *error);

#endif
