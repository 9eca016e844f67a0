#!/usr/bin/env python3
"""Writes the small synthetic executables that unit tests and fuzzers start from.

usage: make_seeds.py TESTS_CORPUS_FOLDER      (from the source tree: tests/corpus)

Everything is made here from the formats' specifications; no file of anybody
else is used. Signing a PE needs osslsigncode and openssl; without them the
signed seed is left as it is.
"""
import os
import struct
import subprocess
import sys
import tempfile

pack = struct.pack


def put(image, at, data):
    if len(image) < at + len(data):
        image.extend(bytes(at + len(data) - len(image)))
    image[at:at + len(data)] = data


def wide(text):
    return text.encode('utf-16le')


# ---- PE ----
# One section of 0x1000 bytes, at file offset 0x400 and address 0x1000.
RAW, RVA, SECTION = 0x400, 0x1000, 0x1800


class Section:
    def __init__(self):
        self.data = bytearray(SECTION)
        self.end = 0

    def add(self, data, align=4):
        at = (self.end + align - 1) // align * align
        self.data[at:at + len(data)] = data
        self.end = at + len(data)
        assert self.end <= SECTION
        return RVA + at


def version_block(key, value=b'', kids=b'', value_length=0, kind=1):
    head = wide(key) + b'\0\0'
    body = bytearray(6) + head
    body += bytes(-len(body) % 4) + value
    if kids:
        body += bytes(-len(body) % 4) + kids
    body[0:6] = pack('<HHH', len(body), value_length, kind)
    return bytes(body)


def padded(blocks):
    return b''.join(b + bytes(-len(b) % 4) for b in blocks)


def version_resource(texts=(('CompanyName', 'Kanshiki'), ('FileVersion', '1.2'))):
    strings = padded([version_block(key, wide(text) + b'\0\0', value_length=len(text) + 1) for key, text in texts])
    table = version_block('040904b0', kids=strings)
    info = version_block('StringFileInfo', kids=table)
    fixed = pack('<II', 0xfeef04bd, 0x10000) + bytes(44)
    return version_block('VS_VERSION_INFO', value=fixed, kids=info, value_length=52, kind=0)


