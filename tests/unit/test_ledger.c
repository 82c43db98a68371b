/* What the ledger makes of messages' lives, from raw lines of both servers to attempts. */
#define _GNU_SOURCE
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <unistd.h>

#include "tests/unit/ledger_lines.h"

#define BOB(id)    P("smtpd", id ": client=x[192.0.2.7], sasl_method=PLAIN, sasl_username=bob@example.com")
#define REMOTE(id) P("smtpd", id ": client=x[203.0.113.9]")
#define QUEUED(id, n) \
	P("cleanup", id ": message-id=<" id "@example.com>") \
	P("qmgr", id ": from=<bob@example.com>, size=100, nrcpt=" n " (queue active)")
#define RESULT(time, id, to, status) \
	PT(time, "smtp", \
	   id ": to=<" to ">, relay=r.example[198.51.100.9]:25, delay=1, delays=0/0/0/1, " status)
#define SENT "dsn=2.0.0, status=sent (250 ok)"
#define BOUNCED \
	"dsn=5.1.1, status=bounced (host r.example[198.51.100.9] said: 550 5.1.1 no such user (in reply to RCPT TO command))"
#define DEFERRED \
	"dsn=4.2.2, status=deferred (host r.example[198.51.100.9] said: 452 4.2.2 over quota (in reply to RCPT TO command))"
#define GREYLISTED \
	"dsn=4.7.1, status=deferred (host r.example[198.51.100.9] said: 451 4.7.1 Greylisted, try again later (in reply to RCPT TO command))"
#define REMOVED(id) P("qmgr", id ": removed")
#define MAILBOX(id, to) \
	P("virtual", \
	  id ": to=<" to \
	     ">, relay=virtual, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (delivered to maildir)")
#define FILTER(id, to, answer) \
	P("smtp", \
	  id ": to=<" to \
	     ">, relay=127.0.0.1[127.0.0.1]:10024, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (" answer \
	     ")")
#define AS(id)       "250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as " id
#define LOOPBACK(id) P("10025/smtpd", id ": client=localhost[127.0.0.1]")
#define MID(id, mid) P("cleanup", id ": message-id=<" mid ">")
#define ACTIVE(id)   P("qmgr", id ": from=<bob@example.com>, size=100, nrcpt=1 (queue active)")
#define BOB_OUT(to)  "+ bob@example.com " to " delivered outbound\n"
#define FAILED \
	"plain authenticator failed for (x) [203.0.113.9]: 535 Incorrect authentication data (set_id=bob)"
#define PROXIED(id, tail) \
	P("submission/smtpd", \
	  "proxy-accept: END-OF-MESSAGE: 250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as " id \
	  "; from=<bob@example.com> to=<a@r.example> proto=ESMTP helo=<pc>" tail)
#define EX "1abcde-0001aB-Cd"

