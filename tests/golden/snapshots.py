#!/usr/bin/env python3
"""Volume shadow copies: what differs is told once, with the snapshot's time; what cannot be read is said.

usage: snapshots.py KANSHIKI     the volume is written by tests/support/snapshots.py and read by libvshadow's tools, too
"""
import hashlib
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import snapshots  # noqa: E402
from tap import finish, skipped, told  # noqa: E402

kanshiki = str(pathlib.Path(sys.argv[1]).resolve())
B = snapshots.BLOCK
TIMES = ["2024-12-30T03:40:00Z", "2024-12-30T04:40:00Z"]
SKIPPED = "store of snapshots, which are examined by themselves"


def text(line, times):
    return hashlib.sha256(line.encode() * times).hexdigest()


def first(name):
    return text(f"{name}, as first written\n", 2000)


# What a reader of the three states has to find, and where it is told.
EXPECTED = {
    ("p1", "docs/same"): first("same"),
    ("p1", "docs/edited once"): text("edited once, second text\n", 2000),
    ("p1", "docs/edited twice"): text("edited twice, third text\n", 2000),
    ("p1@snapshot1", "docs/edited once"): first("edited once"),
    ("p1@snapshot1", "docs/edited twice"): first("edited twice"),
    ("p1@snapshot1", "docs/deleted early"): first("deleted early"),
    ("p1@snapshot1", "docs/deleted late"): first("deleted late"),
    ("p1@snapshot2", "docs/edited twice"): text("edited twice, second text\n", 2000),
    ("p1@snapshot2", "docs/only between"): text("written after the first, deleted after the second\n", 900),
}


class Case:
    def __init__(self, image):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([kanshiki, "assess", image, "--case", f"{folder}/x.case", "--no-starter-rules", "-q"],
                           stdout=subprocess.DEVNULL, check=False)
            db = sqlite3.connect(f"{folder}/x.case")
            rows = db.execute("SELECT path, fate, coalesce(reason, ''), lower(hex(sha256)) FROM item").fetchall()
            self.taken = db.execute("SELECT path, strftime('%Y-%m-%dT%H:%M:%SZ', time / 1000000000, 'unixepoch')"
                                    " FROM trace WHERE what = 'snapshot' ORDER BY time").fetchall()
            self.notes = [row[0] for row in db.execute("SELECT note FROM fact WHERE channel = 'file names' ORDER BY id")]
            db.close()
        self.items = [(path.partition("!/")[2], fate, reason, digest) for path, fate, reason, digest in rows]
        self.fate = {path: (fate, reason) for path, fate, reason, _ in self.items}

    def files(self):
        """By volume and name, as often as told; what is deleted in the volume has its number behind."""
        found = {}
        for path, fate, _, digest in self.items:
            volume, _, name = path.partition("/")
            if name.startswith("docs/") and fate in ("examined", "duplicate") and "$I30" not in name and "(deleted" not in name:
                found.setdefault((volume, name), []).append(digest)
        return found

    def gap(self, name):
        return self.fate.get("", ("", ""))[0] == "partly" and self.fate.get(name, ("", ""))[0] == "skipped"


def check_peer(image, states, places, work):
    """What libvshadow makes of the volume is the states, but for catalog and stores themselves."""
    where = work / "peer"
    where.mkdir()
    if not shutil.which("vshadowmount") or subprocess.run(["vshadowmount", image, where], capture_output=True, check=False).returncode:
        skipped("as libvshadow reads it", "vshadowmount is not here")
        return
    try:
        for number, state in enumerate(states[:-1], 1):
            made, state = (where / f"vss{number}").read_bytes(), bytearray(state)
            header = range(snapshots.HEADER_AT, snapshots.HEADER_AT + 512)
            for a, b in places + [(header.start, header.stop)]:
                state[a:b] = made[a:b]
            told(made == state, f"libvshadow finds state {number} in the volume")
    finally:
        subprocess.run(["umount", where], check=True)


def check_whole(image):
    case = Case(image)
    found = case.files()
    told({k: v[0] for k, v in found.items()} == EXPECTED, f"what differs is found, with its bytes {set(found) ^ set(EXPECTED) or ''}")
    told(all(len(v) == 1 for v in found.values()), "each once")
    told(case.taken == [("p1@snapshot1", TIMES[0]), ("p1@snapshot2", TIMES[1])], "when each snapshot was taken is on the time line")
    told(all(f"taken {t}" in note for t, note in zip(TIMES, case.notes[1:])), "and with the volume's coverage")


def check_overwritten(states, work):
    """Of what is deleted the clusters are used again: the volume's is not the file, the snapshot's is."""
    gone = b"deleted late, as first written\n"
    last = states[-1].replace(gone, b"x" * len(gone))
    image = work / "overwritten.img"
    image.write_bytes(snapshots.compose([*states[:-1], last])[0])
    found = Case(image).files()
    told(found.get(("p1@snapshot1", "docs/deleted late")) == [first("deleted late")],
         "what is deleted and overwritten in the volume is whole in the snapshot")


def damaged(volume, work, at, length, by=b"\xa5"):
    image = work / "damaged.img"
    bytes_ = bytearray(volume)
    bytes_[at:at + length] = by * length
    image.write_bytes(bytes_)
    return Case(image)


def store_fates(case):
    return [case.fate[path] for path, _, _, _ in case.items if path.startswith("p1/System") and "}{3808876b" in path]


