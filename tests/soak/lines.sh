#!/bin/sh
# A hundred million lines out of a pipe: memory stays what it was after ten, and time grows with the lines.
# needs: python3
# seconds: 900
. "$TOP/tests/shell.sh"

seq 1000 3999 | sed 's/.*/u&:x:&:/' > passwd
spent() # MTA LINES: KiB at most, and hundredths of a second of the processor
{
	python3 -c '
import os, subprocess, sys
lines = subprocess.Popen(sys.argv[1:4], stdout=subprocess.PIPE)
replay = subprocess.Popen(sys.argv[4:], stdin=lines.stdout, stdout=subprocess.DEVNULL)
lines.stdout.close()
_, status, used = os.wait4(replay.pid, 0)
print(used.ru_maxrss, int(100 * (used.ru_utime + used.ru_stime)))
sys.exit(status != 0 or lines.wait() != 0)' \
		"$BUILD/generate" "$1" "$2" "$SENDWATCH" replay --timezone UTC --passwd passwd --quiet -
}

most=${SOAK_LINES:-100000000}
for mta in postfix exim; do
	tenth=$(spent $mta $((most / 10))) || die "$mta: a tenth of the lines is not read"
	whole=$(spent $mta "$most") || die "$mta: $most lines are not read"
	echo "note: $mta, $most lines: ${whole% *} KiB and ${whole#* } hundredths of a second, a tenth of them $tenth"
	[ "${whole% *}" -le $((${tenth% *} * 5 / 4)) ] || die "$mta: memory grows with the lines"
	[ "${whole#* }" -le $((${tenth#* } * 12)) ] || die "$mta: time grows faster than the lines"
done
