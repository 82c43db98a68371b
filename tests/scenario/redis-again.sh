#!/bin/sh
# An account is released, because its owner has a new password, and is misused again in the same hour: that is a new
# case, which is told and acted on anew, by one of two servers on one Redis, whichever of them finds it.
# needs: python3 redis-server redis-cli
. "$TOP/tests/redis.sh"

start_redis

# NAME's mail with dead strangers in it, AGE seconds ago, appended to the log of SERVER.
misuse() # SERVER NAME FIRST AGE
{
	python3 - "$@" >> "$1/mail.log" << 'PY'
import datetime, sys
server, name, first, age = sys.argv[1:]
start = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=int(age))
for i in range(int(first), int(first) + 60):
    to = "x%d@freemail%d.example" % (i, i % 7)
    dead = i % 2
    answer = ("dsn=5.1.1, status=bounced (host mx.%s[198.51.100.30] said: 550 5.1.1 <%s> recipient unknown"
              " (in reply to RCPT TO command))" % (to.split("@")[1], to) if dead else
              "dsn=2.0.0, status=sent (250 2.0.0 OK)")
    id = "%010X" % (0x4F00000000 + i)
    for place, text in enumerate((
            "smtpd[9]: %s: client=pc[203.0.%d.9], sasl_method=PLAIN, sasl_username=%s" % (id, 113 + i % 5, name),
            "qmgr[7]: %s: from=<%s>, size=900, nrcpt=1 (queue active)" % (id, name),
            "smtp[6]: %s: to=<%s>, relay=mx.freemail.example[198.51.100.30]:25, delay=1, delays=0/0/1/0, %s" % (id, to, answer),
            "qmgr[7]: %s: removed" % id)):
        stamp = (start + datetime.timedelta(milliseconds=80 * (i - int(first)) + 20 * place)).isoformat(timespec="microseconds")
        print("%s mx1 postfix/%s" % (stamp, text))
PY
}
disabled() # SERVER TIMES
{
	[ "$(grep -F '"account":"bob@shop.test"' "$1/verdicts.ndjson" | grep -cF '"state":"disabled"')" = "$2" ]
}
printf '%s\n' 'follow = 100ms' '[judge]' 'disabled = 18' 'agree = 1' '[act]' 'dry_run = no' 'password_releases = 5' '[adapter list]' 'type = exim_list' \
	"file = $TMP/one/stopped" > one.conf
sed 's/one/two/' one.conf > two.conf
start_server one one.conf
start_server two two.conf
listed() { grep -q "^bob@shop.test: " "$1/stopped"; }
unlisted() { ! listed "$1" 2> /dev/null; }

misuse one bob@shop.test 0 60
await 10 listed one
await 10 disabled one 1
await 10 listed two
# On the same server again.
"$SENDWATCH" release --password-changed -c one/detect.conf bob@shop.test || die "not released"
await 10 unlisted one
await 10 unlisted two
misuse one bob@shop.test 100 0
await 10 disabled one 2
await 10 listed one
await 10 listed two
# Released on the one, on the other again.
"$SENDWATCH" release --password-changed -c one/detect.conf bob@shop.test || die "not released"
await 10 unlisted one
await 10 unlisted two
misuse two bob@shop.test 200 0
await 10 disabled two 1
await 10 listed two
await 10 listed one
disabled one 2 || die "told by both"
stop_server one
stop_server two
