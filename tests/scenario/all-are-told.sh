#!/bin/sh
# A flagged account is told to all at once: a signed webhook that the receiver of contrib believes, a chat, a mail by
# SMTP, one by sendmail, the account's owner, and a command, whose exit status stands in the journal.
# needs: python3 gzip
. "$TOP/tests/watch.sh"

sink='' believer=''
stop_more()
{
	[ -z "$sink" ] || kill -9 "$sink" 2> /dev/null
	[ -z "$believer" ] || kill -9 "$believer" 2> /dev/null
	stop_all
}
trap stop_more EXIT

"$TOP/tests/receiver/smtp.py" . &
sink=$!
echo ' geheim ' > secret
"$TOP/contrib/receivers/receive.py" --secret-file secret --listen 127.0.0.1:0 > believed 2> believer &
believer=$!
await 10 test -s smtp-port
await 10 grep -q 'listening on port' believer
start_receiver 200
cat > tell << 'SH'
#!/bin/sh
env | grep -v -e '^PWD=' -e '^SHLVL=' -e '^_=' | sort >> "$1/environment"
cat >> "$1/told"
echo >> "$1/told"
exit 3
SH
cat > sendmail << 'SH'
#!/bin/sh
echo "$*" >> "$(dirname "$0")/sendmail-called"
cat >> "$(dirname "$0")/sendmail-mail"
SH
chmod +x tell sendmail
settings ''
cat >> detect.conf << EOS
[webhook signed]
url = http://127.0.0.1:$(sed 's/.* //' believer)/
secret_file = $TMP/secret
states = flagged
[webhook chat]
url = http://127.0.0.1:$(cat port)/chat
template = slack
states = flagged
[mail noc]
to = noc@example.com, second@example.com
smtp = smtp://127.0.0.1:$(cat smtp-port)
from = sendwatch@mx.example.com
states = flagged
[mail local]
to = root@localhost
sendmail = $TMP/sendmail
states = flagged
[mail owners]
owner = yes
smtp = smtp://127.0.0.1:$(cat smtp-port)
states = flagged, disabled
[command ticket]
run = $TMP/tell, $TMP, --queue abuse
states = flagged
EOS
"$SENDWATCH" check -c detect.conf > checked 2>&1
for label in 'webhook signed' 'webhook chat' 'mail noc' 'mail local' 'mail owners' 'command ticket'; do
	has checked "ok     [$label] can be used"
done
day > mail.log
start_watch
await 20 in_journal '"state":"disabled"'
await 10 requests 1
await 10 in_journal '"action":"delivered","target":"signed"'
await 10 in_journal '"action":"delivered","target":"mail:noc"'
await 10 in_journal '"action":"delivered","target":"mail:local","tries":1,"status":0'
await 10 in_journal '"action":"delivered","target":"mail:owners"'
await 10 in_journal '"action":"failed","target":"command:ticket","tries":1,"status":3'
stop_watch
has watch.err 'command ticket was not told of'
lacks watch.err geheim
lacks verdicts.ndjson geheim
[ "$(cat sendmail-called)" = '-i -f <> -- root@localhost' ] || die "sendmail was called otherwise: $(cat sendmail-called)"
[ "$(cat environment)" = 'LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' ] || die "not a closed environment: $(cat environment)"

python3 - << 'PY' || die "not told as promised"
import email, email.policy, json
flagged = [json.loads(line) for line in open("verdicts.ndjson") if '"state":"flagged"' in line][0]
believed = [json.loads(line) for line in open("believed")]
assert believed == [flagged], believed
assert json.loads(open("told").read()) == flagged
chat = json.loads(json.loads(open("requests").readline())["body"])
assert chat["text"] == "nils@notary.example is flagged", chat
mails = {tuple(mail["to"]): mail for mail in map(json.loads, open("mails"))}
noc = mails[("<noc@example.com>", "<second@example.com>")]
owner = mails[("<nils@notary.example>",)]
assert len(mails) == 2 and sum(1 for line in open("mails")) == 2, "told that it is disabled"
assert noc["from"].split()[0] == "<>" and owner["from"].split()[0] == "<>"
for data in (noc["data"], owner["data"], open("sendmail-mail").read()):
    letter = email.message_from_string(data, policy=email.policy.default)
    assert not letter.defects, letter.defects
    assert letter["Auto-Submitted"] == "auto-generated" and letter["Date"].datetime
    assert letter["Message-ID"].startswith("<" + flagged["id"] + ".sendwatch@"), letter["Message-ID"]
    assert letter["Subject"] == "sendwatch: nils@notary.example is flagged", letter["Subject"]
    assert flagged["evidence"][0]["text"] in letter.get_content(), letter.get_content()
PY

# What is not signed, signed by another, or signed long ago, is not believed.
python3 - "$TOP/contrib/receivers/receive.py" << 'PY' || die "the receiver believes what it should not"
import hashlib, hmac, importlib.util, sys
spec = importlib.util.spec_from_file_location("receive", sys.argv[1])
receive = importlib.util.module_from_spec(spec)
spec.loader.exec_module(receive)
good = lambda secret, stamp, body: "t=%s,v1=%s" % (stamp, hmac.new(secret, b"%s.%s" % (stamp.encode(), body), hashlib.sha256).hexdigest())
header = good(b"k", "1000", b"{}")
assert receive.verify(b"k", header, b"{}", 1000) and receive.verify(b"k", header, b"{}", 1300)
assert receive.verify(b"k", header + ",v1=00", b"{}", 1000)
for secret, given, body, now in ((b"l", header, b"{}", 1000), (b"k", header, b"{} ", 1000), (b"k", header, b"{}", 1301),
                                 (b"k", header, b"{}", 699), (b"k", None, b"{}", 1000), (b"k", "", b"{}", 1000),
                                 (b"k", header.replace("1000", "1001"), b"{}", 1000), (b"k", "t=1000", b"{}", 1000),
                                 (b"k", header.replace("t=1000", "t=\u0661"), b"{}", 1000), (b"k", "v1=" + "\u00e4", b"{}", 1000)):
    assert not receive.verify(secret, given, body, now), (secret, given, body, now)
PY

# What was done has no score and no replies, and a mail about it says nothing of these.
mkdir acts
cp sendmail acts/
printf '%s\n' '[mail acts]' 'to = root@localhost' "sendmail = $TMP/acts/sendmail" 'types = act' >> detect.conf
follow_watch
expect 0 "$SENDWATCH" release -c detect.conf nils@notary.example
await 10 in_journal '"action":"delivered","target":"mail:acts"'
stop_watch
has acts/sendmail-mail released
lacks acts/sendmail-mail 'replies:'
lacks acts/sendmail-mail 'score'
