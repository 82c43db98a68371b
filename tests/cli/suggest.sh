#!/bin/sh
# backtest --suggest and --compare keep their word on quiet logs, at the edges of what can be asked, and where
# nothing changes: what is suggested can be used as it stands, and one deciban less would not do.
# needs: python3
. "$TOP/tests/shell.sh"
bakery="$TOP/contrib/samples/exim/mainlog*"

suggest() # N [OPTION...]: the suggestion for N flags a week of the bakery's logs stays in `out`
{
	flags=$1
	shift
	expect 0 "$SENDWATCH" backtest "$@" --timezone UTC --suggest "$flags" "$bakery"
}

flags_with() # CONF: flags that these settings give
{
	expect 0 "$SENDWATCH" backtest -c "$1" --timezone UTC --format ndjson "$bakery"
	grep '"type":"backtest"' out | sed 's/.*"flags":\([0-9]*\).*/\1/' | awk '{ n += $1 } END { print n + 0 }'
}

# No flags at all: nothing to change, however few are asked for; also where nothing was read.
: > empty.log
cat > quiet.log << 'LOG'
Nov 17 10:00:00 mx1 postfix/submission/smtpd[900]: 4F2K3L0001: client=pc.example[198.51.100.9], sasl_method=PLAIN, sasl_username=bob@example.com
Nov 17 10:00:00 mx1 postfix/qmgr[800]: 4F2K3L0001: from=<bob@example.com>, size=900, nrcpt=1 (queue active)
Nov 17 10:00:01 mx1 postfix/smtp[901]: 4F2K3L0001: to=<eva@there.example>, relay=mx.there.example[192.0.2.7]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 OK)
Nov 17 10:00:01 mx1 postfix/qmgr[800]: 4F2K3L0001: removed
LOG
for log in empty.log quiet.log; do
	for flags in 0 1 9999; do
		expect 0 "$SENDWATCH" backtest --suggest "$flags" "$log"
		has out 'The settings as they are give 0.0 flags a week on these logs: nothing to change.'
		lacks out '[judge]'
	done
	expect 0 "$SENDWATCH" backtest --format ndjson --suggest 0 "$log"
	has out '"changed":false'
done

# As few as there are: nothing to change. Fewer: settings that can be used, and are the lowest that hold.
suggest 1
has out 'give 1.0 flags a week on these logs: nothing to change'
suggest 0
has out '# 0.0 flags a week on these logs, instead of more than 0 with flagged = 18'
cp out suggested.conf
[ "$(flags_with suggested.conf)" = 0 ] || die "what was suggested flags somebody"
awk -F ' = ' '/^(watch|flagged|disabled|learn)/ { print $1 " = " $2 - 1; next } !/^#/' suggested.conf > less.conf
[ "$(flags_with less.conf)" = 1 ] || die "one deciban less would have held too: $(cat suggested.conf)"

# The same in NDJSON.
suggest 0 --format ndjson
python3 - << 'PY' || die "not as the settings are: $(cat out suggested.conf)"
import configparser, json
told = json.load(open("out"))
conf = configparser.ConfigParser(); conf.read("suggested.conf")
assert told["type"] == "suggestion" and told["changed"] and told["flags_a_week"] == 0, told
for key in ("watch", "flagged", "disabled", "learn"):
    assert told[key] == float(conf["judge"][key]), key
PY

# Whoever never disables keeps thresholds that the settings allow.
printf '[judge]\ndisabled = 95\nlearn = 90\n' > never.conf
suggest 0 -c never.conf
has out 'disabled = 100'
has out 'learn = 100'
cp out suggested.conf
[ "$(flags_with suggested.conf)" = 0 ] || die "what was suggested flags somebody"

# Where evidence goes beyond any threshold that is tried, that is said, and nothing is suggested.
cat > beyond.conf << 'CONF'
[strangers]
tail = 5
most = 60
young = 60
CONF
expect 1 "$SENDWATCH" backtest -c beyond.conf --timezone UTC --suggest 0 "$bakery"
has err 'even at 60 decibans there are more flags'
lacks out '[judge]'
expect 1 "$SENDWATCH" backtest --suggest 0 nowhere.log
for wrong in -1 10000 1.5 few ''; do
	expect 2 "$SENDWATCH" backtest --suggest "$wrong" quiet.log
	has err 'is not a number from 0 to 9999'
done

# What cannot be read is told once, however often the logs are read.
printf '\037\213\010\000\000\000\000\000\000\003rubbish' > damaged.log.gz
for options in '--suggest 0' '--compare never.conf never.conf'; do
	# shellcheck disable=SC2086 # words
	expect 1 "$SENDWATCH" backtest --timezone UTC $options "$bakery" nowhere.log damaged.log.gz
	for log in nowhere.log damaged.log.gz; do
		[ "$(grep -c "$log" err)" = 1 ] || die "$options: not told once: $(cat err)"
	done
done

# Identical settings, by the same file, by a copy, or by what the defaults are: nothing changes, whatever is read.
: > defaults.conf
printf '[judge]\nflagged = 18\n' > same.conf
cp same.conf copy.conf
for log in empty.log quiet.log "$bakery"; do
	for other in same.conf copy.conf defaults.conf; do
		expect 0 "$SENDWATCH" backtest --timezone UTC --compare same.conf "$other" "$log"
		has out '0 accounts are flagged or disabled otherwise'
		[ "$(wc -l < out)" = 1 ] || die "more is told: $(cat out)"
		expect 0 "$SENDWATCH" backtest --timezone UTC --format ndjson --compare same.conf "$other" "$log"
		[ ! -s out ] || die "something changed: $(cat out)"
	done
done

# What one side alone flags is told from both sides, and the other way round where they are exchanged.
cat > high.conf << 'CONF'
[judge]
watch = 90
flagged = 91
disabled = 92
CONF
expect 0 "$SENDWATCH" backtest --timezone UTC --compare high.conf same.conf "$bakery"
has out '1 account is flagged or disabled otherwise; 0.0 flags a week with the first, 1.0 with the second.'
grep -q '^    flagged -  *disabled -  *sends to [0-9]* in all  high.conf$' out || die "the first: $(cat out)"
grep -q '^    flagged 2026-11-17 14:0.* after  *[0-9]* recipients  same.conf$' out || die "the second: $(cat out)"
expect 0 "$SENDWATCH" backtest --timezone UTC --format ndjson --compare same.conf high.conf "$bakery"
python3 - << 'PY' || die "not as agreed: $(cat out)"
import json
before, after = [json.loads(line) for line in open("out")]
assert (before["type"], after["type"]) == ("before", "after")
assert before["account"] == after["account"] == "local:bakery", before
assert before["flags"] == 1 and before["flagged"].startswith("2026-11-17T14:0"), before
assert after["flags"] == 0 and not after.get("flagged"), after
assert before["recipients"] == after["recipients"]
PY

# An error in either side is its own, with its name; nothing is told of the other.
printf '[judge]\nflagged = many\n' > broken.conf
for sides in 'same.conf broken.conf' 'broken.conf same.conf'; do
	# shellcheck disable=SC2086 # two words
	expect 2 "$SENDWATCH" backtest --compare $sides quiet.log
	has err 'broken.conf'
	[ ! -s out ] || die "told all the same: $(cat out)"
done
