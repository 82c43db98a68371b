/*
 * The control socket of watch: a Unix socket in its state folder, for the commands that change something. One
 * packet asks, one answers:
 *
 *	VERB ACCOUNT UNTIL REASON...
 *
 * UNTIL is microseconds since 1970 or "-". The answer is "ok", "ok " and what is to be said of it, or what is wrong.
 * Only root and the user that watch runs as are listened to; the kernel says who asks.
 */
#ifndef SENDWATCH_COMMANDS_CONTROL_H
#define SENDWATCH_COMMANDS_CONTROL_H

#include "base/clock.h"
#include "base/error.h"
#include "base/span.h"

struct control_order {
	struct span verb, account, reason;
	usec_t until; /* USEC_NEVER where not given */
	char by[24];  /* "uid 0" */
	bool patient; /* of who asks: it may take minutes */
};

struct control;

/* Where it is done, too, ERROR has words, or none: of what the one who orders should know. */
typedef bool control_obey(void *context, const struct control_order *order, struct error *error);

struct control *control_open(const char *state, control_obey *obey, void *context, struct error *error);
void control_close(struct control **control);
int control_fd(const struct control *control);
void control_step(struct control *control);

/* Is there no descriptor for who asks? Then control_fd does not say that somebody does: step again before long. */
bool control_is_deaf(const struct control *control);

/*
 * Ask the watch that keeps its state in STATE. False where it is not there, or says no. Where it obeys, ERROR has the
 * words that it says of it; most often none.
 */
bool control_ask(const char *state, const struct control_order *order, struct error *error);

#endif
