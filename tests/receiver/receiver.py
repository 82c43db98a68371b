#!/usr/bin/env python3
"""A webhook's receiver for tests: receiver.py FOLDER [STATUS...]

Listens on a free port of 127.0.0.1, which it writes to FOLDER/port. Each request becomes a line of
FOLDER/requests (JSON: path, headers in lower case, body). The answers are the STATUSes in turn, the last one
for ever; a STATUS of "hang" answers nothing, "503:7" asks for seconds of patience (Retry-After).
FOLDER/answers, where it is there, replaces them. Where FOLDER/server.pem is (key and certificate), it speaks TLS.
"""
import http.server
import json
import os
import socketserver
import ssl
import sys
import time

folder, answers = sys.argv[1], sys.argv[2:] or ["200"]
count = 0


def next_answer():
    global count
    plan = answers
    try:
        with open(os.path.join(folder, "answers")) as file:
            plan = file.read().split()
    except OSError:
        pass
    answer = plan[min(count, len(plan) - 1)]
    count += 1
    return answer


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        seen = {"path": self.path, "headers": {name.lower(): value for name, value in self.headers.items()},
                "body": body.decode("utf-8", "replace")}
        answer = next_answer()
        if answer == "hang":
            time.sleep(30)
            return
        status, _, patience = answer.partition(":")
        seen["answer"] = int(status)
        with open(os.path.join(folder, "requests"), "a") as file:
            file.write(json.dumps(seen) + "\n")
        self.send_response(int(status))
        if patience:
            self.send_header("Retry-After", patience)
        if status.startswith("3"):
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)  # the usual one asks DNS for its own name


server = Server(("127.0.0.1", 0), Receiver)
identity = os.path.join(folder, "server.pem")
if os.path.exists(identity):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity)
    server.socket = context.wrap_socket(server.socket, server_side=True)
with open(os.path.join(folder, "port.new"), "w") as file:
    file.write(str(server.server_address[1]))
os.rename(os.path.join(folder, "port.new"), os.path.join(folder, "port"))
server.serve_forever()
