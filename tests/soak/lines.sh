#!/bin/sh
# A hundred million lines out of a pipe: memory stays what it was after ten, and time grows with the lines.
# needs: python3
# seconds: 900
. "$TOP/tests/shell.sh"

seq 1000 3999 | sed 's/.*/u&:x:&:/' > passwd
spent() # MTA LINES: KiB at most, and hundredths of a second of the processor
{
	"$BUILD/generate" "$1" "$2" | python3 -c '
import os, resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_maxrss, int(100 * (used.ru_utime + used.ru_stime)))' \
		"$SENDWATCH" replay --timezone UTC --passwd passwd --quiet - || die "$1: $2 lines are not read"
}

most=${SOAK_LINES:-100000000}
for mta in postfix exim; do
	tenth=$(spent $mta $((most / 10)))
	whole=$(spent $mta "$most")
	echo "note: $mta, $most lines: ${whole% *} KiB and ${whole#* } hundredths of a second, a tenth of them $tenth"
	[ "${whole% *}" -le $((${tenth% *} * 5 / 4)) ] || die "$mta: memory grows with the lines"
	[ "${whole#* }" -le $((${tenth#* } * 12)) ] || die "$mta: time grows faster than the lines"
done
