/* What was made fast beside its plain version: both give the same. */
#include "base/hash.h"
#include "detectors/odds.h"
#include "detectors/origin.h"
#include "detectors/witness.h"
#include "parsers/reply.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

__extension__ typedef unsigned __int128 wide;

static uint64_t fold(uint64_t a, uint64_t b)
{
	wide product = (wide)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The stable hash, byte by byte. */
static uint64_t plain_hash(struct span text)
{
	const uint64_t a = UINT64_C(0x9e3779b97f4a7c15), b = UINT64_C(0xbb67ae8584caa73b);
	uint64_t hash = fold(a, text.len ^ b), word = 0;

	for (size_t i = 0; i < text.len; i++) {
		word |= (uint64_t)(unsigned char)text.at[i] << (8 * (i % 8));
		if (i % 8 == 7 || i + 1 == text.len) {
			hash = fold(hash ^ word, b);
			word = 0;
		}
	}
	return fold(hash, a);
}

static void test_hash_of_every_length(void **state)
{
	char bytes[70];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 37 + 200);
	for (size_t from = 0; from < 8; from++)
		for (size_t len = 0; from + len <= sizeof(bytes); len++) {
			struct span text = { bytes + from, len };

			if (hash_stable(text) != plain_hash(text))
				fail_msg("%zu bytes from %zu on", len, from);
		}
}

static uint32_t plain_part(const uint8_t *address, size_t count)
{
	return (uint32_t)plain_hash((struct span){ (const char *)address, count });
}

/* Parts of an address are hashes of the first bytes of the sixteen that it has. */
static void test_origins_of_addresses(void **state)
{
	struct origins *origins = calloc(1, sizeof(*origins));

	(void)state;
	assert_non_null(origins);
	for (unsigned i = 0; i < 20000; i++) {
		bool v4 = i % 8 != 0;
		uint8_t address[16];
		struct origin origin;
		char text[48];

		if (v4)
			snprintf(text, sizeof(text), "%u.%u.%u.%u", 1 + i % 126, i * 7 % 256, i / 126,
				 i % 255);
		else
			snprintf(text, sizeof(text), "2001:db8:%x::%x", i, i * 3);
		assert_true(span_to_address(span_of(text), address));
		origin = origins_find(origins, span_of(text), ACCOUNT_LOGIN);
		if (origin.client != plain_part(address, 16) ||
		    origin.subnet != plain_part(address, v4 ? 15 : 6) ||
		    origin.network != plain_part(address, v4 ? 14 : 4) || origin.country != 0)
			fail_msg("%s", text);
	}
	assert_int_equal(origins_find(origins, SPAN("127.0.0.3"), ACCOUNT_LOGIN).network,
			 origins_find(origins, SPAN("::1"), ACCOUNT_LOGIN).network);
	free(origins);
}

static void test_providers_are_remembered_as_they_are(void **state)
{
	static const char *const relays[] = { "gmail-smtp-in.l.google.com",
					      "hotmail-com.olc.protection.outlook.com[104.47.0.33]:25",
					      "mx2.example.co.uk",
					      "mail.example.org.",
					      "mail.example.org",
					      "example.org",
					      "co.uk",
					      "",
					      "none",
					      "localhost",
					      "192.0.2.7",
					      "private/dovecot-lmtp" };
	struct providers_known *known = calloc(1, sizeof(*known));

	(void)state;
	assert_non_null(known);
	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < sizeof(relays) / sizeof(relays[0]); i++) {
			struct span relay = span_of(relays[i]), plain = reply_provider(relay);
			uint64_t hash;
			struct span quick = reply_provider_known(known, relay,
								 round == 1 ? hash_text(relay) : 0, &hash);

			if (quick.len > 0)
				assert_true(hash == hash_stable(plain));
			if (quick.at != plain.at || quick.len != plain.len)
				fail_msg("%s, round %d: %.*s, not %.*s", relays[i], round, SPAN_ARGS(quick),
					 SPAN_ARGS(plain));
		}
	free(known);
}

/* More questions than are remembered, forwards and backwards: each against the calculation. */
static void test_odds_are_remembered_as_they_are(void **state)
{
	(void)state;
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 10000; i++) {
			int at = round == 0 ? i : 9999 - i;
			double x = 0.01 + at % 100 * 0.37, n = at / 100 * 0.5;

			if (odds_log_rise_known(x, n) != odds_log_rise(x, n))
				fail_msg("%g rising by %g", x, n);
		}
}

/* The seeded hash of short texts has two secrets: every byte counts, and so does the length. */
static void test_short_hashes_differ(void **state)
{
	char bytes[40];

	(void)state;
	memset(bytes, 'a', sizeof(bytes));
	for (size_t len = 1; len <= sizeof(bytes); len++) {
		uint64_t hash = hash_text((struct span){ bytes, len });

		assert_true(hash != hash_text((struct span){ bytes, len - 1 }));
		for (size_t at = 0; at < len; at++)
			for (int bit = 0; bit < 8; bit++) {
				bytes[at] ^= (char)(1 << bit);
				if (hash_text((struct span){ bytes, len }) == hash)
					fail_msg("bit %d of byte %zu of %zu", bit, at, len);
				bytes[at] = 'a';
			}
	}
}

#define VOICES 16

/* What the last sixteen accounts at a provider met, each its newest: a list that is looked through from its front. */
struct plain_witness {
	uint64_t account;
	usec_t time;
	bool refused;
};

static void plain_hear(struct plain_witness voices[VOICES], const struct plain_witness *voice)
{
	size_t place = 0;

	while (place < VOICES - 1 && voices[place].account != voice->account)
		place++;
	for (; place > 0; place--)
		voices[place] = voices[place - 1];
	voices[0] = *voice;
}

static bool plain_agree(const struct plain_witness voices[VOICES], uint64_t account)
{
	int all = 0, refused = 0;

	for (size_t i = 0; i < VOICES; i++) {
		bool counts = voices[i].account != 0 && voices[i].account != account;

		all += counts;
		refused += counts && voices[i].refused;
	}
	return refused >= 3 && refused >= 0.3 * all;
}

/* Few accounts, which are heard again; and many, so that most are new. */
static void test_witnesses_are_the_last_ones(void **state)
{
	int agreed = 0;

	(void)state;
	for (uint64_t accounts = 4; accounts < 200; accounts *= 3) {
		struct witnesses *witnesses = witnesses_new();
		struct plain_witness voices[VOICES] = { { 0, 0, false } };

		for (uint64_t i = 0; i < 3000; i++) {
			struct plain_witness voice = { 1 + plain_hash((struct span){ (char *)&i, 8 }) %
								       accounts,
						       (usec_t)(1000 + i) * USEC_SECOND,
						       i / 50 % 3 == i % 3 };

			witnesses_hear(witnesses, 7, voice.account, voice.time, voice.refused);
			plain_hear(voices, &voice);
			if (witnesses_agree(witnesses, 7, 1 + i % accounts, voice.time) !=
			    plain_agree(voices, 1 + i % accounts))
				fail_msg("%d accounts, the %dth", (int)accounts, (int)i);
			agreed += plain_agree(voices, 1 + i % accounts);
		}
		witnesses_free(&witnesses);
	}
	assert_in_range(agreed, 1000, 11000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash_of_every_length),
		cmocka_unit_test(test_short_hashes_differ),
		cmocka_unit_test(test_origins_of_addresses),
		cmocka_unit_test(test_providers_are_remembered_as_they_are),
		cmocka_unit_test(test_odds_are_remembered_as_they_are),
		cmocka_unit_test(test_witnesses_are_the_last_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
