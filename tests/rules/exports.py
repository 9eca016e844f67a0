#!/usr/bin/env python3
"""Windows events as other tools export them: rules find in them what they find in the log itself.

usage: tests/rules/exports.py KANSHIKI LOG_WRITER

The events and rules are those of windows_logs.py; each export is made here as its tool writes it.
Sysmon's events alone are told by the message that Windows shows.
"""
import csv
import io
import json
import os
import pathlib
import sys
import tempfile
from xml.sax.saxutils import escape, quoteattr

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from evtx_log import write_log
from tap import finish, told
from windows_logs import CASES, SYSMON, as_record, matches, put_rules

TIME = "2025-01-01T00:00:00.123456Z"
XMLNS = "http://schemas.microsoft.com/win/2004/08/events/event"


class Event:
    """A case as exporters see it: the system's values and (name or None, text) of the data."""

    def __init__(self, number, case):
        record = as_record(case[-1])
        self.id, self.event_id = number + 1, record["event_id"]
        self.channel, self.provider, self.user_data = record["channel"] or "", record["provider"], record["user_data"]
        self.level = record["level"]
        self.data = [(name, str(value).lower() if kind == "bool" else str(value)) for name, kind, value in record["fields"]]

    def named(self, without_spaces=False):
        """As an object; what has no name is a list."""
        out = {}
        for name, value in self.data:
            if name is None:
                out.setdefault("Data", []).append(value)
            else:
                out[name.replace(" ", "") if without_spaces else name] = value
        return out

    def xml(self, quote="'"):
        def attribute(value):
            return quote + escape(value, {"'": "&apos;", '"': "&quot;"}) + quote
        data = "".join(f"<{n}>{escape(v)}</{n}>" if self.user_data else
                       f"<Data Name={attribute(n)}>{escape(v)}</Data>" if n else f"<Data>{escape(v)}</Data>" for n, v in self.data)
        inner = f"<UserData><{self.user_data} xmlns={attribute('x')}>{data}</{self.user_data}></UserData>" if self.user_data \
            else f"<EventData>{data}</EventData>"
        return (f"<Event xmlns={attribute(XMLNS)}><System><Provider Name={attribute(self.provider)}/>"
                f"<EventID Qualifiers={attribute('0')}>{self.event_id}</EventID><Level>{self.level}</Level>"
                f"<TimeCreated SystemTime={attribute(TIME)}/><EventRecordID>{self.id}</EventRecordID><Correlation/>"
                f"<Execution ProcessID={attribute('4')} ThreadID={attribute('8')}/><Channel>{escape(self.channel)}</Channel>"
                f"<Computer>host.example</Computer><Security/></System>{inner}</Event>")


def evtxecmd(e):
    if e.user_data:
        payload = {"UserData": {e.user_data: {"@xmlns": "x", **e.named()}}}
    elif any(n is None for n, _ in e.data):
        payload = {"EventData": {"Data": ", ".join(v for _, v in e.data), "Binary": ""}}
    else:
        payload = {"EventData": {"Data": [{"@Name": n, "#text": v} for n, v in e.data]}}
    return {"PayloadData1": "some of it", "MapDescription": "an event", "ChunkNumber": 0, "Computer": "host.example",
            "Payload": json.dumps(payload), "UserId": "S-1-5-18", "Channel": e.channel, "Provider": e.provider,
            "EventId": e.event_id, "EventRecordId": str(e.id), "ProcessId": 4, "ThreadId": 8, "Level": str(e.level),
            "Keywords": "Classic", "SourceFile": "C:\\log.evtx", "ExtraDataOffset": 0, "HiddenRecord": False,
            "TimeCreated": "2025-01-01T00:00:00.1234560+00:00", "RecordNumber": e.id}


def said(e):
    """The message that Windows shows, with the values in it."""
    return "Somewhere: " + ", ".join(value for _, value in e.data)


def nested(e):
    if e.user_data:
        return {"UserData": {e.user_data: e.named()}}
    return {"EventData": e.named()}


def velociraptor(e):
    return {"System": {"Provider": {"Name": e.provider}, "EventID": {"Value": e.event_id}, "Level": e.level,
                       "TimeCreated": {"SystemTime": 1735689600.123456}, "EventRecordID": e.id,
                       "Execution": {"ProcessID": 4, "ThreadID": 8}, "Channel": e.channel, "Computer": "host.example"},
            **nested(e), "Message": said(e), "OSPath": "/C:/log.evtx"}


def winlog(e):
    return {"event_id": str(e.event_id), "channel": e.channel, "provider_name": e.provider, "computer_name": "host.example",
            "record_id": e.id, "process": {"pid": 4, "thread": {"id": 8}}, "user_data" if e.user_data else "event_data": e.named()}


def winlogbeat(e):
    return {"@timestamp": TIME, "event": {"code": e.event_id, "provider": e.provider, "kind": "event"}, "winlog": winlog(e)}


