#!/usr/bin/env python3
"""Each single structure of a file system destroyed in its turn: no file of it vanishes without a word.

usage: tests/golden/lost_structures.py KANSHIKI [KIND...]

For each kind of file system: a small image with files in folders. Each of its blocks that holds something
and is no file's content is filled with zeros, and then with noise, each in an image of its own. All files
must be found with their content, or it must be told that something is lost, and so that no answer rules
out anything. What is lost at all is counted and bounded, so that a reader which gives up early is seen.
"""
import collections
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
from make_images import write_sparse  # noqa: E402
from tap import finish, skipped, told  # noqa: E402

COUNT = 48
TEXTS = [(f"file {i} of the tree\n" * 400)[:300 + i * 97 + (i % 5) * 1500].encode() for i in range(COUNT)]
DIGESTS = {hashlib.sha256(text).hexdigest().upper() for text in TEXTS}
SECTOR = 512

OTHERS = 40		# places without a name in them that are tried, of all that there are

# By kind: how many of all files, summed over all damages, must be examined all the same (in percent).
KINDS = {"fat12": 90, "fat16": 91, "fat32": 98, "exfat": 96, "ntfs": 90, "hfsplus": 88, "xfs": 95, "iso9660": 80, "ext4": 93}


def make_tree(folder):
    for i, text in enumerate(TEXTS):
        where = folder / (f"sub{i % 4}/in{i % 3}" if i % 3 else f"sub{i % 4}")
        where.mkdir(parents=True, exist_ok=True)
        (where / f"f{i}.txt").write_bytes(text)


def ntfs(inside, out):
    """With folders, where the driver is here."""
    make_images.blank(out, 4 << 20)
    make_images.run("mkntfs", "-q", "-F", "-c", "1024", out)
    where = out.with_suffix(".mnt")
    where.mkdir()
    make_images.run("ntfs-3g", out, where)
    try:
        make_images.run("cp", "-r", *sorted(inside.iterdir()), where)
    finally:
        make_images.run("umount", where)
        where.rmdir()


def make(kind, folder, tree):
    out = folder / f"{kind}.img"
    try:
        (ntfs if kind == "ntfs" else make_images.KINDS[kind])(tree, out)
    except (OSError, subprocess.CalledProcessError):
        return None
    data = out.read_bytes()
    out.unlink()
    return data


def has_name(block):
    names = [f"f{i}.txt" for i in range(COUNT)] + ["sub0", "sub1", "sub2", "sub3"]
    forms = [form for name in names for form in (name.encode(), name.encode("utf-16-le"), name.encode("utf-16-be"),
                                                  name.partition(".")[0].upper().ljust(8).encode())]
    return any(form in block for form in forms)


