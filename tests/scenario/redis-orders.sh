#!/bin/sh
# Two servers, one Redis: who is disabled on one is refused on the other within seconds, and a release given to
# either undoes on each what that one did: also where the other was down meanwhile, or Redis was, and came back empty.
# needs: python3 redis-server redis-cli
# seconds: 240
. "$TOP/tests/redis.sh"

start_redis

start() # NAME [LINE]: one that acts; LINE is added to [act]
{
	printf '%s\n' 'follow = 100ms' 'timeout = 500ms' '[act]' 'dry_run = no' "$2" '[policy]' "address = $TMP/$1/policy" \
		'[adapter list]' 'type = exim_list' "file = $TMP/$1/stopped" > settings.more
	start_server "$1" settings.more
}
says() { policy_answer "$1/policy" "$2" | grep -q "$3"; } # SERVER LOGIN TEXT
told() { ask hkeys 'sendwatch:{orders}' | grep -q "$1"; } # to Redis
listed() { grep -q "^$2: " "$1/stopped"; }
unlisted() { ! listed "$@" 2> /dev/null; }
run() # SERVER VERB ACCOUNT [OPTIONS]
{
	server=$1 verb=$2
	shift 2
	"$SENDWATCH" "$verb" -c "$server/detect.conf" "$@" || die "$verb on $server failed: $(cat "$server/err")"
}

beat=0
heard_all() # SERVER: it has heard of all that was ordered on the first before
{
	beat=$((beat + 1))
	run one disable "beat$beat@shop.test"
	await 5 listed "$1" "beat$beat@shop.test"
}

start one
start two

# Disabled on one: refused by both. Released on the other: undone by both.
run one disable bob@shop.test --reason 'called by phone' 2> err
has err 'bob@shop.test: taken, but no mail of such an account was seen'
says one bob@shop.test '554 5.7.1' || die "goes on where it was disabled"
await 5 says two bob@shop.test '554 5.7.1'
await 5 listed two bob@shop.test
grep -q '"action":"disabled","by":"uid [0-9]* on .*","reason":"called by phone"' two/verdicts.ndjson ||
	die "not written down by whom, and why: $(cat two/verdicts.ndjson)"
run two release bob@shop.test 2> err
[ ! -s err ] || die "not heard of what the other was told: $(cat err)"
says two bob@shop.test DUNNO || die "not released where it was asked"
await 5 says one bob@shop.test DUNNO
await 5 unlisted one bob@shop.test
await 5 unlisted two bob@shop.test

# One of them is down while the account is released: its adapters and its policy service follow when it starts.
run one disable eve@shop.test
await 5 listed one eve@shop.test
await 5 listed two eve@shop.test
stop_server one
run two release eve@shop.test
await 5 unlisted two eve@shop.test
listed one eve@shop.test || die "who undid it there?"
start one
await 5 says one eve@shop.test DUNNO
await 5 unlisted one eve@shop.test

# Where no watch runs, too: the word goes to Redis.
run two disable joe@shop.test
await 5 listed one joe@shop.test
stop_server one
stop_server two
run one release joe@shop.test
start one
start two
await 5 unlisted one joe@shop.test
await 5 unlisted two joe@shop.test
says two joe@shop.test DUNNO || die "still refused"

# A new password is enough wherever it is said: on a server that has nothing in force itself, and without a watch;
# but only as often as the settings say.
run one disable pat@shop.test
run one disable "o'neil@shop.test"
await 5 listed two pat@shop.test
await 5 says two "o'neil@shop.test" '554 5.7.1'
stop_server two
rm -rf two/state
start two 'protect = pat@*, o*'
heard_all two
says two pat@shop.test DUNNO || die "refused though protected"
run two release --password-changed pat@shop.test
await 5 unlisted one pat@shop.test
await 5 says one pat@shop.test DUNNO
stop_server two
run two release --password-changed "o'neil@shop.test"
await 5 says one "o'neil@shop.test" DUNNO
run one disable pat@shop.test
await 5 listed one pat@shop.test
if "$SENDWATCH" release --password-changed -c two/detect.conf pat@shop.test 2> err; then
	die "released a second time"
fi
has err "sendwatch release: pat@shop.test stays disabled: that was the case 2 times by now"
says one pat@shop.test '554' || die "released a second time all the same"
run one release pat@shop.test
start two

# Released while Redis is away, by a server that is killed then; and Redis comes back empty.
run one disable kim@shop.test
run one disable lee@shop.test
await 5 listed two kim@shop.test
await 5 listed two lee@shop.test
kill_redis
await 10 grep -q "orders cannot be heard" one/err
run two release kim@shop.test 2> /dev/null
kill_server two
start_redis
start two
await 10 says one kim@shop.test DUNNO
await 5 unlisted one kim@shop.test
says two lee@shop.test '554' || die "forgotten with Redis"
says one lee@shop.test '554' || die "forgotten with Redis"

# An exemption is known everywhere, and ends what was done.
run two exempt lee@shop.test --until 2099-01-01 --reason newsletter
await 5 says one lee@shop.test DUNNO
await 5 unlisted one lee@shop.test
await 5 unlisted two lee@shop.test
await 5 grep -q '"action":"exempted"' one/verdicts.ndjson
run one accounts exempt > out
grep -q '^  exempt     lee@shop.test .*, until 2099-01-01T00:00:00Z; by uid [0-9]* on .*: newsletter$' out ||
	die "not told by the other: $(cat out)"

# New settings: a server that leaves the others hears nothing of them any more, and all of it when it is back.
turn() # off|single
{
	sed -i "s/^topology.*/topology = $1/" two/detect.conf
	: > two/err
	kill -HUP "${two:?}"
	await 20 grep -q 'new settings are in force' two/err
}
turn off
run one disable zoe@shop.test
await 5 listed one zoe@shop.test
await 5 told zoe@shop.test
sleep 0.5 # in which it would have heard five times
says two zoe@shop.test DUNNO || die "hears of whom it has left"
turn single
await 10 says two zoe@shop.test '554'
await 5 listed two zoe@shop.test
turn off
turn single
run two release zoe@shop.test
await 10 unlisted one zoe@shop.test

# Redis loses all while nobody was away: what was ordered since all was heard last is told again, too.
run one disable ida@shop.test
await 5 listed two ida@shop.test
await 5 told ida@shop.test
ask flushall > flushed
await 5 told zoe@shop.test
await 5 told ida@shop.test

# A local user is another one on each machine.
run one disable local:www
await 5 listed one www
heard_all two
unlisted two www || die "a local user is not the other machine's"
stop_server one
stop_server two