static const struct {
	const char *name, *kinds, *lines, *told;
} lives[] = {
	{ "one message, one recipient", ">+~=",
	  BOB("A00000001") QUEUED("A00000001", "1") RESULT("10:00:01", "A00000001", "a@r.example", SENT)
		  REMOVED("A00000001"),
	  "> bob@example.com 1\n" BOB_OUT(
		  "a@r.example") "= bob@example.com a@r.example delivered outbound A00000001\n" },
	{ "retries change the outcome and are told when they do", "+~=",
	  BOB("A00000001") QUEUED("A00000001", "1") RESULT("10:00:01", "A00000001", "a@r.example", GREYLISTED)
		  RESULT("10:05:01", "A00000001", "a@r.example", GREYLISTED)
			  RESULT("10:10:01", "A00000001", "a@r.example", DEFERRED)
				  RESULT("10:20:01", "A00000001", "a@r.example", SENT) REMOVED("A00000001"),
	  "+ bob@example.com a@r.example deferred outbound\n~ bob@example.com a@r.example deferred outbound\n"
	  "~ bob@example.com a@r.example delivered outbound\n= bob@example.com a@r.example delivered outbound A00000001\n" },
	{ "the queue gives up on those still deferred", "+~=",
	  BOB("A00000001") QUEUED("A00000001", "2") RESULT("10:00:01", "A00000001", "a@r.example", DEFERRED)
		  RESULT("10:00:01", "A00000001", "b@r.example", SENT)
			  P("qmgr", "A00000001: from=<bob@example.com>, status=expired, returned to sender")
				  REMOVED("A00000001"),
	  "+ bob@example.com a@r.example deferred outbound\n+ bob@example.com b@r.example delivered outbound\n~ bob@example.com a@r.example expired outbound\n"
	  "= bob@example.com a@r.example expired outbound A00000001\n= bob@example.com b@r.example delivered outbound A00000001\n" },
	{ "a short queue id is used again", "+=",
	  BOB("A00000001") QUEUED("A00000001", "1") RESULT("10:00:01", "A00000001", "a@r.example",
							   SENT) REMOVED("A00000001")
		  P("smtpd",
		    "A00000001: client=y[192.0.2.8], sasl_method=PLAIN, sasl_username=eve@example.com")
			  QUEUED("A00000001", "1") RESULT("10:00:02", "A00000001", "a@r.example", BOUNCED)
				  REMOVED("A00000001"),
	  BOB_OUT("a@r.example") "= bob@example.com a@r.example delivered outbound A00000001\n"
				 "+ eve@example.com a@r.example bounced outbound\n= eve@example.com a@r.example bounced outbound A00000001\n" },
	{ "used again though its end was lost", "+",
	  BOB("A00000001") QUEUED("A00000001", "1") RESULT("10:00:01", "A00000001", "a@r.example", SENT) P(
		  "smtpd", "A00000001: client=y[192.0.2.8], sasl_method=PLAIN, sasl_username=eve@example.com")
		  QUEUED("A00000001", "1") RESULT("10:00:02", "A00000001", "a@r.example", BOUNCED),
	  BOB_OUT("a@r.example") "+ eve@example.com a@r.example bounced outbound\n" },
	{ "a result without a beginning is nobody's", "+",
	  RESULT("10:00:01", "A00000001", "a@r.example", SENT), "+ - a@r.example delivered unknown\n" },
	{ "mail between accounts is internal", "+",
	  BOB("A00000001") QUEUED("A00000001", "1") MAILBOX("A00000001", "a@example.com"),
	  "+ bob@example.com a@example.com delivered internal\n" },
	{ "a local user by uid", "+",
	  P("pickup", "A00000001: uid=0 from=<root>") QUEUED("A00000001", "1")
		  RESULT("10:00:01", "A00000001", "a@r.example", SENT),
	  "+ local:root a@r.example delivered outbound\n" },
	{ "delivered while it came in: the result stands before the message", ">+=",
	  E(EX " >> a@r.example R=all T=smtp H=r.example [198.51.100.9] C=\"250 OK\"") E(
		  EX
		  " <= bob@example.com H=(pc) [192.0.2.7] P=esmtpsa A=plain:bob@example.com S=100 for a@r.example")
		  E(EX " Completed"),
	  "> bob@example.com 1\n" BOB_OUT(
		  "a@r.example") "= bob@example.com a@r.example delivered outbound " EX "\n" },
	{ "delivered while it came in, and the message never told", "+",
	  E(EX " >> a@r.example R=all T=smtp H=r.example [198.51.100.9] C=\"250 OK\"")
		  ET("10:05:00", "1abcde-0001aB-Xy Completed"),
	  "+ - a@r.example delivered inbound\n" },
	{ "who waits is held when the message is, and not lost when it goes on", "+~",
	  BOB("A00000001") QUEUED("A00000001", "2") RESULT("10:00:01", "A00000001", "a@r.example", DEFERRED)
		  RESULT("10:00:01", "A00000001", "b@r.example", SENT)
			  P("postsuper", "A00000001: placed on hold")
				  P("postsuper", "A00000001: released from hold")
					  RESULT("10:00:02", "A00000001", "a@r.example", SENT),
	  "+ bob@example.com a@r.example deferred outbound\n" BOB_OUT(
		  "b@r.example") "~ bob@example.com ? held outbound\n~ bob@example.com a@r.example delivered outbound\n" },
	{ "who waits is thrown away with the message", "+=",
	  E(EX " <= bob@example.com H=(pc) [192.0.2.7] P=esmtpsa A=plain:bob@example.com S=100")
		  E(EX " == a@r.example R=dnslookup T=remote_smtp defer (-53): retry time not reached") E(
			  EX " Frozen (delivery error message)") E(EX " removed by root") E(EX " Completed"),
	  "+ bob@example.com a@r.example deferred outbound\n= bob@example.com a@r.example discarded outbound " EX
	  "\n" },
	{ "a vacation message is its correspondent's answer, once", ">+",
	  E(EX " <= s@q.example H=q.example [203.0.113.9] P=esmtp S=100 for bob@example.com") E(
		  "1abcde-0001aB-Va <= <> R=" EX " U=bob P=local S=100 for s@q.example")
		  E("1abcde-0001aB-Va => s@q.example R=dnslookup T=remote_smtp H=q.example [203.0.113.9] C=\"250 OK\"")
			  E("1abcde-0001aB-Vb <= <> R=" EX " U=bob P=local S=100 for s@q.example") E(
				  "1abcde-0001aB-Vb => s@q.example R=dnslookup T=remote_smtp H=q.example [203.0.113.9] C=\"250 OK\""),
	  "> - 1\n> - 1\n+ - s@q.example delivered bounce\n> local:bob 1\n+ local:bob s@q.example delivered outbound\n" },
	{ "an answer to somebody else is none", "+",
	  E(EX " <= s@q.example H=q.example [203.0.113.9] P=esmtp S=100 for bob@example.com") E(
		  "1abcde-0001aB-Va <= <> R=" EX " U=bob P=local S=100 for a@r.example")
		  E("1abcde-0001aB-Va => a@r.example R=dnslookup T=remote_smtp H=r.example [198.51.100.9] C=\"250 OK\""),
	  "+ local:bob a@r.example delivered outbound\n" },
	{ "a local user beyond 31 bits", "+",
	  P("pickup", "A00000001: uid=4294967294 from=<nobody>") QUEUED("A00000001", "1")
		  RESULT("10:00:01", "A00000001", "a@r.example", SENT),
	  "+ local:4294967294 a@r.example delivered outbound\n" },
	{ "a bounce is nobody's", ">+",
	  MID("A00000002", "x@mx") P("bounce", "A00000001: sender non-delivery notification: A00000002")
		  P("qmgr", "A00000002: from=<>, size=1, nrcpt=1 (queue active)")
			  RESULT("10:00:01", "A00000002", "a@r.example", SENT),
	  "> - 1\n+ - a@r.example delivered bounce\n" },
	{ "an alias's other recipients are whose the message is", "+",
	  BOB("A00000001") QUEUED("A00000001", "1") MID("A00000002", "A00000001@example.com") P(
		  "qmgr", "A00000002: from=<bob@example.com>, size=1, nrcpt=1 (queue active)")
		  P("local",
		    "A00000001: to=<all@mx>, relay=local, delay=1, dsn=2.0.0, status=sent (forwarded as A00000002)")
			  P("qmgr", "A00000001: removed") P(
				  "smtp",
				  "A00000002: to=<a@r.example>, orig_to=<all@mx>, relay=r.example[198.51.100.9]:25, delay=1, dsn=2.0.0, status=sent (250 ok)"),
	  "+ bob@example.com a@r.example delivered outbound\n" },
	{ "what a stranger wrote to one who forwards it is the forwarder's", "+",
	  REMOTE("A00000001") QUEUED("A00000001", "1") MID("A00000002", "A00000001@example.com") P(
		  "qmgr", "A00000002: from=<bob@example.com>, size=1, nrcpt=1 (queue active)")
		  P("local",
		    "A00000001: to=<carl@mx>, orig_to=<carl@example.com>, relay=local, delay=1, dsn=2.0.0, status=sent (forwarded as A00000002)")
			  P("smtp",
			    "A00000002: to=<c@r.example>, orig_to=<carl@example.com>, relay=r.example[198.51.100.9]:25, delay=1, dsn=2.0.0, status=sent (250 ok)"),
	  "+ carl@example.com c@r.example delivered forwarded\n" },
	{ "a remote server's word of forwarding joins nothing", "+",
	  BOB("A00000001") QUEUED("A00000001", "1") MID("A00000002", "x@x.example") P(
		  "smtp",
		  "A00000001: to=<a@r.example>, relay=r.example[198.51.100.9]:25, delay=1, dsn=2.0.0, status=sent (forwarded as A00000002)")
		  P("smtp",
		    "A00000002: to=<b@r.example>, relay=r.example[198.51.100.9]:25, delay=1, dsn=2.0.0, status=sent (250 ok)"),
	  "+ bob@example.com a@r.example delivered outbound\n+ - b@r.example delivered unknown\n" },
	{ "mail from this machine without a login is its sender's domain's", ">+",
	  LOOPBACK("A00000001") MID("A00000001", "x@shop")
		  P("qmgr", "A00000001: from=<app@Shop.example>, size=1, nrcpt=1 (queue active)")
			  RESULT("10:00:01", "A00000001", "a@r.example", SENT),
	  "> sender:shop.example 1\n+ sender:shop.example a@r.example delivered outbound\n" },
	{ "who forwards strangers' mail is the address it was sent to", "+",
	  REMOTE("A00000001") P(
		  "qmgr",
		  "A00000001: from=<s@q.example>, size=1, nrcpt=2 (queue active)") MAILBOX("A00000001",
											   "carl@example.com")
		  PT("10:00:01", "smtp",
		     "A00000001: to=<c@r.example>, orig_to=<Carl@Example.com>, relay=r.example[198.51.100.9]:25, delay=1, delays=0/0/0/1, " SENT),
	  "+ - carl@example.com delivered inbound\n+ carl@example.com c@r.example delivered forwarded\n" },
	{ "one address behind two aliases is two attempts", "+",
	  BOB("A00000001") PT(
		  "10:00:01",
		  "smtp",
		  "A00000001: to=<c@r.example>, orig_to=<x@example.com>, relay=r.example[198.51.100.9]:25, delay=1, delays=0/0/0/1, " SENT)
		  PT("10:00:01", "smtp",
		     "A00000001: to=<c@r.example>, orig_to=<y@example.com>, relay=r.example[198.51.100.9]:25, delay=1, delays=0/0/0/1, " SENT),
	  BOB_OUT("c@r.example") BOB_OUT("c@r.example") },
	{ "an address that was tried is no mail", "+",
	  P("smtp",
	    "A00000001: to=<a@r.example>, relay=r.example[198.51.100.9]:25, delay=1, delays=0/0/0/1, dsn=2.1.5, status=deliverable (250 ok)"),
	  "" },
	{ "what is refused after its data is forgotten", ">+=",
	  BOB("A00000001") P(
		  "cleanup",
		  "A00000001: milter-reject: END-OF-MESSAGE from x[192.0.2.7]: 5.7.1 Spam; from=<bob@example.com> to=<a@r.example> proto=ESMTP helo=<x>"),
	  "" },
	{ "postsuper queues again under another id", "+=",
	  BOB("A00000001") QUEUED("A00000001", "1") RESULT("10:00:01", "A00000001", "a@r.example",
							   DEFERRED) P("postsuper", "A00000001: requeued")
		  P("pickup", "A00000002: uid=0 from=<bob@example.com> orig_id=A00000001")
			  QUEUED("A00000002", "1") RESULT("10:00:03", "A00000002", "a@r.example", SENT)
				  REMOVED("A00000002"),
	  "+ bob@example.com a@r.example deferred outbound\n= bob@example.com a@r.example delivered outbound A00000001,A00000002\n" },

	/* Content filters */
	{ "a filter that names the first leg", ">+=",
	  BOB("A00000001") QUEUED("A00000001", "1") P(
		  "10025/smtpd",
		  "A00000002: client=localhost[127.0.0.1], orig_queue_id=A00000001, orig_client=x[192.0.2.7]")
		  QUEUED("A00000002", "1") RESULT("10:00:01", "A00000002", "a@r.example", SENT)
			  REMOVED("A00000002") FILTER("A00000001", "a@r.example", AS("A00000002"))
				  REMOVED("A00000001"),
	  "> bob@example.com 1\n" BOB_OUT(
		  "a@r.example") "= bob@example.com a@r.example delivered outbound A00000001,A00000002\n" },
	{ "its answer comes first", ">+=",
	  BOB("A00000001") QUEUED("A00000001", "1") FILTER("A00000001", "a@r.example", AS("A00000002"))
		  REMOVED("A00000001") LOOPBACK("A00000002") QUEUED("A00000002", "1")
			  RESULT("10:00:01", "A00000002", "a@r.example", BOUNCED) REMOVED("A00000002"),
	  "> bob@example.com 1\n+ bob@example.com a@r.example bounced outbound\n= bob@example.com a@r.example bounced outbound A00000001,A00000002\n" },
	{ "its answer comes last and only it joins the two", ">+=",
	  BOB("A00000001") MID("A00000001", "m@x") ACTIVE("A00000001") LOOPBACK("A00000002")
		  MID("A00000002", "m@x") ACTIVE("A00000002")
			  RESULT("10:00:01", "A00000002", "a@r.example", SENT) REMOVED("A00000002")
				  FILTER("A00000001", "a@r.example", AS("A00000002")) REMOVED("A00000001"),
	  "> bob@example.com 1\n" BOB_OUT(
		  "a@r.example") "= bob@example.com a@r.example delivered outbound A00000001,A00000002\n" },
	{ "the filter's own log line joins them", ">+",
	  BOB("A00000001") MID("A00000001", "m@x") ACTIVE("A00000001") LOOPBACK("A00000002") MID(
		  "A00000002", "m@x") ACTIVE("A00000002")
		  RESULT("10:00:01", "A00000002", "a@r.example",
			 SENT) "Nov 21 10:00:00 mx amavis[7]: (1-01) Passed CLEAN {RelayedOutbound}, [192.0.2.7]:40402 <bob@example.com> -> <a@r.example>, Queue-ID: A00000001, Message-ID: <m@x>, mail_id: Z, Hits: -, size: 1, queued_as: A00000002, 12 ms\n",
	  "> bob@example.com 1\n" BOB_OUT("a@r.example") },
	{ "the filter hides the id: the message-id joins them", ">+=",
	  BOB("A00000001") MID("A00000001", "m@x") ACTIVE("A00000001") LOOPBACK("A00000002")
		  MID("A00000002", "m@x") ACTIVE("A00000002")
			  RESULT("10:00:01", "A00000002", "a@r.example", SENT) REMOVED("A00000002")
				  FILTER("A00000001", "a@r.example", "250 accepted") REMOVED("A00000001"),
	  "> bob@example.com 1\n" BOB_OUT(
		  "a@r.example") "= bob@example.com a@r.example delivered outbound A00000001,A00000002\n" },
	{ "and when the first leg is over before", ">+=",
	  BOB("A00000001") MID("A00000001", "m@x") ACTIVE("A00000001")
		  FILTER("A00000001", "a@r.example", "250 accepted") REMOVED("A00000001")
			  LOOPBACK("A00000002") MID("A00000002", "m@x") ACTIVE("A00000002")
				  RESULT("10:00:01", "A00000002", "a@r.example", SENT) REMOVED("A00000002"),
	  "> bob@example.com 1\n" BOB_OUT(
		  "a@r.example") "= bob@example.com a@r.example delivered outbound A00000001,A00000002\n" },
	{ "a program on this machine that gives nothing back was the goal", ">+=",
	  BOB("A00000001") QUEUED("A00000001", "1")
		  FILTER("A00000001", "a@r.example", "250 2.0.0 Ok: queued as B00000009") REMOVED("A00000001")
			  PT("10:30:00", "qmgr", "A00000003: removed"),
	  "> bob@example.com 1\n" BOB_OUT(
		  "a@r.example") "= bob@example.com a@r.example delivered outbound A00000001,B00000009\n" },
	{ "a filter's refusal is an outcome", "+",
	  BOB("A00000001") QUEUED("A00000001", "1") P(
		  "smtp",
		  "A00000001: to=<a@r.example>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, delays=0/0/0/1, dsn=5.7.0, status=bounced (host 127.0.0.1[127.0.0.1] said: 554 5.7.0 Reject, id=1 - SPAM (in reply to end of DATA command))"),
	  "+ bob@example.com a@r.example bounced outbound\n" },
	{ "a stranger's mail through the filter is forwarded by whom the first leg names", "+",
	  REMOTE("A00000001") QUEUED("A00000001", "1") P(
		  "10025/smtpd",
		  "A00000002: client=localhost[127.0.0.1], orig_queue_id=A00000001, orig_client=x[203.0.113.9]")
		  QUEUED("A00000002", "1") RESULT("10:00:01", "A00000002", "c@r.example",
						  SENT) REMOVED("A00000002")
			  P("smtp",
			    "A00000001: to=<c@r.example>, orig_to=<carl@example.com>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (" AS(
				    "A00000002") ")") REMOVED("A00000001"),
	  "+ carl@example.com c@r.example delivered forwarded\n" },
	{ "a proxy filter before the queue", "+",
	  P("smtpd", "NOQUEUE: client=x[192.0.2.7], sasl_method=PLAIN, sasl_username=bob@example.com")
		  P("10025/smtpd", "A00000001: client=localhost[127.0.0.1], orig_client=x[192.0.2.7]")
			  QUEUED("A00000001", "1") RESULT("10:00:01", "A00000001", "a@r.example", SENT),
	  BOB_OUT("a@r.example") },
	{ "a proxy filter's line tells apart whom one address hides", ">+",
	  P("smtpd", "NOQUEUE: client=x[192.0.2.7], sasl_method=PLAIN, sasl_username=eve@example.com") P(
		  "smtpd", "NOQUEUE: client=x[192.0.2.7], sasl_method=PLAIN, sasl_username=bob@example.com")
		  P("10025/smtpd", "A00000001: client=localhost[127.0.0.1], orig_client=x[192.0.2.7]")
			  QUEUED("A00000001", "2") RESULT("10:00:01", "A00000001", "a@r.example", SENT)
				  PROXIED("A00000001", " sasl_username=<bob@example.com>")
					  RESULT("10:00:01", "A00000001", "b@r.example", SENT),
	  "> bob@example.com 2\n" BOB_OUT("a@r.example") BOB_OUT("b@r.example") },
	{ "before the queue has spoken", ">+",
	  P("10025/smtpd", "A00000001: client=localhost[127.0.0.1], orig_client=x[192.0.2.7]") "Nov 21 10:00:00 mx amavis[7]: (1-01) Passed CLEAN {RelayedOutbound}, [192.0.2.7]:4 <bob@example.com> -> <a@r.example>, Queue-ID: [UNAVAILABLE], Message-ID: <m@x>, queued_as: A00000001, 12 ms\n" PROXIED(
		  "A00000001", " sasl_username=<bob@example.com>") QUEUED("A00000001", "1")
		  RESULT("10:00:01", "A00000001", "a@r.example", SENT),
	  "> bob@example.com 1\n" BOB_OUT("a@r.example") },
	{ "a stranger behind the address of a login is not that login", "+",
	  P("smtpd", "NOQUEUE: client=x[192.0.2.7], sasl_method=PLAIN, sasl_username=bob@example.com")
		  P("10025/smtpd", "A00000001: client=localhost[127.0.0.1], orig_client=x[192.0.2.7]") QUEUED(
			  "A00000001", "1") PROXIED("A00000001", " sasl_username=<bob@example.com>")
			  P("10025/smtpd", "A00000002: client=localhost[127.0.0.1], orig_client=x[192.0.2.7]")
				  QUEUED("A00000002", "1") PROXIED("A00000002", "")
					  MAILBOX("A00000002", "carl@example.com")
						  RESULT("10:00:01", "A00000001", "a@r.example", SENT),
	  "+ - carl@example.com delivered inbound\n" BOB_OUT("a@r.example") },
	{ "Exim's filter is run as a command, for each recipient, and gives back by Exim's own user", ">+",
	  E("1abcde-0001aA-Aa <= bob@example.com H=(x) [192.0.2.7] P=esmtpsa A=plain:bob@example.com S=100 id=1@x") E(
		  "1abcde-0001aA-Bb <= bob@example.com U=Debian-exim P=spam-scanned S=100 id=1@x")
		  E("1abcde-0001aA-Bb => a@r.example R=dnslookup T=remote_smtp H=r.example [198.51.100.9] C=\"250 ok\"") E(
			  "1abcde-0001aA-Bb Completed")
			  E("1abcde-0001aA-Aa => a <a@r.example> R=spamcheck_router T=spamcheck") E(
				  "1abcde-0001aA-Cc <= bob@example.com U=Debian-exim P=spam-scanned S=100 id=1@x")
				  E("1abcde-0001aA-Aa => anna <anna@example.com> R=spamcheck_router T=spamcheck") E(
					  "1abcde-0001aA-Aa Completed")
					  E("1abcde-0001aA-Cc => anna <anna@example.com> R=local T=mail_spool")
						  E("1abcde-0001aA-Cc Completed"),
	  "> bob@example.com -1\n" BOB_OUT(
		  "a@r.example") "+ bob@example.com anna@example.com delivered internal\n" },
	{ "a mailbox is no filter", "+",
	  E("1abcde-0001aA-Aa <= bob@example.com H=(x) [192.0.2.7] P=esmtpsa A=plain:bob@example.com S=100 id=1@x")
		  E("1abcde-0001aA-Aa => anna <anna@example.com> R=local T=mail_spool"),
	  "+ bob@example.com anna@example.com delivered internal\n" },
	{ "one failure in two of Exim's logs is one, two in one log are two", "!",
	  E(FAILED) "rejectlog: " E(FAILED) E(FAILED) E(FAILED) "rejectlog: " E(FAILED) "rejectlog: " E(
		  FAILED) "rejectlog: " ET("10:00:01", FAILED),
	  "! bob 203.0.113.9\n! bob 203.0.113.9\n! bob 203.0.113.9\n! bob 203.0.113.9\n" },
	{ "MailScanner queues again", "+=",
	  BOB("A00000001") MID(
		  "A00000001",
		  "m@x") "Nov 21 10:00:00 mx MailScanner[7]: Requeue: A00000001.A1234 to A00000002\n" ACTIVE("A00000002")
		  RESULT("10:00:01", "A00000002", "a@r.example", SENT) REMOVED("A00000002"),
	  BOB_OUT("a@r.example") "= bob@example.com a@r.example delivered outbound A00000001,A00000002\n" },

	/* Exim */
	{ "Exim, one message and three outcomes", ">+~=",
	  E(EX
	    " <= bob@example.com H=(x) [192.0.2.7] P=esmtpsa A=plain:Bob@Example.com S=100 id=1@x T=\"hi\" from <bob@example.com> for a@r.example b@r.example anna@example.com")
		  E(EX " => a@r.example R=dnslookup T=remote_smtp H=r.example [198.51.100.9] C=\"250 ok\"") E(
			  EX
			  " ** b@r.example R=dnslookup T=remote_smtp H=r.example [198.51.100.9]: SMTP error from remote mail server after RCPT TO:<b@r.example>: 550 5.1.1 no such user")
			  E(EX " => anna <anna@example.com> R=local T=local_delivery") E(EX " Completed"),
	  "> bob@example.com 3\n" BOB_OUT(
		  "a@r.example") "+ bob@example.com b@r.example bounced outbound\n+ bob@example.com anna@example.com delivered internal\n"
				 "= bob@example.com a@r.example delivered outbound " EX
				 "\n= bob@example.com b@r.example bounced outbound " EX
				 "\n= bob@example.com anna@example.com delivered internal " EX "\n" },
	{ "Exim without recipients in its first line submits at the first result", ">+",
	  E(EX " <= bob@example.com H=(x) [192.0.2.7] P=esmtpsa A=plain:bob@example.com S=100") E(
		  EX
		  " == a@r.example R=dnslookup T=remote_smtp defer (-53): retry time not reached for any host")
		  E(EX " => a@r.example R=dnslookup T=remote_smtp H=r.example [198.51.100.9] C=\"250 ok\""),
	  "> bob@example.com -1\n+ bob@example.com a@r.example deferred outbound\n" },
	{ "Exim forwards a stranger's mail", "+",
	  E(EX " <= s@q.example H=q.example [203.0.113.9] P=esmtp S=100") E(
		  EX
		  " => c@r.example <carl@example.com> R=dnslookup T=remote_smtp H=r.example [198.51.100.9] C=\"250 ok\"")
		  E(EX " Completed"),
	  "+ carl@example.com c@r.example delivered forwarded\n" },
	{ "Exim's bounce is nobody's", "+",
	  E(EX " <= <> R=1abcde-0001aA-Ab U=Debian-exim P=local S=100")
		  E(EX " => s@r.example R=dnslookup T=remote_smtp H=r.example [198.51.100.9] C=\"250 ok\""),
	  "+ - s@r.example delivered bounce\n" },
	{ "Exim's local user, and a shared one by his directory", "+",
	  E("cwd=/home/web1/public_html 3 args: /usr/sbin/sendmail -t -i") E(
		  "1abcde-0001aA-Aa <= w@x.example U=web1 P=local S=100")
		  E("1abcde-0001aA-Aa => a@r.example R=dnslookup T=remote_smtp H=r.example [198.51.100.9] C=\"250 ok\"")
			  E("cwd=/home/bob/public_html/x 3 args: /usr/sbin/sendmail -t -i") E(
				  "1abcde-0001aA-Bb <= w@x.example U=www-data P=local S=100")
				  E("1abcde-0001aA-Bb => a@r.example R=dnslookup T=remote_smtp H=r.example [198.51.100.9] C=\"250 ok\""),
	  "+ local:web1 a@r.example delivered outbound\n+ script:/home/bob/public_html/x a@r.example delivered outbound\n" },
	{ "cPanel names the user behind a shared one, before the message", "+",
	  E(EX " Sender identification U=bob D=x.example S=w@x.example") E(
		  EX " <= w@x.example U=www-data P=local S=100")
		  E(EX " => a@r.example R=dnslookup T=remote_smtp H=r.example [198.51.100.9] C=\"250 ok\""),
	  "+ local:bob a@r.example delivered outbound\n" },
	{ "cPanel names the user who connects from this machine", "+",
	  E("SMTP connection identification H=localhost A=127.0.0.1 P=47376 U=bob ID=1001 S=bob B=identify_local_connection")
		  E(EX " <= w@x.example H=localhost (x) [127.0.0.1]:47376 P=esmtp S=100") E(
			  EX
			  " => a@r.example R=dnslookup T=remote_smtp H=r.example [198.51.100.9] C=\"250 ok\""),
	  "+ local:bob a@r.example delivered outbound\n" },
	{ "a connection that cPanel names is kept for as long as it is used", "+",
	  E("SMTP connection identification H=localhost A=::1 P=47376 U=bob ID=1001 S=bob B=identify_local_connection")
		  ET("10:08:00", "1abcde-0001aA-Aa <= w@x.example H=localhost (x) [::1]:47376 P=esmtp S=100") ET(
			  "10:08:00",
			  "1abcde-0001aA-Aa => a@r.example R=dnslookup T=remote_smtp H=r.example [198.51.100.9] C=\"250 ok\"")
			  ET("10:16:00",
			     "1abcde-0001aA-Bb <= w@x.example H=localhost (x) [::1]:47376 P=esmtp S=100")
				  ET("10:16:00",
				     "1abcde-0001aA-Bb => b@r.example R=dnslookup T=remote_smtp H=r.example [198.51.100.9] C=\"250 ok\""),
	  "+ local:bob a@r.example delivered outbound\n+ local:bob b@r.example delivered outbound\n" },
	{ "cPanel names the mailbox that was read from a client's address, which may send now without a login",
	  "+",
	  E("SMTP connection identification H=(x) A=192.0.2.7 P=51234 U=bob ID=1001 S=bob@example.com B=get_recent_authed_mail_ips_entry")
		  E(EX " <= bob@example.com H=(x) [192.0.2.7]:51234 P=esmtp S=100") E(
			  EX
			  " => a@r.example R=dnslookup T=remote_smtp H=r.example [198.51.100.9] C=\"250 ok\""),
	  BOB_OUT("a@r.example") },
	{ "cPanel names a message's user, whatever its sender", "++",
	  E("SMTP connection identification H=(x) A=192.0.2.7 P=51234 M=1abcde-0001aA-Aa U=bob ID=1001 S=eve@y.example B=authenticated_local_user")
		  E("1abcde-0001aA-Aa <= eve@y.example H=(x) [192.0.2.7]:51234 P=esmtp S=100") E(
			  "1abcde-0001aA-Aa => a@r.example R=dnslookup T=remote_smtp H=r.example [198.51.100.9] C=\"250 ok\"")
			  E("SMTP connection identification H=(x) A=192.0.2.7 P=51234 M=1abcde-0001aA-Bb U=carl ID=1002 S=carl B=authenticated_local_user")
				  E("1abcde-0001aA-Bb <= w@x.example H=(x) [192.0.2.7]:51234 P=esmtp S=100") E(
					  "1abcde-0001aA-Bb => b@r.example R=dnslookup T=remote_smtp H=r.example [198.51.100.9] C=\"250 ok\""),
	  "+ local:bob a@r.example delivered outbound\n+ local:carl b@r.example delivered outbound\n" },
	{ "cPanel names another connection's user, a list server and a shared user", "+",
	  E("SMTP connection identification H=localhost A=127.0.0.1 P=47376 U=bob ID=1001 S=bob B=identify_local_connection") E(
		  "SMTP connection identification H=localhost A=127.0.0.1 P=47377 U=mailman ID=989 S=mailman B=identify_local_connection")
		  E("SMTP connection identification H=localhost A=127.0.0.1 P=47378 U=www-data ID=1033 S=www-data B=identify_local_connection")
			  E("1abcde-0001aA-Aa <= w@x.example H=localhost (x) [127.0.0.1]:4737 P=esmtp S=100") E(
				  "1abcde-0001aA-Aa => a@r.example R=dnslookup T=remote_smtp H=r.example [198.51.100.9] C=\"250 ok\"")
				  E("1abcde-0001aA-Bb <= w@y.example H=localhost (x) [127.0.0.1]:47377 P=esmtp S=100") E(
					  "1abcde-0001aA-Bb => a@r.example R=dnslookup T=remote_smtp H=r.example [198.51.100.9] C=\"250 ok\"")
					  E("1abcde-0001aA-Cc <= w@z.example H=localhost (x) [127.0.0.1]:47378 P=esmtp S=100")
						  E("1abcde-0001aA-Cc => a@r.example R=dnslookup T=remote_smtp H=r.example [198.51.100.9] C=\"250 ok\""),
	  "+ sender:x.example a@r.example delivered outbound\n"
	  "+ sender:y.example a@r.example delivered outbound\n"
	  "+ sender:z.example a@r.example delivered outbound\n" },
	{ "A filter that cPanel names gives back what has a login", ">+",
	  E("1abcde-0001aA-Aa <= bob@example.com H=(x) [192.0.2.7]:4711 P=esmtpsa A=plain:bob@example.com S=100 id=1@x for a@r.example")
		  E("SMTP connection identification H=localhost A=127.0.0.1 P=47376 U=scan ID=1001 S=scan B=identify_local_connection")
			  E("1abcde-0001aA-Bb <= bob@example.com H=localhost [127.0.0.1]:47376 P=esmtp S=100 id=1@x for a@r.example")
				  E("1abcde-0001aA-Bb => a@r.example R=dnslookup T=remote_smtp H=r.example [198.51.100.9] C=\"250 ok\"")
					  E("1abcde-0001aA-Bb Completed") E(
						  "1abcde-0001aA-Aa => a@r.example R=amavis T=amavis H=127.0.0.1 [127.0.0.1] C=\"250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 OK id=1abcde-0001aA-Bb\"")
						  E("1abcde-0001aA-Aa Completed"),
	  "> bob@example.com 1\n" BOB_OUT("a@r.example") },
	{ "Exim's filter gives back under another id", ">+",
	  E("1abcde-0001aA-Aa <= bob@example.com H=(x) [192.0.2.7] P=esmtpsa A=plain:bob@example.com S=100 id=1@x for a@r.example")
		  E("1abcde-0001aA-Bb <= bob@example.com H=localhost [127.0.0.1] P=esmtp S=100 id=1@x for a@r.example")
			  E("1abcde-0001aA-Bb => a@r.example R=dnslookup T=remote_smtp H=r.example [198.51.100.9] C=\"250 ok\"")
				  E("1abcde-0001aA-Bb Completed") E(
					  "1abcde-0001aA-Aa => a@r.example R=amavis T=amavis H=127.0.0.1 [127.0.0.1] C=\"250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 OK id=1abcde-0001aA-Bb\"")
					  E("1abcde-0001aA-Aa Completed"),
	  "> bob@example.com 1\n" BOB_OUT("a@r.example") },
	{ "two hosts may have the same queue id", "+",
	  "Nov 21 10:00:00 mx1 postfix/smtpd[1]: A00000001: client=x[192.0.2.7], sasl_method=PLAIN, sasl_username=bob@example.com\n"
	  "Nov 21 10:00:00 mx2 postfix/smtpd[1]: A00000001: client=x[192.0.2.8], sasl_method=PLAIN, sasl_username=eve@example.com\n"
	  "Nov 21 10:00:01 mx1 postfix/smtp[1]: A00000001: to=<a@r.example>, relay=r.example[198.51.100.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)\n"
	  "Nov 21 10:00:01 mx2 postfix/smtp[1]: A00000001: to=<b@r.example>, relay=r.example[198.51.100.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)\n",
	  BOB_OUT("a@r.example") "+ eve@example.com b@r.example delivered outbound\n" },
};

