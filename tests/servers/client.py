#!/usr/bin/env python3
"""A mail program that logs in and sends: client.py PORT LOGIN RECIPIENT...

Each recipient gets a message of its own, all in one session. With --until-refused the recipients are gone round
(a number is put before each @) until one is refused, for two minutes at most. The first refusal is printed as
"refused CODE TEXT" with the time, in seconds since 1970, in front; else "sent N".
"""
import smtplib
import sys
import time

arguments = [word for word in sys.argv[1:] if not word.startswith("--")]
port, login, recipients = int(arguments[0]), arguments[1], arguments[2:]
rounds = "--until-refused" in sys.argv
sent = 0
end = time.time() + 120

try:
    server = smtplib.SMTP("127.0.0.1", port, "pc.home.test", timeout=60)
    server.login(login, "secret")
    while True:
        for recipient in recipients:
            local, domain = recipient.split("@")
            to = "%s%d@%s" % (local, sent, domain) if rounds else recipient
            server.sendmail(login, [to], "From: <%s>\r\nTo: <%s>\r\nSubject: offer %d\r\n\r\nBuy.\r\n" % (login, to, sent))
            sent += 1
            time.sleep(0.01 if rounds else 0)
        if not rounds or time.time() > end:
            break
    print("sent %d" % sent)
except smtplib.SMTPRecipientsRefused as refusal:
    code, text = list(refusal.recipients.values())[0]
    print("%.3f refused %d %s after %d" % (time.time(), code, text.decode(), sent))
except smtplib.SMTPResponseException as refusal:
    print("%.3f refused %d %s after %d" % (time.time(), refusal.smtp_code, refusal.smtp_error.decode(), sent))
