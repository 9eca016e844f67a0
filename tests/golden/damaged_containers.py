#!/usr/bin/env python3
"""Images whose own structures are damaged: no file in them vanishes, or changes, without a word.

usage: tests/golden/damaged_containers.py KANSHIKI [KIND...]

For each form of disk image: one with a small file system inside. Each sector of it that is no sector of the
medium is filled with zeros and with noise, single bits of these sectors are turned, and the file is cut, each in
an image of its own. All files must be found with their content, or it must be told that something is lost, and
so that no answer rules out anything. What is lost at all is counted and bounded.
"""
import collections
import os
import pathlib
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import make_images  # noqa: E402
from lost_structures import COUNT, DIGESTS, SECTOR, Image, make_tree, write_sparse  # noqa: E402
from tap import finish, skipped, told  # noqa: E402

MIB = 1 << 20
PLACES, FLIPS, CUTS = 40, 30, 6		# of each kind of image


def raw(tree, work, size=2 * MIB):
    out = work / "inner.raw"
    make_images.run("mke2fs", "-q", "-F", "-t", "ext4", "-b", "1024", "-d", tree, out, f"{size // 1024}k")
    return out


def converted(form, *options):
    def make(inner, folder):
        out = folder / f"x.{form if form != 'vpc' else 'vhd'}"
        make_images.run("qemu-img", "convert", "-f", "raw", "-O", form, *options, inner, out)
        return out
    return make


def vmdk(subformat):
    return converted("vmdk", "-o", f"subformat={subformat}")


def split_vmdk(inner, folder):
    """In two files, as products split what is larger than 2 GiB."""
    data = inner.read_bytes()
    extents = []
    for number, half in enumerate((data[:MIB], data[MIB:]), 1):
        part = folder / "half.raw"
        part.write_bytes(half)
        make_images.run("qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=twoGbMaxExtentSparse", part,
                        folder / f"half{number}.vmdk")
        (folder / f"half{number}-s001.vmdk").rename(folder / f"x-s00{number}.vmdk")
        extents.append(f'RW {len(half) // SECTOR} SPARSE "x-s00{number}.vmdk"')
        descriptor = (folder / f"half{number}.vmdk").read_text()
        (folder / f"half{number}.vmdk").unlink()
        part.unlink()
    (folder / "x.vmdk").write_text(re.sub(r'RW \d+ SPARSE ".*"', "\n".join(extents), descriptor))
    return folder / "x.vmdk"


