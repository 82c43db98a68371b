/*
 * The family of collectors: replay reads old logs to their end, follow stays with living ones. A member
 * begins with struct collector; collector.c lists nothing and forwards everything.
 */
#ifndef SENDWATCH_COLLECTOR_SOURCE_H
#define SENDWATCH_COLLECTOR_SOURCE_H

#include "collector/collector.h"

/*
 * A member has `next`, or, where its lines are merged with those of others, `peek` and `give`: the line that is
 * next stays so until it is given, and positions do not count it before. peek leaves its position alone.
 */
struct collector_kind {
	enum collected (*next)(struct collector *collector, struct line *line_r);
	enum collected (*peek)(struct collector *collector, struct line *line_r);
	uint64_t (*give)(struct collector *collector); /* the position of the line peeked at */
	void *(*opened)(const struct collector *collector);
	bool (*may_wait)(const struct collector *collector); /* NULL: it may */
	int (*fd)(const struct collector *collector);
	bool (*save)(struct collector *collector, struct error *error);
	void (*positions)(const struct collector *collector, struct text *into);
	const char *(*source_name)(const struct collector *collector, uint32_t source);
	void (*stats)(const struct collector *collector, struct collector_stats *stats);
	bool (*source)(const struct collector *collector, uint32_t source,
		       struct collector_source *source_r); /* or NULL */
	void (*close)(struct collector *collector);
};

struct collector {
	const struct collector_kind *kind;
	struct collector_calls calls;
	struct collector_stats stats;
};

/* "host:PATH"; owned by the caller. */
char *source_name_of(const char *path);

void source_trouble(const struct collector *collector, const char *words);

#endif
