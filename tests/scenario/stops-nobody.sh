#!/bin/sh
# Who orders that an account be stopped learns where nothing comes of it: nothing is set up, or the mail server never asks.
# needs: python3
. "$TOP/tests/watch.sh"

: > mail.log
settings ""
follow_watch
expect 0 "$SENDWATCH" disable -c detect.conf bob@shop.test
has err 'bob@shop.test: taken, but nothing stops it on this server: there is neither a [policy] nor an [adapter]'
expect 0 "$SENDWATCH" release -c detect.conf bob@shop.test
lacks err 'nothing stops it'

printf '[policy]\naddress = %s/policy\n' "$TMP" >> detect.conf
expect 0 "$SENDWATCH" reload -c detect.conf
expect 0 "$SENDWATCH" disable -c detect.conf bob@shop.test
has err 'bob@shop.test: taken, but the mail server has asked nothing so far: is [policy] in its settings?'
policy_answer policy bob@shop.test | grep -q '554 5.7.1' || die "goes on: $(policy_answer policy bob@shop.test)"
expect 0 "$SENDWATCH" disable -c detect.conf ann@shop.test
lacks err 'asked nothing'
stop_watch
