/*
 * Shares are compared by the beta-binomial law: a belief about a share is a Beta distribution, and the
 * chance of HITS of OF under it has a closed form. Binomial coefficients cancel.
 */
#include "detectors/odds.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define KNOWN_BITS 11
#define KNOWN      (1 << KNOWN_BITS)
#define DECIBAN    4.3429448190325175 /* 10 / ln 10 */

double odds_decibans(double ratio)
{
	return DECIBAN * log(ratio);
}

struct belief belief_after(struct belief before, double hits, double of, double most)
{
	double scale = of > most ? most / of : 1;
	double weight = before.weight + of * scale;

	return (struct belief){ (before.mean * before.weight + hits * scale) / weight, weight };
}

/*
 * ln of the gamma function for X > 0: Stirling's series, after moving up to where three terms are exact to
 * nine digits. Not the library's, whose last digits differ between systems and which keeps a global sign.
 */
static double log_gamma(double x)
{
	double product = 1, square;

	while (x < 8)
		product *= x++;
	square = 1 / (x * x);
	return (x - 0.5) * log(x) - x + 0.9189385332046727 +
	       (1.0 / 12 - square * (1.0 / 360 - square / 1260)) / x - log(product);
}

double odds_log_rise(double x, double n)
{
	double product = 1;

	if (n > 24 || n != floor(n))
		return log_gamma(x + n) - log_gamma(x);
	for (int i = 0; i < (int)n; i++)
		product *= x + i;
	return log(product);
}

/*
 * The same, remembered: the beliefs of the settings never change and an account's own seldom, so that the same
 * question comes again and again. It was an eighth of a replay, and is a twentieth.
 */
double odds_log_rise_known(double x, double n)
{
	static _Thread_local struct {
		uint64_t x, n; /* their bits */
		double value;
	} known[KNOWN]; /* x is never 0 */
	uint64_t bits_x, bits_n, place;

	if (n == 0)
		return 0; /* ln 1: no hits, the most frequent of all */
	memcpy(&bits_x, &x, sizeof(x));
	memcpy(&bits_n, &n, sizeof(n));
	place = (bits_x * UINT64_C(0x9e3779b97f4a7c15) ^ bits_n) * UINT64_C(0xbb67ae8584caa73b) >>
		(64 - KNOWN_BITS);
	if (known[place].x != bits_x || known[place].n != bits_n) {
		known[place].x = bits_x;
		known[place].n = bits_n;
		known[place].value = odds_log_rise(x, n);
	}
	return known[place].value;
}

static double log_chance(double hits, double of, struct belief belief)
{
	double a = belief.mean * belief.weight, b = belief.weight - a;

	return odds_log_rise_known(a, hits) + odds_log_rise_known(b, of - hits) -
	       odds_log_rise_known(belief.weight, of);
}

double odds_share(double hits, double of, const struct mixture *m)
{
	double usual, dirty, unlucky;

	if (of <= 0)
		return 0;
	if (hits > of)
		hits = of;
	usual = log_chance(hits, of, m->usual);
	/* Against the usual; e^40 is beyond all that the mixtures leave standing. */
	dirty = exp(fmin(40, log_chance(hits, of, m->dirty) - usual));
	unlucky = exp(fmin(40, log_chance(hits, of, m->unlucky) - usual));
	return odds_decibans((m->share * dirty + 1 - m->share) / (m->rare * unlucky + 1 - m->rare));
}
