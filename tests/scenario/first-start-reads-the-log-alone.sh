#!/bin/sh
# What is learned from at a first start is each log with its rotations, named by braces too, and nothing else: not the
# other files whose names begin alike, as those of SUSE that say the same once more, and not a named pipe.
# needs: python3 gzip
. "$TOP/tests/watch.sh"

lines() # FIRST COUNT
{
	python3 - "$@" << 'PY'
import sys, time
first, count = map(int, sys.argv[1:])
for i in range(first, first + count):
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 7200 + i))
    queue = "4F%08X" % i
    print(f"{stamp} mx1 postfix/smtpd[1]: {queue}: client=c[198.51.100.7], sasl_method=PLAIN, "
          "sasl_username=bob@example.com")
    print(f"{stamp} mx1 postfix/qmgr[2]: {queue}: from=<bob@example.com>, size=1000, nrcpt=1 (queue active)")
    print(f"{stamp} mx1 postfix/smtp[3]: {queue}: to=<x{i}@example.net>, relay=mx[192.0.2.9]:25, delay=1, "
          "delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)")
    print(f"{stamp} mx1 postfix/qmgr[2]: {queue}: removed")
PY
}

learned() # RECIPIENTS, from $logs
{
	rm -rf state verdicts.ndjson watch.err
	settings ''
	sed -i 's/^start = beginning/start = end/' detect.conf
	# shellcheck disable=SC2086 # none, or one
	"$SENDWATCH" watch -c detect.conf $named 2> watch.err &
	watcher=$!
	await 30 follows 1
	stop_watch
	expect 0 "$SENDWATCH" show -c detect.conf --format ndjson bob@example.com
	has out "\"recipients_24h\":$1,"
}

lines 0 3 | gzip > mail-20261101.gz
lines 10 4 > mail
cp mail mail.info
gzip -dc mail-20261101.gz | gzip > mail.info-20261101.gz
mkfifo mail.pipe
logs=$TMP/mail named=''
learned 7

mkdir braces
lines 20 2 > braces/a.log
lines 30 3 > braces/b.log.1
: > braces/b.log
named="braces/{a,b}.log"
learned 5

# logrotate's dateext with `extension .log`, and a log that was rotated by number so
mkdir extension
lines 40 2 | gzip > extension/mail-20261101.log.gz
lines 50 3 > extension/mail-20261102.log
lines 60 4 > extension/mail.log
lines 70 1 > extension/mail-local.log
logs=$TMP/extension/mail.log named=''
learned 9
