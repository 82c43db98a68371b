/*
 * Settings are rows. A section is a table of rows that fills one struct of options; the one list of all
 * sections (commands/options.c) feeds the reader of detect.conf, `sendwatch check`, the manual page and
 * detect.conf itself. A module declares its rows beside its code and knows nothing of the file.
 *
 *	[invalid_recipients]
 *	minimum = 10            ; fewest recipients that say anything
 *
 * Keys that no row names, values out of bounds and sections twice refuse the whole file, with file, line
 * and the nearest known key.
 */
#ifndef SENDWATCH_BASE_SETTINGS_H
#define SENDWATCH_BASE_SETTINGS_H

#include "base/clock.h"
#include "base/error.h"
#include "base/span.h"

#include <stdio.h>

enum setting_kind {
	SETTING_FLAG,     /* bool: yes, no, true, false, on, off, 1, 0 */
	SETTING_COUNT,    /* int64_t: 12, 64k, 2M, 1G (powers of 1024 only where the row counts bytes) */
	SETTING_BYTES,    /* int64_t: 64k, 2M, 1G */
	SETTING_NUMBER,   /* double */
	SETTING_PERCENT,  /* double, 0.05 for "5" and "5%" */
	SETTING_DURATION, /* usec_t: 30s, 10m, 1h, 2d, 1w, "1h 30m"; a bare number is seconds */
	SETTING_TEXT,     /* char *, owned by the options; NULL where empty */
	SETTING_LIST,     /* struct setting_list: comma- or line-separated; the key may stand several times */
	SETTING_CHOICE,   /* int: the index in choices */
};

struct setting_list {
	char **texts;
	size_t count;
};

struct setting {
	const char *name; /* NULL ends the table */
	enum setting_kind kind;
	size_t place;         /* offsetof in the section's options */
	const char *fallback; /* the default, as text */
	double low, high; /* bounds of numbers: percent for PERCENT, usec for DURATION; both 0 means none */
	const char *const *choices;
	const char *about; /* one sentence for people */
};

/* SETTING(COUNT, struct invalid_options, minimum, "10", 1, 100000, "fewest recipients that ...") */
#define SETTING(kind_, options, field, fallback_, low_, high_, about_) \
	{ \
		.name = #field, .kind = SETTING_##kind_, .place = offsetof(options, field), \
		.fallback = fallback_, .low = low_, .high = high_, .about = about_ \
	}

#define SETTING_CHOICE_OF(options, field, fallback_, choices_, about_) \
	{ \
		.name = #field, .kind = SETTING_CHOICE, .place = offsetof(options, field), \
		.fallback = fallback_, .choices = choices_, .about = about_ \
	}

struct settings_section {
	const char *name; /* "invalid_recipients"; NULL ends the list */
	const char *about;
	const struct setting *settings;
	size_t size;   /* bytes of its options struct */
	size_t place;  /* of a struct settings_many (repeated) or of the options themselves, in the whole */
	bool repeated; /* "[webhook NAME]", any number of times; the options begin with char *name */
};

/* The options of a repeated section, in the order of the file. */
struct settings_many {
	void *items; /* COUNT structs of the section's size, each beginning with char *name */
	size_t count;
};

/* Every row at its default. WHOLE is zeroed, or was filled by these functions: what it owns is freed. */
void settings_defaults(const struct settings_section *sections, void *whole);

/*
 * Read PATH over the defaults; in a `PATH.d` folder beside it, the *.conf files in order of their names.
 * On failure WHOLE is freed and at its defaults, and ERROR says file, line and what is wrong.
 */
bool settings_read(const struct settings_section *sections, const char *path, void *whole,
		   struct error *error);

/* The same from text, for tests and fuzzing; NAME stands for the file in errors. */
bool settings_read_text(const struct settings_section *sections, const char *name, struct span text,
			void *whole, struct error *error);

void settings_free(const struct settings_section *sections, void *whole);

/* Are two structs of options, both filled from ROWS, the same? The name of a repeated section is the caller's part. */
bool settings_same(const struct setting *rows, const void *a, const void *b);

/* detect.conf itself: every key commented out at its default, with its sentence. */
void settings_print(const struct settings_section *sections, FILE *out);

/* The same as the sections of a manual page. */
void settings_print_manual(const struct settings_section *sections, FILE *out);

#endif
