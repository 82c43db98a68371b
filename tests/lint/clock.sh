#!/bin/sh
# Time is a value: only base/clock.c reads the clock, and nothing below commands/ prints or exits.
cd "$TOP" || exit 1
bad=0
if git ls-files '*.c' | grep -vE '^(tests/|base/clock\.c$)' |
	xargs grep -nE '(^|[^a-z_])(time|gettimeofday|clock_gettime) ?\(' |
	grep -vE '[.>]time\(|\* ?time\)|^[^:]*:[0-9]*:[[:space:]]*(\*|/\*)'; then
	echo "only base/clock.c reads the clock"
	bad=1
fi
if git ls-files '*.c' | grep -vE '^(tests|commands)/' |
	xargs grep -nE '(^|[^a-z_])(exit|_exit|abort|printf|puts|perror) ?\(' |
	grep -vE '^base/memory\.c:|^[^:]*:[0-9]*:[[:space:]]*(\*|/\*)|format\(printf|_exit\(127\)'; then
	echo "below commands/ nobody prints or exits: errors go up with their words"
	bad=1
fi
exit $bad
