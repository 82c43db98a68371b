#!/bin/sh
# An account sends spam through real Postfix while the receiver of webhooks is down, and watch is killed in the middle.
# When the receiver, which speaks HTTPS under an authority of our own and believes only what is signed, comes up
# after all, it has each alert once by its id. One with another secret believes nothing.
# needs: root python3 postfix dovecot unshare ip openssl
. "$TOP/tests/servers/lab.sh"
. "$TOP/tests/servers/postfix.sh"

# A server for TLS in front of contrib's receiver, as a web server would be.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=authority \
	2> openssl.err || skip "openssl makes no certificate: $(cat openssl.err)"
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout server.key -out server.csr -subj /CN=receiver 2>> openssl.err
printf 'subjectAltName=IP:127.0.0.1\n' > names
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.crt 2>> openssl.err ||
	die "$(cat openssl.err)"
cat server.key server.crt > server.pem
cat > tls.py << 'PY'
import socket, ssl, sys, threading
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("server.pem")
def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
    except OSError:
        pass
    finally:
        for end in (a, b):
            try: end.shutdown(socket.SHUT_RDWR)
            except OSError: pass
server = socket.create_server(("127.0.0.1", 8443))
while True:
    client, _ = server.accept()
    try:
        secure = context.wrap_socket(client, server_side=True)
        inner = socket.create_connection(("127.0.0.1", 8787))
    except OSError:
        client.close()
        continue
    for pair in ((secure, inner), (inner, secure)):
        threading.Thread(target=pump, args=pair, daemon=True).start()
PY
receive() # SECRET-FILE OUT
{
	"$TOP/contrib/receivers/receive.py" --secret-file "$1" --listen 127.0.0.1:8787 > "$2" 2>> receive.err &
	believer=$!
	python3 tls.py 2>> tls.err &
	tls=$!
	await 10 listening 8787
	await 10 listening 8443
}

head -c 24 /dev/urandom | base64 > secret
echo another > wrong
start_sink
start_dovecot $LAB/spool/private/auth postfix
start_postfix "unix:$LAB/spool/private/sendwatch"
cat > extra << MORE
[act]
dry_run = no
[policy]
address = $LAB/spool/private/sendwatch
mode = 0666
[adapter queue]
type = postfix_queue
[webhook ops]
url = https://127.0.0.1:8443/hook
ca = $TMP/ca.pem
secret_file = $TMP/secret
MORE
settings "" extra
follow_watch
client 587 anna@shop.test friend@remote.test other@remote.test > anna
client 587 --until-refused bob@shop.test nobody@a.test none@b.test noone@c.test someone@d.test > bob &
thief=$!
await 20 in_journal '"account":"bob@shop.test"'
kill_watch
: > watch.err
follow_watch
wait $thief || die "the thief's client broke"
has bob "refused 554 5.7.1"
await 10 in_journal '"action":"disabled"'
await 5 grep -q 'webhook ops' watch.err
ls state/outbox/*.parcel > /dev/null || die "nothing waits"

# First somebody with another secret: he believes nothing, and it stays to be delivered.
receive wrong told.wrong
await 10 grep -qE "webhook ops.*401" watch.err
kill $believer $tls
[ ! -s told.wrong ] || die "believed without the secret: $(cat told.wrong)"
receive secret told
await 20 grep -q '"state":"disabled"' told
await 10 sh -c '! ls state/outbox/*.parcel 2> /dev/null'
stop_watch
python3 - << 'PY' || die "$(cat told)"
import json
told = [json.loads(line) for line in open("told")]
ids = [one["id"] for one in told]
assert len(ids) == len(set(ids)), ids
written = [json.loads(line) for line in open("verdicts.ndjson")]
verdicts = {one["id"] for one in written if one["type"] == "verdict" and one["state"] in ("flagged", "disabled")}
missing = verdicts - set(ids) - {e for one in told for e in json.dumps(one).split('"')}
assert verdicts and not missing, missing
print("note: %d alerts of %d verdicts, each once" % (len(ids), len(verdicts)))
PY
