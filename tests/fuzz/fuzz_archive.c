/*
 * An archive that anybody made, by every member of the family that takes it for its own: nothing but bytes
 * and an error may come out, never more than was asked for, and not without end. The first byte says in
 * which pieces it is read.
 */
#define _GNU_SOURCE
#include "collector/archive.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define FUZZ_MOST ((size_t)4 * 1024 * 1024) /* of what comes out: a bomb is cut off here, as by its reader */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_kind(const struct archive_kind *kind, int fd, size_t room)
{
	static char into[64 * 1024];
	atomic_uint_fast64_t read = 0;
	struct archive *archive;
	struct error error;
	size_t total = 0, got;
	bool fine;

	if (lseek(fd, 0, SEEK_SET) != 0)
		abort();
	archive = archive_new(kind, fd, SPAN(""), &read);
	do {
		fine = archive_read(archive, into, room, &got, &error);
		if (got > room)
			abort();
		total += got;
	} while (fine && got > 0 && total < FUZZ_MOST);
	archive_free(&archive);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	const struct archive_kind *kind;
	struct error error;

	if (fd < 0)
		fd = memfd_create("archive", MFD_CLOEXEC);
	if (size < 2 || ftruncate(fd, 0) != 0 || pwrite(fd, data + 1, size - 1, 0) != (ssize_t)(size - 1))
		return 0;
	(void)archive_kind_of((struct span){ (const char *)data + 1, size - 1 }, &kind, &error);
	for (size_t i = 0; archive_kinds[i] != NULL; i++)
		fuzz_kind(archive_kinds[i], fd, 1 + (size_t)data[0] * 256);
	return 0;
}
