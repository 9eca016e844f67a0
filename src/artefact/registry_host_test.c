#include "artefact/decode_hive_support.h"
#include "xz.h"

#include <stdlib.h>

#define SYSTEM_HIVE "[Select]\nCurrent=dword:1\n"
#define SET "[ControlSet001\\"

TEST(the_machine_is_named)
{
	decode(registry_host, SYSTEM_HIVE
	       SET "Control\\ComputerName\\ComputerName]\nComputerName=sz:PC-7\n"
	       SET "Control\\TimeZoneInformation]\nTimeZoneKeyName=sz:Tokyo Standard Time\nActiveTimeBias=dword:0xfffffde4\n"
	       SET "Services\\Tcpip\\Parameters\\Interfaces\\{1}]\nDhcpIPAddress=sz:10.0.0.5\n"
	       "LeaseObtainedTime=dword:1600000000\nIPAddress=multi:10.0.0.6|10.0.0.7|\n"
	       SET "Control\\Windows]\nShutdownTime=hex:0080b2bbcb89d601\n", "SYSTEM");
	assert_span(named("name", "PC-7")->host, "PC-7");
	assert_span(named("zone", "Tokyo Standard Time")->detail, "{\"minutes_west\":\"-540\"}");
	assert_int_equal(named("address", "10.0.0.5")->time, 1600000000 * TIME_SECOND);
	assert_non_null(named("address", "10.0.0.7"));
	assert_true(told_find(&told, 0, TRACE_SESSION, "shutdown")->time > 1600000000 * TIME_SECOND);
	told_free(&told);
}

TEST(the_system_is_named_by_its_build)
{
	decode(registry_host,
	       "[Microsoft\\Windows NT\\CurrentVersion]\nProductName=sz:Windows 10 Pro\nCurrentBuild=sz:22631\n"
	       "DisplayVersion=sz:23H2\nUBR=dword:5\nInstallDate=dword:1600000000\n"
	       "[Microsoft\\Windows NT\\CurrentVersion\\NetworkList\\Profiles\\{A}]\nProfileName=sz:Cafe\n"
	       "DateCreated=hex:e4070900000d000c001a002800e803\n"
	       "DateLastConnected=hex:e4070900000d000c001a0028000000\n", "SOFTWARE");
	assert_non_null(named("system", "Windows 11 Pro 23H2, build 22631.5"));
	assert_int_equal(told_find(&told, 0, TRACE_HOST, "install")->time, 1600000000 * TIME_SECOND);
	assert_non_null(named("network", "Cafe"));
	told_free(&told);
}

TEST(weakened_settings_carry_a_technique)
{
	decode(registry_settings, SYSTEM_HIVE
	       SET "Control\\SecurityProviders\\WDigest]\nUseLogonCredential=dword:1\n"
	       SET "Control\\Terminal Server]\nfDenyTSConnections=dword:1\n"
	       SET "Control\\Terminal Server\\WinStations\\RDP-Tcp]\nPortNumber=dword:4444\n"
	       SET "Services\\LanmanServer\\Shares]\ndata=multi:CATimeout=0|Path=C:\\d|\n"
	       SET "Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules]\n"
	       SET "Control\\MiniNt]\n", "SYSTEM");
	assert_span(named("credential protection", "UseLogonCredential")->technique, "T1112 T1003.001");
	assert_span(named("remote desktop", "fDenyTSConnections")->technique, "");
	assert_span(named("remote desktop", "PortNumber")->technique, "T1021.001");
	assert_span(named("share", "data")->command, "C:\\d");
	assert_non_null(named("log off", "MiniNt"));
	told_free(&told);
}

TEST(exclusions_of_the_scanner_are_told)
{
	decode(registry_settings,
	       "[Microsoft\\Windows Defender\\Exclusions\\Paths]\nC:\\x=dword:0\n"
	       "[Policies\\Microsoft\\Windows Defender]\nDisableAntiSpyware=dword:1\n"
	       "[Microsoft\\Windows NT\\CurrentVersion\\Winlogon\\SpecialAccounts\\UserList]\nevil=dword:0\n"
	       "[Microsoft\\Windows\\CurrentVersion\\WINEVT\\Channels\\Microsoft-Windows-PowerShell/Operational]\n"
	       "Enabled=dword:0\n", "SOFTWARE");
	assert_span(named("defence exclusion", "C:\\x")->technique, "T1562.001");
	assert_span(named("defence off", "DisableAntiSpyware")->technique, "T1562.001");
	assert_span(named("hidden account", "evil")->technique, "T1564.002");
	assert_span(named("log off", "Microsoft-Windows-PowerShell/Operational")->technique, "T1562.002");
	told_free(&told);
}

