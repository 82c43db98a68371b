"""Debian's Chromium without a window, driven over a pipe (DevTools protocol): no port, no library, no network.

    with Browser() as browser:
        page = browser.page(width=390, height=844, mobile=True, dark=True)
        page.open("file:///tmp/report.html")
        page.value("document.title")
        page.picture("phone.png")
        page.paper("report.pdf")
"""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

SECONDS = 30 * int(os.environ.get("PATIENCE", "4"))  # in which an answer comes, where all is well


def found():
    return next((path for name in ("chromium", "chromium-browser", "google-chrome")
                 if (path := shutil.which(name))), None)


class Browser:
    def __enter__(self):
        self.home = tempfile.mkdtemp(prefix="chromium.")
        theirs, ours = os.pipe()
        answers, their_answers = os.pipe()

        def place():  # it reads from 3 and writes to 4; by way of high numbers, which neither is
            os.dup2(theirs, 13)
            os.dup2(their_answers, 14)
            os.dup2(13, 3)
            os.dup2(14, 4)

        options = ["--headless", "--remote-debugging-pipe", "--disable-gpu", "--hide-scrollbars",
                   "--no-first-run", "--disable-extensions", "--disable-background-networking",
                   "--disable-dev-shm-usage", "--user-data-dir=" + self.home]
        if os.getuid() == 0:
            options.append("--no-sandbox")
        self.process = subprocess.Popen([found()] + options, preexec_fn=place, close_fds=False,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, env={**os.environ, "HOME": self.home})
        os.close(theirs)
        os.close(their_answers)
        self.asks = os.fdopen(ours, "wb", buffering=0)
        self.answers = os.fdopen(answers, "rb")
        self.number = 0
        self.kept = b""
        self.events = []
        return self

    def __exit__(self, *_):
        try:
            self.ask("Browser.close")
        except (OSError, EOFError):
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.asks.close()
        self.answers.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def hear(self):
        until = time.monotonic() + SECONDS
        while b"\0" not in self.kept:
            if not select.select([self.answers], [], [], 1)[0]:
                assert time.monotonic() < until, "the browser does not answer"
                continue
            more = os.read(self.answers.fileno(), 1 << 20)
            if not more:
                raise EOFError("the browser went away")
            self.kept += more
        message, self.kept = self.kept.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, session=None, **parameters):
        self.number += 1
        number = self.number
        message = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        self.asks.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self.hear()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def page(self, **look):
        return Page(self, **look)


class Page:
    def __init__(self, browser, **look):
        self.browser = browser
        target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(domain + ".enable")
        self.look(**look)

    def look(self, width=1100, height=1400, mobile=False, dark=False):
        self.width, self.height, self.mobile = width, height, mobile
        self.size(height)
        self.ask("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def ask(self, method, **parameters):
        return self.browser.ask(method, self.session, **parameters)

    def size(self, height):
        self.ask("Emulation.setDeviceMetricsOverride", width=self.width, height=height, deviceScaleFactor=1,
                 mobile=self.mobile)

    def go(self, address):
        self.browser.events.clear()
        self.ask("Page.navigate", url=address)
        self.loaded()

    def loaded(self):
        """Until what was asked for since the events were cleared is there."""
        while not any(event.get("method") == "Page.loadEventFired" and event.get("sessionId") == self.session
                      for event in self.browser.events):
            self.browser.events.append(self.browser.hear())

    def open(self, address):
        self.go(address)
        # Until it was shown.
        self.value("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    def said(self):
        """What the browser complained of since the page was opened: refused scripts, errors, dialogs."""
        words = []
        for event in self.browser.events:
            if event.get("sessionId") != self.session:
                continue
            if event["method"] == "Log.entryAdded":
                words.append(event["params"]["entry"]["text"])
            elif event["method"] in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown",
                                     "Page.javascriptDialogOpening"):
                words.append(json.dumps(event["params"])[:300])
        return words

    def value(self, expression):
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return answer["result"].get("value")

    def picture(self, path, whole=False, part=None):
        """Of what is in sight, of all of it, or of one element with what stands above it on the page cut off."""
        more = {}
        if whole or part:
            self.size(min(self.value("document.documentElement.scrollHeight"), 12000))
        if part:
            left, top, width, height = self.value(
                f"(() => {{ const r = document.querySelector({json.dumps(part)}).getBoundingClientRect();"
                "return [r.left, r.top, r.width, r.height] })()")
            more["clip"] = {"x": left, "y": top, "width": width, "height": height, "scale": 1}
        with open(path, "wb") as out:
            out.write(base64.b64decode(self.ask("Page.captureScreenshot", format="png", **more)["data"]))
        if whole or part:
            self.size(self.height)

    def paper(self, path):
        with open(path, "wb") as out:
            out.write(base64.b64decode(self.ask("Page.printToPDF", printBackground=True,
                                                preferCSSPageSize=True)["data"]))
