#!/usr/bin/env python3
"""The Sigma specification 2.1, sentence by sentence: what each rule must match and what it must not.

usage: tests/rules/sigma_spec.py KANSHIKI
"""
import json
import os
import subprocess
import sys
import tempfile

CASES = []  # (sentence, detection, events it matches, events it does not)
REFUSED = []  # (sentence, detection)


def case(sentence, detection, hits=(), misses=()):
    CASES.append((sentence, detection, list(hits), list(misses)))


def item(sentence, line, hits=(), misses=()):
    """One field item of field f; events are the values of f."""
    case(sentence, f"  s:\n    {line}\n  condition: s", [{"f": v} for v in hits], [{"f": v} for v in misses])


def refused(sentence, line):
    REFUSED.append((sentence, line if "condition" in line else f"  s:\n    {line}\n  condition: s"))


# Values
item("strings are compared without regard to case", "f: MimiKatz", ["mimikatz", "MIMIKATZ"], ["mimikatz2", "x mimikatz", ""])
item("a list is OR", "f: [one, two]", ["one", "TWO"], ["three", "one two"])
item("* stands for any number of characters, also none", "f: 'a*c'", ["ac", "abc", "a\nc", "aXXXc"], ["acd", "bac"])
item("? stands for exactly one character", "f: 'a?c'", ["abc", "a?c", "aüc", "a😀c"], ["ac", "abbc"])
item("a wildcard can stand anywhere", "f: '*\\system32\\\\*.exe'", ["C:\\Windows\\System32\\cmd.exe"], ["C:\\System32cmd.exe"])
item("single backslashes need no escape", "f: 'C:\\Windows\\System32'", ["c:\\windows\\system32"], ["c:\\\\windows\\\\system32"])
item("two backslashes are one", "f: '\\\\foo\\bar'", ["\\foo\\bar"], ["\\\\foo\\bar"])
item("four backslashes are two", "f: '\\\\\\\\foo\\bar'", ["\\\\foo\\bar"], ["\\foo\\bar"])
item("\\* is a plain asterisk", "f: 'a\\*b'", ["a*b"], ["axb", "a\\b", "a\\*b"])
item("\\? is a plain question mark", "f: 'a\\?b'", ["a?b"], ["axb"])
item("\\\\* is a backslash and a wildcard", "f: 'a\\\\*'", ["a\\", "a\\xyz"], ["a*", "ax"])
item("\\\\\\* is a backslash and an asterisk", "f: 'a\\\\\\*'", ["a\\*"], ["a\\x", "a*"])
item("\\\\? is a backslash and a wildcard", "f: 'a\\\\?'", ["a\\x"], ["a\\", "a?"])
item("a backslash before other characters is itself", "f: 'a\\nb'", ["a\\nb"], ["a\nb"])
item("a trailing backslash is itself", "f|endswith: '\\'", ["dir\\"], ["dir", "dir\\x"])
item("non-ASCII text folds case", "f: 'ПРИВЕТ Straße'", ["привет STRAßE"], ["привет strasse"])
item("numbers match numbers and their text", "f: 4688", [4688, "4688"], [46880, "4688x", 468])
item("quoted numbers are text", "f: '4688'", [4688, "4688"], [4689])
item("negative numbers", "f: -1", [-1, "-1"], [1])
item("fractions", "f: 1.5", [1.5, "1.5"], [15, "1x5"])
item("numbers in a list with text", "f: [7, seven]", [7, "7", "SEVEN"], [77])
item("booleans", "f: true", [True, "true", "True"], [False, "false"])
item("false is a value", "f: false", [False, "false"], [True, None])
case("null means the field has no value", "  s: {f: null}\n  condition: s", [{"g": 1}, {"f": None}], [{"f": "x"}, {"f": 0}, {"f": ""}, {"f": False}])
case("a bare key is null", "  s:\n    f:\n  condition: s", [{"g": 1}], [{"f": "x"}])
case("'' is empty text", "  s: {f: ''}\n  condition: s", [{"f": ""}], [{"f": "x"}, {"g": 1}, {"f": " "}])
case("null beside values in a list", "  s: {f: [null, '', x]}\n  condition: s", [{"g": 1}, {"f": ""}, {"f": "X"}], [{"f": "y"}])
case("not null: the field has a value", "  s: {g: 1}\n  n: {f: null}\n  condition: s and not n", [{"g": 1, "f": "x"}, {"g": 1, "f": ""}], [{"g": 1}])

