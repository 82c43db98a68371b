/*
 * The states of an account as time passes: how they are reached, kept and left, and which answers alone never
 * lead to them.
 */
#include "story.h"

#include <math.h>

#define BOB SPAN("bob@example.com")

static struct standing standing_of(struct story *story, struct span account)
{
	struct record *record = story->store->calls->record(story->store, account, false);

	assert_non_null(record);
	return record->standing;
}

/* Each verdict begins where the last one ended, but for a release, which is told by whoever releases. */
static void chain_holds(const struct said *said)
{
	enum account_state last = STATE_NORMAL;

	for (size_t i = 0; i < said->count; i++) {
		assert_true(said->told[i].previous == last || said->told[i].previous == STATE_RELEASED);
		assert_int_not_equal(said->told[i].state, said->told[i].previous);
		last = said->told[i].state;
	}
}

static void flag_and_release(struct story *story, usec_t *now_r, usec_t alone)
{
	usec_t from = ordinary_days(story, 10);

	abuse(story, from, 120, "203.0.113.7");
	assert_non_null(first_of(&story->said, STATE_FLAGGED));
	*now_r = from + 3 * USEC_HOUR;
	judge_release(story->judge, BOB, *now_r, *now_r + alone);
}

static void test_who_goes_on_is_flagged_again_once_its_time_is_over(void **state)
{
	struct story story;
	size_t told, flags = 0;
	usec_t now;

	(void)state;
	begin(&story);
	flag_and_release(&story, &now, 2 * USEC_HOUR);
	told = story.said.count;
	abuse(&story, now, 240, "203.0.113.7");
	for (size_t i = told; i < story.said.count; i++) {
		assert_true(story.said.told[i].time >= now + 2 * USEC_HOUR);
		flags += story.said.told[i].state == STATE_FLAGGED;
	}
	/* What it did meanwhile was counted: the first line after counts with it. */
	assert_true(story.said.count > told);
	assert_true(story.said.told[told].time <= now + 2 * USEC_HOUR + 5 * USEC_MINUTE);
	assert_int_equal(story.said.told[told].previous, STATE_RELEASED);
	assert_int_equal(flags, 1);
	chain_holds(&story.said);
	end(&story);
}

static void test_who_is_honest_after_a_release_stays_normal(void **state)
{
	const struct mail to_somebody_new = { "bob@example.com", "198.51.100.9", NULL, REPLY_DELIVERED, 1, 0 };
	struct story story;
	size_t told;
	usec_t now;

	(void)state;
	begin(&story);
	flag_and_release(&story, &now, 2 * USEC_HOUR);
	told = story.said.count;
	for (int day = 1; day <= 20; day++)
		for (int hour = 0; hour < 9; hour += 2)
			send_one(&story, now + day * USEC_DAY + hour * USEC_HOUR,
				 hour == 4 ? &to_somebody_new : &to_friends);
	/* The one thing that is told is that the time it was left alone is over. */
	assert_int_equal(story.said.count, told + 1);
	assert_int_equal(story.said.told[told].state, STATE_NORMAL);
	assert_int_equal(story.said.told[told].previous, STATE_RELEASED);
	assert_int_equal(judge_stats(story.judge).in_state[STATE_NORMAL], 1);
	end(&story);
}

/*
 * How far the account goes, and what keeps it there. Its score sinks a day later, when only the week's window is
 * left, to 11 decibans (of 6 strangers), 22 (of 40) or 24 (of 200), and after the week to nothing.
 */
static const struct fading {
	const char *what;
	int strangers;
	enum account_state reached;
	double watch, hysteresis;
	usec_t hold;
	bool between; /* the second step is below the threshold, but not by the hysteresis */
} fadings[] = {
	{ "watched", 6, STATE_WATCH, 14, 4, USEC_DAY, true },
	{ "watched, little hysteresis", 6, STATE_WATCH, 14, 1, USEC_DAY, false },
	{ "flagged", 40, STATE_FLAGGED, 24, 4, 0, true },
	{ "flagged, little hysteresis", 40, STATE_FLAGGED, 24, 1, 0, false },
	{ "flagged, but held for two days", 40, STATE_FLAGGED, 24, 1, 2 * USEC_DAY, false },
	{ "flagged, and low at once", 40, STATE_FLAGGED, 30, 0, 0, false },
	{ "disabled", 200, STATE_DISABLED, 26, 4, 0, true },
	{ "disabled, little hysteresis", 200, STATE_DISABLED, 26, 1, 0, false },
	{ "disabled, but held for nine days", 200, STATE_DISABLED, 26, 4, 9 * USEC_DAY, true },
};

