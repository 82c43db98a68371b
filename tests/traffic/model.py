"""A day of mail as a list of messages: who sent what to whom, and what the remote servers answered.

It is small on purpose: some forty people with regular correspondents, a newsletter, a web shop, mail from
outside, guessed passwords, and one account that somebody else uses for an hour. Everything is drawn from one
random.Random, so that the same seed gives the same day. Names and addresses are those set aside for examples.
"""
import dataclasses
import random

HOUR = 3600.0
NAMES = (
    "anna bela carla dmitri elena felix greta henrik ines jakob kira lars maria nils olga paula "
    "quentin rosa stefan tilda ulrich vera willem xenia yann zoe"
).split()
WORDS = "amber birch cedar delta ember fjord grove heath inlet juniper knoll larch".split()
DOMAINS = [word + ".example" for word in "florist garage clinic notary bakery school".split()]
SERVER = "192.0.2.25"


@dataclasses.dataclass
class Remote:
    """A domain that mail goes to, and the words in which its server answers."""

    domain: str
    host: str
    address: str
    ok: str
    unknown: str
    spam: str


REMOTES = [
    Remote(
        "bigmail.example",
        "mx1.bigmail.example",
        "198.51.100.10",
        "250 2.0.0 OK  {n} gsmtp",
        "550-5.1.1 The email account that you tried to reach does not exist. Please try "
        "550-5.1.1 double-checking the recipient's email address for typos. 550 5.1.1 {n} - gsmtp",
        "550-5.7.1 Our system has detected that this message is likely unsolicited mail. "
        "To reduce the 550-5.7.1 amount of spam, this message has been blocked. 550 5.7.1 {n} - gsmtp",
    ),
    Remote(
        "livemail.example",
        "livemail-example.mail.protection.example",
        "198.51.100.20",
        "250 2.6.0 <{id}> [InternalId={n}] 4811 bytes in 0.412, 11.4 KB/sec Queued mail for delivery",
        "550 5.5.0 Requested action not taken: mailbox unavailable.",
        "550 5.7.1 Service unavailable, message content rejected as spam.",
    ),
    Remote(
        "freemail.example",
        "mx.freemail.example",
        "198.51.100.30",
        "250 Requested mail action okay, completed: id={n}",
        "550 5.1.1 <{to}> recipient unknown",
        "554 5.7.1 Message rejected as spam by content filtering",
    ),
] + [
    Remote(
        word + ".test",
        "mail." + word + ".test",
        "198.51.100.%d" % (40 + i),
        "250 2.0.0 Ok: queued as {q}",
        "550 5.1.1 <{to}>: Recipient address rejected: User unknown in virtual mailbox table",
        "554 5.7.1 Spam message rejected",
    )
    for i, word in enumerate(WORDS)
]


@dataclasses.dataclass
class Try:
    """One delivery attempt: kind is delivered, deferred or bounced; reply is the remote's, or words of our own."""

    time: float
    kind: str
    dsn: str
    reply: str
    said: bool = True  # by the remote server, in a session with it


@dataclasses.dataclass
class Recipient:
    address: str
    remote: Remote
    tries: list


@dataclasses.dataclass
class Message:
    time: float
    kind: str  # login, local, inbound
    account: str  # login, unix user, or the local recipient's mailbox
    sender: str
    client: str = ""
    client_name: str = ""
    helo: str = ""
    directory: str = ""  # of the script that called sendmail
    size: int = 0
    recipients: list = dataclasses.field(default_factory=list)
    id: str = ""


@dataclasses.dataclass
class Refusal:
    """A client that may not: kind is auth (a wrong password) or relay."""

    time: float
    kind: str
    client: str
    helo: str
    account: str


