#!/usr/bin/env python3
"""File systems of ext3 and ext4 that were not unmounted: what is examined is what mounting shows.

usage: tests/golden/ext_journal.py KANSHIKI

A volume is mounted and changed, and copied while it is mounted: the latest changes stand in its journal only.
The kernel mounts one copy, which replays the journal, and the program reads another, which must stay as it is.
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
from tap import finish, skipped, told  # noqa: E402

MAGIC = b"\xc0\x3b\x39\x98"
# Blocks of the journal's own kind, numbers of 32 and 64 bits, checksums of no, the second and third version.
KINDS = {
    "ext3, blocks of 1 KiB": ["-t", "ext3", "-b", "1024"],
    "ext4, no checksums, 32 bits": ["-t", "ext4", "-b", "4096", "-O", "^64bit,^metadata_csum"],
    "ext4, checksums, 64 bits": ["-t", "ext4", "-b", "4096", "-O", "64bit,metadata_csum"],
    "ext4, checksums, 32 bits": ["-t", "ext4", "-b", "1024", "-O", "^64bit,metadata_csum"],
    "ext4, 64 bits, no checksums": ["-t", "ext4", "-b", "2048", "-O", "64bit,^metadata_csum"],
}


def run(*command):
    subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def is_mounted(image, where, options):
    return not subprocess.run(["mount", "-o", f"loop,{options}", image, where], stderr=subprocess.DEVNULL, check=False).returncode


def commit(root):
    """To the journal; a sync of all would write it to its places, too."""
    folder = os.open(root, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def change(root):
    """In several transactions: what is made, renamed, deleted, and used again by others."""
    for i in range(150):
        folder = root / f"d{i % 7}"
        folder.mkdir(exist_ok=True)
        (folder / f"first{i}").write_bytes(f"first {i}\n".encode() * (i * 20 + 1))
    commit(root)
    shutil.rmtree(root / "d3")
    for i in range(0, 60, 2):
        (root / f"d{i % 7}" / f"first{i}").unlink(missing_ok=True)
    commit(root)
    for i in range(80):
        folder = root / f"n{i % 3}"
        folder.mkdir(exist_ok=True)
        (folder / f"second{i}").write_bytes(f"second {i}\n".encode() * (i * 30 + 1))
    (root / "escaped").write_bytes((MAGIC + b"looks like a block of the journal").ljust(4096, b".") * 20)
    (root / "d1" / "first1").rename(root / "renamed")
    commit(root)


def files_of(root):
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest().upper()
            for path in root.rglob("*") if path.is_file() and not path.is_symlink()}


def examine(kanshiki, image, work):
    for old in work.glob("x.case*"):
        old.unlink()
    subprocess.run([kanshiki, "assess", "-q", "--no-starter-rules", "-c", work / "x.case", image], check=False,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    db = sqlite3.connect(work / "x.case")
    rows = db.execute("SELECT path, hex(sha256), fate, coalesce(reason, '') FROM item ORDER BY id").fetchall()
    notes = [row[0] for row in db.execute("SELECT note FROM fact WHERE channel = 'file names'")]
    db.close()
    found = {path.partition("!/p1/")[2]: digest for path, digest, fate, _ in rows
             if "!/p1/" in path and fate in ("examined", "duplicate") and "(deleted" not in path and "$" not in path}
    return found, rows, notes


def copy_of_mounted(options, work):
    """None: cannot be mounted here."""
    image, where, dirty = work / "volume.img", work / "mnt", work / "dirty.img"
    image.write_bytes(b"")
    os.truncate(image, 32 << 20)
    run("mke2fs", "-q", "-F", *options, "-J", "size=4", image)
    where.mkdir(exist_ok=True)
    # Data in the journal too; and nothing is written back to its place in the meantime.
    if not is_mounted(image, where, "data=journal,commit=300"):
        return None
    try:
        change(where)
        shutil.copy(image, dirty)
    finally:
        run("umount", where)
    return dirty


def state_by_kernel(dirty, work):
    copy = work / "mounted.img"
    shutil.copy(dirty, copy)
    assert is_mounted(copy, work / "mnt", "rw")
    try:
        return files_of(work / "mnt")
    finally:
        run("umount", work / "mnt")


def check(kanshiki, what, options, work):
    dirty = copy_of_mounted(options, work)
    if not dirty:
        skipped(what, "volumes of ext4 cannot be mounted here")
        return
    before = hashlib.sha256(dirty.read_bytes()).hexdigest()
    expected = state_by_kernel(dirty, work)
    found, rows, notes = examine(kanshiki, dirty, work)
    told(found == expected, f"{what}: {len(expected)} files are those of the mounted volume",
         len(found), sorted(set(found.items()) ^ set(expected.items()))[:8])
    told(any("of its journal" in note for note in notes) and rows[0][2] == "examined", f"{what}: and it is told", notes, rows[0])
    told(before == hashlib.sha256(dirty.read_bytes()).hexdigest(), f"{what}: the evidence is as it was")
    without = work / "without.img"
    data = bytearray(dirty.read_bytes())
    data[1024 + 96] &= ~4		# "needs recovery"
    without.write_bytes(data)
    told(examine(kanshiki, without, work)[0] != expected, f"{what}: and without the journal they would not be")


def check_damaged(kanshiki, work):
    """A journal that is destroyed is told; one that breaks off is replayed up to there, as mounting does."""
    dirty = copy_of_mounted(KINDS["ext4, checksums, 64 bits"], work)
    if not dirty:
        skipped("a damaged journal", "volumes of ext4 cannot be mounted here")
        return
    data = bytearray(dirty.read_bytes())
    heads = [at for at in range(0, len(data), 4096) if data[at:at + 4] == MAGIC and data[at + 4:at + 8] in (b"\0\0\0\3", b"\0\0\0\4")]
    commits = [at for at in range(0, len(data), 4096) if data[at:at + 8] == MAGIC + b"\0\0\0\2"]
    torn = bytearray(data)
    torn[commits[-1]:commits[-1] + 4096] = bytes(4096)
    dirty.write_bytes(torn)
    found, rows, _ = examine(kanshiki, dirty, work)
    told(found == state_by_kernel(dirty, work), "the last commit was not written: the files are those of the mounted volume")
    data[heads[0]:heads[0] + 4096] = bytes(4096)
    dirty.write_bytes(data)
    _, rows, _ = examine(kanshiki, dirty, work)
    told(rows[0][2] == "partly" and "its journal cannot be read" in rows[0][3], "the journal's head is destroyed: it is told", rows[0])


def check_fast(kanshiki, work):
    """What was only synced, and not committed whole, stands in the journal in another form: what it changes is told."""
    image, where, dirty = work / "volume.img", work / "mnt", work / "dirty.img"
    image.write_bytes(b"")
    os.truncate(image, 32 << 20)
    try:
        run("mke2fs", "-q", "-F", "-t", "ext4", "-O", "fast_commit", "-J", "size=8", image)
    except subprocess.CalledProcessError:
        skipped("fast commits", "this mke2fs makes none")
        return
    where.mkdir(exist_ok=True)
    if not is_mounted(image, where, "commit=300"):
        skipped("fast commits", "volumes with them cannot be mounted here")
        return
    count = 3
    try:
        (where / "before").write_bytes(b"before\n" * 100)
        os.sync()
        for i in range(count):
            with open(where / f"fast{i}", "wb") as file:
                file.write(b"only in a fast commit\n" * 100)
                os.fsync(file.fileno())
        numbers = [os.stat(where / f"fast{i}").st_ino for i in range(count)]
        shutil.copy(image, dirty)
    finally:
        run("umount", where)
    expected = state_by_kernel(dirty, work)
    found, rows, notes = examine(kanshiki, dirty, work)
    if found == expected:
        skipped("fast commits", "this kernel made whole ones")
        return
    names = [f"made fast{i} (inode {number})" for i, number in enumerate(numbers)]
    told(rows[0][2] == "partly" and f"{count} fast commits of its journal" in rows[0][3] and names[0] in rows[0][3],
         "fast commits are counted, and told", rows[0], len(found), len(expected))
    told(all(name in " ".join(notes) for name in names), "fast commits: names and inodes that they change are told", notes)
    # The last one is torn: the kernel leaves it out.
    data = bytearray(dirty.read_bytes())
    last = data.rindex(b"fast2")
    data[last] ^= 1
    dirty.write_bytes(data)
    found, rows, notes = examine(kanshiki, dirty, work)
    told(f"{count - 1} fast commits of its journal" in rows[0][3] and "fast2" not in " ".join(notes) and names[1] in " ".join(notes),
         "fast commits: one with a wrong checksum does not count", rows[0], notes)


def main():
    kanshiki = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        os.environ |= {"HOME": name, "XDG_CACHE_HOME": f"{name}/cache", "TMPDIR": name,
                       "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
        for what, options in KINDS.items():
            check(kanshiki, what, options, work)
        check_damaged(kanshiki, work)
        check_fast(kanshiki, work)
    return finish()


sys.exit(main())