# Scalars of YAML 1.1, which pySigma reads; what is written always fits as well
for word, truth in (("yes", True), ("On", True), ("TRUE", True), ("no", False), ("Off", False)):
    item(f"{word} without quotes is a truth", f"f: {word}", [truth, str(truth), word], [not truth, str(not truth)])
item("yes in quotes is text", "f: 'yes'", ["YES"], [True, "true"])
item("y is text", "f: y", ["Y"], [True])
item("0x1F is 31", "f: 0x1F", [31, "31", "0x1f", "0X1F"], [1, "1F"])
item("010 is octal", "f: 010", [8, "8", "010", "0x8"], [10, "10"])
item("09 is text", "f: 09", ["09"], [9, "9"])
item("0b11 is binary", "f: 0b11", [3, "0b11"], [11])
item("1_000 is a number", "f: 1_000", [1000, "1_000"], [1])
item("10:30 may be to the base of 60", "f: 10:30", ["10:30", 630], ["10:31", 10])
item("1.50 is 1.5", "f: 1.50", [1.5, "1.5", "1.50"], [15, 1])
item("1.0 is 1", "f: 1.0", [1, 1.0, "1.0"], [10])
item("1e3 is text", "f: 1e3", ["1e3"], ["1e4"])
item("1.0e+3 is a number", "f: 1.0e+3", [1000, "1.0e+3"], [1])
item("+5 is 5", "f: +5", [5], ["+"])
item("dates are text", "f: 2024-01-02", ["2024-01-02"], ["2024-01-03"])
item(".inf is text", "f: .inf", [".inf"], ["inf"])
item("a tag makes a text", "f: !!str 0x10", ["0x10"], [16])
item("comparing takes the same numbers", "f|lt: 010", [7], [8, 9])
item("null in three spellings", "f: [Null, NULL, ~]", [None], ["null", "x"])
item("nULL is text", "f: nULL", ["null"], [None, "x"])
item("an empty list is null, as in pySigma", "f: []", [None], ["x", ""])
item("a folded text is one line with an end", "f: >-\n      a\n      b", ["a b"], ["a\nb"])
item("a literal text keeps its lines", "f: |-\n      a\n      b", ["a\nb"], ["a b"])
item("a text over lines", "f: a\n      b", ["a b"], ["a\nb"])
item("escapes in double quotes", 'f: "a\\tb\\u00e9\\x41"', ["a\tbéA"], ["a\\tb"])
case("merge keys", "  s: &s {f: 1}\n  t: {<<: *s, g: 2}\n  condition: t", [{"f": 1, "g": 2}], [{"g": 2}, {"f": 1}])
case("a map's own key goes before the merged one", "  s: &s {f: 1, h: 3}\n  t: {<<: *s, f: 2}\n  condition: t", [{"f": 2, "h": 3}], [{"f": 1, "h": 3}, {"f": 2}])
case("an alias", "  s: &s {f: 1}\n  t: *s\n  condition: t", [{"f": 1}], [{"f": 2}])
case("keys that are numbers and truths", "  s: {4688: x, yes: y}\n  condition: s", [{"4688": "x", "yes": "y"}], [{"4688": "x"}])
case("lists in lists of maps", "  s:\n    - - {f: 1}\n      - {g: 2}\n    - {h: 3}\n  condition: s", [{"f": 1}, {"g": 2}, {"h": 3}], [{"f": 2}, {"x": 1}])
case("lists in lists of keywords", "  s:\n    - - one\n      - two\n    - [{f: 1}]\n  condition: s", [{"g": "one"}, {"g": "two"}, {"f": 1}], [{"g": "three"}])
item("of the same key twice the last counts, as in PyYAML", "{f: 1, f: 2}", [2], [1])
case("of the same search twice the last counts", "  s: {f: 1}\n  s: {f: 2}\n  condition: s", [{"f": 2}], [{"f": 1}])
refused("a list of lists of values", "f: [[a, b], c]")
refused("a tab before a key", "f: 1\n\tg: 2")

