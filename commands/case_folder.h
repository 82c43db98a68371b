/*
 * A report asked for by replay's --html and --case: the readings, and the folder with the tables beside it:
 *
 *	report.html      accounts.csv  addresses.csv  files.csv
 *	verdicts.ndjson  attempts.ndjson (of the flagged accounts)
 *	MANIFEST         SHA-256 of all of these, for sha256sum -c
 *
 * Fields of a CSV are in quotes, and one that a spreadsheet would take for a formula begins with an apostrophe.
 */
#ifndef SENDWATCH_COMMANDS_CASE_FOLDER_H
#define SENDWATCH_COMMANDS_CASE_FOLDER_H

#include "commands/case.h"

struct case_folder;

/* NULL and ERROR where the logs cannot be read twice or the folder cannot be written. OPTIONS are borrowed. */
struct case_folder *case_folder_new(const struct options *options, const struct arguments *arguments,
				    struct error *error);
void case_folder_free(struct case_folder **folder);

/* For what the first reading finds. */
struct casebook *case_folder_book(struct case_folder *folder);

/* The first reading is over: read again and write all. NOW: when it is made. */
bool case_folder_finish(struct case_folder *folder, const struct collector_stats *collector,
			const struct pipeline_stats *stats, usec_t now, struct error *error);

/* One field of a CSV (case_csv.c), and what stands in the tables. */
void case_csv_field(struct text *out, struct span field);
void case_csv_accounts(const struct casebook *book, struct text *out);
void case_csv_addresses(const struct casebook *book, struct text *out);
void case_csv_files(const struct casebook *book, struct text *out);

#endif
