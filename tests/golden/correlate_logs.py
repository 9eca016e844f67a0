#!/usr/bin/env python3
"""A correlation whose events lie in different logs: assess finds it as hunt does, once.

usage: tests/golden/correlate_logs.py KANSHIKI
"""
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from tap import finish, told

RULES = """title: Failed logon
name: failed
logsource: {product: windows, service: security}
detection:
    sel: {EventID: 4625}
    condition: sel
---
title: Logon
name: good
logsource: {product: windows, service: security}
detection:
    sel: {EventID: 4624}
    condition: sel
---
title: Failures and then a logon on another machine
id: 5af54681-df95-4c26-854f-2565e13cfab2
level: high
tags: [attack.t1110]
correlation:
    type: temporal_ordered
    rules: [failed, good]
    group-by: [TargetUserName]
    timespan: 10m
---
title: Failures on many machines
id: 5af54681-df95-4c26-854f-2565e13cfab3
level: high
tags: [attack.t1110]
correlation:
    type: value_count
    rules: [failed]
    group-by: [TargetUserName]
    timespan: 1h
    condition: {gte: 3, field: Computer}
"""

def event(number, minute, user, computer):
    return json.dumps({"EventID": number, "Channel": "Security", "Computer": computer,
                       "TargetUserName": user, "TimeCreated": f"2026-11-22T10:{minute:02}:00Z"}) + "\n"


def make_logs(folder):
    logs = {"a.json": event(4625, 1, "bob", "A") + event(4625, 2, "eve", "A"),
            "b.json": event(4625, 3, "bob", "B") + event(4624, 40, "eve", "B"),
            "c.json": event(4625, 5, "bob", "C") + event(4624, 6, "bob", "C")}
    for name, text in logs.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
            out.write(text)


def findings(case):
    with sqlite3.connect(f"file:{case}?mode=ro", uri=True) as db:
        return db.execute("SELECT rule.title, item.path, finding.matched, finding.detail FROM finding "
                          "JOIN rule ON rule.id = finding.rule JOIN item ON item.id = finding.item "
                          "WHERE rule.engine = 'sigma' ORDER BY rule.title").fetchall()


def check_case(case, what):
    found = findings(case)
    told([row[0] for row in found] == ["Failures and then a logon on another machine",
                                       "Failures on many machines"], f"both correlations, once, {what}")
    told(all(row[1].endswith("c.json") and json.loads(row[2]) == {"TargetUserName": "bob"}
             for row in found), f"on the log of the last event, {what}")
    told([json.loads(row[3]).get("logs") for row in found] in ([2, 3], [3, 3]),
         f"and over how many logs, {what}")


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as scratch:
        evidence, rules = os.path.join(scratch, "evidence"), os.path.join(scratch, "rules.yml")
        os.mkdir(evidence)
        make_logs(evidence)
        with open(rules, "w", encoding="utf-8") as out:
            out.write(RULES)
        env = dict(os.environ, HOME=scratch, XDG_CACHE_HOME=scratch, XDG_CONFIG_HOME=scratch,
                   XDG_DATA_HOME=scratch)
        case = os.path.join(scratch, "x.case")
        run = [program, "assess", evidence, "-c", case, "-r", rules, "--no-starter-rules", "-q"]
        done = subprocess.run(run, check=False, capture_output=True, env=env)
        told(done.returncode == 1, "assess found something")
        if done.returncode != 1:
            print("#", done.stderr.decode())
        check_case(case, "by assess")
        done = subprocess.run([program, "hunt", "-q", "-r", rules, evidence], check=False,
                              capture_output=True, text=True, env=env)
        hunted = sorted(json.loads(line)["title"] for line in done.stdout.splitlines())
        told(hunted == [row[0] for row in findings(case)], "hunt says the same")
    sys.exit(finish())


if __name__ == "__main__":
    main()
