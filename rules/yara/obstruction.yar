/*
 * Starter rules: obstruction. Each has a sample that fires and one that stays silent
 * in rules/yara/samples/RULE/; make check runs them all.
 */

rule script_clears_event_logs
{
    meta:
        title = "Script that clears event logs"
        description = "Empties the logs of Windows one after the other."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "obstruction"
        level = "high"
        techniques = "T1070.001"
    strings:
        $a = /wevtutil(\.exe)?\s+(cl|clear-log)\s/ nocase ascii wide
        $b = /for\s+\/f\s[^\n]{0,80}wevtutil(\.exe)?\s+el/ nocase ascii wide
        $c = /Clear-EventLog\s/ nocase ascii wide
        $d = /Get-(WinEvent|EventLog)\s[^\n]{0,80}-List[^\n]{0,80}Clear/ nocase ascii wide
    condition:
        any of them and filesize < 2MB and uint32(0) != 0x46666C45
            and not (uint32(0) == 0x464C457F and uint32(20) == 1)
            and not (uint16(0) == 0x5A4D and uint32(uint32(0x3C)) == 0x00004550)
}

rule script_disables_defences
{
    meta:
        title = "Script that switches off Windows Defender or the firewall"
        description = "Several protections switched off in one script."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "obstruction"
        level = "high"
        techniques = "T1562.001 T1562.004"
    strings:
        $a = "DisableRealtimeMonitoring" nocase ascii wide
        $b = "DisableAntiSpyware" nocase ascii wide
        $c = /Add-MpPreference\s+-Exclusion/ nocase ascii wide
        $d = /netsh\s+advfirewall\s+set\s+\w+\s+state\s+off/ nocase ascii wide
        $e = /(sc|net)\s+(stop|delete|config)\s+(WinDefend|Sense|WdNisSvc|wscsvc|mpssvc)/ nocase ascii wide
    condition:
        2 of them and filesize < 2MB and uint32(0) != 0x46666C45
            and not (uint32(0) == 0x464C457F and uint32(20) == 1)
            and not (uint16(0) == 0x5A4D and uint32(uint32(0x3C)) == 0x00004550)
}

rule hosts_file_blocks_updates
{
    meta:
        title = "File hosts that keeps defences from their updates"
        description = "Names of update servers of security products point to nowhere."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "obstruction"
        level = "high"
        techniques = "T1562.001 T1565.001"
    strings:
        $a = /(^|\n)\s*(127\.0\.0\.1|0\.0\.0\.0)\s+[^\n]{0,60}(windowsupdate\.com|update\.microsoft\.com|trendmicro\.(com|co\.jp)|symantec\.com|mcafee\.com|kaspersky\.com|eset\.com|sophos\.com)/ nocase
    condition:
        $a and filesize < 1MB
            and not (uint32(0) == 0x464C457F and uint32(20) == 1)
            and not (uint16(0) == 0x5A4D and uint32(uint32(0x3C)) == 0x00004550)
}

rule script_wipes_linux_logs
{
    meta:
        title = "Shell script that empties logs and histories"
        description = "Login records, logs and the history of commands are emptied or removed together."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "obstruction"
        level = "high"
        techniques = "T1070.002 T1070.003"
    strings:
        $a = /(>|cat\s+\/dev\/null\s*>|truncate\s+-s\s*0|rm\s+-[rf]+|shred\s[^\n]{0,20}|ln\s+-sf?\s+\/dev\/null)\s*\/var\/(log|run)\/(wtmp|btmp|lastlog|utmp|auth\.log|secure|messages|syslog|audit)/
        $b = /unset\s+HISTFILE|HISTFILE=\/dev\/null|HISTSIZE=0|history\s+-c/
        $c = /(rm\s+-[rf]+|>|ln\s+-sf?\s+\/dev\/null)\s*(~|\/root|\/home\/[^\n\/]{1,40}|\$HOME)\/\.(bash|zsh)_history/
    condition:
        2 of them and filesize < 1MB
            and not (uint32(0) == 0x464C457F and uint32(20) == 1)
            and not (uint16(0) == 0x5A4D and uint32(uint32(0x3C)) == 0x00004550)
}

rule event_log_service_patch
{
    meta:
        title = "Tool that kills the threads of the event log service"
        description = "Names of tools and calls by which logging goes silent while the service seems to run."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "obstruction"
        level = "high"
        techniques = "T1562.002"
    strings:
        $a = "Invoke-Phant0m" nocase ascii wide
        $b = "Phant0m" ascii wide fullword
        $c = "I_QueryTagInformation" ascii wide
        $d = "eventlog" nocase ascii wide
        $e = "TerminateThread" ascii wide
    condition:
        ($a or (($b or $c) and $d and $e)) and uint32(0) != 0x46666C45
}
