#!/bin/sh
# `make install` puts everything under DESTDIR and PREFIX, and leaves an admin's detect.conf alone.
. "$TOP/tests/shell.sh"

expect 0 make -s -C "$TOP" BUILD="${BUILD#"$TOP"/}" DESTDIR="$TMP/root" PREFIX=/usr install
[ -x root/usr/bin/sendwatch ] || die "the program is not there"
[ -f root/usr/share/man/man1/sendwatch.1 ] || die "the manual is not there"
[ -f root/etc/sendwatch/detect.conf ] || die "the settings are not there"
expect 0 "$TMP/root/usr/bin/sendwatch" --help

echo "# mine" > root/etc/sendwatch/detect.conf
expect 0 make -s -C "$TOP" BUILD="${BUILD#"$TOP"/}" DESTDIR="$TMP/root" PREFIX=/usr install
has root/etc/sendwatch/detect.conf "# mine"
