#!/bin/sh
# Of the bundled days, the stolen login and the hole in the web site are found, within minutes of their first
# message, and nobody else is: by name, whatever order the files are named in.
# plain: replay.sh and parse.sh read the same days
. "$TOP/tests/shell.sh"

flagged() # FILE: accounts that a replay's NDJSON flags
{
	grep '"state":"flagged"' "$1" | sed 's/.*"account":"\([^"]*\)".*/\1/' | sort -u | tr '\n' ' '
}

samples=$TOP/contrib/samples
expect 0 "$SENDWATCH" replay --format ndjson --timezone UTC "$samples"/postfix/mail.log*
[ "$(flagged out)" = "nils@notary.example " ] || die "Postfix: flagged $(flagged out)"
grep '"state":"flagged"' out | head -n 1 | grep -q '"time":"2026-11-17T14:[01]' || die "Postfix: flagged late"
mv out forwards
expect 0 "$SENDWATCH" replay --format ndjson --timezone UTC \
	"$samples"/postfix/mail.log.[3-6].gz "$samples"/postfix/mail.log "$samples"/postfix/mail.log.[12]*
cmp out forwards || die "Postfix: the order of the names makes a difference"

expect 0 "$SENDWATCH" replay --format ndjson --timezone UTC "$samples"/exim/mainlog*
case $(flagged out) in
"local:bakery " | "script:/home/bakery/"*" ") ;;
*) die "Exim: flagged $(flagged out)" ;;
esac
grep '"state":"flagged"' out | head -n 1 | grep -q '"time":"2026-11-17T14:[01]' || die "Exim: flagged late"

expect 3 "$SENDWATCH" replay --exit-code --quiet --timezone UTC "$samples"/exim/mainlog*
