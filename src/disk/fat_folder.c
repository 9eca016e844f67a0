#include "disk/fat_folder.h"

#include "base/utf8.h"

#define ENTRY 32
#define DELETED 0xe5
#define LONG_NAME 0x0f
#define LABEL 0x08
#define FOLDER 0x10
#define LONG_UNITS 13
/* Of exFAT. */
#define IN_USE 0x80
#define FILE_ENTRY 0x85
#define STREAM_ENTRY 0xc0
#define NAME_ENTRY 0xc1
#define SECONDARIES_MOST 18
#define NO_CHAIN 2

struct fat_folder fat_folder_of(const struct fat *f, struct span bytes)
{
	return (struct fat_folder){ .f = f, .bytes = bytes };
}

static bool is_place(const struct fat *f, uint32_t cluster)
{
	return !cluster || (cluster >= 2 && cluster <= f->last);
}

/* ---- FAT ---- */

static uint32_t first_of(const struct fat *f, const uint8_t *e)
{
	return load_u16le(e + 26) | (f->bits == 32 ? (uint32_t)load_u16le(e + 20) << 16 : 0);
}

static bool is_short_name(const uint8_t *e)
{
	for (size_t i = 0; i < 11; i++)
		if ((e[i] < 0x20 && !(i == 0 && e[i] == 5)) || (e[i] < 0x80 && strchr("\"*+,/:;<=>?[\\]|", e[i])))
			return false;
	return e[0] != ' ';
}

static bool makes_sense(const struct fat *f, const uint8_t *e)
{
	if (e[11] == LONG_NAME)
		return !e[12] && !load_u16le(e + 26) && (e[0] & 0x3f) >= 1 && (e[0] & 0x3f) <= FAT_NAME_UNITS / LONG_UNITS;
	if (e[11] & 0xc0 || !is_short_name(e))
		return false;
	return e[11] & LABEL || is_place(f, first_of(f, e));
}

static uint8_t sum_of(const uint8_t *name)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < 11; i++)
		sum = (uint8_t)((sum << 7 | sum >> 1) + name[i]);
	return sum;
}

static void take_long(struct fat_folder *l, const uint8_t *e)
{
	size_t number = (e[0] & 0x3f) - 1u;
	uint8_t *to = l->units + number * LONG_UNITS * 2;

	if (e[0] & 0x40) {
		l->unit_count = (number + 1) * LONG_UNITS;
		l->sum = e[13];
	} else if (e[13] != l->sum) {
		l->unit_count = 0;
	}
	memcpy(to, e + 1, 10);
	memcpy(to + 10, e + 14, 12);
	memcpy(to + 22, e + 28, 4);
}

static void take_units(struct fat_entry *out, const uint8_t *units, size_t count)
{
	size_t n = 0;

	while (n < count && load_u16le(units + n * 2))
		n++;
	out->name_len = utf8_of_utf16le(out->name, span_of(units, n * 2));
}

static void take_short(struct fat_entry *out, const uint8_t *e)
{
	for (size_t i = 0; i < 11; i++) {
		bool is_small = e[12] & (i < 8 ? 8 : 16);

		if (i == 8 && e[8] != ' ')
			out->name[out->name_len++] = '.';
		if (e[i] == ' ')
			continue;
		if (e[i] >= 0x80)
			out->name_len += utf8_put(out->name + out->name_len, e[i]);
		else
			out->name[out->name_len++] = is_small && e[i] >= 'A' && e[i] <= 'Z' ? e[i] | 0x20 : e[i];
	}
}

static bool take_entry(struct fat_folder *l, const uint8_t *e, struct fat_entry *out)
{
	*out = (struct fat_entry){ .first = first_of(l->f, e), .size = load_u32le(e + 28), .is_folder = e[11] & FOLDER,
				   .is_chain = true };
	if (l->unit_count && l->sum == sum_of(e))
		take_units(out, l->units, l->unit_count);
	if (!out->name_len)
		take_short(out, e);
	l->unit_count = 0;
	return e[0] != '.' && !(e[11] & LABEL);
}

