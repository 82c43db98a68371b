/*
 * Following: every way in which readers of logs have lost lines or read them twice, each as a promise. The
 * follower is started, stopped and killed in this process; rotation is done by hand, by gzip, and by logrotate
 * where that is installed.
 */
#define _GNU_SOURCE
#include "follower.h"

#include <signal.h>
#include <sys/resource.h>

static struct follower follower;

static void first_start_reads_from_the_end(void **state)
{
	(void)state;
	scratch_write("mail.log", "old\nhalf ");
	follower_start(&follower, "mail.log");
	follower_drain(&follower);
	scratch_append("mail.log", "a line\nnew\n");
	follower_expect(&follower, "half a line\nnew\n");
	assert_int_equal(follower.late, 0);
}

static void first_start_can_read_all_rotations_from_the_beginning(void **state)
{
	(void)state;
	scratch_write("mail.log.2", "a\n");
	assert_true(scratch_pack("gzip", "mail.log.2"));
	scratch_write("mail.log.1", "b\n");
	scratch_write("mail.log", "c\n");
	follower.options.start = COLLECTOR_START_BEGINNING;
	follower_start(&follower, "mail.log");
	follower_expect(&follower, "a\nb\nc\n");
	assert_int_equal(follower.late, 3);
	scratch_append("mail.log", "d\n");
	follower_expect(&follower, "a\nb\nc\nd\n");
	assert_int_equal(follower.late, 3);
	assert_int_equal(follower.position, 8);
}

static void first_start_can_read_since_a_time(void **state)
{
	(void)state;
	scratch_write("mail.log.2", "2026-11-01T10:00:00Z a\n");
	scratch_write("mail.log.1", "2026-11-02T10:00:00Z b\n2026-11-02T12:00:00Z c\nno stamp\n");
	scratch_write("mail.log", "2026-11-03T10:00:00Z d\n");
	follower.options.start = COLLECTOR_START_SINCE;
	assert_true(clock_parse(SPAN("2026-11-02T11:00:00Z"), &follower.options.since));
	follower_start(&follower, "mail.log");
	follower_expect(&follower, "2026-11-02T12:00:00Z c\nno stamp\n2026-11-03T10:00:00Z d\n");
}

static void half_a_line_is_not_a_line(void **state)
{
	(void)state;
	scratch_write("mail.log", "");
	follower_start(&follower, "mail.log");
	scratch_append("mail.log", "one\nha");
	follower_expect(&follower, "one\n");
	scratch_append("mail.log", "l");
	follower_drain(&follower);
	follower_stop(&follower);
	follower_start(&follower, "mail.log");
	follower_expect(&follower, "one\n");
	scratch_append("mail.log", "f\n");
	follower_expect(&follower, "one\nhalf\n");
}

static void a_renamed_file_is_read_to_its_end_before_the_new_one(void **state)
{
	(void)state;
	scratch_write("mail.log", "");
	follower_start(&follower, "mail.log");
	scratch_append("mail.log", "1\n");
	follower_expect(&follower, "1\n");
	scratch_move("mail.log", "mail.log.1");
	scratch_append("mail.log.1", "2\n");
	scratch_write("mail.log", "5\n");
	scratch_append("mail.log.1", "3\n");
	follower_drain(&follower);
	scratch_append("mail.log.1", "4\n");
	follower_expect(&follower, "1\n2\n3\n4\n5\n");
}

static void a_renamed_file_is_kept_until_the_new_one_has_lines(void **state)
{
	(void)state;
	follower.options.grace = 1;
	scratch_write("mail.log", "");
	follower_start(&follower, "mail.log");
	scratch_append("mail.log", "1\n");
	follower_expect(&follower, "1\n");
	scratch_move("mail.log", "mail.log.1");
	scratch_write("mail.log", "");
	follower_drain(&follower);
	scratch_append("mail.log.1", "2\n");
	follower_expect(&follower, "1\n2\n");
	scratch_append("mail.log", "3\n");
	follower_expect(&follower, "1\n2\n3\n");
}

