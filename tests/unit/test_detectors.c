/*
 * Each detector by itself: what is known of an account in, decibans and the sentence out. A row is a small
 * story; its range says what must not be given away, not how the arithmetic happens to come out.
 */
#include "detectors/detector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#define NOW    (USEC_DAY * 20370 + 10 * USEC_HOUR)
#define MINUTE (uint32_t)(NOW / USEC_MINUTE)
#define DE     (3 * 26 + 4 + 1)
#define RU     (17 * 26 + 20 + 1)

/* What accounts are used to. */
static const struct habit nobody = { .first = 20370 };
static const struct habit person = { .first = 20340,
				     .days = 20,
				     .top_hour = 3,
				     .top_day = 6,
				     .top_week = 15,
				     .top_recipients = 15,
				     .busy_hours = 4,
				     .recipients = 300,
				     .strangers = 60,
				     .invalid = 4,
				     .spam = 1 };
static const struct habit newsletter = { .first = 20300,
					 .days = 30,
					 .top_hour = 900,
					 .top_day = 900,
					 .top_week = 1800,
					 .top_recipients = 900,
					 .busy_hours = 2,
					 .recipients = 2000,
					 .strangers = 2000,
					 .invalid = 50,
					 .spam = 6 };
static const struct habit stale = { .first = 20340,
				    .days = 15,
				    .top_hour = 80,
				    .top_day = 200,
				    .top_week = 600,
				    .top_recipients = 200,
				    .busy_hours = 9,
				    .recipients = 1500,
				    .strangers = 900,
				    .invalid = 180,
				    .spam = 30,
				    .foreign = 300 };

static const struct seen at_home[] = { { 1, MINUTE - 60, SEEN_NETWORK, 80, true },
				       { DE, MINUTE - 60, SEEN_COUNTRY, 80, true } };
static const struct seen elsewhere[] = { { 1, MINUTE - 3000, SEEN_NETWORK, 80, true },
					 { 2, MINUTE, SEEN_NETWORK, 0, false } };
static const struct seen abroad[] = { { 1, MINUTE - 60, SEEN_NETWORK, 80, true },
				      { DE, MINUTE - 60, SEEN_COUNTRY, 80, true },
				      { 2, MINUTE, SEEN_NETWORK, 0, false },
				      { RU, MINUTE, SEEN_COUNTRY, 0, false } };
static const struct seen hardly[] = { { 1, MINUTE - 60, SEEN_NETWORK, 80, true },
				      { 2, MINUTE, SEEN_NETWORK, 3, false } };
static const struct seen one_refuser[] = { { 9, MINUTE, SEEN_REFUSER, 0, false } };
static const struct seen refusers[] = { { 7, MINUTE, SEEN_REFUSER, 0, false },
					{ 8, MINUTE, SEEN_REFUSER, 0, false },
					{ 9, MINUTE, SEEN_REFUSER, 0, false } };

static const struct seen names[] = {
	{ 1, MINUTE, SEEN_SENDER, 0, false }, { 2, MINUTE, SEEN_SENDER, 0, false },
	{ 3, MINUTE, SEEN_SENDER, 0, false }, { 4, MINUTE, SEEN_SENDER, 0, false },
	{ 5, MINUTE, SEEN_SENDER, 0, false }, { 6, MINUTE, SEEN_SENDER, 0, false },
	{ 7, MINUTE, SEEN_SENDER, 0, false }, { 8, MINUTE, SEEN_SENDER, 0, false },
	{ 9, MINUTE, SEEN_SENDER, 0, false },
};

#define SEEN(list) list, sizeof(list) / sizeof((list)[0])

struct row {
	const char *what;
	enum detector_place detector;
	const struct habit *habit;
	double recipients, strangers, invalid, spam, foreign, odd;
	double low, high;
	const char *words; /* part of the sentence; NULL: not asked */
	const struct seen *seen;
	uint8_t seen_count;
	bool away;
	enum horizon horizon;
	uint32_t failed; /* logins */
	uint32_t messages;
	double bulk;
	double neighbours, others; /* suspicious accounts, of so many others */
	const char *name;          /* of a script; else bob@example.com */
};