def split_raw(inner, folder):
    data = inner.read_bytes()
    for number in range(4):
        (folder / f"x.{number + 1:03}").write_bytes(data[number * MIB // 2:(number + 1) * MIB // 2])
    return folder / "x.001"


def lvm(inner, folder):
    """The volume lies in two pieces around another, of no files."""
    empty = folder / "empty"
    make_images.run("mke2fs", "-q", "-F", "-t", "ext2", "-b", "1024", empty, "2M")
    (folder / "x.img").write_bytes(make_images.lvm_around(inner.read_bytes(), empty.read_bytes()))
    empty.unlink()
    return folder / "x.img"


def e01(inner, folder):
    make_images.run("ewfacquire", "-u", "-t", folder / "x", "-c", "deflate:fast", "-l", "/dev/null", inner)
    return folder / "x.E01"


# By kind: how many of all files, summed over all damages, must be examined all the same (in percent).
KINDS = {
    "vmdk": (vmdk("monolithicSparse"), 80), "vmdk, compressed": (vmdk("streamOptimized"), 58),
    "vmdk, flat": (vmdk("monolithicFlat"), 90), "vmdk, split": (split_vmdk, 78),
    "vhd": (converted("vpc"), 88), "vhd, fixed": (converted("vpc", "-o", "subformat=fixed,force_size=on"), 84),
    "vhdx": (converted("vhdx"), 70), "vhdx, fixed": (converted("vhdx", "-o", "subformat=fixed"), 68),
    "qcow2": (converted("qcow2"), 62), "qcow2, small clusters": (converted("qcow2", "-o", "cluster_size=4096"), 54),
    "qcow2, old": (converted("qcow2", "-o", "compat=0.10"), 60),
    "qcow2, compressed": (converted("qcow2", "-c"), 44),
    "qcow2, zstd": (converted("qcow2", "-c", "-o", "compression_type=zstd"), 55),
    "qcow2, subclusters": (converted("qcow2", "-o", "extended_l2=on"), 64),
    "qcow": (converted("qcow"), 50),
    "split raw": (split_raw, 45), "lvm": (lvm, 80), "e01": (e01, 78),
}


# What is compressed in QCOW has no checksum: a bit of it can change content, as it does in a raw image.
UNCHECKED = ("qcow2, compressed", "qcow2, zstd")
PACKED_FROM = 5 << 16


def places_of(name, data, medium):
    """Sectors that hold something, and are none of the medium's."""
    sectors = [at for at in range(0, len(data), SECTOR) if any(data[at:at + SECTOR]) and data[at:at + SECTOR] not in medium]
    if len(sectors) > PLACES:
        sectors = sectors[:PLACES // 2] + random.Random(name).sample(sectors[PLACES // 2:], PLACES // 2)
    return sectors


def damages_of(name, data, medium, flip_most):
    rng = random.Random(name)
    places = places_of(name, data, medium)
    for at in places:
        end = min(at + SECTOR, len(data))
        yield f"{name} {at:#x} zeros", data[:at] + bytes(end - at) + data[end:]
        yield f"{name} {at:#x} noise", data[:at] + rng.randbytes(end - at) + data[end:]
    flipped = [at for at in places if at < flip_most]
    for at in rng.choices(flipped, k=FLIPS if flipped else 0):
        at += rng.choice([i for i in range(min(SECTOR, len(data) - at)) if data[at + i]])
        bit = 1 << rng.randrange(8)
        yield f"{name} {at:#x} bit {bit:#x}", data[:at] + bytes([data[at] ^ bit]) + data[at + 1:]
    for _ in range(CUTS):
        cut = rng.randrange(1, len(data))
        if any(data[cut:]):
            yield f"{name} cut at {cut:#x}", data[:cut]


def assess(kanshiki, work, sources):
    case = work / "x.case"
    for old in work.glob("x.case*"):
        old.unlink()
    done = subprocess.run([kanshiki, "assess", "-q", "--no-starter-rules", "--item-time", "30s", "-c", case, sources],
                          check=False, capture_output=True, text=True)
    db = sqlite3.connect(case)
    result = collections.defaultdict(Image)
    killed = []
    for path, digest, fate, reason in db.execute("SELECT path, hex(sha256), fate, coalesce(reason, '') FROM item"):
        number = path.rpartition("damaged/")[2].partition("/")[0]
        image = result[number]
        image.is_opened |= "!/" in path
        if digest:
            image.digests.add(digest)
        if fate in ("partly", "failed") or (fate == "skipped" and "not examined" in reason):
            image.words.append((path.partition("damaged/")[2], fate, reason))
        if "killed" in reason or "limit: over" in reason:
            killed.append((number, reason))
    degrees = dict(db.execute("SELECT harm, degree FROM answer").fetchall())
    db.close()
    return result, degrees, killed, done.returncode


def is_silent(kanshiki, work, folder, image):
    """Of what is no image any more no answer may say anything."""
    if image.found() == COUNT or image.words:
        return False
    return image.is_opened or "no sign" in assess(kanshiki, work, folder)[1].values()


def make_all(make, inner, damaged, flip_most):
    """A folder for each damage, with all files of the image; the first is whole. What each damage is, by folder."""
    whole = damaged / "00000"
    whole.mkdir(parents=True)
    make(inner, whole)
    data = inner.read_bytes()
    medium = {data[at:at + SECTOR] for at in range(0, len(data), SECTOR)}
    what = {}
    for part in sorted(whole.iterdir()):
        for name, bytes_ in damages_of(part.name, part.read_bytes(), medium, flip_most):
            number = f"{len(what) + 1:05}"
            make_images.run("cp", "-r", "--sparse=always", whole, damaged / number)
            write_sparse(damaged / number / part.name, bytes_)
            what[number] = name
    return what


def check(kanshiki, work, tree, kind):
    make, share_least = KINDS[kind]
    damaged = work / "damaged"
    try:
        what = make_all(make, raw(tree, work), damaged, PACKED_FROM if kind in UNCHECKED else sys.maxsize)
    except (OSError, subprocess.CalledProcessError):
        shutil.rmtree(damaged, ignore_errors=True)
        skipped(kind, "cannot be made here")
        return
    seen, _, killed, code = assess(kanshiki, work, damaged)
    whole = seen.pop("00000")
    told(code in (0, 1) and not killed, f"{kind}: the run ends, nobody is killed and nothing hangs", code, killed[:5])
    told(whole.found() == COUNT and not whole.words, f"{kind}: whole, nothing is told", whole.found(), whole.words)
    wrong = {number: name for number, name in what.items() if is_silent(kanshiki, work, damaged / number, seen[number])}
    told(not wrong, f"{kind}: of {len(what)} damages none makes files vanish without a word", len(wrong), *list(wrong.items())[:60])
    lost = sum(COUNT - seen[number].found() for number in what)
    share = 100 - 100 * lost / (COUNT * max(1, len(what)))
    told(share >= share_least, f"{kind}: {share:.1f} % of all files are examined all the same",
         collections.Counter(COUNT - seen[number].found() for number in what).most_common(8))
    if os.environ.get("SHOW"):
        for number, name in what.items():
            if seen[number].found() < COUNT or seen[number].words:
                print("#", kind, number, name, "lost", COUNT - seen[number].found(), seen[number].words[:3])
    shutil.rmtree(damaged)


def main():
    kanshiki = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        os.environ |= {"HOME": name, "XDG_CACHE_HOME": f"{name}/cache", "TMPDIR": name}
        tree = work / "tree"
        make_tree(tree)
        for kind in sys.argv[2:] or KINDS:
            check(kanshiki, work, tree, kind)
    return finish()


if __name__ == "__main__":
    sys.exit(main())
