/*
 * What the remote desktop client leaves: .rdp files, and the tiles of screens that it
 * keeps. Tiles come in two containers. Cache0000.bin and on ("RDP8bmp"): a head of twelve
 * bytes each (two halves of a key, width, height), then four bytes a pixel. bcache*.bmc: a
 * head of twenty (the same, length, flags), then a place of the same size for each tile, 64
 * by 64 pixels of one to four bytes, however small or well packed the tile is; what lies
 * behind the tile in its place is of an older one.
 */
#include "artefact/windows.h"

/* "name:type:value" lines of the remote desktop client. */
bool windows_rdp_file(const struct artefact *a, struct err *err)
{
	struct span rest = tell_text_of(a), line;
	struct trace t = trace_new(TRACE_SESSION, "remote desktop");
	struct tell_detail d;

	tell_detail_begin(&d);
	while (tell_line(&rest, &line)) {
		struct span key = span_split(&line, ':'), value;

		span_split(&line, ':');
		value = span_trim(line);
		if (span_eq_nocase(key, SPAN("full address")))
			t.name = value;
		else if (span_eq_nocase(key, SPAN("username")))
			t.user = value;
		else if (span_eq_nocase(key, SPAN("drivestoredirect")))
			tell_detail_text(&d, "drives", value);
		else if (span_eq_nocase(key, SPAN("gatewayhostname")))
			tell_detail_text(&d, "gateway", value);
		else if (span_eq_nocase(key, SPAN("remoteapplicationprogram")))
			tell_detail_text(&d, "program", value);
	}
	t.detail = tell_detail_end(&d, a->arena);
	if (!t.name.len)
		return err_set(err, ERR_UNSUPPORTED, 0, "no address of a remote desktop");
	t.time = a->modified;
	t.path = a->path;
	t.protocol = SPAN("rdp");
	t.program = SPAN("mstsc.exe");
	t.technique = SPAN("T1021.001");
	t.source = SPAN("file of the remote desktop client, last written; a connection from here, if it was used");
	t.summary = tell_summary(a->arena, "remote desktop from here to %.*s", SPAN_ARG(t.name));
	a->trace(a->context, &t);
	return true;
}

#define MAX_TILES 1000000
#define SIDE 64			/* of a tile, at most */
#define FLAG_PACKED 8

struct tiles {
	size_t count, damaged;
	bool is_cut;			/* something is left at the end that is no tile */
};

static bool is_side(uint16_t side)
{
	return side && side <= SIDE;
}

static struct tiles count_bin(struct span bytes)
{
	struct cursor c = cursor_of(bytes);
	struct tiles t = { 0 };

	cursor_skip(&c, 12);
	while (t.count < MAX_TILES && cursor_left(&c)) {
		uint16_t width, height;

		cursor_skip(&c, 8);
		width = cursor_u16le(&c);
		height = cursor_u16le(&c);
		if (!is_side(width) || !is_side(height))
			break;
		cursor_skip(&c, (size_t)width * height * 4);
		if (c.short_read)
			break;
		t.count++;
	}
	t.is_cut = c.short_read || cursor_left(&c);
	return t;
}

struct tile {
	uint16_t width, height;
	uint32_t len, flags;
};

static bool tile_at(struct span bytes, size_t at, struct tile *t)
{
	struct cursor c = cursor_of(bytes);

	cursor_seek(&c, at);
	cursor_skip(&c, 8);
	t->width = cursor_u16le(&c);
	t->height = cursor_u16le(&c);
	t->len = cursor_u32le(&c);
	t->flags = cursor_u32le(&c);
	return !c.short_read && is_side(t->width) && is_side(t->height) && t->len <= SIDE * SIDE * 4;
}

static bool is_unused(const struct tile *t)
{
	return !t->width && !t->height && !t->len;
}

/* Bytes of a pixel that is not packed; 0: it does not say. */
static size_t depth_of(const struct tile *t)
{
	size_t pixels = (size_t)t->width * t->height;

	return t->flags & FLAG_PACKED || t->len % pixels ? 0 : t->len / pixels;
}

/* The first whole tile tells, else that the next one begins where it should. */
static size_t find_depth(struct span bytes)
{
	struct tile t, next;

	for (size_t depth = 1; depth <= 4; depth++) {
		size_t place = 20 + depth * SIDE * SIDE, whole = 0, all = 0;

		for (size_t at = 0; all < 64 && at + 20 <= bytes.len; at += place) {
			bool is_tile = tile_at(bytes, at, &t);

			all += !is_unused(&t);
			whole += is_tile && (depth_of(&t) == depth || (t.flags & FLAG_PACKED && t.len <= depth * SIDE * SIDE));
		}
		if (whole && whole * 2 > all && tile_at(bytes, 0, &t) && (depth_of(&t) == depth || tile_at(bytes, place, &next)))
			return depth;
	}
	return 0;
}

static struct tiles count_bmc(struct span bytes)
{
	struct tiles all = { 0 };
	size_t depth = find_depth(bytes), place = 20 + depth * SIDE * SIDE;
	struct tile t;

	for (size_t at = 0; depth && all.count < MAX_TILES && at < bytes.len; at += place) {
		if (bytes.len - at < 20)
			all.is_cut = true;
		else if (!tile_at(bytes, at, &t))
			all.damaged += !is_unused(&t);
		else if (bytes.len - at - 20 >= t.len)
			all.count++;
		else
			all.is_cut = true;
	}
	return all;
}

bool windows_rdp_cache(const struct artefact *a, struct err *err)
{
	bool is_bin = span_starts(a->bytes, SPAN("RDP8bmp\0"));
	struct trace t = trace_new(TRACE_SESSION, "remote desktop");
	struct tiles tiles = is_bin ? count_bin(a->bytes) : count_bmc(a->bytes);

	if (!tiles.count)	/* an empty cache is one, and tells nothing */
		return !a->bytes.len || (is_bin && a->bytes.len <= 12) ||
		       err_set(err, ERR_UNSUPPORTED, 0, "no tile of a screen");
	if (tiles.damaged || tiles.is_cut)
		a->short_of(a->context, "%zu tiles are damaged%s", tiles.damaged, tiles.is_cut ? ", the last is cut off" : "");
	a->lost(a->context, tiles.damaged + tiles.is_cut);
	t.count = tiles.count;
	t.path = a->path;
	t.user = tell_user_of_path(a->path);
	t.time = a->modified;
	t.protocol = SPAN("rdp");
	t.program = SPAN("mstsc.exe");
	t.technique = SPAN("T1021.001");
	t.source = SPAN("cache of screen tiles, last written; count is of tiles. To which machine is not said");
	t.summary = tell_summary(a->arena, "remote desktop from here left %llu tiles of a screen", (unsigned long long)t.count);
	a->trace(a->context, &t);
	return true;
}
