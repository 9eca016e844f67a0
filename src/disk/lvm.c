#include "disk/lvm.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "codec/crc32.h"

#define SECTOR 512
#define LABEL_SECTORS 4
#define ID 32
#define TEXT_MOST ((size_t)16 << 20)
#define DEPTH_MOST 8
#define PIECES_MOST 4096	/* of all volumes together */

/* What one section of the text says before it closes. */
struct segment {
	uint64_t start, extents, stripes, at;
	struct span type, physical;
};

struct piece {
	uint64_t at, extents;
};

struct group {
	struct blocks *of;
	uint8_t id[ID];			/* of this physical volume, without dashes */
	uint64_t extent_size, first_extent;	/* bytes */
	struct span here;		/* its name in the text */
	struct span sections[DEPTH_MOST];
	size_t depth;
	struct segment segment;
	uint64_t next;			/* extent of the volume at hand */
	bool is_visible;
	bool is_damaged;		/* a checksum is wrong */
	struct piece pieces[PIECES_MOST];
	size_t first_piece, piece_count;
	struct lvm_volume *out;
	size_t count;
};

/* ---- where the text is ---- */

#define SUM_START 0xf597a6cfu

static bool is_sum_right(struct span s, uint32_t sum)
{
	return ~crc32_add(~SUM_START, s) == sum;
}

struct area {
	uint64_t at, size;
};

static bool find_label(struct blocks *of, struct group *g, struct area *metadata, struct err *err)
{
	for (unsigned i = 0; i < LABEL_SECTORS; i++) {
		uint8_t raw[SECTOR];
		struct cursor c = cursor_of(span_of(raw, sizeof raw));

		if (!blocks_read_all(of, i * SECTOR, raw, sizeof raw, err))
			return false;
		if (!span_starts(c.in, SPAN("LABELONE")) || !span_starts(span_from(c.in, 24), SPAN("LVM2 001")))
			continue;
		g->is_damaged |= !is_sum_right(span_of(raw + 20, sizeof raw - 20), load_u32le(raw + 16));
		cursor_seek(&c, load_u32le(raw + 20));
		memcpy(g->id, cursor_take(&c, ID).at, c.short_read ? 0 : ID);
		cursor_skip(&c, 8);
		/* Areas of data, then those of metadata; each list ends with zeros. */
		while (cursor_left(&c) >= 16 && cursor_u64le(&c))
			cursor_skip(&c, 8);
		cursor_skip(&c, 8);
		metadata->at = cursor_u64le(&c);
		metadata->size = cursor_u64le(&c);
		return (!c.short_read && metadata->at) ||
		       err_set(err, ERR_UNSUPPORTED, i * SECTOR, "lvm: no metadata on this disk");
	}
	return err_set(err, ERR_CORRUPT, 0, "lvm: no label");
}

/* The text goes on at the start of its area where that ends. */
static bool read_text(struct group *g, const struct area *area, struct buf *text, struct err *err)
{
	struct blocks *of = g->of;
	uint32_t sum;
	uint8_t head[SECTOR], *room;
	uint64_t at, size, first;

	if (!blocks_read_all(of, area->at, head, sizeof head, err))
		return false;
	at = load_u64le(head + 40);
	size = load_u64le(head + 48);
	sum = load_u32le(head + 56);
	g->is_damaged |= !is_sum_right(span_of(head + 4, sizeof head - 4), load_u32le(head));
	if (!span_starts(span_of(head + 4, 16), SPAN(" LVM2 x[5A%r0N*>")) || at < SECTOR || at >= area->size ||
	    !size || size > area->size - SECTOR || size > TEXT_MOST)
		return err_set(err, ERR_CORRUPT, area->at, "lvm: the metadata area makes no sense");
	room = buf_reserve(text, (size_t)size);
	if (!room)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "lvm: no memory for its text");
	first = size < area->size - at ? size : area->size - at;
	text->len = (size_t)size;
	if (!blocks_read_all(of, area->at + at, room, (size_t)first, err) ||
	    (first < size && !blocks_read_all(of, area->at + SECTOR, room + first, (size_t)(size - first), err)))
		return false;
	g->is_damaged |= !is_sum_right(buf_span(text), sum);
	return true;
}

