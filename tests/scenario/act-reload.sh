#!/bin/sh
# New settings of what acts: the policy service moves to its new address without a moment at which nobody answers, and
# who is disabled stays so; new, changed and lost adapters are refused in a sentence, and with them all the rest.
# needs: python3
. "$TOP/tests/watch.sh"

says() { policy_answer "$1" "$2" | grep -q "$3"; } # WHERE LOGIN TEXT
reload() # WORDS that watch says then
{
	: > watch.err
	kill -HUP "$watcher"
	await 10 grep -qF "$1" watch.err
}
port=$(free_port)
adapter() { printf '[adapter %s]\ntype = exim_list\nfile = %s\n' "$1" "$TMP/$2"; }
conf() # POLICY MORE...
{
	{
		printf '[act]\ndry_run = no\n[policy]\naddress = %s\n' "$1"
		shift
		[ $# = 0 ] || "$@"
	} > extra
	settings "" extra
}

: > mail.log
conf "$TMP/policy" adapter list stopped
follow_watch
"$SENDWATCH" disable -c detect.conf bob@shop.test || die "cannot be disabled"
says policy bob@shop.test '554 5.7.1' || die "bob goes on"

conf "$TMP/moved" adapter list stopped
reload 'new settings are in force'
says moved bob@shop.test '554 5.7.1' || die "not at the new address"
[ ! -e policy ] || die "the old socket is still there"
conf "unix:$TMP/moved" adapter list stopped
reload 'new settings are in force'
says moved bob@shop.test '554 5.7.1' || die "not at the same address, written otherwise"
conf "inet:127.0.0.1:$port" adapter list stopped
reload 'new settings are in force'
says "$port" bob@shop.test '554 5.7.1' || die "not at the port"
conf "" adapter list stopped
reload 'new settings are in force'
says "$port" bob@shop.test . 2> gone && die "still there though there is to be none"
has gone ConnectionRefusedError
conf "inet:127.0.0.1:$port" adapter list stopped
reload 'new settings are in force'
says "$port" bob@shop.test '554 5.7.1' || die "not back at the port"

# The socketmap moves likewise, by itself; neither takes the other's address.
map() { printf 'socketmap = %s\n' "$1" && adapter list stopped; } # goes on in [policy]
in_map() # SOCKET
{
	python3 - "$1" << 'PY'
import socket, sys
with socket.socket(socket.AF_UNIX) as asked:
    asked.settimeout(20)
    asked.connect(sys.argv[1])
    asked.sendall(b"22:disabled bob@shop.test,")
    sys.exit(not asked.recv(100).split(b":")[1].startswith(b"OK 554 5.7.1"))
PY
}
conf "inet:127.0.0.1:$port" map "$TMP/map"
reload 'new settings are in force'
in_map map || die "no socketmap"
conf "inet:127.0.0.1:$port" map "$TMP/map-moved"
reload 'new settings are in force'
in_map map-moved || die "the socketmap is not at the new address"
[ ! -e map ] || die "the socketmap's old socket is still there"
conf "unix:$TMP/map-moved" map "$TMP/map"
reload '[policy] address and socketmap: start sendwatch anew'
conf "$TMP/policy" map "$TMP/policy"
reload "[policy] socketmap: $TMP/policy is the policy service's address"
conf "$TMP/policy" map "$TMP/no/such/folder/map"
reload "the settings stay as they were: $TMP/no/such/folder/map: No such file or directory"
[ ! -e policy ] || die "a policy socket beside a socketmap that cannot be"
in_map map-moved || die "the socketmap is gone after a refusal"
says "$port" bob@shop.test '554 5.7.1' || die "the policy service is gone after a refusal of the socketmap"
conf "inet:127.0.0.1:$port" adapter list stopped
reload 'new settings are in force'
[ ! -e map-moved ] || die "there is a socketmap though there is to be none"

# What cannot be, changes nothing, also not what could be.
conf "$TMP/no/such/folder/policy" adapter list stopped
printf '[judge]\nflagged = 99\n' >> detect.conf
reload "the settings stay as they were: $TMP/no/such/folder/policy: No such file or directory"
says "$port" bob@shop.test '554 5.7.1' || die "gone after a refusal"
conf "$TMP/policy" adapter other stopped
reload 'the settings stay as they were: [adapter other] is new here: start sendwatch anew to use it'
[ ! -e policy ] || die "a socket for settings that were refused"
conf "$TMP/policy" adapter list elsewhere
reload '[adapter list] was changed: start sendwatch anew to use it so'
conf "$TMP/policy"
reload '[adapter list] is gone: start sendwatch anew to do without it'
conf "inet:127.0.0.1:$port" adapter list stopped
sed -i 's/^\[policy\]/[policy]\nclients = 7/' detect.conf
reload '[policy] mode and clients: start sendwatch anew'
conf "$TMP/policy" adapter list stopped
printf '[webhook x]\nurl = ftp://x/\n' >> detect.conf
reload 'the settings stay as they were: [webhook x]'
[ ! -e policy ] || die "a socket was left by settings that were refused later"
says "$port" bob@shop.test '554 5.7.1' || die "gone after a refusal"
conf "inet:127.0.0.1:$port" adapter list stopped
"$SENDWATCH" release -c detect.conf bob@shop.test || die "no order is taken any more"
says "$port" bob@shop.test DUNNO || die "not released"
stop_watch
