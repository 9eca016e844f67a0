/* The decoders of the family "registry". */
#include "artefact/registry.h"

#define HIVE(name, decode, of_place) \
	{ name, CLASS_REGISTRY, "registry hive", NULL, decode, false, of_place }

/* What is a user's is told at every place of the hive: the place tells whose it is. */
const struct artefact_decoder artefact_registry[] = {
	HIVE("machine", registry_host, false),
	HIVE("accounts", registry_accounts, false),
	HIVE("settings", registry_settings, true),
	HIVE("registry autostart", registry_autostart, true),
	HIVE("services", registry_services, false),
	HIVE("task cache", registry_tasks, false),
	HIVE("shimcache", registry_shimcache, false),
	HIVE("amcache", registry_amcache, false),
	HIVE("BAM", registry_bam, false),
	HIVE("devices", registry_devices, true),
	HIVE("recent", registry_recent, true),
	HIVE("shellbags", registry_shellbags, true),
	HIVE("UserAssist", registry_user_assist, true),
	HIVE("shell caches", registry_shell_caches, true),
};
const size_t artefact_registry_count = sizeof artefact_registry / sizeof *artefact_registry;
