#!/usr/bin/env python3
"""No command overwrites what it was given to read: not by its name, by a link, in a folder, or through a pipe.

usage: tests/golden/outputs.py KANSHIKI
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from tap import finish, told

LOG = b'{"EventID": 1, "Channel": "Security"}\n'
RULES = """title: Any
logsource: {product: windows, service: security}
detection: {s: {EventID: 1}, condition: s}
"""


def main():
    kanshiki = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        env = dict(os.environ, HOME=name, XDG_CACHE_HOME=f"{name}/cache", TMPDIR=name)

        def run(*command, **how):
            return subprocess.run([kanshiki, *map(str, command)], cwd=folder, env=env, capture_output=True, **how)

        evidence = folder / "evidence"
        evidence.mkdir()
        log = evidence / "log.jsonl"
        log.write_bytes(LOG)
        (folder / "hard").hardlink_to(log)
        (folder / "soft").symlink_to(log)
        (folder / "rules.yml").write_text(RULES)
        run("assess", "-q", "--no-starter-rules", "-c", "made.case", log)
        case = (folder / "made.case").read_bytes()

        def kept(what, *command, **how):
            done = run(*command, **how)
            said = b"would be overwritten" in done.stderr
            told(done.returncode == 2 and said and log.read_bytes() == LOG
                 and (folder / "made.case").read_bytes() == case, what, done.stderr)

        for how, to in (("its name", log), ("a hard link", "hard"), ("a symbolic link", "soft")):
            kept(f"assess, {how}", "assess", "-q", "-c", "x.case", log, "-o", to)
            kept(f"events, {how}", "events", log, "-o", to)
        kept("assess of the folder", "assess", "-q", "-c", "x.case", evidence, "-o", log)
        told(not (folder / "x.case").exists(), "nothing was begun")
        kept("events of the folder", "events", evidence, "-o", log)
        kept("hunt, its summary", "hunt", "-r", "rules.yml", log, "-s", log)
        kept("timeline of evidence", "timeline", log, "-o", log)
        kept("timeline of a case", "timeline", "made.case", "-o", "made.case")
        kept("report of a case", "report", "made.case", "-o", "made.case")
        with log.open("rb") as standard_input:
            kept("events of standard input", "events", "-", "-o", log, stdin=standard_input)

        done = run("assess", "-q", "-c", evidence / "in.case", evidence)
        told(b"into a folder of the evidence" in done.stderr, "a case that is written into evidence is told", done.stderr)
        (evidence / "in.case").unlink()
        done = run("assess", "-q", "-c", "out.case", evidence)
        told(b"notice" not in done.stderr, "one beside it is not", done.stderr)
        shutil.copy(folder / "made.case", folder / "other")
        for what, *command in (("assess", "assess", "-q", "-c", "x.case", log), ("events", "events", log),
                               ("timeline", "timeline", "made.case"), ("report", "report", "made.case")):
            kept(f"{what}, over another case", *command, "-o", "other")
            told((folder / "other").read_bytes() == case, "which stays")
            done = run(*command, "-o", "new.case")
            told(done.returncode == 2 and b"name of a case" in done.stderr and not (folder / "new.case").exists(),
                 f"{what}, to the name of a case", done.stderr)
        done = run("assess", "-q", "-c", "same", log, "-o", "same")
        told(done.returncode == 2 and not (folder / "same").exists(), "one name for case and report", done.stderr)
        run("assess", "-q", "-c", "same", log, "-o", folder / "same")
        done = run("verify", "same")
        told(done.returncode == 0, "two names for one file: the case stays", done.stderr)
        done = subprocess.run(["bash", "-c", f"'{kanshiki}' events '{log}' -o >(cat)"], cwd=folder, env=env,
                              capture_output=True, timeout=60)
        told(done.returncode == 0 and b'"Security"' in done.stdout, "a pipe is an output", done.stderr)
        for _ in range(2):
            done = run("events", log, "-o", "out.jsonl")
        told(done.returncode == 0 and b'"Security"' in (folder / "out.jsonl").read_bytes(),
             "what a command wrote itself it writes anew", done.stderr)
        done = run("report", "made.case", "-o", evidence / "new.html")
        told(done.returncode == 0, "a new file in a folder of evidence is the user's word", done.stderr)
        (folder / "full").symlink_to("/dev/full")
        done = run("report", "made.case", "-f", "json", "-o", "full")
        told(done.returncode == 2 and (folder / "full").is_symlink() and b"No space" in done.stderr,
             "a device that is full stays, and is told", done.stderr)
        done = run("timeline", "made.case", "-o", "full")
        told(done.returncode == 2 and b"'full': cannot write: No space" in done.stderr,
             "a time line that finds no room names its file", done.stderr)

        # A pipe that nobody writes to: what may come is waited for with a word, a case never comes.
        pipe = folder / "pipe"
        os.mkfifo(pipe)
        for command in ("verify", "report"):
            done = run(command, pipe, timeout=20)
            told(done.returncode == 2 and b"it is no file" in done.stdout + done.stderr, f"{command} waits for no pipe",
                 done.stderr)
        waiting = subprocess.Popen([kanshiki, "events", str(pipe)], cwd=folder, env=env, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        told(b"nobody writes to the pipe" in waiting.stderr.readline(), "events says that it waits")
        pipe.write_bytes(LOG)
        told(b'"EventID":"1"' in waiting.communicate(timeout=60)[0].replace(b'"EventID":1', b'"EventID":"1"'),
             "and reads what then comes")
    return finish()


if __name__ == "__main__":
    sys.exit(main())
