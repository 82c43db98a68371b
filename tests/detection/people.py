#!/usr/bin/env python3
"""Rows of attempts of an institute: people only, nobody abused; nobody may be flagged, or next to nobody.

    people.py --out DIR [--seed N] [--people N] [--days N]

What is known of how people send, from mail that institutes and companies published: most send a few mails a
day and a few send hundreds a week (log-normal over people); the gaps between one's mails are heavy-tailed, so
that mails come in bursts of minutes with hours or days between them; days have two peaks and a lunch, nights
are nearly empty, weekends have a tenth to a fifth, Mondays are fullest; two thirds go to people whom one writes
to all the time, and who those are follows a power law; most mails have one recipient, one of five some, one of
two hundred the whole house. Some are away for weeks, and answer for a day when they are back. Who writes to all
does so by one message, off a list that has people on it who have left.
"""
import argparse
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from scenario import DAY, HOUR, World

BY_HOUR = [0.3, 0.2, 0.1, 0.1, 0.1, 0.2, 0.8, 3, 8, 11, 11, 9, 6, 8, 10, 10, 9, 7, 4, 2.5, 2, 1.8, 1.4, 0.8]
BY_DAY = [1.25, 1.1, 1.0, 1.0, 0.85, 0.12, 0.15]


class Member:
    def __init__(self, w, number, house):
        r = self.r = w.r
        self.name = "m%d@institute.example" % number
        self.daily = min(60, r.lognormvariate(0.7, 1.1))
        self.circle = r.sample(house, min(len(house), 3 + int(r.paretovariate(0.9) * 8)))
        self.team = r.sample(house, r.randint(6, 30))
        self.office, self.home = w.ip(w.office), w.ip(w.home_net())
        self.travels = r.random() < 0.25
        self.to_all = r.random() < 0.06         # secretaries, heads, the works council
        self.away = []
        for _ in range(r.choice([0, 1, 1, 2])):
            first = r.randrange(w.days)
            self.away.append((first, first + r.choice([2, 5, 9, 16])))

    def one(self, w):
        x = self.r.random()
        if x < 0.66:
            return self.circle[min(int(self.r.paretovariate(0.8)) - 1, len(self.circle) - 1)]
        if x < 0.9:
            return self.r.choice(w.house)
        return w.address()

    def many(self, w):
        x, r = self.r.random(), self.r
        if x < 0.77:
            return [self.one(w)]
        if x < 0.955:
            return [self.one(w) for _ in range(r.randint(2, 8))]
        if x < (0.985 if self.to_all else 0.995):
            return list(self.team)
        return r.sample(w.house, min(len(w.house), int(30 * r.paretovariate(1.0))))

    def place(self, hour):
        return self.office if 8 <= hour < 18 and self.r.random() < 0.85 else self.home


def burst(w, m, when, ip):
    """A person sits down, and writes until done: the number is geometric, the pauses have a heavy tail."""
    while True:
        rcpts = list(dict.fromkeys(m.many(w)))
        w.send(m.name, when, rcpts, ip, invalid=0.03 if len(rcpts) > 25 else 0.006)
        if m.r.random() < 0.45:
            return
        when += min(3 * HOUR, 40 * m.r.paretovariate(1.0))


def live(w, m):
    r = m.r
    abroad = None
    for day in range(w.days):
        trip = next((a for a in m.away if a[0] <= day < a[1]), None)
        load = m.daily * BY_DAY[day % 7] / 1.8 * (0.05 if w.closed <= day % 364 < w.closed + 7 else 1)
        if trip:
            load *= 0.25 if m.travels else 0.02
            if abroad is None:
                abroad = w.ip(w.new_net(r.choice(["FR", "US", "ES", "IT", "GB", "NL"])))
        else:
            if abroad is not None:
                load *= 2.5                     # back, and everything is answered
            abroad = None
        sittings = 0
        while r.random() < load / (1 + load) and sittings < 40:
            sittings += 1
            hour = r.choices(range(24), BY_HOUR)[0]
            ip = abroad if abroad and r.random() < 0.8 else m.place(hour)
            burst(w, m, day * DAY + hour * HOUR + r.random() * HOUR, ip)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--out", required=True)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--people", type=int, default=150)
    p.add_argument("--days", type=int, default=60)
    a = p.parse_args()
    w = World(a.seed, a.days)
    w.office = w.new_net("DE")
    w.closed = w.r.randrange(a.days)
    w.house = [w.address() for _ in range(5 * a.people)]
    for number in range(a.people):
        m = Member(w, number, w.house)
        w.add(m.name, "member", "institute")
        live(w, m)
    w.write(a.out)


if __name__ == "__main__":
    main()