# Maps and lists
case("items of a map are AND", "  s: {f: 1, g: 2}\n  condition: s", [{"f": 1, "g": 2}], [{"f": 1}, {"g": 2}, {"f": 1, "g": 3}])
case("a list of maps is OR", "  s: [{f: 1, g: 2}, {h: 3}]\n  condition: s", [{"f": 1, "g": 2}, {"h": 3}], [{"f": 1, "h": 4}])
case("keywords are searched in all values, OR", "  k: [alpha, 'be*ta']\n  condition: k", [{"f": "xxALPHAxx"}, {"g": "be or beta"}, {"h": {"i": ["q", "alpha"]}}], [{"f": "alph", "g": "a"}, {"alpha": "x"}])
case("a single keyword", "  k: needle\n  condition: k", [{"f": "hayNEEDLEhay"}], [{"f": "hay"}])
case("keywords with |all are AND", "  k:\n    '|all': [one, two]\n  condition: k", [{"f": "one two"}, {"f": "two", "g": "one"}], [{"f": "one"}])
case("a keyword that is a number", "  k: [4711]\n  condition: k", [{"f": "id 4711."}, {"f": 4711}], [{"f": 471}])
case("keywords beside maps in one list", "  k: [needle, {f: 1}]\n  condition: k", [{"g": "needles"}, {"f": 1}], [{"f": 2}])
case("wildcards in keywords", "  k: ['a?c*z']\n  condition: k", [{"f": "..abc...z.."}], [{"f": "acz"}])
case("escapes in keywords", "  k: ['100\\*']\n  condition: k", [{"f": "is 100* it"}], [{"f": "is 1000 it"}])
case("keywords with |re", "  k:\n    '|re': 'a[0-9]+b'\n  condition: k", [{"f": "xa12bx"}], [{"f": "ab"}, {"f": "A1B"}])
case("a list in the event: any element", "  s: {f: two}\n  condition: s", [{"f": ["one", "two"]}], [{"f": ["one", "three"]}, {"f": []}])
case("|all over a list in the event: each value somewhere", "  s: {'f|contains|all': [one, two]}\n  condition: s", [{"f": ["a one", "two b"]}, {"f": "onetwo"}], [{"f": ["one"]}])
case("nested keys join by dots", "  s: {a.b.c: x}\n  condition: s", [{"a": {"b": {"c": "X"}}}, {"a.b.c": "x"}, {"a": [{"b": {"c": "y"}}, {"b": {"c": "x"}}]}], [{"a": {"b": "x"}}])
case("field names with spaces and signs", "  s: {'Client Address': 1, 'cs(User-Agent)': x, '@tag': t}\n  condition: s", [{"Client Address": 1, "cs(User-Agent)": "x", "@tag": "t"}], [{"Client Address": 1}])

# Modifiers: generic
item("contains", "f|contains: mid", ["amidst", "MID", "mid"], ["m id", ""])
item("startswith", "f|startswith: ab", ["abc", "AB"], ["cab", "a"])
item("endswith", "f|endswith: yz", ["xyz", "YZ"], ["yzx"])
item("contains keeps inner wildcards", "f|contains: 'a*z'", ["..a--z.."], ["z--a"])
item("startswith with a wildcard inside", "f|startswith: 'a?b'", ["axbtail"], ["xaxb"])
item("contains of a lone wildcard: there", "f|contains: '*'", ["x", ""], [])
item("contains with numbers", "f|contains: 12", ["x12y", 3123], ["x1y2"])
item("startswith with numbers", "f|startswith: 12", ["123", 1234], [312])
item("all: AND", "f|contains|all: [a, b]", ["ab", "xbxa"], ["a", "b"])
item("all with startswith and endswith", "f|startswith|all: [a, ab]", ["abc"], ["ac"])
item("all of one value", "f|contains|all: a", ["xax"], ["b"])
case("exists: true", "  s: {'f|exists': true}\n  condition: s", [{"f": ""}, {"f": None}, {"f": 0}, {"f": "x"}], [{"g": 1}])
case("exists: false", "  s: {'f|exists': false}\n  condition: s", [{"g": 1}], [{"f": "x"}, {"f": ""}, {"f": None}])
case("exists: yes and no are booleans of YAML", "  s: {'f|exists': yes, 'g|exists': no}\n  condition: s", [{"f": 1}], [{"f": 1, "g": 1}, {"g": 1}])
item("cased", "f|cased: FoO", ["FoO"], ["foo", "FOO"])
item("contains and cased", "f|contains|cased: oO", ["FoOd"], ["food"])
item("startswith and cased", "f|startswith|cased: Ab", ["Abc"], ["abc"])
item("endswith and cased with a list", "f|endswith|cased: [Ab, X]", ["xAb", "aX"], ["xab", "x"])
item("cased with wildcards", "f|cased: 'A*Z'", ["A-Z"], ["a-z"])
item("cased and all", "f|contains|cased|all: [A, B]", ["AB"], ["Ab"])
item("neq", "f|neq: x", ["y", "", 1], ["x", "X"])
item("neq with wildcards", "f|neq: 'a*'", ["b"], ["abc"])
item("neq with contains", "f|contains|neq: mid", ["x"], ["amidst"])
item("neq with startswith and a list", "f|startswith|neq: [a, b]", ["x"], ["ax", "bx"])
item("neq with cidr", "f|cidr|neq: 10.0.0.0/8", ["11.0.0.1"], ["10.0.0.1"])
item("neq with numbers", "f|neq: 5", [6, "6"], [5, "5"])

