/*
 * A random number in STATE/server, made by the first who asks; with it the host's name and the folder's, since folders
 * are copied with the machines that they are on. Where it cannot be written the names alone have to do.
 */
#define _GNU_SOURCE
#include "commands/server_id.h"

#include "base/hash.h"
#include "base/save.h"

#include <sys/random.h>
#include <unistd.h>

#define SERVER_DIGITS 16

static void server_make(const char *path, struct text *number)
{
	struct error error;
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return;
	text_clear(number);
	text_add_format(number, "%016llx\n", (unsigned long long)random);
	if (!save_whole(path, text_span(number), 0640, &error))
		text_clear(number);
}

uint64_t server_id(const char *state)
{
	char host[256] = "";
	struct text path = { 0 }, number = { 0 };
	struct error error;
	uint64_t id;

	(void)gethostname(host, sizeof(host) - 1);
	text_add_format(&path, "%s/server", state);
	if (!save_read(path.at, 64, &number, &error) || number.len < SERVER_DIGITS)
		server_make(path.at, &number);
	id = hash_stable_more(hash_stable(span_of(host)), span_of(state));
	if (number.len >= SERVER_DIGITS)
		id = hash_stable_more(id, span_head(text_span(&number), SERVER_DIGITS));
	text_free(&path);
	text_free(&number);
	return id | 1;
}
