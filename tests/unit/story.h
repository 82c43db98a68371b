/*
 * Stories of accounts for tests of the judge: mail sent one by one, at the times and with the answers that the
 * story wants, under the default settings; and what the judge said to it.
 */
#ifndef SENDWATCH_TESTS_STORY_H
#define SENDWATCH_TESTS_STORY_H

#include "detectors/judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#define START (USEC_DAY * 20370) /* a Friday */

struct options {
	struct judge_options judge;
};

static struct settings_section sections[DETECTORS + 2];
static struct options options;

/* What the judge said. */
struct said {
	size_t count;
	struct told {
		char account[64], id[VERDICT_ID_SIZE], text[EVIDENCE_TEXT_SIZE], first[32];
		enum account_state state, previous;
		usec_t time;
		double score;
		size_t samples, clients;
	} told[64];
};

static inline void story_hear(void *context, const struct verdict *verdict)
{
	struct said *said = context;
	struct told *told = &said->told[said->count];

	assert_true(said->count < 64);
	said->count++;
	snprintf(told->account, sizeof(told->account), "%.*s", SPAN_ARGS(verdict->account));
	snprintf(told->id, sizeof(told->id), "%s", verdict->id);
	snprintf(told->text, sizeof(told->text), "%s",
		 verdict->evidence_count > 0 ? verdict->evidence[0].text : "");
	snprintf(told->first, sizeof(told->first), "%s",
		 verdict->evidence_count > 0 ? verdict->evidence[0].detector : "");
	told->state = verdict->state;
	told->previous = verdict->previous;
	told->time = verdict->time;
	told->score = verdict->score;
	told->samples = verdict->sample_count;
	told->clients = verdict->client_count;
}

struct story {
	struct said said;
	struct store *store;
	struct judge *judge;
	int serial;
};

static inline void begin(struct story *story)
{
	struct judge_sink sink = { &story->said, story_hear };

	*story = (struct story){ .store = store_memory_new(10000) };
	story->judge = judge_new(&options.judge, story->store, &sink);
}

static inline void end(struct story *story)
{
	judge_free(&story->judge);
	store_free(&story->store);
}

struct mail {
	const char *account, *ip, *to; /* TO with %d: a new address each time */
	enum reply_class class;
	int recipients;
	enum account_kind kind;
};

static inline void send_one(struct story *story, usec_t time, const struct mail *mail)
{
	char queue_id[16], to[64];
	struct envelope envelope = {
		.time = time,
		.account_kind = mail->kind == ACCOUNT_NONE ? ACCOUNT_LOGIN : mail->kind,
		.account = span_of(mail->account),
		.sender = span_of(mail->account),
		.client_ip = span_of(mail->ip),
		.queue_id = { queue_id, 0 },
		.nrcpt = mail->recipients == 0 ? 1 : mail->recipients,
	};

	envelope.queue_id.len = (size_t)snprintf(queue_id, sizeof(queue_id), "Q%d", story->serial);
	judge_submitted(story->judge, &envelope, 0, (uint64_t)story->serial);
	for (int i = 0; i < envelope.nrcpt; i++) {
		struct attempt attempt = {
			.envelope = &envelope,
			.time = time,
			.direction = DIRECTION_OUTBOUND,
			.recipient = { to, 0 },
			.provider = SPAN("google"),
			.meaning.class = mail->class,
			.outcome = mail->class == REPLY_DELIVERED ? OUTCOME_DELIVERED : OUTCOME_BOUNCED,
		};

		story->serial++;
		attempt.recipient.len = (size_t)snprintf(to, sizeof(to), "p%d@there.example",
							 mail->to == NULL ? story->serial : i % 7);
		judge_attempt(story->judge, &attempt, ATTEMPT_FIRST);
	}
}

static const struct mail to_friends = { "bob@example.com", "198.51.100.9", "friend", REPLY_DELIVERED, 2, 0 };

/* Ten working days of an ordinary person. */
static inline usec_t ordinary_days(struct story *story, int days)
{
	for (int day = 0; day < days; day++)
		for (int hour = 8; hour < 17; hour += 2)
			send_one(story, START + day * USEC_DAY + hour * USEC_HOUR, &to_friends);
	return START + days * USEC_DAY + 10 * USEC_HOUR;
}

static inline const struct told *first_of(const struct said *said, enum account_state state)
{
	for (size_t i = 0; i < said->count; i++)
		if (said->told[i].state == state)
			return &said->told[i];
	return NULL;
}

/* COUNT strangers, one a minute, every tenth of them dead. */
static inline void abuse(struct story *story, usec_t from, int count, const char *ip)
{
	for (int i = 0; i < count; i++) {
		struct mail mail = { "bob@example.com",
				     ip,
				     NULL,
				     i % 10 == 4   ? REPLY_INVALID_RECIPIENT
				     : i % 25 == 7 ? REPLY_CONTENT_SPAM
						   : REPLY_DELIVERED,
				     1,
				     0 };

		send_one(story, from + i * USEC_MINUTE, &mail);
	}
}

/* Run TESTS under the default settings: the whole of main(). */
#define story_run(tests_) (story_defaults(), story_over(cmocka_run_group_tests(tests_, NULL, NULL)))

static inline void story_defaults(void)
{
	sections[0] = (struct settings_section){
		"judge", "", judge_settings, sizeof(struct judge_options), offsetof(struct options, judge),
		false
	};
	for (size_t i = 0; i < DETECTORS; i++)
		sections[i + 1] = (struct settings_section){ detectors[i]->name,
							     "",
							     detectors[i]->settings,
							     detectors[i]->options_size,
							     offsetof(struct options, judge.detector) +
								     i * sizeof(union detector_options),
							     false };
	settings_defaults(sections, &options);
}

static inline int story_over(int failed)
{
	settings_free(sections, &options);
	return failed;
}

#endif
