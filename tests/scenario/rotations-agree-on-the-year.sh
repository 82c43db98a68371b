#!/bin/sh
# Stamps without a year: of files that were copied today and whose young lines lie later in the calendar than
# today, all rotations are of last year, not only the young ones.
. "$TOP/tests/shell.sh"

line() # DAYS: a line of so many days from now
{
	date -u -d "$1 days" '+%b %e 10:00:00 mx postfix/smtpd[1]: connect from unknown[192.0.2.1]'
}

year_before() # DAYS: that day's, a year before
{
	echo "$(($(date -u -d "$1 days" +%Y) - 1))-$(date -u -d "$1 days" +%m-%dT10:00:00Z)"
}

for day in -6 -5 -2 2 5; do
	[ "$(date -u -d "$day days" +%m-%d)" != 02-29 ] || skip "a 29th of February is near, which the year before did not have"
done
line 5 > mail.log
line 2 > mail.log.1
line -2 | gzip > mail.log.2.gz
{ line -6; line -5; } | gzip > mail.log.3.gz
expect 0 "$SENDWATCH" parse --timezone UTC mail.log mail.log.1 mail.log.2.gz mail.log.3.gz
for day in -6 -5 -2 2 5; do
	has out "$(year_before $day)"
done
# One plain file alone: its end tells.
{ line -2; line 5; } > alone.log
expect 0 "$SENDWATCH" parse --timezone UTC alone.log
has out "$(year_before -2)"
