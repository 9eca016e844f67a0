#!/usr/bin/env python3
"""Sigma rules that work together: correlations, filters, files of several documents, aggregations.

usage: tests/rules/sigma_together.py KANSHIKI

Each case is the rules, the events (second, value of k, other fields) and the titles told.
"""
import json
import os
import subprocess
import sys
import tempfile

ID = "11111111-1111-4111-8111-111111111111"
BASE = f"""title: A
name: a
id: {ID}
logsource: {{category: t}}
detection: {{s: {{k: a}}, condition: s}}
---
title: B
name: b
logsource: {{category: t}}
detection: {{s: {{k: b}}, condition: s}}
"""
SOURCES = "sources:\n  - {logsource: {category: t}, when: {c: t}}\n  - {logsource: {category: u}, when: {c: u}}\n"
CASES = []


def case(sentence, rules, told, *events):
    CASES.append((sentence, rules, told, events))


def correlation(sentence, text, told, *events, more=""):
    case(sentence, f"{BASE}---\ntitle: C\nname: c\ncorrelation: {{{text}}}\n{more}", told, *events)


def every(seconds, count):
    return [(i * seconds, "a", {}) for i in range(count)]


def a(second, **fields):
    return second, "a", fields


def b(second, **fields):
    return second, "b", fields


COUNT = "type: event_count, rules: [a], timespan: 1m, condition: "
correlation("gte", COUNT + "{gte: 3}", "C", *every(10, 3))
correlation("gt", COUNT + "{gt: 3}", "", *every(10, 3))
correlation("eq", COUNT + "{eq: 3}", "C", *every(10, 3))
correlation("lt", COUNT + "{lt: 3}", "C", *every(10, 2))
correlation("neq", COUNT + "{neq: 3}", "C", *every(10, 2))
correlation("a range", COUNT + "{gte: 3, lt: 5}", "C", *every(10, 4))
correlation("a rule by its id", COUNT.replace("[a]", f"[{ID}]") + "{gte: 3}", "C", *every(10, 3))
correlation("one rule as text", COUNT.replace("[a]", "a") + "{gte: 3}", "C", *every(10, 3))
correlation("generate", COUNT + "{gte: 3}, generate: true", "AAAC", *every(10, 3))
correlation("generate in YAML's other word", COUNT + "{gte: 3}, generate: yes", "AAAC", *every(10, 3))
BY_W = "type: event_count, timespan: 1m, group-by: [w], condition: {gte: 2}, "
for listed in ("a", ID):
    for aliased in ("a", ID):
        correlation(f"an alias of a rule, {len(listed)} and {len(aliased)} letters", f"{BY_W}rules: [{listed}], aliases: {{w: {{{aliased}: u}}}}",
                    "C", a(0, u="x"), a(1, u="x"), a(2, u="y"))
correlation("beyond the timespan", COUNT.replace("1m", "15s") + "{gte: 3}", "", *every(10, 3))
for unit in "dwMy":
    correlation(f"timespan in {unit}", COUNT.replace("1m", "1" + unit) + "{gte: 3}", "C", *every(3600, 3))
correlation("group-by one field", COUNT + "{gte: 2}, group-by: u", "C", a(0, u=1), a(1, u=2), a(2, u=1))
correlation("group-by a field that is missing", COUNT + "{gte: 2}, group-by: [u]", "", a(0), a(1))
correlation("value_count", "type: value_count, rules: [a], timespan: 1m, condition: {field: v, gte: 2}", "C",
            a(0, v="x"), a(1, v="x"), a(2, v="y"))
correlation("value_count of several fields", "type: value_count, rules: [a], timespan: 1m, condition: {field: [v, w], gte: 3}",
            "C", a(0, v="x", w=1), a(1, v="x", w=2), a(2, v="y", w=1))
correlation("temporal", "type: temporal, rules: [a, b], timespan: 1m", "C", b(0), a(5))
correlation("temporal_ordered, not in order", "type: temporal_ordered, rules: [a, b], timespan: 1m", "", b(0), a(5))
correlation("temporal_ordered", "type: temporal_ordered, rules: [a, b], timespan: 1m", "C", a(0), b(5))
correlation("an extended condition with not", "type: temporal, rules: [a, b], timespan: 1m, condition: a and not b", "C", a(0))
correlation("an extended condition with or", "type: temporal, rules: [a, b], timespan: 1m, condition: a or b", "C", b(0))
correlation("temporal with a comparison", "type: temporal, rules: [a, b], timespan: 1m, condition: {gte: 1}", "C", b(0))
ALIAS = "type: temporal, rules: [a, b], group-by: [who], aliases: {who: {a: x, b: y}}, timespan: 1m"
correlation("aliases", ALIAS, "C", a(0, x="p"), b(5, y="p"))
correlation("aliases of different values", ALIAS, "", a(0, x="p"), b(5, y="q"))
correlation("value_sum", "type: value_sum, rules: [a], timespan: 1m, condition: {field: v, gt: 10}", "C", a(0, v=6), a(1, v="5"))
correlation("value_median", "type: value_median, rules: [a], timespan: 1m, condition: {field: v, eq: 6}", "C",
            a(0, v=6), a(1, v=5), a(2, v=9))
correlation("value_percentile", "type: value_percentile, rules: [a], timespan: 1m, condition: {field: v, percentile: 50, gte: 6}",
            "C", a(0, v=6))
correlation("a correlation of a correlation", COUNT + "{gte: 2}, group-by: [u]", "D", a(0, u=1), a(1, u=1), b(9, u=1),
            more="---\ntitle: D\ncorrelation: {type: temporal, rules: [c, b], timespan: 5m, group-by: [u]}\n")


