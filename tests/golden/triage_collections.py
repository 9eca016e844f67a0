#!/usr/bin/env python3
"""Collections of KAPE, Velociraptor and UAC: host and original paths are restored.

usage: tests/golden/triage_collections.py KANSHIKI
"""
import io
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from tap import finish, told

SCRIPT = "@echo off\r\nstart C:\\Temp\\%s.exe\r\n"
STARTUP = "Users/ann/AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Startup"
CONSOLE = ("KAPE version 1.3.0.2, Author: Eric Zimmerman\r\n\r\nKAPE directory: E:\\KAPE\r\n"
           "Command line:   --tsource %s --tdest E:\\out --target KapeTriage\r\n\r\n"
           "System info: Machine name: %s, 64-bit: True, User: ann OS: Windows10 (10.0.19045)\r\n")


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as out:
        out.write(text)


def make_kape(folder, host, drive):
    write(f"{folder}/2026-01-02T03_04_05_1234567_ConsoleLog.txt", CONSOLE % (drive, host))
    write(f"{folder}/C/{STARTUP}/run.cmd", SCRIPT % folder[-4:])
    write(f"{folder}/C/Temp/tool.ps1", f"Write-Output '{folder}'\r\n")


def make_velociraptor(path, host):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("client_info.json", json.dumps({"Hostname": host, "Fqdn": host + ".corp"}))
        out.writestr("collection_context.json",
                     json.dumps({"session_id": "F.1", "create_time": 1790594700 * 10**9}))
        out.writestr(f"uploads/auto/C%3A/{STARTUP}/run.cmd", SCRIPT % host)
        out.writestr("uploads/auto/C%3A/Temp/100%25.ps1", f"Write-Output '{host}'\r\n")
        out.writestr("uploads/ntfs/%5C%5C.%5CC%3A/Data/other.ps1", f"Write-Output 'x{host}'\r\n")


def add(tar, name, text):
    info = tarfile.TarInfo(name)
    info.size = len(text)
    info.mode = 0o755
    tar.addfile(info, io.BytesIO(text.encode()))


def make_uac(path, host, with_log):
    with tarfile.open(path, "w:gz") as tar:
        if with_log:
            add(tar, "uac.log", "20260102 03:04:05 +0000 INF UAC 3.1.0\n"
                f"20260102 03:04:05 +0000 INF Hostname: {host}\n")
        add(tar, "[root]/etc/crontab", f"* * * * * root /data/{host}.sh\n")
        add(tar, f"[root]/data/{host}.sh", f"#!/bin/sh\necho {host}\n")
        add(tar, "live_response/system/uptime.txt", "up\n")


def assess(program, scratch, name, *sources):
    case = os.path.join(scratch, name + ".case")
    done = subprocess.run([program, "assess", "-q", *sources, "--case", case, "-o", case + ".html"], check=False,
                          capture_output=True, text=True)
    if not os.path.exists(case):
        print("#", done.stderr[-500:])
    return sqlite3.connect(case)


def programs(db):
    return set(db.execute("SELECT coalesce(machine, ''), path FROM program"))


def starts(db):
    return set(db.execute("SELECT coalesce(start.machine, ''), trace.name FROM start "
                          "JOIN trace ON trace.id = start.trace"))


def includes(seen, wanted, what):
    told(wanted <= seen, what, (wanted - seen, seen))


def check_each(program, scratch):
    make_kape(f"{scratch}/kape1", "WS-ONE", "C:")
    db = assess(program, scratch, "kape", f"{scratch}/kape1")
    includes(programs(db), {("WS-ONE", f"/{STARTUP}/run.cmd"), ("WS-ONE", "/Temp/tool.ps1")},
             "kape: paths and host")
    make_kape(f"{scratch}/kape2", "EXAMINER", "F:")
    db = assess(program, scratch, "mounted", f"{scratch}/kape2")
    includes(programs(db), {("", "/Temp/tool.ps1")}, "kape: the machine it ran on is not the host")
    make_velociraptor(f"{scratch}/v.zip", "WS-TWO")
    db = assess(program, scratch, "velociraptor", f"{scratch}/v.zip")
    includes(programs(db), {("WS-TWO", f"/{STARTUP}/run.cmd"), ("WS-TWO", "/Temp/100%.ps1"),
                            ("WS-TWO", "/Data/other.ps1")}, "velociraptor: paths and host")
    told(db.execute("SELECT time FROM trace WHERE what = 'collection' AND time IS NOT NULL").fetchall()
         == [(1790594700 * 10**9,)], "velociraptor: when it was collected")
    make_uac(f"{scratch}/u.tar.gz", "web1", True)
    db = assess(program, scratch, "uac", f"{scratch}/u.tar.gz")
    includes(programs(db), {("web1", "/data/web1.sh")}, "uac: paths and host")
    told({"web1"} == {machine for machine, _ in starts(db)}, "uac: host of what starts", starts(db))
    told(db.execute("SELECT count(*) FROM start WHERE target IS NOT NULL").fetchone()[0] == 1,
         "uac: the target of the crontab is found by its original path")


def check_together(program, scratch):
    folder = f"{scratch}/all"
    make_kape(f"{folder}/kape1", "WS-ONE", "C:")
    make_velociraptor(f"{folder}/v2.zip", "WS-TWO")
    make_velociraptor(f"{folder}/v3.zip", "WS-THREE")
    make_uac(f"{folder}/uac-web1-linux-20260102030405.tar.gz", "web1", False)
    make_uac(f"{folder}/custom.tar.gz", "web2", False)
    write(f"{folder}/custom.log", "Created by UAC (Unix-like Artifacts Collector) 2.9.1\n\n"
          "[System Information]\nOperating System: linux\nHostname: web2\n")
    db = assess(program, scratch, "all", folder)
    includes(programs(db), {("WS-ONE", "/Temp/tool.ps1"), ("WS-TWO", "/Temp/100%.ps1"),
                            ("WS-THREE", "/Temp/100%.ps1"), ("web1", "/data/web1.sh"),
                            ("web2", "/data/web2.sh")}, "five machines in one folder, each by name")
    told({machine for machine, _ in starts(db)} >= {"web1", "web2"}, "what starts, by machine",
         starts(db))


def main():
    program = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as scratch:
        check_each(program, scratch)
        check_together(program, scratch)
    return finish()


if __name__ == "__main__":
    sys.exit(main())
