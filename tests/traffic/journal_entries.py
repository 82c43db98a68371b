#!/usr/bin/env python3
"""Lines of syslog with stamps of ISO 8601 on standard input, entries of a journal in its export format on standard
output, for systemd-journal-remote."""
import datetime
import re
import sys

LINE = re.compile(rb'(\S+T\S+) (\S+) ([^\[: ]+)(?:\[(\d+)\])?: (.*)')
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def entries(lines):
    for line in lines:
        found = LINE.match(line)
        if not found:
            continue
        stamp, host, tag, pid, words = found.groups()
        time = (datetime.datetime.fromisoformat(stamp.decode()) - EPOCH) // datetime.timedelta(microseconds=1)
        fields = [(b'__REALTIME_TIMESTAMP', b'%d' % time), (b'__MONOTONIC_TIMESTAMP', b'%d' % (time % 10**13)),
                  (b'_BOOT_ID', b'0123456789abcdef0123456789abcdef'), (b'SYSLOG_FACILITY', b'2'),
                  (b'SYSLOG_IDENTIFIER', tag), (b'_PID', pid or b'1'), (b'_HOSTNAME', host),
                  (b'_SYSTEMD_UNIT', b'postfix@-.service'), (b'MESSAGE', words.rstrip())]
        yield b''.join(b'%s=%s\n' % field for field in fields) + b'\n'


if __name__ == '__main__':
    sys.stdout.buffer.writelines(entries(sys.stdin.buffer))
