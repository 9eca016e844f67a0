#!/usr/bin/env python3
"""Files of an NTFS image as kanshiki tells them from its $MFT alone, and as Sleuth Kit lists them.

usage: compare.py KANSHIKI IMAGE...

`icat` takes $MFT out of the image, `fls -r -m /` lists the image; compared are path,
size, and the times created and modified (seconds) of every file and folder in use.
"""
import json
import pathlib
import sqlite3
import subprocess
import sys
import tempfile


def theirs(image):
    run = subprocess.run(["fls", "-r", "-m", "", image], capture_output=True, check=True)
    rows = {}
    for line in run.stdout.decode("utf-8", "replace").splitlines():
        part = line.split("|")
        name, inode, mode = part[1], part[2], part[3]
        if "(deleted)" in name or "$OrphanFiles" in name or not inode.strip("0-") or "($FILE_NAME)" in name:
            continue
        if inode.split("-")[1:2] not in (["128"], ["144"]):
            continue
        kind = "stream" if ":" in name.rsplit("/", 1)[1] else "listed"
        # Times that were never set come out of fls wrapped around.
        created, modified = (0 if int(n) >> 31 else int(n) for n in (part[10], part[8]))
        rows[(kind, name)] = (created, modified, None if mode.startswith("d") else int(part[6]))
    return rows


def ours(kanshiki, table):
    case = table.with_suffix(".case")
    subprocess.run([kanshiki, "assess", table, "--case", case], capture_output=True)
    rows = {}
    for what, path, time, last, size, detail in sqlite3.connect(case).execute(
            "SELECT what, path, time, last, bytes_in, detail FROM trace WHERE kind = 'file'"):
        if what in ("listed", "stream"):
            folder = json.loads(detail).get("folder")
            rows[(what, path.replace("\\", "/"))] = ((time or 0) // 10**9, (last or 0) // 10**9, None if folder else size)
    return rows


def main():
    bad = 0
    for image in sys.argv[2:]:
        with tempfile.TemporaryDirectory() as folder:
            table = pathlib.Path(folder) / "$MFT"
            table.write_bytes(subprocess.run(["icat", image, "0"], capture_output=True, check=True).stdout)
            a, b = ours(sys.argv[1], table), theirs(image)
        compared = 0
        for key, row in b.items():
            if key[0] == "stream" or key[1].endswith("/.") or key[1] == "/$BadClus":
                continue
            compared += 1
            if a.get(key) != row:
                bad += 1
                print("   differs", key, "ours", a.get(key), "theirs", row)
        print(f"{image}: {compared} files and folders compared")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
