#!/usr/bin/env python3
"""Evidence whose right answers are known (TAP): a sign where there is one, none where there is none.

usage: tests/example/labelled_test.py KANSHIKI MAKE-EXAMPLE [--seeds N] [--seconds S] [SCENARIO...]

With --seeds each is made N times, with other times, sizes, rhythms and noise, and a table
of how often the answers were right ends the run. With --seconds no run is begun after that
time, and those left out are skipped visibly; every scenario has its first seed before any its second.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

kanshiki, make_example = map(os.path.abspath, sys.argv[1:3])
only = sys.argv[3:]
seeds = [0]
if only[:1] == ["--seeds"]:
    seeds, only = range(1, int(only[1]) + 1), only[2:]
end = None
if only[:1] == ["--seconds"]:
    end, only = time.monotonic() + float(only[1]), only[2:]

# What must be at least so; every harm that is not named must stay below "possible".
# `may` names harms that the same acts may rightly point to as well, `most` how far these may go.
LABELS = {
    "clean-office": {},
    "windows-upload": {"theft": "likely", "seen": "203.0.113.88"},
    "windows-dns": {"theft": "likely", "seen": "cdn-metrics.example", "may": ["control"]},
    "windows-usb": {"theft": "likely"},
    "windows-wiper": {"destruction": "likely", "may": ["obstruction"]},
    "windows-clearing": {"obstruction": "likely"},
    "windows-beacon": {"control": "possible", "seen": "203.0.113.45"},
    "clean-server": {},
    "linux-upload": {"theft": "likely", "seen": "203.0.113.88"},
    "linux-dns": {"theft": "likely", "seen": "cdn-metrics.example", "may": ["control"]},
    "linux-usb": {"theft": "likely"},
    "linux-wiper": {"destruction": "possible", "may": ["obstruction"]},
    "linux-clearing": {"obstruction": "likely"},
    "linux-beacon": {"control": "possible", "seen": "203.0.113.45"},
    "theft-rclone-daily": {"theft": "possible", "seen": "rclone.exe copy", "may": ["control"]},
    "theft-rdp-drive": {"theft": "possible", "seen": "tsclient", "may": ["control"]},
    "theft-mail": {"theft": "likely", "seen": "203.0.113.25"},
    "theft-bitsadmin": {"theft": "likely", "seen": "203.0.113.88", "may": ["control"]},
    "theft-volumes": {"theft": "likely", "seen": "203.0.113.91", "may": ["control"]},
    "renamed-tool": {"implant": "possible", "seen": "ProgramData\\Intel\\svchost.exe", "may": ["control"]},
    "wiper-stopped": {"destruction": "possible", "may": ["obstruction"]},
    "theft-slow": {"theft": "possible", "seen": "203.0.113.93", "may": ["control"]},
    "theft-cloud": {"theft": "possible", "seen": "203.0.113.130", "may": ["control", "implant"]},
    "theft-relay": {"theft": "possible", "seen": "203.0.113.94", "may": ["control"]},
    "beacon-jitter": {"control": "possible", "seen": "203.0.113.47"},
    "renames-same": {"destruction": "possible"},
    "renames-each": {"destruction": "possible"},
    "clean-agent": {"may": ["control"], "most": "possible"},
    "clean-developer": {},
    "clean-vault": {},
    "clean-servicing": {},
    "clean-backup": {},
    "clean-helpdesk": {"may": ["control"], "most": "possible"},
    "clean-photos": {},
    "clean-reinstalled": {"may": ["obstruction"], "most": "possible"},
    "clean-snapshots": {},
    "clean-clock": {},
    "clean-update": {},
    "clean-defender": {},
}
DEGREES = ["cannot tell", "no sign", "possible", "likely", "confirmed"]
HARMS = ["implant", "theft", "control", "destruction", "obstruction"]


def assess(name, seed, work):
    evidence, case = f"{work}/{name}-{seed}", f"{work}/{name}-{seed}.case"
    subprocess.run([make_example, evidence, name] + ([str(seed)] if seed else []), check=True)
    home = dict(os.environ, HOME=work, XDG_CACHE_HOME=work + "/cache", XDG_CONFIG_HOME="")
    done = subprocess.run([kanshiki, "assess", evidence, "-q", "--case", case, "--format", "json"],
                          capture_output=True, text=True, env=home)
    assert done.returncode in (0, 1), done.stderr
    shutil.rmtree(evidence)
    os.unlink(case)
    return json.loads(done.stdout)


def complaints(report, label):
    answers = {answer["harm"]: answer for answer in report["answers"]}
    heavy = [f for f in report["findings"] if f["level"] in ("medium", "high", "critical")]
    said = {harm: sorted({f["rule"] for f in heavy if f["harm"] == harm}) for harm in HARMS}
    for harm in HARMS:
        degree = answers[harm]["degree"]
        if harm in label and DEGREES.index(degree) < DEGREES.index(label[harm]):
            yield f"{harm} is {degree}, not {label[harm]}: {said[harm]}"
        if harm not in label and harm not in label.get("may", []) and DEGREES.index(degree) > 1:
            yield f"{harm} is accused, {degree}: {said[harm]}"
        if "most" in label and DEGREES.index(degree) > DEGREES.index(label["most"]):
            yield f"{harm} is accused, {degree}: {said[harm]}"
        if harm in label and degree == "no sign":
            yield f"{harm}: a false 'no sign'"
    if "seen" in label and label["seen"].replace("\\", "\\\\") not in json.dumps([f["matched"] for f in heavy]):
        yield f"no finding names {label['seen']}"


names = [name for name in LABELS if not only or name in only]
print(f"1..{len(names) * len(seeds)}")
right, tried = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
number = 0
with tempfile.TemporaryDirectory() as work:
    for seed in seeds:
        for name in names:
            number += 1
            if end and time.monotonic() > end:
                print(f"ok {number} - {name}, seed {seed} # SKIP time is up")
                continue
            tried[name] += 1
            wrong = list(complaints(assess(name, seed, work), LABELS[name]))
            right[name] += not wrong
            print(f"{'not ok' if wrong else 'ok'} {number} - {name}{f', seed {seed}' if seed else ''}")
            for line in wrong:
                print("# " + line)
if len(seeds) > 1:
    for name in names:
        print(f"# | {name} | {right[name]} of {tried[name]} |")
sys.exit(right != tried)
