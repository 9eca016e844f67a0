#!/usr/bin/env python3
"""Folders of XFS in all their forms: what is examined is what the kernel shows.

usage: tests/golden/xfs_names.py KANSHIKI [NAMES]     NAMES in the largest folder (20,000)

Volumes are filled by the kernel, and every path, size, time and digest is compared with what it shows.
Those of version 4, which this kernel may not mount, are filled by mkfs.xfs and compared with the list it was given.
"""
import hashlib
import os
import pathlib
import sqlite3
import stat
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import make_images  # noqa: E402
from tap import finish, skipped, told  # noqa: E402

# Blocks of all sizes, of folders too; inodes large and small; without what came later.
MOUNTED = {
    "as mkfs.xfs makes it": [],
    "blocks of 1 KiB": ["-b", "size=1024"],
    "blocks of 1 KiB, of folders 8 KiB": ["-b", "size=1024", "-n", "size=8192"],
    "folders of 64 KiB, large counts of extents": ["-n", "size=65536", "-i", "size=2048,nrext64=1"],
    "16 groups, reverse mapping": ["-m", "rmapbt=1", "-d", "agcount=16"],
    "no large times, no sparse inodes": ["-m", "bigtime=0,inobtcount=0,reflink=0,finobt=0", "-i", "sparse=0,nrext64=0"],
}
LISTED = {
    "version 4, no types": ["-m", "crc=0", "-n", "ftype=0"],
    "version 4, types, small inodes": ["-m", "crc=0", "-n", "ftype=1", "-i", "size=256"],
    "version 4, blocks of 1 KiB, of folders 4 KiB": ["-m", "crc=0", "-b", "size=1024", "-n", "size=4096", "-i", "size=256"],
    "version 5": [],
}
REASON = 239		# bytes of a reason that a case keeps
FORMS = {"short": 3, "block": 40, "leaf": 400, "node": 4000}


def kept(reason):
    """As a case keeps it: what is cut ends with a mark of three bytes."""
    return reason if len(reason) <= REASON else reason[:REASON - 3] + "\u2026"


def write(path, data=b""):
    with open(path, "wb") as out:
        out.write(data)


def fill_names(root, most):
    """All forms of folders; of the largest the extents are a tree, as another grows with it."""
    for name, count in FORMS.items():
        (root / name).mkdir()
        for i in range(count):
            write(root / name / f"{i}{'-' * (i % 90)}", f"{name} {i}".encode())
    for name in ("many", "beside"):
        (root / name).mkdir()
    for i in range(most):
        write(root / "many" / f"n{i:07}{'-' * (i * 7 % 60)}")
        if i % 4 == 0:
            os.link(root / "many" / f"n{i:07}{'-' * (i * 7 % 60)}", root / "beside" / f"{i}{'x' * 200}")
    (root / "gaps").mkdir()
    for i in range(3000):
        write(root / "gaps" / f"{i:04}{'y' * 100}")
    for i in range(3000):
        if i % 500 > 5:
            (root / "gaps" / f"{i:04}{'y' * 100}").unlink()
    (root / "long").mkdir()
    for i in range(300):
        write(root / "long" / f"{i:03}{'x' * 252}", f"long {i}".encode())


def fill_bytes(root):
    """Names that are no text, and each byte that may stand in one."""
    folder = os.fsencode(root / "bytes")
    os.mkdir(folder)
    for i in range(1, 256):
        if i != ord("/"):
            write(folder + b"/\xff" + bytes([i]) + b"\xfe", b"byte %d" % i)


def fill_content(root):
    with open(root / "pieces", "wb") as one, open(root / "beside it", "wb") as other:
        for i in range(3000):
            for out in (one, other):
                out.seek(i * 8192)
                out.write(f"{i:08}".encode() * 512)
                out.flush()
            os.fdatasync(one.fileno())
    with open(root / "holes", "wb") as out:
        for i in range(50):
            out.seek(i * 200000)
            out.write(b"piece %d" % i)
    with open(root / "asked for", "wb") as out:
        os.posix_fallocate(out.fileno(), 0, 1 << 20)
        out.seek(5000)
        out.write(b"written")
    (root / "near").symlink_to("short/0")
    (root / "far").symlink_to("../" * 300 + "away")
    (root / "farthest").symlink_to("x" * 1023)
    os.mkfifo(root / "pipe")
    deep = root
    for _ in range(180):
        deep = deep / "d"
        deep.mkdir()
    write(deep / "at the bottom", b"deep")
    os.utime(root / "holes", ns=(-10 ** 9 * 4000, -10 ** 9 * 5000 + 123))


