/* The judge: stories of accounts, told attempt by attempt, and what must come of them. */
#define _GNU_SOURCE
#include "story.h"

#include "detectors/geo.h"
#include "scratch.h"

static void test_an_ordinary_person_is_never_mentioned(void **state)
{
	struct story story;

	(void)state;
	begin(&story);
	ordinary_days(&story, 30);
	assert_int_equal(story.said.count, 0);
	end(&story);
}

static void test_a_takeover_is_flagged_early_and_explained(void **state)
{
	struct story story;
	const struct told *told;
	usec_t from;

	(void)state;
	begin(&story);
	from = ordinary_days(&story, 10);
	abuse(&story, from, 120, "203.0.113.7");
	told = first_of(&story.said, STATE_FLAGGED);
	if (told == NULL) {
		fail_msg("it was not flagged");
		return;
	}
	assert_true(told->time <= from + 60 * USEC_MINUTE);
	assert_true(told->score >= options.judge.flagged);
	assert_true(strstr(told->text, "recipients in") != NULL);
	assert_true(told->samples > 0 && told->clients > 0);
	end(&story);
}

static void test_the_same_found_twice_has_the_same_id(void **state)
{
	struct story a, b;

	(void)state;
	begin(&a);
	begin(&b);
	abuse(&a, ordinary_days(&a, 10), 120, "203.0.113.7");
	abuse(&b, ordinary_days(&b, 10), 120, "203.0.113.7");
	assert_true(a.said.count > 0);
	assert_int_equal(a.said.count, b.said.count);
	for (size_t i = 0; i < a.said.count; i++)
		assert_string_equal(a.said.told[i].id, b.said.told[i].id);
	end(&a);
	end(&b);
}

static void test_a_flag_is_told_once_stays_and_goes_by_itself(void **state)
{
	struct story story;
	usec_t from;
	size_t flags = 0;

	(void)state;
	begin(&story);
	from = ordinary_days(&story, 10);
	abuse(&story, from, 200, "203.0.113.7");
	for (size_t i = 0; i < story.said.count; i++)
		flags += story.said.told[i].state == STATE_FLAGGED;
	assert_int_equal(flags, 1);
	judge_time(story.judge, from + 10 * USEC_HOUR);
	assert_true(story.said.told[story.said.count - 1].state != STATE_NORMAL);
	for (int hour = 0; hour < 24 * 20; hour++)
		judge_time(story.judge, from + hour * USEC_HOUR);
	assert_int_equal(story.said.told[story.said.count - 1].state, STATE_NORMAL);
	assert_int_equal(judge_stats(story.judge).in_state[STATE_NORMAL], 1);
	end(&story);
}

/* What comes after a release is judged as it would be without what came before. */
static void test_old_evidence_flags_nobody_after_a_release(void **state)
{
	const struct mail last_straw = { "bob@example.com", "203.0.113.7", NULL, REPLY_DELIVERED, 1, 0 };
	struct story sinner, saint;
	usec_t from, now;
	size_t told;

	(void)state;
	begin(&sinner);
	begin(&saint);
	from = ordinary_days(&sinner, 10);
	(void)ordinary_days(&saint, 10);
	abuse(&sinner, from, 120, "203.0.113.7");
	assert_non_null(first_of(&sinner.said, STATE_FLAGGED));
	now = from + 3 * USEC_HOUR;
	judge_release(sinner.judge, SPAN("bob@example.com"), now, now);
	told = sinner.said.count;
	for (int i = 0; i < 5; i++) {
		send_one(&sinner, now + i * USEC_MINUTE, &last_straw);
		send_one(&saint, now + i * USEC_MINUTE, &last_straw);
	}
	for (int hour = 0; hour < 24 * 8; hour++) {
		judge_time(sinner.judge, now + hour * USEC_HOUR);
		judge_time(saint.judge, now + hour * USEC_HOUR);
	}
	assert_null(first_of(&saint.said, STATE_FLAGGED));
	for (size_t i = told; i < sinner.said.count; i++)
		assert_int_not_equal(sinner.said.told[i].state, STATE_FLAGGED);
	assert_int_equal(judge_stats(sinner.judge).in_state[STATE_NORMAL], 1);
	end(&sinner);
	end(&saint);
}

