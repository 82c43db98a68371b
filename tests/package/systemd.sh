#!/bin/sh
# The unit under a real systemd: ready when it follows, the watcher without rights and the helper with few, settings
# taken in whole or not at all, killed it comes back, hanging it is found out, stopped it has saved its state.
# needs: root dpkg-buildpackage dh lintian mmdebstrap systemd-nspawn
# seconds: 400
. "$TOP/tests/shell.sh"
. "$TOP/tests/package/machine"

deb= # package_make says which
package_make
machine_make
mkdir files
cp "$deb" files/sendwatch.deb
cp "$TOP"/contrib/samples/postfix/mail.log files/
cat > files/run << 'END'
trap '[ $? = 0 ] || { systemctl status --no-pager -l sendwatch; journalctl --no-pager -u sendwatch -u sendwatch@two | tail -n 30; }' EXIT
die() { echo "$*"; exit 1; }
is() { [ "$2" = "$3" ] || die "$1: \"$2\" instead of \"$3\""; }
await() { tries=1200; until "$@" > /dev/null 2>&1; do tries=$((tries - 1)); [ $tries -gt 0 ] || die "in vain waited for: $*"; sleep 0.1; done; }
logged() { journalctl --no-pager -o cat -u "${2:-sendwatch}" | grep -qF -e "$1"; }
show() { systemctl show -P "$1" "${2:-sendwatch}"; }
right() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"; }
restarted() { [ "$(show NRestarts)" -gt "$1" ] && [ "$(show SubState)" = running ]; } # since there were so many
bites() { journalctl --no-pager -o cat -u sendwatch | grep -cF 'Watchdog timeout'; }
bitten() { [ "$(bites)" -gt "$1" ]; } # likewise

touch /var/log/mail.log
chown root:adm /var/log/mail.log && chmod 640 /var/log/mail.log
dpkg -i sendwatch.deb > dpkg 2>&1 || die "$(cat dpkg)"
is "the unit" "$(systemctl is-active sendwatch) $(show Type)" "active notify"
is "the user" "$(id -un "$(right "$(show MainPID)" Uid | cut -f 1)")" sendwatch
for set in CapEff CapPrm CapInh CapBnd CapAmb; do
	is "the watcher's $set" "$(right "$(show MainPID)" $set)" 0000000000000000
done
is "its NoNewPrivs" "$(right "$(show MainPID)" NoNewPrivs)" 1
figure=$(systemd-analyze security --no-pager sendwatch.service | sed -n 's/.*exposure level for .*: \([0-9.]*\) .*/\1/p')
echo "exposure $figure"
[ "$(echo "$figure" | tr -d .)" -le 20 ] || die "systemd-analyze security rates it $figure"
is "its log's readers" "$(runuser -u sendwatch -- head -c 0 /var/log/mail.log && echo yes)" yes

# Lines that come in are read; a bad setting changes nothing, a good one is in force.
cat mail.log >> /var/log/mail.log
echo 'nonsense = 1' >> /etc/sendwatch/detect.conf
systemctl reload sendwatch && die "a reload with a bad setting succeeds"
await logged "the settings stay as they were"
is "after a refused reload" "$(show SubState) $(show NRestarts)" "running 0"
sed -i '$d' /etc/sendwatch/detect.conf
systemctl reload sendwatch
await logged "new settings are in force"
is "after reloads" "$(show SubState) $(show NRestarts)" "running 0"

# A file that a syslog daemon writes is as good as who may log; where the journal has the same, check says so.
! sendwatch check | grep -F 'not so with' || die "the journal has nothing of Postfix"
printf '%s\n' '[Service]' 'ExecStart=/bin/sh -c "echo starts; sleep 1"' > /run/systemd/system/postfix@-.service
systemctl daemon-reload
systemctl start postfix@-.service
await sh -c 'sendwatch check | grep -F "mail.log: a syslog daemon believes everybody" | grep -F "not so with journal:unit=postfix@-.service"'
rm /run/systemd/system/postfix@-.service

# With an adapter there is a helper: root, with what the unit leaves of rights, and with what drop-ins let it write.
postconf -e 'maillog_file =' 'compatibility_level = 3.6' 'default_database_type = lmdb'
printf '%s\n' '[adapter deny]' 'type = postfix_map' 'file = /etc/postfix/sendwatch_deny' '[act]' 'dry_run = no' \
	> /etc/sendwatch/detect.conf.d/adapter.conf
