/*
 * Starter rules: implant. Each has a sample that fires and one that stays silent
 * in rules/yara/samples/RULE/; make check runs them all.
 */

rule eicar_test_file
{
    meta:
        title = "EICAR test file"
        description = "The harmless file by which the working of malware detection is tested."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "implant"
        level = "low"
        techniques = "T1204.002"
    strings:
        $eicar = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
    condition:
        $eicar at 0
}

rule program_inside_data_xor
{
    meta:
        title = "Windows program hidden by XOR in other data"
        description = "The message of the DOS stub, XORed with one byte, betrays a hidden program that a loader will decode."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "implant"
        level = "high"
        techniques = "T1027 T1140"
    strings:
        $stub = "This program cannot be run in DOS mode" xor(1-255)
    condition:
        $stub
}

rule program_inside_program
{
    meta:
        title = "Second Windows program inside a program"
        description = "A program that carries a whole other program, apart from its resources, often drops it."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "implant"
        level = "low"
        techniques = "T1027.009"
    strings:
        $mz = { 4D 5A [58] ?? ?? 00 00 }
    condition:
        uint16(0) == 0x5A4D and filesize < 2MB and #mz < 200 and for any i in (2..#mz) : ( uint32(@mz[i] + uint32(@mz[i] + 0x3C)) == 0x00004550 and uint32(@mz[i] + 0x3C) < 0x400 )
}

rule powershell_encoded_download
{
    meta:
        title = "PowerShell script that downloads and runs, in Base64"
        description = "The argument of -EncodedCommand holds a download and its execution."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "implant"
        level = "high"
        techniques = "T1059.001 T1027.010"
    strings:
        $a = "DownloadString(" wide base64
        $b = "DownloadData(" wide base64
        $c = "IEX" wide base64
        $d = "Invoke-Expression" wide base64
    condition:
        ($a or $b) and ($c or $d) and uint32(0) != 0x46666C45
}

rule script_downloads_and_runs
{
    meta:
        title = "Script host script that downloads a file and runs it"
        description = "The three objects that every script dropper needs: one to fetch, one to write bytes, one to run."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "implant"
        level = "high"
        techniques = "T1059.005 T1105"
    strings:
        $http1 = "MSXML2.XMLHTTP" nocase
        $http2 = "WinHttp.WinHttpRequest" nocase
        $http3 = "MSXML2.ServerXMLHTTP" nocase
        $stream = "ADODB.Stream" nocase
        $run1 = "WScript.Shell" nocase
        $run2 = "Shell.Application" nocase
    condition:
        any of ($http*) and $stream and any of ($run*) and filesize < 1MB
            and not (uint32(0) == 0x464C457F and uint32(20) == 1)
            and not (uint16(0) == 0x5A4D and uint32(uint32(0x3C)) == 0x00004550)
}

rule html_application_runs_script
{
    meta:
        title = "HTML application that starts a program"
        description = "mshta runs such a page with the rights of the user, outside the browser."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "implant"
        level = "high"
        techniques = "T1218.005"
    strings:
        $hta = "<hta:application" nocase
        $script = "<script" nocase
        $a = "WScript.Shell" nocase
        $b = "GetObject(\"script:" nocase
        $c = "Win32_Process" nocase
    condition:
        $script and ($hta and any of ($a, $b, $c) or 2 of ($a, $b, $c)) and filesize < 2MB
            and not (uint32(0) == 0x464C457F and uint32(20) == 1)
            and not (uint16(0) == 0x5A4D and uint32(uint32(0x3C)) == 0x00004550)
}

rule task_definition_hides_command
{
    meta:
        title = "Scheduled task definition that runs a hidden command"
        description = "The XML of a task whose action is an interpreter with options that hide."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "implant"
        level = "high"
        techniques = "T1053.005"
    strings:
        $ns = "schemas.microsoft.com/windows/2004/02/mit/task" ascii wide
        $cmd = /<Command>[^<]{0,120}(powershell|mshta|wscript|rundll32|cmd)(\.exe)?"?<\/Command>/ nocase ascii wide
        $hide = /-(enc|encodedcommand|e)\s+[A-Za-z0-9+\/]{16}|-w(indowstyle)?\s+hidden|javascript:|https?:\/\//  nocase ascii wide
    condition:
        all of them and filesize < 200KB and uint32(0) != 0x46666C45
}

