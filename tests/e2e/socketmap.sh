#!/bin/sh
# Real Postfix asks watch for its table: a disabled account is refused at once, in a new session and in one that is
# open, by its login and as a sender; after its release the same session goes on. While sendwatch is down, Postfix
# answers 451 at the table and lets mail flow at the policy service, as the documentation says.
# needs: root python3 postfix dovecot unshare ip
. "$TOP/tests/servers/lab.sh"
. "$TOP/tests/servers/postfix.sh"

start_sink
start_dovecot $LAB/spool/private/auth postfix
start_postfix inet:127.0.0.1:10031
table=socketmap:inet:127.0.0.1:10032:disabled
for row in "5871 check_sasl_access" "5872 check_sender_access"; do
	cat >> /etc/postfix/master.cf << MASTER
127.0.0.1:${row% *} inet n - n - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_recipient_restrictions=${row#* },$table,permit_sasl_authenticated,reject
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
MASTER
done
postfix reload 2> postfix.out || die "$(cat postfix.out)"
await 10 listening 5871
await 10 listening 5872
cat > extra << 'MORE'
[act]
dry_run = no
[policy]
address = inet:127.0.0.1:10031
socketmap = inet:127.0.0.1:10032
text_disabled = Account suspended
MORE
settings "" extra
"$SENDWATCH" check -c detect.conf > checked || die "check: $(cat checked)"
has checked "[policy] socketmap: while sendwatch is down, Postfix answers 451"
follow_watch

asked() { postmap -q "$1" $table > said 2> said.err; }
not_found() # KEY: status 1 and no word of an error
{
	asked "$1" && die "$1: $(cat said)"
	[ ! -s said.err ] || die "$1: $(cat said.err)"
}
not_found bob@shop.test

# One session of bob that stays open over all: a recipient for each file "ask-N".
cat > open.py << 'PY'
import os, smtplib, time
session = smtplib.SMTP("127.0.0.1", 5871, "pc", timeout=60)
session.login("bob@shop.test", "secret")
for step in range(3):
    while not os.path.exists("ask-%d" % step):
        time.sleep(0.02)
    session.mail("bob@shop.test")
    code, text = session.rcpt("friend@remote.test")
    session.rset()
    with open("answer.new", "w") as answer:
        print(code, text.decode(), file=answer)
    os.rename("answer.new", "answer-%d" % step)
PY
python3 open.py &
session=$!
in_session() # STEP ANSWER
{
	: > "ask-$1"
	await 15 test -e "answer-$1"
	grep -q "^$2" "answer-$1" || die "the open session: $(cat "answer-$1"), not $2"
}
in_session 0 250

"$SENDWATCH" disable -c detect.conf bob@shop.test || die "cannot be disabled"
in_session 1 "554 5.7.1 .*Account suspended"
asked bob@shop.test || die "not in the table: $(cat said.err)"
[ "$(cat said)" = "554 5.7.1 Account suspended" ] || die "in the table is: $(cat said)"
asked BOB@Shop.Test || die "another way to write the login is not found"
for key in anna@shop.test shop.test bob@ "bob@shop.test x" "$(printf 'bob@shop.test\001')"; do
	not_found "$key"
done
for port in 5871 5872 587; do
	client $port bob@shop.test friend@remote.test > bob
	has bob "refused 554"
	has bob "Account suspended"
	client $port anna@shop.test friend@remote.test > anna
	has anna "sent 1"
done

# Logins without a domain that read as one: Postfix asks a socketmap for whole addresses alone, unlike a file's table.
"$SENDWATCH" disable -c detect.conf shop.test test || die "cannot be disabled"
asked shop.test || die "a login is not found: $(cat said.err)"
client 5872 anna@shop.test friend@remote.test > anna
has anna "sent 1"

"$SENDWATCH" release -c detect.conf bob@shop.test || die "no release"
in_session 2 250
wait $session || die "the open session broke"
not_found bob@shop.test
client 5871 bob@shop.test friend@remote.test > bob
has bob "sent 1"

# Down: the table stops everybody, the policy service nobody. Back: by itself.
stop_watch
client 5871 anna@shop.test friend@remote.test > anna
has anna "refused 451 4.3.5"
has anna "Server configuration error"
client 587 anna@shop.test friend@remote.test > anna
has anna "sent 1"
: > watch.err
follow_watch
client 5871 anna@shop.test friend@remote.test > anna
has anna "sent 1"
stop_watch
