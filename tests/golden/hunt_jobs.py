#!/usr/bin/env python3
"""`kanshiki hunt` tells the same with several processes as with one.

usage: tests/golden/hunt_jobs.py KANSHIKI

A log of many blocks is made of the corpus' chunks, and hunted together with the corpus' folder.
"""
import os
import subprocess
import sys
import tempfile

CORPUS = "../shared/corpora/evtx"
CHUNK = 65536
FORMATS = ("jsonl", "csv", "table", "timesketch")


def logs():
    return sorted(os.path.join(here, name) for here, _, names in os.walk(CORPUS) for name in names
                  if name.endswith(".evtx"))


def make_log(path):
    with open(path, "wb") as out:
        for i, name in enumerate(logs()):
            with open(name, "rb") as log:
                head, chunks = log.read(4096), log.read()
            out.write(chunks[:len(chunks) // CHUNK * CHUNK] if i else
                      head + chunks[:len(chunks) // CHUNK * CHUNK])


def hunt(program, paths, jobs, form):
    done = subprocess.run([program, "hunt", "-j", str(jobs), "-f", form, *paths], check=False,
                          capture_output=True)
    counts = [line.split(b" in ")[0] for line in done.stderr.splitlines() if b"logs: " in line]
    return done.returncode, done.stdout, counts


def main():
    program = sys.argv[1]
    if not os.path.isdir(CORPUS):
        print("1..0 # SKIP no corpus")
        return
    failed = False
    print(f"1..{len(FORMATS)}")
    with tempfile.TemporaryDirectory() as scratch:
        big = os.path.join(scratch, "big.evtx")
        make_log(big)
        assert os.path.getsize(big) > 4 << 20
        for number, form in enumerate(FORMATS, 1):
            one, many = (hunt(program, [big, CORPUS], jobs, form) for jobs in (1, 3))
            same = one == many and one[0] == 1 and one[1].count(b"\n") > 100
            failed |= not same
            print(f"{'ok' if same else 'not ok'} {number} - {form}, one and three processes")
    sys.exit(failed)


if __name__ == "__main__":
    main()
