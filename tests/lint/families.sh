#!/bin/sh
# Members of one family never include each other. A family's members are told by the start of their files'
# names, within a folder; what several members share has a name of its own.
cd "$TOP" || exit 1
families='
collector/: archive_ follow journald listen
parsers/: postfix exim dovecot filter
detectors/: store_memory store_redis store_fail
detectors/: detect_[a-z]*
responders/: journal webhook mail command disable policy dnsbl
responders/: adapter_[a-z]*'
bad=0
IFS='
'
for family in $families; do
	folder=${family%%:*}
	IFS=' '
	for a in ${family#*:}; do
		for file in "$folder"$a*.[ch]; do
			[ -e "$file" ] || continue
			for b in ${family#*:}; do
				case $b in
				*\[*) # any member but the file's own
					own=${file%.[ch]}
					hits=$(grep -nE "^#include \"$folder${b%%\[*}" "$file" | grep -vF "\"$own.h\"") ;;
				"$a") continue ;;
				*) hits=$(grep -nE "^#include \"$folder$b" "$file") ;;
				esac
				[ -z "$hits" ] || { echo "$file includes another of its family: $hits"; bad=1; }
			done
		done
	done
	IFS='
'
done
exit $bad
