"""Honest work that looks bad: nothing of it may be accused."""

from blind_kit import *

CASES, case = cases()

N = {h: "N" for h in ("implant", "theft", "control", "destruction", "obstruction")}


@case(N)
def clean_backup_cloud(c):
    z = Zeek(c).office(days=7)
    for d in range(7):
        z.conn(
            at(d, 1, c.rng.randrange(40)),
            "10.1.8.9",
            "198.51.100.44",
            443,
            20 * GB + c.rng.randrange(2 * GB),
            40 * MB,
            "eu1.backup-vendor.example",
        )
    z.save()


@case(N)
def clean_backup_many_hosts(c):
    z = Zeek(c).office(days=5)
    for d in range(5):
        for h in range(10):
            z.conn(
                at(d, 12, c.rng.randrange(50)),
                "10.1.4.%d" % (20 + h),
                "198.51.100.44",
                443,
                int(c.rng.lognormvariate(18.5, 0.8)),
                2 * MB,
                "eu1.backup-vendor.example",
            )
    z.save()


@case(N)
def clean_backup_restic_script(c):
    l = lin(c)
    for d in range(5):
        l.exec(
            at(d, 2),
            ["/usr/bin/restic", "-r", "sftp:backup@10.1.8.3:/backups/web01", "backup", "/srv", "/etc"],
            "/usr/bin/restic",
            auid=4294967295,
        )
        l.exec(
            at(d, 2, 30),
            ["/usr/bin/restic", "forget", "--keep-daily", "7", "--prune"],
            "/usr/bin/restic",
            auid=4294967295,
        )
    l.save()


@case(N)
def clean_rsync_inside(c):
    lincmd(
        c,
        ["rsync -a --delete /srv/ backup@10.1.8.3:/backups/web01/", "scp notes.txt eva@10.1.4.30:"],
        user="eva",
        h=14,
    )


@case(N)
def clean_office_zeek(c):
    Zeek(c).office(days=5, hosts=25).save()


@case(N)
def clean_office_eve(c):
    Eve(c).office(days=3).save()


@case(N)
def clean_windows_week(c):
    win(c, days=10).save(form(c))


@case(N)
def clean_linux_week(c):
    lin(c).save()


@case(N)
def clean_windows_update(c):
    w = win(c)
    w.run(
        at(2, 3),
        SYS + "wuauclt.exe",
        '"C:\\Windows\\system32\\wuauclt.exe" /UpdateDeploymentProvider UpdateDeploymentProvider.dll /ClassId x /RunHandlerComServer',
        SYS + "svchost.exe",
        "SYSTEM",
    )
    w.run(
        at(2, 3, 1),
        "C:\\Windows\\servicing\\TrustedInstaller.exe",
        "C:\\Windows\\servicing\\TrustedInstaller.exe",
        SYS + "services.exe",
        "SYSTEM",
    )
    w.run(
        at(2, 3, 2),
        "C:\\Windows\\SoftwareDistribution\\Download\\Install\\AM_Delta.exe",
        '"C:\\Windows\\SoftwareDistribution\\Download\\Install\\AM_Delta.exe" WD /q',
        SYS + "wuauclt.exe",
        "SYSTEM",
    )
    w.run(
        at(2, 3, 3),
        SYS + "makecab.exe",
        '"C:\\Windows\\system32\\makecab.exe" C:\\Windows\\Logs\\CBS\\CbsPersist_20261111.log C:\\Windows\\Logs\\CBS\\CbsPersist_20261111.cab',
        "C:\\Windows\\servicing\\TrustedInstaller.exe",
        "SYSTEM",
    )
    w.ev(
        at(2, 3, 40),
        "System",
        1074,
        {
            "param1": "C:\\Windows\\system32\\svchost.exe (WS-17)",
            "param3": "Operating System: Service pack (Planned)",
            "param5": "restart",
        },
        "User32",
    )
    w.ev(at(2, 3, 41), "System", 6006, {}, "EventLog")
    w.ev(at(2, 3, 43), "System", 6005, {}, "EventLog")
    w.service(
        at(2, 3, 44),
        "MpKsl1234abcd",
        "C:\\ProgramData\\Microsoft\\Windows Defender\\Definition Updates\\{A}\\MpKslDrv.sys",
        "",
        "system start",
    )
    w.save(form(c))


