#include <stdlib.h>

#include "formats/macho/macho_link.h"

#define SYMBOL_KIND 0xe		/* of its type byte: 0 is undefined */
#define SYMBOL_DEBUG 0xe0
#define SYMBOL_EXTERNAL 1

enum { BIND_DYLIB_ULEB = 0x20, BIND_SYMBOL = 0x40, BIND_ADDEND = 0x60, BIND_SEGMENT = 0x70,
       BIND_ADD = 0x80, BIND_DO_ADD = 0xa0, BIND_DO_TIMES = 0xc0, BIND_THREADED = 0xd0 };

static struct span text_at(struct span bytes, size_t offset)
{
	struct span text = span_sub(bytes, offset, MACHO_NAME_MAX);
	size_t end = span_find_byte(text, 0, 0);

	return end == SIZE_MAX ? text : span_sub(text, 0, end);
}

/* A name that costs as much as it is long: false where the budget is spent. */
static bool add_name(struct macho_names *names, struct arena *arena, struct span name,
		     uint64_t *budget)
{
	if (*budget <= name.len)
		return false;
	*budget -= name.len + 1;
	return macho_names_add(names, arena, name);
}

static uint64_t budget_of(struct span bytes)
{
	return MACHO_NAME_SHARE * (uint64_t)bytes.len + MACHO_NAME_MAX;
}

struct macho_names macho_symbols(const struct macho *m, const struct macho_link *l,
				 struct arena *arena, bool only_undefined)
{
	struct span text = span_sub(m->file, l->symtab[MACHO_TEXT_OFFSET],
				    l->symtab[MACHO_TEXT_SIZE]);
	struct cursor c = cursor_of(span_from(m->file, l->symtab[MACHO_SYMBOLS_OFFSET]));
	struct macho_names names = { 0 };
	uint64_t budget = budget_of(text);
	uint32_t declared = l->has_symtab ? l->symtab[MACHO_SYMBOLS] : 0;

	for (uint32_t i = 0; i < declared; i++) {
		uint32_t name = macho_u32(m, &c);
		uint8_t type = cursor_u8(&c);
		struct span found;

		cursor_skip(&c, m->wide ? 11 : 7);
		if (c.short_read)
			break;
		if (only_undefined && (type & SYMBOL_DEBUG ||
				       (type & SYMBOL_KIND) != 0 || !(type & SYMBOL_EXTERNAL)))
			continue;
		found = text_at(text, name);
		if (found.len && !add_name(&names, arena, found, &budget))
			break;
	}
	return names;
}

size_t macho_symbol_list(const struct macho *m, const struct macho_link *l, struct arena *arena,
			 struct macho_symbol **out)
{
	struct cursor c = cursor_of(span_from(m->file, l->symtab[MACHO_SYMBOLS_OFFSET]));
	size_t size = m->wide ? 16 : 12, most = cursor_left(&c) / size;
	size_t count = l->has_symtab ? l->symtab[MACHO_SYMBOLS] : 0, kept = 0;
	struct span text = span_sub(m->file, l->symtab[MACHO_TEXT_OFFSET],
				    l->symtab[MACHO_TEXT_SIZE]);

	count = count < most ? count : most;
	*out = ARENA_ARRAY(arena, count, struct macho_symbol);
	for (size_t i = 0; *out && i < count; i++) {
		struct macho_symbol *s = &(*out)[kept];

		s->name = macho_u32(m, &c);
		s->type = cursor_u8(&c);
		s->section = cursor_u8(&c);
		s->description = m->big_endian ? cursor_u16be(&c) : cursor_u16le(&c);
		s->value = m->wide ? macho_u64(m, &c) : macho_u32(m, &c);
		kept += s->name < text.len && text.at[s->name];
	}
	return kept;
}

/* The names in a stream of binding instructions. */
static void read_bindings(struct macho_names *names, struct arena *arena, struct span stream)
{
	struct cursor c = cursor_of(stream);

	while (cursor_left(&c)) {
		uint8_t byte = cursor_u8(&c);
		struct span name;

		switch (byte & 0xf0) {
		case BIND_SYMBOL:
			name = text_at(stream, c.at);
			cursor_skip(&c, name.len + 1);
			if (!macho_names_add(names, arena, name))
				return;
			break;
		case BIND_DO_TIMES:
			cursor_uleb128(&c);
			cursor_uleb128(&c);
			break;
		case BIND_DYLIB_ULEB:
		case BIND_ADDEND:
		case BIND_SEGMENT:
		case BIND_ADD:
		case BIND_DO_ADD:
			cursor_uleb128(&c);
			break;
		case BIND_THREADED:
			if ((byte & 0xf) == 0)
				cursor_uleb128(&c);
			break;
		default:
			break;
		}
	}
}

/* The imports of chained fixups: formats 1, 2 and 3 of an entry. */
static void read_fixups(const struct macho *m, struct macho_names *names, struct arena *arena,
			struct span fixups)
{
	static const uint8_t sizes[] = { 0, 4, 8, 16 };
	struct cursor c = cursor_of(fixups);
	uint64_t budget = budget_of(fixups);
	uint32_t head[7];
	struct span text;

