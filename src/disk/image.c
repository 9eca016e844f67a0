#include "disk/image.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/digest.h"
#include "disk/ewf.h"
#include "disk/image_base.h"
#include "disk/qcow.h"
#include "disk/sparse.h"
#include "disk/vhd.h"
#include "disk/vhdx.h"
#include "disk/vmdk.h"

#define SEGMENTS_MOST 1024
#define WORDS_MOST ((size_t)2 << 10)
#define BASES_MOST 32		/* images on each other */

struct image {
	struct blocks *media;
	struct image *base;		/* that it rests on, or NULL */
	struct image_state state;
	bool owns_media;
	struct blocks_budget *budget;
	const struct chunk_room *room;	/* or NULL */
	struct buf words;		/* what is damaged */
	struct buf mended;		/* what it is read with that does not stand in its place */
	void (*look)(struct blocks *media, struct buf *words);	/* NULL: nothing to look at */
};

static const struct {
	uint32_t offset;
	const char *bytes;
	size_t len;
	const char *format;
} magics[] = {
	{ 0, "EVF\x9\xd\xa\xff\0", 8, "ewf" },
	{ 0, "KDMV", 4, "vmdk" },
	{ 0, "COWD", 4, "vmdk" },
	{ 0, "# Disk DescriptorFile", 21, "vmdk" },
	{ 0, "QFI\xfb", 4, "qcow2" },
	{ 0, "conectix", 8, "vhd" },
	{ 0, "vhdxfile", 8, "vhdx" },
};

static const char *format_of(struct blocks *first)
{
	uint8_t start[32] = { 0 };
	struct err ignored;
	size_t got = 0;

	if (blocks_read(first, 0, start, sizeof start, &got, &ignored))
		for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
			if (!memcmp(start + magics[i].offset, magics[i].bytes, magics[i].len))
				return magics[i].format;
	/* Its start may be damaged. */
	return vhd_is(first) ? "vhd" : vhdx_is(first) ? "vhdx" : "raw";
}

/* The name of segment `number`, as beside.c numbers them. */
static bool segment_name(struct span name, size_t number, bool is_ewf, struct buf *to)
{
	uint8_t first = name.at[name.len - 3], base = first >= 'a' ? 'a' : 'A';
	size_t letters = number - 100;

	buf_clear(to);
	buf_add(to, span_sub(name, 0, name.len - 3));
	if (!is_ewf)
		return buf_printf(to, "%03zu", number);
	if (number < 100)
		return buf_printf(to, "%c%02zu", first, number);
	return buf_printf(to, "%c%c%c", (int)(first + letters / 676), (int)(base + letters / 26 % 26),
			  (int)(base + letters % 26));
}

static bool is_numbered(struct span name)
{
	struct span end = span_from(name, name.len < 4 ? 0 : name.len - 4);

	return span_eq(end, SPAN(".001")) || span_eq(end, SPAN(".000"));
}

static size_t find_segments(struct blocks *first, struct span name, const struct image_files *files,
			    bool is_ewf, struct blocks *out[SEGMENTS_MOST])
{
	struct buf next = buf_new((size_t)64 << 10);
	size_t count = 1;
	size_t number = !is_ewf && name.len && name.at[name.len - 1] == '0' ? 1 : 2;

	out[0] = first;
	while (count < SEGMENTS_MOST && name.len > 4 && segment_name(name, number++, is_ewf, &next)) {
		struct blocks *found = files->find(files->context, buf_span(&next));

		if (!found)
			break;
		out[count++] = found;
	}
	buf_free(&next);
	return count;
}

static struct blocks *base_media(const struct image *i)
{
	return i->base ? i->base->media : NULL;
}

static void describe_damage(struct buf *words, const struct blocks *ewf)
{
	struct ewf_damage d;

	ewf_damage(ewf, &d);
	if (!d.sections && !d.is_geometry_lost && !d.lost_chunks)
		return;
	sparse_say(words, "%u sections of the image are damaged", d.sections);
	if (d.rebuilt)
		sparse_say(words, "%u tables were made anew", d.rebuilt);
	if (d.is_geometry_lost)
		sparse_say(words, "its size is not known");
	if (d.lost_chunks)
		sparse_say(words, "%llu chunks cannot be placed", (unsigned long long)d.lost_chunks);
}

static struct blocks *open_ewf(struct image *i, struct blocks *first, struct span name,
			       const struct image_files *files, struct err *err)
{
	struct blocks *segments[SEGMENTS_MOST], *media;
	bool missing = false;

	i->state.has_checks = true;
	i->state.segments = find_segments(first, name, files, true, segments);
	media = ewf_media(segments, i->state.segments, &missing, err);
	i->state.missing = missing ? "segments of the image" : NULL;
	if (media)
		describe_damage(&i->words, media);
	return media;
}

static struct blocks *open_vhd(struct image *i, struct blocks *first, struct err *err)
{
	struct vhd_damage d;
	struct blocks *media = vhd_media(first, base_media(i), &d, err);

