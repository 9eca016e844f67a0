"""Where YARA-X is on this machine, and how to get it.

Its program `yr` in $YR, on the path or in /opt/peers/bin; else its native module for
Node.js in $YARAX_NODE or /opt/peers/yarax/package, driven by yarax.js beside this file.
"""
import glob
import json
import os
import shutil
import subprocess

INSTALL = ("YARA-X is not here. To get it:\n"
           "  mkdir -p /opt/peers/yarax && cd /opt/peers/yarax &&\n"
           "  npm pack @litko/yara-x-linux-x64-gnu@0.7.2 && tar xf litko-*.tgz\n"
           "or: cargo install yara-x-cli --root /opt/peers")
DRIVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "yarax.js")


def module():
    """The native module, or None."""
    named = os.environ.get("YARAX_NODE")
    found = [named] if named else glob.glob("/opt/peers/yarax/package/*.node")
    return found[0] if found and os.path.exists(found[0]) and shutil.which("node") else None


def program():
    """The program yr, or None."""
    for path in (os.environ.get("YR"), shutil.which("yr"), "/opt/peers/bin/yr"):
        if path and os.access(path, os.X_OK):
            return path
    return None


def _words(defines):
    return [word for d in defines for word in ("--define", d.split("=", 1)[0] + '="' + d.split("=", 1)[1] + '"')]


def scan_command(rules, file_list, defines=()):
    """A command that scans the listed files with one thread; None without YARA-X."""
    if program():
        return [program(), "scan", "--relaxed-re-syntax", "--disable-warnings", "--threads", "1", "--scan-list",
                *_words(defines), *rules, file_list]
    if module():
        return ["node", DRIVER, module(), "scan", file_list, *rules] + (["--", *defines] if defines else [])
    return None


def compile_command(rules, output, defines=()):
    """A command by which yr compiles rules into a file, for scan_compiled; None without yr."""
    if not program():
        return None
    return [program(), "compile", "--relaxed-re-syntax", "--disable-warnings", *_words(defines), "-o", output, *rules]


def scan_compiled(compiled, file_list):
    """A command by which yr scans the listed files with one thread."""
    return [program(), "scan", "-C", "--disable-warnings", "--threads", "1", "--scan-list", compiled, file_list]


def time_command(rules, lists, defines=()):
    """A command that prints, as JSON, processor seconds of compiling and of scanning each list; None without the module."""
    if not module():
        return None
    return ["node", DRIVER, module(), "time", ",".join(lists), *rules] + (["--", *defines] if defines else [])


class Server:
    """The native module as a process that compiles and scans on demand; a panic costs one request."""

    def __init__(self):
        self.process = None
        self.panics = 0

    def ask(self, rules, folder, variables=None):
        if not self.process:
            self.process = subprocess.Popen(["node", DRIVER, module(), "serve"], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            self.process.stdin.write(json.dumps({"rules": rules, "folder": folder, "variables": variables or {}}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if line:
            return json.loads(line)
        self.process.wait()
        self.process = None
        self.panics += 1
        return {"panic": True}

    def close(self):
        if self.process:
            self.process.stdin.close()
            self.process.wait()
