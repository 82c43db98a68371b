/*
 * What has been seen of an account, and what of that is strange to it.
 *
 * Away means: from a network that no learned day of the account knows, where it knows any; before that,
 * from another network than its first. A network is a /16 (IPv6: /32): providers give their customers
 * addresses of one or a few such blocks, so a new address at home is not away. Submissions without an
 * address (scripts, webmail on this machine) have networks of their own names.
 */
#include "detectors/record_seen.h"

#include "base/memory.h"

static struct seen *seen_find(const struct record *record, enum seen_kind kind, uint32_t hash)
{
	for (int i = 0; i < record->seen_used; i++)
		if (record->seen[i].hash == hash && record->seen[i].kind == kind)
			return &record->seen[i];
	return NULL;
}

/*
 * An address is nobody's habit: it gives way before what is, or who has another each day would learn nothing else. So
 * do HELO names and senders of which no day is known: who abuses an account may invent one for each mail, and providers
 * that refused it, and networks that it came from, would be forgotten for them.
 */
static unsigned seen_worth(const struct seen *seen)
{
	bool invented = (seen->kind == SEEN_HELO || seen->kind == SEEN_SENDER) && seen->credit == 0;

	return seen->kind == SEEN_CLIENT || invented ? 0 : 1 + (unsigned)seen->credit;
}

/* Where all places are taken: the one that matters least, by days known and then by age. */
static struct seen *seen_least(struct record *record)
{
	struct seen *least = &record->seen[0];

	for (int i = 1; i < record->seen_used; i++) {
		struct seen *seen = &record->seen[i];

		if (seen_worth(seen) < seen_worth(least) ||
		    (seen_worth(seen) == seen_worth(least) && seen->last < least->last))
			least = seen;
	}
	return least;
}

static struct seen *seen_add(struct record *record, enum seen_kind kind, uint32_t hash)
{
	struct seen *seen;

	if (record->seen_used == RECORD_SEEN) {
		seen = seen_least(record);
	} else {
		if (record->seen_used == record->seen_room) {
			unsigned room = record->seen_room == 0 ? 4 : record->seen_room * 2U;

			record->seen_room = (uint8_t)(room > RECORD_SEEN ? RECORD_SEEN : room);
			record->seen = memory_grow(record->seen, record->seen_room, sizeof(*seen));
		}
		seen = &record->seen[record->seen_used++];
	}
	*seen = (struct seen){ .hash = hash, .kind = (uint8_t)kind };
	record->here.valid = false;
	return seen;
}

/* The oldest of KIND: what an account without learned days calls its own. */
static bool seen_first(const struct record *record, const struct seen *seen)
{
	for (int i = 0; i < record->seen_used; i++)
		if (record->seen[i].kind == seen->kind)
			return &record->seen[i] == seen;
	return false;
}

/* Of one kind: that of HASH, the oldest, and whether one at least is familiar. */
struct seen_look {
	struct seen *found, *first;
	bool familiar;
};

/* In one pass, which ends where the rest would change nothing: three of them took a fifteenth of a replay. */
static struct seen_look seen_look(const struct record *record, enum seen_kind kind, uint32_t hash)
{
	struct seen_look look = { NULL, NULL, false };

	for (int i = 0; i < record->seen_used; i++) {
		struct seen *seen = &record->seen[i];

		if (seen->kind != kind)
			continue;
		if (look.first == NULL)
			look.first = seen;
		if (seen->hash == hash)
			look.found = seen;
		look.familiar = look.familiar || seen->credit >= SEEN_FAMILIAR;
		if (look.familiar && look.found != NULL)
			break;
	}
	return look;
}

/* Once more, at MINUTE. */
static void seen_again(struct seen *seen, uint32_t minute)
{
	if (minute <= seen->last)
		return;
	if (seen->known && minute / (24 * 60) > seen->last / (24 * 60))
		seen->known = false;
	seen->last = minute;
}

