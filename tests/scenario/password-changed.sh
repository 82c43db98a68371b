#!/bin/sh
# A panel's hook says that a password was changed: a disabled account is released, as often as the settings say; no
# other is judged more mildly for it. Each panel's way to hand the account over is understood, and nothing more.
# needs: python3 perl
. "$TOP/tests/watch.sh"
hook=$TOP/contrib/hooks/password-changed

cat > extra << EXTRA
[act]
dry_run = no
password_releases = 1
[adapter list]
type = exim_list
file = $TMP/stopped
EXTRA
settings "" extra
: > mail.log
follow_watch
changed() { SENDWATCH_CONF=detect.conf "$hook" "$@"; }
stopped() { grep -q "^$1: " stopped; }
free() { ! stopped "$1"; }

# Not disabled: written down, no more.
changed anna@shop.test || die "the hook fails"
in_journal '"account":"anna@shop.test","action":"password changed","by":"uid ' || die "not written down"
! in_journal '"account":"anna@shop.test","action":"released"' || die "released who was not disabled"

"$SENDWATCH" disable -c detect.conf bob@shop.test || die "cannot be disabled"
await 5 stopped bob@shop.test
changed Bob@Shop.test
await 5 free bob@shop.test
grep '"action":"released"' verdicts.ndjson | grep -q '"reason":"its password was changed"' || die "not written down why"
# The second time it takes a person.
"$SENDWATCH" disable -c detect.conf bob@shop.test || die "cannot be disabled again"
await 5 stopped bob@shop.test
changed bob@shop.test
await 5 in_journal '"reason":"it stays disabled: that was the case 2 times by now"'
stopped bob@shop.test || die "released again"
"$SENDWATCH" release -c detect.conf bob@shop.test || die "cannot be released"
await 5 free bob@shop.test
sed -i 's/^password_releases.*/password_releases = 0/' detect.conf
kill -HUP "$watcher"
await 10 grep -q 'new settings are in force' watch.err
"$SENDWATCH" disable -c detect.conf eve@shop.test || die "cannot be disabled"
await 5 stopped eve@shop.test
changed eve@shop.test
await 5 in_journal '"reason":"it stays disabled: that was the case 1 times by now"'
stopped eve@shop.test || die "released though never should be"
stop_watch
changed eve@shop.test 2> /dev/null || die "the hook fails where watch is down"

# What panels hand over.
cat > fake << 'FAKE'
#!/bin/sh
printf '%s|' "$@" >> told
FAKE
chmod +x fake
SENDWATCH=$TMP/fake
export SENDWATCH
tells() # ACCOUNT COMMAND...
{
	: > told
	wanted=$1
	shift
	"$@" > out 2>&1 || [ -z "$wanted" ] || die "$*: $(cat out)"
	[ "$(cat told)" = "${wanted:+release|--password-changed|$wanted|}" ] || die "$*: told $(cat told)"
	lacks out secret
	lacks told secret
}
echo '{"context":{},"data":{"user":"owner","args":{"email":"bob","domain":"shop.test","password":"secret"}}}' > in
tells bob@shop.test sh -c "'$hook' cpanel < in"
has out '1 ok'
echo '{"data":{"args":{"email":"bob@shop.test","password":"secret"}}}' > in
tells bob@shop.test sh -c "'$hook' cpanel < in"
echo '{"data":{"args":{"email":"bob@shop.test; id","password":"secret"}}}' > in
tells '' sh -c "'$hook' cpanel < in"
echo 'no JSON' > in
tells '' sh -c "'$hook' cpanel < in"
tells bob@shop.test env user=bob domain=shop.test passwd=secret "$hook" directadmin
tells '' env domain=shop.test "$hook" directadmin
tells bob@shop.test env NEW_MAILNAME=bob@shop.test OLD_PASSWORD=old NEW_PASSWORD=secret "$hook" plesk
tells '' env NEW_MAILNAME=bob@shop.test OLD_PASSWORD=secret NEW_PASSWORD=secret "$hook" plesk
tells '' env NEW_MAILNAME=bob@shop.test "$hook" plesk
tells bob@shop.test "$hook" postfixadmin bob@shop.test shop.test
tells bob@shop.test "$hook" bob@shop.test
for name in '' '-x@shop.test' 'a b@shop.test' 'a;id' "a'b@c" '$(id)@c' '@shop.test' 'bob@'; do
	tells '' "$hook" "$name"
done
