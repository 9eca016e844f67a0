#include "artefact/decode_support.h"
#include "artefact/registry.h"
#include "hive.h"
#include "test.h"

#include <stdlib.h>

static struct told told;

static void decode(artefact_fn *fn, const char *text, const char *path)
{
	struct arena arena = arena_new(16 << 20);

	told_run(&told, fn, hive_of(text, &arena), path, "registry hive", NULL);
	assert_true(told.ok);
	arena_free(&arena);
}

/* 2020-09-13T12:26:40Z */
#define WHEN "0080a621c989d601"
#define SECONDS INT64_C(1600000000)
#define COUNTER "00000000" "05000000" "00000000" "00000000" "0000000000000000000000000000000000000000" \
	"0000000000000000000000000000000000000000" "00000000" WHEN "00000000"
#define NO_RUNS "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000" \
	"00000000000000000000000000000000"
#define NOTHING "00000000" "00000000" "00000000" "00000000" NO_RUNS
#define FOCUS "00000000" "00000000" "02000000" "60ea0000" NO_RUNS
#define ASSIST "[Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\UserAssist\\"

TEST(user_assist_tells_program_count_and_time)
{
	decode(registry_user_assist,
	       "[Environment]\n" ASSIST "{CEBFF5CD}\\Count]\n"
	       "{1NP14R77-02R7-4R5Q-O744-2RO1NR5198O7}\\pzq.rkr=hex:" COUNTER "\n"
	       "HRZR_PGYFRFFVBA=hex:" COUNTER "\n"
	       "HRZR_EHACNGU:P:\\byq.rkr=hex:0100000008000000" WHEN "\n"
	       "HRZR_EHACVQY:%pfvqy2%\\n.yax=hex:0100000006000000" WHEN "\n"
	       "Cvaarq=hex:" NOTHING "\nFrra=hex:" FOCUS "\n"
	       "Fubeg=hex:0102\n", "Users/ann/NTUSER.DAT");
	assert_int_equal(told.count, 5);
	assert_span(told.traces[2].program, "%csidl2%\\a.lnk");
	assert_int_equal(told.traces[2].count, 1);
	assert_span(told.traces[3].what, "present");
	assert_span(told.traces[4].what, "ran");
	assert_span(told.traces[4].detail, "{\"focus\":2,\"focus_milliseconds\":60000}");
	assert_int_equal(told.traces[4].time, TIME_NONE);
	assert_span(told.traces[0].program, "C:\\Windows\\System32\\cmd.exe");
	assert_int_equal(told.traces[0].count, 5);
	assert_int_equal(told.traces[0].time, SECONDS * TIME_SECOND);
	assert_span(told.traces[0].user, "ann");
	assert_span(told.traces[1].program, "C:\\old.exe");
	assert_int_equal(told.traces[1].count, 3);
	told_free(&told);
}

TEST(the_activity_moderator_tells_who_ran_what)
{
	decode(registry_bam,
	       "[Select]\nCurrent=dword:1\n[ControlSet001\\Services\\bam\\State\\UserSettings\\S-1-5-21-1]\n"
	       "\\Device\\HarddiskVolume2\\x.exe=hex:" WHEN "0000000000000000\nVersion=dword:1\n", "SYSTEM");
	assert_int_equal(told.count, 1);
	assert_span(told.traces[0].user, "S-1-5-21-1");
	assert_span(told.traces[0].program, "\\Device\\HarddiskVolume2\\x.exe");
	assert_int_equal(told.traces[0].time, SECONDS * TIME_SECOND);
	told_free(&told);
}

TEST(the_inventory_tells_digests_in_both_forms)
{
	decode(registry_amcache,
	       "[Root\\InventoryApplicationFile\\x.exe|1]\nLowerCaseLongPath=sz:c:\\x\\x.exe\nName=sz:x.exe\n"
	       "FileId=sz:0000DA39A3EE5E6B4B0D3255BFEF95601890AFD80709\nSize=qword:77\n"
	       "[Root\\InventoryDriverBinary\\c:/windows/d.sys]\n"
	       "DriverId=sz:0000da39a3ee5e6b4b0d3255bfef95601890afd80709\n"
	       "[Root\\File\\vol\\1]\n15=sz:C:\\o.exe\n101=sz:not a digest\n6=dword:5\n", "Amcache.hve");
	assert_int_equal(told.count, 3);
	assert_span(told.traces[0].program, "c:\\x\\x.exe");
	assert_span(told.traces[0].digest, "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709");
	assert_int_equal(told.traces[0].bytes_in, 77);
	assert_span(told.traces[1].program, "c:\\windows\\d.sys");
	assert_span(told.traces[1].digest, "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709");
	assert_span(told.traces[2].program, "C:\\o.exe");
	assert_span(told.traces[2].digest, "");
	told_free(&told);
}

