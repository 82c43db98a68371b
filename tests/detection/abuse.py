"""What taken-over accounts are used for: one function a family. Each adds the abuser's mail to its owner's."""
from honest import DAY, HOUR, pick

CLEAN = dict(invalid=.003, spam=.0)
FAIR = dict(invalid=.06, spam=.02)
FOUL = dict(invalid=.2, spam=.1)


def far(w):
    return w.new_net(w.r.choice(['VN', 'IN', 'BR', 'NG', 'RU', 'CN', 'ID', 'UA', 'US']))


def near(w):
    """A proxy in somebody's home: the owner's country, not the owner's network."""
    return w.home_net('DE') if w.r.random() < .7 else w.new_net('DE')


def blast(w, name, start, total, per_hour, ip, step=1, hours=None, quality=FAIR, sender=None, local=False):
    """TOTAL strangers from START on; IP is a function; HOURS (of the day) restrict it. Gives its end."""
    r, when, sent = w.r, start, 0
    while sent < total and when < w.days * DAY - 60:
        if hours is not None and int(when / HOUR) % 24 not in hours:
            when += 600
            continue
        k = min(step, total - sent)
        w.send(name, when, w.contacts(k), ip(), bad=True, sender=sender, local=local, **quality)
        sent += k
        when += k * HOUR / per_hour * r.uniform(.5, 1.5)
    return when


def one(w, net):
    ip = w.ip(net)
    return lambda: ip


def victim(w, people):
    names = [n for n, p in people.items() if '@' in n and w.accounts[n]['label'] == 'legit']
    name = w.r.choice(names)
    return name, people[name]


def begin(w, early=.15):
    return w.r.uniform(early, .75) * w.days * DAY


def home_clean(w, n, p):
    return blast(w, n, begin(w, .3), pick(w.r, 250, 3000), pick(w.r, 40, 900), p.place, quality=CLEAN)


def home_fair(w, n, p):
    return blast(w, n, begin(w), pick(w.r, 150, 3000), pick(w.r, 30, 900), p.place, quality=FAIR)


def near_clean(w, n, p):
    return blast(w, n, begin(w), pick(w.r, 150, 3000), pick(w.r, 30, 900), one(w, near(w)), quality=CLEAN)


def near_foul(w, n, p):
    return blast(w, n, begin(w), pick(w.r, 100, 3000), pick(w.r, 30, 900), one(w, near(w)), quality=FOUL)


def far_clean(w, n, p):
    return blast(w, n, begin(w), pick(w.r, 150, 3000), pick(w.r, 20, 900), one(w, far(w)), quality=CLEAN)


def drip_far(w, n, p):
    return blast(w, n, begin(w), 5 * 24 * 5, 5, one(w, far(w)), quality=CLEAN)


def drip_near(w, n, p):
    return blast(w, n, begin(w), 8 * 24 * 5, 8, one(w, near(w)), quality=FAIR)


def drip_home(w, n, p):
    return blast(w, n, begin(w, .3), 10 * 24 * 6, 10, p.place, quality=FAIR)


def slow_day(w, n, p):
    """15 to 40 an hour for days, a clean list."""
    return blast(w, n, begin(w), 3000, w.r.randint(15, 40), one(w, near(w)), quality=CLEAN)


def nights(w, n, p):
    return blast(w, n, begin(w), pick(w.r, 200, 1500), 60, one(w, near(w)), hours=range(0, 5), quality=FAIR)


def office_hours(w, n, p):
    return blast(w, n, begin(w), pick(w.r, 200, 1200), 25, one(w, near(w)), hours=range(8, 18), quality=FAIR)


def reply_chain(w, n, p):
    """Answers in old threads: half of them the owner's correspondents."""
    r, when, ip = w.r, begin(w), one(w, near(w) if w.r.random() < .5 else far(w))
    first = when
    for _ in range(pick(r, 60, 400)):
        to = r.choice(p.contacts) if r.random() < .4 else w.address()
        w.send(n, when, [to], ip(), bad=True, invalid=.02, spam=.01)
        when += HOUR / 25 * r.uniform(.2, 2)
    return first, when


def bec(w, n, p):
    """Invoice fraud: a dozen mails, chosen well. Hardly spam; told apart in the table."""
    return blast(w, n, begin(w), w.r.randint(8, 20), 6, one(w, far(w)), quality=CLEAN)


