#!/bin/sh
# A reload builds everything anew beside what is there: what that took is given back to the system.
. "$TOP/tests/watch.sh"

[ -x "$BUILD/generate" ] || skip "make benches builds what writes the log"
in_force() # TIMES
{
	[ "$(grep -c 'new settings are in force' watch.err)" -ge "$1" ]
}
kib()
{
	awk '/^VmRSS/ { print $2 }' "/proc/$watcher/status"
}
as_small() # but for a quarter
{
	[ "$(kib)" -le $((began * 5 / 4)) ]
}

seq 1000 3999 | sed 's/.*/u&:x:&:/' > passwd
"$BUILD/generate" postfix 300000 accounts=10000 stamps=iso "start=$(($(date +%s) - 86400))" > mail.log
printf '[ledger]\npasswd = %s/passwd\n' "$TMP" > names
settings '' names
follow_watch
began=$(kib)
for time in 1 2 3; do
	kill -HUP "$watcher"
	await 30 in_force $time
done
await 10 as_small
echo "note: $began KiB, after three reloads $(kib)"
stop_watch
