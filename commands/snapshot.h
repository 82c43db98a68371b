/*
 * The snapshot: one file that holds all that watch would otherwise have to find out again. Text that a person
 * can read comes first (marks, positions: resume.c), then what is known of accounts, in blocks. Every
 * part has its checksum. The file is replaced whole (base/save.h).
 */
#ifndef SENDWATCH_COMMANDS_SNAPSHOT_H
#define SENDWATCH_COMMANDS_SNAPSHOT_H

#include "base/error.h"
#include "base/text.h"
#include "detectors/health.h"
#include "detectors/judge.h"

struct snapshot {
	struct span whole; /* the file, mapped */
	struct span text, blocks;
};

/* Write TEXT and what JUDGE and HEALTH know, of accounts only where RECORDS. */
bool snapshot_write(const char *path, struct span text, const struct judge *judge, bool records,
		    const struct health *health, struct error *error);

/*
 * Open a snapshot and see that it is whole. SNAPSHOT_NONE: there is none; SNAPSHOT_BAD: damaged, or of another
 * version, as ERROR says.
 */
enum snapshot_found { SNAPSHOT_NONE, SNAPSHOT_BAD, SNAPSHOT_GOOD };
enum snapshot_found snapshot_open(const char *path, struct snapshot *snapshot_r, struct error *error);
void snapshot_close(struct snapshot *snapshot);

/* See that what is in `whole` is one, and find its parts; snapshot_open does. PATH is for ERROR. */
bool snapshot_parse(struct snapshot *snapshot, const char *path, struct error *error);

/*
 * Give JUDGE and HEALTH (each may be NULL) back what they knew. False where that cannot be read after all:
 * both are to be thrown away then.
 */
bool snapshot_restore(const struct snapshot *snapshot, struct judge *judge, struct health *health);

/* Put a file that cannot be used beside, where a person can look at it. */
void snapshot_put_aside(const char *path);

#endif
