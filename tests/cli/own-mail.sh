#!/bin/sh
# What sendwatch itself sends, without an envelope sender, is no account's mail: neither by sendmail nor by SMTP.
. "$TOP/tests/shell.sh"

echo 'sendwatch:x:998:998::/var/lib/sendwatch:/usr/sbin/nologin' > passwd
cat > mail.log << 'EOS'
2026-11-17T10:00:00.1+00:00 mx1 postfix/pickup[10]: 4F2A3B1C2D: uid=998 from=<>
2026-11-17T10:00:00.2+00:00 mx1 postfix/cleanup[11]: 4F2A3B1C2D: message-id=<abc.sendwatch@mx1>
2026-11-17T10:00:00.3+00:00 mx1 postfix/qmgr[12]: 4F2A3B1C2D: from=<>, size=900, nrcpt=1 (queue active)
2026-11-17T10:00:01.1+00:00 mx1 postfix/smtp[13]: 4F2A3B1C2D: to=<noc@example.com>, relay=mx.example.com[192.0.2.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok)
2026-11-17T10:00:01.2+00:00 mx1 postfix/qmgr[12]: 4F2A3B1C2D: removed
2026-11-17T10:01:00.2+00:00 mx1 postfix/smtpd[14]: 4F2A3B1C2E: client=localhost[127.0.0.1]
2026-11-17T10:01:00.2+00:00 mx1 postfix/cleanup[11]: 4F2A3B1C2E: message-id=<abd.sendwatch@mx1>
2026-11-17T10:01:00.3+00:00 mx1 postfix/qmgr[12]: 4F2A3B1C2E: from=<>, size=900, nrcpt=1 (queue active)
2026-11-17T10:01:01.1+00:00 mx1 postfix/smtp[13]: 4F2A3B1C2E: to=<noc@example.com>, relay=mx.example.com[192.0.2.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok)
2026-11-17T10:01:01.2+00:00 mx1 postfix/qmgr[12]: 4F2A3B1C2E: removed
EOS
expect 0 "$SENDWATCH" parse --attempts --passwd passwd mail.log
[ "$(grep -c '"account":null' out)" = 2 ] || die "counted as an account's: $(cat out)"
