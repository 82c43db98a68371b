#!/bin/sh
# The first message goes at once; what follows within a while becomes one, also when watch is killed in between; its
# id is made of its members', which the journal names.
# needs: python3 gzip
. "$TOP/tests/watch.sh"

start_receiver 200
settings "$(cat port)"
sed -i 's,^url = .*,&\nstates = watch\, flagged\, disabled\nstorm = 1\ngather = 1h,' detect.conf
waiting() { [ "$(find state/outbox -name '*.parcel' | grep -c .)" = "$1" ]; }
day > mail.log
start_watch
await 20 in_journal '"state":"disabled"'
await 10 requests 1
await 10 in_journal '"action":"delivered"'
await 10 waiting 2
kill_watch
[ "$(grep -c . requests)" = 1 ] || die "not gathered: $(cat requests)"
# The while is over when it says so of what waits.
sed -i 's,^gather = .*,gather = 1s,' detect.conf
: > watch.err
start_watch
await 20 requests 2
await 10 waiting 0
stop_watch
python3 - << 'PY' || die "not as promised: $(cat requests)"
import json
requests = [json.loads(line) for line in open("requests")]
first, second = [json.loads(request["body"]) for request in requests]
assert len(requests) == 2 and first["state"] == "watch" and first["id"] == requests[0]["headers"]["idempotency-key"]
assert second["type"] == "gathered" and second["count"] == len(second["verdicts"]) >= 2, second
assert [verdict["state"] for verdict in second["verdicts"]][:2] == ["flagged", "disabled"], second
assert second["id"] == requests[1]["headers"]["idempotency-key"]
members = [verdict["id"] for verdict in second["verdicts"]]
journal = [json.loads(line) for line in open("verdicts.ndjson")]
named = [entry["members"] for entry in journal if entry["type"] == "gathered"]
assert named and all(names == " ".join(members) for names in named), named
PY
