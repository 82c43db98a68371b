#!/bin/sh
# Started by a program that ignores the ends of its children, which is inherited, it still knows how its own ended: an
# adapter that failed has failed, a command that was told is told no more. What it starts inherits nothing of that.
# needs: python3
. "$TOP/tests/watch.sh"

cat > adapter << E
#!/bin/sh
grep SigIgn /proc/self/status > $TMP/ignored
exit 2
E
printf '#!/bin/sh\ngrep SigIgn /proc/self/status >> %s/told\n' "$TMP" > tell
chmod +x adapter tell
: > mail.log
settings ''
cat >> detect.conf << E
[act]
dry_run = no
[adapter one]
type = command
disable = $TMP/adapter
release = $TMP/adapter
[command two]
run = $TMP/tell
types = act
E
python3 - "$SENDWATCH" watch -c detect.conf 2>> watch.err << 'PY' &
import os, signal, sys
for number in signal.SIGCHLD, signal.SIGHUP, signal.SIGINT:
    signal.signal(number, signal.SIG_IGN)
os.execv(sys.argv[1], sys.argv[1:])
PY
watcher=$!
await 30 follows 1
expect 0 "$SENDWATCH" disable -c detect.conf bob@example.com --reason x
await 30 in_journal '"action":"could not be disabled"'
await 30 in_journal '"action":"delivered","target":"command:two"'
# But for two that glibc keeps for itself.
grep -q '0000000$' ignored || die "of the adapter: $(cat ignored)"
grep -q '0000000$' told || die "of tell: $(cat told)"
stop_watch
! in_journal '"action":"disabled","adapter":"one"' || die "what failed was taken for done"