def winlogbeat_6(e):
    return {"@timestamp": TIME, "event_id": e.event_id, "log_name": e.channel, "source_name": e.provider,
            "computer_name": "host.example", "record_number": str(e.id), "event_data": e.named(), "type": "wineventlog"}


def flat(e):
    return {"EventTime": "2025-01-01 00:00:00", "Hostname": "host.example", "EventID": e.event_id, "SourceName": e.provider,
            "Channel": e.channel, "RecordNumber": e.id, "EventRecordID": e.id, "Message": said(e), **e.named()}


def wazuh(e):
    data = {n[:1].lower() + n[1:] if n else "data": v for n, v in e.named(True).items()}
    return {"timestamp": TIME, "agent": {"id": "001", "name": "host"}, "rule": {"id": "1", "level": 3}, "data": {"win": {
        "system": {"providerName": e.provider, "eventID": str(e.event_id), "channel": e.channel, "computer": "host.example",
                   "eventRecordID": str(e.id), "systemTime": TIME, "processID": "4", "level": str(e.level)},
        "eventdata": data}}}


def splunk_fields(e):
    return {"EventCode": str(e.event_id), "LogName": e.channel, "SourceName": e.provider, "ComputerName": "host.example",
            "RecordNumber": str(e.id), "source": "WinEventLog:" + e.channel, "sourcetype": "WinEventLog", "_time": TIME, **e.named()}


def gelf(e):
    return {"version": "1.1", "host": "host.example", "short_message": said(e), "timestamp": 1735689600.1234, "level": 6,
            "_EventID": e.event_id, "_Channel": e.channel, "_SourceName": e.provider, "_EventRecordID": e.id, "_Computer": "host.example",
            "_Level": e.level, **{"_" + n: v for n, v in e.named(True).items()}}


def graylog(e):
    system = {"event_id": e.event_id, "channel": e.channel, "provider_name": e.provider, "computer_name": "host.example",
              "record_id": e.id}
    return {"timestamp": TIME, "message": said(e), "source": "host", **{"winlogbeat_winlog_" + n: v for n, v in system.items()},
            **{"winlogbeat_winlog_event_data_" + n: v for n, v in e.named(True).items()}}


def dotted(e):
    data = {f"winlog.event_data.{n}": v for n, v in e.named().items()}
    return {"@timestamp": TIME, "winlog.event_id": e.event_id, "winlog.channel": e.channel, "winlog.provider_name": e.provider,
            "winlog.computer_name": "host.example", "winlog.record_id": e.id, **data}


def message(e):
    return "Process Create:\r\n" + "\r\n".join(f"{n}: {v}" for n, v in e.data)


def get_win_event(e):
    return {"Id": e.event_id, "Version": 5, "Qualifiers": None, "Level": e.level, "Task": 1, "Opcode": 0, "Keywords": -9223372036854775808,
            "RecordId": e.id, "ProviderName": e.provider, "ProviderId": "5770385f-c22a-43e0-bf4c-06f5698ffbd9", "LogName": e.channel,
            "ProcessId": 4, "ThreadId": 8, "MachineName": "host.example",
            "UserId": {"BinaryLength": 12, "AccountDomainSid": None, "Value": "S-1-5-18"}, "TimeCreated": "/Date(1735689600123)/",
            "Bookmark": {}, "LevelDisplayName": "Information", "KeywordsDisplayNames": [],
            "Properties": [{"Value": v} for _, v in e.data], "Message": message(e)}


def lines(make):
    return lambda events: "".join(json.dumps(make(e)) + "\n" for e in events).encode()


def table(make):
    def written(events):
        rows = [make(e) for e in events]
        columns = list(dict.fromkeys(name for row in rows for name in row))
        text = io.StringIO()
        out = csv.DictWriter(text, columns)
        out.writeheader()
        out.writerows(rows)
        return text.getvalue().encode()
    return written


def saved_by_viewer(events):
    text = '<?xml version="1.0" encoding="utf-16" standalone="yes"?>\r\n<Events>' + "".join(e.xml('"') for e in events) + "</Events>"
    return ("\ufeff" + text).encode("utf-16-le")


def elastic(events):
    return json.dumps({"took": 1, "hits": {"total": {"value": len(events)}, "hits": [
        {"_index": "winlogbeat", "_id": str(e.id), "_source": winlogbeat(e)} for e in events]}}, indent=1).encode()


def tells_level(rule):
    return "Level:" not in CASES[rule][2]


def is_sysmon(e):
    return e.channel == SYSMON


def any_of(e):
    return True


def all_named(e):
    return all(n for n, _ in e.data)


def has_one_channel(e):
    """What has the system's and the data's names side by side cannot tell a second Channel."""
    return not e.user_data


