#!/usr/bin/env python3
"""What could not end well is not begun: a run of hours must not fail for a slip in its last option.

usage: tests/golden/begin.py KANSHIKI
"""
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from tap import finish, told


def main():
    kanshiki = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        env = dict(os.environ, HOME=name, XDG_CACHE_HOME=f"{name}/cache", TMPDIR=name)
        env.pop("XDG_CONFIG_HOME", None)
        (folder / "evidence").mkdir()
        (folder / "evidence/a.txt").write_text("a\n")
        (folder / "pages").mkdir()
        (folder / "notes.txt").write_text("no digest here\n")
        (folder / "open.key").write_text("PRIVATE\n")
        (folder / "open.key").chmod(0o644)
        (folder / "set.txt").write_text("d41d8cd98f00b204e9800998ecf8427e\n")
        before = sorted(p.name for p in folder.iterdir())

        def refused(what, words, *options, **more):
            done = subprocess.run([kanshiki, "assess", "-q", "--no-starter-rules", "-c", "x.case", "evidence", *options], cwd=folder,
                                  env={**env, **more}, capture_output=True, timeout=60)
            told(done.returncode == 2 and words in done.stderr and not done.stdout and not (folder / "x.case").exists(),
                 what, done.stderr)

        refused("a report in no folder", b"'gone/x.html': No such file", "-o", "gone/x.html")
        refused("a report that is a folder", b"'pages': Is a directory", "-o", "pages")
        refused("a signing key that is not there", b"no signing key (--key FILE", "--key", "gone.key")
        refused("a signing key that all may read", b"only its owner", "--key", "open.key")
        refused("no place for a signing key", b"no signing key", HOME="/dev/null")
        refused("a hash set that is not there", b"cannot read 'gone'", "--known-good", "gone")
        refused("a folder as a hash set", b"cannot read 'evidence'", "--known-good", "evidence")
        refused("a file without digests", b"is no hash set", "--known-good", "set.txt", "--known-good", "notes.txt")
        left = sorted(p.name for p in folder.iterdir() if p.name not in (".config", "cache"))
        told(left == before, "nothing is left behind", left)
        done = subprocess.run([kanshiki, "assess", "-q", "--no-starter-rules", "-c", "x.case", "evidence", "-o", "x.html",
                               "--known-good", "set.txt"], cwd=folder, env=env, capture_output=True, timeout=60)
        told(done.returncode == 0 and (folder / "x.html").exists(), "and where all is well it ends well", done.stderr)
        for command in ("key show extra", "key make extra", "version extra"):
            done = subprocess.run([kanshiki, *command.split()], cwd=folder, env=env, capture_output=True, timeout=60)
            told(done.returncode == 2 and b"too many arguments" in done.stderr, command, done.stderr)
        for command in ("events evidence -o gone/x", "timeline evidence -o gone/x", "report x.case -o gone/x"):
            done = subprocess.run([kanshiki, *command.split()], cwd=folder, env=env, capture_output=True, timeout=60)
            told(done.returncode == 2 and b"cannot write 'gone/x': No such file" in done.stderr, command, done.stderr)
    return finish()


if __name__ == "__main__":
    sys.exit(main())
