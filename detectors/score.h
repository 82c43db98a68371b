/*
 * The score of an account: all detectors asked about every horizon and suspicion, independent evidence
 * added, dependent evidence not counted twice. Pure, as the detectors are.
 */
#ifndef SENDWATCH_DETECTORS_SCORE_H
#define SENDWATCH_DETECTORS_SCORE_H

#include "detectors/detector.h"

struct score {
	double decibans;
	enum horizon horizon; /* the one that says most */
	enum suspicion suspicion;
	uint32_t independent; /* groups that speak against the account by at least half a decade each */
};

/* VIEW needs record, population, neighbours and age; the rest is filled in. */
struct score score_account(struct view *view, const struct counts sums[HORIZONS],
			   const union detector_options options[DETECTORS]);

/* The evidence behind SCORE in words, the strongest first; gives its number. */
size_t score_explain(struct view *view, const struct counts sums[HORIZONS], const struct score *score,
		     const union detector_options options[DETECTORS], struct evidence into[VERDICT_EVIDENCE]);

#endif
