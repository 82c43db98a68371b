/*
 * Drawing. The plot is a picture in the picture whose x runs from 0 to CHART_SPAN and is stretched to the
 * room there is, so that who zooms into it changes one attribute; whatever must not be stretched (words, marks)
 * stands outside. One path a kind of outcome, however many bars: a page of a thousand pictures stays light.
 */
#include "commands/chart.h"

#include "commands/html.h"

#include <math.h>

#define CHART_WIDTH 720
#define CHART_RIGHT 12
#define CHART_HEAD  50 /* above the bars: words of marks, three rows */
#define CHART_AIR   10
#define CHART_TIMES 30 /* under the bars: words of the time axis, two rows */
#define CHART_LANE  16

/* Where TIME is on the axis. */
static int chart_at(const struct chart *chart, usec_t time)
{
	double share = (double)(time - chart->from) / (double)(chart->until - chart->from);

	return (int)lround(fmin(fmax(share, 0), 1) * CHART_SPAN);
}

/* The same in pixels. */
static int chart_pixel(const struct chart *chart, int at)
{
	return chart->left + at * (chart->width - chart->left - CHART_RIGHT) / CHART_SPAN;
}

static void plot_open(const struct chart *chart)
{
	text_add_format(chart->out,
			"<svg class=plot x=%d y=0 width=%d height=%d viewBox=\"0 0 %d %d\" "
			"preserveAspectRatio=none>",
			chart->left, chart->width - chart->left - CHART_RIGHT, chart->height, CHART_SPAN,
			chart->height);
}

static void plot_close(const struct chart *chart)
{
	text_add(chart->out, SPAN("</svg>"));
}

/* --- the axis of time --- */

static const usec_t chart_steps[] = {
	USEC_SECOND,     5 * USEC_SECOND, 15 * USEC_SECOND, 30 * USEC_SECOND, USEC_MINUTE,
	2 * USEC_MINUTE, 5 * USEC_MINUTE, 10 * USEC_MINUTE, 15 * USEC_MINUTE, 30 * USEC_MINUTE,
	USEC_HOUR,       2 * USEC_HOUR,   3 * USEC_HOUR,    6 * USEC_HOUR,    12 * USEC_HOUR,
	USEC_DAY,        2 * USEC_DAY,    4 * USEC_DAY,     7 * USEC_DAY,     14 * USEC_DAY,
	28 * USEC_DAY,   91 * USEC_DAY,   182 * USEC_DAY,   365 * USEC_DAY,
};

usec_t chart_step(usec_t from, usec_t until, unsigned most)
{
	size_t last = sizeof(chart_steps) / sizeof(chart_steps[0]) - 1, i = 0;

	while (i < last && (until - from) / chart_steps[i] >= (usec_t)most)
		i++;
	return chart_steps[i];
}

static void chart_day_words(struct text *out, usec_t time)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct civil civil = clock_to_civil(time);

	text_add_format(out, "%d %.3s", civil.day, months + (size_t)3 * (size_t)(civil.month - 1));
}

void chart_tick_words(struct text *out, usec_t time, usec_t step)
{
	struct civil civil = clock_to_civil(time);

	if (step >= USEC_DAY)
		chart_day_words(out, time);
	else if (step >= USEC_MINUTE)
		text_add_format(out, "%02d:%02d", civil.hour, civil.minute);
	else
		text_add_format(out, "%02d:%02d:%02d", civil.hour, civil.minute, civil.second);
}

/* Under the first tick of each day stands its date, unless the ticks are days themselves. */
static void chart_tick(const struct chart *chart, usec_t time, usec_t step, bool dated)
{
	int at = chart_at(chart, time);

	text_add_format(chart->out,
			"<g class=tick data-x=%d transform=\"translate(%d)\"><path d=\"M0 %dv%d\"/>"
			"<text y=%d>",
			at, chart_pixel(chart, at), chart->bottom, chart->height - chart->bottom,
			chart->bottom + 13);
	chart_tick_words(chart->out, time, step);
	text_add(chart->out, SPAN("</text>"));
	if (dated) {
		text_add_format(chart->out, "<text y=%d class=date>", chart->bottom + 26);
		chart_day_words(chart->out, time);
		text_add(chart->out, SPAN("</text>"));
	}
	text_add(chart->out, SPAN("</g>"));
}

