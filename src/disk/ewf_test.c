#include "disk/ewf.h"

#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "disk/ewf_section.h"
#include "test.h"

#define CHUNK 4096
#define CHUNKS 40
/* Two pairs of sectors and tables. */
#define HALF (CHUNKS / 2)

struct made {
	struct buf bytes;
	uint8_t media[CHUNKS * CHUNK];
	size_t sections[16];		/* where each begins */
	size_t count;
};

static size_t begin_section(struct made *m)
{
	m->sections[m->count++] = m->bytes.len;
	assert_non_null(buf_reserve(&m->bytes, EWF_SECTION_HEADER));
	memset(m->bytes.at + m->bytes.len, 0, EWF_SECTION_HEADER);
	m->bytes.len += EWF_SECTION_HEADER;
	return m->bytes.len - EWF_SECTION_HEADER;
}

static void put_u64le(uint8_t *at, uint64_t n)
{
	for (unsigned i = 0; i < 8; i++)
		at[i] = (uint8_t)(n >> 8 * i);
}

static void put_u32le(uint8_t *at, uint32_t n)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(n >> 8 * i);
}

static void end_section(struct made *m, size_t at, const char *type)
{
	uint8_t *head = m->bytes.at + at;
	bool is_last = !strcmp(type, "done");

	memcpy(head, type, strlen(type));
	put_u64le(head + 16, is_last ? at : m->bytes.len);
	put_u64le(head + 24, m->bytes.len - at);
	put_u32le(head + 72, libdeflate_adler32(1, head, 72));
}

static void add_volume(struct made *m, const char *type)
{
	size_t at = begin_section(m);
	uint8_t volume[1052] = { 1 };

	put_u32le(volume + 4, CHUNKS);
	put_u32le(volume + 8, CHUNK / 512);
	put_u32le(volume + 12, 512);
	put_u64le(volume + 16, sizeof m->media / 512);
	put_u32le(volume + 1048, libdeflate_adler32(1, volume, 1048));
	buf_add(&m->bytes, span_of(volume, sizeof volume));
	end_section(m, at, type);
}

/* Every third chunk is as it is, the others are deflated. */
static void add_sectors(struct made *m, size_t first, uint32_t entries[HALF])
{
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
	size_t at = begin_section(m), base = m->bytes.len;

	for (size_t i = 0; i < HALF; i++) {
		const uint8_t *chunk = m->media + (first + i) * CHUNK;
		uint8_t packed[CHUNK * 2], sum[4];
		size_t len = i % 3 ? libdeflate_zlib_compress(c, chunk, CHUNK, packed, sizeof packed) : 0;

		entries[i] = (uint32_t)(m->bytes.len - base) | (len ? 0x80000000u : 0);
		put_u32le(sum, libdeflate_adler32(1, chunk, CHUNK));
		buf_add(&m->bytes, len ? span_of(packed, len) : span_of(chunk, CHUNK));
		if (!len)
			buf_add(&m->bytes, span_of(sum, 4));
	}
	libdeflate_free_compressor(c);
	end_section(m, at, "sectors");
}

static void add_table(struct made *m, const uint32_t entries[HALF], uint64_t base, const char *type)
{
	size_t at = begin_section(m);
	uint8_t table[24 + HALF * 4 + 4] = { HALF };

	put_u64le(table + 8, base);
	put_u32le(table + 20, libdeflate_adler32(1, table, 20));
	for (size_t i = 0; i < HALF; i++)
		put_u32le(table + 24 + i * 4, entries[i]);
	put_u32le(table + 24 + HALF * 4, libdeflate_adler32(1, table + 24, HALF * 4));
	buf_add(&m->bytes, span_of(table, sizeof table));
	end_section(m, at, type);
}

static struct made *make(void)
{
	struct made *m = calloc(1, sizeof *m);
	uint32_t entries[HALF], seed = 7;
	size_t at;

