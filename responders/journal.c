/*
 * The journal's file. A line is written by one write(2) and synced, so a crash leaves whole lines but for the
 * last one, which a reader drops and the next writer closes by a newline. Rotation renames; what cannot be
 * renamed is written on.
 */
#define _GNU_SOURCE
#include "responders/journal.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/text.h"
#include "responders/journal_told.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define JOURNAL_IDS 200000 /* remembered; a server's verdicts of years */

const struct setting journal_settings[] = {
	SETTING(TEXT, struct journal_options, file, "/var/log/sendwatch/verdicts.ndjson", 0, 0,
		"where every verdict and every response is written down; empty keeps no journal"),
	SETTING(BYTES, struct journal_options, rotate_at, "64M", 4096, 1LL << 40,
		"size at which a new file is begun"),
	SETTING(COUNT, struct journal_options, keep, "8", 1, 1000, "how many full files are kept"),
	{ .name = NULL },
};

struct journal_id {
	bool acted;
};

struct journal {
	const struct journal_options *options;
	struct map *ids;
	struct told *told;
	struct text path; /* of a rotated file, reused */
	int file;
	int64_t size;
	bool open_line; /* the last line has no newline: somebody was interrupted */
	bool gathers;   /* what is written is synced later, together */
	bool unsynced;
};

static void journal_remember(struct journal *journal, struct span id, bool acted)
{
	uint64_t hash = hash_text(id);
	struct journal_id *known = map_find(journal->ids, hash, id);

	if (known == NULL)
		known = map_add(journal->ids, hash);
	known->acted = known->acted || acted;
}

/* Our own lines, so their keys stand where we put them: type and id of a verdict, id and action of a response. */
static void journal_learn(struct journal *journal, struct span line)
{
	struct span skipped, id;
	bool response;

	told_line(journal->told, line);
	response = span_skip(&line, SPAN("{\"type\":\"response\",\"time\":\""));

	if (!response && !span_skip(&line, SPAN("{\"type\":\"")))
		return;
	if (!span_cut(&line, '"', &skipped) || !span_skip(&line, SPAN(",\"id\":\"")) ||
	    !span_cut(&line, '"', &id))
		return;
	if (!response)
		journal_remember(journal, id, false);
	else if (span_starts(line, SPAN(",\"action\":\"queued\"")))
		journal_remember(journal, id, true);
}

static void journal_read(struct journal *journal, const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	if (file == NULL)
		return;
	while ((len = getline(&line, &room, file)) > 0) {
		journal->open_line = line[len - 1] != '\n';
		if (!journal->open_line)
			journal_learn(journal, (struct span){ line, (size_t)len });
	}
	free(line);
	fclose(file);
}

static const char *journal_rotated(struct journal *journal, int64_t number)
{
	text_clear(&journal->path);
	text_add_format(&journal->path, "%s.%lld", journal->options->file, (long long)number);
	return journal->path.at;
}

/* Its folder, where it is not there; what is wrong with it is told when the file is opened. */
static void journal_make_folder(const char *file)
{
	struct span folder = span_of(file), name;
	struct text path = { 0 };

	if (!span_cut_last(&folder, SPAN("/"), &name) || folder.len == 0)
		return;
	text_add(&path, folder);
	(void)mkdir(path.at, 0750);
	text_free(&path);
}

