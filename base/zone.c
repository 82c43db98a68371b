/*
 * Time zones from tzfile(5). The changes that a file lists are used as they stand; what comes after the
 * last of them follows the file's rule ("CET-1CEST,M3.5.0,M10.5.0/3"), whose changes are worked out for
 * the years up to ZONE_LAST_YEAR when the file is read, so that looking up is one search in one list.
 *
 * Limits: files over 64 KiB and rules by day of the year without M ("J60") are refused; leap seconds of
 * "right/" zones are not applied.
 */
#define _GNU_SOURCE
#include "base/zone.h"

#include "base/memory.h"
#include "base/zone_rule.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ZONE_FILE_MAX   ((size_t)64 * 1024)
#define ZONE_FIRST_YEAR 1990
#define ZONE_LAST_YEAR  2100
#define ZONE_FALL_BACK  (5 * USEC_MINUTE) /* lines out of order by this much are in the first of two hours */

struct zone_change {
	int64_t at;     /* seconds since 1970, UTC */
	int32_t offset; /* from then on */
};

struct zone {
	int32_t offset; /* before the first change */
	size_t count;
	struct zone_change *changes;
};

/* A place in a file's bytes. */
struct zone_bytes {
	const unsigned char *at;
	size_t left;
};

static bool zone_skip(struct zone_bytes *bytes, size_t count)
{
	if (bytes->left < count)
		return false;
	bytes->at += count;
	bytes->left -= count;
	return true;
}

static int64_t zone_integer(const unsigned char *at, size_t size)
{
	uint64_t value = at[0] >= 0x80 ? ~UINT64_C(0) : 0;

	for (size_t i = 0; i < size; i++)
		value = value << 8 | at[i];
	return (int64_t)value;
}

struct zone_header {
	size_t isut, isstd, leap, times, types, chars;
};

static bool zone_header(struct zone_bytes *bytes, struct zone_header *header_r)
{
	const unsigned char *at = bytes->at;

	if (bytes->left < 44 || memcmp(at, "TZif", 4) != 0)
		return false;
	*header_r = (struct zone_header){
		.isut = (size_t)zone_integer(at + 20, 4),
		.isstd = (size_t)zone_integer(at + 24, 4),
		.leap = (size_t)zone_integer(at + 28, 4),
		.times = (size_t)zone_integer(at + 32, 4),
		.types = (size_t)zone_integer(at + 36, 4),
		.chars = (size_t)zone_integer(at + 40, 4),
	};
	return zone_skip(bytes, 44) && header_r->isut <= ZONE_FILE_MAX && header_r->isstd <= ZONE_FILE_MAX &&
	       header_r->leap <= ZONE_FILE_MAX && header_r->times <= ZONE_FILE_MAX &&
	       header_r->types <= ZONE_FILE_MAX && header_r->chars <= ZONE_FILE_MAX;
}

/* The body of SIZE-byte times: its length, for leaving out the old half of a file. */
static size_t zone_body(const struct zone_header *header, size_t size)
{
	return header->times * (size + 1) + header->types * 6 + header->chars + header->leap * (size + 4) +
	       header->isstd + header->isut;
}

static bool zone_read_changes(struct zone *zone, const struct zone_header *header, const unsigned char *body)
{
	const unsigned char *indices = body + header->times * 8;
	const unsigned char *types = indices + header->times;

	if (header->types == 0)
		return false;
	zone->offset = (int32_t)zone_integer(types, 4);
	for (size_t i = 0; i < header->times; i++) {
		if (indices[i] >= header->types)
			return false;
		zone->changes[zone->count++] = (struct zone_change){
			.at = zone_integer(body + i * 8, 8),
			.offset = (int32_t)zone_integer(types + indices[i] * 6, 4),
		};
	}
	return true;
}

static void zone_add(struct zone *zone, int64_t at, int32_t offset)
{
	if (zone->count == 0 || zone->changes[zone->count - 1].at < at)
		zone->changes[zone->count++] = (struct zone_change){ at, offset };
}