@case(N)
def clean_ntp_and_clock(c):
    w = win(c)
    for d in range(5):
        w.ev(
            at(d, 9),
            "Security",
            4616,
            {
                "SubjectUserSid": "S-1-5-19",
                "SubjectUserName": "LOCAL SERVICE",
                "SubjectDomainName": "NT AUTHORITY",
                "PreviousTime": iso(at(d, 9))[:-1] + "0Z",
                "NewTime": iso(at(d, 9, 0, 1))[:-1] + "0Z",
                "ProcessName": SYS + "svchost.exe",
            },
        )
    w.save("evtx_dump")


@case(N)
def clean_linux_ntp(c):
    l = lin(c)
    l.sl(at(1, 0, 1), "systemd-timesyncd[400]", "Initial clock synchronization to Tue 2026-11-10 00:01:02.331 UTC.")
    l.sl(at(1, 0, 1), "chronyd[401]", "System clock wrong by 0.83 seconds")
    l.save()


@case(N)
def clean_monitoring(c):
    z = Zeek(c).office(days=3)
    t = at(0)
    while t < at(3):
        z.conn(t, "10.1.8.40", "10.1.4.%d" % (20 + c.rng.randrange(12)), 9100, 300, 40000, service="http")
        z.conn(t, "10.1.8.40", "10.1.0.3", 0, 56, 56, proto="icmp", spt=8)
        for h in range(0, 12, 3):
            z.conn(
                t, "10.1.4.%d" % (20 + h), "34.120.9.9", 443, 2100 + c.rng.randrange(300), 700, "agent.datadoghq.com"
            )
        t += datetime.timedelta(seconds=60)
    z.save()


@case(N)
def clean_ping_monitor_outside(c):
    z = Zeek(c).office(days=3)
    for m in range(3 * 24 * 6):
        z.conn(at(0, 0, m * 10), "10.1.8.40", "8.8.8.8", 0, 600 * 56, 600 * 56, proto="icmp", spt=8, dur=599)
    z.save()


@case(N)
def clean_ci_server(c):
    l = lin(c, name="ci01")
    for d in range(5):
        for x in (
            ["git", "clone", "--depth", "1", "https://github.com/corp/app.git", "/tmp/build-%d" % d],
            ["tar", "czf", "/tmp/build-%d/app.tar.gz" % d, "dist"],
            [
                "curl",
                "-sf",
                "-T",
                "/tmp/build-%d/app.tar.gz" % d,
                "https://nexus.corp.example/repository/raw/app.tar.gz",
            ],
            ["docker", "build", "-t", "app", "."],
            ["docker", "push", "registry.corp.example/app"],
            ["rm", "-rf", "/tmp/build-%d" % d],
            ["docker", "system", "prune", "-f"],
        ):
            l.exec(at(d, 11), x, "/usr/bin/" + x[0], uid=998, auid=4294967295)
    l.save()


@case(N)
def clean_admin_rdp(c):
    w = win(c)
    for d in range(5):
        w.logon(at(d, 10), 10, "adm-eva", "10.1.4.30")
        w.ev(
            at(d, 10),
            "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",
            21,
            {"User": "CORP\\adm-eva", "SessionID": 3, "Address": "10.1.4.30"},
            user_data="EventXML",
        )
        w.ev(
            at(d, 10, 40),
            "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",
            24,
            {"User": "CORP\\adm-eva", "SessionID": 3, "Address": "10.1.4.30"},
            user_data="EventXML",
        )
    w.save("evtx_dump")


