/*
 * Positions as text:
 *
 *	sendwatch-positions 1 SAVED
 *	DEV INO OFFSET TOTAL WRITTEN HEAD-LEN HEAD-HASH BEFORE-LEN BEFORE-HASH PATH
 *	end COUNT HASH
 *
 * numbers in decimal, hashes in hexadecimal, blanks and control bytes of PATH as %XX. HASH is that of all
 * bytes before its line. Logs that are gone keep their position, the longest unwritten going first where there
 * are more than POSITIONS_MOST.
 */
#define _GNU_SOURCE
#include "collector/position.h"

#include "base/hash.h"
#include "base/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define POSITIONS_MOST  ((size_t)16384)
#define POSITIONS_BYTES ((size_t)64 * 1024 * 1024)

struct position_mark position_mark_of(struct span bytes)
{
	return (struct position_mark){ bytes.len, bytes.len == 0 ? 0 : hash_stable(bytes) };
}

static void position_add_path(struct text *into, const char *path)
{
	for (; *path != '\0'; path++) {
		unsigned char c = (unsigned char)*path;

		if (c <= ' ' || c == '%' || c == 0x7f)
			text_add_format(into, "%%%02X", c);
		else
			text_add(into, (struct span){ path, 1 });
	}
}

void positions_print(const struct positions *positions, struct text *into)
{
	size_t from = into->len;

	text_add_format(into, "sendwatch-positions 1 %" PRId64 "\n", positions->saved);
	for (size_t i = 0; i < positions->count; i++) {
		const struct position *at = &positions->items[i];

		text_add_format(into,
				"%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64 " %zu %" PRIx64
				" %zu %" PRIx64 " ",
				at->dev, at->ino, at->offset, at->total, at->written, at->head.len,
				at->head.hash, at->before.len, at->before.hash);
		position_add_path(into, at->path);
		text_add(into, SPAN("\n"));
	}
	text_add_format(into, "end %zu %" PRIx64 "\n", positions->count,
			hash_stable(span_from(text_span(into), from)));
}

static bool position_number(struct span *rest, int base, uint64_t *number_r)
{
	char copy[24], *end;
	struct span word;

	if (!span_cut(rest, ' ', &word) || word.len == 0 || word.len >= sizeof(copy))
		return false;
	memcpy(copy, word.at, word.len);
	copy[word.len] = '\0';
	errno = 0;
	if (copy[0] == '-' && base == 10)
		*number_r = (uint64_t)strtoll(copy, &end, base);
	else
		*number_r = strtoull(copy, &end, base);
	return errno == 0 && *end == '\0';
}

static int position_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* NULL where it is none: empty, or with a NUL in it. */
static char *position_path(struct span text)
{
	char *path = memory_new(text.len + 1, 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (c == '%' && i + 2 < text.len && position_hex(text.at[i + 1]) >= 0 &&
		    position_hex(text.at[i + 2]) >= 0) {
			c = (char)(position_hex(text.at[i + 1]) * 16 + position_hex(text.at[i + 2]));
			i += 2;
		}
		path[len++] = c;
	}
	if (len > 0 && memchr(path, '\0', len) == NULL)
		return path;
	free(path);
	return NULL;
}

static bool position_parse(struct span line, struct position *position_r)
{
	struct position position;
	uint64_t numbers[9];

	for (size_t i = 0; i < 9; i++)
		if (!position_number(&line, i == 6 || i == 8 ? 16 : 10, &numbers[i]))
			return false;
	position = (struct position){
		.dev = numbers[0],
		.ino = numbers[1],
		.offset = numbers[2],
		.total = numbers[3],
		.written = (usec_t)numbers[4],
		.head = { (size_t)numbers[5], numbers[6] },
		.before = { (size_t)numbers[7], numbers[8] },
	};
	if (line.len == 0 || position.head.len > POSITION_HEAD || position.before.len > POSITION_BEFORE ||
	    position.before.len > position.offset || position.total < position.offset)
		return false;
	position.path = position_path(line);
	*position_r = position;
	return position.path != NULL;
}

