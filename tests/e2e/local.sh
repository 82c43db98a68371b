#!/bin/sh
# A local user, whose script sends spam through sendmail(1): by order it may not submit any more, at once and without
# a reload, what it has in the queue is on hold, and nobody else's; a release brings both back.
# needs: root python3 postfix dovecot unshare ip setpriv
. "$TOP/tests/servers/lab.sh"
. "$TOP/tests/servers/postfix.sh"

submits() # USER RECIPIENT
{
	printf 'Subject: x\nReceived: by mx.lab.test (Postfix, from userid 4712)\n\tid 1\n\nx\n' |
		setpriv --reuid "$1" --regid 4711 --clear-groups sendmail -i "$2" 2> sendmail.err
}
queued() { postqueue -j > queue && grep -qF "\"address\": \"$1\"" queue; }
held() { postqueue -j > queue && grep -F '"queue_name": "hold"' queue | grep -qF "\"address\": \"$1\""; }

for user in web1:4711 web2:4712; do
	sed -i "/^${user%:*}:/d" /etc/passwd
	echo "${user%:*}:x:${user#*:}:4711::/:/bin/false" >> /etc/passwd
done
printf '# Kept by sendwatch: changes made by hand are lost\n' > $LAB/stopped_users
start_sink
start_dovecot $LAB/spool/private/auth postfix
start_postfix "unix:$LAB/spool/private/sendwatch"
cat > extra << MORE
[act]
dry_run = no
[adapter users]
type = list
file = $LAB/stopped_users
[adapter queue]
type = postfix_queue
MORE
settings "" extra
follow_watch

submits web1 later1@remote.test || die "web1 cannot submit: $(cat sendmail.err)"
submits web2 later2@remote.test || die "web2 cannot submit: $(cat sendmail.err)"
client 587 bob@shop.test later3@remote.test > bob
has bob "sent 1"
for i in 1 2 3; do await 10 queued later$i@remote.test; done
before=$(date +%s%N)
"$SENDWATCH" disable -c detect.conf --reason "a script" local:web1 || die "cannot be disabled"
stopped() { ! submits web1 gone@remote.test; }
await 5 stopped
echo "note: sendmail refuses $((($(date +%s%N) - before) / 1000000)) ms after the order"
has sendmail.err "not allowed"
await 5 in_journal '"account":"local:web1","action":"queue held","adapter":"queue"'
held later1@remote.test || die "not on hold: $(cat queue)"
held later2@remote.test && die "web2's mail is on hold"
held later3@remote.test && die "bob's mail is on hold"
submits web2 friend@remote.test || die "web2 is stopped too: $(cat sendmail.err)"
"$SENDWATCH" release -c detect.conf local:web1 || die "no release"
await 5 in_journal '"action":"queue released"'
await 5 in_journal '"action":"released","adapter":"users"'
held later1@remote.test && die "still on hold"
submits web1 friend@remote.test || die "web1 still cannot submit: $(cat sendmail.err)"
