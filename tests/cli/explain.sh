#!/bin/sh
# explain says what a refusal means, from a reply, many, or a log line; it says so where it does not know.
. "$TOP/tests/shell.sh"

expect 0 "$SENDWATCH" explain '550 5.7.1 Unfortunately, messages from [192.0.2.7] were not sent; our block list (S3150).'
has out 'ip_blocked'
has out 'Microsoft'
has out 'our address, at one receiver'
has out 'https://olcsupport.office.com/'
expect 0 "$SENDWATCH" explain 550 5.1.1 no such user
has out 'invalid_recipient'

# What no rule knows is said to be so, and the codes are shown.
expect 0 "$SENDWATCH" explain '550 5.2.2 xyzzy'
has out 'none knows these words; the class is what the codes alone say'
has out '5.2.2: The mailbox is full.'
expect 0 "$SENDWATCH" explain 'xyzzy'
has out 'none knows these words, and the codes tell no cause'
lacks out 'provider'

# Whole log lines, of both servers, many at once.
printf '%s\n' \
	'Nov  1 03:04:05 mx1 postfix/smtp[123]: 4F2K3L1: to=<x@gmail.com>, relay=gmail-smtp-in.l.google.com[142.250.27.26]:25, delay=1, delays=0/0/1/0, dsn=5.1.1, status=bounced (host gmail-smtp-in.l.google.com[142.250.27.26] said: 550-5.1.1 The email account that you tried to reach does not exist. 550 5.1.1  https://support.google.com/mail/?p=NoSuchUser k1si9 - gsmtp (in reply to RCPT TO command))' \
	'2026-11-01 03:04:05 1tDabc-0001Ab-2C ** x@example.org R=dnslookup T=remote_smtp H=mx.example.org [192.0.2.9]: SMTP error from remote mail server after RCPT TO:<x@example.org>: 550 Unrouteable address' \
	'' '250 2.0.0 Ok: queued as 4F2K' > many
expect 0 "$SENDWATCH" explain --format ndjson - < many
[ "$(wc -l < out)" = 3 ] || die "not one answer a line: $(cat out)"
has out '"class":"invalid_recipient","blames":"the sender'"'"'s list","provider":"Google","phase":"rcpt","rule":"google-no-such-user"'
has out '"reply":"550 Unrouteable address","class":"invalid_recipient"'
has out '"class":"delivered"'

# A whole log: what no server answered is no refusal, and is counted. What a server said beside a recipient is kept.
{
	cat many
	printf '%s\n' \
		'Nov  1 03:04:05 mx1 postfix/smtpd[123]: connect from unknown[192.0.2.1]' \
		'Nov  1 03:04:05 mx1 postfix/qmgr[123]: 4F2K3L1: removed' \
		'Nov  1 03:04:05 mx1 kernel: eth0: link is up' \
		'2026-11-01 03:04:05 1tDabc-0001Ab-2C Completed' \
		'Nov  1 03:04:05 mx1 postfix/smtp[1]: 4F2K3L1: host mx.example.org[192.0.2.9] said: 450 4.2.0 Greylisted (in reply to RCPT TO command)'
} > log
expect 0 "$SENDWATCH" explain --format ndjson - < log
[ "$(wc -l < out)" = 4 ] || die "not one answer each: $(cat out)"
has out '"reply":"450 4.2.0 Greylisted'
has err 'sendwatch explain: left out 4 lines of a log that hold no answer of a server'
expect 0 "$SENDWATCH" explain "$(sed -n 6p log)"
has err 'left out 1 line of a log that holds no answer of a server'
[ ! -s out ] || die "explains what is none: $(cat out)"
expect 0 "$SENDWATCH" explain - < many
[ ! -s err ] || die "left out: $(cat err)"

# Control bytes of strangers do not reach the terminal.
expect 0 "$SENDWATCH" explain "$(printf '550 \033[31mno such user')"
has out '\x1b[31mno such user'

expect 2 "$SENDWATCH" explain ''
has err 'which reply?'
expect 2 "$SENDWATCH" explain --list spamhaus
has err 'no reply beside it'
expect 0 "$SENDWATCH" explain --list
has out 'google-no-such-user'
[ "$(wc -l < out)" -gt 300 ] || die 'few rules'
expect 0 "$SENDWATCH" explain --list --format ndjson
has out '"type":"rule"'

# The admin's own rules come first; a bad pattern is refused with its place.
cat > detect.conf << 'EOF'
[reply parking]
pattern = no such user at parking lot 7
class = policy
meaning = The lot is closed.
EOF
expect 0 "$SENDWATCH" explain -c detect.conf '550 5.1.1 No such user at parking lot 7'
has out 'parking'
has out 'The lot is closed.'
has out 'Ask the recipient by other means'
expect 0 "$SENDWATCH" explain -c detect.conf '550 5.1.1 No such user at parking lot 8'
has out 'invalid_recipient'
printf '[reply broken]\npattern = no (such user\n' > detect.conf
expect 2 "$SENDWATCH" explain -c detect.conf '550 x'
has err '[reply broken]: missing closing parenthesis at byte 13'
printf '[reply strange]\npattern = x\nclass = nonsense\n' > detect.conf
expect 2 "$SENDWATCH" explain -c detect.conf '550 x'
expect 2 "$SENDWATCH" explain
has err 'which reply?'
