#!/usr/bin/env python3
"""`kanshiki hunt` tells the same with several processes as with one.

usage: tests/golden/hunt_jobs.py KANSHIKI

A log of many blocks is made of the corpus' chunks, and hunted together with the corpus' folder.
JSON lines, a syslog, logs with heads (Zeek, W3C, CSV), auditd and JSON documents of many parts
are made up, with what damage and editors leave in such: lines that are cut, blank, garbage, end
in CR LF or are longer than a part, heads that change in the middle, cells and objects over lines,
records of events between each other. What is told of them in a pipe, which has no parts, is what
one and several processes must tell of the file.
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
    **{f"{name}.yml": f"title: Evil {name}\nlogsource: {{{source}}}\ndetection:\n    one: {one}\n    condition: one\n"
       for name, source, one in (
           ("zeek", "product: zeek, service: http", "{uri|contains: evil}"),
           ("w3c", "category: webserver", "{cs-uri-query|contains: evil}"),
           ("auditd", "product: linux, service: auditd", "{cmdline|contains: evil, cwd: /tmp}"),
           ("aws", "product: aws, service: cloudtrail", "{requestParameters.name|contains: evil}"))},
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


def texts(chance, count):
    """Mostly short, sometimes what rules look for; once far more than a part."""
    for number in range(count):
        text = "evil" if chance.random() < 0.02 else "z" * chance.randrange(120)
        yield number, text, chance.random()


def zeek_log(chance):
    def head(fields):
        return (f"#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\thttp\n"
                f"#fields\t{fields}\n")
    order = "ts\tuid\turi"
    yield "\ufeff" + head(order)
    for number, text, dice in texts(chance, 160000):
        if dice < 0.0001:
            order = chance.choice(["uid\turi\tts", "ts\turi\tuid", "ts\tuid\turi\tmore"])
            yield "#close\n" + head(order) if dice < 0.00005 else f"#fields\t{order}\n"
        elif dice < 0.001:
            yield chance.choice(["evil\n", "\n", "#path\thttp\n", "1\t2\n", "#fields of evil\n", "a\tb\tevil\r\n"])
        elif number == 90000:
            yield f"1\tC{number}\tlong evil {'x' * (9 << 20)}\n"
        else:
            row = {"ts": f"17950000{number % 100:02}.5", "uid": f"C{number}", "uri": f"/{text},b", "more": "-"}
            yield "\t".join(row[name] for name in order.split("\t")) + "\n"


def w3c_log(chance):
    names = "date time cs-uri-query sc-status"
    yield f"#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Date: 2026-11-01 00:00:00\n#Fields: {names}\n"
    for number, text, dice in texts(chance, 230000):
        if dice < 0.0002:
            names = chance.choice(["time sc-status cs-uri-query", "date time cs-uri-query sc-status"])
            yield f"#Date: 2026-11-{1 + number % 28:02} 00:00:00\r\n#Fields: {names}\r\n"
        elif number == 100000:
            yield "#Time Format: Local\n"
        elif dice < 0.001:
            yield chance.choice(["evil\n", "\n", "# evil\n", "#Date: 2026-11-03\n", f"{'e' * 3000} evil\n"])
        else:
            row = {"date": "2026-10-30", "time": f"10:{number % 60:02}:00", "cs-uri-query": f"q={text}", "sc-status": "200"}
            yield " ".join(row[name] for name in names.split()) + chance.choice(["\n", "\n", "\r\n"])


def csv_log(chance):
    yield 'EventID,Channel,CommandLine,"Parent"\n'
    for number, text, dice in texts(chance, 260000):
        cell = f'"{text} ""{number}"", {chance.choice(["a", "4688,Security,good", "b"])}' + chance.choice(["", chr(10), "\r\nx,y\n"]) + '"'
        if dice < 0.001:
            yield chance.choice(["evil\n", "\n", '4688,Security,"evil\n', '4688,Security,"evil"x,y\n', "4688,Security,evil,a,b\n"])
        elif number == 80000:
            yield f'4688,Security,"evil {"x" * (900 << 10)}",y\n'
        else:
            yield f"4688,Security,{cell if dice < 0.5 else text},p{number}\n"


def auditd_log(chance):
    waiting = []
    for number, text, dice in texts(chance, 70000):
        stamp = f"msg=audit(17950{number // 10 % 100000:05}.{number % 10}00:{number})"
        waiting += [[f"type=SYSCALL {stamp}: arch=c000003e syscall=59 success=yes pid={number} comm=\"sh\" exe=\"/bin/sh\" key=(null)\n",
                     f"type=EXECVE {stamp}: argc=2 a0=\"sh\" a1=\"{text}\"\n", f"type=CWD {stamp}: cwd=\"/tmp\"\n",
                     f"type=PROCTITLE {stamp}: proctitle=7368\n"]]
        while len(waiting) > chance.randrange(1, 6):
            one = chance.choice(waiting[:3])
            yield one.pop(0)
            waiting = [each for each in waiting if each]
        if dice < 0.001:
            yield chance.choice(["evil\n", "\n", "type=CWD msg=audit(1:2\n", "----\n"])


def trail_event(number, text):
    # Objects inside begin as the events do.
    inner = [{"eventVersion": "1.08", "eventID": f"inner {i}"} for i in range(number % 3)]
    return {"eventVersion": "1.08", "eventSource": "s3.amazonaws.com", "eventTime": "2026-11-22T10:00:00Z",
            "awsRegion": "x", "eventName": "Get", "requestParameters": {"name": f"{text} }}]}},{{\\", "all": inner}, "eventID": number}


def trail_log(chance):
    yield '{"Records":['
    for number, text, dice in texts(chance, 80000):
        yield ("," if number else "") + json.dumps(trail_event(number, text)).replace("2026", "twenty" if dice < 0.001 else "2026")
        if dice < 0.0001:
            yield ',{"eventVersion": broken, "eventSource": "evil"}'
        if dice > 0.9997:
            yield "]}" + chance.choice(["", "\n"]) + '{"next":null,"Records": [' + json.dumps(trail_event(0, "evil"))
    yield "]}\n"


def pretty_log(chance):
    def document(form):
        return {"one": '[\n%s\n]\n', "wrapped": '{\n "a": 1,\n "value": [\n%s\n]\n}\n', "none": "%s\n",
                "hits": '{"took": 3, "_shards": {"total": 1}, "hits": {"total": {"value": 9}, "hits": [\n%s\n]}}\n'}[form]
    for _ in range(4):
        for form in ("one", "wrapped", "none", "hits"):
            events = [json.dumps({"EventID": 4688, "Channel": "Security", "CommandLine": f"{text} \\\"", "Inner": [{"EventID": number}]}, indent=2)
                      for number, text, _ in texts(chance, 14000)]
            yield document(form) % ("\n" if form == "none" else ",\n").join(events)


HEADED = {"zeek": zeek_log, "w3c": w3c_log, "csv": csv_log, "auditd": auditd_log, "records": trail_log, "pretty": pretty_log}


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
    if kind in HEADED:
        with open(log, "w", encoding="utf-8", newline="") as out:
            out.writelines(HEADED[kind](random.Random(number)))
    else:
        write_lines(log, json_line if kind == "json" else syslog_line, number)
    assert os.path.getsize(log) > 16 << 20, f"{kind}: {os.path.getsize(log)} bytes"
    whole, *parts = (hunt(program, [log], jobs, "jsonl", "--rules", rules) for jobs in (0, 1, 2, 4))
    same = all(part == whole for part in parts) and whole[0] == 1 and whole[1].count(b"\n") > 1000
    print(f"{'ok' if same else 'not ok'} {number} - {kind}, one reader, one, two and four processes: "
          f"{[each[1].count(bytes([10])) for each in (whole, *parts)]} matches")
    return same


def main():
    program = sys.argv[1]
    corpus = os.path.isdir(CORPUS)
    failed = False
    print(f"1..{len(FORMATS) + len(HEADED) + 3}")
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
        for number, kind in enumerate(("json", "syslog", *HEADED), len(FORMATS) + 1):
            failed |= not check_lines(program, scratch, number, kind)
        if corpus:
            failed |= not check_damaged(program, big, number + 1)
        else:
            print(f"ok {number + 1} - a damaged log # SKIP no corpus")
    sys.exit(failed)


if __name__ == "__main__":
    main()
