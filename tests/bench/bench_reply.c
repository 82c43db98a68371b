/*
 * Replies a second: fresh (a shape never seen), from memory (one shape, its ids and addresses new each
 * time) and mixed (ten thousand shapes in turn, more than stay in the processor's first caches). The texts
 * are those of tests/data/replies.tsv.
 *
 *	bench_reply [-r MILLIONS]
 */
#define _GNU_SOURCE
#include "base/memory.h"
#include "parsers/reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define TEXTS  2000
#define SHAPES 10000

static char *texts[TEXTS];
static size_t text_count;

static bool bench_read(const char *path)
{
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t room = 0;

	if (file == NULL)
		return false;
	while (text_count < TEXTS && getline(&line, &room, file) > 0) {
		struct span reply = { line, strcspn(line, "\t") };

		if (line[0] != '#' && !span_equal(reply, SPAN("reply")) && reply.len > 0)
			texts[text_count++] = memory_copy(reply);
	}
	free(line);
	fclose(file);
	return text_count > 0;
}

/* SHAPES different texts, each with an id at its end that is no part of its shape. */
static char **bench_shapes(void)
{
	char **shapes = memory_new(SHAPES, sizeof(*shapes));

	for (size_t i = 0; i < SHAPES; i++) {
		const char *text = texts[i % text_count];
		char word[16];

		for (size_t n = i / text_count, k = 0; k < sizeof(word) - 1; k++, n /= 7) {
			word[k] = (char)('a' + n % 7);
			word[k + 1] = '\0';
		}
		if (asprintf(&shapes[i], "%s %s %zx9zq%zu", text, word, i * 2654435761u, i) < 0)
			abort();
	}
	return shapes;
}

/* This thread's own time: the machine may be busy with other things. */
static double bench_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double bench_ask(struct replies *replies, char **list, size_t count, size_t times)
{
	double began = bench_time();

	for (size_t i = 0; i < times; i++) {
		struct reply_question question = { .reply = span_of(list[i % count]), .phase = PHASE_RCPT };

		(void)replies_classify(replies, &question);
	}
	return (bench_time() - began) / (double)times;
}

static void bench_say(const char *what, double value, const char *unit)
{
	printf("{\"name\":\"replies: %s\",\"value\":%.0f,\"unit\":\"%s\"}\n", what, value, unit);
}

static struct replies *bench_new(void)
{
	struct error error;
	struct replies *replies = replies_new(NULL, 0, &error);

	if (replies == NULL) {
		fprintf(stderr, "bench_reply: %s\n", error.text);
		exit(1);
	}
	return replies;
}

int main(int argc, char **argv)
{
	size_t millions = 1;
	char **shapes;
	int option;

	while ((option = getopt(argc, argv, "r:")) != -1)
		if (option == 'r')
			millions = strtoul(optarg, NULL, 10);
	if (!bench_read("tests/data/replies.tsv")) {
		fprintf(stderr, "bench_reply: run it where tests/data/replies.tsv is\n");
		return 1;
	}
	shapes = bench_shapes();

	double began = bench_time();
	struct replies *replies = bench_new();

	bench_say("start", bench_time() - began, "ns");
	bench_say("each rule for the first time", bench_ask(replies, texts, text_count, text_count),
		  "ns/reply");
	bench_say("fresh", bench_ask(replies, shapes, SHAPES, SHAPES), "ns/reply");
	bench_say("one shape", bench_ask(replies, shapes + 7, 1, millions * 1000000), "ns/reply");
	bench_say("10,000 shapes", bench_ask(replies, shapes, SHAPES, millions * 1000000), "ns/reply");
	bench_say("shapes known", (double)replies_stats(replies).shapes, "shapes");
	bench_say("matched anew", (double)replies_stats(replies).matched_anew, "replies");
	replies_free(&replies);
	for (size_t i = 0; i < SHAPES; i++)
		free(shapes[i]);
	free(shapes);
	for (size_t i = 0; i < text_count; i++)
		free(texts[i]);
	return 0;
}