static void test_new_evidence_flags_after_a_release_when_its_time_is_over(void **state)
{
	struct story story;
	usec_t from, now;
	size_t told;

	(void)state;
	begin(&story);
	from = ordinary_days(&story, 10);
	abuse(&story, from, 120, "203.0.113.7");
	now = from + 3 * USEC_HOUR;
	judge_release(story.judge, SPAN("bob@example.com"), now, now + USEC_HOUR);
	told = story.said.count;
	abuse(&story, now, 59, "203.0.113.7");
	assert_int_equal(story.said.count, told);
	abuse(&story, now + USEC_HOUR, 59, "203.0.113.7");
	assert_int_equal(story.said.told[told].state, STATE_FLAGGED);
	assert_true(story.said.told[told].time >= now + USEC_HOUR);
	end(&story);
}

static void test_a_listed_address_flags_nobody(void **state)
{
	struct story story;
	char account[32];

	(void)state;
	begin(&story);
	for (int minute = 0; minute < 600; minute++) {
		struct mail mail = { account, "198.51.100.9",
				     NULL,    minute % 3 == 0 ? REPLY_CONTENT_SPAM : REPLY_IP_LISTED,
				     1,       0 };

		snprintf(account, sizeof(account), "user%d@example.com", minute % 40);
		send_one(&story, START + minute * USEC_MINUTE, &mail);
	}
	assert_null(first_of(&story.said, STATE_FLAGGED));
	end(&story);
}

static void test_what_is_only_passed_on_is_not_judged(void **state)
{
	struct story story;
	struct mail mail = { "bob@example.com", "203.0.113.7", NULL, REPLY_CONTENT_SPAM, 1, ACCOUNT_FORWARD };

	(void)state;
	begin(&story);
	for (int i = 0; i < 300; i++)
		send_one(&story, START + i * USEC_MINUTE, &mail);
	assert_int_equal(story.said.count, 0);
	end(&story);
}

/* What the ledger counts in by its settings is judged like mail of the account's own. */
static void test_what_is_counted_in_is_judged(void **state)
{
	struct envelope envelope = { .time = START,
				     .account_kind = ACCOUNT_FORWARD,
				     .account = SPAN("bob@example.com"),
				     .queue_id = SPAN("Q1") };
	struct attempt attempt = { .envelope = &envelope,
				   .time = START,
				   .direction = DIRECTION_FORWARDED,
				   .recipient = SPAN("x@there.example"),
				   .meaning.class = REPLY_INVALID_RECIPIENT,
				   .outcome = OUTCOME_BOUNCED };
	struct record *record;
	struct story story;

	(void)state;
	begin(&story);
	judge_attempt(story.judge, &attempt, ATTEMPT_FIRST);
	assert_null(story.store->calls->record(story.store, envelope.account, false));
	attempt.counted = true;
	judge_attempt(story.judge, &attempt, ATTEMPT_FIRST);
	record = story.store->calls->record(story.store, envelope.account, false);
	assert_non_null(record);
	assert_int_equal(record->recipient_used, 1);
	end(&story);
}

static void test_a_weekly_newsletter_is_not_flagged(void **state)
{
	struct story story;
	struct mail mail = { "news@example.com", "198.51.100.20", NULL, REPLY_DELIVERED, 1, 0 };

	(void)state;
	begin(&story);
	for (int week = 0; week < 5; week++) {
		for (int i = 0; i < 900; i++) {
			mail.class = i % 40 == 3    ? REPLY_INVALID_RECIPIENT
				     : i % 450 == 9 ? REPLY_CONTENT_SPAM
						    : REPLY_DELIVERED;
			send_one(&story, START + week * 7 * USEC_DAY + i * 4 * USEC_SECOND, &mail);
		}
	}
	assert_null(first_of(&story.said, STATE_FLAGGED));
	end(&story);
}

/* The same readers each week, from a person's account, which so has a past that strangers would be weighed against. */
static void test_readers_of_a_newsletter_are_no_strangers(void **state)
{
	struct story story;
	const struct mail issue = { "bob@example.com", "198.51.100.9", NULL, REPLY_DELIVERED, 1, 0 };

	(void)state;
	begin(&story);
	for (int day = 0; day < 40; day++) {
		usec_t morning = START + day * USEC_DAY + 8 * USEC_HOUR;

		if (day % 7 == 0) {
			story.serial = 0;
			for (int i = 0; i < 1500; i++)
				send_one(&story, morning + i * USEC_SECOND, &issue);
		}
		for (int hour = 1; hour < 9; hour += 2)
			send_one(&story, morning + hour * USEC_HOUR, &to_friends);
	}
	assert_null(first_of(&story.said, STATE_FLAGGED));
	end(&story);
}

