#!/usr/bin/env python3
"""Asks the completion made for bash (and zsh, for its syntax) as a shell would (TAP).

usage: completion_test.py BASH_FILE ZSH_FILE
"""
import shutil
import subprocess
import sys

bash_file, zsh_file = sys.argv[1:3]
ASKED = {
    "kanshiki ver": {"verify", "version"},
    "kanshiki key ": {"show", "make"},
    "kanshiki key show --k": {"--key"},
    "kanshiki verify --format ": {"text", "json"},
    "kanshiki verify --checkp": {"--checkpoint"},
    "kanshiki assess --jobs ": set(),
}
SCRIPT = """source "$1"
IFS=' ' read -r -a COMP_WORDS <<<"$2"
[[ $2 == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_kanshiki
printf '%s\\n' "${COMPREPLY[@]}"
"""
print(f"1..{len(ASKED) + 1}")
for number, (line, wanted) in enumerate(ASKED.items(), 1):
    done = subprocess.run(["bash", "-c", SCRIPT, "bash", bash_file, line], capture_output=True,
                          text=True)
    found = set(done.stdout.split())
    print(f"{'ok' if found == wanted else 'not ok'} {number} - '{line}' gives {sorted(found)}")
last = len(ASKED) + 1
if shutil.which("zsh"):
    code = subprocess.run(["zsh", "-n", zsh_file]).returncode
    print(f"{'not ok' if code else 'ok'} {last} - zsh takes its file")
else:
    print(f"ok {last} - zsh takes its file # SKIP zsh is not here")
