/*
 * Attacks by text that strangers can put into the log: HELO names, envelope senders and recipients,
 * subjects, message-ids, logins, remote replies. None may create, rename, frame or hide an account, end
 * a message or forge a result. Each row is raw log lines as the servers write them, and the attempts that
 * must come of them; "victim@example.com" is innocent in all of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/ledger_lines.h"

/* What a message needs besides its first line. */
#define PF_QUEUED(id) \
	P("cleanup", id ": message-id=<1@remote.example>") \
	P("qmgr", id ": from=<s@remote.example>, size=100, nrcpt=1 (queue active)")
#define PF_SENT(id, to) \
	P("smtp", id \
	  ": to=<" to \
	  ">, relay=mx.remote.example[198.51.100.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)") \
	P("qmgr", id ": removed")
#define PF_LOCAL(id, to) \
	P("virtual", \
	  id ": to=<" to \
	     ">, relay=virtual, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (delivered to maildir)") \
	P("qmgr", id ": removed")
#define PF_MALLORY(id) \
	P("smtpd", id ": client=x[203.0.113.9], sasl_method=PLAIN, sasl_username=mallory@example.com")
#define EX_ID "1abcde-0001aB-Cd"
#define EX_SENT(to) \
	E(EX_ID " => " to " R=dnslookup T=remote_smtp H=mx.remote.example [198.51.100.9] C=\"250 ok\"") \
	E(EX_ID " Completed")
#define EX_MALLORY(rest) \
	E(EX_ID \
	  " <= m@example.com H=(x) [203.0.113.9] P=esmtpsa A=plain:mallory@example.com S=100 id=1@example.com" rest)
#define MALLORY(to) "+ mallory@example.com " to " delivered outbound\n"

