/*
 * `sendwatch check`: reads detect.conf as watch would, and says what would not work, before it is needed.
 * `--defaults` prints the settings themselves, from the table that reads them.
 *
 * Rights are those of watch: root becomes the user of [watch] once the adapters were tried, which stay root's.
 */
#define _GNU_SOURCE
#include "commands/blocklists.h"
#include "commands/check_parts.h"
#include "commands/command.h"
#include "commands/demote.h"
#include "commands/pipeline.h"
#include "commands/send_test.h"
#include "commands/status.h"
#include "commands/targets.h"

#include "base/rights.h"
#include "base/text.h"
#include "detectors/store_redis.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static const char check_head[] =
	"# detect.conf: the settings of sendwatch, each at its default.\n"
	"#\n"
	"# A line that begins with ; shows a key: take the ; away to change it. A ; after a blank begins a comment.\n"
	"# Units: 10m, 1h, 2d; 5%; 64k, 2M. Files named *.conf in detect.conf.d are read after this one, and win.\n"
	"# `sendwatch check` says what is wrong with it; `systemctl reload sendwatch` takes changes in.\n";

static const char check_manual_head[] =
	".Dd November 21, 2026\n"
	".Dt DETECT.CONF 5\n"
	".Os\n"
	".Sh NAME\n"
	".Nm detect.conf\n"
	".Nd settings of sendwatch\n"
	".Sh DESCRIPTION\n"
	"Every command of\n"
	".Xr sendwatch 1\n"
	"reads\n"
	".Pa /etc/sendwatch/detect.conf ,\n"
	"or the file that\n"
	".Fl c\n"
	"names, and after it the files\n"
	".Pa *.conf\n"
	"in the folder of the same name with\n"
	".Pa .d\n"
	"added, in the order of their names; what is read later wins.\n"
	"Without a file everything is at its default.\n"
	".Pp\n"
	"The file consists of sections and keys:\n"
	".Bd -literal -offset indent\n"
	"[judge]\n"
	"flagged = 24            ; a comment begins after a blank\n"
	"\n"
	"[webhook ops]\n"
	"url = https://hooks.example.com/sendwatch\n"
	"states = flagged, disabled\n"
	".Ed\n"
	".Pp\n"
	"Durations are written 30s, 10m, 1h, 2d, 1w or 1h 30m; sizes 64k, 2M, 1G; shares 5%.\n"
	"A list has commas between its members, can go on in indented lines, and its key can stand several times.\n"
	"A section and any other key stand once in a file.\n"
	"A key that is not known, or a value out of its bounds, refuses the whole: nothing starts, and a\n"
	"running watch keeps the settings that it has.\n"
	".Ql sendwatch check\n"
	"says what is wrong, with file, line and the nearest known key.\n"
	".Sh SECTIONS\n";

static const char check_manual_foot[] = ".Sh SEE ALSO\n"
					".Xr sendwatch 1 ,\n"
					".Xr sendwatch-events 5\n";

/* The settings as they are by default: detect.conf itself, or its manual page. */
static int check_defaults(bool manual)
{
	fputs(manual ? check_manual_head : check_head, stdout);
	if (manual)
		settings_print_manual(options_sections(), stdout);
	else
		settings_print(options_sections(), stdout);
	fputs(manual ? check_manual_foot : "", stdout);
	return EXIT_DONE;
}

void check_say(struct check *check, bool good, const char *where, const char *words)
{
	struct text safe = { 0 };

	text_add_printable(&safe, span_of(words));
	printf("%s  %s%s%s\n", good ? "ok   " : "WRONG", where, where[0] == '\0' ? "" : " ", safe.at);
	text_free(&safe);
	check->wrong += good ? 0 : 1;
}

/* Can files be made in FOLDER, or FOLDER itself, where it is not there yet? */
static void check_folder(struct check *check, const char *where, struct span folder)
{
	struct text path = { 0 }, words = { 0 };
	struct span above = folder, name;
	bool good;

	text_add(&path, folder.len == 0 ? SPAN(".") : folder);
	good = faccessat(AT_FDCWD, path.at, W_OK | X_OK, AT_EACCESS) == 0;
	text_add_format(&words, "%s: %s", path.at, good ? "can be written to" : strerror(errno));
	if (!good && errno == ENOENT && check->makes) {
		good = true;
		text_clear(&words);
		text_add_format(&words, "%.*s: is not there, and will be made", SPAN_ARGS(folder));
	} else if (!good && errno == ENOENT && span_cut_last(&above, SPAN("/"), &name)) {
		text_clear(&path);
		text_add(&path, above.len == 0 ? SPAN("/") : above);
		good = faccessat(AT_FDCWD, path.at, W_OK | X_OK, AT_EACCESS) == 0;
		text_clear(&words);
		text_add_format(&words, "%.*s: %s", SPAN_ARGS(folder),
				good ? "is not there, and will be made" : "is not there, and cannot be made");
	}
	check_say(check, good, where, words.at);
	text_free(&path);
	text_free(&words);
}

static void check_nothing(void *context, const struct verdict *verdict)
{
	(void)context;
	(void)verdict;
}

/* What the ledger and the judge read when they start: time zone, passwd, owners, countries. */
static void check_pipeline(struct check *check, const struct options *options)
{
	const struct pipeline_sink sink = { .verdict = check_nothing };
	struct error error;
	struct pipeline *pipeline = pipeline_new(options, &sink, &error);

	if (pipeline == NULL)
		check_say(check, false, "", error.text);
	pipeline_free(&pipeline);
}

