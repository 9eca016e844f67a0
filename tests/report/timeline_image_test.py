#!/usr/bin/env python3
"""Time lines of disk images against The Sleuth Kit's and against a case's (TAP). usage: timeline_image_test.py KANSHIKI"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

kanshiki = os.path.abspath(sys.argv[1])
work = tempfile.TemporaryDirectory()
os.environ["PATH"] += ":/usr/sbin:/sbin"
os.environ["TMPDIR"] = work.name
os.chdir(work.name)


def sh(line):
    subprocess.run(line, shell=True, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def out(*command):
    done = subprocess.run(command, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def make_tree():
    for d in range(12):
        os.makedirs(f"in/folder{d}/deeper", exist_ok=True)
        for f in range(25):
            path = f"in/folder{d}/{'deeper/' if f % 3 else ''}a longer name {f}.txt"
            with open(path, "w") as file:
                file.write("x" * (d * f * 17))
            os.utime(path, ns=((1500000000 + d * 1000 + f) * 10**9 + 123456789, (1400000000 + f * 777) * 10**9 + 987654321))
    os.link("in/folder1/a longer name 0.txt", "in/folder2/second name")
    os.symlink("nowhere", "in/link")


def make_ext4():
    sh("mke2fs -q -t ext4 -d in image.ext4 16M && "
       "debugfs -w -R 'rm \"/folder3/a longer name 0.txt\"' image.ext4")


def make_ntfs():
    sh("truncate -s 16M image.ntfs && mkntfs -q -F image.ntfs")
    for n in range(20):
        sh(f"ntfscp -q image.ntfs 'in/folder5/deeper/a longer name {1 + n % 2}.txt' 'name {n}'")
    sh("ntfscp -q -N hidden image.ntfs 'in/folder6/deeper/a longer name 1.txt' 'name 3'")


def make_fat():
    sh("truncate -s 16M image.fat && mkfs.vfat image.fat && mcopy -s -i image.fat in/folder* :: && "
       "mdel -i image.fat '::folder4/a longer name 3.txt'")


def fls(image):
    """path -> atime, mtime, ctime, crtime; without what the library makes up and files of the file system itself."""
    found = {}
    for line in out("fls", "-r", "-m", "/", image).splitlines():
        _, path, inode, mode, _, _, _, *times = line.split("|")
        # Names of deleted files whose inode is another's now have the other's times.
        if mode.startswith("v/") or mode.startswith("V/") or "(deleted-realloc)" in path:
            continue
        number = int(inode.split("-")[0])
        if image.endswith("ntfs") and (number < 24 and not re.match(r"/\$(MFT|LogFile|Boot|Extend)\b", path)):
            continue
        path = re.sub(r" \(\$FILE_NAME\)(.*)", r"\1 ($FILE_NAME)", path)
        # Targets of links, and indexes that are no folders.
        path = re.sub(r" -> .*|(?<=\$ObjId):\$O$|(?<=\$Quota):\$[OQ]$|(?<=\$Reparse):\$R$", "", path)
        if " (deleted)" in path:
            path = path.replace(" (deleted)", f" (deleted {number})")
        # A time of NTFS that was never set is 1601, which fls wraps around 32 bits.
        found[path] = ["0" if image.endswith("ntfs") and int(t) >> 31 else t for t in times]
    return found


def ours(image):
    found = {}
    for line in out(kanshiki, "timeline", "--names-only", "-f", "bodyfile", image).splitlines():
        _, path, *_, atime, mtime, ctime, crtime = line.split("|")
        if "!/p1/" in path:
            found[path.split("!/p1", 1)[1]] = [atime, mtime, ctime, crtime]
    return found


def same_as_fls(image):
    theirs, here = fls(image), ours(image)
    assert len(theirs) > 20, theirs
    assert theirs.keys() == here.keys(), sorted(theirs.keys() ^ here.keys())[:10]
    wrong = {path: (theirs[path], here[path]) for path in theirs if theirs[path] != here[path]}
    assert not wrong, list(wrong.items())[:5]


def entries(*arguments):
    lines = [json.loads(line) for line in out(kanshiki, "timeline", "-f", "jsonl", *arguments).splitlines()]
    assert [line["time"] for line in lines] == sorted(line["time"] for line in lines)
    for line in lines:
        line.pop("sha256", None), line.pop("host", None), line.pop("zone", None)
    return [line for line in lines if line["source"] == "file system" and
            not re.search(r"(\$I30|\$FILE_NAME\))$", line["path"])]


def same_as_the_case(image):
    quick = entries("--names-only", image)
    subprocess.run([kanshiki, "assess", image, "-c", image + ".case", "-q", "--no-starter-rules"],
                   check=False, stdout=subprocess.DEVNULL)
    slow = entries(image + ".case")
    assert len(quick) > 20, quick
    assert len(quick) == len(slow), (len(quick), len(slow))
    differing = [pair for pair in zip(quick, slow) if pair[0] != pair[1]]
    assert not differing, differing[:2]


def every_time_is_an_entry(image):
    have = {(entry["path"], entry["time"][:19]) for entry in entries("--names-only", image)}
    for path, times in ours(image).items():
        for time in times:
            stamp = out("date", "-u", "-d", f"@{time}", "+%Y-%m-%dT%H:%M:%S").strip() if time != "0" and path == "/link" else None
            assert stamp is None or (f"{image}!/p1{path}", stamp) in have, (path, stamp)


def bounds_and_words_hold(image):
    some = entries("--names-only", image, "--from", "2014-05-13T16:53:20Z", "--to", "2014-05-13T17:40:00Z",
                   "--filter", "path:NAME 1")
    assert some and all("name 1" in e["path"] and e["time"] < "2014-05-13T17:40:01" for e in some), some[:3]


def what_cannot_be_read_is_told():
    sh("truncate -s 1M other.raw && printf _BHRfS_M | dd of=other.raw bs=1 seek=65600 conv=notrunc")
    done = subprocess.run([kanshiki, "timeline", "--names-only", "other.raw"], capture_output=True)
    assert done.returncode == 0 and done.stderr == b"kanshiki: other.raw!/p1: btrfs: not examined\n", done.stderr


needs = {"ext4": ["mke2fs", "debugfs"], "ntfs": ["mkntfs", "ntfscp"], "fat": ["mkfs.vfat", "mcopy", "mdel"]}
make_tree()
tests = []
for kind, maker in {"ext4": make_ext4, "ntfs": make_ntfs, "fat": make_fat}.items():
    if not all(shutil.which(tool) for tool in needs[kind] + ["fls"]):
        print(f"# {kind}: its tools are not here")
        continue
    maker()
    tests += [(f"{check.__name__}_{kind}", check, (f"image.{kind}",)) for check in (same_as_fls, same_as_the_case)]
    if kind == "ext4":
        tests += [(check.__name__, check, ("image.ext4",)) for check in (every_time_is_an_entry, bounds_and_words_hold)]
        tests += [("what_cannot_be_read_is_told", what_cannot_be_read_is_told, ())]
print(f"1..{len(tests)}" if tests else "1..0 # SKIP no tools")
failed = 0
for number, (name, check, arguments) in enumerate(tests, 1):
    try:
        check(*arguments)
        print(f"ok {number} - {name}")
    except AssertionError as error:
        failed += 1
        print(f"not ok {number} - {name}")
        print("# " + str(error)[:2000].replace("\n", "\n# "))
sys.exit(1 if failed else 0)
