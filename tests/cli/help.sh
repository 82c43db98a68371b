#!/bin/sh
# Every command explains itself; what is mistyped is answered by the nearest word.
. "$TOP/tests/shell.sh"

expect 2 "$SENDWATCH"
has err 'Usage: sendwatch COMMAND'
expect 0 "$SENDWATCH" --help
expect 0 "$SENDWATCH" --version
grep -qE '^sendwatch [0-9]+\.[0-9]+\.[0-9]+$' out || die "--version says: $(cat out)"
for command in $("$SENDWATCH" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
	expect 0 "$SENDWATCH" "$command" --help
	has out "Usage: sendwatch $command [OPTIONS]"
	has out '--help'
	[ ! -s err ] || die "$command --help complains: $(cat err)"
done
expect 2 "$SENDWATCH" rpelay
has err 'no command is called rpelay; the nearest is replay'
expect 2 "$SENDWATCH" replay --exitcode x.log
has err '--exitcode is not an option of replay; the nearest is --exit-code'
expect 2 "$SENDWATCH" replay --json x.log
has err '--json is not an option of replay: see sendwatch replay --help'
expect 2 "$SENDWATCH" accounts normal
has err 'a state is watch, flagged, disabled or released'
expect 2 "$SENDWATCH" replay -qx mail.log
has err '-x is not an option of replay'
expect 2 "$SENDWATCH" explain -qx 550
has err '-q is not an option of explain'
expect 2 "$SENDWATCH" replay --quiet=yes mail.log
has err '--quiet takes no value'
expect 2 "$SENDWATCH" replay --format
has err '--format needs a value'
expect 2 "$SENDWATCH" replay --format=xml x.log
has err '--format: "xml" is neither text nor ndjson'
expect 2 "$SENDWATCH" replay --since yesterday x.log
has err '--since: "yesterday" is not a time'
expect 2 "$SENDWATCH" replay --year 20x6 x.log
expect 2 "$SENDWATCH" replay --timezone Mars/Olympus x.log
has err 'Mars/Olympus'
expect 2 "$SENDWATCH" replay
has err 'which log?'
expect 2 "$SENDWATCH" parse

# A full disk does not look like success.
if [ -w /dev/full ]; then
	"$SENDWATCH" --help > /dev/full 2> err
	[ $? = 1 ] || die "writing to a full disk succeeded"
	has err 'standard output'
fi

# One word, two meanings: of logs it is where reading stops, of an order when it ends.
expect 0 "$SENDWATCH" replay --help
has out '--until TIME            stop reading at TIME'
for command in disable exempt; do
	expect 0 "$SENDWATCH" $command --help
	has out '--until TIME            when it ends by itself'
done
expect 1 "$SENDWATCH" release --password-changed -c /dev/null bob@example.com
has err 'sendwatch release: '
