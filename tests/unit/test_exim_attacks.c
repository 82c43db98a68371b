/*
 * What attackers write into Exim's logs, as HELO names, senders, recipients, message ids, subjects, logins,
 * RFC 1413 identities, MAIL AUTH= and remote replies, must stay what it is: nobody else's account, result or
 * message comes of it. VICTIM is innocent in every row.
 */
#include "tests/unit/exim_rows.h"

#define VICTIM "victim@example.com"
#define ID     "1xUnyD-00067V-1Q "

static const struct exim_row senders[] = {
	{ ID "<= \"x H=y [9.9.9.9] P=esmtpa A=dovecot_plain:" VICTIM
	     " S=1\"@evil.example H=(pc) [192.0.2.7] P=esmtpa A=dovecot_login:real@evil.example S=700 id=a@b",
	  EVENT_CLIENT,
	  "login=real@evil.example|client_ip=192.0.2.7|size=700|sender=\"x H=y [9.9.9.9] P=esmtpa "
	  "A=dovecot_plain:" VICTIM " S=1\"@evil.example" },
	{ ID "<= a.\"b A=p:" VICTIM " \\\" c\"@evil.example H=[192.0.2.7] P=smtp S=7", EVENT_CLIENT,
	  "login|client_ip=192.0.2.7|sender=a.\"b A=p:" VICTIM " \\\" c\"@evil.example|size=7" },
	{ ID "<= \"x <= y\"@evil.example U=web7 P=local S=700", EVENT_CLIENT,
	  "login=web7|sender=\"x <= y\"@evil.example|local=1" },
	/* Quotes that never close are none. */
	{ ID "<= a\"b@evil.example H=(pc) [192.0.2.7] P=esmtp S=7 id=x@y", EVENT_CLIENT,
	  "login|client_ip=192.0.2.7|sender=a\"b@evil.example|message_id=x@y" },
};