static void lives_are_followed(void **state)
{
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
		struct ledger_options options = ledger_options_plain();
		struct text got = ledger_tells(&options, lives[i].kinds, lives[i].lines);

		if (strcmp(got.at, lives[i].told) != 0) {
			print_error("%s:\n--- wanted\n%s--- got\n%s", lives[i].name, lives[i].told, got.at);
			failed++;
		}
		text_free(&got);
	}
	assert_int_equal(failed, 0);
}

static void expect(const struct ledger_options *options, const char *kinds, const char *lines,
		   const char *told)
{
	struct text got = ledger_tells(options, kinds, lines);

	assert_string_equal(got.at, told);
	text_free(&got);
}

static void settings_change_whose_it_is(void **state)
{
	struct ledger_options options = ledger_options_plain();
	char network[] = "203.0.113.0/24", domain[] = "hosted.example", filter[] = "198.51.100.9:25";
	char *networks[] = { network }, *domains[] = { domain }, *filters[] = { filter };

	(void)state;
	options.trusted_hosts = (struct setting_list){ networks, 1 };
	expect(&options, "+",
	       REMOTE("A00000001") ACTIVE("A00000001") RESULT("10:00:01", "A00000001", "a@r.example", SENT),
	       "+ host:203.0.113.9 a@r.example delivered outbound\n");
	options.local_domains = (struct setting_list){ domains, 1 };
	expect(&options, "+",
	       BOB("A00000001") ACTIVE("A00000001") RESULT("10:00:01", "A00000001", "a@Hosted.example", SENT),
	       "+ bob@example.com a@Hosted.example delivered internal\n");
	options.filters = (struct setting_list){ filters, 1 };
	expect(&options, "+",
	       BOB("A00000001") ACTIVE("A00000001") RESULT("10:00:01", "A00000001", "a@r.example", SENT), "");
	options.fold_case = false;
	expect(&options, "!",
	       P("smtpd",
		 "warning: x[203.0.113.9]: SASL LOGIN authentication failed: x, sasl_username=Bob@example.com"),
	       "! Bob@example.com 203.0.113.9\n");
}

