/*
 * Children by posix_spawn. One epoll holds, for each, its pidfd, both ends of its talk and the timer of its
 * limit. A child is over when it has ended, whatever else may still hold its pipes.
 *
 * Limits: it cannot be started in a folder or as a user of its own; 1 KiB of what it says is kept.
 */
#define _GNU_SOURCE
#include "responders/spawn.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define SPAWN_EVENTS    16
#define SPAWN_BACK_KEPT ((size_t)1024)
#define SPAWN_READS     16 /* of what one says before the others have their turn */
#define SPAWN_AGAIN     75 /* EX_TEMPFAIL of sysexits.h */
#define SPAWN_NOT_FOUND 127

enum spawn_end { SPAWN_IN, SPAWN_OUT, SPAWN_PID, SPAWN_TIMER, SPAWN_ENDS };

struct spawn_child;

/* What an epoll event points to. */
struct spawn_handle {
	struct spawn_child *child;
	enum spawn_end end;
	int fd;
};

struct spawn_child {
	struct spawn_child *next;
	struct spawn_pool *pool;
	uint64_t number;
	pid_t pid; /* 0: it could not be started */
	struct spawn_handle handles[SPAWN_ENDS];
	char *input;
	size_t input_len, sent;
	struct text back;
	int status;
	bool late, over;
};

struct spawn_pool {
	spawn_done *done;
	void *context;
	int epoll;
	int nudge; /* readable while a child is over that never had a pidfd */
	struct spawn_child *children;
};

struct spawn_pool *spawn_open(spawn_done *done, void *context, struct error *error)
{
	struct spawn_pool *pool = memory_new(1, sizeof(*pool));
	struct epoll_event event = { .events = EPOLLIN };

	pool->done = done;
	pool->context = context;
	pool->epoll = epoll_create1(EPOLL_CLOEXEC);
	pool->nudge = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (pool->epoll >= 0 && pool->nudge >= 0 &&
	    epoll_ctl(pool->epoll, EPOLL_CTL_ADD, pool->nudge, &event) == 0)
		return pool;
	error_set(error, "%s", strerror(errno));
	spawn_close(&pool);
	return NULL;
}

static void spawn_hush(struct spawn_handle *handle)
{
	if (handle->fd >= 0)
		close(handle->fd); /* which takes it out of the epoll */
	handle->fd = -1;
}

static void spawn_free(struct spawn_child *child)
{
	struct spawn_child **place = &child->pool->children;

	while (*place != child)
		place = &(*place)->next;
	*place = child->next;
	for (int i = 0; i < SPAWN_ENDS; i++)
		spawn_hush(&child->handles[i]);
	free(child->input);
	text_free(&child->back);
	free(child);
}

static void spawn_kill(const struct spawn_child *child)
{
	if (child->pid > 0 && kill(-child->pid, SIGKILL) != 0)
		(void)kill(child->pid, SIGKILL);
}

void spawn_close(struct spawn_pool **pool)
{
	if (*pool == NULL)
		return;
	while ((*pool)->children != NULL) {
		struct spawn_child *child = (*pool)->children;

		spawn_kill(child);
		if (child->pid > 0 && !child->over)
			(void)waitpid(child->pid, NULL, 0);
		spawn_free(child);
	}
	if ((*pool)->epoll >= 0)
		close((*pool)->epoll);
	if ((*pool)->nudge >= 0)
		close((*pool)->nudge);
	free(*pool);
	*pool = NULL;
}

