#!/usr/bin/env python3
"""Kill `sendwatch watch` again and again, and Redis masters too: nothing may be lost, nothing counted twice.

    tests/crash/crash.py [--kills N] [--masters N] [--logs N] [--seed N] [--store memory|redis|cluster] [--keep]

A log grows while logrotate rotates it in ways that the seed draws, the collector is killed (SIGKILL) at random
moments, and of a cluster the master of a shard as well. In the end the totals of every account and every domain
must be those of the mail that was made, and each verdict must have been acted on once: of a shared store, where what
is known of an account's neighbours comes at another moment, each that does not hang on them, and others about the same
accounts alone. The last line says so in figures.
"""
import argparse
import collections
import datetime
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import redis_nodes
from mail import EPOCH, Mail

TOP = pathlib.Path(__file__).resolve().parents[2]
SENDWATCH = os.environ.get("SENDWATCH", str(TOP / "sendwatch"))
COUNTED = ("messages", "recipients", "delivered", "invalid")


class Logs:
    """One mail server's log, or several that grow together: what is of one message is in one of them."""

    def __init__(self, folder, draw, lines, count):
        (folder / "logs").mkdir()
        self.lines, self.at, self.draw = lines, 0, draw
        self.logs = [Log(folder, draw, "mail%s.log" % (number or "")) for number in range(count)]

    def grow(self, count):
        for line in self.lines[self.at : self.at + count]:
            queue_id = line.split("]: ", 1)[1].split(":", 1)[0]
            log = self.logs[int(queue_id, 16) % len(self.logs)]
            log.file.write(line + "\n")
            log.last = line.split(" ", 1)[0]
        self.at = min(self.at + count, len(self.lines))

    def rotate(self):
        self.draw.choice(self.logs).rotate(self.grow)

    def are_read(self, snapshot):
        """Does the text of a snapshot have the last line of each?"""
        marks = {
            path: int(time)
            for word, time, _, path in (line.split(" ", 3) for line in snapshot.split("\n\n", 1)[0].split("\n")[1:])
            if word == "mark"
        }
        return all(marks.get(str(log.path)) == in_microseconds(log.last) for log in self.logs if log.last)

    def rotations(self):
        return sum(log.rotations for log in self.logs)


def in_microseconds(stamp):
    return (datetime.datetime.fromisoformat(stamp) - EPOCH) // datetime.timedelta(microseconds=1)


class Log:
    """A log that grows, and that logrotate rotates now and then."""

    def __init__(self, folder, draw, name):
        self.folder, self.draw = folder, draw
        self.rotations, self.last = 0, None
        self.path = folder / "logs" / name
        self.file = open(self.path, "a", buffering=1)
        self.names = draw.choice(["", "dateext\ndateformat -%Y%m%d-%s\n"])
        self.packs = draw.choice(["", "compress\n", "compress\ndelaycompress\n"])
        self.logrotate = shutil.which("logrotate", path=os.environ["PATH"] + ":/usr/sbin:/sbin")

    def rotate(self, grow):
        self.rotations += 1
        way = self.draw.choice(["create", "copytruncate"])
        if self.logrotate is None:
            way = "create"
            self.names = self.packs = ""
            for number in range(self.rotations, 0, -1):
                old = "%s.%d" % (self.path, number - 1) if number > 1 else self.path
                os.rename(old, "%s.%d" % (self.path, number))
        else:
            settings = self.folder / (self.path.name + ".conf")
            settings.write_text(
                "%s {\nrotate 10000\nmissingok\n%s%s%s\n}\n" % (self.path, self.names, self.packs, way)
            )
            settings.chmod(0o644)
            subprocess.run(
                [self.logrotate, "-f", "-s", self.folder / "logrotate.state", settings], check=True
            )
            if self.names:
                time.sleep(1.01)  # its names tell seconds apart
        if "copytruncate" in way:
            return
        if "delay" in self.packs:
            grow(self.draw.randint(0, 8))  # whoever writes has the old file open for a while
        self.file = open(self.path, "a", buffering=1)


