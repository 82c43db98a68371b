#!/bin/sh
# Redis slow, stopped, full, read-only, without rights, its scripts flushed, and empty again: watch says so, keeps a
# bounded amount, then reads no further, and when all is well the totals are true.
# needs: python3 redis-server redis-cli
# seconds: 240
. "$TOP/tests/redis.sh"

start_watched() # with a user of its own
{
	start_redis
	ask ACL SETUSER watcher on '>secret' '~sendwatch:*' -@all +ping +hget +hset +expire +hmget +set +get +sadd +srem \
		+smembers +del +evalsha '+script|load' +eval +hgetall +hdel +xadd +xrange +xrevrange
}

start_watched
echo secret > password
settings ''
{
	printf '[redis]\ntopology = single\nservers = %s/redis.sock\nuser = watcher\npassword_file = %s/password\n' "$TMP" "$TMP"
	printf 'timeout = 3s\nmemory = 1M\n'
} >> detect.conf
write_whole 5 90000
lines=$(grep -c '' whole.log)
: > mail.log
part=0
grow() # SIXTEENTHS: so many more of all lines
{
	sed -n "$((part * lines / 16 + 1)),$(((part + $1) * lines / 16))p" whole.log >> mail.log
	part=$((part + $1))
}
counted() { ask EXISTS "$(record_key user03@dom3.example)" | grep -q 1; }
said() { grep -qF "$1" watch.err; }
lost() { [ "$(grep -c 'cannot be reached' watch.err)" -ge "$1" ]; }
back() { [ "$(grep -c 'sendwatch: the store is back$' watch.err)" -ge "$1" ]; } # not "reading waits until ..."

# The user may load no functions: the script does, also after somebody flushed it.
follow_watch
grow 1
await 10 counted
ask SCRIPT FLUSH > /dev/null
grow 1
# Slow: longer than we wait.
kill -STOP "$redis"
grow 1
await 10 lost 1
kill -CONT "$redis"
await 10 back 1
# Full.
ask CONFIG SET maxmemory 1 > /dev/null
grow 1
await 10 lost 2
said 'OOM' || die "does not say that Redis is full: $(cat watch.err)"
ask CONFIG SET maxmemory 0 > /dev/null
await 10 back 2
# Read-only.
ask REPLICAOF 127.0.0.1 1 > /dev/null
grow 1
await 10 lost 3
said 'READONLY' || die "does not say that Redis is read-only: $(cat watch.err)"
ask REPLICAOF NO ONE > /dev/null
await 10 back 3
# Its rights are gone.
ask ACL SETUSER watcher -hset > /dev/null
grow 1
await 10 lost 4
# In Redis 7's words, or in Redis 8's.
said "can't run this command" || said 'has no permissions' || die "does not say that rights are missing: $(cat watch.err)"
ask ACL SETUSER watcher +hset > /dev/null
await 10 back 4
# Gone for as long as it takes to fill what we keep; the rest waits in the log. Back, and empty.
kill_redis
grow 8
await 10 lost 5
await 20 said 'reading waits'
grow 2
start_watched
await 20 back 5
await 10 said 'reading goes on'
await 20 saved_up_to "$(tail -n 1 whole.log | cut -d' ' -f1)"
stop_watch
same_totals
