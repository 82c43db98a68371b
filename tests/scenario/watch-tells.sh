#!/bin/sh
# A log grows, an account is flagged, the receiver is told once; a restart tells nobody again.
# needs: python3 gzip
. "$TOP/tests/watch.sh"

start_receiver 200
settings "$(cat port)"
: > mail.log
follow_watch
day >> mail.log
await 10 in_journal '"state":"flagged"'
await 10 in_journal '"action":"delivered","target":"ops","tries":1}'
await 10 requests 2
stop_watch

python3 - << 'PY' || die "the receiver was told otherwise"
import json
told = [json.loads(line) for line in open("requests")]
verdicts = {}
for line in open("verdicts.ndjson"):
    entry = json.loads(line)
    if entry["type"] == "verdict":
        assert entry["id"] not in verdicts, "a verdict stands twice"
        verdicts[entry["id"]] = line.strip()
keys = [request["headers"]["idempotency-key"] for request in told]
assert len(keys) == len(set(keys)), keys
for request in told:
    body = json.loads(request["body"])
    assert request["headers"]["content-type"] == "application/json"
    assert request["body"] == verdicts[body["id"]], "the body is not the journal's line"
    assert body["id"] == request["headers"]["idempotency-key"]
    assert body["account"] == "nils@notary.example" and body["state"] in ("flagged", "disabled"), body
assert [json.loads(request["body"])["state"] for request in told] == ["flagged", "disabled"], "not in order"
PY

# Nothing new happened: nobody is told again, whether it stopped cleanly or was killed.
cp requests told
for ending in stop_watch kill_watch stop_watch; do
	: > watch.err
	follow_watch
	$ending
done
diff told requests || die "told again after a restart"

# All of it lost but the journal: found again in the log, known by their ids.
rm -rf state
: > watch.err
follow_watch
stop_watch
diff told requests || die "told again although the journal knew"