# windash
for dash in "-/–—―":
    item(f"windash: {dash}", "f|windash|contains: ' -enc '", [f"x {dash}enc y"], ["x enc y", "x +enc y"])
item("windash from a slash", "f|windash|contains: ' /x'", ["a -x", "a /x", "a —x"], ["a x"])
for dash in "–—―":
    item(f"windash from {dash}", f"f|windash|contains: ' {dash}x'", ["a -x", "a /x", f"a {dash}x"], ["a x"])
item("windash leaves other characters of three bytes", "f|windash: '‖x'", ["‖x"], ["-x"])
item("windash before contains and all", "f|contains|all|windash: [' -a', ' -b']", ["q /a –b"], ["q /a b"])
item("windash leaves dashes inside words", "f|windash|contains: 'a-b'", ["a-b"], [])
item("windash with startswith", "f|windash|startswith: '-x'", ["/x y", "-x"], ["x"])
item("windash with endswith", "f|windash|endswith: ' -x'", ["a /x", "a ―x"], ["a x"])

# re
item("re searches anywhere", "f|re: 'b+c'", ["abbbcd"], ["BBC", "ac"])
item("re is case-sensitive", "f|re: 'Abc'", ["xAbc"], ["abc"])
item("re with i", "f|re|i: 'abc'", ["xABCx"], ["ab"])
item("re with s: dot is a line break", "f|re|s: 'a.c'", ["a\nc"], ["ac"])
item("re without s: dot is none", "f|re: 'a.c'", ["abc"], ["a\nc"])
item("re with m: ^ and $ at lines", "f|re|m: '^b$'", ["a\nb\nc"], ["ab"])
item("re without m", "f|re: '^b$'", ["b"], ["a\nb\nc"])
item("re with i, m and s", "f|re|i|m|s: '^b.c$'", ["a\nB\nC\nd"], ["a b\nc"])
item("re with other names of the flags", "f|re|ignorecase|multiline|dotall: '^b.c$'", ["a\nB\nC\nd"], ["xb c"])
item("re keeps backslashes", "f|re: '\\\\cmd\\.exe$'", ["C:\\cmd.exe"], ["C:\\cmdxexe", "C:/cmd.exe"])
item("re: wildcards are not the strings'", "f|re: '^a*$'", ["aaa", ""], ["ab"])
item("re in a list", "f|re: ['^a', 'z$']", ["ab", "yz"], ["mm"])
item("re and all", "f|re|all: ['a', 'z']", ["a-z"], ["a"])
item("re: bounded repeats, classes, groups", "f|re: '(?:[A-F0-9]{4}-){2}x'", ["0A1B-FFFF-x"], ["0A1-FFFF-x"])
item("re: inline flags", "f|re: '(?i)abc'", ["xABC"], ["ab"])
item("re: look-ahead", "f|re: 'a(?!b)'", ["ac"], ["ab"])
item("re: word borders", "f|re: '\\bnet\\b'", ["a net b"], ["internet"])
item("re over numbers", "f|re: '^46[0-9]{2}$'", [4688, "4624"], [46880])
item("re: classes by name", "f|re: '[[:digit:]]+[^[:alpha:]]x'", ["5-x"], ["5ax", "-x"])
item("re: classes with brackets", "f|re: '[]a]+[^]b]c'", ["]ac"], ["]bc"])
item("re: behind, named, possessive", "f|re: '(?<!x)(?P<n>a)(?P=n)++b'", ["aab"], ["ab"])
item("re: contains nothing that all have", "f|re: 'a{0}b?c*'", ["", "x"], [])
item("re: other than", "f|re|neq: '^a'", ["b"], ["ab"])
item("re: Unicode", "f|re: '^.{2}$'", ["üä"], ["ü"])

