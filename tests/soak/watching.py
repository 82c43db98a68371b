#!/usr/bin/env python3
"""`watch` for SOAK_MINUTES (10) at 5,000 lines a second, with a rotation every twenty seconds and a reload each
minute: all is read up to the last line, open files are at the end as many as after a third of it, and memory has not
grown by more than half since."""
# needs: python3
# seconds: 7200
import datetime
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

SENDWATCH, BUILD, TMP = (os.environ[name] for name in ("SENDWATCH", "BUILD", "TMP"))
PACE = 5000
SECONDS = 60 * float(os.environ.get("SOAK_MINUTES", "10"))


def await_that(what, limit, said):
    end = time.monotonic() + limit
    while not what():
        if time.monotonic() > end:
            sys.exit(said)
        time.sleep(0.05)


def used(pid):
    """KiB in memory, and open files."""
    for line in open("/proc/%d/status" % pid):
        if line.startswith("VmRSS"):
            return int(line.split()[1]), len(os.listdir("/proc/%d/fd" % pid))
    return 0, 0


def least_used(pid, seconds=10):
    """The least of some time: a reload builds all anew beside what is there, with files of its own."""
    end, least = time.monotonic() + seconds, used(pid)
    while time.monotonic() < end:
        time.sleep(0.2)
        least = tuple(map(min, least, used(pid)))
    return least


def lag():
    """Bytes that are not read yet, as its metrics say."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(TMP + "/status.sock")
        client.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(65536), b"")).decode()
    return max(map(int, re.findall(r"^sendwatch_source_lag_bytes\S* (\d+)$", answer, re.M)), default=-1)


def mark(log):
    """The stamp of the line up to which the last snapshot has LOG, in microseconds."""
    for line in open("state/snapshot", errors="replace"):
        words = line.split()
        if words[:1] == ["mark"] and words[-1] == str(log):
            return int(words[1])
    return None


def main():
    log = pathlib.Path(TMP, "mail.log")
    log.touch()
    pathlib.Path("passwd").write_text("".join("u%d:x:%d:\n" % (uid, uid) for uid in range(1000, 4000)))
    pathlib.Path("detect.conf").write_text(
        "[logs]\nfiles = %s\ntimezone = UTC\nstart = beginning\n[ledger]\npasswd = %s/passwd\n[watch]\nstate = %s/state\n"
        "[journal]\nfile = %s/verdicts.ndjson\n[status]\nlisten = %s/status.sock\n"
        % (log, TMP, TMP, TMP, TMP)
    )
    watch = subprocess.Popen([SENDWATCH, "watch", "-c", "detect.conf"], stderr=open("watch.err", "w"))
    lines = subprocess.Popen(
        [
            BUILD + "/generate",
            "postfix",
            str(int(PACE * SECONDS)),
            "rate=%d" % PACE,
            "start=%d" % time.time(),
            "stamps=iso",
        ],
        stdout=subprocess.PIPE,
    ).stdout
    await_that(lambda: "follows" in open("watch.err").read(), 60, "watch does not follow its log")
    start, written, rotated, early = time.monotonic(), 0, 0, None
    out = open(log, "ab", buffering=0)
    while written < int(PACE * SECONDS):
        now = time.monotonic() - start
        piece = b"".join(lines.readline() for _ in range(min(int(now * PACE), int(PACE * SECONDS)) - written))
        out.write(piece)
        written += piece.count(b"\n")
        if now // 20 > rotated:
            rotated = now // 20
            os.replace(log, str(log) + ".1")
            out = open(log, "ab", buffering=0)
            if rotated % 3 == 0:
                watch.send_signal(signal.SIGHUP)
        if SECONDS / 3 < now < SECONDS / 3 + 10:
            early = tuple(map(min, early or used(watch.pid), used(watch.pid)))
        if watch.poll() is not None:
            sys.exit("watch ended: " + open("watch.err").read()[-2000:])
        time.sleep(0.01)
    await_that(lambda: lag() == 0, 60, "not all is read")
    late = least_used(watch.pid)
    print(
        "note: %d KiB and %d files after a third, %d KiB and %d files at the end, %d rotations"
        % (*early, *late, rotated)
    )
    watch.send_signal(signal.SIGTERM)
    if watch.wait(60) != 0:
        sys.exit("watch ended with %d: %s" % (watch.returncode, open("watch.err").read()[-2000:]))
    last = datetime.datetime.fromisoformat(piece.splitlines()[-1].split()[0].decode())
    if mark(log) != int(last.timestamp()) * 1000000 + last.microsecond:
        sys.exit("the last line, of %s, is not what the snapshot ends with: %s" % (last, mark(log)))
    # Accounts learn for minutes whom they write to, and a reload builds all anew beside what is there: of what that
    # leaves, the C library keeps half.
    if late[1] > early[1] + 2 or (SECONDS >= 300 and late[0] > early[0] * 1.5):
        sys.exit("it grows")
    if os.path.getsize("verdicts.ndjson") == 0:
        sys.exit("nobody was found")


main()
