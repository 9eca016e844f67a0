#!/usr/bin/env python3
"""Catalogues of Windows: members of one whose signature holds are told, but only a known issuer vouches.

usage: tests/golden/catalogue.py KANSHIKI
"""
import hashlib
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from tap import finish, told


def der(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    size = bytes([n]) if n < 128 else bytes([0x80 + (n.bit_length() + 7) // 8]) + n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag]) + size + body


def oid(text):
    numbers = [int(n) for n in text.split(".")]
    out = bytes([numbers[0] * 40 + numbers[1]])
    for n in numbers[2:]:
        digits = [n & 127]
        while n := n >> 7:
            digits.insert(0, n & 127 | 128)
        out += bytes(digits)
    return der(6, out)


NULL = der(5)
SHA1, SHA256 = der(0x30, oid("1.3.14.3.2.26"), NULL), der(0x30, oid("2.16.840.1.101.3.4.2.1"), NULL)
MS = "1.3.6.1.4.1.311."


def member(digest, name):
    """As Windows 8 and later write it: named by its bytes; before, by hex digits in UTF-16."""
    algorithm = SHA256 if len(digest) == 32 else SHA1
    data = der(0x30, der(0x30, oid(MS + "2.1.25")), der(0x30, algorithm, der(4, digest)))
    pair = der(0x30, der(0x1e, "File".encode("utf-16-be")), der(2, b"\1"), der(4, (name + "\0").encode("utf-16-le")))
    tag = digest if len(digest) == 32 else digest.hex().upper().encode("utf-16-le")
    return der(0x30, der(4, tag), der(0x31, der(0x30, oid(MS + "12.2.1"), der(0x31, pair)),
                                      der(0x30, oid(MS + "2.1.4"), der(0x31, data))))


def run(*command, **more):
    return subprocess.run([str(c) for c in command], check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more).stdout


def make_signer(folder, name):
    key, cert = folder / f"{name}.key", folder / f"{name}.der"
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-outform", "DER",
        "-subj", f"/CN={name}", "-days", "30", "-addext", "extendedKeyUsage=codeSigning")
    return key, cert.read_bytes()


def issuer_and_serial(cert):
    def element(at):
        n, skip = cert[at + 1], 2
        if n & 128:
            skip += n & 127
            n = int.from_bytes(cert[at + 2:at + skip], "big")
        return at + skip, at + skip + n
    inside, _ = element(element(0)[0])
    version = element(inside)[1]
    serial = element(version)[1]
    algorithm = element(serial)[1]
    return der(0x30, cert[algorithm:element(algorithm)[1]], cert[version:serial])


def catalogue(members, key, cert):
    body = b"".join([der(0x30, oid(MS + "12.1.1")), der(4, b"0123456789abcdef"), der(0x17, b"260102030405Z"),
                     der(0x30, oid(MS + "12.1.3"), NULL), der(0x30, *members)])
    kind = oid(MS + "10.1")
    attributes = [der(0x30, oid("1.2.840.113549.1.9.3"), der(0x31, kind)),
                  der(0x30, oid("1.2.840.113549.1.9.4"), der(0x31, der(4, hashlib.sha256(body).digest())))]
    signature = run("openssl", "dgst", "-sha256", "-sign", key, input=der(0x31, *sorted(attributes)))
    signer = der(0x30, der(2, b"\1"), issuer_and_serial(cert), SHA256, der(0xa0, *sorted(attributes)),
                 der(0x30, oid("1.2.840.113549.1.1.1"), NULL), der(4, signature))
    data = der(0x30, der(2, b"\1"), der(0x31, SHA256), der(0x30, kind, der(0xa0, der(0x30, body))),
               der(0xa0, cert), der(0x31, signer))
    return der(0x30, oid("1.2.840.113549.1.7.2"), der(0xa0, data))


def check_other(program, folder, cat, key, cert):
    """osslsigncode, made elsewhere, verifies what is made here; and what it signs is read."""
    if not shutil.which("osslsigncode"):
        told(True, "what osslsigncode signs # SKIP osslsigncode not here")
        return
    pem = folder / "signer.pem"
    pem.write_bytes(run("openssl", "x509", "-inform", "DER", "-in", cert))
    done = subprocess.run(["osslsigncode", "verify", "-in", cat, "-CAfile", pem], capture_output=True, text=True)
    told("Signature verification: ok" in done.stdout, "osslsigncode takes the catalogue for a signed one", done.stdout[-300:])
    signed = folder / "theirs/Windows/System32/CatRoot/x.cat"
    signed.parent.mkdir(parents=True)
    run("osslsigncode", "sign", "-certs", pem, "-key", key, "-h", "sha256", "-in", cat, "-out", signed)
    case = folder / "theirs.case"
    subprocess.run([program, "assess", folder / "theirs", "--case", case, "--no-starter-rules", "-q"],
                   stdout=subprocess.DEVNULL, check=False)
    seen = sqlite3.connect(case).execute("SELECT path, name, command FROM trace WHERE kind = 'known' ORDER BY 1").fetchall()
    told(seen == [("one.cmd", "Somebody", "issuer not known"), ("two.dll", "Somebody", "issuer not known")],
         "members of what osslsigncode signed are told", seen)


def main():
    program = os.path.abspath(sys.argv[1])
    if not shutil.which("openssl"):
        print("1..0 # SKIP openssl not here")
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        root = folder / "disk/Windows/System32"
        root.mkdir(parents=True)
        script = b"@echo off\r\necho one\r\n"
        (root / "one.cmd").write_bytes(script)
        members = [member(hashlib.sha256(script).digest(), "one.cmd"), member(hashlib.sha1(b"two").digest(), "two.dll")]
        key, cert = make_signer(folder, "Somebody")
        whole = catalogue(members, key, cert)
        store = root / "CatRoot/{F750E6C3-38EE-11D1-85E5-00C04FC295EE}"
        store.mkdir(parents=True)
        (store / "whole.cat").write_bytes(whole)
        broken = whole.replace(hashlib.sha256(script).digest(), bytes(32))
        (store / "broken.cat").write_bytes(broken)
        case = folder / "x.case"
        done = subprocess.run([program, "assess", folder / "disk", "--case", case, "--no-starter-rules", "-q"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        told(done.returncode in (0, 1), "assess ends well", done.stderr)
        ask = lambda sql: sqlite3.connect(case).execute(sql).fetchall()
        seen = ask("SELECT path, digest, name, command FROM trace WHERE kind = 'known' ORDER BY path")
        told(seen == [("one.cmd", "sha256:" + hashlib.sha256(script).hexdigest(), "Somebody", "issuer not known"),
                      ("two.dll", "sha1:" + hashlib.sha1(b"two").hexdigest(), "Somebody", "issuer not known")],
             "members are told, with their signer", seen)
        reason = ask("SELECT reason FROM item WHERE path LIKE '%broken.cat'")[0][0] or ""
        told("signature does not hold" in reason, "an altered catalogue is told", reason)
        seen = ask("SELECT standing FROM program WHERE path LIKE '%one.cmd'")
        told(seen == [("unknown",)], "a signer whom nobody knows vouches for nothing", seen)
        check_other(program, folder, store / "whole.cat", key, folder / "Somebody.der")
    return finish()


sys.exit(main())