def filtered(sentence, rules, told, condition="not x", source="t"):
    case(sentence, f"{BASE}---\ntitle: F\nlogsource: {{category: {source}}}\n"
         f"filter: {{rules: {rules}, x: {{u: skip}}, condition: {condition}}}\n", told,
         a(0, u="skip"), a(1, u="go"), b(2, u="skip"))


filtered("a filter of any rule", "any", "A")
filtered("a filter of a rule by its name", "[a]", "AB")
filtered("a filter of one rule as text", "a", "AB")
filtered("a filter of a rule by its id", f"[{ID.upper()}]", "AB")
filtered("a filter of several rules", "[a, b]", "A")
filtered("a filter of what must be", "[a]", "AB", "x")
filtered("a filter of another log source", "any", "AAB", source="u")
correlation("a filter reaches what is correlated", COUNT + "{gte: 2}", "", a(0, u="skip"), a(1, u="go"),
            more="---\ntitle: F\nlogsource: {category: t}\nfilter: {rules: [a], x: {u: skip}, condition: not x}\n")

case("empty documents, directives, ends", "---\n---\n" + BASE + "...\n%YAML 1.1\n---\n" + BASE.replace("name", "status") + "---\n", "AA", a(0))
case("a byte order mark and line ends of Windows", ("\ufeff" + BASE).replace("\n", "\r\n"), "A", a(0))

A, B = ("detection: {s: {k: %s}, condition: s}\n" % k for k in "ab")
case("action global", f"action: global\ntitle: G\nlogsource: {{category: t}}\n---\n{A}---\n{B}", "GG", a(0), b(1))
case("action repeat", f"title: G\nlogsource: {{category: t}}\n{A}---\naction: repeat\n{B}", "GG", a(0), b(1))
case("action reset", f"action: global\nlogsource: {{category: t}}\ntitle: G\n---\n{A}---\naction: reset\n---\n"
     f"title: H\nlogsource: {{category: t}}\n{B}", "GH", a(0), b(1))


def aggregation(text, told, *events):
    case(f"old aggregation {text}", "title: O\nlogsource: {category: t}\ndetection:\n  s: {k: a}\n  timeframe: 1m\n"
         f"  condition: s | {text}\n", told, *events)


aggregation("count() > 2", "O", *every(10, 3))
aggregation("count()>2", "O", *every(10, 3))
aggregation("count() = 2", "O", *every(10, 2))
aggregation("count() > 2", "", *every(60, 3))
aggregation("count() by u >= 2", "O", a(0, u=1), a(1, u=2), a(2, u=1))
aggregation("count() by u,v>=2", "O", a(0, u=1, v=1), a(1, u=1, v=2), a(2, u=1, v=1))
aggregation("count(v) by u > 1", "O", a(0, u=1, v=1), a(1, u=1, v=2))
aggregation("sum(v) > 5", "O", a(0, v=3), a(1, v=4))
aggregation("avg(v) > 3", "O", a(0, v=3), a(1, v=7))
aggregation("min(v) < 2", "O", a(0, v=1), a(1, v=9))
aggregation("min(v) < 2", "", a(0, v=2), a(1, v=9))
aggregation("max(v) by u > 5", "O", a(0, u=1, v=1), a(1, u=1, v=9))
aggregation("max(v) > 5", "", a(0, v=5))
NEAR = "title: N\nlogsource: {category: t}\ndetection:\n  s: {k: a}\n  p: {k: b, u: 1}\n  q: {k: b, u: 2}\n  timeframe: 1m\n  condition: s | near %s\n"
case("near", NEAR % "p", "N", a(0), b(60, u=1))
case("near, too far", NEAR % "p", "", a(0), b(61, u=1))
case("near and not", NEAR % "p and not q", "", a(0), b(1, u=1), b(2, u=2))
case("near 1 of", NEAR % "1 of p*", "N", a(0), b(1, u=1))
case("two rules with near, and one of a title that is a number",
     "title: 0\nlogsource: {category: t}\ndetection: {s: {k: z}, condition: s}\n---\n" + NEAR % "p" + "---\n" + NEAR % "q",
     "N", a(0), b(1, u=2))
case("a filter reaches what is near", NEAR % "p" + "---\ntitle: F\nlogsource: {category: t}\nfilter: {rules: any, x: {v: skip}, condition: not x}\n",
     "", a(0), b(1, u=1, v="skip"))


def told_of(program, scratch, rules, events):
    for name, text in (("r.yml", rules), ("s.yml", SOURCES), ("l.jsonl", "".join(
            json.dumps({"c": "t", "ts": f"2026-01-01T{at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}Z", "k": k, **more}) + "\n"
            for at, k, more in events))):
        with open(os.path.join(scratch, name), "w", encoding="utf-8") as out:
            out.write(text)
    done = subprocess.run([program, "hunt", "-r", "r.yml", "--no-cache", "--problems", "--logsources", "s.yml", "l.jsonl"],
                          cwd=scratch, capture_output=True, text=True, check=False)
    return "".join(sorted(json.loads(line)["title"] for line in done.stdout.splitlines())), done.stderr


def main():
    program = os.path.abspath(sys.argv[1])
    os.environ.setdefault("KANSHIKI_DATA", os.getcwd())
    failures = 0
    with tempfile.TemporaryDirectory() as scratch:
        for number, (sentence, rules, want, events) in enumerate(CASES, 1):
            told, errors = told_of(program, scratch, rules, events)
            failures += told != want
            print(f"{'ok' if told == want else 'not ok'} {number} - {sentence}")
            if told != want:
                print(f"# told {told!r}, not {want!r}\n# " + (rules + errors).replace("\n", "\n# "))
    print(f"1..{len(CASES)}")
    sys.exit(failures != 0)


if __name__ == "__main__":
    main()
