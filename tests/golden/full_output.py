#!/usr/bin/env python3
"""Where standard output cannot be written, each command says so once, with the reason, and ends with 2.

usage: tests/golden/full_output.py KANSHIKI
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from tap import finish, told

EVENTS = 20000
RULES = """title: Any
name: any
id: 11111111-1111-4111-8111-111111111111
logsource: {product: windows, service: security}
detection: {s: {EventID: 1}, condition: s}
"""
MANY = """---
title: Many
correlation: {type: event_count, rules: [any], timespan: 1d, condition: {gte: 1}, generate: true}
"""
YARA = "rule all_of_them { condition: true }\n"


def main():
    kanshiki = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as name, open("/dev/full", "wb") as full:
        folder = pathlib.Path(name)
        env = dict(os.environ, HOME=name, XDG_CACHE_HOME=f"{name}/cache", TMPDIR=name)
        log = "".join(json.dumps({"EventID": 1, "Channel": "Security", "time": "2026-01-02T03:04:05Z", "n": i}) + "\n"
                      for i in range(EVENTS))
        for path, text in (("l.jsonl", log), ("r.yml", RULES), ("m.yml", RULES + MANY), ("r.yar", YARA)):
            (folder / path).write_text(text)
        (folder / "many").mkdir()
        for i in range(500):
            (folder / "many" / str(i)).write_text("x")

        def run(command, **how):
            return subprocess.run([kanshiki, *command.split()], cwd=folder, env=env, stderr=subprocess.PIPE, **how)

        run("assess -q --no-starter-rules -r r.yml -c a.case l.jsonl", stdout=subprocess.DEVNULL)

        def check(command, **how):
            done = run(command, stdout=full, **how)
            said = [line for line in done.stderr.splitlines() if b"cannot write" in line]
            told(done.returncode == 2 and len(said) == 1 and b"No space left" in said[0] and b"no log" not in done.stderr,
                 command, done.stderr)

        for command in ("--version", "--help", "hunt --help", "hunt -r r.yml l.jsonl", "hunt -j 1 -r r.yml l.jsonl",
                        "hunt -f table -r r.yml l.jsonl", "hunt -f csv -r r.yml l.jsonl", "hunt -f timesketch -r r.yml l.jsonl",
                        "hunt -f navigator -r r.yml l.jsonl", "hunt --explain any -r r.yml l.jsonl",
                        "hunt -s - -r r.yml l.jsonl", "hunt -r m.yml l.jsonl", "events l.jsonl", "events -f csv l.jsonl",
                        "events -f xml l.jsonl", "scan r.yar l.jsonl", "scan -r r.yar many", "rules check r.yml",
                        "rules coverage r.yml", "report -f text a.case", "report -f json a.case", "report a.case",
                        "timeline a.case", "verify a.case"):
            check(command)
        for command in ("hunt -r r.yml -", "hunt -r m.yml -", "events -"):
            with (folder / "l.jsonl").open("rb") as standard_input:
                check(command, stdin=standard_input)
            with subprocess.Popen(["cat", "l.jsonl"], cwd=folder, stdout=subprocess.PIPE) as cat:
                check(command, stdin=cat.stdout)
    return finish()


if __name__ == "__main__":
    sys.exit(main())
