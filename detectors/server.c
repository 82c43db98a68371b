/*
 * What is counted of each hour, and when an hour is news: where it has more than SPREAD spreads over the usual
 * (server_signal.c), TIMES as many as the busiest hour of late, and at least the signal's minimum. The busiest hour
 * is what keeps this quiet: the log of a mail server is spiky, and what came last Tuesday is no news today. A
 * signal that is a part of something (deferrals of deliveries) may grow with it.
 *
 * News is told once, when the hour has become unusual, and its end when two hours were usual again.
 *
 * A line costs a switch and a counter; words are copied for three lines an hour of each signal at most.
 */
#include "detectors/server.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/seldom.h"
#include "detectors/server_relayers.h"
#include "detectors/server_signal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const struct setting server_settings[] = {
	SETTING(FLAG, struct server_options, watched, "yes", 0, 0,
		"tell what is unusual of the log as a whole"),
	SETTING(NUMBER, struct server_options, times, "1.5", 1, 100,
		"an unusual hour has so many times what the busiest hour of late had"),
	SETTING(NUMBER, struct server_options, spread, "4", 1, 100,
		"and is so many spreads over what is usual for its hour of the week"),
	SETTING(COUNT, struct server_options, learning, "48", 1, 10000,
		"hours that are only learned from: two days and nights"),
	SETTING(DURATION, struct server_options, silence, "1h", 60 * USEC_SECOND, 30 * USEC_DAY,
		"shortest silence of a busy log that is news"),
	{ .name = NULL },
};

#define CALM_HOURS   2   /* before an end is told: one usual hour may lie between two that are not. Assumed */
#define SILENCE_MORE 3.0 /* times the longest silence of late: assumed */
#define SILENCE_LOST 200.0 /* lines that should have come meanwhile: some dozens of messages. Assumed */
#define NAMES_BITS   1024  /* of 128 bytes; linear counting tells some thousand names apart with them */

enum signal_kind {
	SIGNAL_LINES,
	SIGNAL_RESULTS,
	SIGNAL_ARRIVALS,
	SIGNAL_LOGINS,
	SIGNAL_REJECTS,
	SIGNAL_DEFERRALS,
	SIGNAL_QUEUE,
	SIGNAL_BOUNCES,
	SIGNAL_INBOUND,
	SIGNAL_RELAYED,
	SIGNAL_OPEN_RELAY,
	SIGNAL_BLOCKED,
	SIGNAL_UNKNOWN,
	SIGNAL_TROUBLE,
	SIGNAL_TLS,
	SIGNALS
};

/*
 * What a signal is called, the fewest of an hour that anybody should be woken for, and what it is a part of. The
 * fewest are assumed; a busy server is measured by its own past.
 */
static const struct signal_row {
	const char *name;
	double minimum; /* 0: never told of, only a measure for others */
	int part_of;    /* enum signal_kind, or -1 */
	bool at_once;   /* news also while learning: a healthy server has next to none */
	const char *words;
} signal_rows[SIGNALS] = {
	[SIGNAL_LINES] = { "lines", 0, -1, false, "lines" },
	[SIGNAL_RESULTS] = { "deliveries", 0, -1, false, "deliveries" },
	[SIGNAL_ARRIVALS] = { "arrivals", 0, -1, false, "messages" },
	/* Every server is tried all day; some hundred failures an hour more are a campaign against it. */
	[SIGNAL_LOGINS] = { "logins", 200, -1, false, "logins failed" },
	[SIGNAL_REJECTS] = { "rejects", 300, -1, false, "commands of clients were refused" },
	[SIGNAL_DEFERRALS] = { "deferrals", 100, SIGNAL_RESULTS, false, "deliveries were deferred" },
	[SIGNAL_QUEUE] = { "queue", 300, SIGNAL_ARRIVALS, false,
			   "messages more came than went: the queue grows" },
	[SIGNAL_BOUNCES] = { "bounces", 100, SIGNAL_RESULTS, false, "bounces were sent" },
	[SIGNAL_INBOUND] = { "inbound", 1000, -1, false, "messages came in from elsewhere" },
	[SIGNAL_RELAYED] = { "relay", 30, -1, false,
			     "recipients elsewhere were reached without login, for senders that are new here" },
	[SIGNAL_OPEN_RELAY] = { "open_relay", 30, -1, true,
				"recipients at public mailbox providers were reached by clients that neither "
				"logged in nor are in trusted_hosts" },
	[SIGNAL_BLOCKED] = { "blocked", 30, SIGNAL_RESULTS, false,
			     "recipients were refused for our own address (sendwatch health says by whom)" },
	[SIGNAL_UNKNOWN] = { "unknown", 50, -1, false, "lines are of no kind that is known" },
	[SIGNAL_TROUBLE] = { "trouble", 3, -1, true, "complaints of the mail server itself" },
	/* Scanners fail all day; a certificate that ran out, or a library that changed, fails with everybody. */
	[SIGNAL_TLS] = { "tls", 100, -1, false, "connections could not be encrypted" },
};

