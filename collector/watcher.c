/*
 * inotify and a timer behind one epoll descriptor. Where the kernel grants no inotify (limits, seccomp), the
 * watcher says so by numbers of -1 and its owner polls.
 */
#define _GNU_SOURCE
#include "collector/watcher.h"

#include "base/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define WATCHER_FILE   (IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF)
#define WATCHER_NAMES  (IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE)
#define WATCHER_FOLDER (WATCHER_NAMES | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

struct watcher {
	int all, changes, timer;
	bool deaf;
};

static bool watcher_join(struct watcher *watcher, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data = { .fd = fd } };

	return epoll_ctl(watcher->all, EPOLL_CTL_ADD, fd, &event) == 0;
}

struct watcher *watcher_new(bool polling, struct error *error)
{
	struct watcher *watcher = memory_new(1, sizeof(*watcher));

	watcher->all = epoll_create1(EPOLL_CLOEXEC);
	watcher->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	watcher->changes = polling ? -1 : inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watcher->all < 0 || watcher->timer < 0 || !watcher_join(watcher, watcher->timer)) {
		error_set(error, "cannot wait for changes of files: %s", strerror(errno));
		watcher_free(&watcher);
		return NULL;
	}
	if (watcher->changes >= 0)
		(void)watcher_join(watcher, watcher->changes);
	return watcher;
}

void watcher_free(struct watcher **watcher)
{
	struct watcher *old = *watcher;

	if (old == NULL)
		return;
	for (int i = 0; i < 3; i++) {
		int fd = i == 0 ? old->changes : i == 1 ? old->timer : old->all;

		if (fd >= 0)
			close(fd);
	}
	free(old);
	*watcher = NULL;
}

int watcher_fd(const struct watcher *watcher)
{
	return watcher->all;
}

static int watcher_add(struct watcher *watcher, const char *path, uint32_t mask)
{
	return watcher->changes < 0 ? -1 : inotify_add_watch(watcher->changes, path, mask);
}

int watcher_add_file(struct watcher *watcher, const char *path)
{
	return watcher_add(watcher, path, WATCHER_FILE);
}

/* By the descriptor, since the name may mean another file by now. */
int watcher_add_open(struct watcher *watcher, int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return watcher_add(watcher, path, WATCHER_FILE);
}

int watcher_add_folder(struct watcher *watcher, const char *path)
{
	return watcher_add(watcher, path, WATCHER_FOLDER);
}

void watcher_remove(struct watcher *watcher, int number)
{
	if (watcher->changes >= 0 && number >= 0)
		inotify_rm_watch(watcher->changes, number);
}

static void watcher_tell(const char *bytes, size_t len,
			 void (*happened)(void *context, int number, bool names), void *context)
{
	size_t at = 0;

	while (at + sizeof(struct inotify_event) <= len) {
		struct inotify_event event;

		memcpy(&event, bytes + at, sizeof(event));
		at += sizeof(event) + event.len;
		if (event.mask & IN_Q_OVERFLOW)
			happened(context, -1, true);
		else
			happened(context, event.wd,
				 (event.mask & (WATCHER_NAMES | IN_MOVE_SELF | IN_DELETE_SELF | IN_IGNORED |
						IN_ATTRIB)) != 0);
	}
}

void watcher_read(struct watcher *watcher, void (*happened)(void *context, int number, bool names),
		  void *context)
{
	char bytes[16 * 1024];
	uint64_t times;
	ssize_t got;

	while (read(watcher->timer, &times, sizeof(times)) > 0)
		;
	while (watcher->changes >= 0 && (got = read(watcher->changes, bytes, sizeof(bytes))) > 0)
		watcher_tell(bytes, (size_t)got, happened, context);
}

void watcher_arm(struct watcher *watcher, usec_t delay, bool deaf)
{
	struct itimerspec moment = { 0 };

	if (delay != USEC_NEVER) {
		if (delay < 1000)
			delay = 1000;
		moment.it_value.tv_sec = (time_t)(delay / USEC_SECOND);
		moment.it_value.tv_nsec = (long)(delay % USEC_SECOND * 1000);
	}
	timerfd_settime(watcher->timer, 0, &moment, NULL);
	if (watcher->changes >= 0 && deaf != watcher->deaf) {
		struct epoll_event event = { .events = deaf ? 0 : EPOLLIN,
					     .data = { .fd = watcher->changes } };

		epoll_ctl(watcher->all, EPOLL_CTL_MOD, watcher->changes, &event);
		watcher->deaf = deaf;
	}
}
