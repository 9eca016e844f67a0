#include "disk/vmdk.h"

#include <stdio.h>
#include <stdlib.h>

#include "disk/sparse.h"
#include "disk/vmdk_extent.h"

#define SECTOR 512
#define TEXT_MOST ((size_t)1 << 20)
#define EXTENTS_MOST 4096

struct vmdk {
	struct blocks blocks;
	struct blocks *chain;		/* owns the extents */
	struct blocks *sparse[EXTENTS_MOST];
	size_t sparse_count;
	struct blocks *parts[EXTENTS_MOST];
	size_t count;
};

struct opening {
	struct vmdk *v;
	struct blocks *of, *base;
	const struct image_files *files;
	uint64_t size;			/* of the parts so far */
	struct buf *words;
	bool *missing;
	bool is_inside;			/* the text stands in the one extent that it names */
	struct err *err;
};

static bool read_vmdk(struct blocks *b, uint64_t at, uint8_t *to, size_t len, struct err *err)
{
	return blocks_read_all(((struct vmdk *)b)->chain, at, to, len, err);
}

static uint64_t data_of_vmdk(struct blocks *b, uint64_t at)
{
	return blocks_data_from(((struct vmdk *)b)->chain, at);
}

static void close_vmdk(struct blocks *b)
{
	struct vmdk *v = (struct vmdk *)b;

	for (size_t i = 0; !v->chain && i < v->count; i++)
		blocks_close(v->parts[i]);
	blocks_close(v->chain);
	free(v);
}

/* ---- extents ---- */

static bool add_part(struct opening *o, struct blocks *part)
{
	if (!part || o->v->count == EXTENTS_MOST) {
		blocks_close(part);
		return part ? err_set(o->err, ERR_LIMIT, ERR_NO_OFFSET, "limit: extents of an image")
			    : err_set(o->err, ERR_IO, ERR_NO_OFFSET, "no memory for an image");
	}
	o->v->parts[o->v->count++] = part;
	o->size += part->size;
	return true;
}

/* As long as the text says; what is not there cannot be read. */
static bool add_exactly(struct opening *o, struct blocks *part, uint64_t size)
{
	uint64_t there = part ? part->size : 0;

	if (part && !add_part(o, part))
		return false;
	return there >= size || add_part(o, blocks_absent(size - there, o->of->budget));
}

static bool add_missing(struct opening *o, uint64_t size)
{
	*o->missing = true;
	return add_exactly(o, NULL, size);
}

/* What tables describe beyond what the text says, or less. */
static bool add_sparse(struct opening *o, struct blocks *file, uint64_t size)
{
	struct blocks *extent = vmdk_extent_open(file, o->words, o->err);

	if (!extent && o->is_inside)
		return false;
	if (!extent) {
		sparse_say(o->words, "an extent cannot be read");
		return add_exactly(o, NULL, size);
	}
	if (extent->size / SECTOR != size / SECTOR)
		sparse_say(o->words, "an extent is not as large as the text says");
	vmdk_extent_rest(extent, o->base, o->size);
	if (!add_exactly(o, extent, size))
		return false;
	o->v->sparse[o->v->sparse_count++] = extent;
	return true;
}

static bool add_flat(struct opening *o, struct blocks *file, uint64_t at, uint64_t size)
{
	if (file->size < at || file->size - at < size)
		sparse_say(o->words, "an extent is shorter than the text says");
	return add_exactly(o, blocks_part(file, at, size), size);
}

struct line {
	uint64_t sectors, at;
	struct span kind, name;
};

/* RW 4192256 SPARSE "disk-s001.vmdk", or FLAT with where it begins. */
static bool read_line(struct span text, struct line *out)
{
	struct span rest = text, access = span_split(&rest, ' '), sectors = span_split(&rest, ' ');

	*out = (struct line){ .kind = span_split(&rest, ' ') };
	if (!span_is_one_of(access, "RW|RDONLY|NOACCESS") || !span_to_u64(sectors, &out->sectors) ||
	    out->sectors > INT64_MAX / SECTOR / 2)
		return false;
	span_split(&rest, '"');
	out->name = span_split(&rest, '"');
	span_to_u64(span_trim(rest), &out->at);
	return out->at <= INT64_MAX / SECTOR / 2;
}

static bool add_extent(struct opening *o, const struct line *l)
{
	uint64_t size = l->sectors * SECTOR;
	struct blocks *file = o->is_inside ? o->of : l->name.len ? o->files->find(o->files->context, l->name) : NULL;

	if (span_eq(l->kind, SPAN("ZERO")))
		return add_part(o, blocks_zeros(size, o->of->budget));
	if (span_is_one_of(l->kind, "SESPARSE|VMFSRDM|VMFSRAW|VMFSPASSTHROUGH"))
		return err_set(o->err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "vmdk: extents of kind %.*s are not read",
			       SPAN_ARG(l->kind));
	if (!file)
		return add_missing(o, size);
	if (o->is_inside || span_is_one_of(l->kind, "SPARSE|VMFSSPARSE") || vmdk_extent_is(file))
		return add_sparse(o, file, size);
	return add_flat(o, file, l->at * SECTOR, size);
}

/* ---- the text ---- */

