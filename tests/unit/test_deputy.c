/*
 * The deputy does what its verbs say and nothing else, whatever it is sent; and its adapters change what is theirs
 * alone. The mail servers' programs are fakes that write down how they were called.
 */
#define _GNU_SOURCE
#include "responders/deputy.h"
#include "responders/listing.h"

#include "base/memory.h"
#include "base/save.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/sendwatch-deputy-XXXXXX";
static struct adapter_options uses[8];
static const struct settings_many all = { uses, 8 };
enum { MAP, LIST, PFQUEUE, EXLIST, EXQUEUE, DENY, COMMAND, FULL };
static struct deputy_request request;
static struct deputy_reply reply;

static const char *in_folder(const char *name)
{
	static char paths[16][128];
	static int next;
	char *path = paths[next++ % 16];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static void put(const char *name, const char *content, mode_t mode)
{
	struct error error;

	if (!save_whole(in_folder(name), span_of(content), mode, &error) || chmod(in_folder(name), mode) != 0)
		fail_msg("%s", error.text);
}

/* The content of a file; empty where there is none. Freed by the next call. */
static const char *get(const char *name)
{
	static struct text text;
	struct error error;

	text_clear(&text);
	(void)save_read(in_folder(name), 1 << 20, &text, &error);
	return text.at == NULL ? "" : text.at;
}

static void ask(enum deputy_verb verb, uint32_t adapter, const char *account, const char *ids)
{
	request = (struct deputy_request){
		.magic = DEPUTY_MAGIC, .verb = verb, .adapter = adapter, .serial = 7
	};
	snprintf(request.account, sizeof(request.account), "%s", account);
	snprintf(request.ids, sizeof(request.ids), "%s", ids);
	deputy_serve(&all, &request, sizeof(request), &reply);
	assert_int_equal(reply.serial, 7);
}

static void test_files(void **state)
{
	struct stat there;

	(void)state;
	ask(DEPUTY_DISABLE, EXLIST, "bob@example.com", "");
	assert_int_equal(reply.status, DEPUTY_DONE);
	ask(DEPUTY_DISABLE, EXLIST, "local:web2", "");
	ask(DEPUTY_DISABLE, EXLIST, "bob@example.com", ""); /* twice is once */
	assert_string_equal(get("exim"), LISTING_HEAD "web2: suspended\nbob@example.com: suspended\n");
	ask(DEPUTY_IS_DISABLED, EXLIST, "bob@example.com", "");
	assert_true(reply.is);
	/* Its mode stays as the admin made it. */
	assert_int_equal(chmod(in_folder("exim"), 0640), 0);
	ask(DEPUTY_RELEASE, EXLIST, "bob@example.com", "");
	assert_string_equal(get("exim"), LISTING_HEAD "web2: suspended\n");
	ask(DEPUTY_IS_DISABLED, EXLIST, "bob@example.com", "");
	assert_false(reply.is);
	assert_int_equal(stat(in_folder("exim"), &there), 0);
	assert_int_equal(there.st_mode & 07777, 0640);

	ask(DEPUTY_DISABLE, LIST, "local:web2", "");
	assert_string_equal(get("users"), LISTING_HEAD "web2\n");
	ask(DEPUTY_DISABLE, LIST, "bob@example.com", "");
	assert_int_equal(reply.status, DEPUTY_REFUSED);
	ask(DEPUTY_DISABLE, DENY, "bob@example.com", "");
	assert_string_equal(get("deny"), LISTING_HEAD "bob@example.com:\n");

	/* A last line that somebody's editor left without its end is a line. */
	put("deny", LISTING_HEAD "ann@example.com:\nbob@example.com:", 0644);
	ask(DEPUTY_IS_DISABLED, DENY, "bob@example.com", "");
	assert_true(reply.is);
	ask(DEPUTY_DISABLE, DENY, "eve@example.com", "");
	assert_string_equal(get("deny"),
			    LISTING_HEAD "ann@example.com:\nbob@example.com:\neve@example.com:\n");

	/* What is not ours is left alone. */
	put("users", "root\n", 0644);
	ask(DEPUTY_DISABLE, LIST, "local:web2", "");
	assert_int_equal(reply.status, DEPUTY_FAILED);
	ask(DEPUTY_RELEASE, LIST, "local:web2", "");
	assert_int_equal(reply.status, DEPUTY_FAILED);
	assert_string_equal(get("users"), "root\n");
}

static void test_map_is_compiled(void **state)
{
	char want[256];

	(void)state;
	put("calls", "", 0644);
	put("postmap",
	    "#!/bin/sh\nprintf '%s\\n' \"$@\" >> \"${0%/*}/calls\"; env | sort >> \"${0%/*}/env\"\n", 0755);
	ask(DEPUTY_DISABLE, MAP, "bob@example.com", "");
	assert_string_equal(reply.words, "");
	assert_string_equal(get("map"), LISTING_HEAD "bob@example.com 554 5.7.1 Stopped\n");
	snprintf(want, sizeof(want), "-c\n/etc/pf\nlmdb:%s/map\n", folder);
	assert_string_equal(get("calls"), want);
	/* None of our own environment. */
	assert_null(strstr(get("env"), "SECRET"));
	assert_non_null(strstr(get("env"), "PATH=/usr/sbin:/usr/bin:/sbin:/bin"));
	put("postmap", "#!/bin/sh\necho no room >&2; exit 3\n", 0755);
	ask(DEPUTY_RELEASE, MAP, "bob@example.com", "");
	assert_int_equal(reply.status, DEPUTY_FAILED);
	assert_non_null(strstr(reply.words, "exit status 3: no room"));
	put("postmap", "#!/bin/sh\nsleep 600\n", 0755);
	uses[MAP].timeout = USEC_SECOND;
	ask(DEPUTY_RELEASE, MAP, "bob@example.com", "");
	uses[MAP].timeout = USEC_MINUTE;
	assert_non_null(strstr(reply.words, "was killed"));
}

/* With a postsuper that says what it was called with, and no call before. */
static void hold_postfix_queue(void)
{
	put("postsuper", "#!/bin/sh\nprintf '%s\\n' \"$*\" >> \"${0%/*}/calls\"; cat >> \"${0%/*}/calls\"\n",
	    0755);
	put("calls", "", 0644);
	ask(DEPUTY_HOLD_QUEUE, PFQUEUE, "bob@example.com", "");
	assert_string_equal(reply.words, "");
}

static void test_postfix_queue(void **state)
{
	(void)state;
	put("postqueue",
	    "#!/bin/sh\n"
	    "echo '{\"queue_name\": \"deferred\", \"queue_id\": \"4F2K3L\", \"sender\": \"x\"}'\n"
	    "echo '{\"queue_name\": \"hold\", \"queue_id\": \"6HELD6\", \"sender\": \"x\"}'\n"
	    "echo '{\"queue_name\": \"active\", \"queue_id\": \"5A1B2C\", \"sender\": \"x\"}'\n"
	    "echo '{\"queue_name\": \"active\", \"queue_id\": \"../../x\", \"sender\": \"x\"}'\n"
	    "echo '{\"queue_name\": \"active\", \"queue_id\": \"7OTHER\", \"sender\": \"x\"}'\n",
	    0755);
	put("postcat",
	    "#!/bin/sh\n"
	    "printf '%s\\n' \"$*\" >> \"${0%/*}/calls\"\n"
	    "for id in 4F2K3L 5A1B2C 7OTHER; do\n"
	    "echo \"*** ENVELOPE RECORDS deferred/$id ***\"\n"
	    "case $id in 7*) echo 'named_attribute: sasl_username=eve@example.com'; echo 'named_attribute: sasl_username=bob@example.com' ;;\n"
	    "*) echo 'named_attribute: sasl_username=bob@example.com' ;; esac\n"
	    "done\n",
	    0755);
	hold_postfix_queue();
	assert_string_equal(reply.ids, "4F2K3L 5A1B2C");
	assert_string_equal(get("calls"), "-eq 4F2K3L 5A1B2C 7OTHER\n-h -\n4F2K3L\n5A1B2C\n");
	put("calls", "", 0644);
	ask(DEPUTY_RELEASE_QUEUE, PFQUEUE, "bob@example.com", reply.ids);
	assert_int_equal(reply.status, DEPUTY_DONE);
	assert_string_equal(get("calls"), "-H -\n4F2K3L\n5A1B2C\n");
}

/* Messages with very many recipients, behind which the account's own stands. */
static void test_long_postfix_queue(void **state)
{
	(void)state;
	put("postqueue",
	    "#!/bin/sh\n"
	    "printf '{\"queue_name\": \"active\", \"queue_id\": \"7OTHER\", \"recipients\": ['\n"
	    "head -c 20000000 /dev/zero | tr '\\0' x\n"
	    "echo ']}'\n"
	    "echo '{\"queue_name\": \"deferred\", \"queue_id\": \"4F2K3L\", \"sender\": \"x\"}'\n",
	    0755);
	put("postcat",
	    "#!/bin/sh\n"
	    "printf '%s\\n' \"$*\" >> \"${0%/*}/calls\"\n"
	    "case $* in *7OTHER*) echo '*** ENVELOPE RECORDS active/7OTHER ***'\n"
	    "head -c 20000000 /dev/zero | tr '\\0' x\n"
	    "echo ;; esac\n"
	    "case $* in *4F2K3L) echo '*** ENVELOPE RECORDS deferred/4F2K3L ***'\n"
	    "echo 'named_attribute: sasl_username=bob@example.com' ;; esac\n",
	    0755);
	hold_postfix_queue();
	assert_string_equal(reply.ids, "4F2K3L");
	assert_string_equal(get("calls"), "-eq 7OTHER 4F2K3L\n-eq 7OTHER\n-eq 4F2K3L\n-h -\n4F2K3L\n");
}

static void test_exim_queue(void **state)
{
	static const char head[] = "1tDxyz-0001AB-2c-H\n%s 33 33\n<x@example.com>\n1790000000 0\n"
				   "-received_time_usec .1\n%s\n-body_linecount 1\nXX\n1\nr@remote.test\n";
	char content[512];

	(void)state;
	mkdir(in_folder("input"), 0755);
	mkdir(in_folder("input/a"), 0755);
	snprintf(content, sizeof(content), head, "exim", "-aclm _x 7\nno dash\n-auth_id bob@example.com");
	put("input/1tDxyz-0001AB-2c-H", content, 0644);
	/* A variable of the ACLs has any bytes: it neither ends the head nor names anybody. */
	snprintf(content, sizeof(content), head, "exim",
		 "--auth_id bob@example.com\n-aclm _x 31\nno dash\n-auth_id eve@example.com");
	put("input/a/1tDxya-0001AB-2c-H", content, 0644);
	snprintf(content, sizeof(content), head, "exim", "-auth_id bob@example.com\n-frozen 1790000000");
	put("input/1tDxyb-0001AB-2c-H", content, 0644);
	snprintf(content, sizeof(content), head, "web2", "-auth_sender bob@example.com");
	put("input/1tDxyc-0001AB-2c-H", content, 0644);
	put("exim4", "#!/bin/sh\nprintf '%s\\n' \"$*\" >> \"${0%/*}/calls\"\n", 0755);
	put("calls", "", 0644);
	ask(DEPUTY_HOLD_QUEUE, EXQUEUE, "bob@example.com", "");
	assert_string_equal(reply.words, "");
	assert_string_equal(reply.ids, "1tDxyz-0001AB-2c 1tDxya-0001AB-2c");
	assert_string_equal(get("calls"), "-Mf 1tDxyz-0001AB-2c 1tDxya-0001AB-2c\n");
	ask(DEPUTY_HOLD_QUEUE, EXQUEUE, "local:web2", "");
	assert_string_equal(reply.ids, "1tDxyc-0001AB-2c");
	put("calls", "", 0644);
	ask(DEPUTY_RELEASE_QUEUE, EXQUEUE, "local:web2", "1tDxyc-0001AB-2c");
	assert_string_equal(get("calls"), "-Mt 1tDxyc-0001AB-2c\n");
}

static void test_command(void **state)
{
	(void)state;
	put("panel",
	    "#!/bin/sh\nprintf '%s\\n' \"$@\" >> \"${0%/*}/calls\"; cat >> \"${0%/*}/calls\"\n"
	    "[ \"$1\" != ask ] || exit 1\n",
	    0755);
	put("calls", "", 0644);
	ask(DEPUTY_DISABLE, COMMAND, "bob@example.com", "");
	assert_string_equal(reply.words, "");
	assert_string_equal(
		get("calls"),
		"ask\nbob@example.com\n{\"type\":\"order\",\"account\":\"bob@example.com\",\"action\":\"ask\"}"
		"suspend\n--user=bob@example.com;{x}\n"
		"{\"type\":\"order\",\"account\":\"bob@example.com\",\"action\":\"disable\"}");
	/* Somebody else disabled it: that is left alone. */
	put("panel", "#!/bin/sh\n[ \"$1\" = ask ]\n", 0755);
	ask(DEPUTY_DISABLE, COMMAND, "bob@example.com", "");
	assert_int_equal(reply.status, DEPUTY_ALREADY);
}

/* A panel's command restarts a service, which keeps its standard output: the command itself is done. */
static void test_command_leaves_a_daemon(void **state)
{
	usec_t began = clock_monotonic();

	(void)state;
	put("panel", "#!/bin/sh\n[ \"$1\" != ask ] || exit 1\necho \"why\" >&2\nsleep 30 &\nexit 3\n", 0755);
	ask(DEPUTY_DISABLE, COMMAND, "bob@example.com", "");
	assert_non_null(strstr(reply.words, "exit status 3: why"));
	assert_true(clock_monotonic() - began < 20 * USEC_SECOND);
}

static void test_refusals(void **state)
{
	static const char *const accounts[] = {
		"",
		"-rf@example.com",
		"a b",
		"a\nb@example.com",
		"bob@example.com:x",
		"#x@example.com",
		"script:/home/x",
		"host:192.0.2.7",
		"sender:example.com",
		"../../etc/passwd",
		"a'b@example.com",
		"$(id)@example.com",
		"a|b",
		"local:",
		"local:-x",
		"j\xc3\xb6rg@example.com",
		"a\\x20b",
		"*",
	};

	(void)state;
	put("exim", LISTING_HEAD, 0644);
	for (size_t i = 0; i < sizeof(accounts) / sizeof(accounts[0]); i++) {
		ask(DEPUTY_DISABLE, EXLIST, accounts[i], "");
		if (reply.status != DEPUTY_REFUSED)
			fail_msg("taken: %s", accounts[i]);
	}
	ask(DEPUTY_RELEASE_QUEUE, EXQUEUE, "bob@example.com", "-Mrm");
	assert_int_equal(reply.status, DEPUTY_REFUSED);
	ask(DEPUTY_RELEASE_QUEUE, PFQUEUE, "bob@example.com", "ALL\n4F");
	assert_int_equal(reply.status, DEPUTY_REFUSED);
	ask(DEPUTY_DISABLE, PFQUEUE, "bob@example.com", "");
	assert_int_equal(reply.status, DEPUTY_REFUSED);
	ask(DEPUTY_HOLD_QUEUE, MAP, "bob@example.com", "");
	assert_int_equal(reply.status, DEPUTY_REFUSED);
	ask((enum deputy_verb)0, MAP, "bob@example.com", "");
	assert_int_equal(reply.status, DEPUTY_REFUSED);
	ask((enum deputy_verb)99, MAP, "bob@example.com", "");
	assert_int_equal(reply.status, DEPUTY_REFUSED);
	ask(DEPUTY_DISABLE, 8, "bob@example.com", "");
	assert_int_equal(reply.status, DEPUTY_REFUSED);
	deputy_serve(&all, &request, sizeof(request) - 1, &reply);
	assert_int_equal(reply.status, DEPUTY_REFUSED);
	memset(&request, 'a', sizeof(request));
	request.magic = DEPUTY_MAGIC;
	request.verb = DEPUTY_DISABLE;
	request.adapter = EXLIST;
	deputy_serve(&all, &request, sizeof(request), &reply);
	assert_int_equal(reply.status, DEPUTY_REFUSED);
	assert_string_equal(get("exim"), LISTING_HEAD);
}

/* Requests with bytes changed at random: whatever is done, only files that the adapters own are there after it. */
static void test_random_messages(void **state)
{
	unsigned seed = 20261101;
	int done = 0;

	(void)state;
	/* Each that is done is two syncs of the disk. */
	for (int i = 0; i < 1000; i++) {
		unsigned char *bytes = (unsigned char *)&request;

		request = (struct deputy_request){ .magic = DEPUTY_MAGIC,
						   .verb = (uint32_t)rand_r(&seed) % 7,
						   .adapter = EXLIST };
		snprintf(request.account, sizeof(request.account), "bob@example.com");
		for (int j = rand_r(&seed) % 5; j > 0; j--)
			bytes[(size_t)rand_r(&seed) % 60] = (unsigned char)rand_r(&seed);
		request.adapter = rand_r(&seed) % 9 == 0 ? request.adapter : EXLIST;
		deputy_serve(&all, &request, (size_t)rand_r(&seed) % 50 == 0 ? 17 : sizeof(request), &reply);
		assert_true(reply.status <= DEPUTY_REFUSED);
		done += reply.status == DEPUTY_DONE ? 1 : 0;
	}
	assert_true(done > 50);
	assert_true(span_starts(span_of(get("exim")), SPAN(LISTING_HEAD)));
	for (const char *c = get("exim") + strlen(LISTING_HEAD); *c != '\0'; c++)
		assert_true((*c > ' ' && *c < 0x7f) || *c == '\n' || *c == ' ');
}

static void test_process(void **state)
{
	struct error error;
	struct deputy *deputy = deputy_start(&all, &error);
	struct pollfd fd;
	bool gone = false;

	(void)state;
	put("exim", LISTING_HEAD, 0644);
	assert_non_null(deputy);
	request = (struct deputy_request){
		.magic = DEPUTY_MAGIC, .verb = DEPUTY_DISABLE, .adapter = EXLIST, .serial = 3
	};
	snprintf(request.account, sizeof(request.account), "bob@example.com");
	assert_true(deputy_ask(deputy, &request, &error));
	fd = (struct pollfd){ .fd = deputy_fd(deputy), .events = POLLIN };
	assert_int_equal(poll(&fd, 1, 120000), 1);
	assert_true(deputy_hear(deputy, &reply, &gone));
	assert_int_equal(reply.serial, 3);
	assert_int_equal(reply.status, DEPUTY_DONE);
	assert_false(deputy_hear(deputy, &reply, &gone));
	assert_false(gone);
	assert_string_equal(get("exim"), LISTING_HEAD "bob@example.com: suspended\n");
	deputy_stop(&deputy);
	assert_null(deputy);
}

/* Mail of a local user is known by the line that pickup puts in front; what its sender wrote below says nothing. */
static void test_local_queue(void **state)
{
	(void)state;
	put("postqueue",
	    "#!/bin/sh\n"
	    "for id in 1MINE 2OTHER 3FORGED 4LOGIN 5LONGER; do\n"
	    "echo \"{\\\"queue_name\\\": \\\"deferred\\\", \\\"queue_id\\\": \\\"$id\\\", \\\"sender\\\": \\\"x\\\"}\"\n"
	    "done\n",
	    0755);
	put("postcat",
	    "#!/bin/sh\n"
	    "printf '%s\\n' \"$*\" >> \"${0%/*}/calls\"\n"
	    "say() { printf '%s\\n' \"*** ENVELOPE RECORDS deferred/1/$1 ***\" \"sender: root@x\""
	    " \"*** MESSAGE CONTENTS deferred/1/$1 ***\" \"$2\" \"$3\" \"*** MESSAGE FILE END deferred/1/$1 ***\"; }\n"
	    "say 1MINE 'Received: by mx.lab.test (Postfix, from userid 0)' '\tid 1'\n"
	    "say 2OTHER 'Received: by mx.lab.test (Postfix, from userid 33)' 'Received: by mx (Postfix, from userid 0)'\n"
	    "say 3FORGED 'Received: from pc (pc [192.0.2.7])' 'Received: by mx (Postfix, from userid 0)'\n"
	    "say 4LOGIN 'Subject: x, from userid 0)' 'X: y'\n"
	    "say 5LONGER 'Received: by mx.lab.test (Postfix, from userid 10)' 'X: y'\n",
	    0755);
	put("postsuper", "#!/bin/sh\nprintf '%s\\n' \"$*\" >> \"${0%/*}/calls\"; cat >> \"${0%/*}/calls\"\n",
	    0755);
	put("calls", "", 0644);
	ask(DEPUTY_HOLD_QUEUE, PFQUEUE, "local:root", "");
	assert_string_equal(reply.words, "");
	assert_string_equal(reply.ids, "1MINE");
	assert_string_equal(get("calls"), "-ehq 1MINE 2OTHER 3FORGED 4LOGIN 5LONGER\n-h -\n1MINE\n");
	ask(DEPUTY_HOLD_QUEUE, PFQUEUE, "local:nosuchuser", "");
	assert_int_equal(reply.status, DEPUTY_FAILED);
}

static void send_raw(int fd, const void *message, size_t len)
{
	assert_true(send(fd, message, len, MSG_NOSIGNAL) == (ssize_t)len || len > sizeof(request));
}

static void hear(struct deputy *deputy, enum deputy_status status)
{
	struct pollfd fd = { .fd = deputy_fd(deputy), .events = POLLIN };
	bool gone = false;

	assert_int_equal(poll(&fd, 1, 120000), 1);
	assert_true(deputy_hear(deputy, &reply, &gone));
	assert_int_equal(reply.status, status);
}

/* A file handed over with a request: the deputy must not have it afterwards. */
static void send_with_file(int fd, int file)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr head;
	} control = { .room = { 0 } };
	struct iovec part = { &request, sizeof(request) };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = control.room,
				  .msg_controllen = sizeof(control.room) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &file, sizeof(int));
	assert_true(sendmsg(fd, &message, MSG_NOSIGNAL) == (ssize_t)sizeof(request));
}

