/*
 * A CSV becomes a sorted array of ranges, looked up by halving. Ranges may be nested (a /16 in a /8): the
 * narrowest that holds the address counts, found by walking back over its enclosing ones.
 *
 * The text of a CSV's line: NETWORK/BITS,CC or FIRST,LAST,CC, and whatever follows after another comma, each field
 * with quotes or without. A first line that is neither is taken for a heading; a network of no country is left out.
 */
#include "detectors/geo.h"

#include "base/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_LIBMAXMINDDB
#include <maxminddb.h>
#endif

struct range {
	uint8_t from[16], to[16];
	char country[2];
	int32_t outer; /* the range around this one, -1 where none */
};

struct geo {
	struct range *ranges;
	size_t count, room;
#ifdef HAVE_LIBMAXMINDDB
	MMDB_s database;
	bool is_database;
#endif
};

/* --- CSV --- */

static bool read_network(struct span text, struct range *range_r)
{
	struct span address;
	uint64_t bits;

	if (!span_cut(&text, '/', &address) || !span_to_u64(text, &bits) ||
	    !span_to_address(address, range_r->from))
		return false;
	if (memchr(address.at, ':', address.len) == NULL)
		bits += 96;
	if (bits > 128)
		return false;
	memcpy(range_r->to, range_r->from, 16);
	for (unsigned i = (unsigned)bits; i < 128; i++) {
		range_r->from[i / 8] &= (uint8_t) ~(0x80U >> i % 8);
		range_r->to[i / 8] |= (uint8_t)(0x80U >> i % 8);
	}
	return true;
}

/* The next field of LINE, without its quotes; what they stand around has no commas. */
static struct span read_field(struct span *line)
{
	struct span field;

	if (!span_cut(line, ',', &field)) {
		field = *line;
		*line = span_from(*line, line->len);
	}
	field = span_trim(field);
	if (field.len >= 2 && span_starts(field, SPAN("\"")) && span_ends(field, SPAN("\"")))
		field = span_trim((struct span){ field.at + 1, field.len - 2 });
	return field;
}

static char read_letter(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* "de" is DE's: it would be a country of its own beside that. "" where a network is of none, as "-" says too. */
static bool read_country(struct span text, struct range *range_r)
{
	range_r->country[0] = '\0';
	if (text.len == 0 || span_equal(text, SPAN("-")))
		return true;
	if (text.len != 2)
		return false;
	range_r->country[0] = read_letter(text.at[0]);
	range_r->country[1] = read_letter(text.at[1]);
	return true;
}

static bool read_line(struct span line, struct range *range_r)
{
	struct span network = read_field(&line);

	if (!read_network(network, range_r) &&
	    (!span_to_address(network, range_r->from) || !span_to_address(read_field(&line), range_r->to) ||
	     memcmp(range_r->from, range_r->to, 16) > 0))
		return false;
	return read_country(read_field(&line), range_r);
}

static int by_place(const void *a, const void *b)
{
	const struct range *x = a, *y = b;
	int order = memcmp(x->from, y->from, 16);

	return order != 0 ? order : -memcmp(x->to, y->to, 16); /* the wider first */
}

static void link_outer(struct geo *geo)
{
	qsort(geo->ranges, geo->count, sizeof(*geo->ranges), by_place);
	for (size_t i = 0; i < geo->count; i++) {
		int32_t outer = (int32_t)i - 1;

		while (outer >= 0 && memcmp(geo->ranges[outer].to, geo->ranges[i].to, 16) < 0)
			outer = geo->ranges[outer].outer;
		geo->ranges[i].outer = outer;
	}
}

static void keep_range(struct geo *geo, const struct range *range)
{
	if (geo->count == geo->room) {
		geo->room = geo->room == 0 ? 1024 : geo->room * 2;
		geo->ranges = memory_grow(geo->ranges, geo->room, sizeof(*range));
	}
	geo->ranges[geo->count++] = *range;
}

static bool read_csv(struct geo *geo, const char *path, struct error *error)
{
	FILE *file = fopen(path, "re");
	char text[512];
	size_t number = 0;
	bool good = true, heading = true;

	if (file == NULL)
		return error_set(error, "%s: %s", path, strerror(errno));
	while (good && fgets(text, sizeof(text), file) != NULL) {
		struct span line = span_of(text);
		struct range range;

		if (number++ == 0)
			span_skip(&line, SPAN("\xef\xbb\xbf"));
		line = span_trim(line);
		if (line.len == 0 || line.at[0] == '#')
			continue;
		if (!read_line(line, &range))
			good = heading || error_set(error, "%s:%zu: not NETWORK/BITS,COUNTRY", path, number);
		else if (range.country[0] != '\0')
			keep_range(geo, &range);
		heading = false;
	}
	fclose(file);
	if (good && geo->count == 0)
		good = error_set(error, "%s: no network in it", path);
	link_outer(geo);
	return good;
}

static struct span csv_country(const struct geo *geo, const uint8_t address[16])
{
	size_t low = 0, high = geo->count;
	int32_t found;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(geo->ranges[middle].from, address, 16) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (found = (int32_t)low - 1; found >= 0; found = geo->ranges[found].outer)
		if (memcmp(geo->ranges[found].to, address, 16) >= 0)
			return (struct span){ geo->ranges[found].country, 2 };
	return (struct span){ NULL, 0 };
}

/* --- MaxMind --- */

#ifdef HAVE_LIBMAXMINDDB
static struct span database_country(const struct geo *geo, const uint8_t address[16])
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	bool mapped = memcmp(address, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12) == 0;
	MMDB_lookup_result_s found;
	MMDB_entry_data_s data;
	int trouble;

	memcpy(&v6.sin6_addr, address, 16);
	memcpy(&v4.sin_addr, address + 12, 4);
	found = MMDB_lookup_sockaddr(&geo->database, mapped ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
				     &trouble);
	if (trouble == MMDB_SUCCESS && found.found_entry &&
	    MMDB_get_value(&found.entry, &data, "country", "iso_code", NULL) == MMDB_SUCCESS &&
	    data.has_data && data.type == MMDB_DATA_TYPE_UTF8_STRING)
		return (struct span){ data.utf8_string, data.data_size };
	return (struct span){ NULL, 0 };
}
#endif

struct geo *geo_open(const char *path, struct error *error)
{
	struct geo *geo = memory_new(1, sizeof(*geo));

	if (span_ends(span_of(path), SPAN(".mmdb"))) {
#ifdef HAVE_LIBMAXMINDDB
		int trouble = MMDB_open(path, MMDB_MODE_MMAP, &geo->database);

		geo->is_database = trouble == MMDB_SUCCESS;
		if (geo->is_database)
			return geo;
		error_set(error, "%s: %s", path, MMDB_strerror(trouble));
#else
		error_set(error, "%s: built without libmaxminddb; a CSV of network and country does too",
			  path);
#endif
	} else if (read_csv(geo, path, error)) {
		return geo;
	}
	geo_close(&geo);
	return NULL;
}

void geo_close(struct geo **geo)
{
	if (*geo == NULL)
		return;
#ifdef HAVE_LIBMAXMINDDB
	if ((*geo)->is_database)
		MMDB_close(&(*geo)->database);
#endif
	free((*geo)->ranges);
	free(*geo);
	*geo = NULL;
}

struct span geo_country(const struct geo *geo, const uint8_t address[16])
{
#ifdef HAVE_LIBMAXMINDDB
	if (geo->is_database)
		return database_country(geo, address);
#endif
	return csv_country(geo, address);
}
