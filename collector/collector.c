/* What all collectors share: forwarding to the member of the family, and names. */
#define _GNU_SOURCE
#include "collector/source.h"

#include "base/memory.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

char *source_name_of(const char *path)
{
	char host[HOST_NAME_MAX + 1] = "";
	size_t room = sizeof(host) + strlen(path) + 1;
	char *name = memory_new(room, 1);

	if (gethostname(host, sizeof(host) - 1) != 0)
		host[0] = '\0';
	snprintf(name, room, "%s:%s", host, path);
	return name;
}

void source_trouble(const struct collector *collector, const char *words)
{
	if (collector->calls.trouble != NULL)
		collector->calls.trouble(collector->calls.context, words);
}

static __attribute__((noinline)) enum collected collector_take(struct collector *collector,
							       struct line *line_r)
{
	enum collected got = collector->kind->peek(collector, line_r);

	if (got == COLLECTED_LINE)
		line_r->position = collector->kind->give(collector);
	return got;
}

enum collected collector_next(struct collector *collector, struct line *line_r)
{
	return collector->kind->next != NULL ? collector->kind->next(collector, line_r)
					     : collector_take(collector, line_r);
}

void *collector_opened(const struct collector *collector)
{
	return collector->kind->opened(collector);
}

bool collector_may_wait(const struct collector *collector)
{
	return collector->kind->may_wait == NULL || collector->kind->may_wait(collector);
}

int collector_fd(const struct collector *collector)
{
	return collector->kind->fd == NULL ? -1 : collector->kind->fd(collector);
}

bool collector_save(struct collector *collector, struct error *error)
{
	return collector->kind->save == NULL || collector->kind->save(collector, error);
}

void collector_positions(const struct collector *collector, struct text *into)
{
	if (collector->kind->positions != NULL)
		collector->kind->positions(collector, into);
}

const char *collector_source_name(const struct collector *collector, uint32_t source)
{
	return collector->kind->source_name(collector, source);
}

bool collector_source(const struct collector *collector, uint32_t at, struct collector_source *source_r)
{
	const char *name;

	if (collector->kind->source != NULL)
		return collector->kind->source(collector, at, source_r);
	/* Journals and listeners: there is nothing that could be missing, and nobody knows what is to come. */
	name = collector_source_name(collector, at);
	if (name != NULL)
		*source_r =
			(struct collector_source){ .name = name, .number = at, .open = true, .trouble = "" };
	return name != NULL;
}

struct collector_stats collector_stats(const struct collector *collector)
{
	struct collector_stats stats = collector->stats;

	collector->kind->stats(collector, &stats);
	return stats;
}

void collector_close(struct collector **collector)
{
	if (*collector == NULL)
		return;
	(*collector)->kind->close(*collector);
	*collector = NULL;
}
