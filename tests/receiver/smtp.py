#!/usr/bin/env python3
"""A mail server for tests: smtp.py FOLDER

Listens on a free port of 127.0.0.1, which it writes to FOLDER/smtp-port. Each mail becomes a line of FOLDER/mails
(JSON: from, to, data). FOLDER/smtp-answer, where it is there, is the answer to RCPT ("450 4.2.0 later").
"""
import json
import os
import socketserver
import sys

folder = sys.argv[1]


class Session(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def data(self):
        lines = []
        while True:
            line = self.rfile.readline()
            if line in (b".\r\n", b""):
                return b"".join(lines).decode("utf-8", "replace")
            lines.append(line[1:] if line.startswith(b".") else line)

    def rcpt_answer(self):
        try:
            with open(os.path.join(folder, "smtp-answer")) as file:
                return file.read().strip()
        except OSError:
            return "250 2.1.5 ok"

    def handle(self):
        mail = {"from": None, "to": []}
        self.say("220 sink ESMTP")
        for line in iter(self.rfile.readline, b""):
            verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            verb = verb.upper()
            if verb == "EHLO":
                self.say("250-sink\r\n250 8BITMIME")
            elif verb == "MAIL":
                mail = {"from": rest.partition(":")[2], "to": []}
                self.say("250 2.1.0 ok")
            elif verb == "RCPT":
                answer = self.rcpt_answer()
                if answer.startswith("2"):
                    mail["to"].append(rest.partition(":")[2])
                self.say(answer)
            elif verb == "DATA":
                self.say("354 go on")
                mail["data"] = self.data()
                with open(os.path.join(folder, "mails"), "a") as file:
                    file.write(json.dumps(mail) + "\n")
                self.say("250 2.0.0 taken")
            elif verb == "QUIT":
                self.say("221 2.0.0 bye")
                return
            else:
                self.say("250 2.0.0 ok")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


server = Server(("127.0.0.1", 0), Session)
with open(os.path.join(folder, "smtp-port.new"), "w") as file:
    file.write(str(server.server_address[1]))
os.rename(os.path.join(folder, "smtp-port.new"), os.path.join(folder, "smtp-port"))
server.serve_forever()
