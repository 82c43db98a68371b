/* The files of a case: what each is, what it covers, and where nothing was logged. */
#ifndef SENDWATCH_COMMANDS_CASE_FILES_H
#define SENDWATCH_COMMANDS_CASE_FILES_H

#include "commands/case.h"
#include "responders/sign.h"

struct case_file {
	char *path;
	void *opened;               /* the framer; another file may get the same place later */
	char sha256[SIGN_HEX_SIZE]; /* "" where there is none */
	uint64_t size;              /* as stored */
	uint64_t lines;             /* with a time stamp */
	usec_t first, last;         /* USEC_NEVER where it has no such line */
	usec_t silence, silent;     /* the longest within it, and when it began */
	uint32_t source;
};

/* A file was opened. */
void case_files_opened(struct casebook *book, const char *path, void *opened);

/* A line of the file that is being read. */
void case_files_line(struct casebook *book, const struct line *line, usec_t time);

/* All was read: checksums, in the order of time. */
void case_files_finish(struct casebook *book);

/* The time between FILE and the one of the same log before it; 0 where there is none, or no gap. */
usec_t case_files_gap(const struct casebook *book, const struct case_file *file);

/* Is this gap longer than what is usual within these logs? */
bool case_files_hole(const struct casebook *book, usec_t gap);

void case_files_free(struct casebook *book);

#endif
