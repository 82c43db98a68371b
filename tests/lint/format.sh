#!/bin/sh
# needs: clang-format
# `make format` mends what this finds. The format is agreed as clang-format 14 has it, of Debian 12 and Ubuntu 22.04.
case $(clang-format --version) in
*'version 14.'*) ;;
*) echo "skip: another release than 14 puts some things otherwise: $(clang-format --version)"; exit 77 ;;
esac
cd "$TOP" || exit 1
git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror --ferror-limit=3 2>&1 | grep -E 'error:' | sort -u > "$TMP/found"
[ -s "$TMP/found" ] || exit 0
sed 's/: error.*/: not in the agreed format (make format)/' "$TMP/found"
exit 1
