#!/usr/bin/env python3
"""Deleted files: what the Sleuth Kit reads of them, we read, with the same bytes.

usage: deleted.py KANSHIKI     volumes are made, filled and emptied here; kinds whose tools are not here are named
"""
import hashlib
import os
import pathlib
import random
import re
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import make_images  # noqa: E402
from tap import finish, skipped, told  # noqa: E402

kanshiki = str(pathlib.Path(sys.argv[1]).resolve())
LISTED = re.compile(r"^([rd-])/([rd-]) \* ([\d-]+)(\(realloc\))?:\t(.*)$")


def sha(bytes_):
    return hashlib.sha256(bytes_).hexdigest()


def fill(root):
    """Small ones, which NTFS keeps in its table, large ones, folders in folders."""
    rng = random.Random(3)
    for folder in ("", "goes", "goes/too", "stays"):
        (root / folder).mkdir(exist_ok=True)
        for n in range(8):
            (root / folder / f"file number {n} of {folder.replace('/', '-') or 'root'}.txt").write_bytes(rng.randbytes(rng.choice([0, 40, 3000, 70000])))


def empty(root):
    """Every second file, and a whole folder with what is in it."""
    for path in sorted(root.rglob("*")):
        if path.is_file() and re.search("number [0246]", path.name) and "goes" not in str(path):
            path.unlink()
    shutil.rmtree(root / "goes")
    os.sync()


def of_sleuth_kit(image):
    """By number and stream: bytes that it reads; nothing where another file has the number by now."""
    listed = subprocess.run(["fls", "-r", "-p", "-d", image], capture_output=True, check=True).stdout.decode("utf-8", "replace")
    found = {}
    for line in listed.splitlines():
        m = LISTED.match(line)
        if not m or m[2] == "d" or m[1] == "d" or m[4] or m[3] == "0":
            continue
        got = subprocess.run(["icat", image, m[3]], capture_output=True, check=False)
        if got.returncode == 0:
            found[m[3].split("-")[0]] = sha(got.stdout)
    return found


def ours(image):
    with tempfile.TemporaryDirectory() as folder:
        case = f"{folder}/x.case"
        subprocess.run([kanshiki, "assess", image, "--case", case, "--no-starter-rules", "-q"], stdout=subprocess.DEVNULL, check=False)
        db = sqlite3.connect(case)
        rows = db.execute("SELECT path, fate, lower(hex(sha256)) FROM item").fetchall()
        db.close()
    found = {}
    for path, fate, digest in rows:
        m = re.search(r"\(deleted (\d+)\)$", path)
        if m:
            found[m[1]] = (digest, fate.replace("duplicate", "examined"))
    return found


def compare(kind, image, originals, wholes=1):
    """`wholes`: how many at least the Sleuth Kit gives back as they were; 0 where the driver clears what leads to them."""
    theirs = of_sleuth_kit(image)
    mine = ours(image)
    right = sum(digest in originals for digest in theirs.values())
    missing = [n for n, digest in theirs.items() if n not in mine and digest != sha(b"")]
    differ = [n for n in theirs if n in mine and mine[n] != (theirs[n], "examined")]
    told(theirs and right >= wholes and not missing and not differ,
         f"{kind}: {len(theirs)} deleted files, {right} as they were: as the Sleuth Kit reads them {missing or ''} {differ or ''}")


def mounted(image, where, works, options):
    """Lets each work on the volume, mounted anew. False: this machine cannot."""
    where.mkdir(exist_ok=True)
    for work in works:
        if subprocess.run(["mount", "-o", options, image, where], capture_output=True, check=False).returncode:
            return False
        try:
            work(where)
        finally:
            subprocess.run(["umount", where], check=True)
    return True


def later(root):
    (root / "written later.bin").write_bytes(b"later" * 9000)


def driver(kind, work, inside, originals):
    """As the system's own driver deletes."""
    image = work / f"{kind}.img"
    make_images.blank(image, 16 << 20)
    make_images.run(*(["mkntfs", "-F", "-q"] if kind == "ntfs" else ["mke2fs", "-q", "-t", kind]), image)

    def copy(root):
        shutil.copytree(inside, root, dirs_exist_ok=True)
    if mounted(image, work / "mnt", (copy, empty, later), "defaults" if kind == "ntfs" else "loop"):
        compare(kind, image, originals, 15 if kind == "ntfs" else 0)
    else:
        skipped(f"{kind}", "cannot be mounted here")


def by_debugfs(kind, work, inside, originals):
    """What debugfs deletes keeps its blocks."""
    image = work / f"{kind}-debugfs.img"
    make_images.run("mke2fs", "-q", "-t", kind, "-d", inside, image, "4M")
    for path in sorted(inside.rglob("*")):
        if path.is_file() and re.search("number [0246]", path.name):
            make_images.run("debugfs", "-w", "-R", f'rm "/{path.relative_to(inside)}"', image)
    compare(f"{kind} by debugfs", image, originals, 12)


def fat(bits, work, inside, originals):
    image = work / f"fat{bits}.img"
    make_images.fat(bits, inside, image)
    for p in sorted(inside.iterdir()):
        if p.is_file() and re.search("number [0246]", p.name):
            make_images.run("mdel", "-i", image, f"::{p.name}")
    make_images.run("mdeltree", "-i", image, "::goes")
    (work / "later").write_bytes(b"later" * 1000)
    make_images.run("mcopy", "-i", image, work / "later", "::written later.bin")
    compare(f"fat{bits}", image, originals, 12)


def exfat(work, inside, originals):
    """Every second entry of the root: its entries and its clusters are marked as free."""
    image = work / "exfat.img"
    make_images.exfat(inside, image)
    disk = make_images.ExFat(image)
    at, number, out = disk.root_at, 0, disk.data
    while out[at]:
        entries = 1
        if out[at] == 0x85:
            entries += out[at + 1]
            number += 1
            first, size = struct.unpack_from("<I", out, at + 52)[0], struct.unpack_from("<Q", out, at + 56)[0]
            if number % 2:
                for i in range(entries):
                    out[at + 32 * i] &= 0x7f
                for n in range(first, first + -(-size // disk.cluster)) if first else ():
                    out[disk.bitmap_at + (n - 2) // 8] &= ~(1 << (n - 2) % 8)
        at += 32 * entries
    image.write_bytes(out)
    compare("exfat", image, originals, 6)


def main():
    if not all(shutil.which(tool) for tool in ("fls", "icat", "mkntfs", "mke2fs", "mkfs.vfat", "mkfs.exfat", "mdel")):
        print("1..0 # SKIP the Sleuth Kit or a tool that makes volumes is not here")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        inside = work / "in"
        inside.mkdir()
        fill(inside)
        originals = {sha(p.read_bytes()) for p in inside.rglob("*") if p.is_file() and p.stat().st_size}
        for kind in ("ext2", "ext3", "ext4", "ntfs"):
            driver(kind, work, inside, originals)
        for kind in ("ext2", "ext4"):
            by_debugfs(kind, work, inside, originals)
        for bits in (12, 16, 32):
            fat(bits, work, inside, originals)
        exfat(work, inside, originals)
    return finish()


sys.exit(main())
