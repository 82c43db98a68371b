#!/bin/sh
# Told to end while it learns from the logs that are there, it ends at once: systemd would kill it after a while. Nothing
# of what it learned is kept, so that the next start learns from all of them.
# needs: python3 gzip
. "$TOP/tests/watch.sh"

start_told() # by a SIGTERM that is there before the first line is
{
	python3 - "$SENDWATCH" watch -c detect.conf 2>> watch.err << 'PY' &
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
os.kill(os.getpid(), signal.SIGTERM)
os.execv(sys.argv[1], sys.argv[1:])
PY
	watcher=$!
}

day > whole.log
head -n 8000 whole.log > mail.log
settings ''
sed -i 's/^start = beginning/start = end\nlast = 3650d/' detect.conf
start_told
wait "$watcher" || die "watch ended with status $?: $(cat watch.err)"
has watch.err 'told to end while it learned'
lacks watch.err 'has caught up, and follows'
[ ! -e state/snapshot ] || die "what was half learned was saved"

follow_watch
sed -n '8001,8100p' whole.log >> mail.log # messages are open behind it
await 20 saved_up_to "$(tail -n 1 mail.log | cut -d' ' -f1)"
stop_watch
in_journal '"state":"disabled"' || die "the next start did not learn from the whole log"

# In the middle of it the state of the last stop stands, as it was.
cp state/snapshot before
start_told
wait "$watcher" || die "watch ended with status $?: $(cat watch.err)"
cmp -s state/snapshot before || die "a snapshot was saved that does not know what was open"
