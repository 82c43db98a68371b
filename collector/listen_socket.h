/*
 * The sockets of listeners. New settings are taken in while the old ones are still at work, so that a socket may be
 * wanted twice for a moment: it is one and the same then, and nothing that waits in it is lost.
 */
#ifndef SENDWATCH_COLLECTOR_LISTEN_SOCKET_H
#define SENDWATCH_COLLECTOR_LISTEN_SOCKET_H

#include "collector/listen_name.h"

/* LOG names it. A descriptor for listen_socket_close; -1, and ERROR, on failure. */
int listen_socket_open(const struct listen_name *name, const char *log, struct error *error);
void listen_socket_close(int fd);

/*
 * One datagram, never waiting; one that is longer than ROOM is cut. *lost_r is set to the number of datagrams that the
 * kernel has dropped so far, where it says so.
 */
bool listen_socket_receive(int fd, char *into, size_t room, size_t *len_r, struct sockaddr_storage *peer_r,
			   uint64_t *lost_r);

#endif
