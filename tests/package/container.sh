#!/bin/sh
# The container file, without an engine to build it by: its packages are Debian's, the second stage has every library
# that the program is linked with, and what it copies is what make install makes.
# needs: ldd objdump strings dpkg apt-cache perl
. "$TOP/tests/watch.sh"
file=$TOP/contrib/container/Containerfile

apt-cache pkgnames > names
grep -qx libpcre2-dev names || skip "apt knows no packages here"
[ "$(. /etc/os-release && echo "$VERSION_CODENAME")" = bookworm ] || skip "the names are those of Debian 12"
sed -e ':a' -e '/\\$/N; s/\\\n//; ta' "$file" | grep '^RUN' | grep -o 'recommends [^&]*' | sed 's/recommends //' > lists
[ "$(wc -l < lists)" = 2 ] || die "there should be two stages"
for package in $(cat lists); do
	grep -qxF -e "$package" names || die "Debian has no package $package"
done
# Only those that it names itself: what these need comes with them.
objdump -p "$SENDWATCH" | sed -n 's/^ *NEEDED *//p' > needed
[ -s needed ] || die "the program is linked with nothing"
ldd "$SENDWATCH" > loaded
# And those that it loads when they are wanted, by the names that it knows them by.
strings "$SENDWATCH" | grep -xE 'lib[a-z0-9]+\.so\.[0-9.]+' | sort -u > wanted
[ "$(wc -l < wanted)" -ge 2 ] || die "no library is loaded later: $(cat wanted)"
/sbin/ldconfig -p | sed 's/ (.*=>/ =>/; s/$/ ./' >> loaded
cat wanted >> needed
while read -r name; do
	path=$(sed -n "s,.*$name => \([^ ]*\) .*,\1,p" loaded | head -n 1)
	package=$(dpkg -S "$(readlink -f "$path")" 2> /dev/null | head -n 1 | cut -d : -f 1)
	case $package in
	'' | libc6 | libgcc-s1) continue ;;
	esac
	tail -n 1 lists | grep -qw -e "$package" || die "the second stage lacks $package, for $name"
done < needed
expect 0 make -s -C "$TOP" BUILD="${BUILD#"$TOP"/}" DESTDIR="$TMP/made" PREFIX=/usr install
for path in $(sed -n 's/^COPY --from=build \/out\([^ ]*\) .*/\1/p' "$file"); do
	[ -e "made$path" ] || die "make install makes no $path"
done
for path in $(sed -n 's/^COPY --from=build \/src\/\([^ ]*\) .*/\1/p' "$file"); do
	[ -x "$TOP/$path" ] || die "there is no $path"
done

# What asks after its health is told the truth: of one that runs, hangs, and is gone.
healthy=$TOP/contrib/container/healthy
watcher= # start_watch says which
settings ''
touch mail.log
follow_watch
await 5 "$healthy" "$TMP/state"
kill -STOP "$watcher"
sed 's/alarm 10/alarm 1/' "$healthy" > impatient
expect 142 perl impatient "$TMP/state"
kill -CONT "$watcher"
await 5 "$healthy" "$TMP/state"
kill_watch
"$healthy" "$TMP/state" 2> err && die "healthy, though it is gone"
has err "Connection refused"
