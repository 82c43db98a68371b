/*
 * Inputs. Plain files are read(2) into two blocks by turns, which measured faster than mmap: a block stays in
 * the processor's cache while its lines are cut, and no page has to be mapped.
 */
#define _GNU_SOURCE
#include "collector/input.h"

#include "base/hash.h"
#include "base/memory.h"
#include "collector/entries.h"
#include "collector/journald_name.h"
#include "collector/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define INPUT_BLOCK ((size_t)64 * 1024) /* with what lines leave of it, it stays in the nearest caches */
#define INPUT_TAR   257                 /* where a tar archive says that it is one */

struct input {
	char *path;
	int fd;
	struct input_about about;
	struct ahead_stream *stream; /* archives */
	char *blocks[2];             /* plain files */
	unsigned turn;
	size_t waiting; /* bytes at the front of the block to come: read to tell what this is */
	char *given;    /* the last block */
	size_t given_len;
	bool again;
	bool known;              /* the first block was looked at: an export of a journal, or not */
	bool ended;              /* of an export: its last entry is given */
	struct entries *entries; /* a journal's, or those of an export */
	atomic_uint_fast64_t *read;
};

static ssize_t input_read(int fd, char *into, size_t room)
{
	ssize_t got;

	do
		got = read(fd, into, room);
	while (got < 0 && errno == EINTR);
	return got;
}

/* Standard input, even where it is a file, has one offset for all who hold it: it is read once. */
static bool input_stat(struct input *input, bool standard, struct error *error)
{
	struct stat about;
	bool file;

	if (fstat(input->fd, &about) != 0)
		return error_set(error, "%s: %s", input->path, strerror(errno));
	if (S_ISDIR(about.st_mode))
		return error_set(error, "%s: is a folder; name the logs in it, as in '%s/mail.log*'",
				 input->path, input->path);
	file = S_ISREG(about.st_mode) != 0;
	input->about.regular = file && !standard;
	input->about.dev = about.st_dev;
	input->about.ino = about.st_ino;
	input->about.size = file ? (uint64_t)about.st_size : 0;
	input->about.written = USEC_NEVER;
	if (file)
		input->about.written = about.st_mtim.tv_sec * USEC_SECOND + about.st_mtim.tv_nsec / 1000;
	return true;
}

static bool input_begin(struct input *input, struct ahead *ahead, struct error *error)
{
	char *head = input->blocks[0] + LINES_HEADROOM;
	const struct archive_kind *kind;
	struct error why;
	usec_t written;

	while (input->waiting < ARCHIVE_HEAD) {
		ssize_t got = input_read(input->fd, head + input->waiting, ARCHIVE_HEAD - input->waiting);

		if (got < 0)
			return error_set(error, "%s: cannot read: %s", input->path, strerror(errno));
		if (got == 0)
			break;
		input->waiting += (size_t)got;
	}
	if (!archive_kind_of((struct span){ head, input->waiting }, &kind, &why))
		return error_set(error, "%s: %s", input->path, why.text);
	/* A plain file is read where it is cut into lines: what another read would have to come from its caches. */
	if (kind == NULL) {
		atomic_fetch_add(input->read, input->waiting);
		return true;
	}
	written = archive_written((struct span){ head, input->waiting });
	if (written != USEC_NEVER)
		input->about.written = written;
	input->about.packed = true;
	/* Two processors read lines and judge: a third thread takes more from them than such an archive does. */
	if (kind->quick && ahead_threads(ahead) <= 2)
		ahead = NULL;
	input->stream = ahead_start(
		ahead, archive_new(kind, input->fd, (struct span){ head, input->waiting }, input->read));
	return true;
}

/* FD: PATH's, the input's from here on; -1: it could not be had. */
static struct input *input_open_fd(int fd, const char *path, struct ahead *ahead, atomic_uint_fast64_t *read,
				   struct error *error)
{
	struct input *input = memory_new(1, sizeof(*input));
	bool standard = strcmp(path, "-") == 0;

	input->path = memory_copy(standard ? SPAN("standard input") : span_of(path));
	input->read = read;
	for (unsigned i = 0; i < 2; i++)
		input->blocks[i] = memory_new(LINES_HEADROOM + INPUT_BLOCK, 1);
	input->fd = fd;
	if (input->fd < 0) {
		error_set(error, "%s: %s", input->path, strerror(errno));
		input_close(&input);
		return NULL;
	}
	if (!input_stat(input, standard, error) || !input_begin(input, ahead, error))
		input_close(&input);
	return input;
}

/* A journal is no file: its name stands for its inode, and it is kept open as a pipe is. */
static struct input *input_open_journal(const char *log, struct error *error)
{
	struct input *input = memory_new(1, sizeof(*input));

	input->fd = -1;
	input->known = true;
	input->entries = entries_of_journal(log, error);
	if (input->entries == NULL) {
		input_close(&input);
		return NULL;
	}
	input->path = memory_copy(span_of(entries_log(input->entries)));
	input->about.dev = (dev_t)-1;
	input->about.ino = (ino_t)hash_stable(span_of(input->path));
	input->about.written = USEC_NEVER;
	return input;
}

struct input *input_open(const char *path, struct ahead *ahead, atomic_uint_fast64_t *read,
			 struct error *error)
{
	if (journald_name_is(path))
		return input_open_journal(path, error);
	return input_open_fd(strcmp(path, "-") == 0 ? dup(STDIN_FILENO)
						    : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY),
			     path, ahead, read, error);
}

int input_hold(const struct input *input)
{
	return input->fd < 0 ? -1 : fcntl(input->fd, F_DUPFD_CLOEXEC, 0);
}

