#!/bin/sh
# What is longer than it should be is named, not refused: .c files over 500 lines, headers over 150,
# functions over 60.
cd "$TOP" || exit 1
git ls-files '*.c' '*.h' | grep -v '^tests/' | xargs awk '
function report() { if (lines > (file ~ /\.h$/ ? 150 : 500)) print "note: " file " has " lines " lines" }
FNR == 1 { report(); file = FILENAME }
{ lines = FNR }
/^[a-z].*\(/ { name = $0 }
/^\{/ { start = FNR }
/^\}/ {
	if (start && FNR - start - 1 > 60)
		print "note: " FILENAME ":" start ": " FNR - start - 1 " lines of function: " name
	start = 0
}
END { report() }'
