#!/usr/bin/env python3
"""Compare what sendwatch makes of real servers' logs with what was really sent, recipient by recipient.

    tests/truth/captures.py [--program ./sendwatch] [--lab DIR] [--simulated DIR]... [--show N]

--lab DIR holds captures: folders with mail.log.gz (and its variants), rotated/ and truth.ndjson.gz, one line
for each recipient that was submitted: kind, login, user, from, rcpt, qid, mid, stage, final. --simulated DIR
holds logs, passwd and attempts.csv.gz (time, account, message, rcpt, outcome). What is not there is named as
skipped. Every account must agree, and 99.9 % of the outcomes; differences that the log itself cannot tell are
explained by name and not held against it. Exit status 1 where that fails, 77 where there is nothing to compare.
"""
# needs: python3
# seconds: 300
import argparse, collections, csv, glob, gzip, json, os, re, subprocess, sys, tempfile

# What the remote side saw, and the outcomes that the server can have logged for it.
ALLOWED = {
    "delivered": {"delivered"},
    "local": {"delivered", "bounced"},
    "rejected": {"bounced", "deferred", "expired"},
    "bad-domain": {"bounced"},
    "unreachable": {"deferred", "bounced", "expired"},
    "connect-refused": {"deferred", "bounced", "expired"},
    "deferred": {"deferred", "bounced", "expired"},
}


def attempts(program, logs, extra=()):
    """Attempts as `parse --attempts` prints them."""
    command = [program, "parse", "--attempts", "--format", "ndjson", "--timezone", "UTC", *extra, *logs]
    run = subprocess.Popen(command, stdout=subprocess.PIPE)
    for line in run.stdout:
        attempt = json.loads(line)
        if attempt.get("type") == "attempt":
            yield attempt
    if run.wait() != 0:
        sys.exit("%s: exit status %d" % (" ".join(command), run.returncode))


def low(text):
    return (text or "").lower()


def unangle(text):
    return (text or "").strip("<>")


def truth_account(row):
    if row["kind"] == "sendmail":
        return "local:" + row["user"]
    if row["kind"] == "inbound":
        return ""
    return low(row["account"])


def explain(row, attempt):
    """Why the log cannot agree with the remote side, or None."""
    if attempt["outcome"] in ("deferred", "bounced", "expired") and row["final"] == "delivered":
        reply = low(attempt.get("reply"))
        codes = [answer["code"] for answer in row["sink"]]
        if 250 in codes and any(code != 250 for code in codes):
            return "the remote took it, its answer was lost, and it refused the second try"
        if "timed out" in reply or "timeout" in reply or "lost connection" in reply:
            return "the remote took it, but its answer came too late"
    if row["final"] == "rejected" and attempt["outcome"] == "delivered" and not row.get("sink"):
        return "no remote answer is recorded"
    if row["final"] == "unseen" and '"' in row["rcpt"]:
        return "the remote side took a quoted address for another"
    return None


class Score:
    def __init__(self, name, show):
        self.name, self.show = name, show
        self.counts, self.shown = collections.Counter(), []

    def note(self, what, *detail):
        self.counts[what] += 1
        if detail and len(self.shown) < self.show:
            self.shown.append("%s: %s" % (what, " ".join(map(str, detail))))

    def report(self):
        counts = self.counts
        print("%s: %s" % (self.name, ", ".join("%s %d" % pair for pair in sorted(counts.items()))))
        for line in self.shown:
            print("    " + line)
        outcomes = counts["outcome agrees"] + counts["outcome differs"]
        return (counts["account differs"] == 0 and counts["missing"] == 0 and counts["account agrees"] > 0
                and counts["outcome differs"] <= outcomes / 1000)


def compare_lab(score, program, logs, truth, passwd):
    found = collections.defaultdict(list)
    by_mid = collections.defaultdict(list)
    unmatched = {}
    for attempt in attempts(program, logs, passwd):
        if attempt["account"]:
            unmatched[id(attempt)] = attempt
        names = {low(attempt["recipient"]), low(attempt.get("original_recipient"))} - {""}
        for name in names:
            for queue_id in attempt["queue_ids"]:
                found[queue_id, name].append(attempt)
            by_mid[unangle(attempt.get("message_id")), name].append(attempt)
    for line in gzip.open(truth, "rt"):
        row = json.loads(line)
        if row.get("stage") not in ("queued", "sendmail"):
            score.note("not queued")
            continue
        if row["kind"] == "sendmail":
            got = by_mid.get((unangle(row["mid"]), low(row["rcpt"])))
        else:
            got = found.get((row["qid"], low(row["rcpt"])))
        if not got:
            score.note("missing", row["qid"], row["rcpt"], row["camp"], row["final"])
            continue
        want = truth_account(row)
        for attempt in got:
            unmatched.pop(id(attempt), None)
            account = low(attempt["account"])
            # Nobody's mail that leaves again is charged to the address that forwards it.
            if attempt["direction"] == "forwarded" and want == "" and account == low(attempt["original_recipient"]):
                score.note("forwarded")
            elif account != want:
                score.note("account differs", row["qid"], row["rcpt"], want, account, row["camp"])
                continue
            score.note("account agrees")
        allowed = ALLOWED.get(row["final"], set())
        if any(attempt["outcome"] in allowed for attempt in got):
            score.note("outcome agrees")
        elif explain(row, got[0]):
            score.note("explained: " + explain(row, got[0]))
        else:
            score.note("outcome differs", row["qid"], row["rcpt"], row["final"], got[0]["outcome"], row["camp"],
                       got[0].get("reply"))
    for attempt in unmatched.values():
        score.note("beyond truth", attempt["account"], attempt["queue_ids"], attempt["recipient"], attempt["outcome"])


