#!/bin/sh
# Time is a value: only base/clock.c reads the clock. And nothing below commands/ prints or exits, but where
# memory ends (base/memory.c) and in a child between fork and exec (_exit).
cd "$TOP" || exit 1
git ls-files '*.c' | grep -v '^tests/' | xargs awk '
{
	line = $0
	gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
	if (line ~ /^[ \t]*(\/\*|\*)/)
		next
	if (FILENAME != "base/clock.c" && line ~ /(^|[^A-Za-z_.>])(time|gettimeofday|clock_gettime)\(/ &&
	    line !~ /\(\*time\)\(|^(static )?[a-z].* \**time\(/) {
		print FILENAME ":" FNR ": only base/clock.c reads the clock: " $0
		bad = 1
	}
	if (FILENAME !~ /^commands\// && FILENAME != "base/memory.c" &&
	    line ~ /(^|[^A-Za-z_.>])(exit|printf|puts|perror)\(/) {
		print FILENAME ":" FNR ": below commands/ nobody prints or exits: " $0
		bad = 1
	}
}
END { exit bad }'
