/*
 * The snapshot's file: a first line, the marks, an empty line, and the collector's own text of positions. It is
 * replaced whole (base/save.c).
 */
#define _GNU_SOURCE
#include "commands/resume.h"

#include "base/memory.h"
#include "base/save.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define RESUME_HEAD "sendwatch snapshot 1\n"
#define RESUME_MOST ((size_t)64 * 1024 * 1024)

static void resume_path(const char *state, struct text *path)
{
	text_add_format(path, "%s/snapshot", state);
}

static bool resume_parse(struct span text, struct resume *resume)
{
	struct span marks;

	if (!span_skip(&text, SPAN(RESUME_HEAD)))
		return false;
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

bool resume_read(const char *state, struct resume *resume_r, struct error *error)
{
	struct text path = { 0 }, text = { .ceiling = RESUME_MOST };
	bool good = true;

	*resume_r = (struct resume){ .positions = { .ceiling = RESUME_MOST } };
	resume_path(state, &path);
	if (access(path.at, F_OK) == 0 || errno != ENOENT) {
		good = save_read(path.at, RESUME_MOST, &text, error);
		if (good && !resume_parse(text_span(&text), resume_r))
			good = error_set(
				error, "%s: not a snapshot; without it watch starts as if for the first time",
				path.at);
	}
	text_free(&path);
	text_free(&text);
	if (!good)
		resume_free(resume_r);
	return good;
}

void resume_free(struct resume *resume)
{
	marks_free(&resume->marks);
	marks_free(&resume->seen);
	text_free(&resume->positions);
}

bool resume_save(const char *state, const struct marks *marks, const struct collector *collector,
		 struct error *error)
{
	struct text path = { 0 }, text = { .ceiling = RESUME_MOST };
	bool good;

	resume_path(state, &path);
	text_add(&text, SPAN(RESUME_HEAD));
	marks_write(marks, &text);
	text_add(&text, SPAN("\n"));
	collector_positions(collector, &text);
	good = save_whole(path.at, text_span(&text), 0640, error);
	text_free(&path);
	text_free(&text);
	return good;
}

bool resume_covers(struct resume *resume, const struct line *line, usec_t time)
{
	if (resume->learning == NULL)
		return true;
	if (resume->marks != NULL)
		return marks_cover(resume->marks, resume->seen, resume->learning, line->source, time);
	if (!resume->tells && time >= resume->tell_from) {
		resume->tells = true;
		pipeline_tell(resume->pipeline, PIPELINE_TELLS_LATE);
	}
	return true;
}

/* A log and its rotations, as globs for the replay. */
static char **resume_globs(const char *const *logs, size_t count)
{
	char **globs = memory_new(count, sizeof(*globs));

	for (size_t i = 0; i < count; i++) {
		struct text glob = { 0 };

		text_add_format(&glob, "%s*", logs[i]);
		globs[i] = memory_copy(text_span(&glob));
		text_free(&glob);
	}
	return globs;
}

static void resume_ignore(void *context, const char *words)
{
	(void)context; /* the logs of other systems are not there; what matters is told when they are followed */
	(void)words;
}

void resume_learn(struct resume *resume, struct pipeline *pipeline, const char *const *logs, size_t count,
		  usec_t tell_from)
{
	struct collector_calls calls = pipeline_calls(pipeline);
	char **globs = resume_globs(logs, count);
	struct error error;

	calls.trouble = resume_ignore;
	resume->learning = collector_replay((const char *const *)globs, count, &calls, &error);
	if (resume->learning != NULL) {
		resume->pipeline = pipeline;
		resume->tell_from = tell_from;
		resume->tells = false;
		marks_free(&resume->seen);
		resume->seen = marks_new();
		pipeline_tell(pipeline, resume->marks == NULL ? PIPELINE_QUIET : PIPELINE_RECALLS);
		(void)pipeline_run(pipeline, resume->learning, 0);
		pipeline_tell(pipeline, PIPELINE_TELLS);
		collector_close(&resume->learning);
	}
	for (size_t i = 0; i < count; i++)
		free(globs[i]);
	free(globs);
}
