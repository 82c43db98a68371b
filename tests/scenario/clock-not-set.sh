#!/bin/sh
# A machine that began without its clock stamps lines with the first hours of 1970, east of Greenwich with those before
# them: what watch knew is known after the next start all the same.
. "$TOP/tests/watch.sh"

head="1970-01-01T00:30:01+01:00 mx1 postfix"
{
	echo "$head/smtpd[7]: 4F2A01: client=pc[203.0.113.9], sasl_method=PLAIN, sasl_username=bob@shop.test"
	echo "$head/qmgr[8]: 4F2A01: from=<bob@shop.test>, size=900, nrcpt=1 (queue active)"
	echo "$head/smtp[9]: 4F2A01: to=<x@remote.test>, relay=mx.remote.test[198.51.100.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)"
	echo "$head/qmgr[8]: 4F2A01: removed"
} > mail.log
settings ""
follow_watch
stop_watch
follow_watch
stop_watch
lacks watch.err damaged
[ ! -e state/snapshot.damaged ] || die "what was known is thrown away"