# encodings
item("base64 and contains", "f|base64|contains: foobar", ["xZm9vYmFyx"], ["xZm9vYmFx"])
item("base64offset and contains", "f|base64offset|contains: http://", ["xaHR0cDovLx", "h0dHA6Ly", "odHRwOi8v"], ["http://"])
item("base64offset of several values", "f|base64offset|contains: [foobar, http://]", ["Zm9vYmFy", "aHR0cDovL"], ["x"])
item("utf16le, base64offset, contains", "f|utf16le|base64offset|contains: ping", ["cABpAG4AZw", "AHAAaQBuAGcA"], ["ping"])
item("wide is utf16le", "f|wide|base64offset|contains: ping", ["cABpAG4AZw"], ["ping"])
item("utf16be", "f|utf16be|base64offset|contains: ping", ["AHAAaQBuAGc"], ["cABpAG4AZw"])
item("utf16 has a byte order mark", "f|utf16|base64: a", ["//5hAA=="], ["YQA="])

# numbers
item("lt", "f|lt: 10", [9, "9", -5, 9.5], [10, 11, "x", ""])
item("lte", "f|lte: 10", [10, "10", 9], [11, 10.5])
item("gt", "f|gt: 10", [11, "11", 10.5], [10, 9, "abc"])
item("gte", "f|gte: 10", [10, "10", 1e3], [9])
item("gt: numbers, not texts", "f|gt: 9", [10, "10"], [8])
item("two borders on one field", "f|gte: 5\n    f|lte: 7", [5, 6, 7], [4, 8])
item("numbers beyond 32 bits", "f|gt: 4294967296", [4294967297, "9999999999"], [4294967296])
item("negative borders", "f|lt: -1", [-2], [-1, 0])

# time
T = "2025-03-09T07:05:30Z"
item("minute", "f|minute: 5", [T], ["2025-03-09T07:06:30Z", "x"])
item("hour", "f|hour: 7", [T, "2025-03-09 07:59:59"], ["2025-03-09T08:05:30Z"])
item("day", "f|day: 9", [T], ["2025-03-10T07:05:30Z"])
item("week", "f|week: 10", [T], ["2025-03-10T07:05:30Z"])
item("month", "f|month: 3", [T], ["2025-04-09T07:05:30Z"])
item("year", "f|year: 2025", [T], ["2024-03-09T07:05:30Z"])
item("hours from one on", "f|hour|gte: 22", ["2025-03-09T22:05:30Z", "2025-03-09T23:05:30Z"], ["2025-03-09T21:59:59Z", T])
item("years before one", "f|year|lt: 2025", ["2024-12-31T23:59:59Z"], ["2025-01-01T00:00:00Z"])
item("a number with a fraction of nothing", "f: 1.0", [1, "1", "1.0"], [1.5, "10"])
item("hours of a number of seconds", "f|hour: 7", [1741503930, "1741503930.25", 1741503930123], [1741507930])
item("several hours", "f|hour: [22, 23, 7]", [T], ["2025-03-09T12:05:30Z"])

# cidr
item("cidr v4", "f|cidr: 192.168.0.0/16", ["192.168.1.2"], ["192.169.0.1", "x192.168.1.2", "fe80::1", "192.168.1"])
item("cidr list", "f|cidr: [10.0.0.0/8, 172.16.0.0/12]", ["10.1.2.3", "172.31.255.255"], ["172.32.0.0"])
item("cidr /32", "f|cidr: 1.2.3.4/32", ["1.2.3.4"], ["1.2.3.5"])
item("cidr /0", "f|cidr: 0.0.0.0/0", ["8.8.8.8"], ["::1"])
item("cidr v6", "f|cidr: 'fc00::/7'", ["fd00::1", "FC00:0:0:0:0:0:0:1"], ["fe80::1", "10.0.0.1"])
item("cidr v6 /128", "f|cidr: '::1/128'", ["::1", "0:0:0:0:0:0:0:1"], ["::2"])
item("cidr v4 mapped in v6 stays v6", "f|cidr: '2001:db8::/32'", ["2001:DB8:ffff::"], ["2001:db9::"])

