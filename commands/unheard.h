/*
 * Who orders something about an account that nobody has heard of may have mistyped it, and learns so.
 */
#ifndef SENDWATCH_COMMANDS_UNHEARD_H
#define SENDWATCH_COMMANDS_UNHEARD_H

#include "base/error.h"
#include "base/span.h"
#include "detectors/store.h"

/* The words of it, with the known account of STORE that is one slip away, where there is one. STORE may be NULL. */
void unheard_say(struct store *store, struct span account, struct error *words_r);

/* Is one of them the other with one letter changed, left out or put in, or with two neighbours exchanged? */
bool unheard_is_slip(struct span a, struct span b);

#endif
