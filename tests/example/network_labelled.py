#!/usr/bin/env python3
"""Hard cases for the network's analysers: what must be told, and what must not.

usage: network_labelled.py KANSHIKI [SEEDS]

Two days of an office of 25 hosts as a Zeek conn.log and dns.log (or a squid access.log), with
one intruder's contact added in turn, among what is as regular as he: clocks, updaters, telemetry,
mail, video calls and a nightly backup. Of each case the signs of medium level and more are
compared with its label; the office alone must have none.
"""
import os
import pathlib
import random
import sqlite3
import subprocess
import sys
import tempfile

kanshiki = os.path.abspath(sys.argv[1])
seeds = int(sys.argv[2]) if len(sys.argv) > 2 else 1
BEGIN, DAY = 1763942400, 86400          # a Monday
LAST = BEGIN + 2 * DAY
VICTIM = "10.0.0.7"


class Office:
    def __init__(self, seed):
        self.pick = random.Random(seed)
        self.flows, self.names, self.requests = [], [], []
        self.addresses = {}

    def address(self, name):
        return self.addresses.setdefault(name, f"198.51.{100 + len(self.addresses) // 250}."
                                               f"{len(self.addresses) % 250 + 1}")

    def ask(self, at, host, name, kind="A", answer=None):
        self.names.append((at, host, name, kind, answer))

    def flow(self, at, host, to, out, into, port=443, length=1.0, name=None):
        self.flows.append((at, host, self.address(name) if name else to, port, out, into, length))

    def visit(self, at, host, name, out, into, port=443, length=1.0):
        self.ask(at - 0.2, host, name, answer=self.address(name))
        self.flow(at, host, None, out, into, port, length, name)
        self.requests.append((at, host, name, into))

    def regular(self, every, jitter):
        at = BEGIN + self.pick.random() * every
        while at < LAST:
            yield at
            at += every * self.pick.uniform(1 - jitter, 1 + jitter)

    def work(self):
        p = self.pick
        hosts = [f"10.0.0.{n}" for n in range(5, 30)]
        for host in hosts:
            for at in self.regular(1024, 0.05):
                self.flow(at, host, "198.51.99.123", 76, 76, 123)
            for at in self.regular(3600 * 6, 0.1):
                self.visit(at, host, "update.microsoft.com", 2100, 50000)
            for at in self.regular(3600, 0.02):
                self.visit(at, host, "telemetry.vendor.example", 1400, 600)
            for at in self.regular(900, 0.05):
                self.visit(at, host, "mail.firm.example", 900, 4000)
            for day in range(2):
                for _ in range(p.randrange(12, 30)):
                    at = BEGIN + day * DAY + p.uniform(8, 18) * 3600
                    site = f"www.site{min(int(p.paretovariate(0.8)), 400)}.example"
                    for _ in range(p.randrange(1, 9)):
                        at += p.expovariate(1 / 20)
                        self.visit(at, host, site, p.randrange(400, 6000), p.randrange(2000, 900000))
        # One host alone: an updater of its own twice a day, calls, and the backup of the server.
        for at in self.regular(43200, 0.02):
            self.visit(at, "10.0.0.9", "updates.cadtool.example", 900, 90000)
        for day in range(2):
            at = BEGIN + day * DAY + 10 * 3600
            for host in ("10.0.0.11", "10.0.0.12"):
                self.visit(at + p.random() * 60, host, "meet.calls.example", p.randrange(200, 400) << 20,
                           p.randrange(200, 400) << 20, 443, 3300)
            for host in hosts[:20]:
                self.ask(at, host, f"{p.getrandbits(64):016x}.cdn.bigcdn.example", answer=self.address("cdn"))

    def write(self, folder, squid):
        folder.mkdir(parents=True)
        if squid:
            with open(folder / "access.log", "w") as f:
                for at, host, name, into in sorted(self.requests):
                    f.write(f"{at:.3f} 120 {host} TCP_TUNNEL/200 {into} CONNECT {name}:443 - HIER_DIRECT/"
                            f"{self.address(name)} -\n")
            return
        head = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t{}\n#fields\t{}\n"
        with open(folder / "conn.log", "w") as f:
            f.write(head.format("conn", "\t".join("ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration "
                                                  "orig_bytes resp_bytes conn_state orig_pkts resp_pkts".split())))
            for n, (at, host, to, port, out, into, length) in enumerate(sorted(self.flows)):
                f.write(f"{at:.6f}\tC{n}\t{host}\t{1024 + n % 60000}\t{to}\t{port}\t{'udp' if port == 123 else 'tcp'}\t-\t"
                        f"{length}\t{out}\t{into}\tSF\t{out // 1000 + 3}\t{into // 1000 + 3}\n")
        with open(folder / "dns.log", "w") as f:
            f.write(head.format("dns", "\t".join("ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto query qtype_name "
                                                 "rcode_name answers".split())))
            for at, host, name, kind, answer in sorted(self.names, key=lambda n: n[0]):
                f.write(f"{at:.6f}\tD\t{host}\t5353\t10.0.0.2\t53\tudp\t{name}\t{kind}\tNOERROR\t{answer or '-'}\n")


