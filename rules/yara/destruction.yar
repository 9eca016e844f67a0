/*
 * Starter rules: destruction. Each has a sample that fires and one that stays silent
 * in rules/yara/samples/RULE/; make check runs them all.
 */

rule ransom_note
{
    meta:
        title = "Ransom note"
        description = "A text that says that files are encrypted and how to pay."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "destruction"
        level = "high"
        techniques = "T1486"
    strings:
        $a = /(all )?(of )?your (important )?(files|documents|data|network)[^.\n]{0,60}(have been|are|were|has been) (now )?encrypted/ nocase ascii wide
        $b = "bitcoin" nocase ascii wide
        $c = ".onion" nocase ascii wide
        $d = "private key" nocase ascii wide
        $e = "decrypt" nocase ascii wide
        $f = "tor browser" nocase ascii wide
    condition:
        $a and 2 of ($b, $c, $d, $e, $f) and filesize < 256KB and uint32(0) != 0x46666C45
}

rule script_removes_way_back
{
    meta:
        title = "Script that deletes shadow copies and disables recovery"
        description = "The preparation of encryption or wiping."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "destruction"
        level = "high"
        techniques = "T1490"
    strings:
        $a = /vssadmin(\.exe)?\s+delete\s+shadows/ nocase ascii wide
        $b = /shadowcopy\s+delete/ nocase ascii wide
        $c = /bcdedit[^\n]{0,40}recoveryenabled\s+no/ nocase ascii wide
        $d = /wbadmin(\.exe)?\s+delete/ nocase ascii wide
        $e = /Win32_ShadowCopy[^\n]{0,80}Delete/ nocase ascii wide
        // Logs quote commands; what they say is weighed as records.
        $log_a = "\"EventID\"" ascii wide
        $log_b = "\"event_id\"" ascii wide
        $log_c = "EventRecordID" ascii wide
        $log_d = "type=SYSCALL msg=audit(" ascii
    condition:
        any of ($a, $b, $c, $d, $e) and none of ($log_*) and filesize < 5MB and uint32(0) != 0x46666C45
            and not (uint32(0) == 0x464C457F and uint32(20) == 1)
            and not (uint16(0) == 0x5A4D and uint32(uint32(0x3C)) == 0x00004550)
}

rule boot_record_overwriter
{
    meta:
        title = "Program that writes to the raw disk and calls itself done"
        description = "The path of the physical disk together with words of wiping in a program."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "destruction"
        level = "high"
        techniques = "T1561.002"
    strings:
        $a = "\\\\.\\PhysicalDrive" nocase ascii wide
        $b = "WriteFile"
        $c = "SeShutdownPrivilege" ascii wide
        $d = "wipe" nocase ascii wide
        $e = "destroyed" nocase ascii wide
        $f = "NtRaiseHardError"
    condition:
        uint16(0) == 0x5A4D and filesize < 3MB and $a and $b and $c and any of ($d, $e, $f)
}

rule shell_script_destroys
{
    meta:
        title = "Shell script that overwrites disks or deletes everything"
        description = "dd over a disk, shred over data, or rm at the root."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "destruction"
        level = "high"
        techniques = "T1485 T1561.001"
    strings:
        $a = /\bdd\s+[^\n]{0,60}if=\/dev\/(zero|u?random)[^\n]{0,60}of=\/dev\/(sd|hd|vd|nvme|xvd|mmcblk)/
        $b = /\brm\s+(-[a-z]+\s+){1,3}(--no-preserve-root\s+\/|\/\*)(\s|$)/
        $c = /\bshred\s+[^\n]{0,60}\/dev\/(sd|hd|vd|nvme)/
        $d = /\bfind\s+\/\s+[^\n]{0,60}-exec\s+shred\b/
    condition:
        // A manual page may tell how.
        any of them and filesize < 64KB and uint16(0) != 0x5C27 and uint16(0) != 0x5C2E and uint16(0) != 0x542E
            and not (uint32(0) == 0x464C457F and uint32(20) == 1)
            and not (uint16(0) == 0x5A4D and uint32(uint32(0x3C)) == 0x00004550)
}
