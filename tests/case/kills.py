#!/usr/bin/env python3
"""kill -9 of kanshiki assess at random moments, then --resume, again and again (TAP).

usage: kills.py KANSHIKI KILLS [EVIDENCE]

Without EVIDENCE it makes some: files, copies, archives inside archives, names
that are no UTF-8. The result of each run that gets to its end must be that of
an uninterrupted run: the same items, fates and findings, none lost or doubled.
"""
import io
import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import zipfile

RESULT = """
SELECT 'item', CAST(i.path AS BLOB), i.path_raw, i.sha256, i.size, i.fate, i.kind,
       CAST(p.path AS BLOB), CAST(s.path AS BLOB)
  FROM item i JOIN unit u ON u.id = i.unit AND u.done
  LEFT JOIN item p ON p.id = i.parent LEFT JOIN item s ON s.id = i.same_as
UNION ALL
SELECT 'finding', CAST(path AS BLOB), rule, offset, record, time, count, matched, detail
  FROM finding_view
UNION ALL
SELECT 'event', CAST(path AS BLOB), what, event.time, event.record, event.offset, NULL, NULL, NULL
  FROM event JOIN item ON item.id = event.item
UNION ALL
SELECT 'fact', CAST(path AS BLOB), channel, first, last, count, lost, NULL, NULL
  FROM fact JOIN item ON item.id = fact.item
UNION ALL
SELECT 'answer', harm, degree, first, last, NULL, NULL, NULL, NULL FROM answer
"""


def result(case):
    db = sqlite3.connect(f"file:{case}?mode=ro", uri=True)
    rows = sorted(db.execute(RESULT), key=repr)
    db.close()
    return rows


def zipped(files):
    to = io.BytesIO()
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name), content)
    return to.getvalue()


def make_evidence(folder):
    rand = random.Random(7)
    eicar = (b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*")
    for n in range(160):
        content = rand.randbytes(rand.randrange(1, 40000))
        if n % 4 == 0:
            inner = zipped([("deep.bin", content), ("eicar.com", eicar)])
            content = zipped([("a.bin", content[:5000]), ("in.zip", inner), ("copy.zip", inner)])
        if n % 5 == 1:
            content = eicar
        if n % 16 == 7:
            content = kept
        if n % 16 == 4:
            kept = content
        name = os.fsencode(folder / f"file{n:03}") + (b"\xff" if n % 9 == 0 else b"")
        with open(name, "wb") as to:
            to.write(content)


def start(kanshiki, evidence, case, env):
    words = [kanshiki, "assess", str(evidence), "--case", str(case), "--quiet"]
    if case.exists():
        words.append("--resume")
    return subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                            start_new_session=True)


def remove(case):
    for name in (case, pathlib.Path(f"{case}-wal"), pathlib.Path(f"{case}-journal")):
        name.unlink(missing_ok=True)


def main():
    kanshiki, goal = str(pathlib.Path(sys.argv[1]).resolve()), int(sys.argv[2])
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place) as folder:
        scratch = pathlib.Path(folder)
        env = {"PATH": "/usr/bin:/bin", "HOME": folder}
        if len(sys.argv) > 3:
            evidence = pathlib.Path(sys.argv[3])
        else:
            evidence = scratch / "evidence"
            evidence.mkdir()
            make_evidence(evidence)
        case = scratch / "whole.case"
        start(kanshiki, evidence, case, env).communicate()
        began = time.monotonic()
        remove(case)
        run = start(kanshiki, evidence, case, env)
        said = run.communicate()[1].decode(errors="replace")
        length = time.monotonic() - began
        expected = result(case)
        print("1..2")
        print(f"{'ok' if run.returncode in (0, 1) else 'not ok'} 1 - an uninterrupted run of "
              f"{length:.2f} s gives {len(expected)} rows")
        if run.returncode not in (0, 1):
            print("# " + said)

        rand = random.Random(1)
        case, kills, ended, wrong = scratch / "killed.case", 0, 0, []
        while kills < goal and not wrong:
            run = start(kanshiki, evidence, case, env)
            try:
                said = run.communicate(timeout=rand.uniform(0, length))[1].decode(errors="replace")
            except subprocess.TimeoutExpired:
                os.killpg(run.pid, signal.SIGKILL)
                run.communicate()
                kills += 1
                continue
            if run.returncode not in (0, 1):
                wrong.append(said)
                break
            ended += 1
            got = result(case)
            if got != expected:
                wrong += [f"lost {row}" for row in expected if row not in got][:5]
                wrong += [f"extra {row}" for row in got if row not in expected][:5]
                wrong.append(f"{len(expected)} rows expected, {len(got)} found")
            remove(case)
        while not wrong and case.exists():
            run = start(kanshiki, evidence, case, env)
            said = run.communicate()[1].decode(errors="replace")
            ended += 1
            if run.returncode not in (0, 1) or result(case) != expected:
                wrong.append(said or "another result")
            remove(case)
        print(f"{'not ok' if wrong else 'ok'} 2 - {kills} kills, {ended} runs that were ended: "
              f"lost 0, doubled 0")
        for line in wrong:
            print("# " + line.replace("\n", "\n# "))


main()
