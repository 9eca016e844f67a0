#include "rules/yara/modules.h"

const struct yara_module *const yara_modules[] = {
	NULL,
};

const struct yara_module *yara_module_find(struct span name)
{
	for (size_t i = 0; yara_modules[i]; i++) {
		if (span_eq(span_text(yara_modules[i]->name), name))
			return yara_modules[i];
	}
	return NULL;
}
