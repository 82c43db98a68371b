#!/bin/sh
# Started by root, watch becomes an ordinary user that reads the logs through its group; the deputy keeps root with
# a handful of capabilities. All goes on: orders, tables in root's folders, the policy service, new settings, new
# logs after a rotation. Started by an ordinary user it is what it was.
# needs: root python3 unshare ip setpriv
. "$TOP/tests/servers/lab.sh"

of() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"; } # PROCESS FIELD
deputy_of() { cat "/proc/$1/task/$1/children" | tr ' ' '\n' | grep . | while read -r child; do
	[ "$(of "$child" Name)" = sendwatch-act ] && echo "$child"; done; }
says() { policy_answer "$LAB/root/${3:-policy}" "$1" | grep -q "$2"; } # LOGIN TEXT [SOCKET]
line() # ID: a message of anna's, and how it ended
{
	stamp="$(date -u '+%b %e %H:%M:%S') mx1 postfix"
	echo "$stamp/submission/smtpd[7]: $1: client=pc[192.0.2.7], sasl_method=PLAIN, sasl_username=anna@shop.test"
	echo "$stamp/qmgr[8]: $1: from=<anna@shop.test>, size=900, nrcpt=1 (queue active)"
	echo "$stamp/smtp[9]: $1: to=<$1@remote.test>, relay=mx.remote.test[192.0.2.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)"
	echo "$stamp/qmgr[8]: $1: removed"
}

adm=$(sed -n 's/^adm:[^:]*:\([0-9]*\):.*/\1/p' /etc/group)
sed -i '/^sendwatch:/d' /etc/passwd /etc/group
echo 'sendwatch:x:4711:4711::/:/bin/false' >> /etc/passwd
echo 'sendwatch:x:4711:' >> /etc/group
mkdir -m 700 $LAB/root
mkdir -m 755 $LAB/conf
printf '# Kept by sendwatch: changes made by hand are lost\n' > $LAB/root/list
chown 0:$adm $LAB/root/list
chmod 640 $LAB/root/list
line 4F2A01 > $LAB/log/mail.log
chown 0:$adm $LAB/log/mail.log
chmod 640 $LAB/log/mail.log
settings() # USER POLICY MORE...
{
	cat > $LAB/conf/detect.conf << CONF
[logs]
files = $LAB/log/mail.log
start = beginning
[watch]
state = $LAB/state
user = $1
save_every = 100ms
[journal]
file = $LAB/journal/verdicts.ndjson
[act]
dry_run = no
[policy]
address = $LAB/root/$2
mode = 0660
[adapter list]
type = exim_list
file = $LAB/root/list
CONF
	shift 2
	printf '%s\n' "$@" >> $LAB/conf/detect.conf
}
start() # COMMAND BEFORE IT...
{
	: > watch.err
	"$@" "$SENDWATCH" watch -c $LAB/conf/detect.conf 2>> watch.err &
	watcher=$!
	await 10 grep -q follows watch.err
}
in_journal() { grep -qF "$1" $LAB/journal/verdicts.ndjson; }

settings sendwatch policy
start env
deputy=$(deputy_of $watcher)
[ -n "$deputy" ] || die "no deputy: $(ls /proc/$watcher/task/$watcher/children)"
echo "note: watch: Uid $(of $watcher Uid), Gid $(of $watcher Gid), Groups $(of $watcher Groups), CapEff $(of $watcher CapEff)" | tr '\t' ' '
echo "note: deputy: Uid $(of "$deputy" Uid), CapEff $(of "$deputy" CapEff), CapBnd $(of "$deputy" CapBnd)" | tr '\t' ' '
for thread in /proc/$watcher/task/*; do
	thread=${thread##*/}
	[ "$(of "$thread" Uid | tr '\t' ' ')" = "4711 4711 4711 4711" ] || die "watch is $(of "$thread" Uid)"
	[ "$(of "$thread" Gid | tr '\t' ' ')" = "4711 4711 4711 4711" ] || die "watch is of $(of "$thread" Gid)"
	for set in CapInh CapPrm CapEff CapBnd CapAmb; do
		[ "$(of "$thread" $set)" = 0000000000000000 ] || die "watch keeps $set $(of "$thread" $set)"
	done
	[ "$(of "$thread" NoNewPrivs)" = 1 ] || die "watch may gain rights"
done
[ "$(of $watcher Groups | tr -d ' ')" = "$adm"4711 ] || [ "$(of $watcher Groups | tr -d ' ')" = "4711$adm" ] ||
	die "groups of watch: $(of $watcher Groups)"
[ "$(of "$deputy" Uid | cut -f1)" = 0 ] || die "the deputy is $(of "$deputy" Uid)"
# CAP_CHOWN, CAP_DAC_OVERRIDE and CAP_FOWNER are bits 0, 1 and 3.
for set in CapPrm CapEff CapBnd; do
	[ "$(of "$deputy" $set)" = 000000000000000b ] || die "the deputy keeps $set $(of "$deputy" $set)"
