#!/bin/sh
# Of two logs one falls silent while the other speaks on: this is told, by its name, once.
# needs: python3
. "$TOP/tests/watch.sh"

start_receiver 200
# shellcheck disable=SC2034 # settings() follows them
logs="$TMP/mail.log, $TMP/exim.log"
settings "$(cat port)"
sed -i 's,^save_every.*,&\nsilent_after = 2s,' detect.conf
line() { echo "2026-11-17T10:00:0$1+00:00 mx1 postfix/qmgr[1]: 4F2K3L$1: removed"; }
speak_on() { while [ -e detect.conf ] && [ ! -e hush ]; do line 2 >> mail.log; sleep 0.05; done; }
for seconds in 2 10 40; do # a machine that holds this script up for so long has made the other one silent, too
	sed -i "s,^silent_after.*,silent_after = ${seconds}s," detect.conf
	: > mail.log
	: > exim.log
	follow_watch
	line 1 >> mail.log
	line 1 >> exim.log
	speak_on &
	speaker=$!
	await 60 in_journal 'no line in'
	await 10 requests 1
	stop_watch
	: > hush
	wait "$speaker"
	in_journal 'any log' || break
	[ "$seconds" = 40 ] || rm -rf hush state verdicts.ndjson requests
	: > watch.err
done
in_journal 'exim.log for ' || die "told otherwise: $(cat verdicts.ndjson)"
lacks verdicts.ndjson 'any log'
lacks verdicts.ndjson 'mail.log for'
[ "$(grep -c 'no line in' verdicts.ndjson)" = 1 ] || die "told more than once: $(cat verdicts.ndjson)"
