/*
 * Numbers of up to eight digits, all at once: one digit after the other takes three times as many instructions, and
 * every line of syslog has such a number. For frame_head.c and frame_tag.c.
 */
#ifndef SENDWATCH_PARSERS_FRAME_DIGITS_H
#define SENDWATCH_PARSERS_FRAME_DIGITS_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

/* Eight bytes, the first in the lowest place; of digits what they stand for, of all others something above 9. */
static inline uint64_t digits_load(const char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return le64toh(word) ^ UINT64_C(0x3030303030303030);
}

/* The highest bit of each byte that is no digit. */
static inline uint64_t digits_others(uint64_t word)
{
	return (((word & UINT64_C(0x7f7f7f7f7f7f7f7f)) + UINT64_C(0x7676767676767676)) | word) &
	       UINT64_C(0x8080808080808080);
}

/* The number that eight digits are. */
static inline uint32_t digits_number(uint64_t word)
{
	word = (word * (10 * 0x100 + 1)) >> 8 & UINT64_C(0x00ff00ff00ff00ff);
	word = (word * (100 * 0x10000 + 1)) >> 16 & UINT64_C(0x0000ffff0000ffff);
	return (uint32_t)((word * (10000 * UINT64_C(0x100000000) + 1)) >> 32);
}

#endif