# fieldref
case("fieldref: equal, without regard to case", "  s: {'a|fieldref': b}\n  condition: s", [{"a": "X", "b": "x"}, {"a": 5, "b": "5"}], [{"a": "x", "b": "y"}, {"a": "b"}, {"a": "b", "b": "c"}])
case("fieldref with startswith", "  s: {'a|fieldref|startswith': b}\n  condition: s", [{"a": "abc", "b": "ab"}], [{"a": "abc", "b": "bc"}])
case("fieldref with endswith", "  s: {'a|fieldref|endswith': b}\n  condition: s", [{"a": "abc", "b": "bc"}], [{"a": "abc", "b": "ab"}])
case("fieldref with contains", "  s: {'a|fieldref|contains': b}\n  condition: s", [{"a": "abc", "b": "b"}], [{"a": "abc", "b": "x"}])
case("fieldref with the place before it", "  s: {'a|startswith|fieldref': b}\n  condition: s", [{"a": "abc", "b": "ab"}], [{"a": "abc", "b": "bc"}])
case("fieldref and neq", "  s: {'a|fieldref|neq': b}\n  condition: s", [{"a": 1, "b": 2}], [{"a": 1, "b": 1}])
case("fieldref and cased", "  s: {'a|fieldref|cased': b}\n  condition: s", [{"a": "X", "b": "X"}], [{"a": "x", "b": "X"}])
case("not fieldref", "  s: {a: '*'}\n  r: {'a|fieldref': b}\n  condition: s and not r", [{"a": "x", "b": "y"}], [{"a": "x", "b": "x"}])
case("fieldref to one of several fields", "  s: {'a|fieldref': [b, c]}\n  condition: s", [{"a": "x", "b": "y", "c": "x"}], [{"a": "x", "b": "y", "c": "z"}])

# expand
item("expand", "f|expand: '%names%'", ["alice", "BOB"], ["%names%", "carol"])
item("expand with contains", "f|contains|expand: '%names%'", ["xalicex"], ["x"])
item("expand inside text", "f|expand: 'CN=%names%,*'", ["cn=bob,dc=x"], ["cn=x,dc=x"])
item("expand beside plain values", "f|expand: [plain, '%names%']", ["plain", "bob"], ["x"])
item("placeholders without expand are text", "f: '%names%'", ["%names%"], ["alice"])
item("a percent sign behind a backslash is plain", "f|expand: '\\%plain%names%'", ["%plainalice", "%PLAINbob"], ["\\%plainalice", "%plain%names%"])
item("... also where nothing else is one", "f|expand: 'x\\%y%'", ["x%y%"], ["x\\%y%"])
item("a backslash before a placeholder that has values", "f|expand: 'C:\\%names%\\x'", ["c:\\alice\\x"], ["c:%names%\\x"])
item("expand in a regular expression", "f|re|expand: '^%names%[0-9]+$'", ["alice7", "bob12"], ["bobby1", "%names%1"])
item("expand in networks", "f|expand|cidr: ['%nets%', 192.168.0.0/16]", ["10.1.2.3", "fd00::1", "192.168.1.1"], ["11.0.0.1"])
item("several placeholders", "f|expand: '%names%-%nums%'", ["alice-1", "bob-2"], ["alice-3"])

# conditions
PLAIN = "  a: {f: 1}\n  b: {g: 1}\n  c: {h: 1}\n  condition: "
NAMED = ("  selection_1: {f: 1}\n  selection_2: {g: 1}\n  filter_main_x: {h: 1}\n  _hidden: {i: 1}\n"
         "  condition: ")


def ones(letters):
    """An event in which the fields with these names are 1."""
    return {k: 1 for k in letters} or {"z": 1}


def cond(sentence, text, hits, misses):
    case(sentence, PLAIN + text, [ones(h) for h in hits], [ones(m) for m in misses])


def pat(sentence, text, hits, misses):
    case(sentence, NAMED + text, [ones(h) for h in hits], [ones(m) for m in misses])


