#!/usr/bin/env python3
"""How late this machine is: heartbeat.py FOLDER

Sleeps for a moment and syncs a file, again and again; FOLDER/late holds the seconds that the longest of these beats took.
Whoever promises seconds grants as many more as there are such beats on the way: where the disk or the processor stands
still, so does the beat, and a promise that is broken on a machine that is well is still broken.
"""
import os
import sys
import time

folder = sys.argv[1]
longest = 0.0
while os.path.isdir(folder):
    began = time.monotonic()
    time.sleep(0.02)
    try:
        with open(os.path.join(folder, "late.new"), "w", encoding="ascii") as file:
            file.write("%.3f\n" % longest)
            file.flush()
            os.fsync(file.fileno())
        os.rename(os.path.join(folder, "late.new"), os.path.join(folder, "late"))
    except OSError:
        break
    longest = max(longest, time.monotonic() - began)
