/* Replacing files whole: content, mode, links, and that a failure leaves the old file alone. */
#define _GNU_SOURCE
#include "scratch.h"

#include "base/save.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>

static void save_holds(const char *name, const char *expected)
{
	size_t len;
	char *bytes = scratch_read(name, &len);

	assert_string_equal(bytes, expected);
	free(bytes);
}

static size_t save_files(void)
{
	DIR *folder = opendir(scratch_folder);
	size_t count = 0;

	assert_non_null(folder);
	for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
		count += entry->d_name[0] != '.';
	closedir(folder);
	return count;
}

static void new_file_gets_the_mode_that_is_asked_for(void **state)
{
	struct error error;
	struct stat about;

	(void)state;
	assert_true(save_whole(scratch_path("new"), SPAN("one"), 0640, &error));
	save_holds("new", "one");
	assert_int_equal(stat(scratch_path("new"), &about), 0);
	assert_int_equal(about.st_mode & 07777, 0640);
	assert_int_equal(save_files(), 1);
}

static void old_file_keeps_its_mode(void **state)
{
	struct error error;
	struct stat about;

	(void)state;
	scratch_write("old", "before");
	assert_int_equal(chmod(scratch_path("old"), 0604), 0);
	assert_true(save_whole(scratch_path("old"), SPAN("after"), 0640, &error));
	save_holds("old", "after");
	assert_int_equal(stat(scratch_path("old"), &about), 0);
	assert_int_equal(about.st_mode & 07777, 0604);
}

static void symbolic_link_stays_and_its_target_is_replaced(void **state)
{
	struct error error;
	struct stat about;

	(void)state;
	scratch_write("target", "before");
	assert_int_equal(symlink("target", scratch_path("link")), 0);
	assert_true(save_whole(scratch_path("link"), SPAN("after"), 0640, &error));
	save_holds("target", "after");
	assert_int_equal(lstat(scratch_path("link"), &about), 0);
	assert_true(S_ISLNK(about.st_mode));
}

/* A pipe stands for /dev/null, which a test must not put at risk. */
static void what_is_no_file_is_never_replaced(void **state)
{
	struct error error = { "" };
	struct stat about;

	(void)state;
	assert_int_equal(mkfifo(scratch_path("pipe"), 0600), 0);
	assert_int_equal(symlink("pipe", scratch_path("link")), 0);
	assert_false(save_whole(scratch_path("link"), SPAN("after"), 0640, &error));
	assert_non_null(strstr(error.text, "link: cannot replace: it is no ordinary file"));
	assert_int_equal(stat(scratch_path("pipe"), &about), 0);
	assert_true(S_ISFIFO(about.st_mode));
	assert_false(save_whole(scratch_folder, SPAN("after"), 0640, &error));
	assert_non_null(strstr(error.text, "cannot replace: it is a folder"));
}

static void full_disk_leaves_the_old_file_and_nothing_else(void **state)
{
	struct rlimit before, small = { 16, RLIM_INFINITY };
	struct error error = { "" };
	bool done;

	(void)state;
	scratch_write("kept", "before");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small.rlim_max = before.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	done = save_whole(scratch_path("kept"), SPAN("more than sixteen bytes of new content"), 0640, &error);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_false(done);
	assert_non_null(strstr(error.text, "kept: cannot replace: File too large"));
	save_holds("kept", "before");
	assert_int_equal(save_files(), 1);
}

static void cancelled_leaves_the_old_file_and_nothing_else(void **state)
{
	struct error error;
	struct save *save;

	(void)state;
	scratch_write("kept", "before");
	save = save_begin(scratch_path("kept"), 0640, &error);
	assert_non_null(save);
	fputs("half", save_stream(save));
	save_cancel(&save);
	assert_null(save);
	save_holds("kept", "before");
	assert_int_equal(save_files(), 1);
}

static void missing_folder_is_said(void **state)
{
	struct error error = { "" };

	(void)state;
	assert_false(save_whole(scratch_path("nowhere/file"), SPAN("x"), 0640, &error));
	assert_non_null(strstr(error.text, "cannot write: No such file or directory"));
}

/* Of what lies beside them nothing is touched: another's, a young one's, one that only looks like it. */
static void old_leftovers_are_swept(void **state)
{
	static const char *const stay[] = { "orders",           "orders.tmp.AbCde",  "orders.tmp.AbCde12",
					    ".tmp.AbCdeF",      "orders.tmp.AbC-eF", "orders.bak.AbCdeF",
					    "orders.tmp.young1" };
	const struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };

	(void)state;
	for (size_t i = 0; i < sizeof(stay) / sizeof(stay[0]); i++)
		scratch_write(stay[i], "kept");
	scratch_write("orders.tmp.AbCde1", "left");
	scratch_write("000001.parcel.tmp.zzzzz9", "left");
	assert_int_equal(mkdir(scratch_path("folder.tmp.AbCdeF"), 0700), 0);
	assert_int_equal(symlink("orders", scratch_path("link.tmp.AbCdeF")), 0);
	for (size_t i = 0; i + 1 < sizeof(stay) / sizeof(stay[0]); i++)
		assert_int_equal(utimensat(AT_FDCWD, scratch_path(stay[i]), old, 0), 0);
	assert_int_equal(utimensat(AT_FDCWD, scratch_path("orders.tmp.AbCde1"), old, 0), 0);
	assert_int_equal(utimensat(AT_FDCWD, scratch_path("000001.parcel.tmp.zzzzz9"), old, 0), 0);
	save_sweep(scratch_folder, 2000 * USEC_SECOND);
	for (size_t i = 0; i < sizeof(stay) / sizeof(stay[0]); i++)
		assert_int_equal(access(scratch_path(stay[i]), F_OK), 0);
	assert_int_not_equal(access(scratch_path("orders.tmp.AbCde1"), F_OK), 0);
	assert_int_not_equal(access(scratch_path("000001.parcel.tmp.zzzzz9"), F_OK), 0);
	assert_int_equal(access(scratch_path("folder.tmp.AbCdeF"), F_OK), 0);
	assert_int_equal(access(scratch_path("link.tmp.AbCdeF"), F_OK), 0);
	save_sweep(scratch_path("nowhere"), 2000 * USEC_SECOND);
}

static int save_setup(void **state)
{
	(void)state;
	scratch_make();
	return 0;
}

static int save_teardown(void **state)
{
	(void)state;
	scratch_remove();
	return 0;
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, save_setup, save_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(new_file_gets_the_mode_that_is_asked_for),
		ROW(old_file_keeps_its_mode),
		ROW(symbolic_link_stays_and_its_target_is_replaced),
		ROW(what_is_no_file_is_never_replaced),
		ROW(full_disk_leaves_the_old_file_and_nothing_else),
		ROW(cancelled_leaves_the_old_file_and_nothing_else),
		ROW(missing_folder_is_said),
		ROW(old_leftovers_are_swept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
