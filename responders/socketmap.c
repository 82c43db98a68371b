/*
 * A length has one way to be written: digits without leading zeros, four at most. So at any moment it is known
 * whether what stands in the buffer can still become a request, and a client that sends anything else is hung up on
 * at its first wrong byte. Postfix asks anew then, and after that tells its client to come back (451): only what is
 * no Postfix is treated so.
 *
 * Limits: a throttle needs counting, which a table that is asked several times for one recipient cannot do: a
 * throttled account is NOTFOUND.
 */
#define _GNU_SOURCE
#include "responders/socketmap.h"

#include <assert.h>
#include <stdio.h>

#define SOCKETMAP_DIGITS 4 /* of SOCKETMAP_LONGEST */

/* The length at the head of REST, and how many bytes it takes with its colon. */
static enum policy_heard socketmap_length(struct span rest, size_t *length_r, size_t *taken_r)
{
	size_t length = 0;

	for (size_t i = 0; i < rest.len; i++) {
		char c = rest.at[i];

		if (c == ':' && i > 0 && length <= SOCKETMAP_LONGEST) {
			*length_r = length;
			*taken_r = i + 1;
			return POLICY_WHOLE;
		}
		if (c < '0' || c > '9' || i == SOCKETMAP_DIGITS || (i == 1 && rest.at[0] == '0'))
			return POLICY_NONSENSE;
		length = length * 10 + (size_t)(c - '0');
	}
	return POLICY_PART;
}

static enum policy_heard socketmap_netstring(struct span *rest, struct span *content_r)
{
	size_t length, taken;
	enum policy_heard heard = socketmap_length(*rest, &length, &taken);

	if (heard != POLICY_WHOLE)
		return heard;
	if (rest->len - taken <= length)
		return POLICY_PART;
	if (rest->at[taken + length] != ',')
		return POLICY_NONSENSE;
	*content_r = (struct span){ rest->at + taken, length };
	*rest = span_from(*rest, taken + length + 1);
	return POLICY_WHOLE;
}

/* Blanks and control bytes are in no login that Postfix took; what is not ASCII may be. */
static bool socketmap_is_plain(struct span key)
{
	for (size_t i = 0; i < key.len; i++)
		if ((unsigned char)key.at[i] <= ' ' || key.at[i] == 0x7f)
			return false;
	return true;
}

static enum policy_heard socketmap_cut(struct span *rest, struct policy_request *request_r)
{
	struct span key, name;
	enum policy_heard heard = socketmap_netstring(rest, &key);

	if (heard != POLICY_WHOLE)
		return heard;
	*request_r = (struct policy_request){ 0 };
	if (!span_cut(&key, ' ', &name))
		return POLICY_NONSENSE;
	if (span_equal(name, SPAN("disabled")) && socketmap_is_plain(key))
		request_r->sasl_username = key;
	return POLICY_WHOLE;
}

static size_t socketmap_put(const struct policy_answer *answer, char *into, size_t size)
{
	char words[POLICY_WORDS_SIZE];
	const char *status = answer->action == POLICY_DUNNO ? "NOTFOUND " : "OK ";
	int len;

	policy_words(answer, "", words);
	len = snprintf(into, size, "%zu:%s%s,", strlen(status) + strlen(words), status, words);
	assert(len > 0 && (size_t)len < size);
	return (size_t)len;
}

const struct policy_tongue socketmap_tongue = { socketmap_cut, socketmap_put };