@case(N)
def clean_admin_powershell(c):
    w = win(c)
    for i, x in enumerate(
        [
            "Get-ADUser -Filter * -Properties LastLogonDate | Export-Csv C:\\Temp\\users.csv",
            "Restart-Service -Name Spooler",
            "Get-EventLog -LogName System -Newest 50",
            "Get-WinEvent -FilterHashtable @{LogName='Security';Id=4625} -MaxEvents 20",
            "Get-MpComputerStatus",
            "Set-MpPreference -SignatureUpdateInterval 4",
            "Test-NetConnection FS01 -Port 445",
            "Get-ChildItem C:\\Temp -Filter *.log | Where-Object LastWriteTime -lt (Get-Date).AddDays(-30) | Remove-Item",
            "New-NetFirewallRule -DisplayName 'SQL' -Direction Inbound -LocalPort 1433 -Protocol TCP -Action Allow",
            "Get-NetFirewallProfile | Select Name,Enabled",
            "Compress-Archive C:\\Temp\\users.csv \\\\FS01\\IT\\users.zip",
            "w32tm /resync",
            "Set-NetFirewallProfile -Profile Domain,Public,Private -Enabled True",
            "Invoke-RestMethod -Uri https://intranet.corp.example/api/ticket -Method Post -Body $json",
            "Get-CimInstance Win32_ShadowCopy | Select InstallDate",
        ]
    ):
        w.script(at(2, 10, i), x)
    w.save(form(c))


@case(N)
def clean_sccm(c):
    w = win(c)
    for d in range(5):
        w.run(
            at(d, 11),
            "C:\\Windows\\ccmcache\\a%d\\setup.exe" % d,
            '"C:\\Windows\\ccmcache\\a%d\\setup.exe" /quiet /norestart' % d,
            "C:\\Windows\\CCM\\CcmExec.exe",
            "SYSTEM",
        )
        w.run(
            at(d, 11, 2),
            PSH,
            '"C:\\Windows\\system32\\WindowsPowerShell\\v1.0\\powershell.exe" -NoLogo -Noninteractive -NoProfile -ExecutionPolicy Bypass "& \'C:\\Windows\\CCM\\SystemTemp\\7f.ps1\'"',
            "C:\\Windows\\CCM\\CcmExec.exe",
            "SYSTEM",
        )
        w.run(
            at(d, 11, 4),
            SYS + "msiexec.exe",
            'msiexec /i "C:\\Windows\\ccmcache\\b%d\\7z2301-x64.msi" /qn' % d,
            "C:\\Windows\\CCM\\CcmExec.exe",
            "SYSTEM",
        )
    w.save(form(c))


@case(N)
def clean_ansible(c):
    l = lin(c)
    for d in range(5):
        l.ssh(at(d, 12), "ansible", "10.1.4.31")
        for x in (
            "/bin/sh -c echo BECOME-SUCCESS-abc ; /usr/bin/python3 /home/ansible/.ansible/tmp/ansible-tmp-1699/AnsiballZ_apt.py",
            "/bin/sh -c echo BECOME-SUCCESS-def ; /usr/bin/python3 /home/ansible/.ansible/tmp/ansible-tmp-1700/AnsiballZ_service.py",
            "/usr/bin/systemctl restart rsyslog",
            "/usr/sbin/iptables-restore /etc/iptables/rules.v4",
            "/usr/sbin/ufw reload",
            "/usr/bin/rm -rf /home/ansible/.ansible/tmp/ansible-tmp-1699/",
        ):
            l.sudo(at(d, 12, 1), "ansible", x)
    l.save()


@case(N)
def clean_log_rotation(c):
    l = lin(c)
    for d in range(5):
        for x in (
            ["/usr/sbin/logrotate", "/etc/logrotate.conf"],
            ["/bin/sh", "-c", "/usr/lib/rsyslog/rsyslog-rotate"],
            ["systemctl", "kill", "-s", "HUP", "rsyslog.service"],
            ["gzip", "-9", "/var/log/syslog.2"],
            ["rm", "-f", "/var/log/nginx/access.log.15.gz"],
            ["find", "/var/log/app", "-name", "*.gz", "-mtime", "+60", "-delete"],
            ["journalctl", "--vacuum-time=30d"],
            ["journalctl", "--rotate"],
        ):
            l.exec(at(d, 0, 5), x, x[0] if x[0][0] == "/" else "/usr/bin/" + x[0], auid=4294967295)
    l.save()


