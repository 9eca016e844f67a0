#!/usr/bin/env python3
"""A SRUM database that was not shut down, with what only its transaction logs hold.

usage: srum_logs.py KANSHIKI

The museum's dirty database holds all that its logs say. Here it is taken back: every change of the
logs is undone in its pages, the last one first, so that it is as it was before the first log was
begun. With the logs beside it `assess` must tell the same traces as of the copy that Windows' own
esentutl has cleaned; without them it must say until when the database is whole.
"""
import collections
import os
import pathlib
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from tap import finish, told  # noqa: E402

kanshiki = str(pathlib.Path(sys.argv[1]).resolve())
corpora = pathlib.Path(os.environ.get("KANSHIKI_CORPORA", "../shared/corpora"))
museum = corpora / "artefacts/artmuseum/Windows/SRUM/Win10/BelkasoftCTF_InsiderThreat"
PAGE = 4096
LOGS = [0x4E, 0x4F, 0x50, 0x51]
INSERT, EXTERNAL, SPLIT_IMAGE, CONVERT = 29, 38, 62, 58


def u16(b, at):
    return struct.unpack_from("<H", b, at)[0]


def u32(b, at):
    return struct.unpack_from("<I", b, at)[0]


def u64(b, at):
    return struct.unpack_from("<Q", b, at)[0]


def length(b):
    """Of the record at the begin of b: only the types that these logs have."""
    kind = b[0]
    fixed = {1: 568, 5: 4, 6: 4, 7: 4, 8: 8, 9: 8, 10: 7, 11: 11, 12: 11, 23: 1, 32: 44, 35: 44, 49: 576, 50: 26,
             51: 9, 52: 26, 58: 68}
    if kind in fixed:
        return fixed[kind]
    if kind == 29:
        return 50 + u16(b, 44) + u16(b, 46) + u16(b, 48)
    if kind in (33, 34):
        return 50 + (u16(b, 44) & 0x7FFF)
    if kind == 38:
        return 46 + u16(b, 44)
    if kind == 62:
        return 110 + u16(b, 96) + u16(b, 98) + u16(b, 100) + u32(b, 106)
    if 67 <= kind <= 75:
        return 5 + u32(b, 1)
    if kind == 15:
        return 75 + u16(b, 72)
    if kind == 76:
        return 7 + u16(b, 5)
    if kind == 77:
        return 3 + u16(b, 1)
    raise ValueError(f"record of type {kind}")


