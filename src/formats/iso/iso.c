#include "formats/iso/iso.h"

#include "base/map.h"
#include "base/utf8.h"

#define SECTOR 2048
#define FIRST_DESCRIPTOR 16
#define DESCRIPTORS_MOST 32
#define PRIMARY 1
#define SUPPLEMENTARY 2
#define TERMINATOR 255
#define TREES_MOST 4
#define RECORD_LEAST 34
#define IS_FOLDER 2
#define GOES_ON 0x80
#define MEMORY ((size_t)64 << 20)
#define PATH_MOST ((size_t)4 << 10)
#define FOLDERS_MOST 100000

struct tree {
	uint32_t block;
	uint32_t root, table, table_size;
	bool is_joliet;
};

struct folder {
	struct folder *next;
	uint64_t at;
	struct span path;
};

struct going {
	struct span image;
	struct tree trees[TREES_MOST];
	size_t tree_count;
	struct arena arena;
	struct map folders;		/* by place: met */
	struct map files;		/* the same: a bit for each tree that has it */
	struct folder *head, **tail;	/* still to be read */
	struct buf path;
	iso_file_fn *take;
	void *context;
	struct iso_state *state;
	uint64_t left;			/* bytes that folders may have: none lies in another */
	bool stopped;
};

/* ---- descriptors ---- */

static void take_descriptor(struct going *g, struct span d)
{
	static const char *const joliet[] = { "%/@", "%/C", "%/E" };
	struct tree *t = &g->trees[g->tree_count];

	*t = (struct tree){ .block = load_u16le(d.at + 128), .table_size = load_u32le(d.at + 132),
			    .table = load_u32le(d.at + 140), .root = load_u32le(d.at + 158) };
	for (size_t i = 0; d.at[0] == SUPPLEMENTARY && i < 3; i++)
		t->is_joliet = t->is_joliet || span_starts(span_from(d, 88), span_text(joliet[i]));
	if (t->block >= 512 && t->block <= SECTOR && (d.at[0] == PRIMARY || t->is_joliet))
		g->tree_count++;
}

/* Behind one that is destroyed others may stand. */
static void find_trees(struct going *g)
{
	bool has_primary = false;

	for (size_t i = 0; i < DESCRIPTORS_MOST && g->tree_count < TREES_MOST; i++) {
		struct span d = span_sub(g->image, (FIRST_DESCRIPTOR + i) * (uint64_t)SECTOR, SECTOR);

		if (d.len < SECTOR)
			break;
		if (!span_eq(span_sub(d, 1, 5), SPAN("CD001"))) {
			g->state->damaged++;
			/* The terminator may be what is destroyed. */
			if (has_primary && g->state->damaged > 1)
				break;
			continue;
		}
		if (d.at[0] == TERMINATOR)
			break;
		has_primary |= d.at[0] == PRIMARY;
		if (d.at[0] == PRIMARY || d.at[0] == SUPPLEMENTARY)
			take_descriptor(g, d);
	}
}

/* ---- names ---- */

static void add_name(struct buf *to, const struct tree *t, struct span name)
{
	uint8_t little[256];
	size_t len = name.len, semicolon = t->is_joliet ? SIZE_MAX : span_find_byte(name, 0, ';');

	if (!t->is_joliet) {
		utf8_add_text(to, span_sub(name, 0, semicolon < len ? semicolon : len));
		return;
	}
	for (size_t i = 0; i + 1 < len; i += 2) {
		little[i] = name.at[i + 1];
		little[i + 1] = name.at[i];
	}
	utf8_add_utf16le(to, span_of(little, len & ~(size_t)1));
}

static struct span path_of(struct going *g, const struct tree *t, struct span above, struct span name)
{
	buf_clear(&g->path);
	buf_add(&g->path, above);
	if (above.len)
		buf_text(&g->path, "/");
	add_name(&g->path, t, name);
	g->path.overflow = false;
	return buf_span(&g->path);
}

/* NULL: no more places are remembered. */
static void **slot_of(struct going *g, struct map *met, uint64_t at)
{
	struct span key = span_of(&at, sizeof at);
	void **slot;

	if (!map_get(met, key))
		key = arena_copy(&g->arena, key);
	slot = key.at ? map_slot(met, key) : NULL;
	g->state->is_cut |= !slot;
	g->stopped = g->stopped || !slot;
	return slot;
}

static void add_folder(struct going *g, uint64_t at, struct span path)
{
	struct folder *f = NULL;
	void **slot;

	if (map_get(&g->folders, span_of(&at, sizeof at)))
		return;
	if (g->state->folders < FOLDERS_MOST && (slot = slot_of(g, &g->folders, at)))
		*slot = f = arena_alloc(&g->arena, sizeof *f);
	g->state->is_cut |= !f;
	if (!f)
		return;
	*f = (struct folder){ .at = at, .path = arena_copy(&g->arena, path) };
	*g->tail = f;
	g->tail = &f->next;
	g->state->folders++;
}

/* ---- folders ---- */

static void tell_file(struct going *g, const struct tree *t, struct span path, uint64_t at, uint64_t size)
{
	struct iso_file file = { .path = path, .content = span_sub(g->image, at, size) };
	void **slot = size ? slot_of(g, &g->files, at) : NULL;
	uintptr_t before = slot ? (uintptr_t)*slot : 0;

	if (slot)
		*slot = (void *)(before | (uintptr_t)1 << (t - g->trees));
	if (!slot || before)
		return;
	g->state->damaged += file.content.len < size;
	if (!g->take)
		return;
	g->stopped = g->stopped || !g->take(g->context, &file);
}

