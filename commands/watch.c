/*
 * `sendwatch watch`: the daemon, in the foreground. One loop: read what the logs have, tell whom it concerns,
 * write down how far that was, and wait for more. SIGTERM and SIGINT end it with its state saved; SIGHUP takes
 * new settings in, whole or not at all.
 *
 * What is known, and how far was read, is saved every minute, at a moment when every line before it is dealt
 * with. At start, and for new settings, that is read back (resume.h), and following goes on behind it. Verdicts that
 * are found a second time are known by their ids.
 */
#define _GNU_SOURCE
#include "commands/act.h"
#include "commands/blindness.h"
#include "commands/blocklists.h"
#include "commands/command.h"
#include "commands/control.h"
#include "commands/deliver.h"
#include "commands/options.h"
#include "commands/pipeline.h"
#include "commands/resume.h"
#include "commands/saver.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"
#include "detectors/store.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef HAVE_LIBSYSTEMD
#include <systemd/sd-daemon.h>
#endif

#define WATCH_BITE     2000 /* lines between two looks at signals and webhooks: some milliseconds */
#define WATCH_LONGEST  (10 * USEC_SECOND)
#define WATCH_SETTLES  (2 * USEC_SECOND)
/* At the first start, what the logs say of the last day is told; older things are for replay. */
#define WATCH_CATCH_UP USEC_DAY

/* What is built from settings, and replaced whole by new ones. */
struct watch_work {
	struct options *options;
	struct act *act; /* the same through all settings: whom it stopped stays so */
	struct deliver *deliver;
	struct pipeline *pipeline;
	struct health *health;
	struct dnsbl *dnsbl; /* NULL where no blocklist is asked */
	struct collector *collector;
	struct marks *marks;
	struct resume resume;
	struct blindness blindness;
};

struct watch {
	const struct arguments *arguments;
	struct watch_work *work;
	struct act *act;
	struct control *control;
	int signals;
	struct saver saver;
	usec_t watchdog; /* how often systemd wants to hear of us; 0: it does not */
	usec_t heard;    /* when the last line was read */
	bool ready, stop, journald;
	bool away, waits; /* the store is out of reach; so much is gathered that reading waits */
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
	struct watch_work *work = context;
	struct verdict claimed = *verdict;

	/* Of several servers that find the same, one acts. */
	if (store_claim(pipeline_store(work->pipeline), verdict->account, verdict->state, claimed.id))
		deliver_verdict(work->deliver, clock_now(), &claimed);
}

/* Who claims: the same after a restart, another for each state folder of each machine. */
static uint64_t watch_server(const char *state)
{
	char host[256] = "";

	(void)gethostname(host, sizeof(host) - 1);
	return hash_stable_more(hash_stable(span_of(host)), span_of(state)) | 1;
}

/* What is read again teaches health too, and is told to nobody. */
static void watch_health(void *context, const struct verdict *verdict)
{
	struct watch_work *work = context;
	struct verdict told = *verdict;

	told.late = work->resume.learning != NULL;
	if (!told.late || work->resume.tells)
		watch_verdict(work, &told);
}

static void watch_notice(void *context, const char *id, const char *words)
{
	const struct watch_work *work = context;

	deliver_notice(work->deliver, clock_now(), id, words);
}

static void watch_act(void *context, usec_t now, const struct verdict *verdict)
{
	struct watch_work *work = context;

	act_verdict(work->act, work->deliver, now, verdict, pipeline_stats(work->pipeline).judge.accounts);
}

static void watch_released(void *context, struct span account)
{
	struct watch *watch = context;

	pipeline_release(watch->work->pipeline, account);
}

static bool watch_obey(void *context, const struct control_order *typed, struct error *error)
{
	struct watch *watch = context;
	struct deliver *deliver = watch->work->deliver;
	const struct act_order order = { .account = typed->account,
					 .by = span_of(typed->by),
					 .reason = typed->reason,
					 .until = typed->until };

	if (span_equal(typed->verb, SPAN("disable")))
		return act_disable(watch->act, deliver, clock_now(), &order, error);
	if (span_equal(typed->verb, SPAN("release")))
		return act_release(watch->act, deliver, clock_now(), &order, error);
	if (span_equal(typed->verb, SPAN("exempt")))
		return act_exempt(watch->act, deliver, clock_now(), &order, error);
	return error_set(error, "no order is called so: another version of sendwatch?");
}

