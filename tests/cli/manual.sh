#!/bin/sh
# Each command has a page of its own, with each of its options; sendwatch(1) leads to all; the pages know every key
# that the program prints.
# needs: python3
# plain: the pages are text; help.sh asks every command for its --help under sanitizers
. "$TOP/tests/shell.sh"
pages="$TOP/contrib/man"

for command in $("$SENDWATCH" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
	page="$pages/sendwatch-$command.1"
	[ -s "$page" ] || die "sendwatch-$command.1 is not there"
	has "$page" ".Nm sendwatch-$command"
	has "$page" ".Nm sendwatch Cm $command"
	grep -qE "^\.It Cm (.*, )?$command( |$)" "$pages/sendwatch.1" || die "sendwatch.1 lacks $command"
	has "$pages/sendwatch.1" ".Xr sendwatch-$command 1"
	for section in "EXIT STATUS" EXAMPLES "SEE ALSO"; do has "$page" ".Sh $section"; done
	"$SENDWATCH" "$command" --help | sed -n 's/^  --\([a-z-]*\).*/\1/p' | grep -v '^help$' > options
	[ -s options ] || die "sendwatch $command --help lists no options"
	sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p' "$page" > synopsis
	while read -r option; do
		grep -E "^\.It Fl (.* )?-$option( |$)" "$page" > entry || die "sendwatch-$command.1 lacks --$option"
		letter=$(sed -n "s/.*Fl \([a-z]\) , -$option.*/\1/p" entry)
		grep -qE "Fl (-$option${letter:+|$letter})( |$)" synopsis || die "the synopsis of sendwatch-$command.1 lacks --$option"
	done < options
done
# A page that is named is there, and none leads nowhere.
sed -n 's/^\.Xr \(sendwatch[a-z-]*\|detect\.conf\) \([15]\).*/\1.\2/p' "$pages"/*.[15] | sort -u > named
while read -r page; do [ -s "$pages/$page" ] || die "$page is named, and not there"; done < named
# What show counts.
grep -o '\[COUNT_.*' "$TOP/commands/accounts.c" | sed 's/.*"\(.*\)".*/\1/' > counters
[ "$(wc -l < counters)" -gt 20 ] || die "no counters were found"
sed -nE 's/^\.(It )?Cm //p' "$pages/sendwatch-events.5" | tr ' ' '\n' > keys
while read -r counter; do grep -qxF "$counter" keys || die "sendwatch-events.5 lacks $counter"; done < counters
{
	"$SENDWATCH" replay --format ndjson "$TOP/contrib/samples/postfix/mail.log*"
	"$SENDWATCH" health --format ndjson "$TOP/contrib/samples/postfix/mail.log*"
	"$SENDWATCH" explain --format ndjson "554 5.7.1 blocked using zen.spamhaus.org"
	for logs in postfix/mail.log exim/mainlog; do
		"$SENDWATCH" parse "$TOP/contrib/samples/$logs*"
		"$SENDWATCH" parse --attempts "$TOP/contrib/samples/$logs*"
		"$SENDWATCH" parse --coverage --format ndjson "$TOP/contrib/samples/$logs*"
	done
} > json
python3 - "$pages/sendwatch-events.5" << 'PY' || die "sendwatch-events.5 lacks them"
import json
import re
import sys
words = set(re.findall(r"[a-z_0-9]+", open(sys.argv[1]).read()))
missing = set()


def look(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in words:
                missing.add(key)
            look(inner)
    elif isinstance(value, list):
        for inner in value:
            look(inner)


for line in open("json"):
    entry = json.loads(line)
    look(entry)
    for key in ("kind", "mta", "outcome", "phase", "direction", "state"):
        if entry.get(key) is not None and entry[key] not in words:
            missing.add(entry[key])
print(*sorted(missing))
sys.exit(bool(missing))
PY