class Day:
    def __init__(self, seed, start, people=40):
        self.draw = random.Random(seed)
        self.start = start
        self.messages, self.refusals = [], []
        self.people = ["%s@%s" % (NAMES[i % len(NAMES)], DOMAINS[i % len(DOMAINS)]) for i in range(people)]
        self.contacts = {
            who: [self.stranger() for _ in range(self.draw.randint(6, 25))] for who in self.people
        }

    def stranger(self):
        remote = self.draw.choices(REMOTES, [30, 20, 15] + [4] * (len(REMOTES) - 3))[0]
        name = "%s.%s%d" % (self.draw.choice(NAMES), self.draw.choice(WORDS), self.draw.randint(1, 999))
        return name + "@" + remote.domain, remote

    def fill(self, text, to, message):
        return text.format(
            to=to, id=message.id, n=self.draw.randint(10**9, 10**10), q="%X" % self.draw.getrandbits(40)
        )

    def tries(self, message, to, remote, shares):
        """What happens to one recipient: SHARES are the odds of each fate but plain delivery."""
        fate = self.draw.choices(
            ["delivered"] + list(shares), [1 - sum(shares.values())] + list(shares.values())
        )[0]
        when = message.time + self.draw.uniform(0.3, 2.5)
        ok = Try(when, "delivered", "2.0.0", self.fill(remote.ok, to, message))
        if fate == "greylisted":
            grey = Try(
                when,
                "deferred",
                "4.7.1",
                "451 4.7.1 <%s>: Recipient address rejected: Greylisted, try again in 300 seconds" % to,
            )
            return [grey, dataclasses.replace(ok, time=when + self.draw.uniform(330, 900))]
        if fate == "unknown":
            return [Try(when, "bounced", "5.1.1", self.fill(remote.unknown, to, message))]
        if fate == "spam":
            return [Try(when, "bounced", "5.7.1", self.fill(remote.spam, to, message))]
        if fate == "full":
            text = "452 4.2.2 <%s> The email account that you tried to reach is over quota" % to
            return [Try(when + pause, "deferred", "4.2.2", text) for pause in (0, 410, 1270, 3010, 7000)]
        if fate == "slow":
            lost = Try(
                when + 30,
                "deferred",
                "4.4.1",
                "connect to %s[%s]:25: Connection timed out" % (remote.host, remote.address),
                said=False,
            )
            return [lost, dataclasses.replace(ok, time=when + self.draw.uniform(400, 1500))]
        return [ok]

    def send(self, message, recipients, shares):
        message.id = "%012x.%d@%s" % (
            self.draw.getrandbits(48),
            int(message.time) % 100000,
            message.sender.split("@")[1] or "mail.example",
        )
        message.size = message.size or int(self.draw.lognormvariate(8.8, 1.1))
        for to, remote in recipients:
            message.recipients.append(Recipient(to, remote, self.tries(message, to, remote, shares)))
        self.messages.append(message)

    HONEST = {"greylisted": 0.03, "unknown": 0.008, "full": 0.003, "slow": 0.01}

    def office_hours(self):
        return self.start + HOUR * min(
            23.9,
            max(
                0.1,
                self.draw.choice(
                    [self.draw.gauss(10.2, 1.6), self.draw.gauss(15, 2.2), self.draw.gauss(20, 1.5)]
                ),
            ),
        )

    def person(self, who):
        """Some letters a day, nearly all to people who have had some before, from an address or two."""
        home = "203.0.113.%d" % self.draw.randint(10, 120)
        name, domain = who.split("@")
        for _ in range(self.draw.randint(2, 16)):
            known = self.draw.sample(
                self.contacts[who], k=min(len(self.contacts[who]), self.draw.choice([1, 1, 1, 1, 2, 2, 3, 5]))
            )
            if self.draw.random() < 0.12:
                known.append(self.stranger())
            self.send(
                Message(
                    self.office_hours(),
                    "login",
                    who,
                    who,
                    home,
                    "dsl-%s.isp.example" % home.split(".")[3],
                    "[192.168.1.%d]" % (len(name) + 20),
                ),
                known,
                self.HONEST,
            )

    def newsletter(self, who, count):
        """Many recipients within minutes, honestly: one letter each, a list that is kept."""
        when = self.start + 9.5 * HOUR
        for _ in range(count):
            when += self.draw.uniform(1, 6)
            self.send(
                Message(
                    when,
                    "login",
                    who,
                    "news-bounce@" + who.split("@")[1],
                    "203.0.113.200",
                    "crm.hosting.example",
                    "crm",
                    size=18211,
                ),
                [self.stranger()],
                {"greylisted": 0.02, "unknown": 0.01, "full": 0.01},
            )

    def shop(self, user, directory, count):
        for _ in range(count):
            self.send(
                Message(
                    self.office_hours(), "local", user, "%s@web1.hosting.example" % user, directory=directory
                ),
                [self.stranger()],
                self.HONEST,
            )

    def inbound(self, count):
        for _ in range(count):
            sender, remote = self.stranger()
            who = self.draw.choice(self.people)
            message = Message(
                self.office_hours(), "inbound", who, sender, remote.address, remote.host, remote.host
            )
            message.id = "%016x@%s" % (self.draw.getrandbits(64), remote.domain)
            message.size = int(self.draw.lognormvariate(9, 1))
            message.recipients.append(
                Recipient(who, None, [Try(message.time + 0.2, "delivered", "2.0.0", "saved")])
            )
            self.messages.append(message)

    def guesses(self, count):
        """Passwords guessed at, all day, by many, in vain."""
        for _ in range(count):
            self.refusals.append(
                Refusal(
                    self.start + self.draw.uniform(0, 24 * HOUR),
                    "auth",
                    "2001:db8:dead::%x" % self.draw.randint(1, 400),
                    "User",
                    self.draw.choice(self.people + ["admin", "test", "info"]),
                )
            )
        for _ in range(count // 8):
            self.refusals.append(
                Refusal(
                    self.start + self.draw.uniform(0, 24 * HOUR),
                    "relay",
                    "198.51.100.%d" % self.draw.randint(200, 250),
                    "win-" + self.draw.choice(WORDS),
                    "spamtest@bigmail.example",
                )
            )

    ABUSE = {"greylisted": 0.03, "unknown": 0.3, "spam": 0.17, "full": 0.03}

    def stolen_login(self, who, hour, count):
        """The password was guessed at last: a bought list, from addresses all over, in small sessions."""
        when = self.start + hour * HOUR
        for _ in range(17):
            self.refusals.append(
                Refusal(
                    when - self.draw.uniform(300, 2400),
                    "auth",
                    "2001:db8:dead::%x" % self.draw.randint(1, 400),
                    "User",
                    who,
                )
            )
        while count > 0:
            when += self.draw.expovariate(1 / 9)
            client = "2001:db8:%x::%x" % (self.draw.randint(0x100, 0x160), self.draw.randint(1, 0xFFFF))
            several = min(count, self.draw.choice([1, 1, 2, 3, 5]))
            count -= several
            self.send(
                Message(
                    when,
                    "login",
                    who,
                    who,
                    client,
                    "unknown",
                    self.draw.choice(WORDS).upper(),
                    size=self.draw.randint(1800, 2400),
                ),
                [self.stranger() for _ in range(several)],
                self.ABUSE,
            )

    def stolen_script(self, user, directory, hour, count):
        """A hole in a web application: sendmail called from a folder that never sent mail before."""
        when = self.start + hour * HOUR
        for _ in range(count):
            when += self.draw.expovariate(1 / 6)
            self.send(
                Message(
                    when,
                    "local",
                    user,
                    "%s@web1.hosting.example" % user,
                    directory=directory,
                    size=self.draw.randint(900, 1400),
                ),
                [self.stranger()],
                self.ABUSE,
            )


def day(seed, start, compromised):
    """The bundled day: COMPROMISED is "login" or "script"."""
    made = Day(seed, start)
    honest = made.people[:-1]
    for who in honest:
        made.person(who)
    made.newsletter(honest[3], 120)
    made.shop("webshop", "/home/webshop/public_html", 45)
    made.inbound(230)
    made.guesses(240)
    victim = made.people[-1]
    made.person(victim)
    if compromised == "login":
        made.stolen_login(victim, 14.1, 420)
    else:
        made.stolen_script("bakery", "/home/bakery/public_html/wp-content/uploads/2024", 14.1, 380)
    made.messages.sort(key=lambda message: message.time)
    return made