static bool journal_open_file(struct journal *journal, struct error *error)
{
	struct stat found;

	journal->file = open(journal->options->file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	if (journal->file < 0)
		return error_set(error, "%s: %s", journal->options->file, strerror(errno));
	journal->size = fstat(journal->file, &found) == 0 ? found.st_size : 0;
	return true;
}

struct journal *journal_open(const struct journal_options *options, struct error *error)
{
	const struct map_options ids = { .record_size = sizeof(struct journal_id), .most = JOURNAL_IDS };
	struct journal *journal = memory_new(1, sizeof(*journal));

	journal->options = options;
	journal->ids = map_new(&ids);
	journal->told = told_new();
	journal->file = -1;
	if (options->file == NULL)
		return journal;
	journal_read(journal, journal_rotated(journal, 1));
	journal_read(journal, options->file);
	journal_make_folder(options->file);
	if (!journal_open_file(journal, error))
		journal_close(&journal);
	return journal;
}

void journal_close(struct journal **journal)
{
	if (*journal == NULL)
		return;
	if ((*journal)->file >= 0) {
		if ((*journal)->unsynced)
			(void)fdatasync((*journal)->file);
		close((*journal)->file);
	}
	map_free(&(*journal)->ids);
	told_free(&(*journal)->told);
	text_free(&(*journal)->path);
	free(*journal);
	*journal = NULL;
}

enum journal_knows journal_knows(const struct journal *journal, const char *id)
{
	const struct journal_id *known = map_find(journal->ids, hash_text(span_of(id)), span_of(id));

	return known == NULL ? JOURNAL_NEW : known->acted ? JOURNAL_ACTED : JOURNAL_WRITTEN;
}

bool journal_sync(struct journal *journal, struct error *error)
{
	if (!journal->unsynced || journal->file < 0)
		return true;
	journal->unsynced = false;
	return fdatasync(journal->file) == 0 ||
	       error_set(error, "%s: %s", journal->options->file, strerror(errno));
}

/* FILE.keep-1 becomes FILE.keep ... FILE becomes FILE.1; the oldest is replaced. */
static void journal_rotate(struct journal *journal)
{
	struct text from = { 0 };
	struct error error;

	for (int64_t number = journal->options->keep; number > 0; number--) {
		text_clear(&from);
		if (number > 1)
			text_add_format(&from, "%s.%lld", journal->options->file, (long long)number - 1);
		else
			text_add(&from, span_of(journal->options->file));
		(void)rename(from.at, journal_rotated(journal, number));
	}
	text_free(&from);
	(void)journal_sync(journal, &error);
	close(journal->file);
	(void)journal_open_file(journal, &error); /* told by the write that follows */
}

/* Somebody else (logrotate) put the file away: what is written from here on belongs into a new one. */
static bool journal_moved(const struct journal *journal)
{
	struct stat ours, named;

	if (journal->file < 0 || fstat(journal->file, &ours) != 0)
		return false;
	if (stat(journal->options->file, &named) != 0)
		return errno == ENOENT;
	return ours.st_dev != named.st_dev || ours.st_ino != named.st_ino;
}

static bool journal_write(struct journal *journal, struct text *line, struct error *error)
{
	struct text whole = { 0 };
	ssize_t written;

	if (journal->options->file == NULL)
		return true;
	if (journal_moved(journal)) {
		(void)journal_sync(journal, error);
		close(journal->file);
		journal->file = -1;
		journal->open_line = false;
	}
	if (journal->file < 0 && !journal_open_file(journal, error))
		return false;
	if (journal->size > 0 && journal->size + (int64_t)line->len > journal->options->rotate_at)
		journal_rotate(journal);
	if (journal->open_line)
		text_add(&whole, SPAN("\n"));
	text_add(&whole, text_span(line));
	text_add(&whole, SPAN("\n"));
	errno = 0;
	written = write(journal->file, whole.at, whole.len);
	if (written > 0)
		journal->size += written;
	journal->open_line = written > 0 && (size_t)written < whole.len;
	journal->unsynced = true;
	if (written < 0 || (size_t)written < whole.len)
		error_set(error, "%s: %s", journal->options->file,
			  written >= 0 && errno == 0 ? "not written whole" : strerror(errno));
	else if (journal->gathers || journal_sync(journal, error))
		error = NULL;
	text_free(&whole);
	return error == NULL;
}

void journal_gather(struct journal *journal, bool gathers)
{
	journal->gathers = gathers;
}

bool journal_verdict(struct journal *journal, const char *id, const char *json, struct error *error)
{
	struct text line = { 0 };
	bool good;

	text_add(&line, span_of(json));
	good = journal_write(journal, &line, error);
	text_free(&line);
	journal_remember(journal, span_of(id), false);
	told_line(journal->told, span_of(json));
	return good;
}

bool journal_told(const struct journal *journal, struct span account, enum account_state state, usec_t time,
		  bool late, char id[VERDICT_ID_SIZE])
{
	return told_before(journal->told, account, state, time, late, id);
}

bool journal_response(struct journal *journal, usec_t now, const char *id, const char *action,
		      const char *target, uint64_t count, struct error *error)
{
	char time[CLOCK_TEXT_SIZE];
	struct text line = { 0 };
	bool good;

	/* Ids, actions and targets are words of ours: hexadecimal, constants, and names that options.c checked. */
	text_add_format(&line, "{\"type\":\"response\",\"time\":\"%s\",\"id\":\"%s\",\"action\":\"%s\"",
			clock_text(now, time), id, action);
	if (target != NULL)
		text_add_format(&line, ",\"target\":\"%s\",\"tries\":%llu}", target,
				(unsigned long long)count);
	else
		text_add_format(&line, ",\"targets\":%llu}", (unsigned long long)count);
	good = journal_write(journal, &line, error);
	text_free(&line);
	if (strcmp(action, "queued") == 0)
		journal_remember(journal, span_of(id), true);
	return good;
}

bool journal_status(struct journal *journal, usec_t now, const char *id, const char *action,
		    const char *target, uint64_t tries, int status, struct error *error)
{
	char time[CLOCK_TEXT_SIZE];
	struct text line = { 0 };
	bool good;

	text_add_format(&line,
			"{\"type\":\"response\",\"time\":\"%s\",\"id\":\"%s\",\"action\":\"%s\","
			"\"target\":\"%s\",\"tries\":%llu,\"status\":%d}",
			clock_text(now, time), id, action, target, (unsigned long long)tries, status);
	good = journal_write(journal, &line, error);
	text_free(&line);
	return good;
}
