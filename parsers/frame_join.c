/*
 * Joining. Exim splits what is too long for syslog in numbered parts, which several processes may write
 * at once: parts are gathered by pid, in JOINER_SPLITS places, the one that waits longest giving way.
 * From a part "[3\5]" on, whose backslash stands for a newline, the rest is a dump of headers: strangers'
 * text, left out.
 *
 * Limits: a whole is cut at 64 KiB; of the line before, 2 KiB are remembered for "last message repeated".
 */
#include "parsers/frame_join.h"

#include "base/memory.h"
#include "base/text.h"
#include "parsers/frame_json.h"

#include <stdlib.h>

#define JOINER_SPLITS   8
#define JOINER_PREVIOUS ((size_t)2048)

struct split {
	uint32_t pid;
	uint64_t part, parts; /* the last one that came, of how many; 0: the place is free */
	uint64_t touched;
	bool dump;
	struct text text;
};

struct joiner {
	struct split splits[JOINER_SPLITS];
	uint64_t turn;
	struct frame previous; /* its spans lie in kept */
	char kept[JOINER_PREVIOUS];
	char *plain;           /* of JSON */
	struct text pieces[2]; /* of a container's streams */
	bool given[2];         /* the whole was given: the next piece begins anew */
};

struct joiner *joiner_new(void)
{
	struct joiner *joiner = memory_new(1, sizeof(*joiner));

	for (size_t i = 0; i < JOINER_SPLITS; i++)
		joiner->splits[i].text.ceiling = JOINER_CEILING;
	joiner->pieces[0].ceiling = joiner->pieces[1].ceiling = JOINER_CEILING;
	return joiner;
}

void joiner_free(struct joiner **joiner)
{
	if (*joiner == NULL)
		return;
	for (size_t i = 0; i < JOINER_SPLITS; i++)
		text_free(&(*joiner)->splits[i].text);
	text_free(&(*joiner)->pieces[0]);
	text_free(&(*joiner)->pieces[1]);
	free((*joiner)->plain);
	free(*joiner);
	*joiner = NULL;
}

/* "[2/3] " or "[2\3] " at the front. */
static bool split_head(struct span *rest, uint64_t *part_r, uint64_t *parts_r, bool *dump_r)
{
	struct span left = *rest, numbers, part;

	if (!span_skip(&left, SPAN("[")) || !span_cut_text(&left, SPAN("] "), &numbers) || numbers.len > 9)
		return false;
	*dump_r = memchr(numbers.at, '\\', numbers.len) != NULL;
	if (!span_cut(&numbers, *dump_r ? '\\' : '/', &part) || !span_to_u64(part, part_r) ||
	    !span_to_u64(numbers, parts_r) || *part_r == 0 || *part_r > *parts_r)
		return false;
	*rest = left;
	return true;
}

static struct split *split_of(struct joiner *joiner, uint32_t pid)
{
	struct split *oldest = &joiner->splits[0];

	for (size_t i = 0; i < JOINER_SPLITS; i++) {
		struct split *split = &joiner->splits[i];

		if (split->parts != 0 && split->pid == pid)
			return split;
		if (split->touched < oldest->touched)
			oldest = split;
	}
	oldest->pid = pid;
	oldest->parts = 0;
	oldest->part = 0;
	return oldest;
}

void joiner_split(struct joiner *joiner, struct frame *frame)
{
	uint64_t part, parts;
	struct split *split;
	bool dump;

	if (frame->text.len == 0 || frame->text.at[0] != '[' ||
	    !split_head(&frame->text, &part, &parts, &dump))
		return;
	split = split_of(joiner, frame->pid);
	split->touched = ++joiner->turn;
	if (part == 1 && !(split->part == 1 && split->parts == parts)) {
		text_clear(&split->text);
		split->dump = false;
		split->part = 0;
		split->parts = parts;
	}
	if (parts == split->parts && part == split->part + 1) {
		split->dump = split->dump || dump;
		if (!split->dump)
			text_add(&split->text, frame->text);
		split->part = part;
	}
	if (part == parts && parts == split->parts && split->part == parts)
		frame->text = text_span(&split->text);
	else
		frame->text = span_head(frame->text, 0);
}

