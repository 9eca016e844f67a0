#include "rules/yara/modules.h"

#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "codec/json_write.h"
#include "test.h"

/*
 * Files in which many entries share what each of them must read, so that reading
 * entry by entry would take the square of their size. Four times the bytes may
 * take somewhat more than four times as long, never sixteen times.
 */
#define SMALL ((size_t)256 << 10)
#define LARGE (4 * SMALL)
#define SECONDS_MOST 5.0

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void put32(uint8_t *at, size_t n)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(n >> 8 * i);
}

static void put16(uint8_t *at, size_t n)
{
	at[0] = (uint8_t)n;
	at[1] = (uint8_t)(n >> 8);
}

/* Loads everything that the module knows of such a file, as -D does. */
static double cost_of(const struct yara_module *module, void make(uint8_t *file, size_t size),
		      size_t size)
{
	struct arena arena = arena_new((size_t)1 << 30);
	struct buf text = buf_new((size_t)1 << 30);
	struct json_write to = json_write_to(&text);
	uint8_t *file = calloc(1, size);
	struct yara_object *object;
	double start;

	assert_non_null(file);
	make(file, size);
	start = now();
	object = yara_module_load(module, span_of(file, size), &arena, (struct span){ 0 });
	assert_non_null(object);
	yara_object_json(&to, object);
	start = now() - start;
	buf_free(&text);
	arena_free(&arena);
	free(file);
	return start;
}

static void check(const struct yara_module *module, void make(uint8_t *file, size_t size))
{
	double small = cost_of(module, make, SMALL), large = cost_of(module, make, LARGE);

	print_message("# %s: %.3f s, %.3f s\n", module->name, small, large);
	assert_true(large < SECONDS_MOST);
	assert_true(large < 0.05 || large < 10 * small);
}

/* A PE of one section that is all the file, at address 0x1000. */
static uint8_t *make_pe(uint8_t *file, size_t size, unsigned directory)
{
	uint8_t *nt = file + 64, *section = nt + 24 + 224;

	memcpy(file, "MZ", 2);
	put32(file + 60, 64);
	memcpy(nt, "PE\0\0", 4);
	put16(nt + 4, 0x14c);
	put16(nt + 6, 1);
	put16(nt + 20, 224);
	put16(nt + 24, 0x10b);
	put32(nt + 24 + 32, 0x1000);
	put32(nt + 24 + 36, 0x200);
	put32(nt + 24 + 92, 16);
	put32(nt + 24 + 96 + 8 * directory, 0x1000);
	put32(nt + 24 + 96 + 8 * directory + 4, size - 0x200);
	put32(section + 8, size);
	put32(section + 12, 0x1000);
	put32(section + 16, size - 0x200);
	put32(section + 20, 0x200);
	return file + 0x200;
}

/* Every library has the same long list of functions, each with the same name. */
static void make_imports(uint8_t *file, size_t size)
{
	uint8_t *at = make_pe(file, size, 1);
	size_t third = (size - 0x200) / 3 / 20 * 20;

	for (size_t i = 0; i < third; i += 20) {
		put32(at + i, 0x1000 + third);
		put32(at + i + 12, 0x1000 + 2 * third + 2);
		put32(at + i + 16, 0x1000 + third);
	}
	for (size_t i = 0; i + 8 < third; i += 4)
		put32(at + third + i, 0x1000 + 2 * third);
	put16(at + 2 * third, 1);
	memset(at + 2 * third + 2, 'A', 200);
}

/* Every entry of the only folder leads to that folder again. */
static void make_resources(uint8_t *file, size_t size)
{
	uint8_t *at = make_pe(file, size, 2);
	size_t count = (size - 0x200 - 16) / 8;

	put16(at + 14, count < 65535 ? count : 65535);
	for (size_t i = 0; i < count; i++) {
		put32(at + 16 + 8 * i, i);
		put32(at + 20 + 8 * i, 0x80000000u);
	}
}

/* Every section's name begins somewhere in one long text. */
static void make_sections(uint8_t *file, size_t size)
{
	size_t half = size / 2 / 40 * 40, count = half / 40 - 4;

	memcpy(file, "\x7f" "ELF\1\1\1", 7);
	put16(file + 16, 2);
	put16(file + 18, 3);
	put32(file + 20, 1);
	put32(file + 32, 80);
	put16(file + 40, 52);
	put16(file + 42, 32);
	put16(file + 46, 40);
	put16(file + 48, count < 65000 ? count : 65000);
	for (size_t i = 0; i < count; i++) {
		uint8_t *header = file + 80 + 40 * i;

		put32(header, i);
		put32(header + 4, i % 2 ? 11 : 3);	/* symbols, and their names */
		put32(header + 16, half);
		put32(header + 20, size - half);
		put32(header + 24, i + 1);
		put32(header + 36, 16);
	}
	memset(file + half, 'A', size - half);
}

/* Every architecture is the whole file, which is a long list of segments. */
static void make_architectures(uint8_t *file, size_t size)
{
	static const uint8_t magic[] = { 0xca, 0xfe, 0xba, 0xbe, 0, 0, 1, 0 };
	size_t count = (size - 8192 - 28) / 56;

	memcpy(file, magic, sizeof magic);
	for (size_t i = 0; i < 256; i++) {
		uint8_t *entry = file + 8 + 20 * i;

		for (int byte = 0; byte < 4; byte++) {
			entry[8 + byte] = (uint8_t)(8192 >> 8 * (3 - byte));
			entry[12 + byte] = (uint8_t)((size - 8192) >> 8 * (3 - byte));
		}
	}
	file += 8192;
	put32(file, 0xfeedface);
	put32(file + 16, count);
	put32(file + 20, 56 * count);
	for (size_t i = 0; i < count; i++) {
		put32(file + 28 + 56 * i, 1);
		put32(file + 32 + 56 * i, 56);
	}
}

