#include "rules/yara/modules.h"

#include "rules/yara/yara.h"

extern const struct yara_module
	yara_module_console, yara_module_cuckoo, yara_module_dex, yara_module_dotnet,
	yara_module_elf, yara_module_hash, yara_module_lnk, yara_module_macho,
	yara_module_magic, yara_module_math, yara_module_pe, yara_module_string,
	yara_module_tests, yara_module_time;

const struct yara_module *const yara_modules[] = {
	&yara_module_console, &yara_module_cuckoo, &yara_module_dex, &yara_module_dotnet,
	&yara_module_elf, &yara_module_hash, &yara_module_lnk, &yara_module_macho,
	&yara_module_magic, &yara_module_math, &yara_module_pe, &yara_module_string,
	&yara_module_tests, &yara_module_time, NULL,
};

const struct yara_module *yara_module_find(struct span name)
{
	for (size_t i = 0; yara_modules[i]; i++) {
		if (span_eq(span_text(yara_modules[i]->name), name))
			return yara_modules[i];
	}
	return NULL;
}

void yara_modules_prepare(const struct yara_set *set)
{
	for (size_t i = 0; yara_modules[i]; i++)
		if (yara_modules[i]->prepare && (!set || yara_set_imports(set, yara_modules[i])))
			yara_modules[i]->prepare();
}