TEST(the_inventory_tells_programs_in_both_forms)
{
	decode(registry_amcache,
	       "[Root\\InventoryApplication\\0001]{1500000000}\nName=sz:7-Zip\nVersion=sz:19.00\nPublisher=sz:Igor\n"
	       "RootDirPath=sz:%programfiles%\\7-zip\nInstallDate=sz:07/16/2016 22:55:48\nSource=sz:AddRemoveProgram\n"
	       "[Root\\InventoryApplicationFile\\x.exe|1]\nLowerCaseLongPath=sz:c:\\x\\x.exe\nProgramId=sz:0001\n"
	       "[Root\\InventoryDriverPackage\\v.inf_1]\nInf=sz:oem9.inf\nVersion=sz:8.1\nSYSFILE=sz:v.sys\n"
	       "Directory=sz:c:\\windows\\system32\\driverstore\\v.inf_1\n"
	       "[Root\\InventoryApplicationShortcut\\s]\nShortcutPath=sz:c:\\x.lnk\nShortcutTargetPath=sz:c:\\t.exe\n"
	       "[Root\\Programs\\0002]\n0=sz:Old\n1=sz:1.0\na=qword:1501593268\nb=qword:1501593999\nd=multi:c:\\o\\x|c:\\o|\n",
	       "Amcache.hve");
	assert_int_equal(told.count, 6);
	assert_true(span_find(told.traces[0].detail, 0, SPAN("\"application\":\"7-Zip\"")) != SIZE_MAX);
	assert_span(told.traces[1].what, "installed");
	assert_span(told.traces[1].name, "7-Zip 19.00");
	assert_span(told.traces[1].path, "C:\\Program Files\\7-zip");
	assert_int_equal(told.traces[1].time, 1500000000 * TIME_SECOND);
	assert_true(span_find(told.traces[1].detail, 0, SPAN("07/16/2016 22:55:48")) != SIZE_MAX);
	assert_span(told.traces[2].name, "Old 1.0");
	assert_span(told.traces[2].path, "c:\\o");
	assert_int_equal(told.traces[2].time, 1501593268 * TIME_SECOND);
	assert_span(told.traces[3].what, "removed");
	assert_int_equal(told.traces[3].time, 1501593999 * TIME_SECOND);
	assert_span(told.traces[4].path, "c:\\windows\\system32\\driverstore\\v.inf_1");
	assert_span(told.traces[5].what, "linked");
	assert_span(told.traces[5].path, "c:\\t.exe");
	told_free(&told);
}

TEST(installed_programs_are_told_for_the_machine_and_the_user)
{
	decode(registry_installed, "[Microsoft\\Windows NT\\CurrentVersion]\nx=sz:y\n"
	       "[Microsoft\\Windows\\CurrentVersion\\Uninstall\\AnyDesk]{1500000000}\nDisplayName=sz:AnyDesk\n"
	       "DisplayVersion=sz:7.0\nInstallDate=sz:20260401\nSystemComponent=dword:1\nInstallLocation=sz:C:\\a\n"
	       "[Microsoft\\Windows\\CurrentVersion\\Uninstall\\Connection Manager]\nx=sz:y\n"
	       "[Wow6432Node\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\{B}]\nDisplayName=sz:Old\n", "SOFTWARE");
	assert_int_equal(told.count, 2);
	assert_span(told.traces[0].name, "AnyDesk 7.0");
	assert_span(told.traces[0].path, "C:\\a");
	assert_int_equal(told.traces[0].time, 1500000000 * TIME_SECOND);
	assert_true(span_find(told.traces[0].detail, 0, SPAN("\"install_date\":\"20260401\"")) != SIZE_MAX);
	assert_true(span_find(told.traces[0].detail, 0, SPAN("not shown")) != SIZE_MAX);
	assert_span(told.traces[1].name, "Old");
	told_free(&told);
	decode(registry_installed, "[Environment]\n[Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\T]\n"
	       "DisplayName=sz:Telegram\n", "Users/ann/NTUSER.DAT");
	assert_int_equal(told.count, 1);
	assert_span(told.traces[0].user, "ann");
	told_free(&told);
}

