#!/usr/bin/env python3
"""ESE databases that are written here: tables of SRUM that few machines have, and jobs of BITS.

usage: ese_tables.py KANSHIKI

A job that was deleted stays in its page: it must be told, as what it is. esedbexport, where it is
installed, must find as many rows in what is written here as were put in.
"""
import datetime
import pathlib
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import ese_writer as ese  # noqa: E402
from tap import finish, skipped, told  # noqa: E402

kanshiki = str(pathlib.Path(sys.argv[1]).resolve())
FILE_LIST = bytes.fromhex("36da56776f515a43acac44a248fff34d")
UNKNOWN = "{01234567-89AB-CDEF-0123-456789ABCDEF}"
HEAD = [("AutoIncId", ese.I32), ("TimeStamp", ese.DATE), ("AppId", ese.I32), ("UserId", ese.I32)]


def traces(work, name, data, where="kind <> 'program'"):
    folder = work / f"{name}.evidence"
    folder.mkdir()
    (folder / name).write_bytes(data)
    case = work / f"{name}.case"
    subprocess.run([kanshiki, "assess", folder, "--case", case, "--no-starter-rules"], check=False,
                   capture_output=True)
    db = sqlite3.connect(case)
    rows = db.execute("SELECT kind, what, coalesce(program, ''), coalesce(name, ''), coalesce(path, ''), source, "
                      "coalesce(command, ''), time, last, bytes_in, coalesce(detail, ''), coalesce(protocol, '') "
                      f"FROM trace WHERE {where} ORDER BY id").fetchall()
    return rows, db.execute("SELECT fate, coalesce(reason, '') FROM item").fetchall()


def same_rows(work, name, data, wanted):
    """What libesedb finds in the tables of `wanted`."""
    if not shutil.which("esedbexport"):
        skipped(f"esedbexport reads {name}", "not installed")
        return
    (work / name).write_bytes(data)
    subprocess.run(["esedbexport", "-t", work / "out", work / name], check=True, capture_output=True)
    found = {path.name.rsplit(".", 1)[0]: len(path.read_text(errors="replace").splitlines()) - 1
             for path in (work / "out.export").iterdir()}
    shutil.rmtree(work / "out.export")
    told({table: found.get(table) for table in wanted} == wanted, f"esedbexport finds the same rows in {name}", found)


def ole(moment):
    return (moment - datetime.datetime(1899, 12, 30)).total_seconds() / 86400


