/* A curve small enough to stand in a line of a table, beside what is usual. */
#include "commands/chart.h"

#include "commands/html.h"

#include <math.h>

void chart_curve(struct text *out, const struct chart_curve *curve, struct span title)
{
	int width = curve->width == 0 ? 160 : curve->width, high = 36;
	double most = fmax(curve->high, 1),
	       step = curve->count > 1 ? (double)width / (double)(curve->count - 1) : width;

	for (size_t i = 0; i < curve->count; i++)
		most = fmax(most, curve->values[i]);
	text_add_format(out,
			"<svg class=curve role=img width=%d height=%d viewBox=\"0 0 %d %d\" "
			"aria-labelledby=%s-t><title id=%s-t>",
			width, high, width, high, curve->id, curve->id);
	html_text(out, title);
	text_add(out, SPAN("</title>"));
	if (curve->low >= 0)
		text_add_format(out, "<path class=band d=\"M0 %.1fH%dV%.1fH0z\"/>",
				high - 1 - curve->low / most * (high - 2), width,
				high - 2 - curve->high / most * (high - 2));
	text_add(out, SPAN("<path class=stroke d=\""));
	for (size_t i = 0; i < curve->count; i++)
		text_add_format(out, "%c%.1f %.1f", i == 0 ? 'M' : 'L', (double)i * step,
				high - 1 - fmax(curve->values[i], 0) / most * (high - 2));
	text_add(out, SPAN("\"/></svg>"));
}
