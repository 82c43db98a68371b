#!/bin/sh
# health says how providers treat our addresses, in text and as one JSON object a line.
. "$TOP/tests/shell.sh"

message() # MINUTE SECOND LOGIN STATUS: one that went to Microsoft
{
	stamp=$(printf 'Nov  1 03:%02d:%02d mx1 postfix' "$1" "$2")
	id=$(printf '4F2A%02dB%02d' "$1" "$2")
	echo "$stamp/smtpd[9]: $id: client=pc[203.0.113.9], sasl_method=PLAIN, sasl_username=$3"
	echo "$stamp/qmgr[9]: $id: from=<$3>, size=900, nrcpt=1 (queue active)"
	echo "$stamp/smtp[9]: $id: to=<x$2@outlook.com>, relay=$microsoft:25, delay=1, delays=0/0/1/0, $4"
	echo "$stamp/qmgr[9]: $id: removed"
}
microsoft='outlook-com.olc.protection.outlook.com[192.0.2.99]'
refused="dsn=5.7.1, status=bounced (host $microsoft said: 550 5.7.1 Unfortunately, messages from [192.0.2.25] were not sent; part of their network is on our block list (S3150). (in reply to MAIL FROM command))"
for second in $(seq 30); do
	message 4 "$second" bob@example.com "$refused"
done > mail.log
expect 0 "$SENDWATCH" health --timezone UTC --year 2026 mail.log
has out 'mx1 (192.0.2.25) at microsoft'
has out '30 attempts, 100.0 % refused for our address, 0 deferred'
has out 'refuses us since 2026-11-01T'
has out 'mostly by bob@example.com'
expect 0 "$SENDWATCH" health --timezone UTC --year 2026 --format ndjson mail.log
has out '"type":"address"'
has out '"account":"192.0.2.25 at microsoft","state":"flagged"'
has out '"type":"health","address":"mx1","named":"192.0.2.25","provider":"microsoft","attempts":30'
expect 1 "$SENDWATCH" health nowhere.log

# Of one account alone: what it did, and no word on the address, which others use too.
cp mail.log two.log
for second in 1 2 3 4; do
	message 5 "$second" eve@example.com 'dsn=2.0.0, status=sent (250 OK)'
done >> two.log
expect 0 "$SENDWATCH" health --timezone UTC --year 2026 two.log
has out '34 attempts, 88.2 % refused for our address'
expect 0 "$SENDWATCH" health --timezone UTC --year 2026 --account eve@example.com two.log
has out '4 attempts, 0.0 % refused for our address'
lacks out bob@example.com
expect 0 "$SENDWATCH" health --timezone UTC --year 2026 --account bob@example.com --format ndjson two.log
has out '"attempts":30'
lacks out '"type":"address"'

# Exim's own log names neither host nor address: what remotes say of "this server" is told all the same.
expect 0 "$SENDWATCH" health "$TOP/contrib/samples/exim/mainlog"
has out 'this server'

# Without LOG and without a watch: those of the logs of detect.conf that are there, as watch would follow them.
printf '[logs]\nfiles = %s, %s, syslog:udp=127.0.0.1:5514\nyear = 2026\n[watch]\nstate = %s\n' \
	"$TMP/nowhere.log" "$TMP/mail.log" "$TMP/no-state" > detect.conf
expect 0 "$SENDWATCH" health -c detect.conf
has out 'mx1 (192.0.2.25) at microsoft'
rm mail.log
expect 1 "$SENDWATCH" health -c detect.conf
has err 'no log is there that could be read'
