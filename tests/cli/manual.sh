#!/bin/sh
# The manual pages know every command, every option and every key that the program has.
# needs: python3
. "$TOP/tests/shell.sh"
pages="$TOP/contrib/man"

for command in $("$SENDWATCH" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
	has "$pages/sendwatch.1" ".It Cm $command"
done
for option in $("$SENDWATCH" replay --help | sed -n 's/^  --\([a-z-]*\).*/\1/p' | grep -v help); do
	grep -qE "^\.It Fl (.*, )?-$option|, (Fl )?-$option" "$pages/sendwatch.1" || die "sendwatch.1 lacks --$option"
done
{
	"$SENDWATCH" replay --format ndjson "$TOP/contrib/samples/postfix/mail.log*"
	"$SENDWATCH" health --format ndjson "$TOP/contrib/samples/postfix/mail.log*"
	"$SENDWATCH" explain --format ndjson "554 5.7.1 blocked using zen.spamhaus.org"
	for logs in postfix/mail.log exim/mainlog; do
		"$SENDWATCH" parse "$TOP/contrib/samples/$logs*"
		"$SENDWATCH" parse --attempts "$TOP/contrib/samples/$logs*"
		"$SENDWATCH" parse --coverage --format ndjson "$TOP/contrib/samples/$logs*"
	done
} > json
python3 - "$pages/sendwatch-events.5" << 'PY' || die "sendwatch-events.5 lacks them"
import json
import re
import sys
words = set(re.findall(r"[a-z_0-9]+", open(sys.argv[1]).read()))
missing = set()


def look(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in words:
                missing.add(key)
            look(inner)
    elif isinstance(value, list):
        for inner in value:
            look(inner)


for line in open("json"):
    entry = json.loads(line)
    look(entry)
    for key in ("kind", "mta", "outcome", "phase", "direction", "state"):
        if entry.get(key) is not None and entry[key] not in words:
            missing.add(entry[key])
print(*sorted(missing))
sys.exit(bool(missing))
PY
