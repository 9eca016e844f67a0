#include "formats/prefetch/prefetch.h"

#include "base/utf8.h"
#include "codec/xpress.h"

#define HEADER_SIZE 84
#define NAME_BYTES 60
#define MAM_HUFFMAN 4
#define MAM_HAS_CHECKSUM 0x80
#define SHORT_INFO 296		/* where metrics begin if the information is eight bytes shorter */

/* What differs between versions; offsets into the file. */
struct layout {
	uint32_t version, runs, run_times, run_count, volume_size;
};

static const struct layout layouts[] = {
	{ 17, 120, 1, 144, 40 },
	{ 23, 128, 1, 152, 104 },
	{ 26, 128, PREFETCH_RUNS, 208, 104 },
	{ 30, 128, PREFETCH_RUNS, 208, 96 },
	{ 31, 128, PREFETCH_RUNS, 208, 96 },
};

/* UTF-16 up to a NUL, which must be there unless `bytes` ends. */
static struct span wide(struct span bytes, struct arena *arena)
{
	size_t end = 0;
	uint8_t *to;

	while (end + 1 < bytes.len && (bytes.at[end] || bytes.at[end + 1]))
		end += 2;
	to = arena_alloc(arena, end / 2 * 3 + 1);
	return to ? span_of(to, utf8_of_utf16le(to, span_sub(bytes, 0, end))) : (struct span){ 0 };
}

static bool unpack(struct span *file, struct arena *arena, struct err *err)
{
	struct cursor c = cursor_of(*file);
	uint32_t size;
	uint8_t how;

	cursor_skip(&c, 3);
	how = cursor_u8(&c);
	size = cursor_u32le(&c);
	if (how & MAM_HAS_CHECKSUM)
		cursor_skip(&c, 4);
	if (c.short_read)
		return err_set(err, ERR_CORRUPT, 0, "head of compressed prefetch cut short");
	if ((how & ~MAM_HAS_CHECKSUM) != MAM_HUFFMAN)
		return err_set(err, ERR_UNSUPPORTED, 3, "compression %u", how);
	if (size > PREFETCH_MAX_SIZE)
		return err_set(err, ERR_LIMIT, 4, "%u bytes unpacked are more than a prefetch file has", size);
	return xpress_huffman(span_from(*file, c.at), size, arena, file, err);
}

static void read_files(struct span names, struct arena *arena, struct prefetch *out)
{
	size_t room = 0;

	while (names.len >= 2 && out->file_count < PREFETCH_MAX_FILES) {
		size_t end = 0;
		struct span *to;

		while (end + 1 < names.len && (names.at[end] || names.at[end + 1]))
			end += 2;
		if (end) {
			to = arena_push(arena, (void **)&out->files, &out->file_count, &room, sizeof *to);
			if (!to)
				break;
			*to = wide(span_sub(names, 0, end), arena);
		}
		names = span_from(names, end + 2);
	}
	out->whole &= names.len < 2;
}

static void read_volumes(struct span section, size_t count, size_t size, struct arena *arena,
			 struct prefetch *out)
{
	if (count > PREFETCH_MAX_VOLUMES || count * size > section.len) {
		out->whole = false;
		count = section.len / size < PREFETCH_MAX_VOLUMES ? section.len / size : PREFETCH_MAX_VOLUMES;
	}
	out->volumes = ARENA_ARRAY(arena, count ? count : 1, struct prefetch_volume);
	for (size_t i = 0; i < count && out->volumes; i++) {
		struct cursor c = cursor_of(span_sub(section, i * size, size));
		struct prefetch_volume *v = &out->volumes[out->volume_count++];
		size_t name = cursor_u32le(&c), chars = cursor_u32le(&c);

		v->device = wide(span_sub(section, name, chars * 2), arena);
		v->created = timestamp_of_filetime(cursor_u64le(&c));
		v->serial = cursor_u32le(&c);
	}
}

static void read_runs(struct span file, const struct layout *l, bool is_short, struct prefetch *out)
{
	struct cursor c = cursor_of(file);

	for (size_t i = 0; i < PREFETCH_RUNS; i++)
		out->runs[i] = TIME_NONE;
	cursor_seek(&c, l->runs);
	for (size_t i = 0; i < l->run_times; i++)
		out->runs[i] = timestamp_of_filetime(cursor_u64le(&c));
	cursor_seek(&c, l->run_count - (is_short ? 8 : 0));
	out->run_count = cursor_u32le(&c);
	out->whole &= !c.short_read;
}

/* Behind the run count of the shorter form: where a path or package stands, and its characters. */
static void read_package(struct span file, struct arena *arena, struct prefetch *out)
{
	struct cursor c = cursor_of(file);
	uint32_t offset, chars;

	cursor_seek(&c, 212);
	offset = cursor_u32le(&c);
	chars = cursor_u32le(&c);
	if (!c.short_read && offset && chars < 4096)
		out->package = wide(span_sub(file, offset, (size_t)chars * 2), arena);
}

static const struct layout *layout_of(uint32_t version)
{
	for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
		if (layouts[i].version == version)
			return &layouts[i];
	return NULL;
}

bool prefetch_parse(struct span file, struct arena *arena, struct prefetch *out, struct err *err)
{
	const struct layout *l;
	struct cursor c;
	uint32_t metrics, names, names_size, volumes, volume_count, volumes_size;

	*out = (struct prefetch){ .whole = true };
	if (span_starts(file, SPAN("MAM")) && !unpack(&file, arena, err))
		return false;
	c = cursor_of(file);
	out->version = cursor_u32le(&c);
	if (!span_eq(cursor_take(&c, 4), SPAN("SCCA")))
		return err_set(err, ERR_UNSUPPORTED, 4, "no prefetch signature");
	l = layout_of(out->version);
	if (!l)
		return err_set(err, ERR_CORRUPT, 0, "version %u of prefetch is not known", out->version);
	cursor_skip(&c, 8);
	out->name = wide(cursor_take(&c, NAME_BYTES), arena);
	out->hash = cursor_u32le(&c);
	cursor_seek(&c, HEADER_SIZE);
	metrics = cursor_u32le(&c);
	cursor_skip(&c, 12);
	names = cursor_u32le(&c);
	names_size = cursor_u32le(&c);
	volumes = cursor_u32le(&c);
	volume_count = cursor_u32le(&c);
	volumes_size = cursor_u32le(&c);
	if (c.short_read)
		return err_set(err, ERR_CORRUPT, file.len, "prefetch header cut short");
	read_runs(file, l, out->version >= 30 && metrics == SHORT_INFO, out);
	if (metrics == SHORT_INFO)
		read_package(file, arena, out);
	out->whole &= names <= file.len && names_size <= file.len - names;
	read_files(span_sub(file, names, names_size), arena, out);
	read_volumes(span_sub(file, volumes, volumes_size), volume_count, l->volume_size, arena, out);
	return true;
}

struct span prefetch_program(const struct prefetch *p)
{
	for (size_t i = 0; i < p->file_count && p->name.len; i++) {
		struct span file = p->files[i];
		size_t at = file.len;

		while (at && file.at[at - 1] != '\\')
			at--;
		/* The name in the head is cut at 29 characters. */
		if (span_eq_nocase(span_sub(span_from(file, at), 0, p->name.len), p->name) &&
		    (file.len - at == p->name.len || p->name.len >= NAME_BYTES / 2 - 1))
			return file;
	}
	return (struct span){ 0 };
}
