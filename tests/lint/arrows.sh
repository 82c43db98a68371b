#!/bin/sh
# Who may include whom:  base <- collector;  base <- parsers <- detectors <- responders;  commands -> all.
# A file includes by the path from the root, so that the folder can be seen in the line.
cd "$TOP" || exit 1
git ls-files '*.c' '*.h' | xargs awk '
BEGIN {
	allowed["base"] = " base "
	allowed["collector"] = " base collector "
	allowed["parsers"] = " base parsers "
	allowed["detectors"] = " base parsers detectors "
	allowed["responders"] = " base parsers detectors responders "
	allowed["commands"] = " base collector parsers detectors responders commands "
}
/^#include "/ {
	split(FILENAME, from, "/")
	split($0, quoted, "\"")
	if (split(quoted[2], to, "/") < 2 && from[1] in allowed) {
		print FILENAME ":" FNR ": include by the path from the root: " quoted[2]
		bad = 1
	} else if (from[1] in allowed && to[1] in allowed && index(allowed[from[1]], " " to[1] " ") == 0) {
		print FILENAME ":" FNR ": " from[1] "/ must not know " to[1] "/"
		bad = 1
	}
}
END { exit bad }'