#define PIPED(id, to) \
	P("pipe", id \
	  ": to=<" to \
	  ">, relay=spamassassin, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (delivered via spamassassin service)")
#define BY_SPAMD(id) P("pickup", id ": uid=2000000001 from=<bob@example.com>")

/* A filter that is run as a command gives back by sendmail, before or after its own result is logged. */
static void a_piped_filter_is_no_account(void **state)
{
	struct ledger_options options = ledger_options_plain();
	char filter[] = "spamassassin";
	char *filters[] = { filter };

	(void)state;
	options.filters = (struct setting_list){ filters, 1 };
	expect(&options, ">+=",
	       BOB("A00000001") MID("A00000001", "m@x") ACTIVE("A00000001") PIPED("A00000001", "a@r.example")
		       BY_SPAMD("A00000002") MID("A00000002", "m@x") REMOVED("A00000001") ACTIVE("A00000002")
			       RESULT("10:00:01", "A00000002", "a@r.example", SENT) REMOVED("A00000002")
				       BOB("A00000003") MID("A00000003", "n@x") ACTIVE("A00000003") BY_SPAMD(
					       "A00000004") MID("A00000004", "n@x") ACTIVE("A00000004")
					       PIPED("A00000003", "b@r.example") REMOVED("A00000003")
						       RESULT("10:00:01", "A00000004", "b@r.example", SENT)
							       REMOVED("A00000004"),
	       "> bob@example.com 1\n" BOB_OUT(
		       "a@r.example") "= bob@example.com a@r.example delivered outbound A00000001,A00000002\n"
				      "> bob@example.com 1\n" BOB_OUT(
					      "b@r.example") "= bob@example.com b@r.example delivered outbound A00000003,A00000004\n");
	/* What that user sends of his own is his. */
	expect(&options, ">+",
	       BY_SPAMD("A00000002") MID("A00000002", "m@x") ACTIVE("A00000002")
		       RESULT("10:00:01", "A00000002", "a@r.example", SENT),
	       "> local:2000000001 1\n+ local:2000000001 a@r.example delivered outbound\n");
}

