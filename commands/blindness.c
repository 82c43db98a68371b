/*
 * Coverage is that of the lines since the last look at which there were enough of them to tell: a share of ten
 * lines says nothing. Silence is judged for each log by its own habit: one that pauses for hours every night may do
 * so tonight. Where all are silent this is told once, and not of each.
 */
#include "commands/blindness.h"

#include "commands/words.h"

#define BLINDNESS_ENOUGH 200 /* the mail server's own lines */

static void blindness_tell(struct deliver *deliver, usec_t now, const char *what, struct text *words)
{
	char time[CLOCK_TEXT_SIZE];
	struct text id = { 0 };

	text_add_format(&id, "%s-%s", what, clock_text(now, time));
	deliver_notice(deliver, now, id.at, words->at);
	text_free(&id);
	text_free(words);
}

void blindness_line(struct blindness *blindness, uint32_t number, usec_t time)
{
	struct blindness_source *source;

	if (number >= BLINDNESS_SOURCES || time == USEC_NEVER)
		return;
	source = &blindness->sources[number];
	if (number >= blindness->source_count)
		blindness->source_count = number + 1;
	source->spoke = true;
	if (source->time != 0 && time - source->time > source->longest)
		source->longest = time - source->time;
	source->time = time;
}

/* Longer than AFTER, and than its longest pause by half. */
static bool blindness_is_silent(struct blindness_source *source, usec_t after, usec_t now)
{
	if (source->spoke || source->heard == 0)
		source->heard = now;
	source->spoke = false;
	return now - source->heard >= after && now - source->heard >= source->longest + source->longest / 2;
}

static void blindness_tell_silence(const char *log, usec_t silence, usec_t now, struct deliver *deliver)
{
	struct text words = { 0 };

	text_add(&words, SPAN("no line in "));
	text_add(&words, span_of(log));
	text_add(&words, SPAN(" for "));
	words_duration(&words, silence);
	text_add(&words, SPAN(": is the mail server down, or does it log elsewhere now?"));
	blindness_tell(deliver, now, "silent", &words);
}

/* All together first: then no single one is told of. */
static void blindness_silence(struct blindness *blindness, usec_t after, const struct collector *collector,
			      usec_t silence, usec_t now, struct deliver *deliver)
{
	usec_t clock = clock_monotonic();
	bool all = after > 0 && silence >= after;

	for (uint32_t i = 0; i < blindness->source_count; i++) {
		struct blindness_source *source = &blindness->sources[i];
		bool was = source->silent;

		if (source->time == 0)
			continue;
		source->silent = after > 0 && blindness_is_silent(source, after, clock);
		all = all && source->silent;
		/* Told at the first look at which it stands out; with others that fall silent it is told as all. */
		if (source->silent && !was && silence < after)
			blindness_tell_silence(collector_source_name(collector, i), clock - source->heard,
					       now, deliver);
	}
	if (all && !blindness->silent)
		blindness_tell_silence("any log", silence, now, deliver);
	blindness->silent = all;
}

static void blindness_coverage(struct blindness *blindness, double wanted, const struct pipeline_stats *stats,
			       usec_t now, struct deliver *deliver)
{
	uint64_t understood = stats->understood - blindness->understood;
	uint64_t own = understood + stats->unknown - blindness->unknown;
	double share = own == 0 ? 1 : (double)understood / (double)own;
	struct text words = { 0 };

	if (own < BLINDNESS_ENOUGH)
		return;
	blindness->understood = stats->understood;
	blindness->unknown = stats->unknown;
	if (share < wanted && !blindness->dim) {
		text_add_format(&words, "only %.1f %% of the mail server's last ", share * 100);
		words_counted(&words, own, "line");
		text_add(&words, SPAN(" were understood: sendwatch parse --coverage shows which were not"));
		blindness_tell(deliver, now, "coverage", &words);
	}
	blindness->dim = share < wanted;
}

void blindness_look(struct blindness *blindness, const struct watch_options *options,
		    const struct pipeline_stats *stats, const struct collector *collector, usec_t silence,
		    usec_t now, struct deliver *deliver)
{
	if (!blindness->looked) {
		/* What was learned from at start is history. */
		blindness->understood = stats->understood;
		blindness->unknown = stats->unknown;
		blindness->looked = true;
	}
	blindness_silence(blindness, options->silent_after, collector, silence, now, deliver);
	blindness_coverage(blindness, options->coverage, stats, now, deliver);
}
