/* Listening for syslog: names, streams in whatever pieces, sockets, and who may send. */
#define _GNU_SOURCE
#include "follower.h"
#include "port.h"

#include "collector/listen_name.h"
#include "collector/listen_stream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

static const struct {
	const char *log;
	const char *refused; /* words of the sentence; NULL: taken */
} names[] = {
	{ "-", NULL },
	{ "syslog:udp=127.0.0.1:5514", NULL },
	{ "syslog:udp=[::1]:5514", NULL },
	{ "syslog:tcp=0.0.0.0:601+allow=192.0.2.0/24+allow=2001:db8::/32", NULL },
	{ "syslog:unix=/run/sendwatch/log", NULL },
	{ "syslog:udp=0.0.0.0:5514", "say who may with allow=NETWORK" },
	{ "syslog:tcp=[2001:db8::1]:601", "say who may with allow=NETWORK" },
	{ "syslog:udp=localhost:514", "is no address" },
	{ "syslog:udp=127.0.0.1", "not of the form ADDRESS:PORT" },
	{ "syslog:udp=127.0.0.1:0", "not of the form ADDRESS:PORT" },
	{ "syslog:udp=127.0.0.1:70000", "not of the form ADDRESS:PORT" },
	{ "syslog:127.0.0.1:514", "is none of udp=, tcp= and unix=" },
	{ "syslog:", "is none of udp=, tcp= and unix=" },
	{ "syslog:unix=log", "begins with a slash" },
	{ "syslog:tcp=127.0.0.1:1+allow=192.0.2.0/33", "is no address and no network" },
	{ "syslog:tcp=127.0.0.1:1+allow=2001:db8::/129", "is no address and no network" },
	{ "syslog:tcp=127.0.0.1:1+deny=192.0.2.0", "is not understood" },
};

static void names_say_where_and_who(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct listen_name name;
		struct error error = { "taken" };

		assert_true(listen_name_is(names[i].log));
		if (listen_name_parse(names[i].log, &name, &error) != (names[i].refused == NULL) ||
		    (names[i].refused != NULL && strstr(error.text, names[i].refused) == NULL))
			fail_msg("%s: %s", names[i].log, error.text);
	}
	assert_false(listen_name_is("/var/log/mail.log"));
}

static struct sockaddr_storage peer_of(const char *address)
{
	struct sockaddr_storage peer = { 0 };

	if (strchr(address, ':') == NULL) {
		peer.ss_family = AF_INET;
		assert_int_equal(inet_pton(AF_INET, address, &((struct sockaddr_in *)&peer)->sin_addr), 1);
	} else {
		peer.ss_family = AF_INET6;
		assert_int_equal(inet_pton(AF_INET6, address, &((struct sockaddr_in6 *)&peer)->sin6_addr), 1);
	}
	return peer;
}

static void networks_allow_what_is_in_them(void **state)
{
	static const struct {
		const char *peer;
		bool allowed;
	} peers[] = {
		{ "192.0.2.1", true },    { "192.0.2.255", true },   { "192.0.3.1", false },
		{ "198.51.100.7", true }, { "198.51.100.8", false }, { "2001:db8::9", true },
		{ "2001:db9::9", false }, { "::1", false },
	};
	struct listen_name name;
	struct error error;

	(void)state;
	assert_true(listen_name_parse("syslog:tcp=0.0.0.0:601+allow=192.0.2.0/24+allow=2001:db8::/32+"
				      "allow=198.51.100.7",
				      &name, &error));
	for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
		struct sockaddr_storage peer = peer_of(peers[i].peer);

		if (listen_name_allows(&name, &peer) != peers[i].allowed)
			fail_msg("%s", peers[i].peer);
	}
}