class Collector:
    """`sendwatch watch` in FOLDER."""

    def __init__(self, folder, port, redis):
        self.folder, self.process = folder, None
        with open(folder / "detect.conf", "w") as out:
            out.write("[logs]\nfiles = %s/logs/mail*.log\nstart = beginning\n" % folder)
            out.write("[watch]\nstate = %s/state\nsave_every = 100ms\n" % folder)
            out.write("[journal]\nfile = %s/verdicts.ndjson\n[outbox]\npause = 100ms\n" % folder)
            out.write("longest_pause = 300ms\n[webhook ops]\nurl = http://127.0.0.1:%s/\n" % port)
            out.write("gather = 0\n")  # each verdict is to be seen, and at once
            out.write(redis)

    def start(self):
        with open(self.folder / "watch.err", "a") as err:
            self.process = subprocess.Popen(
                [SENDWATCH, "watch", "-c", self.folder / "detect.conf"], stderr=err
            )

    def kill(self):
        if self.process.poll() is not None:
            sys.exit("watch ended by itself: %s" % (self.folder / "watch.err").read_text()[-2000:])
        self.process.kill()
        self.process.wait()

    def finish(self, logs, wanted, seconds):
        """Start once more, until all was read, and what is WANTED was told; then stop in peace."""
        self.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                text = (self.folder / "state" / "snapshot").read_bytes().partition(b"open ")[2]
                if logs.are_read(text.decode(errors="replace")):
                    break
            except OSError:
                pass
            time.sleep(0.05)
        else:
            print((self.folder / "watch.err").read_text()[-3000:])
            sys.exit("not read to the end within %d s" % seconds)
        self.await_quiet(wanted, end)
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(120) != 0:
            sys.exit("watch failed: %s" % (self.folder / "watch.err").read_text()[-2000:])

    def await_quiet(self, wanted, end):
        """Until nothing waits to be told, and for a second nothing more was; what is missing may come later on a slow disk."""
        before, since = None, time.monotonic()
        while time.monotonic() < end and time.monotonic() - since < 1:
            waiting = list((self.folder / "state" / "outbox").glob("*.parcel"))
            now = [path.stat().st_size for path in map(self.folder.joinpath, ("verdicts.ndjson", "requests")) if path.exists()]
            if waiting or now != before or wanted - set(acted_on(self.folder)):
                before, since = now, time.monotonic()
            time.sleep(0.05)

    def totals(self, accounts):
        said = subprocess.run(
            [SENDWATCH, "show", "-c", self.folder / "detect.conf", "--format", "ndjson", *accounts],
            capture_output=True,
            text=True,
        )
        rows = map(json.loads, said.stdout.splitlines())
        found = {row.get("account", row.get("group")): row for row in rows}
        return {name: {key: found.get(name, {}).get(key + "_7d", 0) for key in COUNTED} for name in accounts}


def with_domains(totals):
    """The totals of accounts, and of each domain those of its accounts together."""
    sums = {name: {key: counts[key] for key in COUNTED} for name, counts in totals.items()}
    for name, counts in totals.items():
        domain = sums.setdefault("domain:" + name.split("@")[1], dict.fromkeys(COUNTED, 0))
        for key in COUNTED:
            domain[key] += counts[key]
    return sums


def expected_verdicts(folder, lines, neighbours=True):
    """What replay finds in the whole log, by NEIGHBOURS too or without: (account, state) of those that are acted on."""
    whole, settings = folder / "whole.log", folder / "replay.conf"
    whole.write_text("\n".join(lines) + "\n")
    settings.write_text("" if neighbours else "[campaign]\nmost = 0\n")
    said = subprocess.run(
        [SENDWATCH, "replay", "-c", settings, "-q", "--format", "ndjson", whole], capture_output=True, text=True, check=True
    )
    rows = [json.loads(line) for line in said.stdout.splitlines()]
    return {
        (row["account"], row["state"])
        for row in rows
        if row.get("type") == "verdict" and row["state"] in ("flagged", "disabled")
    }


def acted_on(folder):
    """By (account, state), the ids under which a receiver was told."""
    told = collections.defaultdict(set)
    if (folder / "requests").exists():
        for line in open(folder / "requests"):
            request = json.loads(line)
            body = json.loads(request["body"])
            if body.get("type") == "verdict":
                told[body["account"], body["state"]].add(request["headers"]["idempotency-key"])
    return told


def receiver(folder):
    process = subprocess.Popen([sys.executable, TOP / "tests/receiver/receiver.py", folder, "200"])
    while not (folder / "port").exists():
        time.sleep(0.02)
    return process, (folder / "port").read_text()


