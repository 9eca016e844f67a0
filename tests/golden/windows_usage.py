#!/usr/bin/env python3
"""What Windows notes of programs that were used, beside the registry. usage: windows_usage.py KANSHIKI

The compatibility assistant's texts, error reports, EventTranscript.db and Recall's ukg.db are made here, with the
columns that their readers name and that published examples have.
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
SHA1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
SECOND = 10**9


def filetime(seconds):
    return (seconds + 11644473600) * 10**7


def assistant(folder):
    (folder / "PcaAppLaunchDic.txt").write_bytes(
        b"c:\\users\\ann\\tool.exe|2022-12-01 12:34:56.789\r\n%programfiles%\\x\\x.exe|2022-12-02 01:02:03.000\r\nbroken|never\r\n")
    (folder / "PcaGeneralDb0.txt").write_bytes(
        "2022-12-01 12:35:00.000|2|%systemdrive%\\temp\\näh.exe|Tool|Maker|1.2|0006abc|Abnormal process exit with code 0x1\r\n"
        "\r\n2022-12-01 12:36:00.000|0|c:\\short.exe\r\nhalf a line\r\n".encode("utf-16-le"))


def report(path, lines):
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xff\xfe" + "\r\n".join(lines).encode("utf-16-le"))


def diagnostics(path):
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE events_persisted(sid TEXT, timestamp INTEGER, payload TEXT, full_event_name TEXT)")
    used = {"ver": "4.0", "data": {"AppId": f"W:0000f519feec!0000{SHA1.upper()}!rclone.exe", "InFocusDurationMS": 4200}}
    seen = {"data": {"navigationUrl": "https://mega.nz/up", "PageTitle": "MEGA"}}
    db.executemany("INSERT INTO events_persisted VALUES (?, ?, ?, ?)", [
        ("S-1-5-21-1", filetime(1650000000), json.dumps(used), "Win32kTraceLogging.AppInteractivitySummary"),
        ("S-1-5-21-1", filetime(1650000001), "{broken", "Win32kTraceLogging.AppInteractivitySummary"),
        ("S-1-5-21-1", filetime(1650000002), json.dumps(seen), "Aria.218d.Microsoft.WebBrowser.HistoryJournal.HJ_HistoryAddUrlEx"),
        ("S-1-5-21-1", filetime(1650000003), "{}", "Census.App")])
    db.commit()
    db.close()


def recall(path, whole=True):
    path.parent.mkdir(parents=True)
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE WindowCapture(Id INTEGER PRIMARY KEY, Name TEXT, WindowTitle TEXT, TimeStamp INTEGER)")
    if whole:
        db.executescript("""CREATE TABLE App(Id INTEGER PRIMARY KEY, Name TEXT, Path TEXT);
            CREATE TABLE WindowCaptureAppRelation(WindowCaptureId INTEGER, AppId INTEGER);
            CREATE TABLE File(Id INTEGER PRIMARY KEY, Path TEXT); CREATE TABLE Web(Id INTEGER PRIMARY KEY, Uri TEXT);
            CREATE TABLE WindowCaptureFileRelation(WindowCaptureId INTEGER, FileId INTEGER);
            CREATE TABLE WindowCaptureWebRelation(WindowCaptureId INTEGER, WebId INTEGER);
            INSERT INTO WindowCapture VALUES (1, 'x', 'plans.docx - Word', 1717000000123), (2, 'y', 'Inbox', 1717000001000);
            INSERT INTO App VALUES (1, 'Word', 'C:\\Office\\WINWORD.EXE');
            INSERT INTO File VALUES (1, 'C:\\Users\\ann\\plans.docx'); INSERT INTO Web VALUES (1, 'https://mail.example/');
            INSERT INTO WindowCaptureAppRelation VALUES (1, 1); INSERT INTO WindowCaptureFileRelation VALUES (1, 1);
            INSERT INTO WindowCaptureWebRelation VALUES (2, 1);""")
    db.commit()
    db.close()


def make(disk):
    pca = disk / "Windows/appcompat/pca"
    pca.mkdir(parents=True)
    assistant(pca)
    wer = disk / "ProgramData/Microsoft/Windows/WER/ReportArchive"
    report(wer / "AppCrash_x/Report.wer", ["Version=1", "EventType=APPCRASH", f"EventTime={filetime(1660000000)}",
                                           f"TargetAppId=W:0006{'a' * 40}00000904!0000{SHA1}!evil.exe", "AppName=Evil",
                                           "AppPath=C:\\Users\\ann\\evil.exe"])
    report(wer / "Kernel_x/Report.wer", ["EventType=BlueScreen", "EventTime=oops"])
    diagnosis = disk / "ProgramData/Microsoft/Diagnosis/EventTranscript"
    diagnosis.mkdir(parents=True)
    diagnostics(diagnosis / "EventTranscript.db")
    ukp = disk / "Users/ann/AppData/Local/CoreAIPlatform.00/UKP"
    recall(ukp / "{1}/ukg.db")
    recall(ukp / "{2}/ukg.db", whole=False)


def main():
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        make(work / "C")
        subprocess.run([kanshiki, "assess", work / "C", "--case", work / "x.case", "--no-starter-rules", "-q"],
                       stdout=subprocess.DEVNULL, check=False)
        db = sqlite3.connect(work / "x.case")
        ran = {program: (time, digest, user, name, json.loads(detail) if detail else {}) for program, time, digest, user, name, detail in
               db.execute("SELECT program, time, digest, user, name, detail FROM trace WHERE kind = 'execution'")}
        pages = db.execute("SELECT path, time FROM trace WHERE kind = 'transfer' ORDER BY time").fetchall()
        opened = db.execute("SELECT path, time, user FROM trace WHERE what = 'opened'").fetchall()
        short = db.execute("SELECT path FROM item WHERE fate = 'partly' ORDER BY path").fetchall()
        db.close()
    told(ran.get("c:\\users\\ann\\tool.exe", (0,))[0] == 1669898096789 * 10**6, f"the assistant's list {list(ran)}")
    told("C:\\Program Files\\x\\x.exe" in ran, "with the folders that its variables stand for")
    event = ran.get("C:\\temp\\näh.exe", (0, 0, 0, 0, {}))
    told(event[0] == 1669898100 * SECOND and event[4].get("message") == "Abnormal process exit with code 0x1" and
         "c:\\short.exe" in ran, f"its events, in UTF-16 without a mark {event}")
    crash = ran.get("C:\\Users\\ann\\evil.exe", (0,) * 5)
    told(crash[:2] == (1660000000 * SECOND, "sha1:" + SHA1) and crash[3] == "Evil", f"a program that crashed, with its digest {crash}")
    used = ran.get("rclone.exe", (0,) * 5)
    told(used == (1650000000 * SECOND, "sha1:" + SHA1, "S-1-5-21-1", None, {"milliseconds_in_focus": "4200"}),
         f"a program in the diagnostic data {used}")
    told(pages == [("https://mega.nz/up", 1650000002 * SECOND), ("https://mail.example/", 1717000001 * SECOND)],
         f"pages of both databases {pages}")
    word = ran.get("C:\\Office\\WINWORD.EXE", (0,) * 5)
    told(word[0] == 1717000000123 * 10**6 and word[2:4] == ("ann", "plans.docx - Word"), f"a window in Recall {word}")
    told(opened == [("C:\\Users\\ann\\plans.docx", 1717000000123 * 10**6, "ann")], f"and its file {opened}")
    told([pathlib.PurePath(p).parts[-2:] for (p,) in short] ==
         [("EventTranscript", "EventTranscript.db"), ("{2}", "ukg.db"), ("pca", "PcaAppLaunchDic.txt"), ("pca", "PcaGeneralDb0.txt")],
         f"what is broken or of another version is said {short}")
    return finish()


sys.exit(main())
