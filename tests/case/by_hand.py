#!/usr/bin/env python3
"""Runs the bash example of docs/case-file.md on good and on tampered cases (TAP).

usage: by_hand.py KANSHIKI CASE_WRITER
"""
import http.server
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading

kanshiki, writer = (str(pathlib.Path(path).resolve()) for path in sys.argv[1:3])
root = pathlib.Path(__file__).resolve().parents[2]
number = 0

DEEDS = {
    "a finding taken away": "DELETE FROM finding WHERE id = 1",
    "a finding changed": "UPDATE finding SET user = 'mallory' WHERE id = 2",
    "bytes hidden behind a NUL": "UPDATE finding SET host = host || char(0) || 'x' WHERE id = 2",
    "a text made a blob": "UPDATE item SET path_raw = CAST(path AS BLOB) WHERE id = 2",
    "an entry changed": "UPDATE custody SET body = replace(body, 'seccomp', 'none') WHERE id = 0",
    "the last entry cut": "DELETE FROM custody WHERE id = (SELECT max(id) FROM custody)",
    "an entry added": "INSERT INTO custody SELECT max(id) + 1, body FROM custody",
    "entries exchanged": "UPDATE custody SET id = 1 - id - 10 WHERE id < 2;"
                         "UPDATE custody SET id = id + 10 WHERE id < 0",
    "a root replaced": "UPDATE checkpoint SET note = replace(note, 'kanshiki.case/', 'kanshiki.case/0')",
    "a table added": "CREATE TABLE extra(id INTEGER PRIMARY KEY, x)",
    "a trigger added": "CREATE TRIGGER t AFTER INSERT ON item BEGIN DELETE FROM finding; END",
    "another case's id": "UPDATE meta SET value = 'ff' WHERE name = 'case'",
}


def tell(ok, name, why=""):
    global number
    number += 1
    print(f"{'ok' if ok else 'not ok'} {number} - {name}")
    if not ok:
        print("\n".join("# " + line for line in why.splitlines()))


def by_hand(script, case, key, **more):
    env = {"PATH": "/usr/bin:/bin", "CASE": str(case), "KEY": key, **more}
    done = subprocess.run(["bash", "-c", script], env=env, capture_output=True, text=True,
                          cwd=case.parent)
    return done.returncode, done.stdout + done.stderr


def time_stamp(scratch, case, env):
    """A throw-away authority, as a laboratory without network would run one."""
    (scratch / "tsa.cnf").write_text(
        "[tsa]\ndefault_tsa = here\n[here]\nserial = serial\ndefault_policy = 1.2.3\n"
        "digests = sha256\nsigner_digest = sha256\naccuracy = secs:1\n[ext]\n"
        "extendedKeyUsage = critical,timeStamping\n[req]\ndistinguished_name = dn\n[dn]\n")
    (scratch / "serial").write_text("01\n")
    run = lambda *words: subprocess.run(words, cwd=scratch, env=env, check=True,
                                        capture_output=True)
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-out",
        "tsa.pem", "-subj", "/CN=Test authority", "-days", "30", "-config", "tsa.cnf",
        "-extensions", "ext")
    run(kanshiki, "seal", case, "--timestamp-request", "query")
    run("openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-signer",
        "tsa.pem", "-inkey", "tsa.key", "-out", "reply")
    run(kanshiki, "seal", case, "--timestamp-response", "reply", "--timestamp-ca", "tsa.pem")


def stamp_by_url(scratch, case, env):
    """The same authority behind HTTP."""
    class Authority(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            query = self.rfile.read(int(self.headers["Content-Length"]))
            (scratch / "posted").write_bytes(query)
            subprocess.run(["openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "posted",
                            "-signer", "tsa.pem", "-inkey", "tsa.key", "-out", "answer"],
                           cwd=scratch, check=True, capture_output=True)
            self.send_response(200 if self.path == "/good" else 500)
            self.end_headers()
            self.wfile.write((scratch / "answer").read_bytes())

        def log_message(self, *words):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Authority)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for path, code in (("good", 0), ("bad", 2)):
        url = f"http://127.0.0.1:{server.server_port}/{path}"
        done = subprocess.run([kanshiki, "seal", case, "--timestamp-url", url, "--timestamp-ca",
                               "tsa.pem"], cwd=scratch, env=env, capture_output=True, text=True)
        tell(done.returncode == code, f"an authority by URL, {path}", done.stdout + done.stderr)
    server.shutdown()


def main():
    text = (root / "docs/case-file.md").read_text()
    check, check_token = re.findall(r"^```bash\n(.*?)^```$", text, re.M | re.S)
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        case, copy = scratch / "good.case", scratch / "bad.case"
        env = {"PATH": "/usr/bin:/bin", "HOME": folder}
        subprocess.run([writer, case, "12", "3"], check=True)
        subprocess.run([kanshiki, "seal", case], env=env, check=True, capture_output=True)
        key = subprocess.run([kanshiki, "key", "show"], env=env, check=True, capture_output=True,
                             text=True).stdout.strip()

        code, said = by_hand(check, case, key)
        tell(code == 0 and "verified" in said, "a sealed case is verified by hand", said)
        other = key.replace(key[-8:-4], "AAAA")
        code, said = by_hand(check, case, other)
        tell(code != 0, "another key does not verify it", said)
        for name, sql in DEEDS.items():
            shutil.copy(case, copy)
            with sqlite3.connect(copy) as db:
                db.executescript(sql)
            db.close()
            code, said = by_hand(check, copy, key)
            tell(code != 0, f"by hand: {name}", said)
            done = subprocess.run([kanshiki, "verify", copy], env=env, capture_output=True, text=True)
            tell(done.returncode == 2 and "broken" in done.stdout, f"kanshiki verify: {name}",
                 done.stdout + done.stderr)

        time_stamp(scratch, case, env)
        stamp_by_url(scratch, case, env)
        done = subprocess.run([kanshiki, "verify", case, "--timestamp-ca", scratch / "tsa.pem",
                               "--format", "json"], env=env, capture_output=True, text=True)
        tell(done.returncode == 0 and "Test authority" in done.stdout, "the time stamp holds",
             done.stdout + done.stderr)
        done = subprocess.run([kanshiki, "verify", case, "--format", "json"], env=env,
                              capture_output=True, text=True)
        tell(done.returncode == 0 and "nobody vouches" in done.stdout,
             "without its issuer the time stamp is not proven", done.stdout + done.stderr)
        setup = check.split("# 1.")[0]
        code, said = by_hand(setup + check_token, case, key, CA=str(scratch / "tsa.pem"))
        tell(code == 0 and "Verification: OK" in said, "the time stamp holds by hand", said)
        with sqlite3.connect(case) as db:
            db.execute("UPDATE checkpoint SET token = CAST(replace(hex(token), '54657374', "
                       "'54657375') AS BLOB)")
        db.close()
        done = subprocess.run([kanshiki, "verify", case], env=env, capture_output=True, text=True)
        tell(done.returncode == 2, "a changed time stamp is noticed", done.stdout + done.stderr)
    print(f"1..{number}")


main()