static const struct row rows[] = {
	/* Amounts: a person's hundred is much, a newsletter's thousand is its habit. */
	{ "a person writes to ten", DETECT_VOLUME, &person, 10, 10, 0, 0, 0, 0, 0, 0, NULL,
	  .horizon = HORIZON_1H },
	{ "a person writes to 400", DETECT_VOLUME, &person, 400, 400, 0, 0, 0, 0, 10, 25,
	  "400 recipients in 1 h; at most", .horizon = HORIZON_1H },
	{ "a newsletter goes out", DETECT_VOLUME, &newsletter, 950, 950, 0, 0, 0, 0, 0, 3, NULL,
	  .horizon = HORIZON_1H },
	{ "nobody knows it, and 5,000", DETECT_VOLUME, &nobody, 5000, 5000, 0, 0, 0, 0, 10, 13, NULL,
	  .horizon = HORIZON_1H },
	/* And a hand's pace, where somebody else may be at it. */
	{ "all correspondents are answered, from elsewhere", DETECT_VOLUME, &person, 60, 2, 0, 0, 0, 0, 14,
	  17, "58 of those whom it knows written to in 1 h, from elsewhere; by hand at most 12",
	  .horizon = HORIZON_1H, .away = true, .messages = 60 },
	{ "twice a hand's pace", DETECT_VOLUME, &person, 24, 0, 0, 0, 0, 0, 12, 17, NULL,
	  .horizon = HORIZON_1H, .away = true, .messages = 24 },
	{ "what was written offline leaves at once", DETECT_VOLUME, &person, 14, 0, 0, 0, 0, 0, 0, 5, NULL,
	  .away = true, .messages = 14 },
	{ "a circular to them all", DETECT_VOLUME, &person, 60, 2, 0, 0, 0, 0, 0, 3, NULL,
	  .horizon = HORIZON_1H, .away = true, .messages = 1 },
	{ "the same sixty from home", DETECT_VOLUME, &person, 60, 2, 0, 0, 0, 0, 0, 3, NULL,
	  .horizon = HORIZON_1H, .messages = 60 },
	{ "few strangers excuse", DETECT_STRANGERS, &person, 20, 3, 0, 0, 0, 0, -25, -5, NULL,
	  .horizon = HORIZON_1H },
	{ "two hundred strangers and nobody else", DETECT_STRANGERS, &person, 200, 200, 0, 0, 0, 0, 15, 40,
	  "200 of 200 recipients in 1 h are addresses it never wrote to", .horizon = HORIZON_1H },
	{ "a third of them are its correspondents", DETECT_STRANGERS, &person, 60, 40, 0, 0, 0, 0, -4, 7,
	  NULL, .horizon = HORIZON_1H },
	{ "as many by a newsletter", DETECT_STRANGERS, &newsletter, 200, 200, 0, 0, 0, 0, -25, 0, NULL,
	  .horizon = HORIZON_1H },
	/* Lists: one dead address is a slip, twelve of forty are a list. */
	{ "one of ten is dead", DETECT_INVALID, &person, 10, 10, 1, 0, 0, 0, -3, 4, NULL,
	  .horizon = HORIZON_5M },
	{ "twelve of forty are", DETECT_INVALID, &person, 40, 40, 12, 0, 0, 0, 8, 20,
	  "12 of 40 recipients in 5 min do not exist; this account usually has 1.", .horizon = HORIZON_5M },
	{ "none of two hundred", DETECT_INVALID, &person, 200, 200, 0, 0, 0, 0, -6, 0, NULL,
	  .horizon = HORIZON_5M },
	{ "as ever with a stale list", DETECT_INVALID, &stale, 100, 100, 13, 0, 0, 0, -5, 3, NULL,
	  .horizon = HORIZON_5M },
	/* Content: one provider's dislike is one opinion, three are three. */
	{ "one of twenty is spam", DETECT_REJECTS, &person, 20, 20, 0, 1, 0, 0, 0, 7, NULL, SEEN(one_refuser),
	  .horizon = HORIZON_5M },
	{ "ten of a hundred, at one provider", DETECT_REJECTS, &person, 100, 100, 0, 10, 0, 0, 0, 9, NULL,
	  SEEN(one_refuser), .horizon = HORIZON_5M },
	{ "ten of a hundred, at three", DETECT_REJECTS, &person, 100, 100, 0, 10, 0, 0, 9, 20,
	  "10 of 100 recipients in 5 min refused as spam by 3 providers", SEEN(refusers),
	  .horizon = HORIZON_5M },
	{ "none of two hundred is spam", DETECT_REJECTS, &person, 200, 200, 0, 0, 0, 0, -8, -1,
	  "none of 200 recipients", .horizon = HORIZON_5M },
	/* Places: three from a cafe are weak; a hundred from two countries at once are not. */
	{ "all from home", DETECT_ORIGINS, &person, 50, 50, 0, 0, 0, 0, -4, -1, NULL, SEEN(at_home),
	  .horizon = HORIZON_5M },
	{ "three from a new network", DETECT_ORIGINS, &person, 3, 3, 0, 0, 0, 0, 1, 8, NULL, SEEN(elsewhere),
	  .away = true },
	{ "a hundred from there", DETECT_ORIGINS, &person, 100, 100, 0, 0, 0, 0, 6, 12.1,
	  "100 recipients in 5 min from 1 network it never sent from", SEEN(elsewhere), .away = true },
	{ "a hundred from where it was on three days", DETECT_ORIGINS, &person, 100, 100, 0, 0, 0, 0, 6, 12.1,
	  "100 recipients in 5 min from 1 network it hardly ever sent from", SEEN(hardly), .away = true },
	{ "a hundred from where it is at home by now", DETECT_ORIGINS, &person, 100, 100, 0, 0, 0, 0, 0, 0,
	  NULL, SEEN(at_home), .away = true },
	{ "from abroad, and from home an hour ago", DETECT_ORIGINS, &person, 100, 100, 12, 0, 0, 0, 18, 24,
	  "from 1 network and a country (RU) it never sent from", SEEN(abroad), .away = true },
	{ "from abroad, and all is welcome", DETECT_ORIGINS, &person, 100, 100, 0, 0, 0, 0, 13, 19,
	  "from 1 network and a country (RU) it never sent from", SEEN(abroad), .away = true },
	/* Hours: the wrong one is little. */
	{ "all at night", DETECT_HOURS, &person, 100, 100, 0, 0, 0, 100, 3, 9,
	  "100 of 100 strangers in 5 min were written to at an hour at which it never sends",
	  .horizon = HORIZON_5M },
	{ "all at night, and abroad", DETECT_HOURS, &person, 100, 100, 0, 0, 0, 100, 0, 2, NULL, SEEN(abroad),
	  .away = true },
	{ "all at night, and a run of invoices", DETECT_HOURS, &person, 100, 100, 0, 0, 0, 100, 0, 2, NULL,
	  .horizon = HORIZON_5M, .bulk = 1 },
	{ "all by day", DETECT_HOURS, &person, 100, 100, 0, 0, 0, 0, 0, 0, NULL, .horizon = HORIZON_5M },
	/* Logins: failures say something where mail from elsewhere follows. */
	{ "guessed", DETECT_LOGINS, &person, 20, 20, 0, 0, 0, 0, 8, 18,
	  "80 failed logins in 5 min, then mail from a network it never sent from", .away = true,
	  .failed = 80 },
	{ "a phone with an old password", DETECT_LOGINS, &person, 20, 20, 0, 0, 0, 0, 0, 0, NULL,
	  .failed = 80 },
	{ "mistyped", DETECT_LOGINS, &person, 20, 20, 0, 0, 0, 0, 0, 0, NULL, .away = true, .failed = 4 },
	/* Senders: a second domain that is a habit is none of our business. */
	{ "under another's name", DETECT_SENDERS, &person, 40, 40, 0, 0, 40, 0, 6, 15,
	  "40 of 40 strangers in 5 min written to under senders of other domains", .horizon = HORIZON_5M },
	{ "as ever under a second domain", DETECT_SENDERS, &stale, 40, 40, 0, 0, 15, 0, 0, 2, NULL,
	  .horizon = HORIZON_5M },
	{ "a script under nine new names", DETECT_SENDERS, &person, 40, 40, 0, 0, 0, 0, 9, 15,
	  "senders of 9 domains in 5 min that it never used before", SEEN(names),
	  .name = "script:/home/bob/shop" },
	{ "a shop that begins with two", DETECT_SENDERS, &nobody, 40, 40, 0, 0, 0, 0, 0, 0, NULL, names, 2,
	  .name = "script:/home/bob/shop" },
	/* Scripts: new, or where no mailer belongs. */
	{ "a mailer in the uploads", DETECT_SCRIPTS, &nobody, 90, 90, 0, 0, 0, 0, 9, 13,
	  "it sent its first mail only now, and it lies in a folder that holds no mailers",
	  .name = "script:/home/bob/public_html/wp-content/uploads/2026/x.php" },
	{ "a new shop's first orders", DETECT_SCRIPTS, &nobody, 3, 3, 0, 0, 0, 0, 0, 2, NULL,
	  .name = "script:/home/bob/public_html/shop" },
	{ "a script as old as the log", DETECT_SCRIPTS, &person, 90, 90, 0, 0, 0, 0, 0, 0, NULL,
	  .name = "script:/home/bob/public_html/shop" },
	/* Neighbours: nothing without them, bounded with many. */
	{ "alone", DETECT_CAMPAIGN, &person, 20, 20, 0, 0, 0, 0, 0, 0, NULL, .horizon = HORIZON_5M },
	{ "one other of three", DETECT_CAMPAIGN, &person, 20, 20, 0, 0, 0, 0, 1, 6,
	  "1 of 3 other accounts of the same customer is suspicious too", .neighbours = 1, .others = 3 },
	{ "ten of thirty", DETECT_CAMPAIGN, &person, 20, 20, 0, 0, 0, 0, 13, 18,
	  "10 of 30 other accounts of the same customer are suspicious too", .neighbours = 10, .others = 30 },
	{ "ten of two thousand", DETECT_CAMPAIGN, &person, 20, 20, 0, 0, 0, 0, 0, 1, NULL, .neighbours = 10,
	  .others = 2000 },
	{ "all of fifty", DETECT_CAMPAIGN, &person, 20, 20, 0, 0, 0, 0, 14, 18, NULL, .neighbours = 50,
	  .others = 50 },
};

