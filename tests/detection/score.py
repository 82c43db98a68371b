#!/usr/bin/env python3
"""Verdicts against the truth: score.py [--json] [--guard K=V,..] DIR:VERDICTS... ; several runs are added up."""
import argparse, bisect, csv, gzip, json, sys
from collections import defaultdict
from datetime import datetime


def load(run, total):
    folder, verdicts = run.split(':', 1)
    truth = json.load(open(folder + '/truth.json'))
    days = (truth['end'] - truth['start']) / 86400
    bad, active = defaultdict(list), set()
    with gzip.open(folder + '/attempts.csv.gz', 'rt') as f:
        for row in csv.reader(f):
            if row[5] == '1':
                bad[row[1]].append(float(row[0]))
            active.add(row[1])
    flags = defaultdict(list)
    for line in open(verdicts):
        v = json.loads(line)
        if v.get('type', 'verdict') == 'verdict' and v['state'] in ('flagged', 'disabled'):
            flags[v['account']].append(datetime.fromisoformat(v['time'].replace('Z', '+00:00')).timestamp())
    for name in flags:
        if name not in truth['accounts']:
            total['unknown'].append(name)
    for name, a in truth['accounts'].items():
        if name not in active:
            continue
        base = total['honest'][a['base'] if a['label'] != 'legit' else a['kind']]
        abused = a['label'] == 'compromised'
        frm = int(a['compromised_from']) if abused else truth['end']
        base['days'] += max(0, frm - truth['start']) / 86400
        base['accounts'] += not abused
        if any(t < frm for t in flags[name]):
            base['flagged'] += 1
            total['false'].append(name)
        if abused:
            times = sorted(bad[name])
            hits = [t for t in flags[name] if frm <= t <= a['compromised_to'] + 3600]
            leak = bisect.bisect_right(times, min(hits)) if hits else len(times)
            total['abused'][a['kind']].append((bool(hits), leak, len(times)))


def quantile(xs, q):
    xs = sorted(xs)
    k = (len(xs) - 1) * q
    lo = int(k)
    return xs[lo] + (xs[min(lo + 1, len(xs) - 1)] - xs[lo]) * (k - lo)


def figures(rows):
    if not rows:
        return {'n': 0, 'found': 0, 'leak50': 0, 'leak90': 0, 'stopped': 0, 'each': 0}
    n = len(rows)
    return {'n': n, 'found': 100 * sum(r[0] for r in rows) / n, 'leak50': quantile([r[1] for r in rows], .5),
            'leak90': quantile([r[1] for r in rows], .9),
            'stopped': 100 * (1 - sum(r[1] for r in rows) / max(1, sum(r[2] for r in rows))),
            'each': 100 * sum(1 - r[1] / max(1, r[2]) for r in rows) / n}


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--json', action='store_true')
    p.add_argument('--short', action='store_true')
    p.add_argument('--aside', default='bec', help='families not counted in the whole')
    p.add_argument('--guard', default='', help='found=95,false=0.3,leak50=20: fail outside of it')
    p.add_argument('runs', nargs='+')
    o = p.parse_args()
    total = {'honest': defaultdict(lambda: {'days': 0, 'accounts': 0, 'flagged': 0}), 'abused': defaultdict(list),
             'unknown': [], 'false': []}
    for run in o.runs:
        load(run, total)
    whole = figures([r for k, rows in total['abused'].items() if k not in o.aside.split(',') for r in rows])
    days = sum(h['days'] for h in total['honest'].values())
    flagged = sum(h['flagged'] for h in total['honest'].values())
    whole['false'] = 1000 * flagged / days
    if o.json:
        print(json.dumps(whole))
    else:
        show = lambda name, f: print('%-22s %4d  found %5.1f  stopped %5.1f / %5.1f  leak50 %5.0f  leak90 %5.0f' % (
            name, f['n'], f['found'], f['stopped'], f['each'], f['leak50'], f['leak90']))
        if whole['n'] > 0:
            show('ALL', whole)
        print('false flags: %d accounts, %.3f per 1,000 account-days (%.0f)' % (flagged, whole['false'], days))
        if not o.short:
            for kind in sorted(total['abused']):
                show(kind, figures(total['abused'][kind]))
        for kind, h in sorted(total['honest'].items()):
            if h['flagged'] or not o.short:
                print('  %-20s %5d accounts  %3d falsely flagged' % (kind, h['accounts'], h['flagged']))
    worse = []
    for limit in filter(None, o.guard.split(',')):
        key, value = limit.split('=')
        good = whole[key] <= float(value) if key in ('false', 'leak50', 'leak90') else whole[key] >= float(value)
        if not good:
            worse.append('%s is %.2f, was to be %s' % (key, whole[key], value))
    if worse:
        sys.exit('detection: ' + '; '.join(worse))


if __name__ == '__main__':
    main()
