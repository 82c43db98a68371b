/*
 * `sendwatch watch`: the daemon, in the foreground. One loop: read what the logs have, tell whom it concerns,
 * write down how far that was, and wait for more. SIGTERM and SIGINT end it with its state saved; SIGHUP takes
 * new settings in, whole or not at all.
 *
 * What watch remembers is saved every minute, at a moment when every line that was read is dealt with. After a
 * crash reading resumes there; verdicts that are found a second time are known by their ids.
 */
#define _GNU_SOURCE
#include "commands/command.h"
#include "commands/deliver.h"
#include "commands/options.h"
#include "commands/pipeline.h"

#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef HAVE_LIBSYSTEMD
#include <systemd/sd-daemon.h>
#endif

#define WATCH_BITE    2000 /* lines between two looks at signals and webhooks: some milliseconds */
#define WATCH_LONGEST (10 * USEC_SECOND)

struct watch {
	const struct arguments *arguments;
	struct options *options;
	struct pipeline *pipeline;
	struct collector *collector;
	struct deliver *deliver;
	int signals;
	usec_t saved;    /* by the monotonic clock, as all times here but those that are told */
	usec_t watchdog; /* how often systemd wants to hear of us; 0: it does not */
	usec_t idled;
	bool ready, stop, failed;
};

static void watch_notify(const char *state)
{
#ifdef HAVE_LIBSYSTEMD
	(void)sd_notify(0, state);
#else
	(void)state;
#endif
}

static usec_t watch_watchdog(void)
{
	uint64_t every = 0;

#ifdef HAVE_LIBSYSTEMD
	if (sd_watchdog_enabled(0, &every) <= 0)
		every = 0;
#endif
	return (usec_t)every / 2;
}

static void watch_verdict(void *context, const struct verdict *verdict)
{
	struct watch *watch = context;

	deliver_verdict(watch->deliver, clock_now(), verdict);
}

static void watch_trouble(void *context, const char *words)
{
	(void)context;
	log_say(clock_now(), LOG_LEVEL_WARNING, "%s", words);
}

static struct collector *watch_follow(struct pipeline *pipeline, const struct options *options,
				      const struct arguments *arguments, struct error *error)
{
	const struct collector_calls calls = pipeline_calls(pipeline);
	const struct setting_list *files = &options->logs.files;
	struct collector_follow_options follow = { .start = options->logs.start, .since = USEC_NEVER };
	struct collector *collector;
	struct text positions = { 0 };

	text_add_format(&positions, "%s/positions", options->watch.state);
	follow.positions = positions.at;
	if (arguments->count > 0)
		collector = collector_follow(arguments->names, arguments->count, &follow, &calls, error);
	else
		collector = collector_follow((const char *const *)files->texts, files->count, &follow, &calls,
					     error);
	text_free(&positions);
	return collector;
}

static struct pipeline *watch_build(struct watch *watch, const struct options *options, struct error *error)
{
	const struct pipeline_watcher watcher = { .context = watch,
						  .verdict = watch_verdict,
						  .trouble = watch_trouble };

	return pipeline_new(options, &watcher, error);
}

static void watch_save(struct watch *watch)
{
	struct error error;

	if (!collector_save(watch->collector, &error))
		log_say(clock_now(), LOG_LEVEL_ERROR, "%s", error.text);
	watch->saved = clock_monotonic();
}

/* Everything anew from the new settings; only when all of it stands is the old put away. */
static void watch_reload(struct watch *watch)
{
	struct options *options = memory_new(1, sizeof(*options));
	struct deliver *deliver = NULL;
	struct error error;

	watch_notify("RELOADING=1");
	if (options_load(watch->arguments, options, &error))
		deliver = deliver_open(options, &error);
	if (deliver == NULL) {
		log_say(clock_now(), LOG_LEVEL_ERROR, "the settings stay as they were: %s", error.text);
		options_free(options);
		free(options);
	} else {
		deliver_close(&watch->deliver);
		watch->deliver = deliver;
		log_say(clock_now(), LOG_LEVEL_INFO, "new settings are in force");
	}
	watch_notify("READY=1");
}

static void watch_signals(struct watch *watch)
{
	struct signalfd_siginfo signal;

	while (read(watch->signals, &signal, sizeof(signal)) == (ssize_t)sizeof(signal)) {
		if (signal.ssi_signo == SIGHUP)
			watch_reload(watch);
		else
			watch->stop = true;
	}
}