static const struct {
	const char *bytes;
	size_t len;
	const char *lines;
} streams[] = {
#define STREAM(bytes, lines) \
	{ \
		bytes, sizeof(bytes) - 1, lines \
	}
	STREAM("<22>one\n<22>two\n", "<22>one|<22>two|"),
	STREAM("<22>one\r\n\n\n<22>two\0<22>three", "<22>one|<22>two|<22>three|"),
	STREAM("7 <22>one8 <22>t\no\n6 <22>xy", "<22>one|<22>t o|<22>xy|"),
	STREAM("7 <22>one<22>two\n7 <22>end", "<22>one|<22>two|<22>end|"),
	STREAM("99 <22>cut", "<22>cut|"),
	STREAM("99999999 <22>no count\n", "99999999 <22>no count|"),
	STREAM("12ab words\n", "12ab words|"),
	STREAM("", ""),
};

static void streams_are_cut_whatever_pieces_they_come_in(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++)
		for (size_t piece = 1; piece < 12; piece++) {
			struct text lines = { 0 };
			struct span line;
			int pair[2];
			struct listen_stream *stream;

			assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
			stream = listen_stream_new(pair[0], true);
			text_add(&lines, SPAN(""));
			for (size_t at = 0; at < streams[i].len; at += piece) {
				size_t len = streams[i].len - at < piece ? streams[i].len - at : piece;

				assert_int_equal(write(pair[1], streams[i].bytes + at, len), (ssize_t)len);
				assert_true(listen_stream_fill(stream));
				while (listen_stream_line(stream, &line))
					text_add_format(&lines, "%.*s|", SPAN_ARGS(line));
			}
			close(pair[1]);
			assert_false(listen_stream_fill(stream));
			while (listen_stream_line(stream, &line))
				text_add_format(&lines, "%.*s|", SPAN_ARGS(line));
			assert_string_equal(lines.at == NULL ? "" : lines.at, streams[i].lines);
			listen_stream_free(&stream);
			text_free(&lines);
		}
}

static void a_line_that_is_too_long_is_skipped_and_counted(void **state)
{
	static char long_line[3 * COLLECTOR_LINE_MAX];
	struct span line;
	int pair[2];
	struct listen_stream *stream;
	size_t sent = 0;
	bool got = false;

	(void)state;
	memset(long_line, 'x', sizeof(long_line));
	memcpy(long_line + sizeof(long_line) - 4, "\nok\n", 4);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	stream = listen_stream_new(pair[0], true);
	while (!got) {
		ssize_t len = write(pair[1], long_line + sent, sizeof(long_line) - sent);

		sent += len > 0 ? (size_t)len : 0;
		(void)listen_stream_fill(stream);
		got = listen_stream_line(stream, &line);
	}
	assert_true(span_equal(line, SPAN("ok")));
	assert_int_equal(stream->skipped, 1);
	close(pair[1]);
	listen_stream_free(&stream);
}

static struct follower follower, newer;

