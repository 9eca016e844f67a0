"""Writers of evidence for the blind trial: each by the published form of the log, none by kanshiki's own tools.

    c = Case(folder, "name")
    w = Win(c).noise(5); w.run(at(3, 14), image, command); w.save("winlogbeat")      # events of a Windows machine
    l = Lin(c).noise(); l.bash("root", [(at(3, 2), "rm -rf /srv")]); l.save()          # files of a Linux machine
    z = Zeek(c).office(); z.conn(at(1, 2), source, destination, port, out, in_); z.save()

Days are counted from Monday 9 November 2026. The same case has the same bytes each time.
"""

import datetime
import json
import os
import random
import struct
import zlib

UTC = datetime.timezone.utc


def T(text):
    return datetime.datetime.fromisoformat(text).replace(tzinfo=UTC)


D0 = T("2026-11-09T00:00:00")


def at(day, h=0, m=0, s=0):
    return D0 + datetime.timedelta(days=day, hours=h, minutes=m, seconds=s)


def iso(t):
    return t.strftime("%Y-%m-%dT%H:%M:%S.") + "%06dZ" % t.microsecond


class Case:
    def __init__(self, folder, name):
        self.name, self.dir = name, os.path.join(folder, name)
        os.makedirs(self.dir)
        self.rng = random.Random(zlib.crc32(name.encode()))

    def write(self, path, data, when=None):
        full = os.path.join(self.dir, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode())
        if when:
            os.utime(full, (when.timestamp(),) * 2)
        return full


