#include "formats/rpm/rpm.h"

#include "codec/digest.h"

#define ENTRY_SIZE 16
#define NO_TEXT ((struct span){ 0 })

enum { TYPE_CHAR = 1, TYPE_INT8 = 2, TYPE_INT16 = 3, TYPE_INT32 = 4, TYPE_STRING = 6, TYPE_BIN = 7,
       TYPE_STRINGS = 8, TYPE_TRANSLATED = 9 };

enum { TAG_REGION = 63, TAG_FILE_STATES = 1029, TAG_FILE_MODES = 1030, TAG_FILE_DIGESTS = 1035,
       TAG_FILE_LINKS = 1036, TAG_FILE_FLAGS = 1037, TAG_FOLDER_NUMBERS = 1116, TAG_NAMES = 1117,
       TAG_FOLDERS = 1118, TAG_FILE_ALGORITHM = 5011 };

struct entry {
	uint32_t tag, type, offset, count;
};

bool rpm_header_open(struct span blob, struct rpm_header *out, struct err *err)
{
	struct cursor c = cursor_of(blob);
	uint32_t entries = cursor_u32be(&c), bytes = cursor_u32be(&c);

	if (c.short_read || !entries || entries > RPM_MAX_ENTRIES || bytes > RPM_MAX_HEADER)
		return err_set(err, ERR_CORRUPT, 0, "not the header of a package");
	out->entries = cursor_take(&c, (size_t)entries * ENTRY_SIZE);
	out->data = cursor_take(&c, bytes);
	if (c.short_read)
		return err_set(err, ERR_CORRUPT, blob.len, "header of a package cut short");
	return true;
}

static struct entry entry_at(const struct rpm_header *h, size_t at)
{
	struct cursor c = cursor_of(span_sub(h->entries, at, ENTRY_SIZE));
	struct entry e = { .tag = cursor_u32be(&c), .type = cursor_u32be(&c) };

	e.offset = cursor_u32be(&c);
	e.count = cursor_u32be(&c);
	return e;
}

static bool find(const struct rpm_header *h, uint32_t tag, struct entry *out)
{
	for (size_t at = 0; at < h->entries.len; at += ENTRY_SIZE) {
		*out = entry_at(h, at);
		if (out->tag == tag)
			return true;
	}
	return false;
}

/* The bytes of an array of numbers; empty where the tag has another type. */
static struct span numbers(const struct rpm_header *h, uint32_t tag, uint32_t type, size_t size)
{
	struct entry e;

	if (!find(h, tag, &e) || e.type != type || e.count > h->data.len)
		return NO_TEXT;
	return span_sub(h->data, e.offset, e.count * size);
}

/* What follows the first of `count` texts; each ends with a NUL. */
static struct span texts(const struct rpm_header *h, uint32_t tag, size_t *count)
{
	struct entry e;

	*count = 0;
	if (!find(h, tag, &e) || (e.type != TYPE_STRINGS && e.type != TYPE_STRING && e.type != TYPE_TRANSLATED))
		return NO_TEXT;
	*count = e.type == TYPE_STRING ? 1 : e.count;
	return span_from(h->data, e.offset);
}

struct span rpm_header_text(const struct rpm_header *h, uint32_t tag)
{
	size_t count;
	struct span rest = texts(h, tag, &count);

	return count ? span_split(&rest, 0) : NO_TEXT;
}

bool rpm_header_number(const struct rpm_header *h, uint32_t tag, uint32_t *out)
{
	struct span bytes = numbers(h, tag, TYPE_INT32, 4);

	if (bytes.len < 4)
		return false;
	*out = load_u32be(bytes.at);
	return true;
}

/*
 * The region: what the package file had. Its entry comes first and points to a
 * trailer, an entry whose offset is minus the size of the region's entries; the
 * digest goes over them and the data up to the trailer, behind the magic.
 */
static bool region_of(const struct rpm_header *h, struct span *entries, struct span *data)
{
	struct entry region = entry_at(h, 0), trailer;
	struct rpm_header at_trailer = { .entries = span_sub(h->data, region.offset, ENTRY_SIZE) };
	uint32_t len;

	if (region.tag != TAG_REGION || region.type != TYPE_BIN || at_trailer.entries.len < ENTRY_SIZE)
		return false;
	trailer = entry_at(&at_trailer, 0);
	len = -trailer.offset;
	if (trailer.tag != TAG_REGION || !len || len % ENTRY_SIZE || len > h->entries.len)
		return false;
	*entries = span_sub(h->entries, 0, len);
	*data = span_sub(h->data, 0, (size_t)region.offset + ENTRY_SIZE);
	return true;
}