static void watch_attempt(void *context, const struct attempt *attempt, enum attempt_stage stage)
{
	const struct watch_work *work = context;

	/* Read again for what was open: it is known of already. */
	if (work->resume.learning != NULL && work->resume.marks != NULL)
		return;
	health_attempt(work->health, attempt, stage);
}

static bool watch_line(void *context, const struct line *line, usec_t time)
{
	struct watch_work *work = context;

	if (work->resume.learning != NULL)
		return resume_covers(&work->resume, line, time);
	blindness_line(&work->blindness, line->source, time);
	marks_note(work->marks, work->collector, line->source, time);
	return true;
}

static void watch_trouble(void *context, const char *words)
{
	(void)context;
	log_say(clock_now(), LOG_LEVEL_WARNING, "%s", words);
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
	if (away && !watch->away)
		log_say(clock_now(), LOG_LEVEL_ERROR,
			"the store cannot be reached, and counting goes on here: %s", why.text);
	else if (!away && watch->away)
		log_say(clock_now(), LOG_LEVEL_INFO, "the store is back");
	watch->away = away;
	if (store_full(store) != watch->waits) {
		watch->waits = !watch->waits;
		log_say(clock_now(), watch->waits ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO,
			watch->waits ? "reading waits until the store is back: the logs hold what is to come"
				     : "reading goes on");
	}
}

static void watch_work_close(struct watch_work *work)
{
	collector_close(&work->collector);
	pipeline_free(&work->pipeline);
	dnsbl_close(&work->dnsbl);
	health_free(&work->health);
	deliver_close(&work->deliver);
	marks_free(&work->marks);
	resume_free(&work->resume);
	if (work->options != NULL)
		options_free(work->options);
	free(work->options);
	work->options = NULL;
}

/* Learn from what is there, then follow from where the last save was. */
static bool watch_work_follow(struct watch_work *work, const struct arguments *arguments, struct error *error)
{
	const struct options *options = work->options;
	const struct setting_list *files = &options->logs.files;
	const char *const *logs = arguments->count > 0 ? arguments->names : (const char *const *)files->texts;
	size_t count = arguments->count > 0 ? arguments->count : files->count;
	struct collector_follow_options follow = { .start = options->logs.start, .since = USEC_NEVER };
	struct collector_calls calls;

	if (work->resume.marks != NULL || options->logs.start == COLLECTOR_START_END) {
		/* Weeks of a large server's logs take longer than systemd waits by itself. */
		watch_notify("EXTEND_TIMEOUT_USEC=900000000\nSTATUS=learning from the logs that are there");
		resume_learn(&work->resume, work->pipeline, logs, count, options->watch.recall,
			     clock_now() - WATCH_CATCH_UP);
	}
	work->marks = work->resume.marks != NULL ? work->resume.marks : marks_new();
	work->resume.marks = NULL;
	if (work->resume.positions.len > 0)
		follow.saved = text_span(&work->resume.positions);
	calls = pipeline_calls(work->pipeline);
	work->collector = collector_follow(logs, count, &follow, &calls, error);
	return work->collector != NULL;
}

static bool watch_blocklists(struct watch_work *work, struct error *error)
{
	const struct options *options = work->options;
	const struct dnsbl_calls calls = {
		.context = work, .verdict = watch_verdict, .notice = watch_notice, .trouble = watch_trouble
	};

	if (options->dnsbl.enabled && !blocklists_wanted(options))
		watch_trouble(work, "[dnsbl] enabled has no effect: built without c-ares");
	if (!blocklists_wanted(options))
		return true;
	work->dnsbl = dnsbl_open(&options->dnsbl, options->watch.state, work->health, &calls, error);
	if (work->dnsbl != NULL && dnsbl_known(work->dnsbl)->row_count == 0)
		watch_trouble(work, "[dnsbl] nothing to ask for: name the addresses that mail goes out from");
	return work->dnsbl != NULL;
}

