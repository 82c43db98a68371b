#!/bin/sh
# Before the first save nothing is known to those who ask; that watch runs is said all the same.
. "$TOP/tests/watch.sh"

head -100 "$TOP/contrib/samples/postfix/mail.log" > mail.log
settings ''
sed -i 's/^save_every.*/save_every = 1h/' detect.conf
follow_watch
expect 1 "$SENDWATCH" accounts -c detect.conf
has err 'state/snapshot is not there yet: watch runs, and writes down what it knows within [watch] save_every'
expect 0 "$SENDWATCH" addresses -c detect.conf
[ ! -s err ] || die "complains: $(cat err)"
stop_watch
# None is listed by a watch that is not there.
expect 0 "$SENDWATCH" addresses -c detect.conf
has out 'No address is listed.'
has err 'does watch run here?'
expect 0 "$SENDWATCH" accounts -c detect.conf
rm state/snapshot
expect 1 "$SENDWATCH" accounts -c detect.conf
has err 'state/snapshot is not there: does watch run here?'
