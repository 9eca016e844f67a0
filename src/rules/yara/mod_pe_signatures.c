#include "rules/yara/mod_pe.h"

void pe_fill_signatures(struct yara_object *root)
{
	struct pe_module *m = pe_module_of(root);

	if (!m)
		return;
	yara_set_integer(root, "number_of_signatures", 0);
	yara_array(root, "signatures");
}
