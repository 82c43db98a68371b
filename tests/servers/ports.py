#!/usr/bin/env python3
"""Ports of the loopback that are free, for a server that starts later: ports.py [tcp|udp|both]

Not from among those that the kernel gives to clients: one of these could be taken by anybody's connection before the
server starts, or while it starts anew. Drawn by lot, so that two tests at once hardly try the same; never one twice.
"""
import random
import socket
import sys

LOWEST, HIGHEST = 14700, 20999  # others, and 10,000 more, are for tests/unit/test_redis_cluster.c
KINDS = {"tcp": [socket.SOCK_STREAM], "udp": [socket.SOCK_DGRAM], "both": [socket.SOCK_STREAM, socket.SOCK_DGRAM]}
given = set()


def clients_begin():
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
            return int(file.read().split()[0])
    except OSError:
        return 32768


def is_free(port, kinds):
    for kind in kinds:
        with socket.socket(socket.AF_INET, kind) as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def free_port(kind="tcp", above=0):
    """Where ABOVE is given, the port so much higher is free, too."""
    highest = min(HIGHEST, clients_begin() - above - 1)
    lowest = min(LOWEST, max(1024, highest - 1000))
    while True:
        port = random.randint(lowest, highest)
        if port not in given and is_free(port, KINDS[kind]) and (above == 0 or is_free(port + above, KINDS[kind])):
            given.add(port)
            return port


if __name__ == "__main__":
    print(free_port(*sys.argv[1:]))
