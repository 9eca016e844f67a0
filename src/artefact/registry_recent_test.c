#include "artefact/decode_hive_support.h"
#include "xz.h"

#include <stdlib.h>

TEST(usb_sticks_are_told_with_serial_and_times)
{
	const struct trace *t;

	decode(registry_devices,
	       "[Select]\nCurrent=dword:1\n"
	       "[ControlSet001\\Enum\\USBSTOR\\Disk&Ven_SanDisk&Prod_Cruzer&Rev_1\\4C53000&0]\nFriendlyName=sz:SanDisk Cruzer\n"
	       "[ControlSet001\\Enum\\USBSTOR\\Disk&Ven_SanDisk&Prod_Cruzer&Rev_1\\4C53000&0\\Properties\\"
	       "{83da6326-97a6-4088-9453-a1923f573b29}\\0064]\n@=hex:0000b0a7c989d601\n"
	       "[ControlSet001\\Enum\\USB\\VID_0781&PID_5530\\4C53000]\nDeviceDesc=sz:@x.inf,%a%;USB Mass Storage\n"
	       "[ControlSet001\\Enum\\USB\\ROOT_HUB30\\1]\nDeviceDesc=sz:Hub\n"
	       "[MountedDevices]\n\\DosDevices\\E:=hex:785634120000100000000000\n", "SYSTEM");
	assert_int_equal(told.count, 3);
	t = told_find(&told, 0, TRACE_DEVICE, "usb storage");
	assert_span(t->name, "SanDisk Cruzer");
	assert_span(t->digest, "4C53000");
	assert_true(t->time > 1590000000 * TIME_SECOND && t->time < 1610000000 * TIME_SECOND);
	assert_span(told_find(&told, 0, TRACE_DEVICE, "usb")->name, "USB Mass Storage");
	assert_span(at_path("volume", "E:")->name, "disk 12345678 at byte 1048576");
	told_free(&told);
}

TEST(lists_of_recent_things_are_told)
{
	decode(registry_recent,
	       "[Environment]\n"
	       "[Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\RunMRU]{1500000000}\n"
	       "MRUList=sz:ba\na=sz:cmd /c x.bat\\1\nb=sz:powershell\\1\n"
	       "[Software\\WinRAR\\ArcHistory]\n0=sz:C:\\out.rar\n"
	       "[Software\\7-Zip\\Compression]\nArcHistory=hex:41003a005c0061000000" "62000000\n"
	       "[Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\RecentDocs\\.txt]{1500000000}\n"
	       "MRUListEx=hex:01000000ffffffff\n0=hex:61000000\n1=hex:62000000\n"
	       "[Software\\Microsoft\\Office\\16.0\\Word\\File MRU]\n"
	       "Item 1=sz:[F00000000][T01D689CA00000000][O00000000]*C:\\d.docx\n"
	       "[Software\\Martin Prikryl\\WinSCP 2\\Sessions\\a]\nHostName=sz:evil.example\nUserName=sz:u\n"
	       "[Software\\Microsoft\\Terminal Server Client\\Servers\\10.0.0.9]\nUsernameHint=sz:X\\adm\n"
	       "[Network\\Z]\nRemotePath=sz:\\\\srv\\d\n", "Users/ann/NTUSER.DAT");
	assert_span(told_find(&told, 0, TRACE_EXECUTION, "ran")->command, "cmd /c x.bat");
	assert_int_equal(told_find(&told, 0, TRACE_EXECUTION, "ran")->time, TIME_NONE);
	assert_span(at_path("archived", "C:\\out.rar")->technique, "T1560.001");
	assert_non_null(at_path("archived", "A:\\a"));
	assert_int_equal(at_path("opened", "b")->time, 1500000000 * TIME_SECOND);
	assert_int_equal(at_path("opened", "a")->time, TIME_NONE);
	assert_true(at_path("opened", "C:\\d.docx")->time > 1590000000 * TIME_SECOND);
	assert_span(told_find(&told, 0, TRACE_SESSION, "saved session")->name, "evil.example");
	assert_span(told_find(&told, 0, TRACE_SESSION, "saved session")->detail, "{\"as\":\"u\"}");
	assert_span(told_find(&told, 0, TRACE_SESSION, "remote desktop")->name, "10.0.0.9");
	/* What went out from here is nobody's visit. */
	assert_false(told_find(&told, 0, TRACE_SESSION, "saved session")->peer.len);
	assert_false(told_find(&told, 0, TRACE_SESSION, "remote desktop")->peer.len);
	assert_span(told.traces[0].user, "ann");
	told_free(&told);
}

