/*
 * The framer: from a line to its frame. A line is, from the left: a container's prefix, "<pri>", a stamp,
 * a head, the words.
 */
#include "parsers/frame.h"

#include "base/memory.h"
#include "base/seldom.h"
#include "parsers/exim_id.h"
#include "parsers/frame_clock.h"
#include "parsers/frame_contained.h"
#include "parsers/frame_head.h"
#include "parsers/frame_join.h"
#include "parsers/frame_json.h"
#include "parsers/frame_tag.h"

#include <stdlib.h>

/*
 * The stamp and host of the line before, with the blank behind them: "Nov 21 16:29:42 mx1 ", of Exim's own log the
 * stamp alone. A busy log's next line begins with the same, and then neither is read again: 200 instructions less of
 * 460 that a frame takes.
 */
struct frame_same {
	char text[80];
	size_t len; /* 0: there is none, or it may mean something else in another line */
	bool exim;
	size_t host_at, host_len;
	usec_t time;
};

/* Does a source begin each line with the name of its file, as grep does? Its first line with a stamp decides. */
enum frame_names { NAMES_UNKNOWN, NAMES_NONE, NAMES_BEFORE };

struct framer {
	struct frame_clock clock;
	enum frame_names names;
	struct frame_same same;
	struct frame_tags tags;
	struct joiner *joiner;
};

struct framer *framer_new(const struct framer_options *options, struct error *error)
{
	struct frame_clock clock;
	struct framer *framer;

	if (!frame_clock_open(&clock, options, error))
		return NULL;
	framer = memory_new(1, sizeof(*framer));
	framer->clock = clock;
	framer->joiner = joiner_new();
	return framer;
}

void framer_free(struct framer **framer)
{
	if (*framer == NULL)
		return;
	frame_clock_close(&(*framer)->clock);
	joiner_free(&(*framer)->joiner);
	free(*framer);
	*framer = NULL;
}

/* "<22>", and "<22>1 " where VERSION_R says so. */
static SELDOM struct span framer_priority(struct span line, bool *version_r)
{
	size_t end = 1;

	if (line.len < 4)
		return line;
	while (end < 4 && line.at[end] >= '0' && line.at[end] <= '9')
		end++;
	if (end == 1 || end >= line.len || line.at[end] != '>')
		return line;
	line = span_from(line, end + 1);
	*version_r = span_skip(&line, SPAN("1 "));
	return line;
}

/* "mail-1  | " before each line of `docker compose logs`. */
static SELDOM bool framer_compose(struct span *line)
{
	struct span rest = span_head(*line, 64), name;

	if (!span_cut_text(&rest, SPAN(" | "), &name))
		return false;
	name = span_trim(name);
	if (name.len == 0 || memchr(name.at, ' ', name.len) != NULL)
		return false;
	*line = span_from(*line, (size_t)(rest.at - line->at));
	return true;
}

#define FLAG_JSON '{'

/* A line, opened: what is left of it behind all stamps, and what the innermost stamp was like. */
struct framer_opened {
	usec_t time;
	struct stamp stamp;
	struct span rest;
	bool version;      /* RFC 5424 */
	struct span piece; /* of Kubernetes, with its flag and stream */
	char flag;         /* FLAG_JSON: it is an entry */
	bool errors;
	struct json_entry entry;
};

/*
 * "/var/log/mail.log.1:Nov 21 ...", "mail.log:77:Nov 21 ...", "mail.log-Nov 21 ..." as grep writes lines of several
 * files, with their numbers, and those around what it found; "[pod/mail-0/postfix] Nov 21 ..." of `kubectl logs
 * --prefix`.
 */
static SELDOM bool framer_grep(struct span *line)
{
	struct span rest = span_head(*line, 256), pod;
	struct stamp stamp;

	if (span_starts(rest, SPAN("[pod/")) && span_cut_text(&rest, SPAN("] "), &pod) &&
	    stamp_read(rest, &stamp) > 0) {
		*line = span_from(*line, pod.len + 2);
		return true;
	}
	for (size_t i = 0; i < rest.len && rest.at[i] != ' ' && rest.at[i] != '\t'; i++)
		if (i > 0 && (rest.at[i] == ':' || rest.at[i] == '-') &&
		    stamp_read(span_from(*line, i + 1), &stamp) > 0) {
			*line = span_from(*line, i + 1);
			return true;
		}
	return false;
}