static void put_u32be(uint8_t *to, size_t n)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(n >> (24 - 8 * i));
}

static bool is_hex_of(struct span text, const uint8_t *bytes, size_t len)
{
	if (text.len != 2 * len)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t nibble = i % 2 ? bytes[i / 2] & 15 : bytes[i / 2] >> 4;

		if (text.at[i] != (uint8_t)"0123456789abcdef"[nibble])
			return false;
	}
	return true;
}

enum rpm_seal rpm_header_seal(const struct rpm_header *h)
{
	uint8_t head[16] = { 0x8e, 0xad, 0xe8, 1 }, got[DIGEST_MAX];
	struct span said = rpm_header_text(h, RPM_SHA256_OF_HEADER), entries, data;
	struct digest *d;
	size_t len;

	if (!said.len || !region_of(h, &entries, &data))
		return RPM_SEAL_NONE;
	d = digest_new(DIGEST_SHA256);
	if (!d)
		return RPM_SEAL_NONE;
	put_u32be(head + 8, entries.len / ENTRY_SIZE);
	put_u32be(head + 12, data.len);
	digest_add(d, span_of(head, sizeof head));
	digest_add(d, entries);
	digest_add(d, data);
	len = digest_done(d, got);
	digest_free(d);
	return is_hex_of(said, got, len) ? RPM_SEAL_HOLDS : RPM_SEAL_BROKEN;
}

/* ---- files ---- */

/* By OpenPGP's numbers of digests; without the tag all were MD5. */
static const char *algorithm_of(const struct rpm_header *h)
{
	uint32_t number = 1;

	rpm_header_number(h, TAG_FILE_ALGORITHM, &number);
	switch (number) {
	case 1: return "md5";
	case 2: return "sha1";
	case 8: return "sha256";
	case 9: return "sha384";
	case 10: return "sha512";
	case 11: return "sha224";
	}
	return "unknown";
}

bool rpm_files_open(const struct rpm_header *h, struct arena *arena, struct rpm_files *out)
{
	size_t ignored;
	struct span folders;

	*out = (struct rpm_files){ .algorithm = algorithm_of(h) };
	out->names = texts(h, TAG_NAMES, &out->count);
	out->digests = texts(h, TAG_FILE_DIGESTS, &ignored);
	out->links = texts(h, TAG_FILE_LINKS, &ignored);
	out->folder_numbers = numbers(h, TAG_FOLDER_NUMBERS, TYPE_INT32, 4);
	out->flags = numbers(h, TAG_FILE_FLAGS, TYPE_INT32, 4);
	out->modes = numbers(h, TAG_FILE_MODES, TYPE_INT16, 2);
	out->states = numbers(h, TAG_FILE_STATES, TYPE_CHAR, 1);
	folders = texts(h, TAG_FOLDERS, &out->folder_count);
	if (out->folder_count > folders.len)
		out->folder_count = folders.len;
	out->folders = ARENA_ARRAY(arena, out->folder_count + 1, struct span);
	if (!out->folders)
		return false;
	for (size_t i = 0; i < out->folder_count; i++)
		out->folders[i] = span_split(&folders, 0);
	return true;
}

static uint32_t number_at(struct span array, size_t index, size_t size)
{
	struct span bytes = span_sub(array, index * size, size);

	if (bytes.len < size)
		return 0;
	return size == 4 ? load_u32be(bytes.at) : size == 2 ? load_u16be(bytes.at) : bytes.at[0];
}

bool rpm_files_next(struct rpm_files *it, struct rpm_file *out)
{
	uint32_t folder = number_at(it->folder_numbers, it->index, 4);

	if (it->index >= it->count || !it->names.len)
		return false;
	*out = (struct rpm_file){
		.folder = folder < it->folder_count ? it->folders[folder] : NO_TEXT,
		.name = span_split(&it->names, 0),
		.digest = span_split(&it->digests, 0),
		.link = span_split(&it->links, 0),
		.flags = number_at(it->flags, it->index, 4),
		.mode = (uint16_t)number_at(it->modes, it->index, 2),
		.is_installed = !number_at(it->states, it->index, 1),
	};
	it->index++;
	return true;
}
