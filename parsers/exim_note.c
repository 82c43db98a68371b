/*
 * Everything that Exim says beside arrivals, results and refusals, known by its first words: one row each.
 * What no row knows is EVENT_UNKNOWN and counted, since an administrator's logwrite= may say anything.
 */
#define _GNU_SOURCE
#include "parsers/exim.h"

struct note {
	struct span begins;
	enum event_kind kind;
	struct span reason;
};

#define IDLE(words, why) \
	{ \
		SPAN_INIT(words), EVENT_IDLE, SPAN_INIT(why) \
	}
#define TROUBLE(words, why) \
	{ \
		SPAN_INIT(words), EVENT_TROUBLE, SPAN_INIT(why) \
	}

/* Lines that carry a message id. */
static const struct note of_messages[] = {
	IDLE("Message is frozen", "frozen, not tried"),
	{ SPAN_INIT("Frozen"), EVENT_HOLD, SPAN_INIT("frozen") },
	{ SPAN_INIT("frozen"), EVENT_HOLD, SPAN_INIT("frozen") },
	{ SPAN_INIT("Unfrozen"), EVENT_RELEASE, SPAN_INIT("thawed") },
	{ SPAN_INIT("unfrozen"), EVENT_RELEASE, SPAN_INIT("thawed") },
	{ SPAN_INIT("removed "), EVENT_DISCARD, SPAN_INIT("removed by hand") },
	IDLE("cancelled by ", "given up: each recipient has its own line"),
	IDLE("Delivery deferred by ", "queued for later"),
	IDLE("From: header (rewritten was:", "header rewritten"),
	IDLE("qualify/rewrite:", "header rewritten"),
	IDLE("rewrite:", "header rewritten"),
	IDLE("PRDR ", "answer for one recipient"),
	IDLE("ARC:", "signature checked"),
	IDLE("DSN:", "delay warning sent"),
	IDLE("no DSN", "delay warning sent"),
	IDLE("no immediate delivery", "queued for later"),
	IDLE("Spool file", "spool"),
	IDLE("SMTP connection outbound", "panel's note of a delivery"),
	IDLE("DKIM:", "signature checked"),
	IDLE("DMARC", "signature checked"),
	IDLE("SA:", "scanned"),
	IDLE("spamassassin", "scanned"),
	IDLE("rspamd", "scanned"),
	IDLE("SpamAssassin", "scanned"),
	IDLE("spam acl condition", "scanner"),
	IDLE("malware acl condition", "scanner"),
	IDLE("TLS ", "TLS"),
	IDLE("SMTP connection", "connection"),
	IDLE("SMTP data timeout", "connection"),
	IDLE("SMTP command timeout", "connection"),
	IDLE("SMTP timeout", "connection"),
	IDLE("original recipients ignored", "queued for later"),
	IDLE("retry time not reached", "queued for later"),
	IDLE("no recipients", "no recipients"),
	IDLE("Delay warning", "delay warning sent"),
	IDLE("delay warning", "delay warning sent"),
	IDLE("remote delivery process", "delivery process"),
	IDLE("delivery process", "delivery process"),
	IDLE("continued transport", "delivery process"),
	IDLE("DANE", "TLS"),
	IDLE("sender address changed", "administration"),
	IDLE("recipient <", "administration"),
	IDLE("address <", "administration"),
	TROUBLE("Failed ", "failure of this server"),
	TROUBLE("failed ", "failure of this server"),
	TROUBLE("spool", "failure of this server"),
	TROUBLE("Format error", "failure of this server"),
	TROUBLE("Data file name", "failure of this server"),
	TROUBLE("unable to", "failure of this server"),
	TROUBLE("Unable to", "failure of this server"),
	TROUBLE("Cannot ", "failure of this server"),
	TROUBLE("cannot ", "failure of this server"),
	TROUBLE("Couldn't ", "failure of this server"),
	TROUBLE("Tainted ", "failure of this server"),
	TROUBLE("Error ", "failure of this server"),
	TROUBLE("error ", "failure of this server"),
	TROUBLE("log write failed", "failure of this server"),
	TROUBLE("User 0 set for ", "failure of this server"),
	TROUBLE("internal problem in ", "failure of this server"),
};