/* What the rule at the end of a file says of the years after its last change. */
static void zone_follow_rule(struct zone *zone, const struct zone_rule *rule)
{
	if (zone->count == 0)
		zone->offset = rule->standard;
	if (!rule->summer_time)
		return;
	for (int year = ZONE_FIRST_YEAR; year <= ZONE_LAST_YEAR; year++) {
		int64_t begins = zone_rule_day(&rule->begins, year) + rule->begins.second - rule->standard;
		int64_t ends = zone_rule_day(&rule->ends, year) + rule->ends.second - rule->summer;

		if (begins < ends) {
			zone_add(zone, begins, rule->summer);
			zone_add(zone, ends, rule->standard);
		} else {
			zone_add(zone, ends, rule->standard);
			zone_add(zone, begins, rule->summer);
		}
	}
}

static bool zone_read(struct zone *zone, struct zone_bytes bytes)
{
	struct zone_header header;
	struct zone_rule rule;
	struct span footer;

	/* The first half has times of 4 bytes, for readers of before 2005. */
	if (!zone_header(&bytes, &header) || !zone_skip(&bytes, zone_body(&header, 4)))
		return false;
	if (!zone_header(&bytes, &header) || bytes.left < zone_body(&header, 8))
		return false;
	zone->changes = memory_new(header.times + (size_t)(ZONE_LAST_YEAR - ZONE_FIRST_YEAR + 1) * 2,
				   sizeof(*zone->changes));
	if (!zone_read_changes(zone, &header, bytes.at))
		return false;
	zone_skip(&bytes, zone_body(&header, 8));
	footer = span_trim((struct span){ (const char *)bytes.at, bytes.left });
	if (footer.len == 0)
		return true;
	if (!zone_rule_read(footer, &rule))
		return false;
	zone_follow_rule(zone, &rule);
	return true;
}

static bool zone_load(struct zone *zone, const char *name, const char *path, struct error *error)
{
	unsigned char *bytes;
	size_t size;
	bool read;
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return error_set(error, "time zone \"%s\": %s: %s", name, path, strerror(errno));
	bytes = memory_new(ZONE_FILE_MAX, 1);
	size = fread(bytes, 1, ZONE_FILE_MAX, file);
	fclose(file);
	read = zone_read(zone, (struct zone_bytes){ bytes, size });
	free(bytes);
	return read || error_set(error, "time zone \"%s\": %s is not a table of a time zone", name, path);
}

/* "+02:00", "-0330", "+2". */
static bool zone_read_offset(struct span text, int32_t *offset_r)
{
	uint64_t hours, minutes = 0;
	struct span head;
	int32_t sign;

	if (text.len < 2 || (text.at[0] != '+' && text.at[0] != '-'))
		return false;
	sign = text.at[0] == '-' ? -1 : 1;
	text = span_from(text, 1);
	if (text.len == 4 && memchr(text.at, ':', 4) == NULL) {
		head = span_head(text, 2);
		text = span_from(text, 2);
	} else if (!span_cut(&text, ':', &head)) {
		head = text;
		text = SPAN("0");
	}
	if (!span_to_u64(head, &hours) || !span_to_u64(text, &minutes) || hours > 24 || minutes > 59)
		return false;
	*offset_r = sign * (int32_t)(hours * 3600 + minutes * 60);
	return true;
}

/* A rule alone, for all years: "CET-1CEST,M3.5.0,M10.5.0/3". */
static bool zone_fill_rule(struct zone *zone, struct span text)
{
	struct zone_rule rule;

	if (!zone_rule_read(text, &rule))
		return false;
	zone->changes = memory_new((size_t)(ZONE_LAST_YEAR - ZONE_FIRST_YEAR + 1) * 2,
				   sizeof(*zone->changes));
	zone_follow_rule(zone, &rule);
	return true;
}

