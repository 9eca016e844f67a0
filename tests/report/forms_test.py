#!/usr/bin/env python3
"""Forms of a report as other programs read them. usage: forms_test.py MAKE_CASE KANSHIKI

tests/report/story.txt is what `kanshiki report` prints of the sample case; after a change
that is meant: forms_test.py MAKE_CASE KANSHIKI --accept
"""
import contextlib
import csv
import difflib
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile

make_case, kanshiki = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
work = tempfile.TemporaryDirectory()


def report(kind, *options):
    path = os.path.join(work.name, f"{kind}.case")
    if not os.path.exists(path):
        subprocess.run([make_case, path, kind, "3000"], check=True)
    return subprocess.run([kanshiki, "report", path, *options], check=True,
                          stdout=subprocess.PIPE).stdout.decode()


def text_is_as_accepted():
    got = report("story")
    golden = os.path.join(here, "story.txt")
    if "--accept" in sys.argv:
        open(golden, "w").write(got)
    want = open(golden).read()
    assert got == want, "".join(difflib.unified_diff(want.splitlines(True), got.splitlines(True),
                                                     "accepted", "printed"))


def json_is_one_object_with_all_parts():
    for kind in ("story", "empty", "huge", "hostile"):
        data = json.loads(report(kind, "--format", "json"))
        assert data["format"] == "kanshiki-report/1"
        assert len(data["findings"]) == data["finding_total"], kind
        ids = {finding["id"] for finding in data["findings"]}
        for answer in data["answers"]:
            assert ids.issuperset(answer["carried_by"]), kind
        assert sum(fate["items"] for fate in data["fates"]) == data["items"], kind


def csv_has_a_line_for_each_finding():
    for kind in ("story", "empty", "huge", "hostile"):
        rows = list(csv.DictReader(io.StringIO(report(kind, "-f", "csv"), newline="")))
        data = json.loads(report(kind, "-f", "json"))
        assert [int(row["id"]) for row in rows] == [f["id"] for f in data["findings"]], kind
        for row in rows:
            assert None not in row and None not in row.values(), "a line has other cells"
            for name, cell in row.items():
                if cell[:1] in "=+-@\t\r" and cell:
                    raise AssertionError(f"{kind}: {name} begins a formula: {cell[:40]}")


def json_carries_the_proof():
    data = json.loads(report("story", "-f", "json"))
    loader = next(f for f in data["findings"] if f["rule"] == "packed_loader_svchost")
    assert loader["matched"][1] == {"name": "$mutex", "value": "MyCafe", "hex": "4d7943616665",
                                    "offset": 201216}
    assert loader["techniques"][1] == {"id": "T1055", "name": "Process Injection"}
    assert loader["time"] is None and loader["record_id"] is None
    cleared = next(f for f in data["findings"] if f["harm"] == "obstruction")
    assert cleared["time"] == "2026-03-12T23:10:00.0000000Z" and cleared["record_id"] == 881999


def copies_stand_with_the_finding():
    there = "evidence/collected.zip!/Windows/Temp/file14.dat"
    data = json.loads(report("story", "-f", "json"))
    loader = next(f for f in data["findings"] if f["rule"] == "packed_loader_svchost")
    assert there in loader["copies"] and loader["copy_total"] == len(loader["copies"]) == 7
    others = [f for f in data["findings"] if f["item"] != loader["item"]]
    assert others and not any(f["copies"] or f["copy_total"] for f in others)
    rows = list(csv.DictReader(io.StringIO(report("story", "-f", "csv"), newline="")))
    row = next(row for row in rows if row["rule"] == "packed_loader_svchost")
    assert row["copies"].split("; ") == loader["copies"] and row["copy_total"] == "7"
    assert there in report("story", "-f", "html"), "the list that needs no script"


def another_version_is_told():
    path = os.path.join(work.name, "other.case")
    for change in ("PRAGMA user_version = 9999", "ALTER TABLE run DROP COLUMN folder"):
        subprocess.run([make_case, path, "story", "0"], check=True)
        with contextlib.closing(sqlite3.connect(path)) as case:
            case.execute(change)
            case.commit()
        done = subprocess.run([kanshiki, "report", path], capture_output=True, text=True)
        assert done.returncode == 2 and "made by another version" in done.stderr, done.stderr


def most_keeps_what_carries_the_answers():
    data = json.loads(report("huge", "-f", "json", "--most", "20"))
    assert len(data["findings"]) == 20 and data["finding_total"] == 3057
    ids = {finding["id"] for finding in data["findings"]}
    assert all(ids.issuperset(answer["carried_by"]) for answer in data["answers"])


def wrong_words_are_refused():
    path = os.path.join(work.name, "story.case")
    for arguments in (["report"], ["report", path, "-f", "pdf"], ["report", "/nowhere.case"],
                      ["report", kanshiki], ["report", path, "-o", "/nowhere/x.html"]):
        done = subprocess.run([kanshiki, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert done.returncode == 2 and done.stderr and not done.stdout, arguments


def the_page_without_script_lists_the_heaviest_first():
    order = ["critical", "high", "medium", "low", "informational"]
    for kind in ("story", "huge"):
        levels = re.findall(r'<article class="finding"[^>]*><h3><span class="level level-([a-z]+)', report(kind, "-f", "html"))
        ranks = [order.index(level) for level in levels]
        assert len(set(ranks)) > 1 and ranks == sorted(ranks), f"{kind}: {levels}"


tests = [text_is_as_accepted, json_is_one_object_with_all_parts, csv_has_a_line_for_each_finding,
         json_carries_the_proof, copies_stand_with_the_finding, another_version_is_told,
         the_page_without_script_lists_the_heaviest_first, most_keeps_what_carries_the_answers, wrong_words_are_refused]
print(f"1..{len(tests)}")
failed = False
for number, test in enumerate(tests, 1):
    try:
        test()
        print(f"ok {number} - {test.__name__}")
    except Exception as error:
        failed = True
        print(f"not ok {number} - {test.__name__}")
        print("# " + f"{type(error).__name__}: {error}".replace("\n", "\n# "))
sys.exit(failed)
