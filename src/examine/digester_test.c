#include "examine/digester.h"
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define LEN ((size_t)9 << 20)

static uint8_t *some_bytes(void)
{
	uint8_t *bytes = malloc(LEN);

	for (size_t i = 0; i < LEN; i++)
		bytes[i] = (uint8_t)(i * 2654435761u >> 11);
	return bytes;
}

static bool digest_with(struct digester *d, const struct digest_work *work, uint8_t out[SHA256_SIZE])
{
	digester_start(d, work);
	for (int i = 0; i < 1000; i++) {
		digester_wait(d, 100);
		if (digester_done(d, out))
			return true;
	}
	return false;
}

TEST(digester_digests_as_one_call_does_again_and_again)
{
	struct digester *d = digester_new(NULL);
	uint8_t *bytes = some_bytes(), expected[SHA256_SIZE], seen[SHA256_SIZE];

	assert_non_null(d);
	for (size_t len = LEN; len > 1000; len /= 3) {
		sha256_of(span_of(bytes, len), expected);
		assert_true(digest_with(d, &(struct digest_work){ .bytes = span_of(bytes, len), .file = -1 }, seen));
		assert_memory_equal(seen, expected, SHA256_SIZE);
	}
	free(bytes);
}

TEST(digester_that_was_stopped_begins_anew)
{
	struct digester *d = digester_new(NULL);
	uint8_t *bytes = some_bytes(), expected[SHA256_SIZE], seen[SHA256_SIZE];
	struct digest_work work = { .bytes = span_of(bytes, LEN), .file = -1 };

	sha256_of(work.bytes, expected);
	digester_start(d, &work);
	digester_stop(d);
	assert_true(digest_with(d, &work, seen));
	assert_memory_equal(seen, expected, SHA256_SIZE);
	free(bytes);
}

TEST(digester_counts_the_holes_of_a_file_as_zeros)
{
	struct digester *d = digester_new(NULL);
	uint8_t *bytes = some_bytes(), expected[SHA256_SIZE], seen[SHA256_SIZE];
	char path[600];
	int fd;

	snprintf(path, sizeof path, "%s/sparse", scratch_dir());
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	memset(bytes + 100000, 0, LEN - 300000);
	assert_int_equal(pwrite(fd, bytes, 100000, 0), 100000);
	assert_int_equal(pwrite(fd, bytes + LEN - 200000, 150000, (off_t)LEN - 200000), 150000);
	assert_int_equal(ftruncate(fd, (off_t)LEN), 0);
	memset(bytes + LEN - 50000, 0, 50000);
	sha256_of(span_of(bytes, LEN), expected);
	free(bytes);
	bytes = mmap(NULL, LEN, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_true(digest_with(d, &(struct digest_work){ .bytes = span_of(bytes, LEN), .file = fd,
							  .gives_back = true }, seen));
	assert_memory_equal(seen, expected, SHA256_SIZE);
	munmap(bytes, LEN);
	close(fd);
}

/* Both threads: the digest is still made, and nothing can be opened. */
TEST(digester_works_in_the_sandbox)
{
	uint8_t *bytes = some_bytes(), expected[SHA256_SIZE], seen[SHA256_SIZE];
	struct sandbox_options box = { .commands = 3, .records = 4, .memory_bytes = (uint64_t)64 << 20 };
	struct err err;
	int status;
	pid_t child;

	sha256_of(span_of(bytes, LEN), expected);
	child = fork();
	if (!child) {
		struct digester *d = digester_new(&box);

		if (!d || !sandbox_enter(&box, &err))
			_exit(1);
		if (!digest_with(d, &(struct digest_work){ .bytes = span_of(bytes, LEN), .file = -1 }, seen))
			_exit(2);
		_exit(memcmp(seen, expected, SHA256_SIZE) ? 3 : open("/etc/passwd", O_RDONLY) >= 0 ? 4 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	free(bytes);
}
