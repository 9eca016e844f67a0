#include "formats/ole/ole.h"

#include "base/utf8.h"

#define HEADER_SIZE 512
#define HEADER_TABLE_SECTORS 109
#define ENTRY_SIZE 128
#define LAST_REAL_SECTOR UINT32_C(0xfffffff9)

/* Sector `n`, which the 512 or 4096 bytes of the header stand before. */
static struct span sector(const struct ole *o, uint32_t n)
{
	struct span s = { 0 };

	if (n <= LAST_REAL_SECTOR && ((uint64_t)n + 1) * o->sector_size < o->file.len)
		s = span_sub(o->file, ((size_t)n + 1) * o->sector_size, o->sector_size);
	return s;
}

/* Follows the chain from `start`; at most `size` bytes, and as many sectors as there are. */
static bool read_chain(const struct ole *o, uint32_t start, size_t size, struct span *out)
{
	uint8_t *to;
	size_t len = 0, most = o->file.len / o->sector_size;

	if (size > most * o->sector_size)
		size = most * o->sector_size;
	to = arena_alloc(o->arena, size + 1);
	while (to && len < size) {
		struct span s = sector(o, start);

		if (!s.len || start >= o->table_count)
			break;
		s = span_sub(s, 0, size - len);
		memcpy(to + len, s.at, s.len);
		len += s.len;
		start = o->table[start];
	}
	*out = span_of(to, len);
	return to && len == size;
}

static void add_table_sector(struct ole *o, uint32_t n)
{
	struct span s = sector(o, n);

	for (size_t i = 0; i + 4 <= s.len; i += 4)
		o->table[o->table_count++] = load_u32le(s.at + i);
}

/* The table's own sectors: 109 in the header, the rest in a chain of their own. */
static bool read_table(struct ole *o, uint32_t next, uint32_t count, struct err *err)
{
	size_t most = o->file.len / o->sector_size + 1, per_sector = o->sector_size / 4;
	struct cursor c = cursor_of(span_sub(o->file, 0, HEADER_SIZE));

	if (count > most)
		return err_set(err, ERR_CORRUPT, 44, "%u table sectors in a file of %zu", count, most);
	o->table = ARENA_ARRAY(o->arena, (size_t)count * per_sector + 1, uint32_t);
	if (!o->table)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "no memory for the table");
	cursor_seek(&c, 76);
	for (size_t i = 0; i < HEADER_TABLE_SECTORS && i < count; i++)
		add_table_sector(o, cursor_u32le(&c));
	for (size_t done = HEADER_TABLE_SECTORS, steps = 0; done < count && steps < most; steps++) {
		struct span s = sector(o, next);

		if (s.len < o->sector_size)
			break;
		for (size_t i = 0; i + 1 < per_sector && done < count; i++, done++)
			add_table_sector(o, load_u32le(s.at + 4 * i));
		next = load_u32le(s.at + 4 * (per_sector - 1));
	}
	return true;
}

static void read_entry(struct ole *o, struct span bytes)
{
	struct ole_entry *e = &o->entries[o->entry_count];
	struct cursor c = cursor_of(bytes);
	struct span name = cursor_take(&c, 64);
	uint16_t size = cursor_u16le(&c);
	uint8_t *to = arena_alloc(o->arena, 100);

	e->type = cursor_u8(&c);
	cursor_seek(&c, 116);
	e->start = cursor_u32le(&c);
	e->size = cursor_u64le(&c);
	if (o->sector_size == 512)
		e->size &= UINT32_MAX;
	if (c.short_read || !e->type || size < 2 || size > 64 || !to)
		return;
	e->name = span_of(to, utf8_of_utf16le(to, span_sub(name, 0, size - 2u)));
	o->entry_count++;
}

static bool read_directory(struct ole *o, uint32_t start, struct err *err)
{
	struct span bytes;

	read_chain(o, start, (size_t)OLE_MAX_ENTRIES * ENTRY_SIZE, &bytes);
	o->entries = ARENA_ARRAY(o->arena, bytes.len / ENTRY_SIZE + 1, struct ole_entry);
	for (size_t i = 0; o->entries && i + ENTRY_SIZE <= bytes.len; i += ENTRY_SIZE)
		read_entry(o, span_sub(bytes, i, ENTRY_SIZE));
	return o->entry_count || err_set(err, ERR_CORRUPT, 48, "no entry in the directory");
}

static void read_mini(struct ole *o, uint32_t start, uint32_t count)
{
	struct span table;

	if (o->entries[0].size <= OLE_MAX_STREAM)
		read_chain(o, o->entries[0].start, (size_t)o->entries[0].size, &o->mini);
	if (count > o->file.len / o->sector_size)
		return;
	read_chain(o, start, (size_t)count * o->sector_size, &table);
	o->mini_table = ARENA_ARRAY(o->arena, table.len / 4 + 1, uint32_t);
	for (size_t i = 0; o->mini_table && i + 4 <= table.len; i += 4)
		o->mini_table[o->mini_count++] = load_u32le(table.at + i);
}

bool ole_open(struct span file, struct arena *arena, struct ole *out, struct err *err)
{
	struct cursor c = cursor_of(file);
	uint32_t sector_shift, mini_shift, table_count, directory, mini_start, mini_count, next;

	*out = (struct ole){ .file = file, .arena = arena };
	if (!span_starts(file, SPAN("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")))
		return err_set(err, ERR_UNSUPPORTED, 0, "no compound file");
	cursor_seek(&c, 30);
	sector_shift = cursor_u16le(&c);
	mini_shift = cursor_u16le(&c);
	cursor_seek(&c, 44);
	table_count = cursor_u32le(&c);
	directory = cursor_u32le(&c);
	cursor_skip(&c, 4);
	out->mini_cutoff = cursor_u32le(&c);
	mini_start = cursor_u32le(&c);
	mini_count = cursor_u32le(&c);
	next = cursor_u32le(&c);
	if (c.short_read || (sector_shift != 9 && sector_shift != 12) || mini_shift != 6)
		return err_set(err, ERR_CORRUPT, 30, "header of the compound file is damaged");
	out->sector_size = UINT32_C(1) << sector_shift;
	out->mini_size = UINT32_C(1) << mini_shift;
	if (!read_table(out, next, table_count, err) || !read_directory(out, directory, err))
		return false;
	read_mini(out, mini_start, mini_count);
	return true;
}

bool ole_read(const struct ole *o, const struct ole_entry *entry, struct span *out)
{
	uint32_t at = entry->start;
	uint8_t *to;
	size_t len = 0;

	*out = (struct span){ 0 };
	if (entry->size > OLE_MAX_STREAM)
		return false;
	if (entry->size >= o->mini_cutoff)
		return read_chain(o, at, (size_t)entry->size, out);
	to = arena_alloc(o->arena, (size_t)entry->size + 1);
	while (to && len < entry->size) {
		struct span s = span_sub(o->mini, (size_t)at * o->mini_size, o->mini_size);

		s = span_sub(s, 0, (size_t)entry->size - len);
		if (!s.len || at >= o->mini_count)
			break;
		memcpy(to + len, s.at, s.len);
		len += s.len;
		at = o->mini_table[at];
	}
	*out = span_of(to, len);
	return to && len == entry->size;
}

const struct ole_entry *ole_find(const struct ole *o, const char *name)
{
	for (size_t i = 0; i < o->entry_count; i++)
		if (span_eq_nocase(o->entries[i].name, span_text(name)))
			return &o->entries[i];
	return NULL;
}
