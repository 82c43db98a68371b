/* LEB128 for whole numbers, with the sign in the lowest bit where there is one. */
#define _GNU_SOURCE
#include "base/pack.h"

#include <endian.h>
#include <math.h>

void pack_number(struct text *into, uint64_t number)
{
	char bytes[10];
	size_t len = 0;

	do {
		bytes[len++] = (char)((number & 0x7f) | (number > 0x7f ? 0x80 : 0));
		number >>= 7;
	} while (number > 0);
	text_add(into, (struct span){ bytes, len });
}

void pack_signed(struct text *into, int64_t number)
{
	uint64_t bits = (uint64_t)number << 1;

	pack_number(into, number < 0 ? ~bits : bits);
}

void pack_float(struct text *into, float number)
{
	uint32_t bits;

	memcpy(&bits, &number, sizeof(bits));
	bits = htole32(bits);
	text_add(into, (struct span){ (const char *)&bits, sizeof(bits) });
}

void pack_span(struct text *into, struct span bytes)
{
	pack_number(into, bytes.len);
	text_add(into, bytes);
}

/* Out of form: nothing more is read. */
static uint64_t unpack_break(struct unpack *from)
{
	from->broken = true;
	from->rest.len = 0;
	return 0;
}

uint64_t unpack_long(struct unpack *from)
{
	const unsigned char *at = (const unsigned char *)from->rest.at;
	size_t most = from->rest.len < 10 ? from->rest.len : 10;
	uint64_t number = 0;

	for (size_t i = 0; i < most; i++) {
		uint64_t byte = at[i];

		if (i == 9 && byte > 1)
			break;
		number |= (byte & 0x7f) << 7 * i;
		if (byte < 0x80) {
			from->rest.at += i + 1;
			from->rest.len -= i + 1;
			return number;
		}
	}
	return unpack_break(from);
}

int64_t unpack_signed(struct unpack *from)
{
	uint64_t bits = unpack_number(from);

	return (int64_t)((bits & 1) != 0 ? ~(bits >> 1) : bits >> 1);
}

float unpack_float(struct unpack *from)
{
	uint32_t bits;
	float number;

	if (from->rest.len < sizeof(bits))
		return (float)unpack_break(from);
	memcpy(&bits, from->rest.at, sizeof(bits));
	from->rest = span_from(from->rest, sizeof(bits));
	bits = le32toh(bits);
	memcpy(&number, &bits, sizeof(number));
	return isfinite(number) ? number : (float)unpack_break(from);
}

struct span unpack_span(struct unpack *from)
{
	uint64_t len = unpack_number(from);
	struct span bytes;

	if (len > from->rest.len) {
		unpack_break(from);
		return (struct span){ "", 0 };
	}
	bytes = span_head(from->rest, (size_t)len);
	from->rest = span_from(from->rest, (size_t)len);
	return bytes;
}