static struct settings_section sections[DETECTORS + 1];
static union detector_options options[DETECTORS];

static void show(const struct row *row, struct view *view, struct record *record, struct counts *sums,
		 const struct population *population)
{
	static char name[128];
	static struct seen seen[16];

	snprintf(name, sizeof(name), "%s", row->name == NULL ? "bob@example.com" : row->name);
	*record = (struct record){ .name = name,
				   .kind = row->name == NULL ? ACCOUNT_LOGIN : ACCOUNT_SCRIPT,
				   .now = NOW,
				   .seen = seen,
				   .seen_used = row->seen_count,
				   .seen_room = 16,
				   .habit = *row->habit };
	for (int i = 0; i < row->seen_count; i++)
		seen[i] = row->seen[i];
	*sums = (struct counts){ 0 };
	sums->n[COUNT_RECIPIENTS] = sums->n[COUNT_ARRIVED] = (uint32_t)row->recipients;
	sums->n[COUNT_STRANGERS] = (uint32_t)row->strangers;
	sums->n[COUNT_AWAY] = row->away ? (uint32_t)row->recipients : 0;
	sums->n[COUNT_AWAY_STRANGERS] = row->away ? (uint32_t)row->strangers : 0;
	sums->n[COUNT_ABROAD] = row->seen == abroad ? (uint32_t)row->strangers : 0;
	sums->n[COUNT_LOGINS_FAILED] = row->failed;
	sums->n[COUNT_MESSAGES] = row->messages;
	*view = (struct view){
		.now = NOW,
		.horizon = row->horizon,
		.suspicion = row->away ? SUSPECT_AWAY : SUSPECT_ALL,
		.explain = true,
		.record = record,
		.habit = &record->habit,
		.trust = habit_trust(&record->habit),
		.sums = sums,
		.recipients = row->recipients,
		.strangers = row->strangers,
		.crowd = row->strangers,
		.known = row->recipients - row->strangers,
		.invalid = row->invalid,
		.spam = row->spam,
		.foreign = row->foreign,
		.odd = row->odd,
		.mailings = row->strangers,
		.bulk = row->bulk,
		.population = population,
		.neighbours = { { .others = row->others,
				  .suspicious = row->neighbours,
				  .shared = "customer" } },
		.alone = 10,
		.age = 30,
	};
	for (int level = 0; level < POPULATION_LEVELS; level++) {
		view->neighbours[SHARE_CUSTOMER].reached[level] = row->neighbours;
		view->neighbours[SHARE_CUSTOMER].usual[level] = 2 * population_reaches(population, level);
	}
	/* Who corresponds is a person: score.c's measure of it. */
	double known = (double)row->habit->recipients - (double)row->habit->strangers;

	view->person = known / (known + 10) < view->trust ? known / (known + 10) : view->trust;
	view->steady = view->person;
}

