#include "formats/regf/regf_recover.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_values(const struct regf_key *key, struct arena *arena)
{
	struct regf_values values = regf_values_of(key);
	struct regf_value v;
	uint64_t number;

	while (regf_values_next(&values, &v)) {
		regf_name_text(v.name, arena);
		regf_text(&v, arena);
		regf_number(&v, &number);
	}
	regf_class(key);
	regf_path(key, arena);
}

static void walk(const struct regf_key *key, struct arena *arena, int depth)
{
	struct regf_keys keys = regf_keys_of(key);
	struct regf_key child;

	read_values(key, arena);
	while (depth < 16 && regf_keys_next(&keys, &child))
		walk(&child, arena, depth + 1);
}

/* The input: a hive, then perhaps a log; its first two bytes tell how many sectors the hive has. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = arena_new((size_t)64 << 20);
	struct cursor c = cursor_of(span_of(data, size));
	size_t sectors = cursor_u16le(&c);
	struct span rest = span_from(c.in, c.at), hive = span_sub(rest, 0, sectors * 512);
	struct span log = span_from(rest, sectors * 512);
	struct regf h;
	struct regf_key root;
	struct regf_value value;
	struct regf_free gone;
	struct err err;

	if (regf_open(&h, hive, &log, 1, &arena, &err) && regf_root(&h, &root))
		walk(&root, &arena, 0);
	gone = regf_free_of(&h);
	for (enum regf_found found; (found = regf_free_next(&gone, &root, &value));)
		if (found == REGF_FOUND_KEY)
			walk(&root, &arena, 15);
	arena_free(&arena);
	return 0;
}
