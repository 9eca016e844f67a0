#include "formats/regf/regf.h"

#include "base/utf8.h"
#include "formats/regf/regf_log.h"

#define NAME_IS_NARROW 0x20		/* of a key; of a value it is 1 */
#define INLINE_DATA UINT32_C(0x80000000)
#define SEGMENT 16344			/* data beyond this stands in segments, from 1.4 on */
#define SMALLEST_KEY 80			/* bytes of its cell */

struct span regf_cell(struct regf *h, uint32_t at, bool or_free)
{
	struct cursor c = cursor_of(h->bins);
	uint32_t size;
	struct span cell;

	cursor_seek(&c, at);
	size = cursor_u32le(&c);
	/* Cells in use have their size negated. */
	if (!(size >> 31) && !or_free)
		return (struct span){ 0 };
	size = size >> 31 ? -size : size;
	if (c.short_read || size < 8)
		return (struct span){ 0 };
	cell = cursor_take(&c, (size_t)size - 4);
	return c.short_read ? (struct span){ 0 } : cell;
}

/* One step of work; false: there is none left. */
static bool step(struct regf *h)
{
	if (!h->work) {
		h->is_exhausted = true;
		return false;
	}
	h->work--;
	return true;
}

static bool read_key(struct regf *h, uint32_t at, bool or_free, struct regf_key *out)
{
	struct cursor c = cursor_of(regf_cell(h, at, or_free));
	struct regf_key k = { .hive = h, .at = at, .is_deleted = or_free };
	uint16_t name_len;

	if (!span_eq(cursor_take(&c, 2), SPAN("nk")))
		return false;
	k.flags = cursor_u16le(&c);
	k.written = timestamp_of_filetime(cursor_u64le(&c));
	cursor_skip(&c, 4);
	k.parent = cursor_u32le(&c);
	k.key_count = cursor_u32le(&c);
	cursor_skip(&c, 4);
	k.key_list = cursor_u32le(&c);
	cursor_skip(&c, 4);
	k.value_count = cursor_u32le(&c);
	k.value_list = cursor_u32le(&c);
	cursor_skip(&c, 4);
	k.class_at = cursor_u32le(&c);
	cursor_skip(&c, 20);
	name_len = cursor_u16le(&c);
	k.class_len = cursor_u16le(&c);
	k.name = (struct regf_name){ cursor_take(&c, name_len), !(k.flags & NAME_IS_NARROW) };
	if (c.short_read)
		return false;
	*out = k;
	return true;
}

bool regf_key_at(struct regf *h, uint32_t at, struct regf_key *out)
{
	if (!step(h))
		return false;
	if (read_key(h, at, false, out))
		return true;
	h->damaged++;
	return false;
}

bool regf_deleted_key(struct regf *h, uint32_t at, struct regf_key *out)
{
	return read_key(h, at, true, out);
}

bool regf_root(struct regf *h, struct regf_key *out)
{
	return regf_key_at(h, h->root, out);
}

/* Offsets of a list cell, each `step` bytes from the next. An index of lists has step 0. */
static struct span list_at(struct regf *h, uint32_t at, bool or_free, uint8_t *step_out, bool *is_index)
{
	struct cursor c = cursor_of(regf_cell(h, at, or_free));
	struct span kind = cursor_take(&c, 2), items;
	uint16_t count = cursor_u16le(&c);
	bool pairs = span_eq(kind, SPAN("lf")) || span_eq(kind, SPAN("lh"));

	*is_index = span_eq(kind, SPAN("ri"));
	*step_out = pairs ? 8 : 4;
	items = span_sub(span_from(c.in, 4), 0, (size_t)count * *step_out);
	if (c.short_read || (!pairs && !*is_index && !span_eq(kind, SPAN("li"))) ||
	    items.len < (size_t)count * *step_out)
		h->damaged += !or_free;
	return pairs || *is_index || span_eq(kind, SPAN("li")) ? items : (struct span){ 0 };
}

struct regf_keys regf_keys_of(const struct regf_key *key)
{
	struct regf_keys it = { .hive = key->hive, .or_free = key->is_deleted, .outer_step = 4 };
	struct span list;
	bool is_index;

	it.left = key->hive->bins.len / SMALLEST_KEY + 1;
	if (!key->key_count || key->key_list == REGF_NONE)
		return it;
	list = list_at(key->hive, key->key_list, key->is_deleted, &it.inner_step, &is_index);
	*(is_index ? &it.outer : &it.inner) = list;
	return it;
}

