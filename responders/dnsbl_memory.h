/*
 * What is known of our addresses at blocklists, kept in the state folder so that a restart tells nobody again,
 * and asks nobody sooner than it would have.
 *
 * A change is written down before it is told, and once more when it was: killed in between, it is told again,
 * as the same verdict.
 */
#ifndef SENDWATCH_RESPONDERS_DNSBL_MEMORY_H
#define SENDWATCH_RESPONDERS_DNSBL_MEMORY_H

#include "base/clock.h"
#include "base/error.h"
#include "responders/dnsbl_name.h"

#define DNSBL_CODE  80  /* "127.0.0.2,127.0.0.4" */
#define DNSBL_WORDS 240 /* of a TXT, made printable */

enum dnsbl_state { DNSBL_UNKNOWN, DNSBL_CLEAR, DNSBL_LISTED };

/* Why a list is not believed. */
enum dnsbl_fault {
	DNSBL_FINE,
	DNSBL_SILENT,     /* does not answer */
	DNSBL_FORBIDDEN,  /* we may not ask */
	DNSBL_EVERYTHING, /* lists what must not be listed */
	DNSBL_DEAD,       /* does not list what must be */
	DNSBL_STRANGE,    /* answers what is no answer of a blocklist */
};

/* One address at one zone. */
struct dnsbl_row {
	char address[DNSBL_ADDRESS];
	char zone[DNSBL_NAME];
	enum dnsbl_state state;
	bool told;    /* of its state */
	usec_t since; /* listed from then on, by our own questions; of a CLEAR one, until told: cleared */
	usec_t due;   /* to be asked again */
	char code[DNSBL_CODE], words[DNSBL_WORDS];
	size_t side; /* not kept: whose it is */
	bool asking; /* not kept */
};

/* One zone's list of one family. */
struct dnsbl_side {
	char zone[DNSBL_NAME];
	bool six;
	enum dnsbl_fault fault;
	bool told;
	usec_t since, due;
	char words[DNSBL_WORDS]; /* of the fault, for people */
	unsigned failures;       /* not kept: in a row */
	bool testing, proving;   /* not kept: a round is going on; at its last question, an address */
};

struct dnsbl_memory {
	struct dnsbl_row *rows;
	size_t row_count;
	struct dnsbl_side *sides;
	size_t side_count;
};

/* Of the state folder FOLDER; a file that is not there is an empty one. */
bool dnsbl_memory_read(const char *folder, struct dnsbl_memory *memory_r, struct error *error);
bool dnsbl_memory_write(const char *folder, const struct dnsbl_memory *memory, struct error *error);

/* The same from a file's text, and to it. What cannot be read is passed over. */
void dnsbl_memory_parse(struct span text, struct dnsbl_memory *memory_r);
void dnsbl_memory_print(const struct dnsbl_memory *memory, struct text *text);

void dnsbl_memory_free(struct dnsbl_memory *memory);

/* NULL where it is not there. */
struct dnsbl_row *dnsbl_memory_row(const struct dnsbl_memory *memory, const char *address, const char *zone);
struct dnsbl_side *dnsbl_memory_side(const struct dnsbl_memory *memory, const char *zone, bool six);

/* Text of strangers as printable words, whole characters only, as many as fit. */
void dnsbl_words(char *into, size_t size, struct span strange);

#endif
