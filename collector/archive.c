/*
 * The driver of the archive family: reads the compressed file, lets a member of the family inflate it,
 * goes from one member of the archive to the next, and says where one broke.
 *
 * Memory is bounded by the input buffer and the library's own window, whatever the archive claims.
 */
#define _GNU_SOURCE
#include "collector/archive.h"

#include "base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define ARCHIVE_INPUT ((size_t)128 * 1024)

extern const struct archive_kind archive_zlib;
#ifdef HAVE_LIBISAL
extern const struct archive_kind archive_igzip;
#endif
#ifdef HAVE_LIBZSTD
extern const struct archive_kind archive_zstd;
#endif
#ifdef HAVE_LIBLZMA
extern const struct archive_kind archive_xz;
#endif
#ifdef HAVE_BZIP2
extern const struct archive_kind archive_bzip2;
#endif

const struct archive_kind *const archive_kinds[] = {
#ifdef HAVE_LIBISAL
	&archive_igzip,
#endif
	&archive_zlib,
#ifdef HAVE_LIBZSTD
	&archive_zstd,
#endif
#ifdef HAVE_LIBLZMA
	&archive_xz,
#endif
#ifdef HAVE_BZIP2
	&archive_bzip2,
#endif
	NULL
};

/* Not text, and sometimes found among logs: better named than read as rubbish. */
static const struct {
	struct span magic;
	const char *name;
} archive_strangers[] = {
	{ { "\x28\xb5\x2f\xfd", 4 }, "zstd" },
	{ { "\x50\x2a\x4d\x18", 4 }, "zstd" }, /* by pzstd */
	{ { "\xfd"
	    "7zXZ\0",
	    6 },
	  "xz" },
	{ { "BZh", 3 }, "bzip2" },
	{ { "\x1f\x9d", 2 }, "compress" },
	{ { "\x04\x22\x4d\x18", 4 }, "lz4" },
	{ { "PK\3\4", 4 }, "zip" },
	{ { "7z\xbc\xaf\x27\x1c", 6 }, "7z" },
	{ { "\x1f\xa0", 2 }, "compress" },
	{ { "LZIP", 4 }, "lzip" },
	{ { "\x89LZO", 4 }, "lzop" },
};

struct archive {
	const struct archive_kind *kind;
	void *state;
	int fd;
	bool at_end;  /* of the compressed file */
	bool done;    /* nothing more comes out */
	uint64_t fed; /* compressed bytes read from FD, HEAD included */
	atomic_uint_fast64_t *read;
	size_t at, len; /* what is not inflated yet, in input */
	uint8_t input[ARCHIVE_INPUT];
};

static bool archive_kind_there(const struct archive_kind *kind, struct error *error)
{
	return kind->library == NULL || library_load(kind->library, kind->calls, error);
}

/* Does a member of this kind begin so? */
static bool archive_begins(const struct archive_kind *kind, struct span head)
{
	return span_starts(head, kind->magic) || (kind->also != NULL && kind->also(head));
}

bool archive_kind_of(struct span head, const struct archive_kind **kind_r, struct error *error)
{
	const char *missing = NULL;
	struct error why;

	*kind_r = NULL;
	for (size_t i = 0; archive_kinds[i] != NULL; i++) {
		if (!archive_begins(archive_kinds[i], head))
			continue;
		if (archive_kind_there(archive_kinds[i], &why)) {
			*kind_r = archive_kinds[i];
			return true;
		}
		missing = archive_kinds[i]->name;
	}
	if (missing != NULL)
		return error_set(error, "is a %s archive: %s", missing, why.text);
	for (size_t i = 0; i < sizeof(archive_strangers) / sizeof(archive_strangers[0]); i++)
		if (span_starts(head, archive_strangers[i].magic))
			return error_set(error, "is a %s archive, which this build cannot read",
					 archive_strangers[i].name);
	return true;
}

usec_t archive_written(struct span head)
{
	uint64_t seconds = 0;

	if (head.len < 8 || !span_starts(head, SPAN("\x1f\x8b")))
		return USEC_NEVER;
	for (size_t i = 0; i < 4; i++)
		seconds |= (uint64_t)(unsigned char)head.at[4 + i] << (8 * i);
	return seconds == 0 ? USEC_NEVER : (usec_t)seconds * USEC_SECOND;
}

