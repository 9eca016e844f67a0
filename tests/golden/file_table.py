#!/usr/bin/env python3
"""$MFT: attributes in extension records, tables larger than what is held, the table beside a change journal.
In an image that the driver itself has written: a sparse $UsnJrnl:$J and the slack of a folder's index.

usage: file_table.py KANSHIKI   a volume is made here (mkntfs, ntfscp) and read by Sleuth Kit, too
"""
import pathlib
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from tap import finish, skipped, told  # noqa: E402

kanshiki = str(pathlib.Path(sys.argv[1]).resolve())
STREAMS = 14
TIME = 133800000000000000
HOLE = 40 << 20


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_volume(work):
    """plain1.txt: more streams than one record holds, and 300 KiB of data."""
    image, small, large = work / "v.img", work / "small", work / "large"
    with open(image, "wb") as f:
        f.truncate(32 << 20)
    run("mkntfs", "-F", "-q", "-s", "512", "-c", "4096", "-p", "0", "-H", "1", "-S", "1", image)
    small.write_bytes(b"hello\n")
    large.write_bytes(bytes(range(256)) * 1200)
    for n in range(1, 4):
        run("ntfscp", "-q", image, small, f"/plain{n}.txt")
    for n in range(STREAMS):
        run("ntfscp", "-q", "-N", f"a-long-name-of-a-stream-that-takes-room-{n}", image, small, "/plain1.txt")
    run("ntfscp", "-q", image, large, "/plain1.txt")
    return image


def journal(parent, name="staged.7z", reason=0x80000100, file=77, usn=0, time=TIME):
    name = name.encode("utf-16le")
    length = (60 + len(name) + 7) & ~7
    record = struct.pack("<IHHQQQQIIIIHH", length, 2, 0, (1 << 48) | file, parent, usn, time, reason, 0, 0, 0x20,
                         len(name), 60) + name
    return record.ljust(length, b"\0")


def assess(source, *more):
    with tempfile.TemporaryDirectory() as folder:
        case = f"{folder}/x.case"
        subprocess.run([kanshiki, "assess", source, "--case", case, "--no-starter-rules", "-q", *more],
                       stdout=subprocess.DEVNULL, check=False)
        db = sqlite3.connect(case)
        traces = db.execute("SELECT what, path, bytes_in, json_extract(detail, '$.record') FROM trace"
                            " WHERE kind = 'file'").fetchall()
        fates = dict(db.execute("SELECT path, fate || ': ' || coalesce(reason, '') FROM item"))
        db.close()
    return traces, fates


def of_sleuth_kit(image):
    listed = subprocess.run(["fls", "-r", "-m", "/", image], capture_output=True, check=True, text=True).stdout
    rows = [line.split("|") for line in listed.splitlines()]
    return {row[1].replace("/", "\\"): int(row[6]) for row in rows if "plain" in row[1] and "($FILE_NAME)" not in row[1]}


def check_extensions(image, table):
    traces, _ = assess(table)
    ours = {path.lstrip("\\"): size for what, path, size, _ in traces if "plain" in path and what in ("listed", "stream")}
    theirs = {path.lstrip("\\"): size for path, size in of_sleuth_kit(image).items()}
    told(set(ours) == set(theirs) and len(ours) == STREAMS + 3, "files and streams in extension records are Sleuth Kit's")
    told(ours.get("plain1.txt") == theirs["plain1.txt"] == 307200, "so is the size, which stands in an extension")