static void chart_times(const struct chart *chart)
{
	unsigned most = (unsigned)(chart->width - chart->left) / 60;
	usec_t step = chart_step(chart->from, chart->until, most == 0 ? 1 : most), day = USEC_NEVER;
	/* Weeks begin on a Monday: the epoch was a Thursday. */
	usec_t offset = step == 7 * USEC_DAY || step == 14 * USEC_DAY || step == 28 * USEC_DAY ? 4 * USEC_DAY
											       : 0;
	usec_t time = (chart->from - offset + step - 1) / step * step + offset;

	for (; time <= chart->until; time += step) {
		chart_tick(chart, time, step, step < USEC_DAY && time / USEC_DAY != day);
		day = time / USEC_DAY;
	}
}

/* --- the picture --- */

void chart_open(struct chart *chart, struct span title, struct span about)
{
	chart->width = chart->width == 0 ? CHART_WIDTH : chart->width;
	chart->left = chart->left != 0 ? chart->left : chart->lanes > 0 ? 150 : 48;
	chart->top = chart->head < 0 ? CHART_AIR : chart->head == 0 ? CHART_HEAD : chart->head;
	chart->bottom = chart->top + (chart->bars < 0 ? 0 : chart->bars == 0 ? 120 : chart->bars);
	chart->height = chart->bottom + CHART_TIMES + (int)chart->lanes * CHART_LANE +
			(chart->lanes > 0 ? 4 : 0);
	if (chart->until <= chart->from)
		chart->until = chart->from + USEC_SECOND;
	text_add_format(chart->out,
			"<svg class=chart role=img viewBox=\"0 0 %d %d\" aria-labelledby=\"%s-t %s-d\" "
			"data-from=%lld data-until=%lld data-left=%d data-bottom=%d><title id=%s-t>",
			chart->width, chart->height, chart->id, chart->id,
			(long long)(chart->from / USEC_SECOND), (long long)(chart->until / USEC_SECOND),
			chart->left, chart->bottom, chart->id);
	html_text(chart->out, title);
	text_add_format(chart->out, "</title><desc id=%s-d>", chart->id);
	html_text(chart->out, about);
	text_add(chart->out, SPAN("</desc>"));
	chart_times(chart);
}

void chart_close(struct chart *chart)
{
	text_add_format(chart->out, "<path class=axis d=\"M%d %dH%d\"/></svg>\n", chart->left, chart->bottom,
			chart->width - CHART_RIGHT);
}

/* The next of 1, 2, 5, 10, 20, 50 ... that is not below MOST. */
static double chart_round(double most)
{
	double unit = pow(10, floor(log10(fmax(most, 1)))), parts = most / unit;

	return fmax(1, unit * (parts <= 1 ? 1 : parts <= 2 ? 2 : parts <= 5 ? 5 : 10));
}

static void chart_scale(const struct chart *chart, double most)
{
	int parts = most >= 4 ? 2 : 1;

	for (int i = 0; i <= parts; i++) {
		double value = most * i / parts;
		int y = chart->bottom - (chart->bottom - chart->top) * i / parts;

		text_add_format(chart->out,
				"<path class=grid d=\"M%d %dH%d\"/><text class=scale x=%d y=%d>%.0f</text>",
				chart->left, y, chart->width - CHART_RIGHT, chart->left - 6, y + 4, value);
	}
}

static bool is_drawn(const struct chart *chart, const struct chart_bucket *bucket, usec_t width)
{
	return bucket->time + width > chart->from && bucket->time < chart->until;
}

static uint64_t bucket_sum(const struct chart_bucket *bucket, int kinds)
{
	uint64_t sum = 0;

	for (int kind = 0; kind < kinds; kind++)
		sum += bucket->n[kind];
	return sum;
}

/* One path for all bars of one kind, each standing on those of the kinds before. */
static void chart_kind_bars(const struct chart *chart, const struct chart_bucket *buckets, size_t count,
			    usec_t width, double most, enum chart_kind kind)
{
	double unit = (chart->bottom - chart->top) / most;
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		const struct chart_bucket *bucket = &buckets[i];
		int x = chart_at(chart, bucket->time), wide = chart_at(chart, bucket->time + width) - x;
		double base = (double)bucket_sum(bucket, (int)kind) * unit, high = bucket->n[kind] * unit;

		if (bucket->n[kind] == 0 || !is_drawn(chart, bucket, width))
			continue;
		if (!any)
			text_add_format(chart->out, "<path class=k-%s d=\"", chart_kind_name(kind));
		any = true;
		wide = wide > 40 ? wide - 8 : wide < 24 ? 24 : wide; /* a little air, and never invisible */
		text_add_format(chart->out, "M%d %.1fh%dv-%.1fh-%dz", x, chart->bottom - base, wide,
				fmax(high, 1), wide);
	}
	text_add(chart->out, any ? SPAN("\"/>") : SPAN(""));
}

