/*
 * The program's own log. Complaints are known by a hash of their words without digits, so that a queue id or
 * a byte count does not make each one new; 64 kinds are remembered, which is more than the program has.
 */
#include "base/log.h"

#include "base/hash.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

#define LOG_KINDS 64
#define LOG_MUTED USEC_MINUTE
#define LOG_LINE  ((size_t)2048)

struct log_kind {
	uint64_t hash;
	usec_t told;
	uint64_t muted;
};

static struct {
	FILE *out;
	enum log_level level;
	bool journald;
	struct log_kind kinds[LOG_KINDS];
} log_state = { .level = LOG_LEVEL_INFO };

static const char *const log_levels[] = { "error", "warning", "info", "debug", NULL };

const struct setting log_settings[] = {
	SETTING_CHOICE_OF(struct log_options, level, "info", log_levels, "how much sendwatch says of itself"),
	{ .name = NULL },
};

void log_open(const struct log_options *options, FILE *out, bool journald)
{
	static const enum log_level levels[] = { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO,
						 LOG_LEVEL_DEBUG };

	log_state.level = levels[options->level];
	log_state.out = out;
	log_state.journald = journald;
}

void log_listen(void)
{
	for (size_t i = 0; i < LOG_KINDS; i++)
		log_state.kinds[i].told = USEC_NEVER;
}

static uint64_t log_hash(const char *words)
{
	uint64_t hash = 0;

	while (*words != '\0') {
		size_t len = strcspn(words, "0123456789");

		hash = hash_stable_more(hash, (struct span){ words, len });
		words += len;
		words += strspn(words, "0123456789");
	}
	return hash;
}

/* Its row, or the one that was told longest ago. */
static struct log_kind *log_kind(uint64_t hash)
{
	struct log_kind *oldest = log_state.kinds;

	for (size_t i = 0; i < LOG_KINDS; i++) {
		if (log_state.kinds[i].hash == hash)
			return &log_state.kinds[i];
		if (log_state.kinds[i].hash == 0) { /* they are filled in order: the rest is free */
			oldest = &log_state.kinds[i];
			break;
		}
		if (log_state.kinds[i].told < oldest->told)
			oldest = &log_state.kinds[i];
	}
	*oldest = (struct log_kind){ .hash = hash, .told = USEC_NEVER };
	return oldest;
}

static const char *log_level_name(enum log_level level)
{
	return level == LOG_LEVEL_ERROR ? "error: " : level == LOG_LEVEL_WARNING ? "warning: " : "";
}

void log_say(usec_t now, enum log_level level, const char *format, ...)
{
	FILE *out = log_state.out == NULL ? stderr : log_state.out;
	struct text line = { .ceiling = LOG_LINE };
	char words[LOG_LINE];
	struct log_kind *kind;
	va_list arguments;

	if (level > log_state.level)
		return;
	va_start(arguments, format);
	vsnprintf(words, sizeof(words), format, arguments);
	va_end(arguments);
	kind = log_kind(log_hash(words));
	/* A clock that was set back does not mute what is said from then on. */
	if (level <= LOG_LEVEL_WARNING && kind->told != USEC_NEVER && now >= kind->told &&
	    now - kind->told < LOG_MUTED) {
		kind->muted++;
		return;
	}
	if (log_state.journald)
		text_add_format(&line, "<%d>", (int)level);
	else
		text_add_format(&line, "sendwatch: %s", log_level_name(level));
	text_add_printable(&line, span_of(words));
	if (kind->muted > 0)
		text_add_format(&line, " (and %llu more like it)", (unsigned long long)kind->muted);
	fprintf(out, "%s\n", line.at);
	fflush(out);
	kind->told = now;
	kind->muted = 0;
	text_free(&line);
}
