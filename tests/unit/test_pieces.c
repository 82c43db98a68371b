/*
 * A log is rotated just while its pieces are looked through for a place: between the listing of the folder and the
 * look into the files. What was read is to be found wherever it is by then.
 */
#define _GNU_SOURCE
#include "scratch.h"

#include "base/memory.h"
#include "collector/pieces.h"

#include <dirent.h>
#include <dlfcn.h>

#define OLD "aaaa the first line\nbbbb the second line\ncccc the third line\n"

static void (*meanwhile)(void); /* once, after the folder was read for the COUNTDOWNth time */
static int countdown;

/* In place of the system's: the folder has been read then. */
int closedir(DIR *folder)
{
	int (*closes)(DIR *);

	*(void **)&closes = dlsym(RTLD_NEXT, "closedir");
	if (meanwhile != NULL && --countdown == 0) {
		void (*now)(void) = meanwhile;

		meanwhile = NULL;
		now();
	}
	return closes(folder);
}

static void copy_and_truncate(void)
{
	scratch_write("mail.log.1", OLD);
	scratch_write("mail.log", "dddd new\n");
}

static void finish_the_copy(void)
{
	scratch_append("mail.log.1", &OLD[strlen(OLD) / 2]);
	scratch_write("mail.log", "dddd new\n");
}

static void rename_and_create(void)
{
	scratch_move("mail.log", "mail.log.1");
	scratch_write("mail.log", "dddd new\n");
}

static void rename_and_pack(void)
{
	rename_and_create();
	assert_true(scratch_pack("gzip", "mail.log.1"));
}

/* Read to the end of OLD; then NOW happens after the folder was read COUNT times. */
static void assert_found(void (*now)(void), int count)
{
	struct position position = { .offset = strlen(OLD),
				     .total = strlen(OLD),
				     .head = position_mark_of(SPAN(OLD)),
				     .before = position_mark_of(SPAN(OLD)) };
	const char *log = scratch_path("mail.log");
	struct pieces pieces;
	struct stat about;

	assert_int_equal(stat(log, &about), 0);
	position.dev = about.st_dev;
	position.ino = about.st_ino;
	position.written = piece_written(&about);
	countdown = count;
	meanwhile = now;
	assert_int_equal(pieces_after(log, &position, &pieces, NULL, NULL), PIECES_FOUND);
	assert_null(meanwhile);
	assert_int_equal(pieces.items[0]->offset, strlen(OLD));
	pieces_free(&pieces);
}

static int put_log(void **state)
{
	(void)state;
	scratch_make();
	scratch_write("mail.log", OLD);
	return 0;
}

static int remove_log(void **state)
{
	(void)state;
	scratch_remove();
	return 0;
}

static void copied_and_truncated(void **state)
{
	(void)state;
	for (int count = 1; count <= 2; count++) {
		scratch_write("mail.log", OLD);
		(void)unlink(scratch_path("mail.log.1"));
		assert_found(copy_and_truncate, count);
	}
}

static void a_copy_in_the_making(void **state)
{
	char half[sizeof(OLD)];

	(void)state;
	snprintf(half, sizeof(half), "%.*s", (int)(strlen(OLD) / 2), OLD);
	for (int count = 1; count <= 2; count++) {
		scratch_write("mail.log", OLD);
		scratch_write("mail.log.1", half);
		assert_found(finish_the_copy, count);
	}
}

static void renamed(void **state)
{
	(void)state;
	assert_found(rename_and_create, 2);
}

static void renamed_and_packed(void **state)
{
	(void)state;
	assert_found(rename_and_pack, 2);
}

/* The archive is begun, and empty: it is no log that came later. */
static void an_archive_in_the_making(void **state)
{
	struct pieces pieces;

	(void)state;
	rename_and_create();
	scratch_write("mail.log.1.gz", "");
	pieces = pieces_list(scratch_path("mail.log"), NULL, NULL);
	assert_int_equal(pieces.count, 2);
	assert_string_equal(pieces.items[0]->path, scratch_path("mail.log.1"));
	assert_true(pieces.items[1]->live);
	pieces_free(&pieces);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(copied_and_truncated, put_log, remove_log),
		cmocka_unit_test_setup_teardown(a_copy_in_the_making, put_log, remove_log),
		cmocka_unit_test_setup_teardown(an_archive_in_the_making, put_log, remove_log),
		cmocka_unit_test_setup_teardown(renamed, put_log, remove_log),
		cmocka_unit_test_setup_teardown(renamed_and_packed, put_log, remove_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