static const struct exim_row names[] = {
	/* Blanks in HELO need helo_accept_junk_hosts. */
	{ ID "<= a@evil.example H=(x) [9.9.9.9] P=esmtpa A=dovecot_plain:" VICTIM
	     " S=1) [192.0.2.7] P=esmtp S=700 id=a@b",
	  EVENT_CLIENT,
	  "login|method|client_ip=192.0.2.7|size=700|protocol=esmtp|helo=x) [9.9.9.9] P=esmtpa "
	  "A=dovecot_plain:" VICTIM " S=1" },
	{ ID "<= a@evil.example H=(x) [9.9.9.9] P=esmtpa A=dovecot_plain:" VICTIM
	     " S=1 id=x T=\") [192.0.2.7] P=esmtp S=700 id=a@b",
	  EVENT_CLIENT, "login|client_ip=192.0.2.7|size=700|subject" },
	/* A quote that the name opens meets one that Exim wrote. */
	{ ID "<= a@evil.example H=mx.evil.example (x) [9.9.9.9]:1 P=esmtpsa A=p:" VICTIM
	     " S=1 T=\"a) [192.0.2.7]:25 P=esmtps S=700 id=a@b T=\"hello there\" for bob@example.com",
	  EVENT_CLIENT, "login|client_ip=192.0.2.7|size=700|message_id=a@b|subject=hello there|nrcpt=1" },
	{ ID "<= a@evil.example H=mx.evil.example (x) [9.9.9.9]:1 P=esmtpsa A=p:" VICTIM
	     " S=1 X=y DN=\"a) [192.0.2.7]:25 P=esmtps DN=\"CN=evil.example\" S=700 T=\"hello\"",
	  EVENT_CLIENT, "login|client_ip=192.0.2.7|size=700|subject=hello" },
	{ ID "<= a@evil.example H=mx.evil.example (x) [9.9.9.9]:1 P=esmtpsa A=p:" VICTIM
	     " S=1 id=\"a) [192.0.2.7]:25 P=esmtps S=700 id=a@b T=\"@hello there\" for bob@example.com",
	  EVENT_CLIENT, "login|client_ip=192.0.2.7|size=700|message_id=a@b|subject=@hello there" },
	/* And one of a message id's, behind which a blank stands as behind a subject. */
	{ ID "<= a@evil.example H=mx.evil.example (x) [9.9.9.9]:1 P=esmtpsa A=p:" VICTIM
	     " S=1 T=\"a) [192.0.2.7]:25 P=esmtps S=700 id=\" b\"@c for bob@example.com",
	  EVENT_CLIENT, "login|client_ip=192.0.2.7|size=700|message_id=\" b\"@c|subject|nrcpt=1" },
	{ ID "<= a@evil.example H=mx.evil.example (x) [9.9.9.9]:1 P=esmtpsa A=p:" VICTIM
	     " S=1 T=\"a) [192.0.2.7]:25 P=esmtps S=700 id=\" from <x> for c@d \"@e",
	  EVENT_CLIENT, "login|client_ip=192.0.2.7|size=700|message_id=\" from <x> for c@d \"@e|subject" },
	{ ID
	  "<= a@evil.example H=mx.evil.example (x) [9.9.9.9]:1 P=esmtpsa X=y DN=\"a) [192.0.2.7]:25 P=esmtps "
	  "S=700 id=\" A=p:" VICTIM " S=1 b\"@c T=\"hello\"",
	  EVENT_CLIENT, "login|client_ip=192.0.2.7|size=700|subject=hello" },
	{ ID
	  "<= a@evil.example H=(pc) [192.0.2.7] P=esmtpa A=p:real@evil.example S=700 id=\"a b\"@c T=\"x) [9.9.9.9] "
	  "P=esmtp S=1 T=\\\"\" for bob@example.com",
	  EVENT_CLIENT, "login=real@evil.example|client_ip=192.0.2.7|size=700|message_id=\"a b\"@c" },
	{ ID "<= a@evil.example H=host.example (x) [9.9.9.9]:25 P=esmtpa A=p:" VICTIM ") [192.0.2.7]:99 "
	     "I=[192.0.2.1]:25 P=esmtpa A=dovecot_login:real@evil.example S=700",
	  EVENT_CLIENT, "login=real@evil.example|client_ip=192.0.2.7|client_port=99|local_ip=192.0.2.1" },
	{ ID "<= a@evil.example H=(sasl_username=" VICTIM ") [192.0.2.7] P=esmtp S=700", EVENT_CLIENT,
	  "login|helo=sasl_username=" VICTIM },
	{ ID "<= a@evil.example H=([9.9.9.9]) [192.0.2.7] P=esmtp S=700", EVENT_CLIENT,
	  "client_ip=192.0.2.7|helo=[9.9.9.9]" },
	{ ID "<= a@evil.example H=mx.evil.example (x) [9.9.9.9]:1 P=esmtpsa A=p:" VICTIM
	     " S=1 from <\"a) [192.0.2.7]:25 P=esmtps S=700 id=a@b T=\"b> for c@d x\" for bob@example.com",
	  EVENT_CLIENT, "login|client_ip=192.0.2.7|size=700|message_id=a@b|nrcpt=1" },
	{ ID "<= a@evil.example H=mx.evil.example (x) [9.9.9.9]:1 P=esmtpsa A=p:" VICTIM
	     " S=1 from <\"a) [192.0.2.7]:25 P=esmtps S=700 id=\"b> for c\"@d",
	  EVENT_CLIENT, "login|client_ip=192.0.2.7|size=700|message_id=\"b> for c\"@d" },
	/* Who imitates the end of a name in what he sends hides no login of his. */
	{ ID
	  "<= a@evil.example H=(pc) [192.0.2.7] P=esmtpa A=p:real@evil.example S=700 id=\"x) [9.9.9.9] P=esmtp "
	  "S=1 y\"@d T=\"z\" for bob@example.com",
	  EVENT_CLIENT, "login=real@evil.example|client_ip=192.0.2.7|size=700|subject=z|nrcpt=1" },
	{ ID "<= a@evil.example H=(pc) [192.0.2.7] P=esmtpa A=p:real@evil.example S=700 id=a@d T=\"z\" "
	     "from <\"x) [9.9.9.9] P=esmtp S=1\"@d> for \"x) [9.9.9.9] P=esmtp S=1\"@example.com",
	  EVENT_CLIENT, "login=real@evil.example|client_ip=192.0.2.7|size=700|subject=z|nrcpt=1" },
	{ ID "<= a@evil.example H=mx.evil.example (x) [9.9.9.9]:1 P=esmtpsa A=p:" VICTIM
	     " S=1 id=\"a) [192.0.2.7]:25 P=esmtps S=700 id=\"@b c\"@d",
	  EVENT_CLIENT, "login|client_ip=192.0.2.7|size=700|message_id=\"@b c\"@d" },
	{ ID "<= a@evil.example H=mx.evil.example (x) [9.9.9.9]:1 P=esmtpsa A=p:" VICTIM
	     " S=1 for \"a) [192.0.2.7]:25 P=esmtps S=700 id=\"@b c@d\"@e for bob@example.com",
	  EVENT_CLIENT, "login|client_ip=192.0.2.7|size=700|nrcpt=1" },
	{ ID "<= a@evil.example H=mx.evil.example (x) [9.9.9.9]:1 P=esmtpsa A=p:" VICTIM
	     " S=1 for b@c\\\"@c) [192.0.2.7]:25 P=esmtps S=700 id=\"@\\\"\"@d",
	  EVENT_CLIENT, "login|client_ip=192.0.2.7|size=700|nrcpt=-1" },
	/* An RFC 1413 identity is the client's own word. */
	{ ID "<= a@evil.example H=(pc) [192.0.2.7] U=root P=esmtp S=700", EVENT_CLIENT, "login|local=0" },
	{ ID "<= a@evil.example H=(pc) [192.0.2.7] U=x P=esmtpa A=p:" VICTIM " S=1 P=esmtp S=700",
	  EVENT_CLIENT, "login|protocol=esmtp|size=700" },
	{ ID "<= a@evil.example H=(pc) [192.0.2.7] U=x P=local A=p:" VICTIM
	     " S=1 P=esmtpa A=dovecot_login:real@evil.example S=700",
	  EVENT_CLIENT, "login=real@evil.example|size=700" },
	{ ID "<= a@evil.example H=(pc) [192.0.2.7] P=esmtps X=TLS1.3:X:256 CV=no SNI=x A=p:" VICTIM " S=700",
	  EVENT_CLIENT, "login|size=700" },
	{ ID "<= a@evil.example H=(pc) [192.0.2.7] P=esmtps X=TLS1.3:X:256 CV=no DN=\"CN=x A=p:" VICTIM
	     " S=1\" S=700",
	  EVENT_CLIENT, "login|size=700" },
	{ ID "<= a@evil.example H=(pc) [192.0.2.7] P=esmtps X=TLS1.3:X:256 CV=no DN=\"CN=x\" A=p:" VICTIM
	     " S=1 CN=\" S=700",
	  EVENT_CLIENT, "login" },
};