	assert_non_null(m);
	m->bytes = buf_new((size_t)1 << 20);
	for (size_t i = 0; i < sizeof m->media; i++)
		m->media[i] = (uint8_t)((seed = seed * 1664525u + 1013904223u) >> 29);
	buf_add(&m->bytes, SPAN("EVF\x09\x0d\x0a\xff\0\1\1\0\0\0"));
	add_volume(m, "volume");
	for (size_t first = 0; first < CHUNKS; first += HALF) {
		at = m->bytes.len + EWF_SECTION_HEADER;
		add_sectors(m, first, entries);
		add_table(m, entries, at, "table");
		add_table(m, entries, at, "table2");
	}
	add_volume(m, "data");
	at = begin_section(m);
	end_section(m, at, "done");
	return m;
}

static void forget(struct made *m)
{
	buf_free(&m->bytes);
	free(m);
}

/* How many chunks read as they should; CHUNKS + 1 where one reads as something else than zeros. */
static size_t good_chunks(struct made *m, struct ewf_damage *damage)
{
	struct blocks *segment = blocks_of_span(buf_span(&m->bytes), NULL), *media;
	static const uint8_t zeros[CHUNK];
	uint8_t chunk[CHUNK];
	struct err err = { 0 };
	size_t good = 0;
	bool missing;

	assert_non_null(segment);
	media = ewf_media(&segment, 1, &missing, &err);
	if (!media)
		fail_msg("%s", err.text);
	ewf_damage(media, damage);
	for (size_t i = 0; i < CHUNKS && good <= CHUNKS; i++) {
		bool read = blocks_read_all(media, i * CHUNK, chunk, CHUNK, &err);

		if (read && !memcmp(chunk, m->media + i * CHUNK, CHUNK))
			good++;
		else if (read && memcmp(chunk, zeros, CHUNK))
			good = CHUNKS + 1;
	}
	blocks_close(media);
	blocks_close(segment);
	return good;
}

/* Sections in their order: volume, sectors, table, table2, sectors, table, table2, data, done. */
enum { VOLUME, SECTORS, TABLE, TABLE2, MORE_SECTORS, MORE_TABLE, MORE_TABLE2, DATA, DONE, SECTIONS };

TEST(ewf_is_whole_where_nothing_is_damaged)
{
	struct made *m = make();
	struct ewf_damage damage;

	assert_int_equal(m->count, SECTIONS);
	assert_int_equal(good_chunks(m, &damage), CHUNKS);
	assert_int_equal(damage.sections + damage.rebuilt + damage.lost_chunks, 0);
	forget(m);
}

TEST(ewf_loses_nothing_to_any_one_header)
{
	for (size_t i = 0; i < SECTIONS; i++) {
		struct made *m = make();
		struct ewf_damage damage;

		m->bytes.at[m->sections[i] + 20] ^= 0x40;
		assert_int_equal(good_chunks(m, &damage), CHUNKS);
		assert_int_equal(damage.sections, 1);
		assert_int_equal(damage.lost_chunks, 0);
		assert_false(damage.is_geometry_lost);
		forget(m);
	}
}

TEST(ewf_loses_nothing_to_any_two_headers_but_those_of_the_geometry)
{
	for (size_t i = 0; i < SECTIONS; i++)
		for (size_t j = i + 1; j < SECTIONS; j++) {
			struct made *m = make();
			struct ewf_damage damage;

			if (i == VOLUME && j == DATA) {
				forget(m);
				continue;
			}
			m->bytes.at[m->sections[i] + 20] ^= 0x40;
			m->bytes.at[m->sections[j] + 3] ^= 0x01;
			assert_int_equal(good_chunks(m, &damage), CHUNKS);
			forget(m);
		}
}

TEST(ewf_takes_the_second_table_where_the_first_is_damaged)
{
	struct made *m = make();
	struct ewf_damage damage;

	m->bytes.at[m->sections[TABLE] + EWF_SECTION_HEADER + 24 + 9] ^= 1;
	assert_int_equal(good_chunks(m, &damage), CHUNKS);
	assert_int_equal(damage.rebuilt, 0);
	m->bytes.at[m->sections[TABLE2] + EWF_SECTION_HEADER + 24 + 9] ^= 1;
	assert_int_equal(good_chunks(m, &damage), CHUNKS);
	assert_int_equal(damage.rebuilt, 1);
	forget(m);
}

