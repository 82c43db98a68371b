#!/bin/sh
# New settings of what acts: the policy service moves to its new address without a moment at which nobody answers, and
# who is disabled stays so; new, changed and lost adapters are refused in a sentence, and with them all the rest.
# needs: python3
. "$TOP/tests/watch.sh"

says() # ADDRESS LOGIN TEXT
{
	python3 - "$1" "$2" << 'PY' | grep -q "$3"
import socket, sys
where, login = sys.argv[1:]
ask = socket.socket(socket.AF_INET if where.isdigit() else socket.AF_UNIX)
ask.settimeout(5)
ask.connect(("127.0.0.1", int(where)) if where.isdigit() else where)
ask.sendall(("request=smtpd_access_policy\nprotocol_state=RCPT\nsasl_username=%s\n\n" % login).encode())
print(ask.recv(500).decode().strip())
PY
}
reload() # WORDS that watch says then
{
	: > watch.err
	kill -HUP "$watcher"
	await 10 grep -qF "$1" watch.err
}
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
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
start_watch
await 20 grep -q follows watch.err
"$SENDWATCH" disable -c detect.conf bob@shop.test || die "cannot be disabled"
says policy bob@shop.test '554 5.7.1' || die "bob goes on"

conf "$TMP/moved" adapter list stopped
reload 'new settings are in force'
says moved bob@shop.test '554 5.7.1' || die "not at the new address"
[ ! -e policy ] || die "the old socket is still there"
conf "inet:127.0.0.1:$port" adapter list stopped
reload 'new settings are in force'
says "$port" bob@shop.test '554 5.7.1' || die "not at the port"
conf "" adapter list stopped
reload 'new settings are in force'
says "$port" bob@shop.test DUNNO && die "still there though there is to be none"
conf "inet:127.0.0.1:$port" adapter list stopped
reload 'new settings are in force'
says "$port" bob@shop.test '554 5.7.1' || die "not back at the port"

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
