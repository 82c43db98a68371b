#!/bin/sh
# What is said does not depend on the number of threads: logs of both servers, frames that join lines, archives
# that are cut short, lines that are too long, results to the byte.
. "$TOP/tests/shell.sh"

same() # COMMAND ARGUMENT...
{
	command=$1
	shift
	for threads in 1 2; do
		"$SENDWATCH" "$command" --threads $threads "$@" > out.$threads 2> err.$threads
		echo "status $?" >> err.$threads
	done
	grep -q '^status [01]$' err.1 || die "$command $*: $(cat err.1)"
	cmp -s out.1 out.2 && cmp -s err.1 err.2 || die "two threads say otherwise: $command $*"
}

both() # LOG...
{
	same replay --format ndjson --year 2026 --timezone UTC "$@"
	same replay --year 2026 --timezone UTC "$@"
	same parse --year 2026 --timezone UTC "$@"
	same parse --attempts --year 2026 --timezone UTC "$@"
}

for logs in "$TOP/contrib/samples/postfix/mail.log*" "$TOP/contrib/samples/exim/mainlog*"; do
	both "$logs"
	[ -s out.1 ] || die "nothing is said of $logs"
	same health --timezone UTC "$logs"
	same backtest --timezone UTC "$logs"
	same replay --timezone UTC --until 2026-11-17T12:00:00Z "$logs"
	same replay --timezone UTC --since 2026-11-17T12:00:00Z "$logs"
done
# Several logs, merged; and what is no log of one server alone.
both "$TOP/contrib/samples/postfix/mail.log*" "$TOP/contrib/samples/exim/mainlog*"
for log in "$TOP"/tests/golden/*/*.in; do
	same parse --year 2026 --timezone UTC "$log"
	same parse --attempts --year 2026 --timezone UTC "$log"
done

# Trouble is told where it stands.
head -c 20000 "$TOP/contrib/samples/postfix/mail.log.2.gz" > mail.log.1.gz
cp "$TOP/contrib/samples/postfix/mail.log" mail.log
both mail.log 'mail.log.*'
has err.1 'cut short'

# A line too long, NUL bytes, no newline at the end, more lines than a batch has and lines longer than its text.
{
	head -3000 "$TOP/contrib/samples/postfix/mail.log.1"
	head -c 70000 /dev/zero | tr '\0' x
	echo
	printf 'Nov 17 10:00:00 mx1 postfix/smtpd[1]: connect from unknown[192.0.2.1]\n\0\0\n'
	for i in 1 2 3 4 5 6 7 8; do
		printf 'Nov 17 10:00:0%d mx1 postfix/smtpd[1]: warning: unknown[192.0.2.1]: SASL LOGIN authentication failed: ' $i
		head -c 60000 /dev/zero | tr '\0' "$i"
		echo
		printf 'Nov 17 10:00:0%d mx1 last message repeated 3 times\n' $i
	done
	printf 'Nov 17 10:00:10 mx1 postfix/smtpd[1]: disconnect from unknown[192.0.2.1]'
} > odd.log
both odd.log
same parse --year 2026 --timezone UTC odd.log
grep -q '"reply":"7777.*"repeat":3' out.1 || die "the long lines are not read"

# What the server says of itself, in lines that concern no account: three ordinary days, then nobody can be encrypted.
awk 'BEGIN {
	for (day = 1; day <= 4; day++)
		for (hour = 0; hour < 24; hour++)
			for (minute = 0; minute < 60; minute += 5) {
				at = sprintf("Nov %2d %02d:%02d:", day + 9, hour, minute)
				print at "00 mx1 postfix/smtpd[1]: connect from mail.example[192.0.2.1]"
				if (day == 4 && hour == 12)
					for (n = 10; n < 40; n++)
						print at n " mx1 postfix/smtpd[1]: SSL_accept error from mail.example[192.0.2.1]: -1"
			}
}' > tls.log
both tls.log
same replay --format ndjson --year 2026 --timezone UTC tls.log
has out.1 '"server:tls"'
