/*
 * `sendwatch check --send-test`: a made-up verdict to every target, by the way that real ones take, and what came
 * back.
 */
#ifndef SENDWATCH_COMMANDS_SEND_TEST_H
#define SENDWATCH_COMMANDS_SEND_TEST_H

#include "commands/options.h"

/* Called once a target, with what it is called and what became of the test. */
typedef void send_test_say(void *context, bool good, const char *label, const char *words);

void send_test(const struct options *options, usec_t now, send_test_say *say, void *context);

#endif
