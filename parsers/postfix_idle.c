/*
 * Words of Postfix that concern no account: connections, TLS, screening, statistics, warnings; and
 * trouble of the server itself. A line is known by how it begins; lists are by first letter, since these
 * are half of all lines.
 */
#include "parsers/postfix.h"
#include "parsers/field.h"

/* Do WORDS begin with one of STARTS, which end in an empty one? */
static bool idle_begins(struct span words, const struct span *starts)
{
	for (; starts->len > 0; starts++)
		if (span_starts(words, *starts))
			return true;
	return false;
}

static const struct span idle_lower[] = {
	SPAN_INIT("addr "),
	SPAN_INIT("all server ports busy"),
	SPAN_INIT("auto-"),
	SPAN_INIT("cache "),
	SPAN_INIT("certificate "),
	SPAN_INIT("close database "),
	SPAN_INIT("client certificate "),
	SPAN_INIT("compatib"),
	SPAN_INIT("configuration "),
	SPAN_INIT("connection closed"),
	SPAN_INIT("connection established"),
	SPAN_INIT("conversation with "),
	SPAN_INIT("database "),
	SPAN_INIT("daemon started"),
	SPAN_INIT("discarding EHLO keywords: "),
	SPAN_INIT("entering STRESS mode"),
	SPAN_INIT("haproxy "),
	SPAN_INIT("host "),
	SPAN_INIT("improper command pipelining "),
	SPAN_INIT("initializing the "),
	SPAN_INIT("input error"),
	SPAN_INIT("issuer="),
	SPAN_INIT("leaving STRESS mode"),
	SPAN_INIT("looking for "),
	SPAN_INIT("lost connection "),
	SPAN_INIT("mapping "),
	SPAN_INIT("master_notify: "),
	SPAN_INIT("match_"),
	SPAN_INIT("name_mask: "),
	SPAN_INIT("open "),
	SPAN_INIT("process generation "),
	SPAN_INIT("read from "),
	SPAN_INIT("refreshing the Postfix"),
	SPAN_INIT("reject: connect from "),
	SPAN_INIT("reload "),
	SPAN_INIT("replacing command "),
	SPAN_INIT("rewrite stream "),
	SPAN_INIT("scache "),
	SPAN_INIT("server certificate "),
	SPAN_INIT("setting up TLS "),
	SPAN_INIT("smtp_"),
	SPAN_INIT("smtpd_"),
	SPAN_INIT("ssl_"),
	SPAN_INIT("starting the Postfix"),
	SPAN_INIT("statistics: "),
	SPAN_INIT("stopping the Postfix"),
	SPAN_INIT("subject="),
	SPAN_INIT("subject_CN="),
	SPAN_INIT("table "),
	SPAN_INIT("terminating on signal "),
	SPAN_INIT("timeout after "),
	SPAN_INIT("tlsmgr"),
	SPAN_INIT("too many errors after "),
	SPAN_INIT("truncating "),
	SPAN_INIT("untrusted issuer "),
	SPAN_INIT("using backwards-compatible default setting"),
	SPAN_INIT("vstream_"),
	SPAN_INIT("watchdog_"),
	SPAN_INIT("write to "),
	SPAN_INIT("xsasl_"),
	SPAN_INIT("xclient"),
	SPAN_INIT("< "),
	SPAN_INIT("> "),
	SPAN_INIT(">>> "),
	{ NULL, 0 },
};

static const struct span idle_upper[] = {
	SPAN_INIT("Anonymous TLS connection "),
	SPAN_INIT("Trusted TLS connection "),
	SPAN_INIT("Untrusted TLS connection "),
	SPAN_INIT("Verified TLS connection "),
	SPAN_INIT("TLS connection "),
	SPAN_INIT("ALLOWLIST"),
	SPAN_INIT("BARE NEWLINE "),
	SPAN_INIT("BDAT without "),
	SPAN_INIT("BLACKLISTED "),
	SPAN_INIT("CN="),
	SPAN_INIT("COMMAND "),
	SPAN_INIT("CONNECT "),
	SPAN_INIT("CONVERSATION "),
	SPAN_INIT("Certificate "),
	SPAN_INIT("DATA without "),
	SPAN_INIT("DENYLISTED "),
	SPAN_INIT("DISCONNECT "),
	SPAN_INIT("DNSBL rank "),
	SPAN_INIT("Deleted: "),
	SPAN_INIT("Force-expired: "),
	SPAN_INIT("HANGUP "),
	SPAN_INIT("Host offered STARTTLS"),
	SPAN_INIT("Marked as expired: "),
	SPAN_INIT("NON-SMTP COMMAND "),
	SPAN_INIT("PASS "),
	SPAN_INIT("PREGREET "),
	SPAN_INIT("Peer certificate "),
	SPAN_INIT("Placed on hold: "),
	SPAN_INIT("Postfix "),
	SPAN_INIT("Purged: "),
	SPAN_INIT("Released from hold: "),
	SPAN_INIT("Requeued: "),
	SPAN_INIT("Renamed to match inode number: "),
	SPAN_INIT("SMTPS wrappermode "),
	SPAN_INIT("SSL_"),
	SPAN_INIT("SSL3 "),
	SPAN_INIT("TLS "),
	SPAN_INIT("WHITELIST"),
	SPAN_INIT("WARNING: "),
	{ NULL, 0 },
};

