/* Opening and reading the sockets of listeners. */
#define _GNU_SOURCE
#include "collector/listen_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTEN_BUFFER (8 * 1024 * 1024) /* bytes in the kernel: some seconds of a busy relay */
#define LISTEN_WAITS  128

/* A socket's file of an earlier run is in the way; any other file stays. */
static bool listen_socket_make_way(const char *path, struct error *error)
{
	struct stat about;

	if (lstat(path, &about) != 0)
		return true;
	if (!S_ISSOCK(about.st_mode))
		return error_set(error, "%s: is there, and no socket", path);
	return unlink(path) == 0 || error_set(error, "%s: %s", path, strerror(errno));
}

int listen_socket_open(const struct listen_name *name, struct error *error)
{
	int type = name->kind == LISTEN_TCP ? SOCK_STREAM : SOCK_DGRAM, on = 1, room = LISTEN_BUFFER;
	int fd = socket(name->address.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		error_set(error, "no socket: %s", strerror(errno));
		return -1;
	}
	if (name->kind == LISTEN_TCP)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (name->address.ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (name->kind != LISTEN_UNIX || listen_socket_make_way(name->path, error)) {
		if (bind(fd, (const struct sockaddr *)&name->address, name->address_len) == 0 &&
		    (name->kind != LISTEN_TCP || listen(fd, LISTEN_WAITS) == 0))
			return fd;
		error_set(error, "cannot listen: %s", strerror(errno));
	}
	close(fd);
	return -1;
}

bool listen_socket_receive(int fd, char *into, size_t room, size_t *len_r, struct sockaddr_storage *peer_r,
			   uint64_t *lost_r)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(uint32_t))];
	} control;
	struct iovec part = { into, room };
	struct msghdr message = { .msg_name = peer_r,
				  .msg_namelen = sizeof(*peer_r),
				  .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	ssize_t got;
	uint32_t lost;

	do
		got = recvmsg(fd, &message, MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return false;
	for (struct cmsghdr *part_of = CMSG_FIRSTHDR(&message); part_of != NULL;
	     part_of = CMSG_NXTHDR(&message, part_of))
		if (part_of->cmsg_level == SOL_SOCKET && part_of->cmsg_type == SO_RXQ_OVFL) {
			memcpy(&lost, CMSG_DATA(part_of), sizeof(lost));
			*lost_r = lost;
		}
	*len_r = (size_t)got;
	return true;
}
