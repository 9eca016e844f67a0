/* The decoders of the family "registry", and of the tables of NTFS. */
#include "artefact/filesystem.h"
#include "artefact/registry.h"

#define HIVE(name, decode, of_place) \
	{ name, CLASS_REGISTRY, "registry hive", NULL, decode, false, of_place }

/* What is a user's is told at every place of the hive: the place tells whose it is. */
const struct artefact_decoder artefact_registry[] = {
	HIVE("machine", registry_host, false),
	HIVE("accounts", registry_accounts, false),
	HIVE("audit policy", registry_audit, false),
	HIVE("boot configuration", registry_boot, false),
	HIVE("settings", registry_settings, true),
	HIVE("registry autostart", registry_autostart, true),
	HIVE("services", registry_services, false),
	HIVE("task cache", registry_tasks, false),
	HIVE("shimcache", registry_shimcache, false),
	HIVE("amcache", registry_amcache, false),
	HIVE("inventory", registry_inventory, false),
	HIVE("installed programs", registry_installed, true),
	HIVE("BAM", registry_bam, false),
	HIVE("devices", registry_devices, true),
	HIVE("recent", registry_recent, true),
	HIVE("shellbags", registry_shellbags, true),
	HIVE("UserAssist", registry_user_assist, true),
	HIVE("shell caches", registry_shell_caches, true),
	HIVE("deleted keys", registry_deleted, false),
	{ "file table", CLASS_FILE_SYSTEM, "ntfs mft", NULL, filesystem_table, false, false },
	{ "folder index", CLASS_FILE_SYSTEM, "ntfs index", NULL, filesystem_index, false, false },
	{ "change journal", CLASS_FILE_SYSTEM, NULL, "$J|*$J|*$J.bin|*UsnJrnl*", filesystem_journal, false, false },
	{ "recycle bin", CLASS_FILE_SYSTEM, NULL, "$I*", filesystem_recycled, false, true },
	{ "recycle list", CLASS_FILE_SYSTEM, NULL, "INFO2", filesystem_info2, false, true },
};
const size_t artefact_registry_count = sizeof artefact_registry / sizeof *artefact_registry;