static const struct {
	const char *name, *lines, *attempts;
} attacks[] = {
	/* Postfix: who came */
	{ "helo imitates sasl fields in a reject",
	  P("smtpd",
	    "NOQUEUE: reject: RCPT from x[203.0.113.9]: 554 5.7.1 <a@b.example>: Relay access denied; from=<s@r.example> to=<a@b.example> proto=ESMTP helo=<x], sasl_method=PLAIN, sasl_username=victim@example.com>"),
	  "" },
	{ "client name imitates a login",
	  P("smtpd", "A000004A1: client=sasl_username=victim@example.com[203.0.113.9]") PF_QUEUED("A000004A1")
		  PF_LOCAL("A000004A1", "a@example.com"),
	  "+ - a@example.com delivered inbound\n" },
	{ "login with a second login behind it",
	  P("smtpd",
	    "A000004A2: client=x[203.0.113.9], sasl_method=PLAIN, sasl_username=mallory, sasl_username=victim@example.com")
		  PF_QUEUED("A000004A2") PF_SENT("A000004A2", "a@r.example"),
	  "+ mallory,\\x20sasl_username=victim@example.com a@r.example delivered outbound\n" },
	{ "sasl_sender names somebody else",
	  P("smtpd",
	    "A000004A3: client=x[203.0.113.9], sasl_method=PLAIN, sasl_username=mallory@example.com, sasl_sender=victim@example.com")
		  PF_QUEUED("A000004A3") PF_SENT("A000004A3", "a@r.example"),
	  MALLORY("a@r.example") },
	{ "sasl_sender imitates a login",
	  P("smtpd",
	    "A000004A4: client=x[203.0.113.9], sasl_method=PLAIN, sasl_username=mallory@example.com, sasl_sender=y, sasl_username=victim@example.com")
		  PF_QUEUED("A000004A4") PF_SENT("A000004A4", "a@r.example"),
	  MALLORY("a@r.example") },
	{ "login called local:root is not root",
	  P("smtpd", "A000004A5: client=x[203.0.113.9], sasl_method=PLAIN, sasl_username=local:root")
		  PF_QUEUED("A000004A5") PF_SENT("A000004A5", "a@r.example"),
	  "+ local\\x3aroot a@r.example delivered outbound\n" },
	{ "login called like a script",
	  P("smtpd", "A000004A6: client=x[203.0.113.9], sasl_method=PLAIN, sasl_username=script:/home/victim")
		  PF_QUEUED("A000004A6") PF_SENT("A000004A6", "a@r.example"),
	  "+ script\\x3a/home/victim a@r.example delivered outbound\n" },
	{ "login with quotes and blanks",
	  P("smtpd",
	    "A000004A7: client=x[203.0.113.9], sasl_method=LOGIN, sasl_username=\"victim@example.com\" x")
		  PF_QUEUED("A000004A7") PF_SENT("A000004A7", "a@r.example"),
	  "+ \"victim@example.com\"\\x20x a@r.example delivered outbound\n" },
	/* Postfix: texts of the message */
	{ "message-id imitates a login",
	  PF_MALLORY("A000004B1") P(
		  "cleanup", "A000004B1: message-id=<x>, sasl_method=PLAIN, sasl_username=victim@example.com")
		  P("qmgr", "A000004B1: from=<m@example.com>, size=1, nrcpt=1 (queue active)")
			  PF_SENT("A000004B1", "a@r.example"),
	  MALLORY("a@r.example") },
	{ "message-id imitates a client line",
	  PF_MALLORY("A000004B2") P(
		  "cleanup",
		  "A000004B2: message-id=<A000004B2: client=x[1.2.3.4], sasl_method=PLAIN, sasl_username=victim@example.com>")
		  PF_SENT("A000004B2", "a@r.example"),
	  MALLORY("a@r.example") },
	{ "message-id says removed",
	  PF_MALLORY("A000004B3") P("cleanup", "A000004B3: message-id=<x> A000004B3: removed")
		  PF_SENT("A000004B3", "a@r.example"),
	  MALLORY("a@r.example") },
	{ "subject in a header check imitates fields",
	  PF_MALLORY("A000004B4") P(
		  "cleanup",
		  "A000004B4: info: header Subject: x from y[1.2.3.4]; from=<victim@example.com> to=<v@r.example> proto=ESMTP helo=<z>: A000004B4: to=<v@r.example>, relay=r[1.2.3.4]:25, dsn=2.0.0, status=sent (250 ok) from x[203.0.113.9]; from=<m@example.com> to=<a@r.example> proto=ESMTP helo=<x>")
		  PF_SENT("A000004B4", "a@r.example"),
	  MALLORY("a@r.example") },
	{ "subject with an escaped newline and a forged line",
	  PF_MALLORY("A000004B5") P(
		  "cleanup",
		  "A000004B5: info: header Subject: x??Nov 21 10:00:00 mx postfix/smtpd[11]: A000004B5: client=x[1.2.3.4], sasl_method=PLAIN, sasl_username=victim@example.com from x[203.0.113.9]; from=<m@example.com> to=<a@r.example> proto=ESMTP helo=<x>")
		  PF_SENT("A000004B5", "a@r.example"),
	  MALLORY("a@r.example") },
	{ "script header of another uid is not believed",
	  P("pickup", "A000004B6: uid=33 from=<www-data>") P(
		  "cleanup",
		  "A000004B6: info: header X-PHP-Originating-Script: 1001:/home/victim/x.php from local; from=<www-data> to=<a@r.example>")
		  PF_SENT("A000004B6", "a@r.example"),
	  "+ local:www-data a@r.example delivered outbound\n" },
	{ "script header of a stranger's mail makes no account",
	  P("smtpd", "A000004B7: client=x[203.0.113.9]") P(
		  "cleanup",
		  "A000004B7: info: header X-PHP-Originating-Script: 33:/home/victim/x.php from x[203.0.113.9]; from=<s@r.example> to=<a@example.com> proto=ESMTP helo=<x>")
		  PF_LOCAL("A000004B7", "a@example.com"),
	  "+ - a@example.com delivered inbound\n" },
	{ "script header of one's own user renames nobody",
	  P("pickup", "A000004B8: uid=0 from=<root>") P(
		  "cleanup",
		  "A000004B8: info: header X-PHP-Originating-Script: 0:/home/victim/x.php from local; from=<root> to=<a@r.example>")
		  PF_SENT("A000004B8", "a@r.example"),
	  "+ local:root a@r.example delivered outbound\n" },
	/* Postfix: envelope */
	{ "sender imitates the queue's words",
	  PF_MALLORY("A000004C1") P(
		  "qmgr",
		  "A000004C1: from=<\"x>, size=1, nrcpt=1 (queue active)\"@example.com>, size=100, nrcpt=1 (queue active)")
		  PF_SENT("A000004C1", "a@r.example"),
	  MALLORY("a@r.example") },
	{ "sender says expired",
	  PF_MALLORY("A000004C2") P(
		  "smtp",
		  "A000004C2: to=<a@r.example>, relay=none, delay=1, delays=0/0/0/1, dsn=4.4.1, status=deferred (connect to r.example[198.51.100.9]:25: Connection timed out)")
		  P("qmgr",
		    "A000004C2: from=<\"x>, status=expired, returned to sender\"@example.com>, size=100, nrcpt=1 (queue active)")
			  PF_SENT("A000004C2", "a@r.example"),
	  "+ mallory@example.com a@r.example deferred outbound\n~ mallory@example.com a@r.example delivered outbound\n" },
	{ "sender of a stranger is no account",
	  P("smtpd", "A000004C3: client=x[203.0.113.9]")
		  P("qmgr", "A000004C3: from=<victim@example.com>, size=100, nrcpt=1 (queue active)")
			  PF_LOCAL("A000004C3", "a@example.com"),
	  "+ - a@example.com delivered inbound\n" },
	{ "a rewritten sender hides no login",
	  PF_MALLORY("A000004C4")
		  P("qmgr",
		    "A000004C4: from=<SRS0=aa=bb=r.example=x@example.com>, size=100, nrcpt=1 (queue active)")
			  PF_SENT("A000004C4", "a@r.example"),
	  MALLORY("a@r.example") },
	{ "an empty sender hides no login",
	  PF_MALLORY("A000004C5") P("qmgr", "A000004C5: from=<>, size=100, nrcpt=1 (queue active)")
		  PF_SENT("A000004C5", "a@r.example"),
	  MALLORY("a@r.example") },
	{ "recipient with a quoted result in it",
	  PF_MALLORY("A000004C6") P(
		  "smtp",
		  "A000004C6: to=<\"a>, relay=x[1.2.3.4]:25, dsn=2.0.0, status=sent (250 ok)\"@r.example>, relay=mx.remote.example[198.51.100.9]:25, delay=1, delays=0/0/0/1, dsn=5.1.1, status=bounced (host mx.remote.example[198.51.100.9] said: 550 5.1.1 no (in reply to RCPT TO command))"),
	  "+ mallory@example.com \"a>, relay=x[1.2.3.4]:25, dsn=2.0.0, status=sent (250 ok)\"@r.example bounced outbound\n" },
	{ "original recipient behind a quoted one",
	  PF_MALLORY("A000004C7") P(
		  "smtp",
		  "A000004C7: to=<\"a>, orig_to=<victim@example.com\"@r.example>, relay=mx.remote.example[198.51.100.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)"),
	  "+ mallory@example.com \"a>, orig_to=<victim@example.com\"@r.example delivered outbound\n" },
	/* Postfix: remote replies */
	{ "a bounce says status=sent",
	  PF_MALLORY("A000004D1") P(
		  "smtp",
		  "A000004D1: to=<a@r.example>, relay=r.example[198.51.100.9]:25, delay=1, delays=0/0/0/1, dsn=5.1.1, status=bounced (host r.example[198.51.100.9] said: 550 5.1.1 x, dsn=2.0.0, status=sent (250 ok) (in reply to RCPT TO command))"),
	  "+ mallory@example.com a@r.example bounced outbound\n" },
	{ "a reply imitates a login",
	  PF_MALLORY("A000004D2") P(
		  "smtp",
		  "A000004D2: to=<a@r.example>, relay=r.example[198.51.100.9]:25, delay=1, delays=0/0/0/1, dsn=5.1.1, status=bounced (host r.example[198.51.100.9] said: 550 5.1.1 x), sasl_method=PLAIN, sasl_username=victim@example.com (in reply to RCPT TO command))"),
	  "+ mallory@example.com a@r.example bounced outbound\n" },
	{ "a remote answers queued as another's queue id",
	  P("smtpd", "A000004D4: client=localhost[127.0.0.1]") P(
		  "cleanup", "A000004D4: message-id=<other@example.com>") PF_MALLORY("A000004D3")
		  P("smtp",
		    "A000004D3: to=<a@r.example>, relay=r.example[198.51.100.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as A000004D4)")
			  P("qmgr", "A000004D4: from=<app@shop.example>, size=1, nrcpt=1 (queue active)")
				  PF_SENT("A000004D4", "b@r.example"),
	  MALLORY("a@r.example") "+ sender:shop.example b@r.example delivered outbound\n" },
	{ "a remote in 127/8 is no filter",
	  PF_MALLORY("A000004D5") P(
		  "smtp",
		  "A000004D5: to=<a@r.example>, relay=r.example[127.0.1.46]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as A000004D6)"),
	  MALLORY("a@r.example") },
	{ "a remote named localhost is no filter",
	  PF_MALLORY("A000004D7") P(
		  "smtp",
		  "A000004D7: to=<a@r.example>, relay=127.0.0.1[198.51.100.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as A000004D8)"),
	  MALLORY("a@r.example") },
	{ "a host conversation line says sent",
	  PF_MALLORY("A000004D9") P(
		  "smtp",
		  "A000004D9: host r.example[198.51.100.9] said: 450 4.2.0 A000004D9: to=<v@r.example>, relay=x[1.2.3.4]:25, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (ok) (in reply to RCPT TO command)")
		  PF_SENT("A000004D9", "a@r.example"),
	  MALLORY("a@r.example") },
	{ "a host conversation line says removed",
	  PF_MALLORY("A000004DA") P(
		  "smtp",
		  "A000004DA: host r.example[198.51.100.9] said: 450 removed (in reply to RCPT TO command)")
		  P("smtp",
		    "A000004DA: to=<a@r.example>, relay=r.example[198.51.100.9]:25, delay=1, delays=0/0/0/1, dsn=4.2.0, status=deferred (host r.example[198.51.100.9] said: 450 4.2.0 A000004DA: removed (in reply to RCPT TO command))")
			  PF_SENT("A000004DA", "a@r.example"),
	  "+ mallory@example.com a@r.example deferred outbound\n~ mallory@example.com a@r.example delivered outbound\n" },
	/* The two legs of a filtered message */
	{ "a message-id of the victim's frames nobody, when two have it",
	  P("smtpd", "A000004E1: client=x[192.0.2.1], sasl_method=PLAIN, sasl_username=victim@example.com") P(
		  "cleanup", "A000004E1: message-id=<same@example.com>") PF_MALLORY("A000004E2")
		  P("cleanup", "A000004E2: message-id=<same@example.com>") P(
			  "smtpd",
			  "A000004E3: client=localhost[127.0.0.1]") P("cleanup",
								      "A000004E3: message-id=<same@example.com>")
			  P("qmgr", "A000004E3: from=<m@example.com>, size=1, nrcpt=1 (queue active)") PF_SENT(
				  "A000004E3", "spam@r.example")
				  P("smtp",
				    "A000004E2: to=<spam@r.example>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as A000004E3)"),
	  MALLORY("spam@r.example") },
	{ "the victim's message-id on a stranger's mail joins nothing",
	  P("smtpd", "A000004E4: client=x[192.0.2.1], sasl_method=PLAIN, sasl_username=victim@example.com")
		  P("cleanup", "A000004E4: message-id=<same@example.com>")
			  P("smtpd", "A000004E5: client=x[203.0.113.9]")
				  P("cleanup", "A000004E5: message-id=<same@example.com>")
					  PF_LOCAL("A000004E5", "a@example.com"),
	  "+ - a@example.com delivered inbound\n" },
	{ "the victim's message-id after his mail went out joins nothing",
	  P("smtpd", "A000004E6: client=x[192.0.2.1], sasl_method=PLAIN, sasl_username=victim@example.com") P(
		  "cleanup", "A000004E6: message-id=<same@example.com>")
		  P("smtp",
		    "A000004E6: to=<m@r.example>, relay=r.example[198.51.100.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)")
			  P("smtpd", "A000004E7: client=localhost[127.0.0.1]") P(
				  "cleanup", "A000004E7: message-id=<same@example.com>")
				  P("qmgr",
				    "A000004E7: from=<app@shop.example>, size=1, nrcpt=1 (queue active)")
					  PF_SENT("A000004E7", "spam@r.example"),
	  "+ victim@example.com m@r.example delivered outbound\n+ sender:shop.example spam@r.example delivered outbound\n" },
	{ "a login is not given up for a filter's word",
	  P("smtpd", "A000004E8: client=x[192.0.2.1], sasl_method=PLAIN, sasl_username=victim@example.com")
		  PF_MALLORY("A000004E9") P(
			  "smtp",
			  "A000004E8: to=<a@r.example>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as A000004E9)")
			  PF_SENT("A000004E9", "spam@r.example"),
	  MALLORY("spam@r.example") "+ victim@example.com a@r.example delivered outbound\n" },
	{ "a remote in 127/8 takes nobody's mail over",
	  P("smtpd", "A0000054D5: client=localhost[127.0.0.1]") PF_MALLORY("A0000054D6") P(
		  "smtp",
		  "A0000054D6: to=<a@r.example>, relay=r.example[127.0.1.46]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as A0000054D5)")
		  P("qmgr", "A0000054D5: from=<app@shop.example>, size=1, nrcpt=1 (queue active)")
			  PF_SENT("A0000054D5", "b@r.example"),
	  MALLORY("a@r.example") "+ sender:shop.example b@r.example delivered outbound\n" },
	{ "of two first legs with one message-id neither is believed",
	  P("smtpd", "A0000054E1: client=x[192.0.2.1], sasl_method=PLAIN, sasl_username=victim@example.com") P(
		  "cleanup", "A0000054E1: message-id=<same@example.com>") PF_MALLORY("A0000054E2")
		  P("cleanup", "A0000054E2: message-id=<same@example.com>") P(
			  "smtp",
			  "A0000054E2: to=<spam@r.example>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 accepted)")
			  P("smtp",
			    "A0000054E1: to=<v@r.example>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 accepted)")
				  P("smtpd", "A0000054E3: client=localhost[127.0.0.1]") P(
					  "cleanup", "A0000054E3: message-id=<same@example.com>")
					  P("qmgr",
					    "A0000054E3: from=<m@shop.example>, size=1, nrcpt=1 (queue active)")
						  PF_SENT("A0000054E3", "spam@r.example")
							  PT("10:10:00", "qmgr", "A0000054E9: removed"),
	  MALLORY("spam@r.example") "+ victim@example.com v@r.example delivered outbound\n+ sender:shop.example spam@r.example delivered outbound\n" },
	/* Exim: who came */
	{ "sender imitates a whole line",
	  E(EX_ID
	    " <= \"x H=y [9.9.9.9] P=esmtpa A=plain:victim@example.com S=1\"@example.com H=(x) [203.0.113.9] P=esmtpsa A=plain:mallory@example.com S=100")
		  EX_SENT("a@r.example"),
	  MALLORY("a@r.example") },
	{ "helo imitates fields",
	  E(EX_ID
	    " <= s@r.example H=(x) [1.2.3.4] P=esmtpa A=plain:victim@example.com) [203.0.113.9] P=esmtp S=100")
		  E(EX_ID " => a <a@example.com> R=local T=local_delivery") E(EX_ID " Completed"),
	  "+ - a@example.com delivered inbound\n" },
	{ "identity by RFC 1413 is no account",
	  E(EX_ID " <= s@r.example H=x.example [203.0.113.9] U=victim P=esmtp S=100")
		  E(EX_ID " => a <a@example.com> R=local T=local_delivery"),
	  "+ - a@example.com delivered inbound\n" },
	{ "identity by RFC 1413 imitates a local submission",
	  E(EX_ID " <= s@r.example H=x.example [203.0.113.9] U=victim P=local P=esmtp S=100")
		  E(EX_ID " => a <a@example.com> R=local T=local_delivery"),
	  "+ - a@example.com delivered inbound\n" },
	{ "MAIL AUTH= names somebody else",
	  E(EX_ID
	    " <= m@example.com H=(x) [203.0.113.9] P=esmtpsa A=plain:mallory@example.com:victim@example.com S=100")
		  EX_SENT("a@r.example"),
	  MALLORY("a@r.example") },
	{ "subject imitates an authenticator",
	  EX_MALLORY(
		  " T=\"x\\\" A=plain:victim@example.com P=local U=root\" from <m@example.com> for a@r.example")
		  EX_SENT("a@r.example"),
	  MALLORY("a@r.example") },
	{ "subject imitates recipients",
	  EX_MALLORY(" T=\"hello for victim@example.com\" from <m@example.com> for a@r.example")
		  EX_SENT("a@r.example"),
	  MALLORY("a@r.example") },
	{ "message-id imitates an authenticator",
	  E(EX_ID
	    " <= m@example.com H=(x) [203.0.113.9] P=esmtpsa A=plain:mallory@example.com S=100 id=\"x A=plain:victim@example.com\"@example.com")
		  EX_SENT("a@r.example"),
	  MALLORY("a@r.example") },
	{ "a user's own bounce reference hides nothing",
	  E(EX_ID " <= <> R=1abcde-0001aA-Ab U=mallory P=local S=100") EX_SENT("a@r.example"),
	  "+ local:mallory a@r.example delivered outbound\n" },
	/* Exim: results */
	{ "a bounce quotes a delivery",
	  EX_MALLORY("") E(
		  EX_ID
		  " ** a@r.example R=dnslookup T=remote_smtp H=r.example [198.51.100.9]: SMTP error from remote mail server after RCPT TO:<a@r.example>: 550 " EX_ID
		  " => v@r.example R=x T=y C=\"250 ok\""),
	  "+ mallory@example.com a@r.example bounced outbound\n" },
	{ "a bounce says Completed",
	  EX_MALLORY("") E(
		  EX_ID
		  " == a@r.example R=dnslookup T=remote_smtp defer (0) H=r.example [198.51.100.9]: SMTP error from remote mail server after RCPT TO:<a@r.example>: 450 Completed")
		  EX_SENT("a@r.example"),
	  "+ mallory@example.com a@r.example deferred outbound\n~ mallory@example.com a@r.example delivered outbound\n" },
	{ "a confirmation with quotes and another's id",
	  EX_MALLORY("") E(
		  EX_ID
		  " => a@r.example R=dnslookup T=remote_smtp H=r.example [198.51.100.9] C=\"250 OK \\\" id=1zzzzz-0001aB-Cd\"")
		  E(EX_ID " Completed"),
	  MALLORY("a@r.example") },
	{ "a quoted recipient with an arrow",
	  EX_MALLORY("") E(
		  EX_ID
		  " => \"a => victim@example.com\"@r.example R=dnslookup T=remote_smtp H=r.example [198.51.100.9] C=\"250 ok\""),
	  MALLORY("\"a => victim@example.com\"@r.example") },
	{ "a rejected recipient is not a message",
	  E("H=(x) [203.0.113.9] F=<s@r.example> rejected RCPT <\"x A=plain:victim@example.com\"@r.example>: relay not permitted"),
	  "" },
	{ "a directory of another process is not this one's",
	  "2026-11-21 10:00:00 [41] cwd=/home/victim/public_html 3 args: /usr/sbin/sendmail -t -i\n"
	  "2026-11-21 10:00:00 [42] " EX_ID
	  " <= www@x.example U=www-data P=local S=100\n" EX_SENT("a@r.example"),
	  "+ local:www-data a@r.example delivered outbound\n" },
	{ "of two directories neither is believed",
	  E("cwd=/home/victim/public_html 3 args: /usr/sbin/sendmail -t -i")
		  E("cwd=/home/mallory/public_html 3 args: /usr/sbin/sendmail -t -i")
			  E(EX_ID " <= www@x.example U=www-data P=local S=100") EX_SENT("a@r.example"),
	  "+ local:www-data a@r.example delivered outbound\n" },
	{ "a queue runner's directory is nobody's",
	  E("cwd=/home/victim 4 args: /usr/sbin/exim -Mc 1abcde-0001aA-Ab")
		  E(EX_ID " <= www@x.example U=www-data P=local S=100") EX_SENT("a@r.example"),
	  "+ local:www-data a@r.example delivered outbound\n" },
	/* Postfix: what filters and proxies pass on */
	{ "MAIL AUTH= names the victim's queue id",
	  P("smtpd", "A000006A1: client=v[192.0.2.1], sasl_method=PLAIN, sasl_username=victim@example.com")
		  PF_QUEUED("A000006A1") P(
			  "smtpd",
			  "A000006A2: client=x[203.0.113.9], sasl_sender=x, orig_queue_id=A000006A1, orig_client=v[192.0.2.1]")
			  PF_QUEUED("A000006A2") PF_LOCAL("A000006A2", "a@example.com"),
	  "+ - a@example.com delivered inbound\n" },
	{ "the same by a filter on this machine",
	  P("smtpd", "A000006A3: client=v[192.0.2.1], sasl_method=PLAIN, sasl_username=victim@example.com")
		  PF_QUEUED("A000006A3") P(
			  "10025/smtpd",
			  "A000006A4: client=localhost[127.0.0.1], sasl_sender=x, orig_queue_id=A000006A3, orig_client=x[203.0.113.9]")
			  P("cleanup", "A000006A4: message-id=<2@remote.example>")
				  P("qmgr", "A000006A4: from=<s@r.example>, size=1, nrcpt=1 (queue active)")
					  PF_LOCAL("A000006A4", "a@example.com")
						  PT("10:10:00", "qmgr", "A000006A9: removed"),
	  "+ - a@example.com delivered inbound\n" },
	{ "a HELO name in a proxy's line is no login",
	  P("smtpd", "NOQUEUE: client=v[192.0.2.1], sasl_method=PLAIN, sasl_username=victim@example.com") P(
		  "10025/smtpd",
		  "A000006A5: client=localhost[127.0.0.1], orig_client=x[203.0.113.9]") PF_QUEUED("A000006A5")
		  P("smtpd",
		    "proxy-accept: END-OF-MESSAGE: 250 2.0.0 Ok: queued as A000006A5; from=<s@remote.example> to=<a@r.example> proto=ESMTP helo=<x>?sasl_username=<victim@example.com>")
			  PF_LOCAL("A000006A5", "a@example.com"),
	  "+ - a@example.com delivered inbound\n" },
	{ "a sender in a proxy's line is no login",
	  P("10025/smtpd",
	    "A000006A6: client=localhost[127.0.0.1], orig_client=x[203.0.113.9]") PF_QUEUED("A000006A6")
		  P("smtpd",
		    "proxy-accept: END-OF-MESSAGE: 250 2.0.0 Ok: queued as A000006A6; from=<\"x> to=<y> proto=ESMTP helo=<z> sasl_username=<victim@example.com>\"@r.example> to=<a@r.example> proto=ESMTP helo=<x> sasl_username=<mallory@example.com>")
			  PF_SENT("A000006A6", "a@r.example"),
	  MALLORY("a@r.example") },
	{ "a remote's answer is no proxy's line",
	  P("10025/smtpd", "A000006A7: client=localhost[127.0.0.1], orig_client=x[203.0.113.9]") PF_QUEUED(
		  "A000006A7") PF_MALLORY("A000006A8")
		  P("smtp",
		    "A000006A8: to=<a@r.example>, relay=mx.r.example[198.51.100.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 proxy-accept: END-OF-MESSAGE: 250 Ok: queued as A000006A7; from=<s> to=<a> proto=ESMTP helo=<x> sasl_username=<victim@example.com>)")
			  PF_LOCAL("A000006A7", "b@example.com") PT("10:10:00", "qmgr", "A000006A9: removed"),
	  MALLORY("a@r.example") "+ - b@example.com delivered inbound\n" },
	{ "a proxy's line does not take a logged-in message over",
	  PF_MALLORY("A000006B1") PF_QUEUED("A000006B1") P(
		  "smtpd",
		  "proxy-accept: END-OF-MESSAGE: 250 2.0.0 Ok: queued as A000006B1; from=<v> to=<a> proto=ESMTP helo=<x> sasl_username=<victim@example.com>")
		  PF_SENT("A000006B1", "a@r.example"),
	  MALLORY("a@r.example") },
	/* Postfix: names that are nearly the victim's */
	{ "what was no character became a question mark",
	  P("smtpd", "A000006B2: client=x[203.0.113.9], sasl_method=PLAIN, sasl_username=victim?@example.com")
		  PF_QUEUED("A000006B2") PF_SENT("A000006B2", "a@r.example"),
	  "+ victim?@example.com a@r.example delivered outbound\n" },
	{ "a blank behind the name is another name",
	  P("smtpd", "A000006B3: client=x[203.0.113.9], sasl_method=PLAIN, sasl_username=victim@example.com ")
		  PF_QUEUED("A000006B3") PF_SENT("A000006B3", "a@r.example"),
	  "+ victim@example.com\\x20 a@r.example delivered outbound\n" },
	{ "a blank before it too",
	  P("smtpd", "A000006B4: client=x[203.0.113.9], sasl_method=PLAIN, sasl_username= victim@example.com")
		  PF_QUEUED("A000006B4") PF_SENT("A000006B4", "a@r.example"),
	  "+ \\x20victim@example.com a@r.example delivered outbound\n" },
	{ "bytes that are no UTF-8 are another name",
	  P("smtpd",
	    "A000006B5: client=x[203.0.113.9], sasl_method=PLAIN, sasl_username=victim\xff@example.com")
		  PF_QUEUED("A000006B5") PF_SENT("A000006B5", "a@r.example"),
	  "+ victim\\xff@example.com a@r.example delivered outbound\n" },
	{ "letters that look alike are another name",
	  P("smtpd", "A000006B6: client=x[203.0.113.9], sasl_method=PLAIN, sasl_username=v\xd1\x96"
		     "ctim@example.com") PF_QUEUED("A000006B6") PF_SENT("A000006B6", "a@r.example"),
	  "+ v\xd1\x96"
	  "ctim@example.com a@r.example delivered outbound\n" },
	{ "the escape of a byte is not that byte",
	  P("smtpd", "A000006B7: client=x[203.0.113.9], sasl_method=PLAIN, sasl_username=victim\\x20")
		  PF_QUEUED("A000006B7") PF_SENT("A000006B7", "a@r.example"),
	  "+ victim\\x5cx20 a@r.example delivered outbound\n" },
	/* Postfix: local submissions */
	{ "a sender on the command line is no other queue id",
	  PF_MALLORY("A000006C1") PF_QUEUED("A000006C1")
		  P("pickup", "A000006C2: uid=4000000001 from=<x> orig_id=A000006C1>") PF_QUEUED("A000006C2")
			  PF_SENT("A000006C2", "a@r.example") PF_SENT("A000006C1", "b@r.example"),
	  "+ local:4000000001 a@r.example delivered outbound\n" MALLORY("b@r.example") },
	{ "a sender on the command line is no other uid",
	  P("pickup", "A000006C3: uid=4000000001 from=<x> uid=0 from=<root>") PF_QUEUED("A000006C3")
		  PF_SENT("A000006C3", "a@r.example"),
	  "+ local:4000000001 a@r.example delivered outbound\n" },
	{ "an empty sender on the command line hides no user",
	  P("pickup", "A000006C4: uid=4000000001 from=<>")
		  P("qmgr", "A000006C4: from=<>, size=1, nrcpt=1 (queue active)")
			  PF_SENT("A000006C4", "a@r.example"),
	  "+ local:4000000001 a@r.example delivered outbound\n" },
	/* Postfix: results and notices */
	{ "a message-id is no notice",
	  PF_MALLORY("A000006D1")
		  P("cleanup", "A000006D1: message-id=<x> sender non-delivery notification: A000006D1")
			  PF_SENT("A000006D1", "a@r.example"),
	  MALLORY("a@r.example") },
	{ "a quoted recipient is no filter's answer",
	  PF_MALLORY("A000006D2") PF_QUEUED("A000006D2") P(
		  "smtp",
		  "A000006D2: to=<\"a, relay=127.0.0.1[127.0.0.1]:10024, dsn=2.0.0, status=sent (250 queued as A000006D3)\"@r.example>, relay=mx.r.example[198.51.100.9]:25, delay=1, delays=0/0/0/1, dsn=5.1.1, status=bounced (host mx.r.example[198.51.100.9] said: 550 5.1.1 no)"),
	  "+ mallory@example.com \"a, relay=127.0.0.1[127.0.0.1]:10024, dsn=2.0.0, status=sent (250 queued as A000006D3)\"@r.example bounced outbound\n" },
	{ "a hold of another's message by a header's text",
	  PF_MALLORY("A000006D4") P(
		  "cleanup",
		  "A000006D4: info: header Subject: A000006D5: placed on hold from x[203.0.113.9]; from=<m@example.com> to=<a@r.example> proto=ESMTP helo=<x>")
		  PF_SENT("A000006D4", "a@r.example"),
	  MALLORY("a@r.example") },
	/* Exim: scripts and panels */
	{ "an argument is no directory",
	  E("cwd=/home/mallory/x 6 args: /usr/sbin/sendmail -t -i -f cwd=/home/victim 3 args: /usr/sbin/sendmail")
		  E(EX_ID " <= www@x.example U=www-data P=local S=100") EX_SENT("a@r.example"),
	  "+ script:/home/mallory/x a@r.example delivered outbound\n" },
	{ "a directory with an escaped newline is one directory",
	  E("cwd=/home/mallory\\n2026-11-21 10:00:00 cwd=/home/victim 3 args: /usr/sbin/sendmail -t -i")
		  E(EX_ID " <= www@x.example U=www-data P=local S=100") EX_SENT("a@r.example"),
	  "+ script:/home/mallory\\x5cn2026-11-21\\x2010:00:00\\x20cwd=/home/victim a@r.example delivered outbound\n" },
	{ "a sender in a panel's line is no user",
	  E(EX_ID " Sender identification U=mallory D=x.example S=\"x U=victim y\"@x.example")
		  E(EX_ID " <= w@x.example U=www-data P=local S=100") EX_SENT("a@r.example"),
	  "+ local:mallory a@r.example delivered outbound\n" },
	{ "a panel's line renames no login",
	  EX_MALLORY("") E(EX_ID " Sender identification U=victim D=example.com S=victim@example.com")
		  EX_SENT("a@r.example"),
	  MALLORY("a@r.example") },
	{ "a panel's line renames no user of his own",
	  E(EX_ID " <= w@x.example U=mallory P=local S=100")
		  E(EX_ID " Sender identification U=victim D=example.com S=victim@example.com")
			  EX_SENT("a@r.example"),
	  "+ local:mallory a@r.example delivered outbound\n" },
	{ "a subject is no panel's line",
	  EX_MALLORY(" T=\"" EX_ID " Sender identification U=victim\" from <m@example.com> for a@r.example")
		  EX_SENT("a@r.example"),
	  MALLORY("a@r.example") },
	/* Exim: filters and early results */
	{ "a host that calls itself a filter is none",
	  E(EX_ID " <= s@r.example H=x.example [203.0.113.9] U=Debian-exim P=spam-scanned S=100 id=1@x")
		  E(EX_ID " => a <a@example.com> R=local T=local_delivery"),
	  "+ - a@example.com delivered inbound\n" },
	{ "a user's own protocol is his own",
	  E(EX_ID " <= m@example.com U=mallory P=local-bsmtp S=100 id=1@x") EX_SENT("a@r.example"),
	  "+ local:mallory a@r.example delivered outbound\n" },
	{ "of two first legs with one message-id a pipe filter's is neither",
	  E("1abcde-0001aA-Va <= v@example.com H=(x) [192.0.2.1] P=esmtpsa A=plain:victim@example.com S=100 id=1@x")
		  E(EX_ID
		    " <= m@example.com H=(x) [203.0.113.9] P=esmtpsa A=plain:mallory@example.com S=100 id=1@x")
			  E("1abcde-0001aA-Ma <= m@example.com U=Debian-exim P=spam-scanned S=100 id=1@x") E(
				  "1abcde-0001aA-Ma => a@r.example R=dnslookup T=remote_smtp H=mx.r.example [198.51.100.9] C=\"250 ok\"")
				  ET("10:10:00", "1abcde-0001aA-Zz Completed"),
	  "+ sender:example.com a@r.example delivered outbound\n" },
	{ "an early result is that of the message that follows it",
	  E(EX_ID
	    " >> a@r.example R=all T=smtp H=mx.r.example [198.51.100.9] C=\"250 A=plain:victim@example.com\"")
		  EX_MALLORY("") E(EX_ID " Completed"),
	  MALLORY("a@r.example") },
	{ "an early result's address imitates an arrival",
	  E(EX_ID
	    " >> x <= v@example.com U=victim P=local@r.example <\"x <= v@example.com U=victim P=local\"@r.example> R=all T=smtp H=mx.r.example [198.51.100.9] C=\"250 ok\"")
		  EX_MALLORY("") E(EX_ID " Completed"),
	  MALLORY("\"x <= v@example.com U=victim P=local\"@r.example") },
	{ "a reply says that all was removed",
	  EX_MALLORY("") E(
		  EX_ID
		  " == a@r.example R=dnslookup T=remote_smtp defer (0) H=r.example [198.51.100.9]: SMTP error from remote mail server after RCPT TO:<a@r.example>: 450 removed by root\\nCompleted")
		  EX_SENT("a@r.example"),
	  "+ mallory@example.com a@r.example deferred outbound\n~ mallory@example.com a@r.example delivered outbound\n" },
	{ "without a blank behind it a second authenticator is one name",
	  E(EX_ID
	    " <= m@example.com H=(x) [203.0.113.9] P=esmtpsa A=plain:mallory@example.com,A=plain:victim@example.com S=100")
		  EX_SENT("a@r.example"),
	  "+ mallory@example.com,a=plain a@r.example delivered outbound\n" },
	/* Whoever forwards is the address that was written to, escaped like any login */
	{ "a forwarding address called like a local user",
	  P("smtpd", "A000004F1: client=x[203.0.113.9]") P(
		  "qmgr", "A000004F1: from=<s@r.example>, size=1, nrcpt=1 (queue active)")
		  P("smtp",
		    "A000004F1: to=<a@r.example>, orig_to=<local:root>, relay=r.example[198.51.100.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)"),
	  "+ local\\x3aroot a@r.example delivered forwarded\n" },
};

