#!/bin/sh
# needs: gzip python3
# trace through rotations and gzip, from standard input, by account, of more messages than are searched for as
# text, and what it says when it finds nothing or is used wrongly.
. "$TOP/tests/shell.sh"
golden=$TOP/tests/golden

# One message in three files, the oldest of them packed, gives what it gives in one.
exim=$golden/trace-exim/mainlog.in
head -5 "$exim" | gzip > mainlog.2.gz
sed -n 6,9p "$exim" > mainlog.1
tail -n +10 "$exim" > mainlog
expect 0 "$SENDWATCH" trace 1xUnyD-00067j-1b --timezone UTC mainlog mainlog.1 mainlog.2.gz
cmp -s out "$golden/trace-exim/mainlog.ref" || die "rotations: $(diff out "$golden/trace-exim/mainlog.ref")"
expect 0 "$SENDWATCH" trace 1xUnyD-00067j-1b --timezone UTC 'mainlog*'
cmp -s out "$golden/trace-exim/mainlog.ref" || die "a glob gives something else"
expect 0 sh -c "\"$SENDWATCH\" trace 1xUnyD-00067j-1b --timezone UTC - < \"$exim\""
cmp -s out "$golden/trace-exim/mainlog.ref" || die "standard input gives something else"

# By the ledger's names of accounts, and by time.
for account in local:web1 script:/home/web1/public_html; do
	expect 0 "$SENDWATCH" trace $account --timezone UTC mainlog mainlog.1 mainlog.2.gz
	has out "message 1xUnyD-00067j-1b of local:web1, script /home/web1/public_html"
	lacks out 1xUnyE-00067k-1c
done
expect 0 "$SENDWATCH" trace joe@example.net --account ann@example.com --timezone UTC mainlog*
has out "message 1xUnyE-00067k-1c of ann@example.com"
lacks out "message 1xUnyD-00067j-1b"
expect 0 "$SENDWATCH" trace 1xUnyD-00067j-1b --since 2026-11-21T10:30:00Z --timezone UTC mainlog*
lacks out 10:00:00Z
has out "550 5.1.1 no such user"

# What was sent last is found without the beginning, and this is said.
expect 0 "$SENDWATCH" trace 1xUnyD-00067j-1b --timezone UTC mainlog
has out "its beginning is not in these logs"

# More messages than are searched for as text.
i=100
while [ $i -lt 150 ]; do
	echo "2026-11-21 10:00:00 1xU$i-00067j-1b <= bob@example.com H=(pc8) [203.0.113.8] P=esmtpa A=p:bob@example.com S=7 id=$i@example.com"
	echo "2026-11-21 10:00:01 1xU$i-00067j-1b => joe$i@example.net R=r T=remote_smtp H=mx.example.net [192.0.2.9] C=\"250 OK\""
	echo "2026-11-21 10:00:01 1xV$i-00067j-1b <= ann@example.com H=(pc9) [203.0.113.9] P=esmtpa A=p:ann@example.com S=7"
	echo "2026-11-21 10:00:02 1xU$i-00067j-1b Completed"
	i=$((i + 1))
done > many.log
expect 0 "$SENDWATCH" trace Bob@example.com --format ndjson many.log
python3 - <<'END' || die "NDJSON"
import json
lines = [json.loads(line) for line in open("out")]
heads = [line for line in lines if line["type"] == "message"]
steps = [line for line in lines if line["type"] == "step"]
assert len(heads) == 50 and len(steps) == 150, (len(heads), len(steps))
assert all(head["account"] == "bob@example.com" and head["delivered"] == 1 and head["complete"] for head in heads)
assert all(step["queue_id"].startswith("1xU") for step in steps)
END
expect 1 sh -c "\"$SENDWATCH\" trace bob@example.com - < many.log"
has err "name a file"

