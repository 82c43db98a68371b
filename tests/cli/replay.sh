#!/bin/sh
# What replay prints: the verdicts of the design as NDJSON, and the same for people.
# needs: python3 gzip
. "$TOP/tests/watch.sh"

postfix="$TOP/contrib/samples/postfix/mail.log*"
exim="$TOP/contrib/samples/exim/mainlog*"

expect 0 "$SENDWATCH" replay --format ndjson "$postfix"
[ ! -s err ] || die "something was said beside the verdicts: $(cat err)"
python3 - << 'PY' || die "the verdicts are not as agreed"
import json
wanted = ["type", "id", "time", "account", "state", "previous", "score", "host", "position", "evidence", "first_bad",
          "recipients", "leaked", "clients", "samples", "undo"]
states = []
for line in open("out"):
    verdict = json.loads(line)
    keys = list(verdict)
    assert keys[:len(wanted)] == wanted, keys
    assert verdict["type"] == "verdict" and verdict["time"].endswith("Z"), verdict
    assert isinstance(verdict["position"], int) and len(verdict["id"]) == 32
    for evidence in verdict["evidence"]:
        assert list(evidence) == ["detector", "decibans", "window", "seen", "of", "expected", "text"], evidence
        assert evidence["text"]
    for sample in verdict["samples"]:
        assert list(sample) == ["queue_id", "recipient", "class", "reply"], sample
    assert verdict["undo"] == "sendwatch release " + verdict["account"]
    states.append((verdict["account"], verdict["state"]))
assert ("nils@notary.example", "flagged") in states, states
assert {account for account, state in states if state == "flagged"} == {"nils@notary.example"}, states
PY
mv out first
expect 0 "$SENDWATCH" replay --format ndjson "$postfix"
diff first out > /dev/null || die "two replays of one log differ"

# The order of the names does not matter, and several servers go together.
# shellcheck disable=SC2086,SC2046 # the glob is the shell's this time
expect 0 "$SENDWATCH" replay --format ndjson $(ls -r $postfix)
diff first out > /dev/null || die "the order of the names matters"
expect 0 "$SENDWATCH" replay "$exim" "$postfix"
has out 'Read 14 files'
has out 'nils@notary.example'
has out 'local:bakery'
has out '2 accounts were flagged'

# Exit status 3 where an account was flagged and it was asked for.
expect 3 "$SENDWATCH" replay --exit-code --quiet "$postfix"
lacks out 'Read 7 files'
expect 0 "$SENDWATCH" replay --exit-code "$TOP/contrib/samples/postfix/mail.log.6.gz"

# For people: no colours and no bar where there is no terminal; one account alone; a part of the time.
expect 0 "$SENDWATCH" replay "$postfix"
[ ! -s err ] || die "a bar without a terminal: $(cat err)"
! grep -q "$(printf '\033')" out || die "colours without a terminal"
has out 'FLAGGED  nils@notary.example'
has out 'sendwatch trace nils@notary.example'
expect 0 "$SENDWATCH" replay --account somebody@else.example "$postfix"
lacks out 'nils@notary.example'
expect 0 "$SENDWATCH" replay --until 2026-11-17T12:00:00Z "$postfix"
has out 'No account was flagged; nothing unusual in '
lacks out 'the other'
# So long ago, too: of lines of an hour ago and of now the last half hour.
for ago in 3600 0; do
	echo "$(date -u -d "@$(($(date +%s) - ago))" +%Y-%m-%dT%H:%M:%SZ) mx1 postfix/smtp[1]: 4F2A01: to=<a$ago@remote.test>, relay=mx[192.0.2.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)"
done > now.log
expect 0 "$SENDWATCH" parse --attempts --since '30m' now.log
has out a0@remote.test
lacks out a3600@remote.test
expect 2 "$SENDWATCH" parse --attempts --since 30 now.log
expect 0 "$SENDWATCH" replay --since 2026-11-17T23:00:00Z "$postfix"
! grep -q '^FLAGGED' out || die "told of a flag before --since"
has out ' from 2026-11-17 23:00:00 UTC on;'

# Nothing that was not found is taken for nothing that happened: an account that was flagged before --since, a name that
# nobody has, another program's log, a time without lines, one that is none.
expect 0 "$SENDWATCH" replay --since 2026-11-17T14:20:00Z "$postfix"
has out 'STILL FLAGGED  nils@notary.example  since 2026-11-17 14:06:24'
has out 'nothing unusual in the other 40.'
expect 0 "$SENDWATCH" replay --account nils@notary.exampel "$postfix"
has out 'nils@notary.exampel sent to 0 recipients'
has out 'none of this name sent anything'
echo '203.0.113.9 - - [21/Nov/2026:10:00:01 +0000] "GET / HTTP/1.1" 200 1' > access.log
expect 0 "$SENDWATCH" replay access.log
has out 'is this the log of Postfix or Exim?'
has out 'there is no mail in what was read'
expect 0 "$SENDWATCH" replay --quiet --until 2020-01-01 "$postfix"
has out 'there is no mail in what was read'
expect 2 "$SENDWATCH" replay --since 2026-11-18 --until 2026-11-17 "$postfix"
has err '--since is not before --until'
expect 2 "$SENDWATCH" replay --account '' "$postfix"
has err '--account: its name is empty'

expect 0 "$SENDWATCH" replay --progress "$postfix"
has err ' lines'

# Standard input reads as a file does.
day > all.log
"$SENDWATCH" replay --format ndjson - < all.log > piped 2> err || die "standard input: $(cat err)"
sed 's/"id":"[^"]*"//; s/"position":[0-9]*//' first > first.bare
sed 's/"id":"[^"]*"//; s/"position":[0-9]*//' piped > piped.bare
diff first.bare piped.bare || die "standard input is judged otherwise"

# What is missing at the beginning is told: an older rotation that is not named, or lies elsewhere.
sed '1,/<= /d' "$TOP/contrib/samples/exim/mainlog.1" | grep -v ' <= ' > headless
expect 0 "$SENDWATCH" replay headless
has out 'about messages that do not begin in their log'
expect 0 "$SENDWATCH" replay "$exim"
lacks out 'do not begin in their log'

# A named pipe that a glob finds is no log: nobody waits for who might write to it.
mkdir pipe.d
cp "$TOP/contrib/samples/postfix/mail.log" pipe.d/mail.log
mkfifo pipe.d/mail.log.pipe
expect 0 timeout 20 "$SENDWATCH" replay --quiet 'pipe.d/mail.log*'

# What a host with a wrong clock says does not end what is read up to --until.
sent() # TIME NUMBER
{
	echo "2026-11-22T$1:00Z mx1 postfix/smtp[9]: 4F2C3DAA$2: to=<x@example.net>, relay=mx.example.net[192.0.2.9]:25," \
		"delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)"
}
{
	sent 10:00 A1
	sent 23:00 A2
	sent 10:01 A3
	sent 12:00 A4
} > wrong-clock
expect 0 "$SENDWATCH" parse --until 2026-11-22T12:00:00Z wrong-clock
[ "$(sed 's/.*"queue_id":"4F2C3DAA\([^"]*\)".*/\1/' out | tr '\n' ' ')" = 'A1 A3 ' ] || die "up to a time: $(cat out)"

# More logs than a process usually may hold open.
mkdir many
for number in $(seq 300); do
	{
		sent 10:00 A1
		sent 11:00 A2
	} > "many/mx$number.log"
done
expect 0 sh -c "ulimit -Sn 200 && exec '$SENDWATCH' replay 'many/*.log'"
has out 'Read 300 files, 600 lines'
