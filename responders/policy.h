/*
 * The policy service: Postfix's policy delegation protocol (SMTPD_POLICY_README) on a Unix or TCP socket;
 * Exim asks the same by ${readsocket}. A request is lines of name=value and an empty line; the answer is one
 * action. It serves from a thread of its own, so that an answer takes milliseconds whatever else is going on,
 * and says DUNNO wherever the decider does not know.
 *
 * The decider is called in that thread and must not block. Text of a request is borrowed until it returns.
 */
#ifndef SENDWATCH_RESPONDERS_POLICY_H
#define SENDWATCH_RESPONDERS_POLICY_H

#include "base/clock.h"
#include "base/error.h"
#include "base/span.h"
#include "base/spread.h"

struct policy_request {
	struct span protocol_state; /* "RCPT", "DATA", "END-OF-MESSAGE" ... */
	struct span sasl_username;
	struct span local_user; /* not Postfix's: who called sendmail, told by Exim's not_smtp ACL */
	struct span sender, recipient;
	struct span client_address;
	struct span queue_id;
	struct span instance;     /* the same for all requests of one message */
	uint64_t recipient_count; /* DATA and END-OF-MESSAGE only, else 0 */
};

enum policy_action { POLICY_DUNNO, POLICY_REJECT, POLICY_DEFER, POLICY_HOLD };

#define POLICY_TEXT_SIZE 200

struct policy_answer {
	enum policy_action action;
	char text[POLICY_TEXT_SIZE]; /* for the client; without newlines */
};

/* The answer in the words of access(5), where mail may flow those of DUNNO. */
#define POLICY_WORDS_SIZE (POLICY_TEXT_SIZE + 16)
void policy_words(const struct policy_answer *answer, const char *dunno, char into[POLICY_WORDS_SIZE]);

/* Where the socket of ADDRESS is, in one way of writing: a path, or what begins with inet:. Empty where it is NULL. */
struct span policy_place(const char *address);

struct policy_stats {
	uint64_t requests, refused, bad_requests, connections;
	usec_t slowest; /* the longest from a whole request to its answer */
	struct spread took;
};

/* What is heard of a request, and how an answer is put into bytes: another protocol at the same kind of socket. */
enum policy_heard { POLICY_PART, POLICY_WHOLE, POLICY_NONSENSE };

struct policy_tongue {
	/* One whole request is cut off REST; nothing changes where only a part of it is there. */
	enum policy_heard (*cut)(struct span *rest, struct policy_request *request_r);
	/* How many bytes: never more than SIZE, which is enough for any answer's text and 56 more. */
	size_t (*put)(const struct policy_answer *answer, char *into, size_t size);
};

struct policy_options {
	const char *address; /* "/run/sendwatch/policy.sock", "unix:/...", "inet:127.0.0.1:10031" */
	unsigned mode;       /* of the Unix socket, 0660 where 0 */
	unsigned clients;    /* open connections at most; 0: 2000 */
	const struct policy_tongue *tongue; /* NULL: policy delegation */
};

typedef void policy_decide(void *context, usec_t now, const struct policy_request *request,
			   struct policy_answer *answer);

struct policy;

/*
 * Listening when it returns: who asks waits until it is served, which a process that gives up rights first does
 * with the rest. NULL and ERROR where the address cannot be used.
 */
struct policy *policy_open(const struct policy_options *options, struct error *error);

/* Served from here on. False where there can be no thread; policy_stop then. */
bool policy_serve(struct policy *policy, policy_decide *decide, void *context, struct error *error);

/* Both. */
struct policy *policy_start(const struct policy_options *options, policy_decide *decide, void *context,
			    struct error *error);
void policy_stop(struct policy **policy);
struct policy_stats policy_stats(struct policy *policy);

/* One request, all its lines without the empty one, for tests and fuzzing. False where it is none. */
bool policy_parse(struct span text, struct policy_request *request_r);

#endif