done
[ "$(of "$deputy" NoNewPrivs)" = 1 ] || die "the deputy may gain rights"
# Nobody but root, with all its rights, looks into it: not even one of its own number.
setpriv --reuid 4711 --regid 4711 --clear-groups ls -l /proc/$watcher/fd > /dev/null 2>&1 && die "watch's files can be seen"
[ "$(stat -c %u $LAB/state)" = 4711 ] || die "the state folder is root's"
[ "$(stat -c %u:%g:%a $LAB/root/policy)" = 4711:4711:660 ] || die "the socket: $(stat -c %u:%g:%a $LAB/root/policy)"

works() # LOGIN [POLICY]: an order is obeyed, everywhere
{
	says "$1@shop.test" DUNNO "${2:-}" || die "$1 is stopped already"
	"$SENDWATCH" disable -c $LAB/conf/detect.conf "$1@shop.test" || die "$1 cannot be disabled"
	says "$1@shop.test" '554 5.7.1' "${2:-}" || die "$1 goes on"
	await 5 grep -q "^$1@shop.test: suspended" $LAB/root/list
	[ "$(stat -c %u:%g:%a $LAB/root/list)" = "0:$adm:640" ] || die "the list is another's: $(stat -c %u:%g:%a $LAB/root/list)"
}
works bob
# New settings, among them another address in a folder that it can no longer reach; then one that it can.
settings sendwatch policy '[judge]' 'flagged = 25'
kill -HUP $watcher
await 10 grep -q 'new settings are in force' watch.err
works carla
settings sendwatch other
kill -HUP $watcher
await 10 grep -q "the settings stay as they were: $LAB/root/other: Permission denied" watch.err
works dora
settings sendwatch policy
printf '[command x]\nrun = /bin/true\n' >> $LAB/conf/detect.conf
kill -HUP $watcher
await 10 grep -q 'stay as they were: mail by sendmail and .command. take rights that were given up' watch.err

# A rotation: the new file is the group's too.
mv $LAB/log/mail.log $LAB/log/mail.log.1
line 4F2A02 >> $LAB/log/mail.log.1
line 4F2A03 > $LAB/log/new
chown 0:$adm $LAB/log/new
chmod 640 $LAB/log/new
mv $LAB/log/new $LAB/log/mail.log
counted() { "$SENDWATCH" show -c $LAB/conf/detect.conf --format ndjson anna@shop.test > shown && grep -q "\"recipients_1h\":$1," shown; }
await 5 counted 3
kill -TERM $watcher
wait $watcher || die "watch ended with $?"
await 5 test ! -d "/proc/$deputy"

# Again over what it left, with a right of its own for logs that are root's alone.
rm $LAB/log/mail.log
line 4F2A04 > $LAB/log/mail.log
chmod 600 $LAB/log/mail.log
settings sendwatch policy
sed -i 's/^save_every/read_all = yes\nsave_every/' $LAB/conf/detect.conf
start env
[ "$(of $watcher CapEff)" = 0000000000000004 ] || die "watch has $(of $watcher CapEff)"
[ "$(of $watcher CapBnd)" = 0000000000000004 ] || die "what it runs may have $(of $watcher CapBnd)"
await 5 counted 4
says bob@shop.test '554 5.7.1' || die "bob was forgotten"
kill -TERM $watcher
wait $watcher || die "watch ended with $?"

# What cannot be: a user that is not there, a state folder that is root's.
settings nosuch policy
expect 1 "$SENDWATCH" watch -c $LAB/conf/detect.conf
has err "the user nosuch is not known here"
settings sendwatch policy
chown 0 $LAB/state
expect 1 "$SENDWATCH" watch -c $LAB/conf/detect.conf
has err "chown -R sendwatch $LAB/state"

# An ordinary user starts it: nothing is given up, and all that needs no rights works.
rm -rf $LAB/state $LAB/journal
chown 0:4711 $LAB/log/mail.log
chmod 640 $LAB/log/mail.log
mkdir $LAB/own $LAB/state $LAB/journal
chown 4711 $LAB/own $LAB/state $LAB/journal
settings sendwatch policy
sed -i "s,$LAB/root,$LAB/own," $LAB/conf/detect.conf
start setpriv --reuid 4711 --regid 4711 --clear-groups
[ "$(of $watcher Uid | cut -f1)" = 4711 ] || die "it is $(of $watcher Uid)"
"$SENDWATCH" disable -c $LAB/conf/detect.conf eve@shop.test || die "no order is taken"
await 5 grep -q '^eve@shop.test: suspended' $LAB/own/list
kill -TERM $watcher
wait $watcher || die "watch ended with $?"

# Root that may not give files away: the socket is the group's then, and all else goes on.
chown -R 4711 $LAB/state
settings sendwatch policy
rm -f $LAB/root/policy
start setpriv --bounding-set -chown,-fowner
! grep -q "stays root's" watch.err || die "$(cat watch.err)"
[ "$(stat -c %u:%g:%a $LAB/root/policy)" = 0:4711:660 ] || die "the socket: $(stat -c %u:%g:%a $LAB/root/policy)"
[ "$(of $watcher Uid | cut -f1)" = 4711 ] || die "it is $(of $watcher Uid)"
[ "$(of $watcher Gid | tr '\t' ' ')" = "4711 4711 4711 4711" ] || die "it is of $(of $watcher Gid)"
