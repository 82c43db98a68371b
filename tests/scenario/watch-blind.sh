#!/bin/sh
# Watch says so when it goes blind: lines that nobody understands, and logs that fall silent. Once each.
# needs: python3
. "$TOP/tests/watch.sh"

start_receiver 200
settings "$(cat port)"
sed -i 's,^save_every.*,&\nsilent_after = 2s,' detect.conf
: > mail.log
follow_watch
for number in $(seq 300); do
	echo "2026-11-17T10:00:00+00:00 mx1 postfix/smtp[1]: quantum link $number lost"
done > lines
cat lines >> mail.log # in one write: all are there when watch looks
await 10 in_journal "only 0.0 % of the mail server's last 300 lines were understood"
await 10 in_journal 'no line in any log for 2 s'
await 10 requests 2
grep -q '\\"type\\":\\"server\\"' requests || die "not told as of type server: $(cat requests)"
stop_watch
[ "$(grep -c '"type":"server"' verdicts.ndjson)" = 2 ] || die "told more than once: $(cat verdicts.ndjson)"