static bool take_offset(struct span *list, uint8_t step_size, uint32_t *out)
{
	if (list->len < step_size || !step_size)
		return false;
	*out = load_u32le(list->at);
	*list = span_from(*list, step_size);
	return true;
}

/* Lists of lists are one deep: an index inside an index is damage. */
static bool next_inner(struct regf_keys *it)
{
	uint32_t at;
	bool is_index;

	while (it->left && take_offset(&it->outer, it->outer_step, &at)) {
		it->left--;
		if (!step(it->hive))
			return false;
		it->inner = list_at(it->hive, at, it->or_free, &it->inner_step, &is_index);
		if (!is_index && it->inner.len)
			return true;
		it->hive->damaged += is_index;
	}
	return false;
}

bool regf_keys_next(struct regf_keys *it, struct regf_key *out)
{
	uint32_t at;

	for (; it->left; it->left--) {
		if (!take_offset(&it->inner, it->inner_step, &at)) {
			if (!next_inner(it))
				return false;
			continue;
		}
		if (!step(it->hive))
			return false;
		if (read_key(it->hive, at, it->or_free, out)) {
			it->left--;
			return true;
		}
		it->hive->damaged += !it->or_free;
	}
	return false;
}

struct regf_values regf_values_of(const struct regf_key *key)
{
	struct regf_values it = { .hive = key->hive, .or_free = key->is_deleted,
				  .left = key->value_count };

	if (!key->value_count || key->value_list == REGF_NONE)
		it.left = 0;
	else
		it.list = regf_cell(key->hive, key->value_list, key->is_deleted);
	if (it.left && it.list.len / 4 < it.left) {
		key->hive->damaged += !it.or_free;
		it.left = (uint32_t)(it.list.len / 4);
	}
	return it;
}

/* Segments of a "db" cell, put together in the hive's arena. */
static struct span big_data(struct regf *h, struct span cell, size_t size, bool or_free)
{
	struct cursor c = cursor_of(span_from(cell, 2)), list;
	uint16_t count = cursor_u16le(&c);
	uint8_t *to;
	size_t len = 0;

	list = cursor_of(regf_cell(h, cursor_u32le(&c), or_free));
	if (size > REGF_MAX_VALUE || size > h->bins.len || (size + SEGMENT - 1) / SEGMENT > count)
		return (struct span){ 0 };
	to = arena_alloc(h->arena, size);
	while (to && len < size && step(h)) {
		struct span part = span_sub(regf_cell(h, cursor_u32le(&list), or_free), 0, SEGMENT);

		part = span_sub(part, 0, size - len);
		if (list.short_read || !part.len)
			break;
		memcpy(to + len, part.at, part.len);
		len += part.len;
	}
	return span_of(to, to ? len : 0);
}

static struct span value_data(struct regf *h, struct cursor *c, uint32_t size, bool or_free)
{
	struct span in_place = span_sub(cursor_take(c, 4), 0, size & ~INLINE_DATA);
	struct span cell;

	if (size & INLINE_DATA || !size || c->short_read)
		return in_place;
	cell = regf_cell(h, load_u32le(c->in.at + c->at - 4), or_free);
	if (size > SEGMENT && h->minor > 3 && span_starts(cell, SPAN("db")))
		return big_data(h, cell, size, or_free);
	return span_sub(cell, 0, size);
}

static bool read_value(struct regf *h, uint32_t at, bool or_free, struct regf_value *out)
{
	struct cursor c = cursor_of(regf_cell(h, at, or_free));
	struct regf_value v = { .at = at };
	uint16_t name_len, flags;
	uint32_t size;

	if (!span_eq(cursor_take(&c, 2), SPAN("vk")))
		return false;
	name_len = cursor_u16le(&c);
	size = cursor_u32le(&c);
	v.size = size & ~INLINE_DATA;
	v.data = value_data(h, &c, size, or_free);
	v.type = cursor_u32le(&c);
	flags = cursor_u16le(&c);
	cursor_skip(&c, 2);
	v.name = (struct regf_name){ cursor_take(&c, name_len), !(flags & 1) };
	if (c.short_read)
		return false;
	h->damaged += !or_free && v.data.len < v.size;
	*out = v;
	return true;
}

bool regf_deleted_value(struct regf *h, uint32_t at, struct regf_value *out)
{
	return read_value(h, at, true, out);
}

bool regf_values_next(struct regf_values *it, struct regf_value *out)
{
	uint32_t at;

	while (it->left && take_offset(&it->list, 4, &at)) {
		it->left--;
		if (!step(it->hive))
			return false;
		if (read_value(it->hive, at, it->or_free, out))
			return true;
		it->hive->damaged += !it->or_free;
	}
	return false;
}

