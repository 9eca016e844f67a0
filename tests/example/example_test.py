#!/usr/bin/env python3
"""The main job from end to end on the example intrusion (TAP).

usage: tests/example/example_test.py KANSHIKI MAKE-EXAMPLE
"""
import hashlib
import json
import os
import subprocess
import sys
import tempfile

kanshiki, make_example = map(os.path.abspath, sys.argv[1:3])
count = failed = 0


def check(name, passed, why=""):
    global count, failed
    count += 1
    failed += not passed
    print(f"{'ok' if passed else 'not ok'} {count} - {name}" + ("" if passed else f" # {why}"))


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, **more)


def state(root):
    """Content, mode, times and attributes of everything below `root`."""
    found = {}
    for folder, folders, files in os.walk(root):
        for name in files + folders:
            path = os.path.join(folder, name)
            st = os.lstat(path)
            digest = ""
            if os.path.isfile(path):
                fd = os.open(path, os.O_RDONLY | os.O_NOATIME)
                digest = hashlib.sha256(os.read(fd, 1 << 28)).hexdigest()
                os.close(fd)
            found[path] = (digest, st.st_mode, st.st_size, st.st_mtime_ns, st.st_ctime_ns,
                           st.st_atime_ns if os.path.isfile(path) else 0,
                           sorted((a, os.getxattr(path, a)) for a in os.listxattr(path)))
    return found


def main(work):
    home = dict(os.environ, HOME=work, XDG_CACHE_HOME=work + "/cache", XDG_CONFIG_HOME="")
    evidence, case, page = (f"{work}/{name}" for name in ("evidence", "a.case", "a.html"))
    for name in ("evidence", "again"):
        check(f"the generator writes {name}", run(make_example, f"{work}/{name}").returncode == 0)
    same = run("diff", "-r", evidence, f"{work}/again")
    check("the generator always writes the same bytes", same.returncode == 0, same.stdout)
    os.setxattr(f"{evidence}/FS01-collection.tar.gz", "user.test", b"kept")

    before = state(evidence)
    done = run(kanshiki, "assess", evidence, "--case", case, "--report", page, "--format", "json",
               env=home)
    check("assess exits with 1: something was found", done.returncode == 1, done.stderr)
    check("evidence is as it was, to the access times", state(evidence) == before)
    report = json.loads(done.stdout)
    degrees = {a["harm"]: a["degree"] for a in report["answers"]}
    for harm in ("implant", "theft", "control", "obstruction"):
        check(f"{harm} is confirmed or likely", degrees.get(harm) in ("confirmed", "likely"),
              degrees.get(harm))
    check("destruction cannot be told", degrees.get("destruction") == "cannot tell", str(degrees))

    sql = lambda query: run("sqlite3", case, query).stdout.strip()
    check("every item has a fate", sql("SELECT count(*) FROM item WHERE fate IS NULL") == "0")
    check("the locked archive is named", sql("SELECT count(*) FROM item WHERE fate = 'locked'") == "1")
    check("the log that was cut off is partly examined",
          "PowerShell" in sql("SELECT path FROM item WHERE fate = 'partly'"))
    check("the second place of the same file is a duplicate",
          "msnetwork.dll" in sql("SELECT path FROM item WHERE fate = 'duplicate'"))
    copied = [f for f in report["findings"]
              if any(path.endswith("/t.zip!/tools/msnetwork.dll") for path in f["copies"])]
    check("a finding names the second place of its file",
          copied and all("msnetwork.dll" in f["item"] and f["copy_total"] == 1 for f in copied),
          str([f["copies"] for f in report["findings"] if f["copies"]]))
    check("findings stand on their place", all(
        sql(f"SELECT count(*) FROM finding WHERE {column} IS NOT NULL") > "0"
        for column in ("matched", "host", "time", "record", "offset")))
    check("the page is one file with a policy",
          "Content-Security-Policy" in open(page, encoding="utf-8").read())

    check("verify finds the case whole", run(kanshiki, "verify", case, env=home).returncode == 0)
    again = run(kanshiki, "assess", evidence, "--case", case, env=home)
    check("a case is never overwritten", again.returncode == 2 and "a.case" in again.stderr,
          again.stderr)
    other = f"{work}/b.case"
    run(kanshiki, "assess", evidence, "--case", other, "--jobs", "1", env=home)
    same = lambda path: run("sqlite3", path, "SELECT path, fate, reason, hex(sha256) FROM item ORDER BY path;"
                            "SELECT rule, hex(matched), offset, record, time FROM finding_view"
                            " ORDER BY 1, 2, 3, 4, 5").stdout
    check("one examiner or two make the same case", same(case) == same(other) != "")
    sql("UPDATE finding SET record = record + 1 WHERE record = 20413")
    check("verify finds a changed row", run(kanshiki, "verify", case, env=home).returncode == 2)
    check("a source that is not there is an error",
          run(kanshiki, "assess", f"{work}/none", "--case", f"{work}/c.case", env=home).returncode == 2)


with tempfile.TemporaryDirectory() as folder:
    main(folder)
print(f"1..{count}")
sys.exit(1 if failed else 0)
