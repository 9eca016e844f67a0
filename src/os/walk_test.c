#include "os/walk.h"

#include <linux/magic.h>
#include <stdio.h>
#include <sys/statfs.h>

#include "test.h"

/* What the walk below `root` says of a path; entries below it are counted. */
static enum walk_kind kind_of(const char *root, const char *path, size_t *below)
{
	struct walk_options options = { .list_only = true };
	enum walk_kind kind = WALK_REFUSED;
	struct walk_entry e;
	struct err err = { 0 };
	struct walk *w = walk_open(root, &options, &err);

	assert_non_null(w);
	*below = 0;
	while (walk_next(w, &e)) {
		if (span_eq(e.path, span_text(path)))
			kind = e.kind;
		else
			*below += span_starts(e.path, span_text(path)) && e.path.at[strlen(path)] == '/';
	}
	walk_free(w);
	return kind;
}

TEST(walk_enters_file_systems_of_the_kernel_only_where_they_are_named)
{
	struct statfs fs;
	size_t below;

	if (statfs("/dev/pts", &fs) || (unsigned long)fs.f_type != DEVPTS_SUPER_MAGIC) {
		print_message("# no file system of the kernel below /dev here\n");
		skip();
	}
	assert_int_equal(kind_of("/dev", "/dev/pts", &below), WALK_SPECIAL);
	assert_int_equal(below, 0);
	assert_int_equal(kind_of("/dev/pts", "/dev/pts", &below), WALK_FOLDER);
	assert_true(below > 0);
}
