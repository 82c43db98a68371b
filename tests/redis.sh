# What scenarios with Redis share: . "$TOP/tests/redis.sh"; it brings tests/watch.sh along.
# shellcheck shell=sh
. "$TOP/tests/watch.sh"

redis='' one='' two=''
stop_servers()
{
	# shellcheck disable=SC2086 # those that run
	kill -9 $redis $one $two 2> /dev/null
	stop_all
}
trap stop_servers EXIT

start_redis() # OPTION...
{
	redis-server --port 0 --unixsocket "$TMP/redis.sock" --save '' --dir "$TMP" "$@" > redis.log 2>&1 &
	redis=$!
	await 10 ask ping
}

ask() { redis-cli -s "$TMP/redis.sock" "$@"; }

# The key of the account's record, or the keys of a pattern of accounts.
record_key() # ACCOUNT
{
	printf 'sendwatch:%s:{%s}' "$(sed -n 's/^#define RECORD_PACK_VERSION //p' "$TOP/detectors/record_pack.h")" "$1"
}

kill_redis()
{
	kill -9 "$redis"
	wait "$redis" 2> /dev/null
	rm -f redis.sock
}

# A server with a folder of its own, "one" or "two", until it follows; $one or $two is its process. The lines of FILE
# go on in [redis].
start_server() # NAME [FILE]
{
	mkdir -p "$1"
	: >> "$1/mail.log"
	: >> "$1/err"
	{
		printf '[logs]\nfiles = %s/%s/mail.log\nstart = beginning\n' "$TMP" "$1"
		printf '[watch]\nstate = %s/%s/state\nsave_every = 300ms\n' "$TMP" "$1"
		printf '[journal]\nfile = %s/%s/verdicts.ndjson\n' "$TMP" "$1"
		printf '[redis]\ntopology = single\nservers = %s/redis.sock\n' "$TMP"
		cat "${2:-/dev/null}"
	} > "$1/detect.conf"
	followed=$(grep -c 'has caught up, and follows' "$1/err")
	"$SENDWATCH" watch -c "$1/detect.conf" 2>> "$1/err" &
	eval "$1=$!"
	await 30 follows $((followed + 1)) "$1/err"
}

stop_server() # NAME
{
	eval "kill -TERM \$$1; wait \$$1 || die '$1 ended otherwise'; $1=''"
}

kill_server() # NAME
{
	eval "kill -9 \$$1; wait \$$1 2> /dev/null; $1=''"
}