void chart_bars(struct chart *chart, const struct chart_bucket *buckets, size_t count, usec_t width)
{
	uint64_t most = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t sum = bucket_sum(&buckets[i], CHART_KINDS);

		most = sum > most && is_drawn(chart, &buckets[i], width) ? sum : most;
	}
	chart_scale(chart, chart_round((double)most));
	plot_open(chart);
	for (int kind = 0; kind < CHART_KINDS; kind++)
		chart_kind_bars(chart, buckets, count, width, chart_round((double)most),
				(enum chart_kind)kind);
	plot_close(chart);
}

#define LANE_LABEL 22 /* characters that fit */

void chart_lane(struct chart *chart, unsigned lane, struct span label, const char *class,
		const struct chart_span *spans, size_t count)
{
	int y = chart->bottom + CHART_TIMES + (int)lane * CHART_LANE;
	struct span shown = text_utf8_head(label, LANE_LABEL);

	text_add_format(chart->out, "<text class=scale x=%d y=%d>", chart->left - 6, y + 11);
	if (shown.len < label.len) {
		shown = text_utf8_head(label, LANE_LABEL - 1);
		text_add(chart->out, SPAN("<title>"));
		html_text(chart->out, label);
		text_add(chart->out, SPAN("</title>"));
	}
	html_text(chart->out, shown);
	text_add(chart->out, shown.len < label.len ? SPAN("\xe2\x80\xa6</text>") : SPAN("</text>"));
	plot_open(chart);
	text_add_format(chart->out, "<path class=rail d=\"M0 %dH%d\"/><path class=\"lane %s\" d=\"", y + 7,
			CHART_SPAN, class);
	for (size_t i = 0; i < count; i++) {
		int from = chart_at(chart, spans[i].from), until = chart_at(chart, spans[i].until);

		if (spans[i].until < chart->from || spans[i].from > chart->until)
			continue;
		until = until < from + 40 ? from + 40 : until;
		text_add_format(chart->out, "M%d %dH%dv8H%dz", from, y + 3, until, from);
	}
	text_add(chart->out, SPAN("\"/>"));
	plot_close(chart);
}

static const char *const chart_shapes[] = {
	[CHART_DOT] = "<circle r=4 class=full />",
	[CHART_TRIANGLE] = "<path class=full d=\"M-5 4H5L0-5z\"/>",
	[CHART_SQUARE] = "<path class=full d=\"M-4-4h8v8h-8z\"/>",
	[CHART_RING] = "<circle r=3.5 class=hollow />",
};

#define MARK_LETTER 7 /* pixels of one, about */
#define MARK_ROWS   3

/* The first row with room from FROM on; MARK_ROWS where there is none. */
static int mark_row(const int *free_from, int from)
{
	int row = 0;

	while (row < MARK_ROWS && from < free_from[row])
		row++;
	return row;
}

void chart_marks(struct chart *chart, const struct chart_mark *marks, size_t count)
{
	int free_from[MARK_ROWS] = { 0 };

	for (size_t i = 0; i < count; i++) {
		int at = chart_at(chart, marks[i].time), x = chart_pixel(chart, at);
		int wide = 14 + MARK_LETTER * (int)strlen(marks[i].word);
		bool turned = x + wide > chart->width; /* its word stands left of it */
		int row = mark_row(free_from, x - (turned ? wide : 6));
		int y = 8 + 15 * (row < MARK_ROWS ? row : MARK_ROWS - 1);

		text_add_format(
			chart->out,
			"<g class=\"mark m-%s\" data-x=%d transform=\"translate(%d)\"><path class=line "
			"d=\"M0 %dV%d\"/><g transform=\"translate(0 %d)\">%s",
			marks[i].word, at, x, y, chart->height, y, chart_shapes[marks[i].shape]);
		if (row < MARK_ROWS) {
			text_add_format(chart->out, "<text x=%d y=4 text-anchor=%s>%s</text>",
					turned ? -8 : 8, turned ? "end" : "start", marks[i].word);
			free_from[row] = x + (turned ? 6 : wide);
		}
		text_add(chart->out, SPAN("</g></g>"));
	}
}