/* Whoever has the reader's end of the socket gets no further than the verbs, and cannot make it stop by rubbish. */
static void test_abuse(void **state)
{
	static const char *const accounts[] = {
		"../../etc/shadow",  "/etc/passwd",       "a/../b@c", "bob@example.com\nroot: x",
		"bob@example.com\r", "bob@example.com\t", "`id`@c",   "bob@example.com\x7f"
	};
	const struct deputy_request good = { .magic = DEPUTY_MAGIC,
					     .verb = DEPUTY_DISABLE,
					     .adapter = EXLIST,
					     .serial = 9,
					     .account = "bob@example.com" };
	char *huge = memory_new(1, 3 * sizeof(request));
	struct error error;
	struct deputy *deputy;
	int file;

	(void)state;
	put("exim", LISTING_HEAD, 0644);
	put("secret", "x", 0600);
	deputy = deputy_start(&all, &error);
	assert_non_null(deputy);
	for (size_t i = 0; i < sizeof(accounts) / sizeof(accounts[0]); i++) {
		request = good;
		snprintf(request.account, sizeof(request.account), "%s", accounts[i]);
		send_raw(deputy_fd(deputy), &request, sizeof(request));
		hear(deputy, DEPUTY_REFUSED);
	}
	/* Too short, one byte short, one too many; verbs that there are not; another magic; no end of a text. */
	for (size_t len = 1; len < sizeof(request); len = len * 7 + 1) {
		send_raw(deputy_fd(deputy), &good, len);
		hear(deputy, DEPUTY_REFUSED);
	}
	memcpy(huge, &good, sizeof(good));
	for (size_t len = sizeof(request) - 1; len < sizeof(request) + 2; len++) {
		send_raw(deputy_fd(deputy), huge, len);
		hear(deputy, len == sizeof(request) ? DEPUTY_DONE : DEPUTY_REFUSED);
	}
	if (send(deputy_fd(deputy), huge, 3 * sizeof(request), MSG_NOSIGNAL) > 0)
		hear(deputy, DEPUTY_REFUSED);
	for (uint32_t verb = 0; verb < 300; verb += verb < 8 ? 1 : 97) {
		if (verb >= DEPUTY_DISABLE && verb <= DEPUTY_RELEASE_QUEUE)
			continue;
		request = good;
		request.verb = verb;
		send_raw(deputy_fd(deputy), &request, sizeof(request));
		hear(deputy, DEPUTY_REFUSED);
	}
	request = good;
	request.magic ^= 1;
	send_raw(deputy_fd(deputy), &request, sizeof(request));
	hear(deputy, DEPUTY_REFUSED);
	request = good;
	memset(request.account, 'a', sizeof(request.account));
	send_raw(deputy_fd(deputy), &request, sizeof(request));
	hear(deputy, DEPUTY_REFUSED);
	request = good;
	request.verb = DEPUTY_RELEASE_QUEUE;
	request.adapter = PFQUEUE;
	memset(request.ids, 'A', sizeof(request.ids));
	send_raw(deputy_fd(deputy), &request, sizeof(request));
	hear(deputy, DEPUTY_REFUSED);
	/* Files given along are dropped: this one can be written by nobody else when ours is closed. */
	file = open(in_folder("secret"), O_RDWR | O_CLOEXEC);
	assert_true(file >= 0);
	assert_int_equal(flock(file, LOCK_EX | LOCK_NB), 0);
	request = good;
	send_with_file(deputy_fd(deputy), file);
	hear(deputy, DEPUTY_DONE);
	close(file);
	file = open(in_folder("secret"), O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(file, LOCK_EX | LOCK_NB), 0);
	close(file);
	/* It is well after all that, and all that changed is what it was asked for. */
	send_raw(deputy_fd(deputy), &good, sizeof(good));
	hear(deputy, DEPUTY_DONE);
	assert_string_equal(get("exim"), LISTING_HEAD "bob@example.com: suspended\n");
	deputy_stop(&deputy);
	free(huge);
}

