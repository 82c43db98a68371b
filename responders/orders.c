/*
 * The file: a first line with the time when all was last heard, then a line for each order,
 *
 *	SHARED TAB FIELD TAB VALUE
 *
 * FIELD is the account, behind "exempt " for an exemption (no account's name holds a blank). VALUE is words with
 * tabs between them, of which time and server are padded: as text, the later of two values is the greater one, so
 * that Redis can compare them.
 */
#define _GNU_SOURCE
#include "responders/orders.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/save.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#define ORDERS_HEAD "sendwatch orders 1 "
#define ORDERS_MOST 100000
#define ORDERS_FILE ((size_t)128 * 1024 * 1024)
#define EXEMPT      SPAN("exempt ")

struct orders {
	char *path;
	struct map *map;
	usec_t heard;
};

static const char *const kinds[] = { "none", "throttle", "hold", "reject" };

/* The key of an order is its account; an exemption's hash is another. */
static uint64_t order_hash(struct span account, bool exemption)
{
	uint64_t hash = hash_text(account);

	return exemption ? ~hash : hash;
}

static bool order_same(const void *record, struct span key)
{
	return span_equal(span_of(((const struct order *)record)->account), key);
}

const struct order *orders_find(const struct orders *orders, struct span account, bool exemption)
{
	return map_find(orders->map, order_hash(account, exemption), account);
}

const struct order *orders_next(const struct orders *orders, const struct order *after)
{
	return after == NULL ? map_oldest(orders->map) : map_newer(orders->map, after);
}

bool orders_take(struct orders *orders, const struct order *order)
{
	struct span account = span_of(order->account);
	uint64_t hash = order_hash(account, order->exemption);
	struct order *known = map_find(orders->map, hash, account);

	if (known != NULL &&
	    (order->time < known->time || (order->time == known->time && order->server <= known->server)))
		return false;
	if (known == NULL)
		known = map_add(orders->map, hash);
	*known = *order;
	map_touch(orders->map, known);
	return true;
}

void orders_mark(struct orders *orders, const struct order *order, uint32_t heard)
{
	struct order *known = map_at(orders->map, map_slot(orders->map, order));

	known->shared = true;
	known->heard = heard;
}

bool order_disables(const struct order *order, usec_t now)
{
	return (order->restriction.kind == RESTRICTION_REJECT ||
		order->restriction.kind == RESTRICTION_HOLD) &&
	       (order->until == USEC_NEVER || order->until > now);
}

/* No login holds a colon (parsers/account.h), and all other accounts do. */
bool order_is_shared(struct span account)
{
	return account.len > 0 && memchr(account.at, ':', account.len) == NULL;
}

bool order_is_over(const struct order *order, usec_t before)
{
	return order->restriction.kind == RESTRICTION_NONE && order->time < before && order->until < before;
}

void orders_forget(struct orders *orders, usec_t before)
{
	struct order *next;

	for (struct order *order = map_oldest(orders->map); order != NULL; order = next) {
		next = map_newer(orders->map, order);
		if (order_is_over(order, before))
			map_remove(orders->map, order);
	}
}

usec_t orders_heard(const struct orders *orders)
{
	return orders->heard;
}

void orders_hear(struct orders *orders, usec_t now)
{
	orders->heard = now;
}

/* --- as text --- */

static void order_write_word(struct text *text, const char *word)
{
	text_add(text, SPAN("\t"));
	for (; *word != '\0'; word++)
		text_add(text, (unsigned char)*word < ' ' ? SPAN(" ") : (struct span){ word, 1 });
}

void order_write(const struct order *order, struct text *field, struct text *value)
{
	text_add_format(field, "%s%s", order->exemption ? EXEMPT.at : "", order->account);
	text_add_format(value, "%020" PRId64 "\t%016" PRIx64 "\t%s\t%" PRId64 "\t", order->time,
			order->server, kinds[order->restriction.kind], order->restriction.an_hour);
	if (order->until == USEC_NEVER)
		text_add(value, SPAN("-"));
	else
		text_add_format(value, "%" PRId64, order->until);
	text_add_format(value, "\t%" PRIu32, order->times);
	order_write_word(value, order->cause);
	order_write_word(value, order->by);
	order_write_word(value, order->reason);
}

static bool order_number(struct span word, int64_t most, int64_t *number_r)
{
	uint64_t number;

	if (!span_to_u64(word, &number) || number > (uint64_t)most)
		return false;
	*number_r = (int64_t)number;
	return true;
}

static bool order_hex(struct span word, uint64_t *number_r)
{
	char text[17] = "", *end;

	if (word.len != 16)
		return false;
	memcpy(text, word.at, 16);
	*number_r = strtoull(text, &end, 16);
	return end == text + 16;
}

