#!/usr/bin/env python3
"""Exim's arrival line is one line of words that strangers and thieves choose: HELO name, message-id, subject, sender,
recipients. However they put quotes, brackets and fields into these, no HELO names a login, and no thief hides his own.

The words are drawn from the pieces that mean something in the line, with a fixed seed.
"""
import json
import os
import random
import subprocess

LINES = 20000
STAMP = "2026-11-21 16:29:45 1xUnyD-00067V-1Q <= "
FIELDS = [" for c@d", " from <x>", ' T=\\"', " id=", ") [192.0.2.9] P=esmtp S=1 ", ") [192.0.2.9]", " A=plain:victim@example.com S=1 "]


def quoted_local(draw):
    """The part before an address's @, as RFC 5321 lets it be quoted."""
    if draw.random() < 0.3:
        return "a"
    pieces = FIELDS + [" ", "b", "@c", '\\"', "\\\\", ">", "@", "<"]
    return '"' + "".join(draw.choice(pieces) for _ in range(draw.randint(1, 5))) + '"'


def subject(draw):
    """Exim writes a quote and a backslash of it with a backslash."""
    pieces = ["hello", " x", '"', "\\", " for c@d", ") [192.0.2.9] P=esmtp S=1 ", " A=plain:victim@example.com S=1", " id="]
    text = "".join(draw.choice(pieces) for _ in range(draw.randint(0, 4))).strip()
    return text.replace("\\", "\\\\").replace('"', '\\"')


def rest(draw):
    """What stands behind the size."""
    text = ""
    if draw.random() < 0.8:
        text += " id=" + quoted_local(draw) + "@d"
    if draw.random() < 0.7:
        text += ' T="' + subject(draw) + '"'
    if draw.random() < 0.3:
        text += " from <" + quoted_local(draw) + "@e>"
    if draw.random() < 0.6:
        text += " for " + " ".join(quoted_local(draw) + "@f" for _ in range(draw.randint(1, 2)))
    return text


def of_strangers(draw):
    """A HELO that imitates the rest of the line, from somebody who did not log in."""
    pieces = [' T="', ' id="', ' for "', ' from <"', ' DN="', "a", "@c", '"', " ", "\\", " X=y", '\\"', " b@c", ">"]
    login = draw.choice([" A=plain:victim@example.com S=1", " X=y A=plain:victim@example.com", ""])
    helo = "x) [192.0.2.9]:1 P=esmtpsa" + login + "".join(draw.choice(pieces) for _ in range(draw.randint(1, 4)))
    return "a@example.com H=mx.example.com (%s) [192.0.2.7]:25 P=esmtps S=700%s" % (helo, rest(draw))


def of_thieves(draw):
    """Somebody who did, and writes what he likes into the message."""
    return "a@example.com H=(pc) [192.0.2.7] P=esmtpa A=plain:thief@example.com S=700" + rest(draw)


def logins(make):
    draw = random.Random(1)
    lines = [STAMP + make(draw) for _ in range(LINES)]
    said = subprocess.run(
        [os.environ["SENDWATCH"], "parse", "--timezone", "UTC", "-"],
        input="\n".join(lines) + "\n", capture_output=True, text=True, check=True,
    ).stdout.splitlines()
    assert len(said) == LINES, "%d of %d lines are told" % (len(said), LINES)
    for line, event in zip(lines, said):
        yield line, json.loads(event).get("login")


for line, login in logins(of_strangers):
    assert login is None, "framed: %s\n%s" % (login, line)
for line, login in logins(of_thieves):
    assert login == "thief@example.com", "hidden, or taken for %s\n%s" % (login, line)