/* What was known before is known again; where that cannot be, the logs will tell. */
static bool watch_work_recall(struct watch_work *work, const struct pipeline_watcher *watcher,
			      struct error *error)
{
	const struct options *options = work->options;
	struct error why;

	work->health = health_new(&options->health, watch_health, work);
	work->pipeline = pipeline_new(options, watcher, error);
	if (work->pipeline == NULL)
		return false;
	pipeline_store(work->pipeline)->server = watch_server(options->watch.state);
	if (resume_read(options->watch.state, &work->resume, work->pipeline, work->health, &why))
		return true;
	log_say(clock_now(), LOG_LEVEL_ERROR,
		"%s; it is kept as snapshot.damaged, and what can be known is learned from the logs",
		why.text);
	pipeline_free(&work->pipeline);
	health_free(&work->health);
	work->health = health_new(&options->health, watch_health, work);
	work->pipeline = pipeline_new(options, watcher, error);
	if (work->pipeline != NULL)
		pipeline_store(work->pipeline)->server = watch_server(options->watch.state);
	return work->pipeline != NULL;
}

/* Everything from settings, or nothing. WORK stays where it is while it is open: its parts point to it. */
static bool watch_work_open(struct watch_work *work, const struct arguments *arguments, struct error *error)
{
	const struct pipeline_watcher watcher = {
		.context = work,
		.line = watch_line,
		.attempt = watch_attempt,
		.verdict = watch_verdict,
		.trouble = watch_trouble,
		.shared = true,
	};
	struct options *options = memory_new(1, sizeof(*options));
	bool good;

	*work = (struct watch_work){ .options = options, .act = work->act };
	good = options_load(arguments, options, error);
	if (!good) {
		free(options);
		work->options = NULL;
		return false;
	}
	if (options->watch.state == NULL)
		good = error_set(error, "[watch] state: names no folder");
	else if (mkdir(options->watch.state, 0700) != 0 && errno != EEXIST)
		good = error_set(error, "%s: %s", options->watch.state, strerror(errno));
	good = good && (work->deliver = deliver_open(options, error)) != NULL;
	if (good)
		deliver_on_verdict(work->deliver, watch_act, work);
	good = good && watch_work_recall(work, &watcher, error) &&
	       watch_work_follow(work, arguments, error) && watch_blocklists(work, error);
	if (!good)
		watch_work_close(work);
	return good;
}

