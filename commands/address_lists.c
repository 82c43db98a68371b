/*
 * The list itself is small and saved with every change, at most once a second; what is known of all networks is
 * saved every ten minutes and at the end: what a crash forgets of it, the next logins say again.
 *
 * A file that cannot be written is said once a minute, and tried again.
 */
#define _GNU_SOURCE
#include "commands/address_lists.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/save.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LISTS_LIST  "sendwatch addresses 1"
#define LISTS_KNOWN "sendwatch networks 1"
#define LISTS_MOST  ((size_t)256 * 1024 * 1024)
#define LISTS_PAUSE USEC_SECOND
#define LISTS_TOUCH USEC_MINUTE
#define LISTS_WHOLE (10 * USEC_MINUTE)

struct address_lists {
	const struct options *options;
	struct deliver *deliver;
	struct addresses *addresses;
	uint64_t version, touched; /* as written */
	usec_t written, whole;     /* when; the list, and all that is known */
	usec_t aged;
	bool quiet, first;
	bool failed; /* as they were written last; that is tried again, but not at once */
};

static void lists_changed(void *context, const struct attacker *attacker, const char *why)
{
	struct address_lists *lists = context;
	usec_t now = clock_now();
	char words[64];
	struct text id = { 0 };
	char *json;

	if (lists->quiet)
		return;
	network_text(attacker->address, words);
	json = attacker_json(attacker, lists->options->addresses.keep, now,
			     why == NULL ? "listed" : "delisted", why);
	text_add_format(&id, "%s-%s-%" PRId64, words, why == NULL ? "listed" : "delisted", now);
	deliver_note(lists->deliver, now, id.at, span_of(words), json);
	log_say(now, LOG_LEVEL_INFO, "address %s: %s%s", words,
		why == NULL ? "listed" : "no longer listed: ", why == NULL ? "" : why);
	free(json);
	text_free(&id);
}

/* --- files --- */

/* A line with the checksum, then the bytes. */
static bool lists_put(const char *state, const char *name, const char *head, struct span bytes,
		      struct error *error)
{
	struct text path = { 0 }, whole = { .ceiling = LISTS_MOST };
	bool good;

	text_add_format(&path, "%s/%s", state, name);
	text_add_format(&whole, "%s %016" PRIx64 "\n", head, hash_stable(bytes));
	text_add(&whole, bytes);
	good = save_whole(path.at, text_span(&whole), 0640, error);
	text_free(&path);
	text_free(&whole);
	return good;
}

/* False where it is there and cannot be understood; an empty text where it is not there. */
static bool lists_get(const char *state, const char *name, const char *head, struct text *bytes,
		      struct error *error)
{
	struct text path = { 0 }, whole = { .ceiling = LISTS_MOST }, wanted = { 0 };
	struct span rest, first;
	bool good;

	text_add_format(&path, "%s/%s", state, name);
	good = access(path.at, F_OK) != 0 && errno == ENOENT;
	if (!good && save_read(path.at, LISTS_MOST - 1, &whole, error)) {
		rest = text_span(&whole);
		good = span_cut(&rest, '\n', &first);
		text_add_format(&wanted, "%s %016" PRIx64, head, hash_stable(rest));
		good = good && span_equal(first, text_span(&wanted));
		if (good)
			text_add(bytes, rest);
		else
			error_set(error, "%s: damaged, or of another version", path.at);
	}
	text_free(&path);
	text_free(&whole);
	text_free(&wanted);
	return good;
}

bool address_lists_read(const char *state, struct addresses *addresses, struct error *error)
{
	struct text bytes = { .ceiling = LISTS_MOST };
	bool good = lists_get(state, "addresses", LISTS_LIST, &bytes, error);

	if (good && bytes.len > 0 && !addresses_unpack_list(addresses, text_span(&bytes)))
		good = error_set(error, "%s/addresses: of another version", state);
	text_free(&bytes);
	return good;
}

/* What cannot be read is begun anew. */
static void lists_restore(struct address_lists *lists)
{
	const char *state = lists->options->watch.state;
	struct text bytes = { .ceiling = LISTS_MOST };
	struct error error;
	bool good = lists_get(state, "networks", LISTS_KNOWN, &bytes, &error);

	if (good && bytes.len > 0 && !addresses_unpack_known(lists->addresses, text_span(&bytes)))
		good = error_set(&error, "%s/networks: of another version", state);
	if (!good)
		log_say(clock_now(), LOG_LEVEL_ERROR, "%s: what is known of networks is learned anew",
			error.text);
	text_free(&bytes);
	if (!address_lists_read(state, lists->addresses, &error))
		log_say(clock_now(), LOG_LEVEL_ERROR, "%s: the list begins anew", error.text);
}

