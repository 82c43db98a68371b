#!/bin/bash
# setup looks at machines of every kind, writes for each the settings that fit it, and changes nothing but its file.
# `tests/cli/setup.sh update` takes what it says now for right.
TOP=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
SENDWATCH=${SENDWATCH:-$TOP/sendwatch}
TMP=${TMP:-$(mktemp -d)}
cd "$TMP" || exit 1
. "$TOP/tests/shell.sh"

. "$TOP/tests/setup/tree"

for machine in "$TOP"/tests/setup/*.tree; do
	name=$(basename "$machine" .tree)
	tree "$machine" tree
	find tree -printf '%p %s %m %T@\n' | sort > before
	expect 0 timeout 20 "$SENDWATCH" setup --root tree
	find tree -printf '%p %s %m %T@\n' | sort | diff before - || die "$name: something was changed"
	if [ "${1:-}" = update ]; then
		cp out "$TOP/tests/setup/$name.conf"
		cp err "$TOP/tests/setup/$name.steps"
		continue
	fi
	diff -u "$TOP/tests/setup/$name.conf" out || die "$name: other settings"
	diff -u "$TOP/tests/setup/$name.steps" err || die "$name: other steps"
	# They are settings, and none of them lets it act or tells anybody elsewhere.
	cp out conf
	"$SENDWATCH" check -c conf > checked 2>&1
	[ $? != 2 ] || die "$name: $(cat checked)"
	! grep -n '^dry_run' conf || die "$name: it would act"
	[ -z "$(grep -n '[^ -~]' conf err)" ] || die "$name: not plain text"
done
[ "${1:-}" != update ] || exit 0
[ ! -e pwned ] || die "something was run"

# Written only where nothing was, or with --force, and then the old one is kept.
tree "$TOP/tests/setup/debian-postfix.tree" tree
expect 0 "$SENDWATCH" setup --root tree --write new.conf
has out 'wrote new.conf'
has out 'What is left to do'
cmp new.conf "$TOP/tests/setup/debian-postfix.conf" || die "what it writes is not what it prints"
[ "$(stat -c %a new.conf)" = 640 ] || die "anybody may read it"
echo mine > new.conf
expect 1 "$SENDWATCH" setup --root tree --write new.conf
has err 'is there already'
has new.conf mine
expect 0 "$SENDWATCH" setup --root tree --write new.conf --force
has new.conf '[policy]'
[ "$(cat new.conf.2*)" = mine ] || die "the old one is gone"
expect 1 "$SENDWATCH" setup --root nowhere
expect 1 "$SENDWATCH" setup --root tree --write no/such/folder.conf
expect 2 "$SENDWATCH" setup somewhere
