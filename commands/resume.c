/*
 * The snapshot's text: a line of what was open, the marks, an empty line, and the collector's own text of
 * positions.
 */
#define _GNU_SOURCE
#include "commands/resume.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/save.h"
#include "collector/journald_name.h"
#include "collector/listen_name.h"
#include "collector/rotation.h"
#include "commands/counted.h"

#include <glob.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>

/* What is no message but helps to tell whose one is (a login before it) is older than it, by minutes. */
#define RESUME_BEFORE USEC_HOUR

#define RESUME_TURN 10000 /* lines between two looks at whether all marks were passed, and whether to go on */

/* For a store that is out of reach: systemd waits for longer (watch_work.c), and a server restarts within. Assumed. */
#define RESUME_PATIENCE (30 * USEC_SECOND)

static void resume_path(const char *state, struct text *path)
{
	text_add_format(path, "%s/snapshot", state);
}

bool resume_parse(struct span text, struct resume *resume)
{
	struct span line, open, marks;
	uint64_t numbers[2];

	if (!span_cut(&text, '\n', &line) || !span_skip(&line, SPAN("open ")) ||
	    !span_cut(&line, ' ', &open) || !span_to_u64(open, &numbers[0]) ||
	    !span_to_u64(line, &numbers[1]))
		return false;
	/* 0 stands for "nothing was ever read". */
	resume->open = numbers[0] == 0 ? USEC_NEVER : (usec_t)numbers[0];
	resume->judged = (usec_t)numbers[1];
	if (span_skip(&text, SPAN("\n")))
		marks = (struct span){ "", 0 };
	else if (span_cut_text(&text, SPAN("\n\n"), &marks))
		marks.len++; /* with the newline of its last line */
	else
		return false;
	resume->marks = marks_new();
	text_add(&resume->positions, text);
	return marks_read(resume->marks, marks);
}

static usec_t resume_written(const char *path)
{
	struct stat about;

	if (stat(path, &about) != 0)
		return USEC_NEVER;
	return (usec_t)about.st_mtim.tv_sec * USEC_SECOND + about.st_mtim.tv_nsec / 1000;
}

/* The snapshot is of no use, or (WRITTEN is USEC_NEVER) there is none: what is known of a shared store all the same. */
static void resume_read_counted(const char *state, usec_t written, struct resume *resume)
{
	struct text text = { 0 };
	enum counted counted = counted_read(state, &text);

	if (counted == COUNTED_KNOWN && resume_parse(text_span(&text), resume)) {
		resume->lost = true;
	} else {
		resume_free(resume);
		resume->counted = counted == COUNTED_OTHERWISE ? USEC_NEVER : written;
	}
	text_free(&text);
}

bool resume_read(const char *state, struct resume *resume_r, struct pipeline *pipeline, struct health *health,
		 struct error *error)
{
	struct text path = { 0 };
	struct snapshot snapshot;
	enum snapshot_found found;
	usec_t written = USEC_NEVER;
	bool good = true;

	*resume_r = (struct resume){ .open = USEC_NEVER, .counted = USEC_NEVER };
	resume_path(state, &path);
	found = snapshot_open(path.at, &snapshot, error);
	if (found == SNAPSHOT_GOOD) {
		good = resume_parse(snapshot.text, resume_r) &&
		       snapshot_restore(&snapshot, pipeline_judge(pipeline), health);
		if (good)
			pipeline_set_judged(pipeline, resume_r->judged);
		else
			error_set(error, "%s: damaged, or of another version", path.at);
		snapshot_close(&snapshot);
	}
	if (found == SNAPSHOT_BAD || !good) {
		written = resume_written(path.at);
		snapshot_put_aside(path.at);
		resume_free(resume_r);
		*resume_r = (struct resume){ .open = USEC_NEVER, .lost = true, .counted = USEC_NEVER };
	}
	if (resume_r->marks == NULL && pipeline_is_shared(pipeline))
		resume_read_counted(state, written, resume_r);
	text_free(&path);
	return found != SNAPSHOT_BAD && good;
}

void resume_free(struct resume *resume)
{
	marks_free(&resume->marks);
	marks_free(&resume->seen);
	text_free(&resume->positions);
}

