/*
 * hive: registry hives from text, for tests. A line "[path]" opens a key (its
 * parents come by themselves, in any order), "name=type:data" adds a value: sz, expand,
 * multi (parts separated by '|'), dword, qword (decimal or 0x…), hex. "@" is the
 * default value, "{seconds}" behind a path the last write (else 1600000000). All is UTF-8;
 * names beyond ASCII are kept in UTF-16, as Windows does. The byte 1 stands for a NUL.
 */
#ifndef KANSHIKI_TESTS_HIVE_H
#define KANSHIKI_TESTS_HIVE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "formats/regf/regf_log.h"

struct hive_value {
	struct span name, data;
	uint32_t type;
	struct hive_value *next;
};

struct hive_key {
	struct span name;
	uint64_t seconds;
	struct hive_key *children, *next;
	struct hive_value *values;
	uint32_t at;
};

static inline void hive_put_wide(struct buf *b, struct span text, bool is_list)
{
	while (text.len) {
		uint32_t code = text.at[0];
		size_t used = utf8_next(text, &code);

		text = span_from(text, used ? used : 1);
		if (code > 0xffff)
			buf_add_u16le(b, (uint16_t)(0xd7c0 + (code >> 10)));
		buf_add_u16le(b, code > 0xffff ? 0xdc00 | (code & 0x3ff)
				 : code == 1 || (is_list && code == '|') ? 0 : (uint16_t)code);
	}
}

static inline struct span hive_wide(struct arena *arena, struct span text, bool is_list)
{
	struct buf b = buf_new(1 << 20);
	struct span copy;

	hive_put_wide(&b, text, is_list);
	buf_add_u16le(&b, 0);
	copy = arena_copy(arena, buf_span(&b));
	buf_free(&b);
	return copy;
}

static inline struct span hive_hex(struct arena *arena, struct span text)
{
	uint8_t *to = arena_alloc(arena, text.len / 2 + 1);

	for (size_t i = 0; i + 1 < text.len; i += 2) {
		uint64_t byte = 0;
		uint8_t digits[4] = { '0', 'x', text.at[i], text.at[i + 1] };

		span_to_u64(span_of(digits, 4), &byte);
		to[i / 2] = (uint8_t)byte;
	}
	return span_of(to, text.len / 2);
}

static inline void hive_number(struct arena *arena, struct hive_value *v, struct span text, size_t len)
{
	uint8_t *to = arena_alloc(arena, 8);
	uint64_t n = 0;

	span_to_u64(text, &n);
	for (size_t i = 0; i < len; i++)
		to[i] = (uint8_t)(n >> (8 * i));
	v->data = span_of(to, len);
}

static inline void hive_add_value(struct arena *arena, struct hive_key *key, struct span line)
{
	struct hive_value *v = ARENA_NEW(arena, struct hive_value), **end = &key->values;
	struct span name = span_split(&line, '='), type = span_split(&line, ':');

	v->name = span_eq(name, SPAN("@")) ? (struct span){ 0 } : name;
	v->type = span_eq(type, SPAN("expand")) ? REGF_EXPAND_SZ : span_eq(type, SPAN("multi")) ? REGF_MULTI_SZ
		: span_eq(type, SPAN("dword")) ? REGF_DWORD : span_eq(type, SPAN("qword")) ? REGF_QWORD
		: span_eq(type, SPAN("hex")) ? REGF_BINARY : REGF_SZ;
	if (v->type == REGF_BINARY)
		v->data = hive_hex(arena, line);
	else if (v->type == REGF_DWORD || v->type == REGF_QWORD)
		hive_number(arena, v, line, v->type == REGF_DWORD ? 4 : 8);
	else
		v->data = hive_wide(arena, line, v->type == REGF_MULTI_SZ);
	while (*end)
		end = &(*end)->next;
	*end = v;
}

static inline struct hive_key *hive_child(struct arena *arena, struct hive_key *parent, struct span name)
{
	struct hive_key **at = &parent->children;

	while (*at && !span_eq((*at)->name, name))
		at = &(*at)->next;
	if (!*at) {
		*at = ARENA_NEW(arena, struct hive_key);
		(*at)->name = name;
		(*at)->seconds = 1600000000;
	}
	return *at;
}

/* Starts a cell of `len` bytes of content; answers its offset. */
static inline uint32_t hive_cell(struct buf *b, size_t len)
{
	uint32_t at = (uint32_t)b->len, size = (uint32_t)((len + 4 + 7) & ~(size_t)7);

	buf_add_u32le(b, (uint32_t)-(int32_t)size);
	memset(buf_reserve(b, size - 4), 0, size - 4);
	b->len = at + 4;
	return at;
}

static inline void hive_cell_end(struct buf *b, uint32_t at)
{
	b->len = at + (uint32_t)-(int32_t)load_u32le(b->at + at);
}

/* As a name is kept: in a byte a character where it can be. */
static inline struct buf hive_name(struct span name, bool *is_narrow)
{
	struct buf b = buf_new(1 << 17);

	*is_narrow = true;
	for (size_t i = 0; i < name.len; i++)
		*is_narrow &= name.at[i] < 0x80;
	if (!*is_narrow)
		hive_put_wide(&b, name, false);
	for (size_t i = 0; *is_narrow && i < name.len; i++)
		buf_add_u8(&b, name.at[i] == 1 ? 0 : name.at[i]);
	return b;
}

