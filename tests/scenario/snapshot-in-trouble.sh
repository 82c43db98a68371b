#!/bin/sh
# No room for the snapshot: what was read is not taken for saved, and is saved when there is room again. A snapshot that
# is damaged, cut short or of another version: said, kept aside, and the logs say what can be known.
# needs: python3 prlimit
# seconds: 240
. "$TOP/tests/watch.sh"

settings ''
write_whole 7 3000
lines=$(grep -c '' whole.log)
: > mail.log
grow() { sed -n "$(($1 * lines / 4 + 1)),$((($1 + 1) * lines / 4))p" whole.log >> mail.log; }
said() { grep -qF "$1" watch.err; }
changed_since() { [ "$(stat -c %y state)" != "$1" ]; }
restart()
{
	: > watch.err
	follow_watch
}
counted() # PART: is so much of the log in the snapshot?
{
	saved_up_to "$(sed -n "$((($1 + 1) * lines / 4))p" whole.log | cut -d' ' -f1)"
}
restart
grow 0
await 10 counted 0
# As on a full disk, no file may grow over 4 KB: the snapshot that is there stays.
prlimit --pid "$watcher" --fsize=4096:unlimited || skip "no limits can be set here"
await 10 said 'snapshot: cannot replace' # from here on no other save is under way
cp state/snapshot before
grow 1
for _ in 1 2 3; do # each makes and removes a file
	changed=$(stat -c %y state)
	await 10 changed_since "$changed"
done
cmp -s state/snapshot before || die "the snapshot is not the one from before"
no_half() { [ -z "$(find state -name '*snapshot.tmp*')" ]; } # but for the one that is just being tried
await 10 no_half
kill_watch
restart
await 10 counted 1
# Room again: it goes on by itself.
prlimit --pid "$watcher" --fsize=4096:unlimited
await 10 said 'snapshot: cannot replace'
grow 2
changed=$(stat -c %y state)
await 10 changed_since "$changed"
counted 2 && die "saved what could not be"
prlimit --pid "$watcher" --fsize=unlimited:unlimited
await 10 counted 2
await 5 said 'is saved again'
grow 3
await 10 counted 3
stop_watch
same_totals

# Damaged in each way: it is said and kept, and all is known from the logs, which are all there.
damaged() # WORDS: what is said
{
	rm -f state/snapshot.damaged
	restart
	said "$1" || die "does not say: $1"
	said "it is kept as snapshot.damaged, and what can be known is learned from the logs" || die "what of it?"
	cmp -s state/snapshot.damaged damaged || die "not kept as it was"
	await 10 counted 3
	stop_watch
	same_totals
}
cp state/snapshot whole
head -c "$(($(wc -c < whole) / 2))" whole > damaged
cp damaged state/snapshot
damaged 'damaged, or cut short'
sed '1s/^sendwatch snapshot 2 [0-9a-f]*/sendwatch snapshot 2 0123456789abcdef/' whole > damaged
cp damaged state/snapshot
damaged 'a snapshot of another version'
sed '1s/^sendwatch snapshot 2/sendwatch snapshot 9/' whole > damaged
cp damaged state/snapshot
damaged 'not a snapshot of this version'
: > damaged
: > state/snapshot
damaged 'empty'
