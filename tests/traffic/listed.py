#!/usr/bin/env python3
"""Write a day on which our address is listed: for hours every remote server that asks a blocklist, or keeps one
of its own, refuses whoever sends. With --quiet nobody abuses an account on that day.

    tests/traffic/listed.py postfix|exim SEED [--quiet] > LOG
"""
import argparse

import model
from exim_log import EximLog
from postfix_log import PostfixLog

START = 1794873600  # 2026-11-17T00:00:00Z
FROM, UNTIL = 9, 18  # hours of the day: from before the abuse on, and with the newsletter in it
REFUSALS = {
    "bigmail.example": None,  # one that never asks a list: what it says is still worth something
    "livemail.example": (
        "5.7.1",
        "550 5.7.1 Unfortunately, messages from [%s] weren't sent. Please contact your Internet service "
        "provider since part of their network is on our block list (S3140). [{n}]" % model.SERVER,
    ),
    "freemail.example": ("5.7.1", "554 5.7.1 [BL21] Connections will not be accepted from %s, {n}" % model.SERVER),
}
OTHERS = (
    "5.7.1",
    "554 5.7.1 Service unavailable; Client host [%s] blocked using zen.spamhaus.org; "
    "https://www.spamhaus.org/query/ip/%s" % (model.SERVER, model.SERVER),
)


def refuse_everybody(day):
    for message in day.messages:
        for recipient in message.recipients:
            if recipient.remote is None or not FROM <= (message.time - START) / model.HOUR < UNTIL:
                continue
            refusal = REFUSALS.get(recipient.remote.domain, OTHERS)
            if refusal is None:
                continue
            dsn, words = refusal
            when = recipient.tries[0].time
            words = day.fill(words, recipient.address, message)
            recipient.tries = [model.Try(when, "bounced", dsn, words)]


def made(seed, quiet):
    if not quiet:
        return model.day(seed, START, "login")
    day = model.Day(seed, START)
    for who in day.people:
        day.person(who)
    day.newsletter(day.people[3], 120)
    day.shop("webshop", "/home/webshop/public_html", 45)
    day.inbound(230)
    day.guesses(240)
    day.messages.sort(key=lambda message: message.time)
    return day


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("mta", choices=["postfix", "exim"])
    arguments.add_argument("seed", type=int)
    arguments.add_argument("--quiet", action="store_true")
    given = arguments.parse_args()
    day = made(given.seed, given.quiet)
    refuse_everybody(day)
    log = PostfixLog(given.seed) if given.mta == "postfix" else EximLog(given.seed)
    for time, _, text in sorted(log.write(day)):
        if START <= time < START + 24 * model.HOUR:
            print(text)


main()
