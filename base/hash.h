/*
 * A fast 64-bit hash of text, seeded once a process run where the table faces attackers (hash_text), and
 * one that is the same in every run and on every machine (hash_stable: ids, remembered recipients).
 */
#ifndef SENDWATCH_BASE_HASH_H
#define SENDWATCH_BASE_HASH_H

#include "base/span.h"

#include <stdint.h>

uint64_t hash_text(struct span text);
uint64_t hash_stable(struct span text);

/* The stable hash of several texts in a row: start from 0, feed the result back in. */
uint64_t hash_stable_more(uint64_t hash, struct span text);

#endif