static void a_last_line_without_newline_ends_with_its_file(void **state)
{
	(void)state;
	scratch_write("mail.log", "");
	follower_start(&follower, "mail.log");
	scratch_append("mail.log", "1\ncut");
	follower_expect(&follower, "1\n");
	scratch_move("mail.log", "mail.log.1");
	scratch_write("mail.log", "2\n");
	follower_expect(&follower, "1\ncut\n2\n");
}

static void rotated_while_stopped(void **state)
{
	(void)state;
	scratch_write("mail.log", "");
	follower_start(&follower, "mail.log");
	scratch_append("mail.log", "1\n2\n");
	follower_expect(&follower, "1\n2\n");
	follower_stop(&follower);
	scratch_append("mail.log", "3\n");
	scratch_move("mail.log", "mail.log.1");
	scratch_write("mail.log", "4\n");
	follower_start(&follower, "mail.log");
	follower_expect(&follower, "1\n2\n3\n4\n");
	assert_int_equal(follower.late, 2);
	assert_int_equal(follower.position, 8);
}

static void rotated_and_packed_several_times_while_stopped(void **state)
{
	(void)state;
	scratch_write("mail.log", "");
	follower_start(&follower, "mail.log");
	scratch_append("mail.log", "1\n2\n");
	follower_expect(&follower, "1\n2\n");
	follower_stop(&follower);
	scratch_append("mail.log", "3\n");
	scratch_move("mail.log", "mail.log.3");
	assert_true(scratch_pack("gzip", "mail.log.3"));
	scratch_write("mail.log.2", "4\n5\n");
	assert_true(scratch_pack("gzip", "mail.log.2"));
	scratch_write("mail.log.1", "6\n");
	scratch_write("mail.log", "7\n");
	follower_start(&follower, "mail.log");
	follower_expect(&follower, "1\n2\n3\n4\n5\n6\n7\n");
	assert_int_equal(follower.late, 5);
	assert_int_equal(follower.position, 14);
	follower_stop(&follower);
	follower_start(&follower, "mail.log");
	scratch_append("mail.log", "8\n");
	follower_expect(&follower, "1\n2\n3\n4\n5\n6\n7\n8\n");
}

static void rotated_by_date_while_stopped(void **state)
{
	(void)state;
	scratch_write("mail.log", "");
	follower_start(&follower, "mail.log");
	scratch_append("mail.log", "1\n");
	follower_expect(&follower, "1\n");
	follower_stop(&follower);
	scratch_append("mail.log", "2\n");
	scratch_move("mail.log", "mail.log-20261119");
	scratch_write("mail.log", "3\n");
	scratch_move("mail.log", "mail.log-20261120");
	assert_true(scratch_pack("gzip", "mail.log-20261120"));
	assert_true(scratch_pack("gzip", "mail.log-20261119"));
	scratch_write("mail.log-20261118", "long before\n");
	scratch_write("mail.log", "4\n");
	follower_start(&follower, "mail.log");
	follower_expect(&follower, "1\n2\n3\n4\n");
}

static void several_rotations_between_two_looks(void **state)
{
	(void)state;
	scratch_write("mail.log", "");
	follower_start(&follower, "mail.log");
	scratch_append("mail.log", "1\n");
	follower_expect(&follower, "1\n");
	scratch_append("mail.log", "2\n");
	scratch_move("mail.log", "mail.log.3");
	scratch_write("mail.log.2", "3\n");
	scratch_write("mail.log.1", "4\n");
	scratch_write("mail.log", "5\n");
	assert_true(scratch_pack("gzip", "mail.log.3"));
	follower_expect(&follower, "1\n2\n3\n4\n5\n");
}

static void rotations_between_are_read_though_the_new_file_is_empty(void **state)
{
	(void)state;
	scratch_write("mail.log", "");
	follower_start(&follower, "mail.log");
	scratch_append("mail.log", "1\n");
	follower_expect(&follower, "1\n");
	scratch_append("mail.log", "2\n");
	scratch_move("mail.log", "mail.log.2");
	scratch_write("mail.log.1", "3\n");
	scratch_write("mail.log", "");
	follower_expect(&follower, "1\n2\n3\n");
	scratch_append("mail.log", "4\n");
	follower_expect(&follower, "1\n2\n3\n4\n");
}

