/*
 * HyperLogLog (Flajolet, Fusy, Gandouet and Meunier 2007): of all hashes whose first bits name a register, it
 * keeps the longest run of leading zeros in the rest. For windows that slide (Chabchoub and Hébrail 2010) a
 * register keeps each run that no newer one is as long as: for any horizon, the longest that is recent enough is
 * what a register begun at that time would have. That is a handful, since runs grow as they grow older; of more
 * than six the one goes that is missed least.
 *
 * The estimate is Ertl's (2017), from how many registers have which value. It needs no tables for what the first
 * paper's formula gets wrong between few and many.
 */
#define _GNU_SOURCE
#include "detectors/sketch.h"

#include "base/memory.h"

#include <endian.h>
#include <math.h>
#include <stdlib.h>

#define INDEX_BITS 12 /* 4,096 registers: a standard error of 1.04 / 64, 1.6 % */
#define REGISTERS  (1U << INDEX_BITS)
#define RANK_MOST  (32 - INDEX_BITS + 1)
#define RUNS       6  /* kept of a register: see above */
#define UNIT_BITS  11 /* for a time of five minutes each, beside five bits of rank */
#define UNIT_MASK  ((1U << UNIT_BITS) - 1)
#define WEEK       (7 * 24 * 12) /* units */
#define SWEEP      15            /* units between two sweeps: WEEK, twice this and one stay below 2,048 */
#define ALPHA      0.72134752    /* 1 / (2 ln 2) */

/* A run: its rank in the upper bits, when in the lower; 0 is none. The newest first, and the lowest. */
struct sketch {
	uint32_t newest, swept; /* units since 1970 */
	uint16_t runs[REGISTERS][RUNS];
};

struct sketch *sketch_new(void)
{
	return memory_new(1, sizeof(struct sketch));
}

void sketch_free(struct sketch **sketch)
{
	free(*sketch);
	*sketch = NULL;
}

size_t sketch_bytes(void)
{
	return sizeof(struct sketch);
}

static uint32_t unit_of(usec_t time)
{
	return time < 0 ? 0 : (uint32_t)(time / SKETCH_UNIT);
}

static unsigned run_rank(uint16_t run)
{
	return run >> UNIT_BITS;
}

/* How long before the newest. */
static uint32_t run_age(const struct sketch *sketch, uint16_t run)
{
	return (sketch->newest - run) & UNIT_MASK;
}

/* --- runs --- */

/* Drop what no horizon reaches, before its time could be taken for a newer one. */
static void sketch_sweep(struct sketch *sketch, uint32_t unit)
{
	bool all = unit - sketch->newest > WEEK;

	for (unsigned i = 0; i < REGISTERS; i++)
		for (unsigned j = 0; j < RUNS && sketch->runs[i][j] != 0; j++)
			if (all || run_age(sketch, sketch->runs[i][j]) + (unit - sketch->newest) > WEEK) {
				memset(&sketch->runs[i][j], 0, (RUNS - j) * sizeof(sketch->runs[i][j]));
				break;
			}
	sketch->swept = unit;
}

static void sketch_advance(struct sketch *sketch, uint32_t unit)
{
	if (unit <= sketch->newest)
		return;
	if (unit - sketch->swept >= SWEEP)
		sketch_sweep(sketch, unit);
	sketch->newest = unit;
}

/* One of RUNS + 1 has to go: that whose rank is the least above its newer neighbour's. Never the oldest, or first. */
static unsigned run_spare(const uint16_t runs[RUNS + 1])
{
	unsigned spare = 1, least = RANK_MOST;

	for (unsigned i = 1; i < RUNS; i++) {
		unsigned gain = run_rank(runs[i]) - run_rank(runs[i - 1]);

		if (gain < least) {
			least = gain;
			spare = i;
		}
	}
	return spare;
}

/* RANK was seen AGE units before the newest. */
static void runs_add(const struct sketch *sketch, uint16_t runs[RUNS], unsigned rank, uint32_t age)
{
	uint16_t kept[RUNS + 1];
	unsigned count = 0;
	bool added = false;

	for (unsigned i = 0; i < RUNS && runs[i] != 0; i++) {
		uint32_t other = run_age(sketch, runs[i]);

		if (other <= age && run_rank(runs[i]) >= rank)
			return;
		if (!added && other > age) {
			kept[count++] = (uint16_t)(rank << UNIT_BITS | ((sketch->newest - age) & UNIT_MASK));
			added = true;
		}
		if (other < age || run_rank(runs[i]) > rank)
			kept[count++] = runs[i];
	}
	if (!added)
		kept[count++] = (uint16_t)(rank << UNIT_BITS | ((sketch->newest - age) & UNIT_MASK));
	if (count > RUNS) {
		unsigned spare = run_spare(kept);

		memmove(&kept[spare], &kept[spare + 1], (RUNS - spare) * sizeof(*kept));
		count = RUNS;
	}
	memset(runs, 0, RUNS * sizeof(*runs));
	memcpy(runs, kept, count * sizeof(*kept));
}

/* Hashes that are no more than small numbers are spread too (the end of MurmurHash3). */
static uint32_t mixed(uint32_t hash)
{
	hash ^= hash >> 16;
	hash *= 0x85ebca6bU;
	hash ^= hash >> 13;
	hash *= 0xc2b2ae35U;
	return hash ^ hash >> 16;
}

