#include "rules/yara/modules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every module over the same bytes, every field of it, as -D shows them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf json = buf_new((size_t)64 << 20);

	for (size_t i = 0; yara_modules[i]; i++) {
		struct arena arena = arena_new((size_t)128 << 20);
		struct json_write w = json_write_to(&json);
		struct yara_object *root = yara_module_load(yara_modules[i], span_of(data, size),
							    &arena, (struct span){ 0 });

		if (root)
			yara_object_json(&w, root);
		buf_clear(&json);
		arena_free(&arena);
	}
	buf_free(&json);
	return 0;
}
