#!/usr/bin/env python3
"""Rows of attempts made harder: variants.py FROM TO VARIANT[,VARIANT...] [--seed N]

FROM is a folder with attempts.csv.gz, truth.json and geo.csv, by scenario.py or by a simulator that writes the
same; TO gets the same files (and kinds). What is abused:

    clean    every mail of the abusers is accepted
    home     it comes from the owner's own network and address, under the owner's sender
    near     it comes from other homes of the owner's country, in networks where this server's people are too
    small    an abused account sends to no more than 40 to 150

and who is honest:

    lively   one person of twelve travels; a dozen write to 40 to 120 people from abroad; eight move to a
             foreign host for good
    dirty    eight newsletters more with a list long out of date, four of them disliked by a provider
    shop     three offices become shops that write to strangers from eight to eight
"""
import argparse
import csv
import gzip
import json
import os
import random
from collections import defaultdict

DAY, HOUR = 86400, 3600
TIME, ACCOUNT, MESSAGE, RCPT, NEW, BAD, OUTCOME, IP, COUNTRY, LOCAL, SENDER = range(11)
ABROAD = ["US", "FR", "GB", "ES", "IT", "TR", "TH", "IN", "BR", "ZA", "PL", "AT", "CH", "GR"]
PEOPLE = ("human", "person", "mobile", "role")


