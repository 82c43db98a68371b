#!/bin/sh
# needs: clang-tidy
# seconds: 1200
# Static analysis, a file at a time; what was clean and has not changed since, with what it includes, is not
# looked at again. .clang-tidy names the checks. The analyzer follows the ways through a function until it has been in
# so many states; left to itself it goes on for ten times as long, which TIDY=deep lets it do.
cd "$TOP" || exit 1
mkdir -p "$BUILD/tidy"
states=20000
[ "${TIDY:-}" != deep ] || states=225000
flags=$(sed 's/^[^ ]* //; s/ -l[^ ]*//g; s/-Wlogical-op\|-Wduplicated-cond\|-Wduplicated-branches//g' "$BUILD/flags")
deep="-Xclang -analyzer-config -Xclang max-nodes=$states"
cat > "$TMP/check" << 'END'
file=$1 flags=$2 deep=$3
stamp=$BUILD/tidy/$(echo "$file" | tr / _)
# shellcheck disable=SC2086 # flags are words
{ clang -E $flags "$file"; cat .clang-tidy; echo "$deep"; } 2> /dev/null | cksum > "$stamp.now.$$"
if ! cmp -s "$stamp.now.$$" "$stamp"; then
	# shellcheck disable=SC2086
	clang-tidy --quiet "$file" -- $flags $deep > "$stamp.found" 2>&1 ||
		{ grep 'error:' "$stamp.found" || tail -n 3 "$stamp.found"; rm -f "$stamp.now.$$"; exit 1; }
fi
mv "$stamp.now.$$" "$stamp"
END
# This is the slowest of the checks: all processors at once.
git ls-files '*.c' | grep -v '^tests/' |
	xargs -P "$(nproc 2> /dev/null || echo 2)" -I FILE sh "$TMP/check" FILE "$flags" "$deep"
