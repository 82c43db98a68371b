/*
 * `sendwatch watch`: the daemon, in the foreground. One loop, watch_loop: read what the logs have, tell whom it
 * concerns, write down how far that was, and wait for more. What is found in the logs goes its way through
 * watch_work.c. SIGTERM and SIGINT end it with its state saved; SIGHUP and `sendwatch reload` take new settings in,
 * whole or not at all.
 *
 * What is known, and how far was read, is saved every minute, at a moment when every line before it is dealt
 * with. At start, and for new settings, that is read back (resume.h), and following goes on behind it. Verdicts that
 * are found a second time are known by their ids.
 */
#define _GNU_SOURCE
#include "commands/alone.h"
#include "commands/command.h"
#include "commands/control.h"
#include "commands/demote.h"
#include "commands/saver.h"
#include "commands/service.h"
#include "commands/status.h"
#include "commands/watch_orders.h"
#include "commands/watch_work.h"

#include "base/memory.h"
#include "detectors/store.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define WATCH_BITE 2000 /* lines between two looks at signals and webhooks: some milliseconds */
#define WATCH_LONGEST \
	(60 * USEC_SECOND) /* at rest: as often as the state is saved, and the watchdog wants to hear */
#define WATCH_ASKS    (10 * USEC_SECOND) /* whether the store is back */
#define WATCH_SILENCE 8                  /* looks for silence within the time after which it is told */
#define WATCH_SETTLES (2 * USEC_SECOND)
#define WATCH_LEARNS  (10 * USEC_SECOND) /* so often systemd hears that learning goes on */
#define WATCH_FDS     9                  /* of our own to wait on, beside those of the targets */

struct watch {
	const struct arguments *arguments;
	struct watch_lasting lasting; /* the same from start to end */
	struct watch_work *work;      /* of the settings that are in force */
	struct control *control;
	struct status *status;
	int signals;
	struct saver saver;
	usec_t watchdog; /* how often systemd wants to hear of us; 0: it does not */
	/* On the monotonic clock: */
	usec_t heard;      /* when the last line was read */
	usec_t idle;       /* when there last was nothing more to read */
	usec_t learns;     /* when systemd was last told that it learns */
	bool ready;        /* has caught up once */
	bool stop, reload; /* wanted, by a signal */
	bool journald;     /* standard error is the journal */
	bool store_away;
	bool store_full; /* with what it could not send: reading waits */
};

static void watch_released(void *context, struct span account, usec_t when, usec_t until, bool repeated)
{
	watch_orders_released(((struct watch *)context)->work, account, when, until, repeated);
}

static void watch_too_late(void *context, struct span account)
{
	unstopped_note(&((struct watch *)context)->lasting.unstopped, account);
}

/* Who ought to be stopped, and is not: found too late, braked, or in a dry run, before this start or reload. */
static void watch_find_unstopped(struct watch *watch)
{
	struct store *store = pipeline_store(watch->work->pipeline);
	size_t count;
	const char *const *raised = judge_raised(pipeline_judge(watch->work->pipeline), &count);

	for (size_t i = 0; i < count; i++) {
		struct span account = span_of(raised[i]);
		const struct record *record = store->calls->record(store, account, false);

		if (record != NULL &&
		    act_is_owed(watch->lasting.act, account, record->standing.state, clock_now()))
			unstopped_note(&watch->lasting.unstopped, account);
	}
}

/*
 * Positions are saved only while all that was counted up to them is in safety. Where the store cannot say so
 * in time, those saved before stand: what is then read again will be known by its position.
 */
static void watch_save(struct watch *watch, bool at_once)
{
	const struct watch_work *work = watch->work;
	const struct saver_work what = { work->options->watch.state, work->marks, work->collector,
					 work->pipeline, work->health };
	struct store *store = pipeline_store(work->pipeline);
	usec_t until = clock_monotonic() + WATCH_SETTLES;
	struct error error;

	store_flush(store, clock_monotonic(), true);
	while (!store_clean(store) && clock_monotonic() < until && store_away(store, &error) == USEC_NEVER) {
		struct pollfd answered = { .fd = store_fd(store), .events = POLLIN };

		(void)poll(&answered, 1, 50);
		store_flush(store, clock_monotonic(), true);
	}
	if (!store_clean(store))
		watch->saver.began = clock_monotonic();
	else if (!saver_save(&watch->saver, &what, at_once, &error))
		log_say(clock_now(), LOG_LEVEL_ERROR, "%s", error.text);
}

