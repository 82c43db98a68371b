/*
 * The wires between the parts of watch, and the order in which these are opened. What is called work_ is called by
 * these parts, and its context is the struct watch_work. A verdict comes from the pipeline (or from health, or from a
 * blocklist) to work_verdict, goes to deliver_verdict, and from there, once it is in the journal, by work_act to
 * act_verdict.
 */
#define _GNU_SOURCE
#include "commands/watch_work.h"

#include "base/memory.h"
#include "base/text.h"
#include "commands/server_id.h"
#include "commands/service.h"
#include "detectors/store.h"

#include <stdlib.h>

/* Is what is read now, before following begins, the logs' past? */
static bool work_learns(const struct watch_work *work)
{
	return work->resume.learning != NULL;
}

/* Is it read once more only for the messages that were open when the snapshot was written (resume.h)? */
static bool work_recalls(const struct watch_work *work)
{
	return work_learns(work) && work->resume.marks != NULL;
}

/* Could another server find the same? Not what is about a server itself, which goes by the same name on each. */
static bool work_is_anybodys(const struct verdict *verdict)
{
	uint8_t address[16];

	return strcmp(verdict->type, "verdict") == 0 || span_to_address(verdict->address, address);
}

/* Name it as before where it was found before, and of several servers let one go on with it. */
static void work_verdict(void *context, const struct verdict *verdict)
{
	struct watch_work *work = context;
	struct verdict claimed = *verdict;
	struct addresses *addresses = address_lists_of(work->lists);

	if (addresses != NULL)
		addresses_verdict(addresses, verdict);

	/* Its line may have waited elsewhere: too old to be acted on (responders/brakes.c), it is late as well. */
	if (strcmp(verdict->type, "verdict") == 0 &&
	    clock_now() - verdict->time > work->options->act.at_most_old)
		claimed.late = true;
	/*
	 * Found once more after a kill it may come by another line: several logs are read in another order then. Of
	 * one that went on after it was found too late it is news, under an id of its own.
	 */
	if (!unstopped_is_active(&work->lasting->unstopped, verdict->account))
		deliver_adopt_id(work->deliver, &claimed);
	else if (verdict->state == STATE_DISABLED)
		unstopped_settle(&work->lasting->unstopped, verdict->account);
	if (!work_is_anybodys(verdict) || store_claim(pipeline_store(work->pipeline), verdict->account,
						      verdict->state, claimed.late, claimed.id)) {
		tally_verdict(&work->lasting->tally, &claimed);
		deliver_verdict(work->deliver, clock_now(), &claimed);
	}
}

/* What is read again teaches health too, and is told to nobody. */
static void work_health(void *context, const struct verdict *verdict)
{
	struct watch_work *work = context;
	struct verdict told = *verdict;

	told.late = work_learns(work);
	if (!told.late || work->resume.tells)
		work_verdict(work, &told);
}

static void work_notice(void *context, const char *id, const char *words)
{
	const struct watch_work *work = context;

	deliver_notice(work->deliver, clock_now(), id, words);
}

static void work_act(void *context, usec_t now, const struct verdict *verdict)
{
	struct watch_work *work = context;

	act_verdict(work->lasting->act, work->deliver, now, verdict,
		    pipeline_stats(work->pipeline).judge.accounts);
}

static void work_attempt(void *context, const struct attempt *attempt, enum attempt_stage stage)
{
	const struct watch_work *work = context;
	struct addresses *addresses = address_lists_of(work->lists);

	/* Its attempts were counted before, but for what was in a snapshot that is lost. */
	if (work_recalls(work)) {
		if (work->resume.lost)
			health_attempt(work->health, attempt, stage);
		return;
	}
	if (!work_learns(work))
		tally_attempt(&work->lasting->tally, attempt, stage);
	/* Before it is judged: what it does now raises it anew. */
	if (work->lasting->unstopped.idle.count > 0 &&
	    clock_now() - attempt->time < work->options->act.at_most_old &&
	    unstopped_resumes(&work->lasting->unstopped, attempt->envelope->account))
		judge_again(pipeline_judge(work->pipeline), attempt->envelope->account);
	health_attempt(work->health, attempt, stage);
	if (stage == ATTEMPT_FIRST && addresses != NULL)
		addresses_attempt(addresses, attempt);
}

static void work_login(void *context, const struct login *login)
{
	const struct watch_work *work = context;
	struct addresses *addresses = address_lists_of(work->lists);

	if (addresses != NULL)
		addresses_login(addresses, login);
}

static bool work_line(void *context, const struct line *line, usec_t time)
{
	struct watch_work *work = context;

	if (work_learns(work))
		return resume_covers(&work->resume, line, time);
	blindness_line(&work->blindness, line->source, time);
	marks_note(work->marks, work->collector, line->source, time);
	return true;
}

static void work_trouble(void *context, const char *words)
{
	(void)context;
	log_say(clock_now(), LOG_LEVEL_WARNING, "%s", words);
}