def state_of(root):
    """By path: kind, size, time, digest or target."""
    found = {}
    root = os.fsencode(root)
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            info = os.lstat(path)
            if stat.S_ISREG(info.st_mode):
                with open(path, "rb") as read:
                    what = hashlib.sha256(read.read()).hexdigest().upper(), info.st_size
            elif stat.S_ISLNK(info.st_mode):
                what = kept("symbolic link to " + os.readlink(path).decode()), None
            else:
                what = "folder" if stat.S_ISDIR(info.st_mode) else "device, socket or pipe", None
            found[path[len(root) + 1:]] = (*what, info.st_mtime_ns)
    return found


def examine(kanshiki, image, work):
    for old in work.glob("x.case*"):
        old.unlink()
    subprocess.run([kanshiki, "assess", "-q", "--no-starter-rules", "-c", work / "x.case", image], check=False,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    db = sqlite3.connect(work / "x.case")
    rows = db.execute("SELECT coalesce(path_raw, CAST(path AS BLOB)), hex(sha256), size, modified, fate, coalesce(reason, '') FROM item").fetchall()
    db.close()
    found, words = {}, []
    for path, digest, size, modified, fate, reason in rows:
        _, inside, name = path.partition(b"!/p1/")
        if inside:
            found[name] = (digest, size, modified) if fate in ("examined", "duplicate") else (reason, None, modified)
        if fate in ("failed", "partly"):
            words.append((path, fate, reason))
    # A folder is an item only where it could not be entered: what is told here is content.
    return found, words


def different(one, other):
    return [repr(row)[:200] for row in sorted(set(one.items()) ^ set(other.items()))[:6]]


def check_mounted(kanshiki, what, options, most, work):
    image, where = work / "volume.img", work / "mnt"
    image.unlink(missing_ok=True)
    make_images.blank(image, 400 << 20)
    where.mkdir(exist_ok=True)
    try:
        make_images.run("mkfs.xfs", "-q", *options, image, env=make_images.SMALL_XFS)
        make_images.run("mount", "-o", "loop", image, where)
    except (OSError, subprocess.CalledProcessError):
        skipped(f"XFS, {what}", "cannot be made and mounted here")
        return
    try:
        fill_names(where, most)
        fill_bytes(where)
        fill_content(where)
        os.sync()
        expected = {path: state for path, state in state_of(where).items() if state[0] != "folder"}
    finally:
        make_images.run("umount", where)
    found, words = examine(kanshiki, image, work)
    found = {path: state for path, state in found.items() if state[0] != "folder"}
    told(found == expected and not words, f"XFS, {what}: {len(expected)} files are those that the kernel shows", len(found),
         words[:4], *different(found, expected))


def check_capabilities(kanshiki, work):
    """What stands in the inode, in a block of its own, and in a tree of them, behind many other attributes."""
    image, where = work / "volume.img", work / "mnt"
    image.unlink(missing_ok=True)
    make_images.blank(image, 100 << 20)
    where.mkdir(exist_ok=True)
    try:
        make_images.run("mkfs.xfs", "-q", image, env=make_images.SMALL_XFS)
        make_images.run("mount", "-o", "loop", image, where)
    except (OSError, subprocess.CalledProcessError):
        skipped("XFS, capabilities", "cannot be made and mounted here")
        return
    counts = {"few": 0, "some": 30, "many": 900}
    try:
        for name, count in counts.items():
            write(where / name, b"#!/bin/sh\n" + name.encode())
            os.chmod(where / name, 0o755)
            for i in range(count):
                os.setxattr(where / name, f"user.fill{i}", b"x" * 60)
            os.setxattr(where / name, "security.capability", bytes.fromhex("0100000200200000" + "00" * 12))
    finally:
        make_images.run("umount", where)
    examine(kanshiki, image, work)
    db = sqlite3.connect(work / "x.case")
    rows = db.execute("SELECT path, detail FROM trace WHERE what = 'file capability'").fetchall()
    db.close()
    found = {path.rpartition("/")[2] for path, detail in rows if "net_raw" in detail}
    told(found == set(counts), "XFS: capabilities among any number of attributes are told", rows)


def check_unclean(kanshiki, work):
    """Copied while it is mounted: what stands in the log only is not read, and that is told."""
    image, where, dirty = work / "volume.img", work / "mnt", work / "dirty.img"
    image.unlink(missing_ok=True)
    make_images.blank(image, 64 << 20)
    try:
        make_images.run("mkfs.xfs", "-q", image, env=make_images.SMALL_XFS)
        make_images.run("mount", "-o", "loop", image, where)
    except (OSError, subprocess.CalledProcessError):
        skipped("XFS, not unmounted", "cannot be made and mounted here")
        return
    try:
        # Once around the log, and more.
        for i in range(20000):
            write(where / f"f{i % 500}")
            if i % 3:
                (where / f"f{i % 500}").unlink()
        file = os.open(where / "last", os.O_CREAT | os.O_WRONLY)
        os.fsync(file)
        os.close(file)
        make_images.run("cp", "--sparse=always", image, dirty)
    finally:
        make_images.run("umount", where)
    _, words = examine(kanshiki, dirty, work)
    told(any("with the latest changes, is not replayed" in reason for *_, reason in words), "XFS, not unmounted: it is told", words)
    _, words = examine(kanshiki, image, work)
    told(not words, "XFS, unmounted: nothing is told", words)


def check_listed(kanshiki, what, options, most, work):
    image = work / "volume.img"
    image.unlink(missing_ok=True)
    make_images.blank(image, 200 << 20)
    write(work / "text", b"text of it\n" * 700)
    write(work / "nothing")
    digest = hashlib.sha256((work / "text").read_bytes()).hexdigest().upper()
    empty = hashlib.sha256(b"").hexdigest().upper()
    lines, expected = ["x", "0 0", "d--755 0 0"], {}
    for folder, count in {**FORMS, "many": most // 2}.items():
        lines.append(f"{folder} d--755 0 0")
        for i in range(count):
            name = f"{i}{'z' * (i % 40)}"
            lines.append(f"{name} ---644 0 0 {work / ('nothing' if i % 10 else 'text')}")
            expected[f"{folder}/{name}".encode()] = empty if i % 10 else digest
        lines.append("$")
    # Of version 5, mkfs.xfs 6.1 writes such a link without its head, and the kernel refuses it, too.
    far = "../" * 300 + "away" if "crc=0" in options[1:2] else "away"
    lines += [f"far l--777 0 0 {far}", "near l--777 0 0 short/0", "$", ""]
    expected |= {b"far": kept(f"symbolic link to {far}"), b"near": "symbolic link to short/0"}
    (work / "list").write_text("\n".join(lines))
    try:
        make_images.run("mkfs.xfs", "-q", *options, "-p", work / "list", image, env=make_images.SMALL_XFS)
    except (OSError, subprocess.CalledProcessError):
        skipped(f"XFS, {what}", "cannot be made here")
        return
    found, words = examine(kanshiki, image, work)
    found = {path: state[0] for path, state in found.items() if state[0] != "folder"}
    told(found == expected and not words, f"XFS, {what}: {len(expected)} files are those of the list", len(found), words[:4],
         *different(found, expected))


def main():
    kanshiki, most = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 20000
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        os.environ |= {"HOME": name, "XDG_CACHE_HOME": f"{name}/cache", "TMPDIR": name}
        for what, options in MOUNTED.items():
            check_mounted(kanshiki, what, options, most, work)
        check_capabilities(kanshiki, work)
        check_unclean(kanshiki, work)
        for what, options in LISTED.items():
            check_listed(kanshiki, what, options, most, work)
    return finish()


if __name__ == "__main__":
    sys.exit(main())
