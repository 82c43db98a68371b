#!/bin/sh
# Killed again and again while the log grows and rotates, watch finds the very verdicts that it finds undisturbed:
# nothing is lost, nothing is counted twice.
# needs: python3 gzip
. "$TOP/tests/watch.sh"

start_receiver 200
settings "$(cat port)"
day > whole.log
lines=$(grep -c '' whole.log)

verdicts() # JOURNAL: what they say, without when and how they were found
{
	grep '"type":"verdict"' "$1" | sed 's/"late":true//; s/,}$/}/' | sort
}

# Undisturbed.
: > mail.log
follow_watch
cat whole.log >> mail.log
await 10 in_journal '"state":"disabled"'
await 10 requests 2
stop_watch
verdicts verdicts.ndjson > undisturbed
[ "$(grep -c . undisturbed)" -ge 3 ] || die "too few verdicts to compare: $(cat undisturbed)"

# Ended a dozen times, by kill or in peace: before the campaign, within it, behind its verdicts, across a rotation.
rm -rf state verdicts.ndjson requests
: > mail.log
from=1
for to in 500 2000 3740 3760 3780 3793 3797 3810 3816 3830 3888 4000; do
	: > watch.err
	follow_watch
	sed -n "${from},${to}p" whole.log >> mail.log
	await 10 saved_up_to "$(sed -n "${to}p" whole.log | cut -d' ' -f1)"
	if [ $((to % 20)) = 0 ]; then
		stop_watch
	else
		kill_watch
	fi
	from=$((to + 1))
	if [ "$to" = 3793 ]; then
		mv mail.log mail.log.1
		: > mail.log
	fi
done
sed -n "${from},${lines}p" whole.log >> mail.log
: > watch.err
follow_watch
await 10 in_journal '"state":"disabled"'
await 10 requests 2
stop_watch
verdicts verdicts.ndjson > disturbed
diff undisturbed disturbed || die "killing changed the verdicts"
python3 - << 'PY' || die "a receiver was told otherwise"
import json
states = {json.loads(line)["headers"]["idempotency-key"]: json.loads(json.loads(line)["body"])["state"] for line in open("requests")}
assert list(states.values()) == ["flagged", "disabled"], states
PY