/* Lines of the daemon and of connections that carry no message. */
static const struct note of_server[] = {
	IDLE("no host name found", "reverse lookup"),
	IDLE("no IP address found", "reverse lookup"),
	IDLE("list matching forced to fail", "reverse lookup"),
	IDLE("SMTP connection", "connection"),
	IDLE("SMTP call", "connection"),
	IDLE("SMTP command timeout", "connection"),
	IDLE("SMTP data timeout", "connection"),
	IDLE("SMTP protocol", "connection"),
	IDLE("SMTP syntax error", "connection"),
	IDLE("SMTP transmission error", "connection"),
	IDLE("no MAIL in", "connection"),
	IDLE("unexpected disconnection", "connection"),
	IDLE("connection from", "connection"),
	IDLE("Connection from", "connection"),
	IDLE("refused connection", "connection"),
	IDLE("incomplete transaction", "connection"),
	IDLE("too many", "connection"),
	IDLE("host over quota", "connection"),
	IDLE("synchronization error", "connection"),
	IDLE("syntactically invalid", "connection"),
	IDLE("TLS ", "TLS"),
	IDLE("Start queue run", "queue run"),
	IDLE("End queue run", "queue run"),
	IDLE("Start '", "queue run"),
	IDLE("End '", "queue run"),
	IDLE("queue run", "queue run"),
	IDLE("exim ", "daemon"),
	IDLE("pid ", "daemon"),
	IDLE("SIGHUP", "daemon"),
	IDLE("SIGTERM", "daemon"),
	IDLE("daemon:", "daemon"),
	IDLE("listening", "daemon"),
	IDLE("socket bind", "daemon"),
	IDLE("ETRN", "connection"),
	IDLE("unqualified ", "connection"),
	IDLE("syntax error in ", "connection"),
	IDLE("refused relay ", "connection"),
	IDLE("unexpected EOF ", "connection"),
	IDLE("host lookup did not complete", "reverse lookup"),
	IDLE("host name alias list truncated", "reverse lookup"),
	IDLE("ident connection to ", "reverse lookup"),
	IDLE("ACL \"warn\" ", "access rules"),
	IDLE("WARNING: ", "daemon"),
	IDLE("Warning: ", "daemon"),
	IDLE("sender verify", "address check"),
	IDLE("recipient verify", "address check"),
	IDLE("VRFY failed for ", "address check"),
	IDLE("address", "address check"),
	IDLE("DKIM:", "signature checked"),
	IDLE("DMARC", "signature checked"),
	IDLE("SPF", "signature checked"),
	IDLE("spam acl condition", "scanner"),
	IDLE("malware acl condition", "scanner"),
	IDLE("SMTP connection outbound", "panel's note of a delivery"),
	IDLE("Received", "header dump"),
	IDLE("Envelope-", "header dump"),
	IDLE("-----", "header dump"),
	TROUBLE("Failed ", "failure of this server"),
	TROUBLE("failed ", "failure of this server"),
	TROUBLE("Cannot ", "failure of this server"),
	TROUBLE("cannot ", "failure of this server"),
	TROUBLE("unable to", "failure of this server"),
	TROUBLE("Unable to", "failure of this server"),
	TROUBLE("Couldn't ", "failure of this server"),
	TROUBLE("Tainted ", "failure of this server"),
	TROUBLE("Exim configuration error", "failure of this server"),
	TROUBLE("Error ", "failure of this server"),
	TROUBLE("error ", "failure of this server"),
	TROUBLE("lookup of", "failure of this server"),
	TROUBLE("spool ", "failure of this server"),
	TROUBLE("spool_directory ", "failure of this server"),
	TROUBLE("no space", "failure of this server"),
	TROUBLE("accept() failed", "failure of this server"),
	TROUBLE("open() failed", "failure of this server"),
	TROUBLE("string_sprintf ", "failure of this server"),
	TROUBLE("internal problem in ", "failure of this server"),
	TROUBLE("SIGSEGV", "failure of this server"),
	TROUBLE("delivery process for ", "failure of this server"),
	TROUBLE("MySQL", "failure of this server"),
	TROUBLE("PGSQL", "failure of this server"),
	TROUBLE("LDAP", "failure of this server"),
};

static bool find_note(const struct note *notes, size_t count, struct span text, struct event *event)
{
	for (size_t i = 0; i < count; i++) {
		if (!span_starts(text, notes[i].begins))
			continue;
		event->kind = notes[i].kind;
		event->reason = notes[i].reason;
		return true;
	}
	return false;
}

