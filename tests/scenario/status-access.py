#!/usr/bin/env python3
"""Who is not to see the page does not, nobody changes anything by a trick, and a slow reader holds nobody up."""
# needs: python3
import base64
import os
import re
import socket
import sys
import time

sys.path.insert(0, os.environ["TOP"] + "/tests/servers")
from watching import ACCOUNT, Watching, await_that, day

FOLDER = os.environ["TMP"]
BASIC = {"Authorization": "Basic " + base64.b64encode(b"admin:correct horse").decode()}
WRONG = {"Authorization": "Basic " + base64.b64encode(b"admin:correct horsf").decode()}
TOKEN = {"Authorization": "Bearer 0123456789abcdef"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def safe_heads(answer):
    policy = answer.heads["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "script-src" not in policy, policy
    assert answer.heads["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in policy and answer.heads["Referrer-Policy"] == "same-origin"


def nobody(watch):
    """Without a password the page is for those who may use the Unix socket."""
    assert watch.get("/").status == 403 and "password_file" in watch.get("/").text
    assert ACCOUNT not in watch.get("/").text + watch.get("/accounts.json").text
    for path in ("/account?name=" + ACCOUNT, "/accounts.json"):
        assert watch.get(path).status == 403, path
    assert watch.get("/", unix=True).status == 200 and ACCOUNT in watch.get("/", unix=True).text
    assert os.stat(watch.socket).st_mode & 0o777 == 0o660
    assert watch.get("/metrics").status == 200 and watch.get("/healthz").status == 200
    # No other paths, no folders, no other ways.
    for path in ("/..", "/../detect.conf", "//", "/index.html", "/account/", "/%2e%2e/x", "/style.css/"):
        assert watch.get(path).status == 404, path
    for method in ("PUT", "DELETE", "POST", "OPTIONS", "TRACE", "PATCH"):
        answer = watch.ask(method, "/")
        assert answer.status in (405, 501), (method, answer.status)
        safe_heads(answer)
    head = watch.ask("HEAD", "/metrics")
    assert head.status == 200 and head.bytes == b""
    # Another name that leads here is no name of ours.
    for host, status in (
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example:80", 421),
        ("ours.example", 200),
        ("OURS.example:8025", 200),
        ("127.0.0.1:8025", 200),
        ("[::1]:8025", 200),
        ("localhost", 200),
    ):
        assert watch.get("/metrics", heads={"Host": host}).status == status, host
    assert watch.ask("POST", "/act?account=x", "verb=disable", FORM).status == 403
    answer = watch.ask("POST", "/act", "x" * 9000, FORM)
    assert answer.status == 413, answer.status
    assert watch.get("/account?name=" + "x" * 8000, unix=True).status == 404
    assert watch.get("/account?name=%3Cscript%3Ealert(1)%3C/script%3E", unix=True).text.count("<script") == 0


def known(watch):
    answer = watch.get("/")
    assert answer.status == 401 and answer.heads["WWW-Authenticate"].startswith("Basic "), answer.status
    assert ACCOUNT not in answer.text
    safe_heads(answer)
    began = time.monotonic()
    assert watch.get("/", heads=WRONG).status == 401
    assert time.monotonic() - began > 0.4, "guessing is too fast"
    for wrong in ("Bearer 0123456789abcdee", "Bearer ", "Bearer", "Basic", "Basic !!!", "Basic " + "A" * 5000):
        assert watch.get("/", heads={"Authorization": wrong}).status == 401, wrong
    for good in (BASIC, TOKEN):
        answer = watch.get("/", heads=good)
        assert answer.status == 200 and ACCOUNT in answer.text
        assert answer.heads["Cache-Control"] == "no-store"
    assert watch.get("/style.css").status == 200


def changes(watch):
    act = f"/act?account={ACCOUNT}"
    page = watch.get("/account?name=" + ACCOUNT, heads=BASIC).text
    assert "sendwatch trace " + ACCOUNT + " " in page and "mail.log*" in page, "trace needs its logs"
    form = re.search(r'name="form" value="([0-9a-f]{32})"', page)[1]
    body = f"verb=disable&reason=by+phone&form={form}"
    ours = {**BASIC, **FORM, "Origin": f"http://127.0.0.1:{watch.port}"}
    refused = [
        (FORM, body, "nobody in particular"),
        ({**BASIC, **FORM}, body.replace(form, "0" * 32), "another form"),
        ({**BASIC, **FORM}, "verb=disable", "no form"),
        ({**ours, "Origin": "http://evil.example"}, body, "another page's"),
        ({**ours, "Origin": "null"}, body, "a page without a name"),
        ({**ours, "Sec-Fetch-Site": "cross-site"}, body, "another site's"),
        ({**TOKEN, **FORM, "Host": "evil.example"}, body, "another name"),
    ]
    for heads, text, why in refused:
        assert watch.ask("POST", act, text, heads).status in (403, 401, 421), why
    assert watch.get(act + "&" + body, heads=BASIC).status == 405, "a link changes something"
    assert "by phone" not in (watch.folder / "verdicts.ndjson").read_text()

    answer = watch.ask("POST", act, body, ours)
    assert answer.status == 303 and answer.heads["Location"].startswith("account?done=yes&name=nils%40"), answer.text
    journal = (watch.folder / "verdicts.ndjson").read_text()
    assert '"by":"status page","reason":"by phone"' in journal, journal[-500:]
    page = watch.get("/account?name=" + ACCOUNT, heads=TOKEN).text
    assert "<b>stopped</b> until <time" in page and ", by status page on " in page and ": by phone</p>" in page, page
    assert "Release it" in page
    front = watch.get("/", heads=TOKEN).text
    orders = front[front.index("Stopped, throttled or exempt on this server") :]
    assert ACCOUNT in orders and ">by phone</td>" in orders, orders
    answer = watch.ask("POST", act, body, {**TOKEN, **FORM})
    assert answer.status == 409, "it is disabled already"
    assert watch.ask("POST", act, "verb=release", {**TOKEN, **FORM}).status == 303
    assert watch.ask("POST", act, "verb=exempt", {**TOKEN, **FORM}).status == 409
    assert '"action":"released"' in (watch.folder / "verdicts.ndjson").read_text()


def total(watch):
    """The lines that this process has read, once it reads no more: how many it reads again depends on when the last ended."""
    seen = -1
    while True:
        now = int(re.search(r"^sendwatch_lines_total (\d+)$", watch.get("/metrics").text, re.M).group(1))
        if now == seen > 0:
            return now
        seen = now
        time.sleep(0.3)


def slow(watch):
    """Connections that say little or read nothing: others are served, lines are read, and they end."""
    idle = []
    for number in range(12):
        client = socket.create_connection(("127.0.0.1", watch.port))
        client.sendall([b"", b"GET /", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" * 300][number % 3])
        idle.append(client)
    before = total(watch)
    with open(watch.log, "ab") as log:
        log.write(b"".join(day().splitlines(True)[:100]))
    await_that(lambda: total(watch) >= before + 100, words="lines wait for a client")
    for client in idle:
        client.settimeout(120)
        try:
            while client.recv(65536):
                pass
        except ConnectionError:
            pass
        client.close()


def resident(watch):
    return int(re.search(r"^process_resident_memory_bytes (\d+)", watch.get("/metrics").text, re.M).group(1))


def unanswered(watch):
    """A request that the library cannot make out ends without an answer, and leaves nothing behind."""
    request = b"GET /account?" + b"name=a&" * 4000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"

    def ask(times):
        for _ in range(times):
            with socket.create_connection(("127.0.0.1", watch.port)) as client:
                client.settimeout(60)
                client.sendall(request)
                try:
                    while client.recv(65536):
                        pass
                except ConnectionError:
                    pass

    ask(50)
    before = resident(watch)
    ask(800)
    assert resident(watch) < before + 8_000_000, (before, resident(watch))


def forced(watch):
    """How often new settings came into force."""
    return (watch.folder / "watch.err").read_text().count("new settings are in force")


def main():
    open(FOLDER + "/password", "w").write("correct horse\n")
    open(FOLDER + "/token", "w").write("0123456789abcdef\n")
    with Watching("hosts = ours.example", log=day()) as watch:
        await_that(watch.ready)
        nobody(watch)
        # New settings, the same sockets; then settings that are none.
        secrets = f"password_file = {FOLDER}/password\ntoken_file = {FOLDER}/token\nchange = yes\ntimeout = 6s\nmode = 0600\n"
        watch.settings(secrets, f"[policy]\naddress = {FOLDER}/policy\n", "dry_run = no")
        watch.process.send_signal(1)
        await_that(lambda: watch.said("new settings are in force"))
        assert os.stat(watch.socket).st_mode & 0o777 == 0o600, "the socket keeps its old rights"
        known(watch)
        # They are the same, too, where they are written otherwise.
        for old, new in (f"{watch.socket}", f"unix:{watch.socket}"), (f"{watch.port},", f"127.0.0.1:{watch.port},"):
            watch.conf.write_text(watch.conf.read_text().replace(f" {old}", f" {new}"))
            before = forced(watch)
            watch.process.send_signal(1)
            await_that(lambda before=before: forced(watch) > before)
            assert not watch.said("the status page stays as it was"), new
            assert watch.get("/", heads=TOKEN, unix=True).status == 200, new
            assert watch.get("/", heads=TOKEN).status == 200, new
        watch.settings(f"password_file = {FOLDER}/none", "", "dry_run = no")
        watch.process.send_signal(1)
        await_that(lambda: watch.said("the status page stays as it was"))
        known(watch)
        watch.settings(secrets, f"[policy]\naddress = {FOLDER}/policy\n", "dry_run = no")
        watch.stop()
    assert not os.path.exists(watch.socket), "the socket is left behind"
    with watch:
        await_that(watch.ready)
        changes(watch)
        unanswered(watch)
        slow(watch)
        watch.stop()


main()