@case(N)
def clean_admin_disk_cleanup(c):
    lincmd(
        c,
        [
            "du -sh /var/log/*",
            "journalctl --vacuum-size=500M",
            "rm -rf /var/cache/apt/archives/*.deb",
            "rm -f /var/log/*.gz",
            "rm -rf ~/Downloads/*.iso",
            "apt-get clean",
            "docker system prune -f",
            "truncate -s 0 /var/log/myapp/debug.log",
            "find /tmp -mtime +7 -delete",
        ],
        h=11,
    )


@case(N)
def clean_admin_usb_stick(c):
    lincmd(
        c,
        [
            "lsblk",
            "dd if=debian-12-amd64-netinst.iso of=/dev/sdb bs=4M status=progress",
            "sync",
            "mkfs.vfat /dev/sdb1",
        ],
        user="eva",
        h=13,
    )


@case(N)
def clean_new_disk(c):
    lincmd(
        c,
        [
            "lsblk",
            "parted /dev/sdc mklabel gpt",
            "mkfs.ext4 /dev/sdc1",
            "mount /dev/sdc1 /mnt/data",
            "echo '/dev/sdc1 /mnt/data ext4 defaults 0 2' >> /etc/fstab",
        ],
        h=13,
    )


@case(N)
def clean_dba(c):
    lincmd(
        c,
        [
            "mysqldump --single-transaction crm | gzip > /srv/backup/crm-2026-11-12.sql.gz",
            "mysql -e 'DROP TABLE tmp_import_2026'",
            "pg_dump shop > /srv/backup/shop.sql",
            "mysql -e 'DROP DATABASE test_eva'",
            "find /srv/backup -mtime +14 -delete",
        ],
        h=13,
    )


@case(N)
def clean_vss_pruning(c):
    w = win(c)
    for d in range(5):
        w.run(
            at(d, 1),
            SYS + "vssadmin.exe",
            "vssadmin delete shadows /for=D: /oldest /quiet",
            "C:\\Program Files\\BackupVendor\\agent.exe",
            "SYSTEM",
        )
        w.run(
            at(d, 1, 5),
            SYS + "vssadmin.exe",
            "vssadmin list shadows",
            "C:\\Program Files\\BackupVendor\\agent.exe",
            "SYSTEM",
        )
        w.run(
            at(d, 1, 9),
            SYS + "wbadmin.exe",
            "wbadmin delete systemstatebackup -keepVersions:5 -quiet",
            SYS + "svchost.exe",
            "SYSTEM",
        )
    w.save(form(c))


@case(N)
def clean_disk_cleanup_win(c):
    wincmd(
        c,
        [
            (SYS + "cleanmgr.exe", "cleanmgr.exe /sagerun:1"),
            (CMD, "cmd /c del /q /s C:\\Windows\\Temp\\*.*"),
            (CMD, 'cmd /c rd /s /q "C:\\Users\\ann\\AppData\\Local\\Temp\\x"'),
            (SYS + "Dism.exe", "dism /online /cleanup-image /startcomponentcleanup"),
            (CMD, "cmd /c rd /s /q D:\\build\\out"),
            (CMD, "cmd /c del /q C:\\Users\\ann\\Downloads\\*.iso"),
        ],
    )


@case(N)
def clean_user_cleans_downloads(c):
    rec = []
    t = at(3, 17)
    for i in range(260):
        rec.append(
            (t + datetime.timedelta(milliseconds=20 * i), 1000 + i, "setup-%d.exe" % i, 0x200 | 0x80000000, 410)
        )
    c.write("C/$Extend/$J", usn(rec))


@case(N)
def clean_onedrive_sync(c):
    z = Zeek(c).office(days=3)
    for d in range(3):
        for i in range(20):
            z.conn(
                at(d, 8 + i % 9, c.rng.randrange(60)),
                "10.1.4.%d" % (20 + i % 11),
                "13.107.136.8",
                443,
                int(c.rng.lognormvariate(17, 1)),
                300000,
                "corp-my.sharepoint.com",
            )
    z.save()