/* Does the command line submit a message? Not "exim -bp", a queue run, a delivery, or a bounce of Exim's own. */
static bool submits(struct span args)
{
	struct span arg;
	bool more = true;

	span_cut(&args, ' ', &arg);
	while (more) {
		more = span_cut(&args, ' ', &arg);
		if (!more)
			arg = args;
		if (span_equal(arg, SPAN("--")))
			break;
		if (arg.len < 2 || arg.at[0] != '-')
			continue;
		if (arg.at[1] == 'q' || arg.at[1] == 'M' || (arg.at[1] == 'E' && arg.len > 16))
			return false;
		if (arg.at[1] == 'b' && arg.len > 2 && arg.at[2] != 'm' && arg.at[2] != 's' &&
		    arg.at[2] != 'S')
			return false;
	}
	return true;
}

/* The sender that "-f" names, in the same argument or in the next. */
static void take_sender(struct span args, struct event *event)
{
	size_t at = span_find(args, SPAN(" -f"));
	struct span rest = span_from(args, at + 3);

	if (at == args.len)
		return;
	span_skip(&rest, SPAN(" "));
	if (!exim_take_angle(&rest, &event->sender) && exim_take_address(&rest, &event->sender) &&
	    event->sender.len > 0 && event->sender.at[0] == '-')
		event->sender = (struct span){ NULL, 0 };
}

/* "cwd=/home/bob/public_html 3 args: /usr/sbin/sendmail -t -i": a script may submit a message now. */
static bool script(struct span text, struct event *event)
{
	struct span rest = text, head, count;
	uint64_t number;

	if (!span_skip(&rest, SPAN("cwd=")))
		return false;
	event->kind = EVENT_IDLE;
	event->reason = SPAN("call that submits nothing");
	head = rest;
	if (!span_cut_text(&rest, SPAN(" args: "), &head) || !span_cut_last(&head, SPAN(" "), &count) ||
	    !span_to_u64(count, &number))
		return true;
	if (!submits(rest))
		return true;
	event->kind = EVENT_SCRIPT;
	event->local = true;
	event->directory = head;
	event->reason = rest;
	take_sender(rest, event);
	return true;
}

/* cPanel: "Sender identification U=bob D=example.com S=bob@example.com" */
static bool sender_identification(struct span text, struct event *event)
{
	struct span rest = text;

	if (!span_skip(&rest, SPAN("Sender identification ")))
		return false;
	event->kind = EVENT_SCRIPT;
	event->reason = SPAN("sender identification");
	while (rest.len > 0) {
		struct span word = rest;

		if (!span_cut(&rest, ' ', &word))
			rest = span_from(rest, rest.len);
		if (event->login.at == NULL && span_skip(&word, SPAN("U="))) {
			event->login = word;
		} else if (span_skip(&word, SPAN("S="))) {
			/* The sender is last, and whatever the user likes. */
			event->sender = (struct span){ word.at, word.len + rest.len + (rest.len > 0) };
			break;
		}
	}
	return true;
}

/* The last word of TEXT, which is NAME=VALUE. False, and nothing changed, where it is another. */
static bool take_last(struct span *text, struct span name, struct span *value_r)
{
	struct span rest = *text, word;

	if (!span_cut_last(&rest, SPAN(" "), &word) || !span_skip(&word, name) || word.len == 0)
		return false;
	*text = rest;
	*value_r = word;
	return true;
}

/*
 * cPanel: "SMTP connection identification H=localhost A=127.0.0.1 P=47376 U=bob ID=1001 S=bob
 * B=identify_local_connection": the kernel says as whom the program runs that connects from this machine. With
 * B=get_recent_authed_mail_ips_entry it is one of the mailboxes that were read from A= within the last half hour, which
 * is S=; with M= it is a message's alone. All but H= is taken from the end, where nothing is a client's. Of
 * B=redirect_resolver, who forwards a message, its deliveries tell.
 */
