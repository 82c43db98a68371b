/* Secrets are compared in a time that tells nothing but the length of what was sent. */
#include "commands/status_access.h"

#include <string.h>

struct span status_path(struct span target, struct span *query_r)
{
	struct span rest = target, path;

	if (!span_cut(&rest, '?', &path)) {
		*query_r = SPAN("");
		return target;
	}
	*query_r = rest;
	return path;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* As forms are encoded; a percent sign that begins no byte stands for itself. */
static void status_decode(struct span coded, struct text *into)
{
	for (size_t i = 0; i < coded.len; i++) {
		int high = -1, low = -1;
		char byte = coded.at[i] == '+' ? ' ' : coded.at[i];

		if (byte == '%' && i + 2 < coded.len) {
			high = hex_digit(coded.at[i + 1]);
			low = hex_digit(coded.at[i + 2]);
		}
		if (high >= 0 && low >= 0) {
			byte = (char)(high << 4 | low);
			i += 2;
		}
		text_add(into, (struct span){ &byte, 1 });
	}
}

bool status_value(struct span query, struct span name, struct text *into)
{
	while (query.len > 0) {
		struct span pair, key;

		if (!span_cut(&query, '&', &pair)) {
			pair = query;
			query.len = 0;
		}
		if (!span_cut(&pair, '=', &key)) {
			key = pair;
			pair = SPAN("");
		}
		if (!span_equal(key, name))
			continue;
		status_decode(pair, into);
		return true;
	}
	return false;
}

static bool list_has(const struct setting_list *list, struct span name)
{
	for (size_t i = 0; i < list->count; i++)
		if (span_equal_nocase(span_of(list->texts[i]), name))
			return true;
	return false;
}

/* "example.com:8025" is "example.com"; "[::1]:8025" is "::1". */
static struct span host_name(struct span host)
{
	struct span name = host, port;

	if (host.len > 0 && host.at[0] == '[') {
		name = span_from(host, 1);
		return span_cut(&name, ']', &port) ? port : SPAN("");
	}
	return span_cut_last(&name, SPAN(":"), &port) ? name : host;
}

bool status_host_is_ours(const struct status_keys *keys, const struct status_request *request)
{
	struct span name = host_name(request->host);
	uint8_t address[16];

	/* No browser leaves it out, and none reaches a Unix socket. */
	if (request->local || request->host.at == NULL)
		return true;
	return span_to_address(name, address) || span_equal_nocase(name, SPAN("localhost")) ||
	       list_has(keys->hosts, name);
}

/* Is GIVEN the secret? */
static bool secret_is(const char *secret, struct span given)
{
	size_t len = secret == NULL ? 0 : strlen(secret);
	unsigned char differs = len == 0 || given.len != len;

	for (size_t i = 0; i < given.len && len > 0; i++)
		differs |= (unsigned char)(given.at[i] ^ secret[i % len]);
	return differs == 0;
}

static bool has_token(const struct status_keys *keys, const struct status_request *request)
{
	struct span given = request->authorization;

	if (given.len < 7 || !span_equal_nocase(span_head(given, 7), SPAN("Bearer ")))
		return false;
	return secret_is(keys->token, span_trim(span_from(given, 7)));
}

bool status_is_known(const struct status_keys *keys, const struct status_request *request)
{
	bool user = keys->user != NULL && secret_is(keys->user, request->user);
	bool password = secret_is(keys->password, request->password);

	return has_token(keys, request) || (user && password);
}

bool status_may_see(const struct status_keys *keys, const struct status_request *request, const char *area)
{
	return request->local || list_has(keys->open, span_of(area)) || status_is_known(keys, request);
}

/* Does the page that sent it come from the host that it was sent to? */
static bool is_of_our_page(const struct status_request *request)
{
	struct span origin = request->origin;

	if (request->site.at != NULL && !span_equal_nocase(request->site, SPAN("same-origin")))
		return false;
	if (origin.at == NULL)
		return true;
	if (!span_skip(&origin, SPAN("http://")) && !span_skip(&origin, SPAN("https://")))
		return false;
	return request->host.at != NULL && span_equal_nocase(origin, request->host);
}

bool status_may_change(const struct status_keys *keys, const struct status_request *request)
{
	struct text form = { .ceiling = 256 };
	bool ours;

	/* No browser adds a token by itself. */
	if (has_token(keys, request))
		return true;
	if (!status_is_known(keys, request) || !is_of_our_page(request))
		return false;
	(void)status_value(request->body, SPAN("form"), &form);
	ours = secret_is(keys->form, text_span(&form));
	text_free(&form);
	return ours;
}
