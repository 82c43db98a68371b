#!/bin/sh
# An account is stolen and sends through real Postfix: within two seconds of the attempt that tips the score it is
# refused in its open session, what it left in the queue is on hold, a receiver has been told, and others go on.
# After its release it sends again.
# needs: root python3 postfix dovecot unshare ip
# seconds: 60
. "$TOP/tests/servers/lab.sh"
. "$TOP/tests/servers/postfix.sh"

start_sink
start_dovecot $LAB/spool/private/auth postfix
start_postfix "unix:$LAB/spool/private/sendwatch"
start_receiver 200
cat > more << MORE
[act]
dry_run = ${DRY_RUN:-no}
[policy]
address = $LAB/spool/private/sendwatch
mode = 0666
[adapter queue]
type = postfix_queue
MORE
settings "$(cat port)" more
sed -i "s,^files = .*,files = $LAB/log/mail.log," detect.conf
start_watch; 
await 10 grep -q follows watch.err

# Two honest people write to some; one message of the thief's waits in the queue.
client 587 anna@shop.test friend@remote.test other@remote.test > anna || die "anna cannot send"
has anna "sent 2"
client 587 bob@shop.test later1@remote.test later2@remote.test > bob0
has bob0 "sent 2"
client 587 --until-refused bob@shop.test nobody@a.test none@b.test noone@c.test someone@d.test > bob
cat bob watch.err
postqueue -p > queue; cp $LAB/log/mail.log .; rm -rf /tmp/disable/e2e; cp -r . /tmp/disable/e2e; die show
