#!/bin/sh
# Verdicts are found while the disk is full: they are told when there is room again.
# needs: python3 gzip prlimit
. "$TOP/tests/watch.sh"

start_receiver 200
settings "$(cat port)"
sed -i 's,^url = .*,&\nstates = watch\, flagged\, disabled,' detect.conf
: > mail.log
: > watch.err
day > whole.log
follow_watch
# A limit of a file's size is as good as a full disk; what watch says still fits.
prlimit --pid "$watcher" --fsize=2000:unlimited || skip "no limits can be set here"
cat whole.log >> mail.log
await 20 grep -q 'is sure enough to be disabled' watch.err
grep -q 'parcel: cannot replace' watch.err || die "there was room: $(cat watch.err)"
prlimit --pid "$watcher" --fsize=unlimited:unlimited
await 30 requests 3
await 10 in_journal '"action":"delivered"'
stop_watch
