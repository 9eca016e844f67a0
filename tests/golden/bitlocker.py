#!/usr/bin/env python3
"""BitLocker volumes, made by tests/support/bitlocker_writer, opened with each kind of key.

usage: bitlocker.py KANSHIKI WRITER

No volume of Windows is at hand; that the writer's are well formed say cryptsetup, which opens
them with the same keys and with no others, and libbde, which reads the same bytes out of them.
"""
import hashlib
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from tap import finish, skipped, told  # noqa: E402

kanshiki, writer = (str(pathlib.Path(p).resolve()) for p in sys.argv[1:3])
RECOVERY = "471207-278498-422125-177177-561902-537405-468006-693451"
WRONG = "471207-278498-422125-177177-561902-537405-468006-693462"
WORD = "geheim"


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_plain(work):
    """NTFS with a file that crosses where the metadata will lie, as far as clusters go."""
    plain, small, large = work / "plain", work / "small", work / "large"
    with open(plain, "wb") as f:
        f.truncate(12 << 20)
    run("mkntfs", "-F", "-q", "-s", "512", "-c", "4096", "-p", "0", "-H", "1", "-S", "1", plain)
    small.write_bytes(b"dear diary\n")
    large.write_bytes(bytes(range(1, 255)) * 4000)
    run("ntfscp", "-q", plain, small, "/diary.txt")
    run("ntfscp", "-q", plain, large, "/large.bin")
    return plain, {"diary.txt": small.read_bytes(), "large.bin": large.read_bytes()}


def assess(image, *keys):
    with tempfile.TemporaryDirectory() as folder:
        case = f"{folder}/x.case"
        words = [w for key in keys for w in ("--key", f"bitlocker:{key}")]
        subprocess.run([kanshiki, "assess", image, "--case", case, "--no-starter-rules", "-q", *words],
                       stdout=subprocess.DEVNULL, check=False)
        db = sqlite3.connect(case)
        rows = db.execute("SELECT path, fate, reason, hex(sha256) FROM item").fetchall()
        db.close()
    return rows


def opened(rows, files):
    found = {path.rsplit("/", 1)[-1]: digest.lower() for path, fate, _, digest in rows if fate == "examined"}
    return all(found.get(name) == hashlib.sha256(content).hexdigest() for name, content in files.items())


def locked(rows, why):
    return any(fate == "locked" and reason == why for _, fate, reason, _ in rows)


def cryptsetup_opens(image, key):
    return not subprocess.run(["cryptsetup", "open", "--type", "bitlk", "--test-passphrase", "--key-file", "-", image],
                              input=key.encode(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              check=False).returncode


def by_libbde(image, work, *key):
    """What bdemount shows of it; None: the tool is not here, or this machine mounts nothing."""
    where = work / "bde"
    where.mkdir(exist_ok=True)
    if not shutil.which("bdemount") or subprocess.run(["bdemount", *key, image, where], capture_output=True, check=False).returncode:
        return None
    try:
        return (where / "bde1").read_bytes()
    finally:
        subprocess.run(["umount", where], check=True)


def without_metadata(plain, image, togo=False):
    """The plain volume as Windows shows it: zeros where the metadata and the kept header lie."""
    first, shown = image.read_bytes()[:512], bytearray(plain.read_bytes())
    at = [int.from_bytes(first[n:n + 8], "little") for n in range(440 if togo else 176, 464 if togo else 200, 8)]
    header = int.from_bytes(image.read_bytes()[at[0] + 56:at[0] + 64], "little")
    for start, size in [(n, 65536) for n in at] + [(header, 8192)]:
        shown[start:start + size] = bytes(size)
    return bytes(shown)


def check_forms(work, plain, files):
    """A startup key's file of every method; a volume half encrypted, a stick."""
    for method in ("cbc128", "cbc256", "xts128", "xts256", "elephant128", "elephant256"):
        for form in ("whole", "part", "togo") if method in ("cbc128", "xts256", "elephant256") else ("whole",):
            image, key = work / f"{method}-{form}", work / "key.BEK"
            run(writer, plain, image, method, f"startup:{key}", *([form] if form != "whole" else []))
            told(opened(assess(image, f"@{key}"), files), f"{method}, {form}: a file *.BEK opens it, every byte is right")
            if method != "xts256":	# which Debian's libbde cannot read
                shown = by_libbde(image, work, "-s", key)
                if shown is None:
                    skipped("libbde", "bdemount is not here")
                else:
                    # It leaves out the last sector of one that is half encrypted.
                    wanted = without_metadata(plain, image, form == "togo")
                    told(shown == wanted[:len(shown)] and len(shown) >= len(wanted) - 512, f"{method}, {form}: libbde reads the same out of it")
            if form == "whole":
                other = bytearray(key.read_bytes())
                other[-1] ^= 1
                (work / "other.BEK").write_bytes(other)
                told(locked(assess(image, f"@{work / 'other.BEK'}"), "bitlocker: no key given opens it"),
                     f"{method}: another startup key does not")
            image.unlink()


def check_method(work, plain, files, method):
    image = work / method
    run(writer, plain, image, method, f"password:{WORD}", f"recovery:{RECOVERY}")
    if shutil.which("cryptsetup"):
        told(cryptsetup_opens(image, WORD) and cryptsetup_opens(image, RECOVERY) and not cryptsetup_opens(image, "x"),
             f"{method}: a volume that cryptsetup opens, too")
    told(opened(assess(image, WORD), files), f"{method}: the password opens it, every byte is right")
    told(opened(assess(image, "first", RECOVERY), files), f"{method}: so does the recovery password, after another key")
    told(locked(assess(image, WRONG), "bitlocker: no key given opens it"), f"{method}: another one does not")
    told(locked(assess(image), "bitlocker: encrypted, no key given"), f"{method}: without a key it is locked")
    damaged = bytearray(image.read_bytes())
    at = int.from_bytes(damaged[176:184], "little")
    damaged[at:at + 4096] = bytes(4096)
    (work / "damaged").write_bytes(damaged)
    told(opened(assess(work / "damaged", WORD), files), f"{method}: without the first copy of the metadata, too")


def main():
    if not all(shutil.which(tool) for tool in ("mkntfs", "ntfscp")):
        print("1..0 # SKIP mkntfs is not here")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        plain, files = make_plain(work)
        for method in ("xts256", "cbc128"):
            check_method(work, plain, files, method)
        for method in ("xts128", "xts256", "cbc128", "cbc256"):
            run(writer, plain, work / "clear", method, "clear")
            told(opened(assess(work / "clear"), files), f"{method}: protection suspended: no key is needed")
        check_forms(work, plain, files)
    return finish()


sys.exit(main())
