#!/usr/bin/env python3
"""Asks YARA-X, field by field, whether its module sees what ours sees.

usage: compare_x.py MODULE KANSHIKI FILE-OR-FOLDER...     (macho, lnk, pe, elf, dotnet, dex)

YARA-X's module for Node.js dumps no module data; so every value of our `scan -D`
becomes a rule (`macho.symtab.nsyms == 12`, `not defined macho.entry_point`,
`macho.rpaths.len() == 0`), and those that do not match are the differences. Of each
list the first 100 entries are asked. Fields that YARA-X has not are named apart.
Expected differences are explained in docs/yara-modules.md. Exit status 1: differences;
77: no YARA-X (tests/peers/yarax.py says how to get it).
"""
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../peers"),
                os.path.dirname(os.path.abspath(__file__))]
import yarax                                                     # noqa: E402
from compare import MAGIC, RuleFile, files_of, our_object        # noqa: E402

MAGIC.setdefault("lnk", lambda head: head[:4] == b"L\0\0\0")
ENTRIES, TEXT = 100, 300


def quoted(text):
    """Our JSON writes bytes that are no UTF-8 as `\\xNN`: such texts are not asked."""
    if len(text) > TEXT or "\\x" in text or "\ufffd" in text:
        return None
    return '"%s"' % "".join(chr(c) if 32 <= c < 127 and chr(c) not in '"\\' else "\\x%02x" % c
                            for c in text.encode())


def conditions(value, path, out):
    """(path, condition) of every leaf."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if re.fullmatch(r"[a-z]\w*", key):
                conditions(inner, path + "." + key, out)
    elif isinstance(value, list):
        out.append((path, "%s.len() == %d" % (path, len(value))))
        for i, inner in enumerate(value[:ENTRIES]):
            conditions(inner, "%s[%d]" % (path, i), out)
    elif value is None:
        out.append((path, "not defined " + path))
    elif isinstance(value, str):
        if quoted(value):
            out.append((path, "%s == %s" % (path, quoted(value))))
    elif isinstance(value, float):
        out.append((path, "%s > %.6f and %s < %.6f" % (path, value - 1e-5, path, value + 1e-5)))
    else:
        # Booleans are numbers in YARA, and no numbers in YARA-X.
        out.append((path, "%s == %d" % (path, value)))
    return out


def as_boolean(condition):
    return re.sub(r"^(\S+) == ([01])$", lambda m: m[1] if m[2] == "1" else "not " + m[1], condition)


class Asker:
    def __init__(self, module):
        self.server, self.module = yarax.Server(), module
        self.lacks, self.booleans = set(), set()

    def refused(self, field, condition, error):
        """Learns from what YARA-X does not compile: no such field, or it is a boolean."""
        if field not in self.booleans and as_boolean(condition) != condition and "E011" not in error:
            self.booleans.add(field)
        else:
            self.lacks.add(field)

    def answers(self, asked, folder):
        """{path: whether YARA-X agrees}, of the fields that it has."""
        while True:
            here = [(p, c) for p, c in asked if name_of(p) not in self.lacks]
            lines = ['import "%s"' % self.module] + [
                "rule r%d { condition: %s }" % (i, as_boolean(c) if name_of(p) in self.booleans else c)
                for i, (p, c) in enumerate(here)]
            answer = self.server.ask("\n".join(lines), folder)
            if "error" not in answer:
                break
            at = re.search(r"--> line:(\d+)", answer["error"])
            if not at:
                print("YARA-X:", answer["error"][:300])
                return {}
            path, condition = here[int(at[1]) - 2]
            self.refused(name_of(path), condition, answer["error"])
        if "panic" in answer:
            print("YARA-X panicked")
            return {}
        found = {int(key.split(" ")[0][1:]) for key in answer["matches"]}
        return {p: (i in found, c) for i, (p, c) in enumerate(here)}


def name_of(path):
    return re.sub(r"\[\d+\]", "[]", path)


def main():
    module, program, targets = sys.argv[1], sys.argv[2], sys.argv[3:]
    if not yarax.module():
        print(yarax.INSTALL + "\nskipped")
        return 77
    asker, rule = Asker(module), RuleFile(module)
    agreed, differed, examples, files = Counter(), Counter(), defaultdict(list), 0
    for name in files_of(targets, module):
        ours = our_object(program, rule, module, name)
        if ours is None:
            differed["(run)"] += 1
            continue
        files += 1
        with tempfile.TemporaryDirectory() as folder:
            os.symlink(os.path.abspath(name), os.path.join(folder, "f"))
            answers = asker.answers(conditions(ours, module, []), folder)
        for path, (agrees, condition) in answers.items():
            field = name_of(path)
            (agreed if agrees else differed)[field] += 1
            if not agrees and len(examples[field]) < 3:
                examples[field].append("%s: %s" % (name, condition))
    asker.server.close()
    print("%s: YARA-X, %d files, %d values agree, %d differ" % (module, files, sum(agreed.values()),
                                                               sum(differed.values())))
    print("  not in YARA-X:", ", ".join(sorted(asker.lacks)) or "none")
    for field in sorted(differed):
        print("  %s: %d differ, %d agree" % (field, differed[field], agreed[field]))
        for example in examples[field]:
            print("    " + example[:240])
    return 1 if differed else 0


if __name__ == "__main__":
    sys.exit(main())
