#include "formats/regf/regf.h"
#include "test.h"
#include "xz.h"

#include <stdlib.h>

#define REGIPY "artefacts/regipy/regipy_tests/data"

static uint64_t values;

static uint64_t count_keys(const struct regf_key *key, int depth)
{
	struct regf_keys it = regf_keys_of(key);
	struct regf_values of_key = regf_values_of(key);
	struct regf_value v;
	struct regf_key child;
	uint64_t count = 1;

	while (regf_values_next(&of_key, &v))
		values++;
	while (depth < REGF_MAX_DEPTH && regf_keys_next(&it, &child))
		count += count_keys(&child, depth + 1);
	return count;
}

static uint64_t keys_of(struct span hive, const struct span *logs, size_t count, struct regf *h)
{
	struct arena arena = arena_new((size_t)256 << 20);
	struct regf_key root;
	struct err err;
	uint64_t keys;

	values = 0;
	assert_true(regf_open(h, hive, logs, count, &arena, &err));
	assert_true(regf_root(h, &root));
	keys = count_keys(&root, 0);
	assert_false(h->is_exhausted);
	arena_free(&arena);
	return keys;
}

static void free_all(struct span *files, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free((void *)(uintptr_t)files[i].at);
}

/* The counts of pages are those that regipy's own tests expect. */
TEST(logs_bring_a_user_hive_up_to_date)
{
	CORPUS_OR_SKIP(path, REGIPY);
	struct span files[] = { read_xz(path, "transactions_NTUSER.DAT.xz"),
				read_xz(path, "transactions_ntuser.dat.log1.xz"),
				read_xz(path, "transactions_ntuser.dat.log2.xz") };
	struct regf h;

	assert_int_equal(keys_of(files[0], NULL, 0, &h), 2590);
	assert_true(h.is_log_short);
	assert_int_equal(keys_of(files[0], files + 1, 2, &h), 3105);
	assert_int_equal(h.replayed_pages, 132);
	assert_int_equal(h.damaged, 0);
	free_all(files, 3);
}

TEST(logs_bring_a_system_hive_up_to_date)
{
	CORPUS_OR_SKIP(path, REGIPY);
	struct span files[] = { read_xz(path, "SYSTEM_B.xz"), read_xz(path, "SYSTEM_B.LOG2.xz"),
				read_xz(path, "SYSTEM_B.LOG1.xz") };
	struct regf h;

	assert_int_equal(keys_of(files[0], NULL, 0, &h), 33123);
	assert_int_equal(keys_of(files[0], files + 1, 2, &h), 35595);
	assert_int_equal(h.replayed_pages, 315);
	assert_int_equal(values, 78901);
	free_all(files, 3);
}

TEST(a_damaged_list_costs_one_key)
{
	CORPUS_OR_SKIP(path, "artefacts/plaso/test_data/regf");
	char name[4200];
	struct span hive;
	struct regf h;

	snprintf(name, sizeof name, "%s/corrupt_sub_key_list.hiv", path);
	hive = read_whole(name);
	assert_int_equal(keys_of(hive, NULL, 0, &h), 100);
	assert_int_equal(h.damaged, 1);
	free_all(&hive, 1);
}