def pe(wide_pe, cli=None, version=None):
    s = Section()
    entry = s.add(b'\xff\x25' + bytes(14))
    word = '<Q' if wide_pe else '<I'
    width = 8 if wide_pe else 4
    # imports: KERNEL32.dll by name, WS2_32.dll by ordinal 115
    by_name = s.add(pack('<H', 7) + b'ExitProcess\0')
    thunks = s.add(pack(word, by_name) + pack(word, 0), 8)
    slots = s.add(pack(word, by_name) + pack(word, 0), 8)
    ordinal = pack(word, 1 << (width * 8 - 1) | 115) + pack(word, 0)
    thunks2, slots2 = s.add(ordinal, 8), s.add(ordinal, 8)
    kernel, winsock = s.add(b'KERNEL32.dll\0'), s.add(b'WS2_32.dll\0')
    imports = s.add(pack('<IIIII', thunks, 0, 0, kernel, slots) +
                    pack('<IIIII', thunks2, 0, 0, winsock, slots2) + bytes(20))
    # delayed imports: USER32.dll
    user = s.add(b'USER32.dll\0')
    delayed_name = s.add(pack('<H', 1) + b'MessageBoxA\0')
    names = s.add(pack(word, delayed_name) + pack(word, 0), 8)
    table = s.add(pack(word, entry) + pack(word, 0), 8)
    delayed = s.add(pack('<IIIIIIII', 1, user, 0, table, names, 0, 0, 0) + bytes(32))
    # exports: named Run, forwarded Old, one by ordinal only; ordinals from 5
    base = (s.end + 3) // 4 * 4 + RVA
    forward = base + 40
    dll = forward + 12
    run, old = dll + 12, dll + 16
    addresses = dll + 20
    s.add(pack('<IIHHIIIIIII', 0, 0x5f000000, 0, 0, dll, 5, 3, 2, addresses, addresses + 12,
               addresses + 20) + b'NTDLL.Other\0' + b'tiny.dll\0\0\0\0' + b'Run\0Old\0' +
          pack('<III', entry, forward, entry + 4) + pack('<II', old, run) + pack('<HH', 1, 0))
    exports_size = s.end + RVA - base
    # resources: version 1 in English, and a string-named one
    version = version or version_resource()
    data_at = s.add(version)
    blob_at = s.add(b'blob')
    root = (s.end + 3) // 4 * 4 + RVA
    tree = pack('<IIHHHH', 0, 0x11223344, 4, 2, 1, 1)
    tree += pack('<II', 0x80000000 | 128, 0x80000000 | 32) + pack('<II', 16, 0x80000000 | 56)
    tree += pack('<IIHHHH', 0, 0, 0, 0, 0, 1) + pack('<II', 7, 0x80000000 | 80)
    tree += pack('<IIHHHH', 0, 0, 0, 0, 0, 1) + pack('<II', 1, 0x80000000 | 104)
    tree += pack('<IIHHHH', 0, 0, 0, 0, 0, 1) + pack('<II', 0x409, 144)
    tree += pack('<IIHHHH', 0, 0, 0, 0, 0, 1) + pack('<II', 0x409, 160)
    tree += pack('<H', 4) + wide('DATA') + bytes(6)
    tree += pack('<IIII', blob_at, 4, 0, 0) + pack('<IIII', data_at, len(version), 0, 0)
    assert s.add(tree) == root and len(tree) == 176
    # debug directory
    record = s.add(b'RSDS' + bytes(16) + pack('<I', 1) + b'C:\\src\\tiny.pdb\0')
    debug = s.add(pack('<IIHHIIII', 0, 0, 0, 0, 2, 40, record, record - RVA + RAW))
    clr = s.add(cli(s), 4) if cli else 0

    directories = [(base, exports_size), (imports, 60), (root, 176 + 4), (0, 0), (0, 0), (0, 0),
                   (debug, 28)] + [(0, 0)] * 6 + [(delayed, 64), (clr, 72 if clr else 0), (0, 0)]
    image = bytearray(RAW)
    put(image, 0, b'MZ' + bytes(58) + pack('<I', 0xc0))
    # rich header: one entry, tool 0x105, version 30000, 3 times
    key = 0x1badb002
    rich = [0x536e6144, 0, 0, 0, 0x105 << 16 | 30000, 3]
    put(image, 0x80, b''.join(pack('<I', w ^ key) for w in rich) + b'Rich' + pack('<I', key))
    put(image, 0xc0, b'PE\0\0' + pack('<HHIIIHH', 0x8664 if wide_pe else 0x14c, 2, 0x60000000,
                                      RAW + SECTION, 0, 240 if wide_pe else 224, 0x2022))
    optional = pack('<HBBIIIII', 0x20b if wide_pe else 0x10b, 14, 1, 0x200, 0x400, 0, entry, RVA)
    optional += pack('<Q', 0x140000000) if wide_pe else pack('<II', RVA, 0x400000)
    optional += pack('<IIHHHHHHIIIIHH', 0x1000, 0x200, 6, 1, 2, 3, 6, 2, 0, 0x4000, RAW, 0x1234, 3,
                     0x160)
    optional += b''.join(pack(word, n) for n in (0x100000, 0x1000, 0x200000, 0x2000))
    optional += pack('<II', 0, 16) + b''.join(pack('<II', *d) for d in directories)
    put(image, 0xd8, optional)
    sections = pack('<8sIIIIIIHHI', b'.text', SECTION, RVA, SECTION, RAW, 0, 0, 0, 0, 0x60000020)
    sections += pack('<8sIIIIIIHHI', b'/4', 0x100, 0x3000, 0, 0, 0, 0, 0, 0, 0x42000040)
    put(image, 0xd8 + len(optional), sections)
    put(image, RAW, bytes(s.data))
    image += pack('<I', 22) + b'.debug_everything\0'   # COFF strings
    return bytes(image)