bool postfix_read_idle(struct span words, struct event *event)
{
	event->kind = EVENT_IDLE;
	if (words.len == 0)
		return true;
	switch (words.at[0]) {
	case 'c':
		if (span_starts(words, SPAN("connect ")))
			return true;
		break;
	case 'd':
		if (span_starts(words, SPAN("disconnect from ")))
			return true;
		break;
	case 'n':
	case '-':
		return true; /* words of verbose logging: names, separators */
	default:
		break;
	}
	/* "SSL_accept error from mx.example[192.0.2.7]: -1": one line for each, beside what the library says. */
	if (words.at[0] == 'S' && (span_starts(words, SPAN("SSL_accept error ")) ||
				   span_starts(words, SPAN("SSL_connect error ")))) {
		event->tls_failed = true;
		return true;
	}
	return idle_begins(words, words.at[0] >= 'A' && words.at[0] <= 'Z' ? idle_upper : idle_lower);
}

/* Behind a queue id: steps on the way to a result, which comes on a line of its own. */
bool postfix_read_idle_queued(struct span words, struct event *event)
{
	static const struct span starts[] = {
		SPAN_INIT("enabling PIX "),
		SPAN_INIT("Cannot start TLS: "),
		SPAN_INIT("TLS is required, "),
		SPAN_INIT("Used TLS for "),
		SPAN_INIT("Server certificate "),
		SPAN_INIT("Host offered STARTTLS"),
		SPAN_INIT("SMTPUTF8 "),
		SPAN_INIT("REQUIRETLS "),
		SPAN_INIT("SASL authentication "),
		SPAN_INIT("SASL [CACHED] authentication "),
		SPAN_INIT("breaking line "),
		SPAN_INIT("discarding EHLO keywords: "),
		SPAN_INIT("lost connection "),
		SPAN_INIT("passing "),
		SPAN_INIT("skipped, "),
		SPAN_INIT("table "),
		SPAN_INIT("copying "),
		SPAN_INIT("warning: "),
		SPAN_INIT("certificate "),
		SPAN_INIT("server certificate "),
		SPAN_INIT("non-SMTP "),
		SPAN_INIT("STARTTLS "),
		SPAN_INIT("dane "),
		SPAN_INIT("ciphers "),
		/* smtp_header_checks, which know no client. */
		SPAN_INIT("replace: "),
		SPAN_INIT("replacing "),
		SPAN_INIT("prepend: "),
		SPAN_INIT("strip: "),
		SPAN_INIT("info: "),
		{ NULL, 0 },
	};

	event->kind = EVENT_IDLE;
	return idle_begins(words, starts);
}

/* The server cannot do its work: a full disk, a table or a service that is not there. */
static bool warning_is_trouble(struct span words)
{
	static const struct span signs[] = {
		SPAN_INIT("No space left on device"),
		SPAN_INIT("Disk quota exceeded"),
		SPAN_INIT("Too many open files"),
		SPAN_INIT("Cannot allocate memory"),
		SPAN_INIT("not enough free space"),
		SPAN_INIT("queue file"),
		SPAN_INIT("private/"),
		SPAN_INIT("open database"),
		SPAN_INIT("is unavailable"),
		SPAN_INIT("table lookup problem"),
		SPAN_INIT("lookup error"),
		SPAN_INIT("connect to Milter service"),
		SPAN_INIT("throttling"),
		SPAN_INIT("killed by signal"),
		SPAN_INIT("exit status"),
		SPAN_INIT("mail system is down"),
		SPAN_INIT("problem talking to"),
		SPAN_INIT("disabling TLS support"), /* a certificate or key that cannot be read */
		SPAN_INIT("TLS won't be enabled"),
		{ NULL, 0 },
	};

	for (const struct span *sign = signs; sign->len > 0; sign++)
		if (span_find(words, *sign) < words.len)
			return true;
	return false;
}

bool postfix_read_trouble(struct span words, struct event *event)
{
	static const struct span starts[] = {
		SPAN_INIT("fatal: "), SPAN_INIT("panic: "), SPAN_INIT("error: "), { NULL, 0 }
	};

	/* Half of all lines come by here: the first letter tells nearly all of them apart. */
	if (words.len == 0 || (words.at[0] != 'f' && words.at[0] != 'p' && words.at[0] != 'e') ||
	    !idle_begins(words, starts))
		return false;
	event->reply = words;
	event->kind = EVENT_TROUBLE;
	/* What a person typed wrong is not the server's trouble. */
	if (span_equal(event->transport, SPAN("sendmail")) ||
	    span_equal(event->transport, SPAN("postdrop")) ||
	    span_equal(event->transport, SPAN("postqueue")) || span_equal(event->transport, SPAN("postcat")))
		event->kind = EVENT_IDLE;
	return true;
}

/*
 * Behind "warning: ". Most concern a client's name or manners. One that speaks of logins in words that
 * are not known is not passed over: it could be the next version's login failure.
 */
bool postfix_read_warning(struct span words, struct event *event)
{
	static const struct span common[] = {
		SPAN_INIT("hostname "),
		SPAN_INIT("numeric hostname"),
		SPAN_INIT("Illegal address syntax "),
		SPAN_INIT("Unable to look up "),
		SPAN_INIT("non-SMTP command "),
		SPAN_INIT("SASL authentication failure: "),
		SPAN_INIT("SASL authentication problem: "),
		SPAN_INIT("SASL per-connection "),
		SPAN_INIT("haproxy "),
		{ NULL, 0 },
	};
	struct field_host host;

	event->kind = EVENT_IDLE;
	event->reason = SPAN("warning");
	if (idle_begins(words, common))
		return true;
	if (warning_is_trouble(words)) {
		event->kind = EVENT_TROUBLE;
		event->reply = words;
		return true;
	}
	if (field_host(&words, &host) && span_starts(words, SPAN(": SASL ")))
		return span_ends(words, SPAN(" authentication aborted"));
	return true;
}
