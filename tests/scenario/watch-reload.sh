#!/bin/sh
# SIGHUP and `sendwatch reload` take new settings in, whole or not at all; the latter tells.
# needs: python3 gzip
. "$TOP/tests/watch.sh"

start_receiver 200
settings ''
: > mail.log
follow_watch

# A mistake: everything stays, and is said.
settings "$(cat port)"
printf '[webhook bad]\nurl = ftp://x/\n' >> detect.conf
kill -HUP "$watcher"
await 10 grep -qF 'the settings stay as they were: [webhook bad] the URL is not one of the form' watch.err
printf '[judge]\nflaged = 1\n' >> detect.conf
kill -HUP "$watcher"
await 10 grep -q 'stay as they were: .*detect.conf:[0-9]*: \[judge\] has no key flaged' watch.err

# Its folder is locked, and everything it knows is there: it does not move to another one.
settings ''
sed -i 's,/state$,/elsewhere,' detect.conf
kill -HUP "$watcher"
await 10 grep -qF 'stay as they were: [watch] state: start sendwatch anew to change it' watch.err
[ ! -e elsewhere ] || die "a new folder for settings that were refused"

# Who waits for it hears what became of it.
settings ''
printf '[adapter list]\ntype = exim_list\nfile = %s/stopped\n' "$TMP" >> detect.conf
expect 1 "$SENDWATCH" reload -c detect.conf
has err 'sendwatch reload: the settings stay as they were: [adapter list] is new here'
has watch.err 'the settings stay as they were: [adapter list] is new here'
printf '[judge]\nflaged = 1\n' >> detect.conf
expect 2 "$SENDWATCH" reload -c detect.conf
has err 'the settings stay as they were: detect.conf:'
settings ''
expect 0 "$SENDWATCH" reload -c detect.conf
[ ! -s err ] || die "complains of settings that are in force: $(cat err)"
has watch.err 'new settings are in force'
: > watch.err

# Mended: the new webhook is told, by the thresholds and the log of the new settings.
settings "$(cat port)"
sed -i 's,mail.log,other.log,' detect.conf
printf '[judge]\ndisabled = 100\n' >> detect.conf
day > other.log
kill -HUP "$watcher"
await 10 grep -q 'new settings are in force' watch.err
await 10 requests 1
await 10 in_journal '"state":"flagged"'
await 10 saved_up_to "$(tail -n 1 other.log | cut -d' ' -f1)"
stop_watch
! in_journal '"state":"disabled"' || die "the old threshold was in force"
