#!/usr/bin/env python3
"""Runs generated rules through yara and `kanshiki scan` and compares every line.

usage: run.py KANSHIKI [--seconds N | --rounds N] [--seed N] [--rules N] [--files N] [--keep DIR]

A pair is one rule against one file. Differences are printed with the smallest
rule that shows them; the exit code is 1 if there was one, 77 without yara.
Where both see a regex at the same offsets and differ in its length alone, or
where `fullword` picks among several lengths, that is counted apart: docs/yara.md
says why. --strict takes it for a difference.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from generate import Generator  # noqa: E402

# The peer gave up on such a rule: it says so itself, and we need not.
PEER_LIMIT = re.compile(r"too many|too slow|timed out|too large|stack|internal|may be incorrect")


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    return done.returncode, done.stdout.decode("latin-1"), done.stderr.decode("latin-1")


def matches(text):
    """{(rule, file): [string lines]} of yara's output."""
    found, current = {}, None
    for line in text.splitlines():
        if line.startswith("0x"):
            found[current].append(line)
        elif line:
            name, path = line.split(" ", 1)
            current = (name, os.path.basename(path))
            found[current] = []
    return found


def without_lengths(lines):
    """The offsets of each string: "0x10:3:$a: abc" to "0x10:$a"."""
    return [re.sub(r"^(0x[0-9a-f]+):[0-9]+:(\$\w*).*$", r"\1:\2", line) for line in lines]


def only_lengths(a, b):
    return a is not None and b is not None and without_lengths(a) == without_lengths(b)


class Peers:
    lengths = 0

    def __init__(self, kanshiki, strict):
        self.strict = strict
        self.ours = [kanshiki, "scan", "--no-cache", "-w", "-s", "-L", "-p", "1"]
        self.theirs = ["yara", "-w", "-s", "-L", "-p", "1"]

    def compare(self, rules, folder):
        """None: equal; else a text."""
        path = os.path.join(folder, "rules.yar")
        with open(path, "w", encoding="latin-1") as out:
            out.write("\n".join(rules))
        data = os.path.join(folder, "data")
        peer = run(self.theirs + [path, data])
        ours = run(self.ours + [path, data])
        if PEER_LIMIT.search(peer[2]):
            return None
        if (peer[0] != 0) != (ours[0] != 0):
            return "peer: %s\nours: %s" % (peer[2].strip() or peer[0], ours[2].strip() or ours[0])
        if peer[0]:
            return None
        a, b = matches(peer[1]), matches(ours[1])
        for key in sorted(set(a) | set(b)):
            if a.get(key) == b.get(key):
                continue
            if not self.strict and only_lengths(a.get(key), b.get(key)):
                self.lengths += 1
                continue
            if not self.strict and self.about_fullword(key[0], rules, a.get(key), b.get(key)):
                self.lengths += 1
                continue
            return "%s on %s\npeer: %s\nours: %s" % (key[0], key[1], a.get(key), b.get(key))
        return None

    @staticmethod
    def about_fullword(name, rules, a, b):
        """All lines that differ are of regexes with fullword and a choice of lengths."""
        text = next((r for r in rules if re.search(r"\brule %s \{" % name, r)), "")
        loose = set(re.findall(r"^ *(\$\w+) = /.*[|+*?}].*/[is]* .*fullword", text, re.M))
        if a is None or b is None:
            return bool(loose)
        return all(line.split(":")[2] in loose for line in set(a) ^ set(b))


def smallest(peers, rules, folder):
    """Drops rules as long as the difference stays."""
    for i in reversed(range(len(rules))):
        fewer = rules[:i] + rules[i + 1:]
        try:
            told = peers.compare(fewer, folder)
        except subprocess.TimeoutExpired:
            continue
        if told and "undefined identifier" not in told:
            rules = fewer
    return rules


def round_of(peers, seed, options, folder):
    g = Generator(seed)
    data = os.path.join(folder, "data")
    shutil.rmtree(data, ignore_errors=True)
    os.mkdir(data)
    for i in range(options.files):
        with open(os.path.join(data, "f%d" % i), "wb") as out:
            out.write(g.data())
    rules = g.rules(options.rules)
    told = peers.compare(rules, folder)
    if not told:
        return 0
    rules = smallest(peers, rules, folder)
    told = peers.compare(rules, folder)
    print("seed %d:\n%s\n%s" % (seed, "\n".join(rules), told), flush=True)
    if options.keep:
        shutil.copytree(folder, os.path.join(options.keep, "seed%d" % seed), dirs_exist_ok=True)
    return 1


def main():
    p = argparse.ArgumentParser()
    p.add_argument("kanshiki")
    p.add_argument("--seconds", type=float, default=20)
    p.add_argument("--rounds", type=int, help="end after so many rounds, whatever the time")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--rules", type=int, default=25)
    p.add_argument("--files", type=int, default=30)
    p.add_argument("--keep")
    p.add_argument("--strict", action="store_true")
    options = p.parse_args()
    if not shutil.which("yara"):
        print("yara is not here: skipped")
        return 77
    folder = tempfile.mkdtemp(prefix="kanshiki-yara-")
    peers = Peers(os.path.abspath(options.kanshiki), options.strict)
    end, seed, different = time.time() + options.seconds, options.seed, 0
    while seed - options.seed < options.rounds if options.rounds else time.time() < end:
        different += round_of(peers, seed, options, folder)
        seed += 1
    rounds = seed - options.seed
    print("%d rounds, %d pairs, %d differences, %d in the length of a regex alone"
          % (rounds, rounds * options.rules * options.files, different, peers.lengths))
    shutil.rmtree(folder)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
