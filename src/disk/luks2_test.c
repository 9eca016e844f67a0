#include "disk/luks.h"

#include <stdlib.h>

#include "disk/file_system.h"
#include "disk/luks2_support.h"
#include "test.h"

/* One key slot each, passphrase "pass"; made with Python's hashlib, argon2 and cryptography. */
#define SEEDS "tests/corpus/luks2_fuzz/"
#define CONTENT "a sector of the volume"

static struct buf build(const char *name)
{
	char path[256];
	struct span seed;
	struct buf bytes = buf_new((size_t)1 << 20);

	snprintf(path, sizeof path, SEEDS "%s", name);
	seed = read_whole(path);
	assert_true(luks2_build(seed, &bytes));
	free((void *)(uintptr_t)seed.at);
	return bytes;
}

static bool opens_with(struct buf *bytes, const struct library_key *key, struct luks_key *used, struct err *err)
{
	struct blocks *file = blocks_of_span(buf_span(bytes), NULL), *volume;
	uint8_t piece[512];
	bool holds;

	assert_non_null(file);
	volume = luks_open(file, key, 1, used, err);
	holds = volume && blocks_read_all(volume, 0, piece, sizeof piece, err) &&
		!memcmp(piece, CONTENT, sizeof CONTENT - 1) &&
		blocks_read_all(volume, volume->size - 8, piece, 8, err) && !memcmp(piece, "........", 8);
	blocks_close(volume);
	blocks_close(file);
	return holds;
}

static bool opens(struct buf *bytes, const char *word, struct err *err)
{
	struct library_key key = { .passphrase = span_text(word) };
	struct luks_key used;

	return opens_with(bytes, &key, &used, err);
}

TEST(luks2_opens_with_its_passphrase_only)
{
	static const char *const kinds[] = { "pbkdf2", "argon2i", "argon2id" };

	for (size_t i = 0; i < 3; i++) {
		struct buf bytes = build(kinds[i]);
		struct err err = { 0 };

		if (!opens(&bytes, "pass", &err))
			fail_msg("%s: %s", kinds[i], err.text);
		assert_false(opens(&bytes, "Pass", &err));
		assert_int_equal(err.code, ERR_DENIED);
		buf_free(&bytes);
	}
}

TEST(luks2_opens_again_with_the_key_that_opened_it)
{
	struct buf bytes = build("argon2id");
	struct library_key word = { .passphrase = SPAN("pass") }, key = { 0 };
	struct luks_key used, again;
	struct err err = { 0 };

	assert_true(opens_with(&bytes, &word, &used, &err));
	key.volume_key = span_of(used.bytes, used.len);
	assert_true(opens_with(&bytes, &key, &again, &err));
	used.bytes[5] ^= 1;
	assert_false(opens_with(&bytes, &key, &again, &err));
	buf_free(&bytes);
}

TEST(luks2_uses_its_other_header)
{
	struct buf bytes = build("pbkdf2");
	struct blocks *file;
	struct err err = { 0 };

	/* The first is gone: the volume is still known for what it is. */
	memset(bytes.at, 0, LUKS2_BINARY);
	assert_true(opens(&bytes, "pass", &err));
	file = blocks_of_span(buf_span(&bytes), NULL);
	assert_string_equal(fs_detect(file), "luks");
	blocks_close(file);
	memset(bytes.at + LUKS2_HEADER, 0, LUKS2_BINARY);
	assert_false(opens(&bytes, "pass", &err));
	assert_int_equal(err.code, ERR_CORRUPT);
	buf_free(&bytes);
}

TEST(luks2_believes_the_younger_header)
{
	struct buf bytes = build("pbkdf2");
	struct err err = { 0 };

	luks2_put_header(bytes.at, 0, 4, SPAN("{}"));
	assert_false(opens(&bytes, "pass", &err));
	luks2_put_header(bytes.at, 0, 2, SPAN("{}"));
	assert_true(opens(&bytes, "pass", &err));
	buf_free(&bytes);
}

/* Of a text every byte of which is replaced: nothing opens that has not the right key. */
TEST(luks2_survives_every_change_of_its_text)
{
	struct span seed = read_whole(SEEDS "pbkdf2");
	uint8_t *bytes = (uint8_t *)(uintptr_t)seed.at;
	size_t len = span_find_byte(seed, 0, 0);

	for (size_t i = 0; i < len; i++)
		for (uint8_t flip = 1; flip; flip = (uint8_t)(flip << 1)) {
			struct buf built = buf_new((size_t)1 << 20);
			struct err err = { 0 };

			/* A digit more of rounds is time and nothing else. */
			if (bytes[i] == '}' || bytes[i] == ',')
				continue;
			bytes[i] ^= flip;
			assert_true(luks2_build(seed, &built));
			(void)opens(&built, "pass", &err);
			bytes[i] ^= flip;
			buf_free(&built);
		}
	free(bytes);
}

TEST(luks2_refuses_work_without_end)
{
	struct span seed = read_whole(SEEDS "argon2i"), rest = seed, text = span_split(&rest, 0);
	size_t at = span_find(text, 0, SPAN("\"memory\":8,"));
	struct buf bytes = build("argon2i"), changed = buf_new((size_t)64 << 10);
	struct err err = { 0 };

	assert_true(at != SIZE_MAX);
	assert_true(buf_add(&changed, span_sub(text, 0, at)) && buf_text(&changed, "\"memory\":4294967295,") &&
		    buf_add(&changed, span_from(text, at + strlen("\"memory\":8,"))));
	luks2_put_header(bytes.at, 0, 9, buf_span(&changed));
	assert_false(opens(&bytes, "pass", &err));
	assert_int_equal(err.code, ERR_LIMIT);
	free((void *)(uintptr_t)seed.at);
	buf_free(&changed);
	buf_free(&bytes);
}
