/*
 * Starter rules: theft. Each has a sample that fires and one that stays silent
 * in rules/yara/samples/RULE/; make check runs them all.
 */

rule credential_theft_tool
{
    meta:
        title = "Tool that reads passwords from memory"
        description = "Command words of the best-known tools for stealing credentials."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "theft"
        level = "critical"
        techniques = "T1003.001 T1003.006"
    strings:
        $a = "sekurlsa::logonpasswords" nocase ascii wide
        $b = "lsadump::" nocase ascii wide
        $c = "kerberos::golden" nocase ascii wide
        $d = "gentilkiwi" nocase ascii wide
        $e = "privilege::debug" nocase ascii wide
        $f = "Invoke-Mimikatz" nocase ascii wide
    condition:
        2 of them and uint32(0) != 0x46666C45
}

rule lsass_memory_dump
{
    meta:
        title = "Dump of the memory of LSASS"
        description = "A minidump that names the libraries which only LSASS loads."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "theft"
        level = "critical"
        techniques = "T1003.001"
    strings:
        $a = "lsasrv.dll" nocase wide
        $b = "lsass.exe" nocase wide
        $c = "wdigest.dll" nocase wide
        $d = "msv1_0.dll" nocase wide
    condition:
        uint32(0) == 0x504D444D and $a and any of ($b, $c, $d)
}

rule archive_with_encrypted_names
{
    meta:
        title = "Archive whose names are encrypted"
        description = "Not even a list of what is inside can be read without the password."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "theft"
        level = "medium"
        techniques = "T1560.001"
    strings:
        $rar5 = { 52 61 72 21 1A 07 01 00 [4] ?? 04 }
        $rar4 = { 52 61 72 21 1A 07 00 [2] 73 ?? }
    condition:
        $rar5 at 0 or ($rar4 at 0 and uint16(10) & 0x80 != 0)
}

rule directory_database
{
    meta:
        title = "Active Directory database outside a domain controller"
        description = "ntds.dit with the password hashes of the domain; on any other machine, or in an archive, it is stolen goods."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "theft"
        level = "high"
        techniques = "T1003.003"
    strings:
        $a = "datatable" 
        $b = "link_table"
        $c = "sd_table"
    condition:
        uint32(4) == 0x89ABCDEF and $a and ($b or $c)
}

rule saved_password_hive
{
    meta:
        title = "Registry hive with password hashes"
        description = "SAM or SECURITY saved as a file of its own."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "theft"
        level = "medium"
        techniques = "T1003.002 T1003.004"
    strings:
        $sam1 = "SAM\\Domains" wide
        $sam2 = "\\Config\\SAM" nocase wide
        $sec = "\\Config\\SECURITY" nocase wide
        $names = "PolSecretEncryptionKey"
        $users = "Domains"
    condition:
        uint32(0) == 0x66676572 and filesize < 16MB and (any of ($sam*) or $sec) and ($names or $users)
}

rule cloud_copy_settings
{
    meta:
        title = "Settings of a cloud copy tool with a remote"
        description = "rclone.conf with an account of a storage provider: where the files went."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "theft"
        level = "medium"
        techniques = "T1567.002"
    strings:
        $section = /(^|\n)\[[A-Za-z0-9_. -]{1,40}\]\r?\n/
        $type = /\ntype\s*=\s*(mega|s3|dropbox|drive|onedrive|webdav|sftp|ftp|pcloud|b2)\b/
        $secret = /\n(pass|token|secret_access_key|key|user)\s*=\s*\S/
    condition:
        all of them and filesize < 64KB
            and not (uint32(0) == 0x464C457F and uint32(20) == 1)
            and not (uint16(0) == 0x5A4D and uint32(uint32(0x3C)) == 0x00004550)
}

rule collection_script
{
    meta:
        title = "Script that gathers documents and packs them"
        description = "A batch or shell script that searches drives for documents and packs what it finds."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "theft"
        level = "high"
        techniques = "T1119 T1560.001 T1005"
    strings:
        $walk1 = /for\s+\/[rf]\s[^\n]{0,80}\*\.(doc|xls|ppt|pdf|dwg|jtd|pst)/ nocase
        $walk2 = /dir\s[^\n]{0,60}\*\.(doc|xls|ppt|pdf|dwg|jtd|pst)[^\n]{0,80}\/s/ nocase
        $walk3 = /Get-ChildItem\s[^\n]{0,120}\*\.(doc|xls|ppt|pdf|dwg|jtd|pst)/ nocase
        $walk4 = /find\s+\/[^\n]{0,80}-name\s[^\n]{0,12}\*\.(doc|xls|ppt|pdf|dwg|jtd|pst)/ nocase
        $pack1 = /\b(rar|7za?|zip|makecab|tar)(\.exe)?"?\s+(a|-?c[a-z]*f|-r)\b/ nocase
        $pack2 = "Compress-Archive" nocase
    condition:
        any of ($walk*) and any of ($pack*) and filesize < 256KB
            and not (uint32(0) == 0x464C457F and uint32(20) == 1)
            and not (uint16(0) == 0x5A4D and uint32(uint32(0x3C)) == 0x00004550)
}
