#!/usr/bin/env python3
"""Real rules over files in which their own strings were planted, ours against yara or YARA-X.

usage: corpus.py KANSHIKI RULES_FOLDER [--peer yara|yara-x] [--files N] [--seed N] [--strict]

Each file gets a header (PE, ELF, text), the text strings of one rule file and a
few of others, some of them wide. Every line of `-s -L` is compared; files with a
difference are kept. Where YARA-X differs from us and yara is as we are, that is counted
apart: docs/yara.md says why. Exit code 1 if there was one, 77 without the peer or rules.
"""
import argparse
import os
import pathlib
import random
import re
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../../peers")]
import yarax  # noqa: E402
from run import only_lengths, matches, run, shown  # noqa: E402

STRING = re.compile(rb'^\s*\$\w* *= *"((?:[^"\\\n]|\\.)*)"(.*)$', re.M)
HEX = re.compile(rb'^\s*\$\w* *= *\{([0-9A-Fa-f \t?]+)\}', re.M)
EXTERNALS = ["filename", "filepath", "extension", "filetype", "owner"]
HEADERS = [b"MZ" + b"\0" * 58 + b"\x80\0\0\0" + b"\0" * 64 + b"PE\0\0", b"\x7fELF\x02\x01\x01", b"#!/bin/sh\n",
           b"<?php ", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{\\rt", b""]


def plain(text):
    return re.sub(rb"\\(x[0-9a-fA-F]{2}|.)", lambda m: bytes([int(m[1][1:], 16)]) if m[1][:1] == b"x" and
                  len(m[1]) == 3 else {b"n": b"\n", b"t": b"\t", b"r": b"\r"}.get(m[1], m[1]), text)


def strings_of(text):
    found = []
    for body, modifiers in STRING.findall(text):
        body = plain(body)
        if b"wide" in modifiers and b"ascii" not in modifiers:
            body = bytes(b for c in body for b in (c, 0))
        found.append(body)
    for body in HEX.findall(text):
        digits = re.sub(rb"\s", b"", body).replace(b"?", b"0")
        if len(digits) % 2 == 0:
            found.append(bytes.fromhex(digits.decode()))
    return found


def plant(r, files, everything):
    out = bytearray(r.choice(HEADERS))
    for text in r.sample(files, 2):
        for s in strings_of(text):
            if r.random() < 0.9:
                out += s + bytes(r.choice((b"\0", b" ", b"\n", b"")))
    for _ in range(r.randrange(20)):
        out += r.choice(everything) + b"\0"
    return bytes(out)


def ask_x(texts, folder):
    server = yarax.Server()
    answer = server.ask("\n".join(t.decode("utf-8", "replace") for t in texts), folder, dict.fromkeys(EXTERNALS, ""))
    server.close()
    found = {}
    for key, lines in answer.get("matches", {}).items():
        parts = [line.split(":", 2) for line in lines]
        found[tuple(key.split(" ", 1))] = sorted("0x%x:%s:%s" % (int(at), n, name) for at, n, name in parts)
    return found, answer.get("error", "it panicked" if "panic" in answer else "")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("kanshiki")
    p.add_argument("rules")
    p.add_argument("--peer", choices=("yara", "yara-x"), default="yara")
    p.add_argument("--files", type=int, default=200)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--strict", action="store_true")
    options = p.parse_args()
    paths = sorted(str(path) for path in pathlib.Path(options.rules).rglob("*.yar"))
    if options.peer == "yara-x" and not yarax.module():
        print(yarax.INSTALL + "\nskipped")
        return 77
    if (options.peer == "yara" and not shutil.which("yara")) or not paths:
        print("yara (apt-get install yara) or the rules are not here: skipped")
        return 77
    r, referee = random.Random(options.seed), None
    texts = [pathlib.Path(path).read_bytes() for path in paths]
    everything = [s for text in texts for s in strings_of(text) if s]
    folder = tempfile.mkdtemp(prefix="kanshiki-corpus-")
    for i in range(options.files):
        pathlib.Path(folder, "f%d" % i).write_bytes(plant(r, texts, everything))
    define = [word for name in EXTERNALS for word in ("-d", name + "=")]
    ours = run([options.kanshiki, "scan", "--no-cache", "-w", "-s", "-L", "-p", "1"] + define + paths + [folder])
    b = matches(ours[1])
    if options.peer == "yara":
        peer = run(["yara", "-w", "-s", "-L", "-p", "1"] + define + paths + [folder])
        a = matches(peer[1])
    else:
        a, said = ask_x(texts, folder)
        peer = (0, "", said)
        b = {key: shown(lines) for key, lines in b.items()}
        if shutil.which("yara"):
            second = run(["yara", "-w", "-s", "-L", "-p", "1"] + define + paths + [folder])
            referee = {key: shown(lines) for key, lines in matches(second[1]).items()}
    different = lengths = as_yara = 0
    for key in sorted(set(a) | set(b)):
        if a.get(key) == b.get(key):
            continue
        if not options.strict and only_lengths(a.get(key), b.get(key)):
            lengths += 1
            continue
        if referee is not None and referee.get(key) == b.get(key):
            as_yara += 1
            continue
        different += 1
        mine, theirs = set(b.get(key) or []), set(a.get(key) or [])
        print("%s on %s/%s: %s peer only: %s ours only: %s" % (
            key[0], folder, key[1], "both;" if key in a and key in b else "peer;" if key in a else "ours;",
            sorted(theirs - mine)[:3], sorted(mine - theirs)[:3]))
    print("%d files, %d rules, %d matches of the peer, %d of ours, %d differences, %d in length alone, %d where yara is as we are" % (
        options.files, sum(len(re.findall(rb"^\s*(?:private |global )*rule ", t, re.M)) for t in texts),
        len(a), len(b), different, lengths, as_yara))
    if peer[2] or ours[2]:
        print("said: %s %s" % (peer[2][:300], ours[2][:300]))
    if not different:
        shutil.rmtree(folder)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