def srum(work):
    db = ese.Database()
    when = datetime.datetime(2026, 5, 1, 12, 0, 0)
    seconds = int(when.replace(tzinfo=datetime.timezone.utc).timestamp())
    names = [(2, 1, "\\Device\\HarddiskVolume3\\x\\evil.exe"), (0, 2, ""), (2, 3, "Chat_8wek")]
    db.table("SruDbIdMapTable", [("IdType", ese.I16), ("IdIndex", ese.I32), ("IdBlob", ese.BINARY)],
             [(kind, index, name.encode("utf-16le") + b"\0\0") for kind, index, name in names])
    db.table("{DA73FB89-2BEA-4DDC-86B8-6E048C6DA477}", HEAD, [(1, ole(when), 1, 2), (2, ole(when), 2, 2)])
    db.table("{D10CA2FE-6FCF-4F6D-848E-B2E99266FA86}", HEAD + [("PayloadSize", ese.I32)], [(1, ole(when), 3, 2, 777)])
    db.table("{DD6636C4-8929-4683-974E-22C046A43763}",
             HEAD + [("InterfaceLuid", ese.I64), ("ConnectedTime", ese.I32), ("ConnectStartTime", ese.I64)],
             [(1, ole(when), 2, 2, 71 << 48, 600, 116444736000000000 + (seconds - 3600) * 10**7),
              (2, ole(when), 2, 2, 6 << 48, 2**31 - 9, 116444736000000000 + (seconds - 60) * 10**7)])
    db.table("{EEE2F477-0659-5C47-EF03-6D6BEFD441B3}", HEAD + [("BytesTotal", ese.I64)], [(1, ole(when), 2, 2, 5)])
    db.table("{5C8CF1C7-7257-4F13-B223-970EF5939312}",
             HEAD + [("InFocusS", ese.I32), ("KeyboardInputS", ese.I32), ("AudioInS", ese.I32)],
             [(1, ole(when), 1, 2, 30, None, 12)])
    db.table(UNKNOWN, HEAD, [(i, ole(when), 1 if i < 40 else 2, 2) for i in range(50)])
    data = db.bytes()
    same_rows(work, "SRUDB.dat", data, {UNKNOWN: 50, "{DA73FB89-2BEA-4DDC-86B8-6E048C6DA477}": 2})
    rows, fates = traces(work, "SRUDB.dat", data)
    sources = [(row[0], row[5].split(",")[0]) for row in rows]
    told(sources.count(("execution", "SRUM energy estimate")) == 1, "energy tells the program that used it", sources)
    notification = [row for row in rows if row[11] == "push notification"]
    told([row[2:3] + row[9:10] for row in notification] == [("Chat_8wek", 777)], "a notification with its size", rows)
    networks = [(row[3], row[7] // 10**9 - seconds, row[8] // 10**9 - seconds) for row in rows if row[0] == "device"]
    told(networks == [("wi-fi", -3600, -3000), ("ethernet", -60, 0)],
         "networks from and until, and no longer than the row says", networks)
    line = [row for row in rows if "time line" in row[5]]
    told(line and '"seconds_in_focus":30,"seconds_of_microphone":12' in line[0][10] and "keyboard" not in line[0][10],
         "focus and microphone, and not what is NULL", line)
    told(sources.count(("execution", "SRUM")) == 40, "programs of a table that nobody knows", len(rows))
    told(any(fate == "partly" and UNKNOWN in reason and "10 rows" in reason for fate, reason in fates),
         "and that it is not known", fates)


def access(work):
    """Role GUIDs are those of a real SystemIdentity.mdb: the databases of clients do not have their names."""
    db = ese.Database()
    filetime = 116444736000000000 + int(datetime.datetime(2026, 3, 2, 10, tzinfo=datetime.timezone.utc).timestamp()) * 10**7
    date = struct.unpack("<d", struct.pack("<Q", filetime))[0]
    columns = [("RoleGuid", ese.GUID), ("TotalAccesses", ese.I32), ("InsertDate", ese.DATE), ("LastAccess", ese.DATE),
               ("Day60", ese.I16), ("Day61", ese.I16), ("Address", ese.BINARY), ("AuthenticatedUserName", ese.TEXT),
               ("ClientName", ese.TEXT)]
    db.table("CLIENTS", columns, [
        (bytes.fromhex("6f22a910ee50d849a3939a501d47ce04"), 7, date, date, 3, 4, bytes([10, 0, 0, 9]), "lab\\ann\0", "pc\0"),
        (bytes(16), 1, date, date, None, None, bytes(15) + b"\1", "lab\\bob\0", "\0")])
    db.table("DNS", [("LastSeen", ese.DATE), ("Address", ese.TEXT), ("HostName", ese.TEXT)],
             [(date, "10.0.0.9\0", "pc.lab\0")])
    data = db.bytes()
    same_rows(work, "Current.mdb", data, {"CLIENTS": 2, "DNS": 1})
    rows, _ = traces(work, "Current.mdb", data)
    told([(row[0], row[11]) for row in rows] == [("session", "File Server"), ("session", ""), ("dns", "")],
         "clients with the names of their roles, and names of addresses", rows)
    told(rows and rows[0][10] == '{"days":"2026-03-01: 3, 2026-03-02: 4"}', "by day", rows)
    told(rows and rows[2][3] == "pc.lab" and rows[2][7] == (filetime - 116444736000000000) * 100, "the name and its time", rows)


def wide(text):
    return struct.pack("<I", len(text) + 1) + (text + "\0").encode("utf-16le")


def job(guid, kind, name, command):
    texts = [name, "", command, "-q" if command else "", "S-1-5-21-7"]
    times = [116444736000000000 + (1700000000 + 60 * i) * 10**7 for i in range(2)]
    return (struct.pack("<IIII", 0, 2, 6, kind) + guid + b"".join(map(wide, texts)) + FILE_LIST + FILE_LIST +
            struct.pack("<IIII", 0, 600, 600, 600) + struct.pack("<QQ", *times))


def file_of(local, url):
    return b"\1\2\3\4" + wide(local) + wide(url) + wide("C:\\BIT1.tmp") + struct.pack("<QQB", 5, 5, 0) + wide("C:\\")


def bits(work):
    jobs = [(bytes([i]) * 16, job(bytes([i]) * 16, kind, name, command) + bytes([64 + i]) * 16)
            for i, kind, name, command in ((1, 0, "update", ""), (2, 1, "out", "c:\\x.exe"), (3, 0, "gone", "c:\\gone.exe"))]
    files = [(bytes([64 + i]) * 16, file_of(f"C:\\f{i}.7z", f"https://host{i}.example/x")) for i in (1, 2, 3)]
    db = ese.Database()
    columns = [("Id", ese.GUID), ("Blob", ese.LONG_BINARY)]
    db.table("Jobs", columns, jobs)
    db.table("Files", columns, files)
    data = db.bytes()
    same_rows(work, "qmgr.db", data, {"Jobs": 3, "Files": 3})
    whole, _ = traces(work, "qmgr.db", data)
    told([row[:2] for row in whole] == [("autostart", "bits job")] * 3 + [
        ("transfer", "download"), ("transfer", "upload"), ("transfer", "download")], "every row once", whole)
    # The third job and its file are deleted: their tags go, their bytes stay.
    db = ese.Database()
    db.delete_last = True
    db.table("Jobs", columns, jobs)
    db.table("Files", columns, files)
    data = db.bytes()
    same_rows(work, "deleted.db", data, {"Jobs": 2, "Files": 2})
    (work / "deleted").mkdir()
    rows, _ = traces(work / "deleted", "qmgr.db", data)
    told([row[:2] for row in rows] == [("autostart", "bits job")] * 2 + [
        ("transfer", "download"), ("transfer", "upload"), ("setting", "deleted job"), ("transfer", "download")],
        "what was deleted is told behind the rows, and starts nothing", rows)
    deleted = rows[-2]
    told(deleted[3] == "gone" and deleted[6] == "c:\\gone.exe -q" and deleted[7] == 1700000000 * 10**9,
         "with its name, command and time", deleted)
    told("no row holds" in rows[-1][5] and rows[-1][3] == "host3.example", "and its file", rows[-1])
    (work / "broken").mkdir()
    told("unknown job" in rows[-1][5], "whose job is not guessed", rows[-1])
    rows, fates = traces(work / "broken", "qmgr.db", data[:8192] + bytes(4 * 4096) + data[8192 + 4 * 4096:])
    told(sum(row[1] == "deleted job" for row in rows) == 3 and any(fate == "partly" for fate, _ in fates),
         "of a database without a catalog the jobs are found in its bytes", rows, fates)


with tempfile.TemporaryDirectory() as folder:
    for part in (srum, bits, access):
        place = pathlib.Path(folder) / part.__name__
        place.mkdir()
        part(place)
sys.exit(finish())