def disturb(given, draw, log, collector, nodes):
    """The kills, while the log grows to its end."""
    masters = set(draw.sample(range(given.kills), given.masters)) if nodes else set()
    slice_ = len(log.lines) // (given.kills + 1) + 1
    for number in range(given.kills):
        collector.start()
        until = time.monotonic() + draw.choice([0.02, 0.1, 0.25, 0.5]) * draw.random() * 2
        left = slice_
        if number in masters:
            nodes.kill_master(draw)
        while left > 0 or time.monotonic() < until:
            some = min(left, draw.randint(1, 20))
            log.grow(some)
            left -= some
            time.sleep(draw.random() * 0.02)
            if draw.random() < 0.02:
                log.rotate()
            if left > 0 and time.monotonic() >= until and draw.random() < 0.5:
                break
        collector.kill()
        log.grow(left)
        if draw.random() < 0.2:
            log.rotate()
    log.grow(len(log.lines))


def judge(given, kind, mail, log, collector, folder):
    """The last line; 1 where something is not as it should be."""
    expected = with_domains(mail.totals)
    found = collector.totals(sorted(expected))
    wrong = [name for name in expected if any(found[name][key] != expected[name][key] for key in COUNTED)]
    for name in wrong[:10]:
        print("WRONG  %s: counted %s instead of %s" % (name, found[name], dict(expected[name])))
    found_by_all, told = expected_verdicts(folder, log.lines), acted_on(folder)
    wanted = expected_verdicts(folder, log.lines, kind == "memory") & found_by_all
    missing, double = wanted - set(told), [key for key in told if len(told[key]) > 1]
    for key in sorted(missing):
        print("WRONG  never acted on: %s %s" % key)
    for key in double:
        print("WRONG  acted on %d times: %s %s" % (len(told[key]), *key))
    needless = set(told) - found_by_all
    if kind != "memory":
        needless = {key for key in needless if key[0] not in {account for account, _ in found_by_all}}
    for key in sorted(needless):
        print("WRONG  acted on without need: %s %s" % key)
    print(
        "%s: %d kills%s, %d rotations, attempts %d expected %d counted, verdicts %d of %d expected %d acted on"
        % (
            kind,
            given.kills,
            ", %d of masters" % given.masters if kind == "cluster" else "",
            log.rotations(),
            sum(expected[name]["recipients"] for name in mail.totals),
            sum(found[name]["recipients"] for name in mail.totals),
            len(wanted),
            len(found_by_all),
            sum(len(ids) for ids in told.values()),
        )
    )
    return 1 if wrong or missing or double or needless else 0


def run(given, kind):
    draw = random.Random("%d %s" % (given.seed, kind))
    mail = Mail(given.seed, max(3000, given.kills * 60))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sendwatch-crash-"))
    started, nodes, collector = [], None, None
    try:
        process, port = receiver(folder)
        started.append(process)
        settings = ""
        if kind != "memory":
            nodes = redis_nodes.Cluster(folder) if kind == "cluster" else redis_nodes.Single(folder)
            settings = nodes.settings()
        log = Logs(folder, draw, mail.lines, given.logs)
        collector = Collector(folder, port, settings)
        disturb(given, draw, log, collector, nodes if kind == "cluster" else None)
        if nodes:
            nodes.recover()
        collector.finish(log, expected_verdicts(folder, log.lines, kind == "memory"), 120)
        return judge(given, kind, mail, log, collector, folder)
    finally:
        if collector and collector.process and collector.process.poll() is None:
            collector.process.kill()
        for process in started:
            process.kill()
        if nodes:
            nodes.stop()
        if given.keep:
            print("kept: %s" % folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--kills", type=int, default=200)
    arguments.add_argument("--masters", type=int)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--store", choices=["memory", "redis", "cluster", "all"], default="all")
    arguments.add_argument("--logs", type=int, default=1, help="how many logs grow at once, found by a glob")
    arguments.add_argument("--keep", action="store_true")
    given = arguments.parse_args()
    if given.masters is None:
        given.masters = min(10, max(1, given.kills // 20))
    kinds = ["memory", "cluster"] if given.store == "all" else [given.store]
    if not redis_nodes.here():
        print("redis-server and redis-cli are not here: with the memory store alone")
        kinds = ["memory"]
    sys.exit(max([run(given, kind) for kind in kinds]))


main()
