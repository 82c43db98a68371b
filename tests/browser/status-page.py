#!/usr/bin/env python3
"""The status page in a real browser: what attackers wrote stays text, nothing runs, and it fits a telephone."""
# needs: python3 chromium
import os
import pathlib
import re
import shutil
import sys

sys.path.insert(0, os.environ["TOP"] + "/tests/servers")
from chrome import Chrome
from watching import ACCOUNT, Watching, await_that, day

PICTURES = pathlib.Path(os.environ["BUILD"]) / "pictures"
OPEN = "open = health, metrics, page\n"

# A login, a recipient, a reply and a HELO, as somebody would choose them who wants to be somewhere else.
LOGIN = "\"><script>document.title='owned'</script><img/src=x/onerror=alert(1)>'&lt;\u202egpj\u200b@notary.example"
REPLY = "</script><script>window.owned=1</script><svg onload=window.owned=1> \"'><style>*{display:none}</style>"
RECIPIENT = "x\"onmouseover=alert(1)//"

# Of every visible text: its contrast with what stands behind it.
CONTRAST = """
(() => {
  const rgb = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = (c) => c.slice(0, 3).map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const worst = [];
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || e.closest('svg') || !e.getClientRects().length) continue;
    let behind = e, back = [0, 0, 0, 0];
    while (behind && (back.length === 4 && back[3] === 0)) {
      back = rgb(getComputedStyle(behind).backgroundColor);
      behind = behind.parentElement;
    }
    if (back.length === 4 && back[3] === 0) back = [255, 255, 255];
    const a = light(rgb(getComputedStyle(e).color)), b = light(back);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) worst.push(e.tagName + '.' + e.className + ' ' + ratio.toFixed(2) + ': ' + e.textContent.slice(0, 40));
  }
  return worst;
})()
"""


def visible(name):
    """As a page shows a name: what cannot be seen is written out."""
    return "".join(f"\\u{ord(c):04x}" if c in "\u202e\u200b" else c for c in name)


def hostile():
    text = day().decode()
    text = text.replace("sasl_username=" + ACCOUNT, "sasl_username=" + LOGIN)
    text = text.replace(" to=<", " to=<" + RECIPIENT)
    text = re.sub(r"(status=bounced .*)\)$", lambda found: found[1] + REPLY + ")", text, flags=re.M)
    return text.encode()


def quiet(chrome):
    assert chrome.complaints() == [], chrome.complaints()
    assert chrome.value("typeof window.owned") == "undefined"
    assert chrome.value("document.scripts.length") == 0
    assert chrome.value("document.querySelectorAll('[style],img,iframe,object,embed').length") == 0
    handlers = "[...document.querySelectorAll('*')].some((e) => [...e.attributes].some((a) => a.name.startsWith('on')))"
    assert chrome.value(handlers) is False, "an attribute that would run"


def fits(chrome, what):
    wide = chrome.value("document.documentElement.scrollWidth")
    assert wide <= chrome.value("window.innerWidth"), f"{what} is {wide} wide"


def readable(chrome, what):
    worst = chrome.value(CONTRAST)
    assert worst == [], (what, worst)


def look(chrome, watch, name, path):
    """At three sizes, by day and by night; pictures stay among what was built."""
    for size, width, height, dark in (("wide", 1280, 900, False), ("phone", 375, 812, False), ("dark", 375, 812, True)):
        chrome.size(width, height, mobile=size != "wide", dark=dark)
        chrome.open(f"http://127.0.0.1:{watch.port}{path}")
        quiet(chrome)
        fits(chrome, f"{name} {size}")
        readable(chrome, f"{name} {size}")
        chrome.picture(PICTURES / f"{name}-{size}.png")


def attacked(chrome):
    with Watching(OPEN, log=hostile()) as watch:
        await_that(watch.ready)
        look(chrome, watch, "hostile", "/")
        chrome.size(1280, 900)
        chrome.open(f"http://127.0.0.1:{watch.port}/")
        assert chrome.value("document.title").startswith("sendwatch"), chrome.value("document.title")
        names = chrome.value("[...document.querySelectorAll('a.name')].map((a) => a.textContent)")
        assert names == [visible(LOGIN)], names
        account = chrome.value("document.querySelector('a.name').href")
        chrome.open(account)
        quiet(chrome)
        assert chrome.value("document.querySelector('h1').textContent") == visible(LOGIN)
        assert chrome.value("document.title") == visible(LOGIN)
        samples = chrome.value("document.querySelector('.samples').textContent")
        assert RECIPIENT in samples, samples
        assert REPLY in chrome.value("document.body.textContent"), "the reply is not shown as it was"
        chrome.size(375, 812, mobile=True)
        chrome.open(account)
        fits(chrome, "hostile account")
        chrome.picture(PICTURES / "hostile-account-phone.png")
        # What the form leads to keeps each byte of the name.
        chrome.open(f"http://127.0.0.1:{watch.port}/")
        chrome.value(f"document.querySelector('input[name=name]').value = {LOGIN!r}")
        chrome.events = []
        chrome.value("document.querySelector('form[action=account]').requestSubmit()")
        chrome.wait_for("Page.loadEventFired")
        assert chrome.value("document.querySelector('h1').textContent") == visible(LOGIN)
        watch.stop()


def usual(chrome):
    with Watching(OPEN, log=day()) as watch:
        await_that(watch.ready)
        look(chrome, watch, "page", "/")
        look(chrome, watch, "account", "/account?name=" + ACCOUNT)
        answers = chrome_answers(chrome, watch)
        assert answers[0] == "Yes" and answers[1] == "Yes: 1" and answers[2] == "No", answers
        chrome.size(1000, 640)
        chrome.open(f"http://127.0.0.1:{watch.port}/")
        chrome.picture(PICTURES / "status-page.png", whole=False)
        watch.stop()


def chrome_answers(chrome, watch):
    chrome.size(1280, 900)
    chrome.open(f"http://127.0.0.1:{watch.port}/")
    return chrome.value("[...document.querySelectorAll('.answer')].map((p) => p.textContent)")


def calm(chrome):
    """Nothing was read yet, and nothing is wrong: the empty states."""
    with Watching(OPEN, log=b"") as watch:
        await_that(lambda: watch.get("/").status == 200)
        look(chrome, watch, "empty", "/")
        assert "All accounts are normal." in chrome.value("document.body.textContent")
        watch.stop()


def clean(folder):
    for name in ("verdicts.ndjson", "mail.log"):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "state", ignore_errors=True)


def main():
    PICTURES.mkdir(parents=True, exist_ok=True)
    folder = pathlib.Path(os.environ["TMP"])
    with Chrome(shutil.which("chromium")) as chrome:
        for part in (attacked, usual, calm):
            part(chrome)
            clean(folder)


main()