void watch_work_close(struct watch_work *work)
{
	collector_close(&work->collector);
	pipeline_free(&work->pipeline);
	dnsbl_close(&work->dnsbl);
	address_lists_close(&work->lists);
	health_free(&work->health);
	deliver_close(&work->deliver);
	marks_free(&work->marks);
	resume_free(&work->resume);
	if (work->options != NULL)
		options_free(work->options);
	free(work->options);
	work->options = NULL;
}

/*
 * Positions that are higher than any that Redis may have of a log: with a lower one a new line would be taken for one
 * that was counted. Microseconds, four of them each: no log grows faster than 4 MB a second from one loss to the next.
 */
static uint64_t work_position(void *context, const char *source)
{
	(void)context;
	(void)source;
	return (uint64_t)clock_now() * 4;
}

/* Learn from what is there, then follow from where the last save was. */
static bool work_follow(struct watch_work *work, const struct arguments *arguments, struct error *error)
{
	const struct options *options = work->options;
	const struct setting_list *files = &options->logs.files;
	const char *const *logs = arguments->count > 0 ? arguments->names : (const char *const *)files->texts;
	size_t count = arguments->count > 0 ? arguments->count : files->count;
	struct collector_live_options follow = { .start = options->logs.start, .since = USEC_NEVER };
	struct collector_calls calls;

	if (work->resume.counted != USEC_NEVER)
		follow.start = COLLECTOR_START_END;
	if (work->resume.marks != NULL || follow.start == COLLECTOR_START_END) {
		/* Before the first line, all that is packed is looked into. */
		service_notify("EXTEND_TIMEOUT_USEC=900000000\nSTATUS=learning from the logs that are there");
		address_lists_quiet(work->lists, true);
		if (!resume_learn(&work->resume, work->pipeline, logs, count, options->watch.recall,
				  clock_now() - options->logs.last, &work->lasting->learning))
			return error_set(error, "told to end while it learned from the logs that are there");
		address_lists_quiet(work->lists, false);
	}
	work->marks = work->resume.marks != NULL ? work->resume.marks : marks_new();
	work->resume.marks = NULL;
	if (work->resume.positions.len > 0)
		follow.saved = text_span(&work->resume.positions);
	else if (follow.start == COLLECTOR_START_END && pipeline_is_shared(work->pipeline))
		follow.known = work_position;
	calls = pipeline_calls(work->pipeline);
	work->collector = collector_live(logs, count, &follow, &calls, error);
	return work->collector != NULL;
}

static bool work_blocklists(struct watch_work *work, struct error *error)
{
	const struct options *options = work->options;
	const struct dnsbl_calls calls = {
		.context = work, .verdict = work_verdict, .notice = work_notice, .trouble = work_trouble
	};

	if (options->dnsbl.enabled && !blocklists_wanted(options))
		work_trouble(work, "[dnsbl] enabled has no effect: built without c-ares");
	if (!blocklists_wanted(options))
		return true;
	work->dnsbl = dnsbl_open(&options->dnsbl, options->watch.state, work->health, &calls, error);
	if (work->dnsbl != NULL && dnsbl_known(work->dnsbl)->row_count == 0)
		work_trouble(work, "[dnsbl] nothing to ask for: name the addresses that mail goes out from");
	return work->dnsbl != NULL;
}

/* What knows accounts and providers, new: nothing is known yet. */
static bool work_begin(struct watch_work *work, const struct pipeline_sink *sink, struct error *error)
{
	const struct options *options = work->options;

	work->health = health_new(&options->health, work_health, work);
	work->pipeline = pipeline_new(options, sink, error);
	if (work->pipeline == NULL)
		return false;
	pipeline_store(work->pipeline)->server = server_id(options->watch.state);
	return true;
}

/* What was known before is known again; where that cannot be, the logs will tell. */
static bool work_restore(struct watch_work *work, const struct pipeline_sink *sink, struct error *error)
{
	struct error why;

	if (!work_begin(work, sink, error))
		return false;
	if (resume_read(work->options->watch.state, &work->resume, work->pipeline, work->health, &why))
		return true;
	log_say(clock_now(), LOG_LEVEL_ERROR,
		"%s; it is kept as snapshot.damaged, and what can be known is learned from the logs",
		why.text);
	pipeline_free(&work->pipeline);
	health_free(&work->health);
	return work_begin(work, sink, error);
}

bool watch_work_open(struct watch_work *work, struct watch_lasting *lasting,
		     const struct arguments *arguments, struct error *error)
{
	const struct pipeline_sink sink = {
		.context = work,
		.line = work_line,
		.attempt = work_attempt,
		.login = work_login,
		.verdict = work_verdict,
		.trouble = work_trouble,
		.shared = true,
	};
	struct options *options = memory_new(1, sizeof(*options));
	bool good;

	*work = (struct watch_work){ .options = options, .lasting = lasting };
	if (!options_load(arguments, options, error)) {
		free(options);
		work->options = NULL;
		return false;
	}
	work->deliver = deliver_open(options, error);
	if (work->deliver != NULL) {
		deliver_on_verdict(work->deliver, work_act, work);
		work->lists = address_lists_open(options, work->deliver, error);
	}
	good = work->lists != NULL && work_restore(work, &sink, error) &&
	       work_follow(work, arguments, error) && work_blocklists(work, error);
	if (!good)
		watch_work_close(work);
	return good;
}