static int port_connect(int type, unsigned port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr = { htonl(INADDR_LOOPBACK) },
				       .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, type, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void send_text(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void datagrams_are_lines(void **state)
{
	unsigned port = port_free();
	char log[64];
	int fd;

	(void)state;
	snprintf(log, sizeof(log), "syslog:udp=127.0.0.1:%u", port);
	follower_start(&follower, log);
	follower_drain(&follower);
	fd = port_connect(SOCK_DGRAM, port);
	send_text(fd, "<22>Nov 21 16:29:41 mx postfix/smtpd[7]: one\n");
	send_text(fd, "<22>1 2026-11-01T03:04:05Z mx postfix/smtpd 7 - - t\no");
	send_text(fd, "\n");
	follower_expect(&follower, "<22>Nov 21 16:29:41 mx postfix/smtpd[7]: one\n"
				   "<22>1 2026-11-01T03:04:05Z mx postfix/smtpd 7 - - t o\n");
	close(fd);
}

static void many_senders_connect(void **state)
{
	unsigned port = port_free();
	char log[64];
	int fds[3];

	(void)state;
	snprintf(log, sizeof(log), "syslog:tcp=127.0.0.1:%u", port);
	follower_start(&follower, log);
	follower_drain(&follower);
	for (size_t i = 0; i < 3; i++)
		fds[i] = port_connect(SOCK_STREAM, port);
	send_text(fds[2], "<22>c\nhalf ");
	follower_expect(&follower, "<22>c\n");
	send_text(fds[0], "5 <22>a");
	follower_expect(&follower, "<22>c\n<22>a\n");
	close(fds[1]);
	send_text(fds[2], "a line");
	close(fds[2]);
	follower_expect(&follower, "<22>c\n<22>a\nhalf a line\n");
	close(fds[0]);
}

/* The 513th waits in the kernel, and nobody is woken for it until one of the others goes. */
static void the_one_too_many_waits_its_turn(void **state)
{
	unsigned port = port_free();
	struct pollfd awake = { .events = POLLIN };
	struct rlimit files;
	char log[64];
	int fds[513];

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	if (files.rlim_max < 1200)
		skip();
	files.rlim_cur = files.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	snprintf(log, sizeof(log), "syslog:tcp=127.0.0.1:%u", port);
	follower_start(&follower, log);
	for (size_t i = 0; i < 513; i++) {
		fds[i] = port_connect(SOCK_STREAM, port);
		if (i % 50 == 0 || i >= 511)
			follower_drain(&follower);
	}
	send_text(fds[512], "<22>last\n");
	follower_drain(&follower);
	awake.fd = collector_fd(follower.collector);
	assert_int_equal(poll(&awake, 1, 0), 0);
	close(fds[7]);
	assert_int_equal(poll(&awake, 1, 120000), 1);
	follower_expect(&follower, "<22>last\n");
	for (size_t i = 0; i < 513; i++)
		if (i != 7)
			close(fds[i]);
}

/* Nor is anybody woken while there is no descriptor for who knocks; it is heard when there is one. */
static void who_finds_no_descriptor_waits_its_turn(void **state)
{
	unsigned port = port_free();
	struct pollfd awake = { .events = POLLIN };
	struct rlimit files, few;
	char log[64];
	int fd, other;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	snprintf(log, sizeof(log), "syslog:tcp=127.0.0.1:%u", port);
	follower_start(&follower, log);
	fd = port_connect(SOCK_STREAM, port);
	send_text(fd, "<22>first\n");
	few = (struct rlimit){ (rlim_t)fd + 1, files.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	follower_drain(&follower);
	awake.fd = collector_fd(follower.collector);
	assert_int_equal(poll(&awake, 1, 0), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	follower_expect(&follower, "<22>first\n");
	other = port_connect(SOCK_STREAM, port);
	awake.fd = collector_fd(follower.collector);
	assert_int_equal(poll(&awake, 1, 120000), 1);
	send_text(other, "<22>second\n");
	follower_expect(&follower, "<22>first\n<22>second\n");
	close(fd);
	close(other);
}

static void who_is_not_allowed_is_refused_and_counted(void **state)
{
	unsigned port = port_free();
	char log[64], byte;
	int fd;

	(void)state;
	snprintf(log, sizeof(log), "syslog:tcp=127.0.0.1:%u+allow=192.0.2.0/24", port);
	follower_start(&follower, log);
	fd = port_connect(SOCK_STREAM, port);
	(void)send(fd, "<22>x\n", 6, MSG_NOSIGNAL);
	follower_drain(&follower);
	assert_true(recv(fd, &byte, 1, 0) <= 0);
	follower_drain(&follower);
	assert_int_equal(follower.given.len, 0);
	assert_non_null(follower.said.at);
	assert_non_null(
		strstr(follower.said.at, ": 1 messages or connections of senders that are not allowed"));
	close(fd);
}

static void new_settings_take_the_socket_over(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct collector_live_options options = { 0 };
	struct collector_calls calls = { 0 };
	struct collector *fresh;
	struct error error;
	struct line line;
	char log[128];
	const char *logs[1] = { log };
	int fd;

	(void)state;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", scratch_path("log"));
	snprintf(log, sizeof(log), "syslog:unix=%s", scratch_path("log"));
	follower_start(&follower, log);
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	send_text(fd, "<22>one");
	fresh = collector_live(logs, 1, &options, &calls, &error);
	assert_non_null(fresh);
	send_text(fd, "<22>two");
	follower_kill(&follower);
	assert_int_equal(collector_next(fresh, &line), COLLECTED_LINE);
	assert_true(span_equal(line.text, SPAN("<22>one")));
	assert_int_equal(collector_next(fresh, &line), COLLECTED_LINE);
	assert_true(span_equal(line.text, SPAN("<22>two")));
	assert_int_equal(collector_next(fresh, &line), COLLECTED_WAIT);
	collector_close(&fresh);
	close(fd);
}

/* Also where it is the rights that are new; half a line before is one with the half that comes after. */
static void new_settings_keep_who_is_connected(void **state)
{
	unsigned port = port_free();
	char log[64], with_rights[96];
	int fds[2];

	(void)state;
	snprintf(log, sizeof(log), "syslog:tcp=127.0.0.1:%u", port);
	snprintf(with_rights, sizeof(with_rights), "%s+allow=127.0.0.0/8", log);
	follower_start(&follower, log);
	fds[0] = port_connect(SOCK_STREAM, port);
	send_text(fds[0], "<22>one\nhalf ");
	follower_expect(&follower, "<22>one\n");
	follower_start(&newer, with_rights);
	send_text(fds[0], "a line\n");
	follower_kill(&follower);
	follower_expect(&newer, "half a line\n");
	fds[1] = port_connect(SOCK_STREAM, port);
	send_text(fds[1], "<22>new\n");
	follower_expect(&newer, "half a line\n<22>new\n");
	send_text(fds[0], "<22>two\n");
	follower_expect(&newer, "half a line\n<22>new\n<22>two\n");
	close(fds[0]);
	close(fds[1]);
}

/* A sender, half a line into the follower, whom the newer follower's settings do not allow. */
static int connected_without_right(void)
{
	unsigned port = port_free();
	char log[64], with_rights[96];
	int fd;

	snprintf(log, sizeof(log), "syslog:tcp=127.0.0.1:%u", port);
	snprintf(with_rights, sizeof(with_rights), "%s+allow=192.0.2.0/24", log);
	follower_start(&follower, log);
	fd = port_connect(SOCK_STREAM, port);
	send_text(fd, "<22>one\nhalf ");
	follower_expect(&follower, "<22>one\n");
	follower_start(&newer, with_rights);
	return fd;
}

static void new_settings_that_are_refused_keep_who_is_connected(void **state)
{
	int fd = connected_without_right();

	(void)state;
	follower_kill(&newer);
	send_text(fd, "a line\n");
	follower_expect(&follower, "<22>one\nhalf a line\n");
	close(fd);
}

static void who_is_not_allowed_any_more_is_cut_off(void **state)
{
	int fd = connected_without_right();
	char byte;

	(void)state;
	follower_kill(&follower);
	follower_drain(&newer);
	assert_true(recv(fd, &byte, 1, 0) <= 0);
	assert_int_equal(newer.given.len, 0);
	assert_non_null(strstr(newer.said.at, ": 1 messages or connections of senders that are not allowed"));
	close(fd);
}

/* Of two listeners the later line waits, read already, while the earlier one is given. */
static void new_settings_give_what_was_read_and_not_given(void **state)
{
	unsigned ports[2] = { port_free(), port_free() };
	char udp[64], tcp[64];
	struct line line;
	int fds[2];

	(void)state;
	snprintf(udp, sizeof(udp), "syslog:udp=127.0.0.1:%u", ports[0]);
	snprintf(tcp, sizeof(tcp), "syslog:tcp=127.0.0.1:%u", ports[1]);
	follower_start(&follower, udp, tcp);
	fds[0] = port_connect(SOCK_DGRAM, ports[0]);
	fds[1] = port_connect(SOCK_STREAM, ports[1]);
	send_text(fds[0], "2026-11-01T03:04:06Z b");
	send_text(fds[1], "2026-11-01T03:04:05Z a\n2026-11-01T03:04:07Z c\n");
	assert_int_equal(collector_next(follower.collector, &line), COLLECTED_LINE);
	assert_true(span_equal(line.text, SPAN("2026-11-01T03:04:05Z a")));
	follower_start(&newer, udp, tcp);
	follower_kill(&follower);
	follower_expect(&newer, "2026-11-01T03:04:06Z b\n2026-11-01T03:04:07Z c\n");
	close(fds[0]);
	close(fds[1]);
}

static void one_place_is_named_once(void **state)
{
	struct collector_live_options options = { 0 };
	struct collector_calls calls = { 0 };
	unsigned port = port_free();
	struct error error = { "" };
	char plain[64], with_rights[96];
	const char *logs[2] = { plain, with_rights };

	(void)state;
	snprintf(plain, sizeof(plain), "syslog:udp=127.0.0.1:%u", port);
	snprintf(with_rights, sizeof(with_rights), "%s+allow=127.0.0.1", plain);
	assert_null(collector_live(logs, 2, &options, &calls, &error));
	assert_non_null(strstr(error.text, "is the same place"));
}

static void a_file_in_the_way_of_a_socket_stays(void **state)
{
	struct collector_live_options options = { 0 };
	struct collector_calls calls = { 0 };
	struct error error;
	char log[128];
	const char *logs[1] = { log };

	(void)state;
	scratch_write("log", "precious");
	snprintf(log, sizeof(log), "syslog:unix=%s", scratch_path("log"));
	assert_null(collector_live(logs, 1, &options, &calls, &error));
	assert_non_null(strstr(error.text, "is there, and no socket"));
	assert_int_equal(access(scratch_path("log"), F_OK), 0);
}

static void standard_input_is_followed_to_its_end(void **state)
{
	const char *logs[1] = { "-" };
	struct collector_live_options options = { 0 };
	struct collector_calls calls = { 0 };
	struct collector *collector, *fresh;
	struct error error;
	struct line line;
	int pair[2], old = dup(STDIN_FILENO);

	(void)state;
	assert_int_equal(pipe(pair), 0);
	assert_true(dup2(pair[0], STDIN_FILENO) >= 0);
	collector = collector_live(logs, 1, &options, &calls, &error);
	assert_non_null(collector);
	assert_int_equal(collector_next(collector, &line), COLLECTED_WAIT);
	assert_int_equal(write(pair[1], "one\nthen\ntw", 11), 11);
	assert_int_equal(collector_next(collector, &line), COLLECTED_LINE);
	assert_true(span_equal(line.text, SPAN("one")));
	/* New settings go on with what was read before them. */
	fresh = collector_live(logs, 1, &options, &calls, &error);
	assert_non_null(fresh);
	collector_close(&collector);
	collector = fresh;
	assert_int_equal(collector_next(collector, &line), COLLECTED_LINE);
	assert_true(span_equal(line.text, SPAN("then")));
	assert_int_equal(collector_next(collector, &line), COLLECTED_WAIT);
	close(pair[1]);
	assert_int_equal(collector_next(collector, &line), COLLECTED_LINE);
	assert_true(span_equal(line.text, SPAN("tw")));
	assert_int_equal(collector_next(collector, &line), COLLECTED_END);
	collector_close(&collector);
	close(pair[0]);
	assert_true(dup2(old, STDIN_FILENO) >= 0);
	close(old);
}

static int start(void **state)
{
	(void)state;
	scratch_make();
	return 0;
}

static int stop(void **state)
{
	(void)state;
	follower_free(&follower);
	follower_free(&newer);
	scratch_remove();
	return 0;
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(names_say_where_and_who),
		ROW(networks_allow_what_is_in_them),
		ROW(streams_are_cut_whatever_pieces_they_come_in),
		ROW(a_line_that_is_too_long_is_skipped_and_counted),
		ROW(datagrams_are_lines),
		ROW(many_senders_connect),
		ROW(the_one_too_many_waits_its_turn),
		ROW(who_finds_no_descriptor_waits_its_turn),
		ROW(who_is_not_allowed_is_refused_and_counted),
		ROW(new_settings_take_the_socket_over),
		ROW(new_settings_keep_who_is_connected),
		ROW(new_settings_that_are_refused_keep_who_is_connected),
		ROW(who_is_not_allowed_any_more_is_cut_off),
		ROW(new_settings_give_what_was_read_and_not_given),
		ROW(one_place_is_named_once),
		ROW(a_file_in_the_way_of_a_socket_stays),
		ROW(standard_input_is_followed_to_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
