#!/bin/sh
# The excerpt in README.md is what the program says of the bundled day. Where the words or the weights have
# changed since, this is a note and no failure; `tests/cli/readme.sh update` brings it up to date.
# plain: replay.sh reads the same day
TOP=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
SENDWATCH=${SENDWATCH:-$TOP/sendwatch}
TMP=${TMP:-$(mktemp -d)}
cd "$TOP" || exit 1
grep -qxF '<!-- excerpt: postfix -->' README.md || { echo "README.md has no place for the excerpt"; exit 1; }
{
	echo
	echo '    $ sendwatch replay contrib/samples/postfix/mail.log*'
	echo
	TZ=UTC "$SENDWATCH" replay 'contrib/samples/postfix/mail.log*' 2> "$TMP/errors" | sed 's/^./    &/'
	echo
} > "$TMP/excerpt"
[ ! -s "$TMP/errors" ] || { cat "$TMP/errors"; exit 1; }
awk -v excerpt="$TMP/excerpt" '
/^<!-- excerpt: postfix -->/ { print; while ((getline line < excerpt) > 0) print line; skipping = 1 }
/^<!-- \/excerpt -->/ { skipping = 0 }
!skipping { print }' README.md > "$TMP/README.md"
[ "${1:-}" != update ] || exec cp "$TMP/README.md" README.md
diff -u README.md "$TMP/README.md" || echo "note: the excerpt in README.md is out of date"
