#!/bin/sh
# Watch says so when it goes blind: lines that nobody understands, and logs that fall silent. Once each: a machine that
# holds this script up is silent before the lines, too, and that is told by itself.
# needs: python3
. "$TOP/tests/watch.sh"

start_receiver 200
settings "$(cat port)"
sed -i 's,^save_every.*,&\nsilent_after = 2s,' detect.conf
: > mail.log
for number in $(seq 300); do
	echo "2026-11-17T10:00:00+00:00 mx1 postfix/smtp[1]: quantum link $number lost"
done > lines
silent() # after the lines
{
	sed -n '/were understood/,$p' verdicts.ndjson | grep -q 'no line in any log for [0-9]* s'
}
told() { [ "$(grep -c '\\"type\\":\\"server\\"' requests)" = "$(grep -c '"type":"server"' verdicts.ndjson)" ]; }

follow_watch
cat lines >> mail.log # in one write: all are there when watch looks
await 10 in_journal "only 0.0 % of the mail server's last 300 lines were understood"
await 10 silent
await 10 told
stop_watch
grep '"type":"server"' verdicts.ndjson | grep -vq "\"host\":\"$(uname -n)\"" && die "not told of which server"
sed -n 's/.*"type":"server".*\(no line in any log\|were understood\).*/\1/p' verdicts.ndjson > told
sed '1{/^no line/d;}' told > wanted
printf 'were understood\nno line in any log\n' | cmp -s - wanted || die "told otherwise than once each: $(cat verdicts.ndjson)"