/* The text without its last line, where that line's count and hash are right. */
static bool positions_check(struct span *text, size_t *count_r)
{
	struct span body = *text, last;
	uint64_t count, hash;

	if (body.len == 0 || body.at[body.len - 1] != '\n')
		return false;
	body.len--;
	if (!span_cut_last(&body, SPAN("\n"), &last) || !span_skip(&last, SPAN("end ")))
		return false;
	body.len++;
	if (!position_number(&last, 10, &count))
		return false;
	hash = hash_stable(body);
	*count_r = (size_t)count;
	*text = body;
	return last.len > 0 && last.len <= 16 && strtoull(last.at, NULL, 16) == hash;
}

bool positions_parse(struct positions *positions, struct span text, struct error *error)
{
	struct positions found = { 0 };
	struct span line, rest = text;
	size_t count;
	uint64_t saved;
	bool fine = span_skip(&rest, SPAN("sendwatch-positions 1 ")) && positions_check(&text, &count);

	if (!fine)
		return error_set(error, "is damaged, or of another version");
	fine = span_cut(&text, '\n', &line) &&
	       span_to_u64(span_from(line, sizeof("sendwatch-positions 1 ") - 1), &saved);
	found.saved = fine ? (usec_t)saved : 0;
	while (fine && span_cut(&text, '\n', &line)) {
		struct position position;

		fine = position_parse(line, &position);
		if (fine) {
			found.items = memory_grow(found.items, found.count + 1, sizeof(*found.items));
			found.items[found.count++] = position;
		}
	}
	if (!fine || found.count != count) {
		positions_free(&found);
		return error_set(error, "is damaged");
	}
	*positions = found;
	return true;
}

static char *positions_read(const char *path, size_t *len_r, struct error *error)
{
	FILE *file = fopen(path, "re");
	struct stat about;
	char *bytes = NULL;

	if (file == NULL || fstat(fileno(file), &about) != 0) {
		error_set(error, "%s: %s", path, strerror(errno));
	} else if ((size_t)about.st_size > POSITIONS_BYTES) {
		error_set(error, "%s: is too large", path);
	} else {
		bytes = memory_new((size_t)about.st_size + 1, 1);
		*len_r = fread(bytes, 1, (size_t)about.st_size, file);
	}
	if (file != NULL)
		fclose(file);
	return bytes;
}

enum positions_found positions_load(struct positions *positions, const char *path, struct error *error)
{
	struct stat about;
	struct error why;
	size_t len;
	char *bytes;
	bool fine;

	if (stat(path, &about) != 0 && errno == ENOENT)
		return POSITIONS_NONE;
	bytes = positions_read(path, &len, error);
	if (bytes == NULL)
		return POSITIONS_DAMAGED;
	fine = positions_parse(positions, (struct span){ bytes, len }, &why);
	free(bytes);
	if (!fine)
		error_set(error, "%s: %s", path, why.text);
	return fine ? POSITIONS_READ : POSITIONS_DAMAGED;
}

struct position *positions_find(const struct positions *positions, const char *path)
{
	for (size_t i = 0; i < positions->count; i++)
		if (strcmp(positions->items[i].path, path) == 0)
			return &positions->items[i];
	return NULL;
}

void positions_drop(struct positions *positions, const char *path)
{
	struct position *old = positions_find(positions, path);

	if (old == NULL)
		return;
	free(old->path);
	*old = positions->items[--positions->count];
}

void positions_set(struct positions *positions, const struct position *position)
{
	struct position *place = positions_find(positions, position->path);
	char *path = place == NULL ? memory_copy(span_of(position->path)) : place->path;

	if (place == NULL && positions->count >= POSITIONS_MOST) {
		place = &positions->items[0];
		for (size_t i = 1; i < positions->count; i++)
			if (positions->items[i].written < place->written)
				place = &positions->items[i];
		free(place->path);
	} else if (place == NULL) {
		positions->items = memory_grow(positions->items, positions->count + 1,
					       sizeof(*positions->items));
		place = &positions->items[positions->count++];
	}
	*place = *position;
	place->path = path;
}

void positions_free(struct positions *positions)
{
	for (size_t i = 0; i < positions->count; i++)
		free(positions->items[i].path);
	free(positions->items);
	*positions = (struct positions){ 0 };
}