void resume_text(const struct marks *marks, const struct collector *collector,
		 const struct pipeline *pipeline, struct text *text)
{
	usec_t open = pipeline_oldest(pipeline), judged = pipeline_judged(pipeline);

	text_add_format(text, "open %lld %lld\n", (long long)(open < 0 ? 0 : open),
			(long long)(judged < 0 ? 0 : judged));
	marks_write(marks, text);
	text_add(text, SPAN("\n"));
	collector_positions(collector, text);
}

bool resume_save(const char *state, struct span text, const struct pipeline *pipeline,
		 const struct health *health, struct error *error)
{
	struct text path = { 0 };
	bool shared = pipeline_is_shared(pipeline), good;

	resume_path(state, &path);
	good = (!shared || counted_save(state, text, error)) &&
	       snapshot_write(path.at, text, pipeline_judge(pipeline), !shared, health, error);
	text_free(&path);
	return good;
}

bool resume_covers(struct resume *resume, const struct line *line, usec_t time)
{
	if (resume->learning == NULL)
		return true;
	if (resume->marks != NULL)
		return marks_cover(resume->marks, resume->seen, resume->learning, line->source, time) &&
		       time >= resume->recall_from;
	if (!resume->tells && time >= resume->tell_from) {
		resume->tells = true;
		pipeline_set_mode(resume->pipeline, PIPELINE_JUDGES_LATE);
	}
	return true;
}

static void resume_name(char ***names, size_t *count, char *name)
{
	*names = memory_grow(*names, *count + 1, sizeof(**names));
	(*names)[(*count)++] = name;
}