static void written_copied_and_truncated_between_two_looks_at_an_empty_file(void **state)
{
	(void)state;
	scratch_write("mail.log.1", "old\n");
	scratch_write("mail.log", "");
	follower_start(&follower, "mail.log");
	follower_drain(&follower);
	scratch_append("mail.log", "1\n");
	scratch_move("mail.log.1", "mail.log.2");
	scratch_write("mail.log.1", "1\n");
	scratch_write("mail.log", "");
	scratch_append("mail.log", "2\n");
	follower_expect(&follower, "1\n2\n");
}

static void scratch_copy(const char *from, const char *to)
{
	size_t len;
	char *bytes = scratch_read(from, &len);

	scratch_put(to, bytes, len, O_TRUNC);
	free(bytes);
}

static void copied_and_truncated(void **state)
{
	(void)state;
	scratch_write("mail.log", "");
	follower_start(&follower, "mail.log");
	scratch_append("mail.log", "1\n2\n");
	follower_expect(&follower, "1\n2\n");
	scratch_append("mail.log", "3\n");
	scratch_copy("mail.log", "mail.log.1");
	scratch_write("mail.log", "");
	scratch_append("mail.log", "4\n");
	follower_expect(&follower, "1\n2\n3\n4\n");
	assert_int_equal(follower.position, 8);
}

static void copied_and_truncated_then_grown_past_the_old_size(void **state)
{
	(void)state;
	scratch_write("mail.log", "");
	follower_start(&follower, "mail.log");
	scratch_append("mail.log", "1\n2\n");
	follower_expect(&follower, "1\n2\n");
	scratch_copy("mail.log", "mail.log.1");
	scratch_write("mail.log", "");
	scratch_append("mail.log", "3\n4\n5\n6\n7\n");
	follower_expect(&follower, "1\n2\n3\n4\n5\n6\n7\n");
	assert_string_equal(follower.said.at == NULL ? "" : follower.said.at, "");
}