/* Say once that the store cannot be reached, and once that it can again. */
static void watch_store(struct watch *watch)
{
	struct store *store = pipeline_store(watch->work->pipeline);
	struct error why;
	bool away;

	store_flush(store, clock_monotonic(), false);
	away = store_away(store, &why) != USEC_NEVER;
	if (away && !watch->store_away)
		log_say(clock_now(), LOG_LEVEL_ERROR,
			"the store cannot be reached, and counting goes on here: %s", why.text);
	else if (!away && watch->store_away)
		log_say(clock_now(), LOG_LEVEL_INFO, "the store is back");
	watch->store_away = away;
	if (store_full(store) != watch->store_full) {
		watch->store_full = !watch->store_full;
		log_say(clock_now(), watch->store_full ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO,
			watch->store_full
				? "reading waits until the store is back: the logs hold what is to come"
				: "reading goes on");
	}
}

/* What the signals that came want of us. */
static void watch_hear(struct watch *watch)
{
	struct signalfd_siginfo signal;

	while (read(watch->signals, &signal, sizeof(signal)) == (ssize_t)sizeof(signal)) {
		if (signal.ssi_signo == SIGHUP)
			watch->reload = true;
		else
			watch->stop = true;
	}
}

/* Weeks of a large server's logs take longer than systemd waits by itself, and than anybody who ends us. */
static bool watch_goes_on(void *context)
{
	struct watch *watch = context;
	usec_t now = clock_monotonic();

	watch_hear(watch);
	if (watch->learns == 0 || now - watch->learns >= WATCH_LEARNS) {
		service_notify("EXTEND_TIMEOUT_USEC=900000000\nWATCHDOG=1");
		watch->learns = now;
	}
	return !watch->stop;
}

/* In the log, and to who asked for it. */
static bool watch_refuses(const char *what, const struct error *why, struct error *error)
{
	log_say(clock_now(), LOG_LEVEL_ERROR, "%s: %s", what, why->text);
	return error_set(error, "%s: %s", what, why->text);
}

/* Everything anew from the new settings; only when all of it stands is the old put away. */
static bool watch_reload(struct watch *watch, struct error *error)
{
	struct watch_work *fresh = memory_new(1, sizeof(*fresh));
	bool rehearsed = watch->work->options->act.dry_run;
	struct error why;
	bool good;

	log_listen();
	service_notify("RELOADING=1");
	status_enter(watch->status, DESK_RELOADS);
	watch_save(watch, true);
	(void)address_lists_save(watch->work->lists, clock_now(), &why);
	if (!act_reload_begin(watch->lasting.act, watch->arguments, &why)) {
		free(fresh);
		good = watch_refuses("the settings stay as they were", &why, error);
	} else if (watch_work_open(fresh, &watch->lasting, watch->arguments, &why)) {
		good = act_reload_end(watch->lasting.act, true, &why) ||
		       watch_refuses("not all of the new settings is in force", &why, error);
		if (!status_reload(watch->status, watch->arguments, &why))
			good = watch_refuses("the status page stays as it was", &why, error);
		watch_work_close(watch->work);
		free(watch->work);
		watch->work = fresh;
		if (rehearsed)
			watch_find_unstopped(watch);
		log_open(&fresh->options->log, stderr, watch->journald);
		log_say(clock_now(), LOG_LEVEL_INFO, "new settings are in force");
	} else {
		free(fresh);
		(void)act_reload_end(watch->lasting.act, false, NULL);
		good = watch_refuses("the settings stay as they were", &why, error);
	}
	memory_trim(); /* all was there twice: it would stay so large */
	service_notify("READY=1");
	return good;
}

static bool watch_obey(void *context, const struct control_order *typed, struct error *error)
{
	struct watch *watch = context;

	if (!span_equal(typed->verb, SPAN("reload")))
		return watch_orders_obey(watch->work, watch->lasting.act, typed, error);
	if (!watch_reload(watch, error))
		return false;
	error->text[0] = '\0';
	return true;
}

static void watch_signals(struct watch *watch)
{
	struct error error;

	watch_hear(watch);
	while (watch->reload && !watch->stop) {
		watch->reload = false;
		(void)watch_reload(watch, &error);
	}
}

/* PAUSE, or the time from NOW to DUE where that is shorter; both on one clock. */
static usec_t watch_sooner(usec_t pause, usec_t due, usec_t now)
{
	return due != USEC_NEVER && due - now < pause ? due - now : pause;
}

