#!/usr/bin/env python3
"""`kanshiki hunt` tells the same with several processes as with one.

usage: tests/golden/hunt_jobs.py KANSHIKI

A log of many blocks is made of the corpus' chunks, and hunted together with the corpus' folder.
JSON lines and a syslog of many parts are made up, with what damage and editors leave in such:
lines that are cut, blank, garbage, end in CR LF or are longer than a part. What is told of
them in a pipe, which has no parts, is what one and several processes must tell of the file.
"""
import json
import os
import random
import re
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


RULES = {
    "json.yml": """title: Evil JSON
logsource: {product: windows, service: security}
detection:
    one: {EventID: 4688, CommandLine|contains: evil}
    condition: one
""",
    "syslog.yml": """title: Evil syslog
logsource: {product: linux, service: syslog}
detection:
    one: [evil]
    condition: one
""",
}


def odd_line(chance, pad):
    """What is no event, or one of unusual length; empty: a blank line."""
    whole = json.dumps({"EventID": 4688, "Channel": "Security", "CommandLine": "evil " + pad})
    return chance.choice(["", "  ", "no log, evil", whole[:40], whole[:-1], "}", '{"a":"}', whole + "\r",
                          "\r", '{"EventID":4688,"Channel":"Security","Data":{"CommandLine":"evil"}'])


def write_lines(path, make, seed):
    chance = random.Random(seed)
    with open(path, "w", encoding="utf-8", newline="") as out:
        for number in range(70000):
            if number == 30000:
                out.write(make(number, "long evil " + "x" * (9 << 20)) + "\n")
            elif number > 10 and chance.random() < 0.002:
                out.write(odd_line(chance, "y" * chance.randrange(300)) + "\n")
            else:
                out.write(make(number, "evil" if chance.random() < 0.02 else "z" * chance.randrange(200)) + "\n")
        out.write(make(70000, "evil at the end"))


def json_line(number, text):
    own = {"EventRecordID": number * 3} if number % 1000 == 0 else {}
    return json.dumps({"EventID": 4688, "Channel": "Security", "CommandLine": f"cmd {text}",
                       "ParentProcessName": f"C:\\p{number % 97}.exe", **own})


def syslog_line(number, text):
    return f"Mar {1 + number % 28:2} {number % 24:02}:{number % 60:02}:07 host{number % 5} prog[{number}]: {text}"


def hunt(program, paths, jobs, form, *more):
    """`jobs` 0: through a pipe."""
    how = ["-j", str(jobs)] if jobs else []
    with open(paths[0], "rb") as log:
        done = subprocess.run([program, "hunt", *how, "-f", form, *more, *(paths if jobs else ["-"])],
                              input=None if jobs else log.read(), check=False, capture_output=True)
    counts = [line.split(b" in ")[0] for line in done.stderr.splitlines() if b"logs: " in line]
    return done.returncode, re.sub(rb'"log":"[^"]*"', b'"log":"log"', done.stdout), counts


def damaged(path):
    """A log of several units with bytes lost and put in, so that chunks stand anywhere."""
    chance = random.Random(3)
    with open(path, "rb") as log:
        content = bytearray(log.read())
    for _ in range(12):
        at, size = chance.randrange(4096, len(content)), chance.choice([1, 4, 100, 700, 70000])
        if chance.random() < 0.5:
            content[at:at] = b"\r" * size
        else:
            del content[at:at + size]
    with open(path, "wb") as log:
        log.write(content)


def records(answer):
    """Without the fields: those of a damaged template are another chunk's, if the process has seen it."""
    code, text, counts = answer
    return code, re.sub(rb',"user":.*', b"", text), counts


def check_damaged(program, log, number):
    """Any event matches, so that matches are the records that `events` tells."""
    damaged(log)
    rules = log + ".yml"
    with open(rules, "w", encoding="utf-8") as out:
        out.write("title: any\nlogsource: {product: windows}\ndetection:\n    any: {EventID: '*'}\n    condition: any\n")
    whole, *parts = (records(hunt(program, [log], jobs, "jsonl", "--rules", rules)) for jobs in (0, 1, 2, 4))
    told = subprocess.run([program, "events", log], check=False, capture_output=True).stdout.count(b"\n")
    same = all(part == whole for part in parts) and whole[1].count(b"\n") == told > 5000
    print(f"{'ok' if same else 'not ok'} {number} - a damaged log, one reader, one, two and four processes: "
          f"{told} records, {[each[1].count(bytes([10])) for each in (whole, *parts)]} told")
    return same


def check_lines(program, scratch, number, kind):
    rules, log = os.path.join(scratch, "rules"), os.path.join(scratch, kind)
    os.makedirs(rules, exist_ok=True)
    for name, text in RULES.items():
        with open(os.path.join(rules, name), "w", encoding="utf-8") as out:
            out.write(text)
    write_lines(log, json_line if kind == "json" else syslog_line, number)
    assert os.path.getsize(log) > 16 << 20
    whole, *parts = (hunt(program, [log], jobs, "jsonl", "--rules", rules) for jobs in (0, 1, 2, 4))
    same = all(part == whole for part in parts) and whole[0] == 1 and whole[1].count(b"\n") > 1000
    print(f"{'ok' if same else 'not ok'} {number} - {kind}, one reader, one, two and four processes")
    return same


def main():
    program = sys.argv[1]
    corpus = os.path.isdir(CORPUS)
    failed = False
    print(f"1..{len(FORMATS) + 3}")
    with tempfile.TemporaryDirectory() as scratch:
        big = os.path.join(scratch, "big.evtx")
        if corpus:
            make_log(big)
            assert os.path.getsize(big) > 4 << 20
        for number, form in enumerate(FORMATS, 1):
            if not corpus:
                print(f"ok {number} - {form} # SKIP no corpus")
                continue
            one, many = (hunt(program, [big, CORPUS], jobs, form) for jobs in (1, 3))
            same = one == many and one[0] == 1 and one[1].count(b"\n") > 100
            failed |= not same
            print(f"{'ok' if same else 'not ok'} {number} - {form}, one and three processes")
        for number, kind in enumerate(("json", "syslog"), len(FORMATS) + 1):
            failed |= not check_lines(program, scratch, number, kind)
        if corpus:
            failed |= not check_damaged(program, big, number + 1)
        else:
            print(f"ok {number + 1} - a damaged log # SKIP no corpus")
    sys.exit(failed)


if __name__ == "__main__":
    main()
