"""Counts of what sendwatch says about a log, to hold against another program's."""
import collections
import json
import os
import subprocess
import sys

TOP = os.environ["TOP"]


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, errors="replace")
    return done.stdout


def day(mta):
    """A day of a small server, in one file."""
    run([TOP + "/tests/traffic/day.py", mta, mta, "--seed", "11", "--plain"])
    return mta + "/" + ("mail.log" if mta == "postfix" else "mainlog")


def generated(mta, lines):
    """A stretch of a large server, cut off in the middle of things, as logs are."""
    path = mta + ".log"
    with open(path, "wb") as out:
        subprocess.run(
            [os.environ["BUILD"] + "/generate", mta, str(lines)], stdout=out, check=True
        )
    return path


def parsed(log, *options):
    text = run([os.environ["SENDWATCH"], "parse", "--timezone", "UTC", *options, log])
    return map(json.loads, text.splitlines())


def events(log):
    """Lines by kind, results by outcome, messages that had such a result, and messages queued."""
    kinds, results = collections.Counter(), collections.Counter()
    messages, queued = collections.defaultdict(set), set()
    for event in parsed(log):
        kinds[event["kind"]] += 1
        if event["kind"] == "result":
            results[event["outcome"]] += 1
            messages[event["outcome"]].add(event["queue_id"])
        elif event["kind"] == "client":
            queued.add(event["queue_id"])
    return {
        "kinds": kinds,
        "result": results,
        "messages": {outcome: len(ids) for outcome, ids in messages.items()},
        "queued": len(queued),
    }


def attempts(log):
    return collections.Counter(attempt["outcome"] for attempt in parsed(log, "--attempts"))


def same(log, rows):
    """Fail, naming each difference, unless theirs equals ours in every row of (name, theirs, ours)."""
    wrong = 0
    for name, theirs, ours in rows:
        print("%s: %s: %d and %d%s" % (log, name, theirs, ours, "" if theirs == ours else "  DIFFERS"))
        wrong += theirs != ours
    if wrong:
        sys.exit("%s: %d totals differ" % (log, wrong))
