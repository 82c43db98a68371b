#!/bin/sh
# Each kind of table that this Postfix has, at real Postfix: a disabled account is refused in a new session within two
# seconds, also the second of one second (hash), and sends again after its release; in an open session as the
# documentation says.
# needs: root python3 postfix dovecot unshare ip
. "$TOP/tests/servers/lab.sh"
. "$TOP/tests/servers/postfix.sh"

start_sink
start_dovecot $LAB/spool/private/auth postfix
start_postfix "unix:$LAB/spool/private/sendwatch"
postconf -m > kinds
port=5870
: > ports
printf '[act]\ndry_run = no\nan_hour = 100\n' > extra
head='# Kept by sendwatch: changes made by hand are lost'
for kind in lmdb sqlite btree hash cdb; do
	if ! grep -qx $kind kinds || { [ $kind = sqlite ] && ! command -v sqlite3 > kinds.sqlite; }; then
		echo "note: this Postfix has no $kind"
		continue
	fi
	port=$((port + 1))
	echo "$kind $port" >> ports
	mkdir $LAB/$kind
	file=$LAB/$kind/deny
	table=$kind:$file
	if [ $kind = sqlite ]; then
		sqlite3 $file 'CREATE TABLE sendwatch(account TEXT PRIMARY KEY, action TEXT)'
		printf "dbpath = $file\nquery = SELECT action FROM sendwatch WHERE account='%%s'\n" > $LAB/$kind/deny.cf
		table=sqlite:$LAB/$kind/deny.cf
	else
		echo "$head" > $file
		postmap $kind:$file || die "postmap cannot make $kind"
	fi
	printf '[adapter %s]\ntype = postfix_map\nmap = %s\nfile = %s\n' $kind $kind $file >> extra
	cat >> /etc/postfix/master.cf << MASTER
127.0.0.1:$port inet n - n - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_recipient_restrictions=check_sasl_access,$table,permit_sasl_authenticated,reject
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
MASTER
done
postfix reload 2> postfix.out || die "$(cat postfix.out)"
while read -r kind port; do await 10 listening "$port"; done < ports
settings "" extra
follow_watch

# Sessions of bob that stay open over his disabling.
cat > open.py << 'PY'
import smtplib, os, sys, time
sessions = []
for line in open("ports"):
    kind, port = line.split()
    session = smtplib.SMTP("127.0.0.1", int(port), "pc", timeout=60)
    session.login("bob@shop.test", "secret")
    session.mail("bob@shop.test")
    assert session.rcpt("friend@remote.test")[0] == 250, kind
    session.rset()
    sessions.append((kind, session))
open("opened", "w").close()
while not os.path.exists("go"):
    time.sleep(0.02)
for kind, session in sessions:
    session.mail("bob@shop.test")
    print(kind, session.rcpt("friend@remote.test")[0])
    session.close()
PY
python3 open.py > live &
session=$!
await 20 test -e opened
sleep 1.1 # tables are told from older ones by whole seconds
start_heartbeat
refused() # PORT LOGIN
{
	client "$1" "$2" friend@remote.test > said && grep -q 'refused 554 5.7.1 .*Account suspended' said
}
"$SENDWATCH" disable -c detect.conf bob@shop.test || die "cannot be disabled"
while read -r kind port; do await 4 refused "$port" bob@shop.test; done < ports
# By the journal, which has when each was done; five clients in a row take longer to start than that.
python3 - << 'PY' || die "that took too long"
import datetime, json
acts = [json.loads(line) for line in open("verdicts.ndjson")]
times = [(act.get("adapter", "order"), datetime.datetime.fromisoformat(act["time"].replace("Z", "+00:00")).timestamp())
         for act in acts if act.get("action") == "disabled" and act["account"] == "bob@shop.test"]
took = {name: time - before for (name, time), (_, before) in zip(times[1:], times)}
print("note: milliseconds:", ", ".join("%s %d" % (name, seconds * 1000) for name, seconds in took.items()))
late = 10 * float(open("late").read())
assert took and max(took.values()) < 2 + late, (took, late)
PY
: > go
wait $session || die "the open sessions broke"
for kind in lmdb sqlite; do
	grep -q "^$kind" live || continue
	has live "$kind 554"
done
echo "note: open sessions: $(tr '\n' ',' < live)"

# Two in one second: the one that comes second must not be forgotten, and anna goes on.
at=$(date +%s%N)
"$SENDWATCH" disable -c detect.conf carla@shop.test dora@shop.test || die "cannot be disabled"
while read -r kind port; do
	await 6 refused "$port" carla@shop.test
	await 6 refused "$port" dora@shop.test
	client "$port" anna@shop.test friend@remote.test > anna
	has anna "sent 1"
done < ports
echo "note: two at once take $((($(date +%s%N) - at) / 1000000)) ms"
"$SENDWATCH" release -c detect.conf bob@shop.test || die "no release"
free() { client "$1" "$2" friend@remote.test > said && grep -q 'sent 1' said; }
while read -r kind port; do
	await 6 free "$port" bob@shop.test
	refused "$port" dora@shop.test || die "$kind: dora is free too"
done < ports
