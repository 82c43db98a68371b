#!/bin/sh
# Two hundred kills of the collector, ten of Redis masters, under rotation: all totals are the truth's.
# needs: python3 redis-server logrotate
# seconds: 1800
. "$TOP/tests/shell.sh"

"$TOP/tests/crash/crash.py" --kills "${SOAK_KILLS:-200}" --seed "${SOAK_SEED:-1}" > out 2>&1 || { cat out; die "the totals are not the truth's"; }
sed 's/^/note: /' out
