#!/bin/sh
# needs: shellcheck
cd "$TOP" || exit 1
git ls-files | while read -r file; do
	[ -f "$file" ] || continue
	case $file in
	*.sh) echo "$file" ;;
	*.[ch] | *.md | *.py | *.gz) ;;
	*) head -n 1 "$file" | tr -d '\0' | grep -qE '^#!/bin/(ba)?sh' && echo "$file" ;;
	esac
done > "$TMP/scripts"
# SC1091: sourced files are checked themselves. SC1007, SC2015: "a= b=" and "a && b || c" are meant so.
xargs shellcheck -S warning -e SC1007,SC1091,SC2015 < "$TMP/scripts"
