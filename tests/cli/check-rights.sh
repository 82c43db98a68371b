#!/bin/sh
# check has the rights of watch: read_all reads what is root's alone. Who may not see the settings is told so.
# needs: root unshare setpriv
. "$TOP/tests/shell.sh"

chmod 755 .
mkdir state
chown nobody state
: > mail.log
chmod 600 mail.log
conf() # READ_ALL
{
	{
		printf '[logs]\nfiles = %s/mail.log\n[watch]\nstate = %s/state\n' "$TMP" "$TMP"
		printf 'user = nobody\nread_all = %s\n[journal]\nfile = %s/state/verdicts.ndjson\n' "$1" "$TMP"
	} > detect.conf
}
conf no
expect 1 "$SENDWATCH" check -c detect.conf
has out 'WRONG  [logs] files:'
conf yes
expect 0 "$SENDWATCH" check -c detect.conf
has out 'mail.log: can be read'


# A log in a folder that is not its own is not one that is waited for.
mkdir -m 700 hidden
: > hidden/mainlog
: > open.log
conf no
sed -i "s|^files = .*|files = open.log, hidden/mainlog, hidden/*log|" detect.conf
expect 1 "$SENDWATCH" check -c detect.conf
has out 'open.log: can be read'
has out 'WRONG  [logs] files:'
has out 'hidden/mainlog: Permission denied'
has out 'hidden/*log: Permission denied'
sed -i 's/^read_all = no/read_all = yes/' detect.conf
expect 0 "$SENDWATCH" check -c detect.conf

chmod 600 detect.conf
conf no
chmod 644 mail.log
expect 1 "$SENDWATCH" check -c detect.conf
has out 'WRONG  settings: at a reload: detect.conf: Permission denied'

cp "$TOP/contrib/samples/postfix/mail.log" day.log
chmod 644 day.log
cp "$SENDWATCH" program
chmod 755 program
mkdir etc
cat > alone << 'ALONE'
cp -a /etc/. etc/ && mount --bind etc /etc && mkdir -p /etc/sendwatch && chmod 700 /etc/sendwatch &&
	exec setpriv --reuid nobody --clear-groups ./program replay -q day.log
ALONE
unshare -m --propagation private sh alone > out 2> err || die "status $?: $(cat err)"
has err '/etc/sendwatch/detect.conf: Permission denied: goes on with all settings at their defaults'
