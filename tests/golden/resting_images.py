#!/usr/bin/env python3
"""Images that hold differences only are read with the image that they rest on, where it lies beside them.

usage: tests/golden/resting_images.py KANSHIKI

Of a volume there are three states, each with files of its own; the image of the first holds all, those of the
others what changed. All files of the last state must be found in its image. QEMU makes all but those of VHD and VHDX, which are
made here, after Microsoft's specifications.
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
import uuid

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


# ---- what no program of Debian makes ----

SECTOR, KIB, MIB = 512, 1 << 10, 1 << 20


def crc32c(data):
    value = 0xffffffff
    for byte in data:
        value = CRC[(value ^ byte) & 255] ^ value >> 8
    return value ^ 0xffffffff


def crc_table():
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (0x82f63b78 if value & 1 else 0)
        yield value


CRC = list(crc_table())


def summed(data):
    data[4:8] = bytes(4)
    data[4:8] = struct.pack("<I", crc32c(data))
    return bytes(data)


def changed_sectors(before, after):
    return [before[at:at + SECTOR] != after[at:at + SECTOR] for at in range(0, len(after), SECTOR)]


def partial(data, changed):
    """What is not in this image is noise there: whoever reads it has not looked at the map."""
    return b"".join(data[i * SECTOR:(i + 1) * SECTOR] if is_new else b"\xa5" * SECTOR for i, is_new in enumerate(changed))


def item(number, *entries):
    return struct.pack("<16sIIII", uuid.UUID(number).bytes_le, *entries, 0)


def locator(keys):
    """Names and values as MS-VHDX has them, behind a list of their places."""
    head, text = b"", b""
    start = 20 + 12 * len(keys)
    for key, value in keys.items():
        both = [each.encode("utf-16-le") for each in (key, value)]
        at = start + len(text)
        head += struct.pack("<IIHH", at, at + len(both[0]), *map(len, both))
        text += b"".join(both)
    return uuid.UUID("b04aefb7-d19e-4a81-b789-25b8e9445913").bytes_le + struct.pack("<HH", 0, len(keys)) + head + text


def vhdx_over(base, before, after, out):
    """Blocks of 1 MiB: whole, in part, of zeros, and those of the base."""
    heads = [base.read_bytes()[at:at + 48] for at in (64 * KIB, 128 * KIB)]
    linkage = uuid.UUID(bytes_le=max(heads, key=lambda head: head[8:16][::-1])[32:])
    image = bytearray(5 * MIB)
    image[:8] = b"vhdxfile"
    head = struct.pack("<4sIQ16s16s16sHHIQ", b"head", 0, 1, uuid.uuid4().bytes, uuid.uuid4().bytes, bytes(16), 0, 1, MIB, MIB)
    for at in (64 * KIB, 128 * KIB):
        image[at:at + 4 * KIB] = summed(bytearray(head.ljust(4 * KIB, b"\0")))
    regions = [("2dc27766-f623-4200-9d64-115e9bfd4a08", 3 * MIB), ("8b7ca206-4790-4b9a-b8fe-575f050f886e", 2 * MIB)]
    table = struct.pack("<4sIII", b"regi", 0, len(regions), 0)
    table += b"".join(struct.pack("<16sQII", uuid.UUID(number).bytes_le, at, MIB, 1) for number, at in regions)
    for at in (192 * KIB, 256 * KIB):
        image[at:at + 64 * KIB] = summed(bytearray(table.ljust(64 * KIB, b"\0")))
    where = locator({"parent_linkage": f"{{{linkage}}}", "relative_path": f".\\{base.name}",
                     "absolute_win32_path": f"C:\\elsewhere\\{base.name}"})
    values = [("caa16737-fa36-4d43-b3b6-33f0aa44e76b", struct.pack("<II", MIB, 2)),
              ("2fa54224-cd1b-4876-b211-5dbed83bf4b8", struct.pack("<Q", len(after))),
              ("8141bf1d-a96f-4709-ba47-f233a8faab5f", struct.pack("<I", SECTOR)),
              ("cda348c7-445d-4471-9cc9-e9885251c556", struct.pack("<I", SECTOR)),
              ("beca12ab-b2e6-4523-93ef-c309e000c746", uuid.uuid4().bytes),
              ("a8d35f2d-b30b-454d-abf7-d3d84834ab0c", where)]
    at, items = 64 * KIB, b""
    for number, value in values:
        items += item(number, at, len(value), 4)
        image[2 * MIB + at:2 * MIB + at + len(value)] = value
        at += len(value)
    metadata = b"metadata" + struct.pack("<HH20x", 0, len(values)) + items
    image[2 * MIB:2 * MIB + len(metadata)] = metadata
    for number in range(0, len(after) // MIB):
        old, new = (data[number * MIB:(number + 1) * MIB] for data in (before, after))
        changed, state, place = changed_sectors(old, new), 0, 0
        if not any(new) and any(changed):
            state = 2
        elif any(changed):
            state, place = 6 if number % 3 == 2 else 7, len(image)
            image += partial(new, changed) if state == 7 else new
            for i, is_new in enumerate(changed):
                image[4 * MIB + (number * MIB // SECTOR + i) // 8] |= is_new << i % 8
        image[3 * MIB + number * 8:3 * MIB + number * 8 + 8] = struct.pack("<Q", place | state)
    image[3 * MIB + 4096 * 8:3 * MIB + 4096 * 8 + 8] = struct.pack("<Q", 4 * MIB | 6)
    out.write_bytes(image)


def vhd_sum(data, at):
    data[at:at + 4] = bytes(4)
    data[at:at + 4] = struct.pack(">I", ~sum(data) & 0xffffffff)
    return bytes(data)


def vhd_over(base, before, after, out):
    """Blocks of 512 KiB, each behind the map of its sectors."""
    block, own = 512 * KIB, uuid.uuid4().bytes
    count = -(-len(after) // block)
    footer = struct.pack(">8sIIQI4sI4sQQIII16sB", b"conectix", 2, 0x10000, 512, 0, b"test", 0, b"Wi2k", len(after),
                         len(after), 0x00a01020, 4, 0, own, 0).ljust(512, b"\0")
    footer = vhd_sum(bytearray(footer), 64)
    head = struct.pack(">8sQQIIII16sII512s", b"cxsparse", 0xffffffffffffffff, 1536, 0x10000, count, block, 0,
                       base.read_bytes()[-512 + 68:-512 + 84], 0, 0, f"C:\\vm\\{base.name}".encode("utf-16-be")).ljust(1024, b"\0")
    image = bytearray(footer + vhd_sum(bytearray(head), 36) + b"\xff" * (-(-count * 4 // 512) * 512))
    for number in range(count):
        old, new = (data[number * block:(number + 1) * block].ljust(block, b"\0") for data in (before, after))
        changed = changed_sectors(old, new)
        if not any(changed):
            continue
        image[1536 + number * 4:1540 + number * 4] = struct.pack(">I", len(image) // 512)
        bits = bytearray(512)
        for i, is_new in enumerate(changed):
            bits[i // 8] |= is_new << 7 - i % 8
        image += bits + partial(new, changed)
    out.write_bytes(image + footer)


OWN = {"VHDX": ("vhdx", vhdx_over, ["-o", "subformat=dynamic,block_size=1M"]), "VHD": ("vpc", vhd_over, ["-o", "force_size=on"]),
       "VHD, on a fixed one": ("vpc", vhd_over, ["-o", "subformat=fixed,force_size=on"])}


def make_own_chain(work, folder, form, states):
    kind, over, options = OWN[form]
    ending = "vhd" if kind == "vpc" else kind
    folder.mkdir()
    (work / "raw").write_bytes(states[0][0])
    run("qemu-img", "convert", "-f", "raw", "-O", kind, *options, work / "raw", folder / f"first.{ending}")
    for i in (1, 2):
        over(folder / f"{STATES[i - 1]}.{ending}", states[i - 1][0], states[i][0], folder / f"{STATES[i]}.{ending}")
    return ending


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
        kind = (make_chain if form in FORMS else make_own_chain)(work, folder, form, states)
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
    run("qemu-img", "rebase", "-u", "-f", "qcow2", "-F", "qcow2", "-b", folder / "second.qcow2", folder / "first.qcow2")
    rows, _ = examine(kanshiki, folder, work)
    fate, reason = of_image(rows, "third.qcow2")
    told(fate == "partly" and "limit: images that rest on each other" in reason, "QCOW2: a circle ends", fate, reason)


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
        for form in (*FORMS, *OWN):
            check_chain(kanshiki, work, form, states)
        check_others(kanshiki, work, states)
    return finish()


if __name__ == "__main__":
    sys.exit(main())
