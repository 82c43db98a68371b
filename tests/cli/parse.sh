#!/bin/sh
# What parse prints is an interface: keys and their order stay.
# needs: python3
. "$TOP/tests/shell.sh"

for logs in "$TOP/contrib/samples/postfix/mail.log*" "$TOP/contrib/samples/exim/mainlog*"; do
	expect 0 "$SENDWATCH" parse "$logs"
	python3 - << 'PY' || die "the events of $logs are not as agreed"
import json
times = []
for line in open("out"):
    event = json.loads(line)
    keys = list(event)
    assert keys[:2] == ["type", "time"] and event["type"] == "event", keys
    assert "kind" in event and "mta" in event, keys
    assert None not in event.values(), event
    times.append(event["time"])
assert len(times) > 1000
assert [time[:19] for time in times] == sorted(time[:19] for time in times), "not in the order of time"
PY
	expect 0 "$SENDWATCH" parse --attempts "$logs"
	python3 - << 'PY' || die "the attempts of $logs are not as agreed"
import json
wanted = ["type", "time", "account", "queue_id", "queue_ids", "message_id", "sender", "recipient",
          "original_recipient", "direction", "outcome", "class", "dsn", "reply", "provider", "relay", "relay_ip",
          "client_ip", "helo", "host", "mta", "attempts"]
outcomes = {"delivered", "deferred", "bounced", "expired", "held", "discarded", "unknown"}
directions = {"outbound", "inbound", "internal", "bounce", "forwarded", "unknown"}
count = 0
for line in open("out"):
    attempt = json.loads(line)
    assert list(attempt)[:len(wanted)] == wanted, list(attempt)
    assert attempt["outcome"] in outcomes and attempt["direction"] in directions, attempt
    assert attempt["queue_ids"][0] == attempt["queue_id"] and attempt["attempts"] >= 1, attempt
    count += 1
assert count > 1000, count
PY
	expect 0 "$SENDWATCH" parse --coverage "$logs"
	has out '100.00 %'
done

# Coverage names what it does not know, once for each shape, with a sample.
cat > new.log << 'EOF'
Nov 17 10:00:00 mx1 postfix/smtp[1]: quantum link to <a@b.example> lost after 3 s
Nov 17 10:00:01 mx1 postfix/smtp[2]: quantum link to <c@d.example> lost after 41 s
Nov 17 10:00:02 mx1 postfix/smtp[2]: 4F2A3B0C1D: to=<x@y.example>, relay=y.example[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)
Nov 17 10:00:03 mx1 cron[7]: something else
EOF
expect 0 "$SENDWATCH" parse --coverage --year 2026 new.log
has out '33.33 %'
has out 'quantum link to <a@b.example>'
lacks out '<c@d.example>'
has out 'Lines of other programs, passed over: 1'
expect 0 "$SENDWATCH" parse --coverage --format ndjson --year 2026 new.log
has out '{"type":"coverage","program":null,"lines":3,"unknown":2,"share":0.3333}'
has out '"lines":2,"sample":"Nov 17 10:00:00 mx1 postfix/smtp[1]: quantum link'

# Text of strangers stays text: bytes that are not UTF-8, and control bytes.
printf 'Nov 17 10:00:00 mx1 postfix/smtpd[1]: 4F2A3B0C1D: client=x[192.0.2.9], sasl_method=PLAIN, sasl_username=b\377b\033[2J@x.example\n' > hostile.log
expect 0 "$SENDWATCH" parse --year 2026 hostile.log
python3 - << 'PY' || die "hostile text"
import json
event = json.loads(open("out", encoding="utf-8").read())
assert event["login"] == "b\ufffdb\x1b[2J@x.example", event
PY
! grep -q "$(printf '\033')" out || die "an escape reached the terminal"
expect 2 "$SENDWATCH" parse --attempts --coverage mail.log
has err 'not both'
# Lines that are not understood name nobody.
expect 2 "$SENDWATCH" parse --coverage --account bob@example.com new.log
has err '--coverage is of all lines: no --account beside it'
