/*
 * How much of the mail servers' own lines was understood, by program and by the reason for not being, with a
 * sample of each shape that no parser knows. What is asked of it is memory for a bounded number of shapes.
 */
#ifndef SENDWATCH_COMMANDS_COVERAGE_H
#define SENDWATCH_COMMANDS_COVERAGE_H

#include "parsers/parser.h"

#include <stdio.h>

struct coverage;

struct coverage *coverage_new(void);
void coverage_free(struct coverage **coverage);

void coverage_count(struct coverage *coverage, struct span line, const struct frame *frame,
		    const struct event *event);

/* For people, or one JSON object a line (type "coverage", and "unknown" for a shape). */
void coverage_print(const struct coverage *coverage, bool ndjson, FILE *out);

#endif
