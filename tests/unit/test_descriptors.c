/* What a child keeps open: both ways of closing leave the first ones, and nothing else. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/descriptors.h"

#define PLACES 300 /* more than one reading of a folder holds */

/* In a child: 0 where all below 4 are open, and none from 4 on. */
static int child_closes(void (*way)(int first))
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		for (int fd = 3; fd < PLACES; fd++)
			dup2(0, fd);
		dup2(0, PLACES * 2);
		way(4);
		for (int fd = 0; fd <= PLACES * 2; fd++)
			if ((fcntl(fd, F_GETFD) >= 0) != (fd < 4))
				_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void all_from_the_first_are_closed(void **state)
{
	(void)state;
	assert_int_equal(child_closes(descriptors_close_from), 0);
}

static void kernels_without_the_call_close_the_same(void **state)
{
	(void)state;
	assert_int_equal(child_closes(descriptors_close_each), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_from_the_first_are_closed),
		cmocka_unit_test(kernels_without_the_call_close_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
