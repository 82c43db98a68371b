/*
 * A trail is what a person wants to see beside a verdict: the client addresses and a few messages, kept as
 * text while an account does something unusual. The judge makes one at the first unusual attempt and drops
 * it when that is long ago.
 */
#ifndef SENDWATCH_DETECTORS_TRAIL_H
#define SENDWATCH_DETECTORS_TRAIL_H

#include "detectors/verdict.h"
#include "base/text.h"

struct trail *trail_new(void);
void trail_free(struct trail **trail);

/* Keep this attempt. BAD ones stay in preference to others, newer ones to older. */
void trail_add(struct trail *trail, const struct attempt *attempt, bool bad);
void trail_client(struct trail *trail, struct span client);

usec_t trail_time(const struct trail *trail); /* of the newest */

/* Lend all that is kept to VERDICT; its samples go to INTO. */
void trail_show(const struct trail *trail, struct verdict *verdict,
		struct verdict_sample into[VERDICT_SAMPLES]);

/* As bytes for this machine, and back; NULL where they are none. */
void trail_pack(const struct trail *trail, struct text *into);
struct trail *trail_unpack(struct span bytes);

#endif