# ---- .NET, inside a PE ----

def cli_header(s):
    strings = b'\0<Module>\0tiny.exe\0Outer\0Demo\0Inner\0Run\0count\0T\0mscorlib\0Object\0System\0Tiny\0'
    index = lambda name: strings.index(b'\0' + name + b'\0') + 1
    blobs = b'\0' + b'\x05\x00\x01\x0e\x08\x00' + b'\x08\x20\x01\x01\x15\x12\x08\x01\x13\x00' + b'\x04\x0e\x61\x00\x62'
    rows = {
        0x00: [pack('<HHHHH', 0, index(b'tiny.exe'), 1, 0, 0)],
        0x01: [pack('<HHH', 6, index(b'Object'), index(b'System'))],
        0x02: [pack('<IHHHHH', 0, index(b'<Module>'), 0, 0, 1, 1),
               pack('<IHHHHH', 0x181, index(b'Outer'), index(b'Demo'), 5, 1, 1),
               pack('<IHHHHH', 0x2, index(b'Inner'), 0, 5, 1, 2)],
        0x06: [pack('<IHHHHH', 0, 0, 0x16, index(b'Run'), 1, 1),
               pack('<IHHHHH', 0, 0, 0x446, index(b'Run'), 7, 2)],
        0x08: [pack('<HHH', 0, 1, index(b'count')), pack('<HHH', 0, 1, index(b'count'))],
        0x0b: [pack('<HHH', 0x0e, 4, 16)],
        0x1a: [pack('<H', index(b'mscorlib'))],
        0x20: [pack('<IHHHHIHHH', 0x8004, 1, 2, 3, 4, 0, 0, index(b'Tiny'), 0)],
        0x23: [pack('<HHHHIHHHH', 4, 0, 0, 0, 0, 0, index(b'mscorlib'), 0, 0)],
        0x29: [pack('<HH', 3, 2)],
        0x2a: [pack('<HHHH', 0, 0, 3 << 1, index(b'T'))],
    }
    valid = sum(1 << t for t in rows)
    tables = pack('<IBBBBQQ', 0, 2, 0, 0, 1, valid, 0)
    tables += b''.join(pack('<I', len(rows[t])) for t in sorted(rows))
    tables += b''.join(b''.join(rows[t]) for t in sorted(rows)) + bytes(8)
    user = b'\0' + b'\x05' + wide('hi') + b'\0' + bytes(1)
    streams = [(b'#~\0\0', tables), (b'#Strings\0\0\0\0', strings), (b'#US\0', user),
               (b'#GUID\0\0\0', bytes(range(16))), (b'#Blob\0\0\0', blobs)]
    head = pack('<IHHII', 0x424a5342, 1, 1, 0, 12) + b'v4.0.30319\0\0' + pack('<HH', 0, len(streams))
    at = len(head) + sum(8 + len(name) for name, _ in streams)
    body = b''
    for name, data in streams:
        head += pack('<II', at, len(data)) + name
        data += bytes(-len(data) % 4)
        body += data
        at += len(data)
    metadata = s.add(head + body)
    return pack('<IHHII', 72, 2, 5, metadata, len(head + body)) + bytes(56)


# ---- ELF ----

