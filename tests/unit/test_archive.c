/*
 * Archives: each kind gives back what went in, members follow one another, padded or not, rubbish behind
 * them is told of, and what is cut short or damaged gives its beginning and says where it broke. gzip is
 * shown with every member of the family that reads it (zlib, igzip).
 */
#define _GNU_SOURCE
#include "scratch.h"

#include "collector/archive.h"

#define ARCHIVE_TEXT ((size_t)400000)

static char *archive_text; /* lines that do compress, and not into nothing */

static void archive_make_text(void)
{
	uint32_t seed = 7;
	size_t len = 0;

	archive_text = calloc(ARCHIVE_TEXT + 200, 1);
	assert_non_null(archive_text);
	for (unsigned i = 0; len < ARCHIVE_TEXT; i++) {
		seed = seed * 1103515245u + 12345u;
		len += (size_t)snprintf(
			archive_text + len, 200,
			"Nov 21 10:%02u:%02u mx1 postfix/smtp[%u]: %08X: to=<u%u@example.com>\n", i / 60 % 60,
			i % 60, seed >> 20, seed, seed % 977);
	}
	archive_text[ARCHIVE_TEXT] = '\0';
}

/* How much comes out of NAME, read in blocks of ROOM bytes, that is the beginning of the text repeated. */
static size_t archive_drain(const struct archive_kind *kind, const char *name, size_t room, bool *fine_r,
			    struct error *error)
{
	atomic_uint_fast64_t read = 0;
	int fd = open(scratch_path(name), O_RDONLY | O_CLOEXEC);
	struct archive *archive = archive_new(kind, fd, (struct span){ "", 0 }, &read);
	char *into = malloc(room);
	size_t total = 0, good = 0, got;

	assert_true(fd >= 0 && into != NULL);
	do {
		*fine_r = archive_read(archive, into, room, &got, error);
		for (size_t i = 0; i < got; i++)
			if (good == total + i && into[i] == archive_text[good % ARCHIVE_TEXT])
				good++;
		total += got;
	} while (*fine_r && got > 0);
	archive_free(&archive);
	free(into);
	close(fd);
	return good;
}

static const struct archive_kind *archive_kind_of_file(const char *name)
{
	const struct archive_kind *kind;
	struct error error;
	size_t len;
	char *bytes = scratch_read(name, &len);

	(void)archive_kind_of((struct span){ bytes, len }, &kind, &error);
	free(bytes);
	return kind;
}

static void archive_expect(const char *name, size_t copies)
{
	const struct archive_kind *first = archive_kind_of_file(name);

	assert_non_null(first);
	for (size_t i = 0; archive_kinds[i] != NULL; i++)
		for (size_t room = 1000; room <= 300000; room += 99667) {
			struct error error = { "" };
			bool fine;
			size_t total;

			if (strcmp(archive_kinds[i]->name, first->name) != 0)
				continue;
			total = archive_drain(archive_kinds[i], name, room, &fine, &error);
			assert_string_equal(error.text, "");
			assert_true(fine);
			assert_int_equal(total, copies * ARCHIVE_TEXT);
		}
}

static bool archive_pack(const char *program, const char *suffix, char *name, size_t room)
{
	snprintf(name, room, "text%s", suffix);
	scratch_write("text", archive_text);
	if (!scratch_pack(program, "text")) {
		print_message("skipped: %s is not installed\n", program);
		return false;
	}
	if (archive_kind_of_file(name) == NULL) {
		print_message("skipped: this build does not read %s\n", program);
		return false;
	}
	return true;
}

static const struct {
	const char *program, *suffix;
} archive_rows[] = { { "gzip", ".gz" }, { "zstd", ".zst" }, { "xz", ".xz" }, { "bzip2", ".bz2" } };

#define ARCHIVE_ROWS (sizeof(archive_rows) / sizeof(archive_rows[0]))

static void every_kind_gives_back_what_went_in(void **state)
{
	char name[32];

	(void)state;
	for (size_t i = 0; i < ARCHIVE_ROWS; i++)
		if (archive_pack(archive_rows[i].program, archive_rows[i].suffix, name, sizeof(name)))
			archive_expect(name, 1);
}

static void members_one_after_another_are_one_text(void **state)
{
	char name[32];

	(void)state;
	for (size_t i = 0; i < ARCHIVE_ROWS; i++) {
		size_t len;
		char *bytes;

		if (!archive_pack(archive_rows[i].program, archive_rows[i].suffix, name, sizeof(name)))
			continue;
		bytes = scratch_read(name, &len);
		scratch_put(name, bytes, len, O_APPEND);
		scratch_put(name, bytes, len, O_APPEND);
		free(bytes);
		archive_expect(name, 3);
	}
}

/* As pzstd writes: before each frame one that holds nothing but the next one's length. */
static void frames_of_zstd_to_be_skipped_are_skipped(void **state)
{
	static const char skipped[] = "\x50\x2a\x4d\x18\4\0\0\0size";
	char name[32];
	size_t len;
	char *bytes;

	(void)state;
	if (!archive_pack("zstd", ".zst", name, sizeof(name)))
		return;
	bytes = scratch_read(name, &len);
	scratch_put(name, skipped, sizeof(skipped) - 1, O_TRUNC);
	scratch_put(name, bytes, len, O_APPEND);
	scratch_put(name, skipped, sizeof(skipped) - 1, O_APPEND);
	scratch_put(name, bytes, len, O_APPEND);
	free(bytes);
	archive_expect(name, 2);
}

