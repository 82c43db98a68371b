/*
 * The collector alone: lines and bytes a second over the logs named, with 0, 1 or more threads that inflate
 * ahead. Beside `wc -l` and `zcat` on the same files it says what reading costs before anything is
 * understood. Where several logs are merged, the time of each line is asked for (a callback that does nothing).
 *
 *	bench_collector [-j THREADS] [-r REPEATS] LOG...
 */
#define _GNU_SOURCE
#include "collector/collector.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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

static double bench_once(const char *const *logs, size_t count, unsigned threads,
			 struct collector_stats *stats_r)
{
	struct collector_calls calls = { .time = bench_time, .trouble = bench_trouble };
	struct error error;
	usec_t began = clock_monotonic();
	struct collector *collector = collector_replay_threads(logs, count, threads, &calls, &error);
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

int main(int argc, char **argv)
{
	unsigned threads = 1;
	long repeats = 5;
	double best = 1e9;
	struct collector_stats stats = { 0 };
	int option;

	while ((option = getopt(argc, argv, "j:r:")) != -1) {
		if (option == 'j')
			threads = (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 'r')
			repeats = strtol(optarg, NULL, 10);
		else
			return 2;
	}
	for (long i = 0; i < repeats; i++) {
		double seconds = bench_once((const char *const *)(argv + optind), (size_t)(argc - optind),
					    threads, &stats);

		if (seconds < best)
			best = seconds;
	}
	printf("{\"bench\":\"collector\",\"threads\":%u,\"lines\":%llu,\"bytes\":%llu,\"seconds\":%.4f,"
	       "\"lines_per_second\":%.0f,\"ns_per_line\":%.1f}\n",
	       threads, (unsigned long long)stats.lines, (unsigned long long)stats.bytes, best,
	       (double)stats.lines / best, best * 1e9 / (double)(stats.lines == 0 ? 1 : stats.lines));
	return 0;
}