struct archive *archive_new(const struct archive_kind *kind, int fd, struct span head,
			    atomic_uint_fast64_t *read)
{
	struct archive *archive = memory_new(1, sizeof(*archive));
	struct error ignored; /* who asked for the kind was told */

	archive->kind = kind;
	archive->state = archive_kind_there(kind, &ignored) ? kind->begin() : NULL;
	archive->fd = fd;
	archive->read = read;
	archive->len = head.len;
	archive->fed = head.len;
	memcpy(archive->input, head.at, head.len);
	atomic_fetch_add(read, head.len);
	return archive;
}

static bool archive_fill(struct archive *archive, struct error *error)
{
	ssize_t got;

	if (archive->at > 0)
		memmove(archive->input, archive->input + archive->at, archive->len);
	archive->at = 0;
	do
		got = read(archive->fd, archive->input + archive->len, ARCHIVE_INPUT - archive->len);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return error_set(error, "cannot read: %s", strerror(errno));
	archive->at_end = got == 0;
	archive->len += (size_t)got;
	archive->fed += (uint64_t)got;
	atomic_fetch_add(archive->read, (uint64_t)got);
	return true;
}

static bool archive_broke(struct archive *archive, const char *how, struct error *error)
{
	return error_set(error, "%s archive %s at byte %llu", archive->kind->name, how,
			 (unsigned long long)(archive->fed - archive->len));
}

/* Between members: zeros, by which they are padded, until there is a head or the end. */
static bool archive_skip_padding(struct archive *archive, struct error *error)
{
	do {
		while (archive->len > 0 && archive->input[archive->at] == 0) {
			archive->at++;
			archive->len--;
		}
		if (archive->len < ARCHIVE_HEAD && !archive->at_end && !archive_fill(archive, error))
			return false;
	} while (!archive->at_end && (archive->len < ARCHIVE_HEAD || archive->input[archive->at] == 0));
	return true;
}

/* Does another member follow? What else stands there may have been lines: it is not left out in silence. */
static bool archive_next_member(struct archive *archive, struct error *error)
{
	struct span rest;

	if (!archive_skip_padding(archive, error))
		return false;
	rest = (struct span){ (const char *)archive->input + archive->at, archive->len };
	if (archive_begins(archive->kind, rest))
		return archive->kind->again(archive->state) || error_set(error, "no memory to inflate it");
	archive->done = true;
	return archive->len == 0 || archive_broke(archive, "is followed by what is none", error);
}

bool archive_read(struct archive *archive, void *into, size_t room, size_t *got_r, struct error *error)
{
	struct archive_flow flow = { NULL, 0, into, room };
	enum archive_step step = ARCHIVE_GOING;
	bool fine = archive->state != NULL || error_set(error, "no memory to inflate it");

	while (fine && flow.out_room > 0 && !archive->done) {
		size_t left = flow.out_room;
		bool moved;

		if (archive->len == 0 && !archive->at_end && !archive_fill(archive, error)) {
			fine = false;
			break;
		}
		flow.in = archive->input + archive->at;
		flow.in_len = archive->len;
		step = archive->kind->step(archive->state, &flow);
		moved = flow.in_len < archive->len || flow.out_room < left;
		archive->at += archive->len - flow.in_len;
		archive->len = flow.in_len;
		if (step == ARCHIVE_MEMBER)
			fine = archive_next_member(archive, error);
		else if (step == ARCHIVE_BROKEN)
			fine = archive_broke(archive, "is damaged", error);
		else if (!moved && archive->at_end)
			fine = archive_broke(archive, "is cut short", error);
		else if (!moved && archive->len > 0)
			fine = archive_fill(archive, error); /* a header that lies across the buffer's end */
	}
	archive->done = archive->done || !fine;
	*got_r = room - flow.out_room;
	return fine;
}

void archive_free(struct archive **archive)
{
	if (*archive == NULL)
		return;
	if ((*archive)->state != NULL)
		(*archive)->kind->end((*archive)->state);
	free(*archive);
	*archive = NULL;
}