static void copied_and_truncated_while_stopped_then_grown_past_the_old_size(void **state)
{
	(void)state;
	scratch_write("mail.log", "");
	follower_start(&follower, "mail.log");
	scratch_append("mail.log", "1\n2\n");
	follower_expect(&follower, "1\n2\n");
	follower_stop(&follower);
	scratch_append("mail.log", "3\n");
	scratch_copy("mail.log", "mail.log.1");
	scratch_write("mail.log", "4\n5\n6\n7\n8\n9\n");
	assert_true(scratch_pack("gzip", "mail.log.1"));
	follower_start(&follower, "mail.log");
	follower_expect(&follower, "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
}

/* A writer that does not append leaves a hole of zeros before its next line. */
static void truncated_under_a_writer_that_does_not_append(void **state)
{
	int fd;

	(void)state;
	scratch_write("mail.log", "");
	fd = open(scratch_path("mail.log"), O_WRONLY | O_CLOEXEC);
	follower_start(&follower, "mail.log");
	assert_int_equal(write(fd, "1\n2\n", 4), 4);
	follower_expect(&follower, "1\n2\n");
	scratch_copy("mail.log", "mail.log.1");
	scratch_write("mail.log", "");
	assert_int_equal(write(fd, "3\n", 2), 2);
	follower_expect(&follower, "1\n2\n3\n");
	close(fd);
}

static void truncated_without_a_copy_is_said(void **state)
{
	(void)state;
	scratch_write("mail.log", "");
	follower_start(&follower, "mail.log");
	scratch_append("mail.log", "1\n2\n");
	follower_expect(&follower, "1\n2\n");
	scratch_write("mail.log", "3\n");
	follower_expect(&follower, "1\n2\n3\n");
	assert_non_null(strstr(follower.said.at,
			       "/mail.log: was truncated at byte 4 or before, and no copy is there"));
}

/* The old inode at once for the new file, as `postfix logrotate` on some file systems has it. */
static void inode_used_again_while_stopped(void **state)
{
	struct stat before, after = { 0 };

	(void)state;
	scratch_write("mail.log", "");
	follower_start(&follower, "mail.log");
	scratch_append("mail.log", "1\n2\n");
	follower_expect(&follower, "1\n2\n");
	follower_stop(&follower);
	scratch_append("mail.log", "3\n");
	assert_int_equal(stat(scratch_path("mail.log"), &before), 0);
	scratch_copy("mail.log", "mail.log.20261121-163203");
	assert_true(scratch_pack("gzip", "mail.log.20261121-163203"));
	assert_int_equal(unlink(scratch_path("mail.log")), 0);
	for (unsigned try = 0; try < 50 && after.st_ino != before.st_ino; try++) {
		char name[32];

		snprintf(name, sizeof(name), try == 0 ? "mail.log" : "other%u", try);
		scratch_write(name, "4\n5\n6\n");
		assert_int_equal(stat(scratch_path(name), &after), 0);
		if (after.st_ino == before.st_ino && try > 0)
			scratch_move(name, "mail.log");
	}
	if (after.st_ino != before.st_ino)
		print_message("skipped in part: this file system does not use inodes again at once\n");
	follower_start(&follower, "mail.log");
	follower_expect(&follower, "1\n2\n3\n4\n5\n6\n");
}

static void nothing_read_yet_then_rotated_and_packed_while_stopped(void **state)
{
	(void)state;
	scratch_write("mail.log.1", "old\n");
	scratch_write("mail.log", "");
	follower_start(&follower, "mail.log");
	follower_drain(&follower);
	follower_stop(&follower);
	scratch_append("mail.log", "1\n");
	scratch_move("mail.log.1", "mail.log.2");
	scratch_move("mail.log", "mail.log.1");
	assert_true(scratch_pack("gzip", "mail.log.1"));
	scratch_write("mail.log", "2\n");
	follower_start(&follower, "mail.log");
	follower_expect(&follower, "1\n2\n");
}

static void rotated_away_for_good_is_said_and_what_is_left_is_read(void **state)
{
	(void)state;
	scratch_write("mail.log", "");
	follower_start(&follower, "mail.log");
	scratch_append("mail.log", "1\n2\n");
	follower_expect(&follower, "1\n2\n");
	follower_stop(&follower);
	scratch_write("mail.log.new", "5\n");
	scratch_move("mail.log.new", "mail.log");
	scratch_write("mail.log.1", "4\n");
	follower_start(&follower, "mail.log");
	follower_expect(&follower, "1\n2\n4\n5\n");
	assert_non_null(
		strstr(follower.said.at,
		       "/mail.log: what was read last is gone; reading goes on from the beginning of"));
}

static void a_log_folder_is_replaced(void **state)
{
	(void)state;
	assert_int_equal(mkdir(scratch_path("log"), 0755), 0);
	scratch_write("log/mail.log", "");
	follower.options.poll_every = USEC_SECOND / 10;
	follower_start(&follower, "log/mail.log");
	scratch_append("log/mail.log", "1\n");
	follower_expect(&follower, "1\n");
	scratch_move("log", "log.old");
	assert_int_equal(mkdir(scratch_path("log"), 0755), 0);
	scratch_append("log.old/mail.log", "2\n");
	scratch_write("log/mail.log", "3\n");
	follower_expect(&follower, "1\n2\n3\n");
	scratch_append("log/mail.log", "4\n");
	follower_expect(&follower, "1\n2\n3\n4\n");
}

static void a_symbolic_link_is_switched(void **state)
{
	(void)state;
	scratch_write("monday", "");
	assert_int_equal(symlink("monday", scratch_path("mail.log")), 0);
	follower_start(&follower, "mail.log");
	scratch_append("monday", "1\n");
	follower_expect(&follower, "1\n");
	scratch_append("monday", "2\n");
	scratch_write("tuesday", "3\n");
	assert_int_equal(symlink("tuesday", scratch_path("link")), 0);
	scratch_move("link", "mail.log");
	follower_expect(&follower, "1\n2\n3\n");
	scratch_append("tuesday", "4\n");
	follower_expect(&follower, "1\n2\n3\n4\n");
}

static void a_file_appears_late(void **state)
{
	(void)state;
	follower_start(&follower, "mail.log");
	follower_drain(&follower);
	scratch_write("mail.log", "1\n2\n");
	follower_expect(&follower, "1\n2\n");
	assert_int_equal(follower.late, 0);
}

static void a_file_is_removed_and_returns(void **state)
{
	(void)state;
	scratch_write("mail.log", "");
	follower_start(&follower, "mail.log");
	scratch_append("mail.log", "1\n");
	follower_expect(&follower, "1\n");
	scratch_move("mail.log", "elsewhere");
	scratch_append("elsewhere", "2\n");
	follower_expect(&follower, "1\n2\n");
	scratch_move("elsewhere", "mail.log");
	scratch_append("mail.log", "3\n");
	follower_expect(&follower, "1\n2\n3\n");
	assert_int_equal(unlink(scratch_path("mail.log")), 0);
	follower_drain(&follower);
	scratch_write("mail.log", "4\n");
	follower_expect(&follower, "1\n2\n3\n4\n");
}

static void new_matches_of_a_glob_are_picked_up_and_rotations_are_not(void **state)
{
	(void)state;
	scratch_write("a.log", "old\n");
	follower_start(&follower, "*.log*");
	follower_drain(&follower);
	scratch_write("b.log", "1\n");
	follower_expect(&follower, "1\n");
	scratch_append("a.log", "2\n");
	follower_expect(&follower, "1\n2\n");
	scratch_move("a.log", "a.log.1");
	scratch_write("a.log", "3\n");
	follower_expect(&follower, "1\n2\n3\n");
	scratch_write("c.log", "4\n");
	follower_expect(&follower, "1\n2\n3\n4\n");
}

static void a_log_renamed_into_the_reach_of_its_glob_is_read_once(void **state)
{
	(void)state;
	scratch_write("mail.log", "");
	follower_start(&follower, "mail.log*");
	follower_drain(&follower);
	scratch_append("mail.log", "1\n");
	follower_expect(&follower, "1\n");
	scratch_move("mail.log", "mail.log.kept");
	scratch_write("mail.log", "2\n");
	follower_expect(&follower, "1\n2\n");
	scratch_write("mail.logger", "3\n"); /* the glob's names are looked at once more */
	follower_expect(&follower, "1\n2\n3\n");
	scratch_append("mail.log.kept", "4\n");
	follower_expect(&follower, "1\n2\n3\n4\n");
	follower_stop(&follower);
	scratch_move("mail.log", "mail.log.kept.too");
	scratch_append("mail.log.kept.too", "5\n");
	follower.options.start = COLLECTOR_START_BEGINNING;
	follower_start(&follower, "mail.log*");
	follower_expect(&follower, "1\n2\n3\n4\n5\n");
}

static void a_glob_s_folder_is_replaced(void **state)
{
	usec_t began;

	(void)state;
	assert_int_equal(mkdir(scratch_path("log"), 0755), 0);
	scratch_write("log/a.log", "");
	follower_start(&follower, "log/*.log");
	follower_drain(&follower);
	scratch_move("log", "log.old");
	assert_int_equal(mkdir(scratch_path("log"), 0755), 0);
	scratch_write("log/b.log", "1\n");
	follower_expect(&follower, "1\n");
	began = clock_monotonic();
	scratch_write("log/c.log", "2\n");
	follower_expect(&follower, "1\n2\n");
	assert_true(clock_monotonic() - began < 20 * USEC_SECOND); /* heard of, not found by the slow poll */
}

static void hundreds_of_files_by_a_glob(void **state)
{
	char name[32];

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "site%03u.log", i);
		scratch_write(name, "old\n");
	}
	follower_start(&follower, "site*.log");
	follower_drain(&follower);
	for (unsigned i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "site%03u.log", i);
		scratch_append(name, "one\n");
	}
	follower_await(&follower, 300 * 4);
	assert_int_equal(follower.given.len, 300 * 4);
	follower_stop(&follower);
	for (unsigned i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "site%03u.log", i);
		scratch_append(name, "two\n");
	}
	follower_start(&follower, "site*.log");
	follower_await(&follower, 600 * 4);
	assert_int_equal(follower.given.len, 600 * 4);
}

