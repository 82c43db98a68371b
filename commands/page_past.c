/*
 * Lines are kept as they stand there, the oldest going first when there are too many or too much text. Responses
 * ("queued", "delivered") say nothing of an account, and are passed over.
 *
 * Limits: what is older than the end of the file and of its last rotation is not seen, nor, when it is looked at again,
 * what has gone through PAST_ROTATIONS rotations since; a line that is not whole yet is read when it is.
 */
#define _GNU_SOURCE
#include "commands/page_past.h"

#include "base/memory.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAST_LINES     4000
#define PAST_BYTES     ((size_t)16 * 1024 * 1024)
#define PAST_TAIL      ((off_t)8 * 1024 * 1024) /* of the file, at first */
#define PAST_LINE      ((size_t)256 * 1024)
#define PAST_ROTATIONS 9

struct past_line {
	char *account; /* "" where it is of none */
	char *type;
	char *json;
	size_t len;
};

struct past {
	pthread_mutex_t lock;
	char *path;
	int file; /* -1: not open */
	ino_t inode;
	off_t offset;
	struct text rest;        /* a line that is not whole yet */
	bool passing;            /* the rest of a line that is too long, or was begun before us */
	struct past_line *lines; /* a ring */
	size_t first, count, bytes;
};

struct past *past_new(const char *journal)
{
	struct past *past = memory_new(1, sizeof(*past));

	pthread_mutex_init(&past->lock, NULL);
	past->path = memory_copy(span_of(journal));
	past->file = -1;
	past->lines = memory_new(PAST_LINES, sizeof(*past->lines));
	return past;
}

static void past_drop(struct past *past)
{
	struct past_line *line = &past->lines[past->first];

	past->bytes -= line->len;
	free(line->account);
	free(line->type);
	free(line->json);
	past->first = (past->first + 1) % PAST_LINES;
	past->count--;
}

void past_free(struct past **past)
{
	if (*past == NULL)
		return;
	while ((*past)->count > 0)
		past_drop(*past);
	if ((*past)->file >= 0)
		close((*past)->file);
	pthread_mutex_destroy(&(*past)->lock);
	text_free(&(*past)->rest);
	free((*past)->lines);
	free((*past)->path);
	free(*past);
	*past = NULL;
}

static void past_add(struct past *past, struct span json)
{
	struct payload *payload;
	struct text account = { 0 }, type = { 0 };

	if (span_starts(json, SPAN("{\"type\":\"response\"")))
		return;
	payload = payload_read(json);
	if (payload == NULL)
		return;
	(void)payload_get(payload, "account", &account);
	if (payload_get(payload, "type", &type)) {
		while (past->count == PAST_LINES || (past->count > 0 && past->bytes + json.len > PAST_BYTES))
			past_drop(past);
		past->lines[(past->first + past->count++) % PAST_LINES] = (struct past_line){
			.account = memory_copy(text_span(&account)),
			.type = memory_copy(text_span(&type)),
			.json = memory_copy(json),
			.len = json.len,
		};
		past->bytes += json.len;
	}
	payload_free(&payload);
	text_free(&account);
	text_free(&type);
}

static void past_feed(struct past *past, struct span bytes)
{
	struct span line;

	while (span_cut(&bytes, '\n', &line)) {
		text_add(&past->rest, line);
		if (!past->passing && past->rest.len <= PAST_LINE)
			past_add(past, text_span(&past->rest));
		text_clear(&past->rest);
		past->passing = false;
	}
	if (past->rest.len + bytes.len > PAST_LINE) {
		text_clear(&past->rest);
		past->passing = true;
	} else if (!past->passing) {
		text_add(&past->rest, bytes);
	}
}

static void past_read_on(struct past *past)
{
	char *buffer = memory_new(65536, 1);
	ssize_t got;

	while ((got = pread(past->file, buffer, 65536, past->offset)) > 0) {
		past->offset += got;
		past_feed(past, (struct span){ buffer, (size_t)got });
	}
	free(buffer);
}

/* Open PATH and read its last MOST bytes (0: all). */
static void past_open(struct past *past, const char *path, off_t most)
{
	struct stat about;

	if (past->file >= 0)
		close(past->file);
	past->file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	past->offset = 0;
	past->passing = false;
	text_clear(&past->rest);
	if (past->file < 0)
		return;
	if (fstat(past->file, &about) < 0 || !S_ISREG(about.st_mode)) {
		close(past->file);
		past->file = -1;
		return;
	}
	past->inode = about.st_ino;
	if (most > 0 && about.st_size > most) {
		past->offset = about.st_size - most;
		past->passing = true;
	}
	past_read_on(past);
}

/* Where rotation NUMBER is; 0 is the journal itself. */
static const char *past_rotated(const struct past *past, unsigned number, struct text *name)
{
	text_clear(name);
	text_add_format(name, "%s.%u", past->path, number);
	return number == 0 ? past->path : name->at;
}

/* The open file was rotated away, and maybe others behind it: its rest, then theirs, then the one of now. */
static void past_rotate(struct past *past)
{
	struct text name = { 0 };
	struct stat about;
	unsigned number = 1;

	past_read_on(past); /* what came between reading and looking */
	while (number <= PAST_ROTATIONS && stat(past_rotated(past, number, &name), &about) == 0 &&
	       about.st_ino != past->inode)
		number++;
	while (number-- > 0)
		past_open(past, past_rotated(past, number, &name), PAST_TAIL);
	text_free(&name);
}

void past_read(struct past *past)
{
	struct text name = { 0 };
	struct stat now;

	pthread_mutex_lock(&past->lock);
	if (past->file < 0) {
		if (past->count == 0)
			past_open(past, past_rotated(past, 1, &name), PAST_TAIL);
		past_open(past, past->path, PAST_TAIL);
	} else {
		past_read_on(past);
		if (stat(past->path, &now) != 0)
			; /* between two names */
		else if (now.st_ino != past->inode)
			past_rotate(past);
		else if (now.st_size < past->offset)
			past_open(past, past->path, 0); /* begun anew */
	}
	pthread_mutex_unlock(&past->lock);
	text_free(&name);
}

/* As a name stands in the journal: what is not UTF-8 is replaced there. */
static void past_name(struct text *name, struct span account)
{
	while (account.len > 0) {
		size_t len = text_utf8_len(account);

		text_add(name, len == 0 ? SPAN("\xef\xbf\xbd") : span_head(account, len));
		account = span_from(account, len == 0 ? 1 : len);
	}
}

size_t past_of(struct past *past, struct span account, const char *type, struct payload **entries,
	       size_t most)
{
	struct text name = { 0 };
	size_t found = 0;

	past_name(&name, account);
	pthread_mutex_lock(&past->lock);
	for (size_t i = past->count; i > 0 && found < most; i--) {
		const struct past_line *line = &past->lines[(past->first + i - 1) % PAST_LINES];

		if ((account.at != NULL && !span_equal(span_of(line->account), text_span(&name))) ||
		    (type != NULL && strcmp(line->type, type) != 0))
			continue;
		entries[found] = payload_read((struct span){ line->json, line->len });
		found += entries[found] != NULL;
	}
	pthread_mutex_unlock(&past->lock);
	text_free(&name);
	return found;
}
