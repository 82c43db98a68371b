#!/bin/sh
# The spec builds, and the package has every file that make install puts anywhere. Here it is built with Debian's
# libraries, whose names rpm does not know: that its dependencies have these names on AlmaLinux is not tried.
# needs: rpmbuild rpm
# seconds: 600
. "$TOP/tests/shell.sh"

[ ! -e /etc/redhat-release ] && flags="--nodeps --define '_unitdir /usr/lib/systemd/system' \
	--define '_sysusersdir /usr/lib/sysusers.d' --define '_tmpfilesdir /usr/lib/tmpfiles.d'"
cd "$TOP" || exit 1
OPTIMISE=-O0 make -s rpm RPMDIR="$TMP/rpm" RPMFLAGS="${flags:-} --nocheck --define 'optflags -O0 -g'" > "$TMP/log" 2>&1 ||
	{ cat "$TMP/log"; die "make rpm fails"; }
rpm -qpl "$TMP"/rpm/RPMS/*/sendwatch-[0-9]*.rpm 2> /dev/null | sed 's/\.gz$//' | sort > "$TMP/packed"
make -s BUILD="${BUILD#"$TOP"/}" install DESTDIR="$TMP/root" PREFIX=/usr > /dev/null || die "make install fails"
(cd "$TMP/root" && find . -type f | sed 's/^\.//' | sort) > "$TMP/installed"
comm -23 "$TMP/installed" "$TMP/packed" > "$TMP/missing"
[ ! -s "$TMP/missing" ] || die "not in the package: $(cat "$TMP/missing")"
rpm -qp --scripts "$TMP"/rpm/RPMS/*/sendwatch-[0-9]*.rpm 2> /dev/null | grep -q 'useradd -r' || die "it makes no user"
rpm -qp --qf '[%{FILENAMES} %{FILEFLAGS:fflags}\n]' "$TMP"/rpm/RPMS/*/sendwatch-[0-9]*.rpm 2> /dev/null |
	grep -qE '^/etc/sendwatch/detect.conf .*n' || die "an update would replace detect.conf"
