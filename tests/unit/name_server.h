/*
 * A real DNS server (nsd) on a free port of the loopback, as an ordinary process, with zones that the test
 * writes into its scratch folder. Nothing is ever asked of any other server.
 */
#ifndef SENDWATCH_TESTS_NAME_SERVER_H
#define SENDWATCH_TESTS_NAME_SERVER_H

#include "port.h"
#include "scratch.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

static pid_t name_server;
static char name_server_address[32];

static inline const char *name_server_program(void)
{
	static const char *const paths[] = { "/usr/sbin/nsd", "/usr/local/sbin/nsd", "/usr/bin/nsd" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	return NULL;
}

/* A socket nobody reads, of a port that is free for TCP as well: a server that is down, or a place for one. */
static inline int name_server_socket(char address[32])
{
	unsigned port = port_free();
	int fd = port_bind(SOCK_DGRAM, port);

	assert_true(fd >= 0);
	snprintf(address, 32, "127.0.0.1:%u", port);
	return fd;
}

/* RECORDS are lines of a zone file below its SOA and NS. */
static inline void name_server_zone(const char *zone, const char *records)
{
	char text[4096];
	int len = snprintf(text, sizeof(text),
			   "$ORIGIN %s.\n$TTL 1\n@ SOA ns.%s. root.%s. 1 60 60 60 1\n@ NS ns.%s.\n%s", zone,
			   zone, zone, zone, records);

	assert_true(len > 0 && (size_t)len < sizeof(text));
	scratch_put(zone, text, (size_t)len, O_TRUNC);
}

/* A question for the SOA of ZONE until it is answered. */
static inline void name_server_await(const char *zone)
{
	unsigned char question[300] = { 0, 7, 0, 0, 0, 1 }, answer[512];
	unsigned port = (unsigned)strtoul(strchr(name_server_address, ':') + 1, NULL, 10);
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	size_t len = 12, label = len++;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	for (const char *c = zone; *c != '\0'; c++) {
		if (*c == '.')
			label = len++;
		else
			question[len++] = (unsigned char)*c, question[label]++;
	}
	question[len + 2] = 6; /* the root's empty label, SOA */
	question[len + 4] = 1;
	len += 5;
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	for (int tries = 0;; tries++) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };

		assert_true(tries < 2400);
		(void)!send(fd, question, len, 0);
		if (poll(&ready, 1, 50) > 0 && recv(fd, answer, sizeof(answer), 0) > 12 &&
		    (answer[3] & 15) == 0)
			break;
		if (ready.revents != 0)
			poll(NULL, 0, 20); /* nobody listens there yet */
	}
	close(fd);
}

static inline void name_server_start(const char *const *zones)
{
	char text[8192];
	char program[64], stay[] = "-d", settings[] = "-c", file[512];
	char *arguments[] = { program, stay, settings, file, NULL };
	int fd = name_server_socket(name_server_address), len;
	const char *port = strchr(name_server_address, ':') + 1;
	posix_spawn_file_actions_t files;

	len = snprintf(
		text, sizeof(text),
		"server:\n ip-address: 127.0.0.1@%s\n port: %s\n username: \"\"\n zonesdir: \"%s\"\n"
		" database: \"\"\n pidfile: \"%s/nsd.pid\"\n xfrdfile: \"%s/xfrd\"\n zonelistfile: \"%s/list\"\n"
		" xfrdir: \"%s\"\n server-count: 1\n logfile: \"%s/nsd.log\"\n"
		"remote-control:\n control-enable: no\n",
		port, port, scratch_folder, scratch_folder, scratch_folder, scratch_folder, scratch_folder,
		scratch_folder);
	for (size_t i = 0; zones[i] != NULL; i++)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "zone:\n name: %s\n zonefile: %s\n",
				zones[i], zones[i]);
	scratch_put("nsd.conf", text, (size_t)len, O_TRUNC);
	snprintf(program, sizeof(program), "%s", name_server_program());
	snprintf(file, sizeof(file), "%s", scratch_path("nsd.conf"));
	close(fd);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 1, scratch_path("nsd.out"), O_WRONLY | O_CREAT, 0644);
	posix_spawn_file_actions_adddup2(&files, 1, 2);
	assert_int_equal(posix_spawn(&name_server, arguments[0], &files, NULL, arguments, environ), 0);
	posix_spawn_file_actions_destroy(&files);
	name_server_await(zones[0]);
}

/* Zone files are read again; soon, not at once. */
static inline void name_server_reload(void)
{
	kill(name_server, SIGHUP);
}

static inline void name_server_stop(void)
{
	if (name_server <= 0)
		return;
	kill(name_server, SIGTERM);
	waitpid(name_server, NULL, 0);
	name_server = 0;
}

#endif
