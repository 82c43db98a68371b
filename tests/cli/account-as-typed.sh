#!/bin/sh
# --account takes an account as people write it, by the rules of the settings, and every command understands it alike.
. "$TOP/tests/shell.sh"

printf '[ledger]\ndefault_domain = shop.test\nfold_tags = yes\n' > detect.conf
log() # LOGIN NUMBER
{
	printf 'Nov  1 03:04:01 mx1 postfix/smtpd[9]: 4F2A3B0%d: client=pc[203.0.113.9], sasl_method=PLAIN, sasl_username=%s\n' "$2" "$1"
	printf 'Nov  1 03:04:01 mx1 postfix/qmgr[9]: 4F2A3B0%d: from=<x@shop.test>, size=900, nrcpt=1 (queue active)\n' "$2"
	printf 'Nov  1 03:04:02 mx1 postfix/smtp[9]: 4F2A3B0%d: to=<joe@outlook.com>, relay=outlook-com.olc.protection.outlook.com[192.0.2.99]:25, delay=1, delays=0/0/1/0, dsn=2.0.0, status=sent (250 OK)\n' "$2"
	printf 'Nov  1 03:04:02 mx1 postfix/qmgr[9]: 4F2A3B0%d: removed\n' "$2"
}
{
	log Bob+phone 1
	log bob@shop.test 2
	log eve@shop.test 3
} > mail.log

for command in 'replay' 'parse' 'parse --attempts' 'backtest' 'health' 'trace joe@outlook.com'; do
	# shellcheck disable=SC2086 # a command and its words
	expect 0 "$SENDWATCH" $command -c detect.conf --year 2026 --timezone UTC --account bob@shop.test mail.log
	mv out plain
	# shellcheck disable=SC2086
	"$SENDWATCH" $command -c detect.conf --year 2026 --timezone UTC --account joe@shop.test mail.log > out 2> err
	! cmp -s out plain || die "$command is the same for an account that is not there"
	for typed in bob BOB Bob@Shop.Test bob+phone bob+web@shop.test; do
		# shellcheck disable=SC2086
		expect 0 "$SENDWATCH" $command -c detect.conf --year 2026 --timezone UTC --account "$typed" mail.log
		cmp -s out plain || die "$command --account $typed is not bob@shop.test: $(diff out plain)"
	done
	case $command in
	parse*) has plain 4F2A3B01 && has plain 4F2A3B02 && lacks plain 4F2A3B03 ;;
	trace*) has plain 'message 4F2A3B01 of bob@shop.test' && lacks plain 4F2A3B03 ;;
	health) has plain '2 attempts' ;;
	esac
done
