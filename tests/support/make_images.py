"""Small disk images of every kind, made without mounting anything.

usage: make_images.py FOLDER [KIND...]     writes FOLDER/KIND.img for each kind that can be made here
"""
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

os.environ["PATH"] += ":/usr/sbin:/sbin"
os.environ["MTOOLS_SKIP_CHECK"] = "1"
# Without these mkfs.xfs makes nothing below 300 MB.
SMALL_XFS = {**os.environ, "TEST_DIR": "1", "TEST_DEV": "1", "QA_CHECK_FS": "1"}


def run(*command, **more):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)


def fill(folder, files=24):
    """Files of several sizes, in folders within folders; one with holes."""
    rng = random.Random(5)
    for i in range(files):
        path = folder / ("" if i % 3 else f"dir{i % 2}" if i % 2 else f"dir{i % 2}/deep/er") / f"f{i}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"file {i}\n" * rng.choice([1, 50, 300, 3000]))
    with open(folder / "holes.bin", "wb") as out:
        for i in range(12):
            out.seek(i * 9000)
            out.write(b"piece %d" % i)


def blank(path, size):
    with open(path, "wb") as out:
        out.truncate(size)


def write_sparse(path, data):
    """With holes where nothing is, as most of a small image."""
    nothing = bytes(4096)
    with open(path, "wb") as out:
        for at in range(0, len(data), 4096):
            if data[at:at + 4096] != nothing:
                out.seek(at)
                out.write(data[at:at + 4096])
        out.truncate(len(data))


def ext(version, inside, out):
    run("mke2fs", "-q", "-t", version, "-b", "1024", "-d", inside, out, "2M")


def fat(bits, inside, out):
    blank(out, {12: 2 << 20, 16: 12 << 20, 32: 36 << 20}[bits])
    run("mkfs.vfat", "-F", str(bits), *(["-s", "1"] if bits > 12 else []), out)
    run("mcopy", "-s", "-i", out, *sorted(inside.iterdir()), "::")


def ntfs(inside, out):
    blank(out, 4 << 20)
    run("mkntfs", "-q", "-F", out)
    for path in sorted(p for p in inside.rglob("*") if p.is_file()):
        run("ntfscp", "-q", out, path, path.name)


def proto(folder, lines):
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            lines.append(f"{path.name} d--755 0 0")
            proto(path, lines)
            lines.append("$")
        else:
            lines.append(f"{path.name} ---644 0 0 {path}")
    return lines


def xfs(inside, out):
    blank(out, 16 << 20)
    list_path = out.with_suffix(".proto")
    list_path.write_text("\n".join(["x", "0 0", "d--755 0 0", *proto(inside, []), "$", ""]))
    run("mkfs.xfs", "-q", "-p", list_path, out, env=SMALL_XFS)
    list_path.unlink()


def iso(inside, out):
    run("genisoimage", "-quiet", "-R", "-J", "-o", out, inside)


def hfs(inside, out):
    """xorriso writes one beside an ISO file system, in a partition of its own."""
    both = out.with_suffix(".iso")
    run("xorriso", "-as", "mkisofs", "-quiet", "-hfsplus", "-o", both, inside)
    data = both.read_bytes()
    both.unlink()
    for at in range(512, 512 * 16, 512):
        entry = data[at:at + 512]
        if entry[:2] == b"PM" and entry[48:57] == b"Apple_HFS":
            start, count = struct.unpack(">II", entry[8:16])
            out.write_bytes(data[start * 512:(start + count) * 512])
            return
    raise OSError("no HFS+ partition was made")


