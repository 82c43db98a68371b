/*
 * What a record of many has besides its windows: how many different things were seen, who of its members was
 * suspicious of late, and about how many use it. Groups have it, and accounts that are large.
 *
 * All of it merges as maxima and unions, in any order and however often.
 */
#ifndef SENDWATCH_DETECTORS_CROWD_H
#define SENDWATCH_DETECTORS_CROWD_H

#include "detectors/distinct.h"

enum distinct_kind {
	DISTINCT_CLIENTS,
	DISTINCT_NETWORKS, /* as origin.h has them */
	DISTINCT_COUNTRIES,
	DISTINCT_DOMAINS, /* of recipients */
	DISTINCT_SENDERS, /* of an own address: accounts */
	DISTINCTS
};

#define CROWD_MEMBERS 16             /* those that were noted last: more would not be told apart from many */
#define CROWD_KEPT    (2 * USEC_DAY) /* so long they count: lots are sent within a day or two. Assumed */

struct member {
	uint64_t account; /* the hash of its name; 0: none */
	usec_t time;
	float decibans;
};

struct crowd {
	struct distinct *distinct; /* DISTINCTS of them; NULL: none was counted */
	struct member *members;    /* CROWD_MEMBERS; NULL: none was noted */
	uint64_t users[2];         /* bits of the accounts that use it: this turn's, and the last one's */
	usec_t turned;
};

/* CROWD is made where there is none; all but crowd_meet, crowd_note and crowd_use take NULL for an empty one. */
void crowd_meet(struct crowd **crowd, enum distinct_kind kind, uint32_t hash, usec_t time);
bool crowd_counts(const struct crowd *crowd, enum distinct_kind kind);
struct distinct_count crowd_count(const struct crowd *crowd, enum distinct_kind kind, usec_t now,
				  enum horizon horizon);

/* ACCOUNT had DECIBANS against it at TIME, by itself. */
void crowd_note(struct crowd **crowd, uint64_t account, usec_t time, float decibans);

/* ACCOUNT, whatever it is like, uses it. */
void crowd_use(struct crowd **crowd, uint64_t account, usec_t time);

/* About how many accounts do: linear counting, which is blind beyond some 200. */
double crowd_users(const struct crowd *crowd);

/* Members and users of OTHER too. */
void crowd_merge(struct crowd **into, const struct crowd *other);

/* Forget what is over at NOW, and give back its memory. */
void crowd_trim(struct crowd **crowd, usec_t now);
void crowd_free(struct crowd **crowd);
size_t crowd_bytes(const struct crowd *crowd);

void crowd_pack(const struct crowd *crowd, struct text *into);
bool crowd_unpack(struct crowd **crowd_r, struct unpack *from);

#endif
