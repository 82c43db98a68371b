#!/bin/sh
# watch is killed in the middle of a release: what is left to be undone is undone at the next start, and no more
# than that. An account that was disabled before stays disabled for longer, also when watch was killed in between.
# needs: python3
. "$TOP/tests/watch.sh"

cat > panel << 'PANEL'
#!/bin/sh
# panel NAME ACTION ACCOUNT: what was asked of it; NAME.slow holds it up, NAME.broken makes it fail
here=$(dirname "$0")
echo "$1 $2 $3" >> "$here/asked"
while [ "$2" = release ] && [ -e "$here/$1.slow" ]; do sleep 0.05; done
[ ! -e "$here/$1.broken" ]
PANEL
chmod +x panel
{
	printf '[act]\ndry_run = no\nrelease_after = 2s\ngrowth = 100\n[adapter list]\ntype = exim_list\nfile = %s/stopped\n' "$TMP"
	for name in one two; do
		printf '[adapter %s]\ntype = command\n' "$name"
		for action in disable release; do
			printf '%s = %s/panel, %s, %s, {account}\n' "$action" "$TMP" "$name" "$action"
		done
	done
} > extra
settings "" extra
: > mail.log
restart()
{
	: > watch.err
	follow_watch
}
asked() { [ "$(grep -cF "$1" asked)" = "$2" ]; }
open_cases() { [ "$(grep -c '^case' state/cases)" = "$1" ]; }

restart
"$SENDWATCH" disable -c detect.conf --until 2099-01-01 bob@shop.test || die "cannot be disabled"
await 5 asked "two disable bob@shop.test" 1
await 5 in_journal '"action":"disabled","adapter":"two"'
: > one.slow
"$SENDWATCH" release -c detect.conf bob@shop.test || die "cannot be released"
await 5 asked "one release bob@shop.test" 1
kill_watch
rm one.slow
asked "two release" 0 || die "the second should not have been asked yet"
grep -q '^case bob@shop.test none' state/cases || die "forgotten: $(cat state/cases)"
# The second cannot, this time.
: > two.broken
restart
await 5 asked "two release bob@shop.test" 1
await 5 in_journal '"action":"could not be released","adapter":"two"'
asked "one release" 2 || die "the first was not asked again: $(cat asked verdicts.ndjson)"
grep -q '^bob@shop.test' stopped && die "still in the list"
stop_watch
rm two.broken
restart
await 5 asked "two release bob@shop.test" 2
await 5 open_cases 0
asked "one release" 2 || die "undone twice"

# Disabled for the second time, it stays so for a hundred times as long, and what is known of it outlives a kill.
"$SENDWATCH" disable -c detect.conf eve@shop.test || die "cannot be disabled"
await 10 in_journal '"reason":"its time is over"'
kill_watch
restart
"$SENDWATCH" disable -c detect.conf eve@shop.test || die "cannot be disabled again"
kill_watch
restart
python3 - << 'PY' || die "not for longer: $(cat state/cases)"
case = [line.split() for line in open("state/cases") if line.startswith("case eve@shop.test")][0]
assert 195 < (int(case[5]) - int(case[4])) / 1e6 < 205, case
PY
stop_watch
