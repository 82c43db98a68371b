/*
 * What the whole server meets at a provider: the share of other accounts' mail that it refuses just now.
 * When our address is listed everybody is refused, and nobody is to blame who only is refused too.
 *
 * Each server's own, since each sends from addresses of its own; kept in its snapshot.
 */
#ifndef SENDWATCH_DETECTORS_WITNESS_H
#define SENDWATCH_DETECTORS_WITNESS_H

#include "base/clock.h"
#include "base/pack.h"

#include <stdbool.h>
#include <stdint.h>

struct witnesses;

struct witnesses *witnesses_new(void);
void witnesses_free(struct witnesses **witnesses);

/* ACCOUNT, which is beyond suspicion, was refused by PROVIDER or was not. */
void witnesses_hear(struct witnesses *witnesses, uint32_t provider, uint64_t account, usec_t now,
		    bool refused);

/* Does PROVIDER refuse so many of the unsuspicious others that it means the server? */
bool witnesses_agree(const struct witnesses *witnesses, uint32_t provider, uint64_t account, usec_t now);

/* As bytes for this machine, and back into an empty one. */
void witnesses_pack(const struct witnesses *witnesses, struct text *into);
bool witnesses_unpack(struct witnesses *witnesses, struct unpack *from);

#endif
