#!/bin/sh
# Killed at random moments under real logrotate, with masters of a Redis Cluster killed too: all totals are true, and
# each verdict is acted on once. `make crash-test KILLS=200 SEED=1` is the long one.
# needs: python3 gzip
# seconds: 300
. "$TOP/tests/shell.sh"

"$TOP/tests/crash/crash.py" --kills 5 --logs 2 --seed "${SEED:-1}" > out 2>&1 || { cat out >&2; die "something was lost, or counted twice"; }
sed 's/^/note: /' out
