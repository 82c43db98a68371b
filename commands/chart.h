/*
 * Pictures for pages and reports, as SVG in a text: counts over time stacked by what became of the mail, lanes
 * of what happened when, marks of single moments, and small curves beside what is usual. No script is needed;
 * what one may be given to do with it stands in the attributes: data-from and data-until (seconds since 1970)
 * on the picture, data-x (0 to CHART_SPAN) on all that hangs on a moment.
 *
 * Each kind of outcome has a pattern as well as a colour, each moment a shape and a word. Colours come from
 * chart_style(), for light, dark and print; the patterns from chart_patterns(), once a page.
 *
 *	chart = (struct chart){ .out = &text, .id = "c1", .from = a, .until = b, .lanes = 2 };
 *	chart_open(&chart, title, about);
 *	chart_bars(&chart, buckets, count, width);
 *	chart_lane(&chart, 0, label, spans, count);
 *	chart_marks(&chart, marks, count);
 *	chart_close(&chart);
 */
#ifndef SENDWATCH_COMMANDS_CHART_H
#define SENDWATCH_COMMANDS_CHART_H

#include "base/clock.h"
#include "base/text.h"
#include "parsers/attempt.h"

#define CHART_SPAN 10000 /* units from the beginning to the end of the time axis */

/* What became of a recipient, as far as a picture can tell apart. */
enum chart_kind {
	CHART_DELIVERED,
	CHART_DELAYED, /* or not delivered, and nobody's fault */
	CHART_INVALID, /* does not exist */
	CHART_SPAM,    /* refused for what the message is */
	CHART_BLOCKED, /* refused for our address, or for how much came */
	CHART_REFUSED, /* refused otherwise */
	CHART_KINDS
};

enum chart_kind chart_kind_of(enum reply_class class, enum event_outcome outcome);
const char *chart_kind_name(enum chart_kind kind);  /* "invalid": class of the style and column of a table */
const char *chart_kind_words(enum chart_kind kind); /* "does not exist" */

struct chart_bucket {
	usec_t time; /* its beginning */
	uint32_t n[CHART_KINDS];
};

/* A stretch of time in a lane. */
struct chart_span {
	usec_t from, until;
};

enum chart_shape { CHART_DOT, CHART_TRIANGLE, CHART_SQUARE, CHART_RING };

struct chart_mark {
	usec_t time;
	enum chart_shape shape;
	const char *word; /* "flagged" */
};

struct chart {
	struct text *out;
	const char *id; /* of our own making: unique on the page */
	usec_t from, until;
	unsigned lanes;          /* rows under the time axis */
	int width;               /* of the whole, in pixels at full size; 0: 720 */
	int left;                /* of it, left of the plot; 0: 48, or 150 where there are lanes */
	int head;                /* room above the bars for the words of marks; 0: 50, -1: none */
	int bars;                /* height of the bars; 0: 120; -1: none are drawn */
	int top, bottom, height; /* set by chart_open: of the bars, and of the whole */
};

/* Begin a picture; TITLE and ABOUT are read out where it cannot be seen. */
void chart_open(struct chart *chart, struct span title, struct span about);
void chart_close(struct chart *chart);

/* Buckets in the order of time, WIDTH long each; draws its own scale. At most one call. */
void chart_bars(struct chart *chart, const struct chart_bucket *buckets, size_t count, usec_t width);

/* Row LANE, from 0 on. CLASS is one of the page's own, beside "lane"; may be "". */
void chart_lane(struct chart *chart, unsigned lane, struct span label, const char *class,
		const struct chart_span *spans, size_t count);

/* In the order of time; those that would overlap stand on several rows. */
void chart_marks(struct chart *chart, const struct chart_mark *marks, size_t count);

/* Which pattern means what; COUNTS (of enum chart_kind) may be NULL, else what is 0 is left out. */
void chart_legend(struct text *out, const uint64_t *counts);

/* A small curve of COUNT values, 160 by 36; LOW to HIGH is what is usual, LOW < 0 where nothing is. */
struct chart_curve {
	const char *id;
	const double *values;
	size_t count;
	double low, high;
	int width; /* 0: 160 */
};

void chart_curve(struct text *out, const struct chart_curve *curve, struct span title);

/* The longest step that gives at most MOST ticks between FROM and UNTIL, and what stands at one of them. */
usec_t chart_step(usec_t from, usec_t until, unsigned most);
void chart_tick_words(struct text *out, usec_t time, usec_t step);

/* For <style>: classes of all that is drawn here, in light, dark and print. */
const char *chart_style(void);

/* Once on a page, before the first picture. */
void chart_patterns(struct text *out);

#endif
