#!/bin/sh
# A header that needs another includes it: each compiles alone, under a guard of its own path.
cd "$TOP" || exit 1
bad=0
for header in $(git ls-files '*.h'); do
	gcc -std=c11 -D_GNU_SOURCE -I. -Wall -Wextra -Werror -fsyntax-only -x c "$header" || bad=1
	guard=SENDWATCH_$(echo "${header%.h}" | tr 'a-z/-' 'A-Z__')_H
	case $header in tests/*) continue ;; esac
	grep -q "^#ifndef $guard\$" "$header" || { echo "$header: its guard is not $guard"; bad=1; }
done
exit $bad
