#!/bin/sh
# needs: clang-format
# `make format` mends what this finds.
cd "$TOP" || exit 1
git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror --ferror-limit=3 2>&1 | grep -E 'error:' | sort -u > "$TMP/found"
[ -s "$TMP/found" ] || exit 0
sed 's/: error.*/: not in the agreed format (make format)/' "$TMP/found"
exit 1
