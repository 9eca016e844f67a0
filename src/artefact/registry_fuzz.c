#include "artefact/decode_support.h"
#include "artefact/registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A hive through every decoder of the registry: each takes the hives of its kind. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static artefact_fn *const decoders[] = {
		registry_accounts, registry_amcache, registry_audit, registry_autostart, registry_bam, registry_boot,
		registry_deleted, registry_devices, registry_host, registry_installed, registry_inventory, registry_recent,
		registry_services, registry_settings, registry_shell_caches, registry_shellbags,
		registry_shimcache, registry_tasks, registry_user_assist,
	};
	struct told told;

	for (size_t i = 0; i < sizeof decoders / sizeof *decoders; i++) {
		told.most = 1000;
		told_run(&told, decoders[i], span_of(data, size), "C/Users/ann/NTUSER.DAT", "registry hive", NULL);
		told_free(&told);
	}
	return 0;
}
