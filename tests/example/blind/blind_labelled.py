#!/usr/bin/env python3
"""Two hundred bodies of evidence written apart from the program, with the answers that are right (TAP).

usage: tests/example/blind/blind_labelled.py KANSHIKI [WORD...]    only cases with a WORD in their name

The labels stand with the cases (blind_*.py): a sign where there was harm, no accusation where work was
honest, "cannot tell" where what would show it is not there. Wrong answers that are known stand in WEAK with
their reason: they are tried and told, and must not become right unnoticed.
"""
import importlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
from tap import finish, told

import blind_kit

RIGHT = {"S": {"possible", "likely", "confirmed"}, "L": {"likely", "confirmed"}, "N": {"no sign", "cannot tell"},
         "C": {"cannot tell"}}
WEAK = {
    "theft_squid_upload": "squid's own log has no amounts sent",
    "theft_firewall_csv": "tables of firewalls that no product's names are in are not read as transfers",
}


def wrong_answers(kanshiki, folder, name, label, make):
    """Each harm whose answer is not as labelled, with what was said."""
    c = blind_kit.Case(folder, name)
    make(c)
    done = subprocess.run([kanshiki, "assess", c.dir, "-q", "-j", "1", "-f", "json", "-c", f"{folder}/{name}.case"],
                          capture_output=True, text=True, env=dict(os.environ, HOME=folder))
    if done.returncode == 2:
        return [done.stderr]
    answers = {a["harm"]: a for a in json.loads(done.stdout)["answers"]}
    return [f"{harm}: {answers[harm]['degree']}: {answers[harm]['why']}" for harm, letter in label.items()
            if answers[harm]["degree"] not in RIGHT[letter]]


def main():
    kanshiki, words = os.path.abspath(sys.argv[1]), sys.argv[2:]
    with tempfile.TemporaryDirectory() as folder:
        for file in ("theft", "destruction", "obstruction", "control", "clean"):
            for name, (label, make) in importlib.import_module("blind_" + file).CASES.items():
                if words and not any(w in name for w in words):
                    continue
                wrong = wrong_answers(kanshiki, folder, name, label, make)
                if name in WEAK:
                    told(wrong, f"{name} is still weak: {WEAK[name]}", "it is right now: take it out of WEAK")
                else:
                    told(not wrong, name, *wrong)
    return finish()


sys.exit(main())
