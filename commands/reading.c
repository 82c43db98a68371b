/*
 * Reading ahead, in batches of some hundred lines that go round a ring: one lock, taken twice a batch, and a
 * wake-up only where somebody waits. A batch holds copies of its lines, since blocks of the collector come and
 * go; frames and events lie in it and borrow from the copies alone, also where the framer joined lines.
 *
 * It halves the time of a replay on two processors; copying a line costs some ten nanoseconds of that.
 */
#define _GNU_SOURCE
#include "commands/reading.h"

#include "base/hash.h"
#include "base/memory.h"
#include "parsers/parser.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#define READING_BATCHES 6
#define READING_LINES   ((size_t)512) /* a batch and its events: some 300 KiB, so that a cache holds several */
/* Text of a batch, and the most that one line can need: itself, joined words, a tag and a host that were kept. */
#define READING_TEXT    ((size_t)128 * 1024)
#define READING_SPARE   (4 * (COLLECTOR_LINE_MAX + 1))

struct trouble {
	char *words;
	size_t before; /* which reading it came */
};

struct batch {
	struct reading readings[READING_LINES];
	struct event events[READING_LINES];
	size_t count, event_count;
	enum collected then; /* after the last one */
	struct collector_stats stats;
	struct trouble *troubles;
	size_t trouble_count;
	size_t text_len;
	char text[READING_TEXT + READING_SPARE];
};

struct reading_ahead {
	struct collector *collector;
	bool whole;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t room, news;
	struct batch *batches[READING_BATCHES];
	uint64_t filled, taken; /* batches, since the beginning; under the lock */
	bool started, stopping, ended;
	struct batch *filling; /* the thread's */
	struct batch *batch;   /* the reader's */
	size_t at, told;
};

/* What says nothing of an account or the server is told by its kind: nobody looks further. */
static const struct event reading_idle = { .kind = EVENT_IDLE }, reading_foreign = { .kind = EVENT_FOREIGN };

static const char *batch_copy(struct batch *batch, struct span text)
{
	char *copy = batch->text + batch->text_len;

	assert(text.len <= sizeof(batch->text) - batch->text_len);
	if (text.len > 0)
		memcpy(copy, text.at, text.len);
	batch->text_len += text.len;
	return copy;
}

/* TEXT as the batch's own, where it is not: what the framer joined, or kept of a line before. */
static void batch_own(struct batch *batch, struct span *text)
{
	bool inside = text->at >= batch->text && text->at < batch->text + sizeof(batch->text);

	if (text->at != NULL && !inside)
		text->at = batch_copy(batch, *text);
}

/* Of a line that says nothing, time and host are asked for: the next one's text takes the place of the rest. */
static void batch_tell_kind(struct batch *batch, struct reading *reading, const struct event *event)
{
	struct span host = reading->frame.host;
	const char *end = host.at != NULL ? host.at + host.len : reading->line.text.at;

	batch->text_len = (size_t)(end - batch->text);
	reading->event = event;
	reading->line.text = reading->frame.tag = reading->frame.text = (struct span){ NULL, 0 };
}

static void batch_add(struct batch *batch, const struct line *line, void *framer, bool whole)
{
	struct reading *reading = &batch->readings[batch->count++];
	struct event *event = &batch->events[batch->event_count];

	reading->line = *line;
	reading->line.text.at = batch_copy(batch, line->text);
	reading->framed = framer_cut(framer, reading->line.text, &reading->frame);
	if (!reading->framed)
		return;
	batch_own(batch, &reading->frame.host);
	batch_own(batch, &reading->frame.tag);
	batch_own(batch, &reading->frame.text);
	parser_read(&reading->frame, event);
	reading->event = event;
	if (!whole && event->kind == EVENT_IDLE && !event->tls_failed)
		batch_tell_kind(batch, reading, &reading_idle);
	else if (!whole && event->kind == EVENT_FOREIGN)
		batch_tell_kind(batch, reading, &reading_foreign);
	else
		batch->event_count++;
}

static void batch_clear(struct batch *batch)
{
	for (size_t i = 0; i < batch->trouble_count; i++)
		free(batch->troubles[i].words);
	batch->count = batch->event_count = batch->text_len = batch->trouble_count = 0;
	batch->then = COLLECTED_LINE;
}

static void batch_fill(struct reading_ahead *ahead, struct batch *batch)
{
	struct line line;

	batch_clear(batch);
	while (batch->count < READING_LINES && batch->text_len < READING_TEXT) {
		batch->then = collector_next(ahead->collector, &line);
		if (batch->then != COLLECTED_LINE)
			break;
		batch_add(batch, &line, collector_opened(ahead->collector), ahead->whole);
	}
	batch->stats = collector_stats(ahead->collector);
}