def elf(bits, order):
    o, word = order, 'Q' if bits == 64 else 'I'
    names = b'\0.text\0.dynsym\0.dynstr\0.shstrtab\0'
    strings = b'\0Alpha\0beta_function\0' + b''.join(b'fn_%d_long_name\0' % i for i in range(12))
    index = lambda n: strings.index(b'\0' + n + b'\0') + 1

    def symbol(name, info, section):
        if bits == 64:
            return pack(o + 'IBBHQQ', name, info, 0, section, 0x1000, 8)
        return pack(o + 'IIIBBH', name, 0x1000, 8, info, 0, section)
    symbols = symbol(0, 0, 0) + symbol(index(b'Alpha'), 0x12, 1) + symbol(index(b'beta_function'), 0x12, 0)
    symbols += b''.join(symbol(index(b'fn_%d_long_name' % i), 0x12, i % 2) for i in range(12))
    dynamic = pack(o + word * 2, 1, 1) + pack(o + word * 2, 0, 0)
    header, segment, section = (64, 56, 64) if bits == 64 else (52, 32, 40)
    text = header + 2 * segment
    text += -text % 16
    at = {'text': text, 'symbols': text + 16}
    at['strings'] = at['symbols'] + len(symbols)
    at['dynamic'] = at['strings'] + len(strings)
    at['names'] = at['dynamic'] + len(dynamic)
    sections = at['names'] + len(names)
    sections += -sections % 8
    image = bytearray()
    put(image, 0, b'\x7fELF' + bytes([2 if bits == 64 else 1, 1 if o == '<' else 2, 1]) + bytes(9))
    put(image, 16, pack(o + 'HHI' + word * 3 + 'IHHHHHH', 3, 62 if bits == 64 else 8, 1, 0x1004,
                        header, sections, 0, header, segment, 2, section, 5, 4))

    def program(kind, offset, size):
        if bits == 64:
            return pack(o + 'IIQQQQQQ', kind, 5, offset, 0x1000, 0x1000, size, size, 0x10)
        return pack(o + 'IIIIIIII', kind, offset, 0x1000, 0x1000, size, size, 5, 0x10)
    put(image, header, program(1, at['text'], 16) + program(2, at['dynamic'], len(dynamic)))
    put(image, at['text'], b'\x90' * 16)
    put(image, at['symbols'], symbols)
    put(image, at['strings'], strings)
    put(image, at['dynamic'], dynamic)
    put(image, at['names'], names)

    def row(name, kind, flags, address, offset, size, link):
        return pack(o + 'II' + word * 4 + 'II' + word * 2, name, kind, flags, address, offset, size,
                    link, 0, 1, 0)
    n = lambda name: names.index(name)
    put(image, sections, row(0, 0, 0, 0, 0, 0, 0) +
        row(n(b'.text'), 1, 6, 0x1000, at['text'], 16, 0) +
        row(n(b'.dynsym'), 11, 2, 0, at['symbols'], len(symbols), 3) +
        row(n(b'.dynstr'), 3, 2, 0, at['strings'], len(strings), 0) +
        row(n(b'.shstrtab'), 3, 0, 0, at['names'], len(names), 0))
    return bytes(image)


# ---- Mach-O ----

def macho(bits, main):
    section = pack('<16s16s' + ('QQ' if bits == 64 else 'II') + 'IIIIIII', b'__text', b'__TEXT',
                   0x1000, 0x20, 0x100, 4, 0, 0, 0x80000400, 0, 0) + (bytes(4) if bits == 64 else b'')
    word = 'QQQQ' if bits == 64 else 'IIII'
    head = 72 if bits == 64 else 56
    segment = pack('<II16s' + word + 'IIII', 0x19 if bits == 64 else 1, head + len(section),
                   b'__TEXT', 0x1000, 0x2000, 0, 0x200, 7, 5, 1, 0) + section
    if main:
        entry = pack('<IIQQ', 0x80000028, 24, 0x104, 0x8000)
    else:
        state = bytearray(64)
        state[40:44] = pack('<I', 0x1010)
        entry = pack('<IIII', 5, 80, 1, 16) + bytes(state)
    cpu = 0x1000007 if bits == 64 else 7
    commands = segment + entry
    image = pack('<IIIIIII', 0xfeedfacf if bits == 64 else 0xfeedface, cpu, 3, 2, 2, len(commands),
                 0x85) + (bytes(4) if bits == 64 else b'') + commands
    return image + bytes(0x200 - len(image))


