/*
 * Who is stopped or throttled on this server at this time, whoever ordered it: the judge knows of evidence alone, and
 * one whom a person stopped has none.
 */
#ifndef SENDWATCH_COMMANDS_STOPPED_H
#define SENDWATCH_COMMANDS_STOPPED_H

#include "commands/options.h"

/* A line each, under a heading; nothing where nobody is. False where watch's file of cases cannot be read. */
bool stopped_print(const struct options *options, struct error *error);

#endif
