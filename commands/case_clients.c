/*
 * When an address was seen: a few stretches of time. Where there would be too many, the two with the shortest
 * gap between them become one, so that what is far apart stays apart. A picture has so many parts and no more,
 * into which the stretches of any number of addresses go.
 */
#include "commands/case_parts.h"

#define STRETCH_GAP 120 /* seconds that are no interruption */

static void stretches_close(struct case_client *client)
{
	struct case_stretch *stretches = client->stretches;
	unsigned at = 1;

	for (unsigned i = 2; i < client->stretch_count; i++)
		if (stretches[i].from - stretches[i - 1].until < stretches[at].from - stretches[at - 1].until)
			at = i;
	stretches[at - 1].until = stretches[at].until;
	client->stretch_count--;
	memmove(stretches + at, stretches + at + 1, (client->stretch_count - at) * sizeof(*stretches));
}

void case_client_seen(struct case_client *client, usec_t time)
{
	uint32_t second = time < 0 ? 0 : (uint32_t)(time / USEC_SECOND);
	struct case_stretch *last;

	if (client->first == USEC_NEVER || time < client->first)
		client->first = time;
	if (time > client->last)
		client->last = time;
	last = client->stretch_count == 0 ? NULL : &client->stretches[client->stretch_count - 1];
	if (last != NULL && second <= last->until + STRETCH_GAP) {
		last->until = second > last->until ? second : last->until; /* a late line is of before */
		return;
	}
	if (client->stretch_count == CASE_STRETCHES)
		stretches_close(client);
	client->stretches[client->stretch_count++] = (struct case_stretch){ second, second };
}

static unsigned lane_part(usec_t time, usec_t from, usec_t until)
{
	double share = (double)(time - from) / (double)(until - from);

	return share <= 0 ? 0 : share >= 1 ? CASE_PARTS - 1 : (unsigned)(share * CASE_PARTS);
}

bool case_lane_add(struct case_lane *lane, const struct case_client *client, usec_t from, usec_t until)
{
	bool any = false;

	for (unsigned i = 0; i < client->stretch_count; i++) {
		usec_t start = client->stretches[i].from * USEC_SECOND;
		usec_t end = client->stretches[i].until * USEC_SECOND;

		if (end < from || start > until || until <= from)
			continue;
		any = true;
		for (unsigned part = lane_part(start, from, until); part <= lane_part(end, from, until);
		     part++)
			lane->parts[part / 64] |= UINT64_C(1) << part % 64;
	}
	return any;
}

size_t case_lane_spans(const struct case_lane *lane, usec_t from, usec_t until,
		       struct chart_span spans_r[CASE_PARTS / 2])
{
	usec_t width = (until - from) / CASE_PARTS;
	size_t count = 0;
	bool before = false;

	for (unsigned part = 0; part < CASE_PARTS; part++) {
		bool seen = (lane->parts[part / 64] >> part % 64 & 1) != 0;

		if (seen && !before)
			spans_r[count++].from = from + width * part;
		if (seen)
			spans_r[count - 1].until = from + width * (part + 1);
		before = seen;
	}
	return count;
}