static void test_each_says_what_it_should(void **state)
{
	static const struct population population;
	int bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct evidence evidence = { .of = -1, .expected = -1 };
		struct record record;
		struct counts sums;
		struct view view;

		show(row, &view, &record, &sums, &population);
		detectors[row->detector]->weigh(&view, &options[row->detector], &evidence);
		if (evidence.decibans >= row->low && evidence.decibans <= row->high &&
		    (row->words == NULL || strstr(evidence.text, row->words) != NULL))
			continue;
		print_error("%s (%s): %.1f decibans, not %g to %g; \"%s\"\n", row->what,
			    detectors[row->detector]->name, evidence.decibans, row->low, row->high,
			    evidence.text);
		bad++;
	}
	assert_int_equal(bad, 0);
}

/* On a log's first days everybody's second network is new; of an account that is new to an old log it says more. */
static void test_a_logs_first_days_know_nobodys_places(void **state)
{
	static const struct row row = {
		"from a phone", DETECT_ORIGINS,  &nobody,     20, 20, 0, 0, 0, 0, 0, 0,
		NULL,           SEEN(elsewhere), .away = true
	};
	static const struct population population;
	double said[2];

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		struct evidence evidence = { .of = -1, .expected = -1 };
		struct record record;
		struct counts sums;
		struct view view;

		show(&row, &view, &record, &sums, &population);
		view.age = i * 30;
		detectors[DETECT_ORIGINS]->weigh(&view, &options[DETECT_ORIGINS], &evidence);
		said[i] = evidence.decibans;
	}
	assert_true(said[0] > 0 && said[0] < said[1] - 2);
}