TEST(a_proxy_of_a_user_is_told)
{
	decode(registry_settings,
	       "[Environment]\n[Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings]\n"
	       "ProxyEnable=dword:1\nProxyServer=sz:10.9.9.9:8080\n", "Users/ann/NTUSER.DAT");
	assert_span(named("proxy", "ProxyServer")->command, "10.9.9.9:8080");
	assert_span(named("proxy", "ProxyServer")->user, "ann");
	told_free(&told);
}

static void put_text(uint8_t *v, size_t at, size_t offset, const char *text)
{
	v[at] = (uint8_t)offset;
	v[at + 4] = (uint8_t)(strlen(text) * 2);
	for (size_t i = 0; text[i]; i++)
		v[0xcc + offset + i * 2] = (uint8_t)text[i];
}

static void add_account(struct buf *hive, const char *key, uint32_t number, const char *name, const char *script)
{
	uint8_t v[0x140] = { 0 }, f[0x50] = { 0 };

	memcpy(f + 0x30, &number, 4);
	put_text(v, 0x0c, 0, name);
	put_text(v, 0x60, 40, script);
	buf_printf(hive, "[SAM\\Domains\\Account\\Users\\%s]\nF=hex:", key);
	buf_hex(hive, span_of(f, sizeof f));
	buf_text(hive, "\nV=hex:");
	buf_hex(hive, span_of(v, sizeof v));
	buf_text(hive, "\n");
}

/* Whose number stands in the data, that one's rights has who logs on. */
TEST(an_account_with_the_number_of_another_is_told)
{
	struct buf hive = buf_new(1 << 16);

	add_account(&hive, "000001F5", 500, "Guest", "");
	add_account(&hive, "000003E9", 1001, "ann", "logon.bat");
	decode(registry_accounts, (const char *)hive.at, "SAM");
	assert_span(named("user", "Guest")->technique, "T1098");
	assert_true(span_find(named("user", "Guest")->detail, 0, SPAN("\"id_of_its_key\":501")) != SIZE_MAX);
	assert_span(named("user", "ann")->technique, "");
	assert_span(named("logon script", "ann")->command, "logon.bat");
	assert_span(named("logon script", "ann")->user, "ann");
	assert_int_equal(told.count, 3);
	told_free(&told);
	buf_free(&hive);
}

TEST(accounts_of_a_real_machine_are_told)
{
	CORPUS_OR_SKIP(path, "artefacts/plaso/test_data/regf");
	char name[4200];
	struct span hive;

	snprintf(name, sizeof name, "%s/SAM", path);
	hive = read_whole(name);
	told_run(&told, registry_accounts, hive, "SAM", "registry hive", NULL);
	assert_true(told.ok);
	assert_span(named("group", "Administrators")->user, "S-1-5-21-4070822719-3404542230-2541167049-500");
	assert_span(named("user", "gold_administrator")->summary, "account gold_administrator (1001)");
	assert_true(told.traces[0].last != TIME_NONE);
	told_free(&told);
	free((void *)(uintptr_t)hive.at);
}

TEST(a_real_system_hive_names_its_machine)
{
	CORPUS_OR_SKIP(path, "artefacts/regipy/regipy_tests/data");
	struct span hive = read_xz(path, "SYSTEM_B.xz");

	told_run(&told, registry_host, hive, "SYSTEM", "registry hive", NULL);
	assert_true(told.ok);
	assert_true(strstr(told.short_of, "not written back") != NULL);
	assert_span(told_find(&told, 0, TRACE_HOST, "name")->name, "DESKTOP-PM6C56D");
	assert_span(told_find(&told, 0, TRACE_HOST, "zone")->detail, "{\"minutes_west\":\"240\"}");
	told_free(&told);
	told_run(&told, registry_settings, hive, "SYSTEM", "registry hive", NULL);
	assert_true(told.ok);
	for (size_t i = 0; i < told.count; i++)
		assert_span(told.traces[i].technique, "");
	told_free(&told);
	free((void *)(uintptr_t)hive.at);
}
