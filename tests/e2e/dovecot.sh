#!/bin/sh
# Dovecot: a disabled account cannot log in to IMAP or SMTP any more within two seconds, and its open IMAP session
# is ended; others stay. After the release it comes in again.
# needs: root python3 postfix dovecot doveadm unshare ip
. "$TOP/tests/servers/lab.sh"
. "$TOP/tests/servers/postfix.sh"
[ -x /usr/lib/dovecot/imap ] || skip "needs dovecot-imapd"

start_sink
mkdir -p $LAB/dovecot
printf '# Kept by sendwatch: changes made by hand are lost\n' > $LAB/dovecot/deny
# As setup says it.
steps=debian-postfix
case $(dovecot --version) in 2.[0-3].*) ;; *) steps=trixie-postfix ;; esac
start_dovecot $LAB/spool/private/auth postfix imap "$(sed -n '/^4. Let Dovecot ask/,/^   The file must/s/^     //p' \
	"$TOP/tests/setup/$steps.steps" | sed "s,/etc/dovecot/sendwatch_deny,$LAB/dovecot/deny,")"
await 10 listening 143
start_postfix "unix:$LAB/spool/private/sendwatch"
cat > extra << MORE
[act]
dry_run = no
[adapter dovecot]
type = dovecot_deny
file = $LAB/dovecot/deny
config = $LAB/dovecot/dovecot.conf
MORE
settings "" extra
follow_watch

# Two IMAP sessions are open; a line a second tells whether each is.
cat > imap.py << 'PY'
import imaplib, sys, time
login, file = sys.argv[1:]
session = imaplib.IMAP4("127.0.0.1", 143)
session.login(login, "secret")
session.select()
open(file, "w").write("open")
try:
    while True:
        session.noop()
        time.sleep(0.05)
except (imaplib.IMAP4.abort, imaplib.IMAP4.error, OSError) as why:
    open(file, "w").write("ended %.3f" % time.time())
PY
python3 imap.py bob@shop.test imap.bob &
python3 imap.py anna@shop.test imap.anna &
await 10 grep -q open imap.bob
await 10 grep -q open imap.anna
imap() # LOGIN: can it log in?
{
	python3 -c 'import imaplib, sys
try: imaplib.IMAP4("127.0.0.1", 143).login(sys.argv[1], "secret")
except imaplib.IMAP4.error: sys.exit(1)' "$1"
}
imap bob@shop.test || die "bob cannot log in to begin with"
shut_out() { ! imap bob@shop.test; }

start_heartbeat
at=$(date +%s.%N)
"$SENDWATCH" disable -c detect.conf bob@shop.test || die "cannot be disabled"
await 4 grep -q ended imap.bob
await 4 shut_out
# Dovecot makes who fails wait; the mail server asks it as IMAP does.
client 587 bob@shop.test friend@remote.test > smtp
has smtp "refused 535"
python3 - "$at" << 'PY' || die "not within two seconds"
import sys
took = float(open("imap.bob").read().split()[1]) - float(sys.argv[1])
print("note: the open IMAP session ended %d ms after the order" % (took * 1000))
late = 10 * float(open("late").read())
assert took < 2 + late, (took, late)
PY
has imap.anna open
imap anna@shop.test || die "anna cannot log in"
client 587 anna@shop.test friend@remote.test > anna
has anna "sent 1"

"$SENDWATCH" release -c detect.conf bob@shop.test || die "no release"
await 10 imap bob@shop.test
client 587 bob@shop.test friend@remote.test > smtp
has smtp "sent 1"
has imap.anna open
