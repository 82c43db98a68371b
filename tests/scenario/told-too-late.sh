#!/bin/sh
# Lines that lay somewhere too long tell of an account that is not acted on any more; when it goes on, it is.
# needs: python3
. "$TOP/tests/watch.sh"

abuse() # MINUTES_AGO FIRST COUNT: by bob, all of a sudden; earlier where midnight would come in between
{
	python3 - "$@" << 'PY'
import datetime, sys
ago, first, count = map(int, sys.argv[1:])
start = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=ago)
end = start + datetime.timedelta(seconds=count * 4 if ago else 0)
if end.date() != start.date():
    start -= end - end.replace(hour=0, minute=0, second=0)
for number in range(first, first + count):
    stamp = (start + datetime.timedelta(seconds=(number - first) * 4 if ago else 0)).isoformat()
    queue_id, dead = "%08X" % (0xB0000000 + number), number % 3 == 0
    for program, words in (
            ("smtpd", "client=unknown[203.0.%d.9], sasl_method=LOGIN, sasl_username=bob@example.com" % (number % 30)),
            ("qmgr", "from=<bob@example.com>, size=100, nrcpt=1 (queue active)"),
            ("smtp", "to=<r%d@there%d.example>, relay=mx.there.example[192.0.2.1]:25, delay=1, delays=0/0/0/1, "
             % (number, number % 7) + ("dsn=5.1.1, status=bounced (host mx.there.example[192.0.2.1] said: 550 5.1.1 "
             "no such user)" if dead else "dsn=2.0.0, status=sent (250 2.0.0 OK)")),
            ("qmgr", "removed")):
        print("%s mx postfix/%s[1]: %s: %s" % (stamp, program, queue_id, words))
PY
}

: > mail.log
settings ''
printf '[act]\ndry_run = no\n[policy]\naddress = %s/policy.sock\nthrottle_flagged = 5\n' "$TMP" >> detect.conf
follow_watch
abuse 40 0 200 >> mail.log
await 20 in_journal '"state":"flagged"'
has verdicts.ndjson '"late":true'
lacks verdicts.ndjson '"action":"throttled"'
abuse 0 1000 60 >> mail.log
await 20 in_journal '"action":"throttled"'
expect 0 "$SENDWATCH" show -c detect.conf bob@example.com
grep -qE '^  throttled on this server since [0-9T:.-]+Z, until it is normal again; by sendwatch on ' out ||
	die "not shown: $(cat out)"
stop_watch
