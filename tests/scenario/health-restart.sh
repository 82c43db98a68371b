#!/bin/sh
# Providers that begin to refuse our address are told once, and so is that they take our mail again: whatever is
# restarted in between, and however much of the logs is read again for it.
# needs: python3
. "$TOP/tests/watch.sh"

start_receiver 200
settings "$(cat port)"
: > mail.log
"$TOP/tests/traffic/listed.py" postfix 1 --quiet > day.log || exit 1
half=$(grep -n -m 1 '^2026-11-17T13:' day.log | cut -d: -f1)

follow_watch
head -n "$half" day.log >> mail.log
await 10 in_journal '"type":"address"'
await 10 grep -q 'at freemail.example' requests
stop_watch

addresses() { python3 -c '
import json
for line in open("verdicts.ndjson"):
    entry = json.loads(line)
    if entry["type"] == "address":
        print(entry["id"], entry["account"], entry["state"])'; }
addresses > before
for ending in kill_watch stop_watch; do
	: > watch.err
	follow_watch
	$ending
done
addresses | diff before - || die "told again after a restart"

# It knows what it knew: the end of the refusals is told, of those whose beginning was, by whoever restarted.
follow_watch
tail -n "+$((half + 1))" day.log >> mail.log
await 10 in_journal '"state":"normal","previous":"flagged"'
stop_watch
addresses > after
[ "$(sort -u after | wc -l)" = "$(wc -l < after)" ] || die "a verdict stands twice"
python3 - << 'PY' || die "an end without a beginning, or twice the same"
refusing = set()
for line in open("after"):
    id, account, state = line.strip().split(" ", 1)[0], line.split(" ", 1)[1].rsplit(" ", 1)[0], line.split()[-1]
    assert (account in refusing) == (state == "normal"), (account, state)
    refusing ^= {account}
PY

# What is read again up to where it had been is history: told to nobody, though the journal does not know it.
mv verdicts.ndjson journal
: > watch.err
follow_watch
stop_watch
[ ! -s verdicts.ndjson ] || lacks verdicts.ndjson '"type":"address"'
mv journal verdicts.ndjson

# All of it lost but the journal: read again from the beginning, all of it known by its id.
rm -rf state
: > watch.err
follow_watch
stop_watch
addresses | diff after - || die "told again although the journal knew"

# What watch knew is told without logs.
mv mail.log elsewhere.log
expect 0 "$SENDWATCH" health -c detect.conf
has out 'at freemail.example'
has out 'attempts, '
expect 1 "$SENDWATCH" health -c detect.conf --since 2026-11-17