@case(N)
def clean_video_calls(c):
    z = Zeek(c).office(days=3)
    for d in range(3):
        for h in range(6):
            for hh in (9, 13):
                z.conn(
                    at(d, hh, 2),
                    "10.1.4.%d" % (20 + h),
                    "52.113.%d.9" % (200 + h),
                    3478,
                    900 * MB + c.rng.randrange(200 * MB),
                    1100 * MB,
                    proto="udp",
                    dur=3300,
                )
    z.save()


@case(N)
def clean_screen_share_one_way(c):
    z = Zeek(c).office(days=3)
    z.conn(at(1, 10), "10.1.4.22", "52.113.200.9", 3478, 1400 * MB, 120 * MB, proto="udp", dur=5400)
    z.save()


@case({})
def clean_git_push(c):
    z = Zeek(c).office(days=3)
    for d in range(3):
        for i in range(12):
            z.conn(
                at(d, 9 + i % 9, c.rng.randrange(60)),
                "10.1.4.23",
                "140.82.121.4",
                22,
                int(c.rng.lognormvariate(13, 1.5)),
                9000,
            )
        z.conn(at(d, 16), "10.1.4.23", "140.82.121.4", 443, 70 * MB, 200000, "github.com")
    z.save()


@case(N)
def clean_dev_history(c):
    lincmd(
        c,
        [
            "git push origin main",
            "curl -X POST -d @order.json http://localhost:8080/orders",
            "docker-compose up -d",
            "npm install",
            "tar czf dist.tgz dist",
            "scp dist.tgz deploy@web01.corp.example:/srv/app/",
            "history | grep docker",
            "ssh -L 5432:db01:5432 eva@bastion.corp.example",
            "touch -d yesterday a.txt",
            "rm -rf node_modules",
            "nc -zv db01 5432",
            "python3 -m http.server 8000",
        ],
        user="eva",
        h=11,
    )


@case(N)
def clean_firewall_reload(c):
    lincmd(
        c,
        [
            ["/usr/sbin/nft", "-f", "/etc/nftables.conf"],
            ["/usr/sbin/iptables-save"],
            ["/usr/sbin/auditctl", "-R", "/etc/audit/audit.rules"],
            ["systemctl", "restart", "auditd"],
        ],
        how="audit",
        h=9,
    )


@case(N)
def clean_defender_updates(c):
    w = win(c)
    for d in range(5):
        w.ev(
            at(d, 8, 5),
            "Microsoft-Windows-Windows Defender/Operational",
            2000,
            {"Product Name": "Microsoft Defender Antivirus", "Current Signature Version": "1.4%d" % d},
        )
        w.ev(
            at(d, 12),
            "Microsoft-Windows-Windows Defender/Operational",
            1001,
            {"Product Name": "Microsoft Defender Antivirus", "Scan Type": "Antimalware"},
        )
        w.ev(
            at(d, 8, 6),
            "Microsoft-Windows-Windows Defender/Operational",
            5007,
            {
                "Product Name": "Microsoft Defender Antivirus",
                "Old Value": "HKLM\\SOFTWARE\\Microsoft\\Windows Defender\\Signature Updates\\X = 1",
                "New Value": "HKLM\\SOFTWARE\\Microsoft\\Windows Defender\\Signature Updates\\X = 2",
            },
        )
    w.save("evtx_dump")


@case(N)
def clean_ssh_internet_noise(c):
    l = lin(c)
    for d in range(5):
        for i in range(300):
            l.ssh(
                at(d, i % 24, i % 60),
                c.rng.choice(["root", "admin", "oracle"]),
                "91.240.%d.%d" % (c.rng.randrange(255), c.rng.randrange(255)),
                ok=False,
            )
    l.save()


