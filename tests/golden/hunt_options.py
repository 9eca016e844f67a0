#!/usr/bin/env python3
"""Options of hunt and assess that change what is told: --summary, --repeats, --placeholders, --level,
--year and --zone, --code-page; logs that are compressed; squid; symbolic links.

usage: tests/golden/hunt_options.py KANSHIKI LOG_WRITER
"""
import fcntl
import json
import os
import pathlib
import pty
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile
import termios

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from evtx_log import write_log
from tap import finish, told

RULES = """title: Failed
id: 00000000-0000-4000-8000-000000000001
level: low
logsource: {product: windows, service: security}
detection: {s: {EventID: 4625}, condition: s}
---
title: Named
id: 00000000-0000-4000-8000-000000000002
level: high
logsource: {product: windows, service: security}
detection:
    s:
        EventID: 4625
        TargetUserName|expand: '%admins%'
    condition: s
---
title: Ssh
level: low
logsource: {product: linux, service: sshd}
detection: {s: [Failed password], condition: s}
---
title: Name in a code page
level: low
logsource: {product: windows, service: application}
detection: {s: {Name: жук}, condition: s}
---
title: Asked for
level: low
logsource: {category: proxy}
detection:
    s: {c-uri|endswith: /x.exe, cs-method: GET, cs-uri|contains: evil, c-uri-extension: exe, cs-host: evil.example,
        sc-status: 200, dst_ip: 1.2.3.4}
    condition: s
"""
SQUID = """1700000000.123    45 10.0.0.5 TCP_MISS/200 1234 GET http://evil.example:80/x.exe - HIER_DIRECT/1.2.3.4 text/html
1700000001.123    45 10.0.0.5 TCP_TUNNEL/200 1234 CONNECT evil.example:443 bob HIER_DIRECT/1.2.3.4 -
"""

def event(number, minute, user, computer="A", **more):
    return json.dumps({"EventID": number, "Channel": "Security", "Computer": computer, "TargetUserName": user,
                       "TimeCreated": f"2026-11-22T10:{minute:02}:00Z", "IpAddress": "10.0.0.9",
                       "LogonType": 3, **more}) + "\n"


EVENTS = (event(4625, 1, "bob") * 5 + event(4625, 2, "eve") + event(4624, 3, "bob") + event(4776, 3, "ann", Status="0x0")
          + event(4776, 3, "ann", Status="0xc000006a") + event(1102, 4, "bob") + event(4624, 5, "eve", "B"))
SYSLOG = "Dec 31 23:59:58 gate sshd[7]: Failed password for root from 10.1.1.1 port 1 ssh2\n" * 2