/* For how long nothing needs to be done unless somebody calls. */
static usec_t watch_pause(const struct watch *watch)
{
	const struct watch_work *work = watch->work;
	const struct watch_options *options = &work->options->watch;
	usec_t wall = clock_now(), monotonic = clock_monotonic(), pause = WATCH_LONGEST;

	if (saver_fd(&watch->saver) < 0) /* else it says when it is done */
		pause = watch_sooner(pause, saver_due(&watch->saver, options->save_every), monotonic);
	pause = watch_sooner(pause, act_board_due(watch->lasting.act), monotonic);
	pause = watch_sooner(pause, act_due(watch->lasting.act), wall);
	pause = watch_sooner(pause, deliver_due(work->deliver, wall), wall);
	pause = watch_sooner(pause, address_lists_due(work->lists), wall);
	if (work->dnsbl != NULL)
		pause = watch_sooner(pause, dnsbl_due(work->dnsbl), wall);
	if (watch->watchdog > 0 && watch->watchdog < pause)
		pause = watch->watchdog;
	if (watch->store_away && pause > WATCH_ASKS)
		pause = WATCH_ASKS;
	if (control_is_deaf(watch->control) && pause > USEC_SECOND)
		pause = USEC_SECOND;
	if (options->silent_after / WATCH_SILENCE > 0 && options->silent_after / WATCH_SILENCE < pause)
		pause = options->silent_after / WATCH_SILENCE;
	return pause < 0 ? 0 : pause;
}

static void watch_wait(struct watch *watch, bool idle)
{
	struct pollfd fds[DELIVER_FDS + WATCH_FDS];
	struct store *store = pipeline_store(watch->work->pipeline);
	size_t count = deliver_fds(watch->work->deliver, fds);
	usec_t pause = idle ? watch_pause(watch) : 0;

	fds[count++] = (struct pollfd){ .fd = watch->signals, .events = POLLIN };
	if (!watch->store_full)
		fds[count++] = (struct pollfd){ .fd = collector_fd(watch->work->collector),
						.events = POLLIN };
	if (watch->work->dnsbl != NULL)
		fds[count++] = (struct pollfd){ .fd = dnsbl_fd(watch->work->dnsbl), .events = POLLIN };
	fds[count++] = (struct pollfd){ .fd = act_fd(watch->lasting.act), .events = POLLIN };
	fds[count++] = (struct pollfd){ .fd = act_board_fd(watch->lasting.act), .events = POLLIN };
	fds[count++] = (struct pollfd){ .fd = control_fd(watch->control), .events = POLLIN };
	fds[count++] = (struct pollfd){ .fd = status_fd(watch->status), .events = POLLIN };
	fds[count++] = (struct pollfd){ .fd = saver_fd(&watch->saver), .events = POLLIN };
	/* -1, which poll passes over, where the store has nothing to say. */
	fds[count++] = (struct pollfd){ .fd = store_fd(store), .events = POLLIN };
	if (!store_clean(store) && pause > watch->work->options->redis.flush)
		pause = watch->work->options->redis.flush;
	/* Rounded up: waking a little too early would mean going round for nothing. */
	if (poll(fds, count, (int)((pause + 999) / 1000)) < 0 && errno != EINTR)
		log_say(clock_now(), LOG_LEVEL_ERROR, "poll: %s", strerror(errno));
}

/* A bite of lines. True where there is nothing more for now. */
static bool watch_read(struct watch *watch)
{
	struct watch_work *work = watch->work;
	uint64_t before = pipeline_stats(work->pipeline).lines;
	enum collected got = pipeline_run(work->pipeline, work->collector, WATCH_BITE);
	struct pipeline_stats stats = pipeline_stats(work->pipeline);

	if (stats.lines != before)
		watch->heard = clock_monotonic();
	else
		pipeline_idle(work->pipeline, clock_monotonic() - watch->heard);
	blindness_look(&work->blindness, &work->options->watch, &stats, work->collector,
		       clock_monotonic() - watch->heard, clock_now(), work->deliver);
	if (got == COLLECTED_END) {
		log_say(clock_now(), LOG_LEVEL_INFO, "standard input is at its end");
		watch->stop = true;
	}
	return got != COLLECTED_LINE;
}

static void watch_status(struct watch *watch, bool idle)
{
	const struct board_view view = { .work = watch->work,
					 .tally = &watch->lasting.tally,
					 .saved = watch->saver.began,
					 .idle = watch->idle,
					 .ready = watch->ready,
					 .waits = watch->store_full };

	if (idle && !watch->store_full)
		watch->idle = clock_monotonic();
	status_turn(watch->status, &view, watch_obey, watch);
}

