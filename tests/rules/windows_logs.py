#!/usr/bin/env python3
"""Rules over Windows events, as EVTX and as evtx_dump writes them: which log source an event has, its
fields' names, how values of each type read.

usage: tests/rules/windows_logs.py KANSHIKI LOG_WRITER
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from evtx_log import write_log
from tap import finish, told

SYSMON = "Microsoft-Windows-Sysmon/Operational"
# What it shows, log source, detection (`s` is its only search), channel, event id, data, whether it matches.
CASES = []


def case(sentence, source, search, channel, number, data, matches=True, provider="P", user_data=None):
    CASES.append((sentence, source, search, matches, {
        "Event": {"System": {"Provider": {"#attributes": {"Name": provider}}, "EventID": number, "Level": 4,
                             "TimeCreated": {"#attributes": {"SystemTime": "2025-01-01T00:00:00.123456Z"}},
                             "Channel": channel or None, "Computer": "host.example"},
                  **({"UserData": user_data} if user_data else {"EventData": data})}}))


PROCESS = "category: process_creation, product: windows"
case("Sysmon 1", PROCESS, "{'Image|endswith': '\\cmd.exe', 'ParentImage|endswith': '\\a.exe'}", SYSMON, 1,
     {"Image": "C:\\cmd.exe", "ParentImage": "C:\\a.exe"})
case("Security 4688", PROCESS, "{'Image|endswith': '\\cmd.exe', 'ParentImage|endswith': '\\a.exe'}", "Security", 4688,
     {"NewProcessName": "C:\\cmd.exe", "ParentProcessName": "C:\\a.exe"})
case("4688's ids", PROCESS, "{ProcessId: 0x10, ParentProcessId: 0x20}", "Security", 4688,
     {"NewProcessId": "0x10", "ProcessId": "0x20"})
case("Sysmon 3 is no process", PROCESS, "{Image: a}", SYSMON, 3, {"Image": "a"}, False)
case("4689 is no process creation", PROCESS, "{Image: a}", "Security", 4689, {"ProcessName": "a"}, False)
REGISTRY = "product: windows, category: registry_"
for kind, number, event_type, good in (
        ("set", 13, "SetValue", True), ("set", 12, "CreateKey", False), ("add", 12, "CreateKey", True),
        ("add", 12, "DeleteKey", False), ("delete", 12, "DeleteValue", True), ("delete", 12, "DeleteKey", True),
        ("delete", 13, "SetValue", False), ("rename", 14, "RenameKey", True), ("event", 12, "CreateKey", True),
        ("event", 13, "SetValue", True), ("event", 14, "RenameKey", True), ("event", 11, "x", False)):
    case(f"registry_{kind} {number} {event_type}", REGISTRY + kind, "{'TargetObject|contains': Run}", SYSMON, number,
         {"EventType": event_type, "TargetObject": "HKLM\\Run\\x"}, good)
for category, numbers in (
        ("file_change", [2]), ("network_connection", [3]), ("sysmon_status", [4, 16]), ("process_termination", [5]),
        ("driver_load", [6]), ("image_load", [7]), ("create_remote_thread", [8]), ("raw_access_thread", [9]),
        ("process_access", [10]), ("file_event", [11]), ("create_stream_hash", [15]), ("pipe_created", [17, 18]),
        ("wmi_event", [19, 20, 21]), ("dns_query", [22]), ("file_delete", [23, 26]), ("clipboard_change", [24]),
        ("process_tampering", [25]), ("file_delete_detected", [26]), ("file_block_executable", [27]),
        ("file_block_shredding", [28]), ("file_executable_detected", [29]), ("sysmon_error", [255])):
    for number in numbers:
        case(f"{category} is Sysmon {number}", f"product: windows, category: {category}", "{f: 1}", SYSMON, number, {"f": 1})
    case(f"{category} is no other", f"product: windows, category: {category}", "{f: 1}", SYSMON, 1, {"f": 1}, False)
for category, channel, number in (
        ("ps_module", "Microsoft-Windows-PowerShell/Operational", 4103), ("ps_script", "PowerShellCore/Operational", 4104),
        ("ps_classic_start", "Windows PowerShell", 400), ("ps_classic_provider_start", "Windows PowerShell", 600),
        ("ps_classic_script", "Windows PowerShell", 800)):
    case(f"{category} is {number} of {channel}", f"product: windows, category: {category}", "{f: 1}", channel, number, {"f": 1})
    case(f"{category} is not 1", f"product: windows, category: {category}", "{f: 1}", channel, 1, {"f": 1}, False)
case("channels are compared without regard to case", "product: windows, service: smbclient-security", "{EventID: 31017}",
     "Microsoft-Windows-SMBClient/Security", 31017, {})
case("both channels of DNS servers", "product: windows, service: dns-server-analytic", "{QNAME: x}",
     "Microsoft-Windows-DNSServer/Analytical", 257, {"QNAME": "x"})
case("Defender's findings are those of an antivirus", "category: antivirus", "{Signature: EICAR, Filename: 'c:\\x'}",
     "Microsoft-Windows-Windows Defender/Operational", 1116, {"Threat Name": "EICAR", "Path": "c:\\x"})
case("names lose their spaces", "product: windows, service: windefend", "{NewValue: 1, ThreatName: t}",
     "Microsoft-Windows-Windows Defender/Operational", 5007, {"New Value": 1, "Threat Name": "t"})
case("or have underscores", "product: windows, service: windefend", "{Feature_Name: '%%886'}",
     "Microsoft-Windows-Windows Defender/Operational", 3002, {"Feature Name": "%%886"})

CLEARED = {"LogFileCleared": {"SubjectUserName": "u", "Channel": "Application"}}
case("the Channel of the data hides that of the system", "product: windows, service: system", "{Channel: Application}",
     "System", 104, None, user_data=CLEARED)
case("so the system's is not seen", "product: windows, service: system", "{Channel: System}", "System", 104, None, False,
     user_data=CLEARED)
case("but decides the log source", "product: windows, service: application", "{SubjectUserName: u}", "System", 104, None, False,
     user_data=CLEARED)
case("a rule may name the system's Channel", "product: windows", "{Channel: System}", "System", 7045, {"f": 1})
case("fields of UserData", "product: windows, service: system", "{SubjectUserName: u}", "System", 104, None, user_data=CLEARED)
case("Provider_Name", "product: windows, service: system", "{Provider_Name: Service Control Manager, EventID: 7045}",
     "System", 7045, {}, provider="Service Control Manager")
case("Level, Computer", "product: windows, service: system", "{Level: 4, Computer: host.example, ComputerName: HOST.example}",
     "System", 1, {})
case("Data without names: any of them", "product: windows, service: application", "{'Data|contains': [two]}",
     "Application", 1, {"Data": {"#text": ["one", "is two"]}})
case("Data without names: each value in some of them", "product: windows, service: powershell-classic",
     "{'Data|contains|all': [HostName=ConsoleHost, Available]}", "Windows PowerShell", 400,
     {"Data": {"#text": ["Available", "None", "HostName=ConsoleHost"]}})
case("one Data", "product: windows, service: application", "{'Data|contains': one}", "Application", 1, {"Data": "is one"})
case("a rendered message is looked for in its parts", "product: windows, service: application", "{'Message|contains': maggie}",
     "Application", 8128, {"Data": {"#text": ["x", "maggie.dll"]}}, provider="MSSQLSERVER")
case("keywords in Data", "product: windows, service: application", "[mimikatz]", "Application", 1, {"Data": "a MIMIKATZ"})
case("hashes are one text", "product: windows, category: driver_load", "{'Hashes|contains': ['IMPHASH=AB12', 'MD5=00']}", SYSMON,
     6, {"Hashes": "SHA1=1,MD5=2,IMPHASH=ab12"})
case("null where Sysmon has no field", "product: windows, category: process_creation", "{Image: x, OriginalFileName: null}", SYSMON,
     1, {"Image": "x"})
case("a hyphen is a value", "product: windows, category: process_creation", "{Image: x, Description: null}", SYSMON, 1,
     {"Image": "x", "Description": "-"}, False)
case("numbers as Sysmon writes them", "product: windows, category: network_connection", "{DestinationPort: 443, Initiated: 'true'}",
     SYSMON, 3, {"DestinationPort": 443, "Initiated": True})
case("a trace of no channel", "product: windows", "{Endpoint: lsasspirpc}", "", 6, {"Endpoint": "lsasspirpc"}, provider="Microsoft-Windows-RPC")
case("a rule without log source but product", "product: windows", "{EventID: 4624}", "Security", 4624, {"x": 1})



# The same for values that JSON does not have: sentence, log source, search, channel, id, fields, matches.
TYPED = [
    ("a hexadecimal number", "product: windows, category: process_access", "{GrantedAccess: '0x1410'}", SYSMON, 10,
     [("GrantedAccess", "hex", 0x1410)], True),
    ("or its decimal form", "product: windows, service: security", "{NewProcessId: 5136}", "Security", 4688,
     [("NewProcessId", "hex", 0x1410)], True),
    ("a number that is asked for in hexadecimal", "product: windows, service: security", "{ProcessId: 0x10}", "Security", 1,
     [("ProcessId", "uint", 16)], True),
    ("a text is no number", "product: windows, service: security", "{ProcessId: '0x10'}", "Security", 1,
     [("ProcessId", "uint", 16)], False),
    ("a status code", "product: windows, service: security", "{SubStatus: '0xC0000064'}", "Security", 4625,
     [("SubStatus", "hex", 0xc0000064)], True),
    ("a SID", "product: windows, service: security", "{'SubjectUserSid|startswith': 'S-1-5-21-', 'SubjectUserSid|endswith': '-500'}",
     "Security", 4624, [("SubjectUserSid", "sid", "S-1-5-21-1-2-3-500")], True),
    ("a SID with a large authority", "product: windows, service: security", "{MandatoryLabel: S-1-16-12288}", "Security", 4688,
     [("MandatoryLabel", "sid", "S-1-16-12288")], True),
    ("a GUID in other case, with braces", "product: windows, service: security", "{Guid: '{AB345678-1234-1234-1234-123456789ABC}'}",
     "Security", 1, [("Guid", "guid", "ab345678-1234-1234-1234-123456789abc")], True),
    ("a truth", "product: windows, category: network_connection", "{Initiated: 'true'}", SYSMON, 3, [("Initiated", "bool", 1)], True),
    ("an untruth", "product: windows, category: network_connection", "{Initiated: 'true'}", SYSMON, 3, [("Initiated", "bool", 0)],
     False),
    ("a truth that is a text", "product: windows, category: network_connection", "{Initiated: true}", SYSMON, 3,
     [("Initiated", "text", "True")], True),
    ("parameters of messages", "product: windows, service: security", "{TokenElevationType: '%%1937'}", "Security", 4688,
     [("TokenElevationType", "text", "%%1937")], True),
    ("one of several parameters", "product: windows, service: security", "{'AccessList|contains': '%%4417'}", "Security", 4663,
     [("AccessList", "text", "%%4416\n\t\t\t\t%%4417\n\t\t\t\t")], True),
    ("bytes are upper-case hexadecimal", "product: windows, service: system", "{Binary: AB01}", "System", 1,
     [("Binary", "bytes", b"\xab\x01")], True),
    ("Data without names", "product: windows, category: ps_classic_start", "{'Data|contains|all': ['HostApplication=', 'EngineVersion=2.']}",
     "Windows PowerShell", 400, [(None, "text", "Available"), (None, "text", "None"),
                                 (None, "text", "\tHostApplication=powershell -Version 2\n\tEngineVersion=2.0\n")], True),
    ("Data that is a list", "product: windows, service: application", "{'Data|contains': two}", "Application", 1,
     [(None, "list", ["one", "is two"])], True),
    ("a keyword in bytes of a name", "product: windows, service: application", "[mimikatz]", "Application", 1,
     [("Name With Space", "text", "xMimiKatz")], True),
    ("names lose their spaces", "product: windows, service: windefend", "{ThreatName: t}",
     "Microsoft-Windows-Windows Defender/Operational", 1116, [("Threat Name", "text", "T")], True),
    ("null is a value without text", "product: windows, category: process_creation", "{Image: x, Company: null}", SYSMON, 1,
     [("Image", "text", "x"), ("Company", "null", None)], True),
    ("an empty text is one, too", "product: windows, category: process_creation", "{Image: x, Company: ''}", SYSMON, 1,
     [("Image", "text", "x"), ("Company", "text", "")], True),
    ("a negative number", "product: windows, service: application", "{N: -5}", "Application", 1, [("N", "int", -5)], True),
    ("a number of 64 bits", "product: windows, service: application", "{'N|gt': 1099511627775}", "Application", 1,
     [("N", "uint", 1 << 40)], True),
    ("a time", "product: windows, service: application", "{'T|startswith': '2025-01-01T00:00:00.1234567'}", "Application", 1,
     [("T", "time", 1735689600123456700)], True),
    ("4657 names key and value", "product: windows, category: registry_set", "{'TargetObject|endswith': '\\Run\\evil', Details: x}",
     "Security", 4657, [("ObjectName", "text", "\\REGISTRY\\MACHINE\\Run"), ("ObjectValueName", "text", "evil"),
                        ("NewValue", "text", "x")], True),
    ("and is found by the key alone", "product: windows, category: registry_event", "{'TargetObject|contains': '\\MACHINE\\Run'}",
     "Security", 4657, [("ObjectName", "text", "\\REGISTRY\\MACHINE\\Run"), ("ObjectValueName", "text", "evil")], True),
    ("but not by another value", "product: windows, category: registry_set", "{'TargetObject|endswith': '\\Run\\evil'}",
     "Security", 4657, [("ObjectName", "text", "\\REGISTRY\\MACHINE\\Run"), ("ObjectValueName", "text", "good")], False),
]


def fields_of(data):
    """What evtx_dump wrote, as fields of a record."""
    kinds = {bool: "bool", int: "uint", str: "text"}
    for name, value in (data or {}).items():
        texts = value["#text"] if isinstance(value, dict) else value
        for each in texts if isinstance(texts, list) else [texts]:
            yield None if name == "Data" else name, kinds[type(each)], each


def as_record(event):
    system = event["Event"]["System"]
    data, element = event["Event"].get("EventData"), None
    if "UserData" in event["Event"]:
        (element, data), = event["Event"]["UserData"].items()
    return {"provider": system["Provider"]["#attributes"]["Name"], "channel": system["Channel"], "computer": system["Computer"],
            "event_id": system["EventID"], "level": system["Level"], "user_data": element, "fields": list(fields_of(data))}


def put_rules(folder, rules):
    for n, (source, search) in enumerate(rules):
        with open(os.path.join(folder, f"{n}.yml"), "w", encoding="utf-8") as out:
            out.write(f"title: {n}\nlogsource: {{{source}}}\ndetection:\n  s: {search}\n  condition: s\n")


def matches(program, folder, log):
    done = subprocess.run([program, "hunt", "-r", folder, "--no-cache", log], capture_output=True, text=True, check=False)
    return {(int(m["title"]), m["record_id"]) for m in map(json.loads, done.stdout.splitlines())}, done.stderr


def main():
    program, writer = sys.argv[1:]
    rules = [c[1:3] for c in CASES] + [c[1:3] for c in TYPED]
    records = [as_record(c[-1]) for c in CASES] + [
        {"provider": "P", "channel": channel, "computer": "host.example", "event_id": number, "fields": fields}
        for _, _, _, channel, number, fields, _ in TYPED]
    with tempfile.TemporaryDirectory() as folder:
        put_rules(folder, rules)
        flat, log = os.path.join(folder, "log.jsonl"), os.path.join(folder, "log.evtx")
        with open(flat, "w", encoding="utf-8") as out:
            out.writelines(json.dumps(event) + "\n" for *_, event in CASES)
        write_log(writer, log, records)
        in_json, said = matches(program, folder, flat)
        in_evtx, said_too = matches(program, folder, log)
    wanted = [(c[0], c[3]) for c in CASES] + [(c[0], c[-1]) for c in TYPED]
    for n, (sentence, matched) in enumerate(wanted):
        if n < len(CASES):
            told(((n, n + 1) in in_json) == matched, sentence, rules[n], CASES[n][-1], said)
        told(((n, n + 1) in in_evtx) == matched, f"{sentence} (EVTX)", rules[n], records[n], said_too)
    sys.exit(finish())


if __name__ == "__main__":
    main()
