#!/usr/bin/env python3
"""Every key and value of hives, read by kanshiki's reader and by libregf (python3-libregf).

usage: compare.py REGF_DUMP HIVE...    (ninja -C build tests/regf_dump)

Compared: path, last write, names, types and data. libregf replays no logs, so
none are given.
"""
import datetime
import subprocess
import sys

import pyregf

EPOCH = 116444736000000000


def ours(dump, hive):
    run = subprocess.run([dump, hive], capture_output=True, check=True)
    return run.stdout.decode("utf-8", "surrogateescape").replace("\0", "").split("\n")[:-1]


def key_lines(key, path, lines):
    ticks = key.get_last_written_time_as_integer()
    nanoseconds = (ticks - EPOCH) * 100 if ticks else -(1 << 63)
    lines.append(f"K\t{path}\t{nanoseconds}")
    for i in range(key.number_of_values):
        try:
            value = key.get_value(i)
            name, data = value.name or "", value.data or b""
        except OSError as problem:
            print("   libregf:", problem)
            continue
        lines.append(f"V\t{name}\t{value.type}\t{data.hex()}")
    for i in range(key.number_of_sub_keys):
        try:
            child = key.get_sub_key(i)
            name = child.name or ""
        except OSError as problem:
            print("   libregf:", problem)
            continue
        key_lines(child, f"{path}\\{name}", lines)


def theirs(hive):
    lines, source = [], pyregf.file()
    source.open(hive)
    key_lines(source.get_root_key(), "", lines)
    return [line.replace("\0", "") for line in lines]


def until_nul(data):
    raw = bytes.fromhex(data)
    end = next((i for i in range(0, len(raw) - 1, 2) if raw[i] == raw[i + 1] == 0), len(raw) & ~1)
    return raw[:end]


def known(a, b):
    """Where libregf is known to differ: it searches texts for their NUL in the whole cell,
    and shifts or zeroes data of one to three bytes that stand in the value itself."""
    a, b = a.split("\t"), b.split("\t")
    if a[0] != "V" or a[:3] != b[:3]:
        return None
    if a[2] in ("1", "2", "6") and until_nul(b[3]).startswith(until_nul(a[3])):
        return "texts"
    if len(a[3]) < 8 and len(a[3]) == len(b[3]):
        return "short data"
    return None


def main():
    bad = 0
    for hive in sys.argv[2:]:
        a, b = ours(sys.argv[1], hive), theirs(hive)
        told, wrong = {}, abs(len(a) - len(b))
        for x, y in zip(a, b):
            reason = None if x == y else known(x, y)
            if reason:
                told[reason] = told.get(reason, 0) + 1
            elif x != y:
                wrong += 1
                if wrong < 5:
                    print("   ours  ", ascii(x)[:200])
                    print("   theirs", ascii(y)[:200])
        print(f"{hive}: {len(a)} keys and values, {wrong} differ; explained: {told}")
        bad += wrong
    return 1 if bad else 0


if __name__ == "__main__":
    sys.setrecursionlimit(2000)
    sys.exit(main())