static void no_text_deceives(void **state)
{
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		struct ledger_options options = ledger_options_plain();
		struct text got = ledger_tells(&options, "+~", attacks[i].lines);

		if (strcmp(got.at, attacks[i].attempts) != 0) {
			print_error("%s:\n  wanted %s  got    %s", attacks[i].name, attacks[i].attempts,
				    got.at);
			failed++;
		}
		text_free(&got);
	}
	assert_int_equal(failed, 0);
}

static const struct {
	const char *lines, *logins;
} failures[] = {
	{ P("smtpd",
	    "warning: x[203.0.113.9]: SASL LOGIN authentication failed: (reason unavailable), sasl_username=bob@example.com"),
	  "! bob@example.com 203.0.113.9\n" },
	{ P("smtpd",
	    "warning: x[203.0.113.9]: SASL LOGIN authentication failed: (reason unavailable), sasl_username=x, sasl_username=victim@example.com"),
	  "! x,\\x20sasl_username=victim@example.com 203.0.113.9\n" },
	{ P("smtpd",
	    "warning: x[203.0.113.9]: SASL LOGIN authentication failed: x, sasl_username=(unavailable), sasl_username=victim@example.com"),
	  "! (unavailable),\\x20sasl_username=victim@example.com 203.0.113.9\n" },
	{ P("smtpd",
	    "warning: x[203.0.113.9]: SASL LOGIN authentication failed: authentication failure, sasl_username=victim@example.com "),
	  "! victim@example.com\\x20 203.0.113.9\n" },
	{ "Nov 21 10:00:00 mx dovecot: imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<x>, method=PLAIN, rip=192.0.2.1, user=<victim@example.com>, method=PLAIN, rip=203.0.113.9, lip=192.0.2.25, session=<a>\n",
	  "! x>,\\x20method=plain,\\x20rip=192.0.2.1,\\x20user=<victim@example.com 203.0.113.9\n" },
	{ E("plain authenticator failed for (x) [203.0.113.9]: 535 Incorrect authentication data (set_id=bob@example.com)"),
	  "! bob@example.com 203.0.113.9\n" },
	{ E("plain authenticator failed for (x) [203.0.113.9]: 535 Incorrect authentication data (set_id=x (set_id=victim@example.com)"),
	  "! x\\x20(set_id=victim@example.com 203.0.113.9\n" },
	{ E("plain authenticator failed for (x (set_id=victim@example.com)) [203.0.113.9]: 535 Incorrect authentication data (set_id=bob)"),
	  "! bob 203.0.113.9\n" },
};

static void failed_logins_are_whose_they_are(void **state)
{
	struct ledger_options options = ledger_options_plain();

	(void)state;
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		struct text got = ledger_tells(&options, "!*", failures[i].lines);

		assert_string_equal(got.at, failures[i].logins);
		text_free(&got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_text_deceives),
		cmocka_unit_test(failed_logins_are_whose_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
