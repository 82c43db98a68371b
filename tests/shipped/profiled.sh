#!/bin/sh
# The program that packages have, laid out by what a replay does, gives the same answers as the one that all other tests run.
# needs: gcc
# seconds: 900
. "$TOP/tests/shell.sh"

cd "$TOP" || exit 1
make -s BUILD="${BUILD#"$TOP"/}" profiled > "$TMP/log" 2>&1 || { cat "$TMP/log"; die "make profiled fails"; }
for suite in golden cli; do
	SENDWATCH=$BUILD/profiled/sendwatch TESTS= tests/run $suite > "$TMP/log" 2>&1 ||
		{ grep -A 20 '^not ok' "$TMP/log"; tail -n 1 "$TMP/log"; die "the profiled program fails $suite"; }
done
