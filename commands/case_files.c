/*
 * Which file a line is from is told by the framer that was opened for it, as the collector knows it. Files are
 * opened twice (to be put in order, and to be read), so a path is kept once.
 */
#include "commands/case_files.h"

#include "base/memory.h"

#include <stdlib.h>
#include <sys/stat.h>

#define FILES_HOLE (15 * USEC_MINUTE) /* silence that anybody may have */

void case_files_opened(struct casebook *book, const char *path, void *opened)
{
	for (size_t i = 0; i < book->file_count; i++)
		if (strcmp(book->files[i].path, path) == 0) {
			book->files[i].opened = opened;
			return;
		}
	if (book->file_count == book->file_room) {
		book->file_room = book->file_room == 0 ? 16 : book->file_room * 2;
		book->files = memory_grow(book->files, book->file_room, sizeof(*book->files));
	}
	book->files[book->file_count++] = (struct case_file){
		.path = memory_copy(span_of(path)), .opened = opened, .first = USEC_NEVER, .last = USEC_NEVER
	};
	book->file = NULL; /* they may have moved */
}

static struct case_file *files_find(const struct casebook *book, const void *opened)
{
	/* The newest first: a framer's place may have been that of a file that is done with. */
	for (size_t i = book->file_count; i-- > 0;)
		if (book->files[i].opened == opened)
			return &book->files[i];
	return NULL;
}

void case_files_line(struct casebook *book, const struct line *line, usec_t time)
{
	const void *opened = collector_opened(book->reader);
	struct case_file *file = book->file;

	if (file == NULL || file->opened != opened)
		book->file = file = files_find(book, opened);
	if (file == NULL)
		return;
	file->source = line->source;
	file->lines++;
	if (file->first == USEC_NEVER) {
		file->first = file->last = time;
		return;
	}
	if (time - file->last > file->silence) {
		file->silence = time - file->last;
		file->silent = file->last;
	}
	file->last = time > file->last ? time : file->last;
}

static int file_order(const void *a, const void *b)
{
	const struct case_file *one = a, *other = b;

	if (one->source != other->source)
		return one->source < other->source ? -1 : 1;
	if (one->first != other->first)
		return one->first < other->first ? -1 : 1;
	return strcmp(one->path, other->path);
}

void case_files_finish(struct casebook *book)
{
	struct error error;

	if (book->file_count > 0)
		qsort(book->files, book->file_count, sizeof(*book->files), file_order);
	for (size_t i = 0; i < book->file_count; i++) {
		struct case_file *file = &book->files[i];
		struct stat about;

		if (stat(file->path, &about) == 0 && !S_ISREG(about.st_mode))
			continue; /* a journal's folder */
		if (!sign_file(file->path, file->sha256, &file->size, &error))
			casebook_trouble(book, error.text);
	}
}

usec_t case_files_gap(const struct casebook *book, const struct case_file *file)
{
	const struct case_file *before = file - 1;

	if (file == book->files || before->source != file->source || file->first == USEC_NEVER ||
	    before->last == USEC_NEVER || file->first < before->last)
		return 0;
	return file->first - before->last;
}

bool case_files_hole(const struct casebook *book, usec_t gap)
{
	usec_t usual = FILES_HOLE;

	for (size_t i = 0; i < book->file_count; i++)
		usual = book->files[i].silence > usual ? book->files[i].silence : usual;
	return gap > usual;
}

void case_files_free(struct casebook *book)
{
	for (size_t i = 0; i < book->file_count; i++)
		free(book->files[i].path);
	free(book->files);
	book->files = NULL;
	book->file_count = 0;
}
