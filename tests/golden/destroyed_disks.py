#!/usr/bin/env python3
"""Disks and volumes whose first structures, folders or inodes are destroyed: what is left is examined, and what
was destroyed is told.

usage: tests/golden/destroyed_disks.py KANSHIKI
"""
import hashlib
import os
import pathlib
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import make_images  # noqa: E402
from tap import finish, skipped, told  # noqa: E402

MIB = 1 << 20
COUNT = 60
TEXTS = [f"file {i}\n".encode() * 40 for i in range(COUNT)]
DIGESTS = {hashlib.sha256(text).hexdigest().upper() for text in TEXTS}


def run(*command):
    subprocess.run(list(map(str, command)), check=True, capture_output=True)


def overwrite(image, at, data):
    with open(image, "r+b") as file:
        file.seek(at)
        file.write(data)


def make_tree(folder):
    """Half of the files in folders of their own, so that a broken folder is one of many."""
    for i, text in enumerate(TEXTS):
        where = folder / (f"sub{i % 7}" if i % 2 else "")
        where.mkdir(parents=True, exist_ok=True)
        (where / f"f{i}.txt").write_bytes(text)


class Case:
    def __init__(self, kanshiki, work, image):
        path = work / "x.case"
        for old in work.glob("x.case*"):
            old.unlink()
        self.run = subprocess.run([kanshiki, "assess", "-q", "--no-starter-rules", "-c", path, image],
                                  capture_output=True, text=True)
        db = sqlite3.connect(path)
        self.items = db.execute("SELECT path, hex(sha256), fate, coalesce(reason, '') FROM item ORDER BY id").fetchall()
        self.findings = [row[0] for row in db.execute("SELECT title FROM finding JOIN rule ON rule.id = rule")]
        self.degrees = dict(db.execute("SELECT harm, degree FROM answer").fetchall())
        db.close()

    def found(self):
        return len(DIGESTS & {digest for _, digest, _, _ in self.items})

    def is_told(self, words):
        return any(words in reason for _, _, _, reason in self.items)


def ext(image, tree, block, size=140 * MIB, kind="ext4"):
    image.unlink(missing_ok=True)
    run("mke2fs", "-q", "-t", kind, "-b", block, "-d", tree, image, f"{size // MIB}M")


def check_beginnings(kanshiki, work, tree):
    image = work / "disk.raw"

    def check(what, words, least=COUNT):
        case = Case(kanshiki, work, image)
        told(case.found() >= least and case.is_told(words), f"{what}: its files are examined, and it is told",
             case.found(), case.items[:2])
        told("The beginning of a disk or volume is destroyed" in case.findings and
             case.degrees["destruction"] == "possible", f"{what}: a sign of destruction", case.findings, case.degrees)

    for kind, block in (("ext2", 1024), ("ext4", 4096)):
        ext(image, tree, block, kind=kind)
        whole = Case(kanshiki, work, image)
        told(whole.found() == COUNT and not whole.findings and whole.items[0][2] == "examined",
             f"{kind}, blocks of {block}, whole: nothing is told", whole.items[0])
        overwrite(image, 0, b"A" * 2048 + bytes(block * 2 - 2048 if block > 1024 else 2048))
        check(f"{kind}, blocks of {block}, without its superblock", "superblock in its second group")
    for kind, make, put in (
            ("NTFS", ["mkntfs", "-q", "-F"], lambda f, n: ["ntfscp", "-q", image, f, n]),
            ("FAT32", ["mkfs.fat", "-F", "32"], lambda f, n: ["mcopy", "-i", image, f, f"::{n}"])):
        image.write_bytes(b"")
        os.truncate(image, 64 * MIB)
        run(*make, image)
        for i in range(COUNT):
            run(*put(next(tree.rglob(f"f{i}.txt")), f"f{i}.txt"))
        told(not Case(kanshiki, work, image).findings, f"{kind}, whole: nothing is told")
        overwrite(image, 0, bytes(512))
        check(f"{kind}, without its boot sector", "boot sector")
    image.write_bytes(b"")
    os.truncate(image, 320 * MIB)
    run("mkfs.xfs", "-q", image)
    overwrite(image, 0, bytes(512))
    check("XFS, without its first superblock", "second allocation group", 0)


def check_tables(kanshiki, work, tree):
    image, volume = work / "disk.raw", work / "volume"

    def make(label):
        image.write_bytes(b"")
        os.truncate(image, 200 * MIB)
        subprocess.run(["sfdisk", "-q", image], input=f"label: {label}\nstart=2048,size={140 * 2048}\nstart={141 * 2048}\n",
                       text=True, check=True, capture_output=True)
        run("dd", f"if={volume}", f"of={image}", "bs=1M", "seek=1", "conv=notrunc,sparse")

    def check(what, words, name):
        case = Case(kanshiki, work, image)
        told(case.found() == COUNT and case.is_told(words) and any(f"!/{name}/f0.txt" in path for path, *_ in case.items),
             what, case.found(), case.items[:3])
        told("The beginning of a disk or volume is destroyed" in case.findings, f"{what}: a sign", case.findings)

    ext(volume, tree, 4096, 140 * MIB)
    for label in ("dos", "gpt"):
        make(label)
        told(not Case(kanshiki, work, image).findings, f"{label}, whole: nothing is told")
    make("dos")
    for what, data in (("zeros", bytes(512)), ("text", b"you are an idiot " * 200)):
        overwrite(image, 0, data)
        check(f"MBR overwritten with {what}", "no table of partitions is left", "found1")
    make("gpt")
    overwrite(image, 0, bytes(34 * 512))
    check("the first GPT is gone", "the second was read", "p1")
    overwrite(image, 200 * MIB - 40 * 512, bytes(40 * 512))
    check("both tables of GPT are gone", "no table of partitions is left", "found1")
    overwrite(image, MIB, bytes(8192))
    check("and the superblock of the volume", "no table of partitions is left", "found1")


