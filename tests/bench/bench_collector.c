/*
 * The collector alone, before anything is understood: the time of reading a log beside `wc -l`, and of its
 * gzipped rotations beside `zcat`, on the same files in one run. With LOGs, these are read instead of a
 * corpus of its own, and nothing is compared.
 *
 *	bench_collector [-j THREADS] [-r REPEATS] [LOG...]
 *
 * Several logs are merged, for which the time of each line is asked: here of a callback that does nothing.
 */
#define _GNU_SOURCE
#include "collector/collector.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define BENCH_FILES 4
#define BENCH_LINES 250000u /* a file */

extern char **environ;

static char bench_folder[] = "/tmp/sendwatch-bench-XXXXXX";

static usec_t bench_time(void *opened, struct span line)
{
	(void)opened;
	return line.len == 0 ? USEC_NEVER : 0;
}

static void bench_trouble(void *context, const char *words)
{
	(void)context;
	fprintf(stderr, "bench_collector: %s\n", words);
}

static void bench_say(const char *name, double value, const char *unit)
{
	printf("{\"name\":\"%s\",\"value\":%.4g,\"unit\":\"%s\"}\n", name, value, unit);
}

static double bench_read(char *const *logs, size_t count, unsigned threads, struct collector_stats *stats_r)
{
	struct collector_calls calls = { .time = bench_time, .trouble = bench_trouble };
	struct error error;
	usec_t began = clock_monotonic();
	struct collector *collector = collector_replay_threads((const char *const *)logs, count, threads,
							       &calls, &error);
	struct line line;

	if (collector == NULL) {
		fprintf(stderr, "bench_collector: %s\n", error.text);
		exit(1);
	}
	while (collector_next(collector, &line) == COLLECTED_LINE)
		;
	*stats_r = collector_stats(collector);
	collector_close(&collector);
	return (double)(clock_monotonic() - began) / 1e6;
}

/* The best of several, since what disturbs only ever adds. */
static double bench_best(char *const *logs, size_t count, unsigned threads, unsigned repeats,
			 struct collector_stats *stats_r)
{
	double best = 1e9;

	for (unsigned i = 0; i < repeats; i++) {
		double seconds = bench_read(logs, count, threads, stats_r);

		if (seconds < best)
			best = seconds;
	}
	return best;
}

/* A peer over the same files, its output thrown away. */
static double bench_peer(const char *program, const char *option, char *const *logs, size_t count,
			 unsigned repeats)
{
	char *arguments[BENCH_FILES + 3] = { strdup(program), strdup(option) };
	posix_spawn_file_actions_t actions;
	double best = 1e9;

	for (size_t i = 0; i < count; i++)
		arguments[2 + i] = logs[i];
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	for (unsigned i = 0; i < repeats; i++) {
		usec_t began = clock_monotonic();
		pid_t child;
		int status;

		if (posix_spawnp(&child, program, &actions, NULL, arguments, environ) != 0 ||
		    waitpid(child, &status, 0) != child)
			break;
		if ((double)(clock_monotonic() - began) / 1e6 < best)
			best = (double)(clock_monotonic() - began) / 1e6;
	}
	posix_spawn_file_actions_destroy(&actions);
	free(arguments[0]);
	free(arguments[1]);
	return best;
}

/* Lines that look and compress like a mail log's. */
static void bench_write(const char *path, unsigned file)
{
	FILE *out = fopen(path, "w");
	uint32_t seed = file * 2654435761u + 1;

	for (unsigned i = 0; out != NULL && i < BENCH_LINES; i++) {
		seed = seed * 1664525u + 1013904223u;
		fprintf(out,
			"Nov %2u %02u:%02u:%02u mx1 postfix/smtp[%u]: %08X: to=<user%u@example%u.com>, "
			"relay=mx%u.example.net[192.0.2.%u]:25, delay=%u.%u, delays=0.1/0/0.2/0.5, dsn=2.0.0, "
			"status=sent (250 2.0.0 Ok: queued as %08X)\n",
			file + 1, i / 11000 % 24, i / 180 % 60, i / 3 % 60, 1000 + (seed >> 24), seed,
			(seed >> 8) % 4093, (seed >> 16) % 251, (seed >> 20) % 9, (seed >> 12) % 255,
			(seed >> 9) % 30, (seed >> 5) % 10, seed ^ 0x5bd1e995u);
	}
	if (out == NULL || fclose(out) != 0) {
		fprintf(stderr, "bench_collector: cannot write %s\n", path);
		exit(1);
	}
}

static void bench_corpus(unsigned threads, unsigned repeats)
{
	char paths[BENCH_FILES][64], *logs[BENCH_FILES];
	struct collector_stats stats;
	double seconds, peer;

	if (mkdtemp(bench_folder) == NULL)
		exit(1);
	for (unsigned i = 0; i < BENCH_FILES; i++) {
		logs[i] = paths[i];
		snprintf(paths[i], sizeof(paths[i]), "%s/mail.log.%u", bench_folder, i + 1);
		bench_write(paths[i], i);
	}
	seconds = bench_best(logs, BENCH_FILES, threads, repeats, &stats);
	peer = bench_peer("wc", "-l", logs, BENCH_FILES, repeats);
	bench_say("collector plain", seconds * 1e9 / (double)stats.lines, "ns/line");
	bench_say("collector plain / wc -l", seconds / peer, "times");
	(void)bench_peer("gzip", "-6", logs, BENCH_FILES, 1);
	for (unsigned i = 0; i < BENCH_FILES; i++)
		snprintf(paths[i], sizeof(paths[i]), "%s/mail.log.%u.gz", bench_folder, i + 1);
	peer = bench_peer("zcat", "-f", logs, BENCH_FILES, repeats < 3 ? repeats : 3);
	for (unsigned with = 0; with <= threads; with++) {
		char name[64];

		seconds = bench_best(logs, BENCH_FILES, with, repeats, &stats);
		snprintf(name, sizeof(name), "collector gzip, %u threads ahead / zcat", with);
		bench_say(name, seconds / peer, "times");
	}
	for (unsigned i = 0; i < BENCH_FILES; i++)
		unlink(paths[i]);
	rmdir(bench_folder);
}

int main(int argc, char **argv)
{
	unsigned threads = 2, repeats = 5;
	struct collector_stats stats = { 0 };
	double seconds;
	int option;

	while ((option = getopt(argc, argv, "j:r:")) != -1) {
		if (option == 'j')
			threads = (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 'r')
			repeats = (unsigned)strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	if (optind == argc) {
		bench_corpus(threads, repeats);
		return 0;
	}
	seconds = bench_best(argv + optind, (size_t)(argc - optind), threads, repeats, &stats);
	bench_say("collector lines", (double)stats.lines, "lines");
	bench_say("collector seconds", seconds, "s");
	bench_say("collector", seconds * 1e9 / (double)(stats.lines == 0 ? 1 : stats.lines), "ns/line");
	return 0;
}
