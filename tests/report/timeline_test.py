#!/usr/bin/env python3
"""Time lines as people and programs read them (TAP). usage: timeline_test.py MAKE_CASE KANSHIKI"""
import csv
import io
import json
import os
import subprocess
import sys
import tempfile

make_case, kanshiki = sys.argv[1:3]
work = tempfile.TemporaryDirectory()


def timeline(*arguments, check=True):
    done = subprocess.run([kanshiki, "timeline", *arguments], capture_output=True)
    assert not check or done.returncode == 0, done.stderr.decode()
    return done.stdout.decode() if check else done


def make(kind):
    path = os.path.join(work.name, f"{kind}.case")
    if not os.path.exists(path):
        subprocess.run([make_case, path, kind, "300"], check=True)
    return path


def folder():
    path = os.path.join(work.name, "folder")
    if not os.path.exists(path):
        os.mkdir(path)
        for n, name in enumerate(["one", "two", "three"]):
            with open(os.path.join(path, name), "w") as file:
                file.write(name)
            os.utime(os.path.join(path, name), (1600000000 + n, 1500000000 - n))
    return path


def lines_are_json_in_order_of_time():
    for kind in ("story", "hostile", "huge"):
        times = [json.loads(line)["time"] for line in timeline(make(kind), "-f", "jsonl").splitlines()]
        assert times == sorted(times), kind
        assert kind != "story" or len(times) > 10


def timesketch_has_its_fields():
    for line in timeline(make("story"), "-f", "timesketch").splitlines():
        entry = json.loads(line)
        assert entry["message"] and entry["timestamp_desc"] and "datetime" in entry, entry
        assert abs(entry["timestamp"]) > 10**12


def csv_has_as_many_rows():
    rows = list(csv.reader(io.StringIO(timeline(make("story"), "-f", "csv"), newline="")))
    assert len(rows) - 1 == len(timeline(make("story"), "-f", "jsonl").splitlines())
    assert {len(row) for row in rows} == {13}


def bounds_and_filters_leave_what_fits():
    whole = [json.loads(line) for line in timeline(folder(), "-f", "jsonl").splitlines()]
    some = [json.loads(line) for line in timeline(
        folder(), "-f", "jsonl", "--from", "2017-07-14T02:39:59Z", "--to", "2017-07-14T02:40:00Z").splitlines()]
    assert [os.path.basename(e["path"]) for e in some] == ["two", "one"], some
    assert len(whole) > len(some)
    named = timeline(folder(), "-f", "jsonl", "--filter", "path:THREE", "--filter", "what:file")
    assert {os.path.basename(json.loads(line)["path"]) for line in named.splitlines()} == {"three"}


def clock_offset_moves_times_and_keeps_the_original():
    entry = json.loads(timeline(folder(), "-f", "jsonl", "--clock-offset", "+90").splitlines()[0])
    assert entry["time"].startswith("2017-07-14T02:41:28") and \
        entry["original_time"].startswith("2017-07-14T02:39:58"), entry


def several_cases_are_one_line():
    both = timeline(make("story"), folder(), "-f", "jsonl").splitlines()
    apart = timeline(make("story"), "-f", "jsonl").splitlines() + timeline(folder(), "-f", "jsonl").splitlines()
    assert len(both) == len(apart)
    times = [json.loads(line)["time"] for line in both]
    assert times == sorted(times)


def bodyfile_has_eleven_columns():
    body = timeline(folder(), "-f", "bodyfile").splitlines()
    assert len(body) == 3 and all(line.count("|") == 10 for line in body)
    assert any(line.split("|")[8] == "1500000000" for line in body), body


def mistakes_are_told():
    for arguments in (["--format", "x", "."], ["--from", "x", "."], [os.path.join(work.name, "none")]):
        done = timeline(*arguments, check=False)
        assert done.returncode == 2 and done.stderr.startswith(b"kanshiki: "), arguments


def nothing_is_left_behind():
    assert not [name for name in os.listdir(work.name) if name.startswith("kanshiki-")]


os.environ["TMPDIR"] = work.name
tests = [lines_are_json_in_order_of_time, timesketch_has_its_fields, csv_has_as_many_rows,
         bounds_and_filters_leave_what_fits, clock_offset_moves_times_and_keeps_the_original,
         several_cases_are_one_line, bodyfile_has_eleven_columns, mistakes_are_told,
         nothing_is_left_behind]
print(f"1..{len(tests)}")
failed = 0
for number, test in enumerate(tests, 1):
    try:
        test()
        print(f"ok {number} - {test.__name__}")
    except Exception as trouble:
        failed += 1
        print(f"not ok {number} - {test.__name__}\n# " + repr(trouble).replace("\n", "\n# "))
sys.exit(failed > 0)
