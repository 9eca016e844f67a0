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


def google_sync(folder):
    """What "Backup and Sync", the program before, kept."""
    db = sqlite3.connect(folder / "snapshot.db")
    db.execute("CREATE TABLE cloud_entry(doc_id, filename, modified INTEGER, created INTEGER, doc_type INTEGER, removed INTEGER,"
               " size INTEGER, checksum, shared INTEGER)")
    db.execute("CREATE TABLE cloud_relations(child_doc_id, parent_doc_id)")
    db.executemany("INSERT INTO cloud_entry VALUES (?, ?, ?, 0, ?, ?, ?, '', 0)",
                   [("r", "root", 0, 0, 0, None), ("f", "old.pdf", 1500000000, 1, 0, 12), ("g", "gone.pdf", 1500000001, 1, 1, 13)])
    db.executemany("INSERT INTO cloud_relations VALUES (?, 'r')", [("f",), ("g",)])
    db.commit()
    db.close()
    db = sqlite3.connect(folder / "sync_config.db")
    db.execute("CREATE TABLE data(entry_key TEXT, data_key TEXT, data_value TEXT)")
    db.executemany("INSERT INTO data VALUES (?, 'value', ?)", [("user_email", "ann@example.com"), ("cloud_docs_feed_mode", "1"),
                                                               ("local_sync_root_path", "C:\\Users\\ann\\Google Drive")])
    db.commit()
    db.close()


def dropbox_history(path):
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE sync_history (event_type TEXT NOT NULL, file_event_type TEXT, direction TEXT, file_id TEXT,"
               " local_path TEXT, timestamp INTEGER NOT NULL, other_user INTEGER)")
    db.executemany("INSERT INTO sync_history VALUES ('file', ?, ?, 'x', ?, ?, 0)",
                   [("add", "upload", "C:\\Users\\ann\\Dropbox\\out.zip", 1645095438),
                    ("edit", "download", "C:\\Users\\ann\\Dropbox\\in.txt", 1645095439),
                    ("delete", "upload", "C:\\Users\\ann\\Dropbox\\gone.txt", 1645095440), ("add", "upload", None, 1),
                    ("add", "merge", "C:\\Users\\ann\\Dropbox\\both.txt", 1645095441)])
    db.commit()
    db.close()


def main():
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        local = work / "C/Users/ann/AppData/Local"
        for below in ("Microsoft/OneDrive/settings/Personal", "Google/DriveFS/1234", "Google/Drive/user_default", "Dropbox/instance1"):
            (local / below).mkdir(parents=True)
        one_drive(local / "Microsoft/OneDrive/settings/Personal/SyncEngineDatabase.db")
        still_open = google_drive(local / "Google/DriveFS/1234/metadata_sqlite_db")
        google_sync(local / "Google/Drive/user_default")
        dropbox_history(local / "Dropbox/instance1/sync_history.db")
        (local / "Dropbox/info.json").write_text(json.dumps(
            {"personal": {"path": "C:\\Users\\ann\\Dropbox", "host": 1, "subscription_type": "Basic"}, "x": 5}))
        subprocess.run([kanshiki, "assess", work / "C", "--case", work / "x.case", "--no-starter-rules", "-q"],
                       stdout=subprocess.DEVNULL, check=False)
        still_open.close()
        db = sqlite3.connect(work / "x.case")
        files = {(program, path): (time, json.loads(detail) if detail else {}, user) for program, path, time, detail, user in
                 db.execute("SELECT program, path, time, detail, user FROM trace WHERE kind = 'transfer' AND what = 'cloud'")}
        account = db.execute("SELECT name, command FROM trace WHERE what = 'cloud account' ORDER BY name").fetchall()
        gone = db.execute("SELECT path, time FROM trace WHERE what = 'deleted' AND program = 'Dropbox'").fetchall()
        fates = db.execute("SELECT path, reason FROM item WHERE fate NOT IN ('examined', 'skipped')").fetchall()
        db.close()
    told(files.get(("OneDrive", "Work/Plans/secret.docx")) == (1700000000 * 10**9, {"size": 4711}, "ann"),
         f"a file of OneDrive: path, size, last change, whose {files}")
    told(files.get(("OneDrive", "top.txt"), (0,))[0] is None, "one without a time has none")
    told(sum(path.endswith("lost") for _, path in files) == 1, "folders in a circle come to an end")
    told(files.get(("Google Drive", "My Drive/list.xlsx")) == (1700000000123 * 10**6, {"size": 99, "state": "in the bin"}, "ann"),
         "a file of Google Drive, in thousandths of seconds, in the bin")
    told(("Google Drive", "late.pdf") in files, "what stands in the write-ahead log alone, too")
    told(account == [("Dropbox, personal", "C:\\Users\\ann\\Dropbox"), ("Google Drive, account", "ann@example.com"),
                     ("Google Drive, folder", "C:\\Users\\ann\\Google Drive")], f"accounts and their folders {account}")
    told(files.get(("Google Drive", "root/old.pdf")) == (1500000000 * 10**9, {"size": 12}, "ann") and
         files.get(("Google Drive", "root/gone.pdf"), (0, {}))[1].get("state") == "in the bin", "files of the older Google Drive")
    dropbox = "C:\\Users\\ann\\Dropbox\\"
    told(files.get(("Dropbox", dropbox + "out.zip")) == (1645095438 * 10**9, {"direction": "out", "event": "add"}, "ann"),
         "what Dropbox sent")
    told(files.get(("Dropbox", dropbox + "in.txt"), (0, {}))[1].get("direction") == "in", "what it fetched")
    told(files.get(("Dropbox", dropbox + "both.txt"), (0, {}))[1] == {"event": "add"}, "no direction where it tells none")
    told(gone == [(dropbox + "gone.txt", 1645095440 * 10**9)], f"what was deleted {gone}")
    told(not fates, f"all are wholly examined {fates}")
    return finish()


sys.exit(main())