/* A file's BOM, or the version "1 " of RFC 5424 whose priority was left out. */
static SELDOM bool framer_bare(struct span *line, struct framer_opened *opened)
{
	if (span_skip(line, SPAN("\xEF\xBB\xBF")))
		return true;
	if (!span_starts(*line, SPAN("1 ")) || opened->version || line->len < 6 || line->at[6] != '-')
		return false;
	*line = span_from(*line, 2);
	opened->version = true;
	return true;
}

/*
 * The line's own stamp. Names before it are known by the first line: what strangers wrote into a dump of a header
 * begins no log.
 */
static size_t framer_read_stamp(struct framer *framer, struct span *line, struct framer_opened *opened)
{
	size_t len = 0;

	if (framer->names != NAMES_BEFORE || line->at[0] == '<')
		len = frame_clock_read(&framer->clock, *line, &opened->stamp, &opened->time);
	if (len == 0 && framer_bare(line, opened))
		len = frame_clock_read(&framer->clock, *line, &opened->stamp, &opened->time);
	if (len == 0 && framer->names != NAMES_NONE && framer_grep(line)) {
		framer->names = NAMES_BEFORE;
		return frame_clock_read(&framer->clock, *line, &opened->stamp, &opened->time);
	}
	if (len == 0 && framer_compose(line))
		len = frame_clock_read(&framer->clock, *line, &opened->stamp, &opened->time);
	if (len > 0 && framer->names != NAMES_NONE) {
		framer->names = NAMES_NONE;
		framer->same.len = 0; /* it may have had one */
	}
	return len;
}

/* A container's time holds for what its program wrote, stamped again or not. */
static void framer_open_inner(struct framer_opened *opened, struct span words)
{
	struct stamp inner;
	bool version = false;
	size_t len;

	if (words.len > 0 && words.at[0] == '<')
		words = framer_priority(words, &version);
	len = stamp_read(words, &inner);
	opened->rest = span_from(words, len);
	if (len > 0) {
		opened->stamp = inner;
		opened->version = version;
	}
}

/* " {host="mx1"}  Nov 21 16:29:42 words": the labels that Loki's logcli puts between the times. */
static SELDOM struct span framer_labelled(struct span words)
{
	struct span rest = span_head(words, 1024), labels;

	if (!span_starts(words, SPAN(" {")) || !span_cut_text(&rest, SPAN("} "), &labels))
		return words;
	words = span_from(words, labels.len + 1);
	while (span_starts(words, SPAN("  ")))
		words = span_from(words, 1);
	return words;
}

/* " stdout F words" of Kubernetes, " Nov 21 16:29:42 words" of `docker logs -t`. */
static SELDOM void framer_open_container(struct framer_opened *opened)
{
	struct span words = opened->rest;
	struct stamp inner;

	if (words.len < 12 || words.at[0] != ' ')
		return;
	if (span_starts(words, SPAN(" stdout ")) || span_starts(words, SPAN(" stderr "))) {
		if (words.at[9] != ' ' || (words.at[8] != 'F' && words.at[8] != 'P'))
			return;
		opened->piece = span_from(words, 10);
		opened->flag = words.at[8];
		opened->errors = words.at[4] == 'e';
		framer_open_inner(opened, opened->piece);
		return;
	}
	words = span_from(framer_labelled(words), 1);
	if (stamp_read(words, &inner) > 0)
		framer_open_inner(opened, words);
}

static SELDOM bool framer_open_docker(struct framer *framer, struct span line, struct framer_opened *opened)
{
	struct span stamp, words;

	if (!joiner_docker_time(line, &stamp) ||
	    frame_clock_read(&framer->clock, stamp, &opened->stamp, &opened->time) == 0 ||
	    !joiner_docker(framer->joiner, line, &words))
		return false;
	opened->stamp.blank = false;
	framer_open_inner(opened, words);
	return true;
}

/* An object of a log shipper's or of journalctl's. Where it names no program, its words are a line of themselves. */
static SELDOM bool framer_open_json(struct framer *framer, struct span line, struct framer_opened *opened)
{
	struct json_room room = { joiner_plain(framer->joiner), JOINER_CEILING };

	if (!frame_json_read(line, &room, &opened->entry) ||
	    frame_clock_read(&framer->clock, opened->entry.time, &opened->stamp, &opened->time) == 0)
		return false;
	opened->stamp.blank = false;
	if (opened->entry.tag.len > 0) {
		opened->flag = FLAG_JSON;
		opened->rest = opened->entry.words;
	} else {
		framer_open_inner(opened, opened->entry.words);
	}
	return true;
}

