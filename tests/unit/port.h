/*
 * Ports of the loopback for servers that start later: not from among those that the kernel gives to clients, of which
 * any could be taken by anybody's connection meanwhile. Those of tests/servers/ports.py and of test_redis_cluster.c are
 * others.
 */
#ifndef SENDWATCH_TESTS_PORT_H
#define SENDWATCH_TESTS_PORT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT_FIRST 12700
#define PORT_COUNT 2000

/* A socket at the port; -1 where it is taken. */
static inline int port_bind(int type, unsigned port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr = { htonl(INADDR_LOOPBACK) },
				  .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Free for TCP and for UDP, and never the same twice in a process; each begins elsewhere. 0 where there is none. */
static inline unsigned port_free(void)
{
	static unsigned tried;

	for (; tried < PORT_COUNT; tried++) {
		unsigned port = PORT_FIRST + ((unsigned)getpid() * 37 + tried) % PORT_COUNT;
		int stream = port_bind(SOCK_STREAM, port), datagrams = port_bind(SOCK_DGRAM, port);
		bool both = stream >= 0 && datagrams >= 0;

		if (stream >= 0)
			close(stream);
		if (datagrams >= 0)
			close(datagrams);
		if (both) {
			tried++;
			return port;
		}
	}
	return 0;
}

#endif
