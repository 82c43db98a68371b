/*
 * A verdict's id is of address, list, state and the moment that was written down before it is told: told again
 * after a crash, it is known.
 */
#define _GNU_SOURCE
#include "responders/dnsbl_tell.h"

#include "base/hash.h"

#include <stdio.h>
#include <unistd.h>

#define DNSBL_BLAMED 3

static void dnsbl_id(const struct dnsbl_row *row, char id[VERDICT_ID_SIZE])
{
	char time[CLOCK_TEXT_SIZE];
	uint64_t hash = hash_stable_more(0, span_of(row->address)), first;

	hash = hash_stable_more(hash, SPAN(" "));
	first = hash_stable_more(hash, span_of(row->zone));
	hash = hash_stable_more(first, span_of(clock_text(row->since, time)));
	hash = hash_stable_more(hash, row->state == DNSBL_LISTED ? SPAN("listed") : SPAN("clear"));
	snprintf(id, VERDICT_ID_SIZE, "%016llx%016llx", (unsigned long long)first, (unsigned long long)hash);
}

static void dnsbl_blame(struct verdict *verdict, struct evidence *evidence, const struct health *health,
			const char *address)
{
	struct health_account accounts[DNSBL_BLAMED];
	size_t count = health == NULL ? 0 : health_blame(health, span_of(address), accounts, DNSBL_BLAMED);

	for (size_t i = 0; i < count; i++) {
		struct evidence *blame = &evidence[verdict->evidence_count++];

		*blame = (struct evidence){ .detector = "account",
					    .seen = accounts[i].bad,
					    .of = accounts[i].attempts,
					    .expected = -1 };
		health_blame_words(&accounts[i], blame->text);
	}
}

void dnsbl_tell(const struct dnsbl_row *row, usec_t now, const struct health *health,
		const struct dnsbl_calls *calls)
{
	bool listed = row->state == DNSBL_LISTED;
	struct evidence evidence[1 + DNSBL_BLAMED] = {
		{ .detector = "dnsbl", .seen = -1, .of = -1, .expected = -1 }
	};
	char account[DNSBL_ADDRESS + DNSBL_NAME + 4], host[256] = "";
	struct text text = { 0 };
	struct verdict verdict = {
		.type = "address",
		.time = now,
		.state = listed ? STATE_FLAGGED : STATE_NORMAL,
		.previous = listed ? STATE_NORMAL : STATE_FLAGGED,
		.evidence = evidence,
		.evidence_count = 1,
		.first_bad = row->since,
		.address = span_of(row->address),
		.zone = span_of(row->zone),
		.code = span_of(row->code),
		.words = span_of(row->words),
	};

	if (listed)
		text_add_format(&text, "listed by %s (%s)%s%s", row->zone, row->code,
				row->words[0] == '\0' ? "" : ": ", row->words);
	else
		text_add_format(&text, "no longer listed by %s", row->zone);
	dnsbl_words(evidence[0].text, EVIDENCE_TEXT_SIZE, text_span(&text));
	text_free(&text);
	snprintf(account, sizeof(account), "%s at %s", row->address, row->zone);
	verdict.account = span_of(account);
	if (gethostname(host, sizeof(host) - 1) == 0)
		verdict.host = span_of(host);
	dnsbl_id(row, verdict.id);
	if (listed)
		dnsbl_blame(&verdict, evidence, health, row->address);
	calls->verdict(calls->context, &verdict);
}

void dnsbl_fault_words(const struct dnsbl_side *side, struct text *words)
{
	switch (side->fault) {
	case DNSBL_FINE:
		text_add(words, SPAN("answers as it should"));
		break;
	case DNSBL_SILENT:
		text_add_format(words, "does not answer: %s", side->words);
		break;
	case DNSBL_FORBIDDEN:
		text_add_format(words,
				"does not let this server ask (%s), which says nothing of our addresses: a "
				"resolver of one's own, or an arrangement with the list, may help",
				side->words);
		break;
	case DNSBL_EVERYTHING:
		text_add_format(words,
				"lists %s, which must never be listed: it answers everything, and is not "
				"believed",
				dnsbl_test_clear(side->six));
		break;
	case DNSBL_DEAD:
		text_add_format(words,
				"does not list its own test entry %s: it is dead%s, and its silence says "
				"nothing",
				dnsbl_test_listed(side->six), side->six ? " or has no IPv6" : "");
		break;
	case DNSBL_STRANGE:
		text_add_format(words,
				"answers %s, which is no answer of a blocklist: its domain is parked, or "
				"the resolver makes up answers",
				side->words);
		break;
	}
}

void dnsbl_tell_fault(const struct dnsbl_side *side, const struct dnsbl_calls *calls)
{
	struct text words = { 0 }, id = { 0 };
	char time[CLOCK_TEXT_SIZE];

	text_add_format(&words, "blocklist %s%s: ", side->zone, side->six ? " (IPv6)" : "");
	dnsbl_fault_words(side, &words);
	text_add_format(&id, "blocklist-%s-%s-%u-%s", side->zone, side->six ? "6" : "4",
			(unsigned)side->fault, clock_text(side->since, time));
	calls->notice(calls->context, id.at, words.at);
	text_free(&words);
	text_free(&id);
}