/* Names come from settings and command lines: none may lead out of the tables' folder. */
static bool zone_name_plain(const char *name)
{
	return name[0] != '\0' && name[0] != '/' && name[0] != '.' && strstr(name, "..") == NULL &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_+-") ==
		       strlen(name);
}

static bool zone_fill(struct zone *zone, const char *name, struct error *error)
{
	char path[256];

	if (name == NULL || name[0] == '\0')
		return access("/etc/localtime", R_OK) != 0 ||
		       zone_load(zone, "of this machine", "/etc/localtime", error);
	if (zone_read_offset(span_of(name), &zone->offset) || strcmp(name, "UTC") == 0 ||
	    strcmp(name, "Z") == 0)
		return true;
	if (!zone_name_plain(name) || strlen(name) > 100)
		return error_set(error,
				 "\"%.100s\" is not the name of a time zone (\"Europe/Berlin\", \"+02:00\")",
				 name);
	snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
	if (access(path, R_OK) != 0)
		return error_set(error, "time zone \"%s\" is not known here (no %s; \"+02:00\" needs none)",
				 name, path);
	return zone_load(zone, name, path, error);
}

/*
 * Whoever sets TZ may say more than a name (tzset(3)): many servers have ":/etc/localtime" in it, which spares the C
 * library a look at that file for each time.
 */
static bool zone_fill_machine(struct zone *zone, struct error *error)
{
	const char *name = getenv("TZ");

	if (name != NULL && name[0] == ':')
		name++;
	if (name != NULL && name[0] == '/')
		return zone_load(zone, name, name, error);
	return zone_fill(zone, name, error) || (zone->changes == NULL && zone_fill_rule(zone, span_of(name)));
}

struct zone *zone_open(const char *name, struct error *error)
{
	struct zone *zone = memory_new(1, sizeof(*zone));

	if (name != NULL && name[0] == ':')
		name++;
	if (name == NULL ? !zone_fill_machine(zone, error) : !zone_fill(zone, name, error))
		zone_free(&zone);
	return zone;
}

void zone_free(struct zone **zone)
{
	if (*zone == NULL)
		return;
	free((*zone)->changes);
	free(*zone);
	*zone = NULL;
}

/* How many changes lie at or before SECOND. */
static size_t zone_search(const struct zone *zone, int64_t second)
{
	size_t low = 0, high = zone->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (zone->changes[middle].at <= second)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int32_t zone_offset_after(const struct zone *zone, size_t changes)
{
	return changes == 0 ? zone->offset : zone->changes[changes - 1].offset;
}

int32_t zone_offset(const struct zone *zone, usec_t time)
{
	return zone_offset_after(zone, zone_search(zone, time / USEC_SECOND));
}

bool zone_steady(const struct zone *zone, usec_t from, usec_t to)
{
	return zone_search(zone, from / USEC_SECOND) == zone_search(zone, to / USEC_SECOND);
}

usec_t zone_time(const struct zone *zone, usec_t wall, usec_t after)
{
	/* A day earlier every change that could matter is still to come: walls are at most 26 h from UTC. */
	size_t change = zone_search(zone, wall / USEC_SECOND - 26 * 3600);
	usec_t first = wall - zone_offset_after(zone, change) * USEC_SECOND;

	while (change < zone->count && first >= zone->changes[change].at * USEC_SECOND) {
		usec_t second = wall - zone->changes[change].offset * USEC_SECOND;

		/* Left out: this wall time is past the change by the old offset, before it by the new. */
		if (second < zone->changes[change].at * USEC_SECOND)
			return first;
		first = second;
		change++;
	}
	/* Twice: by the old offset it is before the change, by the new one after it. */
	if (change < zone->count && after != USEC_NEVER && first < after - ZONE_FALL_BACK) {
		usec_t second = wall - zone->changes[change].offset * USEC_SECOND;

		if (second >= zone->changes[change].at * USEC_SECOND && second > first)
			return second;
	}
	return first;
}
