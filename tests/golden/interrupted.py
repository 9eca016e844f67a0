#!/usr/bin/env python3
"""`kanshiki assess` that is ended by a signal says so, and how to go on; `timeline` leaves nothing behind.

usage: tests/golden/interrupted.py KANSHIKI

The signal goes to the whole group of processes, as Ctrl-C, timeout(1) and a service
manager send it. What is assessed takes long enough to be met in the middle.
"""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

number = 0
failed = False


def check(name, good, more=""):
    global number, failed
    number += 1
    failed |= not good
    print(f"{'ok' if good else 'not ok'} {number} - {name}" + (f"\n# {more}" if not good else ""), flush=True)


def ended_by(what, program, folder, *options):
    """What a run says that is ended as soon as it examines something."""
    case = folder / "a.case"
    for old in folder.glob("a.case*"):
        old.unlink()
    run = subprocess.Popen([program, "assess", *options, folder / "evidence", "--case", case, "--no-starter-rules"],
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
    while run.poll() is None and not case.exists():
        time.sleep(0.02)
    time.sleep(0.3)
    if run.poll() is None:
        os.killpg(run.pid, what)
    said = run.communicate(timeout=60)[1].decode()
    return run.returncode, said


def timeline_ended_by(what, program, folder):
    """How it ended, and what is left of what it made for itself."""
    place = folder / what.name
    place.mkdir()
    run = subprocess.Popen([program, "timeline", folder / "evidence"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                           env={**os.environ, "TMPDIR": str(place)}, start_new_session=True)
    while run.poll() is None and not list(place.glob("*/work.case")):
        time.sleep(0.02)
    if run.poll() is None:
        os.killpg(run.pid, what)
    return run.wait(timeout=60), list(place.glob("**/*"))


def main():
    program = sys.argv[1]
    # What nohup or a shell's background told us to ignore, the program would ignore as well.
    for what in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(what, signal.SIG_DFL)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        (folder / "evidence").mkdir()
        for i in range(20):
            with open(folder / "evidence" / f"{i}", "wb") as out:
                out.write(b"%d" % i)
                out.truncate(4 << 30)
        for what in (signal.SIGTERM, signal.SIGINT):
            code, said = ended_by(what, program, folder)
            check(f"{what.name}: could not do it", code == 2, f"{code}")
            check(f"{what.name}: says what happened and how to go on",
                  "stopped by a signal; go on with --resume --case" in said, said)
        for what in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            code, left = timeline_ended_by(what, program, folder)
            check(f"timeline, {what.name}: ends by it", code == -what, f"{code}")
            check(f"timeline, {what.name}: leaves no working case behind", not left, f"{left}")
        code, said = ended_by(signal.SIGTERM, program, folder, "--live")
        check("--live: could not do it", code == 2, f"{code}")
        check("--live: says what happened, and that it is not gone on with",
              "stopped by a signal: case" in said and "--resume --case" not in said, said)
    print(f"1..{number}")
    sys.exit(failed)


main()