static void a_glob_s_log_born_while_stopped_is_read_from_its_beginning(void **state)
{
	struct statx about;

	(void)state;
	scratch_write("a.log", "old\n");
	follower_start(&follower, "*.log");
	follower_drain(&follower);
	follower_stop(&follower);
	scratch_write("b.log", "1\n");
	if (statx(AT_FDCWD, scratch_path("b.log"), 0, STATX_BTIME, &about) != 0 ||
	    !(about.stx_mask & STATX_BTIME)) {
		print_message("skipped: this file system does not say when a file was born\n");
		return;
	}
	follower_start(&follower, "*.log");
	follower_expect(&follower, "1\n");
}

static void polling_alone_does_it_too(void **state)
{
	(void)state;
	follower.options.poll = true;
	follower.options.poll_every = USEC_SECOND / 50;
	scratch_write("mail.log", "");
	follower_start(&follower, "mail.log");
	scratch_append("mail.log", "1\n");
	follower_expect(&follower, "1\n");
	scratch_move("mail.log", "mail.log.1");
	scratch_append("mail.log.1", "2\n");
	scratch_write("mail.log", "3\n");
	follower_expect(&follower, "1\n2\n3\n");
	scratch_copy("mail.log", "mail.log.1");
	scratch_write("mail.log", "4\n");
	follower_expect(&follower, "1\n2\n3\n4\n");
}

