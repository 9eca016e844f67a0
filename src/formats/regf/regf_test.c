#include "formats/regf/regf.h"
#include "formats/regf/regf_log.h"
#include "hive.h"
#include "test.h"

#include <stdlib.h>

static const char *const small =
	"[Software\\Run]{1500000000}\n"
	"Updater=sz:C:\\Users\\a\\u.exe -x\n"
	"@=expand:%TEMP%\\b\n"
	"Count=dword:7\n"
	"Big=qword:0x100000002\n"
	"List=multi:one|two|\n"
	"Raw=hex:0102030405\n"
	"[Software\\Empty]\n";

static struct arena arena;
static struct err err;

static struct regf_key open_small(struct regf *h, struct span bytes)
{
	struct regf_key root;

	assert_true(regf_open(h, bytes, NULL, 0, &arena, &err));
	assert_true(regf_root(h, &root));
	return root;
}

TEST(keys_and_values_are_found_by_path_in_any_case)
{
	struct regf h;
	struct regf_key root, key;
	struct regf_value v;
	uint64_t n = 0;

	arena = arena_new(16 << 20);
	root = open_small(&h, hive_of(small, &arena));
	assert_false(h.is_dirty);
	assert_true(regf_find(&root, SPAN("software\\RUN"), &key));
	assert_int_equal(key.written, 1500000000 * TIME_SECOND);
	assert_span(regf_path(&key, &arena), "\\Software\\Run");
	assert_true(regf_value(&key, SPAN("updater"), &v));
	assert_span(regf_text(&v, &arena), "C:\\Users\\a\\u.exe -x");
	assert_true(regf_value(&key, SPAN(""), &v));
	assert_span(regf_text(&v, &arena), "%TEMP%\\b");
	assert_true(regf_value(&key, SPAN("Count"), &v) && regf_number(&v, &n));
	assert_int_equal(n, 7);
	assert_true(regf_value(&key, SPAN("Big"), &v) && regf_number(&v, &n));
	assert_int_equal(n, 0x100000002);
	assert_true(regf_value(&key, SPAN("Raw"), &v));
	assert_int_equal(v.data.len, 5);
	assert_false(regf_find(&root, SPAN("Software\\Ru"), &key));
	arena_free(&arena);
}

TEST(many_texts_are_taken_one_by_one)
{
	struct regf h;
	struct regf_key root, key;
	struct regf_value v;
	struct span text;

	arena = arena_new(16 << 20);
	root = open_small(&h, hive_of(small, &arena));
	assert_true(regf_find(&root, SPAN("Software\\Run"), &key) && regf_value(&key, SPAN("List"), &v));
	assert_true(regf_next_text(&v.data, &arena, &text));
	assert_span(text, "one");
	assert_true(regf_next_text(&v.data, &arena, &text));
	assert_span(text, "two");
	assert_false(regf_next_text(&v.data, &arena, &text));
	arena_free(&arena);
}

/* A copy of the small hive on the heap, to damage. */
static struct span writable(void)
{
	struct span hive = hive_of(small, &arena);
	uint8_t *copy = malloc(hive.len);

	assert_non_null(copy);
	memcpy(copy, hive.at, hive.len);
	return span_of(copy, hive.len);
}

static size_t place_of(struct span hive, const char *bytes)
{
	size_t at = span_find(hive, REGF_BASE_BLOCK, span_text(bytes));

	assert_true(at != SIZE_MAX);
	return at;
}

TEST(a_damaged_value_costs_that_value_only)
{
	struct span hive;
	struct regf h;
	struct regf_key root, key;
	struct regf_value v;
	struct regf_values it;
	int count = 0;

	arena = arena_new(16 << 20);
	hive = writable();
	((uint8_t *)(uintptr_t)hive.at)[place_of(hive, "Count") - 20] = 'x';
	root = open_small(&h, hive);
	assert_true(regf_find(&root, SPAN("Software\\Run"), &key));
	for (it = regf_values_of(&key); regf_values_next(&it, &v);)
		count++;
	assert_int_equal(count, 5);
	assert_int_equal(h.damaged, 1);
	free((void *)(uintptr_t)hive.at);
	arena_free(&arena);
}

TEST(a_list_that_leads_in_a_circle_ends)
{
	struct span hive;
	struct regf h;
	struct regf_key root, key, child;
	struct regf_keys it;
	size_t at, count = 0;

	arena = arena_new(16 << 20);
	hive = writable();
	root = open_small(&h, hive);
	assert_true(regf_find(&root, SPAN("Software"), &key));
	at = REGF_BASE_BLOCK + key.key_list + 8;
	memcpy((uint8_t *)(uintptr_t)hive.at + at, &key.at, 4);
	for (key = root; count < 1000; count++) {
		it = regf_keys_of(&key);
		if (!regf_keys_next(&it, &child))
			break;
		key = child;
	}
	assert_int_equal(count, 1000);
	h.work = 10;
	while (regf_find(&root, SPAN("Software\\Nothing"), &child))
		;
	while (regf_find(&root, SPAN("Software\\Software\\Software\\Software\\Software\\Software\\Empty"), &child))
		;
	assert_true(h.is_exhausted);
	free((void *)(uintptr_t)hive.at);
	arena_free(&arena);
}