class ExFat:
    """Fills what mkfs.exfat made; the format: Microsoft's "exFAT file system specification"."""

    def __init__(self, path):
        self.path, self.data = path, bytearray(path.read_bytes())
        fat_at, _, heap, self.clusters, self.root = struct.unpack_from("<5I", self.data, 80)
        self.sector = 1 << self.data[108]
        self.cluster = self.sector << self.data[109]
        self.fat_at, self.heap = fat_at * self.sector, heap * self.sector
        self.root_at = self.at(self.root)
        entries = [self.data[self.root_at + i:self.root_at + i + 32] for i in range(0, self.cluster, 32)]
        bitmap = next(e for e in entries if e[0] == 0x81)
        self.bitmap_at = self.at(struct.unpack_from("<I", bitmap, 20)[0])
        self.next = next(n for n in range(2, self.clusters) if not self.is_used(n))

    def at(self, cluster):
        return self.heap + (cluster - 2) * self.cluster

    def is_used(self, n):
        return self.data[self.bitmap_at + (n - 2) // 8] >> (n - 2) % 8 & 1

    def allocate(self, content, chained):
        first, count = self.next, max(1, -(-len(content) // self.cluster))
        for n in range(first, first + count):
            self.data[self.bitmap_at + (n - 2) // 8] |= 1 << (n - 2) % 8
            if chained:
                struct.pack_into("<I", self.data, self.fat_at + n * 4, n + 1 if n + 1 < first + count else 0xffffffff)
        self.data[self.at(first):self.at(first) + len(content)] = content
        self.next += count
        return first

    @staticmethod
    def entry_set(name, first, size, is_folder, chained):
        text = name.encode("utf-16-le")
        names = [text[i:i + 30] for i in range(0, len(text), 30)]
        stamp = (46 << 25 | 11 << 21 | 21 << 16 | 12 << 11)
        file = struct.pack("<BBHHHIIIBBBBB7x", 0x85, 1 + len(names), 0, 0x10 if is_folder else 0x20, 0, stamp, stamp,
                           stamp, 0, 0, 0x80, 0x80, 0x80)
        stream = struct.pack("<BBBBHHQIIQ", 0xc0, 1 if chained else 3, 0, len(text) // 2, 0, 0, size, 0, first, size)
        whole = bytearray(file + stream + b"".join(b"\xc1\0" + n.ljust(30, b"\0") for n in names))
        check = 0
        for i, byte in enumerate(whole):
            if i not in (2, 3):
                check = ((check << 15 | check >> 1) + byte) & 0xffff
        struct.pack_into("<H", whole, 2, check)
        return bytes(whole)

    def folder(self, path):
        entries = b""
        for number, inside in enumerate(sorted(path.iterdir())):
            content = self.folder(inside) if inside.is_dir() else inside.read_bytes()
            if inside.is_dir():
                content = content.ljust(-(-max(1, len(content)) // self.cluster) * self.cluster, b"\0")
            chained = number % 2 == 0
            first = self.allocate(content, chained) if content else 0
            entries += self.entry_set(inside.name, first, len(content), inside.is_dir(), chained)
        return entries

    def fill(self, path):
        entries = self.folder(path)
        at = next(i for i in range(self.root_at, self.root_at + self.cluster, 32) if not self.data[i])
        assert at + len(entries) <= self.root_at + self.cluster
        self.data[at:at + len(entries)] = entries
        self.path.write_bytes(self.data)


def exfat(inside, out):
    blank(out, 4 << 20)
    run("mkfs.exfat", "-c", "4096", out)
    ExFat(out).fill(inside)


def ext4(inside, out):
    ext("ext4", inside, out)


def converted(form, *options, fill_raw=ext4):
    def make(inside, out):
        raw = out.with_suffix(".raw")
        fill_raw(inside, raw)
        run("qemu-img", "convert", "-f", "raw", "-O", form, *options, raw, out)
        raw.unlink()
    return make


def e01(inside, out):
    raw = out.with_suffix(".raw")
    ext("ext4", inside, raw)
    run("ewfacquire", "-u", "-t", out.with_suffix(""), "-c", "deflate:fast", "-l", "/dev/null", raw)
    out.with_suffix(".E01").rename(out)
    raw.unlink()


def lvm(inside, out):
    """Two logical volumes of one physical volume: ext4 in two pieces and ext2."""
    parts = []
    for name, version in (("root", "ext4"), ("home", "ext2")):
        part = out.with_suffix("." + name)
        ext(version, inside, part)
        parts.append(part.read_bytes())
        part.unlink()
    out.write_bytes(lvm_around(parts[0], parts[1]))


def lvm_around(root, home):
    """The format: LVM2's own, with extents of one MiB; `root` lies in two pieces around `home`."""
    mib = 1 << 20
    assert len(root) == len(home) == 2 * mib
    extents = root[:mib] + home + root[mib:]
    ids = ["-".join(f"{kind}{i:05d}" if len(f"{kind}{i:05d}") == n else (f"{kind}{i}" + "a" * n)[:n]
                    for i, n in enumerate((6, 4, 4, 4, 4, 4, 6))) for kind in "gprh"]
    segment = ('segment%d {\nstart_extent = %d\nextent_count = %d\ntype = "striped"\nstripe_count = 1\n'
               'stripes = [\n"pv0", %d\n]\n}\n')
    volume = '%s {\nid = "%s"\nstatus = ["READ", "WRITE", "VISIBLE"]\nflags = []\nsegment_count = %d\n%s}\n'
    text = ('vg0 {\nid = "%s"\nseqno = 1\nformat = "lvm2"\nstatus = ["RESIZEABLE", "READ", "WRITE"]\nflags = []\n'
            'extent_size = 2048\nmax_lv = 0\nmax_pv = 0\nmetadata_copies = 0\nphysical_volumes {\npv0 {\nid = "%s"\n'
            'device = "/dev/sda2"\nstatus = ["ALLOCATABLE"]\nflags = []\ndev_size = %d\npe_start = 2048\npe_count = 4\n}\n}\n'
            'logical_volumes {\n%s%s}\n}\ncontents = "Text Format Volume Group"\nversion = 1\ndescription = ""\n'
            'creation_host = "x"\ncreation_time = 1700000000\n\0'
            % (ids[0], ids[1], 5 * 2048,
               volume % ("root", ids[2], 2, segment % (1, 0, 1, 0) + segment % (2, 1, 1, 3)),
               volume % ("home", ids[3], 1, segment % (1, 0, 2, 1)))).encode()

    def crc(data):
        return zlib.crc32(data, 0xf597a6cf ^ 0xffffffff) ^ 0xffffffff

    start = bytearray(mib)
    label = struct.pack("<I8s", 32, b"LVM2 001") + ids[1].replace("-", "").encode()
    label += struct.pack("<9Q", 5 * mib, mib, 0, 0, 0, 4096, mib - 4096, 0, 0)
    label = label.ljust(512 - 20, b"\0")
    start[512:1024] = b"LABELONE" + struct.pack("<QI", 1, crc(label)) + label
    area = struct.pack("<16sIQQ", b" LVM2 x[5A%r0N*>", 1, 4096, mib - 4096)
    area += struct.pack("<QQII", 512, len(text), crc(text), 0)
    area = area.ljust(512 - 4, b"\0")
    start[4096:4608] = struct.pack("<I", crc(area)) + area
    start[4608:4608 + len(text)] = text
    return bytes(start) + extents


KINDS = {
    "ext2": lambda i, o: ext("ext2", i, o), "ext3": lambda i, o: ext("ext3", i, o),
    "ext4": ext4, "ntfs": ntfs, "fat12": lambda i, o: fat(12, i, o),
    "fat16": lambda i, o: fat(16, i, o), "fat32": lambda i, o: fat(32, i, o), "exfat": exfat, "xfs": xfs,
    "hfsplus": hfs, "lvm": lvm, "iso9660": iso, "e01": e01, "vmdk": converted("vmdk"), "vhd": converted("vpc"),
    "vhdx": converted("vhdx"), "qcow2": converted("qcow2"),
    "vmdk_stream": converted("vmdk", "-o", "subformat=streamOptimized"), "qcow2_packed": converted("qcow2", "-c"),
    "ntfs_vmdk": converted("vmdk", fill_raw=ntfs), "ntfs_vhd": converted("vpc", fill_raw=ntfs),
    "ntfs_vhdx": converted("vhdx", fill_raw=ntfs), "ntfs_qcow2": converted("qcow2", fill_raw=ntfs),
}


def made_by(maker, kind, folder):
    """FOLDER/KIND.img and what `maker` returned of it, or twice None where the tools are not here."""
    with tempfile.TemporaryDirectory() as work:
        inside = pathlib.Path(work) / "in"
        inside.mkdir()
        fill(inside)
        out = pathlib.Path(folder) / f"{kind}.img"
        out.unlink(missing_ok=True)
        try:
            return out, maker(inside, out)
        except (OSError, subprocess.CalledProcessError):
            return None, None


def make(kind, folder):
    """The image's path, or None where the tools are not here."""
    return made_by(KINDS[kind], kind, folder)[0]


if __name__ == "__main__":
    for kind in sys.argv[2:] or KINDS:
        if not make(kind, sys.argv[1]):
            print(f"{kind}: cannot be made here")