/* Everything anew from the new settings; only when all of it stands is the old put away. */
static void watch_reload(struct watch *watch)
{
	struct watch_work *fresh = memory_new(1, sizeof(*fresh));
	struct error error;

	fresh->act = watch->act;
	watch_notify("RELOADING=1");
	watch_save(watch, true);
	if (watch_work_open(fresh, watch->arguments, &error)) {
		if (!act_reload(watch->act, watch->arguments, &error))
			log_say(clock_now(), LOG_LEVEL_ERROR, "%s", error.text);
		watch_work_close(watch->work);
		free(watch->work);
		watch->work = fresh;
		log_open(&fresh->options->log, stderr, watch->journald);
		log_say(clock_now(), LOG_LEVEL_INFO, "new settings are in force");
	} else {
		free(fresh);
		log_say(clock_now(), LOG_LEVEL_ERROR, "the settings stay as they were: %s", error.text);
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
	usec_t now = clock_monotonic(), wall = clock_now(), due = deliver_due(watch->work->deliver, wall);
	usec_t pause = saver_due(&watch->saver, watch->work->options->watch.save_every) - now;

	if (watch->work->dnsbl != NULL) {
		usec_t ask = dnsbl_due(watch->work->dnsbl);

		if (ask != USEC_NEVER && ask - wall < pause)
			pause = ask - wall;
	}
	if (due != USEC_NEVER && due - wall < pause)
		pause = due - wall;
	due = act_due(watch->act);
	if (due != USEC_NEVER && due - wall < pause)
		pause = due - wall;
	if (watch->watchdog > 0 && watch->watchdog < pause)
		pause = watch->watchdog;
	pause = pause > WATCH_LONGEST ? WATCH_LONGEST : pause;
	return pause < 0 ? 0 : pause;
}

static void watch_wait(struct watch *watch, bool idle)
{
	struct pollfd fds[DELIVER_FDS + 6];
	struct store *store = pipeline_store(watch->work->pipeline);
	size_t count = deliver_fds(watch->work->deliver, fds);
	usec_t pause = idle ? watch_pause(watch) : 0;

	fds[count++] = (struct pollfd){ .fd = watch->signals, .events = POLLIN };
	if (!watch->waits)
		fds[count++] = (struct pollfd){ .fd = collector_fd(watch->work->collector),
						.events = POLLIN };
	if (watch->work->dnsbl != NULL)
		fds[count++] = (struct pollfd){ .fd = dnsbl_fd(watch->work->dnsbl), .events = POLLIN };
	fds[count++] = (struct pollfd){ .fd = act_fd(watch->act), .events = POLLIN };
	fds[count++] = (struct pollfd){ .fd = control_fd(watch->control), .events = POLLIN };
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
	bool idle = pipeline_run(work->pipeline, work->collector, WATCH_BITE) != COLLECTED_LINE;
	struct pipeline_stats stats = pipeline_stats(work->pipeline);

	if (stats.lines != before)
		watch->heard = clock_monotonic();
	else
		pipeline_idle(work->pipeline, clock_monotonic() - watch->heard);
	blindness_look(&work->blindness, &work->options->watch, &stats, work->collector,
		       clock_monotonic() - watch->heard, clock_now(), work->deliver);
	return idle;
}

static void watch_loop(struct watch *watch)
{
	while (!watch->stop) {
		bool idle = watch->waits || watch_read(watch);

		if (idle && !watch->waits && !watch->ready) {
			watch->ready = true;
			log_say(clock_now(), LOG_LEVEL_INFO, "has caught up, and follows");
			watch_notify("READY=1\nSTATUS=following");
		}
		watch_store(watch);
		control_step(watch->control);
		act_step(watch->act, watch->work->deliver, clock_now());
		deliver_step(watch->work->deliver, clock_now());
		if (watch->work->dnsbl != NULL)
			dnsbl_step(watch->work->dnsbl, clock_now());
		if (!saver_busy(&watch->saver) &&
		    clock_monotonic() >= saver_due(&watch->saver, watch->work->options->watch.save_every))
			watch_save(watch, false);
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

int command_watch(const struct arguments *arguments)
{
	struct watch watch = { .arguments = arguments, .work = memory_new(1, sizeof(*watch.work)) };
	struct error error;
	struct options options;

	if (!options_load(arguments, &options, &error)) {
		fprintf(stderr, "sendwatch watch: %s\n", error.text);
		free(watch.work);
		return EXIT_USAGE;
	}
	watch.journald = getenv("JOURNAL_STREAM") != NULL;
	log_open(&options.log, stderr, watch.journald);
	options_free(&options);
	watch.signals = watch_block_signals();
	log_say(clock_now(), LOG_LEVEL_INFO, "version %s starts", SENDWATCH_VERSION);
	watch.act = watch.work->act = act_open(arguments, &error);
	if (watch.act == NULL || !watch_work_open(watch.work, arguments, &error)) {
		act_close(&watch.act);
		log_say(clock_now(), LOG_LEVEL_ERROR, "%s", error.text);
		free(watch.work);
		return EXIT_FAILED;
	}
	act_on_release(watch.act, watch_released, &watch);
	watch.control = control_open(watch.work->options->watch.state, watch_obey, &watch, &error);
	if (watch.control == NULL)
		log_say(clock_now(), LOG_LEVEL_ERROR, "no orders can be taken: %s", error.text);
	watch.saver.began = watch.heard = clock_monotonic();
	watch.watchdog = watch_watchdog();
	watch_loop(&watch);
	watch_notify("STOPPING=1");
	watch_save(&watch, true);
	control_close(&watch.control);
	watch_work_close(watch.work);
	act_close(&watch.act);
	free(watch.work);
	close(watch.signals);
	log_say(clock_now(), LOG_LEVEL_INFO, "stops, its state saved");
	return EXIT_DONE;
}
