#!/usr/bin/env python3
"""Every kind of disk image: all files with their content, or a stated gap.

usage: disk_images.py KANSHIKI MAKE-EXAMPLE   images are made here; kinds whose tools are not here are named
"""
import hashlib
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import make_images  # noqa: E402

kanshiki, make_example = map(os.path.abspath, sys.argv[1:3])
failures = 0

# Recognised by what stands where, and not examined: offset, bytes.
GAPS = {
    "btrfs": (65600, b"_BHRfS_M"), "refs": (3, b"ReFS\0\0\0\0"), "apfs": (32, b"NXSB"),
    "zfs": (16384, b"\1\1\0\0\0\0\0\0\0\0\0\1\0\0\0\x24\0\0\0\x20\0\0\0\7version\0"),
    "f2fs": (1024, b"\x10\x20\xf5\xf2"), "reiserfs": (65588, b"ReIsEr2Fs"), "jfs": (32768, b"JFS1"),
    "squashfs": (0, b"hsqs"), "erofs": (1024, b"\xe2\xe1\xf5\xe0"), "gfs2": (65536, b"\1\x16\x19\x70"),
    "ocfs2": (8192, b"OCFSV2"), "ufs": (66908, b"\x19\1\x54\x19"),
    "bcachefs": (4120, b"\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81"),
    "raid member": (4096, b"\xfc\x4e\x2b\xa9\1\0\0\0"),
}


def say(ok, what):
    global failures
    failures += not ok
    print(("ok       " if ok else "NOT OK   ") + what, flush=True)


def assess(image, work, *more):
    for old in pathlib.Path(work).glob("case*"):
        old.unlink()
    subprocess.run([kanshiki, "assess", image, "-c", f"{work}/case", "-q", "--no-starter-rules", *more],
                   capture_output=True, check=False)
    db = sqlite3.connect(f"{work}/case")
    rows = db.execute("SELECT path, hex(sha256), fate, coalesce(reason, '') FROM item").fetchall()
    db.close()
    return rows


def check_files(name, image, work, expected, flat=False):
    rows = assess(image, work)
    found = {}
    for path, digest, _, _ in rows:
        inner = path.partition("!/")[2]
        volume, _, rest = inner.partition("/")
        # ISO 9660 by itself is an archive, which has no volumes.
        found.setdefault(volume if volume.startswith("p1") else "p1", {})[
            os.path.basename(inner) if flat else rest if volume.startswith("p1") else inner] = digest
    for volume, files in found.items():
        wrong = [path for path in expected if files.get(path) != expected[path]]
        if volume != "p1" or name != "lvm":
            say(not wrong, f"{name}: {volume}: {len(expected)} files with their content {wrong[:3]}")
    say(bool(found), f"{name}: volumes are found")
    say(not [row for row in rows if row[2] in ("failed", "partly")], f"{name}: nothing is left out")


def check_kinds(work, expected):
    for kind in make_images.KINDS:
        image = make_images.make(kind, work)
        if not image:
            print(f"skipped  {kind}: cannot be made here")
            continue
        flat = kind.startswith("ntfs")
        check_files(kind, image, work, {os.path.basename(p): d for p, d in expected.items()} if flat else expected, flat)
        image.unlink()


def check_split(work, expected):
    image = make_images.make("ext4", work)
    if not image:
        return
    data = image.read_bytes()
    parts = pathlib.Path(work) / "split"
    parts.mkdir()
    for i in range(0, len(data), 700000):
        (parts / f"disk.{i // 700000 + 1:03d}").write_bytes(data[i:i + 700000])
    check_files("split raw", parts / "disk.001", work, expected)
    try:
        make_images.run("ewfacquire", "-u", "-t", f"{work}/seg", "-c", "none", "-S", "1048576", "-l", "/dev/null", image)
    except (OSError, subprocess.CalledProcessError):
        print("skipped  split E01: cannot be made here")
        return
    say(os.path.exists(f"{work}/seg.E02"), "split E01: has several parts")
    check_files("split E01", f"{work}/seg.E01", work, expected)
    os.unlink(f"{work}/seg.E02")
    rows = assess(f"{work}/seg.E01", work)
    say(any("missing" in reason for _, _, fate, reason in rows if fate == "partly"), "E01 without its second part says so")


def check_gaps(work):
    image = f"{work}/gap.raw"
    for kind, (offset, magic) in GAPS.items():
        with open(image, "wb") as out:
            out.seek(offset)
            out.write(magic)
            out.truncate(1 << 20)
        rows = assess(image, work)
        told = [reason for path, _, fate, reason in rows if fate == "skipped" and path.endswith("!/p1")]
        say(told == [f"{kind}: not examined"], f"{kind}: told as not examined: {told}")
        say(any(fate == "partly" and kind in reason for _, _, fate, reason in rows), f"{kind}: the image is partly examined")
    with open(image, "wb") as out:
        out.write(b"\xeb\x58\x90-FVE-FS-")
        out.truncate(1 << 20)
    rows = assess(image, work)
    say(any(fate == "locked" and "bitlocker" in reason for _, _, fate, reason in rows), "bitlocker without a key is locked")
    with open(image, "wb") as out:
        out.seek(4086)
        out.write(b"SWAPSPACE2")
        out.truncate(1 << 20)
    rows = assess(image, work)
    say(any("swap" in reason for _, _, _, reason in rows), "swap space is named")