/* The header is trusted as far as it leads to a root key; else the first bin's first key is it. */
static bool find_root(struct regf *h, uint32_t said)
{
	struct regf_key key;
	const uint32_t usual = 32;

	h->root = said;
	if (read_key(h, said, false, &key))
		return true;
	h->root = usual;
	return read_key(h, usual, false, &key);
}

bool regf_open(struct regf *out, struct span bytes, const struct span *logs, size_t log_count,
	       struct arena *arena, struct err *err)
{
	struct cursor c = cursor_of(bytes);
	struct span base = span_sub(bytes, 0, REGF_BASE_BLOCK);
	uint32_t first, second, major, root;

	*out = (struct regf){ .arena = arena };
	if (!span_eq(cursor_take(&c, 4), SPAN("regf")) || bytes.len < REGF_BASE_BLOCK)
		return err_set(err, ERR_UNSUPPORTED, 0, "no hive header");
	first = cursor_u32le(&c);
	second = cursor_u32le(&c);
	out->written = timestamp_of_filetime(cursor_u64le(&c));
	major = cursor_u32le(&c);
	out->minor = cursor_u32le(&c);
	if (major != 1 || out->minor < 3 || cursor_u32le(&c) != 0)
		return err_set(err, ERR_UNSUPPORTED, 20, "hive version %u.%u, or a log alone", major, out->minor);
	cursor_skip(&c, 4);
	root = cursor_u32le(&c);
	cursor_skip(&c, 8);
	out->name = cursor_take(&c, 64);
	out->is_base_damaged = load_u32le(base.at + 508) != regf_checksum(base);
	out->is_dirty = first != second || out->is_base_damaged;
	out->bins = span_from(bytes, REGF_BASE_BLOCK);
	out->work = bytes.len / 2 + (UINT64_C(1) << 20);
	if (out->is_dirty && !regf_replay(out, second, logs, log_count, err))
		return false;
	if (!find_root(out, root))
		return err_set(err, ERR_CORRUPT, 36, "no root key at offset %u", root);
	return true;
}

/* As Windows does it for Latin, Greek and Cyrillic; other letters must be the same. */
static uint32_t fold(uint32_t c)
{
	if ((c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7) || (c >= 0x391 && c <= 0x3a9) ||
	    (c >= 0x410 && c <= 0x42f))
		return c + 32;
	return c >= 0x400 && c <= 0x40f ? c + 80 : c;
}

/* One unit of the name at `at`; false: it ends there. */
static bool unit_at(struct regf_name name, size_t at, uint32_t *out)
{
	size_t width = name.is_wide ? 2 : 1;

	if (name.raw.len / width <= at)
		return false;
	*out = name.is_wide ? load_u16le(name.raw.at + at * 2) : name.raw.at[at];
	return true;
}

bool regf_name_is(struct regf_name name, struct span text)
{
	uint32_t code, unit, low;
	size_t at = 0;

	for (; text.len; at++) {
		size_t used = utf8_next(text, &code);

		if (!used) {
			code = text.at[0];
			used = 1;
		}
		text = span_from(text, used);
		if (!unit_at(name, at, &unit))
			return false;
		if (code > 0xffff && (unit != 0xd7c0 + (code >> 10) || !unit_at(name, ++at, &low) ||
				      low != (0xdc00 | (code & 0x3ff))))
			return false;
		/* What is no text at all was made U+FFFD when it was read. */
		if (code <= 0xffff && fold(unit) != fold(code) && !(code == 0xfffd && unit >> 11 == 0x1b))
			return false;
	}
	return !unit_at(name, at, &unit);
}

bool regf_find(const struct regf_key *key, struct span path, struct regf_key *out)
{
	struct regf_key at = *key, child;

	while (path.len) {
		struct span part = span_split(&path, '\\');
		struct regf_keys it = regf_keys_of(&at);
		bool found = false;

		while (!found && regf_keys_next(&it, &child))
			found = regf_name_is(child.name, part);
		if (!found)
			return false;
		at = child;
	}
	*out = at;
	return true;
}

bool regf_value(const struct regf_key *key, struct span name, struct regf_value *out)
{
	struct regf_values it = regf_values_of(key);

	while (regf_values_next(&it, out))
		if (regf_name_is(out->name, name))
			return true;
	return false;
}

struct span regf_class(const struct regf_key *key)
{
	if (!key->class_len || key->class_at == REGF_NONE)
		return (struct span){ 0 };
	return span_sub(regf_cell(key->hive, key->class_at, key->is_deleted), 0, key->class_len);
}