static bool lists_write_form(const struct address_lists *lists, const char *path, enum address_form form,
			     usec_t now, struct error *error)
{
	struct text text = { .ceiling = LISTS_MOST };
	bool good;

	if (path == NULL)
		return true;
	addresses_form(lists->addresses, form, lists->options->addresses.keep, now, &text);
	good = save_whole(path, text_span(&text), 0644, error);
	text_free(&text);
	return good;
}

/* For the programs that take them. One that cannot be written keeps none of the others back; the first is told of. */
static bool lists_write_forms(const struct address_lists *lists, usec_t now, struct error *error)
{
	const struct address_options *options = &lists->options->addresses;
	const char *const paths[] = {
		[FORM_NFT] = options->nft, [FORM_FAIL2BAN] = options->fail2ban, [FORM_CROWDSEC] = options->crowdsec
	};
	struct error next, *told = error;

	for (unsigned form = 0; form < sizeof(paths) / sizeof(paths[0]); form++)
		if (!lists_write_form(lists, paths[form], (enum address_form)form, now, told))
			told = &next;
	return told == error;
}

static bool lists_write(struct address_lists *lists, bool whole, usec_t now, struct error *error)
{
	const char *state = lists->options->watch.state;
	struct text list = { .ceiling = LISTS_MOST }, known = { .ceiling = LISTS_MOST };
	bool good;

	addresses_pack(lists->addresses, &list, whole ? &known : NULL);
	good = lists_put(state, "addresses", LISTS_LIST, text_span(&list), error) &&
	       (!whole || lists_put(state, "networks", LISTS_KNOWN, text_span(&known), error)) &&
	       lists_write_forms(lists, now, error);
	text_free(&list);
	text_free(&known);
	lists->written = now;
	lists->failed = !good;
	if (whole)
		lists->whole = now;
	lists->version = addresses_version(lists->addresses);
	lists->touched = addresses_touched(lists->addresses);
	lists->first = false;
	return good;
}

/* --- while watch runs --- */

struct address_lists *address_lists_open(const struct options *options, struct deliver *deliver,
					 struct error *error)
{
	struct address_lists *lists = memory_new(1, sizeof(*lists));
	const struct addresses_calls calls = { .context = lists, .changed = lists_changed };

	lists->options = options;
	lists->deliver = deliver;
	lists->first = true;
	lists->aged = lists->whole = clock_now();
	lists->written = lists->aged - LISTS_TOUCH;
	if (!options->addresses.enabled)
		return lists;
	lists->addresses = addresses_new(&options->addresses, &calls, error);
	if (lists->addresses == NULL) {
		free(lists);
		return NULL;
	}
	lists_restore(lists);
	return lists;
}

void address_lists_close(struct address_lists **lists)
{
	if (*lists == NULL)
		return;
	addresses_free(&(*lists)->addresses);
	free(*lists);
	*lists = NULL;
}

struct addresses *address_lists_of(const struct address_lists *lists)
{
	return lists == NULL ? NULL : lists->addresses;
}

void address_lists_quiet(struct address_lists *lists, bool quiet)
{
	lists->quiet = quiet;
}

usec_t address_lists_due(const struct address_lists *lists)
{
	if (lists->addresses == NULL)
		return USEC_NEVER;
	if (lists->first || lists->version != addresses_version(lists->addresses))
		return lists->written + LISTS_PAUSE;
	if (lists->failed || lists->touched != addresses_touched(lists->addresses))
		return lists->written + LISTS_TOUCH;
	return lists->whole + LISTS_WHOLE;
}

void address_lists_step(struct address_lists *lists, usec_t now)
{
	struct error error;

	if (lists->addresses == NULL)
		return;
	/* A clock that was set back is not waited for. */
	if (now < lists->written)
		lists->written = lists->whole = lists->aged = now;
	if (now - lists->aged >= USEC_MINUTE) {
		addresses_age(lists->addresses, now);
		lists->aged = now;
	}
	if (now >= address_lists_due(lists) &&
	    !lists_write(lists, now - lists->whole >= LISTS_WHOLE, now, &error))
		log_say(now, LOG_LEVEL_ERROR, "%s", error.text);
}

bool address_lists_save(struct address_lists *lists, usec_t now, struct error *error)
{
	if (lists->addresses == NULL)
		return true;
	addresses_age(lists->addresses, now);
	return lists_write(lists, true, now, error);
}