	if (media && (d.footer || d.header))
		sparse_say(&i->words, d.footer && d.header ? "footer and header of the image are damaged"
				      : d.footer	   ? "a footer of the image is damaged"
							   : "the header of the image is damaged");
	i->look = vhd_look;
	return media;
}

static struct blocks *open_vmdk(struct image *i, struct blocks *first, const struct image_files *files, struct err *err)
{
	bool missing = false;
	struct blocks *media = vmdk_media(first, base_media(i), files, &i->words, &missing, err);

	i->state.missing = missing ? "extents of the image" : NULL;
	i->look = vmdk_look;
	return media;
}

/* All but the last are equally long: what is not there must not move what comes behind. */
static uint64_t length_of_segments(struct blocks *const *segments, size_t count)
{
	uint64_t most = segments[0]->size;

	for (size_t k = 0; k + 1 < count; k++)
		most = segments[k]->size > most ? segments[k]->size : most;
	return most;
}

static size_t add_segments(struct image *i, struct blocks *const *segments, size_t count, struct blocks **parts)
{
	uint64_t each = length_of_segments(segments, count);
	size_t made = 0;

	for (size_t k = 0; k < count; k++) {
		uint64_t size = segments[k]->size, lacks = k + 1 < count ? each - size : 0;

		if (lacks)
			sparse_say(&i->words, "segment %zu is shorter than others", k + 1);
		if (k + 1 == count && size > each)
			sparse_say(&i->words, "the last segment is longer than others");
		if ((parts[made] = blocks_part(segments[k], 0, size)))
			made++;
		if (lacks && (parts[made] = blocks_absent(lacks, i->budget)))
			made++;
	}
	return made;
}

static struct blocks *open_split(struct image *i, struct blocks *first, struct span name,
				 const struct image_files *files, struct err *err)
{
	struct blocks *segments[SEGMENTS_MOST], *parts[2 * SEGMENTS_MOST], *chain;
	size_t count = find_segments(first, name, files, false, segments);
	size_t made = add_segments(i, segments, count, parts);

	chain = made >= count ? blocks_chain(parts, made, first->budget) : NULL;
	if (!chain) {
		while (made)
			blocks_close(parts[--made]);
		err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for an image");
	}
	i->state.format = count > 1 ? "split raw" : "raw";
	i->state.segments = count;
	return chain;
}

static struct blocks *open_qcow(struct image *i, struct blocks *first, struct err *err)
{
	i->look = qcow_look;
	return qcow_media(first, base_media(i), &i->words, err);
}

static struct blocks *open_vhdx(struct image *i, struct blocks *first, struct err *err)
{
	i->look = vhdx_look;
	return vhdx_media(first, base_media(i), &i->words, &i->mended, err);
}

static struct blocks *open_media(struct image *i, struct blocks *first, struct span name,
				 const struct image_files *files, struct err *err)
{
	const char *format = i->state.format;

	if (!strcmp(format, "ewf"))
		return open_ewf(i, first, name, files, err);
	if (!strcmp(format, "vmdk"))
		return open_vmdk(i, first, files, err);
	if (!strcmp(format, "qcow2"))
		return open_qcow(i, first, err);
	if (!strcmp(format, "vhd"))
		return open_vhd(i, first, err);
	if (!strcmp(format, "vhdx"))
		return open_vhdx(i, first, err);
	if (is_numbered(name))
		return open_split(i, first, name, files, err);
	i->owns_media = false;
	return first;
}

/* ---- what it rests on ---- */

static struct image *open_at(struct blocks *first, struct span name, const struct image_files *files, const char *format,
			     unsigned depth, struct err *err);

static const struct {
	const char *format;
	bool (*base)(struct blocks *of, struct image_base *out);
	bool (*has_id)(struct blocks *of, const char *id);
} resting[] = {
	{ "qcow2", qcow_base, NULL },
	{ "vmdk", vmdk_base, vmdk_has_id },
	{ "vhd", vhd_base, vhd_has_id },
	{ "vhdx", vhdx_base, vhdx_has_id },
};

static bool rests_on(const struct image *i, struct blocks *first, struct image_base *b)
{
	for (size_t k = 0; k < sizeof resting / sizeof *resting; k++)
		if (!strcmp(i->state.format, resting[k].format))
			return resting[k].base(first, b);
	return false;
}

/* QCOW2 says of no state that it was made on: the name has to do. */
static bool is_meant(const struct image *i, struct blocks *file, const struct image_base *b)
{
	for (size_t k = 0; k < sizeof resting / sizeof *resting; k++)
		if (resting[k].has_id && !strcmp(i->state.format, resting[k].format))
			return resting[k].has_id(file, b->id);
	return true;
}

static bool open_named(struct image *i, const struct image_base *b, const struct image_files *files, unsigned depth,
		       struct err *err)
{
	struct span name = buf_span(&b->name);
	struct blocks *file = depth < BASES_MOST && name.len ? files->find(files->context, name) : NULL;
	const char *format = file && !b->is_raw ? format_of(file) : "raw";

