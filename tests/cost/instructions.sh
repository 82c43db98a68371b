#!/bin/sh
# needs: valgrind
# Instructions that a replay spends on a line, counted, so that noise cannot hide what became slower: at most
# 10 % over the figures in instructions.expected. What start-up costs is taken off by the difference of two
# lengths; what this machine's name services cost, by a file that names all uids. The figures hold for one compiler; `tests/cost/instructions.sh record` writes them anew.
TOP=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
BUILD=${BUILD:-$TOP/build}
SENDWATCH=${SENDWATCH:-$TOP/sendwatch}
TMP=${TMP:-$(mktemp -d)}
expected=$TOP/tests/cost/instructions.expected
compiler=$(gcc -dumpmachine)-$(gcc -dumpfullversion)

if [ ! -x "$BUILD/generate" ] || [ ! -x "$SENDWATCH" ]; then
	echo "$BUILD/generate and $SENDWATCH must be built first: make benches"
	exit 1
fi

spent() # MTA LINES
{
	"$BUILD/generate" "$1" "$2" > "$TMP/log" || return
	valgrind --tool=callgrind --callgrind-out-file=/dev/null \
		"$SENDWATCH" replay --timezone UTC --passwd "$TMP/passwd" --quiet "$TMP/log" \
		2>&1 > /dev/null | sed -n 's/.*Collected : *//p'
}

if [ "${1:-}" != record ] && ! grep -q "^compiler $compiler\$" "$expected" 2> /dev/null; then
	echo "skip: no figures are recorded for $compiler"
	exit 77
fi
[ "${1:-}" = record ] && echo "compiler $compiler" > "$expected"
seq 1000 3999 | sed 's/.*/u&:x:&:/' > "$TMP/passwd"
bad=0
for mta in postfix exim; do
	short=$(spent $mta 5000)
	long=$(spent $mta 25000)
	# What did not run costs nothing, and is no success.
	if [ "${short:-0}" -eq 0 ] || [ "${long:-0}" -le "${short:-0}" ]; then
		echo "$mta: nothing was counted: ${short:-nothing} for 5,000 lines, ${long:-nothing} for 25,000"
		exit 1
	fi
	a_line=$(((long - short) / 20000))
	if [ "${1:-}" = record ]; then
		echo "$mta $a_line" >> "$expected"
		continue
	fi
	allowed=$(sed -n "s/^$mta //p" "$expected")
	echo "note: $mta: $a_line instructions a line, $allowed recorded"
	[ $((a_line * 10)) -le $((allowed * 11)) ] || { echo "$mta became more than 10 % dearer"; bad=1; }
done
exit $bad
