#!/usr/bin/env python3
"""Logs of corpora/artefacts: what they are taken for, their times, and rules that must find them.

usage: tests/golden/text_logs.py KANSHIKI
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from tap import finish, told

CORPUS = "../shared/corpora/artefacts"
PLASO = CORPUS + "/plaso/test_data"

# File, format, events, lines that do not fit, time of the first event.
LOGS = [
    ("iis/iis6.log", "w3c", 12, 0, "2013-07-30T00:00:00"),
    ("iis/iis10_edge_cases.log", "w3c", 15, 0, "2022-01-01T00:01:24"),
    ("iis/iis_without_date.log", "w3c", 11, 0, "2013-07-30T00:00:00"),
    ("windows_firewall.log", "w3c", 15, 0, "2005-04-11T08:05:57"),
    ("apache_access.log", "access", 13, 2, "2016-01-13T19:31:16"),
    ("selinux.log", "auditd", 8, 2, "2012-05-24T07:40:01"),
    ("audit_enriched.log", "auditd", None, 0, None),
    ("vsftpd.log", "text", 25, 0, "2016-06-06T18:43:28"),
    ("snort3_alert_fast.log", "text", None, 0, None),
    ("suricata_alert_fast.log", "text", 5, 0, "2010-05-10"),
    ("dpkg.log", "text", 4, 0, "2009-02-25T11:45:23"),
    ("jsonl/aws_cloudtrail.jsonl", "json", 6, 0, "2022-02-07T22:23:37"),
    ("jsonl/azure_activity_log.jsonl", "json", 4, 0, "2022-02-09T03:04:54"),
    ("jsonl/gcp_logging.jsonl", "json", 11, 0, "2021-10-19T02:57:47"),
    ("jsonl/microsoft_audit_log.jsonl", "json", 4, 0, "2022-05-07T12:55:53"),
    ("syslog/syslog_ssh.log", "syslog", None, 0, None),
    ("syslog/syslog_chromeos", "syslog", 9, 1, "2016-10-25T19:37:23"),
    ("syslog.gz", "syslog", 15, 3, None),
    ("syslog.bz2", "syslog", 15, 3, None),
    ("syslog.xz", "syslog", 15, 3, None),
    ("syslog.zip", "syslog", 15, 3, None),
    ("syslog.tgz", "syslog", 15, 3, None),
    ("syslog.tar", "syslog", 15, 3, None),
]

# Log source, selection, where it must be found, how often.
RULES = [
    ("product: aws, service: cloudtrail",
     "{eventSource: ec2.amazonaws.com, eventName: TerminateInstances, userIdentity.type: IAMUser, "
     "'sourceIPAddress|cidr': 1.2.3.0/24}", "jsonl/aws_cloudtrail.jsonl", 1),
    ("product: azure, service: activitylogs",
     "{operationName: MICROSOFT.COMPUTE/VIRTUALMACHINES/DELETE}", "jsonl/azure_activity_log.jsonl", 1),
    ("product: gcp, service: gcp.audit",
     "{'gcp.audit.method_name|endswith': .networks.insert}", "jsonl/gcp_logging.jsonl", None),
    ("product: m365, service: audit", "{Operation: Set-MailboxPlan, Workload: Exchange}",
     "jsonl/microsoft_audit_log.jsonl", None),
    ("category: webserver", "{'cs-uri-query|contains': uname}", "apache_access.log", None),
    ("category: webserver", "{cs-method: POST, cs-username: 'random\\ranuser1', c-ip: '::1', sc-status: 500}",
     "iis/iis10_edge_cases.log", None),
    ("product: linux, service: vsftpd", "['OK LOGIN: Client \"192.168.1.9\"']", "vsftpd.log", None),
    ("product: linux, service: auditd", "{type: AVC, comm: ls}", "selinux.log", 1),
    ("product: linux, category: process_creation", "{'CommandLine|contains': a}", "audit_enriched.log", None),
    ("product: linux, service: cron", "['touch /var/run/crond.somecheck']", "syslog.gz", 2),
    ("product: linux, service: sshd", "['Accepted']", "syslog/syslog_ssh.log", None),
    ("category: firewall", "{dst_port: 137, action: DROP}", "windows_firewall.log", None),
]

ZEEK = [
    ("product: zeek, service: http", "{method: [GET, CONNECT, POST]}"),
    ("product: zeek, service: dns", "{'query|contains': .}"),
    ("category: dns", "{'query|contains': ., record_type: A}"),
    ("product: zeek, service: conn", "{id.resp_p: 3128}"),
    ("product: zeek, service: x509", "{'certificate.subject|contains': CN}"),
    ("product: zeek, service: ssl", "{'version|startswith': TLS}"),
    ("category: firewall", "{dst_port: 3128}"),
]

# No logs that a rule could say something about: several shapes in one, or no shape at all.
REFUSED = ["apt_history.log", "bash_history", "atlassian-bitbucket-audit.log", "skydrive.log",
           "skydriveerr.log", "skydrive_v1.log", "teamviewer/Connections.txt", "powershell_transcript.txt"]

def check_log(program, name, form, events, bad, first):
    done = subprocess.run([program, "events", os.path.join(PLASO, name)], check=False,
                          capture_output=True, text=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    last = done.stderr.splitlines()[-1]
    ok = lines and {line["log_format"] for line in lines} == {form}
    ok = ok and (events is None or len(lines) == events) and f" {bad} bad records" in last
    ok = ok and (first is None or lines[0].get("time", "").startswith(first))
    ok = ok and all("time" in line for line in lines[:1])
    if not ok:
        print("#", len(lines), last, lines[0].get("time") if lines else None)
    told(ok, f"{name} is {form}")


def check_rule(program, scratch, number, source, selection, log, times):
    rule = os.path.join(scratch, f"{number}.yml")
    with open(rule, "w", encoding="utf-8") as out:
        out.write(f"title: t{number}\nlogsource: {{{source}}}\ndetection:\n    sel: {selection}\n"
                  "    condition: sel\n")
    done = subprocess.run([program, "hunt", "-q", "--no-cache", "-r", rule, log], check=False,
                          capture_output=True, text=True)
    found = len(done.stdout.splitlines())
    if not (found == times if times is not None else found > 0):
        print("#", found, done.stderr.strip()[-300:])
    told(found == times if times is not None else found > 0, f"{source}: {selection} in {log}")


def main():
    program = sys.argv[1]
    if not os.path.isdir(PLASO):
        print("1..0 # SKIP no corpus")
        return
    with tempfile.TemporaryDirectory() as scratch:
        for log in LOGS:
            check_log(program, *log)
        for number, (source, selection, log, times) in enumerate(RULES):
            check_rule(program, scratch, number, source, selection, os.path.join(PLASO, log), times)
        for number, (source, selection) in enumerate(ZEEK, len(RULES)):
            check_rule(program, scratch, number, source, selection, CORPUS + "/rita", None)
    for name in REFUSED:
        done = subprocess.run([program, "events", os.path.join(PLASO, name)], check=False,
                              capture_output=True, text=True)
        told(done.returncode == 2 and "no event log that is known" in done.stderr, f"{name} is refused")
    sys.exit(finish())


if __name__ == "__main__":
    main()
