#include "formats/regf/regf_recover.h"

#define BIN_HEADER 32
#define BIN_UNIT 4096
#define CELL_UNIT 8
#define NAME_MOST 510			/* bytes: 255 characters of UTF-16 */
#define VALUES_MOST 16384

/* FILETIMEs of 1993, the first registry, and of 2100. */
#define OLDEST (INT64_C(725846400) * TIME_SECOND)
#define NEWEST (INT64_C(4102444800) * TIME_SECOND)

struct regf_free regf_free_of(struct regf *hive)
{
	return (struct regf_free){ .hive = hive };
}

static uint32_t u32_at(const struct regf_free *it, size_t at)
{
	struct cursor c = cursor_of(it->hive->bins);

	cursor_seek(&c, at);
	return cursor_u32le(&c);
}

/* To the cells of the bin at `at`; where there is none, to the next place that may have one. */
static bool enter_bin(struct regf_free *it)
{
	struct span bins = it->hive->bins;

	while (it->at + BIN_HEADER < bins.len) {
		uint32_t size = u32_at(it, it->at + 8);

		if (span_starts(span_from(bins, it->at), SPAN("hbin")) && size && size % BIN_UNIT == 0 &&
		    size <= bins.len - it->at) {
			it->bin_end = it->at + size;
			it->at += BIN_HEADER;
			return true;
		}
		it->at += BIN_UNIT - it->at % BIN_UNIT;
	}
	return false;
}

/* To the next free cell. */
static bool next_cell(struct regf_free *it)
{
	for (; it->hive->work; it->hive->work--) {
		uint32_t size;

		if (it->at >= it->bin_end && !enter_bin(it))
			return false;
		size = u32_at(it, it->at);
		if (!(size >> 31) && size >= CELL_UNIT && size <= it->bin_end - it->at) {
			it->end = it->at + size;
			return true;
		}
		size = size >> 31 ? -size : size;
		it->at = size >= CELL_UNIT && size <= it->bin_end - it->at ? it->at + size : it->bin_end;
	}
	it->hive->is_exhausted = true;
	return false;
}

static bool is_name(struct regf_name name)
{
	size_t width = name.is_wide ? 2 : 1;

	if (name.raw.len > NAME_MOST || name.raw.len % width)
		return false;
	for (size_t i = 0; i < name.raw.len; i += width) {
		uint32_t c = name.is_wide ? load_u16le(name.raw.at + i) : name.raw.at[i];

		if (c < 32)
			return false;
	}
	return true;
}

static bool is_key(const struct regf_key *k)
{
	return k->name.raw.len && is_name(k->name) && k->written >= OLDEST && k->written < NEWEST &&
	       k->value_count <= VALUES_MOST;
}

/* Of types that Windows has; with a name, or what is left of anything would do. */
static bool is_value(const struct regf_value *v)
{
	return v->name.raw.len && is_name(v->name) && v->type <= REGF_QWORD && v->size && v->size <= REGF_MAX_VALUE &&
	       v->data.len == v->size;
}

enum regf_found regf_free_next(struct regf_free *it, struct regf_key *key, struct regf_value *value)
{
	for (;;) {
		if (it->at + CELL_UNIT > it->end) {
			it->at = it->end > it->at ? it->end : it->at;
			it->end = 0;
			if (!next_cell(it))
				return REGF_FOUND_NONE;
		}
		while (it->at + CELL_UNIT <= it->end && it->hive->work) {
			uint32_t at = (uint32_t)it->at;
			struct span kind = span_sub(it->hive->bins, it->at + 4, 2);

			it->at += CELL_UNIT;
			it->hive->work--;
			if (span_eq(kind, SPAN("nk")) && regf_deleted_key(it->hive, at, key) && is_key(key))
				return REGF_FOUND_KEY;
			if (span_eq(kind, SPAN("vk")) && regf_deleted_value(it->hive, at, value) && is_value(value))
				return REGF_FOUND_VALUE;
		}
		if (!it->hive->work)
			it->at = it->end;
	}
}
