#!/usr/bin/env python3
"""What was read is in the case with its digest, and can be compared again: sources, files that belong to them,
segments of images.

usage: tests/golden/custody.py KANSHIKI
"""
import hashlib
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from tap import finish, told

MIB = 1 << 20


class Custody:
    def __init__(self, kanshiki, work):
        self.kanshiki, self.work, self.case = kanshiki, work, work / "x.case"

    def assess(self, *sources):
        for old in self.work.glob("x.case*"):
            old.unlink()
        subprocess.run([self.kanshiki, "assess", "-q", "--no-starter-rules", "-c", self.case, *sources],
                       capture_output=True)
        db = sqlite3.connect(self.case)
        rows = db.execute("SELECT path, hex(sha256), fate, coalesce(reason, '') FROM item WHERE parent IS NULL").fetchall()
        db.close()
        return rows

    def verify(self, *evidence):
        command = [self.kanshiki, "verify", self.case]
        for path in evidence:
            command += ["-e", path]
        done = subprocess.run(command, capture_output=True, text=True)
        return done.returncode, " ".join(done.stdout.split())


def has_digests(rows, files):
    return {digest for _, digest, _, _ in rows} >= {hashlib.sha256(f.read_bytes()).hexdigest().upper() for f in files}


def check_segments(c, name, first, segments):
    rows = c.assess(first)
    told(has_digests(rows, segments) and len(rows) == len(segments), f"{name}: each segment has its digest", rows)
    told(all(fate in ("examined", "skipped") for _, _, fate, _ in rows), f"{name}: nothing is left unexamined", rows)
    told(c.verify(first)[0] == 0, f"{name}: the evidence is what was read", c.verify(first))
    moved = c.work / "moved"
    shutil.copytree(first.parent, moved)
    told(c.verify(moved / first.name)[0] == 0 and c.verify(moved)[0] == 0, f"{name}: elsewhere too", c.verify(moved))
    with (moved / segments[-1].name).open("r+b") as file:
        file.write(b"changed")
    code, said = c.verify(moved / first.name)
    told(code == 2 and "1 differ" in said and "the evidence is NOT what was read" in said,
         f"{name}: a changed segment is seen", said)
    shutil.rmtree(moved)
    rows = c.assess(first.parent)
    told(all(fate in ("examined", "skipped") for _, _, fate, _ in rows), f"{name}: in its folder too", rows)


def check_images(c):
    tree, image = c.work / "tree", c.work / "disk.raw"
    tree.mkdir()
    for i in range(20):
        (tree / f"f{i}.txt").write_text(f"file {i}\n" * 1000)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", tree, image, "32M"], check=True, capture_output=True)
    folder = c.work / "split"
    folder.mkdir()
    data = image.read_bytes()
    for i in range(4):
        (folder / f"disk.{i + 1:03d}").write_bytes(data[i * 8 * MIB:(i + 1) * 8 * MIB])
    check_segments(c, "split raw image", folder / "disk.001", sorted(folder.iterdir()))
    folder = c.work / "ewf"
    folder.mkdir()
    random = os.urandom(6 * MIB)
    with image.open("r+b") as file:
        file.seek(20 * MIB)
        file.write(random)
    subprocess.run(["ewfacquire", "-u", "-t", folder / "disk", "-S", "2MiB", "-f", "encase6", image],
                   check=True, capture_output=True, stdin=subprocess.DEVNULL)
    segments = sorted(folder.iterdir())
    told(len(segments) > 2, "there are segments", segments)
    check_segments(c, "split E01", folder / "disk.E01", segments)
    segments[1].rename(c.work / "away")
    rows = c.assess(folder / "disk.E01")
    told(rows[0][2] == "partly", "a segment that is missing is told", rows)


def check_companions(c):
    folder = c.work / "history"
    folder.mkdir()
    db = sqlite3.connect(folder / "History")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("CREATE TABLE urls(id INTEGER, url TEXT)")
    db.execute("INSERT INTO urls VALUES (1, 'http://example.org/')")
    db.commit()
    kept = c.work / "kept"
    shutil.copytree(folder, kept)
    db.close()
    rows = c.assess(kept / "History")
    told(has_digests(rows, [kept / "History", kept / "History-wal"]), "a write-ahead log that was read has its digest", rows)
    told(c.verify(kept / "History")[0] == 0, "and is compared again")


def check_sources(c):
    one, two = c.work / "one", c.work / "two"
    for folder in (one, two):
        folder.mkdir()
        (folder / "a.txt").write_text(folder.name)
    c.assess(one, two)
    for evidence in ((one, two), (two, one)):
        code, said = c.verify(*evidence)
        told(code == 0 and "all 2 files" in said, "two sources, in any order", said)
    code, said = c.verify(two)
    told(code == 0 and "all 1 files" in said and "/one' is still what was read: where it lies now was not given" in said,
         "one of two: the other is not proven", said)
    code, said = c.verify(c.work / "elsewhere")
    told(code == 0 and "is none of the sources" in said, "a path of no source proves nothing", said)
    (two / "a.txt").write_text("changed")
    code, said = c.verify(one, two)
    told(code == 2 and "1 files are the same, 1 differ" in said, "what was changed is seen", said)


def main():
    with tempfile.TemporaryDirectory() as name:
        os.environ |= {"HOME": name, "XDG_CACHE_HOME": f"{name}/cache", "TMPDIR": name,
                       "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
        c = Custody(os.path.abspath(sys.argv[1]), pathlib.Path(name))
        check_images(c)
        check_companions(c)
        check_sources(c)
    return finish()


if __name__ == "__main__":
    sys.exit(main())