static struct span joiner_keep(struct joiner *joiner, size_t *used, struct span text)
{
	struct span kept;

	if (text.at == NULL)
		return text;
	kept = (struct span){ joiner->kept + *used,
			      text.len < JOINER_PREVIOUS - *used ? text.len : JOINER_PREVIOUS - *used };
	memcpy(joiner->kept + *used, text.at, kept.len);
	*used += kept.len;
	return kept;
}

void joiner_forget(struct joiner *joiner)
{
	joiner->previous.repeat = 0;
}

/*
 * Only a line that can stand again word for word, and then means something, is remembered: not Postfix's
 * lines but its warnings, of which failed logins are some.
 */
static void joiner_remember(struct joiner *joiner, const struct frame *frame)
{
	size_t used = 0;

	joiner_forget(joiner);
	if (frame->text.len == 0 || (frame->text.at[0] != 'w' && span_starts(frame->tag, SPAN("postfix"))))
		return;
	joiner->previous = *frame;
	joiner->previous.daemon = (struct frame_daemon){ .service = 0 }; /* the tag may be cut */
	joiner->previous.host = joiner_keep(joiner, &used, frame->host);
	joiner->previous.tag = joiner_keep(joiner, &used, frame->tag);
	joiner->previous.text = joiner_keep(joiner, &used, frame->text);
}

/* "3 times" and what follows it. */
static bool repeat_count(struct span *rest, struct span end, uint32_t *count_r)
{
	struct span left = *rest, number;
	uint64_t count;

	if (!span_cut(&left, ' ', &number) || !span_to_u64(number, &count) || !span_skip(&left, end) ||
	    count == 0 || count > 1000000)
		return false;
	*rest = left;
	*count_r = (uint32_t)count;
	return true;
}

void joiner_repeat(struct joiner *joiner, struct frame *frame)
{
	struct span rest = frame->text;
	uint32_t count;

	if (frame->tag.len == 0) {
		usec_t time = frame->time;

		span_skip(&rest, SPAN("--- "));
		if (span_skip(&rest, SPAN("last message repeated ")) &&
		    repeat_count(&rest, SPAN("time"), &count) && joiner->previous.repeat != 0 &&
		    span_equal(joiner->previous.host, frame->host)) {
			*frame = joiner->previous;
			frame->time = time;
			frame->repeat = count;
		}
		return;
	}
	if (rest.len > 0 && rest.at[0] == 'm' && span_skip(&rest, SPAN("message repeated ")) &&
	    repeat_count(&rest, SPAN("times: ["), &count) && span_ends(rest, SPAN("]"))) {
		span_skip(&rest, SPAN(" "));
		frame->text = span_head(rest, rest.len - 1);
		frame->repeat = count;
	}
	joiner_remember(joiner, frame);
}

char *joiner_plain(struct joiner *joiner)
{
	if (joiner->plain == NULL)
		joiner->plain = memory_new(JOINER_CEILING, 1);
	return joiner->plain;
}

bool joiner_docker(struct joiner *joiner, struct span line, struct span *words_r)
{
	struct json_room room = { joiner_plain(joiner), JOINER_CEILING };

	if (!span_skip(&line, SPAN("{\"log\":\"")))
		return false;
	(void)frame_json_text(&line, &room, words_r);
	return true;
}

bool joiner_docker_time(struct span line, struct span *stamp_r)
{
	struct span stamp;

	/* Quotes within the words are escaped, so that these are Docker's. */
	if (!span_cut_last(&line, SPAN(",\"time\":\""), &stamp))
		return false;
	*stamp_r = stamp;
	return true;
}

bool joiner_piece(struct joiner *joiner, bool errors, char flag, struct span *words)
{
	struct text *pieces = &joiner->pieces[errors];

	if (joiner->given[errors])
		text_clear(pieces);
	joiner->given[errors] = false;
	if (flag == 'F' && pieces->len == 0)
		return true;
	text_add(pieces, *words);
	if (flag != 'F')
		return false;
	*words = text_span(pieces);
	joiner->given[errors] = true;
	return true;
}
