/* /proc/self, read anew each time; what cannot be read is left out. */
#define _GNU_SOURCE
#include "commands/metrics_process.h"

#include "base/error.h"
#include "base/save.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

static void process_one(struct text *out, bool open, const char *name, const char *type, const char *unit,
			const char *help, double value)
{
	const char *end = strcmp(type, "counter") == 0 ? "_total" : "";

	text_add_format(out, "# TYPE process_%s%s %s\n", name, open ? "" : end, type);
	if (open && unit != NULL)
		text_add_format(out, "# UNIT process_%s %s\n", name, unit);
	text_add_format(out, "# HELP process_%s%s %s\nprocess_%s%s %.15g\n", name, open ? "" : end, help,
			name, end, value);
}

/* Field N of /proc/self/stat, counted as in proc(5); the command's name may hold anything. */
static bool process_field(struct span stat, unsigned n, uint64_t *value_r)
{
	struct span rest = span_from(stat, span_find_last(stat, SPAN(") ")) + 2), field;

	for (unsigned i = 3; span_cut(&rest, ' ', &field); i++)
		if (i == n)
			return span_to_u64(field, value_r);
	return false;
}

static void process_stat(struct text *out, bool open)
{
	struct text stat = { 0 };
	struct error error;
	uint64_t virtual, resident;
	long page = sysconf(_SC_PAGESIZE);

	if (save_read("/proc/self/stat", 4096, &stat, &error)) {
		if (process_field(text_span(&stat), 23, &virtual))
			process_one(out, open, "virtual_memory_bytes", "gauge", "bytes", "Virtual memory.",
				    (double)virtual);
		if (process_field(text_span(&stat), 24, &resident))
			process_one(out, open, "resident_memory_bytes", "gauge", "bytes", "Resident memory.",
				    (double)resident * (double)page);
	}
	text_free(&stat);
}

static void process_files(struct text *out, bool open)
{
	DIR *folder = opendir("/proc/self/fd");
	struct rlimit most;
	unsigned count = 0;

	if (folder != NULL) {
		for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
			count += entry->d_name[0] != '.';
		closedir(folder);
		/* Less the one that was open for looking. */
		process_one(out, open, "open_fds", "gauge", NULL, "Open file descriptors.",
			    (double)count - 1);
	}
	if (getrlimit(RLIMIT_NOFILE, &most) == 0)
		process_one(out, open, "max_fds", "gauge", NULL, "File descriptors that may be open.",
			    (double)most.rlim_cur);
}

void metrics_process(struct text *out, usec_t started, bool open)
{
	struct rusage used;

	if (getrusage(RUSAGE_SELF, &used) == 0)
		process_one(out, open, "cpu_seconds", "counter", "seconds", "Processor time used.",
			    (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
				    (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
	process_one(out, open, "start_time_seconds", "gauge", "seconds",
		    "When the process was started, since 1970.", (double)started / USEC_SECOND);
	process_stat(out, open);
	process_files(out, open);
}
