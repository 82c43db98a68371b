#!/bin/sh
# The receiver is down for the whole campaign and watch is killed meanwhile: the alert still arrives, once by id,
# and for one account in order.
# needs: python3 gzip
. "$TOP/tests/watch.sh"

start_receiver 503
settings "$(cat port)"
day > mail.log
start_watch
await 10 in_journal '"state":"disabled"'
await 10 requests 2
await 10 grep -q 'webhook ops: the receiver answered 503' watch.err
kill_watch
follow_watch
ls state/outbox/*.parcel > /dev/null || die "nothing is left to be delivered"
kill_watch
rm requests
echo 200 > answers
start_watch
await 10 requests 2
await 10 sh -c '! ls state/outbox/*.parcel 2> /dev/null'
stop_watch
python3 - << 'PY' || die "not as promised"
import json
states = [json.loads(json.loads(line)["body"])["state"] for line in open("requests")]
keys = [json.loads(line)["headers"]["idempotency-key"] for line in open("requests")]
assert states == ["flagged", "disabled"], states
assert len(set(keys)) == 2, keys
PY
