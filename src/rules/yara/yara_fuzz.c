/*
 * The compiler and the scanner over one input: rule text, a NUL byte, and the
 * data that the rules are put to. Rules with errors are left out.
 */
#include <stdlib.h>

#include "rules/yara/yara.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(void *context, const struct yara_match *match)
{
	struct arena *arena = context;
	struct finding finding;

	yara_finding(match, arena, &finding);
	return true;
}

static void scan(const struct yara_set *set, struct span data)
{
	struct yara_scan_options options = { .timeout_ns = 200000000, .memory_limit = 64 << 20 };
	struct arena arena = arena_new(64 << 20);
	struct err err = { 0 };
	struct yara_scanner *scanner = yara_scanner_new(set, &options, &err);

	/* Twice: nothing of the first scan may be left in the second. */
	for (int i = 0; scanner && i < 2; i++)
		yara_scan(scanner, data, NULL, take, &arena, NULL, &err);
	yara_scanner_free(scanner);
	arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span data = span_of(bytes, size);
	struct yara_source source = { .name = "fuzz.yar", .text = span_split(&data, 0) };
	/* The data is also an external, so that JSON becomes structures. */
	struct yara_external external = { SPAN("x"), { .type = YARA_STRING, .string = data } };
	struct yara_options options = { .skip_invalid = true, .externals = &external,
					.external_count = 1 };
	struct arena arena = arena_new((size_t)256 << 20);
	struct yara_set *set;
	struct err err = { 0 };

	if (yara_compile(&arena, &source, 1, &options, &set, NULL, &err))
		scan(set, data);
	arena_free(&arena);
	return 0;
}