/* Look every half hour as the windows run empty: a state is left where its rule says so, and not a look before. */
static void fade(struct story *story, const struct fading *fading, usec_t now)
{
	const struct judge_options *o = &options.judge;
	usec_t hold = fading->reached == STATE_WATCH ? USEC_HOUR : fading->hold;
	bool between = false;

	for (int look = 0; look < 48 * 12; look++, now += 30 * USEC_MINUTE) {
		struct standing was = standing_of(story, BOB), is;
		bool low, over = now - was.raised >= hold;

		judge_time(story->judge, now);
		is = standing_of(story, BOB);
		low = (double)is.score < o->watch - o->hysteresis;
		between = between || (!low && (double)is.score < o->watch);
		if (is.state == was.state && !(low && over))
			continue;
		if (!low || !over || is.state != STATE_NORMAL)
			fail_msg("%s: %s at %.1f decibans, %.1f h after it last was over the threshold",
				 fading->what, state_name(is.state), (double)is.score,
				 (double)(now - was.raised) / USEC_HOUR);
		break;
	}
	assert_int_equal(standing_of(story, BOB).state, STATE_NORMAL);
	if (between != fading->between)
		fail_msg("%s: the score was%s between the thresholds", fading->what, between ? "" : " never");
}

static void test_each_state_is_left_by_hysteresis_and_hold(void **state)
{
	const struct judge_options kept = options.judge;

	(void)state;
	for (size_t i = 0; i < sizeof(fadings) / sizeof(fadings[0]); i++) {
		const struct fading *fading = &fadings[i];
		struct story story;
		usec_t from;

		options.judge.watch = fading->watch;
		options.judge.flagged = fmax(fading->watch, kept.flagged);
		options.judge.hysteresis = fading->hysteresis;
		options.judge.hold = fading->hold;
		begin(&story);
		from = ordinary_days(&story, 10);
		abuse(&story, from, fading->strangers, "203.0.113.7");
		if (standing_of(&story, BOB).state != fading->reached)
			fail_msg("%s: it is %s, at %.1f decibans", fading->what,
				 state_name(standing_of(&story, BOB).state),
				 (double)standing_of(&story, BOB).score);
		fade(&story, fading, from + fading->strangers * USEC_MINUTE);
		chain_holds(&story.said);
		end(&story);
		options.judge = kept;
	}
}

/*
 * Abuse that stops after any number of lines, and then lines that speak by turns for and against the account, for
 * half a day: whatever threshold it stands at, it is not told of again and again.
 */
static void test_single_lines_flip_nothing(void **state)
{
	const struct mail for_it = { "bob@example.com", "198.51.100.9", "friend", REPLY_DELIVERED, 1, 0 };
	const struct mail against[] = {
		{ "bob@example.com", "203.0.113.7", NULL, REPLY_INVALID_RECIPIENT, 1, 0 },
		{ "bob@example.com", "203.0.113.7", NULL, REPLY_DELIVERED, 1, 0 },
	};

	(void)state;
	for (int stop = 4; stop < 60; stop++) {
		struct story story;
		usec_t from, now;
		size_t told[STATE_RELEASED + 1] = { 0 };

		begin(&story);
		from = ordinary_days(&story, 10);
		abuse(&story, from, stop, "203.0.113.7");
		now = from + stop * USEC_MINUTE;
		for (int line = 0; line < 144; line++)
			send_one(&story, now + line * 5 * USEC_MINUTE,
				 line % 12 == 11 ? &against[line / 12 % 2] : &for_it);
		for (size_t i = 0; i < story.said.count; i++)
			told[story.said.told[i].state]++;
		/* Up, at most once each; nothing down within the day that its windows know of it. */
		if (told[STATE_WATCH] > 1 || told[STATE_FLAGGED] > 1 || told[STATE_DISABLED] > 1 ||
		    told[STATE_NORMAL] > 0)
			fail_msg("stopped after %d: watched %zu times, flagged %zu, disabled %zu, normal %zu",
				 stop, told[STATE_WATCH], told[STATE_FLAGGED], told[STATE_DISABLED],
				 told[STATE_NORMAL]);
		chain_holds(&story.said);
		end(&story);
	}
}

/* --- answers that name our own address, or how much came --- */

static const enum reply_class ours[] = { REPLY_IP_LISTED, REPLY_IP_BLOCKED, REPLY_RATE_LIMITED };

