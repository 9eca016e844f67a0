#!/usr/bin/env python3
"""What OneDrive, Google Drive and Dropbox keep of the files that they synchronise. usage: cloud_files.py KANSHIKI

The databases are made here, with the tables and columns that their readers name; the last change of one is in the WAL.
"""
import json
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from tap import finish, told  # noqa: E402

kanshiki = str(pathlib.Path(sys.argv[1]).resolve())


def one_drive(path):
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE od_ClientFolder_Records(parentResourceID, resourceID, folderName)")
    db.execute("CREATE TABLE od_ClientFile_Records(parentResourceID, resourceID, fileName, size INTEGER, lastChange INTEGER)")
    db.executemany("INSERT INTO od_ClientFolder_Records VALUES (?, ?, ?)",
                   [("root", "A!1", "Work"), ("A!1", "A!2", "Plans"), ("L!2", "L!1", "circle"), ("L!1", "L!2", "round")])
    db.executemany("INSERT INTO od_ClientFile_Records VALUES (?, ?, ?, ?, ?)",
                   [("A!2", "A!3", "secret.docx", 4711, 1700000000), ("root", "A!4", "top.txt", None, 0), ("L!1", "A!5", "lost", 1, 1)])
    db.commit()
    db.close()


def google_drive(path):
    """Returns the connection: while it is open, the last row stands in the write-ahead log alone."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("CREATE TABLE items(stable_id INTEGER, id TEXT, trashed INTEGER, is_folder INTEGER, modified_date INTEGER,"
               " local_title TEXT, file_size INTEGER)")
    db.execute("CREATE TABLE stable_parents(item_stable_id INTEGER, parent_stable_id INTEGER)")
    db.executemany("INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?)",
                   [(1, "a", 0, 1, 0, "My Drive", None), (2, "b", 1, 0, 1700000000123, "list.xlsx", 99)])
    db.execute("INSERT INTO stable_parents VALUES (2, 1)")
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.execute("INSERT INTO items VALUES (3, 'c', 0, 0, 1700000001000, 'late.pdf', 5)")
    db.commit()
    return db


def main():
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        local = work / "C/Users/ann/AppData/Local"
        for below in ("Microsoft/OneDrive/settings/Personal", "Google/DriveFS/1234", "Dropbox"):
            (local / below).mkdir(parents=True)
        one_drive(local / "Microsoft/OneDrive/settings/Personal/SyncEngineDatabase.db")
        still_open = google_drive(local / "Google/DriveFS/1234/metadata_sqlite_db")
        (local / "Dropbox/info.json").write_text(json.dumps(
            {"personal": {"path": "C:\\Users\\ann\\Dropbox", "host": 1, "subscription_type": "Basic"}, "x": 5}))
        subprocess.run([kanshiki, "assess", work / "C", "--case", work / "x.case", "--no-starter-rules", "-q"],
                       stdout=subprocess.DEVNULL, check=False)
        still_open.close()
        db = sqlite3.connect(work / "x.case")
        files = {(program, path): (time, json.loads(detail) if detail else {}, user) for program, path, time, detail, user in
                 db.execute("SELECT program, path, time, detail, user FROM trace WHERE kind = 'transfer' AND what = 'cloud'")}
        account = db.execute("SELECT name, command FROM trace WHERE what = 'cloud account'").fetchall()
        fates = db.execute("SELECT path, reason FROM item WHERE fate NOT IN ('examined', 'skipped')").fetchall()
        db.close()
    told(files.get(("OneDrive", "Work/Plans/secret.docx")) == (1700000000 * 10**9, {"size": 4711}, "ann"),
         f"a file of OneDrive: path, size, last change, whose {files}")
    told(files.get(("OneDrive", "top.txt"), (0,))[0] is None, "one without a time has none")
    told(sum(path.endswith("lost") for _, path in files) == 1, "folders in a circle come to an end")
    told(files.get(("Google Drive", "My Drive/list.xlsx")) == (1700000000123 * 10**6, {"size": 99, "state": "in the bin"}, "ann"),
         "a file of Google Drive, in thousandths of seconds, in the bin")
    told(("Google Drive", "late.pdf") in files, "what stands in the write-ahead log alone, too")
    told(account == [("Dropbox, personal", "C:\\Users\\ann\\Dropbox")], f"Dropbox's folder {account}")
    told(not fates, f"all are wholly examined {fates}")
    return finish()


sys.exit(main())