static void resume_free_names(char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

/* Is FILE one of the LOGS, or what rotation made of LOG or of one of them? */
static bool resume_is_of(const char *file, const char *log, const glob_t *logs)
{
	const char *slash = strrchr(file, '/');
	struct span name = span_of(slash == NULL ? file : slash + 1);
	struct rotation rotation = rotation_of(name);
	struct text stem = { 0 };
	bool is;

	text_add(&stem, (struct span){ file, (size_t)(name.at - file) });
	if (rotation.style == ROTATION_CURRENT && !rotation.packed)
		text_add(&stem, name);
	else
		text_add(&stem, span_of(rotation.stem));
	is = strcmp(stem.at, log) == 0;
	for (size_t i = 0; i < logs->gl_pathc && !is; i++)
		is = strcmp(stem.at, logs->gl_pathv[i]) == 0 || strcmp(file, logs->gl_pathv[i]) == 0;
	text_free(&stem);
	return is;
}

/* LOG, a file or a glob, with its rotations: of /var/log/mail not mail.info, which says the same once more. */
static void resume_expand(const char *log, char ***names, size_t *count)
{
	struct text pattern = { 0 };
	struct span head = span_of(log);
	glob_t logs = { 0 }, found = { 0 };
	struct stat about;

	/* "mail-20261101.log" is of mail.log as well */
	if (span_ends(head, SPAN(".log")))
		text_add_format(&pattern, "%.*s*.log*", SPAN_ARGS(span_head(head, head.len - 4)));
	else
		text_add_format(&pattern, "%s*", log);
	(void)glob(log, GLOB_BRACE, NULL, &logs);
	if (glob(pattern.at, GLOB_BRACE, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			if (resume_is_of(found.gl_pathv[i], log, &logs) &&
			    stat(found.gl_pathv[i], &about) == 0 && S_ISREG(about.st_mode))
				resume_name(names, count, memory_copy(span_of(found.gl_pathv[i])));
	globfree(&found);
	globfree(&logs);
	text_free(&pattern);
}

/* The logs and all their rotations. */
static struct collector *resume_history(const char *const *logs, size_t count,
					const struct collector_calls *calls)
{
	struct collector *collector = NULL;
	struct error error;
	char **names = NULL;
	size_t name_count = 0;

	for (size_t i = 0; i < count; i++) {
		if (journald_name_is(logs[i]))
			resume_name(&names, &name_count, memory_copy(span_of(logs[i])));
		else if (!listen_name_is(logs[i]))
			resume_expand(logs[i], &names, &name_count);
	}
	if (name_count > 0)
		collector = collector_replay((const char *const *)names, name_count, calls, &error);
	resume_free_names(names, name_count);
	return collector;
}

/*
 * What the marks are of, from where it is of interest. It is followed, and not replayed: logs may be rotated right
 * now, and a line that is missed here is an open message of which nothing more would be counted.
 */
static struct collector *resume_recall(const struct resume *resume, const char *const *logs, size_t count,
				       const struct collector_calls *calls)
{
	const struct collector_live_options options = {
		.start = COLLECTOR_START_SINCE, .since = resume->recall_from, .poll = true, .grace = 1
	};
	struct collector *collector = NULL;
	struct error error;
	const char *source;
	char **names = NULL;
	size_t name_count = 0;

	for (size_t i = 0; (source = marks_source(resume->marks, i)) != NULL; i++)
		if (!journald_name_is(source) && !listen_name_is(source))
			resume_name(&names, &name_count, memory_copy(span_of(source)));
	for (size_t i = 0; i < count; i++)
		if (journald_name_is(logs[i]))
			resume_name(&names, &name_count, memory_copy(span_of(logs[i])));
	if (name_count > 0)
		collector = collector_live((const char *const *)names, name_count, &options, calls, &error);
	resume_free_names(names, name_count);
	return collector;
}

static void resume_ignore(void *context, const char *words)
{
	(void)context; /* the logs of other systems are not there; what matters is told when they are followed */
	(void)words;
}

static usec_t resume_from(const struct resume *resume, usec_t recall)
{
	usec_t longest = marks_newest(resume->marks) - recall, from = resume->open;

	/* What the snapshot knew of health is to be learned as well. */
	return resume->lost || from - RESUME_BEFORE < longest ? longest : from - RESUME_BEFORE;
}

/*
 * What was learned goes to a shared store in time, which keeps its bound, and says what others know; at the END all of
 * it. False where the store is full and stays out of reach, or there is no time: the rest is not learned.
 */
static bool resume_send(struct store *store, bool end, const struct resume_calls *calls)
{
	struct error why;

	store_flush(store, clock_monotonic(), true);
	while (end ? !store_clean(store) : store_full(store)) {
		struct pollfd answered = { .fd = store_fd(store), .events = POLLIN };
		usec_t now = clock_monotonic(), away = store_away(store, &why);

		if ((away != USEC_NEVER && end) || !calls->goes_on(calls->context))
			return false; /* it is sent while the logs are followed */
		if (away != USEC_NEVER && now - away > RESUME_PATIENCE) {
			log_say(clock_now(), LOG_LEVEL_ERROR,
				"what is in the logs is not learned to its end: %s", why.text);
			return false;
		}
		(void)poll(&answered, 1, 50);
		store_flush(store, clock_monotonic(), true);
	}
	return true;
}

bool resume_learn(struct resume *resume, struct pipeline *pipeline, const char *const *logs, size_t count,
		  usec_t recall, usec_t tell_from, const struct resume_calls *calls)
{
	struct collector_calls collect = pipeline_calls(pipeline);
	bool recalls = resume->marks != NULL, counted = recalls || resume->counted != USEC_NEVER, whole;

	if (recalls && (resume->lost ? marks_newest(resume->marks) : resume->open) == USEC_NEVER)
		return true;
	if (recalls)
		pipeline_set_judged(pipeline, resume->judged);
	resume->recall_from = recalls ? resume_from(resume, recall) : USEC_NEVER;
	collect.trouble = resume_ignore;
	resume->learning = recalls ? resume_recall(resume, logs, count, &collect)
				   : resume_history(logs, count, &collect);
	if (resume->learning == NULL)
		return true;
	resume->pipeline = pipeline;
	resume->tell_from = resume->counted == USEC_NEVER ? tell_from : resume->counted;
	resume->tells = false;
	marks_free(&resume->seen);
	resume->seen = marks_new();
	pipeline_set_mode(pipeline, counted ? PIPELINE_RECALLS : PIPELINE_LEARNS);
	while (calls->goes_on(calls->context) &&
	       pipeline_run(pipeline, resume->learning, RESUME_TURN) == COLLECTED_LINE)
		if ((recalls && marks_passed(resume->marks, resume->seen)) ||
		    !resume_send(pipeline_store(pipeline), false, calls))
			break;
	whole = calls->goes_on(calls->context);
	if (whole && !recalls && !resume->lost) {
		(void)resume_send(pipeline_store(pipeline), true, calls);
		resume->tells = true;
		pipeline_set_mode(pipeline, PIPELINE_JUDGES_LATE);
		judge_tell_standing(pipeline_judge(pipeline), tell_from);
	}
	pipeline_set_mode(pipeline, PIPELINE_JUDGES);
	collector_close(&resume->learning);
	return whole;
}