/* Every text of the file is the same long one. */
static void make_texts(uint8_t *file, size_t size)
{
	size_t half = size / 2, count = (half - 112) / 4 / 3;

	memcpy(file, "dex\n035", 8);
	put32(file + 32, size);
	put32(file + 36, 112);
	put32(file + 40, 0x12345678);
	put32(file + 56, count);		/* strings, types and methods */
	put32(file + 60, 112);
	put32(file + 64, count);
	put32(file + 68, 112 + 4 * count);
	put32(file + 88, count / 2);
	put32(file + 92, 112 + 8 * count);
	for (size_t i = 0; i < count; i++) {
		put32(file + 112 + 4 * i, half);
		put32(file + 112 + 4 * count + 4 * i, i);
	}
	for (size_t i = 0; i < count / 2; i++)
		put32(file + 112 + 8 * count + 8 * i + 4, i);
	memset(file + half, 'A', size - half - 1);
}

/* What the tables of `make_assembly` hold, in their order; columns are two bytes wide, pairs of them for four. */
enum { CLASS_COLUMNS = 7, METHOD_COLUMNS = 7, PARAM_COLUMNS = 3, PAIR_COLUMNS = 2, GENERIC_COLUMNS = 4 };

static uint8_t *put_row(uint8_t *at, const size_t *columns, size_t count)
{
	for (size_t i = 0; i < count; i++)
		put16(at + 2 * i, columns[i]);
	return at + 2 * count;
}

/*
 * Every other class holds all methods, each of which has all parameters and one
 * long signature; each class is nested in the one before, and the first has all
 * interfaces and generic parameters. All are called by one long name.
 */
static uint8_t *put_tables(uint8_t *at, size_t count)
{
	size_t none = count + 1;

	at = put_row(at, (size_t[]){ 0, 1, 0, 0, 0 }, 5);
	for (size_t i = 1; i <= count; i++)
		at = put_row(at, (size_t[CLASS_COLUMNS]){ 1, 0, 1, 1, i << 2, 1, i % 2 ? 1 : none },
			     CLASS_COLUMNS);
	for (size_t i = 1; i <= count; i++)
		at = put_row(at, (size_t[METHOD_COLUMNS]){ 0, 0, 0, 6, 1, 1, i % 2 ? 1 : none },
			     METHOD_COLUMNS);
	for (size_t i = 1; i <= count; i++)
		at = put_row(at, (size_t[PARAM_COLUMNS]){ 0, i, 1 }, PARAM_COLUMNS);
	for (size_t i = 1; i <= count; i++)
		at = put_row(at, (size_t[PAIR_COLUMNS]){ 1, i << 2 }, PAIR_COLUMNS);
	for (size_t i = 2; i <= none; i++)
		at = put_row(at, (size_t[PAIR_COLUMNS]){ i, i - 1 }, PAIR_COLUMNS);
	for (size_t i = 1; i <= count; i++)
		at = put_row(at, (size_t[GENERIC_COLUMNS]){ i, 0, 1 << 1, 1 }, GENERIC_COLUMNS);
	return at;
}

static void make_assembly(uint8_t *file, size_t size)
{
	static const uint8_t ids[] = { 0, 2, 6, 8, 9, 0x29, 0x2a };
	static const uint8_t streams[] = "#~\0\0\0\0\0\0\0\0\0\0#Strings\0\0\0\0\0\0\0\0\0\0\0\0#Blob\0\0";
	uint8_t *cli = make_pe(file, size, 14), *root = cli + 0x100, *tables = root + 0x100, *at;
	size_t count = size / 105, strings;

	put16(file + 64 + 22, 0x2000);		/* a library */
	put32(cli, 72);
	put32(cli + 8, 0x1100);
	put32(cli + 12, size - 0x400);
	memcpy(root, "BSJB\1\0\1\0\0\0\0\0\14\0\0\0v4.0.30319\0\0\0\0\3", 31);
	memcpy(root + 40, streams, sizeof streams);
	tables[4] = 2;
	for (size_t i = 0; i < sizeof ids; i++) {
		tables[8 + ids[i] / 8] |= (uint8_t)(1 << ids[i] % 8);
		put32(tables + 24 + 4 * i, i ? count : 1);
	}
	at = put_tables(tables + 24 + 4 * sizeof ids, count);
	strings = (size_t)(at - root);
	put32(root + 32, 0x100);
	put32(root + 36, strings - 0x100);
	put32(root + 44, strings);
	put32(root + 48, 2048);
	put32(root + 64, strings + 2048);
	put32(root + 68, 2048);
	memset(at + 1, 'A', 1000);
	put16(at + 2048 + 1, 0x8e84);		/* 1,166 bytes: so many parameters, all strings */
	memset(at + 2048 + 3, 0x0e, 1166);
	put16(at + 2048 + 3, 0x8400);
	at[2048 + 5] = 0x80;
}

TEST(imports_that_share_functions_and_names_are_bounded)
{
	check(yara_module_find(SPAN("pe")), make_imports);
}

TEST(resources_that_lead_round_in_circles_are_bounded)
{
	check(yara_module_find(SPAN("pe")), make_resources);
}

TEST(sections_that_share_one_long_text_are_bounded)
{
	check(yara_module_find(SPAN("elf")), make_sections);
}

TEST(architectures_that_lie_over_each_other_are_bounded)
{
	check(yara_module_find(SPAN("macho")), make_architectures);
}

TEST(texts_that_are_all_the_same_are_bounded)
{
	check(yara_module_find(SPAN("dex")), make_texts);
}

TEST(classes_that_share_methods_are_bounded)
{
	check(yara_module_find(SPAN("dotnet")), make_assembly);
}
