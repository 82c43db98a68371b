#!/bin/sh
# While our address is listed, everybody's mail is refused. Whoever abuses an account in these hours is flagged
# all the same, and nobody else; where nobody does, nobody is. health names the culprit.
# needs: python3
. "$TOP/tests/shell.sh"

flagged() # LOG: the accounts that were flagged
{
	"$SENDWATCH" replay --timezone UTC --format ndjson "$1" > verdicts || die "replay failed"
	python3 -c '
import json, sys
verdicts = [json.loads(line) for line in open("verdicts")]
print(" ".join(sorted({v["account"] for v in verdicts if v["type"] == "verdict" and v["state"] == "flagged"})))'
}

for mta in postfix exim; do
	for seed in 1 2; do
		"$TOP/tests/traffic/listed.py" $mta $seed > abused.log || exit 1
		[ "$(grep -c 'zen.spamhaus.org' abused.log)" -gt 200 ] || die "the address is not listed"
		found=$(flagged abused.log)
		[ "$found" = nils@notary.example ] || die "$mta, seed $seed: flagged are: $found"
		"$TOP/tests/traffic/listed.py" $mta $seed --quiet > quiet.log || exit 1
		found=$(flagged quiet.log)
		[ -z "$found" ] || die "$mta, seed $seed: nobody abuses, and flagged are: $found"
	done
done

expect 0 "$SENDWATCH" health --timezone UTC --format ndjson abused.log
python3 << 'PY' || die "health says otherwise"
import json
lines = [json.loads(line) for line in open("out")]
refusing = [l for l in lines if l["type"] == "address" and l["state"] == "flagged"]
assert refusing, "no provider is seen to refuse"
rows = [l for l in lines if l["type"] == "health" and l["refused"] > 50]
assert rows and all(row["account_1"] == "nils@notary.example" for row in rows), rows
PY
