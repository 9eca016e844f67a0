#include "examine/seen.h"
#include "test.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void digest_number(uint32_t n, uint8_t out[32])
{
	for (size_t i = 0; i < 32; i++) {
		n = n * 1664525 + 1013904223;
		out[i] = (uint8_t)(n >> 24);
	}
}

TEST(seen_never_forgets_and_seldom_errs)
{
	struct seen *s = seen_new((uint64_t)1 << 20);
	unsigned wrong = 0;
	uint8_t digest[32];

	assert_non_null(s);
	for (uint32_t i = 0; i < 20000; i++) {
		digest_number(i, digest);
		seen_add(s, digest);
	}
	for (uint32_t i = 0; i < 20000; i++) {
		digest_number(i, digest);
		assert_true(seen_has(s, digest));
	}
	for (uint32_t i = 20000; i < 40000; i++) {
		digest_number(i, digest);
		wrong += seen_has(s, digest);
	}
	assert_true(wrong < 100);
	seen_clear(s);
	assert_false(seen_has(s, digest));
	seen_free(s);
}

TEST(seen_is_shared_with_a_child_that_cannot_write)
{
	struct seen *s = seen_new((uint64_t)1 << 16);
	uint8_t digest[32] = { 1, 2, 3 };
	int to_child[2], status;
	pid_t child;
	char go;

	assert_int_equal(pipe(to_child), 0);
	child = fork();
	if (!child) {
		bool locked;

		signal(SIGSEGV, SIG_DFL);
		locked = seen_lock(s) && read(to_child[0], &go, 1) == 1 && seen_has(s, digest);

		if (!locked)
			_exit(1);
		seen_add(s, digest);	/* ends it */
		_exit(2);
	}
	seen_add(s, digest);
	assert_int_equal(write(to_child[1], "x", 1), 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGSEGV : WEXITSTATUS(status) > 2);
	seen_free(s);
}
