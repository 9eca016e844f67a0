"""Writes EVTX logs token by token, for tests that need forms which no Windows program writes.

    log = Log()
    log.record([instance("a", [element("Event", [], [hole(0, 0x01)])], [(0x01, "x".encode("utf-16le"))])])
    log.save(path)

Content is a list of nodes, each a function that takes the Chunk it is written into. A template's
definition is written where it is first used in a chunk, later instances point at it.
"""
import hashlib
import struct
import zlib

HEADER, CHUNK, RECORDS = 4096, 65536, 512
NO_DEPENDENCY = 0xffff
FILETIME = 133801632001234567


class Chunk:
    def __init__(self, first_id):
        self.data = bytearray(RECORDS)
        self.names, self.templates = {}, {}
        self.dependencies = False       # start tags have a field for what they depend on
        self.first_id, self.count, self.last_at = first_id, 0, 0

    def put(self, kind, *values):
        self.data += struct.pack("<" + kind, *values)

    def patch(self, at, kind, value):
        struct.pack_into("<" + kind, self.data, at, value)

    def link(self, table, bucket):
        """What stands here becomes the first of its bucket."""
        head = table + 4 * bucket
        self.put("I", struct.unpack_from("<I", self.data, head)[0])
        self.patch(head, "I", len(self.data) - 4)

    def name(self, text):
        raw = text.encode("utf-16le")
        if text in self.names:
            return self.put("I", self.names[text])
        number = 0
        for unit in struct.unpack("<%dH" % (len(raw) // 2), raw):
            number = (number * 65599 + unit) & 0xffffffff
        number &= 0xffff
        self.put("I", len(self.data) + 4)
        self.names[text] = len(self.data)
        self.link(128, number % 64)
        self.put("HH", number, len(raw) // 2)
        self.data += raw + b"\0\0"

    def nodes(self, nodes):
        for node in nodes:
            node(self)

    def closed(self):
        data = self.data + bytes(CHUNK - len(self.data))
        last = self.first_id + self.count - 1
        struct.pack_into("<8sQQQQIIII", data, 0, b"ElfChnk\0", self.first_id, last, self.first_id, last, 128,
                         self.last_at, len(self.data), zlib.crc32(bytes(self.data[RECORDS:])))
        struct.pack_into("<I", data, 124, zlib.crc32(bytes(data[:120] + data[128:512])))
        return bytes(data)


def counted(chunk, text):
    raw = text if isinstance(text, bytes) else text.encode("utf-16le", "surrogatepass")
    chunk.put("H", len(raw) // 2)
    chunk.data += raw


def text(value):
    return lambda c: (c.put("BB", 5, 1), counted(c, value))


def cdata(value):
    return lambda c: (c.put("B", 7), counted(c, value))


def character(code):
    return lambda c: c.put("BH", 8, code)


def entity(name):
    return lambda c: (c.put("B", 9), c.name(name))


def instruction(target, value):
    return lambda c: (c.put("B", 10), c.name(target), c.put("B", 11), counted(c, value))


def hole(index, kind, optional=False):
    return lambda c: c.put("BHB", 14 if optional else 13, index, kind)


def element(name, attributes, content, depends=NO_DEPENDENCY):
    """Attributes: [(name, nodes)]. Content None: an empty-element tag."""
    def write(c):
        c.put("B", 0x41 if attributes else 0x01)
        if c.dependencies:
            c.put("H", depends)
        size_at = len(c.data)
        c.put("I", 0)
        c.name(name)
        if attributes:
            at = len(c.data)
            c.put("I", 0)
            for i, (key, nodes) in enumerate(attributes):
                c.put("B", 0x46 if i + 1 < len(attributes) else 0x06)
                c.name(key)
                c.nodes(nodes)
            c.patch(at, "I", len(c.data) - at - 4)
        c.put("B", 3 if content is None else 2)
        if content is not None:
            c.nodes(content)
            c.put("B", 4)
        c.patch(size_at, "I", len(c.data) - size_at - 4)
    return write


def fragment(nodes):
    """A value of type 0x21."""
    def write(c):
        c.data += b"\x0f\x01\x01\0"
        before, c.dependencies = c.dependencies, False
        c.nodes(nodes)
        c.dependencies = before
        c.put("B", 0)
    return write


def define(c, key, nodes):
    here = len(c.data)
    c.templates[key] = here
    guid = hashlib.md5(key.encode()).digest()
    c.link(384, guid[0] % 32)
    c.data += guid
    c.put("I", 0)
    c.data += b"\x0f\x01\x01\0"
    before, c.dependencies = c.dependencies, True
    c.nodes(nodes)
    c.dependencies = before
    c.put("B", 0)
    c.patch(here + 20, "I", len(c.data) - here - 24)


def instance(key, nodes, values):
    """A template of the name `key` with its values: (type, bytes), or (0x21, node)."""
    def write(c):
        known = c.templates.get(key)
        c.put("BB", 12, 1)
        c.data += hashlib.md5(key.encode()).digest()[:4]
        c.put("I", known or len(c.data) + 4)
        if not known:
            define(c, key, nodes)
        table = len(c.data) + 4
        c.put("I", len(values))
        for kind, _ in values:
            c.put("HBB", 0, kind, 0)
        for i, (_, value) in enumerate(values):
            start = len(c.data)
            if callable(value):
                value(c)
            else:
                c.data += value
            c.patch(table + 4 * i, "H", len(c.data) - start)
    return write


class Log:
    def __init__(self):
        self.chunks, self.chunk, self.next_id = [], Chunk(1), 1

    def next_chunk(self):
        if self.chunk.count:
            self.chunks.append(self.chunk.closed())
        self.chunk = Chunk(self.next_id)

    def try_record(self, nodes):
        c = self.chunk
        start = len(c.data)
        c.data += b"**\0\0" + struct.pack("<IQQ", 0, self.next_id, FILETIME) + b"\x0f\x01\x01\0"
        c.dependencies = True
        c.nodes(nodes)
        c.put("B", 0)
        c.data += bytes(-(len(c.data) - start + 4) % 8)
        c.put("I", len(c.data) - start + 4)
        c.patch(start + 4, "I", len(c.data) - start)
        return start

    def record(self, nodes):
        """Returns the record's id. Goes on in a new chunk where this one is full."""
        tables = bytes(self.chunk.data[:RECORDS])
        start = self.try_record(nodes)
        if len(self.chunk.data) > CHUNK:
            full, self.chunk = self.chunk, Chunk(self.next_id)
            full.data = bytearray(tables + full.data[RECORDS:start])
            self.chunks.append(full.closed())
            start = self.try_record(nodes)
        self.chunk.last_at = start
        self.chunk.count += 1
        self.next_id += 1
        return self.next_id - 1

    def bytes(self):
        self.next_chunk()
        header = bytearray(HEADER)
        struct.pack_into("<8sQQQIHHHH", header, 0, b"ElfFile\0", 0, len(self.chunks) - 1, self.next_id, 128, 1, 3,
                         HEADER, len(self.chunks))
        struct.pack_into("<I", header, 124, zlib.crc32(bytes(header[:120])))
        return bytes(header) + b"".join(self.chunks)

    def save(self, path):
        with open(path, "wb") as out:
            out.write(self.bytes())