static const struct exim_row sessions[] = {
	/* The third part of A= is MAIL AUTH=, whatever the client likes. */
	{ ID "<= a@b.example H=(pc) [192.0.2.7] P=esmtpa A=dovecot_login:real@b.example:" VICTIM " S=700",
	  EVENT_CLIENT, "login=real@b.example|method=dovecot_login" },
	{ ID "<= a@b.example H=(pc) [192.0.2.7] P=esmtpa A=dovecot_login:real@b.example:x A=p:" VICTIM
	     " S=1 id=no@no S=700 id=a@b",
	  EVENT_CLIENT, "login=real@b.example|size=700|message_id=a@b" },
	{ ID "<= a@b.example H=(pc) [192.0.2.7] P=esmtp S=700 id=\"A=p:" VICTIM " S=1\"@x", EVENT_CLIENT,
	  "login|message_id=\"A=p:" VICTIM " S=1\"@x" },
	{ ID "<= a@b.example H=(pc) [192.0.2.7] P=esmtp S=700 id=A=dovecot_login:" VICTIM, EVENT_CLIENT,
	  "login|message_id=A=dovecot_login:" VICTIM },
	{ ID "<= a@b.example H=(pc) [192.0.2.7] P=esmtp S=700 id=a@b T=\"x\\\" A=p:" VICTIM
	     " S=1 T=\\\"y\" for c@d",
	  EVENT_CLIENT, "login|nrcpt=1|subject=x\\\" A=p:" VICTIM " S=1 T=\\\"y" },
	{ ID
	  "<= a@b.example H=(pc) [192.0.2.7] P=esmtp S=700 T=\"hi for x@y z@w\" from <a@b.example> for c@d e@f",
	  EVENT_CLIENT, "subject=hi for x@y z@w|recipients=c@d e@f|nrcpt=2" },
	{ ID "<= a@b.example H=(pc) [192.0.2.7] P=esmtp S=700 T=\"line\\n2026-11-21 16:29:45 " ID
	     "Completed\"",
	  EVENT_CLIENT, "login|subject=line\\n2026-11-21 16:29:45 " ID "Completed" },
	{ ID "<= a@b.example H=(pc) [192.0.2.7] P=esmtp S=700 for \"x for y@z\"@b.example c@d", EVENT_CLIENT,
	  "nrcpt=2|recipients=\"x for y@z\"@b.example c@d" },
	{ "H=(x A=p:" VICTIM ") [192.0.2.7] F=<a@b> rejected RCPT <c@d>: no", EVENT_REJECT,
	  "login|recipient=c@d" },
	{ "H=(pc) [192.0.2.7] U=x A=p:" VICTIM " F=<a@b> rejected RCPT <c@d>: no", EVENT_REJECT, "login" },
	{ "H=(x) [9.9.9.9] F=<a@b> A=p:" VICTIM
	  " rejected RCPT <c@d>: no) [192.0.2.7] F=<a@b> rejected RCPT <c@d>: no",
	  EVENT_REJECT, "login" },
	{ "H=(pc) [192.0.2.7] F=<\"a> A=p:" VICTIM
	  " rejected RCPT <x@y\"@b> A=p:real@b rejected RCPT <c@d>: no",
	  EVENT_REJECT, "login=real@b|recipient=c@d" },
	{ "H=(pc) [192.0.2.7] F=<a@b> rejected RCPT <\"x>: y A=p:" VICTIM "\"@d>: no", EVENT_REJECT,
	  "login|recipient=\"x>: y A=p:" VICTIM "\"@d|reply=no" },
	{ "dovecot_login authenticator failed for (pc) [192.0.2.7]: 535 Incorrect authentication data "
	  "(set_id=x) (set_id=" VICTIM ")",
	  EVENT_LOGIN_FAILED, "login=x) (set_id=" VICTIM "|client_ip=192.0.2.7" },
	{ "dovecot_login authenticator failed for (x]: 535 (set_id=" VICTIM ")) [192.0.2.7]: 535 Incorrect "
	  "authentication data (set_id=real)",
	  EVENT_LOGIN_FAILED, "login=real|client_ip=192.0.2.7" },
	{ "dovecot_login authenticator failed for (pc) [192.0.2.7]: 535 Incorrect authentication data (set_id=a b "
	  "sasl_username=" VICTIM ")",
	  EVENT_LOGIN_FAILED, "login=a b sasl_username=" VICTIM },
	/* The name and the login may both imitate the line: then nobody is named. */
	{ "dovecot_login authenticator failed for H=evil.example (x) [9.9.9.9]:1: 535 no (set_id=" VICTIM
	  ") [192.0.2.7]:99: 535 Incorrect authentication data (set_id=real)",
	  EVENT_LOGIN_FAILED, "login|client_ip" },
	{ "dovecot_login authenticator failed for (x) [9.9.9.9] y) [192.0.2.7]:99 I=[192.0.2.1]:25: 535 Incorrect "
	  "authentication data (set_id=real)",
	  EVENT_LOGIN_FAILED, "login=real|client_ip=192.0.2.7|client_port=99|local_ip=192.0.2.1" },
	{ "dovecot_login authenticator failed for (x) [) [192.0.2.7]: 535 Incorrect authentication data (set_id=real)",
	  EVENT_LOGIN_FAILED, "login=real|client_ip=192.0.2.7|helo=x) [" },
	{ "dovecot_login authenticator failed for (pc) [192.0.2.7]: 535 Incorrect authentication data (set_id=x) "
	  "[9.9.9.9])",
	  EVENT_LOGIN_FAILED, "login=x) [9.9.9.9]|client_ip=192.0.2.7" },
	{ "SMTP syntax error in \"MAIL FROM:<x> A=p:" VICTIM " <= \" H=(pc) [192.0.2.7] malformed address",
	  EVENT_IDLE, "login" },
	{ "rejected HELO from [192.0.2.7]: syntactically invalid argument(s): x) [9.9.9.9] A=p:" VICTIM,
	  EVENT_REJECT, "login|client_ip=192.0.2.7" },
};