void sketch_meet(struct sketch *sketch, uint32_t hash, usec_t time)
{
	uint32_t bits = mixed(hash), unit = unit_of(time);
	uint32_t rest = bits << INDEX_BITS | 1U << (INDEX_BITS - 1);
	unsigned rank = (unsigned)__builtin_clz(rest) + 1;

	sketch_advance(sketch, unit);
	if (sketch->newest - unit <= WEEK)
		runs_add(sketch, sketch->runs[bits >> (32 - INDEX_BITS)], rank, sketch->newest - unit);
}

void sketch_merge(struct sketch *into, const struct sketch *other)
{
	sketch_advance(into, other->newest);
	for (unsigned i = 0; i < REGISTERS; i++)
		for (unsigned j = 0; j < RUNS && other->runs[i][j] != 0; j++) {
			uint32_t age = run_age(other, other->runs[i][j]) + (into->newest - other->newest);

			if (age <= WEEK)
				runs_add(into, into->runs[i], run_rank(other->runs[i][j]), age);
		}
}

bool sketch_idle(const struct sketch *sketch, usec_t now)
{
	return unit_of(now) > sketch->newest + WEEK;
}

/* --- the estimate --- */

/* x + the sum of x^(2^k) 2^(k-1), until it moves no more. */
static double sigma(double x)
{
	double sum = x, before, power = 1;

	if (x >= 1)
		return INFINITY;
	do {
		x *= x;
		before = sum;
		sum += x * power;
		power += power;
	} while (sum > before);
	return sum;
}

/* A third of 1 - x - the sum of (1 - x^(2^-k))^2 2^-k. */
static double tau(double x)
{
	double sum = 1 - x, before, power = 1;

	if (x <= 0 || x >= 1)
		return 0;
	do {
		x = sqrt(x);
		before = sum;
		power *= 0.5;
		sum -= (1 - x) * (1 - x) * power;
	} while (sum < before);
	return sum / 3;
}

double sketch_count(const struct sketch *sketch, usec_t now, usec_t length)
{
	uint32_t passed = unit_of(now) - sketch->newest, units = (uint32_t)(length / SKETCH_UNIT);
	unsigned with[RANK_MOST + 1] = { 0 };
	double sum;

	if (unit_of(now) < sketch->newest)
		passed = 0;
	for (unsigned i = 0; i < REGISTERS; i++) {
		unsigned rank = 0;

		for (unsigned j = 0; j < RUNS && sketch->runs[i][j] != 0; j++)
			if (run_age(sketch, sketch->runs[i][j]) + passed <= units)
				rank = run_rank(sketch->runs[i][j]);
		with[rank]++;
	}
	if (with[0] == REGISTERS)
		return 0;
	sum = REGISTERS * tau(1 - (double)with[RANK_MOST] / REGISTERS);
	for (unsigned rank = RANK_MOST - 1; rank > 0; rank--)
		sum = 0.5 * (sum + with[rank]);
	sum += REGISTERS * sigma((double)with[0] / REGISTERS);
	return ALPHA * REGISTERS * REGISTERS / sum;
}

/* --- bytes --- */

void sketch_pack(const struct sketch *sketch, struct text *into)
{
	pack_number(into, sketch->newest);
	for (unsigned i = 0; i < REGISTERS; i++) {
		uint16_t bytes[RUNS];
		unsigned count = 0;

		for (; count < RUNS && sketch->runs[i][count] != 0; count++)
			bytes[count] = htole16(sketch->runs[i][count]);
		pack_number(into, count);
		text_add(into, (struct span){ (const char *)bytes, count * sizeof(*bytes) });
	}
}

/* Runs in order, each older and longer than the one before. */
static bool runs_sound(const struct sketch *sketch, const uint16_t runs[RUNS], unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		unsigned rank = run_rank(runs[i]);
		uint32_t age = run_age(sketch, runs[i]);

		if (rank == 0 || rank > RANK_MOST || age > WEEK + SWEEP)
			return false;
		if (i > 0 && (rank <= run_rank(runs[i - 1]) || age <= run_age(sketch, runs[i - 1])))
			return false;
	}
	return true;
}

struct sketch *sketch_unpack(struct unpack *from)
{
	struct sketch *sketch = sketch_new();

	sketch->newest = sketch->swept = (uint32_t)unpack_bounded(from, UINT32_MAX);
	for (unsigned i = 0; i < REGISTERS && !from->broken; i++) {
		unsigned count = (unsigned)unpack_bounded(from, RUNS);
		uint16_t *runs = sketch->runs[i];

		if (from->rest.len < count * sizeof(*runs)) {
			from->broken = true;
			break;
		}
		memcpy(runs, from->rest.at, count * sizeof(*runs));
		from->rest = span_from(from->rest, count * sizeof(*runs));
		for (unsigned j = 0; j < count; j++)
			runs[j] = le16toh(runs[j]);
		from->broken = from->broken || !runs_sound(sketch, runs, count);
	}
	/* What was there before the last sweep may be older than a week: swept with the next that comes. */
	sketch->swept = sketch->newest > SWEEP ? sketch->newest - SWEEP : 0;
	if (from->broken)
		sketch_free(&sketch);
	return sketch;
}
