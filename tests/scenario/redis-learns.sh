#!/bin/sh
# A first start learns from logs of more accounts than there is room for: what it learns is in Redis when it follows,
# and is not gathered beyond its bound until then.
# needs: python3 redis-server redis-cli
. "$TOP/tests/redis.sh"

python3 - > mail.log << 'PY'
import datetime
start = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=2)
for number in range(20000):
    stamp = (start + datetime.timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%S.000000+00:00")
    account, queue_id = "u%d@example.com" % (number % 1500), "%08X" % (0xA0000000 + number)
    for program, words in (
            ("smtpd", "client=unknown[198.51.100.7], sasl_method=LOGIN, sasl_username=" + account),
            ("qmgr", "from=<%s>, size=100, nrcpt=1 (queue active)" % account),
            ("smtp", "to=<r%d@there.example>, relay=mx.there.example[192.0.2.1]:25, delay=1, delays=0/0/0/1, "
             "dsn=2.0.0, status=sent (250 2.0.0 OK)" % number),
            ("qmgr", "removed")):
        print("%s mx postfix/%s[1]: %s: %s" % (stamp, program, queue_id, words))
PY
start_redis
settings ''
sed -i 's/^start = .*/start = end/' detect.conf
printf '[redis]\ntopology = single\nservers = %s/redis.sock\n[judge]\naccounts = 1000\n' "$TMP" >> detect.conf
follow_watch
[ "$(ask --scan --pattern "$(record_key 'u*')" | grep -c '')" = 1500 ] || die 'not all that was learned is in Redis'
stop_watch
for account in u0 u749 u1499; do
	expect 0 "$SENDWATCH" show -c detect.conf --format ndjson "$account@example.com"
	has out '"recipients_7d":'
done
has out '"recipients_7d":13'
