#include "os/image.h"
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct node {
	struct node *next;
	uint32_t number;
};

static void build(struct image *image)
{
	struct err err = { 0 };
	struct node *head = NULL;

	assert_true(image_new(image, IMAGE_TEST, &err));
	for (uint32_t i = 0; i < 100000; i++) {
		struct node *node = ARENA_NEW(&image->arena, struct node);

		*node = (struct node){ head, i };
		head = node;
	}
	image->root = head;
	assert_true(image_seal(image, &err));
}

static uint64_t sum(const struct image *image)
{
	uint64_t total = 0;

	for (const struct node *node = image->root; node; node = node->next)
		total += node->number;
	return total;
}

TEST(image_saved_is_the_same_when_loaded)
{
	static const uint8_t key[32] = "key", other[32] = "other";
	struct image image;
	struct err err = { 0 };
	char path[512];

	snprintf(path, sizeof path, "%s/image", scratch_dir());
	build(&image);
	assert_true(image_save(&image, path, key, &err));
	image_free(&image);
	assert_false(image_load(&image, IMAGE_TEST, path, other, &err));
	assert_true(image_load(&image, IMAGE_TEST, path, key, &err));
	assert_int_equal(sum(&image), UINT64_C(99999) * 100000 / 2);
	image_free(&image);
	chmod(path, 0644);
	assert_false(image_load(&image, IMAGE_TEST, path, key, &err));
	assert_int_equal(err.code, ERR_UNSUPPORTED);
}

TEST(image_sealed_cannot_be_written_by_a_fork)
{
	struct image image;
	int status;
	pid_t child;

	build(&image);
	child = fork();
	if (child == 0) {
		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		((struct node *)image.root)->number = 7;
		_exit(0);
	}
	waitpid(child, &status, 0);
	assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	image_free(&image);
}

TEST(image_prune_keeps_the_youngest)
{
	static const char *const names[] = { "a.rules", "b.rules", "c.rules", "other" };
	char path[512];
	struct stat st;

	for (time_t i = 0; i < 4; i++) {
		struct timespec times[2] = { { .tv_sec = 100 - i }, { .tv_sec = 100 - i } };
		FILE *out;

		snprintf(path, sizeof path, "%s/%s", scratch_dir(), names[i]);
		out = fopen(path, "w");
		assert_non_null(out);
		fclose(out);
		assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	}
	snprintf(path, sizeof path, "%s/new.rules", scratch_dir());
	image_prune(path, 2);
	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof path, "%s/%s", scratch_dir(), names[i]);
		assert_int_equal(stat(path, &st) == 0, i != 2);
	}
}
