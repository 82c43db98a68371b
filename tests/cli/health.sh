#!/bin/sh
# health says how providers treat our addresses, in text and as one JSON object a line.
. "$TOP/tests/shell.sh"

i=0
while [ $i -lt 30 ]; do
	i=$((i + 1))
	printf 'Nov  1 03:04:%02d mx1 postfix/smtpd[9]: 4F2A3B%02d: client=pc[203.0.113.9], sasl_method=PLAIN, sasl_username=bob@example.com\n' "$i" "$i"
	printf 'Nov  1 03:04:%02d mx1 postfix/qmgr[9]: 4F2A3B%02d: from=<bob@example.com>, size=900, nrcpt=1 (queue active)\n' "$i" "$i"
	printf 'Nov  1 03:04:%02d mx1 postfix/smtp[9]: 4F2A3B%02d: to=<x%d@outlook.com>, relay=outlook-com.olc.protection.outlook.com[192.0.2.99]:25, delay=1, delays=0/0/1/0, dsn=5.7.1, status=bounced (host outlook-com.olc.protection.outlook.com[192.0.2.99] said: 550 5.7.1 Unfortunately, messages from [192.0.2.25] were not sent; part of their network is on our block list (S3150). (in reply to MAIL FROM command))\n' "$i" "$i" "$i"
	printf 'Nov  1 03:04:%02d mx1 postfix/qmgr[9]: 4F2A3B%02d: removed\n' "$i" "$i"
done > mail.log
expect 0 "$SENDWATCH" health --year 2026 mail.log
has out 'mx1 (192.0.2.25) at microsoft'
has out '30 attempts, 100.0 % refused for our address, 0 deferred'
has out 'refuses us since 2026-11-01T'
has out 'mostly by bob@example.com'
expect 0 "$SENDWATCH" health --year 2026 --format ndjson mail.log
has out '"type":"address"'
has out '"account":"192.0.2.25 at microsoft","state":"flagged"'
has out '"type":"health","address":"mx1","named":"192.0.2.25","provider":"microsoft","attempts":30'
expect 1 "$SENDWATCH" health nowhere.log

# Of one account alone: what it did, and no word on the address, which others use too.
{
	cat mail.log
	i=0
	while [ $i -lt 4 ]; do
		i=$((i + 1))
		printf 'Nov  1 03:05:%02d mx1 postfix/smtpd[9]: 5F2A3B%02d: client=pc[203.0.113.9], sasl_method=PLAIN, sasl_username=eve@example.com\n' "$i" "$i"
		printf 'Nov  1 03:05:%02d mx1 postfix/qmgr[9]: 5F2A3B%02d: from=<eve@example.com>, size=900, nrcpt=1 (queue active)\n' "$i" "$i"
		printf 'Nov  1 03:05:%02d mx1 postfix/smtp[9]: 5F2A3B%02d: to=<x%d@outlook.com>, relay=outlook-com.olc.protection.outlook.com[192.0.2.99]:25, delay=1, delays=0/0/1/0, dsn=2.0.0, status=sent (250 OK)\n' "$i" "$i" "$i"
		printf 'Nov  1 03:05:%02d mx1 postfix/qmgr[9]: 5F2A3B%02d: removed\n' "$i" "$i"
	done
} > two.log
expect 0 "$SENDWATCH" health --year 2026 two.log
has out '34 attempts, 88.2 % refused for our address'
expect 0 "$SENDWATCH" health --year 2026 --account eve@example.com two.log
has out '4 attempts, 0.0 % refused for our address'
lacks out bob@example.com
expect 0 "$SENDWATCH" health --year 2026 --account bob@example.com --format ndjson two.log
has out '"attempts":30'
lacks out '"type":"address"'

# Exim's own log names neither host nor address: what remotes say of "this server" is told all the same.
expect 0 "$SENDWATCH" health "$TOP/contrib/samples/exim/mainlog"
has out 'this server'