static bool spawn_watch(struct spawn_child *child, enum spawn_end end, int fd, uint32_t events)
{
	struct spawn_handle *handle = &child->handles[end];
	struct epoll_event event = { .events = events, .data.ptr = handle };

	*handle = (struct spawn_handle){ child, end, fd };
	return fd >= 0 && epoll_ctl(child->pool->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* The program itself: signals as they are by default, a process group of its own, nothing open but 0, 1, 2. */
static bool spawn_exec(struct spawn_child *child, const char *const *arguments, int in, int out)
{
	static const char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	static const char locale[] = "LC_ALL=C";
	char *environment[] = { memory_copy(span_of(path)), memory_copy(span_of(locale)), NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	size_t count = 0;
	char **copies;
	int failed;

	while (arguments[count] != NULL)
		count++;
	copies = memory_new(count + 1, sizeof(*copies));
	for (size_t i = 0; i < count; i++)
		copies[i] = memory_copy(span_of(arguments[i]));
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes,
				 POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, 0);
	posix_spawn_file_actions_adddup2(&actions, out, 1);
	posix_spawn_file_actions_adddup2(&actions, out, 2);
	failed = posix_spawn(&child->pid, copies[0], &actions, &attributes, copies, environment);
	if (failed != 0)
		child->pid = 0;
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	for (size_t i = 0; i < count; i++)
		free(copies[i]);
	free(copies);
	free(environment[0]);
	free(environment[1]);
	errno = failed;
	return failed == 0;
}

/* 0, or what went wrong. */
static int spawn_begin(struct spawn_child *child, const char *const *arguments, usec_t limit)
{
	struct itimerspec when = { .it_value = { .tv_sec = limit / USEC_SECOND,
						 .tv_nsec = limit % USEC_SECOND * 1000 + 1 } };
	int in[2] = { -1, -1 }, out[2] = { -1, -1 };
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	bool good = timer >= 0 && pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 &&
		    spawn_exec(child, arguments, in[0], out[1]);
	int failed = good ? 0 : errno;

	if (good) {
		(void)fcntl(in[1], F_SETFL, O_NONBLOCK);
		(void)fcntl(out[0], F_SETFL, O_NONBLOCK);
		(void)timerfd_settime(timer, 0, &when, NULL);
	}
	if (in[0] >= 0)
		close(in[0]);
	if (out[1] >= 0)
		close(out[1]);
	/* All three are the child's to close now, whether they could be watched or not. */
	(void)spawn_watch(child, SPAWN_IN, in[1], EPOLLOUT);
	(void)spawn_watch(child, SPAWN_OUT, out[0], EPOLLIN);
	(void)spawn_watch(child, SPAWN_TIMER, timer, EPOLLIN);
	if (good && !spawn_watch(child, SPAWN_PID, (int)syscall(SYS_pidfd_open, child->pid, 0), EPOLLIN))
		failed = errno;
	return failed;
}

/* Will it do later? There are no processes, descriptors or memory left, or the program is just being replaced. */
static bool spawn_passes(int failed)
{
	return failed == EAGAIN || failed == ENOMEM || failed == EMFILE || failed == ENFILE ||
	       failed == ETXTBSY;
}

void spawn_start(struct spawn_pool *pool, uint64_t number, const char *const *arguments, struct span input,
		 usec_t limit)
{
	struct spawn_child *child = memory_new(1, sizeof(*child));
	uint64_t one = 1;
	int failed;

	child->pool = pool;
	child->number = number;
	child->input = memory_copy(input);
	child->input_len = input.len;
	child->back.ceiling = SPAWN_BACK_KEPT;
	child->next = pool->children;
	pool->children = child;
	for (int i = 0; i < SPAWN_ENDS; i++)
		child->handles[i].fd = -1;
	failed = spawn_begin(child, arguments, limit);
	if (failed == 0)
		return;
	if (child->pid > 0) { /* it runs, but nobody could tell when it ends */
		spawn_kill(child);
		(void)waitpid(child->pid, NULL, 0);
	}
	text_add_format(&child->back, "%s: %s", arguments[0], strerror(failed));
	child->status = spawn_passes(failed) ? SPAWN_AGAIN : SPAWN_NOT_FOUND;
	child->over = true;
	(void)!write(pool->nudge, &one, sizeof(one));
}

static void spawn_write(struct spawn_child *child)
{
	struct spawn_handle *handle = &child->handles[SPAWN_IN];
	ssize_t written = 1;

	while (child->sent < child->input_len && written > 0) {
		written = write(handle->fd, child->input + child->sent, child->input_len - child->sent);
		if (written > 0)
			child->sent += (size_t)written;
	}
	/* All of it, or a program that does not care to read it. */
	if (child->sent == child->input_len || (written < 0 && errno != EAGAIN && errno != EINTR))
		spawn_hush(handle);
}

/* Not until there is nothing: one that writes without end would keep us here, and its limit from being looked at. */
static void spawn_read(struct spawn_child *child)
{
	struct spawn_handle *handle = &child->handles[SPAWN_OUT];
	char bytes[4096];
	ssize_t len = 1;

	for (int i = 0; i < SPAWN_READS && handle->fd >= 0 && len > 0; i++) {
		len = read(handle->fd, bytes, sizeof(bytes));
		if (len > 0)
			text_add(&child->back, (struct span){ bytes, (size_t)len });
		if (len == 0)
			spawn_hush(handle);
	}
}

static void spawn_wait(struct spawn_child *child)
{
	int status = 0;

	if (waitpid(child->pid, &status, WNOHANG) != child->pid)
		return;
	child->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	child->over = true;
	spawn_hush(&child->handles[SPAWN_PID]);
}

static void spawn_event(const struct spawn_handle *handle)
{
	struct spawn_child *child = handle->child;

	switch (handle->end) {
	case SPAWN_IN:
		if (handle->fd >= 0)
			spawn_write(child);
		break;
	case SPAWN_OUT:
		spawn_read(child);
		break;
	case SPAWN_PID:
		spawn_wait(child);
		break;
	case SPAWN_TIMER:
		child->late = !child->over;
		spawn_kill(child);
		spawn_hush(&child->handles[SPAWN_TIMER]);
		break;
	case SPAWN_ENDS:
		break;
	}
}

int spawn_fd(const struct spawn_pool *pool)
{
	return pool->epoll;
}

/* Children are put away after all events of a bite, which point to them. */
void spawn_run(struct spawn_pool *pool)
{
	struct epoll_event events[SPAWN_EVENTS];
	int count = epoll_wait(pool->epoll, events, SPAWN_EVENTS, 0);
	struct spawn_child *child, *next;
	uint64_t nudges;

	for (int i = 0; i < count; i++) {
		if (events[i].data.ptr == NULL)
			(void)!read(pool->nudge, &nudges, sizeof(nudges));
		else
			spawn_event(events[i].data.ptr);
	}
	for (child = pool->children; child != NULL; child = next) {
		next = child->next;
		if (!child->over)
			continue;
		spawn_read(child);
		pool->done(pool->context, &(struct spawn_result){ child->number, child->status, child->late,
								  text_span(&child->back) });
		spawn_free(child);
	}
}