rule shortcut_starts_interpreter
{
    meta:
        title = "Shortcut that starts PowerShell or mshta with hidden options"
        description = "A link that looks like a document and runs a command."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "implant"
        level = "high"
        techniques = "T1204.002 T1059.001"
    strings:
        $a = "powershell" nocase wide ascii
        $b = "mshta" nocase wide ascii
        $c = "-enc" nocase wide
        $d = "hidden" nocase wide
        $e = "http" nocase wide
        $f = "DownloadString" nocase wide
    condition:
        uint32(0) == 0x0000004C and uint32(4) == 0x00021401 and filesize < 1MB and any of ($a, $b) and any of ($c, $d, $e, $f)
}

rule macro_runs_when_opened
{
    meta:
        title = "Macro source that runs when the document is opened and starts a program"
        description = "Exported or decompressed VBA with an automatic entry and a call that starts something."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "implant"
        level = "high"
        techniques = "T1204.002 T1059.005"
    strings:
        $auto1 = "AutoOpen" nocase
        $auto2 = "Document_Open" nocase
        $auto3 = "Workbook_Open" nocase
        $vba = "Attribute VB_Name"
        $run1 = /\bShell\s*\(/ nocase
        $run2 = "WScript.Shell" nocase
        $run3 = "URLDownloadToFile" nocase
        $run4 = "powershell" nocase
    condition:
        $vba and any of ($auto*) and any of ($run*)
}

rule php_web_shell
{
    meta:
        title = "PHP web shell"
        description = "What the visitor sends is evaluated or run as a command."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "implant"
        level = "critical"
        techniques = "T1505.003"
    strings:
        $php = "<?"
        $a = /\b(eval|assert|system|passthru|shell_exec|exec|popen|proc_open)\s*\(\s*(@?\s*(base64_decode|gzinflate|str_rot13|urldecode)\s*\(\s*)*@?\$_(GET|POST|REQUEST|COOKIE|SERVER)\s*\[/ nocase
        $b = /\$_(GET|POST|REQUEST|COOKIE)\s*\[[^\]]{1,40}\]\s*\(\s*\$_(GET|POST|REQUEST|COOKIE)\s*\[/ nocase
        $c = /preg_replace\s*\(\s*["']\/[^"']{0,40}\/e["']\s*,\s*\$_(GET|POST|REQUEST)/ nocase
        $d = /`\s*\{?\$_(GET|POST|REQUEST|COOKIE)\s*\[[^\]`]{1,40}\]/ nocase
        $e = /\b(eval|assert)\s*\(\s*@?(gzinflate|gzuncompress|str_rot13|base64_decode)\s*\(\s*@?(gzinflate|gzuncompress|str_rot13|strrev|base64_decode)\s*\(\s*["']/ nocase
    condition:
        $php and any of ($a, $b, $c, $d, $e) and filesize < 2MB
            and not (uint32(0) == 0x464C457F and uint32(20) == 1)
            and not (uint16(0) == 0x5A4D and uint32(uint32(0x3C)) == 0x00004550)
}

rule aspx_web_shell
{
    meta:
        title = "ASP.NET web shell"
        description = "A page that starts a process or evaluates what the visitor sends."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "implant"
        level = "critical"
        techniques = "T1505.003"
    strings:
        $page = "<%" 
        $lang = /language\s*=\s*["']?(c#|jscript|vb)/ nocase
        $eval = /\beval\s*\(\s*Request/ nocase
        $proc = "ProcessStartInfo" nocase
        $req = /Request(\.Form|\.QueryString|\.Item|\.Params)?\s*[\[\(]/ nocase
        $cmd = /cmd(\.exe)?["']/ nocase
        $start = "Diagnostics.Process" nocase
    condition:
        $page and $lang and ($eval or (($proc or $start) and $req and $cmd)) and filesize < 2MB
            and not (uint32(0) == 0x464C457F and uint32(20) == 1)
            and not (uint16(0) == 0x5A4D and uint32(uint32(0x3C)) == 0x00004550)
}

rule jsp_web_shell
{
    meta:
        title = "JSP web shell"
        description = "A page that hands a request parameter to the system shell."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "implant"
        level = "critical"
        techniques = "T1505.003"
    strings:
        $page = "<%"
        $exec = /Runtime\.getRuntime\(\)\s*\.exec\s*\(/
        $builder = "ProcessBuilder"
        $param = "request.getParameter("
    condition:
        $page and $param and ($exec or $builder) and filesize < 2MB
            and not (uint32(0) == 0x464C457F and uint32(20) == 1)
            and not (uint16(0) == 0x5A4D and uint32(uint32(0x3C)) == 0x00004550)
}

rule cgi_web_shell
{
    meta:
        title = "CGI web shell"
        description = "A script for a web server that hands what the visitor sends to the system shell."
        author = "the kanshiki developers"
        date = "2026-11-22"
        harm = "implant"
        level = "critical"
        techniques = "T1505.003"
    strings:
        $script = /#![^\n]{0,80}(perl|python|sh|ruby)/
        $answer = /Content-type:|->header|print header/ nocase
        $perl = /(system|exec|qx|eval)\s*[({]?\s*(\$\w+->param|param)\s*\(/
        $tick = /`\s*\$\{?\w+(->\{param\}|->param)/
        $python = /(os\.popen|os\.system|subprocess\.\w+|eval|exec)\s*\([^\n]{0,60}(\.getvalue|\.getfirst|FieldStorage|QUERY_STRING)/
        $shell = /(eval|sh -c|bash -c)\s+["']?\$\{?(QUERY_STRING|HTTP_[A-Z_]+|REQUEST_URI|PATH_INFO)/
    condition:
        $script in (0..256) and $answer and any of ($perl, $tick, $python, $shell) and filesize < 1MB
            and not (uint32(0) == 0x464C457F and uint32(20) == 1)
            and not (uint16(0) == 0x5A4D and uint32(uint32(0x3C)) == 0x00004550)
}

rule systemd_unit_from_temporary_folder
{
    meta:
        title = "systemd unit that starts a program from a temporary or hidden place"
        description = "Units of packages start programs below /usr; what lies in /tmp, /dev/shm or a hidden folder was put there by somebody else."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "implant"
        level = "high"
        techniques = "T1543.002"
    strings:
        $unit = "[Service]"
        $exec = /\nExec(Start|StartPre|Reload)\s*=\s*[-@+!]*["']?(\/tmp\/|\/var\/tmp\/|\/dev\/shm\/|\/run\/user\/|\/[^\n ]{0,80}\/\.[A-Za-z0-9])/
    condition:
        $unit and $exec and filesize < 64KB
            and not (uint32(0) == 0x464C457F and uint32(20) == 1)
            and not (uint16(0) == 0x5A4D and uint32(uint32(0x3C)) == 0x00004550)
}

rule cron_downloads_and_runs
{
    meta:
        title = "Cron line that downloads code and runs it"
        description = "A timetable line that fetches a script and pipes it into a shell."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "implant"
        level = "high"
        techniques = "T1053.003 T1105"
    strings:
        $a = /(^|\n)\s*(@(reboot|hourly|daily)|[0-9*\/,-]+\s+[0-9*\/,-]+\s+[0-9*\/,-]+\s+\S+\s+\S+)\s[^\n]{0,160}(curl|wget)\s[^\n]{0,160}\|\s*(ba|da|z)?sh\b/
    condition:
        $a and filesize < 256KB
            and not (uint32(0) == 0x464C457F and uint32(20) == 1)
            and not (uint16(0) == 0x5A4D and uint32(uint32(0x3C)) == 0x00004550)
}

rule preload_library_hides
{
    meta:
        title = "Shared library that hides files and processes"
        description = "A library that replaces the functions by which folders are read, and reads /proc, hides itself from ps and ls."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "implant"
        level = "high"
        techniques = "T1574.006 T1014"
    strings:
        $r1 = "readdir64"
        $r2 = "readdir"
        $d = "dlsym"
        $p1 = "/proc/self/fd/%d"
        $p2 = "/proc/%s/stat"
        $p3 = "ld.so.preload"
        $p4 = "/proc/%s/cmdline"
        $program = "/lib64/ld-linux"
        $program_arm = "/lib/ld-linux"
    condition:
        uint32(0) == 0x464C457F and uint16(16) == 3 and all of ($r*) and $d and 2 of ($p1, $p2, $p3, $p4) and none of ($program*) and filesize < 1MB
}

rule loader_resolves_by_hash
{
    meta:
        title = "Code that finds system functions by hash"
        description = "Code that walks the list of loaded libraries and compares rotated hashes of names: position-independent code of loaders, not of compilers."
        author = "the kanshiki developers"
        date = "2026-11-21"
        harm = "implant"
        level = "medium"
        techniques = "T1027.007 T1055"
    strings:
        $peb32 = { 64 8B ?? 30 [0-6] 8B ?? 0C [0-6] 8B ?? (0C | 14 | 1C) }
        $peb64 = { 65 48 8B ?? 60 [0-6] 48 8B ?? 18 [0-6] 48 8B ?? (10 | 20 | 30) }
        $ror13 = { C1 (C8 | C9 | CA | CB | CF) 0D }
    condition:
        any of ($peb*) and $ror13 and for any i in (1..#ror13) : ( for any of ($peb*) : ( @ror13[i] > @ and @ror13[i] - @ < 300 ) )
}
