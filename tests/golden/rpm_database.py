#!/usr/bin/env python3
"""Files of RPM's packages: every store vouches for the same files, and tells an altered one.

usage: tests/golden/rpm_database.py KANSHIKI

Builds a package with rpmbuild, lets rpm write its database (SQLite), and writes the
same headers as Berkeley DB (with db5.3_load) and as ndb.
"""
import os
import pathlib
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from tap import finish, told

SPEC = """Name: kantest
Version: 1.0
Release: 3
Summary: test
License: MIT
BuildArch: noarch
%description
test
%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/etc/cron.d %{buildroot}/usr/share/kantest
for n in one two three; do printf "#!/bin/sh\\necho $n\\n" > %{buildroot}/usr/bin/kan-$n; done
chmod 755 %{buildroot}/usr/bin/*
ln -s kan-one %{buildroot}/usr/bin/kan-link
echo '5 5 * * * root /usr/bin/kan-one' > %{buildroot}/etc/cron.d/kan
for i in $(seq 1 300); do echo "$i" > %{buildroot}/usr/share/kantest/file$i; done
%files
/usr/bin/*
%config /etc/cron.d/kan
/usr/share/kantest
"""

def run(*command, **more):
    return subprocess.run([str(c) for c in command], check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, **more)


def build(folder):
    spec = folder / "kantest.spec"
    spec.write_text(SPEC)
    run("rpmbuild", "-bb", "--define", f"_topdir {folder}/top", "--define", "__os_install_post %{nil}",
        "--buildroot", folder / "files", "--noclean", spec)
    package = next((folder / "top" / "RPMS").rglob("*.rpm"))
    files = folder / "disk"
    files.mkdir()
    cpio = run("rpm2cpio", package).stdout
    run("cpio", "-idm", "--quiet", cwd=files, input=cpio)
    database = folder / "database"
    database.mkdir()
    run("rpm", "-i", "--justdb", "--nodeps", "--ignorearch", "--nosignature", "--dbpath", database,
        "--force-debian", package)
    return files, database / "rpmdb.sqlite"


def headers_of(database):
    with sqlite3.connect(database) as db:
        return db.execute("SELECT hnum, blob FROM Packages").fetchall()


def write_hash(path, headers):
    lines = ["VERSION=3", "format=bytevalue", "type=hash", "db_pagesize=4096", "HEADER=END",
             " 00000000", " 02000000"]
    for number, blob in headers:
        lines += [" " + struct.pack("<I", number).hex(), " " + blob.hex()]
    run("db5.3_load", "-t", "hash", path, input=("\n".join(lines) + "\nDATA=END\n").encode())


def write_ndb(path, headers):
    """One page of slots, then headers in blocks of 16 bytes."""
    slots, blobs, at = b"", b"", 4096
    for number, blob in headers:
        body = struct.pack("<4sIII", b"BlbS", number, 1, len(blob)) + blob
        tail = struct.pack("<II4s", 0, len(blob), b"BlbE")
        body += b"\0" * (-(len(body) + len(tail)) % 16) + tail
        slots += struct.pack("<4sIII", b"Slot", number, at // 16, len(body) // 16)
        blobs += body
        at += len(body)
    head = struct.pack("<4sIIII", b"RpmP", 0, 1, 1, 2) + b"\0" * 12
    path.write_bytes((head + slots).ljust(4096, b"\0") + blobs)


def assess(program, root, case):
    run_ = subprocess.run([program, "assess", root, "--case", case, "--no-starter-rules", "-q"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    told(run_.returncode in (0, 1), f"{case.name}: assess ends well", run_.stderr)
    return sqlite3.connect(case)


def check(db, name):
    ask = lambda sql: db.execute(sql).fetchall()
    said = dict((p, (s, v)) for p, s, v in ask("SELECT path, standing, source FROM program"))
    told(said.get("/usr/bin/kan-one") == ("good", "rpm kantest 1.0-3.noarch"),
         f"{name}: a packaged script is good", said)
    told(said.get("/usr/bin/kan-two") == ("unknown", "rpm kantest 1.0-3.noarch has another content"),
         f"{name}: an altered one is unknown", said)
    told(said.get("/usr/bin/kan-four", ("",))[0] == "unknown", f"{name}: a foreign one is unknown", said)
    starts = ask("SELECT entry, standing FROM start")
    told(starts == [("packaged", "good")], f"{name}: its cron line is the package's", starts)
    known = ask("SELECT count(*) FROM trace WHERE kind = 'known' AND what = 'package file'")
    told(known == [(303,)], f"{name}: 303 files have digests", known)


def main():
    program = os.path.abspath(sys.argv[1])
    lacking = [p for p in ("rpmbuild", "rpm", "rpm2cpio", "cpio", "db5.3_load") if not shutil.which(p)]
    if lacking:
        print(f"1..0 # SKIP {', '.join(lacking)} not here")
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        root, database = build(folder)
        headers = headers_of(database)
        (root / "usr/bin/kan-two").write_text("#!/bin/sh\necho other\n")
        (root / "usr/bin/kan-four").write_text("#!/bin/sh\necho four\n")
        store = root / "var/lib/rpm"
        store.mkdir(parents=True)

        def fresh(name, write):
            for old in store.iterdir():
                old.unlink()
            write(store / name)

        fresh("rpmdb.sqlite", lambda to: shutil.copy(database, to))
        check(assess(program, root, folder / "sqlite.case"), "sqlite")
        fresh("Packages", lambda to: write_hash(to, headers))
        check(assess(program, root, folder / "hash.case"), "berkeley db")
        fresh("Packages.db", lambda to: write_ndb(to, headers))
        check(assess(program, root, folder / "ndb.case"), "ndb")

        # Whoever puts his program's digest into the record does not have the packager's digest of it.
        number, blob = headers[0]
        altered = blob.replace(b"usr/bin/", b"usr/bim/", 1)
        fresh("Packages.db", lambda to: write_ndb(to, [(number, altered)]))
        db = assess(program, root, folder / "altered.case")
        reason = db.execute("SELECT reason FROM item WHERE path LIKE '%Packages.db'").fetchone()[0] or ""
        told("was altered" in reason, "a record that was altered is told", reason)
        known = db.execute("SELECT count(*) FROM trace WHERE kind = 'known'").fetchone()
        told(known == (0,), "and vouches for nothing", known)
    return finish()


sys.exit(main())