struct server {
	const struct server_options *options;
	void (*verdict)(void *context, const struct verdict *verdict);
	void *context;
	bool quiet;
	char host[64];
	int64_t hour;      /* since 1970; 0 before the first line */
	int64_t hours;     /* learned */
	bool whole;        /* this hour, from its beginning: the first line came in the middle of one */
	usec_t last, look; /* the last line; when to look again */
	double longest;    /* seconds of silence, of late */
	uint32_t ends;
	uint64_t names[NAMES_BITS / 64]; /* of failing logins, this hour: one bit of a hash each */
	struct signal signals[SIGNALS];
	struct relayers relayers;
};

struct server *server_new(const struct server_options *options,
			  void (*verdict)(void *context, const struct verdict *verdict), void *context)
{
	struct server *server = memory_new(1, sizeof(*server));

	server->options = options;
	server->verdict = verdict;
	server->context = context;
	for (int i = 0; i < SIGNALS; i++)
		signal_begin(&server->signals[i], signal_rows[i].at_once);
	return server;
}

void server_free(struct server **server)
{
	free(*server);
	*server = NULL;
}

void server_quiet(struct server *server, bool quiet)
{
	server->quiet = quiet;
}

/* --- what is unusual --- */

/* What is part of something may grow with it: with what else there is of that, for retries are deliveries too. */
static double allowance(const struct server *server, enum signal_kind kind)
{
	int part_of = signal_rows[kind].part_of;
	const struct signal *whole;

	if (part_of < 0)
		return 1;
	whole = &server->signals[part_of];
	return fmax(1,
		    (whole->count - server->signals[kind].count) / (signal_usual(whole, server->hour) + 1));
}

static double limit_of(const struct server *server, enum signal_kind kind)
{
	const struct signal *signal = &server->signals[kind];
	double allowed = allowance(server, kind);
	double by_hour = signal_limit(signal, server->hour, server->options->spread);

	return fmax(signal_rows[kind].minimum,
		    allowed * fmax(by_hour, server->options->times * signal->peak));
}

/* --- what is told --- */

static int names_seen(const struct server *server)
{
	int ones = 0;

	for (size_t i = 0; i < NAMES_BITS / 64; i++)
		ones += __builtin_popcountll(server->names[i]);
	return ones >= NAMES_BITS ? NAMES_BITS * 8
				  : (int)lround(-NAMES_BITS * log1p(-ones / (double)NAMES_BITS));
}

static void server_say(struct server *server, const char *name, bool begins, usec_t time, usec_t since,
		       struct evidence *evidence, const struct signal *signal)
{
	struct verdict_sample samples[SIGNAL_SAMPLES];
	char account[64], key[160];
	struct verdict verdict = {
		.type = "server",
		.time = time,
		.state = begins ? STATE_FLAGGED : STATE_NORMAL,
		.previous = begins ? STATE_NORMAL : STATE_FLAGGED,
		.host = span_of(server->host[0] == '\0' ? NULL : server->host),
		.evidence = evidence,
		.evidence_count = 1,
		.first_bad = since,
		.samples = samples,
	};

	for (size_t i = 0; signal != NULL && begins && i < signal->sample_count; i++)
		samples[verdict.sample_count++] = (struct verdict_sample){
			.queue_id = span_of(
				signal->samples[i].queue_id[0] == '\0' ? NULL : signal->samples[i].queue_id),
			.class = REPLY_UNKNOWN,
			.reply = span_of(signal->samples[i].text)
		};
	snprintf(account, sizeof(account), "server:%s", name);
	verdict.account = span_of(account);
	snprintf(key, sizeof(key), "%s %s %d %lld", server->host, account, begins, (long long)time);
	verdict_identify(&verdict, hash_stable(span_of(key)));
	if (!server->quiet && server->options->watched)
		server->verdict(server->context, &verdict);
}

static void signal_tell(struct server *server, enum signal_kind kind, usec_t time, bool begins)
{
	const struct signal *signal = &server->signals[kind];
	const struct signal_row *row = &signal_rows[kind];
	struct evidence evidence = { .detector = "server", .window = "1h", .seen = signal->count, .of = -1 };
	char names[48] = "";

	evidence.expected = signal_usual(signal, server->hour);
	if (kind == SIGNAL_LOGINS)
		snprintf(names, sizeof(names), " at about %d accounts", names_seen(server));
	if (begins)
		snprintf(
			evidence.text, sizeof(evidence.text),
			"%.0f %s in this hour%s; %.0f are usual at this time, and the busiest hour of late had %.0f",
			signal->count, row->words, names, evidence.expected, signal->peak);
	else
		snprintf(evidence.text, sizeof(evidence.text), "%.0f %s in the last hour: as usual again",
			 signal->count, row->words);
	server_say(server, row->name, begins, time, signal->since == 0 ? time : signal->since, &evidence,
		   signal);
}

