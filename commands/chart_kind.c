/* The kinds of outcome that a picture tells apart: their names, and the legend that says which pattern is which. */
#include "commands/chart.h"

#include "detectors/delta.h"

static const struct {
	const char *name, *words;
} chart_kinds[CHART_KINDS] = {
	[CHART_DELIVERED] = { "delivered", "accepted" },
	[CHART_DELAYED] = { "delayed", "delayed or not delivered" },
	[CHART_INVALID] = { "invalid", "does not exist" },
	[CHART_SPAM] = { "spam", "refused as spam or malware" },
	[CHART_BLOCKED] = { "blocked", "refused: our address, or too much" },
	[CHART_REFUSED] = { "refused", "refused otherwise" },
};

enum chart_kind chart_kind_of(enum reply_class class, enum event_outcome outcome)
{
	switch ((int)delta_outcome(class, outcome)) {
	case COUNT_DELIVERED:
		return CHART_DELIVERED;
	case COUNT_INVALID:
		return CHART_INVALID;
	case COUNT_SPAM:
		return CHART_SPAM;
	case COUNT_BLOCKED:
	case COUNT_LIMITED:
		return CHART_BLOCKED;
	case COUNT_REFUSED:
		return CHART_REFUSED;
	default:
		return CHART_DELAYED;
	}
}

const char *chart_kind_name(enum chart_kind kind)
{
	return chart_kinds[kind].name;
}

const char *chart_kind_words(enum chart_kind kind)
{
	return chart_kinds[kind].words;
}

void chart_legend(struct text *out, const uint64_t *counts)
{
	text_add(out, SPAN("<ul class=legend>"));
	for (int kind = 0; kind < CHART_KINDS; kind++) {
		if (counts != NULL && counts[kind] == 0)
			continue;
		text_add_format(out,
				"<li><svg width=14 height=14 viewBox=\"0 0 238 14\" preserveAspectRatio=none "
				"aria-hidden=true><rect width=238 height=14 "
				"class=k-%s /></svg> %s",
				chart_kinds[kind].name, chart_kinds[kind].words);
		if (counts != NULL)
			text_add_format(out, " <b>%llu</b>", (unsigned long long)counts[kind]);
		text_add(out, SPAN("</li>"));
	}
	text_add(out, SPAN("</ul>\n"));
}
