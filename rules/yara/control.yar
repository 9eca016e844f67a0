/*
 * Starter rules: control. Each has a sample that fires and one that stays silent
 * in rules/yara/samples/RULE/; make check runs them all.
 */

rule reverse_shell_script
{
    meta:
        title = "Script that gives a shell to another machine"
        description = "One line that ties a shell to a connection outwards."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "control"
        level = "critical"
        techniques = "T1059.004 T1071"
    strings:
        $a = /(ba)?sh\s+-i\s+[^\n]{0,12}\/dev\/(tcp|udp)\/[0-9A-Za-z.\-]{3,60}\/[0-9]{2,5}/
        $b = /socket\.socket\([^\n]{0,200}os\.dup2\([^\n]{0,200}(pty\.spawn|subprocess\.call|\/bin\/(ba)?sh)/
        $c = /\bn(c|cat)\s[^\n]{0,60}-e\s*(\/bin\/(ba)?sh|cmd(\.exe)?)/
        $d = /mkfifo\s+\S+\s*;[^\n]{0,80}\|\s*n(c|cat)\s/
    condition:
        any of them and filesize < 1MB
            and not (uint32(0) == 0x464C457F and uint32(20) == 1)
            and not (uint16(0) == 0x5A4D and uint32(uint32(0x3C)) == 0x00004550)
}

rule powershell_reverse_shell
{
    meta:
        title = "PowerShell script that gives a shell to another machine"
        description = "A TCP client whose stream is read, evaluated and answered."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "control"
        level = "critical"
        techniques = "T1059.001 T1071"
    strings:
        $a = "Net.Sockets.TCPClient" nocase ascii wide
        $b = "GetStream()" nocase ascii wide
        $c = /\biex\b|Invoke-Expression/ nocase ascii wide
        $d = ".Write(" nocase ascii wide
    condition:
        all of them and filesize < 1MB and uint32(0) != 0x46666C45
            and not (uint32(0) == 0x464C457F and uint32(20) == 1)
            and not (uint16(0) == 0x5A4D and uint32(uint32(0x3C)) == 0x00004550)
}

rule beacon_configuration
{
    meta:
        title = "Settings block of a well-known beacon"
        description = "The first entries of the beacon's settings, plain or XORed with its two default bytes."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "control"
        level = "critical"
        techniques = "T1071.001 T1573"
    strings:
        $plain = { 00 01 00 01 00 02 ?? ?? 00 02 00 01 00 02 ?? ?? 00 03 00 02 00 04 }
        $x69 = { 69 68 69 68 69 6B ?? ?? 69 6B 69 68 69 6B ?? ?? 69 6A 69 6B 69 6D }
        $x2e = { 2E 2F 2E 2F 2E 2C ?? ?? 2E 2C 2E 2F 2E 2C ?? ?? 2E 2D 2E 2C 2E 2A }
    condition:
        any of them
}

rule reflective_loader
{
    meta:
        title = "Library that loads itself into memory"
        description = "The exported loader by which attack frameworks inject their library without touching the disk."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "control"
        level = "high"
        techniques = "T1620 T1055.001"
    strings:
        $a = "ReflectiveLoader"
        $b = "_ReflectiveLoader@4"
    condition:
        uint16(0) == 0x5A4D and any of them and filesize < 10MB
}

rule tunnel_configuration
{
    meta:
        title = "Settings of a tunnel to the inside"
        description = "Files of frp, ngrok or chisel that open a way from the internet to a service inside."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "control"
        level = "high"
        techniques = "T1572 T1090"
    strings:
        $frp1 = "[common]"
        $frp2 = "server_addr"
        $frp3 = /local_port\s*=\s*(3389|22|445|5985|1433)\b/
        $frp4 = /localPort\s*=\s*(3389|22|445|5985|1433)\b/
        $frp5 = "serverAddr"
        $ng1 = /\bauthtoken:\s*[0-9A-Za-z_]{20,60}/
        $ng2 = /addr:\s*"?(localhost:|127\.0\.0\.1:)?(3389|22|445|5985)\b/
    condition:
        filesize < 64KB and (($frp1 and $frp2 and $frp3) or ($frp4 and $frp5) or all of ($ng*))
            and not (uint32(0) == 0x464C457F and uint32(20) == 1)
            and not (uint16(0) == 0x5A4D and uint32(uint32(0x3C)) == 0x00004550)
}

rule remote_access_trojan_markers
{
    meta:
        title = "Words of a remote access trojan in a program"
        description = "Messages about screens, cameras, keys and files of a victim stand together only in programs made to control other people's machines."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "control"
        level = "medium"
        techniques = "T1219 T1056.001"
    strings:
        $a = "keylog" nocase ascii wide
        $b = "screenshot" nocase ascii wide
        $c = "webcam" nocase ascii wide
        $d = "victim" nocase ascii wide fullword
        $e = "cmd.exe /c " nocase ascii wide
        $f = "reverse proxy" nocase ascii wide
        $g = "SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run" nocase ascii wide
    condition:
        uint16(0) == 0x5A4D and filesize < 5MB and $d and 3 of ($a, $b, $c, $e, $f, $g)
}