chgrp sendwatch /etc/sendwatch/detect.conf.d/adapter.conf
systemctl restart sendwatch
helper=$(tr -d " " < "/proc/$(show MainPID)/task/$(show MainPID)/children")
[ -n "$helper" ] || die "there is no helper"
is "the helper's user" "$(right "$helper" Uid | cut -f 1)" 0
is "its rights" "$(right "$helper" CapEff)" 00000000000000e2
is "what it can pass on" "$(right "$helper" CapBnd)" 00000000000000e2
sendwatch disable bob@example.com --reason test > said 2>&1 || true
await logged "Read-only file system"
[ ! -e /etc/postfix/sendwatch_deny ] || die "it wrote where it may not"
sendwatch release bob@example.com --reason test > said 2>&1 || true
mkdir -p /etc/systemd/system/sendwatch.service.d
zcat -f /usr/share/doc/sendwatch/examples/postfix.conf* > /etc/systemd/system/sendwatch.service.d/postfix.conf
systemctl daemon-reload
systemctl restart sendwatch
sendwatch disable eve@example.com --reason test > said 2>&1 || die "$(cat said)"
await test -s /etc/postfix/sendwatch_deny.lmdb
await sh -c 'postmap -q eve@example.com lmdb:/etc/postfix/sendwatch_deny | grep -q 554'
# Killed, it comes back, and its helper was gone with it.
# ... and it may be started as often as this test does.
printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nWatchdogSec=4s\nRestartSec=100ms\n' > /run/fast.conf
mkdir -p /run/systemd/system/sendwatch.service.d
mv /run/fast.conf /run/systemd/system/sendwatch.service.d/
systemctl daemon-reload
systemctl restart sendwatch
old=$(tr -d " " < "/proc/$(show MainPID)/task/$(show MainPID)/children")
times=$(show NRestarts)
kill -9 "$(show MainPID)"
await restarted "$times"
! kill -0 "$old" 2> /dev/null || die "the helper outlived it"
rm -r /etc/systemd/system/sendwatch.service.d /etc/sendwatch/detect.conf.d/adapter.conf
systemctl daemon-reload
# Hanging, it is found out.
times=$(bites) before=$(show NRestarts)
kill -STOP "$(show MainPID)"
await bitten "$times"
await restarted "$before"

# All that listens, where Postfix is chrooted: its folder of private sockets lets nobody else in. The socket in a folder
# of its own belongs to its group.
rm /etc/systemd/system/postfix.service
postconf -e 'smtpd_authorized_xclient_hosts = 127.0.0.1' 'inet_interfaces = 127.0.0.1'
cat >> /etc/postfix/master.cf << 'CF'
127.0.0.1:587 inet n - y - - smtpd
  -o { smtpd_recipient_restrictions = check_policy_service { unix:private/sendwatch, timeout=2s, default_action=DUNNO }, permit_mynetworks, reject }
127.0.0.1:588 inet n - y - - smtpd
  -o { smtpd_recipient_restrictions = check_sender_access socketmap:unix:private/sendwatch-map:disabled, permit_mynetworks, reject }
CF
systemctl daemon-reload
systemctl start postfix
echo secret > /etc/sendwatch/status.password
chmod 600 /etc/sendwatch/status.password
printf '%s\n' '[policy]' 'address = /run/sendwatch/policy.sock' '[act]' 'dry_run = no' > /etc/sendwatch/detect.conf.d/listen.conf
chgrp sendwatch /etc/sendwatch/detect.conf.d/listen.conf
systemctl restart sendwatch
is "its socket" "$(stat -c '%U %G %a' /run/sendwatch/policy.sock)" "root sendwatch 660"
printf '%s\n' '[policy]' 'address = /var/spool/postfix/private/sendwatch' 'socketmap = /var/spool/postfix/private/sendwatch-map' \
	'mode = 0666' '[act]' 'dry_run = no' '[status]' 'listen = 127.0.0.1:8025, /run/sendwatch/status.sock' \
	'password_file = credential:status' > /etc/sendwatch/detect.conf.d/listen.conf