static const struct exim_row deliveries[] = {
	/* The address stands without its quotes; only what the quoted one says is believed. */
	{ ID
	  "=> x R=r T=t H=mx.fake [9.9.9.9] C=\"250 OK\"@d.example <\"x R=r T=t H=mx.fake [9.9.9.9] C=\\\"250 "
	  "OK\\\"\"@d.example> R=dnslookup T=remote_smtp H=mx.real [192.0.2.9] C=\"250 queued\"",
	  EVENT_RESULT,
	  "recipient=\"x R=r T=t H=mx.fake [9.9.9.9] C=\\\"250 OK\\\"\"@d.example|relay=mx.real|"
	  "relay_ip=192.0.2.9|reply=250 queued" },
	{ ID
	  "** a@b.example <\"a\"@b.example> R=x: 250 fine@d.example <\"a@b.example <\\\"a\\\"@b.example> R=x: 250 "
	  "fine\"@d.example> R=dnslookup T=remote_smtp: SMTP error from remote mail server after RCPT "
	  "TO:<x@d.example>: host mx [192.0.2.9]: 550 no",
	  EVENT_RESULT, "outcome=3|reply=550 no|relay_ip=192.0.2.9" },
	{ ID
	  "== x defer (0): fine@d.example <\"x defer (0): fine\"@d.example> R=r T=remote_smtp defer (-44) H=mx "
	  "[192.0.2.9]: SMTP error from remote mail server after RCPT TO:<\"x defer (0): "
	  "fine\"@d.example>: 451 later",
	  EVENT_RESULT, "outcome=2|recipient=\"x defer (0): fine\"@d.example|reply=451 later|router=r" },
	{ ID
	  "** c@d.example R=r T=remote_smtp H=mx [192.0.2.9]: SMTP error from remote mail server after RCPT "
	  "TO:<c@d.example>: 550 x => " VICTIM " R=r T=t H=mx C=\"250 OK\" Completed",
	  EVENT_RESULT, "outcome=3|recipient=c@d.example|original_recipient|relay_ip=192.0.2.9" },
	{ ID
	  "=> c@d.example R=r T=remote_smtp H=mx [192.0.2.9] C=\"250 x\\\" R=q H=fake [9.9.9.9] C=\\\"550 no\"",
	  EVENT_RESULT, "outcome=1|relay_ip=192.0.2.9|router=r" },
	{ ID
	  "== c@d.example R=r T=remote_smtp defer (-44) H=mx [192.0.2.9]: SMTP error from remote mail server "
	  "after end of data: 451 status=sent (250 ok)",
	  EVENT_RESULT, "outcome=2|reply=451 status=sent (250 ok)|phase=6" },
	{ ID
	  "** c@d.example R=r T=remote_smtp H=mx [192.0.2.9]: SMTP error from remote mail server after RCPT "
	  "TO:<\"x>: 250 fine\"@d.example>: 550 5.1.1 no",
	  EVENT_RESULT, "reply=550 5.1.1 no|dsn=5.1.1" },
	{ ID "** c@d.example F=<\"a> R=x T=y: 250 ok <b\"@evil.example> R=r T=remote_smtp H=mx [192.0.2.9]: "
	     "SMTP error from remote mail server after end of data: 550 no",
	  EVENT_RESULT, "sender=\"a> R=x T=y: 250 ok <b\"@evil.example|reply=550 no|router=r" },
	/* A remote host that claims to have retried for days ends nothing by its words. */
	{ ID "H=mx [192.0.2.9]: SMTP error from remote mail server after RCPT TO:<c@d.example>: 450 "
	     "** c@d.example: retry timeout exceeded",
	  EVENT_IDLE, "recipient" },
	{ "cwd=/home/evil/ 2 args: x/cwd=/home/victim 3 args: /usr/sbin/sendmail -t -i", EVENT_SCRIPT,
	  "directory=/home/evil/" },
	{ "Completed", EVENT_UNKNOWN, "queue_id" },
};

#define ROWS(name) \
	static void test_##name(void **state) \
	{ \
		(void)state; \
		for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++) \
			exim_check(&name[i]); \
	}

ROWS(senders)
ROWS(names)
ROWS(sessions)
ROWS(deliveries)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_senders),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_deliveries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
