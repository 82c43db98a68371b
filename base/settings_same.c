/* Do two structs that were filled from the same rows hold the same? Some settings cannot change while they are used. */
#include "base/settings.h"

static bool text_same(const char *a, const char *b)
{
	return span_equal(span_of(a), span_of(b));
}

static bool list_same(const struct setting_list *a, const struct setting_list *b)
{
	bool same = a->count == b->count;

	for (size_t i = 0; same && i < a->count; i++)
		same = text_same(a->texts[i], b->texts[i]);
	return same;
}

static bool row_same(const struct setting *row, const void *a, const void *b)
{
	const char *left = (const char *)a + row->place, *right = (const char *)b + row->place;

	switch (row->kind) {
	case SETTING_TEXT: {
		char *texts[2];

		memcpy(&texts[0], left, sizeof(char *));
		memcpy(&texts[1], right, sizeof(char *));
		return text_same(texts[0], texts[1]);
	}
	case SETTING_LIST: {
		struct setting_list lists[2];

		memcpy(&lists[0], left, sizeof(lists[0]));
		memcpy(&lists[1], right, sizeof(lists[1]));
		return list_same(&lists[0], &lists[1]);
	}
	case SETTING_FLAG:
		return memcmp(left, right, sizeof(bool)) == 0;
	case SETTING_CHOICE:
		return memcmp(left, right, sizeof(int)) == 0;
	case SETTING_NUMBER:
	case SETTING_PERCENT:
		return memcmp(left, right, sizeof(double)) == 0;
	case SETTING_COUNT:
	case SETTING_BYTES:
	case SETTING_DURATION:
		break;
	}
	return memcmp(left, right, sizeof(int64_t)) == 0;
}

bool settings_same(const struct setting *rows, const void *a, const void *b)
{
	for (; rows->name != NULL; rows++)
		if (!row_same(rows, a, b))
			return false;
	return true;
}
