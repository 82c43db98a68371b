/*
 * One target after another: opened, sent to, waited for up to a minute, closed. Nothing is written to journal or
 * outbox, and a failure is not tried again: the point is to see it. Targets that tell owners have nobody to
 * test with and are passed over.
 */
#define _GNU_SOURCE
#include "commands/send_test.h"

#include "commands/targets.h"
#include "responders/payload.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#define SEND_TEST_LONGEST USEC_MINUTE

struct send_test {
	bool answered;
	struct answer answer;
};

static void send_test_done(void *context, const struct answer *answer)
{
	struct send_test *test = context;

	test->answered = true;
	test->answer = *answer;
}

/* A verdict that nobody can take for a real one. */
static char *send_test_body(usec_t now, char id[VERDICT_ID_SIZE])
{
	const struct evidence evidence = {
		.detector = "test",
		.expected = -1,
		.of = -1,
		.text = "this is a test by sendwatch check --send-test; nothing has happened"
	};
	struct verdict verdict = { .type = "verdict",
				   .time = now,
				   .account = SPAN("test@sendwatch.invalid"),
				   .state = STATE_FLAGGED,
				   .host = SPAN("test"),
				   .evidence = &evidence,
				   .evidence_count = 1,
				   .first_bad = now };

	snprintf(verdict.id, sizeof(verdict.id), "test-%lld", (long long)now);
	snprintf(id, VERDICT_ID_SIZE, "%s", verdict.id);
	return payload_verdict(&verdict);
}

static void send_test_wait(const struct target_of *of, struct send_test *test)
{
	usec_t end = clock_monotonic() + SEND_TEST_LONGEST;

	while (!test->answered && clock_monotonic() < end) {
		struct pollfd wait = { .fd = of->responder->fd(of->target), .events = POLLIN };

		(void)poll(&wait, 1, 1000);
		of->responder->run(of->target);
	}
}

static void send_test_one(struct target_of *of, usec_t now, send_test_say *say, void *context)
{
	struct send_test test = { .answered = false };
	const struct responder_calls calls = { .context = &test, .done = send_test_done };
	char id[VERDICT_ID_SIZE], *body = send_test_body(now, id);
	struct parcel parcel = { .number = 1, .id = id, .body = body, .now = now };
	struct error error;
	char words[400];

	of->target = of->responder->open(of->options, &calls, &error);
	if (of->target == NULL) {
		say(context, false, of->label, error.text);
	} else if (of->responder->takes != NULL && !of->responder->takes(of->target, NULL)) {
		say(context, true, of->label, "tells owners of accounts: nothing was sent");
	} else {
		of->responder->send(of->target, &parcel);
		send_test_wait(of, &test);
		snprintf(words, sizeof(words), "%s%s%s", test.answered ? test.answer.words : "no answer",
			 test.answer.back[0] == '\0' ? "" : ": ", test.answer.back);
		say(context, test.answered && test.answer.fate == FATE_DELIVERED, of->label, words);
	}
	of->responder->close(&of->target);
	free(body);
}

void send_test(const struct options *options, usec_t now, send_test_say *say, void *context)
{
	struct targets targets;
	struct error error;

	if (!targets_list(options, &targets, &error)) {
		say(context, false, "", error.text);
		return;
	}
	for (size_t i = 0; i < targets.count; i++)
		send_test_one(&targets.of[i], now, say, context);
}
