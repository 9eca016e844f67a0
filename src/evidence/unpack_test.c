#include "evidence/unpack.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

/* Files in a scratch folder, made by a shell command there. */
static void make(const char *command)
{
	char line[4096];

	unpack_prepare();
	snprintf(line, sizeof line, "cd '%s' && rm -rf * && mkdir d && printf one > d/a && "
		 "printf two > 'd/файл-日本.txt' && { %s; } >/dev/null 2>&1", scratch_dir(), command);
	assert_int_equal(system(line), 0);
}

struct seen {
	char text[2000];		/* "path=content;" of each file */
	bool is_locked, has_failed;
};

static void read_all(struct unpack *u, struct seen *out)
{
	struct unpack_member m;
	struct buf content = buf_new(1 << 20);
	struct err err;
	bool more = true, end;
	size_t at = 0;

	while (more) {
		enum unpack_step step = unpack_next(u, &m, &more, &err);

		if (step == UNPACK_FAILED) {
			out->has_failed = true;
			out->is_locked |= err.code == ERR_DENIED;
		}
		if (step != UNPACK_MEMBER)
			break;
		if (m.kind != UNPACK_FILE)
			continue;
		buf_clear(&content);
		for (end = false; !end;)
			if (!unpack_read(u, &content, &end, &err)) {
				out->is_locked |= err.code == ERR_DENIED;
				break;
			}
		at += (size_t)snprintf(out->text + at, sizeof out->text - at, "%.*s=%.*s;",
				       SPAN_ARG(m.path), SPAN_ARG(buf_span(&content)));
	}
	buf_free(&content);
}

static struct seen look(const char *name)
{
	char path[600];
	struct seen seen = { 0 };
	struct span bytes;
	struct unpack *u;
	struct err err;

	snprintf(path, sizeof path, "%s/%s", scratch_dir(), name);
	bytes = read_whole(path);
	u = unpack_open(bytes, span_text(path), &err);
	if (u)
		read_all(u, &seen);
	else
		seen.has_failed = true;
	unpack_free(u);
	free((void *)(uintptr_t)bytes.at);
	return seen;
}

static void assert_both(const char *command, const char *name)
{
	struct seen seen;

	make(command);
	seen = look(name);
	assert_non_null(strstr(seen.text, "a=one;"));
	/* Names beyond ASCII are lost without a word where the locale is not UTF-8. */
	assert_non_null(strstr(seen.text, "файл-日本.txt=two;"));
	assert_false(seen.has_failed);
}

TEST(unpack_reads_zip)
{
	assert_both("zip -r x.zip d", "x.zip");
}

TEST(unpack_reads_7z)
{
	assert_both("7z a x.7z d", "x.7z");
}

TEST(unpack_reads_tar)
{
	assert_both("tar cf x d", "x");
}

TEST(unpack_reads_tar_behind_filters)
{
	assert_both("tar czf x d", "x");
	assert_both("tar cJf x d", "x");
	assert_both("tar cjf x d", "x");
	assert_both("tar c d | zstd > x", "x");
	assert_both("tar c d | lz4 > x", "x");
	assert_both("tar c d | xz --format=lzma > x", "x");
	/* A filter around a filter. */
	assert_both("tar cz d | xz > x", "x");
}

TEST(unpack_reads_cpio)
{
	assert_both("find d | cpio -o -H newc > x", "x");
}

/* How a machine's initramfs is made: what its processor needs, unpacked, then the rest. */
TEST(unpack_goes_on_behind_an_archive_of_cpio)
{
	static const char *const commands[] = {
		"find d/a | cpio -o -H newc > x; find d | cpio -o -H newc >> x",
		"find d/a | cpio -o -H newc > x; find d | cpio -o -H newc | gzip >> x",
		"find d/a | cpio -o -H newc > x; truncate -s %4096 x; find d | cpio -o -H newc | zstd >> x",
		"find d/a | cpio -o -H newc | gzip > x; find d | cpio -o -H newc | gzip >> x",
		"(find d/a | cpio -o -H newc; find d | cpio -o -H newc) | xz > x",
		"find d/a | cpio -o -H newc | gzip > x; head -c 512 /dev/zero >> x; find d | cpio -o -H newc | gzip >> x",
	};

	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		struct seen seen;

		make(commands[i]);
		seen = look("x");
		if (seen.has_failed || strncmp(seen.text, "d/a=one;next=", 13) != 0)
			fail_msg("%s: %s", commands[i], seen.text);
	}
	make("find d/a | cpio -o -H newc > x; head -c 4096 /dev/zero >> x");
	assert_string_equal(look("x").text, "d/a=one;");
	make("find d/a | cpio -o -H newc | zstd > x; find d | cpio -o -H newc | gzip >> x");
	assert_true(look("x").has_failed);
}


static void assert_single(const char *command, const char *name, const char *expected)
{
	struct seen seen;

	make(command);
	seen = look(name);
	assert_string_equal(seen.text, expected);
	assert_false(seen.has_failed);
}

TEST(unpack_reads_one_compressed_file_under_its_name)
{
	assert_single("gzip -c d/a > messages.1.gz", "messages.1.gz", "messages.1=one;");
	assert_single("xz -c d/a > a.XZ", "a.XZ", "a=one;");
	assert_single("zstd -c d/a > plain", "plain", "plain=one;");
	assert_single("bzip2 -c d/a > a.bz2", "a.bz2", "a=one;");
	assert_single("lz4 -c d/a > a.lz4", "a.lz4", "a=one;");
	/* Zeros look like an empty tar. */
	assert_single("head -c 2000 /dev/zero | gzip > z.gz", "z.gz", "z=;");
}

TEST(unpack_tells_encryption)
{
	make("zip -r -P secret x.zip d");
	assert_true(look("x.zip").is_locked);
	make("7z a -psecret x.7z d");
	assert_true(look("x.7z").is_locked);
	make("7z a -psecret -mhe=on x.7z d");
	assert_true(look("x.7z").is_locked);
}

TEST(unpack_refuses_what_is_no_archive)
{
	make("printf 'just some text, long enough to be one' > x");
	assert_true(look("x").has_failed);
	make("head -c 5000 /dev/zero | tr '\\0' 'P' > x");
	assert_true(look("x").has_failed);
}

TEST(unpack_gives_what_comes_before_damage)
{
	struct seen seen;

	make("tar czf y d && head -c 120 y > x");
	seen = look("x");
	assert_true(seen.has_failed || !strstr(seen.text, "two"));
}