static bool take_text(struct opening *o, struct span text)
{
	size_t end = span_find_byte(text, 0, 0);

	text = span_sub(text, 0, end == SIZE_MAX ? text.len : end);
	while (text.len) {
		struct span line = span_trim(span_split(&text, '\n'));
		struct line l;

		if (read_line(line, &l)) {
			if (o->is_inside && o->v->count)
				sparse_say(o->words, "its text names more than it holds");
			else if (!add_extent(o, &l))
				return false;
		}
	}
	return true;
}

static bool read_text(struct blocks *of, struct buf *to, struct err *err)
{
	size_t len = of->size < TEXT_MOST ? (size_t)of->size : TEXT_MOST;
	uint8_t *room = buf_reserve(to, len);

	to->len = room ? len : 0;
	return room ? blocks_read_all(of, 0, room, len, err) : err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for an image");
}

/* An extent by itself: with its text inside, or one of several that was given alone. */
static bool open_extent(struct opening *o, struct buf *text)
{
	struct blocks *part = vmdk_extent_text(o->of), *extent;
	bool ok = part && read_text(part, text, o->err);
	bool has_text = ok && text->len;

	blocks_close(part);
	if (!ok)
		return false;
	o->is_inside = true;
	if (has_text && !take_text(o, buf_span(text)))
		return false;
	if (o->v->count)
		return true;
	if (has_text)
		sparse_say(o->words, "the text inside is damaged");
	extent = vmdk_extent_open(o->of, o->words, o->err);
	if (!extent)
		return false;
	o->v->sparse[0] = extent;
	o->v->sparse_count = 1;
	return add_part(o, extent);
}

static bool rests_on_another(struct blocks *of)
{
	struct image_base b = image_base_new();
	bool rests = vmdk_base(of, &b);

	buf_free(&b.name);
	return rests;
}

static bool open_all(struct opening *o)
{
	struct buf text = buf_new(TEXT_MOST);
	bool ok;

	if (!o->base && rests_on_another(o->of))
		return err_set(o->err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "vmdk: rests on another image");

	if (vmdk_extent_is(o->of))
		ok = open_extent(o, &text);
	else
		ok = read_text(o->of, &text, o->err) && take_text(o, buf_span(&text));
	buf_free(&text);
	if (ok && !o->v->count)
		return err_set(o->err, ERR_CORRUPT, ERR_NO_OFFSET, "vmdk: its text names no extents");
	return ok;
}

struct blocks *vmdk_media(struct blocks *of, struct blocks *base, const struct image_files *files, struct buf *words,
			  bool *missing, struct err *err)
{
	struct vmdk *v = calloc(1, sizeof *v);
	struct opening o = { .v = v, .of = of, .base = base, .files = files, .words = words, .missing = missing, .err = err };

	if (!v) {
		err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for an image");
		return NULL;
	}
	v->blocks = (struct blocks){ .read = read_vmdk, .data_from = data_of_vmdk, .close = close_vmdk, .budget = of->budget };
	if (open_all(&o)) {
		v->chain = blocks_chain(v->parts, v->count, of->budget);
		if (v->chain) {
			v->blocks.size = v->chain->size;
			return &v->blocks;
		}
		err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for an image");
	}
	close_vmdk(&v->blocks);
	return NULL;
}

/* ---- what it rests on ---- */

/* The text by itself, or inside an extent. */
static bool read_any_text(struct blocks *of, struct buf *to)
{
	struct blocks *part = vmdk_extent_is(of) ? vmdk_extent_text(of) : NULL;
	struct err ignored;
	bool ok = read_text(part ? part : of, to, &ignored);

	blocks_close(part);
	return ok;
}

/* Of `key=value`, or `key="value"`. */
static struct span value_of(struct span text, const char *wanted)
{
	while (text.len) {
		struct span rest = span_split(&text, '\n'), key = span_trim(span_split(&rest, '='));

		rest = span_trim(rest);
		if (!span_eq_nocase(key, span_text(wanted)))
			continue;
		if (!span_starts(rest, SPAN("\"")))
			return rest;
		rest = span_from(rest, 1);
		return span_split(&rest, '"');
	}
	return (struct span){ 0 };
}

bool vmdk_base(struct blocks *of, struct image_base *out)
{
	struct buf text = buf_new(TEXT_MOST);
	struct span id = { 0 };
	bool rests;

	if (read_any_text(of, &text)) {
		id = value_of(buf_span(&text), "parentCID");
		image_base_take_path(out, value_of(buf_span(&text), "parentFileNameHint"));
	}
	rests = id.len && !span_eq_nocase(id, SPAN("ffffffff"));
	if (rests)
		snprintf(out->id, sizeof out->id, "%.*s", SPAN_ARG(id));
	buf_free(&text);
	return rests;
}

bool vmdk_has_id(struct blocks *of, const char *id)
{
	struct buf text = buf_new(TEXT_MOST);
	bool has = read_any_text(of, &text) && span_eq_nocase(value_of(buf_span(&text), "CID"), span_text(id));

	buf_free(&text);
	return has;
}

void vmdk_look(struct blocks *media, struct buf *words)
{
	struct vmdk *v = (struct vmdk *)media;

	for (size_t i = 0; i < v->sparse_count; i++)
		vmdk_extent_look(v->sparse[i], words);
}
