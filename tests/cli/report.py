#!/usr/bin/env python3
"""The incident report of the bundled day: its parts, its tables, its checksums; and nothing in it that strangers
wrote is more than text, whatever they wrote."""
# needs: sha256sum
import base64
import csv
import datetime
import glob
import gzip
import hashlib
import html.parser
import json
import os
import re
import shutil
import subprocess

TOP, SENDWATCH = os.environ["TOP"], os.environ["SENDWATCH"]
LOGS = sorted(glob.glob(TOP + "/contrib/samples/postfix/mail.log*"))
# What a log may hold and a page, a table and a file name must not obey.
SCRIPT = "<script>document.title=1</script>"
NAME = "=cmd|'/c'!a0\"><img/src=x/onerror=document.title=1>&lt;{}"
KINDS = ("delivered", "delayed", "invalid", "spam", "blocked", "refused")
FILE = "mail\"><svg onload=document.title=1>'&amp;.log"


def replay(*arguments, status=0):
    done = subprocess.run([SENDWATCH, "replay", *arguments], capture_output=True, text=True, errors="replace")
    assert done.returncode == status, (done.returncode, done.stderr)
    return done


class Page(html.parser.HTMLParser):
    """Elements, attributes and text, as a browser would see them."""

    VOID = {"meta", "br", "img", "input", "link", "hr"}

    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.open = [], set(), []
        self.text = {"": "", "script": "", "style": ""}
        self.ids, self.policy = set(), None
        with open(path, encoding="utf-8") as stream:
            self.feed(stream.read())
        self.close()
        assert self.open == [], self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        attrs = dict(attrs)
        if "id" in attrs:
            assert attrs["id"] not in self.ids, "an id twice: " + attrs["id"]
            self.ids.add(attrs["id"])
        if attrs.get("http-equiv") == "Content-Security-Policy":
            self.policy = attrs["content"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        # What an end tag may close by itself in HTML.
        while self.open[-1] != tag and self.open[-1] in ("li", "p", "tr", "td", "th", "dt", "dd", "path", "rect"):
            self.open.pop()
        assert self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_data(self, data):
        where = self.open[-1] if self.open and self.open[-1] in ("script", "style") else ""
        self.text[where] += data


def check_page(path):
    """Nothing runs but our one script, nothing is fetched."""
    page = Page(path)
    assert page.tags.count("script") == 1 and page.tags.count("style") == 1, "more than ours"
    assert not {"img", "iframe", "object", "embed", "form", "link", "base"} & set(page.tags)
    assert not [name for name in page.attributes if name.startswith("on") or name in ("src", "style", "srcset")]
    for kind in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(page.text[kind].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in page.policy, kind + " is not the one that the policy allows"
    assert "default-src 'none'" in page.policy and "unsafe" not in page.policy
    return page


def check_tables(folder, account):
    names = ["report.html", "accounts.csv", "addresses.csv", "files.csv", "verdicts.ndjson", "attempts.ndjson"]
    assert sorted(os.listdir(folder)) == sorted(names + ["MANIFEST"]), os.listdir(folder)
    subprocess.run(["sha256sum", "--quiet", "-c", "MANIFEST"], cwd=folder, check=True)
    assert [line.split()[1] for line in open(folder + "/MANIFEST")] == names
    tables = {}
    for name in ("accounts", "addresses", "files"):
        with open(f"{folder}/{name}.csv", newline="", encoding="utf-8") as stream:
            tables[name] = list(csv.DictReader(stream))
        assert tables[name], name
        for row in tables[name]:
            assert None not in row and None not in row.values(), row
            for value in row.values():
                assert not value.strip().startswith(("=", "+", "-", "@", "\t")), value
    for line in open(folder + "/verdicts.ndjson", encoding="utf-8"):
        assert json.loads(line)["type"] in ("verdict", "server", "address")
    attempts = [json.loads(line) for line in open(folder + "/attempts.ndjson", encoding="utf-8")]
    assert {attempt["account"] for attempt in attempts} == {account}
    row = tables["accounts"][0]
    # What is counted three times is the same.
    assert len(attempts) == int(row["recipients"]) + int(row["recipients_before"])
    for when in ("first_", "last_"):
        assert sum(int(row[when + kind]) for kind in KINDS) == int(row["recipients"]), row
    delivered = [a for a in attempts if a["outcome"] == "delivered"]
    assert len(delivered) >= int(row["last_delivered"]) > 0
    return tables


# --- the bundled day ---
said = replay("--case", "case", *LOGS).stdout
page = check_page("case/report.html")
tables = check_tables("case", "nils@notary.example")
for words in ("Somebody else very likely sent mail through nils@notary.example", "What to do now", "The accounts",
              "Each abused account", "Why it is thought so", "How it was probably lost",
              "To whom, and what they answered", "From where", "Lines of the log", "The server itself",
              "What was read", "How to read this", "18 failed logins in 24 h, then mail from a network",
              "The password was guessed", "sasl_username=nils@notary.example"):
    assert words in page.text[""], words
assert page.tags.count("details") >= 4 and "svg" in page.tags and page.tags.count("desc") >= 1
row = tables["accounts"][0]
assert row["worst_state"] == "flagged" and row["since"] == "2026-11-17T14:00:00Z", row
assert "2026-11-17T14:05:00Z" <= row["began"] <= row["flagged"], row
before, after = re.search(r"to (\d+) recipients before the flag.*after it to (\d+) more", said).groups()
assert int(row["recipients"]) == int(before) + int(after), "the summary and the report differ"
assert f">{int(row['recipients'])}<" in open("case/report.html").read()
assert [os.path.basename(f["file"]) for f in tables["files"]][0] == "mail.log.6.gz", "not in the order of time"
for row in tables["files"]:
    assert row["sha256"] == hashlib.sha256(open(row["file"], "rb").read()).hexdigest()
assert sum(int(row["lines"]) for row in tables["files"]) == 8811

# Twice the same, but for when it was made.
replay("--quiet", "--case", "again", *reversed(LOGS))
for name in os.listdir("case"):
    one, other = (re.sub(rb"Made by.*", b"", open(f"{folder}/{name}", "rb").read()) for folder in ("case", "again"))
    assert one == other or name == "MANIFEST", name + " differs between two runs"

# One account alone, whoever it is; a part of the time; countries.
replay("--quiet", "--account", "nobody@notary.example", "--html", "none.html", *LOGS)
words = check_page("none.html").text[""]
assert "No signs of abuse of nobody@notary.example" in words and "Nothing was sent under this name." in words
assert "none did so" not in words, "said of all, while one was looked at, and another is flagged"
honest = next(json.loads(line)["account"] for line in subprocess.run(
    [SENDWATCH, "parse", "--attempts", *LOGS], capture_output=True, text=True, check=True).stdout.splitlines()
    if '"direction":"outbound"' in line and "nils@" not in line)
replay("--quiet", "--account", honest, "--html", "one.html", *LOGS)
words = check_page("one.html").text[""]
assert "Nothing unusual was found." in words and "none did so" not in words
replay("--quiet", "--since", "2026-11-17T06:00:00Z", "--until", "2026-11-17T12:00:00Z", "--html", "since.html", *LOGS)
words = check_page("since.html").text[""]
assert "nobody who was flagged before that still is" in words and "No account shows signs of abuse" in words
# Flagged before --since and still so, it is named, also where it became sure enough to disable since.
for since in "2026-11-17T23:00:00Z", "2026-11-17T14:07:00Z":
    for asked in [], ["--account", "nils@notary.example"]:
        replay("--quiet", "--since", since, *asked, "--html", "since.html", *LOGS)
        words = check_page("since.html").text[""]
        assert "1 account flagged earlier, and still" in words and "Nothing unusual" not in words, words
        assert "and still:\n\nnils@notary.example, since 2026-11-17 14:06:24" in words, words
replay("--quiet", "--until", "2026-11-17T12:00:00Z", "--html", "until.html", *LOGS)
assert "No account shows signs of abuse" in check_page("until.html").text[""]
with open("geo.csv", "w") as stream:
    stream.write("2001:db8:100::/40,XX\n203.0.113.0/24,DE\n")
replay("--quiet", "--geo", "geo.csv", "--html", "geo.html", *LOGS)
assert "from XX" in check_page("geo.html").text[""]

# A log that holds no line of mail has a report as well.
with open("rubbish.log", "w") as stream:
    stream.write("x\n")
replay("--quiet", "--case", "rubbish", "rubbish.log")
assert "These logs hold no mail" in check_page("rubbish/report.html").text[""]

# Where the owner writes on while others do, the summary says that before the flag only the others' mail is counted.
stamp = datetime.datetime(2026, 11, 1, 8, tzinfo=datetime.timezone.utc)
mails = [(stamp + datetime.timedelta(days=day, seconds=400 * n), "192.0.2.10", f"friend{n % 20}@known.example", True)
         for day in range(16) for n in range(60)]
stamp += datetime.timedelta(days=16)
mails += [(stamp + datetime.timedelta(seconds=20 * n), "192.0.2.10", f"friend{n % 20}@known.example", True) for n in range(200)]
mails += [(stamp + datetime.timedelta(seconds=3600 + 3 * n), "198.51.100.9", f"v{n}@victim{n % 40}.example", n % 3 != 0)
          for n in range(200)]
with open("own.log", "w") as stream:
    for number, (when, client, recipient, good) in enumerate(sorted(mails)):
        status = "dsn=2.0.0, status=sent (250 OK)" if good else "dsn=5.7.1, status=bounced (host mx said: 550 5.7.1 spam)"
        for program, words in (
                ("smtpd", f"client=x[{client}], sasl_method=PLAIN, sasl_username=anna@shop.example"),
                ("qmgr", "from=<anna@shop.example>, size=900, nrcpt=1 (queue active)"),
                ("smtp", f"to=<{recipient}>, relay=mx[203.0.113.5]:25, delay=1, delays=0/0/0/1, {status}"),
                ("qmgr", "removed")):
            stream.write(f"{when.isoformat(timespec='microseconds')} mx postfix/{program}[9]: A{number:09X}: {words}\n")
said = replay("--case", "own", "own.log").stdout
before, after = re.search(r"to (\d+) recipients before the flag from new places, .*; after it to (\d+) more "
                          r"from anywhere, ", said).groups()
with open("own/accounts.csv", newline="") as stream:
    assert int(next(csv.DictReader(stream))["recipients"]) > int(before) + int(after)
assert "from an address that the account used before" in check_page("own/report.html").text[""]

# What cannot be read twice is refused before anything is read; so is a folder that cannot be made.
for arguments, words in ((["--html", "x.html", "-"], "standard input"),
                         (["--case", "geo.csv/case", *LOGS], "geo.csv/case")):
    done = replay(*arguments, status=2)
    assert words in done.stderr and done.stderr.count("\n") == 1, done.stderr
assert not os.path.exists("x.html")
os.mkfifo("pipe")
assert "no plain file" in replay("--html", "x.html", "pipe", status=2).stderr

# Nor is a log taken for the report's name (an unquoted glob), nor standard output; an older report is replaced.
for name, words in (("rubbish.log", "not replaced"), ("-", "name of a file"), ("", "name of a file"),
                    ("pipe", "no ordinary file"), ("nowhere/x.html", "cannot write")):
    done = replay("--html", name, *LOGS, status=2)
    assert words in done.stderr and done.stdout == "", (name, done.stderr)
assert open("rubbish.log").read() == "x\n" and not os.path.exists("-")
replay("--quiet", "--html", "one.html", "--case", "rubbish", *LOGS)
assert "nils@notary.example" in check_page("one.html").text[""]
shutil.copy("rubbish.log", "rubbish/report.html")
assert "not replaced" in replay("--case", "rubbish", *LOGS, status=2).stderr

# Nor is a folder of something else taken for a case's: its tables may have the same names.
for names in ["accounts.csv"], ["notes.txt"], ["accounts.csv", "report.html"]:
    shutil.rmtree("other", ignore_errors=True)
    os.mkdir("other")
    for name in names:
        shutil.copy("one.html" if name == "report.html" else "rubbish.log", "other/" + name)
    done = replay("--case", "other", *LOGS, status=2)
    assert "other: there are other files in it" in done.stderr and done.stdout == "", done.stderr
    assert sorted(os.listdir("other")) == sorted(names), os.listdir("other")
os.mkdir("empty")
open("empty/.keep", "w").close()
replay("--quiet", "--case", "empty", "rubbish.log")
replay("--quiet", "--case", "empty", *LOGS)
assert "nils@notary.example" in check_page("empty/report.html").text[""]

# A gap in the logs is told.
os.mkdir("gap")
for log in LOGS:
    if not log.endswith(".4.gz"):
        shutil.copy(log, "gap")
replay("--quiet", "--html", "gap.html", *sorted(glob.glob("gap/*")))
assert "lines may be missing" in check_page("gap.html").text[""]
assert "lines may be missing" not in page.text[""]

# --- strangers' words in every field ---
lines = b"".join(gzip.open(log).read() if log.endswith(".gz") else open(log, "rb").read()
                 for log in sorted(LOGS, key=lambda name: -int((re.findall(r"log\.(\d+)", name) or [0])[0])))
text = lines.decode()
text = text.replace("sasl_username=nils@notary.example", f"sasl_username={NAME}@notary.example")
text = text.replace("from=<nils@notary.example>", f"from=<{SCRIPT}@notary.example>")
text = text.replace("Spam message rejected", "spam message rejected " + SCRIPT + " \u202e\x1b[31m--></pre></details>")
text = re.sub(r"client=unknown\[", "client=\"><script>x</script>[", text)
with open(FILE, "w", encoding="utf-8") as stream:
    stream.write(text)
with open("owners", "w") as stream:
    stream.write(f"notary.example {SCRIPT}\n")
replay("--quiet", "--owners", "owners", "--case", "hostile", FILE)
page = check_page("hostile/report.html")
account = NAME + "@notary.example"
tables = check_tables("hostile", account)
assert tables["accounts"][0]["account"] == "'" + account, tables["accounts"][0]
assert tables["accounts"][0]["customer"] == SCRIPT
for words in (account, SCRIPT + "@notary.example", FILE, "spam message rejected " + SCRIPT, "\\u202e",
              "\\x1b[31m--></pre></details>", "Customer: " + SCRIPT):
    assert words in page.text[""], "not shown as it is: " + words
assert "document.title" not in page.text["script"] + page.text["style"]