@case(N)
def clean_mirror_server(c):
    ac = []
    for d in range(5):
        for i in range(200):
            t = at(d, i % 24, i % 60, 3)
            ac.append(
                (
                    t,
                    '203.0.113.%d - - [%s] "GET /pub/%s HTTP/1.1" 200 %d "-" "apt"'
                    % (
                        i % 90,
                        t.strftime("%d/%b/%Y:%H:%M:%S +0000"),
                        c.rng.choice(["release.iso", "linux-6.1.tar.xz", "tool.zip", "data.7z"]),
                        700 * MB,
                    ),
                )
            )
    c.write("access.log", "\n".join(x for _, x in sorted(ac)) + "\n")


@case(N)
def clean_public_web_server_zeek(c):
    z = Zeek(c).office()
    for i in range(3000):
        z.conn(
            at(i % 2, i % 24, i % 60, i % 59),
            "%d.%d.%d.%d" % (5 + i % 190, i % 250, i % 99, 7),
            "10.1.8.20",
            443,
            2000,
            int(c.rng.lognormvariate(11, 2)),
        )
    z.save()


@case(N)
def clean_push_notifications(c):
    z = Zeek(c).office(days=2)
    for h in range(12):
        t = at(0, 0, h)
        z.q(t, "10.1.4.%d" % (20 + h), "%d-courier.push.apple.com" % (h % 4), answers="17.57.146.%d" % (h % 4))
        while t < at(2):
            z.conn(t, "10.1.4.%d" % (20 + h), "17.57.146.%d" % (h % 4), 5223, 400, 600, "courier.push.apple.com")
            t += datetime.timedelta(seconds=900)
        t = at(0, 0, h)
        while t < at(2):
            z.conn(t, "10.1.4.%d" % (20 + h), "142.250.7.188", 5228, 300, 300, "mtalk.google.com")
            t += datetime.timedelta(seconds=1680)
    z.save()


@case(N)
def clean_one_host_saas_poll(c):
    z = Zeek(c).office(days=2)
    t = at(0, 8)
    while t < at(2):
        if 8 <= t.hour < 18:
            z.q(t, "10.1.4.25", "app.crm-vendor.com", answers="198.51.100.9")
            z.conn(
                t,
                "10.1.4.25",
                "198.51.100.9",
                443,
                1800 + c.rng.randrange(900),
                5000 + c.rng.randrange(9000),
                "app.crm-vendor.com",
            )
        t += datetime.timedelta(seconds=30 + c.rng.randrange(60))
    z.save()


@case(N)
def clean_av_dns_lookups(c):
    z = Zeek(c).office()
    for h in range(12):
        for i in range(300):
            z.q(
                at(i % 2, i % 24, i % 60, h),
                "10.1.4.%d" % (20 + h),
                "%032x.hash.avts.mcafee.com" % c.rng.getrandbits(128),
                "A",
                "127.0.0.1",
            )
    z.save()


@case(N)
def clean_mail_server_dnsbl(c):
    z = Zeek(c).office()
    for i in range(3000):
        z.q(
            at(i % 2, i % 24, i % 60),
            "10.1.8.25",
            "%d.%d.%d.%d.zen.spamhaus.org" % tuple(c.rng.randrange(255) for _ in range(4)),
            "A",
            rcode=3,
        )
    z.save()


@case(N)
def clean_logoff_and_history_c(c):
    lincmd(c, ["cd /srv/app", "git pull", "systemctl status app"], user="eva")


@case(N)
def clean_vpn_ssh_admin_outside(c):
    l = lin(c)
    for d in range(5):
        l.ssh(at(d, 14), "eva", "10.8.0.6")
    l.save()


@case(N)
def clean_photo_rename(c):
    rec = []
    t = at(3, 17)
    for i in range(900):
        rec.append((t + datetime.timedelta(milliseconds=20 * i), 1000 + i, "DSC_%d.JPG" % i, 0x1000, 410))
        rec.append(
            (t + datetime.timedelta(milliseconds=20 * i), 1000 + i, "Holiday %d.jpg" % i, 0x2000 | 0x80000000, 410)
        )
    c.write("C/$Extend/$J", usn(rec))


@case(N)
def clean_defender_exclusion_gpo(c):
    wincmd(c, [(PSH, "powershell.exe -Command Add-MpPreference -ExclusionPath 'D:\\SQLData'")], user="SYSTEM")