# Tool, what it writes, the events that it can tell.
def clixml(events):
    """What Get-WinEvent | Export-Clixml writes: UTF-16, line ends in texts by their number."""
    def element(kind, name, value):
        text = escape(str(value)).replace("_x", "_x005F_x").replace("\r", "_x000D_").replace("\n", "_x000A_")
        return f'<{kind} N="{name}">{text}</{kind}>'
    kinds = {int: "I64", str: "S"}
    objects = []
    for n, e in enumerate(events):
        fields = get_win_event(e)
        message = fields.pop("Message")
        fields["TimeCreated"] = TIME
        plain = "".join(element(kinds[type(v)], k, v) for k, v in fields.items() if type(v) in kinds)
        values = "".join(f'<Obj RefId="{n}{i}"><TNRef RefId="1" /><Props><S N="Value">{i}</S></Props></Obj>' for i in range(2))
        objects.append(f'<Obj RefId="{n}"><TN RefId="0"><T>System.Diagnostics.Eventing.Reader.EventLogRecord</T></TN>'
                       f'<ToString>System.Diagnostics.Eventing.Reader.EventLogRecord</ToString><Props>{plain}'
                       f'<Obj N="Properties" RefId="{n}9"><LST>{values}</LST></Obj></Props><MS>{element("S", "Message", message)}</MS></Obj>')
    return ('<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">\r\n' +
            "\r\n".join(objects) + "\r\n</Objs>").encode("utf-16")


EXPORTS = [
    ("wevtutil qe /f:xml", lambda events: "".join(e.xml() + "\r\n" for e in events).encode(), any_of),
    ("one line of XML", lambda events: "".join(e.xml() for e in events).encode(), any_of),
    ("Event Viewer, UTF-16", saved_by_viewer, any_of),
    ("evtx_dump -o xml", lambda events: "".join(f"Record {e.id}\n<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{e.xml(chr(34))}\n"
                                                for e in events).encode(), any_of),
    ("evtxexport", lambda events: ("evtxexport 20181227\n\n" + "\n".join(e.xml('"') for e in events)).encode(), any_of),
    ("EvtxECmd --json", lines(evtxecmd), any_of),
    ("EvtxECmd --csv", table(evtxecmd), any_of),
    ("Velociraptor", lines(velociraptor), any_of),
    ("Winlogbeat", lines(winlogbeat), any_of),
    ("Winlogbeat 6", lines(winlogbeat_6), any_of),
    ("Elasticsearch, _source", lines(lambda e: {"_index": "x", "_id": "1", "_source": winlogbeat(e)}), any_of),
    ("Elasticsearch, answer to a search", elastic, any_of),
    ("Kibana, dotted names", lines(dotted), any_of),
    ("Kibana, CSV", table(dotted), lambda e: all_named(e) and has_one_channel(e)),
    ("NXLog", lines(flat), has_one_channel),
    ("Wazuh", lines(wazuh), has_one_channel),
    ("Splunk, fields", lines(lambda e: {"preview": False, "result": splunk_fields(e)}), any_of),
    ("Splunk, _raw as XML", lines(lambda e: {"preview": False, "offset": e.id, "result": {"_raw": e.xml(), "_time": TIME, "host": "h"}}), any_of),
    ("Splunk, CSV of _raw", table(lambda e: {"_raw": e.xml(), "_time": TIME, "host": "h"}), any_of),
    ("HTTP collector, an object", lines(lambda e: {"time": 1735689600, "host": "h", "sourcetype": "x", "event": flat(e)}), has_one_channel),
    ("HTTP collector, XML", lines(lambda e: {"time": 1735689600, "host": "h", "sourcetype": "x", "event": e.xml()}), any_of),
    ("HTTP collector, as evtx_dump", lines(lambda e: {"time": 1735689600, "event": json.loads(json.dumps(CASES[e.id - 1][-1]))}), any_of),
    ("GELF", lines(gelf), has_one_channel),
    ("Graylog from Winlogbeat", lines(graylog), any_of),
    ("Get-WinEvent | Export-Clixml", clixml, is_sysmon),
    ("Get-WinEvent | ConvertTo-Json", lambda events: json.dumps([get_win_event(e) for e in events], indent=4).encode(), is_sysmon),
]


def main():
    program, writer = sys.argv[1:]
    events = [Event(n, case) for n, case in enumerate(CASES)]
    with tempfile.TemporaryDirectory() as folder:
        rules, log = os.path.join(folder, "rules"), os.path.join(folder, "log.evtx")
        os.mkdir(rules)
        put_rules(rules, [case[1:3] for case in CASES])
        write_log(writer, log, [as_record(case[-1]) for case in CASES])
        in_evtx, _ = matches(program, rules, log)
        for tool, write, can_tell in EXPORTS:
            path = os.path.join(folder, "log")
            with open(path, "wb") as out:
                out.write(write([e for e in events if can_tell(e)]))
            found, told_of = matches(program, rules, path)
            # Not all of them tell the level.
            found = {(rule, record) for rule, record in found if tells_level(rule)}
            wanted = {(rule, record) for rule, record in in_evtx if can_tell(events[record - 1]) and tells_level(rule)}
            told(wanted and found == wanted, f"{tool}: {len(wanted)} matches as in the log", "missing", sorted(wanted - found)[:20],
                 "too many", sorted(found - wanted)[:20], told_of)
    sys.exit(finish())


if __name__ == "__main__":
    main()
