/*
 * A table for check_sasl_access: a text file of ours, compiled by postmap; or rows of an SQLite database, table
 * sendwatch(account, action). Not for check_sender_access, which asks a table for the sender's domain and the
 * domains above it, too: a login "info" would stop all of .info.
 *
 * smtpd notices a new hash, btree or cdb table by its file's time in whole seconds: a table that is built twice in
 * one second would be noticed once. So the second one waits for the next second. Even then, sessions that are open
 * may go on with hash; lmdb and sqlite stop them. texthash is read at start alone and needs a reload.
 */
#define _GNU_SOURCE
#include "responders/adapter.h"
#include "responders/listing.h"
#include "responders/run.h"

#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>

static bool postfix_map_check(const struct adapter_options *options, struct error *error)
{
	if (options->map == ADAPTER_SQLITE)
		return options->file != NULL || error_set(error, "names no file");
	return listing_check(options->file, error);
}

static bool postfix_program(const struct adapter_options *options, const char *name, const char *what,
			    struct error *error)
{
	char program[512];
	const char *argv[5];
	size_t count = 0;
	const struct run run = { .argv = argv, .timeout = options->timeout };

	snprintf(program, sizeof(program), "%s/%s",
		 options->programs == NULL ? "/usr/sbin" : options->programs, name);
	argv[count++] = program;
	if (options->config != NULL) {
		argv[count++] = "-c";
		argv[count++] = options->config;
	}
	argv[count++] = what;
	argv[count] = NULL;
	return run_well(&run, error);
}

/* Until the second in which the compiled table was last written is over. */
static void postfix_map_wait(const char *compiled)
{
	struct stat there;
	usec_t now = clock_now();

	if (stat(compiled, &there) == 0 && there.st_mtime == (time_t)(now / USEC_SECOND))
		(void)poll(NULL, 0, (int)((USEC_SECOND - now % USEC_SECOND) / 1000) + 1);
}

static bool postfix_map_compile(const struct adapter_options *options, struct error *error)
{
	char table[600], compiled[600];

	if (options->map == ADAPTER_TEXTHASH)
		return postfix_program(options, "postfix", "reload", error);
	snprintf(table, sizeof(table), "%s:%s", adapter_maps[options->map], options->file);
	snprintf(compiled, sizeof(compiled), "%s.%s", options->file,
		 options->map == ADAPTER_CDB ? "cdb" : "db");
	if (options->map != ADAPTER_LMDB)
		postfix_map_wait(compiled);
	return postfix_program(options, "postmap", table, error);
}

/* Keys have no quotes (adapter_key); the admin's text may. */
static bool postfix_map_sql(const struct adapter_options *options, const char *statement, struct span key,
			    const char *text, struct error *error)
{
	struct text sql = { 0 };
	const char *argv[] = { "/usr/bin/sqlite3", "-bail", options->file, NULL, NULL };
	const struct run run = { .argv = argv, .timeout = options->timeout };
	bool good;

	text_add_format(
		&sql, "CREATE TABLE IF NOT EXISTS sendwatch(account TEXT PRIMARY KEY, action TEXT);%s'%.*s'",
		statement, SPAN_ARGS(key));
	if (text != NULL) {
		text_add(&sql, SPAN(",'"));
		for (; *text != '\0'; text++)
			text_add(&sql, *text == '\'' ? SPAN("''") : (struct span){ text, 1 });
		text_add(&sql, SPAN("')"));
	}
	argv[3] = sql.at;
	good = run_well(&run, error);
	text_free(&sql);
	return good;
}

static bool postfix_map_disable(const struct adapter_options *options, struct adapter_order *order,
				struct error *error)
{
	const char *text = options->text == NULL ? "REJECT" : options->text;
	struct text rest = { 0 };
	bool good;

	if (options->map == ADAPTER_SQLITE)
		return postfix_map_sql(options, "INSERT OR REPLACE INTO sendwatch VALUES(", order->key, text,
				       error);
	text_add_format(&rest, " %s", text);
	good = listing_change(options->file, order->key, text_span(&rest), error) &&
	       postfix_map_compile(options, error);
	text_free(&rest);
	return good;
}

static bool postfix_map_release(const struct adapter_options *options, struct adapter_order *order,
				struct error *error)
{
	if (options->map == ADAPTER_SQLITE)
		return postfix_map_sql(options, "DELETE FROM sendwatch WHERE account=", order->key, NULL,
				       error);
	return listing_change(options->file, order->key, (struct span){ NULL, 0 }, error) &&
	       postfix_map_compile(options, error);
}

static bool postfix_map_asks(const struct adapter_options *options, struct adapter_order *order, bool *is_r,
			     struct error *error)
{
	if (options->map == ADAPTER_SQLITE)
		return error_set(error, "%s: sqlite is not asked", options->file);
	return listing_has(options->file, order->key, is_r, error);
}

const struct adapter adapter_postfix_map = {
	.type = "postfix_map",
	.logins = true,
	.rights = RIGHTS_FILES | RIGHTS_PROGRAMS,
	.check = postfix_map_check,
	.disable = postfix_map_disable,
	.release = postfix_map_release,
	.asks = postfix_map_asks,
};
