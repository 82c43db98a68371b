#!/usr/bin/env python3
"""A remote mail server on loopback: sink.py PORT FOLDER.

By the recipient's local part: what begins with "no" does not exist, what begins with "later" is put off,
everything else is taken. A line a recipient goes to FOLDER/sink: answer, sender, recipient.
"""
import socketserver
import sys


class Session(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def recipient(self, sender, address):
        local = address.strip("<>")
        if local.startswith("no"):
            answer = "550 5.1.1 <%s>: Recipient address rejected: User unknown in virtual mailbox table" % local
        elif local.startswith("later"):
            answer = "450 4.2.0 <%s>: Recipient address rejected: Greylisted, please come back" % local
        else:
            answer = "250 2.1.5 Ok"
        with open(sys.argv[2] + "/sink", "a") as out:
            out.write("%s %s %s\n" % (answer[:3], sender, local))
        self.say(answer)

    def handle(self):
        try:
            self.talk()
        except ConnectionError:
            pass

    def talk(self):
        sender = ""
        self.say("220 mx.remote.test ESMTP")
        for raw in self.rfile:
            line = raw.decode("latin-1").rstrip("\r\n")
            verb = line[:4].upper()
            if verb in ("EHLO", "HELO"):
                self.say("250 mx.remote.test")
            elif verb == "MAIL":
                sender = line[10:].split(" ")[0].strip("<>")
                self.say("250 2.1.0 Ok")
            elif verb == "RCPT":
                self.recipient(sender, line[8:].split(" ")[0])
            elif verb == "DATA":
                self.say("354 End data with <CR><LF>.<CR><LF>")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
                self.say("250 2.0.0 Ok: queued as SINK")
            elif verb == "QUIT":
                self.say("221 2.0.0 Bye")
                return
            else:
                self.say("250 2.0.0 Ok")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 100


Server(("127.0.0.1", int(sys.argv[1])), Session).serve_forever()