/* --- hours --- */

static void signals_look(struct server *server, usec_t time)
{
	bool learning = server->hours < server->options->learning;

	for (int i = 0; i < SIGNALS; i++) {
		struct signal *signal = &server->signals[i];

		if (signal->raised || signal->count < signal_rows[i].minimum || signal_rows[i].minimum <= 0 ||
		    (learning && !signal_rows[i].at_once) ||
		    signal->count < limit_of(server, (enum signal_kind)i))
			continue;
		signal->raised = true;
		signal->calm = 0;
		signal_tell(server, (enum signal_kind)i, time, true);
	}
}

static void hour_close(struct server *server, usec_t time)
{
	for (int i = 0; i < SIGNALS; i++) {
		struct signal *signal = &server->signals[i];

		if (signal->raised) {
			signal->calm = signal->count < limit_of(server, (enum signal_kind)i)
					       ? signal->calm + 1
					       : 0;
			if (signal->calm >= CALM_HOURS) {
				signal_tell(server, (enum signal_kind)i, time, false);
				signal->raised = false;
			}
		}
	}
	for (int i = 0; i < SIGNALS; i++) {
		struct signal *signal = &server->signals[i];

		if (server->whole)
			signal_learn(signal, server->hour);
		signal->count = 0;
		signal->sample_count = 0;
		if (!signal->raised)
			signal->since = 0;
	}
	server->hours += server->whole;
	server->whole = true;
	server->ends = 0;
	memset(server->names, 0, sizeof(server->names));
	relayers_hour(&server->relayers);
}

/* Nothing for so long: how many lines should have come? */
static void silence_look(struct server *server, usec_t time)
{
	double gap = (double)(time - server->last) / USEC_SECOND, lost = 0;
	struct evidence evidence = { .detector = "server", .seen = 0, .of = -1 };

	if (time - server->last >= server->options->silence && server->hours >= server->options->learning) {
		for (int64_t hour = server->last / USEC_HOUR; hour <= time / USEC_HOUR && lost < 1e6;
		     hour++) {
			double from = fmax((double)hour * 3600, (double)server->last / USEC_SECOND);
			double to = fmin((double)(hour + 1) * 3600, (double)time / USEC_SECOND);

			lost += signal_usual(&server->signals[SIGNAL_LINES], hour) * (to - from) / 3600;
		}
		if (gap > SILENCE_MORE * server->longest && lost >= SILENCE_LOST) {
			evidence.expected = lost;
			snprintf(evidence.text, sizeof(evidence.text),
				 "no line for %.1f h, where about %.0f were to be expected", gap / 3600,
				 lost);
			server_say(server, "silence", true, time, server->last, &evidence, NULL);
		}
	}
	server->longest = fmax(server->longest, gap);
}

/* Once a minute of the log at most, and when an hour is over. */
static void server_look(struct server *server, usec_t time)
{
	int64_t hour = time / USEC_HOUR;

	if (server->hour == 0)
		server->hour = hour;
	if (hour > server->hour) {
		signals_look(server, time); /* at what its last minute brought */
		hour_close(server, time);
		/* Silent hours are not learned: they would make silence usual. */
		server->longest *= SIGNAL_PEAK_SINK;
		server->hour = hour;
	}
	signals_look(server, time);
	server->look = (time / USEC_MINUTE + 1) * USEC_MINUTE;
}

static SELDOM void count(struct server *server, enum signal_kind kind, const struct frame *frame,
			 const struct event *event)
{
	struct signal *signal = &server->signals[kind];

	signal->count += frame->repeat > 1 ? frame->repeat : 1;
	if (signal->since == 0)
		signal->since = frame->time;
	signal_sample(signal, frame, event);
}

/* More came than went, in this hour. Filters let both come twice. */
static void count_queue(struct server *server)
{
	server->signals[SIGNAL_QUEUE].count = fmax(0, server->signals[SIGNAL_ARRIVALS].count -
							      (double)server->ends);
}

static void count_login(struct server *server, const struct frame *frame, const struct event *event)
{
	uint64_t bit = hash_stable(event->login) % NAMES_BITS;

	count(server, SIGNAL_LOGINS, frame, event);
	if (event->login.len > 0)
		server->names[bit / 64] |= UINT64_C(1) << bit % 64;
}

