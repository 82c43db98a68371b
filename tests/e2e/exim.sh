#!/bin/sh
# An account is stolen and sends through real Exim, which asks the policy service by readsocket and a lookup file:
# it is refused in its open session, what waits in the queue is frozen, others go on, and a release thaws it.
# needs: root python3 unshare ip
. "$TOP/tests/servers/lab.sh"
. "$TOP/tests/servers/exim.sh"

frozen() { grep -lE '^-frozen' $LAB/exim/input/*-H 2> /dev/null; }

start_sink
start_receiver 200
# As under sendwatch.service: the socket is sendwatch's group's, and Exim's user is of it.
sed -i '/^sendwatch:/d' /etc/group
echo 'sendwatch:x:4711:Debian-exim' >> /etc/group
start_exim $LAB/run/policy $LAB/stopped
mkdir $LAB/run
chmod g+s,a+rx $LAB/run
chgrp sendwatch $LAB/run
cat > extra << MORE
[act]
dry_run = no
[policy]
address = $LAB/run/policy
mode = 0660
[adapter list]
type = exim_list
file = $LAB/stopped
[adapter queue]
type = exim_queue
file = $LAB/exim
programs = $LAB/bin
MORE
settings "$(cat port)" extra
follow_watch

client 587 anna@shop.test friend@remote.test other@remote.test > anna || die "anna cannot send: $(cat anna)"
has anna "sent 2"
client 587 bob@shop.test later1@remote.test later2@remote.test > bob
has bob "sent 2"
client 587 --until-refused bob@shop.test nobody@a.test none@b.test noone@c.test someone@d.test > bob
has bob "refused 550"
has bob "This account is suspended"
await 5 in_journal '"account":"bob@shop.test","action":"queue held","adapter":"queue"'
await 5 in_journal '"account":"bob@shop.test","action":"disabled","adapter":"list"'
[ "$(frozen | wc -l)" -ge 2 ] || die "nothing is frozen"
# shellcheck disable=SC2046 # a list
grep -L 'auth_id bob@shop.test' $(frozen) | grep . && die "somebody else's mail is frozen"
client 587 anna@shop.test friend@remote.test > anna
has anna "sent 1"

# While sendwatch is down the list still stops him, and nobody else.
stop_watch
client 587 bob@shop.test friend@remote.test > bob2
has bob2 "this account stands in the list"
client 587 anna@shop.test friend@remote.test > anna
has anna "sent 1"
: > watch.err
follow_watch

"$SENDWATCH" release -c detect.conf bob@shop.test || die "no release"
await 5 in_journal '"action":"queue released"'
await 5 in_journal '"action":"released","adapter":"list"'
[ -z "$(frozen)" ] || die "still frozen: $(frozen)"
client 587 bob@shop.test friend@remote.test > bob2
has bob2 "sent 1"

# A local user, by hand, for a minute: its sendmail is refused.
"$SENDWATCH" disable -c detect.conf --reason test local:nobody || die "cannot be disabled"
await 5 grep -q '^nobody:' $LAB/stopped
echo 'Subject: x' | setpriv --reuid nobody --clear-groups $LAB/bin/exim4 -i friend@remote.test && die "sendmail goes on"
has $LAB/log/exim/mainlog "rejected by non-SMTP ACL: this user stands in the list"
