/*
 * Cutting a reply out of what the MTA wrote around it, and reading its codes. The MTA's words tell the command
 * that was answered, which tells much of a refusal's meaning.
 */
#include "parsers/reply_text.h"

#include "parsers/reply_bytes.h"

/* "550 " or "550-" at AT, first digit 2, 4 or 5; a code alone at the end counts too. */
bool text_code_at(struct span text, size_t at)
{
	if (at + 3 > text.len || (text.at[at] != '2' && text.at[at] != '4' && text.at[at] != '5') ||
	    !is_digit(text.at[at + 1]) || text.at[at + 1] > '7' || !is_digit(text.at[at + 2]))
		return false;
	return at + 3 == text.len || kind_of(text.at[at + 3]) == TEXT_BLANK || text.at[at + 3] == '-' ||
	       text.at[at + 3] == '\\' || text.at[at + 3] == '#';
}

/* The length of an enhanced code at AT ("5.7.606"), 0 where there is none. */
size_t text_enhanced_at(struct span text, size_t at, uint8_t enhanced_r[3])
{
	unsigned parts[3] = { 0, 0, 0 };
	size_t i = at;

	for (size_t part = 0; part < 3; part++) {
		size_t start = i;

		while (i < text.len && i < start + 3 && is_digit(text.at[i]))
			parts[part] = parts[part] * 10 + (unsigned)(text.at[i++] - '0');
		if (i == start ||
		    (part == 0 && (i != start + 1 || (parts[0] != 2 && parts[0] != 4 && parts[0] != 5))))
			return 0;
		if (part == 2)
			break;
		if (i >= text.len || text.at[i] != '.')
			return 0;
		i++;
	}
	if (i < text.len &&
	    (is_digit(text.at[i]) || (text.at[i] == '.' && i + 1 < text.len && is_digit(text.at[i + 1]))))
		return 0;
	for (size_t part = 0; part < 3; part++)
		/* Microsoft's details go to 999; what does not fit is told by the words. */
		enhanced_r[part] = (uint8_t)(parts[part] > 255 ? 255 : parts[part]);
	return i - at;
}

bool reply_text_enhanced(struct span text, uint8_t enhanced_r[3])
{
	return text_enhanced_at(text, 0, enhanced_r) > 0;
}

static void text_phase(struct span words, enum event_phase *phase)
{
	static const struct {
		struct span words;
		enum event_phase phase;
	} rows[] = {
		{ { "end of data", 11 }, PHASE_END_OF_DATA },
		{ { "message body", 12 }, PHASE_END_OF_DATA },
		{ { "RCPT", 4 }, PHASE_RCPT },
		{ { "MAIL", 4 }, PHASE_MAIL },
		{ { "DATA", 4 }, PHASE_DATA },
		{ { "initial", 7 }, PHASE_CONNECT },
		{ { "connect", 7 }, PHASE_CONNECT },
		{ { "HELO", 4 }, PHASE_HELO },
		{ { "EHLO", 4 }, PHASE_HELO },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (span_find_nocase(words, rows[i].words) < words.len) {
			*phase = rows[i].phase;
			return;
		}
}

/* The remote's words begin after ": " or "; " or a quote; before them the MTA says who answered and to what. */
static void text_cut_before(struct reply_text *text)
{
	struct span words = text->words;

	for (size_t i = 0; i + 4 < words.len && i < 400; i++) {
		size_t at = i + 1;

		if (words.at[i] != ':' && words.at[i] != ';' && words.at[i] != '\'')
			continue;
		while (at < words.len && kind_of(words.at[at]) == TEXT_BLANK)
			at++;
		if ((at == i + 1 && words.at[i] != '\'') || !text_code_at(words, at))
			continue;
		struct span before = span_head(words, i), after = { NULL, 0 };
		size_t said = span_find_last(before, SPAN(" after "));

		if (said < before.len)
			after = span_from(before, said);
		if (after.len > 0)
			text_phase(after, &text->phase);
		else if (span_find(before, SPAN("refused to talk")) < before.len)
			text->phase = PHASE_CONNECT;
		text->words = span_from(words, at);
		return;
	}
}

static void text_cut_behind(struct reply_text *text)
{
	static const struct span mark = { "(in reply to ", 13 };
	size_t at;

	if (text->words.len == 0 || text->words.at[text->words.len - 1] != ')')
		return;
	at = span_find_last(text->words, mark);
	if (at == text->words.len)
		return;
	text_phase(span_from(text->words, at + mark.len), &text->phase);
	text->words = span_trim(span_head(text->words, at));
}

/* What the server behind a gateway said: "(bob@example.org:552 5.2.2 mailbox full)", "host said: 550 5.1.1 ...". */
static void text_quoted(struct span words, uint8_t enhanced_r[3])
{
	struct span before;

	while (span_cut(&words, ':', &before)) {
		size_t at = words.len > 0 && kind_of(words.at[0]) == TEXT_BLANK;

		if (text_code_at(words, at) && at + 4 < words.len &&
		    text_enhanced_at(words, at + 4, enhanced_r) > 0)
			return;
	}
}

void reply_text_cut(struct span reply, struct reply_text *text_r)
{
	struct span words = span_trim(reply);
	size_t at;

	*text_r = (struct reply_text){ .words = words };
	if (words.len > 2 && words.at[0] == '(' && words.at[words.len - 1] == ')')
		text_r->words = (struct span){ words.at + 1, words.len - 2 };
	text_cut_behind(text_r);
	if (!text_code_at(text_r->words, 0))
		text_cut_before(text_r);
	words = text_r->words;
	at = 0;
	if (text_code_at(words, 0)) {
		text_r->code = (uint16_t)((words.at[0] - '0') * 100 + (words.at[1] - '0') * 10 + words.at[2] -
					  '0');
		at = 4;
	}
	while (at < words.len &&
	       (kind_of(words.at[at]) == TEXT_BLANK || memchr("#[(-", words.at[at], 4) != NULL))
		at++;
	if (text_enhanced_at(words, at, text_r->enhanced) > 0)
		return;
	/* qmail's habit, at the end: "(#5.1.1)" */
	at = span_find_last(words, SPAN("(#"));
	if (at < words.len)
		(void)text_enhanced_at(words, at + 2, text_r->enhanced);
	else
		text_quoted(words, text_r->enhanced);
}
