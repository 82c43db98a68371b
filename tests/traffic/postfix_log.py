"""A day of mail as Postfix logs it through rsyslog, with stamps as Debian 12 writes them."""
import datetime
import random


class PostfixLog:
    def __init__(self, seed, host="mx1"):
        self.draw = random.Random(seed)
        self.host = host
        self.lines = []  # (time, order, text)
        self.used = set()
        self.pids = {}

    def say(self, time, program, text):
        pid = self.pids.setdefault(program, self.draw.randint(1000, 90000))
        if self.draw.random() < 0.02:
            self.pids[program] = self.draw.randint(1000, 90000)
        stamp = datetime.datetime.fromtimestamp(round(time, 6), datetime.timezone.utc).isoformat(
            timespec="microseconds"
        )
        self.lines.append(
            (
                round(time, 6),
                len(self.lines),
                "%s %s postfix/%s[%d]: %s" % (stamp, self.host, program, pid, text),
            )
        )

    def queue_id(self):
        while True:
            made = "%05X%06X" % (self.draw.randint(0x10000, 0xFFFFF), self.draw.getrandbits(24))
            if made not in self.used:
                self.used.add(made)
                return made

    def message(self, message):
        queue, at = self.queue_id(), message.time
        service = "submission/smtpd" if message.kind == "login" else "smtpd"
        client = "%s[%s]" % (message.client_name, message.client)
        if message.kind == "local":
            self.say(
                at,
                "pickup",
                "%s: uid=%d from=<%s>" % (queue, 1000 + sum(map(ord, message.account)) % 60, message.account),
            )
        else:
            self.say(at - 0.4, service, "connect from " + client)
            login = ", sasl_method=PLAIN, sasl_username=" + message.account if message.kind == "login" else ""
            self.say(at, service, "%s: client=%s%s" % (queue, client, login))
        self.say(at + 0.01, "cleanup", "%s: message-id=<%s>" % (queue, message.id))
        self.say(
            at + 0.03,
            "qmgr",
            "%s: from=<%s>, size=%d, nrcpt=%d (queue active)"
            % (queue, message.sender, message.size, len(message.recipients)),
        )
        if message.kind != "local":
            commands = "ehlo=1 auth=1" if message.kind == "login" else "ehlo=1"
            count = len(message.recipients)
            self.say(
                at + 0.05,
                service,
                "disconnect from %s %s mail=1 rcpt=%d data=1 quit=1 commands=%d"
                % (client, commands, count, count + len(commands.split()) + 3),
            )
        last, undelivered = at, []
        for recipient in message.recipients:
            for number, attempt in enumerate(recipient.tries):
                if number > 0:
                    self.say(
                        attempt.time - 0.2,
                        "qmgr",
                        "%s: from=<%s>, size=%d, nrcpt=%d (queue active)"
                        % (queue, message.sender, message.size, len(message.recipients)),
                    )
                self.attempt(queue, message, recipient, attempt)
                last = max(last, attempt.time)
            if recipient.tries[-1].kind == "bounced":
                undelivered.append(recipient)
        if undelivered:
            self.bounce(queue, message, last + 0.02)
        if all(recipient.tries[-1].kind != "deferred" for recipient in message.recipients):
            self.say(last + 0.06, "qmgr", queue + ": removed")

    def attempt(self, queue, message, recipient, attempt):
        delay = attempt.time - message.time
        times = "delay=%.2g, delays=%.2g/0.01/%.2g/%.2g" % (delay, max(0.02, delay - 0.4), 0.2, 0.19)
        if recipient.remote is None:
            self.say(
                attempt.time,
                "lmtp",
                "%s: to=<%s>, relay=mx1.hosting.example[private/dovecot-lmtp], %s, dsn=2.0.0, status=sent (250 2.0.0 <%s> %s Saved)"
                % (queue, recipient.address, times, recipient.address, "%022x" % self.draw.getrandbits(88)),
            )
            return
        where = "%s[%s]" % (recipient.remote.host, recipient.remote.address)
        relay = where + ":25" if attempt.said else "none"
        status = {"delivered": "sent", "deferred": "deferred", "bounced": "bounced"}[attempt.kind]
        words = attempt.reply
        if attempt.said and attempt.kind != "delivered":
            stage = "end of DATA" if attempt.dsn == "5.7.1" else "RCPT TO"
            words = "host %s said: %s (in reply to %s command)" % (where, attempt.reply, stage)
        self.say(
            attempt.time,
            "smtp",
            "%s: to=<%s>, relay=%s, %s, dsn=%s, status=%s (%s)"
            % (queue, recipient.address, relay, times, attempt.dsn, status, words),
        )

    def bounce(self, queue, message, at):
        child = self.queue_id()
        self.say(
            at,
            "cleanup",
            "%s: message-id=<%s.%s@mx1.hosting.example>"
            % (
                child,
                datetime.datetime.fromtimestamp(at, datetime.timezone.utc).strftime("%Y%m%d%H%M%S"),
                child,
            ),
        )
        self.say(at + 0.005, "bounce", "%s: sender non-delivery notification: %s" % (queue, child))
        self.say(
            at + 0.01, "qmgr", "%s: from=<>, size=%d, nrcpt=1 (queue active)" % (child, message.size + 2300)
        )
        self.say(
            at + 0.2,
            "lmtp",
            "%s: to=<%s>, relay=mx1.hosting.example[private/dovecot-lmtp], delay=0.2, delays=0.01/0.01/0.08/0.1, dsn=2.0.0, status=sent (250 2.0.0 <%s> %022x Saved)"
            % (child, message.sender, message.sender, self.draw.getrandbits(88)),
        )
        self.say(at + 0.21, "qmgr", child + ": removed")

    def refusal(self, refusal):
        client = "unknown[%s]" % refusal.client
        if refusal.kind == "auth":
            self.say(refusal.time, "submission/smtpd", "connect from " + client)
            self.say(
                refusal.time + 2.1,
                "submission/smtpd",
                "warning: %s: SASL LOGIN authentication failed: UGFzc3dvcmQ6, sasl_username=%s"
                % (client, refusal.account),
            )
            self.say(
                refusal.time + 2.4,
                "submission/smtpd",
                "disconnect from %s ehlo=1 auth=0/1 quit=1 commands=2/3" % client,
            )
        else:
            self.say(refusal.time, "smtpd", "connect from " + client)
            self.say(
                refusal.time + 0.3,
                "smtpd",
                "NOQUEUE: reject: RCPT from %s: 454 4.7.1 <%s>: Relay access denied; from=<x@%s> to=<%s> proto=ESMTP helo=<%s>"
                % (client, refusal.account, refusal.helo, refusal.account, refusal.helo),
            )
            self.say(
                refusal.time + 0.5,
                "smtpd",
                "disconnect from %s ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4" % client,
            )

    def write(self, day):
        for message in day.messages:
            self.message(message)
        for refusal in day.refusals:
            self.refusal(refusal)
        return self.lines