static bool next_of_fat(struct fat_folder *l, struct fat_entry *out)
{
	while (l->at + ENTRY <= l->bytes.len) {
		const uint8_t *e = l->bytes.at + l->at;
		bool is_live = e[0] && e[0] != DELETED;

		l->at += ENTRY;
		l->is_over = l->is_over || !e[0];
		/* Behind its end a folder may have what was there before; not what is in use. */
		if (!is_live)
			continue;
		if (!makes_sense(l->f, e) || l->is_over) {
			l->is_damaged = true;
			l->unit_count = 0;
			continue;
		}
		if (e[11] == LONG_NAME)
			take_long(l, e);
		else if (take_entry(l, e, out))
			return true;
	}
	return false;
}

/* ---- exFAT ---- */

static uint16_t sum_of_set(const uint8_t *e, size_t len)
{
	uint16_t sum = 0;

	for (size_t i = 0; i < len; i++)
		if (i != 2 && i != 3)
			sum = (uint16_t)((sum << 15 | sum >> 1) + e[i]);
	return sum;
}

static bool take_set(struct fat_folder *l, const uint8_t *e, size_t len, struct fat_entry *out)
{
	uint8_t units[SECONDARIES_MOST * 30];
	const uint8_t *stream = e + ENTRY;
	size_t count = 0;

	if (stream[0] != STREAM_ENTRY || !is_place(l->f, load_u32le(stream + 20)))
		return false;
	for (size_t at = ENTRY * 2; at < len && e[at] == NAME_ENTRY; at += ENTRY, count += 15)
		memcpy(units + count * 2, e + at + 2, 30);
	*out = (struct fat_entry){ .first = load_u32le(stream + 20), .size = load_u64le(stream + 24),
				   .is_folder = load_u16le(e + 4) & FOLDER, .is_chain = !(stream[1] & NO_CHAIN) };
	take_units(out, units, count < stream[3] ? count : stream[3]);
	return true;
}

static bool next_of_exfat(struct fat_folder *l, struct fat_entry *out)
{
	while (l->at + ENTRY <= l->bytes.len) {
		const uint8_t *e = l->bytes.at + l->at;
		size_t len = e[0] == FILE_ENTRY ? (1 + (size_t)e[1]) * ENTRY : ENTRY;
		bool is_set = e[0] == FILE_ENTRY && e[1] >= 2 && e[1] <= SECONDARIES_MOST && len <= l->bytes.len - l->at &&
			      sum_of_set(e, len) == load_u16le(e + 2);

		l->is_over = l->is_over || !e[0];
		l->at += is_set ? len : ENTRY;
		if (is_set && !l->is_over && take_set(l, e, len, out))
			return true;
		/* What has no checksum of its own: the bitmap, the table of capitals, label, GUID. */
		if (e[0] & IN_USE && (l->is_over || is_set || !(e[0] >= 0x81 && e[0] <= 0x83) == !(e[0] == 0xa0)))
			l->is_damaged = true;
	}
	return false;
}

/* ---- both ---- */

bool fat_folder_next(struct fat_folder *l, struct fat_entry *out)
{
	return l->f->is_exfat ? next_of_exfat(l, out) : next_of_fat(l, out);
}

bool fat_folder_has_dots(struct span bytes)
{
	return span_eq(span_sub(bytes, 0, 11), SPAN(".          ")) && span_eq(span_sub(bytes, ENTRY, 11), SPAN("..         "));
}

bool fat_folder_is_likely(const struct fat *f, struct span bytes)
{
	struct fat_folder l = fat_folder_of(f, bytes);
	struct fat_entry e;
	bool has_any = false;

	if (!f->is_exfat && fat_folder_has_dots(bytes))
		return true;
	while (!l.is_damaged && fat_folder_next(&l, &e))
		has_any = true;
	return has_any && !l.is_damaged;
}
