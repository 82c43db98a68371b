/*
 * The child keeps its socket and standard error, and nothing else of its parent: no other file, no environment,
 * and of root's rights only those that its adapters take. It dies with its parent. A message of the wrong size,
 * or with anything in it that is not known, is answered by "refused" and changes nothing.
 */
#define _GNU_SOURCE
#include "responders/deputy.h"

#include "base/descriptors.h"
#include "base/memory.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct deputy {
	int fd;
	pid_t pid;
};

static void deputy_say(struct deputy_reply *reply, enum deputy_status status, const char *words)
{
	reply->status = status;
	snprintf(reply->words, sizeof(reply->words), "%s", words);
}

/* Letters, digits and '-', blank-separated, none with '-' in front. */
static bool deputy_ids_good(struct span ids)
{
	for (size_t i = 0; i < ids.len; i++) {
		char byte = ids.at[i];
		bool word = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
			    (byte >= 'a' && byte <= 'z') || (byte == '-' && i > 0 && ids.at[i - 1] != ' ');

		if (!word && byte != ' ')
			return false;
	}
	return true;
}

/* Is every part of the request what it may be? KEY and LOCAL of its account are found on the way. */
static const char *deputy_refuses(const struct settings_many *uses, const struct deputy_request *request,
				  struct adapter_order *order)
{
	const struct adapter_options *options = uses->items;
	const struct adapter *adapter;
	bool queue = request->verb == DEPUTY_HOLD_QUEUE || request->verb == DEPUTY_RELEASE_QUEUE;

	if (request->magic != DEPUTY_MAGIC || request->verb < DEPUTY_DISABLE ||
	    request->verb > DEPUTY_RELEASE_QUEUE)
		return "no such verb";
	if (request->adapter >= uses->count)
		return "no such adapter";
	if (memchr(request->account, '\0', sizeof(request->account)) == NULL ||
	    memchr(request->ids, '\0', sizeof(request->ids)) == NULL)
		return "a text without an end";
	adapter = adapters[options[request->adapter].type];
	if (adapter->queue != queue)
		return "the adapter knows no such verb";
	order->account = span_of(request->account);
	order->ids = span_of(request->ids);
	if (!adapter_key(order->account, &order->key, &order->local))
		return "not an account's name that can be written to tables";
	if (order->local ? !adapter->locals : !adapter->logins)
		return "the adapter stops no such accounts";
	if (!deputy_ids_good(order->ids) || (order->ids.len > 0 && request->verb != DEPUTY_RELEASE_QUEUE))
		return "no queue ids";
	return NULL;
}

static void deputy_disable(const struct adapter *adapter, const struct adapter_options *options, bool again,
			   struct adapter_order *order, struct deputy_reply *reply, struct error *error)
{
	bool is = false;

	if (adapter->foreign && !again) {
		if (!adapter->asks(options, order, &is, error)) {
			deputy_say(reply, DEPUTY_FAILED, error->text);
			return;
		}
		if (is) {
			deputy_say(reply, DEPUTY_ALREADY, "it was disabled already, by somebody else");
			return;
		}
	}
	if (!adapter->disable(options, order, error))
		deputy_say(reply, DEPUTY_FAILED, error->text);
}

static void deputy_act(const struct adapter *adapter, const struct adapter_options *options,
		       const struct deputy_request *request, struct adapter_order *order,
		       struct deputy_reply *reply)
{
	struct error error = { "" };
	bool good = true, is = false;

	switch ((enum deputy_verb)request->verb) {
	case DEPUTY_DISABLE:
		deputy_disable(adapter, options, request->again != 0, order, reply, &error);
		return;
	case DEPUTY_IS_DISABLED:
		good = adapter->asks != NULL && adapter->asks(options, order, &is, &error);
		break;
	case DEPUTY_HOLD_QUEUE:
		good = adapter->disable(options, order, &error);
		break;
	case DEPUTY_RELEASE:
	case DEPUTY_RELEASE_QUEUE:
		good = adapter->release(options, order, &error);
		break;
	}
	reply->is = is;
	if (!good)
		deputy_say(reply, DEPUTY_FAILED, error.text);
	else if (order->more)
		reply->status = DEPUTY_MORE;
}

void deputy_serve(const struct settings_many *uses, const void *message, size_t len,
		  struct deputy_reply *reply_r)
{
	const struct adapter_options *options = uses->items;
	struct deputy_request *request = memory_new(1, sizeof(*request));
	struct text held = { .ceiling = DEPUTY_IDS - 1 };
	struct adapter_order order = { .held = &held };
	const char *refused = "a message of the wrong size";

