/*
 * A record as bytes: what the memory store's snapshot and a shared store hold. Without the name, which is
 * the key, and without the trail, which is for people and short-lived.
 *
 * Bytes come from files and servers that others can write: what does not fit is refused whole.
 */
#ifndef SENDWATCH_DETECTORS_RECORD_PACK_H
#define SENDWATCH_DETECTORS_RECORD_PACK_H

#include "base/text.h"
#include "detectors/record.h"

/* Of the form of the bytes; raised with every change of what a record holds. */
#define RECORD_PACK_VERSION 6

void record_pack(const struct record *record, struct text *into);

/*
 * Put what BYTES say in the place of RECORD's contents; name, hash, group and trail stay. False, and
 * nothing changed, where they are damaged or of another version.
 */
bool record_unpack(struct record *record, struct span bytes);

#endif