/* ---- what it says ---- */

static bool in_section(const struct group *g, size_t depth, const char *name)
{
	return g->depth == depth && span_eq(g->sections[1], span_text(name));
}

static struct span without_quotes(struct span s)
{
	return s.len >= 2 && *s.at == '"' ? span_sub(s, 1, s.len - 2) : s;
}

static bool is_own_id(const struct group *g, struct span id)
{
	size_t n = 0;

	for (size_t i = 0; i < id.len; i++)
		if (id.at[i] != '-' && (n >= ID || g->id[n++] != id.at[i]))
			return false;
	return n == ID;
}

static void take_stripes(struct segment *s, struct span list)
{
	struct span rest = list, first = span_split(&rest, ',');

	s->physical = without_quotes(span_trim(first));
	if (!span_to_u64(span_trim(rest), &s->at))
		s->physical = SPAN("");
}

static void take_value(struct group *g, struct span key, struct span value)
{
	struct segment *s = &g->segment;
	uint64_t number = 0;

	span_to_u64(value, &number);
	if (g->depth == 1 && span_eq(key, SPAN("extent_size")) && number < UINT32_MAX)
		g->extent_size = number * SECTOR;
	else if (in_section(g, 3, "physical_volumes") && span_eq(key, SPAN("id")) &&
		 is_own_id(g, without_quotes(value)))
		g->here = g->sections[2];
	else if (in_section(g, 3, "physical_volumes") && span_eq(key, SPAN("pe_start")) &&
		 span_eq(g->here, g->sections[2]) && number < UINT64_MAX / SECTOR)
		g->first_extent = number * SECTOR;
	else if (in_section(g, 3, "logical_volumes") && span_eq(key, SPAN("status")))
		g->is_visible = span_find(value, 0, SPAN("\"VISIBLE\"")) != SIZE_MAX;
	else if (!in_section(g, 4, "logical_volumes"))
		return;
	else if (span_eq(key, SPAN("start_extent")))
		s->start = number;
	else if (span_eq(key, SPAN("extent_count")))
		s->extents = number;
	else if (span_eq(key, SPAN("stripe_count")))
		s->stripes = number;
	else if (span_eq(key, SPAN("type")))
		s->type = without_quotes(value);
	else if (span_eq(key, SPAN("stripes")))
		take_stripes(s, value);
}

static void open_section(struct group *g)
{
	if (in_section(g, 3, "logical_volumes") && g->count < LVM_VOLUMES_MAX) {
		struct lvm_volume *v = &g->out[g->count];

		*v = (struct lvm_volume){ .reason = NULL };
		snprintf(v->name, sizeof v->name, "%.*s", SPAN_ARG(g->sections[2]));
		g->first_piece = g->piece_count;
		g->next = 0;
		g->is_visible = true;
	}
	if (in_section(g, 4, "logical_volumes"))
		g->segment = (struct segment){ 0 };
}

static const char *why_not(const struct group *g, const struct segment *s)
{
	uint64_t most = g->extent_size ? g->of->size / g->extent_size : 0;

	if (!span_eq(s->type, SPAN("striped")))
		return "lvm: mirrors, RAID, thin volumes and snapshots are not examined";
	if (s->stripes != 1)
		return "lvm: stripes over several disks are not examined";
	if (!g->here.len || !span_eq(s->physical, g->here))
		return "lvm: a part of it lies on another disk";
	if (s->start != g->next || !s->extents || s->extents > most || s->at > most ||
	    g->piece_count == PIECES_MOST)
		return "lvm: its segments make no sense";
	return NULL;
}

static void close_segment(struct group *g)
{
	struct lvm_volume *v = &g->out[g->count];
	const char *reason = why_not(g, &g->segment);

	if (!v->reason)
		v->reason = reason;
	if (!reason)
		g->pieces[g->piece_count++] = (struct piece){ g->segment.at, g->segment.extents };
	g->next += g->segment.extents;
}

static struct blocks *chain_of(const struct group *g)
{
	size_t count = g->piece_count - g->first_piece, made = 0;
	struct blocks **parts = calloc(count ? count : 1, sizeof(struct blocks *)), *chain = NULL;

