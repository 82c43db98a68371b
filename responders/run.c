/*
 * Standard error is kept too, for its last line: that is what people need when a command fails. The program gets
 * a process group of its own, so that killing it reaches its children.
 */
#define _GNU_SOURCE
#include "responders/run.h"

#include "base/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUN_LOOK (50 * (usec_t)1000) /* so long it is silent before it is looked whether it has ended */

enum { RUN_IN, RUN_OUT, RUN_ERR, RUN_PIPES };

static const char *const run_environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=/",
					       NULL };

struct running {
	const struct run *run;
	pid_t pid;
	int fds[RUN_PIPES]; /* our ends; -1 where closed */
	struct span input;
	struct text complaint;
	usec_t until;
};

static void run_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* In the child: nothing of ours but the three pipes. */
static void run_child(const struct run *run, const int theirs[RUN_PIPES])
{
	sigset_t none;

	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* The deputy ignores some, and so may have who started us. */
	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL);
	if (dup2(theirs[RUN_IN], 0) < 0 || dup2(theirs[RUN_OUT], 1) < 0 || dup2(theirs[RUN_ERR], 2) < 0 ||
	    chdir("/") < 0)
		_exit(127);
	descriptors_close_from(3);
	/* execve takes what it does not change without const. */
	execve(run->argv[0], (char *const *)(uintptr_t)run->argv, (char *const *)(uintptr_t)run_environment);
	_exit(127);
}

static bool run_start(const struct run *run, struct running *running, struct error *error)
{
	int pipes[RUN_PIPES][2], theirs[RUN_PIPES], made = 0;

	while (made < RUN_PIPES && pipe2(pipes[made], O_CLOEXEC) == 0)
		made++;
	for (int i = 0; i < made; i++) {
		theirs[i] = pipes[i][i == RUN_IN ? 0 : 1];
		running->fds[i] = pipes[i][i == RUN_IN ? 1 : 0];
		(void)fcntl(running->fds[i], F_SETFL, O_NONBLOCK);
	}
	running->pid = made < RUN_PIPES ? -1 : fork();
	if (running->pid == 0)
		run_child(run, theirs);
	if (running->pid < 0)
		error_set(error, "%s: cannot be started: %s", run->argv[0], strerror(errno));
	for (int i = 0; i < made; i++) {
		close(theirs[i]);
		if (running->pid < 0)
			run_close(&running->fds[i]);
	}
	return running->pid > 0;
}

static void run_write(struct running *running)
{
	ssize_t done = running->input.len == 0
			       ? 0
			       : write(running->fds[RUN_IN], running->input.at, running->input.len);

	if (done > 0)
		running->input = span_from(running->input, (size_t)done);
	if (running->input.len == 0 || (done < 0 && errno != EAGAIN && errno != EINTR))
		run_close(&running->fds[RUN_IN]);
}

static void run_read(int *fd, struct text *into)
{
	char piece[8192];
	ssize_t got = read(*fd, piece, sizeof(piece));

	if (got > 0 && into != NULL)
		text_add(into, (struct span){ piece, (size_t)got });
	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		run_close(fd);
}

static bool run_is_over(const struct running *running)
{
	siginfo_t about = { .si_pid = 0 };

	return waitid(P_PID, (id_t)running->pid, &about, WEXITED | WNOHANG | WNOWAIT) != 0 ||
	       about.si_pid != 0;
}

/* Until all pipes are closed, the time is over, or it has ended and is silent: a daemon it left may hold them still. */
static void run_talk(struct running *running)
{
	const struct run *run = running->run;
	bool over = false;

	while (running->fds[RUN_OUT] >= 0 || running->fds[RUN_ERR] >= 0) {
		struct pollfd fds[RUN_PIPES];
		usec_t left = running->until - clock_monotonic();

		if (left <= 0)
			return;
		for (int i = 0; i < RUN_PIPES; i++)
			fds[i] = (struct pollfd){ .fd = running->fds[i],
						  .events = i == RUN_IN ? POLLOUT : POLLIN };
		left = left < RUN_LOOK ? left : RUN_LOOK;
		if (poll(fds, RUN_PIPES, over ? 0 : (int)(left / 1000) + 1) <= 0) {
			if (over)
				return;
			over = run_is_over(running); /* then what it said last is read */
			continue;
		}
		if (fds[RUN_IN].revents != 0)
			run_write(running);
		if (fds[RUN_OUT].revents != 0)
			run_read(&running->fds[RUN_OUT], run->output);
		if (fds[RUN_OUT].revents != 0 && run->sift != NULL)
			run->sift(run->context, run->output);
		if (fds[RUN_ERR].revents != 0)
			run_read(&running->fds[RUN_ERR], &running->complaint);
	}
}

/* True where it ended by itself and in time. */
static bool run_wait(const struct running *running, int *status)
{
	while (waitpid(running->pid, status, WNOHANG) == 0) {
		if (clock_monotonic() >= running->until) {
			kill(-running->pid, SIGKILL);
			(void)waitpid(running->pid, status, 0);
			return false;
		}
		(void)poll(NULL, 0, 2);
	}
	return true;
}

static struct span run_last_line(const struct text *complaint)
{
	struct span text = span_trim(text_span(complaint)), last;

	return span_cut_last(&text, SPAN("\n"), &last) ? last : text;
}

bool run_program(const struct run *run, int *status_r, struct error *error)
{
	struct running running = { .run = run,
				   .input = run->input,
				   .fds = { -1, -1, -1 },
				   .complaint = { .ceiling = 4096 },
				   .until = clock_monotonic() + run->timeout };
	struct text said = { 0 };
	int status = 0;
	bool good;

	if (!run_start(run, &running, error))
		return false;
	run_talk(&running);
	good = run_wait(&running, &status);
	text_add_printable(&said, span_head(run_last_line(&running.complaint), 160));
	if (!good)
		error_set(error, "%s: took longer than %lld s and was killed", run->argv[0],
			  (long long)(run->timeout / USEC_SECOND));
	else if (!WIFEXITED(status) || WEXITSTATUS(status) == 127)
		good = error_set(error, "%s: %s", run->argv[0],
				 WIFEXITED(status) ? "cannot be run" : "died of a signal");
	else
		error_set(error, "%s: exit status %d%s%s", run->argv[0], WEXITSTATUS(status),
			  said.len > 0 ? ": " : "", said.len > 0 ? said.at : "");
	if (good)
		*status_r = WEXITSTATUS(status);
	for (int i = 0; i < RUN_PIPES; i++)
		run_close(&running.fds[i]);
	text_free(&running.complaint);
	text_free(&said);
	return good;
}

bool run_well(const struct run *run, struct error *error)
{
	int status = 0;

	return run_program(run, &status, error) && status == 0;
}
