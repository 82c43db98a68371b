/*
 * What is to be asked, from the settings and what was known before: a row for each address at each zone, a side
 * for each zone's list of a family that one of the addresses is of. What is no longer in the settings is
 * forgotten.
 */
#define _GNU_SOURCE
#include "responders/dnsbl_plan.h"

#include "base/memory.h"

const struct setting dnsbl_settings[] = {
	SETTING(FLAG, struct dnsbl_options, enabled, "no", 0, 0, "ask blocklists for our own addresses"),
	SETTING(LIST, struct dnsbl_options, zones,
		"zen.spamhaus.org, bl.spamcop.net, psbl.surriel.com, dnsbl-1.uceprotect.net", 0, 0,
		"the blocklists that are asked; mind their terms of use"),
	SETTING(LIST, struct dnsbl_options, addresses, "", 0, 0,
		"addresses that our mail goes out from; empty: the public ones of this machine"),
	SETTING(DURATION, struct dnsbl_options, every, "1h", USEC_SECOND, 7 * USEC_DAY,
		"how often each list is asked for each address"),
	SETTING(DURATION, struct dnsbl_options, timeout, "10s", USEC_SECOND / 10, USEC_MINUTE,
		"how long an answer may take"),
	SETTING(LIST, struct dnsbl_options, servers, "", 0, 0,
		"resolvers that are asked: address or address:port; empty: the system's"),
	{ .name = NULL },
};

static struct dnsbl_side *plan_side(struct dnsbl_memory *memory, const char *zone, bool six)
{
	struct dnsbl_side *side = dnsbl_memory_side(memory, zone, six);

	if (side != NULL)
		return side;
	memory->sides = memory_grow(memory->sides, memory->side_count + 1, sizeof(*side));
	side = &memory->sides[memory->side_count++];
	*side = (struct dnsbl_side){ .six = six, .told = true, .since = USEC_NEVER, .due = USEC_NEVER };
	memcpy(side->zone, zone, sizeof(side->zone));
	return side;
}

static bool plan_row(struct dnsbl_memory *memory, struct span address, struct span zone, struct error *error)
{
	struct dnsbl_row row = { .told = true, .since = USEC_NEVER, .due = USEC_NEVER };
	bool six;

	if (!dnsbl_zone(zone, row.zone))
		return error_set(error, "[dnsbl] zones: \"%.*s\" is no name of DNS", SPAN_ARGS(zone));
	if (!dnsbl_address(address, row.address, &six))
		return error_set(error, "[dnsbl] addresses: \"%.*s\" is no address", SPAN_ARGS(address));
	row.side = (size_t)(plan_side(memory, row.zone, six) - memory->sides);
	if (dnsbl_memory_row(memory, row.address, row.zone) != NULL)
		return true; /* named twice */
	memory->rows = memory_grow(memory->rows, memory->row_count + 1, sizeof(row));
	memory->rows[memory->row_count++] = row;
	return true;
}

static bool plan_rows(const struct dnsbl_options *options, struct dnsbl_memory *memory, struct error *error)
{
	struct text own = { 0 };
	struct span rest, address;
	bool good = true;

	for (size_t i = 0; i < options->addresses.count; i++)
		text_add_format(&own, "%s ", options->addresses.texts[i]);
	if (options->addresses.count == 0)
		dnsbl_own_addresses(&own);
	for (size_t i = 0; i < options->zones.count && good; i++) {
		rest = text_span(&own);
		while (good && span_cut(&rest, ' ', &address))
			good = plan_row(memory, address, span_of(options->zones.texts[i]), error);
	}
	text_free(&own);
	return good;
}

/* What was known when it was last written down, of what is still asked for. */
static void plan_recall(struct dnsbl_memory *memory, const struct dnsbl_memory *before)
{
	for (size_t i = 0; i < memory->side_count; i++) {
		struct dnsbl_side *side = &memory->sides[i];
		const struct dnsbl_side *old = dnsbl_memory_side(before, side->zone, side->six);

		if (old == NULL)
			continue;
		*side = *old;
		/* What has a fault is tried anew: perhaps that is why somebody restarts. */
		if (side->fault != DNSBL_FINE)
			side->due = USEC_NEVER;
	}
	for (size_t i = 0; i < memory->row_count; i++) {
		struct dnsbl_row *row = &memory->rows[i];
		const struct dnsbl_row *old = dnsbl_memory_row(before, row->address, row->zone);
		size_t side = row->side;

		if (old == NULL)
			continue;
		*row = *old;
		row->side = side;
	}
}

bool dnsbl_plan(const struct dnsbl_options *options, const char *folder, struct dnsbl_memory *memory_r,
		struct error *error)
{
	struct dnsbl_memory memory = { 0 }, before = { 0 };
	bool good = plan_rows(options, &memory, error) &&
		    (folder == NULL || dnsbl_memory_read(folder, &before, error));

	if (good) {
		plan_recall(&memory, &before);
		*memory_r = memory;
	} else {
		dnsbl_memory_free(&memory);
	}
	dnsbl_memory_free(&before);
	return good;
}