static void test_nobody_is_disabled_on_one_kind_of_evidence(void **state)
{
	struct story story;
	struct mail mail = { "bob@example.com", "198.51.100.9", NULL, REPLY_DELIVERED, 50, 0 };
	usec_t from;

	(void)state;
	begin(&story);
	from = ordinary_days(&story, 20);
	for (int i = 0; i < 400; i++)
		send_one(&story, from + i * 20 * USEC_SECOND, &mail);
	assert_null(first_of(&story.said, STATE_DISABLED));
	end(&story);
}

/* COUNT strangers of bob's from IP, EVERY so often; the most of them in a row that nobody was asked about. */
static int longest_silence(struct story *story, usec_t from, usec_t every, int count, const char *ip)
{
	const struct mail mail = { "bob@example.com", ip, NULL, REPLY_DELIVERED, 1, 0 };
	uint64_t asked = judge_stats(story->judge).asked;
	int longest = 0, silent = 0;

	for (int i = 0; i < count; i++) {
		send_one(story, from + i * every, &mail);
		silent = judge_stats(story->judge).asked == asked ? silent + 1 : 0;
		asked = judge_stats(story->judge).asked;
		longest = silent > longest ? silent : longest;
	}
	return longest;
}

/* A day of many strangers is looked at as often as one of few: what they grow to within minutes says most. */
static void test_a_busy_day_hides_nothing(void **state)
{
	struct story story;
	usec_t from;

	(void)state;
	begin(&story);
	from = ordinary_days(&story, 10);
	assert_in_range(longest_silence(&story, from, USEC_MINUTE, 400, "198.51.100.9"), 1, 20);
	end(&story);
}

/* Higher than disabled nothing is: who goes on all the same, and is refused, costs few questions. */
/* Sixty within an hour, one by one, to people to whom the account has written before; the fortieth refuses. */
static void answer_all(struct story *story, usec_t from, const char *ip)
{
	for (int i = 1; i <= 60; i++) {
		const struct mail mail = {
			"bob@example.com", ip, "friend", i == 40 ? REPLY_CONTENT_SPAM : REPLY_DELIVERED, 1, 0
		};

		send_one(story, from + i * USEC_MINUTE, &mail);
	}
}

/* Who answers all that lies in a mailbox meets no stranger, and is welcome nearly everywhere. */
static void test_mail_to_correspondents_is_abuse_too(void **state)
{
	const struct mail to_more = { "bob@example.com", "198.51.100.9", "friend", REPLY_DELIVERED, 7, 0 };
	const char *from_ip[] = { "198.51.100.9", "203.0.113.7" };
	struct story stories[2];
	const struct told *told;
	struct error error;
	struct geo *geo;

	(void)state;
	scratch_make();
	scratch_write("geo.csv", "198.51.100.0/24,DE\n203.0.113.0/24,RU\n");
	geo = geo_open(scratch_path("geo.csv"), &error);
	assert_non_null(geo);
	for (int i = 0; i < 2; i++) {
		begin(&stories[i]);
		judge_use_geo(stories[i].judge, geo);
		send_one(&stories[i], START, &to_more);
		answer_all(&stories[i], ordinary_days(&stories[i], 10), from_ip[i]);
	}
	assert_int_equal(stories[0].said.count, 0);
	told = first_of(&stories[1].said, STATE_WATCH);
	assert_true(told != NULL && told->time <= START + 10 * USEC_DAY + 10 * USEC_HOUR + 25 * USEC_MINUTE);
	assert_true(strstr(told->text, "by hand at most") != NULL);
	assert_non_null(first_of(&stories[1].said, STATE_FLAGGED));
	for (int i = 0; i < 2; i++)
		end(&stories[i]);
	geo_close(&geo);
	scratch_remove();
}

