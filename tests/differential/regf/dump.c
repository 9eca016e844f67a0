/*
 * Every key and value of a hive, one line each, for compare.py.
 * usage: regf_dump HIVE [LOG...]
 */
#include "formats/regf/regf.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t keys, values;

static struct span map(const char *path)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	void *at = MAP_FAILED;

	if (fd >= 0 && !fstat(fd, &st) && st.st_size)
		at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED)
		return (struct span){ 0 };
	return span_of(at, (size_t)st.st_size);
}

static void print_hex(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		printf("%02x", s.at[i]);
}

static void walk(const struct regf_key *key, struct arena *arena, int depth)
{
	struct regf_values it = regf_values_of(key);
	struct regf_keys children = regf_keys_of(key);
	struct regf_value v;
	struct regf_key child;
	struct span path = regf_path(key, arena), name;

	keys++;
	printf("K\t%.*s\t%lld\n", SPAN_ARG(path), (long long)key->written);
	while (regf_values_next(&it, &v)) {
		name = regf_name_text(v.name, arena);
		values++;
		printf("V\t%.*s\t%u\t", SPAN_ARG(name), v.type);
		print_hex(v.data);
		printf("\n");
	}
	arena_reset(arena);
	while (depth < REGF_MAX_DEPTH && regf_keys_next(&children, &child))
		walk(&child, arena, depth + 1);
}

int main(int argc, char **argv)
{
	struct arena arena = arena_new((size_t)512 << 20), scratch = arena_new((size_t)64 << 20);
	struct span logs[8] = { 0 };
	struct regf h;
	struct regf_key root;
	struct err err = { 0 };
	size_t n = 0;

	for (int i = 2; i < argc && n < 8; i++)
		logs[n++] = map(argv[i]);
	if (argc < 2 || !regf_open(&h, map(argv[1]), logs, n, &arena, &err)) {
		fprintf(stderr, "%s: %s\n", argc < 2 ? "usage" : argv[1], err.text);
		return 1;
	}
	if (regf_root(&h, &root))
		walk(&root, &scratch, 0);
	fprintf(stderr, "%llu keys, %llu values, %u pages of %u entries replayed, %llu cells damaged%s\n",
		(unsigned long long)keys, (unsigned long long)values, h.replayed_pages, h.replayed_entries,
		(unsigned long long)h.damaged, h.is_dirty ? ", dirty" : "");
	arena_free(&scratch);
	arena_free(&arena);
	return 0;
}
