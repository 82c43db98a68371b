/*
 * Journals by libsystemd's sd-journal, which knows the files' format, their merging in order of time, rotation
 * and vacuum. Where a field is given twice the first counts; journald takes the trusted ones (_HOSTNAME, _PID) from
 * the kernel.
 */
#define _GNU_SOURCE
#include "collector/journald.h"

#include "base/library.h"
#include "base/memory.h"
#include "base/uid.h"
#include "collector/journald_line.h"

#include <stdio.h>
#include <stdlib.h>

#ifdef HAVE_LIBSYSTEMD

#include <errno.h>
#include <pwd.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>

#define JOURNALD_FIELD        ((size_t)64 * 1024) /* bytes of a field that are read */
#define JOURNALD_FORGED_EVERY (10 * USEC_MINUTE)  /* who forges is not to fill the journal through us */

/* What journald writes when it drops what a unit says too fast. */
#define JOURNALD_SUPPRESSED "MESSAGE_ID=a596d6fe7bfa4994828e72309e95d61e"

/* What is used of the library, which is loaded when the first journal is opened. */
/* clang-format off */
#define JOURNALD_CALLS(CALL) \
	CALL(add_disjunction) CALL(add_match) CALL(close) CALL(get_cursor) CALL(get_data) \
	CALL(get_fd) CALL(get_realtime_usec) CALL(get_timeout) CALL(get_usage) \
	CALL(has_persistent_files) CALL(has_runtime_files) CALL(next) CALL(open) \
	CALL(open_directory) CALL(open_files) CALL(open_namespace) CALL(previous) CALL(process) \
	CALL(seek_cursor) CALL(seek_head) CALL(seek_realtime_usec) CALL(seek_tail) \
	CALL(set_data_threshold) CALL(test_cursor)
/* clang-format on */

#define JOURNALD_POINTER(name) __typeof__(sd_journal_##name) *name;
static struct journald_calls {
	JOURNALD_CALLS(JOURNALD_POINTER)
} sd;

#define JOURNALD_FUNCTION(name) { "sd_journal_" #name, offsetof(struct journald_calls, name) },
static const struct library_function journald_functions[] = { JOURNALD_CALLS(JOURNALD_FUNCTION) };

static bool journald_load(const char *log, struct error *error)
{
	static struct library library = LIBRARY("libsystemd.so.0", NULL, journald_functions);
	struct error why;

	return library_load(&library, &sd, &why) ||
	       error_set(error, "%s: journals cannot be read: %s", log, why.text);
}

struct journald {
	sd_journal *file;
	char *log;
	uint64_t dropped;  /* entries, since it was last asked */
	char of[128];      /* what it was last of */
	uint64_t forged;   /* entries, since it was last told */
	uint64_t forger;   /* the last one's uid */
	uint64_t postfix;  /* the uid of the user of that name; 0: there is none */
	usec_t forged_due; /* monotonic: not told before */
	bool entered;      /* there is an entry that a cursor can be of */
	bool found;        /* the entry where reading stands was not given yet */
};

static bool journald_failed(const struct journald *journal, int code, const char *what, struct error *error)
{
	return error_set(error, "%s: %s: %s", journal->log, what, strerror(-code));
}

static int journald_open_file(const struct journald_name *name, sd_journal **file_r)
{
	struct stat about;
	const char *paths[2] = { name->path, NULL };

	if (name->path == NULL)
		return name->space == NULL ? sd.open(file_r, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM)
					   : sd.open_namespace(file_r, name->space, SD_JOURNAL_LOCAL_ONLY);
	if (stat(name->path, &about) != 0)
		return -errno;
	return S_ISDIR(about.st_mode) ? sd.open_directory(file_r, name->path, 0)
				      : sd.open_files(file_r, paths, 0);
}

