"""Redis servers of a test's own, on loopback: a single one, and a cluster of three masters and three replicas."""
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../servers"))
from ports import free_port


def here():
    return shutil.which("redis-server") and shutil.which("redis-cli")


class Node:
    def __init__(self, folder, *words):
        self.port = free_port(above=10000)  # where the cluster's bus is
        self.words, self.folder, self.process = words, folder, None
        folder.mkdir(parents=True)

    def start(self):
        self.process = subprocess.Popen(
            [
                "redis-server",
                "--port",
                str(self.port),
                "--bind",
                "127.0.0.1",
                "--dir",
                str(self.folder),
                "--save",
                "",
                *self.words,
            ],
            stdout=subprocess.DEVNULL,
        )

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process = None

    def ask(self, *words):
        said = subprocess.run(
            ["redis-cli", "-p", str(self.port), *words], capture_output=True, text=True, timeout=60
        )
        return said.stdout

    def is_master(self):
        return self.process is not None and "role:master" in self.ask("INFO", "replication")

    def has_replica(self):
        return "state=online" in self.ask("INFO", "replication")


def await_(what, words, seconds=120):
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            sys.exit("in vain waited for %s" % words)
        time.sleep(0.05)


class Single:
    def __init__(self, folder):
        self.node = Node(folder / "redis")
        self.node.start()
        await_(lambda: "PONG" in self.node.ask("PING"), "Redis")

    def settings(self):
        return "[redis]\ntopology = single\nservers = 127.0.0.1:%d\n" % self.node.port

    def recover(self):
        pass

    def stop(self):
        self.node.kill()


class Cluster:
    def __init__(self, folder):
        words = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000"]
        self.nodes = [Node(folder / ("node%d" % number), *words) for number in range(6)]
        self.lost = None
        for node in self.nodes:
            node.start()
        for node in self.nodes:
            await_(lambda: "PONG" in node.ask("PING"), "a node")
        addresses = ["127.0.0.1:%d" % node.port for node in self.nodes]
        subprocess.run(
            ["redis-cli", "--cluster", "create", *addresses, "--cluster-replicas", "1", "--cluster-yes"],
            stdout=subprocess.DEVNULL,
            check=True,
        )
        self.await_whole()

    def settings(self):
        servers = ", ".join("127.0.0.1:%d" % node.port for node in self.nodes)
        return "[redis]\ntopology = cluster\nservers = %s\nreplicas = 1\ntimeout = 1s\n" % servers

    def masters(self):
        return [node for node in self.nodes if node.is_master()]

    def await_whole(self):
        for node in self.nodes:
            await_(lambda: "cluster_state:ok" in node.ask("CLUSTER", "INFO"), "the cluster")
        await_(
            lambda: len(self.masters()) == 3 and all(node.has_replica() for node in self.masters()),
            "replicas",
        )

    def kill_master(self, draw):
        """One at a time: the last one that was killed is back as a replica first."""
        self.recover()
        self.lost = draw.choice(self.masters())
        self.lost.kill()

    def recover(self):
        if self.lost is None:
            return
        await_(lambda: len(self.masters()) == 3, "a replica to take over")
        self.lost.start()
        self.lost = None
        self.await_whole()

    def stop(self):
        for node in self.nodes:
            node.kill()
