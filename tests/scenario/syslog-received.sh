#!/bin/sh
# Lines that syslog daemons send by TCP with counted octets, by UDP in the form of RFC 5424, and that come on standard
# input, give the verdicts that a file gives. Who is connected by TCP stays so when new settings come.
# needs: python3 gzip
. "$TOP/tests/watch.sh"

day > whole.log

verdicts() # JOURNAL
{
	grep '"type":"verdict"' "$1" | sed 's/.*"account":"\([^"]*\)","state":"\([a-z]*\)".*/\1 \2/'
}

settings ''
cp whole.log mail.log
start_watch
await 20 in_journal '"state":"disabled"'
stop_watch
verdicts verdicts.ndjson > wanted

send() # KIND PORT: the whole log, over a connection that was there before new settings came
{
	python3 - "$1" "$2" "$watcher" << 'PY'
import os, signal, socket, sys, time
kind, port = sys.argv[1], int(sys.argv[2])
sender = socket.socket(type=socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
sender.connect(("127.0.0.1", port))
sender.send(b"<22>Nov 17 00:00:00 mx1 postfix/master[1]: daemon started\n")
os.kill(int(sys.argv[3]), signal.SIGHUP)
while "new settings are in force" not in open("watch.err").read():
    time.sleep(0.05)


def await_room():
    """What the kernel cannot keep for who reads it is lost: not more than some hundred are sent ahead of it."""
    while kind == "udp":
        sockets = [line.split() for line in open("/proc/net/udp")][1:]
        if all(int(words[4].split(":")[1], 16) < 50000 for words in sockets if words[1].endswith(":%04X" % port)):
            return
        time.sleep(0.01)


for number, line in enumerate(open("whole.log", "rb")):
    if number % 50 == 0:
        await_room()
    stamp, host, tag, words = line.rstrip().split(b" ", 3)
    if kind == "tcp":
        message = b"<22>" + line.rstrip()
        sender.sendall(b"%d %s" % (len(message), message))
    else:
        program, _, pid = tag.rstrip(b":").partition(b"[")
        sender.send(b"<22>1 %s %s %s %s - - %s" % (stamp, host, program, pid.rstrip(b"]") or b"-", words))
PY
}

for kind in tcp udp; do
	port=$(free_port $kind)
	rm -rf state verdicts.ndjson watch.err
	settings ''
	sed -i "s|^files = .*|files = syslog:$kind=127.0.0.1:$port|" detect.conf
	follow_watch
	send $kind "$port"
	await 20 in_journal '"state":"disabled"'
	stop_watch
	verdicts verdicts.ndjson | diff wanted - || die "by $kind it is told otherwise"
done

rm -rf state verdicts.ndjson
settings ''
"$SENDWATCH" watch -c detect.conf - < whole.log 2> watch.err || die "watch ended with $?: $(cat watch.err)"
grep -q 'standard input is at its end' watch.err || die "$(cat watch.err)"
verdicts verdicts.ndjson | diff wanted - || die "on standard input it is told otherwise"