/* Forty people, each with its habits, and a provider that answers the same to all of them. */
static void whole_server(struct story *story, enum reply_class class)
{
	char account[32];

	for (int day = 0; day < 12; day++)
		for (int n = 0; n < 40 * 6; n++) {
			struct mail mail = { account, "198.51.100.9", "friend", REPLY_DELIVERED, 2, 0 };

			snprintf(account, sizeof(account), "user%d@example.com", n % 40);
			if (day >= 10)
				mail.class = class;
			if (n / 40 >= 4)
				mail.to = NULL;
			send_one(story, START + day * USEC_DAY + 8 * USEC_HOUR + n * 2 * USEC_MINUTE, &mail);
		}
}

static void test_answers_to_the_whole_server_raise_nobody(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		struct story story;

		begin(&story);
		whole_server(&story, ours[i]);
		if (story.said.count != 0)
			fail_msg("%s: %s is %s", reply_class_name(ours[i]), story.said.told[0].account,
				 state_name(story.said.told[0].state));
		end(&story);
	}
}

/* One person alone: COUNT strangers from IP, of which CLASS is the answer to all; the height it was told of. */
static int alone(const char *ip, int count, enum reply_class class)
{
	struct mail mail = { "bob@example.com", ip, NULL, class, 1, 0 };
	struct story story;
	usec_t from;
	int height;

	begin(&story);
	from = ordinary_days(&story, 10);
	for (int i = 0; i < count; i++)
		send_one(&story, from + i * USEC_MINUTE, &mail);
	height = first_of(&story.said, STATE_FLAGGED) != NULL ? 2
							      : first_of(&story.said, STATE_WATCH) != NULL;
	end(&story);
	return height;
}

/*
 * Nor do they raise an account that meets them alone, or excuse one: a limit is met by whoever sends much, and
 * that is weighed as what it is, by its amount, its strangers and where it comes from. The same mail, had it been
 * accepted, goes as far; had it been refused as spam, further.
 */
static void test_answers_to_one_account_are_no_evidence_by_themselves(void **state)
{
	static const struct {
		const char *ip;
		int count, as_accepted, as_spam;
	} mailings[] = {
		{ "198.51.100.9", 5, 0, 0 },   { "198.51.100.9", 20, 0, 1 }, { "198.51.100.9", 60, 0, 2 },
		{ "198.51.100.9", 200, 0, 2 }, { "203.0.113.7", 120, 2, 2 },
	};

	(void)state;
	for (size_t n = 0; n < sizeof(mailings) / sizeof(mailings[0]); n++) {
		const char *ip = mailings[n].ip;
		int count = mailings[n].count;

		assert_int_equal(alone(ip, count, REPLY_DELIVERED), mailings[n].as_accepted);
		assert_int_equal(alone(ip, count, REPLY_CONTENT_SPAM), mailings[n].as_spam);
		for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
			if (alone(ip, count, ours[i]) != mailings[n].as_accepted)
				fail_msg("%d times %s from %s: height %d, and accepted %d", count,
					 reply_class_name(ours[i]), ip, alone(ip, count, ours[i]),
					 mailings[n].as_accepted);
	}
}

/* One that was disabled by hand was never raised here; released, it is looked at as others are. */
static void test_who_was_released_while_normal_is_known_as_raised(void **state)
{
	struct story story;
	size_t count;
	usec_t now;

	(void)state;
	begin(&story);
	now = ordinary_days(&story, 10);
	judge_release(story.judge, BOB, now, now + USEC_HOUR);
	assert_int_equal(judge_stats(story.judge).in_state[STATE_RELEASED], 1);
	abuse(&story, now + 2 * USEC_HOUR, 120, "203.0.113.7");
	assert_non_null(first_of(&story.said, STATE_FLAGGED));
	(void)judge_raised(story.judge, &count);
	assert_int_equal(count, 1);
	assert_int_equal(judge_stats(story.judge).in_state[STATE_NORMAL], 0);
	for (int look = 0; look < 48 * 20; look++)
		judge_time(story.judge, now + look * 30 * USEC_MINUTE);
	assert_int_equal(standing_of(&story, BOB).state, STATE_NORMAL);
	end(&story);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_goes_on_is_flagged_again_once_its_time_is_over),
		cmocka_unit_test(test_who_is_honest_after_a_release_stays_normal),
		cmocka_unit_test(test_who_was_released_while_normal_is_known_as_raised),
		cmocka_unit_test(test_each_state_is_left_by_hysteresis_and_hold),
		cmocka_unit_test(test_single_lines_flip_nothing),
		cmocka_unit_test(test_answers_to_the_whole_server_raise_nobody),
		cmocka_unit_test(test_answers_to_one_account_are_no_evidence_by_themselves),
	};

	return story_run(tests);
}
