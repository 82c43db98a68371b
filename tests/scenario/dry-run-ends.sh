#!/bin/sh
# Who was found in a dry run and goes on when it has ended is stopped then: after a reload, and after a new start.
# needs: python3
. "$TOP/tests/watch.sh"

abuse() # FIRST LOGIN: 150 recipients now, half of them dead
{
	python3 - "$@" << 'PY'
import datetime, sys
first, login = int(sys.argv[1]), sys.argv[2]
for number in range(first, first + 150):
    stamp = datetime.datetime.now(datetime.timezone.utc).isoformat()
    queue_id, dead = "%08X" % (0xB0000000 + number), number % 2 == 0
    for program, words in (
            ("smtpd", "client=unknown[203.0.%d.9], sasl_method=LOGIN, sasl_username=%s" % (number % 30, login)),
            ("qmgr", "from=<%s>, size=100, nrcpt=1 (queue active)" % login),
            ("smtp", "to=<r%d@there%d.example>, relay=mx.there.example[192.0.2.1]:25, delay=1, delays=0/0/0/1, "
             % (number, number % 7) + ("dsn=5.1.1, status=bounced (host mx.there.example[192.0.2.1] said: 550 5.1.1 "
             "no such user)" if dead else "dsn=2.0.0, status=sent (250 2.0.0 OK)")),
            ("qmgr", "removed")):
        print("%s mx postfix/%s[1]: %s: %s" % (stamp, program, queue_id, words))
PY
}

done_to() # ACCOUNT ACTION
{
	grep -F "\"account\":\"$1\",\"action\":\"$2\"" verdicts.ndjson > done_to
}

acts() # yes or no: dry_run
{
	settings ''
	printf '[judge]\nagree = 1\ndisabled = 19\n[act]\ndry_run = %s\nan_hour = 20\nshare = 100\n[policy]\naddress = %s/policy.sock\n' "$1" "$TMP" >> detect.conf
}

: > mail.log
acts yes
follow_watch
abuse 0 bob@example.com >> mail.log
abuse 1000 eve@example.com >> mail.log
await 5 done_to bob@example.com 'would disable'
await 5 done_to eve@example.com 'would disable'

acts no
kill -HUP "$watcher"
await 10 grep -q 'new settings are in force' watch.err
abuse 2000 bob@example.com >> mail.log
await 5 done_to bob@example.com disabled

stop_watch
follow_watch
abuse 3000 eve@example.com >> mail.log
await 5 done_to eve@example.com disabled
stop_watch
