#!/usr/bin/env python3
"""/healthz and /readyz tell the truth: of a log that is gone, of reading behind, of Redis away, of a loop that hangs."""
# needs: python3 redis-server
import ctypes
import os
import re
import subprocess
import sys

sys.path.insert(0, os.environ["TOP"] + "/tests/servers")
from watching import Watching, await_that, day

PTRACE_ATTACH, PTRACE_DETACH = 16, 17


def reasons(watch):
    return {reason["type"]: reason["text"] for reason in watch.get("/readyz").json["reasons"]}


def is_ready(answer):
    return answer if answer.status == 200 else None


def says(watch, what, words=""):
    return watch.get("/readyz").status == 503 and words in reasons(watch).get(what, "\0")


def logs(redis):
    socket = os.environ["TMP"] + "/redis.sock"
    more = f"[redis]\ntopology = single\nservers = {socket}\ntimeout = 300ms\n"
    with Watching(status="stuck_after = 1m\nlag = 5s", more=more) as watch:
        # The log is not there yet.
        await_that(lambda: says(watch, "logs"))
        assert watch.get("/healthz").status == 200
        watch.log.write_bytes(day())
        answer = await_that(lambda: is_ready(watch.get("/readyz")))
        assert answer.json["ready"] is True and answer.json["reasons"] == [], answer.text
        assert answer.heads["Content-Type"] == "application/json"

        # Redis goes, and comes back.
        redis.terminate()
        redis.wait()
        with open(watch.log, "ab") as log:
            log.write(b"".join(day().splitlines(True)[:500]))
        await_that(lambda: says(watch, "store", "the store cannot be reached"), 10)
        assert watch.get("/healthz").status == 200, "the process is well"
        assert "sendwatch_store_up 0" in watch.get("/metrics").text
        again = start_redis(socket)
        try:
            await_that(watch.ready)
            # The log goes away, and nothing takes its place.
            watch.log.unlink()
            os.mkdir(watch.log)
            await_that(lambda: says(watch, "logs"))
            readable = re.search(r'^sendwatch_source_readable{source="[^"]*/mail.log"} (.)$', watch.get("/metrics").text, re.M)
            assert readable and readable[1] == "0", readable
        finally:
            again.kill()
            again.wait()


def start_redis(socket):
    redis = subprocess.Popen(
        ["redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--dir", os.environ["TMP"]],
        stdout=subprocess.DEVNULL,
    )
    await_that(lambda: os.path.exists(socket), words="Redis does not start")
    return redis


def stuck():
    """Only the thread that reads is stopped: the server must say so, and answer everything else."""
    # Of the logs that are named, one is there: the other is waited for.
    folder = os.environ["TMP"]
    os.makedirs(folder + "/detect.conf.d")
    with open(folder + "/detect.conf.d/logs.conf", "w", encoding="ascii") as conf:
        conf.write(f"[logs]\nfiles = {folder}/mail.log, {folder}/another.log\nstart = end\n")
    with Watching(status="stuck_after = 4s\nopen = health, metrics, page", log=day()) as watch:
        await_that(watch.ready)
        libc = ctypes.CDLL(None, use_errno=True)
        libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        if libc.ptrace(PTRACE_ATTACH, watch.process.pid, None, None) != 0:
            print("note: no thread can be stopped here (ptrace): the loop that hangs is left out")
            return
        os.waitpid(watch.process.pid, 0x40000000)  # __WALL: it stands still now
        try:
            page = watch.get("/")
            assert page.status == 200 and ("Not up to date" in page.text or "As of" in page.text), page.text
            await_that(lambda: watch.get("/healthz").status == 503, 25, "a loop that hangs is told as alive")
            answer = watch.get("/healthz").json
            assert answer["alive"] is False and "has not come by" in answer["reasons"][0]["text"], answer
            assert says(watch, "loop", "has not come by")
            page = watch.get("/").text
            assert "Not up to date" in page and "has not come by" in page
            assert 'href="account?name=nils%40notary.example"' in page, "the last board is not shown"
            account = watch.get("/account?name=nils%40notary.example")
            assert account.status == 200 and "what the journal says" in account.text, account.text
            assert watch.get("/metrics").status == 200
        finally:
            libc.ptrace(PTRACE_DETACH, watch.process.pid, None, None)
        await_that(watch.ready, 10, "does not recover")
        await_that(lambda: watch.get("/healthz").status == 200)
        watch.stop()


def main():
    redis = start_redis(os.environ["TMP"] + "/redis.sock")
    try:
        logs(redis)
    finally:
        redis.kill()
        redis.wait()
    for name in ("verdicts.ndjson", "watch.err"):
        os.unlink(os.environ["TMP"] + "/" + name)
    os.rmdir(os.environ["TMP"] + "/mail.log")
    subprocess.run(["rm", "-rf", os.environ["TMP"] + "/state"], check=True)
    stuck()


main()
