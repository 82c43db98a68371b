/*
 * The names that rotation gives: mail.log.2.gz, mail.log-20261101, mail.log.20261121-163203.gz,
 * mail-20261101.log and the like belong to mail.log. Names alone; nothing is opened.
 */
#ifndef SENDWATCH_COLLECTOR_ROTATION_H
#define SENDWATCH_COLLECTOR_ROTATION_H

#include "base/span.h"

enum rotation_style {
	ROTATION_CURRENT, /* the log itself */
	ROTATION_NUMBER,  /* mail.log.2: the higher the older */
	ROTATION_DATE     /* mail.log-20261101: the higher the younger */
};

struct rotation {
	char stem[256]; /* "mail.log" */
	enum rotation_style style;
	uint64_t rank; /* the number, or the date's digits as one number */
	bool packed;   /* the name says that it is compressed */
};

/* What NAME, without folders, says. A name too long for a file has itself, cut, as its stem. */
struct rotation rotation_of(struct span name);

/* By name alone: negative where A is older than B. Rotations of different styles compare as equal. */
int rotation_compare(const struct rotation *a, const struct rotation *b);

#endif