TEST(remote_desktop_from_here_is_told_in_all_its_places)
{
	decode(registry_recent,
	       "[Environment]\n[Software\\Microsoft\\Terminal Server Client\\Default]{1500000000}\n"
	       "MRU0=sz:newest.example:3390\nMRU1=sz:10.0.0.8\nOther=sz:x\n"
	       "[Software\\Microsoft\\Terminal Server "
		"Client\\Servers\\srv]{1500000001}\nUsernameHint=sz:X\\adm\nCertHash=hex:0011\n"
	       "[Software\\Microsoft\\Terminal Server Client\\Servers\\bare]{1500000002}\n"
	       "[Software\\Microsoft\\Terminal Server Client\\LocalDevices]\nsrv=dword:76\nodd=sz:x\n", "Users/ann/NTUSER.DAT");
	assert_int_equal(told.count, 5);
	assert_span(named("remote desktop", "srv")->detail, "{\"as\":\"X\\\\adm\"}");
	assert_int_equal(named("remote desktop", "srv")->time, 1500000001 * TIME_SECOND);
	assert_span(named("remote desktop", "bare")->detail, "");
	assert_int_equal(named("remote desktop", "newest.example:3390")->time, 1500000000 * TIME_SECOND);
	assert_int_equal(named("remote desktop", "10.0.0.8")->time, TIME_NONE);
	assert_span(told.traces[4].detail, "{\"devices\":76}");
	told_free(&told);
}

TEST(shares_that_a_user_mounted_are_told)
{
	decode(registry_devices,
	       "[Environment]\n[Network\\Z]\nRemotePath=sz:\\\\srv\\d\n"
	       "[Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\MountPoints2\\##srv#share]\n", "NTUSER.DAT");
	assert_int_equal(told.count, 2);
	assert_span(told.traces[0].name, "\\\\srv\\share");
	assert_span(told.traces[1].name, "\\\\srv\\d");
	told_free(&told);
}

/* My Computer, then C:\, then a folder. */
#define COMPUTER "14001f50e04fd020ea3a6910a2d808002b30309d0000"
#define DRIVE_C "19002f433a5c00000000000000000000000000000000000000" "0000"
#define FOLDER "160031000000000000000000100046495253540000000000"
#define BAGS "[Software\\Microsoft\\Windows\\Shell\\BagMRU"

TEST(shellbags_are_joined_to_paths)
{
	decode(registry_shellbags,
	       "[Environment]\n" BAGS "]{1500000000}\n0=hex:" COMPUTER "\nMRUListEx=hex:00000000ffffffff\n"
	       BAGS "\\0]\n0=hex:" DRIVE_C "\n" BAGS "\\0\\0]{1500000001}\n3=hex:" FOLDER "\nMRUListEx=hex:03000000\n"
	       BAGS "\\0\\0\\3]\n", "NTUSER.DAT");
	assert_int_equal(told.count, 2);
	assert_non_null(at_path("opened", "C:\\"));
	assert_int_equal(at_path("opened", "C:\\FIRST")->last, 1500000001 * TIME_SECOND);
	told_free(&told);
}

static size_t count_of(artefact_fn *fn, struct span hive, const char *name)
{
	told_run(&told, fn, hive, name, "registry hive", NULL);
	assert_true(told.ok);
	return told.count;
}

