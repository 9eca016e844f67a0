#!/usr/bin/env python3
"""What collect takes of this machine and of a small system at rest, and what assess makes of it (TAP).

usage: tests/golden/collect.py KANSHIKI
"""
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import zipfile

kanshiki = os.path.abspath(sys.argv[1])
FILES = {
    "etc/hostname": "web02\n",
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\nmori:x:1000:1000:Mori:/home/mori:/bin/bash\n",
    "etc/os-release": "ID=debian\nVERSION_ID=\"12\"\n",
    "etc/crontab": "17 * * * * root cd / && run-parts --report /etc/cron.hourly\n",
    "etc/cron.d/x": "* * * * * root /dev/shm/.x\n",
    "etc/ssh/ssh_host_ed25519_key": "-----BEGIN OPENSSH PRIVATE KEY-----\nnobody-may-see-it\n",
    "home/mori/.ssh/authorized_keys": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGZ2 mori@desk\n",
    "home/mori/.ssh/id_ed25519": "-----BEGIN OPENSSH PRIVATE KEY-----\nnobody-may-see-it\n",
    "home/mori/.bash_history": "#1700000000\nls\n",
    "var/log/auth.log": "2026-11-20T10:00:00+00:00 web02 sshd[1]: Accepted publickey for mori from 10.0.0.9 port 5 ssh2\n",
    "home/mori/photos/holiday.jpg": "not of interest\n",
    "dev/shm/.x": "#!/bin/sh\nsleep 1\n",
}
results = []


def check(what, good, why=""):
    results.append(good)
    print(f"{'ok' if good else 'not ok'} {len(results)} - {what}")
    if not good and why:
        print(f"# {why}")


def run(*words, cwd=None):
    return subprocess.run([kanshiki, *words], capture_output=True, text=True, env=dict(os.environ, HOME=work), cwd=cwd)


def manifest_of(zipped):
    text = zipped.read("manifest.jsonl")
    return text, [json.loads(line) for line in text.splitlines()]


def rows(case, sql):
    return sqlite3.connect(case).execute(sql).fetchall()


