#include "formats/rpm/rpm.h"

#include "base/buf.h"
#include "codec/digest.h"
#include "test.h"

/* A header with its region, one file, and the digest of the region behind it. */
struct making {
	uint8_t entries[16 * 16], data[512];
	size_t entry_count, data_len;
};

static void put_u32(uint8_t *to, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(n >> (24 - 8 * i));
}

static void add(struct making *m, uint32_t tag, uint32_t type, uint32_t count, const void *bytes, size_t len)
{
	uint8_t *e = m->entries + 16 * m->entry_count++;

	while (type == 4 && m->data_len % 4)
		m->data[m->data_len++] = 0;
	put_u32(e, tag);
	put_u32(e + 4, type);
	put_u32(e + 8, (uint32_t)m->data_len);
	put_u32(e + 12, count);
	memcpy(m->data + m->data_len, bytes, len);
	m->data_len += len;
}

static void finish(const struct making *m, struct buf *out)
{
	uint8_t head[8];

	put_u32(head, (uint32_t)m->entry_count);
	put_u32(head + 4, (uint32_t)m->data_len);
	buf_clear(out);
	buf_add(out, span_of(head, 8));
	buf_add(out, span_of(m->entries, 16 * m->entry_count));
	buf_add(out, span_of(m->data, m->data_len));
}

static void make_header(struct buf *out)
{
	struct making m = { .entry_count = 1 };
	uint8_t zero[4] = { 0 }, digest[DIGEST_MAX], magic[8] = { 0x8e, 0xad, 0xe8, 1 };
	struct buf sealed = buf_new(4096), hex = buf_new(128);

	add(&m, 1000, 6, 1, "kan", 4);
	add(&m, 1117, 8, 1, "tool", 5);
	add(&m, 1118, 8, 1, "/usr/bin/", 10);
	add(&m, 1035, 8, 1, "00112233", 9);
	add(&m, 1116, 4, 1, zero, 4);
	/* The region's own entry and its trailer. */
	put_u32(m.entries, 63);
	put_u32(m.entries + 4, 7);
	put_u32(m.entries + 8, (uint32_t)m.data_len);
	put_u32(m.entries + 12, 16);
	put_u32(m.data + m.data_len, 63);
	put_u32(m.data + m.data_len + 4, 7);
	put_u32(m.data + m.data_len + 8, (uint32_t)-(16 * (int)m.entry_count));
	put_u32(m.data + m.data_len + 12, 16);
	m.data_len += 16;
	finish(&m, out);
	buf_add(&sealed, span_of(magic, 8));
	buf_add(&sealed, buf_span(out));
	buf_hex(&hex, span_of(digest, digest_of(DIGEST_SHA256, buf_span(&sealed), digest)));
	buf_add_u8(&hex, 0);
	add(&m, RPM_SHA256_OF_HEADER, 6, 1, hex.at, hex.len);
	finish(&m, out);
	buf_free(&sealed);
	buf_free(&hex);
}

TEST(rpm_header_tells_its_files_and_whether_it_is_whole)
{
	struct buf blob = buf_new(4096);
	struct arena arena = arena_new(1 << 20);
	struct rpm_header h;
	struct rpm_files files;
	struct rpm_file file;
	struct err err;

	make_header(&blob);
	assert_true(rpm_header_open(buf_span(&blob), &h, &err));
	assert_span(rpm_header_text(&h, RPM_NAME), "kan");
	assert_int_equal(rpm_header_seal(&h), RPM_SEAL_HOLDS);
	assert_true(rpm_files_open(&h, &arena, &files));
	assert_string_equal(files.algorithm, "md5");
	assert_true(rpm_files_next(&files, &file));
	assert_span(file.folder, "/usr/bin/");
	assert_span(file.name, "tool");
	assert_span(file.digest, "00112233");
	assert_true(file.is_installed);
	assert_false(rpm_files_next(&files, &file));
	blob.at[8 + 16 * 7 + 1] ^= 1;	/* in the package's name */
	assert_int_equal(rpm_header_seal(&h), RPM_SEAL_BROKEN);
	buf_free(&blob);
	arena_free(&arena);
}

static bool count_one(void *context, struct span blob)
{
	++*(int *)context;
	return true;
}

TEST(rpm_store_follows_a_chain_of_pages_but_no_ring)
{
	uint8_t file[3 * 512] = { 0 };
	uint64_t damaged = 0;
	struct err err;
	int count = 0;

	memcpy(file + 12, "\x61\x15\x06", 3);
	file[21] = 2;				/* pages of 512 bytes */
	file[512 + 25] = 13;			/* a page of pairs: key at 511, value of 12 bytes before */
	file[512 + 20] = 2;
	memcpy(file + 512 + 26, "\xff\x01\xf3\x01", 4);
	memcpy(file + 512 + 0x1f3, "\x03\0\0\0\x02\0\0\0\x64\0\0\0", 12);
	file[1024 + 25] = 7;			/* an overflow page with 100 bytes */
	file[1024 + 22] = 100;
	assert_true(rpm_store_each(span_of(file, sizeof file), count_one, &count, &damaged, &err));
	assert_int_equal(count, 1);
	assert_int_equal(damaged, 0);
	file[1024 + 22] = 50;			/* too short, and it names itself as the next */
	file[1024 + 16] = 2;
	assert_true(rpm_store_each(span_of(file, sizeof file), count_one, &count, &damaged, &err));
	assert_int_equal(count, 2);		/* the ring ends with the length */
	file[1024 + 16] = 0;
	assert_true(rpm_store_each(span_of(file, sizeof file), count_one, &count, &damaged, &err));
	assert_int_equal(damaged, 1);
}