	for (size_t i = 0; i < 7; i++)
		head[i] = macho_u32(m, &c);
	if (c.short_read || head[5] == 0 || head[5] >= sizeof sizes || head[6] != 0)
		return;
	text = span_from(fixups, head[3]);
	cursor_seek(&c, head[2]);
	for (uint32_t i = 0; i < head[4]; i++) {
		struct cursor entry = cursor_of(cursor_take(&c, sizes[head[5]]));
		uint64_t bits = head[5] == 3 ? macho_u64(m, &entry) : macho_u32(m, &entry);
		uint64_t name = head[5] == 3 ? bits >> 32 : bits >> 9;

		if (c.short_read || !add_name(names, arena, text_at(text, name), &budget))
			return;
	}
}

static int compare_places(const void *a, const void *b)
{
	const struct span *const *x = a, *const *y = b;
	int order = span_cmp(**x, **y);

	return order ? order : (*x > *y) - (*x < *y);
}

/* Leaves the first of equal names. */
static void drop_repeated(struct macho_names *names, struct arena *arena)
{
	struct span **sorted = ARENA_ARRAY(arena, names->count, struct span *);
	size_t kept = 0, last = 0;

	if (!sorted || !names->count)
		return;
	for (size_t i = 0; i < names->count; i++)
		sorted[i] = &names->list[i];
	qsort(sorted, names->count, sizeof *sorted, compare_places);
	for (size_t i = 1; i < names->count; i++) {
		if (span_eq(*sorted[i], *sorted[last]))
			sorted[i]->at = NULL;
		else
			last = i;
	}
	for (size_t i = 0; i < names->count; i++) {
		if (names->list[i].at)
			names->list[kept++] = names->list[i];
	}
	names->count = kept;
}

struct macho_names macho_imports(const struct macho *m, const struct macho_link *l,
				 struct arena *arena)
{
	static const uint8_t streams[] = { MACHO_BIND, MACHO_LAZY_BIND, MACHO_WEAK_BIND };
	struct macho_names names = { 0 };

	for (size_t i = 0; l->has_dyld_info && i < sizeof streams; i++) {
		const uint32_t *place = &l->dyld_info[streams[i]];

		read_bindings(&names, arena, span_sub(m->file, place[0], place[1]));
	}
	if (l->fixups.is_there)
		read_fixups(m, &names, arena, span_sub(m->file, l->fixups.offset, l->fixups.size));
	drop_repeated(&names, arena);
	return names;
}

/* A trie of names; the node taken next is the last that was found, as in YARA-X. */
struct trie {
	struct span bytes;
	struct arena *arena;
	struct branch {
		struct span edge;
		size_t name_len;	/* of the node it leaves */
		uint64_t child;
	} *stack;
	size_t depth, room;
	uint8_t name[MACHO_NAME_MAX];	/* of the node at hand and of those above it */
	uint64_t branches, budget;
};

static bool push_children(struct trie *t, struct cursor *c, size_t name_len)
{
	for (unsigned n = cursor_u8(c); n; n--) {
		struct branch b = { .edge = text_at(t->bytes, c->at), .name_len = name_len }, *added;

		cursor_skip(c, b.edge.len + 1);
		b.child = cursor_uleb128(c);
		if (c->short_read || t->branches == 0)
			return false;
		t->branches--;
		added = arena_push(t->arena, (void **)&t->stack, &t->depth, &t->room, sizeof b);
		if (!added)
			return false;
		*added = b;
	}
	return true;
}

static bool visit_node(struct trie *t, struct macho_names *names, const struct branch *b)
{
	struct cursor c = cursor_of(t->bytes);
	size_t len = b->name_len + b->edge.len;
	uint64_t terminal;

	if (len > MACHO_NAME_MAX || t->budget <= b->edge.len)
		return false;
	t->budget -= b->edge.len + 1;
	memcpy(t->name + b->name_len, b->edge.at, b->edge.len);
	cursor_seek(&c, b->child);
	terminal = cursor_uleb128(&c);
	if (terminal && !c.short_read && t->budget > len &&
	    !add_name(names, t->arena, arena_copy(t->arena, span_of(t->name, len)), &t->budget))
		return false;
	cursor_skip(&c, terminal);
	return push_children(t, &c, len);
}

static void read_trie(struct macho_names *names, struct arena *arena, struct span bytes)
{
	struct trie *t = bytes.len ? ARENA_NEW(arena, struct trie) : NULL;
	struct branch b = { .edge = span_sub(bytes, 0, 0) };
	bool going = t;

	if (!t)
		return;
	t->bytes = bytes;
	t->arena = arena;
	t->branches = bytes.len;
	t->budget = budget_of(bytes);
	while (going) {
		going = visit_node(t, names, &b) && t->depth;
		if (going)
			b = t->stack[--t->depth];
	}
}

struct macho_names macho_exports(const struct macho *m, const struct macho_link *l,
				 struct arena *arena)
{
	const uint32_t *place = &l->dyld_info[MACHO_EXPORT];
	struct macho_names names = { 0 };

	if (l->has_dyld_info)
		read_trie(&names, arena, span_sub(m->file, place[0], place[1]));
	if (l->exports.is_there)
		read_trie(&names, arena,
			  span_sub(m->file, l->exports.offset, l->exports.size));
	return names;
}