cond("and", "a and b", ["fg"], ["f", "g", ""])
cond("or", "a or b", ["f", "g", "fg"], ["h", ""])
cond("not", "a and not b", ["f", "fh"], ["fg", "g"])
cond("only not", "not a", ["g", ""], ["f"])
cond("and binds more than or", "a or b and c", ["f", "gh", "fgh"], ["g", "h"])
cond("not binds more than and", "not a and b", ["g"], ["fg", "f", ""])
cond("brackets", "(a or b) and c", ["fh", "gh"], ["f", "h", "fg"])
cond("nested brackets", "not (a and (b or not c))", ["g", "fh", ""], ["f", "fg", "fgh"])
cond("not not", "not (not a)", ["f"], ["g"])
cond("1 of them", "1 of them", ["f", "h"], [""])
cond("all of them", "all of them", ["fgh"], ["fg"])
cond("any of them", "any of them", ["g"], [""])
cond("not 1 of them", "not 1 of them", [""], ["f"])
cond("operators in capitals", "a AND NOT b", ["f"], ["fg"])
cond("line breaks in a condition", "|\n    a and\n    not b", ["f"], ["fg"])
cond("a list of conditions is OR", "[a and b, c]", ["fg", "h"], ["f"])
cond("1 of an identifier without wildcard", "1 of a and all of b", ["fg"], ["f"])
pat("1 of pattern", "1 of selection_*", ["f", "g"], ["h", "i"])
pat("all of pattern", "all of selection_*", ["fg"], ["f", "fh"])
pat("pattern with the wildcard inside", "1 of sel*_2", ["g"], ["f"])
pat("pattern with the wildcard in front", "1 of *_2", ["g"], ["f", "h"])
pat("1 of them leaves out underscores", "1 of them", ["f", "h"], ["i"])
pat("all of them leaves out underscores", "all of them", ["fgh"], ["fgi"])
pat("an underscore identifier by name", "selection_1 and _hidden", ["fi"], ["f"])
pat("a pattern for underscores", "1 of _hid*", ["i"], ["f"])
pat("not 1 of filter", "1 of selection_* and not 1 of filter_main_*", ["f", "gi"], ["fh", "h"])
pat("not all of filter", "selection_1 and not all of filter_*", ["f"], ["fh"])
case("identifiers that begin like operators", "  notable: {f: 1}\n  order: {g: 1}\n  android: {h: 1}\n  condition: notable and (order or android)", [ones("fg"), ones("fh")], [ones("f")])
case("identifiers with dots and dashes", "  sel-1.a: {f: 1}\n  condition: sel-1.a", [ones("f")], [ones("g")])
case("identifiers differ by case", "  Sel: {f: 1}\n  sel: {g: 1}\n  condition: Sel and not sel", [ones("f")], [ones("fg")])
case("a field twice with different modifiers", "  s:\n    f|startswith: a\n    f|endswith: z\n    f|contains: m\n  condition: s", [{"f": "amz"}], [{"f": "az"}])
case("a list under a map in a list", "  s:\n    - f|contains: [a, b]\n      g: 1\n    - h|endswith: z\n  condition: s", [{"f": "xbx", "g": 1}, {"h": "yz"}], [{"f": "a"}])
case("block text", "  s:\n    f|contains: |-\n      two\n      lines\n  condition: s", [{"f": "xtwo\nlinesx"}], [{"f": "two lines"}])
case("folded text", "  s:\n    f: >-\n      two\n      words\n  condition: s", [{"f": "two words"}], [{"f": "two\nwords"}])
case("anchors of YAML", "  s: &x {f: 1}\n  t: *x\n  condition: s and t", [ones("f")], [ones("g")])
case("text in double quotes has YAML's escapes", "  s: {f: \"a\\tb\\\\c\"}\n  condition: s", [{"f": "a\tb\\c"}], [{"f": "a\\tb\\c"}])

refused("an unknown modifier", "f|nosuch: x")
refused("an unknown identifier", "  s: {f: 1}\n  condition: s and t")
refused("a pattern that fits nothing", "  s: {f: 1}\n  condition: 1 of t*")
refused("an unfinished condition", "  s: {f: 1}\n  condition: s and")
refused("brackets that do not close", "  s: {f: 1}\n  condition: (s")
refused("a placeholder without values", "f|expand: '%nobody%'")
refused("an expression that does not compile", "f|re: '(a'")
refused("a network that is none", "f|cidr: 300.0.0.0/8")
refused("a network mask too long", "f|cidr: 10.0.0.0/33")
refused("a comparison with text", "f|gt: abc")
refused("exists with text", "f|exists: maybe")
refused("encoding with wildcards", "f|base64: 'a*b'")
refused("no condition", "  s: {f: 1}\n  t: {f: 2} # condition")
refused("a flag without re", "f|i: x")



