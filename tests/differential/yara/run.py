#!/usr/bin/env python3
"""Runs generated rules through yara and `kanshiki scan` and compares every line.

usage: run.py KANSHIKI [--peer yara|yara-x] [--seconds N | --rounds N] [--seed N] [--rules N]
              [--files N] [--keep DIR] [--ours folder|list] [--jobs N]

Few rules over many files show what one scan leaves behind for the next:
run.py KANSHIKI --rules 3 --files 400 --ours list, and --jobs 3.

A pair is one rule against one file. Differences are printed with the smallest
rule that shows them; the exit code is 1 if there was one, 77 without the peer. YARA-X is driven by its module
for Node.js; rules that it refuses are left out and counted, what it reads otherwise than
YARA by its own documentation is not generated for it. Where yara is as we are, and
YARA-X is not, that is counted apart: the language is YARA's.
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

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../../peers")]
import yarax  # noqa: E402
from generate import Generator  # noqa: E402

# The peer gave up on such a rule: it says so itself, and we need not.
PEER_LIMIT = re.compile(r"caused error|too many|too slow|timed out|too large|stack|internal|may be incorrect")


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
    return sorted(re.sub(r"^(0x[0-9a-f]+):[0-9]+:(\$\w*).*$", r"\1:\2", line) for line in lines)


def only_lengths(a, b):
    return a is not None and b is not None and without_lengths(a) == without_lengths(b)


class Yara:
    """The peer as a command: matches of all files, or the reason why not."""
    refused = 0

    def matches(self, rules, path, data):
        peer = run(["yara", "-w", "-s", "-L", "-p", "1", path, data])
        if PEER_LIMIT.search(peer[2]) or peer[0] < 0:
            return None, None
        return (None, peer[2].strip() or str(peer[0])) if peer[0] else (matches(peer[1]), None)


class YaraX:
    def __init__(self):
        self.server = yarax.Server()
        self.refused = 0

    def matches(self, rules, path, data):
        answer = self.server.ask("\n".join(rules), data)
        if "panic" in answer:
            return None, None
        if "error" in answer:
            return None, answer["error"]
        found = {}
        for key, lines in answer["matches"].items():
            parts = [line.split(":", 2) for line in lines]
            found[tuple(key.split(" ", 1))] = ["0x%x:%s:%s" % (int(at), length, name) for at, length, name in parts]
        return found, None


def shown(lines):
    """Our lines without the matched bytes, which YARA-X does not tell in full."""
    return sorted(":".join(line.split(":")[:3]) for line in lines)


class Peers:
    lengths = 0
    as_yara = 0         # yara is as we are, YARA-X is not
    compared = 0        # rules, in rounds that were not given up
    matched = 0         # rules on files, by the peer

    def __init__(self, kanshiki, options):
        self.strict, self.is_x = options.strict, options.peer == "yara-x"
        self.ours = [kanshiki, "scan", "--no-cache", "-w", "-s", "-L", "-p", str(options.jobs)]
        self.by_list = options.ours == "list"
        self.peer = YaraX() if self.is_x else Yara()

    def without_refused(self, rules, data):
        """What YARA-X takes; a rule that it refuses costs the rules that name it too."""
        rules = list(rules)
        for _ in range(len(rules)):
            found, error = self.peer.matches(rules, None, data)
            at = error and re.search(r"--> line:(\d+)", error)
            if not at:
                return rules, found
            line = 0
            for i, rule in enumerate(rules):
                line += rule.count("\n") + 1
                if int(at[1]) <= line:
                    break
            del rules[i]
            self.peer.refused += 1
        return rules, None

    def compare(self, rules, folder):
        """None: equal; else a text."""
        path = os.path.join(folder, "rules.yar")
        data = os.path.join(folder, "data")
        if self.is_x:
            rules, a = self.without_refused(rules, data)
            error = None
            if a is None:
                return None
        with open(path, "w", encoding="latin-1") as out:
            out.write("\n".join(rules))
        if not self.is_x:
            a, error = self.peer.matches(rules, path, data)
            if a is None and error is None:
                return None
        ours = run(self.ours + self.targets(path, data, folder))
        if bool(error) != (ours[0] != 0):
            return "peer: %s\nours: %s" % (error, ours[2].strip() or ours[0])
        if error:
            return None
        b = matches(ours[1])
        self.compared += len(rules)
        self.matched += len(a)
        if self.is_x:
            a = {key: sorted(lines) for key, lines in a.items()}
            b = {key: shown(lines) for key, lines in b.items()}
        referee = None
        for key in sorted(set(a) | set(b)):
            if a.get(key) == b.get(key):
                continue
            if self.is_x and not self.strict and shutil.which("yara"):
                referee = referee or self.ask_yara(path, data)
                if referee.get(key) == b.get(key):
                    self.as_yara += 1
                    continue
            if not self.strict and only_lengths(a.get(key), b.get(key)):
                self.lengths += 1
                continue
            if not self.strict and self.about_fullword(key[0], rules, a.get(key), b.get(key)):
                self.lengths += 1
                continue
            return "%s on %s\npeer: %s\nours: %s" % (key[0], key[1], a.get(key), b.get(key))
        return None

    def targets(self, path, data, folder):
        if not self.by_list:
            return [path, data]
        name = os.path.join(folder, "list")
        with open(name, "w") as out:
            out.writelines(os.path.join(data, file) + "\n" for file in sorted(os.listdir(data)))
        return ["--scan-list", path, name]

    @staticmethod
    def ask_yara(path, data):
        found, _ = Yara().matches(None, path, data)
        return {key: shown(lines) for key, lines in (found or {}).items()}

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
    g = Generator(seed, for_x=options.peer == "yara-x")
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
    compared, matched = peers.compared, peers.matched
    rules = smallest(peers, rules, folder)
    told = peers.compare(rules, folder)
    peers.compared, peers.matched = compared, matched
    print("seed %d:\n%s\n%s" % (seed, "\n".join(rules), told), flush=True)
    if options.keep:
        shutil.copytree(folder, os.path.join(options.keep, "seed%d" % seed), dirs_exist_ok=True)
    return 1


def main():
    p = argparse.ArgumentParser()
    p.add_argument("kanshiki")
    p.add_argument("--peer", choices=("yara", "yara-x"), default="yara")
    p.add_argument("--seconds", type=float, default=20)
    p.add_argument("--rounds", type=int, help="end after so many rounds, whatever the time")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--rules", type=int, default=25)
    p.add_argument("--files", type=int, default=30)
    p.add_argument("--keep")
    p.add_argument("--strict", action="store_true")
    p.add_argument("--ours", choices=("folder", "list"), default="folder", help="how we are given the files")
    p.add_argument("--jobs", type=int, default=1, help="of ours")
    options = p.parse_args()
    if options.peer == "yara" and not shutil.which("yara"):
        print("yara is not here: apt-get install yara; skipped")
        return 77
    if options.peer == "yara-x" and not yarax.module():
        print(yarax.INSTALL + "\nskipped")
        return 77
    folder = tempfile.mkdtemp(prefix="kanshiki-yara-")
    peers = Peers(os.path.abspath(options.kanshiki), options)
    end, seed, different = time.time() + options.seconds, options.seed, 0
    while seed - options.seed < options.rounds if options.rounds else time.time() < end:
        different += round_of(peers, seed, options, folder)
        seed += 1
    rounds = seed - options.seed
    print("%s: %d rounds, %d pairs, %d matches of the peer, %d differences, %d in the length of a regex alone"
          % (options.peer, rounds, peers.compared * options.files, peers.matched, different, peers.lengths))
    if options.peer == "yara-x":
        print("%d rules refused by the peer, %d rounds in which it panicked, %d where yara is as we are"
              % (peers.peer.refused, peers.peer.server.panics, peers.as_yara))
        peers.peer.server.close()
    shutil.rmtree(folder)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