static void a_killed_follower_gives_again_what_was_not_saved(void **state)
{
	(void)state;
	scratch_write("mail.log", "");
	follower_start(&follower, "mail.log");
	scratch_append("mail.log", "1\n");
	follower_expect(&follower, "1\n");
	follower_save(&follower);
	scratch_append("mail.log", "2\n");
	follower_expect(&follower, "1\n2\n");
	follower_kill(&follower);
	follower.position = 2;
	follower_start(&follower, "mail.log");
	follower_expect(&follower, "1\n2\n2\n");
	assert_int_equal(follower.position, 4);
}

static void damaged_positions_are_said_and_kept_aside(void **state)
{
	size_t len;
	char *bytes;

	(void)state;
	scratch_write("mail.log", "");
	follower_start(&follower, "mail.log");
	scratch_append("mail.log", "1\n");
	follower_expect(&follower, "1\n");
	follower_stop(&follower);
	bytes = scratch_read("positions", &len);
	bytes[len / 2] ^= 1;
	scratch_put("positions", bytes, len, O_TRUNC);
	free(bytes);
	scratch_append("mail.log", "2\n");
	follower.position = 0;
	follower_start(&follower, "mail.log");
	assert_non_null(strstr(follower.said.at, "/positions: is damaged"));
	assert_non_null(strstr(follower.said.at, "positions.damaged; every log is read from its end\n"));
	scratch_append("mail.log", "3\n");
	follower_expect(&follower, "1\n3\n");
	assert_int_equal(access(scratch_path("positions.damaged"), F_OK), 0);
}

static void a_full_disk_leaves_the_positions_saved_before(void **state)
{
	struct rlimit before, small;
	struct error error = { "" };
	bool done;

	(void)state;
	scratch_write("mail.log", "");
	follower_start(&follower, "mail.log");
	scratch_append("mail.log", "1\n");
	follower_expect(&follower, "1\n");
	follower_save(&follower);
	scratch_append("mail.log", "2\n");
	follower_expect(&follower, "1\n2\n");
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){ 16, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	done = collector_save(follower.collector, &error);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_false(done);
	assert_non_null(strstr(error.text, "/positions: cannot replace"));
	follower_kill(&follower);
	follower.position = 2;
	follower_start(&follower, "mail.log");
	follower_expect(&follower, "1\n2\n2\n");
}

static uint64_t follow_known(void *context, const char *source_name)
{
	(void)context;
	return strstr(source_name, "/mail.log") != NULL ? 1000 : 0;
}

static void positions_go_on_from_what_the_store_knows(void **state)
{
	(void)state;
	follower.options.known = follow_known;
	scratch_write("mail.log", "old\n");
	follower_start(&follower, "mail.log");
	follower_drain(&follower);
	assert_non_null(strstr(collector_source_name(follower.collector, 0), "/mail.log"));
	scratch_append("mail.log", "1\n");
	follower_expect(&follower, "1\n");
	assert_int_equal(follower.position, 1006);
}

