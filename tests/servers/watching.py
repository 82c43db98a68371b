"""A watch with a status page, for tests: its settings, its log, and what its server answers."""
import datetime
import gzip
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

from ports import free_port

TOP = pathlib.Path(os.environ["TOP"])
SAMPLES = TOP / "contrib/samples/postfix"
PATIENCE = int(os.environ.get("PATIENCE", "4"))
ANSWER = 20 * PATIENCE  # seconds that one answer may take
ACCOUNT = "nils@notary.example"  # who is flagged on the bundled day


def day():
    """The bundled Postfix day, in the order of time, as if it had ended a minute ago."""
    parts = [gzip.decompress((SAMPLES / f"mail.log.{n}.gz").read_bytes()) for n in (6, 5, 4, 3, 2)]
    parts += [(SAMPLES / name).read_bytes() for name in ("mail.log.1", "mail.log")]
    text = b"".join(parts)
    lines = [line.split(b" ", 1) for line in text.splitlines(True)]
    last = datetime.datetime.fromisoformat(lines[-1][0].decode())
    later = datetime.datetime.fromtimestamp(time.time() - 60, datetime.timezone.utc) - last
    return b"".join(
        (datetime.datetime.fromisoformat(stamp.decode()) + later).isoformat(timespec="microseconds").encode() + b" " + rest
        for stamp, rest in lines
    )


def await_that(what, seconds=15, words=None):
    """Until WHAT() is true, which it is given back; a loaded machine has PATIENCE times as long, and 30 s are the least."""
    until = time.monotonic() + max(seconds, 30) * PATIENCE
    while True:
        found = what()
        if found:
            return found
        assert time.monotonic() < until, words or f"in vain waited for {what.__name__}"
        time.sleep(0.05)


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=ANSWER)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(ANSWER)
        self.sock.connect(self.path)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.heads = response.headers
        self.bytes = response.read()

    @property
    def text(self):
        return self.bytes.decode()

    @property
    def json(self):
        return json.loads(self.bytes)


class Watching:
    """`with Watching(...) as watch:`; further settings are lines of detect.conf."""

    def __init__(self, status="", more="", log=None, act=""):
        self.folder = pathlib.Path(os.environ["TMP"])
        self.port = free_port()
        self.log = self.folder / "mail.log"
        self.socket = self.folder / "status.sock"
        self.conf = self.folder / "detect.conf"
        if log is not None:
            self.log.write_bytes(log)
        self.settings(status, more, act)
        self.errors = open(self.folder / "watch.err", "ab")
        self.process = None

    def settings(self, status, more="", act=""):
        self.conf.write_text(
            f"[logs]\nfiles = {self.log}\nstart = beginning\n"
            f"[watch]\nstate = {self.folder}/state\nsave_every = 1s\nuser =\n"
            f"[journal]\nfile = {self.folder}/verdicts.ndjson\n"
            # What the day says is not too old to be acted on.
            f"[act]\nat_most_old = 2d\n{act}\n"
            f"[status]\nlisten = {self.port}, {self.socket}\n{status}\n{more}\n"
        )

    def __enter__(self):
        program = [os.environ["SENDWATCH"], "watch", "-c", str(self.conf)]
        self.process = subprocess.Popen(program, stderr=self.errors)
        await_that(self.answers, words="the status page does not answer")
        return self

    def __exit__(self, *_):
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def answers(self):
        assert self.process.poll() is None, (self.folder / "watch.err").read_text()
        try:
            return self.get("/healthz").status
        except OSError:
            return None

    def said(self, words):
        return words in (self.folder / "watch.err").read_text()

    def ready(self):
        return self.get("/readyz").status == 200

    def stop(self):
        """Ends it as systemd would; within seconds, with exit status 0."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(30 * PATIENCE) == 0
        self.process = None

    def ask(self, method, path, body=None, heads=None, unix=False):
        connection = (
            UnixConnection(str(self.socket))
            if unix
            else http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER)
        )
        try:
            connection.request(method, path, body, heads or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, **how):
        return self.ask("GET", path, **how)
