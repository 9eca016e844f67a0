#!/usr/bin/env python3
"""What sigma_spec.py claims of plain JSON holds of Windows events in every form they come in.

usage: tests/rules/sigma_forms.py KANSHIKI LOG_WRITER

Each event of a case becomes the data of a Windows event, with values in the types that EVTX has: an EVTX log,
XML, and JSON as evtx_dump, Winlogbeat, ECS with dotted keys, and flat shippers write it, one an object a line and
as an array. Events that a form cannot hold are left out: XML and CSV do not tell null from empty, EVTX
has no objects in its data.
"""
import csv
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from xml.sax.saxutils import escape, quoteattr

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from evtx_log import write_log
from sigma_spec import CASES, put, rule_text
from tap import finish, told

TIME = "2025-01-01T00:00:00.123456Z"
SCALARS = (str, int, float, bool, type(None))


def kind_of(value):
    kinds = {str: "text", bool: "bool", int: "uint", float: "float", type(None): "null", list: "list"}
    return "int" if type(value) is int and value < 0 else kinds[type(value)]


def in_words(value):
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def all_texts(event):
    return {name: [in_words(v) for v in value] if isinstance(value, list) else in_words(value) for name, value in event.items()}


def evtx(events, path, writer):
    write_log(writer, path, [
        {"provider": "P", "channel": f"c{number}", "computer": "M", "event_id": 9, "fields": [
            (name, kind_of(value), [str(v) for v in value] if isinstance(value, list) else in_words(value) if isinstance(value, float) else value)
            for name, value in event.items()]} for number, event in events])


def system(number, line):
    return {"Provider": {"#attributes": {"Name": "P"}}, "EventID": 9, "TimeCreated": {"#attributes": {"SystemTime": TIME}},
            "EventRecordID": line, "Channel": f"c{number}", "Computer": "M"}


def nested(number, line, event):
    return {"Event": {"System": system(number, line), "EventData": event}}


def winlogbeat(number, line, event):
    return {"@timestamp": TIME, "winlog": {"channel": f"c{number}", "event_id": "9", "record_id": line, "provider_name": "P",
                                           "computer_name": "M", "event_data": event}}


def ecs(number, line, event):
    return {"@timestamp": TIME, "event.code": "9", "winlog.channel": f"c{number}", "winlog.record_id": line,
            "winlog.provider_name": "P", **{f"winlog.event_data.{name}": value for name, value in event.items()}}


def flat(number, line, event):
    return {"EventTime": TIME, "Channel": f"c{number}", "EventID": 9, "EventRecordID": line, "SourceName": "P", **event}


def xml(number, line, event):
    def data(name, value):
        return "".join(f"<Data Name={quoteattr(name)}>{escape(v)}</Data>" for v in (value if isinstance(value, list) else [value]))
    return (f"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='P'/><EventID>9</EventID>"
            f"<TimeCreated SystemTime='{TIME}'/><EventRecordID>{line}</EventRecordID><Channel>c{number}</Channel><Computer>M</Computer>"
            f"</System><EventData>{''.join(data(n, v) for n, v in all_texts(event).items())}</EventData></Event>\n")


def json_lines(make):
    return lambda events: "".join(json.dumps(make(n, line, e), ensure_ascii=False) + "\n" for line, (n, e) in enumerate(events, 1))


def array_of(make):
    return lambda events: json.dumps([make(n, line, e) for line, (n, e) in enumerate(events, 1)], indent=1)


def table(events):
    rows = [flat(n, line, all_texts(e)) for line, (n, e) in enumerate(events, 1)]
    text = io.StringIO()
    out = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)))
    out.writeheader()
    out.writerows(rows)
    return text.getvalue()


def has(event, test):
    return any(test(v) for value in event.values() for v in (value if isinstance(value, list) else [value]))


def is_plain(event):
    """Names and values that all forms have: no objects, nothing that a name of the system stands for."""
    return event and all(isinstance(v, SCALARS) or isinstance(v, list) and v and all(isinstance(x, SCALARS) and x is not None for x in v)
                         for v in event.values()) and not any(c in n for n in event for c in ". @#()")


def is_tellable(event):
    """In XML and CSV: no difference of null and empty, no characters that XML does not hold or changes."""
    return is_plain(event) and not has(event, lambda v: v in (None, "")) and not has(
        event, lambda v: isinstance(v, str) and any(ord(c) < 32 for c in v))


def has_no_list(event):
    """A column that is called by a number is taken for a value."""
    return is_tellable(event) and not any(isinstance(v, list) or n.isdigit() for n, v in event.items())


FORMS = {
    "EVTX": (None, is_plain),
    "XML": (lambda events: "".join(xml(n, line, e) for line, (n, e) in enumerate(events, 1)), is_tellable),
    "nested JSON": (json_lines(nested), is_plain),
    "Winlogbeat": (json_lines(winlogbeat), is_plain),
    "dotted keys": (json_lines(ecs), is_plain),
    "flat JSON": (json_lines(flat), is_plain),
    "an array of nested JSON": (array_of(nested), is_plain),
    "an array of flat JSON": (array_of(flat), is_plain),
    "CSV": (table, has_no_list),
}


def main():
    program, writer = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    with tempfile.TemporaryDirectory() as scratch:
        env = dict(os.environ, HOME=scratch, XDG_CACHE_HOME=f"{scratch}/cache")
        for n, (_, detection, _, _) in enumerate(CASES):
            put(scratch, f"rules/{n:04}.yml", rule_text(n, f"c{n}", detection))
        sources = put(scratch, "sources.yml", "sources:\n" + "".join(
            f"  - {{logsource: {{category: c{n}}}, when: {{Channel: c{n}}}}}\n" for n in range(len(CASES))))
        names = put(scratch, "names.yml", "names: [alice, bob]\nnums: [1, 2]\nnets: [10.0.0.0/8, 'fd00::/8']\n")
        for form, (make, fits) in FORMS.items():
            # A table has all columns in all rows: no field of it is missing.
            events = [(n, e, good) for n, (_, detection, hits, misses) in enumerate(CASES)
                      if form != "CSV" or not ("exists" in detection or "''" in detection)
                      for which, good in ((hits, True), (misses, False)) for e in which if fits(e)]
            log = os.path.join(scratch, "log")
            if make:
                put(scratch, "log", make([(n, e) for n, e, _ in events]))
            else:
                evtx([(n, e) for n, e, _ in events], log, writer)
            done = subprocess.run([program, "hunt", "-r", f"{scratch}/rules", "--logsources", sources, "--placeholders", names, log],
                                  capture_output=True, text=True, check=False, env=env)
            got = {(int(m["title"]), m["record_id"]) for m in map(json.loads, done.stdout.splitlines())}
            wrong = [(CASES[n][0], e, "missed" if good else "matched") for line, (n, e, good) in enumerate(events, 1)
                     if ((n, line) in got) != good]
            told(events and not wrong, f"{form}: {len(events)} events", "\n".join(map(str, wrong)) or done.stderr)
    return finish()


if __name__ == "__main__":
    sys.exit(main())
