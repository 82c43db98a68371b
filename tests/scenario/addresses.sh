#!/bin/sh
# Networks that guess passwords are listed within a second, in every form, with reasons; who is at home is not. The
# list survives a kill and new settings, and can be read while watch is down.
# needs: python3
. "$TOP/tests/watch.sh"

ago() { date -u -d "$1 ago" '+%b %e %H:%M:%S'; }
failed() # WHEN ADDRESS LOGIN
{
	echo "$(ago "$1") mx1 postfix/submission/smtpd[7]: warning: pc[$2]: SASL LOGIN authentication failed: (reason unavailable), sasl_username=$3"
}
mail() # WHEN ADDRESS LOGIN QUEUE-ID
{
	stamp="$(ago "$1") mx1 postfix"
	echo "$stamp/submission/smtpd[7]: $4: client=pc[$2], sasl_method=PLAIN, sasl_username=$3"
	echo "$stamp/qmgr[8]: $4: from=<$3>, size=900, nrcpt=1 (queue active)"
	echo "$stamp/smtp[9]: $4: to=<x@remote.test>, relay=mx.remote.test[198.51.100.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)"
	echo "$stamp/qmgr[8]: $4: removed"
}
listed() # ADDRESS
{
	"$SENDWATCH" addresses -c detect.conf --format ndjson > listed && grep -qF "\"address\":\"$1\"" listed
}

cat > extra << EXTRA
[addresses]
nft = $TMP/addresses.nft
fail2ban = $TMP/addresses.txt
crowdsec = $TMP/addresses.csv
EXTRA
settings "" extra
{
	mail '3 days' 203.0.113.1 home@shop.test 4F2A01
	mail '2 days' 203.0.113.1 home@shop.test 4F2A02
	mail '1 day' 203.0.113.1 home@shop.test 4F2A03
} > mail.log
follow_watch
expect 0 "$SENDWATCH" addresses -c detect.conf
has out "No address is listed."
for i in 0 1 2 3 4 5 6 7 8 9; do
	failed '10 seconds' 198.51.100.7 "user$i@d$((i % 4)).test"
	failed '10 seconds' 203.0.113.1 "user$i@d$((i % 4)).test"
	failed '10 seconds' 2001:db8:1:2::$i "user$i@d$((i % 4)).test"
	failed '10 seconds' 192.168.1.5 "user$i@d$((i % 4)).test"
done >> mail.log
failed '9 seconds' 198.51.100.7 'x"},{"address":"203.0.113.1' >> mail.log
await 5 listed 198.51.100.7
# Each file is replaced by itself, and what was read first may have been listed before the rest.
await 5 listed 2001:db8:1:2::/64
has listed '"guessed":true,"sent":false,"accounts":'
for file in nft txt csv; do
	await 5 grep -qF 198.51.100.7 addresses.$file
	await 5 grep -qF 2001:db8:1:2::/64 addresses.$file
done
has addresses.nft '198.51.100.7 timeout'
has addresses.nft '2001:db8:1:2::/64 timeout'
[ "$(sort addresses.txt)" = "198.51.100.7
2001:db8:1:2::/64" ] || die "listed are others: $(cat addresses.txt)"
grep -qE '^[0-9]+s,sendwatch/guessed,ip,ban,198\.51\.100\.7$' addresses.csv || die "$(cat addresses.csv)"
grep -qE '^[0-9]+s,sendwatch/guessed,range,ban,2001:db8:1:2::/64$' addresses.csv || die "$(cat addresses.csv)"
grep -qE '^\{"type":"attacker","id":"198.51.100.7-listed-[0-9]+","time":"[^"]*","address":"198.51.100.7","action":"listed"' verdicts.ndjson ||
	die "not in the journal"
expect 0 "$SENDWATCH" addresses -c detect.conf
has out "tried the passwords of 1"
for format in nft fail2ban crowdsec; do
	expect 0 "$SENDWATCH" addresses -c detect.conf --format $format
	has out 198.51.100.7
done
expect 2 "$SENDWATCH" accounts -c detect.conf --format nft

kill_watch
expect 0 "$SENDWATCH" addresses -c detect.conf
has out 198.51.100.7
rm addresses.txt
# A file that cannot be written keeps no other one back.
sed -i "s|^nft = .*|nft = $TMP/no/such/folder.nft|" detect.conf
: > watch.err
follow_watch
await 5 grep -qF 198.51.100.7 addresses.txt
grep -qF "$TMP/no/such/folder.nft: cannot write" watch.err || die "it is not told: $(cat watch.err)"
sed -i "s|^nft = .*|nft = $TMP/addresses.nft|" detect.conf
echo 'keep = 6d' >> detect.conf
kill -HUP "$watcher"
await 10 grep -q 'new settings are in force' watch.err
listed 198.51.100.7 || die "forgotten with new settings"
sed -i 's/^keep = .*/protect = 198.51.100.0\/2x/' detect.conf
kill -HUP "$watcher"
await 10 grep -q 'protect: 198.51.100.0/2x is no network' watch.err
expect 1 "$SENDWATCH" check -c detect.conf
has out 'WRONG  [addresses] protect: 198.51.100.0/2x is no network'
has out 'ok     [addresses] crowdsec:'
stop_watch
sed -i '/^protect = /d' detect.conf
printf 'x' >> state/addresses
expect 1 "$SENDWATCH" addresses -c detect.conf
has err "damaged, or of another version"
: > watch.err
follow_watch
grep -q 'the list begins anew' watch.err || die "a damaged list is not told"
await 3 test ! -s addresses.txt