/* Matches of one field are alternatives by themselves; of several fields only with a disjunction between. */
static int journald_match(struct journald *journal, const struct journald_name *name)
{
	int code = 0;

	for (size_t i = 0; i < name->count && code >= 0; i++) {
		code = sd.add_match(journal->file, name->matches[i], 0);
		if (code >= 0)
			code = sd.add_disjunction(journal->file);
	}
	if (code >= 0)
		code = sd.add_match(journal->file, JOURNALD_SUPPRESSED, 0);
	if (code >= 0)
		code = sd.add_match(journal->file, "_TRANSPORT=driver", 0); /* by journald itself */
	return code;
}

/* Without a journal folder or the right to read it there would be silence for ever: that is an error. */
static bool journald_is_readable(struct journald *journal, struct error *error)
{
	uint64_t bytes = 0;

	if (sd.get_usage(journal->file, &bytes) >= 0 && bytes > 0)
		return true;
	if (sd.has_runtime_files(journal->file) > 0 || sd.has_persistent_files(journal->file) > 0)
		return true;
	return error_set(error,
			 "%s: there is no journal that may be read: the reader must be in the group "
			 "systemd-journal or adm, or journald keeps none here",
			 journal->log);
}

/* Asked once: an entry of any user's costs no look-up. */
static uint64_t journald_postfix(void)
{
	struct passwd entry, *user = NULL;
	char text[4096];

	return getpwnam_r("postfix", &entry, text, sizeof(text), &user) == 0 && user != NULL ? user->pw_uid
											     : 0;
}

struct journald *journald_open(const struct journald_name *name, struct error *error)
{
	struct journald *journal;
	int code;

	if (!journald_load(name->log, error))
		return NULL;
	journal = memory_new(1, sizeof(*journal));
	journal->log = memory_copy(span_of(name->log));
	journal->postfix = journald_postfix();
	code = journald_open_file(name, &journal->file);
	if (code < 0) {
		journal->file = NULL;
		journald_failed(journal, code, "cannot be opened", error);
		journald_close(&journal);
		return NULL;
	}
	(void)sd.set_data_threshold(journal->file, JOURNALD_FIELD);
	code = journald_match(journal, name);
	if (code >= 0)
		code = name->since == USEC_NEVER
			       ? sd.seek_head(journal->file)
			       : sd.seek_realtime_usec(journal->file, (uint64_t)name->since);
	if (code < 0)
		journald_failed(journal, code, "cannot be searched", error);
	if (code < 0 || !journald_is_readable(journal, error))
		journald_close(&journal);
	return journal;
}

void journald_close(struct journald **journal)
{
	struct journald *old = *journal;

	if (old == NULL)
		return;
	sd.close(old->file);
	free(old->log);
	free(old);
	*journal = NULL;
}

/* A field's value; empty where the entry has none. Borrowed until the next field is asked for. */
static struct span journald_field(struct journald *journal, const char *field)
{
	const void *data;
	size_t len, name = strlen(field) + 1;

	if (sd.get_data(journal->file, field, &data, &len) < 0 || len < name)
		return (struct span){ "", 0 };
	return (struct span){ (const char *)data + name, len - name };
}

/* The same, kept in PLACE. */
static struct span journald_keep(struct journald *journal, const char *field, char *place, size_t room)
{
	struct span value = span_head(journald_field(journal, field), room);

	memcpy(place, value.at, value.len);
	return (struct span){ place, value.len };
}

static struct span journald_either(struct journald *journal, const char *field, const char *other,
				   char *place, size_t room)
{
	struct span value = journald_keep(journal, field, place, room);

	return value.len > 0 ? value : journald_keep(journal, other, place, room);
}

/*
 * When it was said: by the sender's own clock where journald has it, as a syslog daemon would write; else when
 * journald took it in.
 */
static usec_t journald_time(struct journald *journal)
{
	uint64_t time;
	struct span source = journald_field(journal, "_SOURCE_REALTIME_TIMESTAMP");

	if (span_to_u64(source, &time) && time < INT64_MAX)
		return (usec_t)time;
	if (sd.get_realtime_usec(journal->file, &time) < 0 || time >= INT64_MAX)
		return USEC_NEVER;
	return (usec_t)time;
}

