/*
 * Dovecot 2.0 to 2.4, through syslog ("dovecot: imap-login: ...") and in its own files ("imap-login: Info:
 * ..."): logins, logins that failed, and what the password databases say of them.
 *
 * The name that was typed is a stranger's text, and so is a password where the admin has them shown. What
 * Dovecot writes behind the name (method, rip=, lip=, session) cannot be reached by either, so logins are
 * read from their end; the lines of password databases end in one of a few constant texts.
 *
 * A refused login is logged by the password database (program "auth"), and again by the service that
 * asked: *-login, or Postfix. "unknown user" is no refusal: with several databases the first ones say so
 * of logins that succeed.
 */
#include "parsers/parser.h"

/* What most services say is of no interest; these are read. */
enum dovecot_service { DOVECOT_OTHER, DOVECOT_LOGIN, DOVECOT_AUTH };

static enum dovecot_service dovecot_service(struct span name)
{
	if (span_ends(name, SPAN("-login")))
		return DOVECOT_LOGIN;
	return span_equal(name, SPAN("auth")) || span_equal(name, SPAN("auth-worker")) ? DOVECOT_AUTH
										       : DOVECOT_OTHER;
}

/* "Info: " and its like at the front: dropped, SERIOUS_R where it is worse than a warning. */
static bool dovecot_level(struct span *words, bool *serious_r)
{
	static const struct {
		struct span name;
		bool serious;
	} levels[] = {
		{ SPAN_INIT("Info: "), false },    { SPAN_INIT("Debug: "), false },
		{ SPAN_INIT("Warning: "), false }, { SPAN_INIT("Error: "), true },
		{ SPAN_INIT("Fatal: "), true },    { SPAN_INIT("Panic: "), true },
	};

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (span_skip(words, levels[i].name)) {
			*serious_r = levels[i].serious;
			return true;
		}
	}
	return false;
}

static size_t dovecot_name_length(struct span text)
{
	size_t len = 0;

	while (len < text.len && ((text.at[len] >= 'a' && text.at[len] <= 'z') || text.at[len] == '-' ||
				  (text.at[len] >= '0' && text.at[len] <= '9')))
		len++;
	return len;
}

static bool dovecot_claims(const struct frame *frame)
{
	struct span words = frame->text;
	bool serious;

	if (span_equal(frame->tag, SPAN("dovecot")))
		return true;
	return frame->host.at == NULL && frame->tag.len > 0 && dovecot_name_length(frame->tag) > 0 &&
	       dovecot_level(&words, &serious);
}

/* Digits at the front. */
static uint32_t dovecot_number(struct span text)
{
	uint32_t number = 0;

	for (size_t i = 0; i < text.len && i < 6 && text.at[i] >= '0' && text.at[i] <= '9'; i++)
		number = number * 10 + (uint32_t)(text.at[i] - '0');
	return number;
}

/* "user=<bob>, method=PLAIN, rip=192.0.2.1, lip=..., TLS, session=<x>", from its end. */
static bool dovecot_client(struct span words, struct event *event)
{
	struct span rest;

	if (!span_cut_last(&words, SPAN(", rip="), &rest))
		return false;
	if (!span_cut(&rest, ',', &event->client_ip))
		event->client_ip = rest;
	if (!span_ends(words, SPAN(">")))
		span_cut_last(&words, SPAN(", method="), &event->method);
	if (!span_skip(&words, SPAN("user=<")) || !span_ends(words, SPAN(">")))
		return false;
	if (words.len > 1)
		event->login = span_head(words, words.len - 1);
	return true;
}

/* "(auth failed, 3 attempts in 8 secs)" in WORDS, which OPENING begins. */
static bool dovecot_failed(struct span words, struct span opening, struct event *event)
{
	struct span before;

	if (!span_cut_text(&words, opening, &before))
		return false;
	event->kind = EVENT_LOGIN_FAILED;
	if (dovecot_number(words) > 1)
		event->repeat *= dovecot_number(words);
	return true;
}

