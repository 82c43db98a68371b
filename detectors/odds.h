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
 * HITS of OF, under two mixtures of beliefs each: the abused are like DIRTY with chance SHARE and like the
 * honest else; the honest are like HONEST but for RARE of them, who are as the dirty ones. So neither hits
 * nor their absence can prove more than the mixtures allow.
 */
double odds_share(double hits, double of, struct belief honest, struct belief dirty, double share,
		  double rare);

#endif