static bool framer_open(struct framer *framer, struct span line, struct framer_opened *opened)
{
	size_t len;

	opened->version = false;
	opened->flag = '\0';
	if (line.len < 14)
		return false;
	if (line.at[line.len - 1] == '\r')
		line.len--;
	if (line.at[0] == '<')
		line = framer_priority(line, &opened->version);
	else if (line.at[0] == '{')
		return framer_open_docker(framer, line, opened) || framer_open_json(framer, line, opened);
	len = framer_read_stamp(framer, &line, opened);
	if (len == 0)
		return false;
	opened->rest = span_from(line, len);
	if (opened->stamp.zoned && !opened->stamp.blank && !opened->version)
		framer_open_container(opened);
	return true;
}

/* Exim's own stamp within syslog's: it has the year that the other lacks. */
static __attribute__((noinline)) void framer_exim(struct framer *framer, bool yearless, struct frame *frame)
{
	struct stamp inner;
	size_t len;

	joiner_split(framer->joiner, frame);
	len = stamp_read(frame->text, &inner);
	if (len == 0 || !inner.blank)
		return;
	if (yearless) {
		usec_t time = frame_clock_resolve(&framer->clock, &inner);

		if (time < frame->time - USEC_DAY || time > frame->time + USEC_DAY)
			framer->clock.hour.len = framer->same.len = 0; /* that year was guessed wrong */
		frame->time = time;
	}
	frame_head_cut_exim(span_from(frame->text, len), frame);
}

/* What Kubernetes split is put together. False where more is to come. */
static SELDOM bool framer_join(struct framer *framer, struct framer_opened *opened)
{
	struct span whole = opened->piece;

	if (!joiner_piece(framer->joiner, opened->errors, opened->flag, &whole))
		return false;
	if (whole.at != opened->piece.at)
		framer_open_inner(opened, whole);
	return true;
}

/*
 * Only of stamps that have no zone or fraction, which change with each line, and in an hour that comes once. LEN
 * bytes of LINE are stamp, host and blank.
 */
static void framer_keep_same(struct framer *framer, struct span line, size_t len,
			     const struct framer_opened *opened, const struct frame *frame)
{
	struct frame_same *same = &framer->same;

	same->len = 0;
	if (len == 0 || len > sizeof(same->text) || len >= line.len || opened->stamp.zoned ||
	    opened->stamp.micro != 0 || line.at[0] == '<' || line.at[len - 1] != ' ' ||
	    framer->clock.hour.len == 0)
		return;
	memcpy(same->text, line.at, len);
	same->len = len;
	same->host_at = frame->host.at == NULL ? 0 : (size_t)(frame->host.at - line.at);
	same->host_len = frame->host.len;
	same->exim = opened->stamp.blank;
	same->time = opened->time;
}

static bool framer_is_same(const struct framer *framer, struct span line)
{
	const struct frame_same *same = &framer->same;

	return same->len > 0 && line.len > same->len && span_same_bytes(line.at, same->text, same->len);
}

/*
 * A relay put a stamp and a host before a line that has its own: "Nov 21 16:29:43 relay Nov 21 16:29:42 mx1
 * postfix/smtpd[7]: ...", or a host alone. The head behind must be one that is known; the time is the relay's, by which
 * the lines are in order.
 */
static SELDOM void framer_cut_relayed(struct span rest, struct frame *frame)
{
	struct stamp inner;
	size_t len = stamp_read(rest, &inner);
	struct span head = len > 0 ? span_from(rest, len) : (struct span){ rest.at - 1, rest.len + 1 };

	if (frame_head_follows(head))
		frame_head_cut(head, frame);
}

static __attribute__((noinline)) void framer_cut_new_tag(struct framer *framer, struct span rest,
							 bool yearless, struct frame *frame)
{
	frame_head_cut_tag(rest, frame);
	if (frame->tag.len == 0 && frame->host.at != NULL)
		framer_cut_relayed(rest, frame);
	else if (frame_may_contain(frame))
		frame_cut_contained(frame);
	frame_tags_keep(&framer->tags, frame);
	if (span_starts(frame->tag, SPAN("exim")))
		framer_exim(framer, yearless, frame);
	joiner_repeat(framer->joiner, frame);
}

/* What stands behind the host: the tag and the words. */
static void framer_cut_tag(struct framer *framer, struct span rest, bool yearless, struct frame *frame)
{
	if (!frame_tags_cut(&framer->tags, rest, frame))
		framer_cut_new_tag(framer, rest, yearless, frame);
	else if (frame->text.at[0] == 'w' || frame->text.at[0] == 'm') /* a warning, "message repeated" */
		joiner_repeat(framer->joiner, frame);
	else
		joiner_forget(framer->joiner);
}

