#!/bin/sh
# A systemd journal instead of a file: the same verdicts, read at once, as an export, and followed while it grows,
# rotates and watch is killed.
# needs: python3 gzip journalctl
. "$TOP/tests/watch.sh"

remote=/usr/lib/systemd/systemd-journal-remote
[ -x $remote ] || { echo "skip: systemd-journal-remote is not installed"; exit 77; }
day > whole.log
mkdir journals

write() # FILE FROM TO: lines of the day as entries
{
	sed -n "$2,$3p" whole.log | "$TOP/tests/traffic/journal_entries.py" > entries
	$remote --output="journals/$1" entries 2> /dev/null || die "journal-remote failed"
}

verdicts() # JOURNAL: what they say, without when and how they were found
{
	grep '"type":"verdict"' "$1" | sed 's/"late":true//; s/"position":[0-9]*//; s/"id":"[0-9a-f]*"//; s/,}$/}/; s/,,*/,/g' | sort
}

# At once.
write whole.journal 1 9999
"$SENDWATCH" replay --format ndjson whole.log > file.ndjson
"$SENDWATCH" replay --format ndjson "journal:$TMP/journals/whole.journal" > journal.ndjson 2> err || {
	grep -q 'made without libsystemd' err && { echo "skip: $(cat err)"; exit 77; }
	die "$(cat err)"
}
journalctl --file journals/whole.journal -o export > day.export
"$SENDWATCH" replay --format ndjson day.export > export.ndjson
verdicts file.ndjson > file.verdicts
[ "$(grep -c . file.verdicts)" -ge 3 ] || die "too few verdicts to compare"
for way in journal export; do
	verdicts $way.ndjson | diff file.verdicts - || die "as $way it is told otherwise"
done
"$SENDWATCH" replay --format ndjson "journal:$TMP/journals/whole.journal+unit=dovecot" > other.ndjson
[ ! -s other.ndjson ] || die "entries of another unit were read"
rm -f journals/*

# Followed.
# shellcheck disable=SC2034 # settings() follows it
logs=journal:$TMP/journals+unit=postfix@-
settings ''
"$SENDWATCH" check -c detect.conf > checked 2>&1
grep -q '^WRONG .* there is no journal that may be read' checked || die "check: $(cat checked)"
write system@1.journal 1 500
"$SENDWATCH" check -c detect.conf > checked 2>&1
grep -q '^ok .*+unit=postfix@-: can be read, and has nothing newer than 2026-11-17T08:' checked || die "check: $(cat checked)"
from=501
for to in 2000 3740 3760 3793 3797 3816 3888 4000 9999; do
	: > watch.err
	follow_watch
	write "system@$((to / 3790)).journal" "$from" "$to"
	stamp=$(sed -n "${to}p;\$p" whole.log | head -1 | cut -d' ' -f1)
	await 10 saved_up_to "$stamp"
	if [ $((to % 20)) = 0 ]; then
		stop_watch
	else
		kill_watch
	fi
	from=$((to + 1))
done
verdicts verdicts.ndjson > followed.verdicts
cut -d, -f1-4 file.verdicts > wanted
cut -d, -f1-4 followed.verdicts | diff wanted - || die "followed and killed it is told otherwise"
