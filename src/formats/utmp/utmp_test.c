#include "formats/utmp/utmp.h"

#include <stdio.h>
#include <stdlib.h>

#include "test.h"

static size_t count(const char *path, uint32_t size, bool big, size_t *bad, timestamp *first)
{
	struct span file = read_whole(path);
	struct utmp_layout layout;
	struct utmp_record r;
	struct err err;
	size_t at = 0, good = 0;

	*bad = 0;
	*first = TIME_NONE;
	assert_true(utmp_find_layout(file, &layout, &err));
	assert_int_equal(layout.size, size);
	assert_int_equal(layout.big_endian, big);
	while (utmp_next(file, &layout, &at, &r)) {
		good += r.state == UTMP_GOOD;
		*bad += r.state == UTMP_BAD;
		if (r.state == UTMP_GOOD && *first == TIME_NONE)
			*first = r.time;
	}
	free((void *)(uintptr_t)file.at);
	return good;
}

TEST(each_layout_is_found_and_read)
{
	static const struct {
		const char *name;
		uint32_t size;
		bool big;
		size_t good, bad;
		int64_t first;
	} files[] = {
		{ "utmp_x86_64", 384, false, 6, 0, 0 }, { "utmp_aarch64", 400, false, 6, 0, 1783090678 },
		{ "utmp_s390", 400, true, 6, 0, 1783141225 }, { "utmp", 384, false, 14, 0, 0 },
	};
	char path[512];

	CORPUS_OR_SKIP(at, "artefacts/plaso/test_data/utmp");
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		size_t bad;
		timestamp first;

		snprintf(path, sizeof path, "%s/%s", at, files[i].name);
		assert_int_equal(count(path, files[i].size, files[i].big, &bad, &first), files[i].good);
		assert_int_equal(bad, files[i].bad);
		if (files[i].first)
			assert_int_equal(first / TIME_SECOND, files[i].first);
	}
}

TEST(what_makes_no_sense_is_refused_or_told_as_bad)
{
	static uint8_t noise[1200];
	struct utmp_layout layout;
	struct utmp_record r;
	struct err err;
	size_t at = 0;

	for (size_t i = 0; i < sizeof noise; i++)
		noise[i] = (uint8_t)(i * 7 + 129);
	assert_false(utmp_find_layout(span_of(noise, sizeof noise), &layout, &err));
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	assert_true(utmp_next(span_of(noise, sizeof noise), &layout, &at, &r));
	assert_int_equal(r.state, UTMP_BAD);
	at = 0;
	memset(noise, 0, sizeof noise);
	assert_true(utmp_find_layout(span_of(noise, sizeof noise), &layout, &err));
	assert_true(utmp_next(span_of(noise, sizeof noise), &layout, &at, &r));
	assert_int_equal(r.state, UTMP_ERASED);
}

TEST(lastlog_is_by_number_of_user)
{
	static uint8_t file[292 * 3] = { 0 };
	struct lastlog_record r;
	uint32_t uid = 0;

	file[292] = 1;
	memcpy(file + 292 + 4, "pts/0", 5);
	memcpy(file + 292 + 36, "10.0.0.1", 8);
	assert_true(lastlog_next(span_of(file, sizeof file), &uid, &r));
	assert_int_equal(r.uid, 1);
	assert_span(r.line, "pts/0");
	assert_span(r.host, "10.0.0.1");
	assert_false(lastlog_next(span_of(file, sizeof file), &uid, &r));
}

/* short count, short most, char line[12], time_t, long: as shadow's faillog.h has them. */
TEST(faillog_tells_the_last_failure_of_each_user)
{
	static uint8_t wide[32 * 3] = { 0 }, narrow[24 * 3] = { 0 };
	struct faillog_record r;
	uint32_t uid = 0;

	wide[64] = 7;
	memcpy(wide + 64 + 4, "tty1", 4);
	wide[64 + 16 + 3] = 0x65;
	assert_true(faillog_is_wide(span_of(wide, sizeof wide)));
	assert_true(faillog_next(span_of(wide, sizeof wide), true, &uid, &r));
	assert_int_equal(r.uid, 2);
	assert_int_equal(r.count, 7);
	assert_span(r.line, "tty1");
	assert_int_equal(r.time, INT64_C(0x65000000) * TIME_SECOND);
	assert_false(faillog_next(span_of(wide, sizeof wide), true, &uid, &r));
	narrow[24] = 3;
	narrow[24 + 16 + 3] = 0x65;
	assert_false(faillog_is_wide(span_of(narrow, sizeof narrow)));
	uid = 0;
	assert_true(faillog_next(span_of(narrow, sizeof narrow), false, &uid, &r));
	assert_int_equal(r.uid, 1);
	assert_int_equal(r.count, 3);
}
