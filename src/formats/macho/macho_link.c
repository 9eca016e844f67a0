#include "formats/macho/macho_link.h"

#define COMMAND_HEAD 8
#define NEEDED UINT32_C(0x80000000)	/* by the dynamic linker, else it refuses */

enum {
	SYMTAB = 0x2, DYSYMTAB = 0xb, LOAD_DYLIB = 0xc, ID_DYLIB = 0xd, LOAD_DYLINKER = 0xe,
	ID_DYLINKER = 0xf, WEAK_DYLIB = 0x18, UUID = 0x1b, RPATH = 0x1c, CODE_SIGNATURE = 0x1d,
	REEXPORT_DYLIB = 0x1f, DYLD_INFO = 0x22, MIN_MACOSX = 0x24, MIN_IPHONEOS = 0x25,
	DYLD_ENVIRONMENT = 0x27, SOURCE_VERSION = 0x2a, LINKER_OPTION = 0x2d, MIN_TVOS = 0x2f,
	MIN_WATCHOS = 0x30, BUILD_VERSION = 0x32, EXPORTS_TRIE = 0x33, CHAINED_FIXUPS = 0x34,
};

struct reader {
	const struct macho *m;
	struct macho_link *out;
	struct arena *arena;
};

bool macho_names_add(struct macho_names *names, struct arena *arena, struct span name)
{
	struct span *added = arena_push(arena, (void **)&names->list, &names->count, &names->room,
					sizeof *added);

	if (added)
		*added = name;
	return added;
}

static struct span text_at(struct span bytes, size_t offset)
{
	struct span text = span_from(bytes, offset);
	size_t end = span_find_byte(text, 0, 0);

	return end == SIZE_MAX ? text : span_sub(text, 0, end);
}

/* The text whose offset in the command comes next. */
static struct span offset_text(const struct macho *m, struct cursor *c)
{
	return text_at(c->in, macho_u32(m, c));
}

static bool read_numbers(const struct macho *m, struct cursor *c, uint32_t *to, size_t count)
{
	for (size_t i = 0; i < count; i++)
		to[i] = macho_u32(m, c);
	return !c->short_read;
}

static struct macho_place read_place(const struct macho *m, struct cursor *c)
{
	struct macho_place p = { .offset = macho_u32(m, c), .size = macho_u32(m, c) };

	p.is_there = !c->short_read;
	return p;
}

static void read_dylib(struct reader *r, struct cursor *c)
{
	struct macho_link *l = r->out;
	struct macho_dylib dylib = { .name = offset_text(r->m, c) }, *added;

	dylib.timestamp = macho_u32(r->m, c);
	dylib.current = macho_u32(r->m, c);
	dylib.compatibility = macho_u32(r->m, c);
	if (c->short_read)
		return;
	added = arena_push(r->arena, (void **)&l->dylibs, &l->dylib_count, &l->dylib_room,
			   sizeof *added);
	if (added)
		*added = dylib;
}

static void read_options(struct reader *r, struct cursor *c)
{
	uint32_t declared = macho_u32(r->m, c);

	for (uint32_t i = 0; i < declared && cursor_left(c); i++) {
		struct span text = text_at(c->in, c->at);

		if (!macho_names_add(&r->out->options, r->arena, text))
			return;
		cursor_skip(c, text.len + 1);
	}
}

static void read_build(struct reader *r, struct cursor *c)
{
	struct macho_link *l = r->out;
	uint32_t head[4];
	size_t fitting;

	if (!read_numbers(r->m, c, head, 4))
		return;
	l->has_build = true;
	l->platform = head[0];
	l->build_minimum = head[1];
	l->build_sdk = head[2];
	l->declared_tools = head[3];
	fitting = cursor_left(c) / 8 < head[3] ? cursor_left(c) / 8 : head[3];
	l->tools = ARENA_ARRAY(r->arena, fitting, struct macho_tool);
	l->tool_count = 0;
	while (l->tools && l->tool_count < fitting) {
		l->tools[l->tool_count].tool = macho_u32(r->m, c);
		l->tools[l->tool_count++].version = macho_u32(r->m, c);
	}
}

static void read_minimum(struct reader *r, uint32_t command, struct cursor *c)
{
	uint32_t version = macho_u32(r->m, c), sdk = macho_u32(r->m, c);

	if (c->short_read)
		return;
	r->out->device = command;
	r->out->minimum = version;
	r->out->sdk = sdk;
}

static void read_rpath(struct reader *r, struct cursor *c)
{
	struct span path = offset_text(r->m, c);

	if (!c->short_read)
		macho_names_add(&r->out->rpaths, r->arena, path);
}

static void read_source(struct reader *r, struct cursor *c)
{
	uint64_t version = macho_u64(r->m, c);

	if (c->short_read)
		return;
	r->out->source = version;
	r->out->has_source = true;
}

/* Tables that lie elsewhere; false: another command. */
static bool read_table(struct reader *r, uint32_t command, struct cursor *c)
{
	struct macho_link *l = r->out;

	switch (command) {
	case SYMTAB:
		l->has_symtab = read_numbers(r->m, c, l->symtab, MACHO_SYMTAB_NUMBERS);
		return true;
	case DYSYMTAB:
		l->has_dysymtab = read_numbers(r->m, c, l->dysymtab, MACHO_DYSYMTAB_NUMBERS);
		return true;
	case DYLD_INFO:
		l->has_dyld_info = read_numbers(r->m, c, l->dyld_info, MACHO_DYLD_INFO_NUMBERS);
		return true;
	case CODE_SIGNATURE:
		l->signature = read_place(r->m, c);
		return true;
	case EXPORTS_TRIE:
		l->exports = read_place(r->m, c);
		return true;
	case CHAINED_FIXUPS:
		l->fixups = read_place(r->m, c);
		return true;
	default:
		return false;
	}
}

static void read_command(struct reader *r, uint32_t command, struct cursor c)
{
	cursor_skip(&c, COMMAND_HEAD);
	if (read_table(r, command, &c))
		return;
	switch (command) {
	case LOAD_DYLIB:
	case ID_DYLIB:
	case WEAK_DYLIB:
	case REEXPORT_DYLIB:
		read_dylib(r, &c);
		break;
	case LOAD_DYLINKER:
	case ID_DYLINKER:
	case DYLD_ENVIRONMENT:
		r->out->linker = offset_text(r->m, &c);
		break;
	case RPATH:
		read_rpath(r, &c);
		break;
	case UUID:
		r->out->uuid = cursor_take(&c, 16);
		break;
	case SOURCE_VERSION:
		read_source(r, &c);
		break;
	case LINKER_OPTION:
		read_options(r, &c);
		break;
	case BUILD_VERSION:
		read_build(r, &c);
		break;
	case MIN_MACOSX:
	case MIN_IPHONEOS:
	case MIN_TVOS:
	case MIN_WATCHOS:
		read_minimum(r, command, &c);
		break;
	default:
		break;
	}
}

void macho_link_parse(const struct macho *m, struct arena *arena, struct macho_link *out)
{
	struct reader r = { m, out, arena };
	struct cursor c = macho_commands(m);
	struct span bytes;
	uint32_t command;

	*out = (struct macho_link){ 0 };
	for (uint32_t i = 0; i < m->commands && i < MACHO_MAX_COMMANDS &&
	     macho_next_command(m, &c, &command, &bytes); i++)
		read_command(&r, command & ~NEEDED, cursor_of(bytes));
}
