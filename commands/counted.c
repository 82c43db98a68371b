/* A first line, with the form of the records and a checksum of the rest; then the text. */
#include "commands/counted.h"

#include "base/hash.h"
#include "base/save.h"
#include "detectors/record_pack.h"

#define COUNTED_NAME "sendwatch counted "
#define COUNTED_MOST ((size_t)64 * 1024 * 1024)

static void counted_path(const char *state, struct text *path)
{
	text_add_format(path, "%s/counted", state);
}

static void counted_head(struct span text, struct text *head)
{
	text_add_format(head, COUNTED_NAME "%d %016llx\n", RECORD_PACK_VERSION,
			(unsigned long long)hash_stable(text));
}

bool counted_save(const char *state, struct span text, struct error *error)
{
	struct text path = { 0 }, whole = { 0 };
	bool good;

	counted_path(state, &path);
	counted_head(text, &whole);
	text_add(&whole, text);
	good = save_whole(path.at, text_span(&whole), 0640, error);
	text_free(&path);
	text_free(&whole);
	return good;
}

static enum counted counted_parse(struct span whole, struct text *text)
{
	struct span rest = whole, line, form;
	struct text head = { 0 };
	uint64_t number;
	bool same;

	if (!span_cut(&rest, '\n', &line))
		return COUNTED_UNKNOWN;
	counted_head(rest, &head);
	same = span_equal(span_head(whole, line.len + 1), text_span(&head));
	text_free(&head);
	if (same) {
		text_add(text, rest);
		return COUNTED_KNOWN;
	}
	return span_skip(&line, SPAN(COUNTED_NAME)) && span_cut(&line, ' ', &form) &&
			       span_to_u64(form, &number) && number != RECORD_PACK_VERSION
		       ? COUNTED_OTHERWISE
		       : COUNTED_UNKNOWN;
}

enum counted counted_read(const char *state, struct text *text)
{
	struct text path = { 0 }, whole = { 0 };
	enum counted counted = COUNTED_UNKNOWN;
	struct error error;

	counted_path(state, &path);
	if (save_read(path.at, COUNTED_MOST, &whole, &error))
		counted = counted_parse(text_span(&whole), text);
	text_free(&path);
	text_free(&whole);
	return counted;
}
