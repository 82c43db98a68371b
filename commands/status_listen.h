/* Where the status server listens: addresses as people write them, and their sockets. */
#ifndef SENDWATCH_COMMANDS_STATUS_LISTEN_H
#define SENDWATCH_COMMANDS_STATUS_LISTEN_H

#include "base/error.h"
#include "base/text.h"

#include <netinet/in.h>

struct listen_address {
	const char *path;            /* of a Unix socket; NULL: inet */
	struct sockaddr_in6 address; /* or a sockaddr_in, by its family */
	socklen_t size;
	bool loopback;
};

/* "8025", "127.0.0.1:8025", "[::1]:8025", "/run/x.sock", "unix:/run/x.sock". PATH is borrowed from TEXT. */
bool listen_parse(const char *text, struct listen_address *address_r, struct error *error);

/* Are both one place, however it was written? */
bool listen_is_same(const struct listen_address *address, const struct listen_address *other);

/* A socket that listens, -1 and ERROR where it cannot be. MODE: of a Unix socket. */
int listen_open(const struct listen_address *address, unsigned mode, struct error *error);

#endif
