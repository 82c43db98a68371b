/* When an address was seen during an incident: one bit a part of it, which is as much as a picture shows. */
#include "commands/case_parts.h"

static unsigned client_part(usec_t time, usec_t from, usec_t until)
{
	usec_t part;

	if (time <= from || until <= from)
		return 0;
	part = (usec_t)((double)(time - from) / (double)(until - from) * CASE_WHEN);
	return part >= CASE_WHEN ? CASE_WHEN - 1 : (unsigned)part;
}

void case_client_seen(struct case_client *client, usec_t time, usec_t from, usec_t until)
{
	unsigned part = client_part(time, from, until);

	if (time >= from && time <= until)
		client->when[part / 64] |= UINT64_C(1) << part % 64;
	if (client->first == USEC_NEVER || time < client->first)
		client->first = time;
	if (time > client->last)
		client->last = time;
}

size_t case_client_spans(const uint64_t when[CASE_WHEN / 64], usec_t from, usec_t until,
			 struct chart_span *spans, size_t most)
{
	usec_t width = (until - from) / CASE_WHEN;
	size_t count = 0;
	bool before = false;

	for (unsigned part = 0; part < CASE_WHEN && count <= most; part++) {
		bool seen = (when[part / 64] >> part % 64 & 1) != 0;

		if (seen && !before) {
			if (count == most)
				break;
			spans[count++].from = from + width * part;
		}
		if (seen)
			spans[count - 1].until = from + width * (part + 1);
		before = seen;
	}
	return count;
}