/* Until when nothing needs to be done unless somebody calls. */
static usec_t watch_pause(const struct watch *watch)
{
	usec_t now = clock_monotonic(), wall = clock_now(), due = deliver_due(watch->deliver, wall);
	usec_t pause = watch->saved + watch->options->watch.save_every - now;

	if (due != USEC_NEVER && due - wall < pause)
		pause = due - wall;
	if (watch->watchdog > 0 && watch->watchdog < pause)
		pause = watch->watchdog;
	pause = pause > WATCH_LONGEST ? WATCH_LONGEST : pause;
	return pause < 0 ? 0 : pause;
}

static void watch_wait(struct watch *watch, bool idle)
{
	struct pollfd fds[DELIVER_FDS + 2];
	size_t count = deliver_fds(watch->deliver, fds);
	usec_t pause = idle ? watch_pause(watch) : 0;

	fds[count++] = (struct pollfd){ .fd = watch->signals, .events = POLLIN };
	fds[count++] = (struct pollfd){ .fd = collector_fd(watch->collector), .events = POLLIN };
	/* Rounded up: waking a little too early would mean going round for nothing. */
	if (poll(fds, count, (int)((pause + 999) / 1000)) < 0 && errno != EINTR)
		log_say(clock_now(), LOG_LEVEL_ERROR, "poll: %s", strerror(errno));
}

static void watch_loop(struct watch *watch)
{
	while (!watch->stop) {
		bool idle = pipeline_run(watch->pipeline, watch->collector, WATCH_BITE) != COLLECTED_LINE;

		if (idle && !watch->ready) {
			watch->ready = true;
			log_say(clock_now(), LOG_LEVEL_INFO, "has caught up, and follows");
			watch_notify("READY=1\nSTATUS=following");
		}
		deliver_step(watch->deliver, clock_now());
		if (clock_monotonic() - watch->saved >= watch->options->watch.save_every)
			watch_save(watch);
		if (watch->watchdog > 0)
			watch_notify("WATCHDOG=1");
		watch_wait(watch, idle);
		watch_signals(watch);
	}
}

static int watch_block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static bool watch_open(struct watch *watch, struct error *error)
{
	const char *state = watch->options->watch.state;

	watch->signals = watch_block_signals();
	if (watch->signals < 0)
		return error_set(error, "signals: %s", strerror(errno));
	if (state == NULL)
		return error_set(error, "[watch] state: names no folder");
	if (mkdir(state, 0700) != 0 && errno != EEXIST)
		return error_set(error, "%s: %s", state, strerror(errno));
	watch->deliver = deliver_open(watch->options, error);
	if (watch->deliver == NULL)
		return false;
	watch->pipeline = watch_build(watch, watch->options, error);
	if (watch->pipeline == NULL)
		return false;
	watch->collector = watch_follow(watch->pipeline, watch->options, watch->arguments, error);
	watch->saved = clock_monotonic();
	watch->watchdog = watch_watchdog();
	return watch->collector != NULL;
}

static void watch_close(struct watch *watch)
{
	if (watch->collector != NULL)
		watch_save(watch);
	collector_close(&watch->collector);
	pipeline_free(&watch->pipeline);
	deliver_close(&watch->deliver);
	if (watch->signals >= 0)
		close(watch->signals);
}

int command_watch(const struct arguments *arguments)
{
	struct options options;
	struct watch watch = { .arguments = arguments, .options = &options, .signals = -1 };
	struct error error;
	int status = EXIT_DONE;

	if (!options_load(arguments, &options, &error)) {
		fprintf(stderr, "sendwatch watch: %s\n", error.text);
		return EXIT_USAGE;
	}
	log_open(&options.log, stderr, getenv("JOURNAL_STREAM") != NULL);
	if (watch_open(&watch, &error)) {
		log_say(clock_now(), LOG_LEVEL_INFO, "sendwatch %s reads", SENDWATCH_VERSION);
		watch_loop(&watch);
		watch_notify("STOPPING=1");
		log_say(clock_now(), LOG_LEVEL_INFO, "stops");
	} else {
		log_say(clock_now(), LOG_LEVEL_ERROR, "%s", error.text);
		status = EXIT_FAILED;
	}
	watch_close(&watch);
	options_free(&options);
	return status;
}
