#!/usr/bin/env python3
"""Network records from their source to the report (TAP).

Packet filters and mail in systemd's journal become transfers, as they do in syslog (skipped
without systemd-journal-remote); the report counts machines, not their ports; logs of squid that
were put away and packed are read as squid.conf elsewhere in the same evidence says.

usage: tests/golden/network_records.py KANSHIKI
"""
import gzip
import json
import lzma
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile

kanshiki, remote = os.path.abspath(sys.argv[1]), "/lib/systemd/systemd-journal-remote"
count = failures = 0


def check(ok, what, seen):
    global count, failures
    count += 1
    failures += not ok
    print(f"{'ok' if ok else 'not ok'} {count} - {what}")
    if not ok:
        print(f"# {seen}")


def run(work, *arguments):
    return subprocess.run([kanshiki, *arguments], capture_output=True, text=True,
                          env=dict(os.environ, HOME=work, XDG_CACHE_HOME=work)).stdout


MESSAGES = [
    ("kernel", "[UFW BLOCK] IN=eth0 OUT= MAC= SRC=192.0.2.7 DST=10.0.0.1 LEN=60 PROTO=TCP SPT=5 DPT=22"),
    ("kernel", "IN= OUT=eth0 SRC=10.0.0.1 DST=192.0.2.9 LEN=1400 PROTO=UDP SPT=9 DPT=443"),
    ("postfix/qmgr", "AB1: from=<a@b.example>, size=900, nrcpt=1 (queue active)"),
    ("postfix/smtp", "AB1: to=<c@d.example>, relay=mx[192.0.2.8]:25, status=sent (250 ok)"),
    ("someone", "IN= OUT=eth0 SRC=10.0.0.2 DST=192.0.2.9 LEN=1400 PROTO=UDP SPT=9 DPT=443"),
]
WANT = [("firewall", "192.0.2.7:5", "10.0.0.1:22", 0, "gate"), ("firewall", "10.0.0.1:9", "192.0.2.9:443", 1400, "gate"),
        ("mail", None, "mx[192.0.2.8]:25", 900, "gate")]
FLOWS = [("10.0.0.1", 1001, "192.0.2.1"), ("10.0.0.1", 1002, "192.0.2.1"), ("10.0.0.2", 1001, "192.0.2.1"),
         ("2001:db8::1", 1001, "192.0.2.1"), ("2001:db8::1", 1002, "192.0.2.1"), ("10.0.0.1", 7, "2001:db8::9")]


def journal_becomes_transfers(work):
    what = "filters and mail in the journal become transfers"
    if not os.path.exists(remote):
        return check(True, what + " # SKIP systemd-journal-remote is not here", None)
    export = "".join(f"__REALTIME_TIMESTAMP={1763800000000000 + i}\n__MONOTONIC_TIMESTAMP={i + 1}\n_BOOT_ID={'a' * 32}\n"
                     f"_HOSTNAME=gate\nSYSLOG_IDENTIFIER={who}\nMESSAGE={text}\n\n"
                     for i, (who, text) in enumerate(MESSAGES))
    subprocess.run([remote, "-o", f"{work}/x.journal", "-"], input=export, text=True, check=True, capture_output=True)
    run(work, "assess", f"{work}/x.journal", "-q", "-c", f"{work}/j.case", "--no-starter-rules")
    got = sqlite3.connect(f"{work}/j.case").execute(
        "SELECT what, local, peer, bytes_out, host FROM trace WHERE kind = 'transfer' ORDER BY time").fetchall()
    check(got == WANT, what, got)


def machines_are_counted_without_ports(work):
    with open(f"{work}/eve.json", "w") as f:
        for client, port, server in FLOWS:
            f.write(json.dumps({"timestamp": "2026-11-21T10:00:00.000000+0000", "event_type": "flow", "src_ip": client,
                                "src_port": port, "dest_ip": server, "dest_port": 443, "proto": "TCP",
                                "flow": {"bytes_toserver": 10, "bytes_toclient": 20}}) + "\n")
    run(work, "assess", f"{work}/eve.json", "-q", "-c", f"{work}/e.case", "--no-starter-rules")
    report = json.loads(run(work, "report", f"{work}/e.case", "--format", "json"))
    got = {t["destination"]: (t["records"], t["hosts"]) for t in report["transfers"]}
    check(got == {"192.0.2.1": (5, 3), "2001:db8::9": (1, 1)}, "machines are counted without their ports", got)


def the_time_line_says_who_with_whom(work):
    lines = run(work, "timeline", f"{work}/e.case", "-f", "timesketch", "--filter", "peer:2001").splitlines()
    got = [json.loads(line) for line in lines]
    check(len(got) == 1 and got[0]["message"] == "10.0.0.1:7 to [2001:db8::9]:443, 10 bytes out, 20 in",
          "the time line says who with whom and how much", got)


SQUID_CONF = ("logformat own %ts.%03tu %6tr %>a %Ss/%03>Hs %>st %<st %rm %ru %[un %Sh/%<a %mt\n"
              "access_log stdio:/var/log/squid/access.log own\n")


def packed_logs_of_squid_find_their_form(work):
    root = f"{work}/machine"
    os.makedirs(f"{root}/var/log/squid")
    os.makedirs(f"{root}/etc/squid")
    with open(f"{root}/etc/squid/squid.conf", "w") as f:
        f.write(SQUID_CONF)
    for i, name in enumerate(["access.log", "access.log.1", "access.log.2.gz", "access.log-20251122", "access.log-20251121.xz"]):
        line = (f"17638056{i:02}.123    250 10.0.0.{i} TCP_TUNNEL/200 {900000 + i} 5120 CONNECT drop.example:443 - "
                "HIER_DIRECT/203.0.113.5 -\n").encode()
        packed = gzip.compress(line) if name.endswith("gz") else lzma.compress(line) if name.endswith("xz") else line
        with open(f"{root}/var/log/squid/{name}", "wb") as f:
            f.write(packed)
    subprocess.run(["tar", "-C", root, "-czf", f"{work}/machine.tar.gz", "."], check=True)
    forms = ["machine", "machine.tar.gz"]
    if shutil.which("mkfs.ext4"):
        subprocess.run(["mkfs.ext4", "-q", "-d", root, f"{work}/machine.ext4", "8M"], check=True, capture_output=True)
        forms.append("machine.ext4")
    for form in forms:
        run(work, "assess", f"{work}/{form}", "-q", "-c", f"{work}/{form}.case", "--no-starter-rules")
        got = sqlite3.connect(f"{work}/{form}.case").execute(
            "SELECT local, bytes_out, bytes_in FROM trace WHERE kind = 'transfer' AND what = 'proxy' ORDER BY time").fetchall()
        check(got == [(f"10.0.0.{i}", 900000 + i, 5120) for i in range(5)],
              f"packed logs of squid are read as squid.conf says: {form}", got)


with tempfile.TemporaryDirectory() as work:
    packed_logs_of_squid_find_their_form(work)
    journal_becomes_transfers(work)
    machines_are_counted_without_ports(work)
    the_time_line_says_who_with_whom(work)
print(f"1..{count}")
sys.exit(failures > 0)
