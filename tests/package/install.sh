#!/bin/sh
# `make install` puts everything under DESTDIR and PREFIX, leaves an admin's detect.conf alone, and `make uninstall`
# takes away all but that.
. "$TOP/tests/shell.sh"

install() { expect 0 make -s -C "$TOP" BUILD="${BUILD#"$TOP"/}" DESTDIR="$TMP/root" PREFIX="$1" "$2"; }

install /usr install
for file in usr/bin/sendwatch usr/share/man/man1/sendwatch.1 usr/share/man/man5/detect.conf.5 etc/sendwatch/detect.conf \
	etc/logrotate.d/sendwatch usr/lib/systemd/system/sendwatch.service usr/lib/systemd/system/sendwatch@.service \
	usr/lib/sysusers.d/sendwatch.conf usr/lib/tmpfiles.d/sendwatch.conf usr/share/sendwatch/panels/cpanel \
	usr/share/bash-completion/completions/sendwatch usr/share/zsh/site-functions/_sendwatch \
	usr/share/fish/vendor_completions.d/sendwatch.fish usr/share/doc/sendwatch/examples/postfix.conf; do
	[ -s "root/$file" ] || die "$file is not there"
done
for page in "$TOP"/contrib/man/*.[1-8]; do
	[ -s "root/usr/share/man/man${page##*.}/${page##*/}" ] || die "${page##*/} is not there"
done
expect 0 "$TMP/root/usr/bin/sendwatch" --help
# The defaults, but for the user that the unit and sysusers.d provide.
diff "$TOP/detect.conf" root/etc/sendwatch/detect.conf > changed
[ "$(grep -c '^[<>]' changed)" = 2 ] || die "detect.conf has other defaults: $(cat changed)"
has changed "> user = sendwatch"
[ "$(stat -c %a root/etc/sendwatch/detect.conf)" = 640 ] || die "anybody may read detect.conf"

echo "# mine" > root/etc/sendwatch/detect.conf
install /usr install
has root/etc/sendwatch/detect.conf "# mine"
install /usr uninstall
[ "$(find root -type f)" = root/etc/sendwatch/detect.conf ] || die "left: $(find root -type f)"

# Elsewhere, the unit starts what is there.
install /opt/sw install
has root/opt/sw/lib/systemd/system/sendwatch.service "ExecStart=!/opt/sw/bin/sendwatch watch"
lacks root/opt/sw/lib/systemd/system/sendwatch.service /usr/share/doc
