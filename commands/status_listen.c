/* A Unix socket that a crash left is taken away first; anything else of its name is somebody else's. */
#define _GNU_SOURCE
#include "commands/status_listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTEN_BACKLOG 64

static bool listen_inet(struct span text, struct listen_address *address)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct span host = text, port_text;
	uint64_t port;
	uint8_t bytes[16];
	bool is_v6;

	if (!span_cut_last(&host, SPAN(":"), &port_text)) {
		port_text = text;
		host = SPAN("127.0.0.1");
	}
	is_v6 = host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']';
	if (is_v6)
		host = (struct span){ host.at + 1, host.len - 2 };
	/* Without brackets it is an IPv4 address, whose bytes stand at the end. */
	if (!span_to_u64(port_text, &port) || port > 65535 || !span_to_address(host, bytes) ||
	    is_v6 != (memchr(host.at, ':', host.len) != NULL))
		return false;
	v4.sin_port = v6.sin6_port = htons((uint16_t)port);
	memcpy(&v4.sin_addr, bytes + 12, 4);
	memcpy(&v6.sin6_addr, bytes, 16);
	address->size = is_v6 ? sizeof(v6) : sizeof(v4);
	memcpy(&address->address, is_v6 ? (const void *)&v6 : (const void *)&v4, address->size);
	address->loopback = is_v6 ? IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) : bytes[12] == 127;
	return true;
}

bool listen_parse(const char *text, struct listen_address *address_r, struct error *error)
{
	struct span path = span_of(text);
	struct listen_address address = { .path = NULL };

	if (span_skip(&path, SPAN("unix:")) || span_starts(path, SPAN("/"))) {
		if (path.len >= sizeof(((struct sockaddr_un *)0)->sun_path))
			return error_set(error, "%s: too long for a socket's path", text);
		address.path = path.at;
		address.loopback = true;
	} else if (!listen_inet(path, &address)) {
		return error_set(
			error,
			"%s: neither an address and a port, as in 127.0.0.1:8025, nor a port, nor a path",
			text);
	}
	*address_r = address;
	return true;
}

bool listen_is_same(const struct listen_address *address, const struct listen_address *other)
{
	if (address->path != NULL || other->path != NULL)
		return span_equal(span_of(address->path), span_of(other->path));
	return address->size == other->size && memcmp(&address->address, &other->address, address->size) == 0;
}

static int listen_unix(const char *path, unsigned mode)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat there;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(address.sun_path, path, strlen(path) + 1);
	if (lstat(path, &there) == 0 && S_ISSOCK(there.st_mode))
		unlink(path);
	/* Nobody connects before the rights are set: it does not listen yet. */
	if (fd >= 0 &&
	    (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || chmod(path, mode) < 0)) {
		int failed = errno;

		close(fd);
		errno = failed;
		return -1;
	}
	return fd;
}

static int listen_tcp(const struct listen_address *address)
{
	int fd = socket(address->address.sin6_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)&address->address, address->size) < 0) {
		int failed = errno;

		close(fd);
		errno = failed;
		return -1;
	}
	return fd;
}

int listen_open(const struct listen_address *address, unsigned mode, struct error *error)
{
	int fd = address->path != NULL ? listen_unix(address->path, mode) : listen_tcp(address);

	if (fd >= 0 && listen(fd, LISTEN_BACKLOG) == 0)
		return fd;
	error_set(error, "cannot listen: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}