# The second leg of a content filter begins long before the first one names it: megabytes later its lines are still
# at hand, wherever in what is kept they stand.
python3 - > far.log <<'END'
HEAD = "2026-11-21T10:00:00.000000+00:00 host postfix/"
filler = HEAD + "smtpd[9]: connect from somewhere.example.net[203.0.113.77]"
for n in range(40):
    print(HEAD + "smtpd[2]: 4F1C2B%04X: client=localhost[127.0.0.1]" % n)
    for _ in range(n * 700):
        print(filler)
    print(HEAD + "smtp[3]: 4F1C2A%04X: to=<joe@example.net>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, "
          "delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4F1C2B%04X)" % (n, n))
END
for n in 0001 0003 000A 0011 0017 001B 0020 0027; do
	expect 0 "$SENDWATCH" trace 4F1C2A$n --timezone UTC --format ndjson far.log
	[ "$(grep -c '"type":"step"' out)" = 2 ] || die "4F1C2A$n: its second leg was not found"
done

# More files than pieces are kept of what has passed, each of which ends in the middle of a line.
mkdir small
i=1000
while [ $i -lt 2200 ]; do
	printf 'Nov 21 10:00:00 mx1 postfix/smtpd[9]: connect from a[203.0.113.7]\nNov 21 10:00:00 mx1 postf' > small/$i
	i=$((i + 1))
done
cp "$golden/trace-filter/mail.in" small/2200
expect 0 "$SENDWATCH" trace 4F1C2A00A1 --timezone UTC --year 2026 small/*
cmp -s out "$golden/trace-filter/mail.ref" || die "many files: $(diff out "$golden/trace-filter/mail.ref")"

# Strangers' bytes do not reach the terminal.
printf '2026-11-21 10:00:00 1xUnyD-00067j-1b <= bob@example.com H=(\033[2Jx) [203.0.113.8] P=esmtp S=7\n' > evil.log
expect 0 "$SENDWATCH" trace bob@example.com evil.log
has out '\x1b[2Jx'

# A file that is not there is named, and the others are read.
expect 1 "$SENDWATCH" trace 1xUnyD-00067j-1b mainlog nothing.log
has err nothing.log
has out "removed by root"
expect 1 "$SENDWATCH" trace 1xZZZZ-00067j-1b mainlog
has err "nothing is said of it"
expect 1 "$SENDWATCH" trace --since 2036-01-01 1xUnyD-00067j-1b mainlog
has err "nothing is said of it in these logs, in this time"
expect 1 "$SENDWATCH" trace --account nobody@else.example 1xUnyD-00067j-1b mainlog
has err "nothing is said of it in these logs, of this account"
expect 2 "$SENDWATCH" trace 1xUnyD-00067j-1b
expect 2 "$SENDWATCH" trace "" mainlog
expect 2 "$SENDWATCH" trace mainlog 1xUnyD-00067j-1b
has err "what is sought comes first"

# What is too long is left out up to its newline, wherever in a block that stands: the line behind it counts.
{
	head -c 262143 /dev/zero | tr '\0' x
	echo
	grep ' 1xUnyE-00067k-1c <= ' "$exim"
} > long
expect 0 "$SENDWATCH" trace 1xUnyE-00067k-1c --timezone UTC long
has out "message 1xUnyE-00067k-1c"

# A log that is rotated while others are searched is the file that it was.
mkdir turning
cp "$exim" turning/mainlog
mkfifo turning/first
"$SENDWATCH" trace 1xUnyD-00067j-1b --timezone UTC turning/first turning/mainlog > out &
exec 3> turning/first
yes '2026-11-21 09:00:00 1xUaaa-00067j-1b <= bob@example.com H=(pc8) [203.0.113.8] P=esmtpa S=7' | head -n 5000 >&3
mv turning/mainlog turning/mainlog.1
: > turning/mainlog
exec 3>&-
wait $! || die "nothing is found while a log is rotated"
cmp -s out "$golden/trace-exim/mainlog.ref" || die "while rotated: $(diff out "$golden/trace-exim/mainlog.ref")"
