/*
 * Messages of an account that wait in Postfix's queue are put on hold, and come back on release. postqueue -j
 * names the messages, but not whose they are: postcat -eq shows the login of each, as smtpd wrote it. Lines of a
 * message itself are not shown by -e, and an attribute's line cannot be had by an envelope's text.
 *
 * Mail of a local user has no login. It begins with the line that pickup puts before all others, "Received: by HOST
 * (Postfix, from userid N)", so for these headers are shown too, and the first line alone is looked at: whatever
 * a message has further down is its sender's.
 *
 * Limits: 12 ms a message where postcat runs for each; they are asked 50 at a time. Where header_checks remove
 * that line, mail of local users is not held.
 */
#define _GNU_SOURCE
#include "responders/adapter.h"
#include "responders/run.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>

#define QUEUE_BATCH  50
#define QUEUE_ID_MAX 40
#define QUEUE_HELD   ((size_t)30000) /* bytes of ids in one answer */
#define QUEUE_HEAD   ((size_t)256)   /* of a line of postqueue: what queue_line looks at */

/* Of RUN, what goes in and what becomes of what comes out. */
static bool queue_program(const struct adapter_options *options, const char *name,
			  const char *const *arguments, struct run run, struct error *error)
{
	const char *argv[QUEUE_BATCH + 8];
	char program[512];
	size_t count = 0;

	run.argv = argv;
	run.timeout = options->timeout;
	snprintf(program, sizeof(program), "%s/%s",
		 options->programs == NULL ? "/usr/sbin" : options->programs, name);
	argv[count++] = program;
	if (options->config != NULL) {
		argv[count++] = "-c";
		argv[count++] = options->config;
	}
	while (*arguments != NULL)
		argv[count++] = *arguments++;
	argv[count] = NULL;
	return run_well(&run, error);
}

static bool queue_id_good(struct span id)
{
	for (size_t i = 0; i < id.len; i++)
		if (!((id.at[i] >= '0' && id.at[i] <= '9') || (id.at[i] >= 'A' && id.at[i] <= 'Z') ||
		      (id.at[i] >= 'a' && id.at[i] <= 'z')))
			return false;
	return id.len > 0 && id.len < QUEUE_ID_MAX;
}

/* The id of a line of postqueue -j, whose first two keys are these; not of what is on hold already. */
static bool queue_line(struct span line, struct span *id_r)
{
	struct span queue;

	return span_skip(&line, SPAN("{\"queue_name\": \"")) && span_cut(&line, '"', &queue) &&
	       !span_equal(queue, SPAN("hold")) && span_skip(&line, SPAN(", \"queue_id\": \"")) &&
	       span_cut(&line, '"', id_r) && queue_id_good(*id_r);
}

static void queue_found(struct span *id, struct text *held)
{
	if (id->at != NULL && queue_id_good(*id))
		text_add_format(held, "%s%.*s", held->len > 0 ? " " : "", SPAN_ARGS(*id));
	id->at = NULL;
}

/* In postcat's output, the ids of the messages that begin as those of OWNER do: " (Postfix, from userid 33)". */
static void queue_local(struct span text, struct span owner, struct text *held)
{
	struct span line, id = { NULL, 0 };
	bool first = false;

	while (span_cut(&text, '\n', &line)) {
		struct span head = line, name;

		if (first && span_starts(line, SPAN("Received: by ")) && span_ends(line, owner))
			queue_found(&id, held);
		first = span_skip(&head, SPAN("*** MESSAGE CONTENTS ")) && span_cut(&head, ' ', &name);
		if (first) {
			id = name;
			(void)span_cut_last(&name, SPAN("/"), &id);
		}
	}
}

/* The same, whose login is KEY. */
static void queue_owned(struct span text, struct span key, struct text *held)
{
	struct span line, id = { NULL, 0 };

	while (span_cut(&text, '\n', &line)) {
		struct span head = line, name;

		if (span_skip(&head, SPAN("*** ENVELOPE RECORDS ")) && span_cut(&head, ' ', &name)) {
			id = name;
			(void)span_cut_last(&name, SPAN("/"), &id);
		} else if (span_skip(&line, SPAN("named_attribute: sasl_username=")) && id.at != NULL) {
			if (span_equal_nocase(line, key))
				queue_found(&id, held);
			id.at = NULL; /* the first counts */
		}
	}
}

/* By what a message is known: a login, or the end of the line that pickup writes. */
struct queue_owner {
	struct span text;
	bool local;
	char line[80];
};

