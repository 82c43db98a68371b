/* The clients, networks, countries, senders that have been seen of an account, for record.c alone. */
#ifndef SENDWATCH_DETECTORS_RECORD_SEEN_H
#define SENDWATCH_DETECTORS_RECORD_SEEN_H

#include "detectors/record.h"

/* Note it, and say whether it is strange to this account. NEW_R is set where it was never seen before. */
bool seen_meet(struct record *record, enum seen_kind kind, uint32_t hash, usec_t time, bool *new_r);

/* Note the sender and the HELO name of the submission DELTA, of which nobody asks whether they are strange. */
void seen_submitted(struct record *record, const struct delta *delta);

/* As seen_meet, for where DELTA comes from: its client, network and country. */
void seen_origin(struct record *record, const struct delta *delta, struct applied *applied);

/* A known correspondent was written to from where DELTA comes from, as seen_origin has noted. */
void seen_vouch(struct record *record, const struct delta *delta);

#endif