def check_damage(volume, stores, work):
    catalog = int.from_bytes(volume[snapshots.HEADER_AT + 48:snapshots.HEADER_AT + 56], "little")
    for what, at, length, by in (("where the catalog is", 48, 8, b"\xa5"), ("the header", 0, 512, b"\xa5"), ("the header, zeros", 0, 512, b"\0")):
        case = damaged(volume, work, snapshots.HEADER_AT + at, length, by)
        told({k: v[0] for k, v in case.files().items()} == EXPECTED, f"damaged: {what}: all is found",
             set(case.files()) ^ set(EXPECTED))
        told("was found by its name" in case.fate[""][1] and case.fate[""][0] == "partly", "and it is told", case.fate[""])
    both = bytearray(volume)
    both[catalog:catalog + 128] = bytes(128)
    for what, at, length in (("where the catalog is", 48, 8), ("the header", 0, 512)):
        case = damaged(both, work, snapshots.HEADER_AT + at, length, b"\0" if length > 8 else b"\xa5")
        told(case.gap("p1@snapshots"), f"damaged: {what}, and the catalog's head: a stated gap", case.fate[""])
        told(all(fate == "examined" for fate, _ in store_fates(case)), "and the stores are examined as files")
    for what, at in (("the catalog's head", catalog), ("the head of the older store", stores[0].at),
                     ("the head of the newer store", stores[1].at)):
        for length in (16, 128):
            case = damaged(volume, work, at, length)
            told({k: v[0] for k, v in case.files().items()} == EXPECTED, f"damaged: {what}, {length} bytes: all is found",
                 set(case.files()) ^ set(EXPECTED))
            told("were not needed" in case.fate[""][1] and case.fate[""][0] == "partly", "and it is told", case.fate[""])
    # What the older would have told is told of the newer, as far as that has it.
    newer = {key for key in EXPECTED if key[0] != "p1@snapshot1"} | {("p1@snapshot2", f"docs/{n}") for n in ("edited once", "deleted late")}
    for what, entry in (("when", 0), ("where", 1)):
        case = damaged(volume, work, catalog + 128 + 128 * entry, 128)
        found = {(volume.replace("snapshot1", "snapshot2"), name) for volume, name in case.files()}
        told(found == newer and case.gap("p1@snapshots"), f"damaged: {what} the older store is: the newer is read, the gap is told",
             found ^ newer, case.fate[""])
    case = damaged(volume, work, stores[0].at + B, 16)
    told(case.gap("p1@snapshot1") and len(case.files()) == 3 + 4, "damaged: blocks of the older store: a stated gap, the newer is read")
    told([fate for fate, _ in sorted(store_fates(case))] == ["examined", "skipped"], "and the damaged one is examined as a file")
    case = damaged(volume, work, stores[1].at + B, 16)
    told(case.gap("p1@snapshot1") and case.gap("p1@snapshot2"), "damaged: blocks of the newer store: both are gaps")


def check_likeness(work):
    """Files that are called like stores, and are none."""
    names = ["{11111111-51df-11e3-9d6c-005056c00008}{3808876b-c176-4e48-b7ae-04046e6cc752}",
             f"{snapshots.name_of(None)}{snapshots.name_of(None)}"]

    def plant(root):
        for name in names:
            (root / snapshots.FOLDER / name).write_bytes(f"MZ {name} ".encode() * 100)
        (root / snapshots.FOLDER / (snapshots.name_of(stores_id) + ":more")).write_bytes(b"MZ a stream " * 100)
    stores_id = snapshots.uuid.UUID(int=0x600f0b6951df11e39d6c005056c00008 + (1 << 96))
    folder = work / "like"
    folder.mkdir()
    image, _ = snapshots.make(folder, (plant, lambda root: (root / "later").write_bytes(b"x")))
    case = Case(image)
    path = f"p1/{snapshots.FOLDER}/"
    told(all(case.fate.get(path + name) == ("examined", "") for name in names), "what is called like a store and is none is examined")
    told(case.fate.get(path + snapshots.name_of(stores_id) + ":more") == ("examined", ""), "so is a stream of a store")
    told(case.fate.get(path + snapshots.name_of(stores_id)) == ("skipped", SKIPPED), "the store itself is not")


def check_real():
    """A volume that Windows itself took two snapshots of: their times, as vshadowinfo tells them, and a deleted file."""
    image = pathlib.Path("../shared/corpora/artefacts/plaso/test_data/vsstest.qcow2")
    if not image.exists():
        skipped("a volume of Windows", "no corpora")
        return
    case = Case(image)
    told(case.taken == [("p1@snapshot1", "2013-12-03T06:35:09Z"), ("p1@snapshot2", "2013-12-03T06:37:48Z")] and
         "p1@snapshot1/syslog" in case.fate, "a volume of Windows: both snapshots, and what was deleted since")


def main():
    check_real()
    if not shutil.which("mkntfs"):
        skipped("written volumes", "mkntfs is not here")
        return finish()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        made = snapshots.example(work)
        if not made:
            skipped("written volumes", "volumes of NTFS cannot be mounted here")
            return finish()
        image, stores = made
        states = [(work / f"state{n}.img").read_bytes() for n in (1, 2, 3)]
        places = [snapshots.place_of(states[-1], b"VSS-%d---" % n) for n in range(3)]
        check_peer(image, states, places, work)
        check_whole(image)
        check_overwritten(states, work)
        check_damage(image.read_bytes(), stores, work)
        check_likeness(work)
    return finish()


sys.exit(main())
