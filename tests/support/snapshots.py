"""An NTFS volume with volume shadow copies, written after libvshadow's description of the format.

usage: snapshots.py FOLDER     writes FOLDER/volume.img and the states that it keeps, FOLDER/state1.img ...

The driver (ntfs-3g) makes the states one after the other; what a state has otherwise than the next
goes into a store, 16 KiB at a time, as Windows does it when a block is first overwritten. Catalog
and stores lie in files of the volume itself, as there.
"""
import pathlib
import struct
import subprocess
import sys
import uuid

BLOCK = 16 << 10
VSS = uuid.UUID("3808876b-c176-4e48-b7ae-04046e6cc752")
HEADER_AT = 0x1e00
SIZE = 64 << 20
STORE_SIZE = 6 << 20
FOLDER = "System Volume Information"
CATALOG, DESCRIPTORS, STORE, RANGES, BITMAP = 2, 3, 4, 5, 6
FIRST_TIME = 133800000000000000		# 2024-12-29 10:40
HOUR = 36_000_000_000


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def name_of(store):
    return f"{{{store}}}{{{VSS}}}" if store else f"{{{VSS}}}"


def mount(image, where):
    """False: this machine cannot."""
    where.mkdir(exist_ok=True)
    return not subprocess.run(["ntfs-3g", image, where, "-o", "streams_interface=windows,show_sys_files"],
                              stderr=subprocess.DEVNULL, check=False).returncode


def place_of(bytes_, marker):
    """Where a file lies that was filled with its marker; all in one piece, whole blocks only."""
    first = bytes_.find(marker * 64)
    at = (first + BLOCK - 1) // BLOCK * BLOCK
    end = at
    while bytes_[end:end + BLOCK] == marker * (BLOCK // len(marker)):
        end += BLOCK
    return at, end


def head(kind, relative, at, after=0, size=0):
    return VSS.bytes_le + struct.pack("<IIQQQQ", 1, kind, relative, at, after, size).ljust(112, b"\0")


class Store:
    """One snapshot: what a state had that the next has not."""

    def __init__(self, number, place, older, newer, skip):
        self.id = uuid.UUID(int=0x600f0b6951df11e39d6c005056c00008 + (number << 96))
        self.time = FIRST_TIME + number * HOUR
        self.at, self.end = place
        self.changed = [at for at in range(0, len(older), BLOCK)
                        if older[at:at + BLOCK] != newer[at:at + BLOCK] and not any(a <= at < b for a, b in skip)]
        self.older = older

    def write(self, volume):
        """Header, descriptors, ranges, bitmap, then data, a block each but the last."""
        header, listed, ranges, bitmap, data = (self.at + n * BLOCK for n in range(5))
        assert len(self.changed) < (BLOCK - 128) // 32 and data + len(self.changed) * BLOCK <= self.end
        information = uuid.uuid4().bytes_le * 3 + struct.pack("<IIIIHH", 9, 1, 0x420009, 0, 0, 0)
        self.put(volume, header, head(STORE, 0, header, 0, len(information)) + information)
        descriptors = b"".join(struct.pack("<QQQII", at, data + n * BLOCK - self.at, data + n * BLOCK, 0, 0)
                               for n, at in enumerate(self.changed))
        self.put(volume, listed, head(DESCRIPTORS, BLOCK, listed) + descriptors)
        self.put(volume, ranges, head(RANGES, 2 * BLOCK, ranges) + struct.pack("<QQQ", self.at, 0, self.end - self.at))
        self.put(volume, bitmap, head(BITMAP, 3 * BLOCK, bitmap))
        for n, at in enumerate(self.changed):
            self.put(volume, data + n * BLOCK, self.older[at:at + BLOCK])

    def put(self, volume, at, bytes_):
        volume[at:at + BLOCK] = bytes_.ljust(BLOCK, b"\0")

    def entries(self, size, number):
        one = struct.pack("<QQ16sQQQ", 2, size, self.id.bytes_le, number, 0x440, self.time)
        two = struct.pack("<QQ16sQQQQQQQ", 3, self.at + BLOCK, self.id.bytes_le, self.at, self.at + 2 * BLOCK,
                          self.at + 3 * BLOCK, 0, self.end - self.at, 0, number)
        return one.ljust(128, b"\0") + two.ljust(128, b"\0")


def compose(states):
    """The last state, with a store for each before it."""
    volume = bytearray(states[-1])
    places = [place_of(volume, b"VSS-%d---" % n) for n in range(len(states))]
    stores = [Store(n, places[n], states[n - 1], states[n], places) for n in range(1, len(states))]
    for store in stores:
        store.write(volume)
    catalog = places[0][0]
    entries = b"".join(s.entries(len(volume), n) for n, s in enumerate(stores, 1))
    volume[catalog:catalog + BLOCK] = (head(CATALOG, 0, catalog) + entries).ljust(BLOCK, b"\0")
    volume[HEADER_AT:HEADER_AT + 512] = (VSS.bytes_le + struct.pack("<IIQQQQQ", 2, 1, HEADER_AT, HEADER_AT, 0, catalog, 0)
                                         ).ljust(512, b"\0")
    return volume, stores


def make(folder, changes):
    """`changes`: functions, each given the mounted volume, that lead from state to state. None: cannot be mounted."""
    image, where = folder / "volume.img", folder / "mnt"
    with open(image, "wb") as f:
        f.truncate(SIZE)
    run("mkntfs", "-F", "-q", "-s", "512", "-c", "4096", "-p", "0", "-H", "1", "-S", "1", image)
    states = []
    for number, change in enumerate(changes):
        if not mount(image, where):
            return None
        try:
            if not number:
                reserve(where / FOLDER, len(changes))
            change(where)
        finally:
            run("umount", where)
        states.append(image.read_bytes())
        (folder / f"state{number + 1}.img").write_bytes(states[-1])
    volume, stores = compose(states)
    image.write_bytes(volume)
    return image, stores


def reserve(folder, count):
    """Room for the catalog and for each store; names are those that Windows gives."""
    folder.mkdir()
    for n in range(count):
        store = uuid.UUID(int=0x600f0b6951df11e39d6c005056c00008 + (n << 96)) if n else None
        size = STORE_SIZE if n else 4 * BLOCK
        (folder / name_of(store)).write_bytes(b"VSS-%d---" % n * (size // 8))


def example(folder):
    """Three states of a volume with documents."""
    def first(root):
        (root / "docs").mkdir()
        for name in ("same", "edited once", "edited twice", "deleted early", "deleted late"):
            (root / "docs" / name).write_bytes(f"{name}, as first written\n".encode() * 2000)

    def second(root):
        (root / "docs/edited twice").write_bytes(b"edited twice, second text\n" * 2000)
        (root / "docs/deleted early").unlink()
        (root / "docs/only between").write_bytes(b"written after the first, deleted after the second\n" * 900)

    def third(root):
        (root / "docs/edited twice").write_bytes(b"edited twice, third text\n" * 2000)
        (root / "docs/edited once").write_bytes(b"edited once, second text\n" * 2000)
        (root / "docs/deleted late").unlink()
        (root / "docs/only between").unlink()
    return make(folder, (first, second, third))


if __name__ == "__main__":
    made = example(pathlib.Path(sys.argv[1]))
    print(made[0] if made else "cannot be mounted here")