static bool queue_owner(const struct adapter_order *order, struct queue_owner *owner_r, struct error *error)
{
	char name[256];
	const struct passwd *user;

	*owner_r = (struct queue_owner){ .text = order->key, .local = order->local };
	if (!order->local)
		return true;
	snprintf(name, sizeof(name), "%.*s", SPAN_ARGS(order->key));
	user = getpwnam(name);
	if (user == NULL)
		return error_set(error, "the user %s is not known here", name);
	snprintf(owner_r->line, sizeof(owner_r->line), ", from userid %u)", (unsigned)user->pw_uid);
	owner_r->text = span_of(owner_r->line);
	return true;
}

/*
 * One message may have gone in the meantime, at which postcat gives up, or some have so many recipients that what it
 * says was cut: then each is asked for itself. Its login stands in front of its recipients.
 */
static void queue_ask(const struct adapter_options *options, char (*ids)[QUEUE_ID_MAX], size_t count,
		      const struct queue_owner *owner, struct text *held)
{
	const char *arguments[QUEUE_BATCH + 2] = { owner->local ? "-ehq" : "-eq" };
	struct text said = { 0 };
	struct error error;
	bool good;

	for (size_t i = 0; i < count; i++)
		arguments[i + 1] = ids[i];
	arguments[count + 1] = NULL;
	good = queue_program(options, "postcat", arguments, (struct run){ .output = &said }, &error);
	if (good && (!said.cut || count == 1))
		(owner->local ? queue_local : queue_owned)(text_span(&said), owner->text, held);
	else if (count > 1)
		for (size_t i = 0; i < count; i++)
			queue_ask(options, &ids[i], 1, owner, held);
	text_free(&said);
}

/* postsuper reads ids from its standard input, a line each. */
static bool queue_super(const struct adapter_options *options, const char *what, struct span ids,
			struct error *error)
{
	const char *const arguments[] = { what, "-", NULL };
	struct text lines = { 0 };
	bool good;

	text_add(&lines, ids);
	for (size_t i = 0; i < lines.len; i++)
		if (lines.at[i] == ' ')
			lines.at[i] = '\n';
	text_add(&lines, SPAN("\n"));
	good = queue_program(options, "postsuper", arguments, (struct run){ .input = text_span(&lines) },
			     error);
	text_free(&lines);
	return good;
}

/*
 * The ids of the lines that have come. A queue may be long, and a line with a thousand recipients too: of one that is
 * not whole yet, its head is kept.
 */
static void queue_sift(void *context, struct text *output)
{
	struct span rest = text_span(output), line, id;
	struct text *ids = context;

	while (span_cut(&rest, '\n', &line))
		if (queue_line(line, &id))
			text_add_format(ids, "%.*s\n", SPAN_ARGS(id));
	if (output->len == 0)
		return;
	rest = span_head(rest, QUEUE_HEAD);
	memmove(output->at, rest.at, rest.len);
	output->len = rest.len;
	output->at[output->len] = '\0';
}

/* All messages of the queue that are not on hold, an id a line. */
static bool queue_list(const struct adapter_options *options, struct text *ids, struct error *error)
{
	static const char *const list[] = { "-j", NULL };
	struct text said = { 0 };
	const struct run run = { .output = &said, .sift = queue_sift, .context = ids };
	bool good = queue_program(options, "postqueue", list, run, error);

	text_free(&said);
	return good;
}

static bool postfix_queue_hold(const struct adapter_options *options, struct adapter_order *order,
			       struct error *error)
{
	char ids[QUEUE_BATCH][QUEUE_ID_MAX];
	struct text queue = { 0 };
	struct span rest, id;
	size_t count = 0;
	struct queue_owner owner;
	bool good = queue_owner(order, &owner, error) && queue_list(options, &queue, error);

	rest = text_span(&queue);
	while (good && !order->more && span_cut(&rest, '\n', &id)) {
		snprintf(ids[count++], QUEUE_ID_MAX, "%.*s", SPAN_ARGS(id));
		if (count == QUEUE_BATCH) {
			queue_ask(options, ids, count, &owner, order->held);
			count = 0;
			order->more = order->held->len > QUEUE_HELD;
		}
	}
	if (good && count > 0)
		queue_ask(options, ids, count, &owner, order->held);
	if (good && order->held->len > 0)
		good = queue_super(options, "-h", text_span(order->held), error);
	text_free(&queue);
	return good;
}

static bool postfix_queue_release(const struct adapter_options *options, struct adapter_order *order,
				  struct error *error)
{
	return order->ids.len == 0 || queue_super(options, "-H", order->ids, error);
}

const struct adapter adapter_postfix_queue = {
	.type = "postfix_queue",
	.queue = true,
	.logins = true,
	.locals = true,
	.rights = RIGHTS_FILES | RIGHTS_PROGRAMS,
	.disable = postfix_queue_hold,
	.release = postfix_queue_release,
};
