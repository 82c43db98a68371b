#!/bin/sh
# A second watch on the same state folder does not start, and says who is there; the first goes on, and after a kill
# the folder is free at once.
# needs: python3
. "$TOP/tests/watch.sh"

start_receiver 200
settings "$(cat port)"
: > mail.log
follow_watch
first=$watcher
expect 1 "$SENDWATCH" watch -c detect.conf
has err "another watch is at work on it, process $first"
kill -HUP "$first"
await 10 grep -q 'new settings are in force' watch.err
expect 1 "$SENDWATCH" watch -c detect.conf
has err "another watch is at work on it"
"$SENDWATCH" exempt -c detect.conf --until 2099-01-01 somebody@example.com > out 2>&1 || die "the first one's socket is gone: $(cat out)"
kill_watch
: > watch.err
follow_watch
stop_watch
