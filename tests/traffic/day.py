#!/usr/bin/env python3
"""Write a day of mail as a server would have it on its disk: rotated, older parts gzipped.

    tests/traffic/day.py postfix|exim FOLDER [--seed N] [--plain]

Makes contrib/samples (seed 7) and the logs of the tests. --plain writes one file. Same arguments, same bytes.
"""
import argparse
import gzip
import pathlib

import model
from exim_log import EximLog
from postfix_log import PostfixLog

START = 1794873600  # 2026-11-17T00:00:00Z, a Tuesday
ROTATED = [0, 5, 10, 14, 18, 22, 23, 25]  # hours at which the log was rotated


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("mta", choices=["postfix", "exim"])
    arguments.add_argument("folder", type=pathlib.Path)
    arguments.add_argument("--seed", type=int, default=7)
    arguments.add_argument("--plain", action="store_true")
    given = arguments.parse_args()

    if given.mta == "postfix":
        lines, name = PostfixLog(given.seed).write(model.day(given.seed, START, "login")), "mail.log"
    else:
        lines, name = EximLog(given.seed).write(model.day(given.seed + 1, START, "script")), "mainlog"
    lines = [line for line in sorted(lines) if START <= line[0] < START + 24 * model.HOUR]
    given.folder.mkdir(parents=True, exist_ok=True)
    bounds = [0, 25] if given.plain else ROTATED
    for age, (begin, end) in enumerate(reversed(list(zip(bounds, bounds[1:])))):
        part = [text + "\n" for time, _, text in lines if begin <= (time - START) / model.HOUR < end]
        data = "".join(part).encode()
        path = given.folder / (name + (".%d" % age if age else ""))
        if age < 2:
            path.write_bytes(data)
        else:
            # The time in the header is that of the rotation, as gzip keeps it of the file.
            with open(str(path) + ".gz", "wb") as raw, gzip.GzipFile(
                path.name, "wb", 9, raw, START + int(end * model.HOUR)
            ) as packed:
                packed.write(data)


main()
