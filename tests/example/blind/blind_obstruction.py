"""Obstruction whose right answers are known."""

from blind_kit import *

CASES, case = cases()


@case({"obstruction": "L"})
def clear_1102(c):
    w = win(c)
    w.ev(
        at(3, 3),
        "Security",
        1102,
        {
            "SubjectUserSid": "S-1-5-21-1-2-3-1104",
            "SubjectUserName": "ann",
            "SubjectDomainName": "CORP",
            "SubjectLogonId": "0x1",
        },
        "Microsoft-Windows-Eventlog",
        "LogFileCleared",
    )
    w.save("evtx_dump")


@case({"obstruction": "S"})
def clear_wevtutil(c):
    wincmd(c, ['cmd /c for /F "tokens=*" %1 in (\'wevtutil.exe el\') DO wevtutil.exe cl "%1"'])


@case({"obstruction": "S"})
def clear_eventlog_script(c):
    w = win(c)
    w.script(at(3, 3), "Get-EventLog -List | ForEach { Clear-EventLog -LogName $_.Log }")
    w.save(form(c))


@case({"obstruction": "S"})
def clear_dotnet_script(c):
    w = win(c)
    w.script(at(3, 3), "[System.Diagnostics.Eventing.Reader.EventLogSession]::GlobalSession.ClearLog('Security')")
    w.save(form(c))


@case({"obstruction": "S"})
def log_off_wevtutil(c):
    wincmd(c, ["wevtutil sl Security /e:false", "wevtutil.exe sl Microsoft-Windows-Sysmon/Operational /e:false"])


@case({"obstruction": "S"})
def timestomp_script(c):
    w = win(c)
    w.script(
        at(3, 3),
        "$f=Get-Item C:\\Windows\\Temp\\a.exe; $f.CreationTime='01/02/2015 10:00'; $f.LastWriteTime='01/02/2015 10:00'; $f.LastAccessTime='01/02/2015 10:00'",
    )
    w.save(form(c))


@case({"obstruction": "S"})
def timestomp_sysmon2(c):
    w = win(c)
    w.ev(
        at(3, 3),
        "Microsoft-Windows-Sysmon/Operational",
        2,
        {
            "UtcTime": "2026-11-12 03:00:00.000",
            "Image": "C:\\Users\\ann\\AppData\\Local\\Temp\\t.exe",
            "TargetFilename": "C:\\Windows\\System32\\drv.exe",
            "CreationUtcTime": "2015-02-01 10:00:00.000",
            "PreviousCreationUtcTime": "2026-11-12 02:58:00.000",
            "User": "CORP\\ann",
        },
    )
    w.save("evtx_dump")


@case({"obstruction": "S"})
def timestomp_touch(c):
    lincmd(c, ["touch -r /bin/ls /usr/sbin/sshd2", "touch -d '2019-01-01 10:00' /usr/lib/.x"])


@case({"obstruction": "S"})
def journal_vacuum(c):
    lincmd(c, ["journalctl --rotate", "journalctl --vacuum-time=1s"])


@case({"obstruction": "S"})
def journal_removed(c):
    lincmd(c, ["rm -rf /var/log/journal/*", "echo > /var/log/auth.log"])


@case({"obstruction": "S"})
def wtmp_zeroed(c):
    l = lin(c)
    l.wtmp = [(t, b if i != 3 else bytes(400 - 16)) for i, (t, b) in enumerate(sorted(l.wtmp, key=lambda x: x[0]))]
    l.wtmp = [(t, b[:384].ljust(384, b"\0")) for t, b in l.wtmp]
    l.save()


@case({"control": "S"})
def wtmp_record_removed(c):  # sshd says a session, wtmp does not have it, others are there
    l = lin(c)
    l.sl(at(3, 2, 11), "sshd[777]", "Accepted password for root from 185.220.101.7 port 50122 ssh2", l.auth)
    l.sl(at(3, 2, 11), "sshd[777]", "pam_unix(sshd:session): session opened for user root(uid=0) by (uid=0)", l.auth)
    l.save()