static void a_mailbox_by_lmtp_is_here(void **state)
{
	struct ledger_options options = ledger_options_plain();

	(void)state;
	expect(&options, "+",
	       BOB("A00000001") ACTIVE("A00000001") P(
		       "lmtp",
		       "A00000001: to=<a@example.com>, relay=127.0.0.1[127.0.0.1]:24, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 <a@example.com> Saved)"),
	       "+ bob@example.com a@example.com delivered internal\n");
	expect(&options, "+",
	       E(EX " <= s@q.example H=q.example [203.0.113.9] P=esmtp S=100") E(
		       EX
		       " => bob@example.com R=dovecot T=dovecot_lmtp H=127.0.0.1 [127.0.0.1]:24 C=\"250 2.0.0 <bob@example.com> Saved\""),
	       "+ - bob@example.com delivered inbound\n");
}

/* Bytes in use; 0 where the allocator does not say. */
static size_t heap_used(void)
{
#ifdef __GLIBC__
#if __GLIBC_PREREQ(2, 33)
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
#endif
#endif
	return 0;
}

/* An open message costs less than 400 bytes, its recipient and texts included. */
static void an_open_message_is_small(void **state)
{
	enum { MANY = 20000 };
	struct ledger_options options = ledger_options_plain();
	struct ledger_sink sink = { .context = NULL };
	struct error error;
	struct replies *replies = replies_new(NULL, 0, &error);
	struct ledger *ledger;
	size_t before, after;
	char line[800];

	(void)state;
	options.messages = MANY;
	ledger = ledger_new(&options, replies, &sink, &error);
	before = heap_used();
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(line, sizeof(line),
			 BOB("A%08X") P("cleanup", "A%08X: message-id=<0123456789abcdef.%u@mail.example.com>")
				 ACTIVE("A%08X") RESULT("10:00:01", "A%08X", "a.recipient@remote.example",
							GREYLISTED),
			 i, i, i, i, i);
		ledger_feed_text(ledger, span_of(line));
	}
	after = heap_used();
	assert_int_equal(ledger_stats(ledger).open, MANY);
	if (after > before) /* 0 where another allocator is at work */
		assert_in_range((after - before) / MANY, 1, 400);
	ledger_free(&ledger);
	replies_free(&replies);
}

