/* A server is itself after a restart, and nobody else: not one with the same name, nor with a copy of its folder. */
#define _GNU_SOURCE
#include "base/save.h"
#include "commands/server_id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void each_folder_is_a_server(void **state)
{
	char folder[] = "/tmp/server-XXXXXX", path[120], other[80];
	struct text number = { 0 };
	struct error error;
	uint64_t id;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(other, sizeof(other), "%s/other", folder);
	mkdir(other, 0700);
	id = server_id(folder);
	assert_true(id != 0);
	assert_true(server_id(folder) == id);
	assert_true(server_id(other) != id);

	/* Another machine of the same name, where the folder has the same name too. */
	snprintf(path, sizeof(path), "%s/server", folder);
	assert_true(save_read(path, 64, &number, &error));
	assert_int_equal(number.len, 17);
	unlink(path);
	assert_true(server_id(folder) != id);
	/* And back; half a number is none. */
	assert_true(save_whole(path, text_span(&number), 0600, &error));
	assert_true(server_id(folder) == id);
	assert_true(save_whole(path, SPAN("12"), 0600, &error));
	assert_true(server_id(folder) != id);
	text_free(&number);

	/* Where nothing can be written it is still itself. */
	assert_true(server_id("/nowhere/at/all") == server_id("/nowhere/at/all"));
	unlink(path);
	snprintf(path, sizeof(path), "%s/server", other);
	unlink(path);
	rmdir(other);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_folder_is_a_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
