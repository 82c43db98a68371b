/*
 * Which year a stamp without one means. A log goes forward: a stamp that would lie far before the last
 * one is of the next year, unless that year is still to come. The first stamp of a file is of the last
 * year that lets it lie before the time when the file was written.
 */
#ifndef SENDWATCH_PARSERS_YEAR_H
#define SENDWATCH_PARSERS_YEAR_H

#include "base/clock.h"

struct years {
	int first;    /* the year of the first stamp, 0: guess */
	usec_t bound; /* the file was written then; USEC_NEVER: unknown */
	bool growing; /* and is still being written: only the first stamp cannot be later than that */
	usec_t last;  /* wall time of the last stamp; USEC_NEVER before the first */
};

/* The year of CIVIL (whose own year is ignored), which becomes the last stamp. */
int years_place(struct years *years, struct civil civil);

/* A stamp that had its year: what comes after it is compared with it. */
void years_note(struct years *years, usec_t wall);

#endif
