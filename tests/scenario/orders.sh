#!/bin/sh
# What people order is done, survives a kill, and ends when its time is over; old news is acted on by nobody.
# needs: python3 gzip
. "$TOP/tests/watch.sh"

answer() { policy_answer policy "$1"; }
says() { answer "$1" | grep -q "$2"; }
restart()
{
	: > watch.err
	follow_watch
}

cat > extra << EXTRA
[act]
dry_run = no
[policy]
address = $TMP/policy
[adapter list]
type = exim_list
file = $TMP/stopped
EXTRA
settings "" extra
: > mail.log
restart
day >> mail.log
await 20 in_journal '"action":"not disabled"'
grep -q 'too long ago' verdicts.ndjson || die "why was it not disabled?"
says nils@notary.example DUNNO || die "acted on old news"
# Typed as people write it, too.
await 5 "$SENDWATCH" show -c detect.conf Nils@Notary.Example

expect 0 "$SENDWATCH" disable -c detect.conf --reason "called by phone" Bob@Shop.test
has err 'sendwatch disable: bob@shop.test: taken, but no mail of such an account was seen'
says bob@shop.test '554 5.7.1' || die "goes on: $(answer bob@shop.test)"
await 5 grep -q '^bob@shop.test: ' stopped
expect 0 "$SENDWATCH" accounts -c detect.conf disabled
has out 'stopped    bob@shop.test  since '
grep -qE '^  stopped    bob@shop.test  since [0-9T:.-]+Z, until [0-9T:.-]+Z; by uid [0-9]+ on [^ ]+: called by phone$' out ||
	die "not told by whom and why: $(cat out)"
# Nothing is known of it but that.
expect 0 "$SENDWATCH" show -c detect.conf Bob@Shop.test
grep -qE '^  stopped on this server since [0-9T:.-]+Z, until [0-9T:.-]+Z; by uid [0-9]+ on [^ ]+: called by phone$' out ||
	die "not shown: $(cat out)"
expect 1 "$SENDWATCH" show -c detect.conf ob@shop.test
has err 'nothing is known of ob@shop.test'
expect 0 "$SENDWATCH" accounts -c detect.conf --format ndjson
has out '{"type":"order","account":"bob@shop.test","action":"stopped","since":"'
expect 0 "$SENDWATCH" accounts -c detect.conf exempt
has out 'No account is exempt on this server.'
expect 0 "$SENDWATCH" accounts -c detect.conf released
lacks out 'stopped'
grep -qE '^As of [0-9-]{10} [0-9:]{8} UTC, .* ago, when watch last saved\.$' out || die "does not say how old that is: $(cat out)"
# Mistyped, it is done all the same, and said; known is what has sent, or what was ordered something.
expect 0 "$SENDWATCH" exempt -c detect.conf --until 2099-01-01 nisl@notary.example
has err 'sendwatch exempt: nisl@notary.example: taken, but no mail of such an account was seen: is nils@notary.example meant?'
end=$(($(date +%s) + 7200))
expect 0 "$SENDWATCH" exempt -c detect.conf --until 2h nisl@notary.example
until=$(sed -n 's/.*"account":"nisl@notary.example".*"until":"\([^"]*\)".*/\1/p' verdicts.ndjson | tail -n 1)
[ "$(date -d "$until" +%s)" -ge "$end" ] && [ "$(date -d "$until" +%s)" -le $((end + 60)) ] || die "in two hours is $until"
expect 0 "$SENDWATCH" exempt -c detect.conf --end nisl@notary.example
[ ! -s err ] || die "not heard of what it was told itself: $(cat err)"
expect 0 "$SENDWATCH" release -c detect.conf nils@notary.example
[ ! -s err ] || die "not heard of an account: $(cat err)"
# It is news as any change of state is, once, and closes what was opened elsewhere for the account.
expect 0 "$SENDWATCH" release -c detect.conf nils@notary.example
[ "$(grep -c '"account":"nils@notary.example","state":"released","previous":"disabled"' verdicts.ndjson)" = 1 ] ||
	die "not told that it is released"
