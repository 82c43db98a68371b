/* The known word that a mistyped one most likely meant. */
#ifndef SENDWATCH_BASE_SETTINGS_NEAREST_H
#define SENDWATCH_BASE_SETTINGS_NEAREST_H

#include "base/span.h"

/* Single-byte insertions, removals, exchanges and swaps that turn A into B; long words are cut. */
size_t settings_distance(struct span a, struct span b);

#endif