def clean(o):
    pass


def beacon_jittered(o):
    for at in o.regular(120, 0.3):
        o.flow(at, VICTIM, "203.0.113.66", o.pick.randrange(480, 620), 300)


def beacon_named(o):
    for at in o.regular(180, 0.3):
        o.visit(at, VICTIM, "cdn-status.badhost.example", o.pick.randrange(480, 620), 300)


def beacon_slow(o):
    for at in o.regular(4000, 0.1):
        o.flow(at, VICTIM, "203.0.113.66", o.pick.randrange(480, 620), 300)


def beacon_of_one_morning(o):
    for at in o.regular(60, 0.2):
        if at < BEGIN + 5 * 3600:
            o.flow(at, VICTIM, "203.0.113.66", 512, 300, 8443)


def tunnel_slow(o):
    for at in o.regular(240, 0.4):
        o.ask(at, VICTIM, f"{o.pick.getrandbits(160):040x}.t.badhost.example", "TXT")


CASES = [(clean, False, set()), (clean, True, set()), (beacon_jittered, False, {"kanshiki.beacon"}),
         (beacon_named, False, {"kanshiki.beacon"}), (beacon_named, True, {"kanshiki.beacon"}),
         (beacon_slow, False, {"kanshiki.beacon"}), (beacon_of_one_morning, False, {"kanshiki.beacon"}),
         (tunnel_slow, False, {"kanshiki.dns-tunnel"})]


def signs(folder, work):
    case = pathlib.Path(work) / "x.case"
    subprocess.run([kanshiki, "assess", folder, "-q", "-c", case, "--no-starter-rules"], check=False,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   env=dict(os.environ, HOME=work, XDG_CACHE_HOME=work))
    db = sqlite3.connect(case)
    rows = db.execute("SELECT rule, level, matched FROM finding_view WHERE engine = 'analyser'").fetchall()
    db.close()
    case.unlink()
    return rows


failed = 0
for seed in range(1, seeds + 1):
    for number, (plant, squid, want) in enumerate(CASES):
        with tempfile.TemporaryDirectory() as work:
            office = Office(seed)
            office.work()
            plant(office)
            office.write(pathlib.Path(work) / "logs", squid)
            rows = signs(pathlib.Path(work) / "logs", work)
        told = [r for r in rows if r[1] in ("medium", "high", "critical")]
        bad = {r[0] for r in told} != want or any(
            VICTIM not in r[2] for r in told)
        failed += bad
        print(f"{'not ok' if bad else 'ok'} {number + 1} - {plant.__name__}{' by proxy' if squid else ''}, seed {seed}")
        for row in rows if bad else []:
            print(f"#   {row[1]} {row[0]} {row[2][:260]}")
sys.exit(failed > 0)
