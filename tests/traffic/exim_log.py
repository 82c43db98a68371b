"""A day of mail as Exim 4.96 logs it in its main log, with the arguments of local submissions."""
import datetime
import random
import string

DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase


def base62(number, width):
    made = ""
    for _ in range(width):
        number, digit = divmod(number, 62)
        made = DIGITS[digit] + made
    return made


class EximLog:
    def __init__(self, seed):
        self.draw = random.Random(seed)
        self.lines = []  # (time, order, text)
        self.pid = 2000

    def say(self, time, text):
        # A stamp has no fraction, and lines of one second stand in the order in which they were written.
        stamp = datetime.datetime.fromtimestamp(int(time), datetime.timezone.utc).strftime(
            "%Y-%m-%d %H:%M:%S"
        )
        self.lines.append((time, len(self.lines), "%s %s" % (stamp, text)))

    def queue_id(self, at):
        self.pid += self.draw.randint(1, 9)
        return "%s-%s-%s" % (base62(int(at), 6), base62(self.pid, 6), base62(int(at % 1 * 2000), 2))

    def message(self, message):
        queue, at = self.queue_id(message.time), message.time
        if message.kind == "local":
            self.say(
                at - 0.02,
                "cwd=%s 4 args: /usr/sbin/sendmail -t -i -f%s" % (message.directory, message.sender),
            )
            origin = "U=%s P=local" % message.account
        elif message.kind == "login":
            host = (
                "H=(%s) [%s]" % (message.helo, message.client)
                if message.client_name == "unknown"
                else "H=%s (%s) [%s]" % (message.client_name, message.helo, message.client)
            )
            origin = (
                host
                + " P=esmtpsa X=TLS1.3:ECDHE_X25519__RSA_PSS_RSAE_SHA256__AES_256_GCM:256 CV=no A=plain_server:"
                + message.account
            )
        else:
            origin = (
                "H=%s [%s] P=esmtps X=TLS1.3:ECDHE_X25519__RSA_PSS_RSAE_SHA256__AES_256_GCM:256 CV=no"
                % (message.client_name, message.client)
            )
        self.say(at, "%s <= %s %s S=%d id=%s" % (queue, message.sender, origin, message.size, message.id))
        last, undelivered = at, False
        for recipient in message.recipients:
            first = True
            for attempt in recipient.tries:
                self.attempt(queue, recipient, attempt, first and len(message.recipients) > 1)
                last = max(last, attempt.time)
            undelivered = undelivered or recipient.tries[-1].kind == "bounced"
        if undelivered:
            self.bounce(queue, message, last + 0.05)
        if all(recipient.tries[-1].kind != "deferred" for recipient in message.recipients):
            self.say(last + 0.1, queue + " Completed")

    def attempt(self, queue, recipient, attempt, several):
        if recipient.remote is None:
            name = recipient.address.split("@")[0]
            self.say(
                attempt.time, "%s => %s <%s> R=local_user T=maildir_home" % (queue, name, recipient.address)
            )
            return
        remote = recipient.remote
        route = "R=dnslookup T=remote_smtp"
        if attempt.kind == "delivered":
            self.say(
                attempt.time,
                '%s => %s %s H=%s [%s] X=TLS1.3:ECDHE_SECP256R1__RSA_PSS_RSAE_SHA256__AES_256_GCM:256 CV=yes C="%s"'
                % (queue, recipient.address, route, remote.host, remote.address, attempt.reply),
            )
        elif not attempt.said:
            self.say(
                attempt.time - 0.1, "%s H=%s [%s] Connection timed out" % (queue, remote.host, remote.address)
            )
            self.say(
                attempt.time,
                "%s == %s %s defer (110): Connection timed out" % (queue, recipient.address, route),
            )
        else:
            stage = "end of data" if attempt.dsn == "5.7.1" else "RCPT TO:<%s>" % recipient.address
            words = "SMTP error from remote mail server after %s: %s" % (stage, attempt.reply)
            where = "H=%s [%s]" % (remote.host, remote.address)
            if attempt.kind == "bounced":
                self.say(attempt.time, "%s ** %s %s %s: %s" % (queue, recipient.address, route, where, words))
            else:
                self.say(
                    attempt.time,
                    "%s == %s %s defer (-44) %s: %s" % (queue, recipient.address, route, where, words),
                )

    def bounce(self, queue, message, at):
        child = self.queue_id(at)
        name = message.sender.split("@")[0]
        self.say(at, "%s <= <> R=%s U=Debian-exim P=local S=%d" % (child, queue, message.size + 1700))
        self.say(at + 0.02, "%s => %s <%s> R=local_user T=maildir_home" % (child, name, message.sender))
        self.say(at + 0.03, child + " Completed")

    def refusal(self, refusal):
        if refusal.kind == "auth":
            self.say(
                refusal.time,
                "login_server authenticator failed for (%s) [%s]: 535 Incorrect authentication data (set_id=%s)"
                % (refusal.helo, refusal.client, refusal.account),
            )
        else:
            self.say(
                refusal.time,
                "H=(%s) [%s] F=<x@%s> rejected RCPT <%s>: relay not permitted"
                % (refusal.helo, refusal.client, refusal.helo, refusal.account),
            )

    def write(self, day):
        for message in day.messages:
            self.message(message)
        for refusal in day.refusals:
            self.refusal(refusal)
        return self.lines