@case({"obstruction": "S"})
def auditd_off(c):
    lincmd(
        c,
        [["auditctl", "-e", "0"], ["systemctl", "stop", "auditd"], ["systemctl", "disable", "--now", "rsyslog"]],
        how="audit",
    )


@case({"obstruction": "S"})
def auditd_killed(c):
    lincmd(c, ["kill -9 $(pidof rsyslogd)", "killall -9 auditd", "pkill -STOP falcon-sensor"])


@case({"obstruction": "S"})
def defender_off_script(c):
    w = win(c)
    w.script(at(3, 3), "Set-MpPreference -DisableRealtimeMonitoring $true -DisableIOAVProtection $true")
    w.save(form(c))


@case({"obstruction": "S"})
def defender_off_reg(c):
    wincmd(
        c,
        [
            'reg add "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows Defender" /v DisableAntiSpyware /t REG_DWORD /d 1 /f'
        ],
    )


@case({"obstruction": "S"})
def defender_5001(c):
    w = win(c)
    w.ev(
        at(3, 3),
        "Microsoft-Windows-Windows Defender/Operational",
        5001,
        {"Product Name": "Microsoft Defender Antivirus", "Product Version": "4.18"},
    )
    w.save("evtx_dump")


@case({"obstruction": "S"})
def firewall_off_netsh(c):
    wincmd(c, ["netsh advfirewall set currentprofile state off"])


@case({"obstruction": "S"})
def firewall_off_script(c):
    w = win(c)
    w.script(at(3, 3), "Set-NetFirewallProfile -Profile Domain,Public,Private -Enabled False")
    w.save(form(c))


@case({"obstruction": "S"})
def firewall_off_linux(c):
    lincmd(c, ["ufw disable", "systemctl disable --now firewalld", "iptables -P INPUT ACCEPT", "iptables -F"])


@case({"obstruction": "S"})
def etw_off(c):
    wincmd(
        c,
        [
            "logman stop EventLog-Application -ets",
            "logman update trace EventLog-Security -p Microsoft-Windows-Security-Auditing 0 0 -ets",
            "reg add HKLM\\SYSTEM\\CurrentControlSet\\Control\\WMI\\Autologger\\EventLog-Security /v Start /t REG_DWORD /d 0 /f",
        ],
    )


@case({"obstruction": "S"})
def etw_patch_script(c):
    w = win(c)
    w.script(
        at(3, 3),
        "[Reflection.Assembly]::LoadWithPartialName('System.Core').GetType('System.Diagnostics.Eventing.EventProvider').GetField('m_enabled','NonPublic,Instance').SetValue([Ref].Assembly.GetType('System.Management.Automation.Tracing.PSEtwLogProvider').GetField('etwProvider','NonPublic,Static').GetValue($null),0)",
    )
    w.save(form(c))


@case({"obstruction": "S"})
def amsi_script(c):
    w = win(c)
    w.script(
        at(3, 3),
        "[Ref].Assembly.GetType('System.Management.Automation.AmsiUtils').GetField('amsiInitFailed','NonPublic,Static').SetValue($null,$true)",
    )
    w.save(form(c))


@case({"obstruction": "S"})
def usn_deleted(c):
    wincmd(c, ["fsutil usn deletejournal /D C:"])


@case({"obstruction": "S"})
def clock_4616(c):
    w = win(c)
    w.ev(
        at(3, 3),
        "Security",
        4616,
        {
            "SubjectUserSid": "S-1-5-21-1-2-3-1104",
            "SubjectUserName": "ann",
            "SubjectDomainName": "CORP",
            "PreviousTime": "2026-11-12T03:00:00.0000000Z",
            "NewTime": "2024-01-12T03:00:00.0000000Z",
            "ProcessId": "0x99",
            "ProcessName": "C:\\Windows\\System32\\cmd.exe",
        },
    )
    w.save("evtx_dump")


@case({"obstruction": "S"})
def clock_linux(c):
    lincmd(c, ["timedatectl set-ntp false", "date -s '2024-01-01 10:00'"])


