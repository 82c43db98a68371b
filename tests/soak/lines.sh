#!/bin/sh
# A hundred million lines out of a pipe: memory stays what it was after ten, and time grows with the lines.
# seconds: 900
. "$TOP/tests/shell.sh"

seq 1000 3999 | sed 's/.*/u&:x:&:/' > passwd
spent() # MTA LINES: KiB at most, and hundredths of a second of the processor
{
	rm -f written
	{ "$BUILD/generate" "$1" "$2" && : > written; } |
		"$BUILD/tests/bench/spent" "$SENDWATCH" replay --timezone UTC --passwd passwd --quiet - > figures || return 1
	[ -e written ] && awk -F'[:,}]' '{ print $6, int(100 * $4) }' figures
}

most=${SOAK_LINES:-100000000}
for mta in postfix exim; do
	tenth=$(spent $mta $((most / 10))) || die "$mta: a tenth of the lines is not read"
	whole=$(spent $mta "$most") || die "$mta: $most lines are not read"
	echo "note: $mta, $most lines: ${whole% *} KiB and ${whole#* } hundredths of a second, a tenth of them $tenth"
	[ "${whole% *}" -le $((${tenth% *} * 5 / 4)) ] || die "$mta: memory grows with the lines"
	[ "${whole#* }" -le $((${tenth#* } * 12)) ] || die "$mta: time grows faster than the lines"
done
