/*
 * An error is its words, for a person: what was tried, on what, and why it failed ("/var/log/mail.log:
 * permission denied"). A function that can fail takes one, fills it and returns false; whoever can tell
 * a person does so. Never NULL, never translated back into a code.
 */
#ifndef SENDWATCH_BASE_ERROR_H
#define SENDWATCH_BASE_ERROR_H

#include <stdbool.h>

struct error {
	char text[512];
};

/* Write the words; longer ones are cut. Always false, so that "return error_set(...)" reads well. */
bool error_set(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
