#!/bin/sh
# At rest nothing wakes the daemon but what is due once a minute: what it waits in, and for how long, the kernel says.
# needs: python3
. "$TOP/tests/watch.sh"

head -100 "$TOP/contrib/samples/postfix/mail.log" > mail.log
settings ''
sed -i '/^save_every/d' detect.conf
follow_watch
[ -r "/proc/$watcher/syscall" ] && [ "$(uname -m)" = x86_64 ] || skip "the kernel does not say what a process waits for"

python3 - "$watcher" << 'PY' || die "it is woken more often than that"
import glob, re, sys, time
process = "/proc/" + sys.argv[1]
# Between the last words and the wait there is some work, and on a busy machine what is due may be near by then: the wait
# is looked for until it is there, through more than one minute.
pause = 0
for attempt in range(2000):
    words = open(process + "/syscall").read().split()
    if words[0] == "7":  # poll(fds, count, milliseconds)
        pause = int(words[3], 16)
    if pause > 50_000:
        break
    time.sleep(0.05)
print("poll waits for %d ms" % pause)
assert 50_000 < pause <= 60_000, pause
timers = []
for info in glob.glob(process + "/fdinfo/*"):
    found = re.search(r"it_value: \((\d+),", open(info).read())
    if found:
        timers.append(int(found.group(1)))
print("timers: %s s" % timers)
assert timers and all(left == 0 or left > 500 for left in timers), timers
PY

stop_watch
