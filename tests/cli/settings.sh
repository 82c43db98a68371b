#!/bin/sh
# detect.conf and its manual page are what the table of settings prints; mistakes are told with file, line and
# the nearest known key.
# needs: python3
. "$TOP/tests/shell.sh"

"$SENDWATCH" check --defaults > defaults || die "check --defaults failed"
diff -u "$TOP/detect.conf" defaults || die "detect.conf is not what check --defaults prints: make settings"
"$SENDWATCH" check --defaults --man > page || die "check --defaults --man failed"
diff -u "$TOP/contrib/man/detect.conf.5" page || die "detect.conf.5 is not what check --defaults --man prints: make settings"

# The printed file is accepted, also with every key that has a value taken in.
mkdir state
conf()
{
	printf '[watch]\nstate = %s/state\n[journal]\nfile = %s/state/verdicts.ndjson\n[logs]\nfiles = %s\n%s\n' \
		"$TMP" "$TMP" "$TOP/contrib/samples/postfix/mail.log" "${1:-}" > detect.conf
}
conf
expect 0 "$SENDWATCH" check -c detect.conf
expect 2 "$SENDWATCH" replay -c nowhere.conf "$TOP/contrib/samples/postfix/mail.log"
has err 'nowhere.conf: No such file or directory'

wrong() # TEXT WORDS: added to a good file, it is refused everywhere with these words
{
	conf "$1"
	for command in check "replay $TOP/contrib/samples/postfix/mail.log" watch; do
		# shellcheck disable=SC2086 # the command and its log are two words
		expect 2 "$SENDWATCH" $command -c detect.conf
		has err "$2"
	done
}
wrong '[volume]
moist = 3' 'detect.conf:8: [volume] has no key moist; the nearest is most'
wrong '[judge]
flagged = lots' 'detect.conf:8: [judge] flagged: "lots" is not a number (0.5, 12) from 0 to 100'
wrong '[webhok ops]' 'detect.conf:7: no section is called [webhok]; the nearest is [webhook NAME]'
wrong '[watch]' 'detect.conf:7: this section stands twice'

# What would not work is found before it is needed.
conf
expect 0 "$SENDWATCH" check -c detect.conf
lacks out WRONG
has out 'verdicts go to the journal alone'
broken() # SED WORDS: a good file changed so is found wrong
{
	conf '[webhook ops]
url = https://hooks.example.com/x
'
	sed "$1" detect.conf > changed.conf
	expect 1 "$SENDWATCH" check -c changed.conf
	has out "WRONG  $2"
	[ "$(grep -c WRONG out)" = 1 ] || die "more is wrong than was changed: $(cat out)"
}
broken 's,^files = .*,files = /nowhere/mail.log,' '[logs] files: none of them is there'
broken 's|^url = .*|&\ntypes = server, verdicts|' '[webhook ops] types: no type is called verdicts'
broken 's,^\[watch\],[status]\nlisten = 127.0.0.1:8025\npassword_file = /nowhere\n[watch],' '[status] password_file: /nowhere: No such file'
broken 's|^files = .*|files = syslog:udp=127.0.0.1:5514, syslog:udp=127.0.0.1:5514+allow=127.0.0.1|' \
	'[logs] files: syslog:udp=127.0.0.1:5514+allow=127.0.0.1: syslog:udp=127.0.0.1:5514 is the same place'
broken 's,^state = .*,state = /nowhere/a/state,' '[watch] state: /nowhere/a/state: is not there, and cannot be made'
broken 's,^file = .*,file = /nowhere/a/v.ndjson,' '[journal] file: /nowhere/a: is not there, and cannot be made'
broken 's,^\[watch\],[policy]\naddress = /nowhere/policy.sock\n[watch],' '[policy] address: /nowhere/policy.sock: /nowhere: No such file'
broken 's,^\[watch\],[policy]\nsocketmap = unix:/nowhere/map.sock\n[watch],' '[policy] socketmap: /nowhere/map.sock: /nowhere: No such file'
broken 's|^\[watch\]|[status]\nlisten = 8025, 127.0.0.1:8025\n[watch]|' '[status] listen: 127.0.0.1:8025: 8025 is the same place'
broken 's|^\[watch\]|[status]\nlisten = here\n[watch]|' '[status] listen: here: neither an address and a port'
broken 's,^url = .*,url = hooks,' '[webhook ops] the URL is not one of the form'
broken 's,^url = .*,url_file = /nowhere/secret,' '[webhook ops] url_file: /nowhere/secret: No such file or directory'
for key in headers_file token_file secret_file; do
	broken "s,^url = .*,&\n$key = /nowhere/secret," "[webhook ops] $key: /nowhere/secret: No such file or directory"
done
broken 's,^url = .*,&\ntemplate = own\ntemplate_file = /nowhere/own,' '[webhook ops] template_file: /nowhere/own: No such file'
broken 's,^url = .*,&\n[mail ops]\nto = root@localhost\nsmtp = smtp://127.0.0.1\npassword_file = /nowhere/secret,' \
	'[mail ops] password_file: /nowhere/secret: No such file'
broken 's,^\[watch\],[judge]\ngeo = /nowhere/geo.csv\n[watch],' '/nowhere/geo.csv'

