#!/bin/sh
# What real syslog daemons send, in every form that they have, gives the verdicts that the file gives.
# needs: python3 gzip
. "$TOP/tests/watch.sh"

daemon=''
trap 'kill -9 $daemon 2> /dev/null; stop_all' EXIT
rsyslogd=$(command -v rsyslogd || ls "$BUILD/peers/usr/sbin/rsyslogd" 2> /dev/null)
syslog_ng=$(command -v syslog-ng || ls "$BUILD/peers/usr/sbin/syslog-ng" 2> /dev/null)
[ -n "$rsyslogd$syslog_ng" ] || skip "needs rsyslogd or syslog-ng"
verdicts() { grep '"type":"verdict"' "$1" | sed 's/.*"account":"\([^"]*\)","state":"\([a-z]*\)".*/\1 \2/'; }

# The hours in which the account is taken over.
day | sed -n '/T1[2-5]:/p' > some.log
settings ''
cp some.log mail.log
start_watch
await 20 in_journal '"state":"disabled"'
stop_watch
verdicts verdicts.ndjson > wanted

# As mail servers give them to the daemon, with the time at which they were written.
feed() # PORT
{
	python3 - "$1" << 'PY'
import socket, sys, time
for left in range(100, -1, -1):
    try:
        sender = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5)
        break
    except OSError:
        if left == 0:
            raise
        time.sleep(0.05)
for line in open("some.log", "rb"):
    stamp, host, tag, words = line.rstrip().split(b" ", 3)
    program, _, pid = tag.rstrip(b":").partition(b"[")
    message = b"<22>1 %s %s %s %s - - %s" % (stamp, host, program, pid.rstrip(b"]") or b"-", words)
    sender.sendall(b"%d %s" % (len(message), message))
sender.close()
PY
}
start_rsyslog() # ACTION: to which the daemon listens at $port
{
	# Its modules are where it is.
	modules=$(ls "${rsyslogd%/sbin/rsyslogd}"/lib*/rsyslog/lmnet.so "${rsyslogd%/sbin/rsyslogd}"/lib/*/rsyslog/lmnet.so 2> /dev/null | head -n 1)
	cat > rsyslog.conf << CONF
global(workDirectory="$TMP")
module(load="imptcp")
input(type="imptcp" address="127.0.0.1" port="$port")
$1
CONF
	"$rsyslogd" -n -C -M "$(dirname "$modules")" -f "$TMP/rsyslog.conf" -i "$TMP/rsyslog.pid" > daemon.log 2>&1 &
	daemon=$!
}
start_syslog_ng() # DESTINATION
{
	libraries=${syslog_ng%/sbin/syslog-ng}/lib
	version=$(LD_LIBRARY_PATH=$libraries/syslog-ng "$syslog_ng" --version 2> /dev/null | sed -n 's/^Config version: *//p')
	cat > syslog-ng.conf << CONF
@version: $version
options { keep-hostname(yes); chain-hostnames(no); };
log { source { syslog(ip(127.0.0.1) port($port) transport(tcp)); }; destination { $1 }; };
CONF
	LD_LIBRARY_PATH=$libraries/syslog-ng "$syslog_ng" --module-path "$(echo "$libraries"/syslog-ng/[0-9]*)" -F --no-caps -f "$TMP/syslog-ng.conf" \
		-R "$TMP/persist" -c "$TMP/ctl" -p "$TMP/pid" > daemon.log 2>&1 &
	daemon=$!
}
told() # DAEMON SOURCE WORDS: what it sends to SOURCE by these words is told as the file is
{
	rm -rf state verdicts.ndjson watch.err persist
	settings ''
	sed -i "s|^files = .*|files = $2|" detect.conf
	follow_watch
	port=$(free_port)
	"start_$1" "$3"
	feed "$port" || die "$1 does not listen: $(cat daemon.log)"
	await 20 in_journal '"state":"disabled"'
	stop_watch
	kill -9 $daemon
	wait $daemon 2> /dev/null
	verdicts verdicts.ndjson | diff wanted - || die "$1, $3: told otherwise"
}

to=$(free_port)
if [ -n "$rsyslogd" ]; then
	told rsyslog "syslog:tcp=127.0.0.1:$to" "action(type=\"omfwd\" target=\"127.0.0.1\" port=\"$to\" protocol=\"tcp\" TCP_Framing=\"octet-counted\" template=\"RSYSLOG_SyslogProtocol23Format\")"
	told rsyslog "syslog:tcp=127.0.0.1:$to" "action(type=\"omfwd\" target=\"127.0.0.1\" port=\"$to\" protocol=\"tcp\")"
	told rsyslog "syslog:udp=127.0.0.1:$to" "*.* @127.0.0.1:$to;RSYSLOG_SyslogProtocol23Format"
	told rsyslog "syslog:unix=$TMP/log" "module(load=\"omuxsock\")
\$OMUxSockSocket $TMP/log
*.* :omuxsock:;RSYSLOG_ForwardFormat"
else
	echo "note: rsyslogd is not here"
fi
if [ -n "$syslog_ng" ]; then
	told syslog_ng "syslog:tcp=127.0.0.1:$to" "syslog(\"127.0.0.1\" transport(\"tcp\") port($to));"
	told syslog_ng "syslog:tcp=127.0.0.1:$to" "network(\"127.0.0.1\" transport(\"tcp\") port($to));"
	told syslog_ng "syslog:udp=127.0.0.1:$to" "syslog(\"127.0.0.1\" transport(\"udp\") port($to));"
	told syslog_ng "syslog:unix=$TMP/log" "unix-dgram(\"$TMP/log\" ts-format(iso));"
else
	echo "note: syslog-ng is not here"
fi
