#!/bin/sh
# The first start on a server with old logs: all of them are learned from. An account that was stolen before there was
# anybody to tell is told of once, as late, and nobody acts on it; what is younger than `last` is told as it happened; and
# when the account goes on, that is news, to be acted on.
# needs: python3 gzip
. "$TOP/tests/watch.sh"

# A log that ended three days ago: as many whole days later than it was written.
day | python3 -c '
import datetime, sys
stamp = lambda line: datetime.datetime.fromisoformat(line.split(" ", 1)[0])
lines = sys.stdin.readlines()
later = datetime.timedelta((datetime.datetime.now(datetime.timezone.utc).date() - stamp(lines[-1]).date()).days - 3)
for line in lines:
    print((stamp(line) + later).isoformat(timespec="microseconds"), line.split(" ", 1)[1], end="")' > whole.log
states() # of nils, in the order told
{
	grep '"type":"verdict"' verdicts.ndjson | sed 's/.*"state":"\([a-z]*\)".*/\1/' | tr '\n' ' '
}

start_old() # LAST
{
	cp whole.log mail.log
	rm -rf state verdicts.ndjson watch.err
	settings ''
	sed -i "s/^start = beginning/start = end\nlast = $1/" detect.conf
	follow_watch
}

start_old 3650d
stop_watch
[ "$(states)" = 'watch flagged disabled ' ] || die "young enough: $(states)"

start_old 0
[ "$(states)" = 'disabled ' ] || die "too old: $(states)"
grep -q '"state":"disabled".*"late":true' verdicts.ndjson || die "it was not told as late"
! grep -q '"action":"would disable"' verdicts.ndjson || die "something old was acted on"

# Four minutes of the campaign once more, now; not about midnight, where a day of its own begins.
python3 - << 'PY' >> mail.log
import datetime
start = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=5)
if (start + datetime.timedelta(minutes=5)).date() != start.date():
    start = start.replace(hour=23, minute=55, second=0)
lines = open("whole.log").readlines()[3740:3900]
first = datetime.datetime.fromisoformat(lines[0].split(" ", 1)[0])
for line in lines:
    stamp, rest = line.split(" ", 1)
    stamp = start + (datetime.datetime.fromisoformat(stamp) - first)
    print(stamp.isoformat(), rest, end="")
PY
await 20 in_journal '"action":"would disable"'
stop_watch
[ "$(states)" = 'disabled flagged disabled ' ] || die "gone on: $(states)"
