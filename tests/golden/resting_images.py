#!/usr/bin/env python3
"""Images that hold differences only are read with the image that they rest on, where it lies beside them.

usage: tests/golden/resting_images.py KANSHIKI

Of a volume there are three states, each with files of its own; the image of the first holds all, those of the
others what changed. All files of the last state must be found in its image, as QEMU reads them.
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
import make_images  # noqa: E402
from tap import finish, skipped, told  # noqa: E402

STATES = ("first", "second", "third")
PIECE = 64 << 10
FORMS = {
    "QCOW2": ("qcow2", [], []),
    "QCOW2, compressed, old": ("qcow2", ["-c"], ["-o", "compat=0.10"]),
    "QCOW2, subclusters": ("qcow2", [], ["-o", "extended_l2=on"]),
    "QCOW": ("qcow", [], []),
    "VMDK": ("vmdk", [], []),
    "VMDK, flat": ("vmdk", ["-o", "subformat=monolithicFlat"], []),
    "VMDK, extents": ("vmdk", ["-o", "subformat=twoGbMaxExtentSparse"], ["-o", "zeroed_grain=on"]),
}


def run(*command):
    subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def digest(data):
    return hashlib.sha256(data).hexdigest().upper()


def make_states(work):
    """Raw images, and for each the digests of its files by name."""
    raw, states = work / "raw", []
    make_images.blank(raw, 8 << 20)
    run("mkfs.vfat", "-i", "1234", raw)
    files = {}
    for number, state in enumerate(STATES):
        for i in range(10):
            data = (f"{state} {i} ".encode() * 5000)[:1000 + 3000 * i]
            (work / "one").write_bytes(data)
            name = f"{'all' if i < 3 else state}{i}.txt"
            run("mcopy", "-o", "-i", raw, work / "one", f"::{name}")
            files[name] = digest(data)
        states.append((raw.read_bytes(), dict(files)))
    return states


def make_chain(work, folder, form, states):
    """An image for each state, all but the first of what changed."""
    kind, options, more = FORMS[form]
    folder.mkdir()
    for number, (data, _) in enumerate(states):
        image, before = folder / f"{STATES[number]}.{kind}", f"{STATES[number - 1]}.{kind}"
        if not number:
            (work / "raw").write_bytes(data)
            run("qemu-img", "convert", "-f", "raw", "-O", kind, *options, work / "raw", image)
            continue
        run("qemu-img", "create", "-f", kind, "-F", kind, "-b", folder / before, *more, image)
        commands = []
        for at in range(0, len(data), PIECE):
            if data[at:at + PIECE] != states[number - 1][0][at:at + PIECE]:
                (work / f"piece{at}").write_bytes(data[at:at + PIECE])
                commands += ["-c", f"write -s {work / f'piece{at}'} {at} {PIECE}"]
        run("qemu-io", "-f", kind, *commands, image)
    return kind


def examine(kanshiki, source, work):
    for old in work.glob("x.case*"):
        old.unlink()
    subprocess.run([kanshiki, "assess", "-q", "--no-starter-rules", "-c", work / "x.case", source], check=False,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    db = sqlite3.connect(work / "x.case")
    rows = db.execute("SELECT path, hex(sha256), fate, coalesce(reason, '') FROM item ORDER BY id").fetchall()
    notes = " ".join(row[0] for row in db.execute("SELECT note FROM fact WHERE channel = 'file names'"))
    db.close()
    return rows, notes


def files_in(rows, image):
    return {path.rpartition("/")[2]: found for path, found, fate, _ in rows
            if f"/{image}!/" in path and path.endswith(".txt") and fate in ("examined", "duplicate")}


def of_image(rows, image):
    return next((fate, reason) for path, _, fate, reason in rows if path.endswith("/" + image))


def check_chain(kanshiki, work, form, states):
    folder = work / "evidence"
    try:
        kind = make_chain(work, folder, form, states)
    except (OSError, subprocess.CalledProcessError):
        skipped(form, "cannot be made here")
        shutil.rmtree(folder, ignore_errors=True)
        return
    rows, notes = examine(kanshiki, folder, work)
    for number, state in enumerate(STATES):
        image = f"{state}.{kind}"
        told(files_in(rows, image) == states[number][1] and of_image(rows, image)[0] == "examined",
             f"{form}: the {state} state has its files", sorted(files_in(rows, image).items() ^ states[number][1].items())[:3],
             of_image(rows, image))
    told(f"rests on second.{kind} (in an image that rests on first.{kind})" in notes, f"{form}: and it is told", notes)
    rows, _ = examine(kanshiki, folder / f"third.{kind}", work)
    told(rows[0][2] == "partly" and "which is not at hand" in rows[0][3], f"{form}: named alone, no other image is read", rows[0])
    shutil.rmtree(folder)


def check_others(kanshiki, work, states):
    """What is not there, is not what it was, or leads in a circle."""
    folder = work / "evidence"
    kind = make_chain(work, folder, "VMDK", states)
    text = (folder / "second.vmdk").read_bytes()
    (folder / "second.vmdk").write_bytes(text.replace(b"CID=", b"CID=0", 1).replace(b"\n\n", b"\n", 1))
    rows, _ = examine(kanshiki, folder, work)
    fate, reason = of_image(rows, f"third.{kind}")
    told(fate == "partly" and "second.vmdk is not as that was" in reason, "VMDK: one that was changed is not rested on", fate, reason)
    shutil.rmtree(folder)
    make_chain(work, folder, "QCOW2", states)
    (folder / "sub").mkdir()
    (folder / "second.qcow2").rename(folder / "sub/second.qcow2")
    rows, _ = examine(kanshiki, folder, work)
    fate, reason = of_image(rows, "third.qcow2")
    told(fate == "partly" and "second.qcow2, which is not at hand" in reason and not files_in(rows, "third.qcow2"),
         "QCOW2: of another folder none is rested on, though a path names it", fate, reason)
    (folder / "sub/second.qcow2").rename(folder / "second.qcow2")
    run("qemu-img", "rebase", "-u", "-f", "qcow2", "-F", "qcow2", "-b", folder / "third.qcow2", folder / "second.qcow2")
    rows, _ = examine(kanshiki, folder, work)
    fate, reason = of_image(rows, "third.qcow2")
    told(fate == "partly" and "limit: images that rest on each other" in reason, "QCOW2: a circle ends", fate, reason)
    told(len(files_in(rows, "first.qcow2")) == len(states[0][1]), "QCOW2: and the others are examined")


def main():
    kanshiki = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        os.environ |= {"HOME": name, "XDG_CACHE_HOME": f"{name}/cache", "TMPDIR": name, "MTOOLS_SKIP_CHECK": "1"}
        try:
            states = make_states(work)
        except (OSError, subprocess.CalledProcessError):
            skipped("images that rest on others", "mtools are not here")
            return finish()
        for form in FORMS:
            check_chain(kanshiki, work, form, states)
        check_others(kanshiki, work, states)
    return finish()


if __name__ == "__main__":
    sys.exit(main())