static inline uint32_t hive_put_value(struct buf *b, const struct hive_value *v)
{
	uint32_t data = 0, at;
	bool in_place = v->data.len <= 4, is_narrow;
	struct buf name = hive_name(v->name, &is_narrow);

	if (!in_place) {
		data = hive_cell(b, v->data.len);
		buf_add(b, v->data);
		hive_cell_end(b, data);
	}
	at = hive_cell(b, 20 + name.len);
	buf_text(b, "vk");
	buf_add_u16le(b, (uint16_t)name.len);
	buf_add_u32le(b, (uint32_t)v->data.len | (in_place ? UINT32_C(1) << 31 : 0));
	if (in_place)
		for (size_t i = 0; i < 4; i++)
			buf_add_u8(b, i < v->data.len ? v->data.at[i] : 0);
	else
		buf_add_u32le(b, data);
	buf_add_u32le(b, v->type);
	buf_add_u32le(b, is_narrow);
	buf_add(b, buf_span(&name));
	buf_free(&name);
	hive_cell_end(b, at);
	return at;
}

static inline uint32_t hive_put_values(struct buf *b, const struct hive_key *key, uint32_t *count)
{
	uint32_t at[256], list;

	*count = 0;
	for (const struct hive_value *v = key->values; v && *count < 256; v = v->next)
		at[(*count)++] = hive_put_value(b, v);
	if (!*count)
		return REGF_NONE;
	list = hive_cell(b, *count * 4u);
	for (uint32_t i = 0; i < *count; i++)
		buf_add_u32le(b, at[i]);
	hive_cell_end(b, list);
	return list;
}

/* Keys first, children after their parents; `parent` is right because parents are placed first. */
static inline void hive_put_key(struct buf *b, struct hive_key *key, uint32_t parent, bool is_root)
{
	uint32_t count = 0, value_count, values = hive_put_values(b, key, &value_count), list, at;
	bool is_narrow;
	struct buf name = hive_name(key->name, &is_narrow);

	key->at = at = hive_cell(b, 76 + name.len);
	buf_text(b, "nk");
	buf_add_u16le(b, (is_root ? 0xc : 0) | (is_narrow ? 0x20 : 0));
	buf_add_u64le(b, (key->seconds + UINT64_C(11644473600)) * 10000000);
	buf_add_u32le(b, 0);
	buf_add_u32le(b, parent);
	b->len += 16;
	buf_add_u32le(b, value_count);
	buf_add_u32le(b, values);
	buf_add_u32le(b, REGF_NONE);
	buf_add_u32le(b, REGF_NONE);
	b->len += 20;
	buf_add_u16le(b, (uint16_t)name.len);
	buf_add_u16le(b, 0);
	buf_add(b, buf_span(&name));
	buf_free(&name);
	hive_cell_end(b, at);
	for (struct hive_key *k = key->children; k; k = k->next, count++)
		hive_put_key(b, k, at, false);
	list = hive_cell(b, 4 + count * 8u);
	buf_text(b, "lh");
	buf_add_u16le(b, (uint16_t)count);
	for (struct hive_key *k = key->children; k; k = k->next) {
		buf_add_u32le(b, k->at);
		buf_add_u32le(b, 0);
	}
	hive_cell_end(b, list);
	memcpy(b->at + at + 24, &count, 4);
	memcpy(b->at + at + 32, &list, 4);
}

static inline void hive_put_base(uint8_t *base, uint32_t root, uint32_t bins)
{
	const uint32_t one = 1, five = 5;
	uint32_t sum;

	memset(base, 0, REGF_BASE_BLOCK);
	memcpy(base, "regf", 4);
	memcpy(base + 4, &one, 4);
	memcpy(base + 8, &one, 4);
	memcpy(base + 20, &one, 4);
	memcpy(base + 24, &five, 4);
	memcpy(base + 32, &one, 4);
	memcpy(base + 36, &root, 4);
	memcpy(base + 40, &bins, 4);
	sum = regf_checksum(span_of(base, REGF_BASE_BLOCK));
	memcpy(base + 508, &sum, 4);
}

/* Pads the bins with one free cell to whole pages. */
static inline struct span hive_finish(struct buf *b, struct hive_key *root, struct arena *arena)
{
	size_t free_at = b->len, whole = (b->len + 8 + 4095) & ~(size_t)4095;
	uint32_t free_size = (uint32_t)(whole - free_at), bins = (uint32_t)whole;
	uint8_t *to = arena_alloc(arena, REGF_BASE_BLOCK + whole);

	memcpy(b->at + 8, &bins, 4);
	hive_put_base(to, root->at, bins);
	memcpy(to + REGF_BASE_BLOCK, b->at, b->len);
	memcpy(to + REGF_BASE_BLOCK + free_at, &free_size, 4);
	buf_free(b);
	return span_of(to, REGF_BASE_BLOCK + whole);
}

static inline struct hive_key *hive_open_key(struct arena *arena, struct hive_key *root, struct span line)
{
	struct span path = span_sub(line, 1, span_find_byte(line, 0, ']') - 1), rest = span_from(line, path.len + 2);
	struct hive_key *key = root;

	while (path.len)
		key = hive_child(arena, key, span_split(&path, '\\'));
	if (rest.len > 2)
		span_to_u64(span_sub(rest, 1, rest.len - 2), &key->seconds);
	return key;
}

static inline struct span hive_of(const char *text, struct arena *arena)
{
	struct hive_key root = { .name = SPAN("ROOT"), .seconds = 1600000000 }, *key = &root;
	struct span rest = span_text(text);
	struct buf b = buf_new(16 << 20);

	while (rest.len) {
		struct span line = span_split(&rest, '\n');

		if (line.len && line.at[0] == '[')
			key = hive_open_key(arena, &root, line);
		else if (line.len)
			hive_add_value(arena, key, line);
	}
	buf_text(&b, "hbin");
	memset(buf_reserve(&b, 28), 0, 28);
	b.len += 28;
	hive_put_key(&b, &root, REGF_NONE, true);
	return hive_finish(&b, &root, arena);
}

#endif
