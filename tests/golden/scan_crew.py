#!/usr/bin/env python3
"""`kanshiki scan` over many targets: the same with any number of workers, locked in or not.

usage: tests/golden/scan_crew.py KANSHIKI

Workers are killed and stopped from outside, as a parser's fault would end them.
"""
import os
import signal
import subprocess
import sys
import tempfile
import time

# A sanitizer would make an exit code of the signal that is sent here.
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":handle_segv=0"
number = 0
failed = False
RULE = 'rule r { strings: $a = "needle" condition: $a } rule big { condition: filesize > 1MB }'
SLOW = 'rule s { condition: filesize > 100 and for all i in (0..3000000000) : (i >= 0) }'


def check(name, good, more=""):
    global number, failed
    number += 1
    failed |= not good
    print(f"{'ok' if good else 'not ok'} {number} - {name}" + (f"\n# {more}" if not good else ""), flush=True)


def scan(program, *options):
    done = subprocess.run([program, "scan", "--no-cache", *options], capture_output=True, check=False)
    return done.returncode, sorted(done.stdout.splitlines()), sorted(done.stderr.splitlines())


def worker_of(pid):
    """The first child, once it is locked in (seccomp mode 2)."""
    for _ in range(200):
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            children = f.read().split()
        for child in children:
            try:
                with open(f"/proc/{child}/status", encoding="ascii") as f:
                    if "Seccomp:\t2" in f.read():
                        return int(child)
            except OSError:
                pass
        time.sleep(0.02)
    return None


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        rule, slow, always, data = (os.path.join(folder, n) for n in ("r.yar", "s.yar", "always.yar", "data"))
        os.mkdir(data)
        for path, text in ((rule, RULE), (slow, SLOW), (always, "rule always { condition: true }")):
            with open(path, "w", encoding="ascii") as out:
                out.write(text)
        for i in range(300):
            with open(os.path.join(data, f"f{i}"), "wb") as out:
                out.write(b"hay " * (i % 50) + (b"needle" if i % 7 == 0 else b"") + b"\0" * (i % 100 == 99) * (9 << 20))
        one = scan(program, "-p", "1", rule, data)
        check("matches and exit code", one[0] == 0 and len(one[1]) == 43 + 3 and not one[2], one)
        check("the same with four workers", scan(program, "-p", "4", rule, data) == one)
        check("the same without the sandbox", scan(program, "-p", "2", "--no-sandbox", rule, data) == one)
        check("a list with what is not there goes on", lists(program, rule, data, folder))
        check("a list may name folders", list_of_folder(program, rule, data, folder) == one)
        nothing = scan(program, always, "/dev/null")
        check("the null device is an empty file", nothing == (0, [b"always /dev/null"], []), nothing)
        check("a time limit is told where targets are left", timed_out(program, slow, data))
        check("a second is a whole second", all(scan(program, "-a", "1", "-p", "1", always, rule)[1]
                                                for _ in range(12)))
        check("files of all sizes reach a worker whole", sizes(program, folder))
        with open(os.path.join(data, "f0"), "wb") as out:
            out.write(b"x" * 200)
        running = subprocess.Popen([program, "scan", "--no-cache", "-p", "1", slow, data],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        worker = worker_of(running.pid)
        if worker is None:
            running.kill()
            print("# no seccomp here: a worker's end is not tried")
        else:
            time.sleep(0.3)
            os.kill(worker, signal.SIGSEGV)
            time.sleep(0.3)
            second = worker_of(running.pid)
            check("a worker that dies is followed by another", second not in (None, worker), (worker, second))
            running.kill()
            told = running.communicate()[1]
            check("and its target is told", b"was ended by signal 11" in told, told)
    print(f"1..{number}")
    sys.exit(failed)


def lists(program, rule, data, folder):
    path = os.path.join(folder, "list")
    with open(path, "w", encoding="ascii") as out:
        out.write(f"{data}/f7\n{data}/nothing\n/dev/zero\n{data}/f14\n")
    code, out, err = scan(program, "-p", "2", "--scan-list", rule, path)
    return code == 0 and len(out) == 2 and len(err) == 2


def timed_out(program, rule, data):
    """A folder of files that take forever ends with the time, and says so."""
    start = time.monotonic()
    code, _, err = scan(program, "-a", "1", "-p", "1", rule, data)
    return code == 1 and b"error: scanning timed out, targets are left" in err and time.monotonic() - start < 20


def list_of_folder(program, rule, data, folder):
    path = os.path.join(folder, "folders")
    with open(path, "w", encoding="ascii") as out:
        out.write(f"{data}\n")
    return scan(program, "-p", "2", "--scan-list", rule, path)


def sizes(program, folder):
    """Each file ends with what must be seen there and nowhere else; small and large ones are handed over differently."""
    rule, data = os.path.join(folder, "end.yar"), os.path.join(folder, "sizes")
    os.mkdir(data)
    with open(rule, "w", encoding="ascii") as out:
        out.write('rule r { strings: $a = "needle" condition: #a == 1 and $a at filesize - 6 }')
    wanted = [6, 7, 4096, 32767, 32768, 32769, 131072, 131073, 1 << 20] + [n % 2 * 32000 + n + 6 for n in range(400)]
    for i, size in enumerate(wanted):
        with open(os.path.join(data, f"{i}" + "x" * (i % 200)), "wb") as out:
            out.write(b"-" * (size - 6) + b"needle")
    code, out, err = scan(program, "-p", "1", rule, data)
    return code == 0 and len(out) == len(wanted) and not err


if __name__ == "__main__":
    main()
