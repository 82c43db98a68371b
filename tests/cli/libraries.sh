#!/bin/sh
# Libraries that are loaded when they are wanted: who does not want them does not see that they are missing, who does is
# told which one it is. Files that are no libraries stand before the system's.
# needs: strings python3 gzip
. "$TOP/tests/watch.sh"

# Of those built for: only their names stand in the program.
mkdir none
strings "$SENDWATCH" | grep -xE 'lib(curl|curl-gnutls|microhttpd|crypto|systemd|isal|zstd|lzma|bz2)\.so\.[0-9.]+' | sort -u > names
while read -r name; do
	echo nothing > "none/$name"
done < names
built_for() { grep -q "^$1\.so" names; }
cat > without << END
#!/bin/sh
LD_LIBRARY_PATH="$TMP/none" exec "$SENDWATCH" "\$@"
END
chmod +x without
SENDWATCH=$TMP/without

day > mail.log
expect 0 "$SENDWATCH" --version
expect 0 "$SENDWATCH" replay --timezone UTC --html page.html mail.log
has out 'Read 1 file'
# zlib stands in for ISA-L; others are named.
gzip -k mail.log
expect 0 "$SENDWATCH" replay --timezone UTC --html page.html mail.log.gz
has out 'Read 1 file'
printf '\375\067zXZ\000\000\004 and so on, longer than the head that tells' > log.xz
expect 1 "$SENDWATCH" replay log.xz
if built_for liblzma; then
	has err 'log.xz: is a xz archive: '
	has err 'liblzma.so.5'
else
	has err 'log.xz: is a xz archive, which this build cannot read'
fi
if built_for libcrypto; then
	lacks page.html 'sha256-'
	expect 0 "$SENDWATCH" replay --timezone UTC --case case mail.log
	[ -s case/report.html ] && [ ! -e case/MANIFEST ] || die "the folder is not what it is without checksums"
	has case/report.html 'mail.log: no checksum: '
	has case/report.html 'libcrypto.so'
fi
if built_for libsystemd; then
	expect 1 "$SENDWATCH" replay journal:
	has err 'journal:: journals cannot be read: '
	has err 'libsystemd.so.0'
fi
echo sesame > secret
printf 'secret_file = %s/secret\n' "$TMP" > signed
settings 80 signed
expect 1 "$SENDWATCH" check -c detect.conf
has out '[webhook ops] the URL cannot be used: '
has out 'libcurl.so.4'
if built_for libcrypto; then
	# libcurl may need it itself, and is first.
	rm -f none/libcurl*
	expect 1 "$SENDWATCH" check -c detect.conf
	has out 'libcrypto.so'
fi

# Whoever is no service needs nothing to say so; systemd, which waits, is told in vain.
settings ''
follow_watch
stop_watch
lacks watch.err libsystemd
if built_for libsystemd; then
	export NOTIFY_SOCKET="$TMP/notify" WATCHDOG_USEC=60000000
	follow_watch
	stop_watch
	has watch.err 'systemd cannot be told anything: '
	has watch.err 'libsystemd.so.0'
fi