class Rows:
    def __init__(self, folder, seed):
        self.r = random.Random("variants:%s" % seed)
        self.truth = json.load(open(folder + "/truth.json"))
        self.accounts = self.truth["accounts"]
        with gzip.open(folder + "/attempts.csv.gz", "rt", newline="") as f:
            reader = csv.reader(f)
            self.head = next(reader)
            self.rows = list(reader)
        self.geo = dict(line.strip().split(",") for line in open(folder + "/geo.csv"))
        self.nets = defaultdict(list)
        for net, country in sorted(self.geo.items()):
            self.nets[country].append(".".join(net.split(".")[:2]))
        self.own = defaultdict(list)
        for row in self.rows:
            if row[BAD] == "0":
                self.own[row[ACCOUNT]].append(row)
        self.start, self.end = int(self.truth["start"]), int(self.truth["end"])
        self.serial = 0

    def honest(self, *kinds):
        return sorted(n for n, a in self.accounts.items() if a["label"] == "legit" and a["kind"] in kinds and self.own[n])

    def some(self, count, *kinds):
        names = self.honest(*kinds)
        return self.r.sample(names, min(count, len(names)))

    def net(self, country):
        while True:
            net = self.r.choice(self.nets[country]) if self.nets[country] and self.r.random() < 0.9 else "%d.%d" % (
                self.r.randint(11, 220), self.r.randint(0, 255))
            known = self.geo.setdefault(net + ".0.0/16", country)
            if known == country:
                return net

    def ip(self, net):
        return "%s.%d.%d" % (net, self.r.randint(0, 255), self.r.randint(1, 254))

    def stranger(self, domain=None):
        self.serial += 1
        return "v%d@%s" % (self.serial, domain or self.r.choice(
            ["gmail.com", "web.de", "gmx.net", "outlook.com", "yahoo.com", "t-online.de", "firm%d.example" % self.r.randrange(900)]))

    def add(self, when, account, rcpts, ip, country, invalid=0.01, spam=0.0, local="0"):
        self.serial += 1
        for i, rcpt in enumerate(rcpts):
            x = self.r.random()
            outcome = "invalid_recipient" if x < invalid else "content_spam" if x < invalid + spam else "delivered"
            self.rows.append([str(int(when) + 1 + i // 20), account, "V%X" % (self.serial * 7919), rcpt, "1", "0", outcome, ip,
                              country, local, account])

    def work_time(self, day):
        hour = self.r.choices(range(24), [0, 0, 0, 0, 0, 1, 3, 8, 14, 16, 15, 13, 10, 13, 14, 13, 11, 8, 5, 4, 4, 3, 2, 1])[0]
        return self.start + day * DAY + hour * HOUR + self.r.random() * HOUR

    def days(self):
        return (self.end - self.start) // DAY


def clean(w):
    for row in w.rows:
        if row[BAD] == "1":
            row[OUTCOME] = "delivered"


def home(w):
    """Where the owner's mail came from before; who never wrote before gets one place for all of it."""
    places = {}
    for row in w.rows:
        if row[BAD] != "1" or row[LOCAL] == "1":
            continue
        name = row[ACCOUNT]
        if name not in places:
            before = [x for x in w.own[name] if float(x[TIME]) < float(row[TIME])] or w.own[name]
            places[name] = [(x[IP], x[COUNTRY], x[SENDER]) for x in before[-20:]] or [(w.ip(w.net("DE")), "DE", name)]
        row[IP], row[COUNTRY], row[SENDER] = w.r.choice(places[name])


def near(w):
    """A proxy: some homes in the country, where others of this server's people sit."""
    used = sorted({(".".join(x[IP].split(".")[:2]), x[COUNTRY]) for rows in w.own.values() for x in rows[:1]
                   if x[COUNTRY] not in ("", "ZZ")})
    places = {}
    for row in w.rows:
        if row[BAD] != "1" or row[LOCAL] == "1":
            continue
        name = row[ACCOUNT]
        if name not in places:
            country = next((x[COUNTRY] for x in w.own[name] if x[COUNTRY] not in ("", "ZZ")), "DE")
            choice = [net for net, c in used if c == country] or [w.net(country)]
            places[name] = (w.ip(w.r.choice(choice)), country)
        row[IP], row[COUNTRY] = places[name]


def small(w):
    left = {n: w.r.randint(40, 150) for n in sorted(w.accounts)}
    kept = []
    for row in sorted(w.rows, key=lambda x: float(x[TIME])):
        if row[BAD] == "1":
            left[row[ACCOUNT]] -= 1
            if left[row[ACCOUNT]] < 0:
                continue
        kept.append(row)
    w.rows = kept


def lively(w):
    people = w.honest(*PEOPLE)
    for name in w.r.sample(people, len(people) // 12):
        country = w.r.choice(ABROAD)
        nets = [w.net(country), w.net(country)]
        first = w.start + w.r.uniform(0, max(1, w.days() - 4)) * DAY
        last = first + w.r.uniform(2, 8) * DAY
        for row in w.own[name]:
            if first <= float(row[TIME]) < last and row[LOCAL] == "0" and w.r.random() < 0.85:
                row[IP], row[COUNTRY] = w.ip(w.r.choice(nets)), country
    for name in w.some(12, *PEOPLE):
        country, when = w.r.choice(ABROAD), w.work_time(w.r.randrange(1, w.days()))
        known = list(dict.fromkeys(x[RCPT] for x in w.own[name]))
        count = w.r.randint(40, 120)
        many = [w.r.choice(known) if w.r.random() < 0.4 else w.stranger() for _ in range(count)]
        step, ip = w.r.choice([1, 15, 50]), w.ip(w.net(country))
        for i in range(0, count, step):
            w.add(when, name, list(dict.fromkeys(many[i:i + step])), ip, country, invalid=0.02)
            when += w.r.uniform(10, 200)
    for name in w.some(8, *PEOPLE):
        country, cut = w.r.choice(["US", "NL", "FR"]), w.start + w.r.uniform(0.1, 0.9) * w.days() * DAY
        ip = w.ip(w.net(country))
        for row in w.own[name]:
            if float(row[TIME]) >= cut and row[LOCAL] == "0":
                row[IP], row[COUNTRY] = ip, country


def dirty(w):
    for k, name in enumerate(w.some(8, "newsletter")):
        stale, dislikes = w.r.uniform(0.07, 0.16), w.r.choice(["web.de", "gmail.com", "outlook.com", "yahoo.com"])
        dead = {}
        for row in w.own[name]:
            gone = dead.setdefault(row[RCPT], w.r.random() < stale)
            if gone:
                row[OUTCOME] = "invalid_recipient"
            elif k % 2 and row[RCPT].endswith("@" + dislikes) and w.r.random() < 0.3:
                row[OUTCOME] = "content_spam"


def shop(w):
    for name in w.some(3, *PEOPLE):
        ip, country = w.own[name][0][IP], w.own[name][0][COUNTRY]
        rate = w.r.uniform(8, 40)
        for day in range(w.days()):
            when = w.start + day * DAY + 8 * HOUR
            while when < w.start + day * DAY + 20 * HOUR:
                w.add(when, name, [w.stranger()], ip, country, invalid=0.025, spam=0.001)
                when += w.r.expovariate(rate) * HOUR


VARIANTS = {f.__name__: f for f in (clean, home, near, small, lively, dirty, shop)}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("source")
    p.add_argument("to")
    p.add_argument("variants")
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    w = Rows(a.source, a.seed)
    for variant in filter(None, a.variants.split(",")):
        VARIANTS[variant](w)
    os.makedirs(a.to, exist_ok=True)
    w.rows.sort(key=lambda row: float(row[TIME]))
    with gzip.open(a.to + "/attempts.csv.gz", "wt", compresslevel=1, newline="") as f:
        writer = csv.writer(f, lineterminator="\n")
        writer.writerow(w.head)
        writer.writerows(w.rows)
    json.dump(w.truth, open(a.to + "/truth.json", "w"))
    with open(a.to + "/geo.csv", "w") as f:
        f.writelines("%s,%s\n" % item for item in sorted(w.geo.items()))
    with open(a.to + "/kinds", "w") as f:
        for name, account in sorted(w.accounts.items()):
            f.write("%s %s %s\n" % (name, account.get("customer"), account.get("base") or account["kind"]))


if __name__ == "__main__":
    main()
