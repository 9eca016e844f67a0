"""Makes EVTX logs for tests, with build/tests/log_writer.

    write_log(log_writer, path, [{"provider": "P", "channel": "Security", "event_id": 4688, "user_data": None,
                                  "fields": [("NewProcessName", "text", "C:\\\\x.exe"), ("ProcessId", "hex", 16)]}])
"""
import struct
import subprocess
import uuid

SYSTEM = ("provider", "channel", "computer", "event_id", "level", "task", "keywords", "user_data")


def escaped(text):
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


def sid_bytes(text):
    """S-1-5-18 as it lies in a log."""
    parts = [int(p) for p in text.split("-")[1:]]
    return bytes([parts[0], len(parts) - 2]) + parts[1].to_bytes(6, "big") + b"".join(
        struct.pack("<I", p) for p in parts[2:])


def in_words(kind, value):
    if kind == "sid":
        return sid_bytes(value).hex()
    if kind == "guid":
        return uuid.UUID(value).bytes_le.hex()
    if kind in ("bytes", "ansi"):
        return value.hex()
    if kind == "list":
        return "\\t".join(map(escaped, value))
    if kind == "bool":
        return str(int(value))
    return escaped(str(value)) if kind != "null" else ""


def described(event):
    lines = [f"{key} {event[key]}" for key in SYSTEM if event.get(key) is not None]
    lines += [f"{kind} {name or '-'}\t{in_words(kind, value)}" for name, kind, value in event["fields"]]
    return "\n".join(lines) + "\n\n"


def write_log(writer, path, events):
    subprocess.run([writer, path], input="".join(map(described, events)).encode("utf-8", "surrogatepass"), check=True)