/* Times of the inventory are not those of a connection, so that none is joined by them. */
TEST(the_inventory_tells_devices_without_a_time)
{
	decode(registry_inventory,
	       "[Root\\InventoryDevicePnp\\usbstor/disk&ven_x&prod_y&rev_1/4c53&0]\nModel=sz:X Y USB Device\n"
	       "FirstInstallDate=sz:12-17-2019\nContainerId=sz:{aa}\nService=sz:disk\n"
	       "[Root\\InventoryDevicePnp\\usb/vid_0781&pid_5567/4c53]\nModel=sz:USB Mass Storage Device\nService=sz:usbstor\n"
	       "[Root\\InventoryDevicePnp\\usb/vid_0e0f&pid_0002/6&30&0&7]\nModel=sz:Hub\nService=sz:USBHUB3\n"
	       "[Root\\InventoryDevicePnp\\acpi/acpi0003/0]\nModel=sz:Battery\n"
	       "[Root\\InventoryDeviceContainer\\{aa}]\nModelName=sz:Cruzer\nFriendlyName=sz:BACKUP\nCategories=sz:storage\n"
	       "[Root\\InventoryDeviceContainer\\{bb}]\nModelName=sz:PC\nIsMachineContainer=sz:1\n", "Amcache.hve");
	assert_int_equal(told.count, 3);
	assert_span(told.traces[1].what, "usb");
	assert_span(told.traces[0].what, "usb storage");
	assert_span(told.traces[0].digest, "4c53");
	assert_int_equal(told.traces[0].time, TIME_NONE);
	assert_true(span_find(told.traces[0].detail, 0, SPAN("\"name\":\"BACKUP\"")) != SIZE_MAX);
	assert_true(span_find(told.traces[0].detail, 0, SPAN("12-17-2019")) != SIZE_MAX);
	assert_span(told.traces[2].name, "BACKUP");
	told_free(&told);
}

TEST(caches_of_the_shell_name_programs_once)
{
	decode(registry_shell_caches,
	       "[Local Settings\\Software\\Microsoft\\Windows\\Shell\\MuiCache]\n"
	       "C:\\a.exe.FriendlyAppName=sz:A\nC:\\a.exe.ApplicationCompany=sz:C\nLangID=hex:0904\n"
	       "[CLSID]\n", "Users/ann/UsrClass.dat");
	assert_int_equal(told.count, 1);
	assert_span(told.traces[0].program, "C:\\a.exe");
	assert_span(told.traces[0].what, "present");
	told_free(&told);
}

TEST(a_cache_of_unknown_form_is_said)
{
	decode(registry_shimcache,
	       "[Select]\nCurrent=dword:1\n[ControlSet001\\Control\\Session Manager\\AppCompatCache]\n"
	       "AppCompatCache=hex:00112233445566778899\n", "SYSTEM");
	assert_int_equal(told.count, 0);
	assert_true(strstr(told.short_of, "not known") != NULL);
	told_free(&told);
}

static size_t count_in(const char *name, artefact_fn *fn)
{
	char path[4200];
	struct span hive;
	size_t count;

	snprintf(path, sizeof path, "%s/%s", corpus("artefacts/plaso/test_data"), name);
	hive = read_whole(path);
	told_run(&told, fn, hive, name, "registry hive", NULL);
	assert_true(told.ok);
	count = told.count;
	told_free(&told);
	free((void *)(uintptr_t)hive.at);
	return count;
}

/*
 * As many as there are keys of files, drivers, programs and packages: 1,120 and 26 of the
 * old form, 247, 311, 74 and 2 of the new; in the other 30 and 75. regipy counts the same keys.
 */
TEST(hives_of_the_corpus_tell_what_ran)
{
	CORPUS_OR_SKIP(path, "artefacts/plaso/test_data");
	assert_non_null(path);
	assert_int_equal(count_in("winreg/Amcache.hve", registry_amcache), 1120 + 26 + 247 + 311 + 74 + 2);
	assert_int_equal(count_in("winreg/win10-Amcache.hve", registry_amcache), 30 + 75);
	/* regipy: 89 names, one of which (UEME_CTLCUACount:ctor) is none of a program. */
	assert_int_equal(count_in("NTUSER-WIN7.DAT", registry_user_assist), 88);
}
