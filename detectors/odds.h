/*
 * Arithmetic of evidence. Everything is added up in decibans: ten times the decimal logarithm of how much
 * likelier something is if the account is abused than if it is not.
 */
#ifndef SENDWATCH_DETECTORS_ODDS_H
#define SENDWATCH_DETECTORS_ODDS_H

/* A share of which only this is known: MEAN, as sure as if WEIGHT had been seen. */
struct belief {
	double mean, weight;
};

double odds_decibans(double ratio);

/* What was believed, after HITS of OF were seen, of which at most MOST are believed. */
struct belief belief_after(struct belief before, double hits, double of, double most);

/*
 * HITS of OF, under two mixtures: the abused are like DIRTY with chance SHARE, and like the USUAL else; the
 * honest are like UNLUCKY with chance RARE, and like the USUAL else. So neither hits nor their absence can
 * prove more than the mixtures allow.
 */
struct mixture {
	struct belief usual, dirty, unlucky;
	double share, rare;
};

double odds_share(double hits, double of, const struct mixture *mixture);

/* ln of gamma(X + N) / gamma(X) for X > 0: N factors, multiplied out where they are few; and remembered. */
double odds_log_rise(double x, double n);
double odds_log_rise_known(double x, double n);

#endif
