#!/usr/bin/env python3
"""Packet filters and mail in systemd's journal become transfers, as they do in syslog.

usage: tests/golden/network_journal.py KANSHIKI     Needs systemd-journal-remote, else it skips.
"""
import os
import sqlite3
import subprocess
import sys
import tempfile

kanshiki, remote = os.path.abspath(sys.argv[1]), "/lib/systemd/systemd-journal-remote"
if not os.path.exists(remote):
    print("1..0 # SKIP systemd-journal-remote is not here")
    sys.exit(0)
MESSAGES = [
    ("kernel", "[UFW BLOCK] IN=eth0 OUT= MAC= SRC=192.0.2.7 DST=10.0.0.1 LEN=60 PROTO=TCP SPT=5 DPT=22"),
    ("kernel", "IN= OUT=eth0 SRC=10.0.0.1 DST=192.0.2.9 LEN=1400 PROTO=UDP SPT=9 DPT=443"),
    ("postfix/qmgr", "AB1: from=<a@b.example>, size=900, nrcpt=1 (queue active)"),
    ("postfix/smtp", "AB1: to=<c@d.example>, relay=mx[192.0.2.8]:25, status=sent (250 ok)"),
    ("someone", "IN= OUT=eth0 SRC=10.0.0.2 DST=192.0.2.9 LEN=1400 PROTO=UDP SPT=9 DPT=443"),
]
WANT = [("firewall", "192.0.2.7:5", "10.0.0.1:22", 0, "gate"), ("firewall", "10.0.0.1:9", "192.0.2.9:443", 1400, "gate"),
        ("mail", None, "mx[192.0.2.8]:25", 900, "gate")]

with tempfile.TemporaryDirectory() as work:
    export = "".join(f"__REALTIME_TIMESTAMP={1763800000000000 + i}\n__MONOTONIC_TIMESTAMP={i + 1}\n_BOOT_ID={'a' * 32}\n"
                     f"_HOSTNAME=gate\nSYSLOG_IDENTIFIER={who}\nMESSAGE={text}\n\n"
                     for i, (who, text) in enumerate(MESSAGES))
    journal, case = f"{work}/x.journal", f"{work}/x.case"
    subprocess.run([remote, "-o", journal, "-"], input=export, text=True, check=True, capture_output=True)
    subprocess.run([kanshiki, "assess", journal, "-q", "-c", case, "--no-starter-rules"], capture_output=True,
                   env=dict(os.environ, HOME=work, XDG_CACHE_HOME=work))
    got = sqlite3.connect(case).execute("SELECT what, local, peer, bytes_out, host FROM trace WHERE kind = 'transfer' "
                                        "ORDER BY time").fetchall()
if got != WANT:
    print(f"not ok 1 - a filter and a mail server in the journal\n# {got}")
    sys.exit(1)
print("1..1\nok 1 - a filter and a mail server in the journal")