static char *word(const char *text)
{
	return memory_copy(span_of(text));
}

static struct setting_list words(const char *a, const char *b, const char *c)
{
	struct setting_list list = { memory_new(3, sizeof(char *)), 3 };

	list.texts[0] = word(a);
	list.texts[1] = word(b);
	list.texts[2] = word(c);
	list.count = c[0] == '\0' ? 2 : 3;
	return list;
}

static int prepare(void **state)
{
	static const char *const files[] = { "map", "users", NULL, "exim", "", "deny", NULL, "/dev/full" };

	(void)state;
	setenv("SECRET", "yes", 1);
	if (mkdtemp(folder) == NULL)
		return 1;
	for (int i = 0; i < 8; i++) {
		uses[i] = (struct adapter_options){ .name = word("x"),
						    .type = i == FULL ? LIST : i,
						    .programs = word(folder),
						    .timeout = USEC_MINUTE };
		if (files[i] != NULL)
			uses[i].file = word(in_folder(files[i]));
	}
	uses[MAP].text = word("554 5.7.1 Stopped");
	uses[MAP].config = word("/etc/pf");
	uses[COMMAND].disable = words(in_folder("panel"), "suspend", "--user={account};{x}");
	uses[COMMAND].release = words(in_folder("panel"), "resume", "{key}");
	uses[COMMAND].ask = words(in_folder("panel"), "ask", "{account}");
	return 0;
}

