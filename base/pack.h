/*
 * Numbers and texts in a row of bytes, the same on every machine: whole numbers in groups of seven bits,
 * the lowest first, so that small ones take one byte; fractions as 32 bits, little-endian.
 *
 * Reading trusts nothing: past the end or out of form, `broken` is set, and every later read gives zeros.
 */
#ifndef SENDWATCH_BASE_PACK_H
#define SENDWATCH_BASE_PACK_H

#include "base/text.h"

#include <stdint.h>

void pack_number(struct text *into, uint64_t number);
void pack_signed(struct text *into, int64_t number); /* small ones of either sign stay short */
void pack_float(struct text *into, float number);
void pack_span(struct text *into, struct span bytes); /* its length, then its bytes */

struct unpack {
	struct span rest;
	bool broken;
};

uint64_t unpack_long(struct unpack *from); /* unpack_number, of more than one byte */

/* Most numbers are small: a start with a million accounts reads hundreds of millions. */
static inline uint64_t unpack_number(struct unpack *from)
{
	if (from->rest.len == 0 || (unsigned char)*from->rest.at >= 0x80)
		return unpack_long(from);
	from->rest.len--;
	return (unsigned char)*from->rest.at++;
}

int64_t unpack_signed(struct unpack *from);
float unpack_float(struct unpack *from);      /* what is not finite is broken */
struct span unpack_span(struct unpack *from); /* borrowed from what is read */

/* A number of at most MOST; more is broken. */
static inline uint64_t unpack_bounded(struct unpack *from, uint64_t most)
{
	uint64_t number = unpack_number(from);

	if (number <= most)
		return number;
	from->broken = true;
	from->rest.len = 0;
	return 0;
}

#endif
