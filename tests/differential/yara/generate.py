"""Generates YARA rules over the whole grammar, and bytes that some of them match.

A rule is a list of string definitions and a condition. What the peer's version
reads differently (see docs/yara.md) is left out here, not filtered later; so is, for
YARA-X, what its own documentation tells to be other than in YARA.
"""
import random

ALPHABET = b"abcABC01 ._\x00\xff"
WORDS = [b"abc", b"ABC", b"aab", b"cab", b"MZ", b"abcabc", b"0110", b"a.b", b"a b c",
         b"\x00\x00", b"bca_0", b"Cab", b"aaaa", b"\xff\xffab", b"a\x00b\x00c\x00"]
# The least that modules take for a program: headers without sections.
PE = (b"MZ" + bytes(58) + b"\x40\0\0\0" + b"PE\0\0\x4c\x01\0\0" + bytes(12) + b"\xe0\0\x02\x01" + b"\x0b\x01" + bytes(222))
ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\0\x3e\0\x01" + bytes(31) + b"\x40\0\x38\0\0\0\x40\0\0\0\0\0"
ASKED = ["pe.machine == 0x14c", "pe.number_of_sections >= 0", "pe.is_dll() == 0",
         'pe.exports("a")', 'pe.exports("a") == 0', "not pe.is_32bit()", "pe.is_32bit()", "defined pe.machine",
         "for any i in (0..pe.number_of_sections) : (i == 0)", "pe.machine + filesize > 1",
         "uint16(pe.size_of_optional_header) >= 0", 'pe.imphash() != "a"', "elf.type == 2", "not elf.type == 2",
         "elf.type != 1 or filesize < 50", "elf.number_of_sections + 1 > 0"]