bool seen_meet(struct record *record, enum seen_kind kind, uint32_t hash, usec_t time, bool *new_r)
{
	struct seen_look look;
	struct seen *seen;
	bool first;

	if (hash == 0)
		return false;
	look = seen_look(record, kind, hash);
	seen = look.found;
	first = seen == look.first;
	if (seen == NULL) {
		*new_r = true;
		seen = seen_add(record, kind, hash);
		first = seen_first(record, seen); /* it may have taken an older one's place */
	}
	seen_again(seen, clock_minute(time));
	return look.familiar ? seen->credit < SEEN_FAMILIAR : !first;
}

/* Where it stands, and one: 0 where there is none of it. */
static uint8_t place_of(const struct record *record, enum seen_kind kind, uint32_t hash)
{
	const struct seen *seen = hash == 0 ? NULL : seen_find(record, kind, hash);

	return (uint8_t)(seen == NULL ? 0 : seen - record->seen + 1);
}

/*
 * A sender or a HELO name, of which only the time is kept: PLACE is where the last one stood. Mostly it is the same
 * again, which takes a third of the instructions of looking for it.
 */
static void seen_last(struct record *record, enum seen_kind kind, uint32_t hash, usec_t time, uint8_t *place)
{
	bool ignored = false;

	if (hash == 0)
		return;
	if (*place > 0 && *place <= record->seen_used && record->seen[*place - 1].hash == hash &&
	    record->seen[*place - 1].kind == kind) {
		seen_again(&record->seen[*place - 1], clock_minute(time));
		return;
	}
	seen_meet(record, kind, hash, time, &ignored);
	*place = place_of(record, kind, hash);
}

void seen_submitted(struct record *record, const struct delta *delta)
{
	seen_last(record, SEEN_SENDER, delta->sender, delta->time, &record->here.sender);
	seen_last(record, SEEN_HELO, delta->helo, delta->time, &record->here.helo);
}

/*
 * Most of what comes is from where the last came from: who sends to three gets one submission and three outcomes.
 * Then all is known but the time, which took two fifths of counting an attempt to find out again.
 */
void seen_origin(struct record *record, const struct delta *delta, struct applied *applied)
{
	struct here *here = &record->here;
	uint32_t minute = clock_minute(delta->time);
	bool ignored = false;

	if (here->valid && here->client == delta->client && here->network == delta->network &&
	    here->country == delta->country) {
		for (size_t i = 0; i < HERE_KINDS && minute != here->minute; i++)
			if (here->places[i] != 0)
				seen_again(&record->seen[here->places[i] - 1], minute);
		here->minute = minute;
		applied->away = here->away;
		applied->abroad = here->abroad;
		return;
	}
	/* An added one may take the place of another of these three. */
	here->valid = true;
	applied->away = seen_meet(record, SEEN_NETWORK, delta->network, delta->time, &applied->new_network);
	applied->abroad = seen_meet(record, SEEN_COUNTRY, delta->country, delta->time, &ignored);
	seen_meet(record, SEEN_CLIENT, delta->client, delta->time, &applied->new_client);
	if (!here->valid)
		return;
	*here = (struct here){ .client = delta->client,
			       .network = delta->network,
			       .country = delta->country,
			       .minute = minute,
			       .valid = true,
			       .away = applied->away,
			       .abroad = applied->abroad,
			       .sender = here->sender,
			       .helo = here->helo };
	here->places[HERE_CLIENT] = place_of(record, SEEN_CLIENT, delta->client);
	here->places[HERE_NETWORK] = place_of(record, SEEN_NETWORK, delta->network);
	here->places[HERE_COUNTRY] = place_of(record, SEEN_COUNTRY, delta->country);
}

static void vouch(struct record *record, enum seen_kind kind, uint32_t hash)
{
	struct seen *seen = seen_find(record, kind, hash);

	if (seen != NULL)
		seen->known = true;
}

void seen_vouch(struct record *record, const struct delta *delta)
{
	const struct here *here = &record->here;

	if (!here->valid) {
		vouch(record, SEEN_NETWORK, delta->network);
		vouch(record, SEEN_COUNTRY, delta->country);
		return;
	}
	for (int i = HERE_NETWORK; i <= HERE_COUNTRY; i++)
		if (here->places[i] != 0)
			record->seen[here->places[i] - 1].known = true;
}
