#!/bin/sh
# What was gathered cannot be written, since the disk is full: it is tried again after a pause, not without end, and
# told when there is room.
# needs: python3 gzip prlimit
. "$TOP/tests/watch.sh"

start_receiver 200
settings "$(cat port)"
sed -i 's,^url = .*,&\nstates = watch\, flagged\, disabled\nstorm = 1\ngather = 1h,' detect.conf
waiting() { [ "$(find state/outbox -name '*.parcel' | grep -c .)" = "$1" ]; }
rests() # each try makes and removes a file
{
	for _ in 1 2 3 4 5 6; do
		changed=$(stat -c %y state/outbox)
		sleep 1
		[ "$(stat -c %y state/outbox)" != "$changed" ] || return 0
	done
	return 1
}
day > mail.log
start_watch
await 20 in_journal '"state":"disabled"'
await 10 requests 1
await 10 waiting 2
kill_watch
sed -i 's,^gather = .*,gather = 3s,' detect.conf
# A limit of a file's size is as good as a full disk.
: > watch.err
start_watch
prlimit --pid "$watcher" --fsize=2048:unlimited || skip "no limits can be set here"
await 20 grep -q 'parcel: cannot replace' watch.err
rests || die "it is tried without end"
waiting 2 || die "lost: $(ls state/outbox)"
prlimit --pid "$watcher" --fsize=unlimited:unlimited
await 20 requests 2
await 10 waiting 0
stop_watch
