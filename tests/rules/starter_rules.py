#!/usr/bin/env python3
"""Every starter rule fires on its sample and stays silent on the other (TAP).

usage: tests/rules/starter_rules.py KANSHIKI
"""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

kanshiki = sys.argv[1]
tests = []


def check(name, passed, why=""):
    tests.append(passed)
    print(f"{'ok' if passed else 'not ok'} {len(tests)} - {name}" + (f" # {why}" if why else ""))


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        print(f"# {' '.join(command)}: {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def has_metadata(text, harms=("implant", "theft", "control", "destruction", "obstruction")):
    known = {line.split("\t")[0] for line in open("data/attack-techniques.tsv", encoding="utf-8")}
    named = re.findall(r"\b[Tt]\d{4}(?:\.\d{3})?\b", text)
    harm = re.search(r"harm\W+(\w+)", text)
    return bool(named) and all(t.upper() in known for t in named) and harm and harm[1] in harms


def yara():
    files = sorted(glob.glob("rules/yara/*.yar"))
    hits = set()
    for line in run(kanshiki, "scan", "-r", *files, "rules/yara/samples").splitlines():
        rule, path = line.split(" ", 1)
        hits.add((rule, path))
    count = 0
    for path in files:
        for rule, body in re.findall(r"^rule (\w+)\s*\{(.*?)^\}", open(path).read(), re.S | re.M):
            sample = f"rules/yara/samples/{rule}"
            check(f"{rule} names techniques and harm", has_metadata(body))
            check(f"{rule} fires", (rule, sample + "/fires") in hits)
            check(f"{rule} stays silent", (rule, sample + "/silent") not in hits
                  and os.path.exists(sample + "/silent"))
            count += 1
    check_programs(files)
    check(f"at least 30 YARA rules ({count})", count >= 30)


def check_programs(files):
    """A program that holds the words of a script is none; what only begins like one still is."""
    heads = {"elf": b"\x7fELF\2\1\1" + bytes(9) + b"\3\0>\0\1\0\0\0", "pe": b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0",
             "cut": b"\x7fELF\n", "man": b"'\\\" t\n"}
    scripts = [r for f in files for r in re.findall(r"^rule (\w*(?:script|web_shell)\w*)", open(f).read(), re.M)]
    with tempfile.TemporaryDirectory() as work:
        for rule in scripts:
            text = open(f"rules/yara/samples/{rule}/fires", "rb").read()
            for kind, head in heads.items():
                with open(f"{work}/{rule}.{kind}", "wb") as out:
                    out.write(head + b"\n" + text)
        told = {tuple(line.split(" ", 1)) for line in run(kanshiki, "scan", "-r", *files, work).splitlines()}
        for rule in scripts:
            wrong = [kind for kind in ("elf", "pe") if (rule, f"{work}/{rule}.{kind}") in told]
            check(f"{rule} takes no program for a script", not wrong, " ".join(wrong))
        for rule in (r for r in scripts if "web_shell" in r):
            check(f"{rule} is not fooled by the first bytes", (rule, f"{work}/{rule}.cut") in told)
        check("a manual page destroys nothing", ("shell_script_destroys", f"{work}/shell_script_destroys.man") not in told)


def sigma():
    logs = sorted(glob.glob("rules/sigma/*/*.jsonl"))
    hits = set()
    for line in run(kanshiki, "hunt", "--rules", "rules/sigma", *logs).splitlines():
        match = json.loads(line)
        hits.add((match["rule_id"], match["log"], match["record_id"]))
    files = sorted(glob.glob("rules/sigma/*/*.yml"))
    for path in files:
        text = open(path, encoding="utf-8").read()
        rule = re.search(r"^id: (\S+)", text, re.M)[1]
        name, stem = os.path.basename(path)[:-4], path[:-4]
        fires = len(open(stem + ".fires.jsonl").readlines())
        silent = len(open(stem + ".silent.jsonl").readlines())
        check(f"{name} names techniques and harm", has_metadata(text))
        check(f"{name} fires on each of {fires}", fires > 0 and all(
            (rule, stem + ".fires.jsonl", i + 1) in hits for i in range(fires)))
        check(f"{name} stays silent on each of {silent}", silent > 0 and not any(
            (rule, stem + ".silent.jsonl", i + 1) in hits for i in range(silent)))
    layer = lambda: run(kanshiki, "hunt", "--rules", "rules/sigma", "-f", "navigator", *logs)
    first = layer()
    ids = [technique["techniqueID"] for technique in json.loads(first)["techniques"]]
    check("the Navigator layer lists techniques by id, and is the same each time",
          len(ids) > 40 and ids == sorted(set(ids)) and first == layer())
    check(f"at least 40 Sigma rules ({len(files)})", len(files) >= 40)


yara()
sigma()
print(f"1..{len(tests)}")
