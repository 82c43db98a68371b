#!/bin/sh
# Two servers that share a Redis have the same trouble of their own within an hour: both tell of it.
# needs: python3 redis-server redis-cli
. "$TOP/tests/redis.sh"

trouble() # HOST: its mail server complains, over some minutes
{
	python3 - "$1" << 'PY'
import datetime, sys
now = datetime.datetime.now(datetime.timezone.utc)
for ago in range(12, 0, -1):
    stamp = (now - datetime.timedelta(seconds=30 * ago)).isoformat()
    print("%s %s postfix/smtpd[1]: fatal: open database /etc/postfix/x.db: No such file or directory"
          % (stamp, sys.argv[1]))
PY
}

start_redis
for name in one two; do
	start_server $name
	trouble $name >> $name/mail.log
	await 20 grep -qF '"account":"server:trouble","state":"flagged"' $name/verdicts.ndjson
done
stop_server one
stop_server two
