/*
 * Subjects that are not plain ASCII become encoded words (RFC 2047) of whole characters; control bytes become
 * blanks there. The text goes as quoted-printable (RFC 2045), so that no line of it is ever too long, looks like
 * a header or ends the message.
 */
#include "responders/letter.h"

#define LETTER_WORD \
	45 /* bytes of text in one encoded word: 75 with its frame, where each becomes =XX it is less */
#define LETTER_LINE 72

static bool letter_plain(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.at[i] < 0x20 || (unsigned char)text.at[i] > 0x7e)
			return false;
	return span_find(text, SPAN("=?")) == text.len;
}

bool letter_is_address(struct span text)
{
	struct span domain = text, local;

	if (text.len > 254 || !span_cut(&domain, '@', &local) || local.len == 0 || local.len > 64 ||
	    domain.len == 0 || text.at[0] == '-')
		return false;
	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.at[i];
		bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
			      (byte >= '0' && byte <= '9');

		if (!letter && strchr(i < local.len ? "!#$&'*+-/=?^_`{|}~." : ".-", byte) == NULL &&
		    i != local.len)
			return false;
		if (byte == '\0')
			return false;
	}
	return domain.at[0] != '.' && domain.at[0] != '-';
}

static void letter_word(struct span word, struct text *out)
{
	text_add(out, SPAN("=?utf-8?Q?"));
	for (size_t i = 0; i < word.len; i++) {
		unsigned char byte = (unsigned char)word.at[i];

		if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
		    (byte >= '0' && byte <= '9'))
			text_add(out, (struct span){ word.at + i, 1 });
		else
			text_add_format(out, "=%02X", byte < 0x20 || byte == 0x7f ? ' ' : byte);
	}
	text_add(out, SPAN("?="));
}

/* The characters that fit into one encoded word. */
static struct span letter_word_head(struct span text)
{
	size_t cost = 0, at = 0;

	while (at < text.len) {
		size_t len = text_utf8_len(span_from(text, at));

		len = len == 0 ? 1 : len;
		cost += 3 * len;
		if (cost > LETTER_WORD && at > 0)
			break;
		at += len;
	}
	return span_head(text, at);
}

static void letter_subject(struct span subject, const char *line, struct text *out)
{
	text_add(out, SPAN("Subject: "));
	if (letter_plain(subject)) {
		text_add(out, subject);
	} else {
		for (bool first = true; subject.len > 0; first = false) {
			struct span word = letter_word_head(subject);

			if (!first)
				text_add_format(out, "%s ", line);
			letter_word(word, out);
			subject = span_from(subject, word.len);
		}
	}
	text_add(out, span_of(line));
}

static void letter_date(usec_t time, const char *line, struct text *out)
{
	static const char *const days[] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	struct civil civil = clock_to_civil(time);

	text_add_format(out, "Date: %s, %d %s %d %02d:%02d:%02d +0000%s", days[time / USEC_DAY % 7],
			civil.day, months[civil.month - 1], civil.year, civil.hour, civil.minute,
			civil.second, line);
}

static void letter_quoted(struct span text, const char *line, struct text *out)
{
	size_t column = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.at[i];
		bool last = i + 1 == text.len || text.at[i + 1] == '\n';

		if (byte == '\n') {
			text_add(out, span_of(line));
			column = 0;
			continue;
		}
		if (column >= LETTER_LINE) {
			text_add_format(out, "=%s", line);
			column = 0;
		}
		/* A dot or "From " at the front could be taken for what they are not. */
		if (byte < 0x20 || byte > 0x7e || byte == '=' || (byte == ' ' && last) ||
		    (column == 0 && (byte == '.' || byte == 'F'))) {
			text_add_format(out, "=%02X", byte);
			column += 3;
		} else {
			text_add(out, (struct span){ text.at + i, 1 });
			column++;
		}
	}
	if (text.len > 0 && text.at[text.len - 1] != '\n')
		text_add(out, span_of(line));
}

void letter_write(const struct letter *letter, const char *line, struct text *out)
{
	text_add_format(out, "From: sendwatch <%s>%sTo: ", letter->from, line);
	for (size_t i = 0; i < letter->to_count; i++)
		text_add_format(out, "%s%s%s%s", i == 0 ? "" : ",", i == 0 ? "" : line, i == 0 ? "" : " ",
				letter->to[i]);
	text_add(out, span_of(line));
	letter_subject(letter->subject, line, out);
	letter_date(letter->time, line, out);
	text_add_format(out, "Message-ID: <%s.sendwatch@%s>%s", letter->id, letter->host, line);
	text_add_format(out, "Auto-Submitted: auto-generated%sX-Auto-Response-Suppress: All%s", line, line);
	text_add_format(out, "MIME-Version: 1.0%sContent-Type: text/plain; charset=utf-8%s", line, line);
	text_add_format(out, "Content-Transfer-Encoding: quoted-printable%s%s", line, line);
	letter_quoted(letter->text, line, out);
}
