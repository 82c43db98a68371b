#!/bin/sh
# backtest tells what the settings would have done, what others' rules would have done, and what changes.
# needs: python3
. "$TOP/tests/shell.sh"
logs="$TOP/contrib/samples/postfix/mail.log*"

expect 0 "$SENDWATCH" backtest "$logs"
has out '2026-11-17 14:06  2026-11-17 14:06  2026-11-17 14:07'
has out 'nils@notary.example'
has out '1 of 41 accounts would have been flagged (1.0 flags a week)'
has out 'only there: dmitri@notary.example'

expect 0 "$SENDWATCH" backtest --format ndjson "$logs"
python3 - << 'PY' || die "not as agreed: $(cat out)"
import json
entries = [json.loads(line) for line in open("out")]
mine = [e for e in entries if e["type"] == "backtest"]
assert [e["account"] for e in mine] == ["nils@notary.example"], mine
assert mine[0]["flagged"].startswith("2026-11-17T14:06") and mine[0]["recipients_before"] < 100 < mine[0]["recipients_after"]
hit = {}
for e in entries:
    if e["type"] == "peer":
        hit.setdefault(e["rule"], set()).add(e["account"])
# Somebody's 148 an hour from one address; 200 strangers; 25 dead addresses an hour; ten countries.
assert hit["lfd-authrelay"] == {"dmitri@notary.example"}, hit
for rule in ("mox", "uwumail", "postfwd", "directadmin", "blockcracking", "cpanel-failures"):
    assert hit[rule] == {"nils@notary.example"}, (rule, hit)
assert not {"hestia", "mailu", "cpanel-spam", "lfd-localrelay"} & set(hit), hit
PY

# The lowest threshold that holds, tried on these logs; nothing to change where it holds already.
expect 0 "$SENDWATCH" backtest --suggest 1 "$logs"
has out 'nothing to change'
expect 0 "$SENDWATCH" backtest --suggest 0 "$logs"
has out '# 0.0 flags a week'
cp out suggested.conf
expect 0 "$SENDWATCH" backtest -c suggested.conf "$logs"
has out '0 of 41 accounts would have been flagged'
expect 2 "$SENDWATCH" backtest --suggest 1 - < /dev/null

printf '[judge]\nflagged = 21\n' > a.conf
printf '[judge]\nflagged = 28\ndisabled = 60\n' > b.conf
expect 0 "$SENDWATCH" backtest --compare a.conf b.conf "$logs"
has out 'flagged 2026-11-17 14:06  disabled 2026-11-17 14:07'
has out '1 account is flagged or disabled otherwise; 1.0 flags a week with the first, 1.0 with the second.'
expect 0 "$SENDWATCH" backtest --compare a.conf a.conf "$logs"
has out '0 accounts are flagged or disabled otherwise'
expect 2 "$SENDWATCH" backtest --compare --config a.conf a.conf b.conf "$logs"
has err 'no --config beside it'
expect 2 "$SENDWATCH" backtest --compare a.conf "$logs"
has err 'two settings, then the logs'
expect 2 "$SENDWATCH" backtest --compare a.conf missing.conf "$logs"
has err 'missing.conf'
expect 2 "$SENDWATCH" backtest
has err 'which log?'
# Where nothing could be read, nothing is said of it.
for how in "" "--suggest 1" "--compare a.conf b.conf"; do
	# shellcheck disable=SC2086
	expect 1 "$SENDWATCH" backtest $how nowhere.log
	has err 'nowhere.log: No such file'
	[ ! -s out ] || die "says of nothing: $(cat out)"
done
# A week is a week of what is told of: what comes before --since is only learned from.
(gzip -dc "$TOP/contrib/samples/postfix/mail.log.6.gz" | sed -n '1s/^2026-11-17/2026-09-01/p') > long.log
for day in "$TOP"/contrib/samples/postfix/mail.log.*.gz; do gzip -dc "$day"; done >> long.log
expect 0 "$SENDWATCH" backtest long.log
has out '(0.1 flags a week)'
expect 0 "$SENDWATCH" backtest --since 2026-11-16 long.log
has out '(1.0 flags a week)'
: > empty.log
expect 0 "$SENDWATCH" backtest empty.log
has out 'Replayed 0 lines; 0 accounts'