/* After two days of the log's time without news a message is over, though no line says so. */
static void silence_ends_a_message(void **state)
{
	struct ledger_options options = ledger_options_plain();

	(void)state;
	expect(&options, "+=",
	       BOB("A00000001") ACTIVE("A00000001") RESULT(
		       "10:00:01", "A00000001", "a@r.example",
		       DEFERRED) "Nov 23 10:00:00 mx postfix/smtpd[1]: A00000002: client=x[203.0.113.9]\n"
				 "Nov 23 10:00:01 mx postfix/smtp[1]: A00000001: to=<a@r.example>, relay=r.example[198.51.100.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)\n",
	       "+ bob@example.com a@r.example deferred outbound\n= bob@example.com a@r.example deferred outbound A00000001\n"
	       "+ - a@r.example delivered unknown\n= - a@r.example delivered unknown A00000001\n");
}

/* What is told apart from outbound mail is held against the account where the settings say so. */
static void settings_count_more_in(void **state)
{
	const char *lines = BOB("A00000001") QUEUED("A00000001", "2") MAILBOX("A00000001", "a@example.com") RESULT(
		"10:00:01", "A00000001", "x@r.example",
		BOUNCED) MID("A00000002", "x@mx") P("bounce",
						    "A00000001: sender non-delivery notification: A00000002")
		P("qmgr", "A00000002: from=<>, size=1, nrcpt=1 (queue active)") MAILBOX(
			"A00000002", "bob@example.com") REMOTE("A00000003")
			P("qmgr", "A00000003: from=<s@q.example>, size=1, nrcpt=1 (queue active)") PT(
				"10:00:01", "smtp",
				"A00000003: to=<c@r.example>, orig_to=<carl@example.com>, relay=r.example[198.51.100.9]:25, delay=1, delays=0/0/0/1, " SENT)
				P("pickup", "A00000004: uid=2000000001 from=<>") MID("A00000004", "y@mx")
					P("qmgr", "A00000004: from=<>, size=1, nrcpt=1 (queue active)")
						RESULT("10:00:01", "A00000004", "s@q.example", SENT);
	struct ledger_options options = ledger_options_plain();
	char passwd[] = "/tmp/passwd-XXXXXX";
	FILE *file = fdopen(mkstemp(passwd), "w");

	(void)state;
	fputs("vmail:x:2000000001:1::/var/vmail:/bin/sh\n", file);
	fclose(file);
	options.passwd = passwd;
	expect(&options, "+", lines,
	       "+ bob@example.com a@example.com delivered internal\n+ bob@example.com x@r.example bounced outbound\n"
	       "+ - bob@example.com delivered bounce\n+ carl@example.com c@r.example delivered forwarded\n"
	       "+ - s@q.example delivered bounce\n");
	options.count_internal = options.count_forwarded = options.count_bounces = true;
	expect(&options, "+", lines,
	       "+ bob@example.com a@example.com delivered internal counted\n+ bob@example.com x@r.example bounced outbound\n"
	       "+ bob@example.com bob@example.com delivered bounce counted\n"
	       "+ carl@example.com c@r.example delivered forwarded counted\n+ - s@q.example delivered bounce\n");
	unlink(passwd);
}