/* Behind "imap-login: ". What stands before "user=<" is Dovecot's own. */
static bool dovecot_read_login(struct span words, struct event *event)
{
	struct span head;

	event->kind = EVENT_IDLE;
	if (!span_cut_text(&words, SPAN("user=<"), &head)) {
		/* Proxies, TLS errors: no name was typed; or, in Dovecot 1, one that is not told. */
		if (dovecot_failed(words, SPAN(" (auth failed, "), event))
			dovecot_client(words, event);
		return true;
	}
	words = (struct span){ words.at - SPAN("user=<").len, words.len + SPAN("user=<").len };
	if (span_starts(head, SPAN("Login: ")) || span_starts(head, SPAN("Logged in: ")))
		event->kind = EVENT_LOGIN;
	else if (span_starts(head, SPAN("proxy(")) &&
		 span_find_nocase(head, SPAN(": started proxying ")) < head.len)
		event->kind = EVENT_LOGIN;
	else if (!dovecot_failed(head, SPAN("(auth failed, "), event) &&
		 !span_starts(head, SPAN("Disconnected")) && !span_starts(head, SPAN("Aborted login")) &&
		 !span_starts(head, SPAN("Login aborted")) && !span_starts(head, SPAN("Maximum number ")) &&
		 !span_starts(head, SPAN("Internal login failure")) && !span_starts(head, SPAN("proxy")) &&
		 !span_starts(head, SPAN("Connection ")) && !span_starts(head, SPAN("Inactivity")) &&
		 !span_starts(head, SPAN("Timeout ")) && !span_starts(head, SPAN("Login process ")))
		return false;
	return dovecot_client(words, event);
}

/* "sql(bob,192.0.2.1,<session>" or "sql(bob,192.0.2.1,sasl:plain)<session>": name and address. */
static bool dovecot_asked(struct span asked, struct event *event)
{
	struct span tail, driver;
	uint8_t address[16];

	if (span_ends(asked, SPAN(">")))
		span_cut_last(&asked, SPAN("<"), &tail);
	if (!span_ends(asked, SPAN(")")))
		return false;
	asked.len--;
	if (span_ends(asked, SPAN(">")) && !span_cut_last(&asked, SPAN(",<"), &tail))
		return false;
	if (!span_cut_last(&asked, SPAN(","), &tail))
		return false;
	if (span_starts(tail, SPAN("sasl:")) && !span_cut_last(&asked, SPAN(","), &tail))
		return false;
	if (!span_to_address(tail, address) || !span_cut(&asked, '(', &driver) ||
	    dovecot_name_length(driver) != driver.len)
		return false;
	event->client_ip = tail;
	if (!span_equal(asked, SPAN("?")))
		event->login = asked;
	return true;
}

/* Behind "auth: ". */
static bool dovecot_read_auth(struct span words, struct event *event)
{
	static const struct {
		struct span end;
		enum event_kind kind;
	} ends[] = {
		{ SPAN_INIT(": unknown user"), EVENT_IDLE },
		{ SPAN_INIT(": Unknown user"), EVENT_IDLE },
		{ SPAN_INIT(": Password mismatch"), EVENT_LOGIN_FAILED },
		{ SPAN_INIT(": Password mismatch (user not found)"), EVENT_IDLE },
		{ SPAN_INIT(": invalid credentials"), EVENT_LOGIN_FAILED },
		{ SPAN_INIT(": pam_authenticate() failed: Authentication failure (password mismatch?)"),
		  EVENT_LOGIN_FAILED },
		{ SPAN_INIT(": pam_authenticate() failed: Authentication failure (Password mismatch?)"),
		  EVENT_LOGIN_FAILED },
		{ SPAN_INIT(
			  ": pam_authenticate() failed: User not known to the underlying authentication module"),
		  EVENT_IDLE },
		{ SPAN_INIT(": Authentication failure due to policy server refusal"), EVENT_LOGIN_FAILED },
	};
	struct span worker, shown = { NULL, 0 };

	event->kind = EVENT_IDLE;
	if (span_starts(words, SPAN("conn unix:")) && span_cut_text(&words, SPAN(": auth-worker<"), &worker))
		span_cut_text(&words, SPAN(">: "), &worker);
	/* "(given password: x)", "(SHA1 of given password: x)": only where nothing before it is in doubt. */
	if (span_ends(words, SPAN(")")) && span_find(words, SPAN("given password: ")) < words.len) {
		if (span_find(words, SPAN("): ")) != span_find_last(words, SPAN("): ")) ||
		    !span_cut_text(&words, SPAN(" ("), &shown))
			return true;
		words = shown;
	}
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (!span_ends(words, ends[i].end))
			continue;
		words.len -= ends[i].end.len;
		event->reply = (struct span){ words.at + words.len + 2, ends[i].end.len - 2 };
		if (dovecot_asked(words, event))
			event->kind = ends[i].kind;
		return true;
	}
	return true;
}

