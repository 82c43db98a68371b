/*
 * What pictures look like: colours that are told apart by the colour-blind too, patterns for whoever sees or
 * prints none, and both again for the dark. Kept apart from the drawing, as one is changed without the other.
 */
#include "commands/chart.h"

const char *chart_style(void)
{
	return ":root{--k-delivered:#4c86b8;--k-delayed:#b9bec6;--k-invalid:#d55e00;--k-spam:#a3195b;"
	       "--k-blocked:#e0a100;--k-refused:#6b4c9a;--chart-ink:#333a44;--chart-faint:#d9dde3;"
	       "--chart-band:#cfe6d4;--chart-paper:#fff;--chart-alarm:#b00020;--chart-lane:#5b6b7d}\n"
	       "@media(prefers-color-scheme:dark){:root{--k-delivered:#5f9fd6;--k-delayed:#6b727d;"
	       "--k-invalid:#ff8a3d;--k-spam:#f06aa6;--k-blocked:#ffd04d;--k-refused:#b397e6;"
	       "--chart-ink:#d6dae0;--chart-faint:#3a4049;--chart-band:#23402b;--chart-paper:#16191d;"
	       "--chart-alarm:#ff6b7d;--chart-lane:#9fb0c3}}\n"
	       "@media print{:root{--k-delivered:#4c86b8;--k-delayed:#b9bec6;--k-invalid:#d55e00;"
	       "--k-spam:#a3195b;--k-blocked:#e0a100;--k-refused:#6b4c9a;--chart-ink:#222;"
	       "--chart-faint:#ccc;--chart-band:#ddd;--chart-paper:#fff;--chart-alarm:#b00020;"
	       "--chart-lane:#444}}\n"
	       ".chart{width:100%;height:auto;display:block;font:11px system-ui,sans-serif}"
	       ".chart text{fill:var(--chart-ink)}.chart .tick text{text-anchor:middle}"
	       ".chart .date{font-weight:600}.chart .scale{text-anchor:end}"
	       ".chart .tick path,.chart .grid{stroke:var(--chart-faint);fill:none}"
	       ".chart .axis{stroke:var(--chart-ink);fill:none}"
	       ".chart .rail{stroke:var(--chart-faint);fill:none;vector-effect:non-scaling-stroke}"
	       ".chart .lane{fill:var(--chart-lane)}.chart .lane.new{fill:var(--chart-alarm)}"
	       ".chart .mark .line{stroke:var(--chart-alarm);stroke-dasharray:3 3;fill:none}"
	       ".chart .mark text{font-weight:600;paint-order:stroke;stroke:var(--chart-paper);stroke-width:3px}"
	       ".chart .full{fill:var(--chart-alarm)}"
	       ".chart .hollow{fill:var(--chart-paper);stroke:var(--chart-alarm);stroke-width:2}"
	       ".k-delivered{fill:var(--k-delivered)}.k-delayed{fill:url(#p-delayed)}"
	       ".k-invalid{fill:url(#p-invalid)}.k-spam{fill:url(#p-spam)}.k-blocked{fill:url(#p-blocked)}"
	       ".k-refused{fill:url(#p-refused)}"
	       ".patterns{position:absolute;width:0;height:0}"
	       ".patterns path{stroke:var(--chart-paper);fill:none}"
	       "#p-delayed .ground{fill:var(--k-delayed)}#p-invalid .ground{fill:var(--k-invalid)}"
	       "#p-spam .ground{fill:var(--k-spam)}#p-blocked .ground{fill:var(--k-blocked)}"
	       "#p-refused .ground{fill:var(--k-refused)}"
	       ".legend{display:flex;flex-wrap:wrap;gap:.2em 1.2em;list-style:none;padding:0;margin:.3em 0}"
	       ".legend svg{vertical-align:-2px}"
	       ".curve .band{fill:var(--chart-band)}"
	       ".curve .stroke{fill:none;stroke:var(--k-delivered);stroke-width:1.5}\n";
}

/*
 * A pattern of the kind's colour with DRAWN on it in the colour of the paper; stretched as much as the plot
 * squeezes it, about.
 */
static void chart_pattern(struct text *out, enum chart_kind kind, const char *drawn)
{
	text_add_format(out,
			"<pattern id=p-%s width=6 height=6 patternUnits=userSpaceOnUse "
			"patternTransform=\"scale(17 1)\"><rect width=6 height=6 class=ground />"
			"<path d=\"%s\"/></pattern>",
			chart_kind_name(kind), drawn);
}

void chart_patterns(struct text *out)
{
	text_add(out, SPAN("<svg class=patterns aria-hidden=true><defs>"));
	chart_pattern(out, CHART_DELAYED, "M3 2v2");
	chart_pattern(out, CHART_INVALID, "M-1 1L1-1M0 6L6 0M5 7L7 5");
	chart_pattern(out, CHART_SPAM, "M0 0L6 6M0 6L6 0");
	chart_pattern(out, CHART_BLOCKED, "M1.5 0v6M4.5 0v6");
	chart_pattern(out, CHART_REFUSED, "M0 3h6");
	text_add(out, SPAN("</defs></svg>\n"));
}
