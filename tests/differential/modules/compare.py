#!/usr/bin/env python3
"""Compares what our YARA modules see with what the peer sees, field by field.

usage: compare.py [--changed COUNT [--seed N] [--keep FOLDER]] MODULE KANSHIKI FILE-OR-FOLDER...

KANSHIKI is our program; its `scan -D` gives our side. The peer is libyara 4.5
through yara-python (pip install yara-python) where that has the module, else
/usr/bin/yara -D. For each field
path (list positions left out) the script prints how often it agreed and
differed, with the first files and values that differ. Exit status 1: differences.
With --changed it compares COUNT copies of the files, changed at random (change.py),
and keeps those that differ in FOLDER.
Expected differences are explained in docs/yara-modules.md.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict

from change import changed

try:
    import yara
except ImportError:
    yara = None

MAGIC = {
    'pe': lambda head: head[:2] == b'MZ',
    'dotnet': lambda head: head[:2] == b'MZ',
    'elf': lambda head: head[:4] == b'\x7fELF',
    'macho': lambda head: head[:4] in (b'\xce\xfa\xed\xfe', b'\xcf\xfa\xed\xfe', b'\xfe\xed\xfa\xce',
                                       b'\xfe\xed\xfa\xcf', b'\xca\xfe\xba\xbe', b'\xca\xfe\xba\xbf'),
    'dex': lambda head: head[:4] == b'dex\n',
}


def files_of(arguments, module):
    for argument in arguments:
        names = [argument] if os.path.isfile(argument) else (
            os.path.join(folder, name) for folder, _, names in os.walk(argument) for name in names)
        for name in names:
            try:
                with open(name, 'rb') as f:
                    if MAGIC[module](f.read(16)):
                        yield name
            except OSError:
                pass


# What YARA-X alone has is asked of YARA-X: compare_x.py.
X_ONLY = {
    'macho': re.compile(r'(file\[\]\.)?(build_version|certificates|code_signature_data|dyld_info|dylibs|dynamic_linker|'
                        r'dysymtab|entitlements|exports|imports|linker_options|min_version|rpaths|source_version|'
                        r'symtab|uuid)\b|fat_arch\[\]\.reserved'),
    'elf': re.compile(r'osabi$|(symtab|dynsym)\[\]\.visibility'),
    'pe': re.compile(r'rich_signature\.tools'),
    'dex': re.compile(r'is_dex$|header\.(version|link_off|container_size|header_offset)$|(types|protos|fields|methods)\[|'
                      r'class_defs\[\]\.(class|superclass|source_file)$|map_list\.items'),
}


def fold(text):
    """Bytes that are no visible ASCII, in whichever way they are shown, as one '?'."""
    return re.sub(r'(?:\\x[0-9a-f]{2}|[^\x20-\x7e])+', '?', text)


def peer_value(text):
    if text == b'YR_UNDEFINED':
        return None
    if text.startswith(b'"'):
        return text[1:-1].decode('utf-8', 'replace')
    try:
        return int(text)
    except ValueError:
        return float(text)


def peer_object(output, module):
    """The indented text of yara -D as nested dictionaries; lists have keys [n]."""
    root, stack = {}, []
    inside = False
    for line in output.split(b'\n'):
        depth = len(line) - len(line.lstrip(b'\t'))
        body = line[depth:]
        if depth == 0:
            inside = body == module.encode()
            stack = [root]
            continue
        if not inside or not body:
            continue
        del stack[depth:]
        name, equals, value = body.partition(b' = ')
        key = name.decode('utf-8', 'replace')
        if equals:
            stack[-1][key] = peer_value(value)
        else:
            stack.append(stack[-1].setdefault(key, {}))
    return root


def flat(value, path='', out=None):
    out = {} if out is None else out
    if isinstance(value, dict):
        for key, inner in value.items():
            flat(inner, path + key if key.startswith('[') else path + '.' + key if path else key, out)
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            flat(inner, f'{path}[{i}]', out)
    elif isinstance(value, bytes):
        out[path] = value.decode('utf-8', 'replace')
    elif value is not None:
        out[path] = value
    return out


def same(ours, theirs):
    if isinstance(ours, str) and isinstance(theirs, str):
        return fold(ours) == fold(theirs)
    if isinstance(ours, float) or isinstance(theirs, float):
        return abs(ours - theirs) < 1e-6
    return ours == theirs


class RuleFile:
    """A rule that imports the module, for the commands."""

    def __init__(self, module):
        self.file = tempfile.NamedTemporaryFile('w', suffix='.yar')
        self.file.write(f'import "{module}"\nrule always {{ condition: true }}\n')
        self.file.flush()
        self.name = self.file.name


class CommandPeer:
    """yara -D: text that does not tell a missing list from an empty one."""

    def __init__(self, module):
        self.module = module
        self.rule = RuleFile(module)

    def object(self, name):
        peer = subprocess.run(['yara', '-D', self.rule.name, name], capture_output=True, check=True)
        return peer_object(peer.stdout, self.module)


class LibraryPeer:
    def __init__(self, module):
        self.rules = yara.compile(source=f'import "{module}" rule always {{ condition: true }}')

    def object(self, name):
        found = {}

        def take(data):
            found.update(data)
            return yara.CALLBACK_CONTINUE
        try:
            self.rules.match(name, modules_callback=take)
        except SystemError:     # a dictionary's key is no UTF-8: yara-python cannot tell it
            return None
        found.pop('module', None)
        return found


def our_object(program, rule, module, name):
    """None where the program failed."""
    ours = subprocess.run([program, 'scan', '-D', rule.name, name], capture_output=True)
    for line in ours.stdout.split(b'\n'):
        if ours.returncode == 0 and line.startswith(b'{'):
            return json.loads(line)[module]
    print(f'{name}: we {ours.returncode} {ours.stderr[-200:]}')
    return None


class Tally:
    def __init__(self, module):
        self.module, self.files, self.untold = module, 0, 0
        self.agreed, self.differed, self.examples = Counter(), Counter(), defaultdict(list)

    def ignored(self, field, mine):
        """What only YARA-X has, and constants."""
        return (self.module in X_ONLY and X_ONLY[self.module].match(field)) or (
            mine is None and re.match(r'^[A-Z]', field))

    def add(self, name, mine, theirs):
        """True where the file's values are the same."""
        before = sum(self.differed.values())
        self.files += 1
        for path in theirs.keys() | mine.keys():
            field = re.sub(r'\[\d+\]', '[]', path)
            if self.ignored(field, mine.get(path)):
                continue
            if same(mine.get(path), theirs.get(path)):
                self.agreed[field] += 1
                continue
            self.differed[field] += 1
            if len(self.examples[field]) < 3:
                self.examples[field].append((name, path, mine.get(path), theirs.get(path)))
        return sum(self.differed.values()) == before

    def show(self, peer):
        print(f'{self.module}: {type(peer).__name__}, {self.files} files, {sum(self.agreed.values())} values agree, '
              f'{sum(self.differed.values())} differ; {self.untold} files that the peer cannot tell')
        for field in sorted(self.differed):
            print(f'  {field}: {self.differed[field]} differ, {self.agreed[field]} agree')
            for name, path, mine, theirs in self.examples[field]:
                print(f'    {name}: {path}: we {mine!r:.120}, peer {theirs!r:.120}')


def targets_of(options, folder):
    names = files_of(options.targets, options.module)
    if not options.changed:
        return names
    return changed(names, options.module, options.changed, options.seed, folder)


def compare(options, folder):
    module, tally = options.module, Tally(options.module)
    peer = LibraryPeer(module) if yara and module in yara.modules else CommandPeer(module)
    rule = RuleFile(module)
    for name in targets_of(options, folder):
        ours, theirs = our_object(options.kanshiki, rule, module, name), peer.object(name)
        if ours is None:
            tally.differed['(run)'] += 1
        if theirs is None:
            tally.untold += 1
        alike = ours is not None and (theirs is None or tally.add(name, flat(ours), flat(theirs)))
        if not alike and options.keep:
            shutil.copy(name, options.keep)
        if options.changed:
            os.unlink(name)
    tally.show(peer)
    return 1 if tally.differed else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('module')
    parser.add_argument('kanshiki')
    parser.add_argument('targets', nargs='+')
    parser.add_argument('--changed', type=int)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--keep')
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(compare(parser.parse_args(), folder))


if __name__ == '__main__':
    main()
