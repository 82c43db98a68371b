/*
 * The place of a tag in the table is found by the five bytes behind "postfix/" or what stands there in its stead. So
 * only tags that have, with their "[", as many bytes are kept; others would be looked for by a part of their pid.
 */
#define _GNU_SOURCE
#include "parsers/frame_tag.h"

#include "base/seldom.h"
#include "parsers/frame_digits.h"
#include "parsers/postfix.h"

#define TAG_FROM  8 /* the bytes that its place depends on */
#define TAG_BYTES 5
#define TAG_REST  (8 + 4) /* what is looked at behind a tag: eight bytes of a pid, then four */

/* A tag may be in this place or in the one beside it. */
static unsigned tag_place(const char *text)
{
	uint64_t word;

	memcpy(&word, text + TAG_FROM, sizeof(word));
	word = le64toh(word) << (64 - 8 * TAG_BYTES);
	return (unsigned)((word * UINT64_C(0x9e3779b97f4a7c15)) >> 32) % FRAME_TAGS;
}

static bool tag_begins(const struct frame_tag *tag, struct span rest)
{
	return tag->len > 0 && rest.len >= tag->len + TAG_REST &&
	       span_same_bytes(tag->text, rest.at, tag->len);
}

/* "23424]: w" behind a tag: where "w" is. 0 where it is not that. */
static unsigned tag_pid(const char *at, uint32_t *pid_r)
{
	uint64_t word = digits_load(at), others = digits_others(word);
	unsigned count = others == 0 ? 8 : (unsigned)__builtin_ctzll(others) / 8;

	if (count == 0 || memcmp(at + count, "]: ", 3) != 0 || at[count + 3] == ' ' || at[count + 3] == '[')
		return 0;
	*pid_r = digits_number(word << (64 - 8 * count));
	return count + 3;
}

bool frame_tags_cut(const struct frame_tags *tags, struct span rest, struct frame *frame)
{
	const struct frame_tag *tag;
	unsigned place, words;

	if (rest.len < TAG_FROM + sizeof(uint64_t))
		return false;
	place = tag_place(rest.at);
	tag = &tags->tags[place];
	if (!tag_begins(tag, rest)) {
		tag = &tags->tags[place ^ 1];
		if (!tag_begins(tag, rest))
			return false;
	}
	words = tag_pid(rest.at + tag->len, &frame->pid);
	if (words == 0)
		return false;
	frame->tag = (struct span){ rest.at, tag->len - 1 };
	frame->text = (struct span){ rest.at + tag->len + words, rest.len - tag->len - words };
	frame->daemon = tag->daemon;
	return true;
}

SELDOM void frame_tags_keep(struct frame_tags *tags, const struct frame *frame)
{
	struct frame_tag tag = { .len = frame->tag.len + 1 };
	unsigned place;

	if (tag.len < TAG_FROM + TAG_BYTES || tag.len > sizeof(tag.text) || frame->pid == 0 ||
	    !postfix_tag(frame->tag, &tag.daemon))
		return;
	memcpy(tag.text, frame->tag.at, tag.len - 1);
	tag.text[tag.len - 1] = '[';
	place = tag_place(tag.text);
	for (unsigned i = 0; i < 2; i++)
		if (memcmp(tags->tags[place ^ i].text, tag.text, sizeof(tag.text)) == 0)
			return;
	tags->tags[place ^ (tags->turn++ % 2)] = tag;
}