static void positions_can_be_kept_by_somebody_else(void **state)
{
	struct text positions = { 0 };

	(void)state;
	scratch_write("mail.log", "");
	follower_start(&follower, "mail.log");
	scratch_append("mail.log", "1\n");
	follower_expect(&follower, "1\n");
	collector_positions(follower.collector, &positions);
	follower_kill(&follower);
	scratch_append("mail.log", "2\n");
	follower.options.saved = text_span(&positions);
	follower_start(&follower, "mail.log");
	follower_expect(&follower, "1\n2\n");
	text_free(&positions);
}

static void a_file_under_two_names_is_read_once(void **state)
{
	(void)state;
	scratch_write("mail.log", "");
	assert_int_equal(symlink("mail.log", scratch_path("link.log")), 0);
	follower_start(&follower, "mail.log", "link.log", "*.log");
	scratch_append("mail.log", "1\n");
	follower_expect(&follower, "1\n");
	follower_drain(&follower);
	follower_expect(&follower, "1\n");
}

static void several_logs_are_caught_up_with_in_the_order_of_time(void **state)
{
	(void)state;
	scratch_write("a.log", "");
	scratch_write("b.log", "");
	follower_start(&follower, "a.log", "b.log");
	follower_drain(&follower);
	follower_stop(&follower);
	scratch_append("a.log", "2026-11-01T10:00:01Z a\n2026-11-01T10:00:04Z a\n");
	scratch_move("a.log", "a.log.1");
	scratch_write("a.log", "2026-11-01T10:00:06Z a\n");
	scratch_append("b.log", "2026-11-01T10:00:02Z b\n2026-11-01T10:00:03Z b\n2026-11-01T10:00:05Z b\n");
	follower_start(&follower, "a.log", "b.log");
	follower_expect(&follower,
			"2026-11-01T10:00:01Z a\n2026-11-01T10:00:02Z b\n2026-11-01T10:00:03Z b\n"
			"2026-11-01T10:00:04Z a\n2026-11-01T10:00:05Z b\n2026-11-01T10:00:06Z a\n");
	assert_int_equal(follower.late, 6);
}

static void a_line_too_long_is_skipped_to_its_newline(void **state)
{
	(void)state;
	scratch_write("mail.log", "");
	follower_start(&follower, "mail.log");
	for (unsigned i = 0; i < 3000; i++)
		scratch_append("mail.log",
			       "a hundred bytes of a line that never seems to come to its end, however long "
			       "one waits for it, on ");
	follower_drain(&follower);
	scratch_append("mail.log", "end\nnext\n");
	follower_expect(&follower, "next\n");
	assert_int_equal(collector_stats(follower.collector).skipped_long, 1);
}

