"""Honest senders: one function a kind. Each writes the whole run of one account."""
DAY, HOUR = 86400, 3600


def pick(r, a, b):
    """Between A and B, even over the orders of magnitude."""
    return int(round(a * (b / a) ** r.random()))


class Person:
    """Who writes by hand: contacts, some of them written to often; places; days."""

    def __init__(self, w, name, customer, country='DE'):
        self.w, self.name, self.customer, r = w, name, customer, w.r
        self.contacts = w.contacts(pick(r, 8, 150))
        self.places = [w.home_net(country)]
        if r.random() < .5:
            self.places.append(w.home_net(country))          # the office
        if r.random() < .6:
            self.places += r.sample(w.carriers[country], 2)  # the phone
        self.fixed_ip = r.random() < .4
        self.ips = [w.ip(n) for n in self.places]
        self.daily = pick(r, 0.3, 9) if r.random() < .1 else max(.25, r.gammavariate(1.2, 1.8))
        self.strange = r.betavariate(1.2, 7)
        self.webmail = r.random() < .15

    def place(self):
        r = self.w.r
        if self.webmail and r.random() < .9:
            return '127.0.0.1'
        k = 0 if r.random() < .6 else r.randrange(len(self.places))
        return self.ips[k] if self.fixed_ip else self.w.ip(self.places[k])

    def someone(self):
        r = self.w.r
        if r.random() < self.strange:
            return self.w.address()
        return self.contacts[min(int(r.paretovariate(.7)) - 1, len(self.contacts) - 1) if r.random() < .6
                             else r.randrange(len(self.contacts))]

    def ordinary(self, day, factor=1.0, place=None):
        w, r = self.w, self.w.r
        if w.weekend(day):
            factor *= .25
        n = 0
        while r.random() < self.daily * factor / (1 + self.daily * factor) and n < 60:
            n += 1
            k = 1 if r.random() < .8 else r.randint(2, 6)
            w.send(self.name, w.work_time(day), list(dict.fromkeys(self.someone() for _ in range(k))), place or self.place())


def person(w, p):
    for day in range(w.days):
        p.ordinary(day)


def lively(w, p):
    """Once, a circular to many: an invitation, a new address, greetings; many of them never met in these logs."""
    person(w, p)
    r, n = w.r, pick(w.r, 40, 250)
    when = w.work_time(r.randrange(w.days))
    people = [p.someone() if r.random() < .3 else w.address() for _ in range(n)]
    step = r.choice([1, 15, 40, 90])        # one by one (mail merge), or in blind copies
    ip = p.place()
    for i in range(0, n, step):
        w.send(p.name, when, people[i:i + step], ip, invalid=.05)
        when += r.uniform(2, 8) if step == 1 else r.uniform(60, 400)


