#!/usr/bin/env python3
"""VHDX images that were not closed: what is examined is what QEMU reads once it has replayed the log.

usage: tests/golden/vhdx_log.py KANSHIKI

Two images of one volume, before and after files were put into it. What differs between them is written into
the log of the first, after Microsoft's MS-VHDX: its files are then to be had by the log alone.
"""
import hashlib
import os
import pathlib
import random
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import make_images  # noqa: E402
from tap import finish, skipped, told  # noqa: E402

KIB, MIB, SECTOR = 1 << 10, 1 << 20, 4096
ID = bytes(range(1, 17))
TABLE = []
for byte in range(256):
    value = byte
    for _ in range(8):
        value = value >> 1 ^ (0x82f63b78 if value & 1 else 0)
    TABLE.append(value)


def crc32c(data):
    value = 0xffffffff
    for byte in data:
        value = TABLE[(value ^ byte) & 255] ^ value >> 8
    return value ^ 0xffffffff


def summed(data):
    """With the checksum of all of it, in which its own bytes count as zeros."""
    data[4:8] = bytes(4)
    data[4:8] = struct.pack("<I", crc32c(data))
    return data


def run(*command):
    subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_pair(work):
    """The same volume, empty and full, and the digests of its files."""
    rng = random.Random(4)
    raw, images, digests = work / "raw.img", [], set()
    make_images.blank(raw, 8 * MIB)
    run("mkfs.vfat", "-i", "1234", raw)
    for name in ("before", "after"):
        if name == "after":
            for i in range(12):
                data = (f"file {i} ".encode() * 3000)[:rng.randrange(100, 20000)] + bytes(rng.choice([0, 9000])) + b"end %d" % i
                (work / "one").write_bytes(data)
                digests.add(hashlib.sha256(data).hexdigest().upper())
                run("mcopy", "-i", raw, work / "one", f"::file{i}.txt")
        image = work / f"{name}.vhdx"
        run("qemu-img", "convert", "-O", "vhdx", "-o", "subformat=dynamic,block_size=1M", raw, image)
        images.append(image)
    return (*images, digests)