static void count_client(struct server *server, const struct frame *frame, const struct event *event)
{
	server->signals[SIGNAL_ARRIVALS].count++;
	if (!event->local && !event->internal_client && event->login.len == 0)
		count(server, SIGNAL_INBOUND, frame, event);
}

/* A line of another minute. */
static SELDOM void server_minute(struct server *server, const struct frame *frame)
{
	if (server->last != 0 && frame->time - server->last >= USEC_MINUTE)
		silence_look(server, frame->time);
	count_queue(server);
	server_look(server, frame->time);
	if (server->host[0] == '\0')
		snprintf(server->host, sizeof(server->host), "%.*s",
			 (int)span_head(frame->host, sizeof(server->host) - 1).len,
			 frame->host.len == 0 ? "" : frame->host.at);
}

/* Of the hour of the last line, also where that is over: no line of the next has closed it yet. */
void server_time(struct server *server, usec_t now)
{
	if (server->last == 0 || now < server->look)
		return;
	count_queue(server);
	signals_look(server, now);
}

void server_event(struct server *server, const struct frame *frame, const struct event *event)
{
	if (frame->time >= server->look)
		server_minute(server, frame);
	if (frame->time > server->last)
		server->last = frame->time;
	server->signals[SIGNAL_LINES].count++;
	switch (event->kind) {
	case EVENT_CLIENT:
		count_client(server, frame, event);
		break;
	case EVENT_END:
		server->ends++;
		break;
	case EVENT_RESULT:
		server->signals[SIGNAL_RESULTS].count++;
		if (event->outcome == OUTCOME_DEFERRED)
			count(server, SIGNAL_DEFERRALS, frame, event);
		break;
	case EVENT_REJECT:
		count(server, SIGNAL_REJECTS, frame, event);
		break;
	case EVENT_NOTICE:
		count(server, SIGNAL_BOUNCES, frame, event);
		break;
	case EVENT_LOGIN_FAILED:
		count_login(server, frame, event);
		break;
	case EVENT_UNKNOWN:
		count(server, SIGNAL_UNKNOWN, frame, event);
		break;
	case EVENT_TROUBLE:
		count(server, SIGNAL_TROUBLE, frame, event);
		break;
	case EVENT_IDLE:
		if (event->tls_failed)
			count(server, SIGNAL_TLS, frame, event);
		break;
	case EVENT_FOREIGN:
	case EVENT_MESSAGE_ID:
	case EVENT_ACTIVE:
	case EVENT_REJECT_WARNING:
	case EVENT_HOLD:
	case EVENT_RELEASE:
	case EVENT_REQUEUE:
	case EVENT_EXPIRED:
	case EVENT_DISCARD:
	case EVENT_REDIRECT:
	case EVENT_HEADER:
	case EVENT_LOGIN:
	case EVENT_SCRIPT:
	case EVENT_FILTERED:
	case EVENT_KINDS:
		break;
	}
}

/* Who, from where, to whom: of these mails nothing else tells. */
static SELDOM void count_relayed(struct server *server, enum signal_kind kind, const struct attempt *attempt)
{
	const struct envelope *envelope = attempt->envelope;
	const struct event event = { .queue_id = envelope->queue_id };
	struct span who = envelope->account.len > 0 ? envelope->account : envelope->sender;
	struct frame frame = { .time = attempt->time };
	char words[SIGNAL_SAMPLE_SIZE];

	/* All mail of a relay comes by here, and little of it is kept. */
	if (server->signals[kind].sample_count < SIGNAL_SAMPLES) {
		snprintf(words, sizeof(words), "%.*s, %.*s, to %.*s: %.*s", SPAN_ARGS(who),
			 SPAN_ARGS(envelope->client_ip), SPAN_ARGS(attempt->recipient),
			 SPAN_ARGS(attempt->reply));
		frame.text = span_of(words);
	}
	count(server, kind, &frame, &event);
}

void server_attempt(struct server *server, const struct attempt *attempt)
{
	enum reply_class class = attempt->meaning.class;

	if (class == REPLY_IP_LISTED || class == REPLY_IP_BLOCKED) {
		const struct frame frame = { .time = attempt->time, .text = attempt->reply };
		const struct event event = { .queue_id = attempt->envelope->queue_id };

		count(server, SIGNAL_BLOCKED, &frame, &event);
	}
	switch (relayers_meet(&server->relayers, attempt)) {
	case RELAYED_NEW:
		count_relayed(server, SIGNAL_RELAYED, attempt);
		break;
	case RELAYED_STRANGER:
		count_relayed(server, SIGNAL_OPEN_RELAY, attempt);
		break;
	case RELAYED_NOT:
		break;
	}
}
