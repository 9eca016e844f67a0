"""Small volumes that a key opens, and one with snapshots: what make_images cannot make by tools alone.

KINDS: by name, what takes a folder of files, the place of the image and the folder of the built test programs,
and returns the keys for kanshiki.
"""
import ctypes
import ctypes.util
import pathlib
import shutil
import struct

import make_images
import snapshots

SECTOR = 512
WORD = "geheim"
VOLUME_KEY = bytes(range(64))


def encrypt_xts(data, sector):
    """AES-XTS as Linux does it: a sector after the other; its tweak is where it lies, in 512 bytes."""
    lib = ctypes.CDLL(ctypes.util.find_library("crypto"))
    lib.EVP_CIPHER_CTX_new.restype = lib.EVP_aes_256_xts.restype = ctypes.c_void_p
    context = ctypes.c_void_p(lib.EVP_CIPHER_CTX_new())
    lib.EVP_EncryptInit_ex(context, ctypes.c_void_p(lib.EVP_aes_256_xts()), None, VOLUME_KEY, None)
    out, room, got = bytearray(), ctypes.create_string_buffer(sector), ctypes.c_int()
    for at in range(0, len(data), sector):
        lib.EVP_EncryptInit_ex(context, None, None, None, struct.pack("<QQ", at // SECTOR, 0))
        lib.EVP_EncryptUpdate(context, room, ctypes.byref(got), data[at:at + sector], sector)
        out += room.raw
    lib.EVP_CIPHER_CTX_free(context)
    return bytes(out)


def luks(version):
    def make(inside, out, programs):
        plain, key = out.with_suffix(".plain"), out.with_suffix(".key")
        make_images.ext4(inside, plain)
        data = plain.read_bytes()
        key.write_bytes(VOLUME_KEY)
        size, sector = {1: (2 << 20, 512), 2: (16 << 20, 4096)}[version]	# of the header and the slots
        make_images.blank(out, size + len(data))
        make_images.run("cryptsetup", "luksFormat", "-q", "--type", f"luks{version}", "--cipher", "aes-xts-plain64",
                        "--key-size", "512", "--volume-key-file", key, "--pbkdf", "pbkdf2", "--pbkdf-force-iterations",
                        "1000", *(["--sector-size", str(sector)] if version == 2 else []), "--key-file", "-", out,
                        input=WORD.encode())
        with open(out, "r+b") as image:
            image.seek(size)
            image.write(encrypt_xts(data, sector))
        plain.unlink()
        key.unlink()
        return [f"luks:{WORD}"]
    return make


def bitlocker(inside, out, programs):
    plain, key = out.with_suffix(".plain"), out.with_suffix(".BEK")
    make_images.ntfs(inside, plain)
    make_images.run(programs / "bitlocker_writer", plain, out, "xts256", f"startup:{key}")
    plain.unlink()
    return [f"bitlocker:@{key}"]


def vss(inside, out, programs):
    where = out.with_suffix(".states")
    where.mkdir()
    try:
        made = snapshots.example(where)
        if not made:
            raise OSError("a volume cannot be mounted here")
        made[0].rename(out)
    finally:
        shutil.rmtree(where)
    return []


KINDS = {"luks1": luks(1), "luks2": luks(2), "bitlocker": bitlocker, "vss": vss}


def make(kind, folder, programs):
    """The image's path and its keys, or twice None where it cannot be made here."""
    return make_images.made_by(lambda inside, out: KINDS[kind](inside, out, programs), kind, folder)
