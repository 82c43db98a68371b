/*
 * What answers and sends on this machine, as /proc tells: who listens on which port, and which addresses are ours.
 */
#define _GNU_SOURCE
#include "commands/setup_found.h"

#include "responders/dnsbl_name.h"

#include <stdio.h>

#define NETWORK_POLICY_PORT 10031
#define NETWORK_REDIS_PORT  6379

/* "  0: 0100007F:18EB 00000000:0000 0A ...": state 0A listens. */
static bool network_listens(const struct setup_root *root, const char *file, unsigned port)
{
	struct text table = { 0 };
	struct span rest, line;
	char wanted[16];
	bool found = false;

	snprintf(wanted, sizeof(wanted), ":%04X ", port & 0xffff);
	(void)setup_read(root, file, &table);
	rest = text_span(&table);
	while (!found && setup_line(&rest, &line)) {
		struct span fields = line, number, local, remote;

		fields = span_trim(fields);
		if (!span_cut(&fields, ' ', &number) || !span_cut(&fields, ' ', &local) ||
		    !span_cut(&fields, ' ', &remote))
			continue;
		found = span_starts(fields, SPAN("0A")) &&
			span_ends(local, span_head(span_of(wanted), strlen(wanted) - 1));
	}
	text_free(&table);
	return found;
}

static bool network_taken(const struct setup_root *root, unsigned port)
{
	return network_listens(root, "/proc/net/tcp", port) || network_listens(root, "/proc/net/tcp6", port);
}

/* A port that somebody's settings name is as good as taken. */
static bool network_named(const struct setup_root *root, unsigned port)
{
	static const char *const files[] = { "/etc/postfix/main.cf", "/etc/postfix/master.cf" };
	struct text file = { 0 };
	char wanted[16];
	bool named = false;

	snprintf(wanted, sizeof(wanted), ":%u", port);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		(void)setup_read(root, files[i], &file);
		named = named || span_find(text_span(&file), span_of(wanted)) < file.len;
	}
	text_free(&file);
	return named;
}

static void network_redis(const struct setup_root *root, struct setup_found *found)
{
	static const char *const sockets[] = { "/run/redis/redis-server.sock", "/run/redis/redis.sock",
					       "/run/valkey/valkey.sock" };

	for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]) && *found->redis_server == '\0'; i++)
		if (setup_has(root, sockets[i]))
			snprintf(found->redis_server, SETUP_TEXT, "%s", sockets[i]);
	if (*found->redis_server == '\0' && network_taken(root, NETWORK_REDIS_PORT))
		snprintf(found->redis_server, SETUP_TEXT, "127.0.0.1:%d", NETWORK_REDIS_PORT);
}

static void network_address(struct span address, struct setup_found *found)
{
	uint8_t bytes[16];

	if (!span_to_address(address, bytes) || span_starts(address, SPAN("127.")))
		return;
	if (dnsbl_is_public(bytes))
		setup_add(&found->addresses, address, setup_is_network);
	else
		found->private_only = true;
}

/* "        |-- 192.0.2.7" and in the line behind it "/32 host LOCAL". */
static void network_addresses(const struct setup_root *root, struct setup_found *found)
{
	struct text table = { 0 };
	struct span rest, line, before = { NULL, 0 };

	(void)setup_read(root, "/proc/net/fib_trie", &table);
	rest = text_span(&table);
	while (setup_line(&rest, &line)) {
		line = span_trim(line);
		if (span_ends(line, SPAN("host LOCAL")) && before.len > 0)
			network_address(before, found);
		before = span_skip(&line, SPAN("|-- ")) ? line : (struct span){ NULL, 0 };
	}
	(void)setup_read(root, "/proc/net/if_inet6", &table);
	rest = text_span(&table);
	while (setup_line(&rest, &line)) {
		char text[40];
		size_t len = 0;

		for (size_t i = 0; i < 32 && i < line.len; i++) {
			if (i > 0 && i % 4 == 0)
				text[len++] = ':';
			text[len++] = line.at[i];
		}
		network_address((struct span){ text, len }, found);
	}
	found->private_only = found->private_only && found->addresses.count == 0;
	text_free(&table);
}

void setup_look_network(const struct setup_root *root, struct setup_found *found)
{
	unsigned port = NETWORK_POLICY_PORT;

	while (port < NETWORK_POLICY_PORT + 20 && (network_taken(root, port) || network_named(root, port)))
		port++;
	if (found->policy_port == 0)
		found->policy_port = port;
	network_redis(root, found);
	network_addresses(root, found);
}