static void bad_settings_are_refused(void **state)
{
	struct ledger_options options = ledger_options_plain();
	struct ledger_sink sink = { .context = NULL };
	char network[] = "203.0.113.0/33";
	char *networks[] = { network };
	struct error error;

	(void)state;
	options.trusted_hosts = (struct setting_list){ networks, 1 };
	assert_null(ledger_new(&options, NULL, &sink, &error));
	assert_string_equal(error.text, "trusted_hosts: \"203.0.113.0/33\" is no address and no network");
}

/* Messages that never end: the oldest are given up and counted, and what comes of them later is nobody's. */
static void it_is_bounded(void **state)
{
	struct ledger_options options = ledger_options_plain();
	struct told told = { .kinds = "+" };
	struct ledger_sink sink = { .context = &told, .attempt = told_attempt };
	struct error error;
	struct replies *replies = replies_new(NULL, 0, &error);
	struct ledger *ledger;
	char line[400];

	(void)state;
	options.messages = 100;
	ledger = ledger_new(&options, replies, &sink, &error);
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(line, sizeof(line),
			 P("smtpd",
			   "A%08X: client=x[192.0.2.7], sasl_method=PLAIN, sasl_username=bob@example.com")
				 ACTIVE("A%08X"),
			 i, i);
		ledger_feed_text(ledger, span_of(line));
	}
	assert_int_equal(ledger_stats(ledger).open, 100);
	assert_int_equal(ledger_stats(ledger).evicted, 4900);
	ledger_feed_text(ledger, span_of(RESULT("10:00:01", "A00000005", "a@r.example", SENT)
						 RESULT("10:00:01", "A00001387", "b@r.example", SENT)));
	/* What has lost its beginning waits for it until the end. */
	ledger_finish(ledger);
	assert_string_equal(
		told.text.at,
		"+ bob@example.com b@r.example delivered outbound\n+ - a@r.example delivered unknown\n");
	assert_int_equal(ledger_stats(ledger).orphans, 1);
	assert_int_equal(ledger_stats(ledger).open, 0);
	ledger_free(&ledger);
	replies_free(&replies);
	text_free(&told.text);
}