	for (; parts && made < count; made++) {
		const struct piece *p = &g->pieces[g->first_piece + made];

		parts[made] = blocks_part(g->of, g->first_extent + p->at * g->extent_size,
					  p->extents * g->extent_size);
		if (!parts[made])
			break;
	}
	if (parts && made == count)
		chain = blocks_chain(parts, count, g->of->budget);
	while (!chain && parts && made)
		blocks_close(parts[--made]);
	free(parts);
	return chain;
}

static void close_volume(struct group *g)
{
	struct lvm_volume *v = &g->out[g->count];

	/* Those that are not seen are parts of others. */
	if (!g->is_visible)
		return;
	if (!v->reason && g->piece_count == g->first_piece)
		v->reason = "lvm: it has no segments";
	if (!v->reason && !(v->blocks = chain_of(g)))
		v->reason = "lvm: no memory";
	v->size = v->blocks ? v->blocks->size : 0;
	g->count++;
}

static void close_section(struct group *g)
{
	if (in_section(g, 4, "logical_volumes") && g->count < LVM_VOLUMES_MAX)
		close_segment(g);
	if (in_section(g, 3, "logical_volumes") && g->count < LVM_VOLUMES_MAX)
		close_volume(g);
	if (g->depth)
		g->depth--;
}

/* ---- the text ---- */

static struct span take_word(struct span text, size_t *at)
{
	size_t start = *at;

	while (*at < text.len && !memchr(" \t\n\r={}#", text.at[*at], 8))
		(*at)++;
	return span_sub(text, start, *at - start);
}

static struct span take_until(struct span text, size_t *at, uint8_t end)
{
	size_t start = *at, found = span_find_byte(text, start, end);

	*at = found == SIZE_MAX ? text.len : found + 1;
	return span_sub(text, start, *at - start);
}

static struct span take_right_side(struct span text, size_t *at)
{
	struct span list;

	while (*at < text.len && (text.at[*at] == ' ' || text.at[*at] == '\t'))
		(*at)++;
	if (*at < text.len && text.at[*at] == '[') {
		(*at)++;
		list = take_until(text, at, ']');
		return span_sub(list, 0, list.len ? list.len - 1 : 0);
	}
	if (*at < text.len && text.at[*at] == '"') {
		size_t start = (*at)++;

		take_until(text, at, '"');
		return span_sub(text, start, *at - start);
	}
	return take_word(text, at);
}

static bool parse(struct group *g, struct span text)
{
	struct span word = SPAN("");

	for (size_t at = 0; at < text.len; ) {
		uint8_t c = text.at[at];

		if (c == '#') {
			take_until(text, &at, '\n');
		} else if (c == '=') {
			at++;
			take_value(g, word, take_right_side(text, &at));
		} else if (c == '{') {
			at++;
			if (g->depth == DEPTH_MOST)
				return false;
			g->sections[g->depth++] = word;
			open_section(g);
		} else if (c == '}') {
			at++;
			close_section(g);
		} else if (memchr(" \t\n\r", c, 4) || !c) {
			at++;
		} else {
			word = take_word(text, &at);
		}
	}
	return true;
}

bool lvm_open(struct blocks *of, struct lvm_volume out[LVM_VOLUMES_MAX], size_t *count, bool *is_damaged, struct err *err)
{
	struct group *g = calloc(1, sizeof *g);
	struct buf text = buf_new(TEXT_MOST);
	struct area area = { 0 };
	bool ok;

	*count = 0;
	*is_damaged = false;
	if (!g)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "lvm: no memory");
	g->of = of;
	g->out = out;
	ok = find_label(of, g, &area, err) && read_text(g, &area, &text, err);
	ok = ok && (parse(g, buf_span(&text)) || err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "lvm: sections too deep"));
	ok = ok && (g->extent_size || err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "lvm: its text makes no sense"));
	while (!ok && g->count)
		blocks_close(out[--g->count].blocks);
	*count = g->count;
	*is_damaged = g->is_damaged;
	buf_free(&text);
	free(g);
	return ok;
}
