"""Small ESE databases for tests: tables with fixed, variable and tagged columns, clean or dirty.

    db = Database()
    db.table("Jobs", [("Id", GUID), ("Blob", LONG_BINARY)], [(b"...", b"...")])
    pathlib.Path("qmgr.db").write_bytes(db.bytes())

Rows are laid out as docs/formats/ese.md says; esedbexport of libesedb reads what is written. Values
of more than a page, indexes and space trees are not written.
"""
import struct

I16, I32, I64, DATE, BINARY, TEXT, LONG_BINARY, GUID = 3, 4, 15, 8, 9, 10, 11, 16
SIZES = {I16: 2, I32: 4, I64: 8, DATE: 8, GUID: 16}
FORMS = {I16: "<h", I32: "<i", I64: "<q", DATE: "<d"}
PAGE = 4096
SHADOW = 24     # root of the catalog's copy
ROOT, LEAF, PARENT, NEW_RECORDS = 1, 2, 4, 0x2000
UTF16 = 1200


def checksum(data):
    total = 0x89ABCDEF
    for (word,) in struct.iter_unpack("<I", data[4:]):
        total ^= word
    return total


def record(fixed, variable, tagged):
    """`fixed`: bytes or None in order of ids with their size; `variable`: bytes; `tagged`: (id, bytes)."""
    body = b"".join(value if value is not None else b"*" * size for value, size in fixed)
    nulls = bytearray((len(fixed) + 7) // 8)
    for i, (value, _) in enumerate(fixed):
        if value is None:
            nulls[i // 8] |= 1 << i % 8
    ends, end = b"", 0
    for value in variable:
        end += len(value)
        ends += struct.pack("<H", end)
    head = struct.pack("<BBH", len(fixed), 127 + len(variable), 4 + len(body) + len(nulls))
    at, array, values = 4 * len(tagged), b"", b""
    for number, value in tagged:
        array += struct.pack("<HH", number, at + len(values))
        values += value
    return head + body + bytes(nulls) + ends + b"".join(variable) + array + values


class Database:
    def __init__(self, state=3):
        self.state = state
        self.delete_last = False    # the last row of every table that follows: its bytes stay
        self.pages = {}
        self.catalog = []
        self.next_page, self.next_object = 5, 10

    def take_page(self):
        taken = self.next_page if self.next_page != SHADOW else SHADOW + 1
        self.next_page = taken + 1
        return taken

    def page(self, number, owner, flags, first, nodes, without=0):
        """Tag 0 is `first`, then the nodes: key and data each; the last `without` have no tag."""
        values = [first] + [struct.pack("<H", len(key)) + key + data for key, data in nodes]
        at, tags = 0, b""
        count = len(values) - without
        for i, value in enumerate(values):
            if i < count:
                tags = struct.pack("<HH", len(value), at) + tags
            at += len(value)
        free = PAGE - 40 - at - len(tags)
        assert free >= 0, "too much for a page"
        head = struct.pack("<IIQIIIHHHHI", 0, number, 1, 0, 0, owner, free, 0, at, count, flags | NEW_RECORDS)
        whole = bytearray(head + b"".join(values) + bytes(free) + tags)
        struct.pack_into("<I", whole, 0, checksum(whole))
        self.pages[number] = bytes(whole)

    def tree(self, root, owner, nodes, without=0):
        """Leaves of as many nodes as fit, below one branch where there are several."""
        leaves, used = [[]], 0
        for key, data in nodes:
            size = 6 + len(key) + len(data)
            if used + size > PAGE - 200 and leaves[-1]:
                leaves.append([])
                used = 0
            leaves[-1].append((key, data))
            used += size
        space = struct.pack("<IIII", 1, 1, 0, 0)
        if len(leaves) == 1:
            self.page(root, owner, ROOT | LEAF, space, leaves[0], without)
            return
        branch = []
        for i, leaf in enumerate(leaves):
            number = self.take_page()
            self.page(number, owner, LEAF, b"", leaf)
            branch.append((leaves[i + 1][0][0] if i + 1 < len(leaves) else b"", struct.pack("<I", number)))
        self.page(root, owner, ROOT | PARENT, space, branch)

    def entry(self, table, kind, number, value, size, locale, offset, name):
        fixed = [(struct.pack("<I", table), 4), (struct.pack("<H", kind), 2), (struct.pack("<I", number), 4),
                 (struct.pack("<I", value), 4), (struct.pack("<I", size), 4), (struct.pack("<I", 0), 4),
                 (struct.pack("<I", locale), 4), (b"\xff" if kind == 1 else b"\0", 1),
                 (struct.pack("<H", offset), 2)]
        self.catalog.append((struct.pack(">IHI", table, kind, number), record(fixed, [name.encode()], [])))

    def table(self, name, columns, rows):
        owner, self.next_object = self.next_object, self.next_object + 1
        root = self.take_page()
        self.entry(owner, 1, owner, root, 1, 0, 0, name)
        offset, fixed, variable, tagged = 4, [], [], []
        for at, (column, kind) in enumerate(columns):
            where = fixed if kind in SIZES else tagged if kind == LONG_BINARY else variable
            number = len(where) + (1 if where is fixed else 256 if where is tagged else 128)
            where.append((at, number, kind))
            self.entry(owner, 2, number, kind, SIZES.get(kind, 255), UTF16 if kind == TEXT else 0,
                       offset if where is fixed else 0, column)
            offset += SIZES.get(kind, 0)
        nodes = []
        for count, row in enumerate(rows):
            def packed(at, kind):
                value = row[at]
                return value if value is None or kind == GUID else struct.pack(FORMS[kind], value)

            nodes.append((struct.pack(">BI", 0x7F, count),
                          record([(packed(at, kind), SIZES[kind]) for at, _, kind in fixed],
                                 [row[at].encode("utf-16le") if kind == TEXT else row[at] or b""
                                  for at, _, kind in variable],
                                 [(number, row[at]) for at, number, _ in tagged if row[at] is not None])))
        self.tree(root, owner, nodes, int(self.delete_last))

    def bytes(self):
        head = bytearray(PAGE)
        struct.pack_into("<IIIQ", head, 4, 0x89ABCDEF, 0x620, 0, 1)
        struct.pack_into("<I", head, 52, self.state)
        struct.pack_into("<II", head, 232, 11, PAGE)
        struct.pack_into("<I", head, 0, checksum(head[:668]))
        self.next_page = max(self.next_page, SHADOW + 1)
        for root in (4, SHADOW):
            self.tree(root, 2, sorted(self.catalog))
        for number in range(1, max(self.pages) + 1):
            if number not in self.pages:
                self.page(number, 1, ROOT | LEAF, bytes(16), [])
        return bytes(head) * 2 + b"".join(self.pages[n] for n in sorted(self.pages))
