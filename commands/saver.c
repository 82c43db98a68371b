/* A child inherits only this thread, which is all that it needs: it packs, writes and ends. */
#define _GNU_SOURCE
#include "commands/saver.h"

#include "base/log.h"
#include "detectors/store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAVER_FORKS 20000             /* accounts from which a child writes: some 20 ms of writing */
#define SAVER_SLOW  (USEC_SECOND / 4) /* a wait for the disk that is long enough for a child, too */

/* Shares of the time: of a processor, and of waiting for the disk, which costs nobody anything but a stale state. */
#define SAVER_WORK 20
#define SAVER_WAIT 2

/* Said once that it works again: who is told of the trouble wants to know. */
static void saver_done(struct saver *saver, usec_t work, bool good)
{
	usec_t took = clock_monotonic() - saver->began;

	saver->slow = took - work > SAVER_SLOW;
	took *= SAVER_WAIT;
	saver->pause = work * SAVER_WORK > took ? work * SAVER_WORK : took;
	if (good && saver->failed)
		log_say(clock_now(), LOG_LEVEL_INFO, "the state is saved again");
	saver->failed = !good;
}

static void saver_end(struct saver *saver, int status, const struct rusage *used)
{
	usec_t seconds = used->ru_utime.tv_sec + used->ru_stime.tv_sec;

	saver->child = 0;
	close(saver->ended);
	/* What it met it said itself, but for this. */
	if (WIFSIGNALED(status))
		log_say(clock_now(), LOG_LEVEL_ERROR, "the child that saves was killed by signal %d",
			WTERMSIG(status));
	saver_done(saver, seconds * USEC_SECOND + used->ru_utime.tv_usec + used->ru_stime.tv_usec,
		   WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int saver_fd(const struct saver *saver)
{
	return saver->child == 0 ? -1 : saver->ended;
}

bool saver_busy(struct saver *saver)
{
	struct rusage used = { 0 };
	int status = 0;

	if (saver->child != 0 && wait4(saver->child, &status, WNOHANG, &used) != 0)
		saver_end(saver, status, &used);
	return saver->child != 0;
}

static bool saver_write(const struct saver_work *work, struct span text, struct error *error)
{
	return resume_save(work->state, text, work->pipeline, work->health, error);
}

/* False where there can be no child just now. */
static bool saver_fork(struct saver *saver, const struct saver_work *work, struct span text)
{
	pid_t parent = getpid(), child;
	int ended[2];

	if (pipe2(ended, O_CLOEXEC) != 0)
		return false;
	child = fork();
	if (child == 0) {
		struct error error;
		bool good;

		/* Left alone, it could put an old state in the place of what a next start saves. */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
			_exit(1);
		good = saver_write(work, text, &error);

		if (!good)
			log_say(clock_now(), LOG_LEVEL_ERROR, "%s", error.text);
		_exit(good ? 0 : 1);
	}
	/* The other end is the child's alone: it is closed with it. */
	close(ended[1]);
	if (child > 0) {
		saver->child = child;
		saver->ended = ended[0];
	} else {
		close(ended[0]);
	}
	return child > 0;
}

bool saver_save(struct saver *saver, const struct saver_work *work, bool at_once, struct error *error)
{
	struct store *store = pipeline_store(work->pipeline);
	struct text text = { 0 };
	struct rusage used = { 0 };
	usec_t before = clock_work();
	bool good = true, beside;
	int status = 0;

	if (saver_busy(saver) && !at_once)
		return true;
	/* Its file would otherwise take the place of the newer one. */
	while (saver->child != 0)
		if (wait4(saver->child, &status, 0, &used) > 0 || errno != EINTR)
			saver_end(saver, status, &used);
	saver->began = clock_monotonic();
	resume_text(work->marks, work->collector, work->pipeline, &text);
	/* What is shared is not written here: there is little to do. */
	beside = saver->slow ||
		 (!pipeline_is_shared(work->pipeline) && store->calls->stats(store).records >= SAVER_FORKS);
	if (at_once || !beside || !saver_fork(saver, work, text_span(&text))) {
		good = saver_write(work, text_span(&text), error);
		saver_done(saver, clock_work() - before, good);
	}
	text_free(&text);
	return good;
}

usec_t saver_due(const struct saver *saver, usec_t every)
{
	return saver->began + (saver->pause > every ? saver->pause : every);
}
