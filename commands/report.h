/*
 * The incident report: one HTML file that needs nothing beside it, to be mailed to whoever must know. Page one
 * is for people to whom this never happened before; experts find the rest below it. Works without script, in
 * print, in the dark and on a phone; what strangers wrote is text and never anything else, and a policy in the
 * file lets nothing run but the one script that is in it.
 */
#ifndef SENDWATCH_COMMANDS_REPORT_H
#define SENDWATCH_COMMANDS_REPORT_H

#include "commands/case.h"

/* May a report be written to PATH? Only over an older one, or where nothing is; why not stands in ERROR. */
bool report_can_write(const char *path, struct error *error);

/* Write BOOK to PATH, at once or not at all. NOW: when it was made. */
bool report_write(const struct casebook *book, const char *path, usec_t now, struct error *error);

#endif
