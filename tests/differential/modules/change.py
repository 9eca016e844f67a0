"""Copies of real files, changed at random where their headers and tables are.

compare.py --changed asks for them. The same seed and files give the same copies.
"""
import os
import random
import struct

LARGEST = {'dotnet': 5_000_000}     # bytes of a file that is changed; others:
LARGEST_OTHER = 400_000
KINDS = 80              # files that copies are made of
NUMBERS = [0, 1, 2, 3, 4, 7, 8, 0x10, 0x7f, 0x80, 0xff, 0x100, 0x1000, 0x7fff, 0x8000, 0xffff, 0x10000,
           0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff]


def pe_places(data):
    """(offset, length) of the headers and of what the data directories point to."""
    nt, = struct.unpack_from('<I', data, 0x3c)
    sections, optional = struct.unpack_from('<H', data, nt + 6)[0], struct.unpack_from('<H', data, nt + 20)[0]
    wide = struct.unpack_from('<H', data, nt + 24)[0] == 0x20b
    places = [(nt + 4, 0x180), (nt + 24 + optional, 40 * sections), (0x40, max(nt - 0x40, 8))]
    for i in range(16):
        rva, size = struct.unpack_from('<II', data, nt + 24 + (112 if wide else 96) + 8 * i)
        offset = rva if i == 4 else pe_offset(data, nt + 24 + optional, sections, rva)
        if rva and i == 14 and offset is not None:      # of .NET: its tables
            metadata = pe_offset(data, nt + 24 + optional, sections, struct.unpack_from('<I', data, offset + 8)[0])
            places += [(metadata, 0x100), (metadata, 0x800)] * 3 if metadata else []
        if rva and offset is not None:
            places += [(offset, max(16, min(size, 0x400)))] * (3 if i in (0, 1, 2, 4, 6, 14) else 1)
    return places


def pe_offset(data, table, sections, rva):
    for i in range(sections):
        virtual, start, raw, offset = struct.unpack_from('<IIII', data, table + 40 * i + 8)
        if start <= rva < start + max(virtual, raw):
            return offset + rva - start
    return None


def places_of(module, data):
    if module in ('pe', 'dotnet'):
        try:
            return pe_places(data)
        except struct.error:
            pass
    return [(8, 0x100), (8, 0x200), (8, 0x1000), (8, len(data) - 8)]


def change(data, places, rnd):
    start, length = rnd.choice(places)
    at = min(start + rnd.randrange(max(1, length)), len(data) - 1)
    kind = rnd.random()
    if kind < .35:
        data[at] = rnd.randrange(256)
    elif kind < .85:
        at &= ~1
        width = rnd.choice([2, 4, 4, 8])
        value = rnd.choice(NUMBERS) if rnd.random() < .6 else rnd.randrange(len(data) + 64)
        if rnd.random() < .3 and at + width <= len(data):
            value = int.from_bytes(data[at:at + width], 'little') + rnd.choice([-1, 1, 4, -4, 0x1000])
        data[at:at + width] = (value & ((1 << 8 * width) - 1)).to_bytes(width, 'little')
    elif kind < .9:
        del data[rnd.randrange(max(1, len(data) // 4), len(data)):]
    else:
        source, length = rnd.randrange(len(data)), rnd.randrange(1, 64)
        data[at:at + length] = data[source:source + length]


def changed(names, module, count, seed, folder):
    """Writes `count` changed copies into `folder`, one at a time, and yields their names."""
    rnd = random.Random(seed)
    names = sorted(name for name in names if 64 < os.path.getsize(name) < LARGEST.get(module, LARGEST_OTHER))
    rnd.shuffle(names)
    originals = []
    for name in names[:KINDS]:
        with open(name, 'rb') as f:
            originals.append(f.read())
    for i in range(count if originals else 0):
        data = bytearray(rnd.choice(originals))
        places = places_of(module, data)
        for _ in range(rnd.choice([1, 1, 2, 3, 6])):
            change(data, places, rnd)
        name = os.path.join(folder, f'{module}-{seed}-{i}')
        with open(name, 'wb') as f:
            f.write(data)
        yield name
