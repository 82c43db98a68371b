# What scenarios with `sendwatch watch` share: . "$TOP/tests/watch.sh"; it brings tests/shell.sh along.
# shellcheck shell=sh
. "$TOP/tests/shell.sh"

logs='' receiver='' watcher=''
stop_all()
{
	[ -z "$receiver" ] || kill -9 "$receiver" 2> /dev/null
	[ -z "$watcher" ] || kill -9 "$watcher" 2> /dev/null
	wait 2> /dev/null
}
trap stop_all EXIT

start_receiver() # STATUS...: the answers in turn; its port is in the file `port`
{
	rm -f port
	echo "$*" > answers
	"$TOP/tests/receiver/receiver.py" . &
	receiver=$!
	await 10 test -s port
}

# detect.conf for $logs, or else mail.log, with one webhook to PORT (none where it is empty), and the lines of FILE.
settings() # PORT [FILE]
{
	{
		printf '[logs]\nfiles = %s\nstart = beginning\n' "${logs:-$TMP/mail.log}"
		printf '[watch]\nstate = %s/state\nsave_every = 100ms\n' "$TMP"
		printf '[journal]\nfile = %s/verdicts.ndjson\n[outbox]\npause = 100ms\nlongest_pause = 300ms\n' "$TMP"
		[ -z "$1" ] || printf '[webhook ops]\nurl = http://127.0.0.1:%s/hook\n' "$1"
		cat
	} > detect.conf < "${2:-/dev/null}"
}

start_watch()
{
	"$SENDWATCH" watch -c detect.conf 2>> watch.err &
	watcher=$!
}

follows() # TIMES [FILE]: so often it has said that it has caught up
{
	[ "$(grep -c 'has caught up, and follows' "${2:-watch.err}")" -ge "$1" ]
}

follow_watch() # started, and waited for until it follows
{
	followed=$(grep -c 'has caught up, and follows' watch.err 2> /dev/null)
	start_watch
	await 30 follows $((${followed:-0} + 1))
}

saved_up_to() # STAMP, as a log of Postfix has it: the last save was behind that line
{
	grep -aq "^mark $(date -u -d "$1" +%s%6N) " state/snapshot
}

stop_watch() # within seconds, with exit status 0
{
	kill -TERM "$watcher"
	wait "$watcher" || die "watch ended with status $?: $(cat watch.err)"
	watcher=''
}

kill_watch()
{
	kill -9 "$watcher"
	wait "$watcher" 2> /dev/null
	watcher=''
}

policy_answer() # WHERE LOGIN: what the policy service at a socket's path or a port says
{
	python3 - "$@" << 'PY'
import socket, sys
where, login = sys.argv[1:]
ask = socket.socket(socket.AF_INET if where.isdigit() else socket.AF_UNIX)
ask.settimeout(20)
ask.connect(("127.0.0.1", int(where)) if where.isdigit() else where)
ask.sendall(("request=smtpd_access_policy\nprotocol_state=RCPT\nsasl_username=%s\n\n" % login).encode())
print(ask.recv(500).decode().strip())
PY
}

# A generated log of many accounts, whole.log, and what of each is to be counted, for `same_totals`.
write_whole() # SEED LINES
{
	python3 "$TOP/tests/crash/mail.py" write "$@"
}

same_totals() # what `sendwatch show` says of these accounts is what was written
{
	# shellcheck disable=SC2046 # each account is an argument
	"$SENDWATCH" show -c detect.conf --format ndjson $(python3 "$TOP/tests/crash/mail.py" accounts) > shown
	python3 "$TOP/tests/crash/mail.py" compare shown || die "the totals are not those of the log"
}

# The bundled Postfix day, in the order of time.
day()
{
	for number in 6 5 4 3 2; do
		gzip -dc "$TOP/contrib/samples/postfix/mail.log.$number.gz"
	done
	cat "$TOP/contrib/samples/postfix/mail.log.1" "$TOP/contrib/samples/postfix/mail.log"
}

in_journal() { grep -qF "$1" verdicts.ndjson; }
requests() { [ "$(grep -c . requests 2> /dev/null)" -ge "$1" ]; }