def records(log):
    parts = b""
    for n in range(1, len(log) // PAGE):
        segment = log[n * PAGE:(n + 1) * PAGE]
        if u16(segment, 10) != n or u32(segment, 12) != u32(log, 4):
            return
        at = 40
        while at < PAGE:
            if not segment[at]:
                at += 1
                continue
            size = length(segment[at:])
            record = segment[at:at + size]
            at += size
            if record[0] == 76:
                parts, wanted = record[7:], u32(record, 1)
            elif record[0] == 77:
                parts += record[3:]
            else:
                yield record
                continue
            if len(parts) == wanted:
                yield parts


def unpack(data):
    """Xpress, as images of pages are packed."""
    if data[0] >> 3 != 3:
        return data
    size, out, at, flags, left, nibble = u16(data, 1), bytearray(), 3, 0, 0, -1
    while len(out) < size:
        if not left:
            flags, left, at = u32(data, at), 32, at + 4
        left -= 1
        if not flags >> left & 1:
            out.append(data[at])
            at += 1
            continue
        word, at = u16(data, at), at + 2
        distance, match = (word >> 3) + 1, word & 7
        if match == 7:
            if nibble < 0:
                nibble, match = at, data[at] & 15
                at += 1
            else:
                match, nibble = data[nibble] >> 4, -1
            if match == 15:
                match, at = data[at], at + 1
                if match == 255:
                    match, at = u16(data, at) - 15 - 7, at + 2
                match += 15
            match += 7
        for _ in range(match + 3):
            out.append(out[-distance])
    return bytes(out)


class Pages:
    def __init__(self, file):
        self.file = bytearray(file)

    def at(self, number):
        return (number + 1) * PAGE

    def time(self, number):
        return u64(self.file, self.at(number) + 8)

    def set_time(self, number, time):
        struct.pack_into("<Q", self.file, self.at(number) + 8, time)

    def tags(self, number):
        return u16(self.file, self.at(number) + 34) & 0xFFF

    def set_tags(self, number, tags):
        struct.pack_into("<H", self.file, self.at(number) + 34, tags)

    def tag_at(self, number, line):
        """Of the node at `line`: tag 0 is not a node."""
        return self.at(number) + PAGE - 4 * (line + 2)

    def remove(self, number, line):
        tags = self.tags(number)
        for i in range(line, tags - 2):
            here, after = self.tag_at(number, i), self.tag_at(number, i + 1)
            self.file[here:here + 4] = self.file[after:after + 4]
        self.set_tags(number, tags - 1)

    def data_at(self, number, line):
        """Where the last four bytes of a node stand: the page that a pointer leads to."""
        tag = self.tag_at(number, line)
        return self.at(number) + 40 + (u16(self.file, tag + 2) & 0x1FFF) + (u16(self.file, tag) & 0x1FFF) - 4

    def replace(self, number, image):
        image = unpack(image)
        tags = 4 * (u16(image, 34) & 0xFFF)
        page = image[:-tags].ljust(PAGE - tags, b"\0") + image[-tags:]
        self.file[self.at(number):self.at(number) + PAGE] = page


def undo_split(pages, record):
    """Says whether it was the page above that was undone."""
    page, before, new = u32(record, 4), u64(record, 16), u32(record, 32)
    image = record[-u32(record, 106):] if u32(record, 106) else b""
    if not new:
        lines = [i for i in range(pages.tags(page) - 1)]
        pointers = [u32(pages.file, pages.data_at(page, i)) for i in lines]
        return page, before, pointers
    pages.file[pages.at(new):pages.at(new) + PAGE] = bytes(PAGE)
    if image:
        pages.replace(page, image)
    pages.set_time(page, before)
    if u32(record, 36):
        pages.set_time(u32(record, 36), u64(record, 40))
    return None


def take_back(pages, log):
    """Undoes all changes of a log; those of trees of free pages do not matter."""
    split, macro = None, set()
    for record in reversed(list(records(log))):
        kind = record[0]
        if kind == SPLIT_IMAGE and u32(record, 32):
            split = (u32(record, 4), u32(record, 32))
            undo_split(pages, record)
        elif kind == SPLIT_IMAGE:
            page, before, pointers = undo_split(pages, record)
            line = pointers.index(split[0])
            assert pointers[line + 1] == split[1]
            struct.pack_into("<I", pages.file, pages.data_at(page, line + 1), split[0])
            pages.remove(page, line)
            pages.set_time(page, before)
        elif kind in (INSERT, EXTERNAL, CONVERT) and not record[31] & 8 and u64(record, 16) != 2**64 - 1:
            page = u32(record, 4)
            assert pages.time(page) == u64(record, 8), (kind, hex(page))
            if kind == INSERT:
                pages.remove(page, u16(record, 29))
            pages.set_time(page, u64(record, 16))
        else:
            assert kind not in (30, 31, 32, 34, 35, 37) or record[31] & 8, kind


def earlier(dirty, logs, first):
    pages = Pages(dirty)
    for number in reversed(logs):
        if number >= first:
            take_back(pages, logs[number])
    struct.pack_into("<II", pages.file, 296, first, 0x51)
    pages.file[72:80] = logs[first][16:24]
    struct.pack_into("<I", pages.file, 84, first)
    return bytes(pages.file)


def traces(source):
    """Those of SRUM, the reason where the item is not whole, and whether it is."""
    with tempfile.TemporaryDirectory() as folder:
        case = f"{folder}/x.case"
        subprocess.run([kanshiki, "assess", source, "--case", case, "--no-starter-rules", "-q"],
                       stdout=subprocess.DEVNULL, check=False)
        db = sqlite3.connect(case)
        rows = db.execute("SELECT kind, what, time, program, user, bytes_out, bytes_in FROM trace "
                          "WHERE trace.source LIKE 'SRUM%'").fetchall()
        fate, reason = db.execute("SELECT fate, reason FROM item WHERE path LIKE '%SRUDB.dat'").fetchone()
        db.close()
        return collections.Counter(rows), fate, reason


def put(folder, database, logs):
    folder.mkdir(parents=True)
    (folder / "SRUDB.dat").write_bytes(database)
    for number, log in logs.items():
        (folder / f"SRU{number:05X}.log").write_bytes(log)
    return folder


def main():
    if not museum.is_dir():
        print("1..0 # SKIP no corpora")
        return
    dirty = (museum / "Dirty/SRUDB.dat").read_bytes()
    logs = {n: (museum / f"Dirty/SRU{n:05X}.log").read_bytes() for n in LOGS}
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        clean, fate, _ = traces(put(work / "clean", (museum / "Clean/SRUDB.dat").read_bytes(), {}))
        told(fate == "examined" and sum(clean.values()) > 4000, f"the cleaned copy tells {sum(clean.values())} rows")
        said, fate, reason = traces(put(work / "same", dirty, {0x51: logs[0x51]}))
        told(said == clean and fate == "examined", f"a dirty one with its log is whole ({fate}, {reason})")
        for first in reversed(LOGS):
            old = earlier(dirty, logs, first)
            needed = {n: log for n, log in logs.items() if n >= first}
            alone, fate, reason = traces(put(work / f"alone{first}", old, {}))
            told(fate == "partly" and "whole until 20" in reason,
                 f"without logs from {first:X} on {sum((clean - alone).values())} rows are missing: {reason}")
            folder = put(work / f"with{first}", old, needed)
            said, fate, reason = traces(folder)
            told(said == clean and fate == "examined",
                 f"with them: {sum((clean - said).values())} missing, {sum((said - clean).values())} too many, {reason}")
        with zipfile.ZipFile(work / "x.zip", "w", zipfile.ZIP_DEFLATED) as z:
            for f in sorted(folder.iterdir()):
                z.write(f, f"uploads/auto/C%3A/Windows/System32/sru/{f.name}")
        said, fate, reason = traces(work / "x.zip")
        told(said == clean and fate == "examined", f"in an archive ({reason})")
        (folder / "SRU00051.log").unlink()
        said, fate, reason = traces(folder)
        told(fate == "partly" and "whole until" in reason and sum((said - clean).values()) == 0,
             f"without the last log: {sum((clean - said).values())} missing, {reason}")
        (folder / "SRU0004F.log").unlink()
        said, fate, reason = traces(folder / "SRUDB.dat")
        told(fate == "partly" and sum((said - clean).values()) == 0, f"with a gap: {reason}")
    sys.exit(finish())


main()