static bool journald_is_suppressed(struct journald *journal)
{
	struct span id = journald_field(journal, "MESSAGE_ID");
	uint64_t dropped;

	if (!span_equal(id, span_from(span_of(JOURNALD_SUPPRESSED), sizeof("MESSAGE_ID=") - 1)))
		return false;
	if (!span_to_u64(journald_field(journal, "N_DROPPED"), &dropped))
		dropped = 1;
	journal->dropped += dropped;
	snprintf(journal->of, sizeof(journal->of), "%.*s",
		 SPAN_ARGS(span_head(journald_field(journal, "MESSAGE"), 120)));
	return true;
}

static bool journald_tells_forged(struct journald *journal, struct error *words)
{
	usec_t now = clock_monotonic();

	if (journal->forged == 0 || now < journal->forged_due)
		return false;
	error_set(
		words,
		"%s: entries that uid %llu wrote in a mail server's name are left out (%llu): it is a person's, who "
		"may want to have another's account flagged; were it the server's, it would be called postfix",
		journal->log, (unsigned long long)journal->forger, (unsigned long long)journal->forged);
	journal->forged = 0;
	journal->forged_due = now + JOURNALD_FORGED_EVERY;
	return true;
}

bool journald_lost(struct journald *journal, struct error *words)
{
	if (journal->dropped == 0)
		return journald_tells_forged(journal, words);
	error_set(
		words,
		"%s: journald dropped %llu entries because too many came at once (\"%s\"): what they said of mail "
		"is lost; raise LogRateLimitBurst= of the unit, or RateLimitBurst= in journald.conf",
		journal->log, (unsigned long long)journal->dropped, journal->of);
	journal->dropped = 0;
	return true;
}

/* Does it bear the name of one of Postfix's programs, as a tag or, as a container's lines do, within the words? */
static bool journald_is_postfix(const struct journald_fields *fields)
{
	struct span rest = fields->identifier, program;

	if (!span_cut_last(&rest, SPAN("/"), &program))
		return span_find(fields->message, SPAN("postfix/")) < fields->message.len;
	/* Commands that people run say nothing that counts. */
	return !span_equal(program, SPAN("postdrop")) && !span_equal(program, SPAN("sendmail")) &&
	       !span_equal(program, SPAN("postqueue"));
}

/*
 * Is it a person's word? No mail server's, then; within Postfix's unit, too, where a .forward runs what its owner
 * likes.
 */
static bool journald_is_a_persons(struct journald *journal, const struct journald_fields *fields,
				  struct span uid)
{
	uint64_t number;

	if (!uid_is_a_persons(uid, &number) || number == journal->postfix)
		return false;
	if (journald_is_postfix(fields)) {
		journal->forged++;
		journal->forger = number;
	}
	return true;
}

static bool journald_render(struct journald *journal, struct text *into)
{
	char host[256], identifier[256], pid[32], digits[32];
	struct span uid = journald_keep(journal, "_UID", digits, sizeof(digits));
	struct journald_fields fields = {
		.time = journald_time(journal),
		.host = journald_keep(journal, "_HOSTNAME", host, sizeof(host)),
		.identifier = journald_either(journal, "SYSLOG_IDENTIFIER", "_COMM", identifier,
					      sizeof(identifier)),
		.pid = journald_either(journal, "SYSLOG_PID", "_PID", pid, sizeof(pid)),
	};

	fields.message = journald_field(journal, "MESSAGE");
	if (journald_is_a_persons(journal, &fields, uid))
		return false;
	return journald_line(&fields, into);
}

enum journald_got journald_next(struct journald *journal, struct text *into, struct error *error)
{
	for (;;) {
		int code = journal->found ? 1 : sd.next(journal->file);

		journal->found = false;
		if (code < 0) {
			journald_failed(journal, code, "cannot be read on", error);
			return JOURNALD_BROKEN;
		}
		if (code == 0)
			return JOURNALD_NOTHING;
		journal->entered = true;
		if (!journald_is_suppressed(journal) && journald_render(journal, into))
			return JOURNALD_ENTRY;
	}
}