static bool order_text(struct span word, char *into, size_t room)
{
	if (word.len >= room || memchr(word.at, '\0', word.len) != NULL)
		return false;
	memcpy(into, word.at, word.len);
	into[word.len] = '\0';
	return true;
}

static bool order_kind(struct span word, enum restriction_kind *kind_r)
{
	for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++)
		if (span_equal(word, span_of(kinds[kind]))) {
			*kind_r = (enum restriction_kind)kind;
			return true;
		}
	return false;
}

bool order_read(struct span field, struct span value, struct order *order_r)
{
	struct order order = { .exemption = span_skip(&field, EXEMPT), .until = USEC_NEVER };
	struct span words[8];
	int64_t times;

	for (size_t i = 0; i < 8; i++)
		if (!span_cut(&value, '\t', &words[i]))
			return false;
	if (!account_is_name(field) || !order_text(field, order.account, sizeof(order.account)) ||
	    !order_number(words[0], INT64_MAX, &order.time) || !order_hex(words[1], &order.server) ||
	    !order_kind(words[2], &order.restriction.kind) ||
	    !order_number(words[3], INT64_MAX, &order.restriction.an_hour) ||
	    (!span_equal(words[4], SPAN("-")) && !order_number(words[4], INT64_MAX, &order.until)) ||
	    !order_number(words[5], UINT32_MAX, &times) ||
	    !order_text(words[6], order.cause, sizeof(order.cause)) ||
	    !order_text(words[7], order.by, sizeof(order.by)) ||
	    !order_text(value, order.reason, sizeof(order.reason)))
		return false;
	order.times = (uint32_t)times;
	*order_r = order;
	return true;
}

/* --- the file --- */

static bool orders_read_line(struct orders *orders, struct span line)
{
	struct span shared, field;
	struct order order;

	if (!span_cut(&line, '\t', &shared) || !span_cut(&line, '\t', &field) ||
	    !order_read(field, line, &order))
		return false;
	order.shared = span_equal(shared, SPAN("shared"));
	(void)orders_take(orders, &order);
	return true;
}

static bool orders_read(struct orders *orders, struct error *error)
{
	struct text text = { .ceiling = ORDERS_FILE };
	struct span rest, line = { "", 0 };
	bool good = save_read(orders->path, ORDERS_FILE, &text, error);

	rest = text_span(&text);
	if (good && (!span_cut(&rest, '\n', &line) || !span_skip(&line, SPAN(ORDERS_HEAD))))
		good = error_set(error, "%s: not a file of orders", orders->path);
	if (good && !span_equal(line, SPAN("-")))
		good = order_number(line, INT64_MAX, &orders->heard) ||
		       error_set(error, "%s: damaged in its first line", orders->path);
	for (int number = 2; good && span_cut(&rest, '\n', &line); number++)
		if (!orders_read_line(orders, line))
			good = error_set(error, "%s:%d: not understood", orders->path, number);
	text_free(&text);
	return good;
}

struct orders *orders_open(const char *path, struct error *error)
{
	const struct map_options of_map = { .record_size = sizeof(struct order),
					    .most = ORDERS_MOST,
					    .same = order_same };
	struct orders *orders = memory_new(1, sizeof(*orders));

	orders->path = memory_copy(span_of(path));
	orders->map = map_new(&of_map);
	orders->heard = USEC_NEVER;
	if ((access(path, F_OK) == 0 || errno != ENOENT) && !orders_read(orders, error))
		orders_close(&orders);
	return orders;
}

void orders_close(struct orders **orders)
{
	if (*orders == NULL)
		return;
	map_free(&(*orders)->map);
	free((*orders)->path);
	free(*orders);
	*orders = NULL;
}

bool orders_save(struct orders *orders, struct error *error)
{
	struct text text = { .ceiling = ORDERS_FILE }, field = { 0 };
	bool good;

	text_add(&text, SPAN(ORDERS_HEAD));
	if (orders->heard == USEC_NEVER)
		text_add(&text, SPAN("-\n"));
	else
		text_add_format(&text, "%" PRId64 "\n", orders->heard);
	for (const struct order *order = orders_next(orders, NULL); order != NULL;
	     order = orders_next(orders, order)) {
		struct text value = { 0 };

		text_clear(&field);
		order_write(order, &field, &value);
		text_add(&text, order->shared ? SPAN("shared\t") : SPAN("own\t"));
		text_add(&text, text_span(&field));
		text_add(&text, SPAN("\t"));
		text_add(&text, text_span(&value));
		text_add(&text, SPAN("\n"));
		text_free(&value);
	}
	good = save_whole(orders->path, text_span(&text), 0600, error);
	text_free(&text);
	text_free(&field);
	return good;
}