static void free_words(struct setting_list *list)
{
	for (size_t i = 0; i < (list->texts == NULL ? 0 : 3); i++)
		free(list->texts[i]);
	free(list->texts);
}

static int clean(void **state)
{
	const char *const argv[] = { "/bin/rm", "-rf", folder, NULL };

	(void)state;
	for (int i = 0; i < 8; i++) {
		free(uses[i].name);
		free(uses[i].programs);
		free(uses[i].file);
		free(uses[i].text);
		free(uses[i].config);
		free_words(&uses[i].disable);
		free_words(&uses[i].release);
		free_words(&uses[i].ask);
	}
	if (fork() == 0)
		execv(argv[0], (char *const *)(uintptr_t)argv);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_map_is_compiled),
		cmocka_unit_test(test_postfix_queue),
		cmocka_unit_test(test_exim_queue),
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_random_messages),
		cmocka_unit_test(test_process),
		cmocka_unit_test(test_local_queue),
		cmocka_unit_test(test_abuse),
		cmocka_unit_test(test_long_postfix_queue),
		cmocka_unit_test(test_command_leaves_a_daemon),
	};

	signal(SIGPIPE, SIG_IGN); /* as the program has it: a command need not read what it is given */
	return cmocka_run_group_tests(tests, prepare, clean);
}
