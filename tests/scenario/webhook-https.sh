#!/bin/sh
# HTTPS is verified: a receiver whose certificate nobody vouches for is told nothing, until its authority is named.
# No secret of a webhook is ever said.
# needs: python3 openssl gzip
. "$TOP/tests/watch.sh"

openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out ca.pem -days 2 -subj /CN=receiver \
	-addext subjectAltName=IP:127.0.0.1 2> openssl.err || skip "openssl makes no certificate: $(cat openssl.err)"
cat key.pem ca.pem > server.pem
start_receiver 200
echo "https://127.0.0.1:$(cat port)/hook?token=geheim" > url
echo 'Authorization: Bearer auch-geheim' > headers
settings ''
printf '[webhook ops]\nurl_file = %s/url\nheaders_file = %s/headers\n[log]\nlevel = debug\n' "$TMP" "$TMP" >> detect.conf
day > mail.log
start_watch
await 10 grep -q 'webhook ops: ' watch.err
[ ! -e requests ] || die "an unknown certificate was trusted"
sed -i "s,^headers_file.*,&\nca = $TMP/ca.pem," detect.conf
kill -HUP "$watcher"
await 10 requests 2
await 10 in_journal '"action":"delivered"'
stop_watch
has requests '"authorization": "Bearer auch-geheim"'
lacks watch.err geheim
lacks verdicts.ndjson geheim
"$SENDWATCH" check -c detect.conf > checked 2>&1 || die "check: $(cat checked)"
lacks checked geheim
