#!/usr/bin/env python3
"""A second world of rows, written apart from the first (scenario.py) and from what the detectors expect.

    second.py --out DIR [--seed N] [--people N] [--days N] [--each N]

The first world is dense with oddities; this one has the days that a hosting server really has, each of them once
or twice: a school writes to all parents, invoices on the first of the month, greetings by half an office, a
whole office behind another line for a day, a hotel full of guests, a customer who moves in with forty mailboxes. And
accounts that are used as they are stolen: dormant ones, small lots from many accounts, programs on the owner's desk.
"""
import argparse
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import honest
from abuse import CLEAN, FAIR, FOUL, blast, far, near, one
from honest import DAY, HOUR, Person, pick
from scenario import World


class Town:
    """The people and machines of one server: NAMES of each kind that may be taken over."""

    def __init__(self, w, people):
        self.w, self.names, self.customers = w, {}, ["k%d" % i for i in range(max(4, people // 5))]
        self.people, self.serial = {}, 0

    def add(self, kind, customer=None, local=False):
        self.serial += 1
        customer = customer or self.w.r.choice(self.customers)
        name = "local:%s%d" % (kind, self.serial) if local else "%s%d@%s.example" % (kind, self.serial, customer)
        self.w.add(name, kind, customer)
        self.names.setdefault(kind, []).append(name)
        return name, customer

    def person(self, kind="person", customer=None, daily=None):
        name, customer = self.add(kind, customer)
        p = self.people[name] = Person(self.w, name, customer)
        if daily is not None:
            p.daily = daily
        return p


def merge(w, name, when, rcpts, ip, step, pause, **quality):
    for i in range(0, len(rcpts), step):
        w.send(name, when, rcpts[i:i + step], ip, **quality)
        when += pause * w.r.uniform(0.5, 1.5)


def parents(t, w):
    """Once, a letter to all parents: by name from the office's program, or in blind copies."""
    p = t.person("parents")
    honest.person(w, p)
    step = w.r.choice([1, 30, 60, 100])
    merge(w, p.name, w.work_time(w.r.randrange(1, w.days)), w.contacts(pick(w.r, 200, 900)), p.ips[0], step,
          3 if step == 1 else 60, invalid=0.04, spam=0.0005)


def first_of_month(t, w):
    """Hardly any mail but the invoices, all within the hour."""
    name, _ = t.add("first_of_month")
    ip, clients = w.ip(w.home_net()), w.contacts(pick(w.r, 80, 1500))
    for day in range(w.days):
        if w.r.random() < 0.3:
            w.send(name, w.work_time(day), [w.r.choice(clients)], ip)
    merge(w, name, w.r.randrange(2, w.days) * DAY + w.r.uniform(6, 15) * HOUR, clients, ip, 1, 2, invalid=0.02)


def announcement(t, w):
    """A new customer: the first mail is the announcement to the customers brought along."""
    name, _ = t.add("announcement")
    day = w.r.randrange(2, w.days)
    merge(w, name, w.work_time(day), w.contacts(pick(w.r, 150, 4000)), w.ip(w.home_net()), w.r.choice([1, 1, 50]), 1.5,
          invalid=0.03, spam=0.001)
    for later in range(day + 1, w.days):
        w.send(name, w.work_time(later), w.contacts(1), w.ip(w.home_net()))


def new_site(t, w):
    """A shop or portal that goes live: a local user that never sent mails all its members a new password."""
    name, _ = t.add("new_site", local=True)
    day, members = w.r.randrange(2, w.days), w.contacts(pick(w.r, 100, 2500))
    merge(w, name, w.work_time(day), members, "", 1, 1, invalid=0.06, spam=0.0005, local=True)
    for later in range(day + 1, w.days):
        for _ in range(w.r.randint(0, 12)):
            w.send(name, w.work_time(later), [w.r.choice(members) if w.r.random() < 0.5 else w.address()], "", local=True)


def moves_in(t, w):
    """Forty mailboxes of one customer from one day on: to all of them everybody is a stranger."""
    customer, day, office = "moved%d" % t.serial, w.r.randrange(2, w.days - 3), w.home_net()
    for _ in range(w.r.randint(15, 40)):
        p = t.person("moves_in", customer)
        p.places, p.ips, p.webmail = [office], [w.ip(office)], False
        for later in range(day, w.days):
            p.ordinary(later, 2.0)


def other_line(t, w):
    """The office's line is down: for two days all of it comes from one address of a carrier."""
    customer, office, spare = "office%d" % t.serial, w.home_net(), w.ip(w.r.choice(w.carriers["DE"]))
    cut = w.r.randrange(3, w.days - 2)
    for _ in range(w.r.randint(10, 25)):
        p = t.person("other_line", customer, daily=w.r.uniform(2, 8))
        p.places, p.ips, p.webmail = [office], [w.ip(office)], False
        for day in range(w.days):
            p.ordinary(day, place=spare if cut <= day < cut + 2 else None)


def greetings(t, w):
    """Before the holidays half an office sends greetings to its own lists, the same afternoon."""
    customer, office, day = "greets%d" % t.serial, w.home_net(), w.r.randrange(3, w.days)
    for _ in range(w.r.randint(6, 14)):
        p = t.person("greetings", customer, daily=w.r.uniform(1, 6))
        p.places, p.ips = [office], [w.ip(office)]
        honest.person(w, p)
        if w.r.random() < 0.6:
            many = [p.someone() if w.r.random() < 0.5 else w.address() for _ in range(pick(w.r, 30, 120))]
            merge(w, p.name, day * DAY + w.r.uniform(13, 17) * HOUR, many, p.place(), w.r.choice([1, 20, 120]), 30, invalid=0.05)


def hotel(t, w):
    """Guests of several customers behind one foreign address, some of them at a fair where they meet many."""
    ip, day = w.ip(w.new_net(w.r.choice(["FR", "IT", "ES", "TR"]))), w.r.randrange(3, w.days - 3)
    for _ in range(w.r.randint(4, 8)):
        p = t.person("hotel", daily=w.r.uniform(1, 6))
        for d in range(w.days):
            away = day <= d < day + 3
            p.ordinary(d, 1.5 if away else 1, ip if away else None)
            for _ in range(w.r.randint(0, 6) if away else 0):
                w.send(p.name, w.work_time(d), [w.address()], ip, invalid=0.02)


def agency(t, w):
    """One login, used by people in four countries."""
    p = t.person("agency", daily=8)
    p.places = [w.home_net(c) for c in ("DE", "PL", "ES", "IN")]
    p.ips = [w.ip(n) for n in p.places]
    honest.person(w, p)


def busiest(t, w):
    honest.shop(w, t.add("busiest", local=(local := w.r.random() < 0.5))[0], script=local)


def registrations(t, w):
    """Robots sign up at a portal with made-up addresses: each gets a mail."""
    name, _ = t.add("registrations", local=True)
    first = w.r.randrange(1, w.days)
    for day in range(w.days):
        for _ in range(w.r.randint(1, 8) if day < first else pick(w.r, 20, 250)):
            w.send(name, day * DAY + w.r.random() * DAY, [w.address()], "", invalid=0.1 if day < first else 0.35, spam=0.004,
                   local=True)


def plain(run, kind, local=False):
    """One of the first world's kinds, as it is."""
    def act(t, w):
        run(w, t.add(kind, local=local)[0])
    return act


def of_people(run, kind):
    def act(t, w):
        run(w, t.person(kind))
    return act


HONEST = [(parents, 3), (first_of_month, 4), (announcement, 4), (new_site, 3), (moves_in, 1), (other_line, 1), (greetings, 2),
          (hotel, 1), (agency, 2), (busiest, 6), (registrations, 2), (plain(honest.newsletter, "newsletter"), 10),
          (plain(honest.dirty_newsletter, "dirty_newsletter"), 1), (plain(honest.tickets, "tickets"), 3),
          (plain(honest.forwarder, "forwarder"), 10), (plain(honest.cron, "cron", True), 8),
          (plain(honest.lists, "lists", True), 3), (plain(honest.webform, "webform", True), 12),
          (of_people(honest.traveller, "traveller"), 8), (of_people(honest.lively, "circular"), 8),
          (of_people(honest.jobs, "jobs"), 3), (of_people(honest.vpn, "vpn"), 3), (of_people(honest.mover, "mover"), 6),
          (of_people(honest.sales, "sales"), 2)]


# --- abuse: (town, world, name, person or None) -> nothing; rows that it adds are bad ---

def begin(w, early=0.3, late=0.8):
    return w.r.uniform(early, late) * w.days * DAY


def dormant(t, w, n, p):
    """Silent for a week or more, and then used from elsewhere."""
    at = begin(w, 0.7, 0.9)
    w.rows[:] = [row for row in w.rows if row[1] != n or row[0] < w.start + at - 7 * DAY]
    blast(w, n, at, pick(w.r, 150, 2000), pick(w.r, 30, 600), one(w, near(w)), quality=FAIR)


def leak_far(t, w, n, p):
    blast(w, n, begin(w), 2500, w.r.randint(15, 40), one(w, far(w)), quality=CLEAN)


def leak_near(t, w, n, p):
    blast(w, n, begin(w), 2500, w.r.randint(15, 40), one(w, near(w)), quality=CLEAN)


def leak_home(t, w, n, p):
    blast(w, n, begin(w), 2500, w.r.randint(15, 40), p.place, quality=CLEAN)


def desk(t, w, n, p):
    """A program on the owner's own computer, while it is switched on."""
    blast(w, n, begin(w), pick(w.r, 200, 2500), pick(w.r, 60, 400), p.place, hours=range(8, 18), quality=FAIR)


def desk_clean(t, w, n, p):
    blast(w, n, begin(w), pick(w.r, 200, 2500), pick(w.r, 60, 400), p.place, hours=range(8, 18), quality=CLEAN)


def night(t, w, n, p):
    blast(w, n, int(begin(w) / DAY) * DAY + 2 * HOUR, pick(w.r, 300, 1500), 900, one(w, near(w)), quality=CLEAN)


def address_book(t, w, n, p):
    """Phishing to the owner's correspondents first, and to whom they lead."""
    to = list(dict.fromkeys(p.contacts + w.contacts(pick(w.r, 80, 300))))
    when, ip = begin(w), w.ip(near(w) if w.r.random() < 0.5 else far(w))
    for rcpt in to:
        w.send(n, when, [rcpt], ip, invalid=0.03, spam=0.03, bad=True)
        when += w.r.uniform(2, 40)


def few_lots(t, w, n, p):
    """Sixty to a hundred and fifty, and never again."""
    blast(w, n, begin(w), w.r.randint(60, 150), 120, one(w, far(w) if w.r.random() < 0.5 else near(w)), quality=FAIR)


def blind_copies(t, w, n, p):
    blast(w, n, begin(w), pick(w.r, 300, 2000), 3000, one(w, far(w)), step=80, quality=CLEAN)


def weekend(t, w, n, p):
    day = next(d for d in range(w.days // 2, w.days) if w.weekend(d))
    blast(w, n, (day + 0.4) * DAY, pick(w.r, 200, 1500), 100, one(w, near(w)), quality=FAIR)


def in_newsletter(t, w, n, p):
    blast(w, n, begin(w), pick(w.r, 400, 3000), pick(w.r, 200, 1500), one(w, far(w) if w.r.random() < 0.5 else near(w)), quality=FAIR)


def leaked_login(t, w, n, p):
    """A shop's login, found in its settings, used from a rented host."""
    blast(w, n, begin(w), pick(w.r, 300, 3000), pick(w.r, 100, 900), one(w, w.r.choice(w.hosters)), quality=FAIR)


def in_webform(t, w, n, p):
    blast(w, n, begin(w), pick(w.r, 400, 5000), pick(w.r, 100, 3000), lambda: "", local=True, quality=w.r.choice([FAIR, FOUL]))


def dropped(t, w, n, p):
    blast(w, n, begin(w), pick(w.r, 200, 5000), pick(w.r, 60, 3000), lambda: "", local=True, quality=w.r.choice([CLEAN, FAIR, FOUL]))


BY_PEOPLE = [dormant, leak_far, leak_near, leak_home, desk, desk_clean, night, address_book, few_lots, blind_copies, weekend]
BY_MACHINES = [(in_newsletter, "newsletter"), (leaked_login, "busiest"), (in_webform, "webform")]
LOTS = [("lots_customer", 30, (15, 45), 0), ("lots_fast", 12, (20, 40), 1), ("lots_host", 30, (10, 25), 2)]


def run(w, name, kind, act):
    rows = len(w.rows)
    before = set(map(id, w.rows)) if kind == "dormant" else None
    act()
    times = [row[0] - w.start for row in (w.rows[rows:] if before is None else w.rows) if row[5] == 1 and row[1] == name]
    if times:
        w.accounts[name].update(kind=kind, label="compromised", compromised_from=min(times) - 1, compromised_to=max(times))


def lots(t, w, kind, accounts, size, way):
    """Many accounts, a little from each: of one customer over a day, or within the hour; or from one host."""
    customer, host, first = "lot%d" % t.serial, one(w, near(w)), begin(w)
    for _ in range(accounts):
        p = t.person("person", customer if way < 2 else None)
        honest.person(w, p)
        ip = host if way == 2 else one(w, near(w))
        run(w, p.name, kind, lambda: blast(w, p.name, first + w.r.uniform(0, HOUR if way == 1 else 8 * HOUR),
                                           w.r.randint(*size), 60 if way == 1 else 8, ip, quality=FAIR))


def populate(w, people, each):
    t = Town(w, people)
    for _ in range(people):
        honest.person(w, t.person())
    for act, count in HONEST:
        for _ in range(max(1, round(count * people / 700))):
            act(t, w)
    start = begin(w)
    w.listed.append((w.start + start, w.start + start + 6 * HOUR, ("outlook.com", "gmail.com", "yahoo.com")))
    for f in BY_PEOPLE:
        for _ in range(each):
            name = w.r.choice([n for n in t.names["person"] if w.accounts[n]["label"] == "legit"])
            run(w, name, f.__name__, lambda: f(t, w, name, t.people[name]))
    for f, base in BY_MACHINES:
        for name in w.r.sample(t.names[base], min(each, len(t.names[base]) // 2)):
            if base != "busiest" or "@" in name:
                run(w, name, f.__name__, lambda: f(t, w, name, None))
    for _ in range(each):
        name, _ = t.add("dropped", local=True)
        run(w, name, "dropped", lambda: dropped(t, w, name, None))
    for kind, accounts, size, way in LOTS:
        lots(t, w, kind, accounts, size, way)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--out", required=True)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--people", type=int, default=700)
    p.add_argument("--days", type=int, default=21)
    p.add_argument("--each", type=int, default=4, help="abused accounts a family")
    a = p.parse_args()
    world = World("second:%d" % a.seed, a.days)
    populate(world, a.people, a.each)
    world.write(a.out)


if __name__ == "__main__":
    main()
