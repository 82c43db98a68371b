#!/bin/sh
# `sendwatch check` with Redis: how far, which version, how its memory is kept; and for a user of Redis who lacks one
# right, which one, and what would not work. With all the rights that the README names, nothing is missing.
# needs: redis-server redis-cli
. "$TOP/tests/redis.sh"

start_redis
echo secret > password
printf '[logs]\nfiles = %s/mail.log\n[watch]\nstate = %s/state\n[redis]\ntopology = single\nservers = %s/redis.sock\n' "$TMP" "$TMP" "$TMP" > detect.conf
printf 'user = watcher\npassword_file = %s/password\n' "$TMP" >> detect.conf
: > mail.log
mkdir state

# What the README says, from the README.
rights=$(sed -n '/ACL SETUSER sendwatch/,/^$/p' "$TOP/README.md" | sed 's/.*-@all//' | tr '\n' ' ')
case $rights in *+evalsha*) ;; *) die "the README names no rights: $rights" ;; esac
allow() # RIGHTS: exactly these
{
	ask ACL SETUSER watcher reset on '>secret' '~sendwatch:*' -@all "$@" | grep -q OK || die "refused: $*"
}
said() { grep -F '[redis]' out err | grep -F "$1" | grep -qF "$2"; }

set -f
allow $rights
"$SENDWATCH" check -c detect.conf > out 2> err || die "something is missing: $(cat out err)"
said 'answers in' ' ms, ' || die "does not say how far: $(cat out err)"
# Valkey says which Redis it is like, and then its own.
version=$(ask INFO server | sed -n 's/^\(redis\|valkey\)_version:\([0-9.]*\).*/\2/p' | tail -n 1)
said "$version" master || die "does not say which version: $(cat out err)"
lacks out 'drops keys'
said 'append-only' appendonly || die "does not say that a lost machine loses what it knew: $(cat out err)"
ask CONFIG SET appendonly yes > /dev/null
"$SENDWATCH" check -c detect.conf > out 2> err || die "something is missing: $(cat out err)"
lacks out append-only
ask CONFIG SET appendonly no > /dev/null

# Who lacks one of them is told so, by its name; those that only tell more are not needed.
for right in $rights; do
	case $right in
	+info | +role | +select | +wait | '+cluster|slots') continue ;;
	esac
	set --
	for other in $rights; do
		[ "$other" = "$right" ] || set -- "$@" "$other"
	done
	allow "$@"
	"$SENDWATCH" check -c detect.conf > out 2> err && die "well without $right: $(cat out err)"
	name=$(echo "${right#+}" | tr A-Z a-z)
	# Redis 6 does not say which subcommand.
	said "'$name'" 'permission' || said "'${name%%|*}' command or its subcommand" 'permission' ||
		die "does not say that $right is missing: $(cat out err)"
done
# shellcheck disable=SC2046 # each right is an argument
allow $(echo "$rights" | sed 's/+info//; s/+role//; s/+select//; s/+wait//; s/+cluster|slots//')
"$SENDWATCH" check -c detect.conf > out 2> err || die "they are not needed: $(cat out err)"

# Keys of others are none of ours.
ask ACL SETUSER watcher resetkeys '~other:*' > /dev/null
"$SENDWATCH" check -c detect.conf > out 2> err && die "well without its keys"
said 'permission' 'key' || die "does not speak of keys: $(cat out err)"
allow $rights

# Functions where they are allowed, else the script; a memory that evicts; a replica; nobody there.
said_script() { "$SENDWATCH" check -c detect.conf 2>&1 | grep -q 'the script does instead'; }
said_script || die "does not say that there are no functions"
if ask FUNCTION LIST > /dev/null 2>&1 && ! ask FUNCTION LIST | grep -q ERR; then
	allow $rights '+function|load' +fcall
	said_script && die "there are functions"
fi
ask CONFIG SET maxmemory 100mb > /dev/null
ask CONFIG SET maxmemory-policy allkeys-lru > /dev/null
"$SENDWATCH" check -c detect.conf > out 2> err || die "a warning is no failure: $(cat out err)"
said 'drops keys when its memory is full' maxmemory-policy || die "does not warn: $(cat out err)"
ask REPLICAOF 127.0.0.1 1 > /dev/null
"$SENDWATCH" check -c detect.conf > out 2> err && die "nothing can be written there"
said 'is a replica' 'nothing can be written' || die "does not say that it is a replica: $(cat out err)"
ask REPLICAOF NO ONE > /dev/null
mkdir credentials
echo secret > credentials/redis
sed -i 's/^password_file.*/password_file = credential:redis/' detect.conf
CREDENTIALS_DIRECTORY=$TMP/credentials "$SENDWATCH" check -c detect.conf > out 2> err || die "finds no credential: $(cat out err)"
"$SENDWATCH" check -c detect.conf > out 2> err && die "logged in without a credential"
said credential:redis 'CREDENTIALS_DIRECTORY' || die "does not say that it is not there: $(cat out err)"
sed -i "s,^password_file.*,password_file = $TMP/password," detect.conf
echo wrong > password
"$SENDWATCH" check -c detect.conf > out 2> err && die "logged in"
said WRONGPASS 'cannot be reached, or logged in to' || die "does not say that the password is wrong: $(cat out err)"
kill_redis
"$SENDWATCH" check -c detect.conf > out 2> err && die "nobody is there"
said "$TMP/redis.sock" 'cannot be reached' || die "does not say that nobody is there: $(cat out err)"