grep '"state":"released"' verdicts.ndjson | grep -q '"id":"[0-9a-f]\{32\}"' || die "its id is not like others'"
grep '"type":"act"' verdicts.ndjson | grep -vq "\"host\":\"$(uname -n)\"" && die "not told on which server"
grep -q '"by":"uid [0-9]*","reason":"called by phone"' verdicts.ndjson || die "not written down by whom, and why"
expect 1 "$SENDWATCH" disable -c detect.conf bob@shop.test
expect 1 "$SENDWATCH" disable -c detect.conf postmaster@shop.test
has err protected
kill_watch
restart
says bob@shop.test '554 5.7.1' || die "forgotten after a kill"
kill -HUP "$watcher"
await 10 grep -q 'new settings' watch.err
says bob@shop.test '554 5.7.1' || die "forgotten with new settings"
"$SENDWATCH" release -c detect.conf bob@shop.test || die "cannot be released"
says bob@shop.test DUNNO || die "not released"
await 5 in_journal '"action":"released","adapter":"list"'
grep -q '^bob@shop.test' stopped && die "still in the list"

# A login that cannot stand as it is goes by the name that verdicts and the journal tell, and by itself.
"$SENDWATCH" disable -c detect.conf 'Jo Ann@shop.test' || die "cannot be disabled"
says 'jo ann@shop.test' '554' || die "goes on"
in_journal '"undo":"sendwatch release '"'jo\\\\x20ann@shop.test'"'"' || die "not told how to undo it"
"$SENDWATCH" release -c detect.conf 'jo\x20ann@shop.test' || die "cannot be released"
says 'jo ann@shop.test' DUNNO || die "not released by the name that was told"

# By itself, when its time is over.
for seconds in 2 10 40; do # a slow machine needs longer to look
	until=$(($(date +%s) + seconds))
	"$SENDWATCH" disable -c detect.conf --until "$(date -u -d "@$until" +%FT%TZ)" eve@shop.test || continue
	says eve@shop.test 554 && break
	[ "$(date +%s)" -ge "$until" ] || die "goes on"
done
await 45 says eve@shop.test DUNNO
await 2 in_journal '"reason":"its time is over"'
"$SENDWATCH" exempt -c detect.conf --until 2099-01-01 --reason newsletter eve@shop.test || die "cannot be exempt"
grep -q '"action":"exempted"' verdicts.ndjson || die "not written down"
expect 0 "$SENDWATCH" accounts -c detect.conf exempt
grep -qE '^  exempt     eve@shop.test  since [0-9T:.-]+Z, until 2099-01-01T00:00:00Z; by uid [0-9]+ on [^ ]+: newsletter$' out ||
	die "not told: $(cat out)"
lacks out 'nisl@notary.example' # ended
expect 0 "$SENDWATCH" show -c detect.conf --format ndjson eve@shop.test
has out '{"type":"order","account":"eve@shop.test","action":"exempt",'
expect 2 "$SENDWATCH" exempt -c detect.conf eve@shop.test
for verb in disable exempt; do
	expect 2 "$SENDWATCH" $verb -c detect.conf --until 2026-01-01 other@shop.test
	has err '2026-01-01T00:00:00Z is past'
done
# What is no account's name would break the files that orders stand in, and the next start with them.
python3 - << 'PY' || die "an order for what is no account was taken"
import socket
for name in (b"two\nlines", b"a\ttab", b"bell\a"):
    for verb in (b"disable", b"release", b"exempt", b"password"):
        ask = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ask.settimeout(5)
        ask.connect("state/control.sock")
        ask.send(verb + b" " + name + b" - ")
        assert ask.recv(500) == b"that is no account's name", (verb, name)
PY
stop_watch
restart
stop_watch
expect 1 "$SENDWATCH" release -c detect.conf bob@shop.test
has err "does watch run here?"