class Run:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.rules = self.put("rules.yml", RULES)
        self.env = dict(os.environ, HOME=folder, XDG_CACHE_HOME=folder, XDG_CONFIG_HOME=folder, XDG_DATA_HOME=folder)

    def put(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def hunt(self, *words):
        done = subprocess.run([self.program, "hunt", "-r", self.rules, *words], capture_output=True, text=True,
                              check=False, env=self.env)
        return [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    def titles(self, *words):
        return [match["title"] for match in self.hunt(*words)[0]]


def check_summary(run, log):
    path = os.path.join(run.folder, "summary.json")
    run.hunt("-q", "--summary", path, log)
    with open(path, encoding="utf-8") as source:
        got = json.load(source)
    first = got["failed_logons"][0]
    told((first["user"], first["from"], first["count"]) == ("bob", "10.0.0.9", 5), "failed logons, the most frequent first", got)
    told({(x["user"], x["count"]) for x in got["failed_logons"]} == {("bob", 5), ("eve", 1), ("ann", 1)},
         "a right password is no failure", got["failed_logons"])
    told({(x["user"], x["computer"]) for x in got["logons"]} == {("bob", "A"), ("eve", "B")}, "logons", got["logons"])
    told([x["what"] for x in got["tampering"]] == ["the Security log was cleared"], "clearing", got["tampering"])
    told({(x["channel"], x["event_id"]): x["count"] for x in got["events"]}[("Security", "4625")] == 6, "event ids")
    told({x["name"]: x["count"] for x in got["computers"]} == {"A": 10, "B": 1}, "computers", got["computers"])
    told([x["name"] for x in got["addresses"]] == ["10.0.0.9"] and got["left_out"] == 0, "addresses")


def check_repeats(run, log):
    matches, said = run.hunt("--repeats", "2", log)
    told([m["title"] for m in matches] == ["Failed"] * 2, "alike matches are told twice", matches)
    told("4 repeats held back" in said, "the others are counted", said)
    told(run.titles("--repeats", "9", log) == ["Failed"] * 6, "up to the limit all are told")


def check_doubled_keys(run, log):
    rules = run.put("twice.yml", "title: Twice\nlogsource: {product: windows, service: security}\n"
                                 "detection:\n    s:\n        EventID: 1\n        EventID: 4625\n    condition: s\n")
    said = b"twice.yml:5:9: loaded in part: the key 'EventID' stands again in line 6, which counts"
    for how in ("compiled", "from the cache"):
        done = subprocess.run([run.program, "hunt", "--rules", rules, log], capture_output=True, check=False)
        told(len(done.stdout.splitlines()) == 6 and said in done.stderr, f"of a key that stands twice the last counts, and both are named, {how}", done.stderr)
    done = subprocess.run([run.program, "rules", "check", rules], capture_output=True, check=False)
    told(done.returncode == 1 and b"twice.yml:6:9: error:" in done.stdout and done.stdout.count(b"key_twice") == 1,
         "rules check calls it an error", done.stdout)


def check_doubled_keys(run, log):
    rules = run.put("twice.yml", "title: Twice\nlogsource: {product: windows, service: security}\n"
                                 "detection:\n    s:\n        EventID: 1\n        EventID: 4625\n    condition: s\n")
    said = b"twice.yml:5:9: loaded in part: the key 'EventID' stands again in line 6, which counts"

    def command(*words):
        return subprocess.run([run.program, *words], capture_output=True, check=False, env=run.env)

    for how in ("compiled", "from the cache"):
        done = command("hunt", "--rules", rules, log)
        told(len(done.stdout.splitlines()) == 6 and said in done.stderr,
             f"of a key that stands twice the last counts, and both are named, {how}", done.stderr)
    done = command("rules", "check", rules)
    told(done.returncode == 1 and b"twice.yml:6:9: error:" in done.stdout and done.stdout.count(b"key_twice") == 1,
         "rules check calls it an error", done.stdout)


def check_explain(run, log):
    def explained(name, *words):
        done = subprocess.run([run.program, "hunt", "-q", "--rules", run.rules, "--explain", name, *words, log],
                              capture_output=True, text=True, check=False, env=run.env)
        return done.stdout + done.stderr

    said = explained("Failed")
    told("record 1, 2" in said and "Z, A" in said and "it holds for 6" in said, "explain says when and where", said)
    said = explained("Asked for")
    told("nothing in these logs is of its log source: see " in said and "line 27" in said, "and that no event is of the rule's log source", said)
    said = explained("Named")
    told("1 refused, which --problems names" in said, "and that the rule may be one that was refused", said)
    said = explained("00000000-0000-4000-8000-000000000002")
    told("is refused: " in said and "%admins%" in said and "line 14" in said, "and why a rule is refused", said)


def check_other_tools(run, log):
    def output(form):
        return subprocess.run([run.program, "hunt", "-q", "--rules", run.rules, "-f", form, log], capture_output=True,
                              check=False, env=run.env).stdout

    first = json.loads(output("timesketch").splitlines()[0])
    told(first["message"] == "Failed: EventID=4625" and first["title"] == "Failed", "Timesketch's list says what matched", first)
    run.put("rules_tagged.yml", "title: Tagged\ntags: [attack.t1110]\nlogsource: {product: windows, service: security}\n"
                                "detection: {s: {EventID: 4625}, condition: s}\n")
    run.rules, old = os.path.join(run.folder, "rules_tagged.yml"), run.rules
    layer = json.loads(output("navigator"))
    run.rules = old
    told(layer["techniques"] == [{"techniqueID": "T1110", "score": 6}] and layer["gradient"]["maxValue"] == 6,
         "the most matches are the darkest in a layer", layer)


def check_placeholders(run, log):
    admins = run.put("admins.yml", "admins: [eve, 'x*']\n")
    matches, said = run.hunt("--problems", log)
    told("%admins%" in said and "Named" not in {m["title"] for m in matches}, "a rule without its values is refused by name", said)
    told(run.titles("-q", "--placeholders", admins, log).count("Named") == 1, "with them it matches what they name")
    told(run.titles("-q", "--placeholders", admins, "-l", "medium", log) == ["Named"], "rules below the level are left out")


def check_compressed(run, log):
    for tool, suffix in (("gzip", "gz"), ("bzip2", "bz2"), ("xz", "xz"), ("zstd", "zst"), ("lz4", "lz4")):
        if not shutil.which(tool):
            print(f"# no {tool} here")
            continue
        with open(log, "rb") as source, open(f"{log}.{suffix}", "wb") as out:
            subprocess.run([tool, "-c"], stdin=source, stdout=out, check=True)
        told(run.titles("-q", f"{log}.{suffix}") == ["Failed"] * 6, f"{suffix} is read by hunt")
        done = subprocess.run([run.program, "events", f"{log}.{suffix}"], capture_output=True, check=False)
        told(len(done.stdout.splitlines()) == len(EVENTS.splitlines()), f"{suffix} is read by events")


def times(case):
    with sqlite3.connect(f"file:{case}?mode=ro", uri=True) as db:
        rows = db.execute("SELECT time FROM finding").fetchall()
        notes = db.execute("SELECT note FROM fact").fetchall()
    return {row[0] for row in rows}, " ".join(str(n[0]) for n in notes)


def check_year_and_zone(run):
    folder = os.path.join(run.folder, "evidence")
    os.mkdir(folder)
    with open(os.path.join(folder, "auth.log"), "w", encoding="utf-8") as out:
        out.write(SYSLOG)
    found = run.hunt("-q", "--year", "2019", "--zone", "+09:00", os.path.join(folder, "auth.log"))[0]
    told([m["time"][:19] for m in found] == ["2019-12-31T14:59:58"] * 2, "hunt takes year and zone", found)
    case = os.path.join(run.folder, "x.case")
    words = [run.program, "assess", folder, "-c", case, "-r", run.rules, "--no-starter-rules", "-q", "--year", "2019", "--zone"]
    done = subprocess.run([*words, "+09:00"], capture_output=True, text=True, check=False, env=run.env)
    seen, notes = times(case)
    told(seen == {1577804398000000000},
         "assess takes year and zone", seen, done.stderr)
    told("the given" in notes, "and says so", notes)
    for wrong in ("nowhere", "+25:00x"):
        done = subprocess.run([*words, wrong], capture_output=True, text=True, check=False, env=run.env)
        told(done.returncode == 2 and "zone" in done.stderr, f"{wrong} is no zone", done.stderr)


def check_code_page(run, writer):
    log = os.path.join(run.folder, "ansi.evtx")
    write_log(writer, log, [{"provider": "P", "channel": "Application", "computer": "h", "event_id": 1,
                             "fields": [("Name", "ansi", "ЖУК".encode("cp1251"))]}])
    told(run.titles("-q", log) == [] and run.titles("-q", "--code-page", "1251", log) == ["Name in a code page"],
         "hunt takes the code page of ANSI strings")
    for page, want in (("1251", ["Name in a code page"]), ("1252", [])):
        case = os.path.join(run.folder, f"{page}.case")
        done = subprocess.run([run.program, "assess", log, "-c", case, "-r", run.rules, "--no-starter-rules", "-q",
                               "--code-page", page], capture_output=True, text=True, check=False, env=run.env)
        with sqlite3.connect(f"file:{case}?mode=ro", uri=True) as db:
            found = [row[0] for row in db.execute("SELECT rule.title FROM finding JOIN rule ON rule.id = finding.rule")]
        told(found == want, f"assess takes code page {page}", found, done.stderr)
    done = subprocess.run([run.program, "assess", log, "-c", case + "x", "--code-page", "7"], capture_output=True, text=True,
                          check=False, env=run.env)
    told(done.returncode == 2 and "code page" in done.stderr, "7 is no code page", done.stderr)


def check_squid(run):
    matches, said = run.hunt("-q", run.put("access.log", SQUID))
    told([(m["title"], m["time"][:19]) for m in matches] == [("Asked for", "2023-11-14T22:13:20")],
         "squid's log is one of a proxy", matches, said)


def check_links(run, log):
    folder = os.path.join(run.folder, "linked")
    os.mkdir(folder)
    os.symlink(log, os.path.join(folder, "a"))
    os.symlink(log, os.path.join(folder, "b"))
    shutil.copy(log, os.path.join(folder, "c"))
    for command in ("hunt", "events"):
        done = subprocess.run([run.program, command, *(["-r", run.rules] if command == "hunt" else []), folder],
                              capture_output=True, text=True, check=False, env=run.env)
        told("2 symbolic links inside folders were not followed" in done.stderr, f"{command} counts links", done.stderr)
    told(run.titles("-q", os.path.join(folder, "a")) == ["Failed"] * 6, "a link that is named is followed")


def check_table(run, log):
    """In a terminal of 80 columns a match has two lines that fit; elsewhere one."""
    def shown(columns):
        there, here = pty.openpty()
        fcntl.ioctl(here, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        done = subprocess.Popen([run.program, "hunt", "-r", run.rules, "-f", "table", "--quiet", log], stdout=here,
                                env={**run.env, "TERM": "xterm"})
        os.close(here)
        text = b""
        try:
            while piece := os.read(there, 4096):
                text += piece
        except OSError:
            pass
        done.wait()
        os.close(there)
        return text.decode().replace("\r", "").splitlines()

    log = run.put("long.jsonl", json.dumps({"EventID": 1, "Channel": "Security", "Image": "C:\\" + "x" * 90 + "\\one.exe",
                                            "CommandLine": "two.exe " + "y" * 90 + " end", "User": ["ann", "bob"], "Short": "s"}) + "\n")
    rules = run.put("long.yml", "title: Long\nlogsource: {product: windows, service: security}\ndetection:\n    s:\n"
                                "        EventID: 1\n        Image|endswith: one.exe\n        CommandLine|contains: two\n"
                                "        User: ann\n        Short: s\n    condition: s\n")
    run.rules, old = rules, run.rules
    narrow, wide = shown(80), shown(240)
    run.rules = old
    told(max(map(len, narrow)) <= 80 and max(map(len, wide)) <= 240, "a table fits its terminal", narrow, wide)
    told(len(narrow) == 3 * len(wide) == 6, "a match has three lines in a narrow one", narrow, wide)
    told("long.jsonl#1" in narrow[4] and "long.jsonl#1" in wide[1], "it says in which log and record", narrow, wide)
    for field in ("Image=C:\\", "one.exe, ", "CommandLine=two", "y end", "User=ann | bob", "EventID=1"):
        told(field in wide[1], f"values are cut each of its own: {field}", narrow, wide)
    told("Image=C:\\" in narrow[5] and "one.exe, " in narrow[5], "also in a narrow one", narrow)


def main():
    with tempfile.TemporaryDirectory() as folder:
        run = Run(os.path.abspath(sys.argv[1]), folder)
        log = run.put("log.jsonl", EVENTS)
        check_summary(run, log)
        check_repeats(run, log)
        check_placeholders(run, log)
        check_doubled_keys(run, log)
        check_explain(run, log)
        check_other_tools(run, log)
        check_compressed(run, log)
        check_year_and_zone(run)
        check_code_page(run, os.path.abspath(sys.argv[2]))
        check_squid(run)
        check_links(run, log)
        check_table(run, log)
    sys.exit(finish())


if __name__ == "__main__":
    main()
