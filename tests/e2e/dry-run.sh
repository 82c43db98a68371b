#!/bin/sh
# Dry run: the same theft is seen, and it is written down what would be done; nothing is done.
# needs: root python3 postfix dovecot unshare ip
. "$TOP/tests/servers/lab.sh"
. "$TOP/tests/servers/postfix.sh"

start_sink
start_dovecot $LAB/spool/private/auth postfix
start_postfix "unix:$LAB/spool/private/sendwatch"
cat > extra << MORE
[policy]
address = $LAB/spool/private/sendwatch
mode = 0666
throttle_watch = 20
[adapter queue]
type = postfix_queue
MORE
settings "" extra
follow_watch
all=$(for i in $(seq 80); do echo "nobody$i@a.test"; done)
# shellcheck disable=SC2086 # a list
client 587 bob@shop.test later1@remote.test $all > bob
has bob "sent 81"
await 10 in_journal '"action":"would throttle"'
await 10 in_journal '"action":"would disable"'
in_journal '"dry_run":true' || die "not told as a dry run"
client 587 bob@shop.test friend@remote.test > bob
has bob "sent 1"
postqueue -j | grep -q '"queue_name": "hold"' && die "something is on hold"
grep -q '"action":"disabled"' verdicts.ndjson && die "acted"
[ ! -e state/cases ] || ! grep -q ^case state/cases || die "a case was opened"