# ---------------------------------------------------------------- Windows
class Win:
    """Events of one computer; saved as evtx_dump's JSON lines, winlogbeat's, or CSV-less flat (nxlog)."""

    PROV = {
        "Security": "Microsoft-Windows-Security-Auditing",
        "System": "Service Control Manager",
        "Microsoft-Windows-Sysmon/Operational": "Microsoft-Windows-Sysmon",
        "Microsoft-Windows-PowerShell/Operational": "Microsoft-Windows-PowerShell",
        "Microsoft-Windows-Windows Defender/Operational": "Microsoft-Windows-Windows Defender",
        "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational": "Microsoft-Windows-TerminalServices-LocalSessionManager",
        "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational": "Microsoft-Windows-TerminalServices-RemoteConnectionManager",
        "Microsoft-Windows-TaskScheduler/Operational": "Microsoft-Windows-TaskScheduler",
    }

    def __init__(self, case, name="WS-17.corp.example", user="ann", ip="10.1.4.17"):
        self.c, self.name, self.user, self.ip, self.events = case, name, user, ip, []
        self.rid = {}

    def ev(self, t, channel, eid, data, provider=None, user_data=None):
        self.events.append((t, channel, eid, data, provider or self.PROV.get(channel, "x"), user_data))

    def run(self, t, image, command, parent="C:\\Windows\\explorer.exe", user=None, sysmon=False):
        user = user or self.user
        self.ev(
            t,
            "Security",
            4688,
            {
                "SubjectUserSid": "S-1-5-21-1-2-3-1104",
                "SubjectUserName": user,
                "SubjectDomainName": "CORP",
                "SubjectLogonId": "0x3e7a1",
                "NewProcessId": hex(self.c.rng.randrange(1000, 60000)),
                "NewProcessName": image,
                "TokenElevationType": "%%1936",
                "ProcessId": "0x4d2",
                "CommandLine": command,
                "ParentProcessName": parent,
                "MandatoryLabel": "S-1-16-12288",
            },
        )
        if sysmon:
            self.ev(
                t,
                "Microsoft-Windows-Sysmon/Operational",
                1,
                {
                    "RuleName": "-",
                    "UtcTime": t.strftime("%Y-%m-%d %H:%M:%S.000"),
                    "ProcessGuid": "{a}",
                    "ProcessId": self.c.rng.randrange(1000, 60000),
                    "Image": image,
                    "CommandLine": command,
                    "CurrentDirectory": "C:\\",
                    "User": "CORP\\" + user,
                    "LogonId": "0x3e7a1",
                    "IntegrityLevel": "High",
                    "Hashes": "SHA256=" + "%064x" % self.c.rng.getrandbits(256),
                    "ParentImage": parent,
                    "ParentCommandLine": parent,
                },
            )

    def net(self, t, image, dip, dport, dname=""):
        self.ev(
            t,
            "Microsoft-Windows-Sysmon/Operational",
            3,
            {
                "UtcTime": t.strftime("%Y-%m-%d %H:%M:%S.000"),
                "Image": image,
                "User": "CORP\\" + self.user,
                "Protocol": "tcp",
                "Initiated": "true",
                "SourceIp": self.ip,
                "SourceHostname": self.name,
                "SourcePort": self.c.rng.randrange(49152, 65535),
                "DestinationIp": dip,
                "DestinationHostname": dname,
                "DestinationPort": dport,
            },
        )

    def script(self, t, text):
        self.ev(
            t,
            "Microsoft-Windows-PowerShell/Operational",
            4104,
            {
                "MessageNumber": 1,
                "MessageTotal": 1,
                "ScriptBlockText": text,
                "ScriptBlockId": "%08x-0000-4000-8000-000000000000" % self.c.rng.getrandbits(32),
                "Path": "",
            },
        )

    def logon(self, t, kind, user=None, ip="-", ok=True):
        self.ev(
            t,
            "Security",
            4624 if ok else 4625,
            {
                "SubjectUserSid": "S-1-5-18",
                "SubjectUserName": self.name.split(".")[0] + "$",
                "TargetUserSid": "S-1-5-21-1-2-3-1104",
                "TargetUserName": user or self.user,
                "TargetDomainName": "CORP",
                "TargetLogonId": hex(self.c.rng.getrandbits(24)),
                "LogonType": kind,
                "LogonProcessName": "User32",
                "AuthenticationPackageName": "Negotiate",
                "WorkstationName": "-",
                "ProcessName": "C:\\Windows\\System32\\svchost.exe",
                "IpAddress": ip,
                "IpPort": "50123",
            },
        )

    def service(self, t, name, path, account="LocalSystem", start="demand start"):
        self.ev(
            t,
            "System",
            7045,
            {
                "ServiceName": name,
                "ImagePath": path,
                "ServiceType": "user mode service",
                "StartType": start,
                "AccountName": account,
            },
        )

    def noise(self, days=5, sysmon=False):
        r = self.c.rng
        for d in range(days):
            self.ev(at(d, 7, 30), "System", 6005, {"Data": ""}, "EventLog")
            self.ev(at(d, 7, 31), "System", 7036, {"param1": "Windows Update", "param2": "running"})
            self.logon(at(d, 7, 45, r.randrange(60)), 2)
            for i in range(40):
                t = at(d, 8 + i // 4, (i % 4) * 14, r.randrange(60))
                image, line = r.choice(
                    [
                        (
                            "C:\\Windows\\System32\\svchost.exe",
                            "C:\\Windows\\system32\\svchost.exe -k netsvcs -p -s wuauserv",
                        ),
                        (
                            "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
                            '"C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe" --type=renderer',
                        ),
                        (
                            "C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE",
                            '"C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE" /n "C:\\Users\\ann\\Documents\\offer.docx"',
                        ),
                        (
                            "C:\\Windows\\System32\\backgroundTaskHost.exe",
                            '"C:\\Windows\\system32\\backgroundTaskHost.exe" -ServerName:App',
                        ),
                        (
                            "C:\\Windows\\System32\\conhost.exe",
                            "\\??\\C:\\Windows\\system32\\conhost.exe 0xffffffff -ForceV1",
                        ),
                    ]
                )
                self.run(
                    t,
                    image,
                    line,
                    "C:\\Windows\\System32\\services.exe" if "svchost" in image else "C:\\Windows\\explorer.exe",
                    sysmon=sysmon,
                )
            self.ev(at(d, 18, 2), "System", 7036, {"param1": "Windows Update", "param2": "stopped"})
            self.ev(
                at(d, 18, 5),
                "Security",
                4634,
                {"TargetUserName": self.user, "TargetDomainName": "CORP", "LogonType": 2},
            )
        return self

    def save(self, form="evtx_dump", name=None):
        self.events.sort(key=lambda e: e[0])
        by = {}
        for t, ch, eid, data, prov, ud in self.events:
            n = self.rid[ch] = self.rid.get(ch, 1000) + 1
            if form == "evtx_dump":
                sys_ = {
                    "Provider": {"#attributes": {"Name": prov}},
                    "EventID": eid,
                    "Version": 1,
                    "Level": 4,
                    "Task": 0,
                    "Opcode": 0,
                    "Keywords": "0x8020000000000000",
                    "TimeCreated": {"#attributes": {"SystemTime": iso(t)}},
                    "EventRecordID": n,
                    "Execution": {"#attributes": {"ProcessID": 4, "ThreadID": 8}},
                    "Channel": ch,
                    "Computer": self.name,
                    "Security": None,
                }
                o = {
                    "Event": {
                        "#attributes": {"xmlns": "http://schemas.microsoft.com/win/2004/08/events/event"},
                        "System": sys_,
                        ("UserData" if ud else "EventData"): ({ud: data} if ud else data),
                    }
                }
            elif form == "winlogbeat":
                o = {
                    "@timestamp": iso(t)[:23] + "Z",
                    "event": {"code": str(eid), "provider": prov, "kind": "event"},
                    "host": {"name": self.name},
                    "winlog": {
                        "channel": ch,
                        "computer_name": self.name,
                        "event_id": str(eid),
                        "provider_name": prov,
                        "record_id": n,
                        ("user_data" if ud else "event_data"): {k: str(v) for k, v in data.items()},
                    },
                }
            else:
                o = {
                    "EventTime": t.strftime("%Y-%m-%d %H:%M:%S"),
                    "Hostname": self.name,
                    "EventID": eid,
                    "Channel": ch,
                    "SourceName": prov,
                    "RecordNumber": n,
                    **{k: str(v) for k, v in data.items()},
                }
            by.setdefault(ch if form == "evtx_dump" else "all", []).append(json.dumps(o))
        for ch, lines in by.items():
            self.c.write(
                "%s/%s.jsonl" % (name or self.name.split(".")[0], ch.replace("/", "%4")), "\n".join(lines) + "\n"
            )


# ---------------------------------------------------------------- Linux
def utmp(t, kind, line, user, host, pid=1234, addr=0):
    return struct.pack(
        "<hxxi32s4s32s256shhiii4I20x",
        kind,
        pid,
        line.encode(),
        line[-4:].encode(),
        user.encode(),
        host.encode(),
        0,
        0,
        pid,
        int(t.timestamp()),
        0,
        addr,
        0,
        0,
        0,
    )


class Lin:
    def __init__(self, case, name="web01", ip="10.1.8.20", root=None):
        self.c, self.name, self.ip, self.root = case, name, ip, root or name
        self.auth, self.sys, self.audit, self.wtmp, self.hist, self.kern = [], [], [], [], {}, []
        self.seq = 4000

    def w(self, path, data, when=None):
        return self.c.write(self.root + "/" + path, data, when)

    def sl(self, t, tag, text, to=None):
        (self.sys if to is None else to).append(
            (t, "%s %s %s: %s" % (t.strftime("%b %e %H:%M:%S"), self.name, tag, text))
        )

    def sudo(self, t, user, cmd):
        self.sl(t, "sudo", "   %s : TTY=pts/0 ; PWD=/home/%s ; USER=root ; COMMAND=%s" % (user, user, cmd), self.auth)

    def ssh(self, t, user, ip, ok=True, method="publickey"):
        self.sl(
            t,
            "sshd[%d]" % self.c.rng.randrange(900, 30000),
            (
                ("Accepted %s for %s from %s port %d ssh2" % (method, user, ip, self.c.rng.randrange(30000, 60000)))
                if ok
                else "Failed password for %s from %s port 4%04d ssh2" % (user, ip, self.c.rng.randrange(9999))
            ),
            self.auth,
        )
        if ok:
            self.wtmp.append((t, utmp(t, 7, "pts/0", user, ip)))

    def exec(self, t, argv, exe, uid=0, auid=1000):
        self.seq += 1
        stamp = "%d.%03d:%d" % (t.timestamp(), 120, self.seq)
        self.audit += [
            'type=SYSCALL msg=audit(%s): arch=c000003e syscall=59 success=yes exit=0 a0=55d a1=55e a2=55f a3=8 items=2 ppid=2201 pid=%d auid=%d uid=%d gid=%d euid=%d suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=3 comm="%s" exe="%s" key="exec"'
            % (stamp, self.c.rng.randrange(3000, 9000), auid, uid, uid, uid, os.path.basename(exe)[:15], exe),
            "type=EXECVE msg=audit(%s): argc=%d %s"
            % (
                stamp,
                len(argv),
                " ".join(
                    "a%d=%s"
                    % (
                        i,
                        '"%s"' % a if all(32 < ord(ch) < 127 and ch != '"' for ch in a) else a.encode().hex().upper(),
                    )
                    for i, a in enumerate(argv)
                ),
            ),
            'type=CWD msg=audit(%s): cwd="/root"' % stamp,
        ]

    def bash(self, user, lines):
        self.hist.setdefault(user, []).extend(lines)

    def noise(self, days=5):
        r = self.c.rng
        for d in range(days):
            (
                self.wtmp.append(
                    (at(d, 0, 3), utmp(at(d, 0, 3), 2, "~", "reboot" if d == 0 else "runlevel", "6.1.0-18-amd64"))
                )
                if d == 0
                else None
            )
            for h in range(24):
                self.sl(
                    at(d, h, 17, 1),
                    "CRON[%d]" % r.randrange(999, 20000),
                    "(root) CMD (   cd / && run-parts --report /etc/cron.hourly)",
                )
                self.sl(
                    at(d, h, 17, 1),
                    "CRON[%d]" % r.randrange(999, 20000),
                    "pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)",
                    self.auth,
                )
                self.sl(
                    at(d, h, 31, 4),
                    "systemd[1]",
                    "Starting sysstat-collect.service - system activity accounting tool...",
                )
                self.sl(
                    at(d, h, 31, 5),
                    "systemd[1]",
                    "Finished sysstat-collect.service - system activity accounting tool.",
                )
            self.ssh(at(d, 9, 2, r.randrange(60)), "eva", "10.1.4.30")
            self.sudo(at(d, 9, 12), "eva", "/usr/bin/apt-get update")
            self.exec(at(d, 9, 12), ["apt-get", "update"], "/usr/bin/apt-get")
        self.bash(
            "eva",
            [
                (at(0, 9, 5), "ls -la"),
                (at(0, 9, 6), "sudo apt-get update"),
                (at(1, 9, 8), "vim notes.txt"),
                (at(2, 9, 9), "df -h"),
                (at(3, 9, 10), "systemctl status nginx"),
            ],
        )
        return self

    def save(self, wtmp=True):
        w = self.w
        w("etc/hostname", self.name + "\n")
        w(
            "etc/os-release",
            'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\n',
        )
        w(
            "etc/passwd",
            "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\neva:x:1000:1000:Eva:/home/eva:/bin/bash\n",
        )
        for name, lines in (("auth.log", self.auth), ("syslog", self.sys), ("kern.log", self.kern)):
            if lines:
                w("var/log/" + name, "\n".join(l for _, l in sorted(lines, key=lambda x: x[0])) + "\n")
        if self.audit:
            w("var/log/audit/audit.log", "\n".join(self.audit) + "\n")
        if wtmp and self.wtmp:
            w("var/log/wtmp", b"".join(b for _, b in sorted(self.wtmp, key=lambda x: x[0])))
        for user, lines in self.hist.items():
            home = "root" if user == "root" else "home/" + user
            w(
                home + "/.bash_history",
                "".join(("#%d\n%s\n" % (t.timestamp(), l)) if t else l + "\n" for t, l in lines),
            )


# ---------------------------------------------------------------- network
def npk(n, proto, port):
    return n // 56 if proto == "icmp" and n % 56 == 0 else n // 1400 + 4


class Zeek:
    F = {
        "conn": "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state local_orig local_resp missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents",
        "dns": "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto trans_id rtt query qclass qclass_name qtype qtype_name rcode rcode_name AA TC RD RA Z answers TTLs rejected",
        "ssl": "ts uid id.orig_h id.orig_p id.resp_h id.resp_p version cipher curve server_name resumed last_alert next_protocol established",
        "http": "ts uid id.orig_h id.orig_p id.resp_h id.resp_p trans_depth method host uri referrer version user_agent origin request_body_len response_body_len status_code status_msg",
    }
    TY = {
        "conn": "time string addr port addr port enum string interval count count string bool bool count string count count count count set[string]",
        "dns": "time string addr port addr port enum count interval string count string count string count string bool bool bool bool count vector[string] vector[interval] bool",
        "ssl": "time string addr port addr port string string string string bool string string bool",
        "http": "time string addr port addr port count string string string string string string string count count count string",
    }

    def __init__(self, case):
        self.c, self.r, self.rows = case, case.rng, {"conn": [], "dns": [], "ssl": [], "http": []}

    def uid(self):
        return "C" + "".join(
            self.r.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") for _ in range(17)
        )

    def conn(self, t, src, dst, dport, out, in_, name="", proto="tcp", service=None, dur=None, state="SF", spt=None):
        u, ts, sp = self.uid(), t.timestamp(), spt or self.r.randrange(32768, 61000)
        service = (
            service
            if service is not None
            else {443: "ssl", 80: "http", 53: "dns", 123: "ntp", 22: "ssh"}.get(dport, "-")
        )
        dur = dur if dur is not None else max(0.05, (out + in_) / 4e6)
        self.rows["conn"].append(
            (
                ts,
                u,
                src,
                sp,
                dst,
                dport,
                proto,
                service,
                "%.6f" % dur,
                out,
                in_,
                state,
                "-",
                "-",
                0,
                "ShADadFf",
                npk(out, proto, dport),
                out + 28 * npk(out, proto, dport),
                npk(in_, proto, dport),
                in_ + 28 * npk(in_, proto, dport),
                "-",
            )
        )
        if dport == 443 and name:
            self.rows["ssl"].append(
                (
                    ts + 0.01,
                    u,
                    src,
                    sp,
                    dst,
                    dport,
                    "TLSv13",
                    "TLS_AES_128_GCM_SHA256",
                    "x25519",
                    name,
                    "F",
                    "-",
                    "h2",
                    "T",
                )
            )
        return u, ts, sp

    def web(self, t, src, dst, host, out, in_, method="GET", uri="/", ua="Mozilla/5.0", port=80):
        u, ts, sp = self.conn(t, src, dst, port, out + 400, in_ + 300, service="http")
        self.rows["http"].append(
            (ts + 0.01, u, src, sp, dst, port, 1, method, host, uri, "-", "1.1", ua, "-", out, in_, 200, "OK")
        )

    def q(self, t, src, name, qtype="A", answers="93.184.216.34", server="10.1.0.2", rcode=0, ttl=300.0):
        u, ts, sp = self.conn(t, src, server, 53, len(name) + 20, len(name) + 60, proto="udp")
        self.rows["dns"].append(
            (
                ts,
                u,
                src,
                sp,
                server,
                53,
                "udp",
                self.r.randrange(65536),
                "0.02",
                name,
                1,
                "C_INTERNET",
                {"A": 1, "TXT": 16, "AAAA": 28, "MX": 15, "NULL": 10, "CNAME": 5}[qtype],
                qtype,
                rcode,
                "NXDOMAIN" if rcode else "NOERROR",
                "F",
                "F",
                "T",
                "T",
                0,
                "-" if rcode else answers,
                "-" if rcode else "%f" % ttl,
                "F",
            )
        )

    def office(self, days=2, hosts=12, start=0, hours=range(8, 18), per_hour=10):
        r = self.r
        sites = [
            ("www.example-%s.com" % w, "203.0.%d.%d" % (112 + i % 2, 10 + i))
            for i, w in enumerate(
                "news shop bank maps docs forum mail wiki travel video cloud cdn ads api stats code music sport weather health".split()
            )
        ]
        for d in range(start, start + days):
            for h in range(hosts):
                ip = "10.1.4.%d" % (20 + h)
                for hour in hours:
                    for _ in range(per_hour):
                        n, a = r.choice(sites)
                        t = at(d, hour, r.randrange(60), r.randrange(60))
                        self.q(t, ip, n, answers=a)
                        self.conn(
                            t + datetime.timedelta(seconds=0.1),
                            ip,
                            a,
                            443,
                            int(r.lognormvariate(8, 1)),
                            int(r.lognormvariate(10.5, 1.5)),
                            n,
                        )
                for hour in range(24):  # clocks, telemetry, updaters
                    self.conn(at(d, hour, (h * 3) % 60, 11), ip, "10.1.0.3", 123, 48, 48, proto="udp")
                    if hour % 4 == 0:
                        n = r.choice(
                            [
                                "v10.events.data.microsoft.com",
                                "settings-win.data.microsoft.com",
                                "update.googleapis.com",
                            ]
                        )
                        self.q(at(d, hour, 22, h), ip, n, answers="20.42.65.9")
                        self.conn(
                            at(d, hour, 22, h + 1),
                            ip,
                            "20.42.65.9",
                            443,
                            5200 + r.randrange(900),
                            7000 + r.randrange(900),
                            n,
                        )
        return self

    def save(self, sub="zeek", json_=False):
        for kind, rows in self.rows.items():
            if not rows:
                continue
            rows.sort()
            if json_:
                names = self.F[kind].split()
                self.c.write(
                    "%s/%s.log" % (sub, kind),
                    "".join(
                        json.dumps({k: (v if not (k == "ts") else float(v)) for k, v in zip(names, row) if v != "-"})
                        + "\n"
                        for row in rows
                    ),
                )
                continue
            head = (
                "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t%s\n#open\t2026-11-09-00-00-00\n#fields\t%s\n#types\t%s\n"
                % (kind, self.F[kind].replace(" ", "\t"), self.TY[kind].replace(" ", "\t"))
            )
            self.c.write(
                "%s/%s.log" % (sub, kind),
                head
                + "".join(
                    "\t".join(("%.6f" % v) if i == 0 else str(v) for i, v in enumerate(row)) + "\n" for row in rows
                )
                + "#close\t2026-11-20-00-00-00\n",
            )


class Eve:
    def __init__(self, case):
        self.c, self.r, self.rows, self.n = case, case.rng, [], 10**12

    def flow(self, t, src, dst, dport, out, in_, name="", proto="TCP", app=None, dur=None):
        self.n += 7
        end = t + datetime.timedelta(seconds=dur or max(1, (out + in_) / 4e6))
        sp = self.r.randrange(32768, 61000)
        base = {"flow_id": self.n, "src_ip": src, "src_port": sp, "dest_ip": dst, "dest_port": dport, "proto": proto}
        f = lambda x: x.strftime("%Y-%m-%dT%H:%M:%S.000000+0000")
        if name and dport == 443:
            self.rows.append(
                (t, {"timestamp": f(t), "event_type": "tls", **base, "tls": {"sni": name, "version": "TLS 1.3"}})
            )
        self.rows.append(
            (
                end,
                {
                    "timestamp": f(end),
                    "event_type": "flow",
                    **base,
                    "app_proto": app or ("tls" if dport == 443 else "failed"),
                    "flow": {
                        "pkts_toserver": out // 1400 + 3,
                        "pkts_toclient": in_ // 1400 + 3,
                        "bytes_toserver": out,
                        "bytes_toclient": in_,
                        "start": f(t),
                        "end": f(end),
                        "age": 1,
                        "state": "closed",
                        "reason": "timeout",
                    },
                },
            )
        )

    def office(self, days=2, hosts=10, per_hour=8):
        for d in range(days):
            for h in range(hosts):
                for hour in range(8, 18):
                    for _ in range(per_hour):
                        i = self.r.randrange(20)
                        self.flow(
                            at(d, hour, self.r.randrange(60), self.r.randrange(60)),
                            "10.1.4.%d" % (20 + h),
                            "203.0.113.%d" % (10 + i),
                            443,
                            int(self.r.lognormvariate(8, 1)),
                            int(self.r.lognormvariate(10.5, 1.5)),
                            "www.example-%d.com" % i,
                        )
        return self

    def save(self, name="eve.json"):
        self.c.write(name, "".join(json.dumps(o) + "\n" for _, o in sorted(self.rows, key=lambda x: x[0])))


def pcap(packets):
    """A capture of Ethernet: (time, protocol, source, destination, what IP carries)."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for t, protocol, source, destination, carried in packets:
        ends = b"".join(bytes(map(int, a.split("."))) for a in (source, destination))
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(carried), 1, 0, 64, protocol, 0)
        packet = bytes(12) + b"\x08\x00" + head + ends + carried
        out += struct.pack("<IIII", int(t.timestamp()), t.microsecond, len(packet), len(packet)) + packet
    return out


def usn(records):
    """$UsnJrnl:$J, USN_RECORD_V2: (time, file number, name, reason, parent)"""
    out = b""
    for t, num, name, reason, parent in records:
        n = name.encode("utf-16-le")
        size = (60 + len(n) + 7) & ~7
        out += (
            struct.pack(
                "<IHHQQQQIIIIHH",
                size,
                2,
                0,
                num | 1 << 48,
                parent | 1 << 48,
                len(out),
                int((t.timestamp() + 11644473600) * 10**7),
                reason,
                0,
                0,
                0x20,
                len(n),
                60,
            )
            + n
        )
        out += b"\0" * (size - 60 - len(n))
    return out


MB = 10**6
GB = 10**9
SYS = "C:\\Windows\\System32\\"
PSH = SYS + "WindowsPowerShell\\v1.0\\powershell.exe"
CMD = SYS + "cmd.exe"
FORMS = ["evtx_dump", "winlogbeat", "flat"]


def form(c):
    return FORMS[zlib.crc32(c.name.encode()) % 3]


def win(c, days=5, **k):
    return Win(c, **k).noise(days)


def wincmd(c, cmds, day=3, h=14, user=None, image=CMD, **k):
    w = win(c, **k)
    for i, x in enumerate(cmds):
        img, line = x if isinstance(x, tuple) else (image, x)
        w.run(at(day, h, 3 + i, 11), img, line, CMD, user)
    w.save(form(c))
    return w


def lin(c, **k):
    return Lin(c, **k).noise()


def lincmd(c, lines, user="root", day=3, h=2, how="hist", **k):
    l = lin(c, **k)
    for i, x in enumerate(lines):
        t = at(day, h, 3 + i, 7)
        if how == "hist":
            l.bash(user, [(t, x)])
        elif how == "plain":
            l.bash(user, [(None, x)])
        elif how == "audit":
            l.exec(t, x, x[0] if x[0][0] == "/" else "/usr/bin/" + x[0])
        else:
            l.sudo(t, "eva", x)
    l.save()
    return l


def b32(r, n):
    return "".join(r.choice("abcdefghijklmnopqrstuvwxyz234567") for _ in range(n))


def cases():
    """What is known of a file's cases, and what puts one into it with its label, a letter for each harm that matters:
    S a sign, L likely or more, N no accusation, C cannot tell."""
    known = {}

    def case(label):
        def keep(function):
            known[function.__name__] = (label, function)
            return function

        return keep

    return known, case