def put(folder, name, text):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    return path


def hunt(program, scratch, rules, sources, log):
    """Pairs of rule and line that match, and the rules that were refused."""
    for n, rule in enumerate(rules):
        put(scratch, f"rules/{n:04}.yml", rule)
    done = subprocess.run(
        [program, "hunt", "-r", os.path.join(scratch, "rules"), "--no-cache", "--problems",
         "--logsources", put(scratch, "sources.yml", "sources:\n" + "\n".join(sources) + "\n"),
         "--placeholders", put(scratch, "names.yml", "names: [alice, bob]\nnums: [1, 2]\nnets: [10.0.0.0/8, 'fd00::/8']\n"),
         put(scratch, "log.jsonl", "\n".join(log) + "\n")],
        capture_output=True, text=True, check=False)
    matches = [json.loads(line) for line in done.stdout.splitlines()]
    named = {int(line.split("/")[-1][:4]) for line in done.stderr.splitlines()
             if "/rules/" in line and not any(f": {kind}: " in line for kind in ("warning", "loaded in part"))}
    return {(int(m["title"]), m["record_id"]) for m in matches}, named


def rule_text(number, category, detection):
    return f"title: {number}\nlogsource: {{category: {category}}}\ndetection:\n{detection}\n"


def events_of_cases():
    """The log and what is expected: (case, line, whether it matches)."""
    log, want = [], []
    for n, (_, _, hits, misses) in enumerate(CASES):
        for events, good in ((hits, True), (misses, False)):
            for event in events:
                log.append(json.dumps({"case": f"c{n}", **event}, ensure_ascii=False))
                want.append((n, len(log), good))
    return log, want


def main():
    program = sys.argv[1]
    log, want = events_of_cases()
    details = [detection for _, detection, _, _ in CASES]
    rules = [rule_text(n, f"c{n}", d) for n, d in enumerate(details)]
    rules += [rule_text(n, "c0", d) for n, (_, d) in enumerate(REFUSED, len(CASES))]
    own = [f"  - {{logsource: {{category: c{n}}}, when: {{case: c{n}}}}}" for n in range(len(CASES))]
    every = [f"  - {{logsource: {{category: c{n}}}, when: {{case: '*'}}}}" for n in range(len(CASES))]
    one = ["  - {logsource: {category: one}, when: {case: '*'}}"]
    with tempfile.TemporaryDirectory() as scratch:
        got, named = hunt(program, scratch, rules, own, log)
    with tempfile.TemporaryDirectory() as scratch:
        apart, _ = hunt(program, scratch, rules[:len(CASES)], every, log)
    with tempfile.TemporaryDirectory() as scratch:
        together, _ = hunt(program, scratch, [rule_text(n, "one", d) for n, d in enumerate(details)],
                           one, log)
    failures = 0
    for n, (sentence, detection, _, _) in enumerate(CASES):
        wrong = [line for case_of, line, good in want if case_of == n and ((n, line) in got) != good]
        bad = bool(wrong) or n in named
        failures += bad
        print(f"{'not ok' if bad else 'ok'} {n + 1} - {sentence}")
        if bad:
            print("#", detection.replace("\n", "\n# "), "refused" if n in named else "")
            print("# wrong for", *(log[line - 1] for line in wrong))
    for n, (sentence, _) in enumerate(REFUSED, len(CASES)):
        failures += n not in named
        print(f"{'ok' if n in named else 'not ok'} {n + 1} - refused: {sentence}")
    checks = len(rules) + 1
    failures += apart != together
    print(f"{'ok' if apart == together else 'not ok'} {checks} - all {len(details)} rules over all {len(log)} "
          f"events: {len(apart)} matches, each rule alone or all together")
    for pair in sorted(apart ^ together)[:10]:
        print("#", pair, details[pair[0]], log[pair[1] - 1], "alone" if pair in apart else "together")
    print(f"1..{checks}")
    sys.exit(failures != 0)


if __name__ == "__main__":
    main()