def check_links(work):
    """Where a symbolic link points is told, as it is of a folder."""
    folder = pathlib.Path(work) / "links"
    (folder / "root").mkdir(parents=True)
    for i, target in enumerate(("/dev/null", "../" + "far/" * 20 + "away")):
        (folder / f"root/.link{i}").symlink_to(target)
    lines = ["x", "0 0", "d--755 0 0", "root d--755 0 0"]
    lines += [f".link{i} l--777 0 0 {os.readlink(folder / f'root/.link{i}')}" for i in range(2)]
    (folder.parent / "proto").write_text("\n".join([*lines, "$", "$", ""]))
    expected = sorted(f"symbolic link to {os.readlink(folder / f'root/.link{i}')}" for i in range(2))
    with open(f"{work}/links.xfs", "wb") as out:
        out.truncate(16 << 20)
    makes = {"links.ext4": ["mke2fs", "-q", "-t", "ext4", "-d", folder, f"{work}/links.ext4", "2M"],
             "links.xfs": ["mkfs.xfs", "-q", "-p", f"{work}/proto", f"{work}/links.xfs"]}
    for name, command in makes.items():
        try:
            make_images.run(*command, env=make_images.SMALL_XFS)
        except (OSError, subprocess.CalledProcessError):
            print(f"skipped  {name}: cannot be made here")
            continue
        told = sorted(reason for path, _, _, reason in assess(f"{work}/{name}", work) if ".link" in path)
        say(told == expected, f"{name}: where links point is told: {told if told != expected else ''}")


def records(work, pattern):
    """Events that were decoded from items of such a path."""
    db = sqlite3.connect(f"{work}/case")
    count = db.execute("SELECT coalesce(sum(count), 0) FROM fact JOIN item ON item.id = fact.item WHERE fact.class "
                       "LIKE '%log%' AND item.path LIKE ?", (pattern,)).fetchone()[0]
    db.close()
    return count


def free_on_xfs(image, disk):
    """Where the longest free extent begins, as xfs_db tells it: group, block in it, length."""
    told = subprocess.run(["xfs_db", "-r", "-c", "freesp -d", image], capture_output=True, check=True, text=True).stdout
    rows = [line.split() for line in told.splitlines()]
    group, block, _ = max((tuple(map(int, row)) for row in rows if len(row) == 3 and row[0].isdigit()), key=lambda row: row[2])
    return (group * int.from_bytes(disk[84:88], "big") + block) * int.from_bytes(disk[4:8], "big")


def check_carving(work):
    """Chunks of an event log where no file is: on NTFS where nothing ever was, on ext4 of a deleted file."""
    subprocess.run([make_example, f"{work}/example"], check=True, stdout=subprocess.DEVNULL)
    log = next(pathlib.Path(work, "example").rglob("Security.evtx"))
    data = log.read_bytes()
    assess(log, work)
    whole = records(work, "%")
    say(whole > 0, f"carving: the log has {whole} records")
    image = make_images.make("ntfs", work)
    if image:
        disk = bytearray(image.read_bytes())
        at = next(at for at in range(1 << 19, len(disk) - len(data), 4096) if not any(disk[at:at + len(data)]))
        disk[at:at + len(data) - 4096] = data[4096:]
        image.write_bytes(disk)
        assess(image, work)
        say(records(work, "%/p1/unallocated/recovered.evtx") == whole, "carving: all records of the log on NTFS")
    image = make_images.make("xfs", work)
    if image:
        disk = bytearray(image.read_bytes())
        at = free_on_xfs(image, disk)
        disk[at:at + len(data)] = data
        image.write_bytes(disk)
        assess(image, work)
        say(records(work, "%/p1/unallocated/recovered.evtx") == whole, "carving: all records of the log on XFS")
    image = make_images.make("ext4", work)
    if image:
        for command in (f"write {log} gone.evtx", "rm gone.evtx"):
            make_images.run("debugfs", "-w", "-R", command, image)
        assess(image, work)
        say(records(work, "%/p1/unallocated/recovered.evtx") == whole, "carving: all records of the log on ext4")


def main():
    with tempfile.TemporaryDirectory() as work:
        inside = pathlib.Path(work) / "in"
        inside.mkdir()
        make_images.fill(inside)
        expected = {str(p.relative_to(inside)): hashlib.sha256(p.read_bytes()).hexdigest().upper()
                    for p in inside.rglob("*") if p.is_file()}
        check_kinds(work, expected)
        check_split(work, expected)
        check_links(work)
        check_gaps(work)
        check_carving(work)
    print(f"{failures} failures")
    sys.exit(failures > 0)


main()