	if (depth == BASES_MOST)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "limit: images that rest on each other");
	if (!file)
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "%s: rests on another image, %.*s, which is not at hand",
			       i->state.format, SPAN_ARG(name));
	if (!is_meant(i, file, b))
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "%s: rests on another image, and %.*s is not as that was",
			       i->state.format, SPAN_ARG(name));
	i->base = open_at(file, name, files, format, depth + 1, err);
	if (!i->base)
		return depth ? false : err_prefix(err, "%.*s, on which it rests", SPAN_ARG(name));
	buf_printf(&i->mended, "in an image that rests on %.*s", SPAN_ARG(name));
	if (i->base->mended.len)
		buf_printf(&i->mended, " (%.*s)", SPAN_ARG(buf_span(&i->base->mended)));
	return true;
}

static bool open_base(struct image *i, struct blocks *first, const struct image_files *files, unsigned depth,
		      struct err *err)
{
	struct image_base b = image_base_new();
	bool ok = !rests_on(i, first, &b) || open_named(i, &b, files, depth, err);

	buf_free(&b.name);
	return ok;
}

/* ---- the whole ---- */

static struct image *open_at(struct blocks *first, struct span name, const struct image_files *files, const char *format,
			     unsigned depth, struct err *err)
{
	struct image *i = calloc(1, sizeof *i);

	if (!i) {
		err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for an image");
		return NULL;
	}
	i->state = (struct image_state){ .format = format, .segments = 1 };
	i->owns_media = true;
	i->budget = first->budget;
	i->words = buf_new(WORDS_MOST);
	i->mended = buf_new(WORDS_MOST);
	if (open_base(i, first, files, depth, err))
		i->media = open_media(i, first, name, files, err);
	if (i->media)
		return i;
	i->owns_media = false;
	image_close(i);
	return NULL;
}

struct image *image_open(struct blocks *first, struct span name, const struct image_files *files, struct err *err)
{
	return open_at(first, name, files, format_of(first), 0, err);
}

void image_close(struct image *i)
{
	if (!i)
		return;
	if (i->owns_media)
		blocks_close(i->media);
	image_close(i->base);
	buf_free(&i->words);
	buf_free(&i->mended);
	free(i);
}

struct blocks *image_media(struct image *i)
{
	return i->media;
}

void image_describe(const struct image *i, struct image_state *out)
{
	*out = i->state;
	for (const struct image *base = i->base; base && !out->missing; base = base->base)
		out->missing = base->state.missing;
	out->mended = buf_span(&i->mended);
}

void image_use_room(struct image *i, const struct chunk_room *room)
{
	i->room = room;
	if (i->state.has_checks)
		ewf_use_room(i->media, room);
}

struct span image_damage(struct image *i)
{
	if (i->look)
		i->look(i->media, &i->words);
	i->look = NULL;
	if (i->base && image_damage(i->base).len)
		sparse_say(&i->words, "of what it rests on: %.*s", SPAN_ARG(buf_span(&i->base->words)));
	return buf_span(&i->words);
}

static void note_bad(struct image_check *check, uint64_t at)
{
	if (!check->bad_chunks++)
		check->first_bad = at;
}

static bool verify_chunks(struct image *i, struct digest *md5, struct digest *sha1,
			  struct image_check *check, struct err *err)
{
	uint32_t size = ewf_chunk_size(i->media);
	struct buf room = buf_new(size);
	uint8_t *own = buf_reserve(&room, size), *shared, *chunk;
	bool ok = own, good;
	size_t len;

	for (check->chunks = 0; ok && check->chunks < ewf_chunks(i->media); check->chunks++) {
		shared = i->room ? chunk_room_take(i->room, check->chunks, size) : NULL;
		chunk = shared ? shared : own;
		ok = ewf_chunk(i->media, check->chunks, chunk, &len, &good, err);
		if (!ok)
			break;
		if (shared && good && len == size)
			chunk_room_fill(i->room, check->chunks, size);
		if (!good)
			note_bad(check, check->chunks * size);
		digest_add(md5, span_of(chunk, len));
		if (sha1)
			digest_add(sha1, span_of(chunk, len));
	}
	buf_free(&room);
	return ok;
}

bool image_verify(struct image *i, struct image_check *out, struct err *err)
{
	struct ewf_digests stored;
	struct digest *md5, *sha1;
	uint8_t digest[DIGEST_MAX];
	bool ok;

	*out = (struct image_check){ 0 };
	ewf_stored(i->media, &stored);
	out->has_md5 = stored.has_md5;
	out->has_sha1 = stored.has_sha1;
	memcpy(out->md5, stored.md5, sizeof out->md5);
	memcpy(out->sha1, stored.sha1, sizeof out->sha1);
	md5 = digest_new(DIGEST_MD5);
	sha1 = stored.has_sha1 ? digest_new(DIGEST_SHA1) : NULL;
	ok = md5 && verify_chunks(i, md5, sha1, out, err);
	if (ok && stored.has_md5) {
		digest_done(md5, digest);
		out->md5_differs = memcmp(digest, stored.md5, 16) != 0;
	}
	if (ok && sha1) {
		digest_done(sha1, digest);
		out->sha1_differs = memcmp(digest, stored.sha1, 20) != 0;
	}
	digest_free(md5);
	digest_free(sha1);
	return ok;
}
