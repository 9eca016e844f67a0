#!/usr/bin/env python3
"""Golden tests: runs the commands of each folder here and checks what they say (TAP).

usage: run.py KANSHIKI [NAME...]

A folder holds
  cmd         lines of words, quoted as in a shell but run without one; "kanshiki"
              is the program under test. Lines before the last prepare: they must
              not exit with 2.
  input*      copied into the scratch folder in which the commands run; a name
              that ends in .hex is hex text and loses that ending
  test.json   {"exit": N, "format": "json"|"jsonl"|"text", "checks": [...]}
  README      where the input comes from, if anybody could ask

A check is one of
  {"at": "findings", "where": {"rule.level": "high"}, "count": 2}   (or "least": 1)
  {"stdout": "text that must be there"}    "not_stdout", "stderr", "not_stderr"
"at" names a list in the JSON by its keys ("" or left out: the whole, one item);
"where" compares values by dotted keys with a value, {"contains": x} or
{"matches": regular expression}.
"""
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

here = pathlib.Path(__file__).resolve().parent


def value_at(item, dotted):
    for key in filter(None, dotted.split(".")):
        if isinstance(item, list):
            item = [value_at(one, key) for one in item]
        elif isinstance(item, dict):
            item = item.get(key)
        else:
            return None
    return item


def fits(value, wanted):
    if isinstance(wanted, dict) and "contains" in wanted:
        return value is not None and wanted["contains"] in value
    if isinstance(wanted, dict) and "matches" in wanted:
        return isinstance(value, str) and re.search(wanted["matches"], value) is not None
    return value == wanted


def listed(item):
    return item if isinstance(item, list) else [] if item is None else [item]


def check_json(check, root):
    found = [item for item in listed(value_at(root, check.get("at", "")))
             if all(fits(value_at(item, key), wanted)
                    for key, wanted in check.get("where", {}).items())]
    if "count" in check and len(found) != check["count"]:
        return f"{len(found)} found: {json.dumps(check)}"
    if len(found) < check.get("least", 0 if "count" in check else 1):
        return f"only {len(found)} found: {json.dumps(check)}"
    return None


def check_text(check, streams):
    for key, text in check.items():
        stream = streams[key.removeprefix("not_")]
        if (text in stream) == key.startswith("not_"):
            return f"{'there is' if key.startswith('not_') else 'there is no'} {text!r} in {key}"
    return None


def prepare(folder, scratch):
    for source in folder.glob("input*"):
        target = scratch / source.name
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True)
        else:
            shutil.copy(source, target)
    for coded in scratch.rglob("*.hex"):
        coded.with_suffix("").write_bytes(bytes.fromhex(coded.read_text()))
        coded.unlink()


def run_lines(folder, kanshiki, scratch):
    env = {"PATH": os.environ["PATH"], "HOME": str(scratch / "home"), "TZ": "UTC"}
    lines = [line for line in (folder / "cmd").read_text().splitlines()
             if line.strip() and not line.startswith("#")]
    for number, line in enumerate(lines, 1):
        words = [kanshiki if word == "kanshiki" else word for word in shlex.split(line)]
        done = subprocess.run(words, cwd=scratch, env=env, capture_output=True, timeout=120,
                              stdin=subprocess.DEVNULL)
        if number < len(lines) and done.returncode not in (0, 1):
            raise RuntimeError(f"'{line}': exit {done.returncode}: {done.stderr.decode()}")
    return done


def problems_of(folder, kanshiki):
    test = json.loads((folder / "test.json").read_text())
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        (scratch / "home").mkdir()
        prepare(folder, scratch)
        done = run_lines(folder, kanshiki, scratch)
    streams = {"stdout": done.stdout.decode(errors="replace"),
               "stderr": done.stderr.decode(errors="replace")}
    found = []
    if done.returncode != test.get("exit", 0):
        found.append(f"exit {done.returncode}, not {test.get('exit', 0)}")
    root = None
    if test.get("format") == "json":
        root = json.loads(streams["stdout"])
    elif test.get("format") == "jsonl":
        root = [json.loads(line) for line in streams["stdout"].splitlines()]
    for check in test["checks"]:
        is_text = any(key.removeprefix("not_") in streams for key in check)
        found.append(check_text(check, streams) if is_text else check_json(check, root))
    found = [problem for problem in found if problem]
    return found + [streams["stderr"][:2000]] if found else []


def main():
    kanshiki = str(pathlib.Path(sys.argv[1]).resolve())
    folders = sorted(path.parent for path in here.glob("*/cmd")
                     if not sys.argv[2:] or path.parent.name in sys.argv[2:])
    print(f"1..{len(folders)}")
    for number, folder in enumerate(folders, 1):
        try:
            found = problems_of(folder, kanshiki)
        except Exception as problem:
            found = [f"{type(problem).__name__}: {problem}"]
        print(f"{'not ok' if found else 'ok'} {number} - {folder.name}")
        for line in "\n".join(found).splitlines():
            print("# " + line)


main()
