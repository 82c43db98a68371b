#!/usr/bin/env python3
# While watch has no descriptor for who calls, it does not spin; when there are some again, it hears those who waited.
# needs: prlimit

import os
import socket
import subprocess
import sys
import time

PATIENCE = 60 * int(os.environ.get("PATIENCE", "4"))
SENDWATCH = os.environ["SENDWATCH"]
TMP = os.environ["TMP"]

with socket.socket() as free, socket.socket() as other:
    free.bind(("127.0.0.1", 0))
    other.bind(("127.0.0.1", 0))
    port, page = free.getsockname()[1], other.getsockname()[1]
open("mail.log", "w").close()
with open("detect.conf", "w") as conf:
    conf.write(f"[logs]\nfiles = {TMP}/mail.log, syslog:tcp=127.0.0.1:{port}\n[watch]\nstate = {TMP}/state\n"
               f"[journal]\nfile = {TMP}/verdicts.ndjson\n[status]\nlisten = 127.0.0.1:{page}\nopen = health\n")
watch = subprocess.Popen([SENDWATCH, "watch", "-c", "detect.conf"], stderr=open("watch.err", "w"))


def fail(words):
    watch.kill()
    sys.exit(f"{words}\n{open('watch.err').read()}")


def wait_for(what, words):
    until = time.monotonic() + PATIENCE
    while not what():
        if time.monotonic() > until or watch.poll() is not None:
            fail("in vain waited for " + words)
        time.sleep(0.05)


def busy():
    fields = open(f"/proc/{watch.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def descriptors():
    return {int(fd) for fd in os.listdir(f"/proc/{watch.pid}/fd")}


def limit(most):
    subprocess.run(["prlimit", "--pid", str(watch.pid), f"--nofile={most}:"], check=True)


def rests(whom):
    before = busy()
    time.sleep(2)
    if busy() - before > 0.5:
        fail(f"{whom} keeps it busy: {busy() - before} s of 2")


wait_for(lambda: "has caught up" in open("watch.err").read(), "watch")
limit(max(descriptors()) + 1)
order = subprocess.Popen([SENDWATCH, "exempt", "-c", "detect.conf", "bob@example.com", "--until", "2036-01-01"])
rests("a person with an order")
limit(1000)
if order.wait(PATIENCE) != 0:
    fail("the order was not taken")

own = descriptors()
limit(max(own) + 1)
sender = socket.create_connection(("127.0.0.1", port))
rests("a syslog daemon")
limit(1000)
wait_for(lambda: descriptors() != own, "the syslog daemon to be heard")

limit(max(descriptors()) + 1)
visitor = socket.create_connection(("127.0.0.1", page))
visitor.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
rests("a visitor of the status page")
limit(1000)
visitor.settimeout(PATIENCE)
if not visitor.recv(100).startswith(b"HTTP/1."):
    fail("the visitor is not answered")
watch.terminate()
if watch.wait(PATIENCE) != 0:
    fail("ended badly")
