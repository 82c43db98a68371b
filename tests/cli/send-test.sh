#!/bin/sh
# check --send-test sends to every target and says what came back.
# needs: python3
. "$TOP/tests/watch.sh"

start_receiver 200 500
settings ''
: > mail.log
mkdir state
printf '#!/bin/sh\ncat > %s/got\necho done it\n' "$TMP" > tell
# It reads nothing: what it is told may meet a closed pipe.
printf '#!/bin/sh\nexec <&-\necho no such queue\nexit 7\n' > fail
chmod +x tell fail
cat >> detect.conf << EOS
[webhook good]
url = http://127.0.0.1:$(cat port)/
[webhook bad]
url = http://127.0.0.1:$(cat port)/
[command good]
run = $TMP/tell
[command bad]
run = $TMP/fail
[mail owners]
owner = yes
sendmail = $TMP/tell
EOS
expect 0 "$SENDWATCH" check -c detect.conf
expect 1 "$SENDWATCH" check --send-test -c detect.conf
has out 'ok     [webhook good] test: the receiver answered 200'
has out 'WRONG  [webhook bad] test: the receiver answered 500'
has out 'ok     [command good] test: exit status 0: done it'
has out 'WRONG  [command bad] test: exit status 7: no such queue'
has out 'ok     [mail owners] test: tells owners of accounts: nothing was sent'
has got '"account":"test@sendwatch.invalid"'
[ "$(grep -c . requests)" = 2 ] || die "not one request each: $(cat requests)"
[ ! -e verdicts.ndjson ] || die "a test stands in the journal"

kill -9 "$receiver"
start_receiver 302
settings "$(cat port)"
expect 1 "$SENDWATCH" check --send-test -c detect.conf
has out 'WRONG  [webhook ops] test: the receiver answered 302: redirects are not followed'