static bool check_is_open(const char *url)
{
	return url != NULL && span_starts(span_of(url), SPAN("http://")) &&
	       !span_starts(span_of(url), SPAN("http://127.")) &&
	       !span_starts(span_of(url), SPAN("http://localhost")) &&
	       !span_starts(span_of(url), SPAN("http://[::1]"));
}

static bool check_is_sendmail(const struct mail_options *options)
{
	return options->smtp == NULL;
}

/* Each target by itself, so that all that is wrong is said. */
static void check_targets(struct check *check, const struct options *options)
{
	const struct responder_calls calls = { .done = NULL };
	struct targets targets;
	struct error error;

	if (!targets_list(options, &targets, &error))
		check_say(check, false, "", error.text);
	for (size_t i = 0; i < targets.count; i++) {
		struct target_of *of = &targets.of[i];
		struct text where = { 0 };

		of->target = of->responder->open(of->options, &calls, &error);
		text_add_format(&where, "[%s]", of->label);
		if (of->target == NULL)
			check_say(check, false, "", error.text);
		else if (of->responder == &responder_webhook &&
			 check_is_open(((const struct webhook_options *)of->options)->url))
			check_say(check, true, where.at,
				  "can be used, but http:// shows verdicts to whoever listens");
		else
			check_say(
				check, true, where.at,
				of->responder == &responder_mail && check_is_sendmail(of->options)
					? "can be used, but not under sendwatch.service, where sendmail may "
					  "take no rights: smtp = smtp://127.0.0.1:25 takes none"
					: "can be used");
		text_free(&where);
	}
	if (targets.count == 0)
		check_say(check, true, "[webhook]", "nobody is told: verdicts go to the journal alone");
	targets_close(&targets);
}

static void check_sent(void *context, bool good, const char *label, const char *words)
{
	struct text where = { 0 };

	text_add_format(&where, "[%s] test:", label);
	check_say(context, good, where.at, words);
	text_free(&where);
}

static void check_blocklist(void *context, bool good, const char *words)
{
	check_say(context, good, "[dnsbl]", words);
}

static void check_redis_said(void *context, bool good, const char *words)
{
	check_say(context, good, "[redis]", words);
}

static void check_redis(struct check *check, const struct options *options)
{
	struct error error;

	if (options->redis.topology == REDIS_OFF)
		return;
	if (!store_redis_check(&options->redis, check_redis_said, check, &error))
		check_say(check, false, "[redis]", error.text);
}

static void check_status(struct check *check, const struct options *options)
{
	struct text words = { 0 };
	struct error error;

	if (options->status.listen.count == 0)
		return;
	if (status_check(options, &words, &error))
		check_say(check, true, "[status]", words.at);
	else
		check_say(check, false, "", error.text);
	text_free(&words);
}

/* A file that is replaced or added to: can it be made in its folder? */
static void check_file(struct check *check, const char *where, const char *file)
{
	struct span folder = span_of(file), name;

	if (file == NULL)
		return;
	if (!span_cut_last(&folder, SPAN("/"), &name))
		folder = SPAN(".");
	check_folder(check, where, folder.len == 0 ? SPAN("/") : folder);
}

static void check_addresses(struct check *check, const struct address_options *options)
{
	const struct addresses_calls calls = { .changed = NULL };
	struct addresses *addresses;
	struct error error;

	if (!options->enabled)
		return;
	addresses = addresses_new(options, &calls, &error);
	if (addresses == NULL)
		check_say(check, false, "", error.text);
	addresses_free(&addresses);
	check_file(check, "[addresses] nft:", options->nft);
	check_file(check, "[addresses] fail2ban:", options->fail2ban);
	check_file(check, "[addresses] crowdsec:", options->crowdsec);
}

/* Root read them, and watch reads them again at each reload, as its user. */
static void check_reload(struct check *check, const struct arguments *arguments)
{
	struct options again;
	struct error error;

	if (options_load(arguments, &again, &error))
		options_free(&again);
	else
		check_say(check, false, "settings: at a reload:", error.text);
}

static unsigned check_options(const struct options *options, const struct arguments *arguments)
{
	struct check check = { .makes = options->watch.user != NULL && geteuid() == 0 };
	struct error error;

	check_acting(&check, options);
	if (!demote_try(options, &error))
		check_say(&check, false, "[watch] user:", error.text);
	check_reload(&check, arguments);
	check_logs(&check, options);
	check_pipeline(&check, options);
	check_redis(&check, options);
	check_status(&check, options);
	if (options->watch.state == NULL)
		check_say(&check, false, "[watch] state:", "names no folder");
	else
		check_folder(&check, "[watch] state:", span_of(options->watch.state));
	if (options->journal.file == NULL)
		check_say(&check, true, "[journal] file:", "no journal is kept");
	else
		check_file(&check, "[journal] file:", options->journal.file);
	check_targets(&check, options);
	check_addresses(&check, &options->addresses);
	if (arguments->send_test)
		send_test(options, clock_now(), check_sent, &check);
	blocklists_check(options, check_blocklist, &check);
	return check.wrong;
}

int command_check(const struct arguments *arguments)
{
	struct options options;
	struct error error;
	unsigned wrong;

	if (arguments->defaults)
		return check_defaults(arguments->manual);
	if (!options_load(arguments, &options, &error)) {
		fprintf(stderr, "sendwatch check: %s\n", error.text);
		return EXIT_USAGE;
	}
	printf("ok     settings: %s\n", arguments->config != NULL ? arguments->config
					: options_are_there()     ? OPTIONS_DEFAULT_PATH
								  : "all at their defaults");
	wrong = check_options(&options, arguments);
	options_free(&options);
	return wrong == 0 ? EXIT_DONE : EXIT_FAILED;
}
