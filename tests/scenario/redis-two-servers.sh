#!/bin/sh
# Two mail servers, each with half of a campaign's messages: neither half alone says enough to flag the account;
# together, through Redis, they do, and one of the two acts. One is killed on the way: nothing counts twice.
# needs: python3 gzip redis-server redis-cli
. "$TOP/tests/redis.sh"

start_redis

# The day up to the campaign's flag, and a little more, by message on two servers: what has no queue id is on both.
day > whole.log
# A threshold of its own, so that half of it does not come to be enough when detection is tuned.
printf '[judge]\nflagged = 21\n' > judge.conf
"$SENDWATCH" replay -c judge.conf --format ndjson whole.log | grep '"state":"flagged"' | head -n 1 > flag
account=$(sed 's/.*"account":"\([^"]*\)".*/\1/' flag)
time=$(sed 's/.*"time":"\([^"]*\)Z".*/\1/' flag)
awk -v time="$time" '
{ stamp = substr($1, 1, 19); if (stamp > time) exit; id = $4; sub(/:$/, "", id)
  if (id !~ /^[0-9A-F]+$/) { print > "one.log"; print > "two.log"; next }
  if (!(id in side)) side[id] = ++count % 2
  print > (side[id] ? "one.log" : "two.log") }' whole.log
for half in one two; do
	expect 0 "$SENDWATCH" replay -c judge.conf --format ndjson $half.log
	lacks out "\"account\":\"$account\",\"state\":\"flagged\""
done

flagged() { cat one/verdicts.ndjson two/verdicts.ndjson 2> /dev/null | grep -F "\"account\":\"$account\"" | grep -F '"state":"flagged"'; }

start_server one judge.conf
start_server two judge.conf
# Both at once, in the order of time, in bites.
python3 - one two << 'PY'
import heapq, sys, time
names = sys.argv[1:]
files = {name: open(name + "/mail.log", "a", buffering=1) for name in names}
lines = heapq.merge(*([(line.split()[0], name, line) for line in open(name + ".log")] for name in names))
for number, (_, name, line) in enumerate(lines):
    files[name].write(line)
    if number % 300 == 0:
        time.sleep(0.02)
PY
await 10 flagged
kill_server one
start_server one judge.conf
# Killed behind its journal and before Redis had it, it finds the same verdict anew.
known() { "$SENDWATCH" accounts -c one/detect.conf > out 2> err && grep -qF "$account" out; }
await 10 known
[ "$(flagged | grep -c .)" = 1 ] || die "acted on $(flagged | grep -c .) times: $(flagged)"
# Released on the server that did not act, it is released on both.
expect 0 "$SENDWATCH" release -c two/detect.conf "$account"
released() { "$SENDWATCH" show -c one/detect.conf "$account" > out 2> err && grep -qF released out; }
await 10 released
stop_server one
stop_server two