/* Frees the cell whose bytes from the fifth on begin so, and holds that text behind. */
static void free_cell(struct span hive, const char *kind, const char *name)
{
	size_t at = span_find(hive, 4096, span_text(name));
	uint8_t *bytes = (uint8_t *)(uintptr_t)hive.at;

	assert_int_not_equal(at, SIZE_MAX);
	while (at > 4096 && memcmp(bytes + at, kind, 2))
		at--;
	at -= 4;
	for (uint32_t size = -load_u32le(bytes + at), i = 0; i < 4; i++)
		bytes[at + i] = (uint8_t)(size >> (8 * i));
}

TEST(what_was_deleted_is_told_as_such)
{
	struct arena arena = arena_new(16 << 20);
	struct span hive = hive_of("[Environment]\n[Software\\Microsoft\\X]\n"
				   "[Software\\Gone]{1500000000}\nServer=sz:c2.example\n"
				   "[Software\\Run]\nEvil=sz:C:\\x\\evil.exe\nGood=sz:C:\\good.exe\n", &arena);

	free_cell(hive, "nk", "Gone");
	free_cell(hive, "vk", "Evil");
	told_run(&told, registry_deleted, hive, "Users/ann/NTUSER.DAT", "registry hive", NULL);
	assert_true(told.ok);
	assert_int_equal(told.count, 2);
	assert_span(at_path("deleted key", "HKCU\\Software\\Gone")->command, "c2.example");
	assert_int_equal(told.traces[0].time, 1500000000 * TIME_SECOND);
	assert_span(told.traces[0].user, "ann");
	assert_span(at_path("deleted value", "HKCU\\?\\Evil")->command, "C:\\x\\evil.exe");
	told_free(&told);
	arena_free(&arena);
}

TEST(a_real_profile_is_told)
{
	CORPUS_OR_SKIP(path, "artefacts/regipy/regipy_tests/data");
	struct span hive = read_xz(path, "NTUSER_with_winscp.DAT.xz");

	assert_true(count_of(registry_recent, hive, "NTUSER.DAT") > 400);
	assert_span(told_find(&told, 0, TRACE_SESSION, "saved session")->name, "s3.amazonaws.com:443");
	assert_non_null(at_path("archived", "C:\\Users\\tony\\Desktop\\Projects\\coda\\hiberfil.rar"));
	assert_non_null(at_path("opened", "C:\\Users\\tony\\Desktop\\Guides\\Volatility important notes.docx"));
	told_free(&told);
	assert_int_equal(count_of(registry_devices, hive, "NTUSER.DAT"), 5);
	told_free(&told);
	free((void *)(uintptr_t)hive.at);
}

TEST(searches_and_linux_below_windows_are_told)
{
	const struct trace *t;

	decode(registry_recent, "[Environment]\n"
	       "[Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\WordWheelQuery]{1500000000}\n"
	       "MRUListEx=hex:0100000000000000ffffffff\n0=hex:6100620000000000\n1=hex:70007700000000\n"
	       "[Software\\Microsoft\\Windows\\CurrentVersion\\Lxss\\{g}]\nDistributionName=sz:kali-linux\n"
	       "BasePath=sz:C:\\Users\\ann\\k\nDefaultUid=dword:0\n", "Users/ann/NTUSER.DAT");
	assert_int_equal(told.count, 3);
	t = named("searched", "pw");
	assert_int_equal(t->time, 1500000000 * TIME_SECOND);
	assert_int_equal(named("searched", "ab")->time, TIME_NONE);
	t = named("linux distribution", "kali-linux");
	assert_span(t->command, "C:\\Users\\ann\\k");
	assert_span(t->detail, "{\"default_user\":0}");
	told_free(&told);
}

TEST(a_real_machine_tells_its_usb_sticks)
{
	CORPUS_OR_SKIP(path, "artefacts/regipy/regipy_tests/data");
	struct span hive = read_xz(path, "SYSTEM_B.xz");
	const struct trace *t;

	assert_int_equal(count_of(registry_devices, hive, "SYSTEM"), 13);
	t = told_find(&told, 0, TRACE_DEVICE, "usb storage");
	assert_span(t[0].digest, "AA010215170355310594");
	assert_span(t[1].digest, "AA010603160707470215");
	assert_true(t[0].last != TIME_NONE);
	told_free(&told);
	free((void *)(uintptr_t)hive.at);
}