/* Of an account whose hours are not known, those of the server's people say which are odd. */
static void test_nights_are_the_servers(void **state)
{
	static const struct row row = { "of late", DETECT_HOURS,         &nobody, 40, 40, 0, 0, 0, 0, 0, 0,
					NULL,      .horizon = HORIZON_1H };
	const struct {
		unsigned hour;
		double low, high;
	} asked[] = { { 3, 4, 6 }, { 10, 0, 0.1 }, { 23, 4, 6 } };
	struct population population = { 0 };

	(void)state;
	for (int day = 0; day < 2; day++)
		for (unsigned hour = 8; hour < 18; hour++)
			population.hours[(unsigned)day * 24 + hour] = 300;
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		struct evidence evidence = { .of = -1, .expected = -1 };
		struct record record;
		struct counts sums;
		struct view view;

		show(&row, &view, &record, &sums, &population);
		view.now = NOW / USEC_DAY * USEC_DAY + asked[i].hour * USEC_HOUR;
		detectors[DETECT_HOURS]->weigh(&view, &options[DETECT_HOURS], &evidence);
		assert_true(evidence.decibans >= asked[i].low && evidence.decibans <= asked[i].high);
		/* Who is known to write then has the right to. */
		record.habit.hours[asked[i].hour] = record.habit.hours[24 + asked[i].hour] = 1;
		evidence.decibans = 0;
		detectors[DETECT_HOURS]->weigh(&view, &options[DETECT_HOURS], &evidence);
		assert_true(evidence.decibans <= 0);
	}
}

