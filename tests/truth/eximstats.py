#!/usr/bin/env python3
# needs: eximstats
"""Exim: what sendwatch reads out of a log adds up to what eximstats counts in it."""
import re

import totals


def compare(log):
    summary = totals.run(["eximstats", "-nt", "-nr", "-h0", "-q0", "-t0", log])
    received = re.search(r"^ *Received +\S+ +(\d+) .*?(\d+) +[\d.]+% +(\d+) +[\d.]+%$", summary, re.M)
    delivered = re.search(r"^ *Delivered +\S+ +(\d+) +(\d+)", summary, re.M)
    events, attempts = totals.events(log), totals.attempts(log)
    totals.same(
        log,
        [
            ("received", int(received.group(1)), events["queued"]),
            ("addresses delivered", int(delivered.group(2)), events["result"]["delivered"]),
            ("messages delayed", int(received.group(2)), events["messages"]["deferred"]),
            ("messages failed", int(received.group(3)), events["messages"]["bounced"]),
            ("attempts delivered", int(delivered.group(2)), attempts["delivered"]),
        ],
    )


compare(totals.day("exim"))
compare(totals.generated("exim", 60000))
