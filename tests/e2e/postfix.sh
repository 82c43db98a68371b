#!/bin/sh
# An account is stolen and sends through real Postfix: within two seconds of the attempt that tips the score it is
# refused in its open session, what it left in the queue is on hold, a receiver has been told, and others go on.
# After its release it sends again.
# needs: root python3 postfix dovecot unshare ip
. "$TOP/tests/servers/lab.sh"
. "$TOP/tests/servers/postfix.sh"

start_sink
start_dovecot $LAB/spool/private/auth postfix
start_postfix "unix:$LAB/spool/private/sendwatch"
start_receiver 200
cat > extra << MORE
[act]
dry_run = no
[policy]
address = $LAB/spool/private/sendwatch
mode = 0666
[adapter queue]
type = postfix_queue
MORE
settings "$(cat port)" extra
follow_watch

# Two honest people write to some; two of bob's own messages wait in the queue.
client 587 anna@shop.test friend@remote.test other@remote.test > anna || die "anna cannot send"
has anna "sent 2"
client 587 bob@shop.test later1@remote.test later2@remote.test > bob
has bob "sent 2"

# The thief, in one session.
start_heartbeat
client 587 --until-refused bob@shop.test nobody@a.test none@b.test noone@c.test someone@d.test > bob
has bob "refused 554 5.7.1"
has bob "This account is suspended"
await 5 in_journal '"account":"bob@shop.test","action":"queue held","adapter":"queue"'
python3 - << 'PY' || die "not within two seconds of the attempt that tipped the score"
import datetime, json
refused = float(open("bob").read().split()[0])
verdict = [v for v in map(json.loads, open("verdicts.ndjson")) if v.get("state") == "disabled"][0]
act = [v for v in map(json.loads, open("verdicts.ndjson")) if v.get("action") == "disabled"][0]
time = lambda text: datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
print("note: acted %.0f ms before the refusal" % ((refused - time(act["time"])) * 1000))
assert act["verdict"] == verdict["id"] and act["until"] and act["undo"] == "sendwatch release bob@shop.test"
late = 10 * float(open("late").read())
# The log has whole seconds.
assert refused - time(verdict["time"]) < 3 + late, (refused, verdict["time"], late)
assert -0.2 - late < refused - time(act["time"]) < 2 + late, (refused, act["time"], late)
PY

# On hold are his, and nobody else's; others go on, and he does not, in a new session either.
postqueue -j > queue
[ "$(grep -c '"queue_name": "hold"' queue)" -ge 2 ] || die "nothing is on hold: $(cat queue)"
grep '"queue_name": "hold"' queue | grep -qv '"sender": "bob@shop.test"' && die "somebody else's mail is on hold"
grep '"later1@remote.test"' queue | grep -q '"queue_name": "hold"' || die "later1 is not on hold"
client 587 anna@shop.test friend@remote.test > anna
has anna "sent 1"
client 587 bob@shop.test friend@remote.test > bob2
has bob2 "refused 554"
await 5 grep -q '\\"state\\":\\"disabled\\"' requests

# The way back: also after a restart it is known what was done.
stop_watch
client 587 bob@shop.test friend@remote.test > bob2 # the mail goes on while sendwatch is down
has bob2 "sent 1"
: > watch.err
follow_watch
client 587 bob@shop.test friend@remote.test > bob2
has bob2 "refused 554"
"$SENDWATCH" release -c detect.conf --reason "new password" bob@shop.test || die "no release"
await 5 in_journal '"action":"queue released"'
postqueue -j > queue
grep -q '"queue_name": "hold"' queue && die "still on hold: $(cat queue)"
grep -q '"later1@remote.test"' queue || die "later1 is gone"
grep -q '"by":"uid 0","reason":"new password"' verdicts.ndjson || die "not written down by whom"
client 587 bob@shop.test friend@remote.test > bob2
has bob2 "sent 1"
