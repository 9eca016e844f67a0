#!/usr/bin/env python3
"""`kanshiki scan PID` over processes of the test's own.

usage: tests/golden/scan_process.py KANSHIKI

Each is a child that puts something into its memory, says where, and waits. Skips
itself where the kernel does not let us read a child's memory.
"""
import hashlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

CHILD = r"""
import ctypes, mmap, sys, time
m = mmap.mmap(-1, 1 << 16, prot=mmap.PROT_READ | mmap.PROT_WRITE | %s)
put = b"kan" + b"shiki planted here" + bytes.fromhex("78563412efcdab90")
m[100:100 + len(put)] = put
print(ctypes.addressof(ctypes.c_char.from_buffer(m)) + 100, flush=True)
time.sleep(60)
"""
number = 0
failed = False


def check(name, good, more=""):
    global number, failed
    number += 1
    failed |= not good
    print(f"{'ok' if good else 'not ok'} {number} - {name}" + (f"\n# {more}" if not good else ""), flush=True)


def child(executable=False):
    process = subprocess.Popen([sys.executable, "-c", CHILD % ("mmap.PROT_EXEC" if executable else "0")],
                               stdout=subprocess.PIPE)
    return process, int(process.stdout.readline())


def scan(program, rule, target, *options):
    with tempfile.NamedTemporaryFile("w", suffix=".yar") as rules:
        rules.write(rule)
        rules.flush()
        done = subprocess.run([program, "scan", "--no-cache", *options, rules.name, str(target)],
                              capture_output=True, check=False)
    return done.returncode, done.stdout.decode("latin-1"), done.stderr.decode("latin-1")


def end(process):
    process.send_signal(signal.SIGKILL)
    process.wait()


def main():
    program = sys.argv[1]
    rule = 'rule r { strings: $a = "kanshiki planted here" condition: $a and not defined filesize }'
    process, at = child()
    try:
        os.close(os.open(f"/proc/{process.pid}/mem", os.O_RDONLY))
    except OSError as e:
        end(process)
        print(f"1..0 # SKIP no memory of a child to be read here: {e}")
        return
    code, out, err = scan(program, rule, process.pid, "-s")
    found = [int(x, 16) for x in re.findall(r"^0x([0-9a-f]+):\$a", out, re.M)]
    check("a planted string is found at its address", code == 0 and at in found, (at, out, err))
    reads = (f"rule r {{ condition: uint32({at} + 21) == 0x12345678 and int32be({at} + 25) < 0 "
             f"and uint64({at} + 21) == {0x90abcdef12345678 - (1 << 64)} "
             f"and uint8be({at}) == 0x6b and not defined uint32(1) }}")
    code, out, err = scan(program, reads, process.pid)
    check("numbers are read from its memory", (code, out) == (0, f"r {process.pid}\n"), (code, out, err))
    digest = hashlib.md5(b"kanshiki planted here").hexdigest()
    ranges = (f'import "hash" import "math" rule r {{ condition: hash.md5({at}, 21) == "{digest}" '
              f'and math.mean({at}, 1) == 107.0 and not defined hash.md5(1, 5) '
              'and not defined math.mode() and not defined math.count(65) and not defined math.percentage(65) }')
    code, out, err = scan(program, ranges, process.pid)
    check("hash and math read ranges of it", (code, out) == (0, f"r {process.pid}\n"), (code, out, err))
    loop = (f"rule r {{ condition: for any i in ({at}..{at + 30}) : (uint32(i) == 0x12345678) }}")
    code, out, err = scan(program, loop, process.pid)
    check("and in loops", (code, out) == (0, f"r {process.pid}\n"), (code, out, err))
    # Debian's python is linked at a fixed address (ET_EXEC, 2), others may be anywhere (ET_DYN, 3).
    with open("/proc/self/exe", "rb") as own:
        kind = int.from_bytes(own.read(18)[16:18], sys.byteorder)
    elf = (f'import "elf" rule r {{ condition: elf.type == {kind} or '
           f'({kind} == 3 and not defined elf.type) }}')
    code, out, err = scan(program, elf, process.pid)
    check("libraries are not taken for the program", code == 0 and out.startswith("r "), (code, out, err))
    with tempfile.TemporaryDirectory() as folder:
        check_program(program, folder)
    end(process)
    code, out, err = scan(program, rule, process.pid)
    check("a process that has gone is told", code == 1 and not out and "process" in err, (code, out, err))

    process, at = child(executable=True)
    code, out, err = scan(program, rule, process.pid, "-s", "--max-process-memory-chunk", "4096")
    found = [int(x, 16) for x in re.findall(r"^0x([0-9a-f]+):\$a", out, re.M)]
    check("writable and executable memory is read, in small pieces", code == 0 and at in found, (at, out, err))
    slow = 'rule r { condition: for all i in (0..20000000000) : (i >= 0) }'
    scanning = subprocess.Popen([program, "scan", "--no-cache", "-a", "3", "/dev/stdin", str(process.pid)],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    scanning.stdin.write(slow.encode())
    scanning.stdin.close()
    time.sleep(0.3)
    end(process)
    code = scanning.wait()
    said = scanning.stderr.read()
    check("one that goes meanwhile ends the scan in order", code in (0, 1) and b"could not open file" not in said,
          (code, said))
    piped = subprocess.run(["bash", "-c", f"'{program}' scan --no-cache <(sleep 0.2; echo 'rule r {{ condition: true }}') "
                            "/dev/null"], capture_output=True, text=True, check=False)
    check("rules come through a pipe, as late as they like", piped.stdout == "r /dev/null\n", (piped.stdout, piped.stderr))
    print(f"1..{number}")
    sys.exit(failed)


def check_program(program, folder):
    """A program at a fixed address, whose header modules can read in memory."""
    source, made = os.path.join(folder, "p.c"), os.path.join(folder, "p")
    with open(source, "w") as out:
        out.write("unsigned sleep(unsigned);\nint main(void) { sleep(60); return 0; }\n")
    built = subprocess.run(["cc", "-no-pie", "-o", made, source], capture_output=True, check=False)
    if built.returncode:
        print("# no compiler: the header of a program in memory is not tried")
        return
    running = subprocess.Popen([made], stdout=subprocess.DEVNULL)
    time.sleep(0.2)
    rule = 'import "elf" rule r { condition: elf.type == elf.ET_EXEC and elf.number_of_segments > 3 }'
    code, out, err = scan(program, rule, running.pid, "-w")
    check("the header of the program is seen", code == 0 and out == f"r {running.pid}\n", (code, out, err))
    end(running)


if __name__ == "__main__":
    main()