/* Zeros between members and behind them are padding; what else is there may have been lines, and is told of. */
static void what_is_behind_the_last_member_is_told_of(void **state)
{
	static const char zeros[300000];
	char name[32];

	(void)state;
	for (size_t i = 0; i < ARCHIVE_ROWS; i++) {
		const struct archive_kind *kind;
		struct error error = { "" };
		size_t len;
		char *bytes;
		bool fine;

		if (!archive_pack(archive_rows[i].program, archive_rows[i].suffix, name, sizeof(name)))
			continue;
		kind = archive_kind_of_file(name);
		bytes = scratch_read(name, &len);
		scratch_put(name, zeros, sizeof(zeros), O_APPEND);
		archive_expect(name, 1);
		scratch_put(name, bytes, len, O_APPEND);
		free(bytes);
		scratch_put(name, zeros, 7, O_APPEND);
		archive_expect(name, 2);
		scratch_put(name, "rubbish", 7, O_APPEND);
		assert_int_equal(archive_drain(kind, name, 65536, &fine, &error), 2 * ARCHIVE_TEXT);
		assert_false(fine);
		assert_non_null(strstr(error.text, "archive is followed by what is none at byte "));
	}
}

/* A cut archive gives nearly all that stands before the cut; block coders keep their last block. */
static void archive_cut(const char *name, const char *packer)
{
	size_t len;
	char *bytes = scratch_read(name, &len);

	for (size_t cut = 5; cut < len; cut += len / 11) {
		scratch_put("cut", bytes, cut, O_TRUNC);
		for (size_t i = 0; archive_kinds[i] != NULL; i++) {
			struct error error = { "" };
			char words[64];
			size_t total;
			bool fine;

			if (strcmp(archive_kinds[i]->name, packer) != 0)
				continue;
			total = archive_drain(archive_kinds[i], "cut", 65536, &fine, &error);
			snprintf(words, sizeof(words), "%s archive is cut short at byte %zu", packer, cut);
			assert_false(fine);
			assert_string_equal(error.text, words);
			if (strcmp(packer, "gzip") == 0 && cut > len / 11)
				assert_true(total + 40000 > ARCHIVE_TEXT / 12 * (cut * 11 / len));
		}
	}
	free(bytes);
}

static void archive_cut_short_gives_its_beginning_and_the_place(void **state)
{
	char name[32];

	(void)state;
	for (size_t i = 0; i < ARCHIVE_ROWS; i++)
		if (archive_pack(archive_rows[i].program, archive_rows[i].suffix, name, sizeof(name)))
			archive_cut(name, archive_rows[i].program);
}

/* 0xff over a stretch in the middle: no kind takes that for good data. */
static void damaged_archive_gives_its_beginning_and_the_place(void **state)
{
	char name[32];

	(void)state;
	for (size_t row = 0; row < ARCHIVE_ROWS; row++) {
		size_t len;
		char *bytes;

		if (!archive_pack(archive_rows[row].program, archive_rows[row].suffix, name, sizeof(name)))
			continue;
		bytes = scratch_read(name, &len);
		memset(bytes + len / 2, 0xff, 64);
		scratch_put("damaged", bytes, len, O_TRUNC);
		free(bytes);
		for (size_t i = 0; archive_kinds[i] != NULL; i++) {
			struct error error = { "" };
			unsigned long long at = 0;
			size_t total;
			bool fine;

			if (strcmp(archive_kinds[i]->name, archive_rows[row].program) != 0)
				continue;
			total = archive_drain(archive_kinds[i], "damaged", 65536, &fine, &error);
			assert_false(fine);
			if (strcmp(archive_rows[row].program, "gzip") == 0)
				assert_true(total > ARCHIVE_TEXT * 2 / 5);
			assert_non_null(strstr(error.text, "archive is damaged at byte "));
			assert_int_equal(sscanf(strstr(error.text, "byte "), "byte %llu", &at), 1);
			assert_true(at + 8192 >= len / 2 && at <= len);
		}
	}
}

static void what_this_build_cannot_read_is_named(void **state)
{
	const struct archive_kind *kind;
	struct error error;

	(void)state;
	assert_false(archive_kind_of(SPAN("\x1f\x9d\x90"), &kind, &error));
	assert_string_equal(error.text, "is a compress archive, which this build cannot read");
	assert_null(kind);
	assert_false(archive_kind_of(SPAN("PK\3\4"), &kind, &error));
	assert_string_equal(error.text, "is a zip archive, which this build cannot read");
	assert_true(archive_kind_of(SPAN("Nov 21 10:00:00 mx1"), &kind, &error));
	assert_null(kind);
	assert_true(archive_kind_of(SPAN(""), &kind, &error));
	assert_null(kind);
}

static void gzip_header_tells_when_it_was_written(void **state)
{
	(void)state;
	assert_int_equal(archive_written(SPAN("\x1f\x8b\x08\0\x01\0\0\0\0\0")), USEC_SECOND);
	assert_int_equal(archive_written(SPAN("\x1f\x8b\x08\0\0\0\0\0\0\0")), USEC_NEVER);
	assert_int_equal(archive_written(SPAN("Nov 21 10:00:00")), USEC_NEVER);
}

static int archive_setup(void **state)
{
	(void)state;
	scratch_make();
	return 0;
}

static int archive_teardown(void **state)
{
	(void)state;
	scratch_remove();
	return 0;
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, archive_setup, archive_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(every_kind_gives_back_what_went_in),
		ROW(members_one_after_another_are_one_text),
		ROW(frames_of_zstd_to_be_skipped_are_skipped),
		ROW(what_is_behind_the_last_member_is_told_of),
		ROW(archive_cut_short_gives_its_beginning_and_the_place),
		ROW(damaged_archive_gives_its_beginning_and_the_place),
		ROW(what_this_build_cannot_read_is_named),
		ROW(gzip_header_tells_when_it_was_written),
	};
	int failed;

	archive_make_text();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(archive_text);
	return failed;
}
