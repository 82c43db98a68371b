/*
 * A client of what listens at a socket in the file system: it dials, and hears what comes. The socket stands in a
 * folder of the test's own.
 */
#ifndef SENDWATCH_TESTS_CLIENT_H
#define SENDWATCH_TESTS_CLIENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char client_folder[] = "/tmp/sendwatch-client-XXXXXX";
static char client_path[sizeof(client_folder) + 8];

/* Set up and torn down around all tests of a program. */
static inline int client_folder_made(void **state)
{
	(void)state;
	if (mkdtemp(client_folder) == NULL)
		return -1;
	snprintf(client_path, sizeof(client_path), "%s/socket", client_folder);
	return 0;
}

static inline int client_folder_gone(void **state)
{
	(void)state;
	return rmdir(client_folder); /* fails where a stopped service left its socket */
}

static inline int client_dial(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", client_path);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* All that comes until WANT bytes or the end; INTO has room for one more. Silence is neither, and fails. */
static inline size_t client_hear(int fd, char *into, size_t want)
{
	size_t len = 0;

	while (len < want) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		ssize_t got;

		if (poll(&ready, 1, 120000) != 1)
			fail_msg("half a minute of silence after \"%.*s\"", (int)len, into);
		got = read(fd, into + len, want - len);
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	into[len] = '\0';
	return len;
}

/* Two clients ASK at the service, which takes two, and hear ANSWER; a third is hung up on. */
static inline void client_third_is_refused(const char *ask, const char *answer)
{
	int fds[3];
	char heard[64];

	for (int i = 0; i < 3; i++)
		fds[i] = client_dial();
	for (int i = 0; i < 2; i++) {
		assert_int_equal(send(fds[i], ask, strlen(ask), MSG_NOSIGNAL), strlen(ask));
		client_hear(fds[i], heard, strlen(answer));
		assert_string_equal(heard, answer);
	}
	assert_int_equal(client_hear(fds[2], heard, 1), 0);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

#endif
