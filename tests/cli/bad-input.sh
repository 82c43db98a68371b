#!/bin/sh
# Bad input gets a clear error and loses nothing: what can be read is read, what cannot is named.
# needs: gzip python3
. "$TOP/tests/shell.sh"

day="$TOP/contrib/samples/postfix"
count() { "$SENDWATCH" parse --coverage --format ndjson "$@" 2> /dev/null | sed -n 's/.*"program":null,"lines":\([0-9]*\).*/\1/p'; }

# A missing file and one that may not be read are named, the others are read, the exit status says so.
whole=$(count "$day/mail.log.6.gz" "$day/mail.log.5.gz")
expect 1 "$SENDWATCH" replay missing.log "$day/mail.log.6.gz" "$day/mail.log.5.gz"
has err 'missing.log: No such file or directory'
has out 'Read 2 files'
[ "$(count missing.log "$day/mail.log.6.gz" "$day/mail.log.5.gz")" = "$whole" ] || die "lines were lost"
for command in replay parse health backtest 'trace x'; do
	# shellcheck disable=SC2086
	expect 1 "$SENDWATCH" $command "$(printf 'a\033b.log')"
	has err 'a\x1bb.log: No such file'
done
expect 1 "$SENDWATCH" replay missing.log
has err 'missing.log'
expect 1 "$SENDWATCH" replay 'nothing*.log'
has err 'nothing*.log'
if [ "$(id -u)" != 0 ]; then
	cp "$day/mail.log.6.gz" secret.gz && chmod 000 secret.gz
	expect 1 "$SENDWATCH" replay secret.gz "$day/mail.log.5.gz"
	has err 'secret.gz: Permission denied'
fi

# Words of which only one can be meant are not taken together.
expect 2 "$SENDWATCH" exempt --until 2999-01-01 --end bob@example.com
has err 'either --until or --end'
expect 2 "$SENDWATCH" exempt
has err "'sendwatch accounts' lists who is stopped or exempt"

# A truncated archive gives what could be read, its name and where it broke; a corrupt one too.
head -c 20000 "$day/mail.log.3.gz" > cut.gz
expect 1 "$SENDWATCH" parse cut.gz
has err 'cut.gz'
grep -qE '(byte|at) [0-9]+' err || die "the byte is not named: $(cat err)"
[ "$(wc -l < out)" -gt 100 ] || die "what could be read was not"
python3 - "$day/mail.log.3.gz" corrupt.gz << 'PY'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
for at in range(30000, 30400):
    data[at] ^= 0x55
open(sys.argv[2], "wb").write(data)
PY
expect 1 "$SENDWATCH" parse corrupt.gz
has err 'corrupt.gz'
grep -qE '(byte|at) [0-9]+' err || die "the byte is not named: $(cat err)"

# NUL bytes, rubbish and endless lines are skipped and counted, whatever stands around them is read.
gzip -dc "$day/mail.log.6.gz" > good.log
good=$(count good.log)
python3 - good.log bad.log << 'PY'
import os
import sys
lines = open(sys.argv[1], "rb").read().splitlines(True)
middle = len(lines) // 2
rubbish = [b"Nov 17 00:00:01 mx1 postfix/smtp[1]: a\0b\n", b"x" * 200000 + b"\n", bytes(range(128, 256)) + b"\n"]
open(sys.argv[2], "wb").write(b"".join(lines[:middle] + rubbish + lines[middle:]))
PY
expect 0 "$SENDWATCH" replay bad.log
has out '1 line over 64 KiB skipped'
has out '1 line with NUL bytes skipped'
has out '1 line without a time stamp that is known'
[ "$(count bad.log)" = "$good" ] || die "lines around the rubbish were lost: $(count bad.log) of $good"
head -c 100000 /dev/urandom > noise.log
"$SENDWATCH" replay noise.log > out 2> err
[ $? -le 1 ] || die "noise ended it: $(cat err)"

# Nothing at all is no error; a folder is.
: > empty.log
expect 0 "$SENDWATCH" replay empty.log
has out 'No account was flagged, since there is no mail'
expect 0 "$SENDWATCH" replay - < /dev/null
mkdir folder
expect 1 "$SENDWATCH" replay folder
has err 'folder'

# UTF-16, as PowerShell writes what it is shown, is no log of nothing.
{ printf '\377\376'; sed 's/./&\x00/g; s/$/\r\x00/' good.log | tr '\n' '\000' ; } > wide.log
expect 1 "$SENDWATCH" replay wide.log
has err 'UTF-16'
expect 1 "$SENDWATCH" parse - < wide.log

# Nor is a table, of Graylog or Splunk.
printf '"timestamp","source","message"\n"2026-11-21T16:29:42Z","mx1","postfix/smtpd[4]: connect"\n' > table.csv
expect 1 "$SENDWATCH" replay table.csv
has err 'table.csv: is a table: mlr'
printf '\357\273\277_time,host,_raw\n' > table.csv
expect 1 "$SENDWATCH" replay table.csv

# Nor is a packed folder, whose logs have its headers between their lines.
cp good.log folder/mail.log
tar cf logs.tar folder
tar czf logs.tgz folder
for packed in logs.tar logs.tgz; do
	expect 1 "$SENDWATCH" replay $packed
	has err "$packed: is a tar archive: tar xOf $packed | sendwatch"
	lacks out 'FLAGGED'
	expect 1 "$SENDWATCH" parse - < $packed
	has err 'standard input: is a tar archive'
	lacks err '| sendwatch'
done
tar xOf logs.tgz > unpacked
cmp unpacked good.log
