/*
 * Coverage is that of the lines since the last look at which there were enough of them to tell: a share of ten
 * lines says nothing. Silence is that of all logs together, since one of several may well have a quiet night.
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

static void blindness_silence(struct blindness *blindness, usec_t after, usec_t silence, usec_t now,
			      struct deliver *deliver)
{
	bool silent = after > 0 && silence >= after;
	struct text words = { 0 };

	if (silent && !blindness->silent) {
		text_add(&words, SPAN("no line in any log for "));
		words_duration(&words, silence);
		text_add(&words, SPAN(": is the mail server down, or does it log elsewhere now?"));
		blindness_tell(deliver, now, "silent", &words);
	}
	blindness->silent = silent;
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
		    const struct pipeline_stats *stats, usec_t silence, usec_t now, struct deliver *deliver)
{
	if (!blindness->looked) {
		/* What was learned from at start is history. */
		blindness->understood = stats->understood;
		blindness->unknown = stats->unknown;
		blindness->looked = true;
	}
	blindness_silence(blindness, options->silent_after, silence, now, deliver);
	blindness_coverage(blindness, options->coverage, stats, now, deliver);
}
