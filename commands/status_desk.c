/*
 * One lock, held for moments: a board is made without it, and put down under it. A question stays its asker's; who
 * gives up takes it back from the row, unless the loop is at it just then, and with that about to answer.
 */
#define _GNU_SOURCE
#include "commands/status_desk.h"

#include "base/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define DESK_FRESH (USEC_SECOND)      /* a board that is younger needs no other */
#define DESK_EVERY (10 * USEC_SECOND) /* and one is made so often even if nobody asks */

struct desk_question {
	struct desk_question *next;
	bool taken, done;
	/* An order: */
	const struct control_order *order;
	struct error error;
	bool good;
	/* or an account: */
	struct span name;
	struct board_client *clients;
	size_t client_count;
	struct board_account *account;
};

struct desk {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int wake; /* eventfd */
	usec_t started;
	/* Under the lock: */
	struct board *board;
	bool wanted, closed;
	enum desk_phase phase;
	usec_t beat; /* monotonic */
	struct desk_question *first;
};

struct desk *desk_new(void)
{
	struct desk *desk = memory_new(1, sizeof(*desk));
	pthread_condattr_t monotonic;

	pthread_mutex_init(&desk->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&desk->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	desk->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	desk->beat = clock_monotonic();
	desk->started = clock_now();
	return desk;
}

void desk_free(struct desk **desk)
{
	if (*desk == NULL)
		return;
	board_free((*desk)->board);
	if ((*desk)->wake >= 0)
		close((*desk)->wake);
	pthread_cond_destroy(&(*desk)->changed);
	pthread_mutex_destroy(&(*desk)->lock);
	free(*desk);
	*desk = NULL;
}

int desk_fd(const struct desk *desk)
{
	return desk->wake;
}

void desk_enter(struct desk *desk, enum desk_phase phase)
{
	pthread_mutex_lock(&desk->lock);
	desk->phase = phase;
	desk->beat = clock_monotonic();
	pthread_mutex_unlock(&desk->lock);
}

void desk_close(struct desk *desk)
{
	pthread_mutex_lock(&desk->lock);
	desk->closed = true;
	pthread_cond_broadcast(&desk->changed);
	pthread_mutex_unlock(&desk->lock);
}

void desk_open(struct desk *desk)
{
	pthread_mutex_lock(&desk->lock);
	desk->closed = false;
	pthread_mutex_unlock(&desk->lock);
}

/* Under the lock. The last one who holds a board frees it. */
static void desk_let_go(struct board *board)
{
	if (board != NULL && --board->users == 0)
		board_free(board);
}

static void desk_answer(const struct board_view *view, struct desk_question *question, desk_obey *obey,
			void *context)
{
	if (question->order != NULL) {
		question->good = obey(context, question->order, &question->error);
		return;
	}
	question->account = board_account_of(view->work, question->name);
	for (size_t i = 0; i < question->client_count; i++)
		board_locate(view->work, &question->clients[i]);
}

void desk_turn(struct desk *desk, const struct board_view *view, desk_obey *obey, void *context)
{
	struct desk_question *question;
	uint64_t calls;
	bool make;

	(void)!read(desk->wake, &calls, sizeof(calls));
	pthread_mutex_lock(&desk->lock);
	desk->phase = DESK_RUNS;
	desk->beat = clock_monotonic();
	make = desk->board == NULL || desk->wanted || desk->beat - desk->board->made_clock >= DESK_EVERY;
	while ((question = desk->first) != NULL) {
		desk->first = question->next;
		question->taken = true;
		pthread_mutex_unlock(&desk->lock);
		desk_answer(view, question, obey, context);
		pthread_mutex_lock(&desk->lock);
		question->done = true;
		make = true;
	}
	pthread_mutex_unlock(&desk->lock);
	if (make) {
		struct board *fresh = board_new(view);

		pthread_mutex_lock(&desk->lock);
		desk_let_go(desk->board);
		fresh->users = 1;
		desk->board = fresh;
		desk->wanted = false;
		pthread_mutex_unlock(&desk->lock);
	}
	pthread_mutex_lock(&desk->lock);
	pthread_cond_broadcast(&desk->changed);
	pthread_mutex_unlock(&desk->lock);
}

static void desk_ring(const struct desk *desk)
{
	uint64_t one = 1;

	(void)!write(desk->wake, &one, sizeof(one));
}

/* Wait for a change until UNTIL (monotonic). Under the lock. False where it is over. */
static bool desk_wait(struct desk *desk, usec_t until)
{
	struct timespec at = { .tv_sec = until / USEC_SECOND, .tv_nsec = until % USEC_SECOND * 1000 };

	return !desk->closed && clock_monotonic() < until &&
	       pthread_cond_timedwait(&desk->changed, &desk->lock, &at) == 0;
}

static bool desk_is_fresh(const struct desk *desk)
{
	return desk->board != NULL && clock_monotonic() - desk->board->made_clock < DESK_FRESH;
}

struct board *desk_board(struct desk *desk, usec_t wait)
{
	usec_t until = clock_monotonic() + wait;
	struct board *board;