def check_chance(kanshiki, work):
    """In an encrypted file the two bytes that some file systems begin with stand by chance."""
    image = work / "vault.img"
    image.write_bytes(hashlib.shake_128(b"vault").digest(MIB) * 24)
    for at, magic in ((5 * MIB + 1024, b"BD"), (7 * MIB + 1080, b"\x53\xef"), (9 * MIB + 1030, b"\x34\x34"),
                      (11 * MIB + 24, struct.pack("<II", 2, 2) + bytes(24) + b"\x53\xef" + bytes(32) + b"\1\0")):
        overwrite(image, at, magic)
    case = Case(kanshiki, work, image)
    told(len(case.items) == 1 and case.items[0][2] == "examined" and not case.findings,
         "a file without any order is a file", case.items, case.findings)


def inodes(image):
    """Where the blocks of a folder are, and the table of inodes, as debugfs says."""
    def ask(command):
        return subprocess.run(["debugfs", "-R", command, image], capture_output=True, text=True).stdout
    folder = int(ask("blocks /sub1").split()[0])
    table = next(line for line in ask("imap /sub1").splitlines() if "located at block" in line)
    block, offset = table.split("located at block ")[1].replace(",", "").split(" offset ")
    return folder, int(block), int(offset, 16)


def check_folders(kanshiki, work, tree):
    image = work / "disk.raw"
    for block in (1024, 4096):
        ext(image, tree, block, 64 * MIB)
        folder, table, offset = inodes(image)
        copy = work / "copy.raw"
        for what, at, data, words in (
                ("a folder's block is zeros", folder * block, bytes(block), "not all names of this folder"),
                ("a folder's block is random", folder * block, hashlib.shake_128(b"x").digest(block), "not all names"),
                ("a folder's inode is zeros", table * block + offset, bytes(128), "the file system has lost")):
            shutil.copy(image, copy)
            overwrite(copy, at, data)
            case = Case(kanshiki, work, copy)
            told(case.found() == COUNT and case.is_told(words) and any("$Lost" in path for path, *_ in case.items),
                 f"blocks of {block}: {what}: all files are examined", case.found(),
                 [row for row in case.items if row[2] not in ("examined", "skipped")])
            told("no sign" not in case.degrees.values(), f"blocks of {block}: {what}: nothing is ruled out", case.degrees)


def check_bitmap(kanshiki, work, tree):
    """Record 6 of NTFS says where the bitmap of clusters lies, without which the Sleuth Kit opens no volume."""
    image = work / "disk.raw"
    image.write_bytes(b"")
    os.truncate(image, 64 * MIB)
    run("mkntfs", "-q", "-F", image)
    for i in range(COUNT):
        run("ntfscp", "-q", image, next(tree.rglob(f"f{i}.txt")), f"f{i}.txt")
    head = image.read_bytes()[:512]
    cluster = struct.unpack_from("<H", head, 11)[0] * head[13]
    at = struct.unpack_from("<Q", head, 48)[0] * cluster + 6 * 1024
    for what, data in (("zeros", bytes(1024)), ("noise", hashlib.shake_128(b"6").digest(1024)), ("a bit", b"G")):
        copy = work / "copy.raw"
        shutil.copy(image, copy)
        overwrite(copy, at, data)
        case = Case(kanshiki, work, copy)
        told(case.found() == COUNT and case.is_told("the record of $Bitmap is destroyed") and case.items[0][2] == "partly",
             f"NTFS: {what} in record 6: all files are examined, and it is told", case.found(), case.items[:2])


def check_cut(kanshiki, work):
    """Images that end before what is in them does, by themselves and behind a table of partitions."""
    for kind in ("ext2", "ext4", "ntfs", "fat12", "fat32", "exfat", "xfs", "hfsplus"):
        image = make_images.make(kind, work)
        if not image:
            skipped(f"{kind}, cut off", "cannot be made here")
            continue
        size, words = image.stat().st_size, "are not there: it ends too early"
        told(not Case(kanshiki, work, image).is_told(words), f"{kind}: whole, nothing is missing")
        disk = work / "disk.raw"
        disk.unlink(missing_ok=True)
        make_images.blank(disk, MIB + size)
        subprocess.run(["sfdisk", "-q", disk], input="start=2048, type=83\n", text=True, check=True, capture_output=True)
        overwrite(disk, MIB, image.read_bytes())
        os.truncate(image, size * 3 // 4)
        case = Case(kanshiki, work, image)
        told(case.items[0][2] == "partly" and case.is_told(words), f"{kind}: cut off, it is told", case.items[:2])
        os.truncate(disk, MIB + size * 3 // 4)
        case = Case(kanshiki, work, disk)
        told(case.items[0][2] == "partly" and case.is_told(words), f"{kind}: a partition that is cut off is told", case.items[:2])
        image.unlink()


def main():
    kanshiki = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        os.environ |= {"HOME": name, "XDG_CACHE_HOME": f"{name}/cache", "TMPDIR": name,
                       "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
        tree = work / "tree"
        make_tree(tree)
        check_beginnings(kanshiki, work, tree)
        check_tables(kanshiki, work, tree)
        check_folders(kanshiki, work, tree)
        check_chance(kanshiki, work)
        check_bitmap(kanshiki, work, tree)
        check_cut(kanshiki, work)
    return finish()


if __name__ == "__main__":
    sys.exit(main())
