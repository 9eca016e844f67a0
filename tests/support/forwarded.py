"""Makes the records of a collector's ForwardedEvents log: many computers, publishers and ways to write them.

    for key, nodes in forwarded():
        log.record(nodes)

Each event has the record id of the log that it came from, `key`, which is not the record's number here; its
Channel is that log's, and RenderingInfo is what the sender's publisher would show.
"""
import struct
import uuid

from binxml import FILETIME, element, fragment, hole, instance, text

XMLNS = ("xmlns", [text("http://schemas.microsoft.com/win/2004/08/events/event")])
COMPUTERS = ("DC01.corp.example", "ws-17.corp.example", "пк-3", "SRV", "WIN-" + "X" * 40)
FIRST_ID = 1 << 20


class Publisher:
    def __init__(self, name, guid, source, channel, event_id, data, message, keywords):
        self.name, self.guid, self.source, self.channel, self.event_id = name, guid, source, channel, event_id
        self.data, self.message, self.keywords = data, message, keywords


PUBLISHERS = (
    Publisher("Microsoft-Windows-Sysmon", "5770385f-c22a-43e0-bf4c-06f5698ffbd9", None, "Microsoft-Windows-Sysmon/Operational", 1,
              [("UtcTime", "2026-01-02 03:04:05.678"), ("ProcessId", "4711"), ("Image", "C:\\Windows\\System32\\cmd.exe"),
               ("CommandLine", 'cmd /c "a & b <c>"')], "Process Create:\r\nUtcTime: 2026-01-02", []),
    Publisher("Microsoft-Windows-Security-Auditing", "54849625-5478-4994-a5ba-3e3b0328c30d", None, "Security", 4624,
              [("TargetUserName", "ann"), ("LogonType", "3"), ("IpAddress", "-"), ("Empty", "")],
              "An account was successfully logged on.\r\n\r\nSubject:\r\n\tSecurity ID:\t\tS-1-0-0", ["Audit Success"]),
    Publisher("Service Control Manager", "555908d1-a6d7-4695-8e1e-26931d2012f4", "Service Control Manager", "System", 7045,
              [("ServiceName", "x"), ("ImagePath", "%SystemRoot%\\x.exe")], "A service was installed in the system.", ["Classic"]),
    Publisher("MsiInstaller", None, None, "Application", 1033, [(None, "Product"), (None, "1.0"), (None, "")],
              "Windows Installer installed the product.", ["Classic", "Two"]),
    Publisher("Nameless", None, None, "ForwardedEvents", 111, [], None, []),
)


def attribute(name, value):
    return name, value if isinstance(value, list) else [text(value)]


def system_of(p, number, computer, values):
    """`values` are nodes for the values, by name."""
    provider = [attribute("Name", p.name)] + ([attribute("Guid", values["guid"])] if p.guid else []) + (
        [attribute("EventSourceName", p.source)] if p.source else [])
    event_id = [attribute("Qualifiers", "16384")] if p.source or not p.guid else []
    return element("System", [], [
        element("Provider", provider, None), element("EventID", event_id, values["event_id"]), element("Version", [], [text("2")]),
        element("Level", [], [text("4")]), element("Task", [], [text("1")]), element("Opcode", [], [text("0")]),
        element("Keywords", [], values["keywords"]), element("TimeCreated", [attribute("SystemTime", values["time"])], None),
        element("EventRecordID", [], values["record_id"]),
        element("Correlation", [attribute("ActivityID", values["activity"])] if number % 2 else [], None),
        element("Execution", [attribute("ProcessID", "4"), attribute("ThreadID", "8")], None),
        element("Channel", [], [text(p.channel)]), element("Computer", [], values["computer"]),
        element("Security", [attribute("UserID", values["user"])] if number % 3 else [], None)])


def body_of(p, data):
    items = [element("Data", [attribute("Name", name)] if name else [], data(i, value)) for i, (name, value) in enumerate(p.data)]
    return [element("EventData", [], items)] if items else []


def rendering_of(p, culture="en-US"):
    said = [element("Message", [], [text(p.message)])] if p.message else [element("Message", [], None)]
    return [element("RenderingInfo", [attribute("Culture", culture)], said + [
        element("Level", [], [text("Information")]), element("Task", [], [text("Logon")]), element("Opcode", [], [text("Info")]),
        element("Channel", [], None), element("Provider", [], [text(p.name)]),
        element("Keywords", [], [element("Keyword", [], [text(k)]) for k in p.keywords])])]


def plain(p, number, computer):
    """Text alone, as the collector gets it: no template at all."""
    return [element("Event", [XMLNS], [system_of(p, number, computer, {
        "guid": "{%s}" % p.guid, "event_id": [text(str(p.event_id))], "keywords": [text("0x8020000000000000")],
        "time": "2026-01-02T03:04:05.678901200Z", "record_id": [text(str(FIRST_ID + number))],
        "activity": "{12345678-9abc-def0-1234-56789abcdef0}", "computer": [text(computer)], "user": "S-1-5-18"})]
        + body_of(p, lambda i, value: [text(value)] if value else []) + rendering_of(p))]


def typed(p, number, computer, nested):
    """A template of the publisher's; the data in it, or in a template of its own within it."""
    values = [(0x0f, uuid.UUID(p.guid or "0" * 32).bytes_le), (0x06, struct.pack("<H", p.event_id)),
              (0x15, struct.pack("<Q", 0x8020000000000000)), (0x11, struct.pack("<Q", FILETIME + number)),
              (0x0a, struct.pack("<Q", FIRST_ID + number)), (0x0f, uuid.UUID(int=number + 1).bytes_le),
              (0x01, computer.encode("utf-16le")), (0x13, bytes.fromhex("010100000000000512000000"))]
    nodes = system_of(p, number, computer, {
        "guid": [hole(0, 0x0f)], "event_id": [hole(1, 0x06)], "keywords": [hole(2, 0x15)], "time": [hole(3, 0x11)],
        "record_id": [hole(4, 0x0a)], "activity": [hole(5, 0x0f)], "computer": [hole(6, 0x01)], "user": [hole(7, 0x13)]})
    key = f"{p.name} {number % 2} {number % 3} {nested}"
    texts = [(0x01, value.encode("utf-16le")) for _, value in p.data]
    if not nested:
        body = body_of(p, lambda i, value: [hole(8 + i, 0x01, True)])
        return [instance(key, [element("Event", [XMLNS], [nodes] + body + rendering_of(p))], values + texts)]
    inner = fragment([instance(key + " data", body_of(p, lambda i, value: [hole(i, 0x01, True)]), texts)])
    return [instance(key, [element("Event", [XMLNS], [nodes, hole(8, 0x21)] + rendering_of(p, "ru-RU"))],
                     values + [(0x21, inner if texts else b"")])]


def forwarded(rounds=6):
    """(the record id in the log of its own, nodes)."""
    number = 0
    for _ in range(rounds):
        for p in PUBLISHERS:
            for computer in COMPUTERS:
                for way in range(3):
                    nodes = plain(p, number, computer) if way == 0 else typed(p, number, computer, way == 2)
                    yield FIRST_ID + number, nodes
                    number += 1
