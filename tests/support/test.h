/*
 * test: unit tests on cmocka that register themselves.
 *
 *     #include "test.h"
 *     TEST(evtx_chunk_rejects_header_cut_short)
 *     {
 *             assert_false(evtx_chunk_parse(...));
 *     }
 *
 * A name is a sentence about behaviour. One program a file; tests run in the
 * order of the file. Tests over ../shared/corpora call `corpus("evtx")` and
 * skip themselves, visibly, where it answers NULL.
 */
#ifndef KANSHIKI_TEST_H
#define KANSHIKI_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/span.h"

void test_register(const char *name, void (*run)(void **state));

#define TEST(name) \
	static void name(void **state); \
	__attribute__((constructor)) static void register_##name(void) \
	{ \
		test_register(#name, name); \
	} \
	static void name(void **state __attribute__((unused)))

/* Path of ../shared/corpora/NAME, or NULL where it is not on this machine. */
const char *corpus(const char *name);
#define CORPUS_OR_SKIP(path, name) \
	const char *path = corpus(name); \
	if (!path) { \
		print_message("# corpus %s is not here\n", name); \
		skip(); \
	}

/* A whole file on the heap (caller frees .at); fails the test if unreadable. */
struct span read_whole(const char *path);
/* A fresh directory under TMPDIR, removed with its content when the program ends. */
const char *scratch_dir(void);

#define assert_span(got, expected) \
	do { \
		struct span assert_got = (got), assert_expected = span_text(expected); \
		assert_int_equal(assert_got.len, assert_expected.len); \
		if (assert_got.len) \
			assert_memory_equal(assert_got.at, assert_expected.at, assert_got.len); \
	} while (0)

#endif