@case({"obstruction": "S"})
def history_off(c):
    lincmd(c, ["unset HISTFILE", "set +o history", "export HISTSIZE=0"], how="plain")


@case({"obstruction": "S"})
def history_emptied(c):
    lincmd(c, ["> ~/.bash_history", "cat /dev/null > ~/.bash_history && history -c"], user="eva")


@case({"obstruction": "S"})
def log_line_removed(c):
    lincmd(
        c,
        [
            "sed -i '/185.220.101.7/d' /var/log/auth.log /var/log/nginx/access.log",
            "utmpdump /var/log/wtmp | grep -v 185.220 | utmpdump -r > /var/log/wtmp",
        ],
    )


@case({"obstruction": "C"})
def auth_gap(c):
    l = lin(c)
    l.auth = [(t, x) for t, x in l.auth if not (at(1, 12) < t < at(3, 20))]
    l.save()


@case({"obstruction": "C"})
def evtx_gap_records(c):
    w = win(c)
    w.save("evtx_dump")
    p = c.dir + "/WS-17/Security.jsonl"
    L = open(p).read().splitlines(True)
    open(p, "w").writelines(L[:60] + L[140:])


@case({"obstruction": "S"})
def sysmon_unload(c):
    wincmd(
        c,
        [
            ("C:\\Windows\\System32\\fltMC.exe", "fltMC.exe unload SysmonDrv"),
            (SYS + "sc.exe", "sc stop Sysmon64"),
            ("C:\\Temp\\Sysmon64.exe", "Sysmon64.exe -u force"),
        ],
    )


@case({"obstruction": "S"})
def eventlog_service_off(c):
    wincmd(c, ["sc config eventlog start= disabled", "net stop eventlog"])


@case({"obstruction": "S"})
def edr_killed(c):
    wincmd(
        c,
        [
            (SYS + "taskkill.exe", "taskkill /F /IM MsMpEng.exe"),
            (SYS + "sc.exe", "sc stop CSFalconService"),
            (SYS + "sc.exe", "sc delete WinDefend"),
        ],
    )


@case({"obstruction": "S"})
def cloudtrail_off(c):
    c.write(
        "cloudtrail.json",
        json.dumps(
            {
                "Records": [
                    {
                        "eventVersion": "1.08",
                        "eventTime": "2026-11-12T03:00:00Z",
                        "eventSource": "cloudtrail.amazonaws.com",
                        "eventName": "StopLogging",
                        "awsRegion": "eu-west-1",
                        "sourceIPAddress": "185.220.101.7",
                        "userAgent": "aws-cli/2",
                        "userIdentity": {"type": "IAMUser", "userName": "ops"},
                        "requestParameters": {"name": "arn:aws:cloudtrail:eu-west-1:1:trail/main"},
                        "eventID": "1",
                        "eventType": "AwsApiCall",
                    },
                    {
                        "eventVersion": "1.08",
                        "eventTime": "2026-11-12T03:05:00Z",
                        "eventSource": "s3.amazonaws.com",
                        "eventName": "DeleteBucket",
                        "awsRegion": "eu-west-1",
                        "sourceIPAddress": "185.220.101.7",
                        "userAgent": "aws-cli/2",
                        "userIdentity": {"type": "IAMUser", "userName": "ops"},
                        "eventID": "2",
                        "eventType": "AwsApiCall",
                    },
                ]
            }
        ),
    )


@case({"obstruction": "S"})
def selinux_off(c):
    lincmd(c, [["setenforce", "0"], ["systemctl", "stop", "apparmor"]], how="audit")


@case({"obstruction": "S"})
def esxi_syslog_off(c):
    c.write(
        "esx/var/log/shell.log",
        "".join(
            "%s In(14) shell[2101%d]: [root]: %s\n" % (iso(at(3, 2, i))[:23] + "Z", i, x)
            for i, x in enumerate(
                [
                    "esxcli system auditrecords local disable",
                    "esxcli system syslog config set --loghost=''",
                    "rm /var/log/*.log",
                    "unset HISTFILE",
                ]
            )
        ),
    )