class Generator:
    def __init__(self, seed, for_x=False):
        self.r = random.Random(seed)
        self.for_x = for_x

    def pick(self, *choices):
        return self.r.choice(choices)

    def maybe(self, chance):
        return self.r.random() < chance

    # ---- data ----

    def data(self):
        r = self.r
        out = bytearray()
        if self.maybe(0.3):
            out += self.pick(b"MZ", b"\x7fELF", b"PK\x03\x04", PE, ELF)
        for _ in range(r.randrange(40)):
            kind = r.random()
            if kind < 0.5:
                word = r.choice(WORDS)
                if self.maybe(0.2):
                    word = bytes(b for c in word for b in (c, 0))
                if self.maybe(0.1):
                    key = r.randrange(256)
                    word = bytes(c ^ key for c in word)
                out += word
            elif kind < 0.9:
                out += bytes(r.choice(ALPHABET) for _ in range(r.randrange(8)))
            else:
                out += bytes([r.choice(ALPHABET)]) * r.randrange(30)
        return bytes(out)

    # ---- strings ----

    def word(self):
        if self.maybe(0.6):
            return self.r.choice(WORDS)
        return bytes(self.r.choice(ALPHABET) for _ in range(self.r.randrange(1, 7)))

    def quoted(self, text):
        out = ""
        for c in text:
            if c in b'"\\' or c < 32 or c > 126 or self.maybe(0.05):
                out += "\\x%02x" % c
            else:
                out += chr(c)
        return '"%s"' % out

    def text_string(self):
        word = self.word()
        modifiers = []
        kind = self.r.random()
        if kind < 0.15:
            low = self.r.randrange(256)
            modifiers.append(self.pick("xor", "xor(%d-%d)" % (low, self.r.randrange(low, 256)),
                                       "xor(%d)" % low))
        elif kind < 0.25 and len(word) >= 3:
            return self.quoted(word) + " " + self.pick("base64", "base64wide", "base64 base64wide")
        elif kind < 0.5:
            modifiers.append("nocase")
        # YARA-X looks at the neighbours of an xored word through the key.
        if self.maybe(0.25) and not (self.for_x and modifiers and modifiers[0].startswith("xor")):
            modifiers.append("fullword")
        modifiers += self.pick([], [], [], ["wide"], ["ascii"], ["ascii", "wide"])
        self.r.shuffle(modifiers)
        return " ".join([self.quoted(word)] + modifiers)

    def hex_byte(self):
        c = self.r.choice(self.r.choice(WORDS))
        kind = self.r.random()
        if kind < 0.8:
            return "%02X" % c
        if kind < 0.88:
            return "??"
        return self.pick("%X?" % (c >> 4), "?%X" % (c & 15))

    def hex_plain(self, most):
        return ["%02X" % c for c in self.word()[:most]]

    def hex_run(self, depth):
        tokens = self.hex_plain(4)
        for _ in range(self.r.randrange(3)):
            kind = self.r.random()
            if kind < 0.35:
                low = self.r.randrange(6)
                tokens.append(self.pick("[%d]" % (low + 1), "[%d-%d]" % (low, low + self.r.randrange(1, 6)),
                                        "[%d-%d]" % (low, low + self.r.randrange(1, 20))))
            elif kind < 0.55 and depth < 2:
                tokens.append("( %s )" % " | ".join(
                    " ".join(self.hex_alternative(depth + 1)) for _ in range(self.r.randrange(2, 4))))
            else:
                tokens.append(self.hex_byte())
            tokens += self.hex_plain(3)
        return tokens

    def hex_alternative(self, depth):
        tokens = self.hex_plain(3)
        if self.maybe(0.2):
            tokens.append(self.hex_byte())
        if depth < 2 and self.maybe(0.1):
            tokens.append("( %s | %s )" % (" ".join(self.hex_plain(2)), " ".join(self.hex_plain(2))))
        return tokens

    def hex_string(self):
        return "{ %s }" % " ".join(self.hex_run(0))

    def regex_atom(self, depth):
        kind = self.r.random()
        if kind < 0.55:
            return self.pick("a", "b", "c", "A", "B", "0", "1", " ", "_", "\\.", "\\x00", "ab", "abc")
        if kind < 0.75:
            return self.pick(".", "[abc]", "[a-c]", "[^a]", "\\w", "\\d", "\\s", "\\W", "[A-C0-1]", "\\S", "\\D")
        if depth < 2:
            self.inside += 1
            group = "(%s)" % self.regex_choice(depth + 1)
            self.inside -= 1
            return group
        return "a"

    def regex_piece(self, depth):
        atom = self.regex_atom(depth)
        if self.maybe(0.25):
            # The peer loses matches where what is repeated may be empty.
            repeats = ["+", "{2}", "{1,3}", "{2,}"] + ([] if self.inside else ["*", "?", "{0,2}"])
            atom = atom if len(atom) == 1 or atom[0] in "[(\\" else "(%s)" % atom
            atom += self.r.choice(repeats)
            # The peer wants one kind of repetition in a regex.
            if self.lazy:
                atom += "?"
        return atom

    def regex_sequence(self, depth):
        # Nor may an alternative be empty.
        return self.regex_atom(2) + "".join(self.regex_piece(depth) for _ in range(self.r.randrange(4)))

    def regex_choice(self, depth):
        return "|".join(self.regex_sequence(depth) for _ in range(self.pick(1, 1, 1, 2, 3)))

    def regex_body(self):
        self.lazy, self.inside = self.maybe(0.3), 0
        body = self.pick("ab", "abc", "01", "cab", "AB", "\\xff\\xff") + self.regex_choice(0) if self.maybe(0.7) \
            else self.regex_choice(0) + self.pick("ab", "bc", "MZ")
        # \b beside what is no letter is another matter at both ends of the data.
        if self.maybe(0.1) and body[0].isalnum():
            body = "\\b" + body
        if self.maybe(0.1):
            body += "\\b" if body[-1].isalnum() and "\\" not in body[-4:] else "$"
        if self.maybe(0.05):
            body = "^" + body
        return body

    def regex_string(self):
        # With both ascii and wide the peer misses wide matches of short regexes.
        modifiers = self.pick("", "", "", " nocase", " wide", " wide nocase", " fullword", " fullword wide")
        return "/%s/%s%s" % (self.regex_body(), self.pick("", "", "i", "s", "is"), modifiers)

    def string(self):
        kind = self.r.random()
        if kind < 0.45:
            return self.text_string()
        return self.hex_string() if kind < 0.7 else self.regex_string()

    # ---- conditions ----

    def integer(self, depth):
        kind = self.r.random()
        if depth > 3 or kind < 0.3:
            return str(self.pick(0, 1, 2, 3, 5, 10, 100, 255, "0x10", "1KB"))
        if kind < 0.4:
            return "filesize"
        if kind < 0.6 and self.names:
            name = self.r.choice(self.names)
            return self.pick("#%s", "#%s", "@%s", "!%s", "@%s[2]", "!%s[1]",
                             "#%s in (0..%d)" .replace("%d", str(self.r.randrange(60)))) % name
        if kind < 0.7:
            return "%s(%s)" % (self.pick("uint8", "uint16", "uint32", "int8", "int16", "int32", "uint16be",
                                         "uint32be", "int16be", "int32be", "uint8be"), self.integer(depth + 2))
        if kind < 0.75 and self.variables:
            return self.r.choice(self.variables)
        if kind < 0.8:
            return self.pick("-%s", "~%s") % self.integer(depth + 2)
        if self.variables and self.maybe(0.5):
            return self.r.choice(self.variables)
        return "(%s %s %s)" % (self.integer(depth + 1), self.pick("+", "-", "*", "&", "|", "^"),
                               self.integer(depth + 1))

    def text(self):
        return self.quoted(self.word())

    def quantifier(self, count):
        return self.pick("any", "all", "none", str(self.r.randrange(1, max(2, count + 1))))

    def string_set(self):
        if self.maybe(0.4):
            return "them"
        names = [self.r.choice(self.names) for _ in range(self.r.randrange(1, 4))]
        # YARA-X counts a string that is named twice once.
        return "(%s)" % ",".join("$" + n for n in (dict.fromkeys(names) if self.for_x else names))

    def comparison(self, depth):
        return "%s %s %s" % (self.integer(depth), self.pick("==", "!=", "<", "<=", ">", ">="), self.integer(depth))

    def loop(self, depth):
        if self.names and self.maybe(0.4) and not self.in_strings:
            self.in_strings = True
            body = self.pick("$", "# > %d" % self.r.randrange(4), "$ in (0..%d)" % self.r.randrange(80),
                             "@ < %d" % self.r.randrange(60), "! > 2", "$ at %d" % self.r.randrange(4),
                             "for any i in (1..#) : (@[i] == %d)" % self.r.randrange(40))
            if self.maybe(0.3):
                body += " and " + self.comparison(depth + 2)
            self.in_strings = False
            return "for %s of %s : ( %s )" % (self.pick("any", "all", "1", "2"), self.string_set(), body)
        if len(self.variables) >= 2:
            return self.comparison(depth)
        name = "v%d" % len(self.variables)
        over = self.pick("(%d..%d)" % (self.r.randrange(3), self.r.randrange(3, 12)), "(0..filesize)",
                         "(1,2,%s)" % self.integer(3), "(1..#%s)" % self.r.choice(self.names) if self.names
                         else "(1..3)")
        self.variables.append(name)
        extra = " or @%s[%s] == 3" % (self.r.choice(self.names), name) if self.names and self.maybe(0.3) else ""
        body = self.comparison(depth + 1) + extra
        self.variables.pop()
        # `none` in loops was mended after the peer's version.
        return "for %s %s in %s : ( %s )" % (self.pick("any", "all", "2"), name, over, body)

    def boolean(self, depth=0):
        kind = self.r.random()
        if depth > 3 or kind < 0.25:
            if self.names and self.maybe(0.7):
                name = self.r.choice(self.names)
                return self.pick("$%s", "$%s", "$%s at 0", "$%s in (0..50)", "$%s in (3..filesize)",
                                 "#%s > 1", "$%s at 2") % name
            return self.pick(*ASKED) if self.maybe(0.2) and not self.for_x else self.comparison(depth)
        if kind < 0.4 and self.names:
            form = self.pick("%s of %s", "%s of %s", "%s of %s in (0..{})".format(self.r.randrange(60)))
            return form % (self.quantifier(3), self.string_set())
        if kind < 0.45 and self.names:
            return "%d%% of %s" % (self.r.randrange(1, 101), self.string_set())
        if kind < 0.6:
            return "(%s)" % self.pick(" and ", " or ").join(self.boolean(depth + 1) for _ in range(self.r.randrange(2, 4)))
        if kind < 0.68:
            return "%s (%s)" % (self.pick("not", "not", "defined"), self.boolean(depth + 1))
        if kind < 0.8:
            return self.loop(depth)
        if kind < 0.85:
            # The order of bytes over 127 hangs on the peer's machine.
            if self.maybe(0.2):
                return '"%s" %s "%s"' % (self.pick("a", "ab", "b"), self.pick("<", ">="), self.pick("a", "ab", "b"))
            return "%s %s %s" % (self.text(), self.pick("contains", "icontains", "startswith", "istartswith",
                                                       "endswith", "iendswith", "iequals", "==", "!="), self.text())
        if kind < 0.88:
            return "%s matches /%s/%s" % (self.text(), self.regex_body(), self.pick("", "i"))
        if kind < 0.92 and self.earlier:
            return self.pick(self.r.choice(self.earlier), "%s of (%s)" % (
                self.pick("any", "all", "none"), ",".join(self.r.choice(self.earlier) for _ in range(2))))
        return self.comparison(depth)

    def rule(self, name, earlier):
        self.names = ["s%d" % i for i in range(self.r.randrange(0, 5))]
        self.variables, self.earlier, self.in_strings = [], earlier, False
        strings = ["    $%s = %s%s" % (n, self.string(), self.pick("", "", "", "", "", " private")) for n in self.names]
        condition = self.boolean()
        used = " and ".join("#%s >= 0" % n for n in self.names)
        if used:
            condition = "(%s) and (%s)" % (condition, used)
        imports = "".join('import "%s" ' % module for module in ("pe", "elf") if module + "." in condition)
        head = imports + self.pick("", "", "", "", "private ") + "rule " + name
        return "%s {\n%s  condition:\n    %s\n}\n" % (
            head, "  strings:\n" + "\n".join(strings) + "\n" if strings else "", condition)

    def rules(self, count):
        made, names = [], []
        for i in range(count):
            made.append(self.rule("r%d" % i, list(names)))
            names.append("r%d" % i)
        return made
