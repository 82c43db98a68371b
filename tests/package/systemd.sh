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
await() { tries=300; until "$@" > /dev/null 2>&1; do tries=$((tries - 1)); [ $tries -gt 0 ] || die "in vain waited for: $*"; sleep 0.1; done; }
logged() { journalctl --no-pager -o cat -u "${2:-sendwatch}" | grep -qF -e "$1"; }
show() { systemctl show -P "$1" "${2:-sendwatch}"; }
right() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"; }
restarted() { [ "$(show NRestarts)" = "$1" ] && [ "$(show SubState)" = running ]; }

touch /var/log/mail.log
chown root:adm /var/log/mail.log && chmod 640 /var/log/mail.log
dpkg -i sendwatch.deb > dpkg 2>&1 || die "$(cat dpkg)"
is "the unit" "$(systemctl is-active sendwatch) $(show Type) $(show StatusText)" "active notify $(show StatusText)"
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
systemctl reload sendwatch
await logged "the settings stay as they were"
sed -i '$d' /etc/sendwatch/detect.conf
systemctl reload sendwatch
await logged "new settings are in force"
is "after reloads" "$(show SubState) $(show NRestarts)" "running 0"

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
printf '[Service]\nWatchdogSec=2s\nRestartSec=100ms\n' > /run/fast.conf
mkdir -p /run/systemd/system/sendwatch.service.d
mv /run/fast.conf /run/systemd/system/sendwatch.service.d/
systemctl daemon-reload
systemctl restart sendwatch
old=$(tr -d " " < "/proc/$(show MainPID)/task/$(show MainPID)/children")
kill -9 "$(show MainPID)"
await restarted 1
! kill -0 "$old" 2> /dev/null || die "the helper outlived it"
rm -r /etc/systemd/system/sendwatch.service.d /etc/sendwatch/detect.conf.d/adapter.conf
systemctl daemon-reload
# Hanging, it is found out.
kill -STOP "$(show MainPID)"
await restarted 2
logged "Watchdog timeout" || die "it was not the watchdog"

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
