"""The mail of some hours as Postfix logs it, and what of it is to be counted.

    mail.py write SEED COUNT    writes whole.log and totals
    mail.py accounts            those of totals
    mail.py compare FILE        is what `sendwatch show` said of them what totals holds?
"""
import collections
import datetime
import heapq
import json
import random
import sys
import time

DAY = 86400
# The midnight of a Tuesday some days ago: near enough to be acted on, and of the same weekday in every run.
START = (int(time.time()) - 6 * DAY) // (7 * DAY) * 7 * DAY + 5 * DAY
EPOCH = datetime.datetime.fromtimestamp(0, datetime.timezone.utc)


class Mail:
    """LINES in the order of time, TOTALS by account; about COUNT lines. Some accounts are taken over."""

    def __init__(self, seed, count):
        self.draw = random.Random(seed)
        self.waiting, self.order, self.used = [], 0, set()
        self.totals = collections.defaultdict(collections.Counter)
        people = ["user%02d@dom%d.example" % (number, number % 5) for number in range(20)]
        # Each campaign is at a time of its own; 80 messages of 8 lines.
        robbed = self.draw.sample(people, max(1, min(4, count // 3000)))
        clock, step, said = START, 3 * 3600 / max(1, count / 8), 0
        turns = {int(count / 8 * (place + 1) / (len(robbed) + 1)): who for place, who in enumerate(robbed)}
        while said * 8 < count:
            if said in turns:
                self.campaign(turns[said], clock)
            self.message(self.draw.choice(people), clock, "198.51.100.%d" % self.draw.randint(1, 5), False)
            clock += self.draw.expovariate(1 / step)
            said += 1
        self.lines = []
        while self.waiting:
            moment, _, program, text = heapq.heappop(self.waiting)
            stamp = datetime.datetime.fromtimestamp(moment, datetime.timezone.utc)
            self.lines.append(
                "%s mx1 postfix/%s[77]: %s" % (stamp.isoformat(timespec="microseconds"), program, text)
            )

    def say(self, moment, program, text):
        self.order += 1
        heapq.heappush(self.waiting, (moment, self.order, program, text))

    def campaign(self, account, clock):
        for number in range(80):
            self.message(account, clock + number * 4, "203.0.%d.7" % self.draw.randint(1, 200), True)

    def queue_id(self):
        while True:
            made = "%05X%06X" % (self.draw.randint(0x10000, 0xFFFFF), self.draw.getrandbits(24))
            if made not in self.used:
                self.used.add(made)
                return made

    def message(self, account, clock, client, bad):
        draw, queue, totals = self.draw, self.queue_id(), self.totals[account]
        fewest = 1 if not bad else 3
        recipients = [
            "%s%d@far%d.example" % ("x" if bad else "friend", draw.randint(1, 10**8 if bad else 9), number)
            for number in range(fewest, fewest + draw.randint(1, 3))
        ]
        self.say(
            clock,
            "submission/smtpd",
            "%s: client=host[%s], sasl_method=PLAIN, sasl_username=%s" % (queue, client, account),
        )
        self.say(clock + 0.01, "cleanup", "%s: message-id=<%s@mx1>" % (queue, queue))
        self.say(
            clock + 0.02,
            "qmgr",
            "%s: from=<%s>, size=2000, nrcpt=%d (queue active)" % (queue, account, len(recipients)),
        )
        end = clock + 0.5
        totals["messages"] += 1
        for number, recipient in enumerate(recipients):
            moment = clock + 0.5 + number * 0.1
            totals["recipients"] += 1
            kind = draw.random()
            if kind < (0.45 if bad else 0.02):
                totals["invalid"] += 1
                self.result(queue, moment, recipient, "5.1.1", "bounced", "550 5.1.1 no such user")
            elif kind < 0.55:
                # Put off, and taken later: one attempt, which became another.
                self.result(queue, moment, recipient, "4.2.0", "deferred", "451 4.2.0 try again")
                moment += draw.randint(60, 1500)
                self.say(
                    moment - 1,
                    "qmgr",
                    "%s: from=<%s>, size=2000, nrcpt=%d (queue active)" % (queue, account, len(recipients)),
                )
                totals["delivered"] += 1
                self.result(queue, moment, recipient, "2.0.0", "sent", "250 2.0.0 OK")
            else:
                totals["delivered"] += 1
                self.result(queue, moment, recipient, "2.0.0", "sent", "250 2.0.0 OK")
            end = max(end, moment)
        self.say(end + 0.2, "qmgr", "%s: removed" % queue)

    def result(self, queue, moment, recipient, code, status, reply):
        host = recipient.split("@")[1]
        said = "host mail.%s[192.0.2.9] said: %s (in reply to RCPT TO command)" % (host, reply)
        self.say(
            moment,
            "smtp",
            "%s: to=<%s>, relay=mail.%s[192.0.2.9]:25, delay=0.5, delays=0.1/0/0.2/0.2, dsn=%s, "
            "status=%s (%s)" % (queue, recipient, host, code, status, reply if status == "sent" else said),
        )


def compare(path):
    with open("totals", encoding="ascii") as totals, open(path, encoding="utf-8") as shown:
        wanted, found = json.load(totals), {row["account"]: row for row in map(json.loads, shown)}
    for account, counts in wanted.items():
        for key, count in counts.items():
            assert found[account].get(key + "_7d", 0) == count, (account, key, count, found[account])


def main(verb, *words):
    if verb == "write":
        mail = Mail(*map(int, words))
        with open("whole.log", "w", encoding="utf-8") as log, open("totals", "w", encoding="ascii") as totals:
            log.write("\n".join(mail.lines) + "\n")
            json.dump(mail.totals, totals)
    elif verb == "accounts":
        with open("totals", encoding="ascii") as totals:
            print(*json.load(totals))
    else:
        compare(*words)


if __name__ == "__main__":
    main(*sys.argv[1:])
