#!/bin/sh
# The snapshot is damaged, gone or of another form, and the windows are in Redis: what Redis has is not counted once
# more, what came while nobody read is counted, and so is the rest of what was open then. commands/resume.h has the
# table of what each of them is to do.
# needs: python3 redis-server redis-cli
# seconds: 240
. "$TOP/tests/redis.sh"

# Messages of an account to a recipient each, some hours ago, appended to a log: all of their lines, or the `first` ones
# alone (what is open stays so), or the `last`.
mail() # LOG ACCOUNT FIRST COUNT [PART]
{
	python3 - "$@" >> "$1" << 'PY'
import datetime, sys
log, account, first, count, part = (sys.argv[1:] + ["all"])[:5]
now = datetime.datetime.now(datetime.timezone.utc)
for number in range(int(first), int(first) + int(count)):
    # The first of a hundred is two hours old; what ends a message does so now.
    stamp = now if int(first) > 0 else now - datetime.timedelta(hours=2) + datetime.timedelta(seconds=number)
    queue_id = "%08X" % (0xA0000000 + number)
    lines = [
        ("smtpd", "client=unknown[198.51.100.7], sasl_method=LOGIN, sasl_username=" + account),
        ("qmgr", "from=<%s>, size=100, nrcpt=1 (queue active)" % account),
        ("smtp", "to=<r%d@there.example>, relay=mx.there.example[192.0.2.1]:25, delay=1, delays=0/0/0/1, "
         "dsn=2.0.0, status=sent (250 2.0.0 OK)" % number),
        ("qmgr", "removed")]
    for program, words in {"all": lines, "first": lines[:2], "last": lines[2:]}[part]:
        print("%s mx postfix/%s[1]: %s: %s" % (stamp.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00"), program, queue_id, words))
PY
}

recipients() # ACCOUNT COUNT: in each window that is as long as this takes
{
	"$SENDWATCH" show -c detect.conf --format ndjson "$1" > shown 2>&1
	grep -q "\"recipients_24h\":$2," shown && grep -q "\"recipients_7d\":$2," shown
}

counted() # ACCOUNT COUNT WHEN
{
	echo "$3: $2 recipients" >&2 # shown where it fails
	await 10 recipients "$1" "$2"
}

# A folder and a Redis of its own for each way of losing it.
begin() # START
{
	rm -rf state mail.log* watch.err verdicts.ndjson
	: > mail.log
	: > watch.err
	ask flushall > nothing
	settings ''
	sed -i "s/^start = .*/start = $1/" detect.conf
	printf '[redis]\ntopology = single\nservers = %s/redis.sock\n' "$TMP" >> detect.conf
	follow_watch
	mail mail.log u@example.com 0 30
	mail mail.log u@example.com 500 1 first
	counted u@example.com 30 'followed'
	stop_watch
}

# 30 that are counted, one open; one more comes meanwhile, and the end of the open one; one is followed.
goes_on() # WHAT
{
	mail mail.log u@example.com 600 1
	mail mail.log u@example.com 500 1 last
	follow_watch
	counted u@example.com 32 "$1, started again"
	mail mail.log u@example.com 700 1
	counted u@example.com 33 "$1, and followed"
	stop_watch
	follow_watch
	mail mail.log u@example.com 800 1
	counted u@example.com 34 "$1, and started once more"
	stop_watch
}

damage() { printf 'x' | dd of=state/snapshot bs=1 seek=3 conv=notrunc 2> /dev/null; }
other_form() # as an upgrade leaves it: written when it was
{
	touch -r state/snapshot when
	sed -i '1s/^sendwatch snapshot 2/sendwatch snapshot 9/' state/snapshot
	touch -r when state/snapshot
}
rotate() # and the oldest goes
{
	mv mail.log mail.log.1
	: > mail.log
}

start_redis
for start in end beginning; do
	begin $start
	damage
	goes_on "$start: damaged"
	# What only the snapshot had is known from the logs again.
	sed '/^\[redis\]/,$d' detect.conf > alone.conf
	expect 0 "$SENDWATCH" health -c alone.conf --format ndjson
	has out '"delivered":34,'

	begin $start
	other_form
	goes_on "$start: of another form"

	begin $start
	rm state/snapshot
	goes_on "$start: gone"

	# What was counted behind the last save is known by its position.
	begin $start
	follow_watch
	mail mail.log u@example.com 900 5
	counted u@example.com 35 "$start: before the kill"
	kill_watch
	damage
	follow_watch
	mail mail.log u@example.com 910 1
	counted u@example.com 36 "$start: killed and damaged"
	stop_watch

	# Positions go on where they were, whichever files are left.
	begin $start
	rotate
	follow_watch
	mail mail.log u@example.com 900 1
	counted u@example.com 31 "$start: rotated"
	stop_watch
	rm mail.log.1
	damage
	follow_watch
	mail mail.log u@example.com 901 1
	counted u@example.com 32 "$start: rotated and damaged"
	stop_watch

	# From a version that did not write how far it had counted, or with that file damaged too.
	begin $start
	other_form
	rm state/counted
	goes_on "$start: of another form, with nothing beside it"

	begin $start
	rotate
	other_form
	printf 'x' >> state/counted
	follow_watch
	mail mail.log u@example.com 900 3
	counted u@example.com 33 "$start: rotated, and both damaged"
	stop_watch
done

# Records of another form are under other keys: nothing is counted in those of ours, and all is to be learned.
begin end
ask flushall > nothing
other_form
sed -i '1s/^sendwatch counted [0-9]*/sendwatch counted 1/' state/counted
follow_watch
counted u@example.com 30 'of other records'
stop_watch
# As ever: without Redis all is learned from the logs, and what was not read in time is in them as well.
begin end
sed -i '/^\[redis\]/,$d' detect.conf
damage
follow_watch
await 10 recipients u@example.com 30 || die 'in memory not all is learned'
stop_watch

# Two servers, of which one loses its snapshot: neither's mail counts twice, though logs and accounts are of one name.
ask flushall > nothing
for server in one two; do
	start_server $server
	mail $server/mail.log v@example.com 0 20
done
cp one/detect.conf detect.conf
counted v@example.com 40 'of two servers'
stop_server one
printf 'x' | dd of=one/state/snapshot bs=1 seek=3 conv=notrunc 2> /dev/null
mail one/mail.log v@example.com 600 1
mail two/mail.log v@example.com 600 1
start_server one
counted v@example.com 42 'of two servers, one of which lost its snapshot'
stop_server one
stop_server two
