/*
 * Heads of log lines. A tag ends in ":" or "[pid]:"; a word before it is the host. Some syslogds write the
 * priority beside them: "<mail.info>", "mail.info", "[ID 197553 mail.info]". Postfix's and Exim's own words
 * never come first on a line without a tag, so nothing that a stranger wrote can be taken for a head.
 */
#define _GNU_SOURCE
#include "parsers/frame_head.h"

#include "base/seldom.h"
#include "parsers/frame_digits.h"

static struct span head_without_blanks(struct span text)
{
	while (text.len > 0 && text.at[0] == ' ')
		text = span_from(text, 1);
	return text;
}

/* "[23424]" at the front: its number, and REST after it. */
static bool head_pid(struct span *rest, uint32_t *pid_r)
{
	uint32_t pid = 0;
	size_t i = 1;

	if (rest->len < 3 || rest->at[0] != '[')
		return false;
	for (; i < rest->len && i < 11 && rest->at[i] >= '0' && rest->at[i] <= '9'; i++)
		pid = pid * 10 + (uint32_t)(rest->at[i] - '0');
	if (i == 1 || i >= rest->len || rest->at[i] != ']')
		return false;
	*rest = span_from(*rest, i + 1);
	*pid_r = pid;
	return true;
}

/* How many of eight bytes are digits, counted from the last, and the number that these are. */
static unsigned head_digits(const char *at, uint32_t *number_r)
{
	uint64_t word = digits_load(at), others = digits_others(word);
	unsigned count = others == 0 ? 8 : (unsigned)__builtin_clzll(others) / 8;

	if (count == 0)
		return 0;
	/* What stands before them is as if it were zeros. */
	*number_r = digits_number(word >> (64 - 8 * count) << (64 - 8 * count));
	return count;
}

/* The number that ends before END, with its "[", for numbers and tags of any length. */
static SELDOM bool head_pid_any(struct span token, size_t end, size_t *tag_r, uint32_t *pid_r)
{
	size_t at = end;
	uint32_t pid = 0, place = 1;

	for (; at > 1 && (unsigned char)(token.at[at - 1] - '0') < 10; at--, place *= 10)
		pid += place * (uint32_t)(token.at[at - 1] - '0');
	if (at == end || end - at > 9 || token.at[at - 1] != '[')
		return false;
	*tag_r = at - 1;
	*pid_r = pid;
	return true;
}

/* The number in "smtpd[23424]:" and the length of what stands before it; false where there is none. */
static bool head_pid_behind(struct span token, size_t *tag_r, uint32_t *pid_r)
{
	size_t end = token.len - 2; /* of the "]" */
	unsigned digits;
	uint32_t pid;

	if (token.len < 4 || token.at[end] != ']')
		return false;
	if (end < 8 || (digits = head_digits(token.at + end - 8, &pid)) == 8)
		return head_pid_any(token, end, tag_r, pid_r);
	if (digits == 0 || token.at[end - digits - 1] != '[')
		return false;
	*tag_r = end - digits - 1;
	*pid_r = pid;
	return true;
}

/* "tag[pid] words", as some write: the tag's length. */
static SELDOM bool head_tag_without_colon(struct span token, size_t *len_r, uint32_t *pid_r)
{
	token.len++;
	return head_pid_behind(token, len_r, pid_r);
}

/* "mail.info", or "2.6" of FreeBSD's syslogd -v, at the front: its length; 0 where there is none. */
static SELDOM size_t head_priority(struct span text)
{
	static const struct span severities[] = {
		SPAN_INIT("info"),  SPAN_INIT("notice"), SPAN_INIT("warn"),  SPAN_INIT("warning"),
		SPAN_INIT("err"),   SPAN_INIT("error"),  SPAN_INIT("crit"),  SPAN_INIT("alert"),
		SPAN_INIT("emerg"), SPAN_INIT("panic"),  SPAN_INIT("debug"),
	};
	size_t dot = span_find(span_head(text, 16), SPAN(".")), end;
	struct span severity;

	if (dot == 0 || dot >= text.len || text.at[dot] != '.')
		return 0;
	for (end = dot + 1; end < text.len && text.at[end] >= 'a' && text.at[end] <= 'z'; end++)
		;
	for (size_t i = 0; i < dot; i++)
		if (!((text.at[i] >= 'a' && text.at[i] <= 'z') || (text.at[i] >= '0' && text.at[i] <= '9')))
			return 0;
	severity = (struct span){ text.at + dot + 1, end - dot - 1 };
	for (size_t i = 0; i < sizeof(severities) / sizeof(severities[0]); i++)
		if (span_equal(severity, severities[i]))
			return end;
	return severity.len == 0 && end < text.len && text.at[end] >= '0' && text.at[end] <= '7' ? end + 1
												 : 0;
}

