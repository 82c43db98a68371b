#!/bin/sh
# Our address is listed, and later no longer: the receiver is told both, once, with whom to blame; restarts tell
# nobody again; health shows it, check tries each list. Asked is a server on the loopback alone.
# needs: python3 nsd
. "$TOP/tests/watch.sh"

"$SENDWATCH" check --defaults | grep -qx '\[dnsbl\]' || skip "no [dnsbl] here"
server=''
stop_server()
{
	[ -z "$server" ] || kill "$server" 2> /dev/null
	stop_all
}
trap stop_server EXIT

zone() # NAME RECORD...
{
	name=$1
	shift
	printf '$ORIGIN %s.\n$TTL 1\n@ SOA ns root 1 60 60 60 1\n@ NS ns\n2.0.0.127 A 127.0.0.2\n' "$name"
	printf '%s\n' "$@"
}
zone bl.test '25.2.0.192 A 127.0.0.4' '25.2.0.192 TXT "see https://bl.test/"' > bl.test
zone all.test '* A 127.0.0.2' '1.0.0.127 A 127.0.0.2' > all.test
dns=$(free_port both)
{
	printf 'server:\n ip-address: 127.0.0.1@%s\n port: %s\n username: ""\n zonesdir: "%s"\n' "$dns" "$dns" "$TMP"
	printf ' database: ""\n pidfile: "%s/nsd.pid"\n xfrdfile: "%s/xfrd"\n zonelistfile: "%s/list"\n' "$TMP" "$TMP" "$TMP"
	printf ' xfrdir: "%s"\n server-count: 1\n logfile: "%s/nsd.log"\nremote-control:\n control-enable: no\n' "$TMP" "$TMP"
	printf 'zone:\n name: bl.test\n zonefile: bl.test\nzone:\n name: all.test\n zonefile: all.test\n'
} > nsd.conf
nsd -d -c nsd.conf > nsd.out 2>&1 &
server=$!

start_receiver 200
settings "$(cat port)"
cat >> detect.conf << END
[dnsbl]
enabled = yes
zones = bl.test, all.test
addresses = 192.0.2.25, 192.0.2.26
servers = 127.0.0.1:$dns
every = 1s
timeout = 2s
END

# The server is up once check gets an answer. All that is wrong is that one list answers everything.
: > mail.log
asks() { "$SENDWATCH" check -c detect.conf > out; grep -q 'bl.test: answers as it should' out; }
await 10 asks
has out 'ok     [dnsbl] 192.0.2.25 is listed by bl.test (127.0.0.4): see https://bl.test/'
has out 'WRONG  [dnsbl] all.test: lists 127.0.0.1, which must never be listed'
lacks out '192.0.2.26 is listed'

day > mail.log
start_watch
await 20 in_journal '"account":"192.0.2.25 at bl.test","state":"flagged"'
await 10 in_journal 'blocklist all.test: lists 127.0.0.1'
await 10 grep -q 'bl.test' requests
stop_watch
expect 0 "$SENDWATCH" health -c detect.conf
has out '192.0.2.25 is listed by bl.test (127.0.0.4)'
has out '  see https://bl.test/'
lacks out '192.0.2.26 is listed'

for ending in kill_watch stop_watch; do
	: > watch.err
	follow_watch
	sleep 1.2 # a round, in which nothing is new
	$ending
done

zone bl.test > bl.test
kill -HUP "$server"
start_watch
await 20 in_journal 'no longer listed by bl.test'
await 10 grep -q 'no longer listed by bl.test' requests
stop_watch

python3 - << 'PY' || die "told otherwise than it should have been"
import json
entries = [json.loads(line) for line in open("verdicts.ndjson")]
address = [e for e in entries if e["type"] == "address"]
assert [e["state"] for e in address] == ["flagged", "normal"], address
listed = address[0]
assert (listed["address"], listed["zone"], listed["code"]) == ("192.0.2.25", "bl.test", "127.0.0.4"), listed
assert listed["words"] == "see https://bl.test/" and "undo" not in listed and "provider" not in listed, listed
assert listed["evidence"][1]["detector"] == "account", listed
assert "nils@notary.example" in listed["evidence"][1]["text"], listed
assert len([e for e in entries if e["type"] == "server"]) == 1, "a list's fault told more than once"
told = [json.loads(json.loads(line)["body"]) for line in open("requests")]
# A kill between the answer and its note tells again, by the same id.
states = {b["id"]: b["state"] for b in told if b["type"] == "address"}
assert list(states.values()) == ["flagged", "normal"], told
PY
