#!/bin/sh
# The alert rules are sound and say what their tests say; rules and dashboard ask for metrics that there are.
# needs: python3 gzip
. "$TOP/tests/watch.sh"

printf '[status]\nlisten = %s/status.sock\n[webhook ops]\nurl = http://127.0.0.1:9/\n' "$TMP" > extra
settings "" extra
tail -n 200 "$TOP/contrib/samples/postfix/mail.log" > mail.log
follow_watch
await 20 test -S status.sock
python3 - "$TOP" << 'PY' || die "a metric is asked for that there is not"
import http.client, json, re, socket, sys
ask = http.client.HTTPConnection("localhost")
ask.sock = socket.socket(socket.AF_UNIX)
ask.sock.connect("status.sock")
ask.request("GET", "/metrics")
text = ask.getresponse().read().decode()
there = set(re.findall(r"^# TYPE (\S+)", text, re.M)) | {"up"}
there |= {name + end for name in there for end in ("_bucket", "_sum", "_count")}
folder = sys.argv[1] + "/contrib"
board = json.load(open(folder + "/grafana/sendwatch.json"))
asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
asked += re.findall(r"^        expr: (.*)$", open(folder + "/prometheus/sendwatch.rules.yml").read(), re.M)
assert len(asked) > 30, asked
names = set(re.findall(r"\b((?:sendwatch|process)_[a-z_]+)", " ".join(asked)))
print(names - there)
sys.exit(bool(names - there))
PY
stop_watch
PATH=$PATH:$BUILD/peers/usr/bin
if command -v promtool > /dev/null; then
	promtool check rules "$TOP/contrib/prometheus/sendwatch.rules.yml" > said 2>&1 || die "$(cat said)"
	(cd "$TOP/contrib/prometheus" && promtool test rules sendwatch.test.yml) > said 2>&1 || die "$(cat said)"
else
	echo "note: promtool is not here: the alert rules are not tried"
fi