	*reply_r = (struct deputy_reply){ .magic = DEPUTY_MAGIC, .status = DEPUTY_DONE };
	if (len == sizeof(*request)) {
		memcpy(request, message, len);
		reply_r->serial = request->serial;
		refused = deputy_refuses(uses, request, &order);
	}
	if (refused != NULL)
		deputy_say(reply_r, DEPUTY_REFUSED, refused);
	else
		deputy_act(adapters[options[request->adapter].type], &options[request->adapter], request,
			   &order, reply_r);
	if (held.len > 0)
		memcpy(reply_r->ids, held.at, held.len + 1);
	text_free(&held);
	free(request);
}

static void deputy_live(const struct settings_many *uses, int fd)
{
	struct deputy_reply *reply = memory_new(1, sizeof(*reply));
	char *message = memory_new(1, sizeof(struct deputy_request) + 1);
	ssize_t got;

	while ((got = recv(fd, message, sizeof(struct deputy_request) + 1, 0)) > 0 || errno == EINTR) {
		if (got <= 0)
			continue;
		deputy_serve(uses, message, (size_t)got, reply);
		if (send(fd, reply, sizeof(*reply), MSG_NOSIGNAL) < 0)
			break;
		errno = 0;
	}
	_exit(0);
}

/*
 * Root's capabilities less those that no adapter takes. What a command of the admin's own takes, nobody knows; and
 * one who is not root needs the setuid and setgid of postqueue and exim.
 */
static void deputy_give_up(const struct settings_many *uses)
{
	const struct adapter_options *options = uses->items;
	uint64_t keep = 0;

	for (size_t i = 0; i < uses->count; i++)
		keep |= adapters[options[i].type]->rights;
	rights_bound(keep, keep == RIGHTS_ALL || geteuid() != 0);
}

static void deputy_child(const struct settings_many *uses, int fd, pid_t parent)
{
	sigset_t none;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_NAME, "sendwatch-act");
	if (getppid() != parent || dup2(fd, 3) < 0)
		_exit(1);
	descriptors_close_from(4);
	(void)clearenv();
	umask(022);
	deputy_give_up(uses);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGINT, SIG_IGN); /* of the terminal: the parent decides when it is over */
	signal(SIGHUP, SIG_IGN);
	deputy_live(uses, 3);
}

struct deputy *deputy_start(const struct settings_many *uses, struct error *error)
{
	struct deputy *deputy = memory_new(1, sizeof(*deputy));
	pid_t parent = getpid();
	int pair[2], room = 4 * (int)sizeof(struct deputy_request);

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		error_set(error, "the deputy cannot be started: %s", strerror(errno));
		free(deputy);
		return NULL;
	}
	for (int i = 0; i < 2; i++)
		(void)setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	deputy->fd = pair[0];
	deputy->pid = fork();
	if (deputy->pid == 0)
		deputy_child(uses, pair[1], parent);
	close(pair[1]);
	if (deputy->pid < 0) {
		error_set(error, "the deputy cannot be started: %s", strerror(errno));
		deputy_stop(&deputy);
	}
	return deputy;
}

/* What it is doing it does to its end: a table half compiled helps nobody. */
void deputy_stop(struct deputy **deputy)
{
	if (*deputy == NULL)
		return;
	(void)shutdown((*deputy)->fd, SHUT_WR);
	if ((*deputy)->pid > 0)
		(void)waitpid((*deputy)->pid, NULL, 0);
	close((*deputy)->fd);
	free(*deputy);
	*deputy = NULL;
}

int deputy_fd(const struct deputy *deputy)
{
	return deputy->fd;
}

bool deputy_ask(struct deputy *deputy, const struct deputy_request *request, struct error *error)
{
	if (send(deputy->fd, request, sizeof(*request), MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof(*request))
		return true;
	return error_set(error, "the deputy cannot be asked: %s", strerror(errno));
}

bool deputy_hear(struct deputy *deputy, struct deputy_reply *reply_r, bool *gone_r)
{
	ssize_t got = recv(deputy->fd, reply_r, sizeof(*reply_r), MSG_DONTWAIT);

	*gone_r = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
	if (got != sizeof(*reply_r) || reply_r->magic != DEPUTY_MAGIC)
		return false;
	reply_r->words[sizeof(reply_r->words) - 1] = '\0';
	reply_r->ids[DEPUTY_IDS - 1] = '\0';
	return true;
}
