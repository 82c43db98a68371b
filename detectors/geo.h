/*
 * Countries of addresses, from a table that the admin supplies: a MaxMind database (where libmaxminddb was
 * there at build time) or a CSV of network and country ("192.0.2.0/24,DE" or "192.0.2.0,192.0.2.255,DE", one a line).
 */
#ifndef SENDWATCH_DETECTORS_GEO_H
#define SENDWATCH_DETECTORS_GEO_H

#include "base/error.h"
#include "base/span.h"

#include <stdint.h>

struct geo;

/* NULL and ERROR where it cannot be read, or holds nothing. */
struct geo *geo_open(const char *path, struct error *error);
void geo_close(struct geo **geo);

/* "DE"; absent where the table does not know. */
struct span geo_country(const struct geo *geo, const uint8_t address[16]);

#endif