/* Nothing of an entry's names and numbers is a stranger's. */
static SELDOM bool framer_cut_entry(struct framer *framer, const struct json_entry *entry,
				    struct frame *frame)
{
	uint64_t pid = 0;

	(void)span_to_u64(entry->pid, &pid);
	frame->host = entry->host;
	frame->tag = entry->tag;
	frame->pid = (uint32_t)pid;
	frame->text = entry->words;
	if (frame_may_contain(frame))
		frame_cut_contained(frame);
	if (span_starts(frame->tag, SPAN("exim")))
		framer_exim(framer, false, frame);
	joiner_repeat(framer->joiner, frame);
	return true;
}

static __attribute__((noinline)) bool framer_cut_whole(struct framer *framer, struct span line,
						       struct frame *frame_r)
{
	struct framer_opened opened;

	if (!framer_open(framer, line, &opened))
		return false;
	*frame_r = (struct frame){ .time = opened.time, .repeat = 1 };
	if (opened.flag == FLAG_JSON)
		return framer_cut_entry(framer, &opened.entry, frame_r);
	if (opened.flag != '\0' && !framer_join(framer, &opened)) {
		frame_r->tag = SPAN("piece");
		frame_r->text = span_head(line, 0);
		return true;
	}
	if (opened.version) {
		if (!frame_head_cut_5424(opened.rest, frame_r))
			return false;
		if (frame_may_contain(frame_r))
			frame_cut_contained(frame_r);
		if (span_starts(frame_r->tag, SPAN("exim")))
			framer_exim(framer, opened.stamp.civil.year == 0, frame_r);
		joiner_repeat(framer->joiner, frame_r);
		return true;
	}
	if (opened.stamp.blank && !frame_head_follows(opened.rest)) {
		frame_head_cut_exim(opened.rest, frame_r);
		framer_keep_same(framer, line, (size_t)(opened.rest.at - line.at) + 1, &opened, frame_r);
		return true;
	}
	frame_head_cut_host(&opened.rest, frame_r);
	if (opened.stamp.civil.year == 0 && !opened.stamp.blank && frame_r->host.at != NULL)
		framer_keep_same(framer, line, (size_t)(opened.rest.at - line.at), &opened, frame_r);
	framer_cut_tag(framer, opened.rest, opened.stamp.civil.year == 0, frame_r);
	return true;
}

/* A line of Exim's own log without an id; all anew where a zone stands behind its stamp, or what syslog writes. */
static __attribute__((noinline)) bool framer_cut_same_exim(struct framer *framer, struct span line,
							   struct frame *frame_r)
{
	size_t len = framer->same.len;

	if (line.at[len] == '+' || line.at[len] == '-' || line.at[len] == 'U' ||
	    frame_head_follows(span_from(line, len - 1)))
		return framer_cut_whole(framer, line, frame_r);
	*frame_r = (struct frame){ .time = framer->same.time, .repeat = 1 };
	frame_head_cut_exim(span_from(line, len), frame_r);
	return true;
}

static __attribute__((noinline)) bool framer_cut_same(struct framer *framer, struct span line,
						      struct frame *frame_r)
{
	const struct frame_same *same = &framer->same;

	*frame_r = (struct frame){ .time = same->time,
				   .repeat = 1,
				   .host = { line.at + same->host_at, same->host_len } };
	framer_cut_tag(framer, (struct span){ line.at + same->len, line.len - same->len }, true, frame_r);
	return true;
}

/* Each way ends in one call, so that none of them saves registers for another. */
bool framer_cut(struct framer *framer, struct span line, struct frame *frame_r)
{
	const struct frame_same *same = &framer->same;
	struct span rest;
	size_t id;

	if (!framer_is_same(framer, line))
		return framer_cut_whole(framer, line, frame_r);
	if (line.at[line.len - 1] == '\r')
		line.len--;
	if (!same->exim)
		return framer_cut_same(framer, line, frame_r);
	rest = (struct span){ line.at + same->len, line.len - same->len };
	id = exim_id_of_line(rest);
	if (id == 0)
		return framer_cut_same_exim(framer, line, frame_r);
	*frame_r = (struct frame){ .time = same->time, .repeat = 1, .text = rest, .exim_id = (uint8_t)id };
	return true;
}

usec_t framer_time(struct framer *framer, struct span line)
{
	struct framer_opened opened;

	return framer_open(framer, line, &opened) ? opened.time : USEC_NEVER;
}
