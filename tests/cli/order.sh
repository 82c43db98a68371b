#!/bin/sh
# A sorted log tells the same; one with its newest lines first says so.
. "$TOP/tests/shell.sh"

"$BUILD/generate" postfix 30000 > mail.log
LC_ALL=C sort mail.log > sorted
! cmp -s mail.log sorted || die "the log is sorted already"
for log in mail.log sorted; do
	expect 0 "$SENDWATCH" replay --year 2026 --timezone UTC --passwd /dev/null $log
	sed -n 2p out > $log.sums
done
cmp mail.log.sums sorted.sums || die "$(cat mail.log.sums sorted.sums)"

tac mail.log > backwards
expect 1 "$SENDWATCH" replay --year 2026 --timezone UTC --passwd /dev/null backwards
has out 'backwards: its newest lines stand first'
tac backwards > turned
expect 0 "$SENDWATCH" replay --year 2026 --timezone UTC --passwd /dev/null turned