/* Names of one byte, 0 and 1, are the folder itself and the one above. */
static bool take_record(struct going *g, const struct tree *t, struct span above, struct span r, uint64_t *piece,
			uint64_t *so_far)
{
	uint64_t at = (uint64_t)load_u32le(r.at + 2) * t->block, size = load_u32le(r.at + 10);
	uint8_t flags = r.at[25], len = r.at[32];
	struct span name = span_sub(r, 33, len), path;

	if (!len || 33u + len > r.len || load_u32le(r.at + 2) != load_u32be(r.at + 6) || at > g->image.len)
		return false;
	if (len == 1 && name.at[0] <= 1)
		return true;
	path = path_of(g, t, above, name);
	if (flags & IS_FOLDER) {
		add_folder(g, at, path);
		return true;
	}
	/* Content of more than 4 GiB has several records, one piece behind the other. */
	*piece = *so_far ? *piece : at;
	*so_far += size;
	if (flags & GOES_ON)
		return true;
	tell_file(g, t, path, *piece, *so_far);
	*so_far = 0;
	return true;
}

static bool is_nothing(struct span s)
{
	return !s.len || (!*s.at && !memcmp(s.at, s.at + 1, s.len - 1));
}

static bool read_folder(struct going *g, const struct tree *t, const struct folder *f)
{
	struct span first = span_sub(g->image, f->at, RECORD_LEAST), bytes;
	uint64_t piece = 0, so_far = 0;

	/* It begins with itself. */
	if (first.len < RECORD_LEAST || first.at[0] < RECORD_LEAST || first.at[32] != 1 || first.at[33] ||
	    (uint64_t)load_u32le(first.at + 2) * t->block != f->at)
		return false;
	bytes = span_sub(g->image, f->at, load_u32le(first.at + 10));
	if (bytes.len < load_u32le(first.at + 10) || bytes.len > g->left)
		return false;
	g->left -= bytes.len;
	for (size_t at = 0; at < bytes.len && !g->stopped; ) {
		size_t len = bytes.at[at];

		if (!len) {
			size_t rest = SECTOR - at % SECTOR;

			if (!is_nothing(span_sub(bytes, at, rest)))
				return false;
			at += rest;
			continue;
		}
		if (len < RECORD_LEAST || len > bytes.len - at ||
		    !take_record(g, t, f->path, span_sub(bytes, at, len), &piece, &so_far))
			return false;
		at += len;
	}
	return true;
}

static void read_folders(struct going *g, const struct tree *t)
{
	while (g->head && !g->stopped) {
		struct folder *f = g->head;

		g->head = f->next;
		if (!g->head)
			g->tail = &g->head;
		g->state->damaged += !read_folder(g, t, f);
	}
}

/* It has the folders that a destroyed one named, too; their paths begin with themselves then. */
static bool read_table(struct going *g, const struct tree *t)
{
	struct span table = span_sub(g->image, (uint64_t)t->table * t->block, t->table_size);
	size_t at = 0;

	while (at + 8 <= table.len) {
		size_t len = table.at[at];
		struct span name = span_sub(table, at + 8, len);

		if (!len || name.len < len)
			return false;
		if (!(len == 1 && !name.at[0]))
			add_folder(g, (uint64_t)load_u32le(table.at + at + 2) * t->block,
				   path_of(g, t, (struct span){ 0 }, name));
		at += 8 + len + len % 2;
	}
	return table.len == t->table_size && at >= table.len;
}

/* A tree without any file is another's once more. */
static bool do_trees_differ(const struct map *files)
{
	uintptr_t all = 0;
	bool differs = false;
	struct span key;
	void *trees;

	for (size_t at = 0; map_next(files, &at, &key, &trees); )
		all |= (uintptr_t)trees;
	for (size_t at = 0; map_next(files, &at, &key, &trees); )
		differs |= (uintptr_t)trees != all;
	return differs;
}

bool iso_is(struct span image)
{
	return span_eq(span_sub(image, FIRST_DESCRIPTOR * SECTOR + 1, 5), SPAN("CD001")) ||
	       span_eq(span_sub(image, (FIRST_DESCRIPTOR + 1) * SECTOR + 1, 5), SPAN("CD001"));
}

void iso_each(struct span image, iso_file_fn *take, void *context, struct iso_state *out)
{
	struct going g = { .image = image, .arena = arena_new(MEMORY), .path = buf_new(PATH_MOST), .take = take,
			   .context = context, .state = out, .left = image.len };

	*out = (struct iso_state){ 0 };
	g.folders = map_new(&g.arena);
	g.files = map_new(&g.arena);
	g.tail = &g.head;
	find_trees(&g);
	for (size_t i = 0; i < g.tree_count && !g.stopped; i++) {
		const struct tree *t = &g.trees[i];

		add_folder(&g, (uint64_t)t->root * t->block, (struct span){ 0 });
		read_folders(&g, t);
		out->damaged += !read_table(&g, t);
		read_folders(&g, t);
	}
	out->differs = do_trees_differ(&g.files);
	buf_free(&g.path);
	arena_free(&g.arena);
}