static bool connection_identification(struct span text, struct event *event)
{
	struct span rest = text, by, sender, id, user, port, address, message = { NULL, 0 };
	uint64_t uid;

	if (!span_skip(&rest, SPAN("SMTP connection identification ")) ||
	    !take_last(&rest, SPAN("B="), &by) || !take_last(&rest, SPAN("S="), &sender) ||
	    !take_last(&rest, SPAN("ID="), &id) || !take_last(&rest, SPAN("U="), &user) ||
	    !span_to_u64(id, &uid) || uid >= UINT32_MAX || span_equal(by, SPAN("redirect_resolver")) ||
	    (span_equal(by, SPAN("identify_local_connection")) && !span_equal(user, sender)))
		return false;
	take_last(&rest, SPAN("M="), &message);
	if (!take_last(&rest, SPAN("P="), &port) || !take_last(&rest, SPAN("A="), &address))
		return false;
	event->kind = EVENT_SCRIPT;
	event->reason = SPAN("connection identification");
	event->uid = (int64_t)uid;
	event->login = span_equal(by, SPAN("get_recent_authed_mail_ips_entry")) &&
				       memchr(sender.at, '@', sender.len) != NULL
			       ? sender
			       : user;
	event->client_ip = address;
	event->client_port = port;
	if (message.len > 0)
		event->queue_id = message;
	return true;
}

/* "address: error ignored", "=> blackhole (DATA ACL discarded recipients)" and others that begin with a text. */
static bool by_ending(struct span text, struct event *event)
{
	event->kind = EVENT_IDLE;
	if (span_ends(text, SPAN(": error ignored")) ||
	    span_ends(text, SPAN(": error ignored: RFC 3461 DSN, failure notify not requested"))) {
		event->reason = SPAN("bounce of a bounce dropped");
		return true;
	}
	if (text.at[0] == '<' && span_find(text, SPAN(" transport output: ")) < text.len) {
		event->reason = SPAN("output of a transport");
		return true;
	}
	if (text.at[0] == '[' && span_find(text, SPAN("] SSL verify error: ")) < text.len) {
		event->reason = SPAN("TLS");
		return true;
	}
	/* cPanel: "Domain example.com has exceeded the max defers and failures per hour (5/5 (100%)) allowed. ..." */
	if ((span_starts(text, SPAN("Domain ")) &&
	     span_find(text, SPAN(" has exceeded the max ")) < text.len) ||
	    (span_starts(text, SPAN("Sender ")) && span_ends(text, SPAN(" has an outgoing mail hold")))) {
		event->reason = SPAN("panel's note of a limit");
		return true;
	}
	if (span_starts(text, SPAN("process ")) &&
	    span_find(text, SPAN(" crashed with signal ")) < text.len) {
		event->kind = EVENT_TROUBLE;
		event->reason = SPAN("failure of this server");
		return true;
	}
	if (span_find(text, SPAN(" authenticator failed H=")) < text.len ||
	    span_find(text, SPAN(" closed connection in response to ")) < text.len) {
		event->reason = SPAN("connection");
		return true;
	}
	return false;
}

/*
 * Of what is said of TLS nearly all is a client's fault; that our own certificate cannot be read is not. The words
 * have spaces in them, which a client's name, also in parentheses, cannot have.
 */
static bool own_certificate(struct span text, struct event *event)
{
	static const struct span signs[] = {
		SPAN_INIT(" (cert/key setup: "),
		SPAN_INIT(" (SSL_CTX_use_certificate_chain_file file="),
		SPAN_INIT(" (SSL_CTX_use_PrivateKey_file file="),
	};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (span_find(text, signs[i]) == text.len)
			continue;
		event->kind = EVENT_TROUBLE;
		event->reason = SPAN("failure of this server");
		return true;
	}
	return false;
}

void exim_note(struct span text, struct event *event)
{
	bool tls_failed = span_starts(text, SPAN("TLS error on ")), known;

	if (tls_failed && own_certificate(text, event))
		return;
	if (event->queue_id.at != NULL)
		known = sender_identification(text, event) ||
			find_note(of_messages, sizeof(of_messages) / sizeof(of_messages[0]), text, event);
	else
		known = script(text, event) || sender_identification(text, event) ||
			connection_identification(text, event) ||
			find_note(of_server, sizeof(of_server) / sizeof(of_server[0]), text, event);
	if (!known && (text.len == 0 || !by_ending(text, event))) {
		event->kind = EVENT_UNKNOWN;
		event->reason = SPAN("unknown words");
		return;
	}
	event->tls_failed = tls_failed && event->kind == EVENT_IDLE;
}
