/*
 * Replies from anybody: a fresh answer and a remembered one are the same, the codes are within their bounds,
 * and no text however made reads past its end. The first two bytes choose phase and outcome.
 */
#include "parsers/reply.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct replies *replies;
	struct error error;

	if (replies == NULL && (replies = replies_new(NULL, 0, &error)) == NULL)
		abort();
	if (size < 2)
		return 0;
	/* A copy of its own size lets the sanitizer see a byte read past the reply. */
	char *copy = malloc(size - 2 > 0 ? size - 2 : 1);

	if (copy == NULL)
		return 0;
	memcpy(copy, data + 2, size - 2);
	struct reply_question question = { .reply = { copy, size - 2 },
					   .relay = { copy, size - 2 },
					   .phase = (enum event_phase)(data[0] % (PHASE_END_OF_DATA + 1)),
					   .outcome = (enum event_outcome)(data[1] % (OUTCOME_PROBE + 1)) };
	struct reply_meaning fresh = replies_classify(replies, &question);
	struct reply_meaning known = replies_classify(replies, &question);

	if (fresh.class != known.class || fresh.rule != known.rule || fresh.code != known.code ||
	    fresh.basis != known.basis ||
	    memcmp(fresh.enhanced, known.enhanced, sizeof(fresh.enhanced)) != 0 ||
	    fresh.class >= REPLY_CLASSES || fresh.code > 599)
		abort();
	(void)reply_provider(question.relay);
	free(copy);
	return 0;
}
