#!/bin/sh
# Four accounts of one domain send a little that is bad, two on each of two mail servers, each under the limit: no
# server alone says so of any. Through Redis they are neighbours, and each is flagged once. The windows of the
# domain and of both servers' addresses are exact, though one server is killed on the way and reads again.
# needs: python3 redis-server redis-cli
. "$TOP/tests/redis.sh"

start_redis

python3 - << 'PY'
import datetime
lines = {"one": [], "two": []}
BOUNCE = "status=bounced (host mx.freemail.example[198.51.100.30] said: 550 5.1.1 <%s> recipient unknown (in reply to RCPT TO command))"
def send(side, when, account, client, to, dead=False):
    number = len(lines["one"]) + len(lines["two"])
    id = "%010X" % (0x4F00000000 + number)
    dsn, status = ("5.1.1", BOUNCE % to) if dead else ("2.0.0", "status=sent (250 2.0.0 OK)")
    for place, text in enumerate((
            "smtpd[9]: %s: client=pc[%s], sasl_method=PLAIN, sasl_username=%s" % (id, client, account),
            "qmgr[7]: %s: from=<%s>, size=900, nrcpt=1 (queue active)" % (id, account),
            "smtp[6]: %s: to=<%s>, relay=mx.freemail.example[198.51.100.30]:25, delay=1, delays=0/0/1/0, dsn=%s, %s" % (id, to, dsn, status),
            "qmgr[7]: %s: removed" % id)):
        stamp = (when + datetime.timedelta(milliseconds=100 * place)).isoformat(timespec="microseconds")
        lines[side].append("%s+00:00 %s postfix/%s" % (stamp, {"one": "mx1", "two": "mx2"}[side], text))
start = datetime.datetime(2026, 11, 9)
people = list(enumerate("ann bob cid dan".split()))
for day in range(7): # a week of mail to friends
    for hour in (8, 11, 15):
        for n, name in people:
            send(("one", "two")[n % 2], start + datetime.timedelta(days=day, hours=hour, minutes=n),
                 name + "@shop.example", "192.0.2.%d" % (n + 10), "friend%d.%d@freemail.example" % (n, hour % 3))
for i in range(14): # then, from elsewhere, to strangers, one of whom is not there
    for n, name in people:
        send(("one", "two")[n % 2], start + datetime.timedelta(days=7, hours=12, minutes=2 * i, seconds=15 * n),
             name + "@shop.example", "203.0.%d.9" % (n + 113), "x%d.%d@freemail.example" % (n, i), i == 9)
for side, those in lines.items():
    open(side + ".log", "w").writelines(line + "\n" for line in sorted(those))
PY
for half in one two; do
	expect 0 "$SENDWATCH" replay --format ndjson $half.log
	has out '"state":"watch"'
	lacks out '"state":"flagged"'
done

flagged() { cat one/verdicts.ndjson two/verdicts.ndjson 2> /dev/null | grep '"type":"verdict"' | grep -F '"state":"flagged"'; }
all_flagged() { [ "$(flagged | grep -o '"account":"[^"]*"' | sort -u | grep -c .)" = 4 ]; }

start_server one
start_server two
shown() # COUNTS: what is shown of the domain
{
	"$SENDWATCH" show --format ndjson -c two/detect.conf domain:shop.example > show 2>> two/err && grep -q "$1" show
}
# The week, then the campaign: both at once, in the order of time, in bites; the first is killed on the way.
for half in one two; do
	grep -v '^2026-11-16' $half.log >> $half/mail.log
done
await 15 shown '"messages_7d":84,.*"delivered_7d":84,'
python3 - "${one:?}" << 'PY'
import heapq, os, signal, sys, time
files = {name: open(name + "/mail.log", "a", buffering=1) for name in ("one", "two")}
lines = list(heapq.merge(*([(line.split()[0], name, line) for line in open(name + ".log") if line.startswith("2026-11-16")]
                           for name in files)))
for number, (_, name, line) in enumerate(lines):
    files[name].write(line)
    if number % 20 == 0:
        time.sleep(0.02)
    if number == len(lines) // 2:
        os.kill(int(sys.argv[1]), signal.SIGKILL)
PY
wait "${one:?}" 2> /dev/null
start_server one
await 20 all_flagged
[ "$(flagged | grep -c .)" = 4 ] || die "acted on more than once: $(flagged)"
flagged | grep -q 'other accounts of the same customer are suspicious too' || die "not by their neighbours: $(flagged)"

# Every message counted once, in what either server says of the domain and of both servers' addresses.
await 15 shown '"messages_7d":140,.*"recipients_7d":140,"delivered_7d":136,.*"invalid_7d":4,'
has show '"distinct_clients_7d":8'
has show '"distinct_senders_7d":4'
has show '"distinct_domains_7d":1'
expect 0 "$SENDWATCH" show -c one/detect.conf domain:shop.example
has out '4 of its accounts had something against them within two days'
addressed() { "$SENDWATCH" health -c one/detect.conf > out && [ "$(grep -c '7 d .* 70 attempts' out)" = 2 ]; }
await 15 addressed
has out 'mx1 at freemail.example'
has out 'mx2 at freemail.example'
stop_server one
stop_server two
