"""A headless chromium driven over a pipe (DevTools protocol), with nothing but Python's own library."""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time


class Chrome:
    """`with Chrome(program) as chrome:`; one page, which fails where its answers do not come within SECONDS."""

    SECONDS = 30

    def __init__(self, program):
        self.program = program
        self.folder = tempfile.mkdtemp(prefix="chrome", dir=os.environ["TMP"])
        self.number = 0
        self.events = []
        self.rest = b""
        self.session = None

    def __enter__(self):
        to_read, self.to = os.pipe()
        self.out, from_write = os.pipe()

        def fds():
            # The pipe's ends are 3 and 4; kept out of the way of each other first.
            one, two = os.dup(to_read), os.dup(from_write)
            os.dup2(one, 3)
            os.dup2(two, 4)

        self.process = subprocess.Popen(
            [
                self.program,
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--hide-scrollbars",
                "--no-first-run",
                "--disable-background-networking",
                "--remote-debugging-pipe",
                f"--user-data-dir={self.folder}",
                "about:blank",
            ],
            preexec_fn=fds,
            close_fds=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": self.folder},
        )
        os.close(to_read)
        os.close(from_write)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def read(self, until):
        while b"\0" not in self.rest:
            assert time.monotonic() < until, "chromium does not answer"
            if select.select([self.out], [], [], 1)[0]:
                more = os.read(self.out, 1 << 20)
                assert more, "chromium ended"
                self.rest += more
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + self.SECONDS
        while True:
            answer = self.read(until)
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return answer["result"]
            if "method" in answer:
                self.events.append(answer)

    def wait_for(self, event):
        until = time.monotonic() + self.SECONDS
        while not any(seen["method"] == event for seen in self.events):
            answer = self.read(until)
            if "method" in answer:
                self.events.append(answer)

    def open(self, url):
        self.events = []
        self.call("Page.navigate", url=url)
        self.wait_for("Page.loadEventFired")

    def size(self, width, height, mobile=False, dark=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)
        self.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}],
        )

    def value(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def complaints(self):
        """What the page's own code or the policy that the server set made the browser say."""
        found = []
        for event in self.events:
            if event["method"] in ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
                found.append(event["params"])
        return found

    def picture(self, path, whole=True):
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))