/* A log of one entry that replaces the whole first page of the bins by that of `newer`. */
static struct span log_of(struct span newer, uint32_t sequence, bool break_hash)
{
	uint8_t *to = arena_alloc(&arena, 512 + 512 * 9);
	uint8_t *entry = to + 512;
	const uint32_t size = 512 * 9, bins = (uint32_t)newer.len - REGF_BASE_BLOCK, one = 1, page = 4096;
	uint64_t hash;
	uint32_t sum;

	hive_put_base(to, 32, bins);
	memcpy(to + 4, &sequence, 4);
	memcpy(to + 8, &sequence, 4);
	sum = regf_checksum(span_of(to, 512));
	memcpy(to + 508, &sum, 4);
	memcpy(entry, "HvLE", 4);
	memcpy(entry + 4, &size, 4);
	memcpy(entry + 12, &sequence, 4);
	memcpy(entry + 16, &bins, 4);
	memcpy(entry + 20, &one, 4);
	memcpy(entry + 44, &page, 4);
	memcpy(entry + 48, newer.at + REGF_BASE_BLOCK, 4096);
	hash = regf_marvin(span_of(entry + 40, size - 40)) + break_hash;
	memcpy(entry + 24, &hash, 8);
	hash = regf_marvin(span_of(entry, 32));
	memcpy(entry + 32, &hash, 8);
	return span_of(to, 512 + size);
}

static void make_dirty(struct span hive)
{
	uint8_t *at = (uint8_t *)(uintptr_t)hive.at;
	uint32_t sum;

	at[4] = 2;
	sum = regf_checksum(hive);
	memcpy(at + 508, &sum, 4);
}

static uint64_t count_after(struct span log, struct regf *h)
{
	struct span hive = writable();
	struct regf_key root, key;
	struct regf_value v;
	uint64_t n = 0;

	make_dirty(hive);
	assert_true(regf_open(h, hive, &log, 1, &arena, &err));
	assert_true(h->is_dirty);
	assert_true(regf_root(h, &root) && regf_find(&root, SPAN("Software\\Run"), &key));
	assert_true(regf_value(&key, SPAN("Count"), &v) && regf_number(&v, &n));
	free((void *)(uintptr_t)hive.at);
	return n;
}

TEST(entries_of_a_log_are_replayed_when_their_hashes_hold)
{
	struct regf h;
	struct span newer;

	arena = arena_new(16 << 20);
	newer = writable();
	((uint8_t *)(uintptr_t)newer.at)[place_of(newer, "Count") - 12] = 9;
	assert_int_equal(count_after(log_of(newer, 1, false), &h), 9);
	assert_int_equal(h.replayed_pages, 1);
	assert_false(h.is_log_short);
	assert_int_equal(count_after(log_of(newer, 1, true), &h), 7);
	assert_true(h.is_log_short);
	assert_int_equal(count_after(log_of(newer, 0, false), &h), 7);
	free((void *)(uintptr_t)newer.at);
	arena_free(&arena);
}

TEST(a_log_of_the_old_form_is_replayed_sector_by_sector)
{
	struct regf h;
	struct span newer, log;
	size_t at;
	uint8_t *to;
	const uint32_t bins = 4096;
	uint32_t sum;

	arena = arena_new(16 << 20);
	newer = writable();
	at = place_of(newer, "Count") - 12;
	((uint8_t *)(uintptr_t)newer.at)[at] = 8;
	to = arena_alloc(&arena, 512 * 3);
	hive_put_base(arena_alloc(&arena, 4096), 32, bins);
	memcpy(to, newer.at, 512);
	sum = regf_checksum(span_of(to, 512));
	memcpy(to + 508, &sum, 4);
	memcpy(to + 512, "DIRT", 4);
	at = (at - REGF_BASE_BLOCK) / 512;
	to[516] = (uint8_t)(1 << at);
	memcpy(to + 1024, newer.at + REGF_BASE_BLOCK + at * 512, 512);
	log = span_of(to, 512 * 3);
	assert_int_equal(count_after(log, &h), 8);
	assert_int_equal(h.replayed_pages, 1);
	free((void *)(uintptr_t)newer.at);
	arena_free(&arena);
}

TEST(what_is_no_hive_is_refused)
{
	struct regf h;
	uint8_t zeros[REGF_BASE_BLOCK + 4096] = "regf";

	arena = arena_new(1 << 20);
	assert_false(regf_open(&h, SPAN("regf"), NULL, 0, &arena, &err));
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	zeros[20] = 1;
	zeros[24] = 5;
	assert_false(regf_open(&h, span_of(zeros, sizeof zeros), NULL, 0, &arena, &err));
	assert_int_equal(err.code, ERR_CORRUPT);
	arena_free(&arena);
}
