#!/bin/bash
# What setup writes passes check on the machine that it was written for: on each of tests/setup, and on a real one with
# Postfix, where the lines that it prints are typed as they stand.
# needs: root dpkg-buildpackage dh lintian mmdebstrap systemd-nspawn
# seconds: 400
. "$TOP/tests/shell.sh"
. "$TOP/tests/package/machine"
. "$TOP/tests/setup/tree"

deb= # package_make says which
package_make
machine_make
mkdir -p files/trees
cp "$deb" files/sendwatch.deb
for machine in "$TOP"/tests/setup/*.tree; do
	tree "$machine" "files/trees/$(basename "$machine" .tree)"
done
cat > files/run << 'END'
trap '[ $? = 0 ] || journalctl --no-pager -u sendwatch -u postfix -u postfix@- | tail -n 20' EXIT
die() { echo "$*"; exit 1; }
await() { tries=1200; until "$@" > /dev/null 2>&1; do tries=$((tries - 1)); [ $tries -gt 0 ] || die "in vain waited for: $*"; sleep 0.1; done; }
ln -sf /dev/null /etc/systemd/system/sendwatch.service
dpkg -i sendwatch.deb > dpkg 2>&1 || die "$(cat dpkg)"
rm /etc/systemd/system/sendwatch.service

for tree in trees/*; do
	name=${tree#trees/}
	sendwatch setup --root "$tree" > conf 2> steps
	cp conf "$tree/conf"
	# Its files, this machine's libraries.
	for folder in usr/lib lib lib64 usr/bin dev; do
		mkdir -p "$tree/$folder"
		mount --bind "/$folder" "$tree/$folder"
	done
	mkdir -p "$tree/etc/sendwatch" "$tree/var/lib" "$tree/var/log" "$tree/etc/postfix"
	chroot "$tree" /usr/bin/sendwatch check -c /conf > checked 2>&1 || true
	grep '^WRONG' checked > wrong || true
	case $name in
	nothing | hostile) grep -v '\[logs\] files' wrong > rest || true ;; # they have no log
	*journal* | mailcow) grep -v 'no journal that may be read' wrong > rest || true ;; # its journal is none
	*) cp wrong rest ;;
	esac
	[ ! -s rest ] || die "$name: $(cat rest conf)"
	grep -q '^ok' checked || die "$name: $(cat checked)"
	umount "$tree/dev" "$tree/usr/bin" "$tree/lib64" "$tree/lib" "$tree/usr/lib"
done

# The machine itself: Debian's Postfix with a submission service, its log in journald alone.
cat >> /etc/postfix/master.cf << 'CF'
submission inet n - y - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
submissions inet n - y - - smtpd
  -o { smtpd_recipient_restrictions = check_sender_access hash:/etc/postfix/senders, permit_sasl_authenticated, reject }
CF
mkdir -p /var/log/journal && systemctl restart systemd-journald
rm /etc/systemd/system/postfix.service
systemctl daemon-reload
systemctl start postfix
sendwatch setup --write /etc/sendwatch/detect.conf --force > steps
grep -q "^files = journal:unit=postfix@-.service+unit=postfix.service$" /etc/sendwatch/detect.conf || die "$(cat /etc/sendwatch/detect.conf)"
grep -q '^user = sendwatch$' /etc/sendwatch/detect.conf || die "it would stay root"
grep -q '^map = lmdb$' /etc/sendwatch/detect.conf || die "it has LMDB"
[ "$(stat -c '%a %U %G' /etc/sendwatch/detect.conf)" = "640 root sendwatch" ] || die "$(stat /etc/sendwatch/detect.conf)"
ls /etc/sendwatch/detect.conf.2* > kept || die "the old one is gone"
sendwatch check > checked || die "$(cat checked)"
grep -E '^     (test|postmap|postconf|postfix) ' steps > typed
sh -e typed > said 2>&1 || die "$(cat typed said)"
postfix check 2> said || die "$(cat said)"
postconf -P submission/inet/smtpd_recipient_restrictions | grep -q '= *\$sendwatch_submission$' || die "$(postconf -Mf)"
postconf sendwatch_submission > now
grep -q 'check_sasl_access lmdb:/etc/postfix/sendwatch_deny, check_policy_service { inet:127.0.0.1:10031, timeout=2s, default_action=DUNNO }, permit_sasl_authenticated,reject$' now || die "$(cat now)"
postconf sendwatch_submissions > now
grep -q 'DUNNO }, check_sender_access hash:/etc/postfix/senders, permit_sasl_authenticated, reject$' now || die "$(cat now)"
postconf authorized_submit_users | grep -q sendwatch_users || die "$(postconf authorized_submit_users)"
# Said a second time, with those lines in place, it is as right as before.
sendwatch setup > again 2> steps
sendwatch check -c again > checked || die "$(cat checked)"
diff /etc/sendwatch/detect.conf again || die "said twice, it says something else"
! grep 'Let Postfix ask' steps || die "it asks already"

# The unit lives with these settings, and reads what Postfix logs.
sed -n 's/^       //p' steps > /run/edit
mkdir -p /etc/systemd/system/sendwatch.service.d
cp /run/edit /etc/systemd/system/sendwatch.service.d/override.conf
systemctl daemon-reload
printf '[watch]\nsave_every = 100ms\n' > /etc/sendwatch/detect.conf.d/often.conf
chgrp sendwatch /etc/sendwatch/detect.conf.d/often.conf
systemctl start sendwatch
systemctl is-active sendwatch > active || die "$(cat active)"
has_read() # TIME: microseconds since 1970, after which a line was logged that is counted and saved
{
	[ "$(sed -n 's/^mark \([0-9]*\) .*/\1/p' /var/lib/sendwatch/snapshot | sort -n | tail -n 1)" -gt "$1" ]
}
now=$(date +%s%6N)
systemctl restart postfix
await has_read "$now"
systemctl stop sendwatch
END
machine_run run "$TMP/files" || die "see above"
