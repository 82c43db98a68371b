/* The sockets of listeners, without what comes in by them. */
#ifndef SENDWATCH_COLLECTOR_LISTEN_SOCKET_H
#define SENDWATCH_COLLECTOR_LISTEN_SOCKET_H

#include "collector/listen_name.h"

/* A descriptor that never waits, bound, and listening where it is one for streams; -1, and ERROR, on failure. */
int listen_socket_open(const struct listen_name *name, struct error *error);

/*
 * One datagram, never waiting; one that is longer than ROOM is cut. *lost_r is set to the number of datagrams that the
 * kernel has dropped so far, where it says so.
 */
bool listen_socket_receive(int fd, char *into, size_t room, size_t *len_r, struct sockaddr_storage *peer_r,
			   uint64_t *lost_r);

#endif