# Of a socket elsewhere than where the unit lets watch make one, the way out is said.
conf "[policy]
address = $TMP/state/policy.sock
socketmap = /run/sendwatch/map.sock"
expect 0 "$SENDWATCH" check -c detect.conf
has out "[policy] address: $TMP/state/policy.sock: under sendwatch.service that takes a drop-in with ReadWritePaths=$TMP/state"
has out '[policy] socketmap: while sendwatch is down'
lacks out map.sock
conf '[policy]
address = /var/log/sendwatchful/policy.sock'
expect 1 "$SENDWATCH" check -c detect.conf
has out '[policy] address: /var/log/sendwatchful/policy.sock: /var/log/sendwatchful: No such file'
conf '[policy]
address = inet:127.0.0.1:10031'
expect 0 "$SENDWATCH" check -c detect.conf
lacks out ReadWritePaths

# A port that another program has; where watch runs, it may be its own.
cat > taken.py << 'END'
import fcntl, os, socket, sys, time
taken = socket.create_server(("127.0.0.1", 0))
with open("state/lock", "w") as lock:
    if sys.argv[1] == "watch":
        fcntl.lockf(lock, fcntl.LOCK_EX)
    with open("port.new", "w") as out:
        out.write(str(taken.getsockname()[1]))
    os.rename("port.new", "port")
    time.sleep(600)
END
for who in other watch; do
	python3 taken.py $who &
	taker=$!
	await 10 test -s port
	for key in address socketmap; do
		conf "[policy]
$key = inet:127.0.0.1:$(cat port)"
		if [ $who = watch ]; then
			expect 0 "$SENDWATCH" check -c detect.conf
			has out "[policy] $key: inet:127.0.0.1:$(cat port): is in use, as it is while watch runs there"
		else
			expect 1 "$SENDWATCH" check -c detect.conf
			has out "WRONG  [policy] $key: inet:127.0.0.1:$(cat port): Address already in use"
		fi
	done
	kill $taker
	rm port
done
conf '[policy]
address = inet:localhost'
expect 1 "$SENDWATCH" check -c detect.conf
has out 'WRONG  [policy] address: inet:localhost: not an address and a port'

# A port alone would be a socket of that name somewhere, whom nobody asks.
for address in 10031 127.0.0.1:10031; do
	for key in address socketmap; do
		conf "[policy]
$key = $address"
		expect 1 "$SENDWATCH" check -c detect.conf
		has out "WRONG  [policy] $key: $address: neither inet: with an address and a port"
		expect 1 "$SENDWATCH" watch -c detect.conf
		has err "$address: neither inet: with an address and a port"
	done
done

# It acts, with nothing to act by.
conf '[act]
dry_run = no'
expect 1 "$SENDWATCH" check -c detect.conf
has out 'WRONG  [act] dry_run: is off, and nobody is stopped: there is neither a [policy] nor an [adapter]'

# Of several logs it is said which is not there yet, and which cannot be looked for.
conf
sed -i "s|^files = .*|&, $TMP/typo.log, $TMP/none*.log|" detect.conf
expect 0 "$SENDWATCH" check -c detect.conf
has out 'mail.log: can be read'
has out "[logs] files: $TMP/typo.log: is not there, and is waited for"
has out "[logs] files: $TMP/none*.log: is not there, and is waited for"
# One that nobody writes to any more is read in vain.
echo x > old.log
touch -d '2026-01-02 03:04:05Z' old.log
sed -i "s|^files = .*|&, $TMP/old.log|" detect.conf
expect 0 "$SENDWATCH" check -c detect.conf
has out "$TMP/old.log: can be read, and has nothing newer than 2026-01-02T03:04:05Z: is it still the log?"
# A pipe that nobody writes to is not waited for.
mkfifo pipe.log
sed -i "s|^files = .*|&, $TMP/pipe.log|" detect.conf
expect 0 timeout 20 "$SENDWATCH" check -c detect.conf
has out "$TMP/pipe.log: can be read"
# Rotations beside it are old by nature.
echo x > old.log.1
sed -i "s|$TMP/old.log|&*|" detect.conf
expect 0 "$SENDWATCH" check -c detect.conf
has out "$TMP/old.log: can be read"
lacks out "$TMP/old.log: can be read, and"

# The unit lets sendmail take no rights.
conf '[mail ops]
to = noc@example.com
sendmail = /bin/true'
expect 0 "$SENDWATCH" check -c detect.conf
has out '[mail ops] can be used, but not under sendwatch.service'

# Drop-ins win, in the order of their names, and are named in complaints.
conf '[judge]
flagged = 50'
mkdir detect.conf.d
printf '[judge]\nflaged = 1\n' > detect.conf.d/10.conf
expect 2 "$SENDWATCH" check -c detect.conf
has err 'detect.conf.d/10.conf:2: [judge] has no key flaged; the nearest is flagged'
logs="$TOP/contrib/samples/postfix/mail.log*"
printf '[judge]\nflagged = 100\nwatch = 100\ndisabled = 100\n' > detect.conf.d/10.conf
expect 0 "$SENDWATCH" replay -c detect.conf "$logs"
has out 'No account was flagged'
printf '[judge]\nflagged = 22\nwatch = 14\n' > detect.conf.d/20.conf
expect 0 "$SENDWATCH" replay -c detect.conf "$logs"
has out 'FLAGGED'

# What is to stand in the topmost folder is looked for there, and not where check was typed.
rm -r detect.conf.d
printf '[journal]\nfile = /verdicts.ndjson\n[watch]\nstate = %s\n' "$TMP" > detect.conf
"$SENDWATCH" check -c detect.conf > out 2> err
has out '[journal] file: /: '
