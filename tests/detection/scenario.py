#!/usr/bin/env python3
"""Rows of attempts of honest and abused accounts, for measuring the detectors without logs.

    scenario.py --out DIR [--seed N] [--people N] [--days N] [--each N] [--scale X]

Writes attempts.csv.gz, truth.json, geo.csv and kinds. Who sends how is in honest.py and abuse.py: one function
a kind, written from how people, shops and machines send, and how taken-over accounts are used. A list's
quality, a content's reception and the providers' habits decide outcomes here.
"""
import argparse, csv, gzip, json, math, os, random, sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import abuse, honest

DAY, HOUR = 86400, 3600
# Share of recipients, and how readily the provider refuses unwanted content.
PROVIDERS = [('gmail.com', .26, 1.2), ('outlook.com', .16, 1.0), ('yahoo.com', .08, 1.0), ('web.de', .07, .8),
             ('gmx.net', .08, .8), ('t-online.de', .05, 1.4), ('free.fr', .04, .5), ('icloud.com', .04, .6)]
COUNTRIES = ['DE', 'FR', 'GB', 'US', 'NL', 'PL', 'IT', 'ES', 'BR', 'VN', 'IN', 'RU', 'CN', 'NG', 'ZA', 'TR',
             'ID', 'MX', 'UA', 'TH']


class World:
    def __init__(self, seed, days):
        self.r = random.Random(seed)
        self.start = 1760313600                 # a Monday
        self.days = days
        self.end = self.start + days * DAY
        self.rows, self.accounts, self.nets = [], {}, {}
        self.serial = 0
        self.businesses = ['firm%d.example' % i for i in range(3000)]
        self.listed = []                        # (from, to, providers): our address is refused there
        self.home_nets = {c: [self.new_net(c) for _ in range(14 if c == 'DE' else 3)] for c in COUNTRIES}
        self.carriers = {c: [self.new_net(c) for _ in range(4)] for c in COUNTRIES}
        self.hosters = [self.new_net(c) for c in ('US', 'NL', 'DE', 'FR') for _ in range(4)]

    def new_net(self, country):
        while True:
            net = '%d.%d' % (self.r.randint(11, 220), self.r.randint(0, 255))
            if net not in self.nets and not net.startswith('127.'):
                self.nets[net] = country
                return net

    def ip(self, net):
        return '%s.%d.%d' % (net, self.r.randint(0, 255), self.r.randint(1, 254))

    def home_net(self, country='DE'):
        # Most people sit with one of the large providers, some elsewhere.
        return self.r.choice(self.home_nets[country]) if self.r.random() < .8 else self.new_net(country)

    def address(self):
        self.serial += 1
        x = self.r.random()
        for domain, share, _ in PROVIDERS:
            x -= share
            if x < 0:
                return 'p%d@%s' % (self.serial, domain)
        return 'p%d@%s' % (self.serial, self.r.choice(self.businesses))

    def contacts(self, n):
        return [self.address() for _ in range(n)]

    def outcome(self, when, rcpt, invalid, spam):
        domain = rcpt.split('@')[1]
        for a, b, who in self.listed:
            if a <= when < b and domain in who:
                return 'ip_listed' if self.r.random() < .9 else 'content_spam'
        # A dead address stays dead: its number decides, not the day.
        if (int(rcpt[1:rcpt.index('@')]) * 2654435761 % 10007) / 10007 < invalid:
            return 'invalid_recipient'
        taste = next((t for d, _, t in PROVIDERS if d == domain), 1.0)
        if self.r.random() < spam * taste:
            return 'content_spam'
        x = self.r.random()
        return ('greylisted' if x < .03 else 'mailbox_full' if x < .034 else 'policy' if x < .035
                else 'network' if x < .036 else 'delivered')

    def send(self, account, when, rcpts, ip, *, invalid=.004, spam=.0005, bad=False, sender=None, local=False):
        """One message. WHEN in seconds of the run; recipients get their outcomes within half a minute."""
        self.serial += 1
        queue_id = '%X' % (self.serial * 7919)
        t = int(self.start + when)
        if t >= self.end:
            return
        for i, rcpt in enumerate(rcpts):
            now = t + 1 + i // 20
            country = '' if not ip else 'ZZ' if ip.startswith('127.') else self.nets.get('.'.join(ip.split('.')[:2]), '')
            self.rows.append((now, account, queue_id, rcpt, 0, int(bad), self.outcome(now, rcpt, invalid, spam),
                              ip, country, int(local), sender or (account if '@' in account else 'www@host.example')))

    def add(self, name, kind, customer, label='legit', base=None, frm=None, to=None):
        self.accounts[name] = {'kind': kind, 'label': label, 'customer': customer, 'base': base or kind,
                               'domain': name.split('@')[-1] if '@' in name else None,
                               'compromised_from': frm, 'compromised_to': to}

    def work_time(self, day):
        """A moment at which people write: days are full, evenings thinner, nights empty, weekends a fifth."""
        hour = self.r.choices(range(24), [0, 0, 0, 0, 0, 1, 3, 8, 14, 16, 15, 13, 10, 13, 14, 13, 11, 8, 5, 4, 4, 3, 2, 1])[0]
        return day * DAY + hour * HOUR + self.r.random() * HOUR

    def weekend(self, day):
        return day % 7 >= 5

    def write(self, out):
        os.makedirs(out, exist_ok=True)
        self.rows.sort(key=lambda row: row[0])
        met = set()
        with gzip.open(os.path.join(out, 'attempts.csv.gz'), 'wt', compresslevel=1, newline='') as f:
            w = csv.writer(f, lineterminator='\n')
            w.writerow('time account message rcpt rcpt_new malicious outcome client_ip country local sender'.split())
            for row in self.rows:
                key = (row[1], row[3])
                w.writerow(row[:4] + (int(key not in met),) + row[5:])
                met.add(key)
        for a in self.accounts.values():
            for k in ('compromised_from', 'compromised_to'):
                if a[k] is not None:
                    a[k] += self.start
        with open(os.path.join(out, 'truth.json'), 'w') as f:
            json.dump({'accounts': self.accounts, 'start': self.start, 'end': self.end, 'mta': 'rows',
                       'profile': 'own', 'seed': 0}, f)
        with open(os.path.join(out, 'geo.csv'), 'w') as f:
            for net, country in sorted(self.nets.items()):
                f.write('%s.0.0/16,%s\n' % (net, country))
        with open(os.path.join(out, 'kinds'), 'w') as f:
            for name, a in self.accounts.items():
                f.write('%s %s %s\n' % (name, a['customer'], a['base']))


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--out', required=True)
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('--people', type=int, default=600)
    p.add_argument('--days', type=int, default=14)
    p.add_argument('--each', type=int, default=3, help='abused accounts a family')
    p.add_argument('--scale', type=float, default=1.0, help='honest accounts of other kinds')
    a = p.parse_args()
    world = World(a.seed, a.days)
    people = honest.populate(world, a.people, a.scale)
    abuse.populate(world, people, a.each)
    world.write(a.out)


if __name__ == '__main__':
    main()
