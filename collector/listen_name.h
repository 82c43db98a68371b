/*
 * What "syslog:..." names: a socket to which syslog daemons send, and who may.
 *
 *	syslog:udp=127.0.0.1:5514
 *	syslog:tcp=192.0.2.1:601+allow=192.0.2.0/24+allow=2001:db8::/32
 *	syslog:unix=/run/sendwatch/log
 *
 * and "-", standard input, as `docker logs -f mail | sendwatch watch -` gives it. Syslog has no passwords, and who
 * can send lines can have accounts disabled: an address that others reach needs `allow`.
 */
#ifndef SENDWATCH_COLLECTOR_LISTEN_NAME_H
#define SENDWATCH_COLLECTOR_LISTEN_NAME_H

#include "base/error.h"
#include "base/span.h"

#include <sys/socket.h>

enum listen_kind { LISTEN_INPUT, LISTEN_UDP, LISTEN_TCP, LISTEN_UNIX };

#define LISTEN_ALLOW 64 /* networks */

struct listen_network {
	uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
	unsigned bits;       /* of 128 */
};

struct listen_name {
	enum listen_kind kind;
	struct sockaddr_storage address; /* ready to be bound to */
	socklen_t address_len;
	char path[108]; /* of a Unix socket */
	struct listen_network allow[LISTEN_ALLOW];
	size_t allow_count; /* 0: all that reach it */
};

bool listen_name_is(const char *log);

bool listen_name_parse(const char *log, struct listen_name *name_r, struct error *error);

/* Are both one place, whoever may send to it? */
bool listen_name_is_at(const struct listen_name *name, const struct listen_name *other);

/*
 * False, and ERROR, where one of LOGS before AT, by another name, is the same place: one would take the other's lines.
 * The same name twice is one listener.
 */
bool listen_name_is_alone(const char *const *logs, size_t at, struct error *error);

/* May this peer send? Unix sockets have their file's rights for that. */
bool listen_name_allows(const struct listen_name *name, const struct sockaddr_storage *peer);

#endif
