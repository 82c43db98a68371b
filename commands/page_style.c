/*
 * What the pages look like, by day and by night, wide and narrow. On a narrow screen a table of class "cards" turns
 * into one card a row, its cells named by their data-label. Contrast of text is at least 4.5 to 1 throughout.
 */
#include "commands/page.h"

#include "commands/chart.h"

#include <pthread.h>

/* In pieces: a compiler need not take a longer text than 4,095 bytes. */
static const char *const page_css[] = {
	":root{color-scheme:light dark;--ink:#1b2430;--quiet:#556172;--paper:#f5f6f8;--card:#fff;--line:#dde1e7;"
	"--link:#0a58b0;--good:#166d33;--good-bg:#e7f5eb;--warn:#7a5200;--warn-bg:#fdf3d8;--bad:#a8201a;"
	"--bad-bg:#fdeceb;--calm-bg:#eef1f5;--code:#f0f2f5}\n",
	"@media(prefers-color-scheme:dark){:root{--ink:#e4e8ee;--quiet:#a2adbb;--paper:#11151a;--card:#181d24;"
	"--line:#2d3540;--link:#86b9f7;--good:#6fd394;--good-bg:#12301d;--warn:#f1c65b;--warn-bg:#35290a;"
	"--bad:#ff9d94;--bad-bg:#3c1614;--calm-bg:#232a33;--code:#222932}}\n",
	"*{box-sizing:border-box}html{-webkit-text-size-adjust:100%}"
	"body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,\"Segoe UI\","
	"Roboto,\"Helvetica Neue\",\"Noto Sans\",\"DejaVu Sans\",sans-serif}"
	"a{color:var(--link)}a:focus-visible,button:focus-visible,input:focus-visible{outline:2px solid var(--link);"
	"outline-offset:2px}"
	"header,main,footer{max-width:72rem;margin:0 auto;padding:0 1.25rem}"
	"header{display:flex;flex-wrap:wrap;justify-content:space-between;align-items:baseline;gap:.25rem 1.5rem;"
	"padding-top:1.25rem;padding-bottom:1rem}"
	"header p{margin:0}.brand{font-size:1.2rem;font-weight:700;letter-spacing:-.01em;color:var(--ink);"
	"text-decoration:none}.host{color:var(--quiet);margin-left:.75rem;overflow-wrap:anywhere}"
	".fresh{color:var(--quiet);font-size:.87rem}.fresh b{color:var(--bad)}"
	"footer{color:var(--quiet);font-size:.87rem;display:flex;flex-wrap:wrap;justify-content:space-between;"
	"gap:0 1.5rem;padding-top:.5rem;padding-bottom:2rem}footer p{margin:.25rem 0}footer a{margin-right:.75rem}"
	"h1{font-size:1.4rem;line-height:1.25;margin:.25rem 0 .5rem;overflow-wrap:anywhere}"
	"h2{font-size:1.05rem;line-height:1.3;margin:0 0 .75rem}h3{font-size:.95rem;margin:1rem 0 .5rem}"
	".unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}\n",
	".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:1rem;margin-bottom:1rem}"
	".tile{display:block;padding:1rem 1.25rem;border-radius:.6rem;border:1px solid var(--line);"
	"border-left:.4rem solid var(--tone);background:var(--card);color:inherit;text-decoration:none}"
	".tile h2{margin:0;font-size:.92rem;font-weight:500;color:var(--quiet)}"
	".tile p{margin:0;overflow-wrap:anywhere}.tile .answer{font-size:1.75rem;font-weight:700;line-height:1.3;"
	"color:var(--tone)}.tile:hover{border-color:var(--tone)}"
	".good{--tone:var(--good);--tone-bg:var(--good-bg)}.warn{--tone:var(--warn);--tone-bg:var(--warn-bg)}"
	".bad{--tone:var(--bad);--tone-bg:var(--bad-bg)}\n",
	"section{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:1.1rem 1.25rem;"
	"margin-bottom:1rem}section.top{background:none;border:0;padding:0 .25rem}section.top p{margin:.25rem 0}"
	".head{display:flex;flex-wrap:wrap;justify-content:space-between;align-items:center;gap:.5rem 1.5rem;"
	"margin-bottom:.75rem}.head h2{margin:0}"
	"form{display:flex;gap:.5rem;min-width:0}input{font:inherit;color:inherit;background:var(--paper);"
	"border:1px solid var(--quiet);border-radius:.4rem;padding:.35rem .6rem;min-width:0;flex:1 1 13rem}"
	"input::placeholder{color:var(--quiet);opacity:1}"
	"button{font:inherit;font-weight:600;color:var(--ink);background:var(--calm-bg);border:1px solid var(--quiet);"
	"border-radius:.4rem;padding:.35rem .9rem;cursor:pointer}button.disable{color:var(--bad);"
	"border-color:var(--bad)}button.release{color:var(--good);border-color:var(--good)}"
	".acts{display:grid;grid-template-columns:repeat(auto-fit,minmax(17rem,1fr));gap:.75rem 2rem;"
	"margin-bottom:1rem}\n",
	"table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}"
	"th{text-align:left;font-weight:500;font-size:.85rem;color:var(--quiet)}"
	"thead th{padding:0 1rem .4rem 0;border-bottom:1px solid var(--line);vertical-align:bottom}"
	"td,tbody th{padding:.6rem 1rem .6rem 0;border-bottom:1px solid var(--line);vertical-align:top}"
	"tbody tr:last-child>*{border-bottom:0;padding-bottom:.2rem}"
	".n{text-align:right;white-space:nowrap}td:last-child,th:last-child{padding-right:0}"
	".numbers tbody th{font-size:.95rem;color:inherit}.numbers td,.numbers tbody th{padding-top:.3rem;"
	"padding-bottom:.3rem}"
	".name{font-weight:600;overflow-wrap:anywhere}td{overflow-wrap:anywhere}.who{min-width:14rem}"
	".who .badge{margin-right:.6rem}.why{margin:.2rem 0 0;color:var(--quiet);font-size:.92rem;"
	"overflow-wrap:anywhere}.quiet{color:var(--quiet)}"
	".badge{display:inline-block;padding:.05rem .55rem;border-radius:1rem;font-size:.8rem;font-weight:600;"
	"line-height:1.5;background:var(--calm-bg);color:var(--ink);white-space:nowrap}"
	".badge.flagged,.badge.disabled{background:var(--bad-bg);color:var(--bad)}"
	".badge.disabled{background:var(--bad);color:var(--card)}"
	".badge.watch{background:var(--warn-bg);color:var(--warn)}"
	".badge.normal,.badge.released{background:var(--good-bg);color:var(--good)}\n",
	".brief{white-space:nowrap}.trend{width:176px}.trend svg{display:block;max-width:160px}.shares{width:160px;height:6px;margin-top:2px}"
	".empty{color:var(--quiet);margin:.25rem 0}.more{color:var(--quiet);font-size:.92rem;margin:.75rem 0 0}"
	".notice{padding:.6rem 1rem;border-radius:.4rem;background:var(--tone-bg);color:var(--tone);"
	"margin:0 0 .75rem;overflow-wrap:anywhere}"
	".facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.75rem 1.5rem;"
	"margin:1rem 0 0}.facts dt{color:var(--quiet);font-size:.85rem}.facts dd{margin:0;font-size:1.1rem;"
	"font-weight:600;font-variant-numeric:tabular-nums}"
	"code{font:.9em/1.5 ui-monospace,\"SF Mono\",Menlo,Consolas,\"DejaVu Sans Mono\",monospace;background:"
	"var(--code);padding:.15rem .4rem;border-radius:.3rem;overflow-wrap:anywhere}"
	"ul.typed,ul.evidence,ul.samples,ol.history{list-style:none;margin:0;padding:0}"
	".typed li{display:grid;grid-template-columns:14rem 1fr;gap:.1rem 1rem;padding:.35rem 0;align-items:baseline}"
	".typed code{justify-self:start;user-select:all}"
	".evidence li{display:grid;grid-template-columns:4rem 1fr;gap:1rem;padding:.4rem 0;"
	"border-top:1px solid var(--line)}.evidence .quiet{display:block;font-size:.87rem}"
	".weight{font-weight:700;font-variant-numeric:tabular-nums}"
	".picture .chart{overflow:visible}.picture.narrow{display:none}.legend{font-size:.87rem;color:var(--quiet)}"
	".samples li{padding:.5rem 0;border-top:1px solid var(--line)}.samples p{margin:.15rem 0 0;"
	"overflow-wrap:anywhere}.samples .class{color:var(--bad);font-size:.87rem;margin:0 .4rem}"
	".history li{display:grid;grid-template-columns:11.5rem 1fr;gap:1rem;padding:.5rem 0;"
	"border-top:1px solid var(--line)}.history p{margin:.15rem 0 0;color:var(--quiet);overflow-wrap:anywhere}"
	".history time{font-variant-numeric:tabular-nums;color:var(--quiet)}.history div{min-width:0;"
	"overflow-wrap:anywhere}\n",
	"@media(max-width:46rem){header,main,footer{padding-left:.8rem;padding-right:.8rem}"
	".tiles{gap:.6rem}.tile{padding:.7rem 1rem}.tile .answer{font-size:1.45rem}section{padding:.9rem 1rem}"
	".head form{width:100%}.cards thead{position:absolute;width:1px;height:1px;overflow:hidden;"
	"clip-path:inset(50%)}.cards,.cards tbody{display:block}"
	".cards tr{display:grid;grid-template-columns:1fr 1fr;gap:.15rem 1rem;padding:.7rem 0;"
	"border-bottom:1px solid var(--line)}.cards tr:last-child{border-bottom:0}"
	".cards td,.cards tbody tr:last-child td{border:0;padding:.1rem 0;text-align:left;min-width:0;white-space:normal}"
	".cards td::before{content:attr(data-label);display:block;font-size:.8rem;color:var(--quiet)}"
	".cards.dense tr{grid-template-columns:repeat(3,1fr)}.picture.wide{display:none}.picture.narrow{display:block}.cards td.who{grid-column:1/-1;min-width:0}.cards td.who::before{content:none}"
	".cards td.trend{grid-column:1/-1;width:auto}.cards .trend svg{max-width:100%}.cards .shares{width:100%}"
	".typed li,.history li{grid-template-columns:1fr;gap:0}.evidence li{grid-template-columns:3rem 1fr;gap:.6rem}"
	".numbers td,.numbers th{padding-right:.5rem}}\n",
	"@media print{body{background:#fff}.tile,section{break-inside:avoid}form{display:none}}\n",
};

static pthread_once_t page_style_once = PTHREAD_ONCE_INIT;
static struct text page_whole;

static void page_style_make(void)
{
	text_add(&page_whole, span_of(chart_style()));
	for (size_t i = 0; i < sizeof(page_css) / sizeof(page_css[0]); i++)
		text_add(&page_whole, span_of(page_css[i]));
}

const char *page_style(void)
{
	(void)pthread_once(&page_style_once, page_style_make);
	return page_whole.at;
}

const char *page_icon(void)
{
	return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 32 32\"><rect width=\"32\" height=\"32\" "
	       "rx=\"7\" fill=\"#0a58b0\"/><path d=\"M6 10h20v13H6z M6 10l10 8 10-8\" fill=\"none\" stroke=\"#fff\" "
	       "stroke-width=\"2.4\" stroke-linejoin=\"round\"/></svg>\n";
}
