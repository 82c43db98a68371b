/*
 * The snapshot's text: a line of what was open, the marks, an empty line, and the collector's own text of
 * positions.
 */
#define _GNU_SOURCE
#include "commands/resume.h"

#include "base/memory.h"
#include "base/save.h"
#include "collector/journald_name.h"
#include "collector/listen_name.h"

#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>

/* What is no message but helps to tell whose one is (a login before it) is older than it, by minutes. */
#define RESUME_BEFORE USEC_HOUR

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

bool resume_read(const char *state, struct resume *resume_r, struct pipeline *pipeline, struct health *health,
		 struct error *error)
{
	struct text path = { 0 };
	struct snapshot snapshot;
	enum snapshot_found found;
	bool good = true;

	*resume_r = (struct resume){ .open = USEC_NEVER };
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
		snapshot_put_aside(path.at);
		resume_free(resume_r);
		*resume_r = (struct resume){ .open = USEC_NEVER, .lost = true };
	}
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
	bool good;

	resume_path(state, &path);
	good = snapshot_write(path.at, text, pipeline_judge(pipeline), !pipeline_is_shared(pipeline), health,
			      error);
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
		pipeline_tell(resume->pipeline, PIPELINE_TELLS_LATE);
	}
	return true;
}

/* Files that were last written before FROM hold nothing from then on. */
static char **resume_add(char **files, size_t *count, const glob_t *found, usec_t from)
{
	for (size_t i = 0; i < found->gl_pathc; i++) {
		struct stat about;

		if (stat(found->gl_pathv[i], &about) != 0 ||
		    (from != USEC_NEVER && about.st_mtim.tv_sec < from / USEC_SECOND))
			continue;
		files = memory_grow(files, *count + 1, sizeof(*files));
		files[(*count)++] = memory_copy(span_of(found->gl_pathv[i]));
	}
	return files;
}

/* The logs and their rotations, as far as they are of interest. */
static char **resume_files(const char *const *logs, size_t count, usec_t from, size_t *count_r)
{
	char **files = NULL;

	*count_r = 0;
	for (size_t i = 0; i < count; i++) {
		struct text pattern = { 0 };
		glob_t found;

		if (journald_name_is(logs[i])) {
			files = memory_grow(files, *count_r + 1, sizeof(*files));
			files[(*count_r)++] = from == USEC_NEVER ? memory_copy(span_of(logs[i]))
								 : journald_name_since(logs[i], from);
		}
		if (journald_name_is(logs[i]) || listen_name_is(logs[i]))
			continue;
		text_add_format(&pattern, "%s*", logs[i]);
		if (glob(pattern.at, 0, NULL, &found) == 0) {
			files = resume_add(files, count_r, &found, from);
			globfree(&found);
		}
		text_free(&pattern);
	}
	return files;
}

static void resume_ignore(void *context, const char *words)
{
	(void)context; /* the logs of other systems are not there; what matters is told when they are followed */
	(void)words;
}

static usec_t resume_from(const struct resume *resume, usec_t recall)
{
	usec_t newest = marks_newest(resume->marks), from = resume->open - RESUME_BEFORE;

	return from > newest - recall ? from : newest - recall;
}

void resume_learn(struct resume *resume, struct pipeline *pipeline, const char *const *logs, size_t count,
		  usec_t recall, usec_t tell_from)
{
	struct collector_calls calls = pipeline_calls(pipeline);
	struct error error;
	size_t file_count;
	char **files;

	if (resume->marks != NULL && resume->open == USEC_NEVER)
		return;
	resume->recall_from = resume->marks == NULL ? USEC_NEVER : resume_from(resume, recall);
	files = resume_files(logs, count, resume->recall_from, &file_count);
	calls.trouble = resume_ignore;
	if (file_count > 0)
		resume->learning = collector_replay((const char *const *)files, file_count, &calls, &error);
	if (resume->learning != NULL) {
		resume->pipeline = pipeline;
		resume->tell_from = tell_from;
		resume->tells = false;
		marks_free(&resume->seen);
		resume->seen = marks_new();
		/* What was in a shared store when the snapshot was lost is there still. */
		pipeline_tell(pipeline,
			      resume->marks != NULL || (resume->lost && pipeline_is_shared(pipeline))
				      ? PIPELINE_RECALLS
				      : PIPELINE_QUIET);
		(void)pipeline_run(pipeline, resume->learning, 0);
		if (resume->marks == NULL && !resume->lost) {
			resume->tells = true;
			pipeline_tell(pipeline, PIPELINE_TELLS_LATE);
			judge_tell_standing(pipeline_judge(pipeline), tell_from);
		}
		pipeline_tell(pipeline, PIPELINE_TELLS);
		collector_close(&resume->learning);
	}
	for (size_t i = 0; i < file_count; i++)
		free(files[i]);
	free(files);
}