# The same log as sites write it that hide one or the other tie between the two legs of a filtered message.
HIDDEN = {
    "no XFORWARD": [rb", orig_queue_id=.*"],
    "no XFORWARD, no filter log": [rb", orig_queue_id=.*", rb".* amavis\[.*\n"],
    "only the message-id": [rb", orig_queue_id=.*", rb".* amavis\[.*\n", rb"(?<=10025\): 250 2.0.0 Ok): queued as \w+"],
}


def hidden(log):
    """Variants of LOG in temporary files, by name."""
    if not os.path.exists(log):
        return
    with gzip.open(log, "rb") as file:
        text = file.read()
    if b", orig_queue_id=" not in text[:1000000]:
        return
    for name, patterns in HIDDEN.items():
        changed = text
        for pattern in patterns:
            changed = re.sub(pattern, b"", changed)
        with tempfile.NamedTemporaryFile(suffix=".log") as file:
            file.write(changed)
            file.flush()
            yield name, file.name


def rotated(folder):
    return sorted(path for path in glob.glob(folder + "/rotated/*")
                  if os.path.basename(path).startswith(("mail.log", "mainlog")))


def lab_one(arguments, name, logs, folder):
    score = Score(name, arguments.show)
    with tempfile.NamedTemporaryFile("w", suffix=".passwd") as passwd:
        passwd.write("".join("web%d:x:%d:%d::/home/web%d:/bin/sh\n" % (n, u, u, n)
                             for n, u in ((1, 6000), (2, 6001), (3, 6002))))
        passwd.flush()
        compare_lab(score, arguments.program, logs, folder + "/truth.ndjson.gz", ["--passwd", passwd.name])
    return score.report()


def lab(arguments):
    good = True
    for folder in sorted(glob.glob(arguments.lab + "/*/truth.ndjson.gz")):
        folder = os.path.dirname(folder)
        variants = sorted(glob.glob(folder + "/mail*.log.gz"))
        for name, logs in [(path, [path]) for path in variants] + [(folder + "/rotated", rotated(folder))]:
            if not logs:
                print("skipped: nothing in %s" % name)
                continue
            good &= lab_one(arguments, os.path.relpath(name, arguments.lab), logs, folder)
        for name, log in hidden(folder + "/mail.log.gz"):
            good &= lab_one(arguments, os.path.basename(folder) + ", " + name, [log], folder)
    return good


def simulated(arguments, folder):
    """First outcomes: who, to whom, and whether it was taken at once."""
    score = Score(folder, arguments.show)
    logs = [path for path in glob.glob(folder + "/*") if os.path.basename(path).startswith(("mail.log", "mainlog"))]
    want = collections.defaultdict(list)
    for row in csv.DictReader(gzip.open(folder + "/attempts.csv.gz", "rt", encoding="utf-8")):
        want[row["message"], row["rcpt"]].append(row)
    for attempt in attempts(arguments.program, logs, ["--passwd", folder + "/passwd"]):
        if attempt["account"] is None or attempt["direction"] in ("internal", "inbound", "bounce"):
            continue
        for queue_id in reversed(attempt["queue_ids"]):
            rows = want.get((queue_id, attempt["recipient"]))
            if rows:
                break
        else:
            score.note("not a row of truth", attempt["account"], attempt["queue_id"], attempt["recipient"])
            continue
        row = rows.pop(0)
        if row["account"] == attempt["account"]:
            score.note("account agrees")
        else:
            score.note("account differs", attempt["queue_id"], attempt["recipient"], row["account"], attempt["account"])
        # What is printed is the last outcome: what was taken at once stays taken.
        taken = attempt["outcome"] == "delivered"
        agrees = taken if row["outcome"] == "delivered" else not taken or attempt.get("attempts", 2) > 1
        score.note("outcome agrees" if agrees else "outcome differs")
    for rows in want.values():
        for row in rows:
            score.note("missing", row["account"], row["message"], row["rcpt"], row["outcome"])
    return score.report() and score.counts["not a row of truth"] == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    top = os.environ.get("TOP", ".")
    parser.add_argument("--program", default=os.environ.get("SENDWATCH", "./sendwatch"))
    parser.add_argument("--lab", default=top + "/../shared/data/lab")
    parser.add_argument("--simulated", action="append", default=[])
    parser.add_argument("--show", type=int, default=5)
    arguments = parser.parse_args()
    good = True
    if not arguments.simulated and not glob.glob(arguments.lab + "/*/truth.ndjson.gz"):
        print("skip: no captures of real servers in %s" % arguments.lab)
        return 77
    if glob.glob(arguments.lab + "/*/truth.ndjson.gz"):
        good &= lab(arguments)
    else:
        print("skipped: no captures in %s" % arguments.lab)
    for folder in arguments.simulated:
        if os.path.exists(folder + "/attempts.csv.gz"):
            good &= simulated(arguments, folder)
        else:
            print("skipped: no attempts.csv.gz in %s" % folder)
    return 0 if good else 1


sys.exit(main())