bool journald_cursor(const struct journald *journal, struct text *into)
{
	char *cursor = NULL;

	if (!journal->entered || sd.get_cursor(journal->file, &cursor) < 0)
		return false;
	text_add(into, span_of(cursor));
	free(cursor);
	return true;
}

bool journald_cursor_before(struct journald *journal, struct text *into)
{
	bool got = sd.previous(journal->file) > 0 && journald_cursor(journal, into);

	return sd.next(journal->file) > 0 && got;
}

enum journald_sought journald_seek(struct journald *journal, const char *cursor, struct error *error)
{
	int code = sd.seek_cursor(journal->file, cursor);

	if (code >= 0)
		code = sd.next(journal->file);
	if (code < 0) {
		journald_failed(journal, code, "the place where reading stopped cannot be found", error);
		return JOURNALD_FAILED;
	}
	if (code == 0)
		return JOURNALD_GONE;
	journal->entered = true;
	if (sd.test_cursor(journal->file, cursor) > 0)
		return JOURNALD_SOUGHT;
	journal->entered = false; /* the entry found is the first after the gap */
	journal->found = true;
	return JOURNALD_GONE;
}

bool journald_newest(struct journald *journal, usec_t *time_r)
{
	if (sd.seek_tail(journal->file) < 0)
		return false;
	do {
		if (sd.previous(journal->file) <= 0)
			return false;
	} while (journald_is_suppressed(journal));
	*time_r = journald_time(journal);
	return true;
}

bool journald_seek_end(struct journald *journal, struct error *error)
{
	int code = sd.seek_tail(journal->file);

	if (code >= 0)
		code = sd.previous(journal->file);
	journal->entered = code > 0;
	/* Behind an end without an entry nothing would ever come: but then all that comes is new, from the first on. */
	if (code == 0)
		code = sd.seek_head(journal->file);
	if (code < 0)
		return journald_failed(journal, code, "its end cannot be found", error);
	return true;
}

int journald_fd(struct journald *journal)
{
	return sd.get_fd(journal->file);
}

void journald_happened(struct journald *journal)
{
	(void)sd.process(journal->file);
}

usec_t journald_due(struct journald *journal)
{
	uint64_t due;

	if (sd.get_timeout(journal->file, &due) < 0 || due >= INT64_MAX)
		return USEC_NEVER;
	return (usec_t)due;
}

#else

struct journald *journald_open(const struct journald_name *name, struct error *error)
{
	error_set(error, "%s: this build cannot read journals: it was made without libsystemd", name->log);
	return NULL;
}

void journald_close(struct journald **journal)
{
	*journal = NULL;
}

enum journald_got journald_next(struct journald *journal, struct text *into, struct error *error)
{
	(void)journal;
	(void)into;
	(void)error;
	return JOURNALD_NOTHING;
}

bool journald_lost(struct journald *journal, struct error *words)
{
	(void)journal;
	(void)words;
	return false;
}

bool journald_cursor(const struct journald *journal, struct text *into)
{
	(void)journal;
	(void)into;
	return false;
}

bool journald_cursor_before(struct journald *journal, struct text *into)
{
	return journald_cursor(journal, into);
}

enum journald_sought journald_seek(struct journald *journal, const char *cursor, struct error *error)
{
	(void)journal;
	(void)cursor;
	(void)error;
	return JOURNALD_FAILED;
}

bool journald_newest(struct journald *journal, usec_t *time_r)
{
	(void)journal;
	(void)time_r;
	return false;
}

bool journald_seek_end(struct journald *journal, struct error *error)
{
	(void)journal;
	(void)error;
	return false;
}

int journald_fd(struct journald *journal)
{
	(void)journal;
	return -1;
}

void journald_happened(struct journald *journal)
{
	(void)journal;
}

usec_t journald_due(struct journald *journal)
{
	(void)journal;
	return USEC_NEVER;
}

#endif
