/*
 * The bar. The pipeline is run in bites of lines; between two the clock is read, and at most ten times a
 * second the bar is drawn anew. How far it is comes from stored bytes, so compressed logs are honest too.
 */
#define _GNU_SOURCE
#include "commands/progress.h"

#include "base/text.h"

#include <sys/resource.h>
#include <unistd.h>

#define PROGRESS_BITE  20000 /* lines: 2 to 20 ms of work */
#define PROGRESS_EVERY (USEC_SECOND / 10)
#define PROGRESS_FIRST (USEC_SECOND / 2) /* what is done sooner needs no bar */
#define PROGRESS_WIDTH 30

static bool progress_shown;

void progress_interrupt(FILE *out)
{
	if (progress_shown)
		fprintf(out, "\r\033[K");
	progress_shown = false;
}

void progress_trouble(const char *command, const char *words)
{
	struct text safe = { 0 };

	text_add_printable(&safe, span_of(words));
	progress_interrupt(stderr);
	fprintf(stderr, "sendwatch %s: %s\n", command, safe.at == NULL ? "" : safe.at);
	text_free(&safe);
}

static void progress_add_left(struct text *text, double seconds)
{
	uint64_t left = (uint64_t)(seconds + 0.5);

	if (left >= 3600)
		text_add_format(text, "%llu h %02llu min left", (unsigned long long)left / 3600,
				(unsigned long long)left / 60 % 60);
	else if (left >= 60)
		text_add_format(text, "%llu min %02llu s left", (unsigned long long)left / 60,
				(unsigned long long)left % 60);
	else
		text_add_format(text, "%llu s left", (unsigned long long)left);
}

static void progress_draw(const struct collector_stats *stats, usec_t passed)
{
	double seconds = (double)(passed > 0 ? passed : 1) / (double)USEC_SECOND;
	struct text bar = { .ceiling = 200 };

	text_add(&bar, SPAN("\r\033[K"));
	if (stats->bytes_total > 0) {
		double share = (double)stats->bytes_read / (double)stats->bytes_total;

		share = share > 1 ? 1 : share;
		for (int i = 0; i < PROGRESS_WIDTH; i++)
			text_add(&bar, i < (int)(share * PROGRESS_WIDTH) ? SPAN("#") : SPAN("."));
		text_add_format(&bar, " %3d %%  ", (int)(share * 100));
		if (share > 0.001) {
			progress_add_left(&bar, seconds / share - seconds);
			text_add(&bar, SPAN("  "));
		}
	}
	text_add_format(&bar, "%.1f M lines, %.2f M/s, %.0f MB/s", (double)stats->lines / 1e6,
			(double)stats->lines / 1e6 / seconds, (double)stats->bytes / 1e6 / seconds);
	fputs(bar.at, stderr);
	fflush(stderr);
	progress_shown = true;
	text_free(&bar);
}

/* Each log that is merged is held open, and those of a thousand servers are more than a process usually may. */
static void progress_raise_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= files.rlim_max)
		return;
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &files);
}

struct collector *progress_open(const struct arguments *arguments, const char *const *logs, size_t count,
				const struct collector_calls *calls, struct error *error)
{
	progress_raise_limit();
	return arguments->threads == 1 ? collector_replay_threads(logs, count, 0, calls, error)
				       : collector_replay(logs, count, calls, error);
}

static bool progress_has_threads(const struct arguments *arguments)
{
	return arguments->threads == 0 ? sysconf(_SC_NPROCESSORS_ONLN) > 1 : arguments->threads > 1;
}

static void progress_measured(struct pipeline *pipeline, struct collector *collector,
			      const struct arguments *arguments)
{
	struct collector_stats stats;
	usec_t start = clock_monotonic(), drawn = start + PROGRESS_FIRST - PROGRESS_EVERY;

	while (pipeline_run(pipeline, collector, PROGRESS_BITE) == COLLECTED_LINE) {
		usec_t now = clock_monotonic();

		if (now - drawn < PROGRESS_EVERY)
			continue;
		stats = pipeline_collected(pipeline, collector);
		progress_draw(&stats, now - start);
		drawn = now;
	}
	if (arguments->progress) {
		/* Asked for, so something is shown of the shortest log too. */
		stats = pipeline_collected(pipeline, collector);
		progress_draw(&stats, clock_monotonic() - start);
		fputc('\n', stderr);
		progress_shown = false;
	}
	progress_interrupt(stderr);
}

void progress_run(struct pipeline *pipeline, struct collector *collector, const struct arguments *arguments,
		  bool prints)
{
	bool free_line = isatty(STDERR_FILENO) && !(prints && isatty(STDOUT_FILENO));

	if (progress_has_threads(arguments))
		pipeline_read_ahead(pipeline, collector);
	if (arguments->progress || (free_line && !arguments->quiet))
		progress_measured(pipeline, collector, arguments);
	else
		(void)pipeline_run(pipeline, collector, 0);
	pipeline_read_no_more(pipeline);
}
