/*
 * The owner map: the file's text is kept whole, keys folded to lower case in place, and a table leads from
 * a key to its customer. Customers are keys of themselves unless the file says otherwise: in cPanel's and
 * DirectAdmin's files they are the users of the machine.
 *
 * Limits: 64 MiB of text.
 */
#include "parsers/owners.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define OWNERS_LARGEST ((size_t)64 * 1024 * 1024)

struct owners {
	char *text;
	struct map *map;
};

struct owner {
	struct span key, customer;
};

static bool owner_same(const void *record, struct span key)
{
	return span_equal(((const struct owner *)record)->key, key);
}

static void owners_put(struct owners *owners, struct span key, struct span customer, bool replace)
{
	uint64_t hash = hash_text(key);
	struct owner *owner = map_find(owners->map, hash, key);

	if (owner != NULL && !replace)
		return;
	if (owner == NULL)
		owner = map_add(owners->map, hash);
	*owner = (struct owner){ key, customer };
}

static bool owners_is_gap(char byte)
{
	return byte == ' ' || byte == '\t' || byte == ':' || byte == '=' || byte == ',';
}

/* Cut a line into key and customer. False where there is no customer. */
static bool owners_cut(struct span line, struct span *key_r, struct span *customer_r)
{
	size_t end = 0, start;
	struct span customer, rest;

	while (end < line.len && !owners_is_gap(line.at[end]))
		end++;
	for (start = end; start < line.len && owners_is_gap(line.at[start]);)
		start++;
	rest = span_from(line, start);
	if (!span_cut_text(&rest, SPAN("=="), &customer))
		customer = rest;
	customer = span_trim(customer);
	*key_r = span_head(line, end);
	*customer_r = customer;
	return end > 0 && customer.len > 0;
}

/* Fold a key where it stands in the text that we own, and drop a domain's final dot. */
static struct span owners_fold(struct owners *owners, struct span key)
{
	char *at = owners->text + (key.at - owners->text);

	for (size_t i = 0; i < key.len; i++)
		if (at[i] >= 'A' && at[i] <= 'Z')
			at[i] = (char)(at[i] + ('a' - 'A'));
	if (key.len > 1 && key.at[key.len - 1] == '.')
		key.len--;
	return key;
}

static bool owners_read_lines(struct owners *owners, const char *name, struct span rest, struct error *error)
{
	struct span line, key, customer;

	for (size_t number = 1; rest.len > 0; number++) {
		if (!span_cut(&rest, '\n', &line)) {
			line = rest;
			rest.len = 0;
		}
		line = span_trim(line);
		if (line.len == 0 || line.at[0] == '#')
			continue;
		if (!owners_cut(line, &key, &customer))
			return error_set(error, "%s:%zu: a domain, user or address and its customer expected",
					 name, number);
		if (!span_equal(key, SPAN("*")))
			owners_put(owners, owners_fold(owners, key), customer, true);
	}
	return true;
}

/* Customers stand for themselves. Collected first: adding while walking would walk on into what was added. */
static void owners_add_customers(struct owners *owners)
{
	void *last = NULL, *at = map_oldest(owners->map);

	for (void *newer = at; newer != NULL; newer = map_newer(owners->map, newer))
		last = newer;
	for (; at != NULL; at = map_newer(owners->map, at)) {
		struct span customer = ((struct owner *)at)->customer;

		owners_put(owners, customer, customer, false);
		if (at == last)
			break;
	}
}

struct owners *owners_read_text(const char *name, struct span text, struct error *error)
{
	struct owners *owners = memory_new(1, sizeof(*owners));

	owners->text = memory_copy(text);
	owners->map = map_new(
		&(struct map_options){ .record_size = sizeof(struct owner), .same = owner_same });
	if (!owners_read_lines(owners, name, (struct span){ owners->text, text.len }, error)) {
		owners_free(&owners);
		return NULL;
	}
	owners_add_customers(owners);
	return owners;
}

struct owners *owners_read(const char *path, struct error *error)
{
	FILE *file = fopen(path, "re");
	struct owners *owners = NULL;
	char *text = NULL;
	size_t len = 0, room = 0, got;

	if (file == NULL) {
		error_set(error, "%s: %s", path, strerror(errno));
		return NULL;
	}
	do {
		room = room == 0 ? 65536 : 2 * room;
		text = memory_grow(text, room, 1);
		got = fread(text + len, 1, room - len, file);
		len += got;
	} while (len == room && len < OWNERS_LARGEST);
	if (ferror(file))
		error_set(error, "%s: %s", path, strerror(errno));
	else if (len >= OWNERS_LARGEST)
		error_set(error, "%s: more than 64 MiB", path);
	else
		owners = owners_read_text(path, (struct span){ text, len }, error);
	free(text);
	fclose(file);
	return owners;
}

void owners_free(struct owners **owners)
{
	if (*owners == NULL)
		return;
	map_free(&(*owners)->map);
	free((*owners)->text);
	free(*owners);
	*owners = NULL;
}

size_t owners_count(const struct owners *owners)
{
	return map_stats(owners->map).count;
}

static struct span owners_find(const struct owners *owners, struct span key)
{
	const struct owner *owner = map_find(owners->map, hash_text(key), key);

	return owner == NULL ? (struct span){ NULL, 0 } : owner->customer;
}

static struct span owners_of_path(const struct owners *owners, struct span path)
{
	struct span part, customer = { NULL, 0 };

	while (customer.at == NULL && path.len > 0) {
		if (!span_cut(&path, '/', &part)) {
			part = path;
			path.len = 0;
		}
		if (part.len > 0)
			customer = owners_find(owners, part);
	}
	return customer;
}

struct span owners_of(const struct owners *owners, struct span account)
{
	struct span customer, user = account, domain;

	if (owners == NULL || account.len == 0)
		return (struct span){ NULL, 0 };
	if (span_skip(&account, SPAN("script:")))
		return owners_of_path(owners, account);
	if (span_skip(&account, SPAN("local:")) || span_skip(&account, SPAN("sender:")) ||
	    span_skip(&account, SPAN("host:")))
		return owners_find(owners, account);
	customer = owners_find(owners, account);
	if (customer.at == NULL && span_cut_last(&user, SPAN("@"), &domain))
		customer = owners_find(owners, domain);
	return customer;
}
