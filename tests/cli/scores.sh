#!/bin/sh
# The worked example of contrib/docs/scores.md is what the program says of the bundled day. Where words or weights
# have changed since, this is a note and no failure; that the sum of its groups is the score must hold.
# needs: python3
# plain: replay.sh reads the same day
. "$TOP/tests/shell.sh"

expect 0 "$SENDWATCH" replay --format ndjson "$TOP/contrib/samples/postfix/mail.log*"
python3 - "$TOP/contrib/docs/scores.md" << 'PY'
import json
import sys
page = open(sys.argv[1]).read()
verdict = next(v for v in map(json.loads, open("out")) if v["state"] == "flagged")
group = {"volume": "amount", "strangers": "amount", "origins": "origin", "logins": "origin", "senders": "sender",
         "scripts": "sender"}
groups, excuses = {}, 0
for evidence in verdict["evidence"]:
    row = "| %s | %.1f | %s |" % (evidence["detector"], evidence["decibans"], evidence["text"])
    if row not in page:
        print("note: contrib/docs/scores.md is out of date: " + row)
    name = group.get(evidence["detector"], evidence["detector"])
    best = groups.get(name, 0)
    groups[name] = max(best, evidence["decibans"]) if evidence["decibans"] > 0 else best or evidence["decibans"]
# A clean list and clean words are one excuse.
both = [groups.get("rejects", 0), groups.get("invalid_recipients", 0)]
total = sum(groups.values()) - (max(both) if max(both) < 0 else 0)
sys.exit(abs(total - verdict["score"]) > 1.0)
PY
[ $? = 0 ] || die "the evidence that is shown does not add up to the score"