/* Both tables and a chunk: what comes before it is read, and what comes after all of it. */
TEST(ewf_places_what_lies_behind_a_gap)
{
	struct made *m = make();
	struct ewf_damage damage;
	size_t broken = m->sections[SECTORS] + EWF_SECTION_HEADER + CHUNK + 4 + 10;

	m->bytes.at[m->sections[TABLE]] ^= 1;
	m->bytes.at[m->sections[TABLE2]] ^= 1;
	memset(m->bytes.at + broken, 0xff, 16);
	assert_int_equal(good_chunks(m, &damage), HALF + 1);
	assert_int_equal(damage.lost_chunks, HALF - 1);
	forget(m);
}

/* Where a chunk reads as another of the media; CHUNKS: nowhere. */
static size_t find_moved(struct made *m)
{
	struct blocks *segment = blocks_of_span(buf_span(&m->bytes), NULL), *media;
	size_t moved = CHUNKS;
	uint8_t chunk[CHUNK];
	struct err err;
	struct ewf_damage damage = { 0 };
	bool missing;

	assert_non_null(segment);
	media = ewf_media(&segment, 1, &missing, &err);
	if (media)
		ewf_damage(media, &damage);
	for (size_t i = 0; media && !damage.is_geometry_lost && i < CHUNKS; i++)
		for (size_t j = 0; blocks_read_all(media, i * CHUNK, chunk, CHUNK, &err) && j < CHUNKS; j++)
			if (i != j && !memcmp(chunk, m->media + j * CHUNK, CHUNK))
				moved = i;
	blocks_close(media);
	blocks_close(segment);
	return moved;
}

/* Chunks 1 and 2 are deflated; the first stands behind chunk 0, which is not. */
TEST(ewf_takes_chunks_that_another_inflated_where_their_checksum_holds)
{
	static uint8_t memory[CHUNK * 8] __attribute__((aligned(16)));
	const struct chunk_room ours = { memory, sizeof memory, true }, theirs = { memory, sizeof memory, false };
	struct made *m = make();
	struct blocks *segment = blocks_of_span(buf_span(&m->bytes), NULL), *media;
	uint8_t chunk[CHUNK];
	struct err err = { 0 };
	bool missing;

	memset(m->bytes.at + m->sections[SECTORS] + EWF_SECTION_HEADER + CHUNK + 4 + 2, 0xff, 16);
	media = ewf_media(&segment, 1, &missing, &err);
	assert_non_null(media);
	ewf_use_room(media, &theirs);
	for (uint64_t i = 1; i < 3; i++) {
		memcpy(chunk_room_take(&ours, i, CHUNK), m->media + CHUNK, CHUNK);
		chunk_room_fill(&ours, i, CHUNK);
		assert_true(blocks_read_all(media, i * CHUNK, chunk, CHUNK, &err));
		assert_memory_equal(chunk, m->media + i * CHUNK, CHUNK);
	}
	blocks_close(media);
	blocks_close(segment);
	forget(m);
}

TEST(ewf_random_damage_never_moves_a_chunk)
{
	struct made *m = make();
	struct buf whole = buf_new((size_t)1 << 20);
	uint32_t seed = 1;

	buf_add(&whole, buf_span(&m->bytes));
	for (int round = 0; round < 400; round++) {
		memcpy(m->bytes.at, whole.at, whole.len);
		for (int i = 0; i < 1 + round % 6; i++) {
			size_t at = 13 + ((seed = seed * 1664525u + 1013904223u) >> 8) % (whole.len - 13);

			/* Half of them where the structure is. */
			if (round % 2)
				at = m->sections[at % m->count] + at % 200;
			if (at < whole.len)
				m->bytes.at[at] ^= (uint8_t)(1u << (seed >> 16) % 8);
		}
		assert_int_equal(find_moved(m), CHUNKS);
	}
	buf_free(&whole);
	forget(m);
}
