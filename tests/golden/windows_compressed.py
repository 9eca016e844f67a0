#!/usr/bin/env python3
"""Files that Windows compressed as a whole (CompactOS) are read, or it is told that they are not.

usage: tests/golden/windows_compressed.py KANSHIKI

Windows leaves a hole of the file's size and puts chunks into a stream of the file. No program of Debian writes
such files into a volume: chunks are made here, of literals and of one repetition, after [MS-XCA].
"""
import hashlib
import os
import pathlib
import random
import sqlite3
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import make_images  # noqa: E402
from tap import finish, skipped, told  # noqa: E402

ALGORITHMS = {"XPRESS, 4 KiB": (0, 4096), "XPRESS, 8 KiB": (2, 8192), "XPRESS, 16 KiB": (3, 16384)}


def xpress(plain):
    """A chunk: runs of a byte by a match of the byte before, all else literals."""
    lengths = [9] * 512
    # 512 codes of nine bits fill the space of codes.
    table = bytes(lengths[i] | lengths[i + 1] << 4 for i in range(0, 512, 2))
    bits, count, out = 0, 0, []

    def put(code, length):
        nonlocal bits, count
        bits, count = bits << length | code, count + length

    at = 0
    while at < len(plain):
        run = 0
        while at and at + run < len(plain) and plain[at + run] == plain[at - 1] and run < 17:
            run += 1
        if run >= 3:
            put(256 + run - 3, 9)		# no further bits for the offset: it is 1
            at += run
        else:
            put(plain[at], 9)
            at += 1
    put(256, 9)			# the end
    bits <<= -count % 16
    count += -count % 16
    for shift in range(count - 16, -16, -16):
        out.append(struct.pack("<H", bits >> shift & 0xffff))
    return table + b"".join(out) + bytes(4)


def stream_of(data, chunk):
    pieces = []
    for at in range(0, len(data), chunk):
        plain = data[at:at + chunk]
        packed = xpress(plain)
        pieces.append(packed if len(packed) < len(plain) else plain)
    starts = [sum(map(len, pieces[:i + 1])) for i in range(len(pieces) - 1)]
    return struct.pack(f"<{len(starts)}I", *starts) + b"".join(pieces)


def point(algorithm):
    return struct.pack("<IHHIIII", 0x80000017, 16, 0, 1, 2, 1, algorithm)


def text(seed, size):
    rng = random.Random(seed)
    return b"".join(bytes([rng.randrange(256)]) * rng.randrange(1, 30) for _ in range(size // 8))[:size] + rng.randbytes(9000)


def main():
    kanshiki = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        os.environ |= {"HOME": name, "XDG_CACHE_HOME": f"{name}/cache", "TMPDIR": name,
                       "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
        image, where = work / "disk.img", work / "mnt"
        where.mkdir()
        make_images.blank(image, 32 << 20)
        try:
            make_images.run("mkntfs", "-q", "-F", image)
            make_images.run("ntfs-3g", "-o", "streams_interface=windows", image, where)
        except (OSError, subprocess.CalledProcessError):
            skipped("compressed files", "no NTFS can be made and mounted here")
            return finish()
        expected = {}
        try:
            for what, (algorithm, chunk) in {**ALGORITHMS, "LZX": (1, 32768)}.items():
                for size in (0, 100, chunk, 3 * chunk + 77, 200000):
                    file = where / f"{algorithm}-{size}.bin"
                    data = text(size, size)
                    file.write_bytes(b"")
                    os.truncate(file, len(data))
                    pathlib.Path(f"{file}:WofCompressedData").write_bytes(stream_of(data, chunk))
                    os.setxattr(file, "system.ntfs_reparse_data", point(algorithm))
                    expected[file.name] = what, hashlib.sha256(data).hexdigest().upper()
        finally:
            make_images.run("umount", where)
        subprocess.run([kanshiki, "assess", "-q", "--no-starter-rules", "-c", work / "x.case", image], check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        db = sqlite3.connect(work / "x.case")
        rows = {path.rpartition("/")[2]: (digest, fate, reason) for path, digest, fate, reason in
                db.execute("SELECT path, hex(sha256), fate, coalesce(reason, '') FROM item")}
        db.close()
        for what in ALGORITHMS:
            wrong = [(name, rows.get(name)) for name, (kind, digest) in expected.items()
                     if kind == what and (rows.get(name) or [""])[0] != digest]
            told(not wrong, f"{what}: files have their content", *wrong)
        silent = [(name, rows.get(name)) for name, (kind, _) in expected.items()
                  if kind == "LZX" and "compressed by Windows with LZX" not in rows[name][2]]
        told(not silent, "LZX: it is told that such files are not read", *silent)
    return finish()


if __name__ == "__main__":
    sys.exit(main())
