#!/usr/bin/env python3
# needs: pflogsumm
"""Postfix: what sendwatch reads out of a log adds up to what pflogsumm counts in it."""
import re

import totals


def count_of(summary, word):
    return int(re.search(r"^ *(\d+) +%s" % word, summary, re.M).group(1))


def compare(log):
    summary = totals.run(["pflogsumm", log])
    events, attempts = totals.events(log), totals.attempts(log)
    results = events["result"]
    totals.same(
        log,
        [
            ("received", count_of(summary, "received"), events["queued"]),
            ("delivered", count_of(summary, "delivered"), results["delivered"]),
            ("deferrals", int(re.search(r"\((\d+) +deferrals\)", summary).group(1)), results["deferred"]),
            ("bounced", count_of(summary, "bounced"), results["bounced"]),
            ("rejected", count_of(summary, "rejected"), events["kinds"]["reject"]),
            ("attempts delivered", count_of(summary, "delivered"), attempts["delivered"]),
            ("attempts bounced", count_of(summary, "bounced"), attempts["bounced"]),
        ],
    )


compare(totals.day("postfix"))
compare(totals.generated("postfix", 60000))
