/*
 * Reading rotated names from their right end: first what compression added, then a number or a date,
 * either at the end or before ".log" (logrotate's `extension`).
 *
 * A name such as "mail.1" may be a log in its own right; it is then a source of its own all the same,
 * since its stem "mail" is nobody else's.
 */
#define _GNU_SOURCE
#include "collector/rotation.h"

static const struct span rotation_packed[] = {
	{ ".gz", 3 }, { ".xz", 3 }, { ".bz2", 4 }, { ".zst", 4 }, { ".Z", 2 }, { ".lz4", 4 }, { ".zip", 4 },
};

static bool rotation_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t rotation_digits_before(struct span text)
{
	size_t count = 0;

	while (count < text.len && rotation_digit(text.at[text.len - 1 - count]))
		count++;
	return count;
}

/* Digits of at most 18 places as a number. */
static uint64_t rotation_number(struct span digits)
{
	uint64_t number = 0;

	for (size_t i = 0; i < digits.len && i < 18; i++)
		number = number * 10 + (uint64_t)(digits.at[i] - '0');
	return number;
}

/* Is it YYYYMMDD, of this century or the last, perhaps with digits of a time right behind? */
static bool rotation_is_date(struct span digits)
{
	uint64_t month, day;

	if (digits.len < 8 || digits.len > 14 || (digits.at[0] != '2' && digits.at[0] != '1'))
		return false;
	month = rotation_number((struct span){ digits.at + 4, 2 });
	day = rotation_number((struct span){ digits.at + 6, 2 });
	return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

static uint64_t rotation_rank(struct span date, struct span time)
{
	uint64_t rank = rotation_number(date);

	for (size_t i = 0; i < 6; i++)
		if (date.len + i < 14)
			rank = rank * 10 + (i < time.len ? (uint64_t)(time.at[i] - '0') : 0);
	return rank;
}

/* "...-2026-11-01" */
static bool rotation_cut_dashed(struct span *name, uint64_t *rank_r)
{
	static const char shape[] = "0000-00-00";
	char digits[8];
	size_t count = 0;
	const char *at;

	if (name->len < sizeof(shape) + 1)
		return false;
	at = name->at + name->len - (sizeof(shape) - 1);
	if (strchr("-._", at[-1]) == NULL)
		return false;
	for (size_t i = 0; i + 1 < sizeof(shape); i++) {
		if (shape[i] == '0' ? !rotation_digit(at[i]) : at[i] != '-')
			return false;
		if (shape[i] == '0')
			digits[count++] = at[i];
	}
	if (!rotation_is_date((struct span){ digits, 8 }))
		return false;
	*rank_r = rotation_rank((struct span){ digits, 8 }, (struct span){ "", 0 });
	name->len = (size_t)(at - 1 - name->at);
	return true;
}

/* The digits at the end of TEXT, cut off together with the separator before them; false where there is none. */
static bool rotation_cut_digits(struct span *text, struct span *digits_r)
{
	size_t count = rotation_digits_before(*text);

	if (count == 0 || text->len < count + 2 || strchr("-._T", text->at[text->len - count - 1]) == NULL)
		return false;
	*digits_r = span_from(*text, text->len - count);
	text->len -= count + 1;
	return true;
}

/* "...-20261101", "....20261121-163203", "...-20261101-1793550000", "...-1793550000" (seconds) */
static bool rotation_cut_date(struct span *name, uint64_t *rank_r)
{
	struct span rest = *name, last, date;
	struct span longer;

	if (!rotation_cut_digits(&rest, &last))
		return false;
	longer = rest;
	if (last.len >= 2 && last.len <= 10 && rotation_cut_digits(&longer, &date) &&
	    rotation_is_date(date)) {
		*rank_r = last.len == 10 ? rotation_number(last) : rotation_rank(date, last);
		*name = longer;
		return true;
	}
	if (rotation_is_date(last))
		*rank_r = rotation_rank(last, (struct span){ "", 0 });
	else if (last.len == 10 && last.at[0] == '1')
		*rank_r = rotation_number(last);
	else
		return false;
	*name = rest;
	return true;
}

static bool rotation_cut_number(struct span *name, uint64_t *rank_r)
{
	size_t count = rotation_digits_before(*name);

	if (count == 0 || count > 4 || name->len < count + 2 || name->at[name->len - count - 1] != '.')
		return false;
	*rank_r = rotation_number(span_from(*name, name->len - count));
	name->len -= count + 1;
	return true;
}

static enum rotation_style rotation_cut(struct span *name, uint64_t *rank_r)
{
	if (rotation_cut_dashed(name, rank_r) || rotation_cut_date(name, rank_r))
		return ROTATION_DATE;
	if (rotation_cut_number(name, rank_r))
		return ROTATION_NUMBER;
	if (name->len > 4 && span_ends(*name, SPAN(".old"))) {
		*rank_r = 1;
		name->len -= 4;
		return ROTATION_NUMBER;
	}
	return ROTATION_CURRENT;
}

static void rotation_stem(struct rotation *rotation, struct span head, struct span tail)
{
	size_t room = sizeof(rotation->stem) - 1;

	head = span_head(head, room);
	tail = span_head(tail, room - head.len);
	memcpy(rotation->stem, head.at, head.len);
	if (tail.len > 0)
		memcpy(rotation->stem + head.len, tail.at, tail.len);
	rotation->stem[head.len + tail.len] = '\0';
}

struct rotation rotation_of(struct span name)
{
	struct rotation rotation = { .style = ROTATION_CURRENT };
	struct span head, tail = { "", 0 };

	for (size_t i = 0; i < sizeof(rotation_packed) / sizeof(rotation_packed[0]) && !rotation.packed; i++)
		if (name.len > rotation_packed[i].len && span_ends(name, rotation_packed[i])) {
			name.len -= rotation_packed[i].len;
			rotation.packed = true;
		}
	head = name;
	rotation.style = rotation_cut(&head, &rotation.rank);
	if (rotation.style == ROTATION_CURRENT && name.len > 4 && span_ends(name, SPAN(".log"))) {
		tail = span_from(name, name.len - 4);
		head = span_head(name, name.len - 4);
		rotation.style = rotation_cut(&head, &rotation.rank);
	}
	rotation_stem(&rotation, head, tail);
	return rotation;
}

int rotation_compare(const struct rotation *a, const struct rotation *b)
{
	if (a->style != b->style) /* the log itself is younger than all that was rotated away */
		return a->style == ROTATION_CURRENT ? 1 : b->style == ROTATION_CURRENT ? -1 : 0;
	if (a->style == ROTATION_CURRENT || a->rank == b->rank)
		return 0;
	return (a->rank < b->rank) == (a->style == ROTATION_DATE) ? -1 : 1;
}