def structures(data, size):
    """Places of blocks that hold something, and nothing of a file; all that have names, and some of the others."""
    content = {text[at:at + SECTOR].ljust(SECTOR, b"\0") for text in TEXTS for at in range(0, len(text), SECTOR)}
    places = []
    for at in range(0, len(data) - size + 1, size):
        parts = [data[i:i + SECTOR] for i in range(at, at + size, SECTOR)]
        if any(any(part) for part in parts) and not any(part in content for part in parts):
            places.append(at)
    named = [at for at in places if has_name(data[at:at + size])]
    others = sorted(set(places) - set(named))
    # The first ones are those that all else rests on.
    return named + others[:OTHERS // 2] + random.Random(size).sample(others[OTHERS // 2:], min(OTHERS // 2, len(others[OTHERS // 2:])))


def damages(data, size):
    for at in structures(data, size):
        for how, filling in (("zeros", bytes(size)), ("noise", random.Random(at).randbytes(size))):
            yield at, how, filling


class Image:
    """What was told of one of them."""

    def __init__(self):
        self.digests, self.words, self.is_opened = set(), [], False

    def found(self):
        return len(DIGESTS & self.digests)


def assess(kanshiki, work, images):
    case = work / "x.case"
    for old in work.glob("x.case*"):
        old.unlink()
    subprocess.run([kanshiki, "assess", "-q", "--no-starter-rules", "-c", case, images], check=False,
                   stdout=subprocess.DEVNULL)
    db = sqlite3.connect(case)
    result = collections.defaultdict(Image)
    for path, digest, fate, reason in db.execute("SELECT path, hex(sha256), fate, coalesce(reason, '') FROM item"):
        name = path.rpartition("damaged/")[2].partition("!/")[0]
        result[name].is_opened |= "!/" in path
        if digest:
            result[name].digests.add(digest)
        if fate in ("partly", "failed") or (fate == "skipped" and "not examined" in reason):
            result[name].words.append((path.partition("!/")[2], fate, reason))
    degrees = dict(db.execute("SELECT harm, degree FROM answer").fetchall())
    db.close()
    return result, degrees


def is_silent(kanshiki, work, path, image):
    """Files are missing, and nothing says so. Of what is no file system any more no answer may say anything."""
    if image.found() == COUNT or image.words:
        return False
    return image.is_opened or "no sign" in assess(kanshiki, work, path)[1].values()


def check(kanshiki, work, tree, kind):
    data = make(kind, work, tree)
    if not data:
        skipped(kind, "cannot be made here")
        return
    folder = work / "damaged"
    folder.mkdir()
    size = 1024 if kind in ("ntfs", "ext4") else 2048 if kind == "iso9660" else 512
    names = {}
    write_sparse(folder / "whole.img", data)
    write_sparse(work / "one", data)
    for number, (at, how, filling) in enumerate(damages(data, size)):
        names[f"{number:05}.img"] = (at, how)
        damaged = folder / f"{number:05}.img"
        make_images.run("cp", "--sparse=always", work / "one", damaged)
        with open(damaged, "r+b") as out:
            out.seek(at)
            out.write(filling)
    seen, _ = assess(kanshiki, work, folder)
    whole = seen.pop("whole.img")
    told(whole.found() == COUNT and not whole.words, f"{kind}: whole, nothing is told", whole.found(), whole.words)
    wrong = {name: names[name] for name in names if is_silent(kanshiki, work, folder / name, seen[name])}
    lost = sum(COUNT - seen[name].found() for name in names)
    share = 100 * lost / (COUNT * len(names))
    told(not wrong, f"{kind}: of {len(names)} damages none makes files vanish without a word", len(wrong), *list(wrong.items())[:40])
    told(100 - share >= KINDS[kind], f"{kind}: {100 - share:.1f} % of all files are examined all the same",
         collections.Counter(COUNT - seen[name].found() for name in names).most_common(8))
    if os.environ.get("SHOW"):
        for name in names:
            image = seen[name]
            if image.found() < COUNT or image.words:
                print("#", kind, hex(names[name][0]), names[name][1], "lost", COUNT - image.found(), image.words[:3])
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def debugfs(image, *commands):
    """What it prints; the requests are made one after the other."""
    done = subprocess.run(["debugfs", "-w", "-f", "-", image], input="\n".join(commands), capture_output=True,
                          text=True, check=True)
    return done.stdout


def claim(image, folder, blocks=97000, size=1024):
    """A folder that claims to be of so many blocks, none of them next to the one before."""
    free = sorted(map(int, debugfs(image, "ffb 6").partition("Free blocks found:")[2].split()[:6]))
    one, other, single, double, triple = free[0], free[2], free[3], free[4], free[5]
    with open(image, "r+b") as out:
        for at, numbers in ((single, (one, other)), (double, (single, single)), (triple, (double, double))):
            out.seek(at * size)
            out.write(struct.pack("<2I", *numbers) * (size // 8))
    debugfs(image, *(f"sif {folder} {field} {value}" for field, value in (
        ("block[IND]", single), ("block[DIND]", double), ("block[TIND]", triple), ("size", blocks * size))))


def claim_records(image, size=1 << 60):
    """NTFS: the map of the file table's records goes on with zeros for so many bytes, on a disk as large."""
    data = bytearray(image.read_bytes())
    cluster = int.from_bytes(data[11:13], "little") * data[13]
    at = int.from_bytes(data[48:56], "little") * cluster
    record = bytearray(data[at:at + 1024])
    fixups = int.from_bytes(record[4:6], "little")
    for n in (1, 2):
        record[n * 512 - 2:n * 512] = record[fixups + 2 * n:fixups + 2 * n + 2]
    attribute = int.from_bytes(record[20:22], "little")
    while int.from_bytes(record[attribute:attribute + 4], "little") != 0xb0:
        attribute += int.from_bytes(record[attribute + 4:attribute + 8], "little")
    old = int.from_bytes(record[attribute + 4:attribute + 8], "little")
    head, runs = record[attribute:attribute + 64], record[attribute + 64:attribute + old]
    first = 1 + (runs[0] & 15) + (runs[0] >> 4)
    count = int.from_bytes(runs[1:1 + (runs[0] & 15)], "little")
    struct.pack_into("<Q", head, 24, size // cluster - 1)
    struct.pack_into("<3Q", head, 40, size, size, size)
    new = head + runs[:first] + struct.pack("<BQB", 8, size // cluster - count, 0)
    new += bytes(-len(new) % 8)
    struct.pack_into("<I", new, 4, len(new))
    record = (record[:attribute] + new + record[attribute + old:])[:1024]
    struct.pack_into("<I", record, 24, int.from_bytes(record[24:28], "little") + len(new) - old)
    for n in (1, 2):
        record[fixups + 2 * n:fixups + 2 * n + 2] = record[n * 512 - 2:n * 512]
        record[n * 512 - 2:n * 512] = record[fixups:fixups + 2]
    data[at:at + 1024] = record
    struct.pack_into("<Q", data, 40, 2 * size // 512)
    image.write_bytes(data)


def assess_claim(kanshiki, work, image):
    """All that is told, within ten seconds an item."""
    case = work / "claims.case"
    case.unlink(missing_ok=True)
    subprocess.run([kanshiki, "assess", "-q", "--no-starter-rules", "--item-time", "10s", "-c", case, image],
                   check=False, stdout=subprocess.DEVNULL)
    with sqlite3.connect(case) as db:
        rows = db.execute("SELECT path, hex(sha256), fate, coalesce(reason, '') FROM item").fetchall()
    return len(DIGESTS & {digest for _, digest, _, _ in rows}), [row for row in rows if row[2] in ("partly", "failed")]


def check_claims(kanshiki, work, tree):
    """What the Sleuth Kit goes along the list of its pieces for, for each of them; and what we go through ourselves."""
    image = work / "claims.img"
    for folder in ("/sub1", "/"):
        image.unlink(missing_ok=True)
        make_images.blank(image, 4 << 20)
        make_images.run("mke2fs", "-q", "-F", "-t", "ext2", "-b", "1024", "-d", tree, image)
        claim(image, folder)
        found, words = assess_claim(kanshiki, work, image)
        told(found == COUNT and words and not any("time" in reason for *_, reason in words),
             f"ext2: {folder} claims to be endless: told, and no file is lost", found, words)
    make_images.run("mke2fs", "-q", "-F", "-t", "ext4", "-b", "1024", "-O", "^metadata_csum", "-d", tree, image)
    with open(image, "r+b") as out:
        out.seek(1024)
        out.write(struct.pack("<II", 100 << 20, 1 << 28))		# inodes, and blocks that they may lie in
    found, words = assess_claim(kanshiki, work, image)
    told(found == COUNT and not any("time" in reason or "killed" in reason or "limit" in reason for *_, reason in words),
         "ext4: a hundred million inodes are claimed: no file is lost, and no time", found, words)
    flat = work / "flat"
    flat.mkdir()
    for i, text in enumerate(TEXTS):
        (flat / f"f{i}.txt").write_bytes(text)
    make_images.ntfs(flat, image)
    claim_records(image)
    found, words = assess_claim(kanshiki, work, image)
    told(found == COUNT and not words, "ntfs: the map of records claims to be endless: no file is lost, and no time",
         found, words)


def check_reserved(kanshiki, work, tree):
    """One bit in what ISO 9660 reserves, for which a library refuses the image or takes it for something else."""
    image = work / "reserved.img"
    try:
        make_images.iso(tree, image)
    except (OSError, subprocess.CalledProcessError):
        skipped("iso9660", "cannot be made here")
        return
    data = bytearray(image.read_bytes())
    for at in (0x8000 + 1500, 0x9000 + 0x740):
        data[at] ^= 4
        image.write_bytes(data)
        data[at] ^= 4
        found, words = assess_claim(kanshiki, work, image)
        told(found == COUNT, f"iso9660: a bit at {at:#x}: no file is lost", found, words)


def check_map(kanshiki, work, tree):
    """exFAT says in a map which clusters are in use, and the Sleuth Kit which files are deleted by it."""
    data = bytearray(make("exfat", work, tree) or b"")
    if not data:
        skipped("exfat", "cannot be made here")
        return
    heap, root = struct.unpack_from("<I", data, 88)[0], struct.unpack_from("<I", data, 96)[0]
    sector, cluster = 1 << data[108], 1 << (data[108] + data[109])
    place = lambda number: heap * sector + (number - 2) * cluster
    entry = next(at for at in range(place(root), place(root) + cluster, 32) if data[at] == 0x81)
    at = place(struct.unpack_from("<I", data, entry + 20)[0])
    data[at:at + 512] = bytes(512)
    image = work / "map.img"
    image.write_bytes(data)
    found, words = assess_claim(kanshiki, work, image)
    told(found == COUNT and any("map of clusters" in reason for *_, reason in words),
         "exfat: its map of clusters is zeros: no file is lost, and it is told", found, words)


def main():
    kanshiki = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        os.environ |= {"HOME": name, "XDG_CACHE_HOME": f"{name}/cache", "TMPDIR": name}
        tree = work / "tree"
        make_tree(tree)
        for kind in sys.argv[2:] or KINDS:
            check(kanshiki, work, tree, kind)
        check_claims(kanshiki, work, tree)
        check_reserved(kanshiki, work, tree)
        check_map(kanshiki, work, tree)
    return finish()


if __name__ == "__main__":
    sys.exit(main())