static void many_recipients_are_told_apart(void **state)
{
	enum { MANY = 20000 };
	struct ledger_options options = ledger_options_plain();
	struct ledger_sink sink = { .context = NULL };
	struct error error;
	struct replies *replies = replies_new(NULL, 0, &error);
	struct ledger *ledger = ledger_new(&options, replies, &sink, &error);
	char line[400];

	(void)state;
	ledger_feed_text(ledger, span_of(BOB("A00000001") ACTIVE("A00000001")));
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < MANY; i++) {
			snprintf(line, sizeof(line), RESULT("10:00:01", "A00000001", "r%u@r.example", SENT),
				 i);
			ledger_feed_text(ledger, span_of(line));
		}
	/* Of 20,000 addresses, 32 bits of hash take hardly one for another. */
	assert_in_range(ledger_stats(ledger).attempts, MANY - 2, MANY);
	ledger_free(&ledger);
	replies_free(&replies);
}

/* As many first legs wait for a filter that hides their ids, while others come and go: each is found again. */
static void many_second_legs_find_their_first(void **state)
{
	enum { MANY = 2000, OTHERS = 6000 };
	struct ledger_options options = ledger_options_plain();
	struct text lines = { 0 };
	struct told told = { .kinds = "+" };
	struct ledger_sink sink = { .context = &told, .attempt = told_attempt };
	struct error error;
	struct replies *replies = replies_new(NULL, 0, &error);
	struct ledger *ledger = ledger_new(&options, replies, &sink, &error);

	(void)state;
	for (unsigned i = 0; i < MANY; i++)
		text_add_format(&lines, BOB("A%08u") MID("A%08u", "m%u@x") ACTIVE("A%08u"), i, i, i, i);
	for (unsigned i = 0; i < OTHERS; i++)
		text_add_format(&lines, BOB("B%08u") MID("B%08u", "o%u@x") REMOVED("B%08u"), i, i, i, i);
	for (unsigned i = 0; i < MANY; i++)
		text_add_format(&lines,
				LOOPBACK("C%08u") MID("C%08u", "m%u@x") ACTIVE("C%08u")
					RESULT("10:00:01", "C%08u", "r%u@r.example", SENT)
						FILTER("A%08u", "r%u@r.example", "250 accepted"),
				i, i, i, i, i, i, i, i);
	ledger_feed_text(ledger, text_span(&lines));
	text_free(&lines);
	for (unsigned i = 0; i < MANY; i++) {
		char wanted[80];

		snprintf(wanted, sizeof(wanted), "+ bob@example.com r%u@r.example delivered outbound\n", i);
		if (strstr(told.text.at, wanted) == NULL)
			fail_msg("the second leg of %u is a message of its own", i);
	}
	ledger_free(&ledger);
	replies_free(&replies);
	text_free(&told.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lives_are_followed),
		cmocka_unit_test(settings_change_whose_it_is),
		cmocka_unit_test(settings_count_more_in),
		cmocka_unit_test(bad_settings_are_refused),
		cmocka_unit_test(it_is_bounded),
		cmocka_unit_test(many_recipients_are_told_apart),
		cmocka_unit_test(many_second_legs_find_their_first),
		cmocka_unit_test(a_piped_filter_is_no_account),
		cmocka_unit_test(a_mailbox_by_lmtp_is_here),
		cmocka_unit_test(an_open_message_is_small),
		cmocka_unit_test(silence_ends_a_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
