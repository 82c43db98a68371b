#!/bin/sh
# needs: clang-tidy
# seconds: 1200
# Static analysis, a file at a time; what was clean and has not changed since, with what it includes, is not
# looked at again. .clang-tidy names the checks.
cd "$TOP" || exit 1
mkdir -p "$BUILD/tidy"
flags=$(sed 's/^[^ ]* //; s/ -l[^ ]*//g; s/-Wlogical-op\|-Wduplicated-cond\|-Wduplicated-branches//g' "$BUILD/flags")
check() # FILE
{
	stamp=$BUILD/tidy/$(echo "$1" | tr / _)
	# shellcheck disable=SC2086 # flags are words
	{ clang -E $flags "$1"; cat .clang-tidy; } 2> /dev/null | cksum > "$stamp.now.$$"
	if ! cmp -s "$stamp.now.$$" "$stamp"; then
		# shellcheck disable=SC2086
		clang-tidy --quiet "$1" -- $flags > "$stamp.found" 2>&1 || { grep 'error:' "$stamp.found"; rm -f "$stamp.now.$$"; return 1; }
	fi
	mv "$stamp.now.$$" "$stamp"
}
# Two halves at once: this is the slowest of the checks.
git ls-files '*.c' | grep -v '^tests/' > "$TMP/files"
(i=0; while read -r file; do i=$((i + 1)); [ $((i % 2)) = 0 ] || check "$file" || echo "$file" >> "$TMP/bad"; done < "$TMP/files") &
i=0
while read -r file; do i=$((i + 1)); [ $((i % 2)) = 1 ] || check "$file" || echo "$file" >> "$TMP/bad"; done < "$TMP/files"
wait
[ ! -s "$TMP/bad" ]
