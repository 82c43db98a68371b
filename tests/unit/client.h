/*
 * A client of what listens at a socket in the file system: it dials, and hears what comes.
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
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static inline int client_dial(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* All that comes until WANT bytes, the end, or half a minute of silence; INTO has room for one more. */
static inline size_t client_hear(int fd, char *into, size_t want)
{
	size_t len = 0;

	while (len < want) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		ssize_t got;

		if (poll(&ready, 1, 30000) != 1)
			break;
		got = read(fd, into + len, want - len);
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	into[len] = '\0';
	return len;
}

#endif