def jobs(w, p):
    """Looks for work: from one day on a dozen strangers a day, by hand."""
    person(w, p)
    for day in range(w.r.randrange(max(1, w.days // 2)), w.days):
        if not w.weekend(day):
            for _ in range(w.r.randint(4, 18)):
                w.send(p.name, w.work_time(day), [w.address()], p.place(), invalid=.02)


def sales(w, p):
    for day in range(w.days):
        p.ordinary(day)
        if not w.weekend(day):
            for _ in range(w.r.randint(15, 60)):
                w.send(p.name, w.work_time(day), [w.address()], p.place(), invalid=.06, spam=.003)


def traveller(w, p):
    """Abroad for some days; some write to forty or more from there."""
    r, day = w.r, 0
    while day < w.days:
        home = r.randint(2, 9)
        for d in range(day, min(day + home, w.days)):
            p.ordinary(d)
        country = r.choice(['FR', 'US', 'ES', 'IT', 'GB', 'TR', 'TH', 'IN', 'BR', 'ZA'])
        nets = [w.new_net(country), r.choice(w.carriers[country])]
        away = r.randint(2, 8)
        for d in range(day + home, min(day + home + away, w.days)):
            p.ordinary(d, 1.2, w.ip(r.choice(nets)))
        if r.random() < .4:
            when, ip = w.work_time(min(day + home + 1, w.days - 1)), w.ip(nets[0])
            many = [p.someone() if r.random() < .35 else w.address() for _ in range(pick(r, 20, 120))]
            step = r.choice([1, 1, 20, 60])
            for i in range(0, len(many), step):
                w.send(p.name, when, many[i:i + step], ip, invalid=.02)
                when += r.uniform(20, 240)
        day += home + away


def vpn(w, p):
    """Each day out of another country's hosting network."""
    for day in range(w.days):
        p.ordinary(day, 1.5, w.ip(w.r.choice(w.hosters) if w.r.random() < .6 else w.new_net(w.r.choice(list(w.carriers)))))


def mover(w, p):
    """Changes provider, or goes over to a service of a large foreign host, for good."""
    cut = w.r.randrange(1, w.days)
    new = w.r.choice(w.hosters) if w.r.random() < .5 else w.home_net()
    for day in range(w.days):
        p.ordinary(day, 1.3, None if day < cut else w.ip(new))


def conference(w, p):
    """Organises a meeting: some hundred strangers over a week, in rounds, from several places."""
    person(w, p)
    r, guests = w.r, w.contacts(pick(w.r, 120, 500))
    nets = p.places + ([w.new_net(r.choice(['FR', 'US', 'GB']))] if r.random() < .4 else [])
    for day in sorted(r.sample(range(w.days), min(w.days, 4))):
        when, ip = w.work_time(day), w.ip(r.choice(nets))
        for guest in r.sample(guests, len(guests) // r.randint(1, 4)):
            w.send(p.name, when, [guest], ip, invalid=.06)
            when += r.uniform(1, 30)


def school(w, p):
    """A letter to all parents each week, in blind copies, off an old list, from home."""
    person(w, p)
    parents = w.contacts(pick(w.r, 150, 900))
    for day in range(w.r.randrange(7), w.days, 7):
        when, ip, step = w.work_time(day), p.place(), w.r.choice([30, 50, 99])
        for i in range(0, len(parents), step):
            w.send(p.name, when, parents[i:i + step], ip, invalid=.07, spam=.001)
            when += w.r.uniform(5, 90)


def newsletter(w, name, invalid=.03, spam=.002, size=None, first=None, rate=None, foreign=False):
    r = w.r
    readers = w.contacts(size or pick(r, 300, 4000))
    ip = w.ip(r.choice(w.hosters)) if foreign else '127.0.0.1' if r.random() < .4 else w.ip(w.home_net())
    rate = rate or pick(r, 600, 8000) / HOUR
    step = r.choice([1, 1, 1, 10, 50])
    day = r.randrange(0, 7) if first is None else first
    while day < w.days:
        when = w.work_time(day)
        r.shuffle(readers)
        for i in range(0, len(readers), step):
            w.send(name, when, readers[i:i + step], ip, invalid=invalid, spam=spam)
            when += step / rate * r.uniform(.5, 1.5)
        day += r.choice([3, 7, 7, 14])


def dirty_newsletter(w, name):
    newsletter(w, name, invalid=w.r.uniform(.08, .18), spam=w.r.choice([.002, .01, .04]))


def new_customer(w, name):
    """First mail ever, some days into the run: an announcement to a list long unused."""
    newsletter(w, name, invalid=w.r.uniform(.04, .13), spam=w.r.choice([.001, .004, .01]), size=pick(w.r, 150, 3000),
               first=w.r.randrange(1, w.days))


def tool_abroad(w, name):
    """A sending service, on a host in another country, with the account's password."""
    newsletter(w, name, foreign=True, first=w.r.randrange(w.days))


def shop(w, name, script=False, day_factor=None):
    """Orders and forms: strangers around the clock, most at day; one day in the run is the busiest of the year."""
    r, daily = w.r, pick(w.r, 15, 350)
    ip = '' if script else '127.0.0.1' if r.random() < .5 else w.ip(r.choice(w.hosters))
    peak = r.randrange(w.days)
    customers = []
    for day in range(w.days):
        n = int(daily * r.uniform(.6, 1.5) * (r.uniform(3, 8) if day == peak else 1))
        for _ in range(n):
            if not customers or r.random() < .7:
                customers.append(w.address())
            when = w.work_time(day) if r.random() < .8 else day * DAY + r.random() * DAY
            who = customers[-1] if r.random() < .7 else r.choice(customers)
            w.send(name, when, [who], ip, invalid=.025, spam=.001, local=script)
            if r.random() < .3:
                w.send(name, when + r.uniform(60, 9000), [who], ip, invalid=.025, local=script)


def webform(w, name):
    """A contact form that confirms to whoever fills it in: robots do, with made-up addresses."""
    r = w.r
    for day in range(w.days):
        for _ in range(int(r.gammavariate(1.3, 12) * (8 if r.random() < .04 else 1))):
            w.send(name, day * DAY + r.random() * DAY, [w.address()], '', invalid=.12, spam=.004, local=True)


def invoices(w, name):
    """Ordinary office mail; at the month's end a thousand invoices within the hour."""
    r, clients, ip = w.r, None, w.ip(w.home_net())
    clients = w.contacts(pick(r, 100, 1500))
    for day in range(w.days):
        for _ in range(0 if w.weekend(day) else r.randint(1, 12)):
            w.send(name, w.work_time(day), [r.choice(clients)], ip)
        if day % 30 == 17 % max(1, w.days - 1):
            when = day * DAY + r.uniform(7, 16) * HOUR
            for c in clients:
                w.send(name, when, [c], ip, invalid=.03)
                when += r.uniform(.5, 4)


def cron(w, name):
    """Machines: the same few recipients, now and then a storm."""
    r, to = w.r, w.contacts(r_few(w))
    for day in range(w.days):
        for hour in range(24):
            w.send(name, day * DAY + hour * HOUR + 60, to[:2], '', local=True)
        if r.random() < .08:
            when = day * DAY + r.random() * 20 * HOUR
            for _ in range(pick(r, 200, 3000)):
                w.send(name, when, to, '', local=True)
                when += r.uniform(.3, 3)


def r_few(w):
    return w.r.randint(1, 5)


def tickets(w, name):
    r, ip = w.r, '127.0.0.1' if w.r.random() < .5 else w.ip(w.r.choice(w.hosters))
    open_ = []
    for day in range(w.days):
        for _ in range(int(r.gammavariate(3, 12))):
            when = day * DAY + r.random() * DAY if r.random() < .3 else w.work_time(day)
            if not open_ or r.random() < .55:
                open_.append(w.address())
            w.send(name, when, [r.choice(open_[-40:])], ip, invalid=.03)


def lists(w, name):
    """A mailing list host: every post to all its members."""
    r, members = w.r, w.contacts(pick(w.r, 60, 450))
    for day in range(w.days):
        for _ in range(r.randint(0, 9)):
            when = w.work_time(day)
            for i in range(0, len(members), 50):
                w.send(name, when, members[i:i + 50], '', invalid=.01, spam=.004, local=True)


def forwarder(w, name):
    r, to = w.r, w.contacts(1)
    for day in range(w.days):
        for _ in range(r.randint(2, 40)):
            w.send(name, day * DAY + r.random() * DAY, to, w.ip(r.choice(w.hosters)), spam=r.choice([.05, .3]),
                   sender='x%d@elsewhere.example' % r.randrange(1000))


HAND = {'lively': (lively, 18), 'jobs': (jobs, 8), 'sales': (sales, 8), 'traveller': (traveller, 26), 'vpn': (vpn, 8),
        'mover': (mover, 14), 'conference': (conference, 5), 'school': (school, 6)}
MACHINE = {'newsletter': (newsletter, 10), 'dirty_newsletter': (dirty_newsletter, 5), 'new_customer': (new_customer, 8),
           'tool_abroad': (tool_abroad, 4), 'shop': (shop, 14), 'invoices': (invoices, 8), 'tickets': (tickets, 5),
           'forwarder': (forwarder, 12)}
LOCAL = {'webshop': (lambda w, n: shop(w, n, True), 8), 'webform': (webform, 14), 'cron': (cron, 8), 'lists': (lists, 5)}


def populate(w, people, scale):
    """Everybody honest; gives those that may be taken over: name -> Person, and machines as name -> kind."""
    r, victims, serial = w.r, {}, 0
    start = r.uniform(.2, .8) * w.days * DAY + w.start
    w.listed.append((start, start + r.uniform(3, 10) * HOUR, ('outlook.com', 'hotmail.com', 't-online.de')))

    def name_of(what):
        nonlocal serial
        serial += 1
        customer = 'c%d' % r.randrange(max(3, people // 4))
        return '%s%d@%s.example' % (what, serial, customer), customer

    for _ in range(people):
        name, customer = name_of('user')
        p = Person(w, name, customer)
        w.add(name, 'person', customer)
        person(w, p)
        victims[name] = p
    for kinds, local in ((HAND, False), (MACHINE, False), (LOCAL, True)):
        for kind, (run, count) in kinds.items():
            for _ in range(max(1, int(count * scale * people / 600 + .5))):
                name, customer = name_of(kind.replace('_', ''))
                if local:
                    name = 'local:' + name.split('@')[0]
                w.add(name, kind, customer)
                if kinds is HAND:
                    p = Person(w, name, customer)
                    run(w, p)
                else:
                    run(w, name)
                if kind in ('newsletter', 'shop', 'webform', 'webshop', 'vpn'):
                    victims.setdefault(kind, []).append(name)
    return victims