/* Countries as several publishers write them: "de" beside "DE" would make a traveller of one who stays at home. */
static void test_countries_as_they_are_written(void **state)
{
	static const struct {
		const char *address, *country;
	} rows[] = {
		{ "198.51.100.9", "DE" }, { "203.0.113.7", "RU" }, { "192.0.2.1", "FR" },
		{ "192.0.2.8", "AU" },    { "192.0.2.11", "AU" },  { "192.0.2.12", "" },
		{ "10.0.0.1", "" },       { "2001:db8::1", "SE" },
	};
	struct error error = { "" };
	uint8_t address[16];
	struct geo *geo;

	(void)state;
	scratch_make();
	scratch_write("geo.csv",
		      "\xef\xbb\xbf"
		      "198.51.100.0/24,DE\r\n\r\n  # more\r\n203.0.113.0/24,ru\r\n"
		      "\"192.0.2.0/29\",\"Fr\",\"France, all of it\"\r\n192.0.2.8,192.0.2.11,AU\r\n"
		      "10.0.0.0/8,\r\n192.0.2.12/32,\"-\"\r\n\"2001:db8::\",\"2001:db8::ffff\",\"se\"\n \n");
	geo = geo_open(scratch_path("geo.csv"), &error);
	assert_string_equal(error.text, "");
	assert_non_null(geo);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(span_to_address(span_of(rows[i].address), address));
		assert_true(span_equal(geo_country(geo, address), span_of(rows[i].country)));
	}
	geo_close(&geo);
	scratch_write("geo.csv", "# of today\nnetwork,country\n192.0.2.0/24,DE\n192.0.2.9,192.0.2.1,FR\n");
	assert_null(geo_open(scratch_path("geo.csv"), &error));
	assert_non_null(strstr(error.text, "geo.csv:4: not"));
	scratch_remove();
}

static void test_who_is_disabled_is_seldom_asked_about(void **state)
{
	struct story story;
	uint64_t asked;
	usec_t from;

	(void)state;
	begin(&story);
	from = ordinary_days(&story, 10);
	abuse(&story, from, 200, "203.0.113.7");
	assert_non_null(first_of(&story.said, STATE_DISABLED));
	asked = judge_stats(story.judge).asked;
	abuse(&story, from + 200 * USEC_MINUTE, 400, "203.0.113.7");
	assert_true(judge_stats(story.judge).asked - asked < 60);
	end(&story);
}

/* A new account, a mail every four seconds, every third to nobody: whenever it begins. */
static void test_midnight_makes_no_habit_of_what_is_under_way(void **state)
{
	(void)state;
	for (int before = 1; before <= 180; before += before < 15 ? 1 : 15) {
		struct mail mail = { "bob@example.com", "203.0.113.7", NULL, REPLY_DELIVERED, 1, 0 };
		usec_t from = START + USEC_DAY - (before * 4 - 2) * USEC_SECOND;
		struct story story;

		begin(&story);
		for (int i = 0; i < 240; i++) {
			mail.class = i % 3 == 0 ? REPLY_INVALID_RECIPIENT : REPLY_DELIVERED;
			send_one(&story, from + i * 4 * USEC_SECOND, &mail);
		}
		if (first_of(&story.said, STATE_FLAGGED) == NULL)
			fail_msg("not flagged where %d were sent before midnight", before);
		end(&story);
	}
}

static void test_learning_quietly_says_nothing(void **state)
{
	struct story story;

	(void)state;
	begin(&story);
	judge_quiet(story.judge, true);
	abuse(&story, ordinary_days(&story, 10), 120, "203.0.113.7");
	assert_int_equal(story.said.count, 0);
	end(&story);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_ordinary_person_is_never_mentioned),
		cmocka_unit_test(test_a_takeover_is_flagged_early_and_explained),
		cmocka_unit_test(test_the_same_found_twice_has_the_same_id),
		cmocka_unit_test(test_a_flag_is_told_once_stays_and_goes_by_itself),
		cmocka_unit_test(test_old_evidence_flags_nobody_after_a_release),
		cmocka_unit_test(test_new_evidence_flags_after_a_release_when_its_time_is_over),
		cmocka_unit_test(test_a_listed_address_flags_nobody),
		cmocka_unit_test(test_what_is_only_passed_on_is_not_judged),
		cmocka_unit_test(test_what_is_counted_in_is_judged),
		cmocka_unit_test(test_a_weekly_newsletter_is_not_flagged),
		cmocka_unit_test(test_readers_of_a_newsletter_are_no_strangers),
		cmocka_unit_test(test_nobody_is_disabled_on_one_kind_of_evidence),
		cmocka_unit_test(test_a_busy_day_hides_nothing),
		cmocka_unit_test(test_mail_to_correspondents_is_abuse_too),
		cmocka_unit_test(test_countries_as_they_are_written),
		cmocka_unit_test(test_who_is_disabled_is_seldom_asked_about),
		cmocka_unit_test(test_midnight_makes_no_habit_of_what_is_under_way),
		cmocka_unit_test(test_learning_quietly_says_nothing),
	};

	return story_run(tests);
}