/* "auth-worker(25): words" of syslog: the service, and the words behind it. */
static bool dovecot_cut_service(struct span *words, struct span *service_r)
{
	size_t len = dovecot_name_length(*words);
	struct span rest = span_from(*words, len), pid;

	if (len == 0)
		return false;
	*service_r = span_head(*words, len);
	if (span_skip(&rest, SPAN("(")) && dovecot_service(*service_r) != DOVECOT_OTHER) {
		if (!span_cut(&rest, ')', &pid))
			return false;
	} else if (rest.at != words->at + len) {
		*words = rest; /* "imap(bob)<25><session>: words": not read */
		return true;
	}
	if (!span_skip(&rest, SPAN(": ")))
		return false;
	*words = rest;
	return true;
}

/*
 * "passwd-file(bob,192.0.2.1,<session>): stat(/etc/exim4/domains//passwd) failed: No such file or directory": where
 * each domain has its own file, whoever types a login of another domain makes one of these.
 */
static bool dovecot_no_such_domain(struct span words)
{
	struct span path, name, domain;

	if (!span_skip(&words, SPAN("passwd-file(")) ||
	    !span_ends(words, SPAN(") failed: No such file or directory")) ||
	    !span_cut_last(&words, SPAN("("), &path))
		return false;
	/* Of a name without a domain, nothing is what stands in its place. */
	if (span_find(path, SPAN("//")) < path.len)
		return true;
	return span_cut(&words, '@', &name) && span_cut(&words, ',', &domain) && domain.len > 0 &&
	       span_find_nocase(path, domain) < path.len;
}

static void dovecot_parse(const struct frame *frame, struct event *event)
{
	struct span words = frame->text, service;
	bool serious = false, known = true;

	event->mta = MTA_DOVECOT;
	event->kind = EVENT_IDLE;
	if (span_equal(frame->tag, SPAN("dovecot"))) {
		if (!dovecot_cut_service(&words, &service)) {
			event->program = frame->tag;
			return;
		}
	} else {
		service = span_head(frame->tag, dovecot_name_length(frame->tag));
	}
	event->program = service;
	dovecot_level(&words, &serious);
	if (serious && dovecot_service(service) == DOVECOT_OTHER && !span_equal(service, SPAN("master")))
		return; /* a mailbox's trouble, or a client's */
	if (serious && dovecot_no_such_domain(words))
		return;
	if (serious) {
		event->kind = EVENT_TROUBLE;
		event->reply = words;
	} else if (dovecot_service(service) == DOVECOT_LOGIN) {
		known = dovecot_read_login(words, event);
	} else if (dovecot_service(service) == DOVECOT_AUTH) {
		known = dovecot_read_auth(words, event);
	}
	if (!known) {
		event->kind = EVENT_UNKNOWN;
		event->reason = SPAN("words that are not known");
	}
}

const struct parser parser_dovecot = {
	.name = "dovecot",
	.claims = dovecot_claims,
	.parse = dovecot_parse,
};
