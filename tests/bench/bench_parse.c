/*
 * What a line costs from its bytes to its event: nanoseconds a line for the framer alone, and for framer and
 * parser together, of processor time, over the lines of the logs named.
 *
 *	bench_parse TITLE LOG...
 */
#define _GNU_SOURCE
#include "base/memory.h"
#include "parsers/parser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS 5

struct bench {
	char *bytes;
	size_t size, room;
	size_t lines;
	uint64_t sum; /* of what was read, so that nothing is left out */
};

static bool bench_load(struct bench *bench, const char *path)
{
	FILE *file = fopen(path, "re");
	size_t got;

	if (file == NULL)
		return false;
	do {
		if (bench->room - bench->size < 65536) {
			bench->room = bench->room * 2 + 1048576;
			bench->bytes = memory_grow(bench->bytes, bench->room, 1);
		}
		got = fread(bench->bytes + bench->size, 1, bench->room - bench->size, file);
		bench->size += got;
	} while (got > 0);
	fclose(file);
	return true;
}

static void bench_round(struct bench *bench, bool parse)
{
	struct framer_options options = { .timezone = "UTC", .written = clock_now() };
	struct error error;
	struct framer *framer = framer_new(&options, &error);
	struct span rest = { bench->bytes, bench->size }, line;

	if (framer == NULL)
		exit(1);
	bench->lines = 0;
	while (span_cut(&rest, '\n', &line)) {
		struct frame frame;
		struct event event;

		bench->lines++;
		if (!framer_cut(framer, line, &frame))
			continue;
		bench->sum += frame.text.len;
		if (parse) {
			parser_read(&frame, &event);
			bench->sum += event.kind;
		}
	}
	framer_free(&framer);
}

static double bench_best(struct bench *bench, bool parse)
{
	double best = 0;

	for (int round = 0; round < ROUNDS; round++) {
		clock_t begin = clock();
		double took;

		bench_round(bench, parse);
		took = (double)(clock() - begin) * 1e9 / CLOCKS_PER_SEC / (double)bench->lines;
		if (round == 0 || took < best)
			best = took;
	}
	return best;
}

static void bench_say(const char *title, const char *what, double nanoseconds)
{
	printf("{\"name\":\"%s: %s\",\"value\":%.1f,\"unit\":\"ns/line\"}\n", title, what, nanoseconds);
}

int main(int argc, char **argv)
{
	struct bench bench = { .bytes = NULL };

	if (argc < 3)
		return 2;
	for (int i = 2; i < argc; i++)
		if (!bench_load(&bench, argv[i]))
			return 1;
	bench_say(argv[1], "framing", bench_best(&bench, false));
	bench_say(argv[1], "framing and parsing", bench_best(&bench, true));
	free(bench.bytes);
	return bench.sum == 0;
}
