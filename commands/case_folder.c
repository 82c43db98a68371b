/*
 * The folder of a case. What is long goes to its file as it comes; every file replaces its forerunner whole, and
 * the MANIFEST comes last, so that a folder with one that agrees is complete.
 */
#define _GNU_SOURCE
#include "commands/case_folder.h"

#include "base/memory.h"
#include "base/save.h"
#include "commands/options.h"
#include "commands/report.h"
#include "responders/sign.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CASE_MODE 0640 /* addresses of persons */

struct case_folder {
	const struct arguments *arguments;
	struct casebook *book;
	struct save *verdicts, *attempts;
};

/* "DIR/NAME", owned by the caller. */
static char *folder_path(const struct case_folder *folder, const char *name)
{
	struct text path = { .at = NULL };
	char *copy;

	text_add(&path, span_of(folder->arguments->case_folder));
	text_add(&path, SPAN("/"));
	text_add(&path, span_of(name));
	copy = memory_copy(text_span(&path));
	text_free(&path);
	return copy;
}

static struct save *folder_begin(const struct case_folder *folder, const char *name, struct error *error)
{
	char *path = folder_path(folder, name);
	struct save *save = save_begin(path, CASE_MODE, error);

	free(path);
	return save;
}

/* A table of the same name may be anybody's: only what is no table tells that a case was here. */
static bool folder_is_case(const struct case_folder *folder)
{
	static const char *const names[] = { "report.html", "verdicts.ndjson", "attempts.ndjson" };
	bool there = true;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && there; i++) {
		char *path = folder_path(folder, names[i]);

		there = access(path, F_OK) == 0;
		free(path);
	}
	return there;
}

/* What a run that was killed has left over is nobody's. */
static bool folder_is_empty(const char *path)
{
	const struct dirent *entry;
	DIR *names = opendir(path);
	bool empty = names != NULL;

	while (empty && (entry = readdir(names)) != NULL)
		empty = entry->d_name[0] == '.' || strstr(entry->d_name, ".tmp.") != NULL;
	if (names != NULL)
		closedir(names);
	return empty;
}

static bool folder_make(struct case_folder *folder, struct error *error)
{
	const char *path = folder->arguments->case_folder;
	char *report;
	bool good;

	if (mkdir(path, 0750) != 0 && errno != EEXIST)
		return error_set(error, "%s: %s", path, strerror(errno));
	report = folder_path(folder, "report.html");
	good = report_can_write(report, error);
	free(report);
	if (!good)
		return false;
	if (!folder_is_empty(path) && !folder_is_case(folder))
		return error_set(
			error,
			"%s: there are other files in it, and no case: name an empty folder, or one to make",
			path);
	folder->verdicts = folder_begin(folder, "verdicts.ndjson", error);
	if (folder->verdicts == NULL)
		return false;
	folder->attempts = folder_begin(folder, "attempts.ndjson", error);
	return folder->attempts != NULL;
}

struct case_folder *case_folder_new(const struct options *options, const struct arguments *arguments,
				    struct error *error)
{
	struct case_folder *folder = memory_new(1, sizeof(*folder));
	struct case_options with = { .options = options, .arguments = arguments };

	folder->arguments = arguments;
	if (!case_can_read(arguments, error) ||
	    (arguments->html != NULL && !report_can_write(arguments->html, error)) ||
	    (arguments->case_folder != NULL && !folder_make(folder, error))) {
		case_folder_free(&folder);
		return NULL;
	}
	with.verdicts = folder->verdicts == NULL ? NULL : save_stream(folder->verdicts);
	with.attempts = folder->attempts == NULL ? NULL : save_stream(folder->attempts);
	folder->book = casebook_new(&with);
	return folder;
}

void case_folder_free(struct case_folder **folder)
{
	if (*folder == NULL)
		return;
	casebook_free(&(*folder)->book);
	save_cancel(&(*folder)->verdicts);
	save_cancel(&(*folder)->attempts);
	free(*folder);
	*folder = NULL;
}

struct casebook *case_folder_book(struct case_folder *folder)
{
	return folder->book;
}

static bool folder_table(const struct case_folder *folder, const char *name,
			 void (*fill)(const struct casebook *book, struct text *out), struct error *error)
{
	struct text out = { .ceiling = (size_t)1 << 30 };
	char *path = folder_path(folder, name);
	bool good;

	fill(folder->book, &out);
	good = out.cut ? error_set(error, "%s: it would be over a gigabyte", path)
		       : save_whole(path, text_span(&out), CASE_MODE, error);
	text_free(&out);
	free(path);
	return good;
}

static bool folder_manifest(const struct case_folder *folder, struct error *error)
{
	static const char *const names[] = { "report.html", "accounts.csv",    "addresses.csv",
					     "files.csv",   "verdicts.ndjson", "attempts.ndjson" };
	struct text sums = { .at = NULL };
	bool good = true;
	char *path;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && good; i++) {
		char hex[SIGN_HEX_SIZE];
		uint64_t size;

		path = folder_path(folder, names[i]);
		good = sign_file(path, hex, &size, error);
		if (good)
			text_add_format(&sums, "%s  %s\n", hex, names[i]);
		free(path);
	}
	path = folder_path(folder, "MANIFEST");
	good = good && save_whole(path, text_span(&sums), CASE_MODE, error);
	free(path);
	text_free(&sums);
	return good;
}

static bool folder_write(struct case_folder *folder, usec_t now, struct error *error)
{
	char *path = folder_path(folder, "report.html");
	struct error without;
	bool good = save_commit(&folder->verdicts, error) && save_commit(&folder->attempts, error) &&
		    report_write(folder->book, path, now, error) &&
		    folder_table(folder, "accounts.csv", case_csv_accounts, error) &&
		    folder_table(folder, "addresses.csv", case_csv_addresses, error) &&
		    folder_table(folder, "files.csv", case_csv_files, error);

	free(path);
	if (!good)
		return false;
	/* Without libcrypto there is nothing to write into it, which is said of each log that was read. */
	return !sign_available(&without) || folder_manifest(folder, error);
}

bool case_folder_finish(struct case_folder *folder, const struct collector_stats *collector,
			const struct pipeline_stats *stats, usec_t now, struct error *error)
{
	const struct arguments *arguments = folder->arguments;

	if (!casebook_read(folder->book, collector, stats, error))
		return false;
	if (arguments->html != NULL && !report_write(folder->book, arguments->html, now, error))
		return false;
	return arguments->case_folder == NULL || folder_write(folder, now, error);
}