/* More of what is bad never speaks less against an account. */
static void test_more_of_it_is_no_excuse(void **state)
{
	static const struct population population;
	static const struct row grow[] = {
		{ "dead addresses", DETECT_INVALID, &person, 60, 60, 0, 0, 0, 0, 0, 0, NULL,
		  .horizon = HORIZON_5M },
		{ "spam", DETECT_REJECTS, &person, 60, 60, 0, 0, 0, 0, 0, 0, NULL, SEEN(refusers),
		  .horizon = HORIZON_5M },
		{ "senders", DETECT_SENDERS, &person, 60, 60, 0, 0, 0, 0, 0, 0, NULL, .horizon = HORIZON_5M },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(grow) / sizeof(grow[0]); i++) {
		double last = -100;

		for (int n = 0; n <= 30; n++) {
			struct row row = grow[i];
			struct evidence evidence = { 0 };
			struct record record;
			struct counts sums;
			struct view view;

			row.invalid = row.spam = row.foreign = n;
			show(&row, &view, &record, &sums, &population);
			detectors[row.detector]->weigh(&view, &options[row.detector], &evidence);
			if (evidence.decibans < last - 0.01)
				fail_msg("%s: %d give %.2f, one less gave %.2f", row.what, n,
					 evidence.decibans, last);
			last = evidence.decibans;
		}
	}
}

/*
 * Answers that blame our address, or how much came, are no evidence of any detector: they meet whoever sends much
 * from a listed server, the abused and the honest. What the same mail says otherwise stays.
 */
static void test_what_our_address_is_refused_for_weighs_nothing(void **state)
{
	static const struct population population;
	static const enum counter blameless[] = { COUNT_BLOCKED, COUNT_LIMITED, COUNT_REFUSED,
						  COUNT_TEMPORARY };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t n = 0; n < sizeof(blameless) / sizeof(blameless[0]); n++) {
			const struct row *row = &rows[i];
			const struct detector *detector = detectors[row->detector];
			struct evidence accepted = { .of = -1 }, refused = { .of = -1 };
			struct record record;
			struct counts sums;
			struct view view;

			show(row, &view, &record, &sums, &population);
			sums.n[COUNT_DELIVERED] = (uint32_t)row->recipients;
			detector->weigh(&view, &options[row->detector], &accepted);
			sums.n[COUNT_DELIVERED] = 0;
			sums.n[blameless[n]] = (uint32_t)row->recipients;
			detector->weigh(&view, &options[row->detector], &refused);
			if (accepted.decibans < refused.decibans || accepted.decibans > refused.decibans)
				fail_msg("%s (%s): %.2f decibans, refused by counter %d %.2f", row->what,
					 detector->name, accepted.decibans, (int)blameless[n],
					 refused.decibans);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_says_what_it_should),
		cmocka_unit_test(test_a_logs_first_days_know_nobodys_places),
		cmocka_unit_test(test_nights_are_the_servers),
		cmocka_unit_test(test_more_of_it_is_no_excuse),
		cmocka_unit_test(test_what_our_address_is_refused_for_weighs_nothing),
	};
	int failed;

	for (size_t i = 0; i < DETECTORS; i++)
		sections[i] = (struct settings_section){ detectors[i]->name,
							 "",
							 detectors[i]->settings,
							 detectors[i]->options_size,
							 i * sizeof(union detector_options),
							 false };
	settings_defaults(sections, options);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	settings_free(sections, options);
	return failed;
}