def entry(number, tail, changes, sizes):
    """`changes`: place of a sector, and its bytes."""
    descriptors, data = b"", b""
    for at, new in changes:
        if any(new):
            descriptors += struct.pack("<4s4s8sQQ", b"desc", new[-4:], new[:8], at, number)
            data += b"data" + struct.pack("<I", number >> 32) + new[8:-4] + struct.pack("<I", number & 0xffffffff)
        else:
            descriptors += struct.pack("<4sIQQQ", b"zero", 0, SECTOR, at, number)
    head = 64 + len(descriptors)
    before = -(-head // SECTOR) * SECTOR
    made = struct.pack("<4sIIIQII16sQQ", b"loge", 0, before + len(data), tail, number, len(changes), 0, ID, *sizes)
    return summed(bytearray((made + descriptors).ljust(before, b"\0") + data))


def differences(before, after):
    one, other = before.read_bytes(), after.read_bytes()
    one = one.ljust(len(other), b"\0")
    return [(at, other[at:at + SECTOR]) for at in range(2 * MIB, len(other), SECTOR)
            if one[at:at + SECTOR] != other[at:at + SECTOR]]


class Log:
    """The image `before` with a log: entries of a few sectors each, from some place in the ring on."""

    def __init__(self, before, after, start, first=(1 << 32) - 2, each=8):
        self.data = bytearray(before.read_bytes())
        self.size, self.at = struct.unpack_from("<IQ", self.data, 64 * KIB + 68)
        changes = differences(before, after)
        sizes = len(self.data), after.stat().st_size
        self.places, place = [], start
        for i in range(0, len(changes), each):
            made = entry(first + i // each, start, changes[i:i + each], sizes)
            self.places.append(place)
            for k in range(0, len(made), SECTOR):
                self.put((place + k) % self.size, made[k:k + SECTOR])
            place = (place + len(made)) % self.size
        self.heads()

    def put(self, at, data):
        self.data[self.at + at:self.at + at + len(data)] = data

    def heads(self):
        for at in (64 * KIB, 128 * KIB):
            head = self.data[at:at + SECTOR]
            head[48:64] = ID
            self.data[at:at + SECTOR] = summed(head)


def by_qemu(data, work):
    """Digests of the files once it has replayed the log; None: it does not open the image."""
    copy, raw, out = work / "copy.vhdx", work / "copy.raw", work / "out"
    copy.write_bytes(data)
    try:
        run("qemu-img", "check", "-r", "all", copy)
        run("qemu-img", "convert", "-O", "raw", copy, raw)
    except subprocess.CalledProcessError:
        return None
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    subprocess.run(["mcopy", "-n", "-i", raw, "::*", out], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return {hashlib.sha256(path.read_bytes()).hexdigest().upper() for path in out.iterdir()}


def examine(kanshiki, data, work):
    image = work / "given.vhdx"
    image.write_bytes(data)
    for old in work.glob("x.case*"):
        old.unlink()
    subprocess.run([kanshiki, "assess", "-q", "--no-starter-rules", "-c", work / "x.case", image], check=False,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    db = sqlite3.connect(work / "x.case")
    rows = db.execute("SELECT path, hex(sha256), fate, coalesce(reason, '') FROM item ORDER BY id").fetchall()
    notes = " ".join(row[0] for row in db.execute("SELECT note FROM fact WHERE channel = 'file names'"))
    db.close()
    found = {digest for path, digest, fate, _ in rows if path.endswith(".txt") and fate in ("examined", "duplicate")}
    assert image.read_bytes() == data, "the evidence was changed"
    return found, notes, rows[0][2], rows[0][3]


def check_whole(kanshiki, work, before, after, digests):
    for start, what in ((0, "from its start"), (MIB - 9 * SECTOR, "around its end"), (17 * SECTOR, "from its middle"),
                        (MIB - 3 * SECTOR, "of which an entry goes around its end")):
        log = Log(before, after, start)
        # QEMU 7.2 does not look whether all that is needed is there (the tail), and replays what stands behind the ring's start.
        expected = None if "around" in what else by_qemu(log.data, work)
        found, notes, fate, reason = examine(kanshiki, log.data, work)
        told(found == digests, f"VHDX, a log {what}: all files", len(found), len(digests), fate, reason)
        told(expected is None or expected == digests, f"VHDX, a log {what}: QEMU reads the same")
        told("of its log" in notes and fate == "examined", f"VHDX, a log {what}: it is told, and nothing is left out", notes, fate, reason)


def check_old(kanshiki, work, before, after, digests):
    """Behind the log stand entries of an earlier one, with higher numbers."""
    log = Log(before, after, 0)
    other = log.data[log.at:log.at + 8 * SECTOR]
    place = log.size - 8 * SECTOR
    other[32:48] = bytes(16)
    log.put(place, other)
    found, notes, fate, reason = examine(kanshiki, log.data, work)
    told(found == digests and fate == "examined", "VHDX: entries of another log do not count", len(found), fate, reason)


def check_damaged(kanshiki, work, before, after, digests):
    log = Log(before, after, 0)
    last = log.at + log.places[-1]
    log.data[last + 5000] ^= 1
    expected = by_qemu(log.data, work)
    found, notes, fate, reason = examine(kanshiki, log.data, work)
    told(expected is None or found & digests == expected & digests, "VHDX, a torn last entry: what stands before it is read as QEMU reads it",
         len(found), expected and len(expected))
    for what, at in (("the first entry", 0), ("all", None)):
        log = Log(before, after, 0)
        if at is None:
            log.data[log.at:log.at + log.size] = random.Random(1).randbytes(log.size)
        else:
            log.data[log.at + log.places[0] + 70] ^= 1
        found, notes, fate, reason = examine(kanshiki, log.data, work)
        told(not found & digests and fate == "partly" and "latest changes are not read" in reason,
             f"VHDX, a log of which {what} is damaged: told", len(found), fate, reason)


def main():
    kanshiki = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        os.environ |= {"HOME": name, "XDG_CACHE_HOME": f"{name}/cache", "TMPDIR": name, "MTOOLS_SKIP_CHECK": "1"}
        try:
            before, after, digests = make_pair(work)
        except (OSError, subprocess.CalledProcessError):
            skipped("VHDX with a log", "mtools or qemu-img are not here")
            return finish()
        check_whole(kanshiki, work, before, after, digests)
        check_old(kanshiki, work, before, after, digests)
        check_damaged(kanshiki, work, before, after, digests)
    return finish()


if __name__ == "__main__":
    sys.exit(main())