/* "<mail.info> " of FreeBSD before the host. */
static SELDOM void head_skip_bracketed(struct span *rest)
{
	struct span at = span_from(*rest, 2);
	size_t len = head_priority(at);

	at = span_from(at, len);
	if (len > 0 && span_starts(at, SPAN("> ")))
		*rest = span_from(at, 1);
}

/* "[ID 197553 mail.info] " of Solaris and illumos before the words. */
static SELDOM void head_skip_id(struct span *text)
{
	struct span at = *text, number;
	uint64_t id;
	size_t len;

	if (!span_skip(&at, SPAN("[ID ")) || !span_cut(&at, ' ', &number) || !span_to_u64(number, &id))
		return;
	len = head_priority(at);
	at = span_from(at, len);
	if (len > 0 && span_skip(&at, SPAN("] ")))
		*text = at;
}

/* "tag[pid]: words" or "tag: words". False, and nothing changed, where there is no tag. */
static bool head_tag(struct span rest, struct frame *frame)
{
	const char *blank = rest.len == 0 ? NULL : memchr(rest.at, ' ', rest.len);
	struct span token = blank == NULL ? rest : span_head(rest, (size_t)(blank - rest.at));
	size_t len = token.len - 1;
	uint32_t pid = 0;

	if (token.len < 2)
		return false;
	if (token.at[len] == ':')
		head_pid_behind(token, &len, &pid);
	else if (token.at[len] != ']' || !head_tag_without_colon(token, &len, &pid))
		return false;
	frame->tag = span_head(token, len);
	frame->pid = pid;
	frame->text = head_without_blanks(span_from(rest, token.len));
	if (frame->text.len > 0 && frame->text.at[0] == '[')
		head_skip_id(&frame->text);
	return true;
}

/* "mail.info tag[pid]: words", as BusyBox's syslogd writes. Lines of Exim's own come here too: most end at once. */
static bool head_tag_behind_priority(struct span rest, struct frame *frame)
{
	size_t len;

	if (rest.len == 0 || (unsigned)(rest.at[0] - 'a') >= 26)
		return false;
	len = head_priority(rest);
	return len > 0 && len < rest.len && rest.at[len] == ' ' && head_tag(span_from(rest, len + 1), frame);
}

static void head_untagged(struct span rest, struct frame *frame)
{
	frame->tag = span_head(rest, 0);
	frame->text = rest;
}

void frame_head_cut_tag(struct span rest, struct frame *frame)
{
	rest = head_without_blanks(rest);
	if (!head_tag(rest, frame) && !head_tag_behind_priority(rest, frame))
		head_untagged(rest, frame);
}

/* "INFO    postfix/smtpd[7]: ", as containers' rsyslogs write: a severity stands where the host would, before a tag. */
static SELDOM bool head_is_severity(struct span word, struct span rest)
{
	static const struct span severities[] = {
		SPAN_INIT("INFO"), SPAN_INIT("NOTICE"), SPAN_INIT("WARNING"), SPAN_INIT("ERR"),
		SPAN_INIT("CRIT"), SPAN_INIT("ALERT"),  SPAN_INIT("EMERG"),   SPAN_INIT("DEBUG"),
	};
	struct frame tried;

	for (size_t i = 0; i < sizeof(severities) / sizeof(severities[0]); i++)
		if (span_equal(word, severities[i]))
			return head_tag(head_without_blanks(rest), &tried);
	return false;
}