def check_larger_than_held(image, table, work):
    traces, fates = assess(image, "--member-size", "65536")
    told(("stream", "\\plain1.txt:a-long-name-of-a-stream-that-takes-room-3", 307200, 64) in traces,
         "of a table in an image all is read, also what is not held")
    told(any("$MFT" in path and "limit" in fate for path, fate in fates.items()), "and the item says that it was not held")
    bytes_ = table.read_bytes()
    late = bytes_.ljust(4 << 20, b"\0") + bytes_[64 << 10:65 << 10]
    with zipfile.ZipFile(work / "t.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("C/$MFT", late)
        archive.writestr("C/behind.txt", "still read")
    traces, fates = assess(work / "t.zip", "--member-size", "65536")
    told(("listed", "\\plain1.txt", None) in {row[:2] + (None,) for row in traces if row[3] == 4096},
         "of a table in an archive, too")
    told(any(path.endswith("behind.txt") and fate == "examined: " for path, fate in fates.items()),
         "and the next member is whole")


def check_beside(table, work):
    root = work / "C"
    (root / "$Extend").mkdir(parents=True)
    shutil.copy(table, root / "$MFT")
    (root / "$Extend" / "$J").write_bytes(journal((11 << 48) | 11))
    wanted = ("created", "\\$Extend\\staged.7z")
    told(wanted in {row[:2] for row in assess(work / "C")[0]}, "a journal finds the table in the folder above")
    with zipfile.ZipFile(work / "c.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("$Extend/$J", "$MFT"):
            archive.write(root / name, "up/C/" + name)
    told(wanted in {row[:2] for row in assess(work / "c.zip")[0]}, "in an archive, too")
    told(("created", "\\?\\staged.7z") in {row[:2] for row in assess(root / "$Extend")[0]},
         "never above what was named")


def mounted(image, where, write):
    """Lets `write` work on the volume; False: this machine cannot mount it."""
    where.mkdir()
    options = "show_sys_files,streams_interface=windows"
    if subprocess.run(["ntfs-3g", image, where, "-o", options], stderr=subprocess.DEVNULL, check=False).returncode:
        return False
    try:
        write(where)
    finally:
        run("umount", where)
    return True


def write_volume(root):
    """120 documents, half of them deleted; a journal of which only the end has clusters."""
    folder = root / "Users/anna/Documents"
    folder.mkdir(parents=True)
    names = [folder / f"report number {n:03}.docx" for n in range(120)]
    for n, name in enumerate(names):
        name.write_bytes(b"x" * (900 + n))
    staged = folder / "staged.7z"
    staged.write_bytes(b"7z" * 5000)
    for name in names[60:]:
        name.unlink()
    parent = (1 << 48) | folder.stat().st_ino
    file = staged.stat().st_ino
    records = [("staged.7z", 0x100, file), ("staged.7z", 0x102, file), ("staged.7z", 0x80000102, file),
               ("gone.rar", 0x80000200, 9999)]
    with open(root / "$Extend/$UsnJrnl:$J", "wb") as f:
        f.seek(HOLE)
        f.write(b"".join(journal(parent, name, reason, file, HOLE, TIME + n * 10**7)
                         for n, (name, reason, file) in enumerate(records)).ljust(8192, b"\0"))


def check_volume(work):
    image, one = work / "driver.img", work / "one"
    with open(image, "wb") as f:
        f.truncate(64 << 20)
    run("mkntfs", "-F", "-q", "-s", "512", "-c", "4096", "-p", "0", "-H", "1", "-S", "1", image)
    one.write_bytes(b"1")
    run("ntfscp", "-q", image, one, "/$Extend/$UsnJrnl")
    if not mounted(image, work / "mnt", write_volume):
        skipped("the driver's volume", "cannot be mounted here")
        return
    traces, fates = assess(image)
    said = {row[:2] for row in traces}
    told({("created", "\\Users\\anna\\Documents\\staged.7z"), ("deleted", "\\Users\\anna\\Documents\\gone.rar")} <= said,
         "a journal in an image: only its end is read, and its paths are whole")
    told(any(path.endswith("$UsnJrnl:$J") and fate == "examined: " for path, fate in fates.items()), "wholly")
    gone = {path.rsplit("\\", 1)[-1] for what, path in said if what == "deleted" and "report number" in path}
    deleted = {f"report number {n:03}.docx" for n in range(60, 120)}
    told(len(gone) > 5 and gone <= deleted, f"the slack of a folder's index tells {len(gone)} of 60 deleted names, "
         f"and {len(gone - deleted)} that are still there")


def main():
    if not all(shutil.which(tool) for tool in ("mkntfs", "ntfscp", "icat", "fls")):
        print("1..0 # SKIP mkntfs, ntfscp or Sleuth Kit is not here")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        image = make_volume(work)
        (work / "t").mkdir()
        table = work / "t" / "$MFT"
        table.write_bytes(subprocess.run(["icat", image, "0"], capture_output=True, check=True).stdout)
        check_extensions(image, table)
        check_larger_than_held(image, table, work)
        check_beside(table, work)
        check_volume(work)
    return finish()


sys.exit(main())