static void logrotate_itself_by_every_directive(void **state)
{
	static const char *const ways[] = {
		"create",
		"copytruncate",
		"copytruncate\ncompress",
		"create\ncompress",
		"create\ncompress\ndelaycompress",
		"create\ndateext\ndateformat -%Y%m%d-%s",
		"create\ndateext\ndateformat -%Y%m%d-%s\ncompress",
	};
	struct text expected = { 0 };
	char name[32];
	unsigned number = 0;

	(void)state;
	if (scratch_run((const char *const[]){ "logrotate", "-s", "state", "/dev/null", NULL }) == 127) {
		print_message("skipped: logrotate is not installed\n");
		return;
	}
	assert_int_equal(chmod(scratch_folder, 0755), 0);
	for (size_t way = 0; way < sizeof(ways) / sizeof(ways[0]); way++) {
		char settings[1024], line[32];

		snprintf(name, sizeof(name), "mail%zu.log", way);
		snprintf(settings, sizeof(settings), "%s/%s {\nrotate 20\n%s\n}\n", scratch_folder, name,
			 ways[way]);
		scratch_write("logrotate.conf", settings);
		scratch_write(name, "");
		for (unsigned turn = 0; turn < 4; turn++) {
			/* In the first turn it looks on, in the second it is stopped before, in the third in between. */
			if (turn == 0)
				follower_start(&follower, name);
			follower_drain(&follower);
			if (turn == 1)
				follower_stop(&follower);
			for (unsigned i = 0; i < 3; i++) {
				snprintf(line, sizeof(line), "%u\n", ++number);
				text_add(&expected, span_of(line));
				scratch_append(name, line);
			}
			if (turn == 2) {
				follower_drain(&follower);
				follower_stop(&follower);
			}
			assert_int_equal(scratch_run((const char *const[]){ "logrotate", "-f", "-s", "state",
									    "logrotate.conf", NULL }),
					 0);
			snprintf(line, sizeof(line), "%u\n", ++number);
			text_add(&expected, span_of(line));
			scratch_append(name, line);
			if (turn == 1 || turn == 2)
				follower_start(&follower, name);
			follower_expect(&follower, expected.at);
			if (strstr(ways[way], "%s") != NULL && turn < 3) { /* names change with the second */
				/* time(2) may be a tick behind */
				usec_t next = (clock_now() / USEC_SECOND + 1) * USEC_SECOND +
					      USEC_SECOND / 50;

				while (clock_now() < next)
					(void)poll(NULL, 0, 10);
			}
		}
		follower_stop(&follower);
		follower.position = 0;
	}
	text_free(&expected);
}

static int follow_setup(void **state)
{
	(void)state;
	scratch_make();
	return 0;
}

static int follow_teardown(void **state)
{
	(void)state;
	follower_free(&follower);
	scratch_remove();
	return 0;
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, follow_setup, follow_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(first_start_reads_from_the_end),
		ROW(first_start_can_read_all_rotations_from_the_beginning),
		ROW(first_start_can_read_since_a_time),
		ROW(half_a_line_is_not_a_line),
		ROW(a_renamed_file_is_read_to_its_end_before_the_new_one),
		ROW(a_renamed_file_is_kept_until_the_new_one_has_lines),
		ROW(a_last_line_without_newline_ends_with_its_file),
		ROW(rotated_while_stopped),
		ROW(rotated_and_packed_several_times_while_stopped),
		ROW(rotated_by_date_while_stopped),
		ROW(several_rotations_between_two_looks),
		ROW(rotations_between_are_read_though_the_new_file_is_empty),
		ROW(written_copied_and_truncated_between_two_looks_at_an_empty_file),
		ROW(copied_and_truncated),
		ROW(copied_and_truncated_then_grown_past_the_old_size),
		ROW(copied_and_truncated_while_stopped_then_grown_past_the_old_size),
		ROW(truncated_under_a_writer_that_does_not_append),
		ROW(truncated_without_a_copy_is_said),
		ROW(inode_used_again_while_stopped),
		ROW(nothing_read_yet_then_rotated_and_packed_while_stopped),
		ROW(rotated_away_for_good_is_said_and_what_is_left_is_read),
		ROW(a_log_folder_is_replaced),
		ROW(a_symbolic_link_is_switched),
		ROW(a_file_appears_late),
		ROW(a_file_is_removed_and_returns),
		ROW(new_matches_of_a_glob_are_picked_up_and_rotations_are_not),
		ROW(a_log_renamed_into_the_reach_of_its_glob_is_read_once),
		ROW(a_glob_s_folder_is_replaced),
		ROW(hundreds_of_files_by_a_glob),
		ROW(a_glob_s_log_born_while_stopped_is_read_from_its_beginning),
		ROW(polling_alone_does_it_too),
		ROW(a_killed_follower_gives_again_what_was_not_saved),
		ROW(damaged_positions_are_said_and_kept_aside),
		ROW(a_full_disk_leaves_the_positions_saved_before),
		ROW(positions_go_on_from_what_the_store_knows),
		ROW(positions_can_be_kept_by_somebody_else),
		ROW(a_file_under_two_names_is_read_once),
		ROW(several_logs_are_caught_up_with_in_the_order_of_time),
		ROW(a_line_too_long_is_skipped_to_its_newline),
		ROW(logrotate_itself_by_every_directive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