mkdir -p /etc/systemd/system/sendwatch.service.d
zcat -f /usr/share/doc/sendwatch/examples/postfix.conf* > /etc/systemd/system/sendwatch.service.d/postfix.conf
printf '[Service]\nLoadCredential=status:/etc/sendwatch/status.password\nRestartSec=100ms\n' > /etc/systemd/system/sendwatch.service.d/status.conf
systemctl daemon-reload
systemctl restart sendwatch
answers() # PORT ACCOUNT WANTED: to its recipient
{
	perl -MIO::Socket::INET -e 'my ($port, $login, $wanted) = @ARGV;
		my $smtp = IO::Socket::INET->new("127.0.0.1:$port") or die; my $line = <$smtp>;
		for my $say ("EHLO x", "XCLIENT LOGIN=$login", "EHLO x", "MAIL FROM:<$login>", "RCPT TO:<root\@localhost>") {
			print $smtp "$say\r\n"; do { $line = <$smtp> } while ($line =~ /^...-/);
		}
		exit($line =~ /^$wanted/ ? 0 : 1)' "$@"
}
status() # PATH [HEADER]: what is answered
{
	printf 'GET %s HTTP/1.0\r\nHost: localhost:8025\r\n%s\r\n\r\n' "$1" "${2:-}" |
		perl -MIO::Socket::INET -e 'my $to = IO::Socket::INET->new("127.0.0.1:8025") or die; print $to <STDIN>; print substr(<$to>, 9, 3)'
}
is_ready() { [ "$(status /readyz)" = 200 ]; }
listens()
{
	await is_ready
	is /healthz "$(status /healthz)" 200
	is /metrics "$(status /metrics)" 200
	is "the page" "$(status /)" 401
	is "the page" "$(status / "Authorization: Basic $(printf admin:secret | base64)")" 200
	for port in 587 588; do
		await answers $port mallory@example.com 554 || die "mallory goes on"
		answers $port bob@example.com 250 || die "bob cannot send"
	done
}
answers 587 mallory@example.com 250 && answers 588 mallory@example.com 250 || die "nobody was stopped yet"
sendwatch disable mallory@example.com --reason test > said 2>&1 || die "$(cat said)"
listens
runuser -u nobody -- perl -MIO::Socket::UNIX -e 'exit(IO::Socket::UNIX->new("/var/spool/postfix/private/sendwatch") ? 0 : 1)' && die "anybody may ask"
in_force() { journalctl --no-pager -o cat -u sendwatch | grep -c 'new settings are in force'; }
more_in_force() { [ "$(in_force)" -gt "$1" ]; }
times=$(in_force)
systemctl reload sendwatch
await more_in_force "$times"
listens
logrotate -f /etc/logrotate.d/sendwatch
[ -s /var/log/sendwatch/verdicts.ndjson.1 ] || die "logrotate rotates nothing"
sendwatch disable trudy@example.com --reason test > said 2>&1 || die "$(cat said)"
await grep -q trudy@example.com /var/log/sendwatch/verdicts.ndjson
! grep trudy@example.com /var/log/sendwatch/verdicts.ndjson.1 || die "it writes to what was rotated away"
times=$(show NRestarts)
kill -9 "$(show MainPID)"
await restarted "$times"
listens
systemctl stop sendwatch
await answers 587 mallory@example.com 250
answers 588 bob@example.com 451 || die "a table that is not there does not say 451"
rm -r /etc/systemd/system/sendwatch.service.d /etc/sendwatch/detect.conf.d/listen.conf
systemctl daemon-reload
systemctl start sendwatch

# Stopped, it has written down how far it was, and starts from there.
systemctl stop sendwatch
is "after a stop" "$(systemctl is-failed sendwatch) $(show Result) $(show ExecMainStatus)" "inactive success 0"
logged "stops, its state saved" || die "it did not say so"
[ -s /var/lib/sendwatch/snapshot ] || die "there is no snapshot"
[ -z "$(find /var/lib/sendwatch /var/log/sendwatch ! -user sendwatch)" ] || die "not its own: $(find /var/lib/sendwatch ! -user sendwatch)"

# Another instance beside it, with settings and folders of its own.
printf '%s\n' '[watch]' 'user = sendwatch' 'state = /var/lib/sendwatch-two' '[journal]' 'file = /var/log/sendwatch-two/verdicts.ndjson' > /etc/sendwatch/two.conf
chgrp sendwatch /etc/sendwatch/two.conf
systemctl start sendwatch@two sendwatch
is "two" "$(systemctl is-active sendwatch@two sendwatch | paste -s -d ' ')" "active active"
await test -S /var/lib/sendwatch-two/control.sock
! systemctl start sendwatch@three 2> /dev/null || die "there are no settings for a third"
systemctl stop sendwatch@two sendwatch

# The list for nft is loaded each time that it is replaced; what it would load is said by one that only says it.
printf '#!/bin/sh\necho loads "$(cat "$2")"\n' > /usr/sbin/nft
chmod 755 /usr/sbin/nft
cp /usr/share/sendwatch/addresses/sendwatch-nft.* /etc/systemd/system/
systemctl daemon-reload
systemctl enable -q --now sendwatch-nft.path
for list in one two; do
	echo $list > /var/lib/sendwatch/new
	mv /var/lib/sendwatch/new /var/lib/sendwatch/addresses.nft
	await logged "loads $list" sendwatch-nft