void frame_head_cut_host(struct span *rest, struct frame *frame)
{
	const char *blank;

	if (rest->len < 2 || rest->at[0] != ' ' || rest->at[1] == ' ')
		return;
	if (rest->at[1] == '<')
		head_skip_bracketed(rest);
	*rest = span_from(*rest, 1);
	blank = memchr(rest->at, ' ', rest->len);
	if (blank == NULL || blank[-1] == ':')
		return;
	frame->host = span_head(*rest, (size_t)(blank - rest->at));
	*rest = span_from(*rest, frame->host.len + 1);
	if (frame->host.len > 2 && (unsigned)(frame->host.at[0] - 'A') < 26 &&
	    (unsigned)(frame->host.at[1] - 'A') < 26 && head_is_severity(frame->host, *rest))
		frame->host = (struct span){ NULL, 0 };
}

void frame_head_cut(struct span rest, struct frame *frame)
{
	frame_head_cut_host(&rest, frame);
	frame_head_cut_tag(rest, frame);
}

static bool head_is_name(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '.' || c == '-' || c == '_' || c == '/'))
			return false;
	}
	return text.len > 0;
}

/* Does REST begin with a word and one of two bytes, which is no tag's? So do most lines of Exim: 1vMOct-00064A-1J => */
static bool head_is_exim(struct span rest)
{
	const char *blank = rest.len < 5 || rest.at[0] != ' ' || rest.at[1] == ' '
				    ? NULL
				    : memchr(rest.at + 1, ' ', rest.len - 4);

	return blank != NULL && blank[-1] != ':' && blank[1] != ' ' && blank[2] != ' ' && blank[3] == ' ' &&
	       blank[2] != ':' && blank[2] != ']';
}

bool frame_head_follows(struct span rest)
{
	struct frame frame = { .pid = 0 };

	if (head_is_exim(rest))
		return false;

	frame_head_cut(rest, &frame);
	if (!head_is_name(frame.tag) || (frame.host.at != NULL && !head_is_name(frame.host)))
		return false;
	return frame.pid != 0 || span_equal(frame.tag, SPAN("dovecot")) ||
	       span_starts(frame.tag, SPAN("postfix/"));
}

void frame_head_cut_exim(struct span rest, struct frame *frame)
{
	rest = head_without_blanks(rest);
	if (head_pid(&rest, &frame->pid))
		rest = head_without_blanks(rest);
	frame->text = rest;
}

/* "[id name=\"value\" ...][...]" or "-". */
static bool head_skip_structured(struct span *rest)
{
	bool quoted = false;

	if (span_skip(rest, SPAN("-")))
		return true;
	while (rest->len > 0 && rest->at[0] == '[') {
		size_t i = 1;

		for (; i < rest->len && (quoted || rest->at[i] != ']'); i++) {
			if (rest->at[i] == '"')
				quoted = !quoted;
			else if (rest->at[i] == '\\' && quoted)
				i++;
		}
		if (i >= rest->len)
			return false;
		*rest = span_from(*rest, i + 1);
		if (rest->len == 0 || rest->at[0] == ' ')
			return true;
	}
	return false;
}

static struct span head_or_absent(struct span field)
{
	return span_equal(field, SPAN("-")) ? (struct span){ NULL, 0 } : field;
}

bool frame_head_cut_5424(struct span rest, struct frame *frame)
{
	struct span host, tag, pid, id;
	uint64_t number = 0;

	if (!span_skip(&rest, SPAN(" ")) || !span_cut(&rest, ' ', &host) || !span_cut(&rest, ' ', &tag) ||
	    !span_cut(&rest, ' ', &pid) || !span_cut(&rest, ' ', &id) || !head_skip_structured(&rest))
		return false;
	span_to_u64(pid, &number);
	rest = head_without_blanks(rest);
	span_skip(&rest, SPAN("\xEF\xBB\xBF"));
	frame->host = head_or_absent(host);
	frame->tag = span_equal(tag, SPAN("-")) ? span_head(tag, 0) : tag;
	frame->pid = (uint32_t)number;
	frame->text = rest;
	return true;
}
