#!/bin/sh
# The same sources make the same Debian package, byte for byte, in another folder, at another time, with another mask.
# needs: root dpkg-buildpackage dh lintian
# seconds: 900
. "$TOP/tests/shell.sh"

cd "$TOP" || exit 1
make -s package DEBDIR="$TMP/one" DEBFLAGS=-b > "$TMP/log" 2>&1 || { cat "$TMP/log"; die "make deb fails"; }
cp "$TMP"/one/*.deb "$TMP"
rm -rf "$TMP/one"
(umask 077; TZ=Pacific/Kiritimati LC_ALL=C.UTF-8 make -s package DEBDIR="$TMP/another/folder" DEBFLAGS=-b > "$TMP/log" 2>&1) ||
	{ cat "$TMP/log"; die "make deb fails"; }
for deb in "$TMP"/*.deb; do
	cmp "$deb" "$TMP/another/folder/$(basename "$deb")" || die "$(basename "$deb") differs"
done
