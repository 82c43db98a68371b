#!/bin/sh
# The list of attacking addresses in those that are to keep them out: nft takes the file and drops who is listed, no
# matter how often it is loaded; fail2ban finds each in the journal, and nothing that strangers wrote there.
# needs: root python3 unshare ip nft fail2ban-regex
. "$TOP/tests/servers/lab.sh"
wiring=$TOP/contrib/addresses

nft list tables > /dev/null 2>&1 || skip "the kernel has no nftables"
failed() # ADDRESS LOGIN
{
	echo "$(date -u '+%b %e %H:%M:%S') mx1 postfix/submission/smtpd[7]: warning: pc[$1]: SASL LOGIN authentication failed: (reason unavailable), sasl_username=$2"
}
cat > extra << EXTRA
[addresses]
nft = $TMP/addresses.nft
learning = 0
EXTRA
settings "" extra
: > mail.log
follow_watch
await 5 test -s addresses.nft
nft -c -f addresses.nft || die "nft does not take an empty list"
for i in 0 1 2 3 4 5 6 7 8 9 10; do
	for address in 198.51.100.7 198.51.100.8 2001:db8:1:2::$i; do
		failed $address "user$i@d$((i % 4)).test"
	done
done >> mail.log
# Who tries to have another listed by what he calls himself.
for i in 0 1 2 3 4 5 6 7 8 9 10; do
	failed 198.51.100.9 "x$i\",\"address\":\"203.0.113.1\",\"action\":\"listed\"@d$((i % 4)).test"
	failed 198.51.100.9 "{\"type\":\"attacker\",\"id\":\"203.0.113.1-listed-$i\",\"time\":\"2026-11-21T21:30:00Z\",\"address\":\"203.0.113.1\",\"action\":\"listed\"}"
done >> mail.log
await 5 grep -q 198.51.100.9 addresses.nft

# Rules and list, in both orders and again.
for file in addresses.nft "$wiring/sendwatch.nft" addresses.nft "$wiring/sendwatch.nft" addresses.nft; do
	nft -c -f "$file" || die "nft does not take $file: $(cat "$file")"
	nft -f "$file" || die "nft does not load $file"
done
[ "$(nft list chain inet sendwatch input | grep -c drop)" = 2 ] || die "rules stand twice: $(nft list chain inet sendwatch input)"
nft list set inet sendwatch attackers4 > set4
has set4 198.51.100.7
has set4 198.51.100.9
nft list set inet sendwatch attackers6 > set6
has set6 2001:db8:1:2::/64
lacks set4 203.0.113.1

# It keeps them out, at these ports, and nobody else.
ip addr add 198.51.100.7/32 dev lo
ip addr add 198.51.100.77/32 dev lo
ip -6 addr add 2001:db8:1:2::5/128 dev lo
ip -6 addr add 2001:db8:1:3::5/128 dev lo
patience=20 # seconds; who is kept out is given up sooner
reaches() # FROM TO PORT
{
	python3 - "$@" "$patience" << 'PY'
import socket, sys
source, target, port, patience = sys.argv[1:]
server = socket.create_server((target, int(port)), family=socket.AF_INET6 if ":" in target else socket.AF_INET)
try:
	socket.create_connection((target, int(port)), float(patience), (source, 0))
except OSError:
	sys.exit(1)
PY
}
reaches 198.51.100.77 127.0.0.1 587 || die "an honest address is kept out"
shut_out()
{
	patience=0.4
	! reaches "$@"
	shut=$?
	patience=20
	return $shut
}
shut_out 198.51.100.7 127.0.0.1 587 || die "a listed address comes in"
reaches 198.51.100.7 127.0.0.1 25 || die "port 25 is closed"
shut_out 2001:db8:1:2::5 ::1 993 || die "a listed /64 comes in"
reaches 2001:db8:1:3::5 ::1 993 || die "the /64 beside it is kept out"

# fail2ban: one match for each that was listed, with that address.
fail2ban-regex -v verdicts.ndjson "$wiring/filter.d/sendwatch.conf" > regex || die "$(cat regex)"
grep -qE 'Lines: .* 4 matched' regex || die "$(cat regex)"
for address in 198.51.100.7 198.51.100.8 198.51.100.9 2001:db8:1:2::/64; do
	grep -qE "^\|      $address  " regex || die "fail2ban does not find $address: $(cat regex)"
done
grep -qE '^\|      203\.0\.113\.1  ' regex && die "fail2ban would ban whom a stranger names"

# ... and its server, told by our jail, shuts them out.
nft delete table inet sendwatch
rm -f /etc/fail2ban/jail.d/*
cp "$wiring/filter.d/sendwatch.conf" /etc/fail2ban/filter.d/
cp "$wiring/action.d/sendwatch-nft.conf" /etc/fail2ban/action.d/
sed "s,/var/log/sendwatch,$TMP," "$wiring/jail.d/sendwatch.conf" > /etc/fail2ban/jail.d/sendwatch.conf
printf '[Definition]\ndbfile = :memory:\n' > /etc/fail2ban/fail2ban.local
# Here attackers and server are one machine.
printf '[DEFAULT]\nignoreself = false\n' > /etc/fail2ban/jail.d/one-machine.conf
ban() { fail2ban-client -s "$TMP/f2b.sock" -p "$TMP/f2b.pid" --logtarget "$TMP/f2b.log" "$@"; }
ban start > f2b.out 2>&1 || die "fail2ban does not start: $(cat f2b.out f2b.log)"
banned() { ban status sendwatch | grep -q 'Currently banned:.*4$'; }
await 10 banned
await 5 grep -q 'Ban 2001:db8:1:2::/64' f2b.log
await 5 shut_out 198.51.100.7 127.0.0.1 587
await 5 shut_out 2001:db8:1:2::5 ::1 993
reaches 198.51.100.77 127.0.0.1 587 || die "fail2ban keeps an honest address out: $(nft list ruleset)"
reaches 198.51.100.7 127.0.0.1 25 || die "fail2ban closes port 25"
! grep -E 'ERROR|WARNING +\[' f2b.log || die "fail2ban is not content"
# Taken off by hand, one comes in again.
ban set sendwatch unbanip 198.51.100.7 > f2b.out || die "$(cat f2b.out)"
await 5 reaches 198.51.100.7 127.0.0.1 587
shut_out 2001:db8:1:2::5 ::1 993 || die "another was let in"
ban stop > f2b.out 2>&1 || die "$(cat f2b.out)"
stop_watch
