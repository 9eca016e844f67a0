#!/usr/bin/env python3
"""Rules over Windows events as evtx_dump writes them: which log source an event has, and its fields' names.

usage: tests/rules/windows_logs.py KANSHIKI
"""
import json
import os
import subprocess
import sys
import tempfile

SYSMON = "Microsoft-Windows-Sysmon/Operational"
# What it shows, log source, detection (`s` is its only search), channel, event id, data, whether it matches.
CASES = []


def case(sentence, source, search, channel, number, data, matches=True, provider="P", user_data=None):
    CASES.append((sentence, source, search, matches, {
        "Event": {"System": {"Provider": {"#attributes": {"Name": provider}}, "EventID": number, "Level": 4,
                             "TimeCreated": {"#attributes": {"SystemTime": "2025-01-01T00:00:00.123456Z"}},
                             "Channel": channel, "Computer": "host.example"},
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
case("a rule without log source but product", "product: windows", "{EventID: 4624}", "Security", 4624, {"x": 1})


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as scratch:
        for n, (_, source, search, _, _) in enumerate(CASES):
            with open(os.path.join(scratch, f"{n}.yml"), "w", encoding="utf-8") as out:
                out.write(f"title: {n}\nlogsource: {{{source}}}\ndetection:\n  s: {search}\n  condition: s\n")
        log = os.path.join(scratch, "log.jsonl")
        with open(log, "w", encoding="utf-8") as out:
            out.writelines(json.dumps(event) + "\n" for *_, event in CASES)
        done = subprocess.run([program, "hunt", "-r", scratch, "--no-cache", log], capture_output=True, text=True,
                              check=False)
    got = {(int(m["title"]), m["record_id"]) for m in map(json.loads, done.stdout.splitlines())}
    failures = 0
    for n, (sentence, source, search, matches, event) in enumerate(CASES):
        good = ((n, n + 1) in got) == matches
        failures += not good
        print(f"{'ok' if good else 'not ok'} {n + 1} - {sentence}")
        if not good:
            print("#", source, search, json.dumps(event))
    if failures:
        print("#", done.stderr.replace("\n", "\n# "))
    print(f"1..{len(CASES)}")
    sys.exit(failures != 0)


if __name__ == "__main__":
    main()
