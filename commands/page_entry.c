/* The journal's words as text of a page: each is a stranger's until it went through html.h. */
#include "commands/page_entry.h"

#include "commands/page_parts.h"

bool page_entry_text(struct text *out, const struct payload *entry, const char *key)
{
	struct text words = { 0 };
	bool there = payload_get(entry, key, &words);

	if (there)
		html_text_head(out, text_span(&words), 400);
	text_free(&words);
	return there;
}

bool page_entry_is(const struct payload *entry, const char *type)
{
	struct text is = { 0 };
	bool same = payload_get(entry, "type", &is) && span_equal(text_span(&is), span_of(type));

	text_free(&is);
	return same;
}

enum account_state page_entry_state(const struct payload *entry, const char *key)
{
	enum account_state state = STATE_NORMAL;
	struct text name = { 0 };

	if (payload_get(entry, key, &name))
		(void)state_parse(text_span(&name), &state);
	text_free(&name);
	return state;
}

static void history_verdict(struct text *out, const struct payload *entry)
{
	struct payload *evidence = payload_member(entry, "evidence", 0);

	page_badge(out, page_entry_state(entry, "state"));
	HTML(out, " <span class=\"quiet\">was $t</span>",
	     span_of(page_state_words(page_entry_state(entry, "previous"))));
	html_add(out, "<p>");
	if (evidence != NULL)
		(void)page_entry_text(out, evidence, "text");
	html_add(out, "</p>");
	payload_free(&evidence);
}

static void history_act(struct text *out, const struct payload *entry)
{
	static const struct {
		const char *key, *before;
	} more[] = { { "adapter", " in " }, { "by", " by " }, { "reason", ": " } };

	html_add(out, "<b>");
	(void)page_entry_text(out, entry, "action");
	html_add(out, "</b>");
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		struct text words = { 0 };

		if (payload_get(entry, more[i].key, &words) && words.len > 0) {
			html_add(out, more[i].before);
			html_text_head(out, text_span(&words), 300);
		}
		text_free(&words);
	}
	html_add(out, "<p></p>");
}

void page_account_history(const struct page *page, const struct page_account *of)
{
	struct text *out = page->out;

	html_add(out, "<section><h2>How it came about</h2>\n");
	if (of->entry_count == 0) {
		html_add(out, page->past == NULL
				      ? "<p class=\"empty\">No journal is kept: see [journal] file.</p>\n"
				      : "<p class=\"empty\">The journal says nothing of it.</p>\n");
		html_add(out, "</section>\n");
		return;
	}
	html_add(out, "<ol class=\"history\">");
	for (size_t i = 0; i < of->entry_count; i++) {
		html_add(out, "<li>");
		page_time(out, payload_get_time(of->entries[i], "time"));
		html_add(out, "<div>");
		if (page_entry_is(of->entries[i], "verdict"))
			history_verdict(out, of->entries[i]);
		else
			history_act(out, of->entries[i]);
		html_add(out, "</div></li>\n");
	}
	html_add(out, "</ol>\n</section>\n");
}
