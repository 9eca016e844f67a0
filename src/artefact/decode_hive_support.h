/*
 * decode_hive_support: for tests of the registry's decoders: one runs over a hive
 * that is written as text (tests/support/hive.h), and what it told is looked through.
 */
#ifndef KANSHIKI_ARTEFACT_DECODE_HIVE_SUPPORT_H
#define KANSHIKI_ARTEFACT_DECODE_HIVE_SUPPORT_H

#include "artefact/decode_support.h"
#include "artefact/registry.h"
#include "hive.h"
#include "test.h"

static struct told told;

static inline void decode(artefact_fn *fn, const char *text, const char *path)
{
	struct arena arena = arena_new(16 << 20);

	told_run(&told, fn, hive_of(text, &arena), path, "registry hive", NULL);
	assert_true(told.ok);
	arena_free(&arena);
}

static inline const struct trace *told_first(const char *what, size_t offset, const char *wanted)
{
	for (size_t i = 0; i < told.count; i++) {
		const struct trace *t = &told.traces[i];
		const struct span *column = (const struct span *)((const char *)t + offset);

		if (span_eq(t->what, span_text(what)) && span_eq(*column, span_text(wanted)))
			return t;
	}
	fail_msg("no %s %s among %zu traces", what, wanted, told.count);
	return NULL;
}

static inline const struct trace *named(const char *what, const char *name)
{
	return told_first(what, offsetof(struct trace, name), name);
}

static inline const struct trace *at_path(const char *what, const char *path)
{
	return told_first(what, offsetof(struct trace, path), path);
}

#endif