done
systemctl stop sendwatch-nft.path
rm /var/lib/sendwatch/addresses.nft

# journald, through a rotation while it is followed and a vacuum while it is not: what was removed unread is said.
mkdir -p /var/log/journal
systemctl restart systemd-journald
journalctl --flush
# Each program of it lives until journald has seen whose it is.
cat > mta << 'MTA'
#!/bin/sh
for id; do
	for line in "submission/smtpd|client=pc[192.0.2.7], sasl_method=PLAIN, sasl_username=anna@shop.test" \
		"qmgr|from=<anna@shop.test>, size=900, nrcpt=1 (queue active)" \
		"smtp|to=<$id@remote.test>, relay=mx.remote.test[192.0.2.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)" \
		"qmgr|removed"; do
		{
			echo "$id: ${line#*|}"
			for try in $(seq 200); do
				journalctl --no-pager -q -o cat -u mta | grep -qF -e "$id: ${line#*|}" && break
				sleep 0.1
			done
		} | systemd-cat -p info -t "postfix/${line%%|*}"
	done
done
MTA
chmod +x mta
send() { systemd-run -q --wait --unit=mta.service /check/mta "$@"; }
counted() { sendwatch show --format ndjson anna@shop.test > shown && grep -q "\"recipients_1h\":$1," shown; }
printf '%s\n' '[logs]' 'files = journal:unit=mta.service' '[watch]' 'save_every = 100ms' > /etc/sendwatch/detect.conf.d/journal.conf
chgrp sendwatch /etc/sendwatch/detect.conf.d/journal.conf
systemctl start sendwatch
send 4F2A01
await counted 1
journalctl -q --rotate --vacuum-time=1us
send 4F2A02
await counted 2
systemctl stop sendwatch
send 4F2A03
journalctl -q --rotate
sleep 1.1 # it knows whole seconds
journalctl -q --vacuum-time=1s
send 4F2A04
systemctl start sendwatch
await counted 3
logged "what came after it was removed before it was read" || die "nothing was said of what is gone"
# A .forward runs within Postfix's unit what its owner likes: what he says there in Postfix's name is nobody's mail. Of a
# machine's own journal that is kept on disk his entries are in a file of his, which nobody reads; of a folder they are read.
cat > forger << 'FORGER'
#!/bin/sh
say() { { echo "4F2AFF: $2"; sleep 0.5; } | systemd-cat -p info -t "postfix/$1"; }
say submission/smtpd 'client=pc[192.0.2.7], sasl_method=PLAIN, sasl_username=bertha@shop.test'
say qmgr 'from=<bertha@shop.test>, size=900, nrcpt=1 (queue active)'
say smtp 'to=<a@remote.test>, relay=mx.remote.test[192.0.2.9]:25, delay=1, delays=0/0/0/1, dsn=5.7.1, status=bounced (550 spam)'
FORGER
chmod +x forger
useradd --uid 1001 customer
systemd-run -q --wait --unit=mta.service --uid=1001 /check/forger
journalctl --no-pager -q -o cat -u mta | grep -qF bertha || die "nothing was forged"
send 4F2A05
await counted 4
! sendwatch show bertha@shop.test > shown || die "somebody was framed: $(cat shown)"
sendwatch parse --attempts journal:/var/log/journal+unit=mta.service > parsed 2> said || true
grep -qF anna@shop.test parsed && ! grep -F bertha parsed || die "a folder's journal: $(cat parsed said)"
grep -qF "entries that uid 1001 wrote in a mail server's name are left out (3)" said || die "nobody is told: $(cat said)"
systemctl stop sendwatch
rm /etc/sendwatch/detect.conf.d/journal.conf

# Where it is to tell only, it needs no rights at all.
mkdir -p /etc/systemd/system/sendwatch.service.d
zcat -f /usr/share/doc/sendwatch/examples/unprivileged.conf* > /etc/systemd/system/sendwatch.service.d/unprivileged.conf
systemctl daemon-reload
systemctl start sendwatch
is "without rights" "$(systemctl is-active sendwatch) $(right "$(show MainPID)" CapBnd) $(id -un "$(right "$(show MainPID)" Uid | cut -f 1)")" "active 0000000000000000 sendwatch"
# A panel's commands get all of them.
zcat -f /usr/share/doc/sendwatch/examples/panel.conf* > /etc/systemd/system/sendwatch.service.d/unprivileged.conf
systemctl daemon-reload
systemctl restart sendwatch
is "with a panel" "$(systemctl is-active sendwatch)" active
END
machine_run run "$TMP/files" || die "see above"