	pthread_mutex_lock(&desk->lock);
	if (!desk_is_fresh(desk) && desk->phase == DESK_RUNS) {
		desk->wanted = true;
		desk_ring(desk);
		while (!desk_is_fresh(desk) && desk_wait(desk, until))
			;
	}
	board = desk->board;
	if (board != NULL)
		board->users++;
	pthread_mutex_unlock(&desk->lock);
	return board;
}

void desk_return(struct desk *desk, struct board **board)
{
	pthread_mutex_lock(&desk->lock);
	desk_let_go(*board);
	pthread_mutex_unlock(&desk->lock);
	*board = NULL;
}

struct desk_pulse desk_pulse(struct desk *desk, usec_t wait)
{
	struct desk_pulse pulse;
	usec_t asked = clock_monotonic();

	pthread_mutex_lock(&desk->lock);
	if (desk->phase == DESK_RUNS && desk->beat < asked) {
		desk_ring(desk);
		while (desk->phase == DESK_RUNS && desk->beat < asked && desk_wait(desk, asked + wait))
			;
	}
	pulse = (struct desk_pulse){ desk->phase, clock_monotonic() - desk->beat, desk->started };
	pthread_mutex_unlock(&desk->lock);
	return pulse;
}

/* False, and the question is in nobody's hands, where the loop did not take it in time. */
static bool desk_ask(struct desk *desk, struct desk_question *question, usec_t wait)
{
	usec_t until = clock_monotonic() + wait;
	struct desk_question **place;

	pthread_mutex_lock(&desk->lock);
	/* Nobody comes by for long. */
	if (desk->phase != DESK_RUNS || desk->closed) {
		pthread_mutex_unlock(&desk->lock);
		return false;
	}
	for (place = &desk->first; *place != NULL; place = &(*place)->next)
		;
	*place = question;
	desk_ring(desk);
	while (!question->done && desk_wait(desk, until))
		;
	while (question->taken && !question->done)
		pthread_cond_wait(&desk->changed, &desk->lock);
	for (place = &desk->first; !question->done && *place != NULL; place = &(*place)->next)
		if (*place == question) {
			*place = question->next;
			break;
		}
	pthread_mutex_unlock(&desk->lock);
	return question->done;
}

bool desk_account(struct desk *desk, struct span name, struct board_client *clients, size_t count,
		  usec_t wait, struct board_account **account_r)
{
	struct desk_question question = { .name = name, .clients = clients, .client_count = count };

	if (!desk_ask(desk, &question, wait))
		return false;
	*account_r = question.account;
	return true;
}

bool desk_order(struct desk *desk, const struct control_order *order, usec_t wait, struct error *error)
{
	struct desk_question question = { .order = order };

	if (!desk_ask(desk, &question, wait))
		return error_set(error, "watch is busy and did not take the order: nothing was done");
	*error = question.error;
	return question.good;
}
