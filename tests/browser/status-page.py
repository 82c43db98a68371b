#!/usr/bin/env python3
"""The status page in a real browser: what attackers wrote stays text, nothing runs, and it fits a telephone."""
# needs: python3 chromium
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.environ["TOP"] + "/tests/servers")
from chromium import Browser
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


def quiet(page):
    assert page.said() == [], page.said()
    assert page.value("typeof window.owned") == "undefined"
    assert page.value("document.scripts.length") == 0
    assert page.value("document.querySelectorAll('[style],img,iframe,object,embed').length") == 0
    handlers = "[...document.querySelectorAll('*')].some((e) => [...e.attributes].some((a) => a.name.startsWith('on')))"
    assert page.value(handlers) is False, "an attribute that would run"


def fits(page, what):
    wide = page.value("document.documentElement.scrollWidth")
    assert wide <= page.value("window.innerWidth"), f"{what} is {wide} wide"


def readable(page, what):
    worst = page.value(CONTRAST)
    assert worst == [], (what, worst)


def look(page, watch, name, path):
    """At three sizes, by day and by night; pictures stay among what was built."""
    for size, width, height, dark in (("wide", 1280, 900, False), ("phone", 375, 812, False), ("dark", 375, 812, True)):
        page.look(width, height, mobile=size != "wide", dark=dark)
        page.open(f"http://127.0.0.1:{watch.port}{path}")
        quiet(page)
        fits(page, f"{name} {size}")
        readable(page, f"{name} {size}")
        page.picture(PICTURES / f"{name}-{size}.png", whole=True)


def attacked(page):
    with Watching(OPEN, log=hostile()) as watch:
        await_that(watch.ready)
        look(page, watch, "hostile", "/")
        page.look(1280, 900)
        page.open(f"http://127.0.0.1:{watch.port}/")
        assert page.value("document.title").startswith("sendwatch"), page.value("document.title")
        names = page.value("[...document.querySelectorAll('a.name')].map((a) => a.textContent)")
        assert names == [visible(LOGIN)], names
        account = page.value("document.querySelector('a.name').href")
        page.open(account)
        quiet(page)
        assert page.value("document.querySelector('h1').textContent") == visible(LOGIN)
        assert page.value("document.title") == visible(LOGIN)
        samples = page.value("document.querySelector('.samples').textContent")
        assert RECIPIENT in samples, samples
        assert REPLY in page.value("document.body.textContent"), "the reply is not shown as it was"
        page.look(375, 812, mobile=True)
        page.open(account)
        fits(page, "hostile account")
        page.picture(PICTURES / "hostile-account-phone.png", whole=True)
        # What the form leads to keeps each byte of the name.
        page.open(f"http://127.0.0.1:{watch.port}/")
        page.value(f"document.querySelector('input[name=name]').value = {LOGIN!r}")
        page.browser.events.clear()
        page.value("document.querySelector('form[action=account]').requestSubmit()")
        page.loaded()
        assert page.value("document.querySelector('h1').textContent") == visible(LOGIN)
        watch.stop()


def usual(page):
    with Watching(OPEN, log=day()) as watch:
        await_that(watch.ready)
        look(page, watch, "page", "/")
        look(page, watch, "account", "/account?name=" + ACCOUNT)
        answers = answers_of(page, watch)
        assert answers[0] == "Yes" and answers[1] == "Yes: 1" and answers[2] == "No", answers
        page.look(1000, 640)
        page.open(f"http://127.0.0.1:{watch.port}/")
        page.picture(PICTURES / "status-page.png")
        watch.stop()


def ordered(page):
    """What people ordered stands there with whose order it was, whatever they wrote as its reason."""
    reason = "called; <script>window.owned=1</script>"
    with Watching(OPEN, log=day()) as watch:
        await_that(watch.ready)
        for words in (("disable", "bob@shop.test"), ("exempt", "--until", "2099-01-01", "news@shop.test")):
            program = [os.environ["SENDWATCH"], *words, "-c", str(watch.conf), "--reason", reason]
            subprocess.run(program, check=True, capture_output=True)
        await_that(lambda: "news@shop.test" in watch.get("/").text)  # a page is up to a second old
        look(page, watch, "orders", "/")
        rows = page.value("[...document.querySelectorAll('#orders tbody tr')].map((row) => row.textContent)")
        assert len(rows) == 2 and rows[0].startswith("exemptnews@shop.test"), rows
        assert rows[1].startswith("stoppedbob@shop.test") and all(row.endswith(reason) for row in rows), rows
        look(page, watch, "ordered", "/account?name=bob@shop.test")
        assert "stopped until " in page.value("document.querySelector('.top').textContent")
        typed = page.value("document.querySelector('.typed').textContent")
        assert "sendwatch release bob@shop.test" in typed and "sendwatch disable" not in typed, typed
        watch.stop()


def answers_of(page, watch):
    page.look(1280, 900)
    page.open(f"http://127.0.0.1:{watch.port}/")
    return page.value("[...document.querySelectorAll('.answer')].map((p) => p.textContent)")


def calm(page):
    """Nothing was read yet, and nothing is wrong: the empty states."""
    with Watching(OPEN, log=b"") as watch:
        await_that(lambda: watch.get("/").status == 200)
        look(page, watch, "empty", "/")
        assert "All accounts are normal." in page.value("document.body.textContent")
        watch.stop()


def clean(folder):
    for name in ("verdicts.ndjson", "mail.log"):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "state", ignore_errors=True)


def main():
    PICTURES.mkdir(parents=True, exist_ok=True)
    folder = pathlib.Path(os.environ["TMP"])
    with Browser() as browser:
        page = browser.page()
        for part in (attacked, usual, ordered, calm):
            part(page)
            clean(folder)


main()