/* Under the lock. A batch to fill; where none is free, once half of them are: it would else be woken for each. */
static struct batch *reading_room(struct reading_ahead *ahead)
{
	if (ahead->filled - ahead->taken == READING_BATCHES)
		while (ahead->filled - ahead->taken > READING_BATCHES / 2 && !ahead->stopping)
			pthread_cond_wait(&ahead->room, &ahead->lock);
	return ahead->stopping ? NULL : ahead->batches[ahead->filled % READING_BATCHES];
}

/* Is there enough that who waits for it should be woken? Else he would be for each batch, and sleep again. */
static bool reading_is_worth(const struct reading_ahead *ahead)
{
	return ahead->ended || ahead->filled - ahead->taken >= READING_BATCHES / 2;
}

static void *reading_work(void *context)
{
	struct reading_ahead *ahead = context;
	enum collected then = COLLECTED_LINE;

	pthread_mutex_lock(&ahead->lock);
	while (then == COLLECTED_LINE && (ahead->filling = reading_room(ahead)) != NULL) {
		pthread_mutex_unlock(&ahead->lock);
		batch_fill(ahead, ahead->filling);
		then = ahead->filling->then;
		pthread_mutex_lock(&ahead->lock);
		ahead->filled++;
		ahead->ended = then != COLLECTED_LINE;
		if (reading_is_worth(ahead))
			pthread_cond_signal(&ahead->news);
	}
	pthread_mutex_unlock(&ahead->lock);
	return NULL;
}

static void reading_free(struct reading_ahead **ahead)
{
	for (size_t i = 0; i < READING_BATCHES; i++) {
		struct batch *batch = (*ahead)->batches[i];

		batch_clear(batch);
		free(batch->troubles);
		free(batch);
	}
	pthread_cond_destroy(&(*ahead)->news);
	pthread_cond_destroy(&(*ahead)->room);
	pthread_mutex_destroy(&(*ahead)->lock);
	free(*ahead);
	*ahead = NULL;
}

struct reading_ahead *reading_new(struct collector *collector, bool whole)
{
	struct reading_ahead *ahead = memory_new(1, sizeof(*ahead));

	ahead->collector = collector;
	ahead->whole = whole;
	(void)hash_text(SPAN("")); /* its seed is drawn before there are two threads */
	for (size_t i = 0; i < READING_BATCHES; i++)
		ahead->batches[i] = memory_new(1, sizeof(*ahead->batches[i]));
	pthread_mutex_init(&ahead->lock, NULL);
	pthread_cond_init(&ahead->room, NULL);
	pthread_cond_init(&ahead->news, NULL);
	return ahead;
}

/* Signals are for the thread that judges. */
bool reading_start(struct reading_ahead *ahead)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ahead->started = pthread_create(&ahead->thread, NULL, reading_work, ahead) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return ahead->started;
}

void reading_note_trouble(struct reading_ahead *ahead, const char *words)
{
	struct batch *batch = ahead->filling;
	size_t count = batch->trouble_count++;

	batch->troubles = memory_grow(batch->troubles, count + 1, sizeof(*batch->troubles));
	batch->troubles[count] = (struct trouble){ memory_copy(span_of(words)), batch->count };
}

/* The reader is through with its batch: the next one. */
static void reading_turn(struct reading_ahead *ahead)
{
	pthread_mutex_lock(&ahead->lock);
	if (ahead->batch != NULL) {
		ahead->taken++;
		if (ahead->filled - ahead->taken <= READING_BATCHES / 2)
			pthread_cond_signal(&ahead->room);
	}
	if (ahead->filled == ahead->taken)
		while (!reading_is_worth(ahead))
			pthread_cond_wait(&ahead->news, &ahead->lock);
	pthread_mutex_unlock(&ahead->lock);
	ahead->batch = ahead->batches[ahead->taken % READING_BATCHES];
	ahead->at = ahead->told = 0;
}

enum collected reading_next(struct reading_ahead *ahead, const struct reading **reading_r,
			    void (*tell)(void *context, const char *words), void *context)
{
	for (;;) {
		struct batch *batch = ahead->batch;

		for (; batch != NULL && ahead->told < batch->trouble_count &&
		       batch->troubles[ahead->told].before <= ahead->at;
		     ahead->told++)
			tell(context, batch->troubles[ahead->told].words);
		if (batch != NULL && ahead->at < batch->count) {
			*reading_r = &batch->readings[ahead->at++];
			return COLLECTED_LINE;
		}
		if (batch != NULL && batch->then != COLLECTED_LINE)
			return batch->then;
		reading_turn(ahead);
	}
}

struct collector_stats reading_stats(const struct reading_ahead *ahead)
{
	return ahead->batch == NULL ? (struct collector_stats){ 0 } : ahead->batch->stats;
}

void reading_stop(struct reading_ahead **ahead)
{
	if (*ahead == NULL)
		return;
	pthread_mutex_lock(&(*ahead)->lock);
	(*ahead)->stopping = true;
	pthread_cond_signal(&(*ahead)->room);
	pthread_mutex_unlock(&(*ahead)->lock);
	if ((*ahead)->started)
		pthread_join((*ahead)->thread, NULL);
	reading_free(ahead);
}