static void watch_loop(struct watch *watch)
{
	while (!watch->stop) {
		bool idle = watch->store_full || watch_read(watch);

		if (idle && !watch->store_full && !watch->ready) {
			watch->ready = true;
			log_say(clock_now(), LOG_LEVEL_INFO, "has caught up, and follows");
			service_notify("READY=1\nSTATUS=following");
		}
		watch_store(watch);
		control_step(watch->control);
		watch_status(watch, idle);
		act_step(watch->lasting.act, watch->work->deliver, clock_now());
		deliver_step(watch->work->deliver, clock_now());
		if (watch->work->dnsbl != NULL)
			dnsbl_step(watch->work->dnsbl, clock_now());
		address_lists_step(watch->work->lists, clock_now());
		if (!saver_busy(&watch->saver) &&
		    clock_monotonic() >= saver_due(&watch->saver, watch->work->options->watch.save_every))
			watch_save(watch, false);
		if (watch->watchdog > 0)
			service_notify("WATCHDOG=1");
		watch_wait(watch, idle && !watch->stop && !watch->reload);
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
	signal(SIGXFSZ, SIG_IGN); /* a file at its limit is an error of write, like a full disk */
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/*
 * In this order: what takes rights, which demote gives up; the folder of state, which is ours alone from alone_hold on;
 * what was in force before, so that it is again while the logs are learned from; then what the settings alone decide.
 */
static bool watch_open(struct watch *watch, const struct options *options, struct error *error)
{
	struct act *act = watch->lasting.act = act_open(watch->arguments, error);
	struct error why;

	if (act == NULL)
		return false;
	act_on_too_late(act, watch_too_late, watch);
	if (!demote(options, error) || !alone_hold(options->watch.state, error) || !act_start(act, error))
		return false;
	watch->status = status_open(watch->arguments, error);
	watch->lasting.learning = (struct resume_calls){ watch, watch_goes_on };
	if (watch->status == NULL || !watch_work_open(watch->work, &watch->lasting, watch->arguments, error))
		return false;
	act_on_release(act, watch_released, watch);
	act_orders_finish(act, watch->work->deliver, clock_now());
	watch->control = control_open(watch->work->options->watch.state, watch_obey, watch, &why);
	if (watch->control == NULL)
		log_say(clock_now(), LOG_LEVEL_ERROR, "no orders can be taken: %s", why.text);
	watch->saver.began = watch->heard = watch->idle = clock_monotonic();
	watch->watchdog = service_watchdog();
	watch_find_unstopped(watch);
	return true;
}

/* Whatever of it was opened: each of these passes over what was not. */
static void watch_close(struct watch *watch)
{
	status_close(&watch->status);
	control_close(&watch->control);
	watch_work_close(watch->work);
	act_close(&watch->lasting.act);
	unstopped_free(&watch->lasting.unstopped);
	free(watch->work);
	close(watch->signals);
}

int command_watch(const struct arguments *arguments)
{
	struct watch watch = { .arguments = arguments };
	struct error error;
	struct options options; /* until watch_work_open has its own */
	bool good;

	if (!options_load(arguments, &options, &error)) {
		fprintf(stderr, "sendwatch watch: %s\n", error.text);
		return EXIT_USAGE;
	}
	watch.journald = getenv("JOURNAL_STREAM") != NULL;
	log_open(&options.log, stderr, watch.journald);
	watch.signals = watch_block_signals();
	log_say(clock_now(), LOG_LEVEL_INFO, "version %s starts", SENDWATCH_VERSION);
	watch.work = memory_new(1, sizeof(*watch.work));
	good = watch_open(&watch, &options, &error);
	options_free(&options);
	if (!good) {
		watch_close(&watch);
		log_say(clock_now(), watch.stop ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "%s", error.text);
		return watch.stop ? EXIT_DONE : EXIT_FAILED;
	}
	watch_loop(&watch);
	service_notify("STOPPING=1");
	status_close(&watch.status); /* nobody is shown what is being put away */
	watch_save(&watch, true);
	if (!address_lists_save(watch.work->lists, clock_now(), &error))
		log_say(clock_now(), LOG_LEVEL_ERROR, "%s", error.text);
	watch_close(&watch);
	log_say(clock_now(), LOG_LEVEL_INFO, "stops, its state saved");
	return EXIT_DONE;
}
