#!/bin/sh
# Of two logs one falls silent while the other speaks on: this is told, by its name, once.
# needs: python3
. "$TOP/tests/watch.sh"

start_receiver 200
# shellcheck disable=SC2034 # settings() follows them
logs="$TMP/mail.log, $TMP/exim.log"
settings "$(cat port)"
sed -i 's,^save_every.*,&\nsilent_after = 2s,' detect.conf
: > mail.log
: > exim.log
follow_watch
line() { echo "2026-11-17T10:00:0$1+00:00 mx1 postfix/qmgr[1]: 4F2K3L$1: removed"; }
line 1 >> mail.log
line 1 >> exim.log
speak_on() { line 2 >> mail.log; in_journal 'exim.log for 2 s'; }
await 20 speak_on
await 10 requests 1
stop_watch
lacks verdicts.ndjson 'any log'
lacks verdicts.ndjson 'mail.log for'
[ "$(grep -c '"type":"server"' verdicts.ndjson)" = 1 ] || die "told more than once: $(cat verdicts.ndjson)"