def macho_linked():
    """With libraries, symbols, versions, imports, exports and entitlements (all made up)."""
    def text(number, *numbers, name):
        body = pack(f'<{len(numbers)}I', *numbers) + name + b'\0'
        body += bytes(-len(body) % 8)
        return pack('<II', number, 8 + len(body)) + body
    plist = (b'<?xml version="1.0"?><plist version="1.0"><dict><key>com.apple.security.get-task-allow'
             b'</key><true/></dict></plist>')
    blob = pack('>II', 0xfade7171, 8 + len(plist)) + plist
    signature = pack('>IIIII', 0xfade0cc0, 20 + len(blob), 1, 5, 20) + blob
    symbols = pack('<IBBHQ', 1, 1, 0, 0, 0) + pack('<IBBHQ', 9, 15, 1, 0, 0x1000)
    names = b'\0_printf\0_Main\0'
    bind = b'\x11\x40_printf\0\x90\x40_malloc\0\x90\x40_printf\0\x90\0'
    # The root has "_", and that leads to "_Main" and "_other".
    trie = b'\0\1_\0\5' + b'\0\2Main\0\x14other\0\x18' + b'\2\0\x10\0' + b'\2\0\x20\0'
    tables, at = b'', 0x400
    places = []
    for part in (symbols, names, bind, trie, signature):
        places.append((at + len(tables), len(part)))
        tables += part
    commands = [
        text(0xc, 24, 2, 0x10203, 0x10000, name=b'/usr/lib/libSystem.B.dylib'),
        text(0x80000018, 24, 2, 0x20000, 0x10000, name=b'@rpath/libweak.dylib'),
        text(0x8000001c, 12, name=b'@loader_path/../Frameworks'),
        text(0xe, 12, name=b'/usr/lib/dyld'),
        text(0x2d, 2, name=b'-framework\0Cocoa'),
        pack('<II', 0x1b, 24) + bytes(range(16)),
        pack('<IIQ', 0x2a, 16, 1 << 40 | 2 << 30 | 3 << 20 | 4 << 10 | 5),
        pack('<IIIIIIII', 0x32, 32, 1, 0xb0000, 0xf0500, 1, 3, 0x48f0500),
        pack('<IIII', 0x24, 16, 0xa0900, 0xa0e01),
        pack('<IIIIII', 2, 24, places[0][0], 2, *places[1]),
        pack('<II18I', 0xb, 80, *range(18)),
        pack('<II10I', 0x80000022, 48, 0, 0, *places[2], 0, 0, 0, 0, *places[3]),
        pack('<IIII', 0x1d, 16, *places[4]),
    ]
    image = pack('<8I', 0xfeedfacf, 0x1000007, 3, 2, len(commands), sum(map(len, commands)), 0x85, 0)
    image += b''.join(commands)
    assert len(image) <= at
    return image.ljust(at, b'\0') + tables