struct input *input_open_held(int held, const char *path, struct ahead *ahead, atomic_uint_fast64_t *read,
			      struct error *error)
{
	int fd = fcntl(held, F_DUPFD_CLOEXEC, 0);

	if (fd >= 0)
		(void)lseek(fd, 0, SEEK_SET);
	return input_open_fd(fd, path, ahead, read, error);
}

struct input_about input_about(const struct input *input)
{
	return input->about;
}

const char *input_name(const struct input *input)
{
	return input->path;
}

/* One read; of a pipe as many as a whole line takes, so that there is something to look at. */
static bool input_read_plain(struct input *input, bool *broken_r, struct error *error)
{
	char *data = input->blocks[input->turn] + LINES_HEADROOM;
	size_t len = input->waiting;

	do {
		ssize_t got = input_read(input->fd, data + len, INPUT_BLOCK - len);

		if (got < 0) {
			*broken_r = true;
			error_set(error, "%s: cannot read: %s", input->path, strerror(errno));
		}
		if (got <= 0)
			break;
		atomic_fetch_add(input->read, (uint64_t)got);
		len += (size_t)got;
	} while (!input->about.regular && len < INPUT_BLOCK && memchr(data, '\n', len) == NULL);
	input->waiting = 0;
	input->turn ^= 1;
	input->given = data;
	input->given_len = len;
	return len > 0;
}

static bool input_block(struct input *input, bool *broken_r, struct error *error)
{
	struct error why;
	bool got;

	if (input->stream == NULL)
		return input_read_plain(input, broken_r, error);
	got = ahead_next(input->stream, &input->given, &input->given_len, broken_r, &why);
	if (*broken_r)
		error_set(error, "%s: %s", input->path, why.text);
	return got;
}

/* The lines of an export's entries; a block of it may hold none. */
static bool input_export(struct input *input, bool got, bool *broken_r, struct error *error)
{
	while (!input->ended) {
		struct span data = { input->given, got ? input->given_len : 0 };

		input->ended = !got;
		entries_feed(input->entries, data, !got, &input->given, &input->given_len);
		if (input->given_len > 0)
			return true;
		if (!input->ended)
			got = input_block(input, broken_r, error);
		if (*broken_r)
			return false; /* an entry that was cut is none */
	}
	return false;
}

/* What PowerShell's > makes of a log: each line of it holds NUL bytes, and none would be read. */
static bool input_is_wide(const struct input *input, struct error *error)
{
	struct span head = { input->given, input->given_len };

	if (!span_starts(head, SPAN("\xFF\xFE")) && !span_starts(head, SPAN("\xFE\xFF")))
		return false;
	error_set(error, "%s: is UTF-16 text: iconv -f UTF-16 -t UTF-8 makes a log of it", input->path);
	return true;
}

/*
 * What Graylog, Splunk and Kibana export: a table whose first row names its columns. Quotes and line ends within its
 * words follow rules of their own.
 */
static bool input_is_table(const struct input *input, struct error *error)
{
	static const char *const columns[] = { "timestamp", "@timestamp", "_time", "time", "date" };
	struct span head = { input->given, input->given_len };
	bool quoted = false;

	span_skip(&head, SPAN("\xEF\xBB\xBF"));
	quoted = span_skip(&head, SPAN("\""));
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		struct span rest = head;

		if (span_skip(&rest, span_of(columns[i])) && (!quoted || span_skip(&rest, SPAN("\""))) &&
		    span_starts(rest, SPAN(","))) {
			error_set(error, "%s: is a table: mlr --icsv --ojsonl cat makes lines of it",
				  input->path);
			return true;
		}
	}
	return false;
}

/* Its headers would stand between the lines of logs, and the lines beside them be lost. */
static bool input_is_tar(const struct input *input, struct error *error)
{
	struct span magic = span_from((struct span){ input->given, input->given_len }, INPUT_TAR);

	/* With the NUL that ends it, which no line has. */
	if (!span_starts(magic, SPAN("ustar\0")) && !span_starts(magic, SPAN("ustar  \0")))
		return false;
	if (input->about.regular)
		error_set(error, "%s: is a tar archive: tar xOf %s | sendwatch ... - reads what is in it",
			  input->path, input->path);
	else
		error_set(error, "%s: is a tar archive: tar xO unpacks what is in it", input->path);
	return true;
}

bool input_next(struct input *input, char **data_r, size_t *len_r, bool *broken_r, struct error *error)
{
	bool got = true;

	*broken_r = false;
	if (input->again) {
		input->again = false;
	} else if (input->fd < 0) {
		got = entries_read(input->entries, &input->given, &input->given_len, broken_r, error);
	} else if (!input->ended) {
		got = input_block(input, broken_r, error);
		if (got && !input->known &&
		    (input_is_wide(input, error) || input_is_tar(input, error) ||
		     input_is_table(input, error))) {
			*broken_r = input->ended = true;
			return false;
		}
		if (got && !input->known)
			input->entries = entries_of_export((struct span){ input->given, input->given_len });
		input->known = true;
		if (input->entries != NULL && !*broken_r)
			got = input_export(input, got, broken_r, error);
	} else {
		got = false;
	}
	*data_r = input->given;
	*len_r = input->given_len;
	return got;
}

void input_again(struct input *input)
{
	input->again = true;
}

void input_close(struct input **input)
{
	struct input *old = *input;

	if (old == NULL)
		return;
	ahead_stop(&old->stream);
	entries_free(&old->entries);
	if (old->fd >= 0)
		close(old->fd);
	for (unsigned i = 0; i < 2; i++)
		free(old->blocks[i]);
	free(old->path);
	free(old);
	*input = NULL;
}
