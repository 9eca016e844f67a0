#define _XOPEN_SOURCE 700
#include "rules/sigma/sigma.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "test.h"

#define FILES_MAX 8000

static struct sigma_source sources[FILES_MAX];
static size_t source_count;
static unsigned not_placeholders;

static int add_file(const char *path, const struct stat *stat, int kind, struct FTW *ftw)
{
	struct span name = span_text(path);

	(void)stat;
	(void)ftw;
	if (kind == FTW_F && span_ends(name, SPAN(".yml")) && span_find(name, 0, SPAN("/rules")) != SIZE_MAX &&
	    source_count < FILES_MAX)
		sources[source_count++] = (struct sigma_source){ span_text(strdup(path)), read_whole(path) };
	return 0;
}

static void on_problem(void *context, const struct sigma_problem *problem)
{
	(void)context;
	if (problem->kind == SIGMA_WARNING ||
	    strncmp(problem->reason, "no values for placeholder", 25) == 0)
		return;
	not_placeholders++;
	print_message("# %.*s:%u: %s\n", SPAN_ARG(problem->file), problem->line, problem->reason);
}

/* Every public rule loads but for those that need the user's own lists. */
TEST(all_rules_of_the_corpus_load_but_for_placeholders)
{
	CORPUS_OR_SKIP(path, "sigma");
	struct arena arena = arena_new((size_t)512 << 20);
	struct span logsources = read_whole("rules/logsources.yml");
	struct sigma_options options = { .logsources = logsources };
	const struct sigma_counts *counts;
	struct sigma_set *set;
	struct err err = { 0 };

	assert_int_equal(nftw(path, add_file, 16, FTW_PHYS), 0);
	assert_true(source_count > 3000);
	assert_true(sigma_compile(&arena, sources, source_count, &options, on_problem, NULL, &set, &err));
	counts = sigma_set_counts(set);
	print_message("# %u documents, %u loaded, %u refused, %u not applicable, %u always woken\n",
		      counts->documents, counts->loaded, counts->refused, counts->not_applicable,
		      counts->always_woken);
	assert_int_equal(counts->documents, source_count);
	assert_int_equal(counts->loaded + counts->refused + counts->not_applicable, counts->documents);
	assert_true(counts->loaded * 100 >= counts->documents * 99);
	assert_int_equal(not_placeholders, 0);
	for (size_t i = 0; i < source_count; i++) {
		free((void *)(uintptr_t)sources[i].path.at);
		free((void *)(uintptr_t)sources[i].text.at);
	}
	free((void *)(uintptr_t)logsources.at);
	arena_free(&arena);
}
