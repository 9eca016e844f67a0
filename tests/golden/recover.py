#!/usr/bin/env python3
"""`events --recover`: each record once, from a whole log, raw bytes around it, without headers, doubled.

usage: tests/golden/recover.py KANSHIKI [EVERY]

Takes every EVERYth log of the corpus [30].
"""
import collections
import json
import os
import subprocess
import sys
import tempfile

CORPUS = "../shared/corpora/evtx"
JUNK = bytes(range(256)) * 2 + b"ElfFile**\0\0x"


def logs(every):
    found = sorted((os.path.getsize(os.path.join(here, name)), os.path.join(here, name))
                   for here, _, names in os.walk(CORPUS) for name in names if name.endswith(".evtx"))
    return [path for _, path in found[::every]]


def events(program, path, *words):
    """How often each event was told, whatever it is marked with."""
    done = subprocess.run([program, "events", "-j1", *words, path], capture_output=True, check=False)
    return collections.Counter(json.dumps(json.loads(line)["Event"], sort_keys=True)
                               for line in done.stdout.splitlines())


def forms(log):
    yield "between other bytes", JUNK + log + JUNK
    yield "without log header", bytes(4096) + log[4096:]
    yield "without the first chunk's header", log[:4096] + bytes(512) + log[4608:]
    yield "twice", log + JUNK + log
    yield "twice between other bytes", JUNK + log + JUNK + log


def check(program, path, scratch):
    """What is wrong with the forms of one log."""
    plain, whole = events(program, path), events(program, path, "--recover")
    wrong = [f"whole: {len(plain - whole)} lost"] if plain - whole else []
    with open(path, "rb") as source:
        log = source.read()
    for name, data in forms(log):
        with open(scratch, "wb") as out:
            out.write(data)
        got = events(program, scratch, "--recover")
        doubled = sum(n > max(plain[e], whole[e], 1) for e, n in got.items())
        if plain - got or doubled or sum(got.values()) < 0.9 * sum(whole.values()):
            wrong.append(f"{name}: {sum((plain - got).values())} of {sum(plain.values())} lost, {doubled} doubled, "
                         f"{sum(got.values())} of {sum(whole.values())} recovered")
    return wrong


def main():
    every = int(sys.argv[2]) if len(sys.argv) > 2 else 30
    if not os.path.isdir(CORPUS):
        print("1..0 # SKIP no corpus")
        return
    failures = 0
    chosen = logs(every)
    with tempfile.TemporaryDirectory() as folder:
        for n, path in enumerate(chosen, 1):
            wrong = check(sys.argv[1], path, os.path.join(folder, "bytes"))
            failures += bool(wrong)
            print(f"{'not ok' if wrong else 'ok'} {n} - {os.path.basename(path)}")
            for line in wrong:
                print("#", line)
    print(f"1..{len(chosen)}")
    sys.exit(failures != 0)


if __name__ == "__main__":
    main()
