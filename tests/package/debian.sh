#!/bin/sh
# The Debian package in a clean machine: installed it runs, upgraded it keeps the admin's detect.conf, removed it stops
# and leaves settings and state, purged it leaves nothing but its user.
# needs: root dpkg-buildpackage dh lintian mmdebstrap systemd-nspawn
# seconds: 400
. "$TOP/tests/shell.sh"
. "$TOP/tests/package/machine"

deb= # package_make says which
package_make
# No mail server comes along, which what is recommended would do where neither systemd nor cron is: in a container.
: > nothing
if apt-get -s -o Dir::State::status="$TMP/nothing" install "$deb" > brings 2>&1; then
	! grep -E '^Inst (exim|postfix|sendmail|nullmailer|msmtp|cron)' brings || die "that came along with it"
else
	echo "note: apt knows no packages here, so what comes along is not tried: $(tail -n 1 brings)"
fi
machine_make
mkdir files
cp "$deb" files/first.deb
# The next version: other defaults, another program.
dpkg-deb -R "$deb" next
sed -i 's/^Version: .*/&+next/' next/DEBIAN/control
echo "# a new default" >> next/etc/sendwatch/detect.conf
echo >> next/usr/bin/sendwatch
(cd next && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | xargs -0 md5sum > DEBIAN/md5sums)
dpkg-deb -b next files/next.deb > /dev/null

cat > files/run << 'END'
trap '[ $? = 0 ] || { systemctl status --no-pager -l sendwatch; journalctl --no-pager -u sendwatch | tail -n 20; }' EXIT
die() { echo "$*"; exit 1; }
is() { [ "$2" = "$3" ] || die "$1: \"$2\" instead of \"$3\""; }
list() { find / -xdev \( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /check -o -path /dev -o -path /var/log/journal \
	-o -path /var/lib/dpkg -o -path /var/cache -o -path /var/tmp -o -path /var/lib/systemd -o -path '/etc/*-' -o -path /var/log/dpkg.log \) \
	-prune -o -print | sort; }
list > before
dpkg -i first.deb < /dev/null > dpkg 2>&1 || die "$(cat dpkg)"
is "after installing it" "$(systemctl is-active sendwatch) $(systemctl is-enabled sendwatch)" "active enabled"
is "the template" "$(systemctl is-enabled sendwatch@two.service)" disabled
is "user" "$(id -nG sendwatch)" "sendwatch adm systemd-journal"
is "settings" "$(stat -c '%a %U %G' /etc/sendwatch/detect.conf)" "640 root sendwatch"
is "state" "$(stat -c '%a %U %G' /var/lib/sendwatch)" "750 sendwatch sendwatch"
sendwatch check > checked || [ "$(grep -c WRONG checked)" = "$(grep -c 'WRONG  \[logs\]' checked)" ] || die "$(cat checked)"
runuser -u sendwatch -- sendwatch --version > version

echo '# mine' >> /etc/sendwatch/detect.conf
echo '[watch]' > /etc/sendwatch/detect.conf.d/mine.conf
first=$(systemctl show -P MainPID sendwatch)
DEBIAN_FRONTEND=noninteractive dpkg --force-confdef --force-confold -i next.deb < /dev/null > dpkg 2>&1 || die "$(cat dpkg)"
is "the admin's settings" "$(tail -n 1 /etc/sendwatch/detect.conf)" "# mine"
is "their rights" "$(stat -c '%a %U %G' /etc/sendwatch/detect.conf)" "640 root sendwatch"
[ -e /etc/sendwatch/detect.conf.dpkg-dist ] || die "the new defaults are nowhere"
is "after the upgrade it" "$(systemctl is-active sendwatch)" active
[ "$(systemctl show -P MainPID sendwatch)" != "$first" ] || die "the old program still runs"

dpkg -r sendwatch > dpkg 2>&1 || die "$(cat dpkg)"
[ ! -e /usr/bin/sendwatch ] || die "the program is still there"
[ -e /etc/sendwatch/detect.conf ] && [ -e /etc/sendwatch/detect.conf.d/mine.conf ] && [ -d /var/lib/sendwatch ] || die "removed, it took settings or state"
! cat /proc/[0-9]*/comm | grep -x sendwatch || die "it still runs"
dpkg -P sendwatch > dpkg 2>&1 || die "$(cat dpkg)"
list > after
diff before after || die "a purge leaves this"
getent passwd sendwatch > /dev/null || die "the user is gone, and its files are another's next"
END
machine_run run "$TMP/files" || die "see above"