def macho_signed():
    """Nothing but a code signature with two certificates, one signed by itself."""
    def run(*words, **more):
        return subprocess.run(['openssl', *words], check=True, capture_output=True, **more).stdout
    with tempfile.TemporaryDirectory() as folder:
        try:
            run('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3650',
                '-subj', '/C=JP/O=Kanshiki/CN=Test Root', '-keyout', folder + '/ca', '-out', folder + '/ca.pem')
            run('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                '-subj', '/UID=AB12/CN=Developer', '-keyout', folder + '/key', '-out', folder + '/request')
            run('x509', '-req', '-in', folder + '/request', '-CA', folder + '/ca.pem', '-CAkey', folder + '/ca',
                '-days', '3650', '-out', folder + '/cert.pem')
            cms = run('crl2pkcs7', '-nocrl', '-certfile', folder + '/ca.pem', '-certfile', folder + '/cert.pem',
                      '-outform', 'DER')
        except (OSError, subprocess.CalledProcessError) as failed:
            print('not signed:', failed, getattr(failed, 'stderr', b''))
            return None
    blob = pack('>II', 0xfade0b01, 8 + len(cms)) + cms
    signature = pack('>IIIII', 0xfade0cc0, 20 + len(blob), 1, 0x10000, 20) + blob
    head = pack('<IIIIIIII', 0xfeedfacf, 0x100000c, 0, 2, 1, 16, 0, 0)
    return head + pack('<IIII', 0x1d, 16, 48, len(signature)) + signature


def macho_der():
    """Entitlements in DER alone: a true one, a list of texts, a dictionary in a list."""
    def der(tag, *parts):
        body = b''.join(parts)
        return bytes([tag, len(body)] if len(body) < 128 else [tag, 0x81, len(body)]) + body

    def pair(key, value):
        return der(0x30, der(0x0c, key), value)
    inner = der(0xb0, pair(b'within', der(0x02, b'\7')))
    document = der(0x70, der(0x02, b'\1'), der(
        0xb0, pair(b'com.apple.security.get-task-allow', der(0x01, b'\xff')),
        pair(b'keychain-access-groups', der(0x30, der(0x0c, b'not.a.key'), inner)),
        pair(b'team-identifier', der(0x0c, b'AB12'))))
    blob = pack('>II', 0xfade7172, 8 + len(document)) + document
    signature = pack('>IIIII', 0xfade0cc0, 20 + len(blob), 1, 7, 20) + blob
    head = pack('<IIIIIIII', 0xfeedfacf, 0x100000c, 0, 2, 1, 16, 0, 0)
    return head + pack('<IIII', 0x1d, 16, 48, len(signature)) + signature


def macho_fat():
    first, second = macho(64, True), macho(32, False)
    return (pack('>II', 0xcafebabe, 2) + pack('>IIIII', 0x1000007, 3, 0x100, len(first), 8) +
            pack('>IIIII', 7, 3, 0x300, len(second), 8)).ljust(0x100, b'\0') + first + second


# ---- DEX ----

def dex():
    texts = [b'<init>', b'LDemo;', b'Ljava/lang/Object;', b'V', b'count', b'I']
    image = bytearray(112)
    at = 112
    strings, types, protos, fields, methods, classes = at, 0, 0, 0, 0, 0
    types = strings + 4 * len(texts)
    protos = types + 4 * 4
    fields = protos + 12
    methods = fields + 8
    classes = methods + 8
    code = classes + 32
    data = code + 16 + 8
    class_data = data + sum(len(t) + 2 for t in texts)
    members = bytes([1, 0, 1, 0, 0, 8, 0]) + b'\x81\x80\x04' + bytes([code & 0x7f | 0x80, code >> 7])
    map_list = class_data + len(members) + 16
    put(image, types, pack('<IIII', 1, 2, 3, 5))
    put(image, protos, pack('<III', 3, 2, 0))
    put(image, fields, pack('<HHI', 0, 3, 4))
    put(image, methods, pack('<HHI', 0, 0, 0))
    put(image, classes, pack('<IIIIIIII', 0, 1, 1, 0, 0xffffffff, 0, class_data, 0))
    put(image, code, pack('<HHHHII', 1, 1, 0, 0, 0, 4) + bytes.fromhex('7010000000000e00'))
    for i, text in enumerate(texts):
        put(image, strings + 4 * i, pack('<I', data))
        put(image, data, bytes([len(text)]) + text + b'\0')
        data += len(text) + 2
    put(image, class_data, members)
    put(image, map_list, pack('<I', 1) + pack('<HHII', 0, 0, 1, 0))
    put(image, 0, b'dex\n035\0' + pack('<I', 0) + bytes(range(1, 21)) +
        pack('<IIIII', len(image), 112, 0x12345678, 0, 0) +
        pack('<I', map_list) + pack('<IIIIIIIIIIIIII', len(texts), strings, 4, types, 1, protos, 1,
                                    fields, 1, methods, 1, classes, 0, 0))
    return bytes(image)


# ---- shortcut ----

def lnk():
    item = lambda data: pack('<H', len(data) + 2) + data
    guid = bytes.fromhex('e04fd020ea3a6910a2d808002b30309d')
    items = item(b'\x1f\x50' + guid) + item(b'\x2fC:\\\0' + bytes(18))
    items += item(b'\x32' + bytes(11) + b'cmd.exe\0') + pack('<H', 0)
    volume = pack('<IIII', 21, 3, 0xdeadbeef, 16) + b'DISK\0'
    info = bytearray(28) + volume + b'C:\\cmd.exe\0' + b'\0'
    info[0:28] = pack('<IIIIIII', len(info), 28, 1, 28, 28 + len(volume), 0, len(info) - 1)
    text = lambda t: pack('<H', len(t)) + wide(t)
    tracker = pack('<II', 88, 0) + b'machine\0'.ljust(16, b'\0') + bytes(range(64))
    tracker = pack('<II', 8 + len(tracker), 0xa0000003) + tracker
    head = pack('<I', 0x4c) + bytes.fromhex('0114020000000000c000000000000046')
    head += pack('<IIQQQIIIHHII', 0xb7, 0x20, 132223104000000000, 132223104000000000,
                 132223104000000000, 4096, 2, 7, 0, 0, 0, 0)
    return (head + pack('<H', len(items)) + items + bytes(info) + text('Demo') + text('C:\\') +
            text('/c echo') + tracker + pack('<I', 0) + b'overlay')


def sign(path, out):
    with tempfile.TemporaryDirectory() as folder:
        key, cert = folder + '/key.pem', folder + '/cert.pem'
        try:
            subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '3650',
                            '-subj', '/C=JP/O=Kanshiki/CN=Test', '-keyout', key, '-out', cert],
                           check=True, capture_output=True)
            subprocess.run(['osslsigncode', 'sign', '-certs', cert, '-key', key, '-h', 'sha256', '-n',
                            'Tiny', '-in', path, '-out', folder + '/signed'],
                           check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as failed:
            print('not signed:', failed, getattr(failed, 'stderr', b''))
            return
        signed = open(folder + '/signed', 'rb').read()
    open(out, 'wb').write(signed)


def main():
    corpus = sys.argv[1]

    def write(target, name, data):
        os.makedirs(f'{corpus}/{target}', exist_ok=True)
        with open(f'{corpus}/{target}/{name}', 'wb') as f:
            f.write(data)
    for bits in (32, 64):
        write('pe_fuzz', f'pe{bits}', pe(bits == 64))
        write('macho_fuzz', f'macho{bits}', macho(bits, bits == 64))
        for order, name in (('<', 'le'), ('>', 'be')):
            write('elf_fuzz', f'elf{bits}{name}', elf(bits, order))
    # Two that say they are Microsoft's: a shell, and what the logon screen starts.
    for name, original in (('shell', 'Cmd.Exe'), ('keys', 'sethc.exe')):
        write('pe_fuzz', name, pe(True, version=version_resource(
            (('CompanyName', 'Microsoft Corporation'), ('OriginalFilename', original)))))
    sign(f'{corpus}/pe_fuzz/pe64', f'{corpus}/pe_fuzz/signed')
    signed = open(f'{corpus}/pe_fuzz/signed', 'rb').read()
    at = struct.unpack_from('<I', signed, 0xd8 + 112 + 32)[0]
    write('authenticode_fuzz', 'signature', signed[at + 8:])
    write('macho_fuzz', 'fat', macho_fat())
    write('macho_fuzz', 'linked', macho_linked())
    write('macho_fuzz', 'der', macho_der())
    if macho_signed():
        write('macho_fuzz', 'signed', macho_signed())
    write('dotnet_fuzz', 'assembly', pe(False, cli_header))
    write('dex_fuzz', 'dex', dex())
    write('lnk_fuzz', 'shortcut', lnk())
    for target, name in (('pe', 'signed'), ('elf', 'elf64le'), ('macho', 'fat'), ('dotnet', 'assembly'),
                         ('dex', 'dex'), ('lnk', 'shortcut')):
        write('modules_fuzz', name, open(f'{corpus}/{target}_fuzz/{name}', 'rb').read())


main()
