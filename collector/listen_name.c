/* Cutting a listener's name into its address and who may send to it. */
#include "collector/listen_name.h"

#include "base/memory.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/un.h>

bool listen_name_is(const char *log)
{
	return strcmp(log, "-") == 0 || span_starts(span_of(log), SPAN("syslog:"));
}

static bool listen_name_unix(struct listen_name *name, struct span path, struct error *error)
{
	struct sockaddr_un *to = (struct sockaddr_un *)&name->address;

	if (path.len == 0 || path.at[0] != '/' || path.len >= sizeof(to->sun_path))
		return error_set(error, "a socket's path begins with a slash and has at most %zu bytes",
				 sizeof(to->sun_path) - 1);
	to->sun_family = AF_UNIX;
	memcpy(to->sun_path, path.at, path.len);
	memcpy(name->path, path.at, path.len);
	name->address_len = sizeof(*to);
	return true;
}

/* "192.0.2.1:514" or "[2001:db8::1]:514": numbers, so that nothing has to be looked up at start. */
static bool listen_name_address(struct listen_name *name, struct span text, struct error *error)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&name->address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&name->address;
	struct span host = text, port;
	char copy[64];
	uint64_t number;

	if (!span_cut_last(&host, SPAN(":"), &port) || !span_to_u64(port, &number) || number == 0 ||
	    number > UINT16_MAX)
		return error_set(error, "'%.*s' is not of the form ADDRESS:PORT", SPAN_ARGS(text));
	if (host.len > 1 && host.at[0] == '[' && host.at[host.len - 1] == ']')
		host = (struct span){ host.at + 1, host.len - 2 };
	if (host.len < sizeof(copy)) {
		memcpy(copy, host.at, host.len);
		copy[host.len] = '\0';
		name->address_len = sizeof(*v4);
		v4->sin_port = htons((uint16_t)number);
		v4->sin_family = AF_INET;
		if (inet_pton(AF_INET, copy, &v4->sin_addr) == 1)
			return true;
		name->address = (struct sockaddr_storage){ 0 };
		name->address_len = sizeof(*v6);
		v6->sin6_port = htons((uint16_t)number);
		v6->sin6_family = AF_INET6;
		if (inet_pton(AF_INET6, copy, &v6->sin6_addr) == 1)
			return true;
	}
	return error_set(error, "'%.*s' is no address: numbers alone, IPv6 in brackets", SPAN_ARGS(host));
}

static bool listen_name_allow(struct listen_name *name, struct span text, struct error *error)
{
	struct listen_network *network = &name->allow[name->allow_count];
	struct span address = text, bits;
	uint64_t number = 128;
	bool cut = span_cut_last(&address, SPAN("/"), &bits);
	bool v4 = memchr(address.at, ':', address.len) == NULL;

	if (name->allow_count == LISTEN_ALLOW)
		return error_set(error, "more than %d networks are allowed", LISTEN_ALLOW);
	if (!span_to_address(address, network->address) || (cut && !span_to_u64(bits, &number)) ||
	    number > (v4 && cut ? 32u : 128u))
		return error_set(error, "'%.*s' is no address and no network", SPAN_ARGS(text));
	network->bits = (unsigned)number + (v4 && cut ? 96 : 0);
	name->allow_count++;
	return true;
}

static bool listen_name_peer(const struct sockaddr_storage *peer, uint8_t address_r[16])
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	if (peer->ss_family == AF_INET6) {
		memcpy(address_r, &((const struct sockaddr_in6 *)peer)->sin6_addr, 16);
		return true;
	}
	if (peer->ss_family != AF_INET)
		return false;
	memcpy(address_r, mapped, sizeof(mapped));
	memcpy(address_r + sizeof(mapped), &((const struct sockaddr_in *)peer)->sin_addr, 4);
	return true;
}

static bool listen_network_has(const struct listen_network *network, const uint8_t address[16])
{
	unsigned whole = network->bits / 8, rest = network->bits % 8;
	uint8_t mask = (uint8_t)(0xff00u >> rest);

	return memcmp(network->address, address, whole) == 0 &&
	       (rest == 0 || ((network->address[whole] ^ address[whole]) & mask) == 0);
}

bool listen_name_is_at(const struct listen_name *name, const struct listen_name *other)
{
	return name->kind == other->kind && name->address_len == other->address_len &&
	       memcmp(&name->address, &other->address, name->address_len) == 0;
}

bool listen_name_allows(const struct listen_name *name, const struct sockaddr_storage *peer)
{
	uint8_t address[16];

	if (name->allow_count == 0)
		return true;
	if (!listen_name_peer(peer, address))
		return false;
	for (size_t i = 0; i < name->allow_count; i++)
		if (listen_network_has(&name->allow[i], address))
			return true;
	return false;
}

/* Is it reached by this machine alone? */
static bool listen_name_is_local(const struct listen_name *name)
{
	uint8_t address[16];

	if (!listen_name_peer(&name->address, address))
		return true;
	return IN6_IS_ADDR_LOOPBACK((const struct in6_addr *)address) ||
	       (IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)address) && address[12] == 127);
}

static bool listen_name_where(struct listen_name *name, struct span where, struct error *error)
{
	if (span_skip(&where, SPAN("unix="))) {
		name->kind = LISTEN_UNIX;
		return listen_name_unix(name, where, error);
	}
	if (span_skip(&where, SPAN("udp=")))
		name->kind = LISTEN_UDP;
	else if (span_skip(&where, SPAN("tcp=")))
		name->kind = LISTEN_TCP;
	else
		return error_set(error, "'%.*s' is none of udp=, tcp= and unix=", SPAN_ARGS(where));
	return listen_name_address(name, where, error);
}

bool listen_name_parse(const char *log, struct listen_name *name_r, struct error *error)
{
	struct listen_name name = { .kind = LISTEN_INPUT };
	struct span rest = span_of(log), term;
	struct error why = { 0 };
	bool fine = true, more;

	if (span_skip(&rest, SPAN("syslog:"))) {
		more = span_cut(&rest, '+', &term);
		fine = listen_name_where(&name, more ? term : rest, &why);
		while (fine && more) {
			more = span_cut(&rest, '+', &term);
			if (!more)
				term = rest;
			fine = span_skip(&term, SPAN("allow="))
				       ? listen_name_allow(&name, term, &why)
				       : error_set(&why, "'%.*s' is not understood: allow=NETWORK",
						   SPAN_ARGS(term));
		}
	}
	if (fine && name.kind != LISTEN_INPUT && name.allow_count == 0 && !listen_name_is_local(&name))
		fine = error_set(&why,
				 "others can reach this address, and who can send lines can have accounts "
				 "disabled: say who may with allow=NETWORK");
	if (!fine)
		return error_set(error, "%s: %s", log, why.text);
	*name_r = name;
	return true;
}

bool listen_name_is_alone(const char *const *logs, size_t at, struct error *error)
{
	struct listen_name name = { 0 }, other = { 0 };
	struct error why;

	if (!listen_name_is(logs[at]) || !listen_name_parse(logs[at], &name, &why))
		return true;
	for (size_t i = 0; i < at; i++)
		if (listen_name_is(logs[i]) && strcmp(logs[i], logs[at]) != 0 &&
		    listen_name_parse(logs[i], &other, &why) && listen_name_is_at(&name, &other))
			return error_set(error, "%s: %s is the same place", logs[at], logs[i]);
	return true;
}
