#!/bin/sh
# One external library is included by one file, and by no header, so that leaving it out touches one file.
# libsystemd does two unrelated things, and each has its file.
cd "$TOP" || exit 1
git ls-files '*.c' '*.h' | grep -v '^tests/' | xargs awk '
BEGIN {
	# what the line includes => whose it is
	split("pcre2 hiredis jansson zlib isa-l igzip_lib zstd lzma bzlib curl ini systemd microhttpd maxminddb ares openssl cmocka", names, " ")
	for (i in names)
		known[names[i]] = 1
	most["systemd"] = 2
	# of these a library has more than one header
	same["igzip_lib"] = "isa-l"
}
/^[ \t]*#[ \t]*include[ \t]*</ {
	split($0, parts, /[<>]/)
	name = parts[2]
	sub(/\.h$/, "", name)
	sub(/\/.*/, "", name)
	if (!(name in known))
		next
	if (name in same)
		name = same[name]
	if (FILENAME ~ /\.h$/) {
		print FILENAME ":" FNR ": a header includes " parts[2]
		bad = 1
	}
	if ((name, FILENAME) in seen)
		next
	seen[name, FILENAME] = 1
	users[name] = users[name] " " FILENAME
	count[name]++
}
END {
	for (name in count)
		if (count[name] > (name in most ? most[name] : 1)) {
			print name " is included by several files:" users[name]
			bad = 1
		}
	exit bad
}'