print("1..23")
with tempfile.TemporaryDirectory() as work:
    for path, text in FILES.items():
        whole = f"{work}/root/{path}"
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        with open(whole, "w") as f:
            f.write(text)
        os.utime(whole, (1700000000, 1700000000))
    os.chmod(f"{work}/root/dev/shm/.x", 0o755)
    before = {p: os.stat(f"{work}/root/{p}") for p in FILES}

    done = run("collect", "-q", "--root", f"{work}/root", cwd=work)
    check("without -o nothing is taken", done.returncode == 2 and "-o FILE.zip" in done.stderr and
          os.listdir(work) == ["root"], done.stderr)
    done = run("collect", "-q", "--root", f"{work}/root", "-o", f"{work}/root/../")
    named = [n for n in os.listdir(work) if n.endswith("Z.zip")]
    check("into a folder it is named by host and time", done.returncode == 0 and len(named) == 1, done.stderr)
    shutil.copy(kanshiki, f"{work}/alone")
    done = subprocess.run([f"{work}/alone", "assess", "--live", "-c", f"{work}/alone.case"], capture_output=True, text=True)
    check("--live without its rules says what to do, and takes nothing", done.returncode == 2 and
          "KANSHIKI_DATA" in done.stderr and not [n for n in os.listdir(work) if "live" in n], done.stderr)

    done = run("collect", "-q", "--root", f"{work}/root", "-o", f"{work}/rest.zip")
    check("a system at rest is collected", done.returncode == 0, done.stderr)
    after = {p: os.stat(f"{work}/root/{p}") for p in FILES}
    same = all((before[p].st_atime_ns, before[p].st_mtime_ns, before[p].st_ctime_ns) ==
               (after[p].st_atime_ns, after[p].st_mtime_ns, after[p].st_ctime_ns) for p in FILES)
    check("no time of its files moved", same)
    with zipfile.ZipFile(f"{work}/rest.zip") as z:
        names, (text, manifest) = z.namelist(), manifest_of(z)
        check("the manifest's digest is right", hashlib.sha256(text).hexdigest() in z.read("manifest.sha256").decode())
        wrong = [m["path"] for m in manifest if m.get("sha256") and "files" + m["path"] in names and
                 hashlib.sha256(z.read("files" + m["path"])).hexdigest() != m["sha256"]]
        check("each digest of the manifest is that of its member", not wrong and any(m.get("sha256") for m in manifest),
              str(wrong)[:200])
        check("private keys stay where they are", b"nobody-may-see-it" not in b"".join(z.read(n) for n in names))
        check("what is of no interest is not taken", not any("holiday" in n for n in names))
        check("nothing of this running machine is in it", not any("files/proc" in n for n in names))
        check("it is readable by its owner only", os.stat(f"{work}/rest.zip").st_mode & 0o77 == 0)

    run("assess", f"{work}/rest.zip", "-q", "-c", f"{work}/rest.case")
    starts = rows(f"{work}/rest.case", "SELECT command FROM trace WHERE kind = 'autostart' AND what = 'cron'")
    check("what starts there is found", any("/dev/shm/.x" in str(s[0]) for s in starts), str(starts))
    hosts = rows(f"{work}/rest.case", "SELECT name FROM trace WHERE kind = 'host' AND what = 'name'")
    check("the machine's own name is its name", ("web02",) in hosts, str(hosts))

    check("all that is readable was taken: its manifest is whole",
          rows(f"{work}/rest.case", "SELECT fate FROM item WHERE path LIKE '%manifest.jsonl'") == [("examined",)])
    os.makedirs(f"{work}/large/var/log")
    os.makedirs(f"{work}/large/etc")
    for n in range(80):
        with open(f"{work}/large/var/log/big{n:02}", "wb") as f:
            f.truncate(250 << 20)
    began = time.monotonic()
    done = run("collect", "-q", "--budget", "1s", "--root", f"{work}/large", "-o", f"{work}/late.zip")
    check("a budget of time is kept", done.returncode == 0 and time.monotonic() - began < 20, done.stdout + done.stderr)
    with zipfile.ZipFile(f"{work}/late.zip") as z:
        late = [m["path"] for m in manifest_of(z)[1] if m.get("because") == "time"]
    check("what was not taken is in the manifest, place by place",
          late and late[0].startswith("/var/log") and "/etc" in late and "time over" in done.stdout, str(late) + done.stdout)
    run("assess", f"{work}/late.zip", "-q", "-c", f"{work}/late.case")
    found = rows(f"{work}/late.case", "SELECT fate, reason FROM item WHERE path LIKE '%manifest.jsonl'")
    check("and assess says so", found[0][0] == "partly" and "time was over" in found[0][1] and late[0] in found[0][1],
          str(found))

    programs = [f"{work}/replaced", f"{work}/deleted"]
    for path in programs:
        shutil.copy(shutil.which("sleep"), path)
    sleeping = [subprocess.Popen([path, "300"]) for path in programs]
    for path in programs:
        os.unlink(path)
    shutil.copy(shutil.which("true"), programs[0])
    done = run("collect", "-q", "--only-live", "-o", f"{work}/live.zip")
    for one in sleeping:
        one.kill()
        one.wait()
    check("this machine is collected", done.returncode == 0, done.stderr)
    with zipfile.ZipFile(f"{work}/live.zip") as z:
        paths = [m["path"] for m in manifest_of(z)[1]]
    process = max(i for i, p in enumerate(paths) if p.endswith("kanshiki.process"))
    order = [process] + [paths.index(f"/proc/kanshiki.{n}") for n in ("processes", "sockets", "modules")]
    check("in order of volatility: processes, what is not listed, sockets, modules", order == sorted(order), str(order))
    run("assess", f"{work}/live.zip", "-q", "-c", f"{work}/live.case")
    me = rows(f"{work}/live.case", f"SELECT command FROM trace WHERE kind = 'process' AND what = 'running' AND "
              f"json_extract(detail, '$.pid') = '{os.getpid()}'")
    check("this test's own process is seen with its command", len(me) == 1 and "collect.py" in str(me[0][0]), str(me))
    odd = [rows(f"{work}/live.case", "SELECT technique, json_extract(detail, '$.at_path') FROM trace WHERE what = 'running' "
                f"AND json_extract(detail, '$.pid') = '{one.pid}'") for one in sleeping]
    check("a program that was replaced, as by an update, is told apart from one that was deleted",
          odd == [[(None, "replaced")], [("T1070.004", None)]], str(odd))
    check("no process of this machine hides",
          not rows(f"{work}/live.case", "SELECT 1 FROM trace WHERE kind = 'process' AND what = 'unlisted'"))
    check("a folder that is not there is said", run("collect", "--root", f"{work}/none").returncode == 2)
sys.exit(not all(results))
