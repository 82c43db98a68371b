#!/usr/bin/env python3
"""A receiver of sendwatch's webhooks that believes only what is signed.

    receive.py --secret-file FILE [--listen 127.0.0.1:8787] [--tolerance SECONDS]

Each POST must have X-Sendwatch-Signature: t=SECONDS,v1=HEX, where HEX is the HMAC-SHA-256 of "SECONDS.BODY" under
the secret. What is not signed, or was signed too long ago, is answered with 401. A message that came before (by its
Idempotency-Key) is answered with 200 and not printed again. What is good is printed, one line of JSON each: put
your own work where `take` is.

The standard library is all it needs. Put it behind a web server that speaks TLS.
"""
import argparse
import collections
import hashlib
import hmac
import http.server
import sys
import time

LARGEST = 1024 * 1024
REMEMBERED = 10000


def verify(secret, header, body, now, tolerance=300):
    """Is HEADER a signature of BODY by SECRET, not older or newer than TOLERANCE seconds?"""
    stamp, signatures = None, []
    for part in (header or "").split(","):
        name, _, value = part.strip().partition("=")
        if name == "t" and value.isascii() and value.isdigit() and len(value) < 16:
            stamp = value
        elif name == "v1":
            signatures.append(value)
    if stamp is None or abs(now - int(stamp)) > tolerance:
        return False
    wanted = hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    # All of them are compared, each in constant time: during a change of secrets there may be two.
    return any([hmac.compare_digest(wanted.encode(), given.encode()) for given in signatures])


class Seen:
    """The ids that came lately; the oldest are forgotten."""

    def __init__(self, most=REMEMBERED):
        self.most, self.ids = most, collections.OrderedDict()

    def again(self, key):
        if key in self.ids:
            return True
        self.ids[key] = True
        if len(self.ids) > self.most:
            self.ids.popitem(last=False)
        return False


def take(body):
    print(body.decode("utf-8", "replace"), flush=True)


class Receiver(http.server.BaseHTTPRequestHandler):
    secret, tolerance, seen = b"", 300, Seen()
    timeout = 30

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > LARGEST:
            return self.answer(413)
        body = self.rfile.read(int(length))
        if not verify(self.secret, self.headers.get("X-Sendwatch-Signature"), body, time.time(), self.tolerance):
            return self.answer(401)
        key = self.headers.get("Idempotency-Key", "")
        if not key or not self.seen.again(key):
            take(body)
        return self.answer(200)

    def log_message(self, *arguments):
        pass


def main():
    parser = argparse.ArgumentParser(description="receive signed webhooks of sendwatch")
    parser.add_argument("--secret-file", required=True)
    parser.add_argument("--listen", default="127.0.0.1:8787")
    parser.add_argument("--tolerance", type=int, default=300)
    arguments = parser.parse_args()
    with open(arguments.secret_file, "rb") as file:
        Receiver.secret = file.read().strip(b" \t\r\n")
    if not Receiver.secret:
        sys.exit("the secret is empty")
    Receiver.tolerance = arguments.tolerance
    host, _, port = arguments.listen.rpartition(":")
    server = http.server.ThreadingHTTPServer((host, int(port)), Receiver)
    print("listening on port %d" % server.server_address[1], file=sys.stderr, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
