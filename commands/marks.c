/* A handful of logs, so a list by name; sources are looked up once and then by their number. */
#include "commands/marks.h"

#include "base/memory.h"

#include <stdlib.h>

struct mark {
	char *name;
	usec_t time;    /* the newest stamp */
	uint64_t count; /* lines since it was first met, that one included */
};

struct marks {
	struct mark *items;
	size_t count;
	uint32_t *of_source; /* 1 + place in items; 0: not looked up yet */
	size_t sources;
};

struct marks *marks_new(void)
{
	return memory_new(1, sizeof(struct marks));
}

void marks_free(struct marks **marks)
{
	if (*marks == NULL)
		return;
	for (size_t i = 0; i < (*marks)->count; i++)
		free((*marks)->items[i].name);
	free((*marks)->items);
	free((*marks)->of_source);
	free(*marks);
	*marks = NULL;
}

static struct mark *marks_find(const struct marks *marks, struct span name)
{
	for (size_t i = 0; i < marks->count; i++)
		if (span_equal(name, span_of(marks->items[i].name)))
			return &marks->items[i];
	return NULL;
}

static struct mark *marks_add(struct marks *marks, struct span name)
{
	marks->items = memory_grow(marks->items, marks->count + 1, sizeof(*marks->items));
	marks->items[marks->count] = (struct mark){ .name = memory_copy(name), .time = USEC_NEVER };
	return &marks->items[marks->count++];
}

/* Whoever follows names a source with its host, which is the same for all of them. */
static struct span marks_name(const struct collector *collector, uint32_t source)
{
	struct span name = span_of(collector_source_name(collector, source)), host;

	(void)span_cut(&name, ':', &host);
	return name;
}

static struct mark *marks_of(struct marks *marks, const struct collector *collector, uint32_t source)
{
	struct mark *mark;

	if (source >= marks->sources) {
		marks->of_source = memory_grow(marks->of_source, source + 1, sizeof(*marks->of_source));
		while (marks->sources <= source)
			marks->of_source[marks->sources++] = 0;
	}
	if (marks->of_source[source] == 0) {
		struct span name = marks_name(collector, source);

		mark = marks_find(marks, name);
		if (mark == NULL)
			mark = marks_add(marks, name);
		marks->of_source[source] = (uint32_t)(mark - marks->items) + 1;
	}
	return &marks->items[marks->of_source[source] - 1];
}

void marks_note(struct marks *marks, const struct collector *collector, uint32_t source, usec_t time)
{
	struct mark *mark = marks_of(marks, collector, source);

	mark->count = time > mark->time ? 1 : mark->count + 1;
	if (time > mark->time)
		mark->time = time;
}

/* Was the line that SEEN stands at read before MARK was made? */
static bool mark_covers(const struct mark *mark, const struct mark *seen)
{
	return seen->time < mark->time || (seen->time == mark->time && seen->count <= mark->count);
}

bool marks_cover(const struct marks *marks, struct marks *seen, const struct collector *collector,
		 uint32_t source, usec_t time)
{
	const struct mark *mark = marks_find(marks, marks_name(collector, source));

	marks_note(seen, collector, source, time);
	return mark != NULL && mark_covers(mark, marks_of(seen, collector, source));
}

bool marks_passed(const struct marks *marks, const struct marks *seen)
{
	for (size_t i = 0; i < marks->count; i++) {
		const struct mark *now = marks_find(seen, span_of(marks->items[i].name));

		if (now == NULL || mark_covers(&marks->items[i], now))
			return false;
	}
	return true;
}

const char *marks_source(const struct marks *marks, size_t at)
{
	return at < marks->count ? marks->items[at].name : NULL;
}

usec_t marks_newest(const struct marks *marks)
{
	usec_t newest = USEC_NEVER;

	for (size_t i = 0; i < marks->count; i++)
		if (marks->items[i].time > newest)
			newest = marks->items[i].time;
	return newest;
}

void marks_write(const struct marks *marks, struct text *out)
{
	for (size_t i = 0; i < marks->count; i++) {
		usec_t time = marks->items[i].time;

		/* Of a machine whose clock had not been set, a stamp may be from before 1970. */
		text_add_format(out, "mark %lld %llu ", (long long)(time < 0 ? 0 : time),
				(unsigned long long)marks->items[i].count);
		text_add(out, span_of(marks->items[i].name));
		text_add(out, SPAN("\n"));
	}
}

bool marks_read(struct marks *marks, struct span text)
{
	struct span line, time, count;
	uint64_t number, lines;

	while (span_cut(&text, '\n', &line)) {
		struct mark *mark;

		if (!span_skip(&line, SPAN("mark ")) || !span_cut(&line, ' ', &time) ||
		    !span_cut(&line, ' ', &count) || !span_to_u64(time, &number) ||
		    !span_to_u64(count, &lines) || marks_find(marks, line) != NULL)
			return false;
		mark = marks_add(marks, line);
		mark->time = (usec_t)number;
		mark->count = lines;
	}
	return text.len == 0;
}