def webmail(w, n, p):
    return blast(w, n, begin(w), pick(w.r, 200, 2000), pick(w.r, 60, 900), lambda: '127.0.0.1', step=w.r.choice([1, 20]),
                 quality=dict(invalid=.05, spam=.08))


def ramp(w, n, p):
    """Warmed up for days: a third more each day, up to 600."""
    r, first, ip, daily = w.r, .15 * w.days * DAY, one(w, near(w)), 6.0
    when = first
    while when < w.days * DAY - 60:
        w.send(n, when, [w.address()], ip(), bad=True, invalid=.05, spam=.02)
        when += DAY / daily * r.uniform(.5, 1.5)
        daily = min(600, 6 * 1.35 ** ((when - first) / DAY))
    return first, when


def botnet(w, n, p):
    return blast(w, n, begin(w), pick(w.r, 200, 4000), pick(w.r, 30, 600), lambda: w.ip(far(w)), quality=FAIR)


def carrier(w, n, p):
    """Out of the same mobile carrier's pool as the owner's phone."""
    return blast(w, n, begin(w), pick(w.r, 150, 1500), pick(w.r, 40, 400), lambda: w.ip(w.r.choice(w.carriers['DE'])))


def copies(w, n, p):
    """A few messages to a hundred each."""
    return blast(w, n, begin(w), pick(w.r, 300, 2000), 2000, one(w, near(w)), step=100, quality=FAIR)


def spoofed(w, n, p):
    return blast(w, n, begin(w), pick(w.r, 150, 2000), pick(w.r, 60, 600), one(w, near(w)), quality=FAIR,
                 sender='support%d@bank.example' % w.r.randrange(99))


def one_domain(w, n, p):
    """Aimed at one company: its server knows who does not exist there."""
    r, when, ip = w.r, begin(w), one(w, far(w))
    first, firm = when, r.choice(w.businesses)
    for i in range(pick(r, 60, 300)):
        w.serial += 1
        w.send(n, when, ['p%d@%s' % (w.serial, firm)], ip(), bad=True, invalid=.35, spam=.02)
        when += r.uniform(5, 90)
    return first, when


PEOPLE = {f.__name__: f for f in (home_clean, home_fair, near_clean, near_foul, far_clean, drip_far, drip_near, drip_home,
                                  slow_day, nights, office_hours, reply_chain, bec, webmail, ramp, botnet, carrier,
                                  copies, spoofed, one_domain)}


def populate(w, people, each):
    r = w.r

    def mark(name, kind, first, last):
        a = w.accounts[name]
        a.update(kind=kind, label='compromised', compromised_from=first, compromised_to=last)

    def run(name, kind, act):
        rows = len(w.rows)
        act()
        times = [row[0] - w.start for row in w.rows[rows:]]
        if times:
            mark(name, kind, min(times) - 1, max(times))

    for kind, f in PEOPLE.items():
        for _ in range(each):
            name, p = victim(w, people)
            run(name, kind, lambda: f(w, name, p))
    for base, kind in (('newsletter', 'in_newsletter'), ('shop', 'in_shop'), ('webform', 'in_webform'), ('vpn', 'in_vpn')):
        names = people.get(base, [])
        for name in r.sample(names, min(each, len(names), max(1, len(names) // 3))):
            local = name.startswith('local:')
            ip = (lambda: '') if local else one(w, far(w) if r.random() < .5 else near(w))
            run(name, kind, lambda: blast(w, name, begin(w), pick(r, 300, 3000), pick(r, 60, 900), ip, local=local,
                                          quality=FOUL if local else FAIR))
    for i in range(each):
        name = 'script:/home/u%d/public_html/uploads' % i
        w.add(name, 'php', 'c%d' % r.randrange(50))
        run(name, 'php', lambda: blast(w, name, begin(w), pick(r, 200, 5000), pick(r, 100, 3000), lambda: '', local=True,
                                       quality=FAIR))
    # One stranger, one host, many accounts, little from each; and one customer's accounts from many networks.
    for kind, shared in (('one_host', True), ('snowshoe', False)):
        host, customer = one(w, near(w)), 'c%d' % r.randrange(50)
        names = [victim(w, people)[0] for _ in range(3 * each)]
        first = begin(w)
        for name in dict.fromkeys(names):
            if not shared:
                w.accounts[name]['customer'] = customer
            ip = host if shared else one(w, near(w))
            run(name, kind, lambda: blast(w, name, first + r.uniform(0, 2 * HOUR), pick(r, 25, 60), 12, ip, quality=FAIR))
