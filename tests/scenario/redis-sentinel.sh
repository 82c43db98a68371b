#!/bin/sh
# Sentinel has a user and a password of its own, which are not those of the Redis that it watches over; and one of those
# that are named is stale, and sends everybody to a master that is gone.
# needs: python3 redis-server redis-cli
. "$TOP/tests/redis.sh"

case $(redis-server --version) in
*v=6.[01].*) skip "a Sentinel has users from Redis 6.2 on" ;;
esac

sentinels=''
stop_sentinels()
{
	# shellcheck disable=SC2086 # those that run
	kill -9 $sentinels 2> /dev/null
	stop_servers
}
trap stop_sentinels EXIT
port=$(free_port) asked=$(free_port) stale=$(free_port) gone=$(free_port)
start_redis --port "$port" --bind 127.0.0.1 --requirepass one
ask() { redis-cli -s "$TMP/redis.sock" -a one --no-auth-warning "$@"; }

sentinel() # PORT MASTER OPTION...
{
	mkdir -p "$1"
	file=$TMP/$1.conf
	{
		printf 'bind 127.0.0.1\ndir %s/%s\nsentinel monitor mymaster 127.0.0.1 %s 1\n' "$TMP" "$1" "$2"
		printf 'sentinel auth-pass mymaster one\nuser default off\nuser asker on >two ~* &* +@all\n'
		shift 2
		printf '%s\n' "$@"
	} > "$file"
	redis-server "$file" --sentinel > sentinel.log 2>&1 &
	sentinels="$sentinels $!"
}
sentinel "$asked" "$port" "port $asked"
sentinel "$stale" "$gone" "port $stale"
said() # PORT: what that Sentinel says
{
	redis-cli -p "$1" --user asker --pass two --no-auth-warning \
		SENTINEL get-master-addr-by-name mymaster | grep -q .
}
await 10 said "$asked"
await 10 said "$stale"

echo one > one.pass
echo two > two.pass
conf() # SENTINELS PASSWORD-FILE
{
	printf '[logs]\nfiles = %s/mail.log\nstart = beginning\n[watch]\nstate = %s/state\n' "$TMP" "$TMP"
	printf '[journal]\nfile = %s/verdicts.ndjson\n[redis]\ntopology = sentinel\nservers = %s\n' "$TMP" "$1"
	printf 'password_file = %s/one.pass\ntimeout = 5s\nsentinel_user = asker\n' "$TMP"
	printf 'sentinel_password_file = %s/%s\n' "$TMP" "$2"
}
: > mail.log
conf "127.0.0.1:$asked" two.pass > detect.conf
"$SENDWATCH" check -c detect.conf > out 2>&1 || die "cannot ask Sentinel: $(cat out)"
has out "Sentinel, says that the master is 127.0.0.1:$port"
conf "127.0.0.1:$asked" one.pass > wrong.conf
! "$SENDWATCH" check -c wrong.conf > out 2>&1 || die "asked with another password: $(cat out)"
has out WRONGPASS
lacks out two

# The first one that answers knows no better: the next one does.
conf "127.0.0.1:$stale, 127.0.0.1:$asked" two.pass > detect.conf
write_whole 5 2000
cat whole.log > mail.log
follow_watch
counted() { ask EXISTS "$(record_key user03@dom3.example)" | grep -q 1; }
await 20 counted
stop_watch
