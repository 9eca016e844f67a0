#include "formats/macho/macho.h"

#define MAGIC_32 UINT32_C(0xfeedface)
#define MAGIC_64 UINT32_C(0xfeedfacf)
#define FAT_MAGIC_32 UINT32_C(0xcafebabe)
#define FAT_MAGIC_64 UINT32_C(0xcafebabf)
#define HEADER_SIZE_32 28
#define HEADER_SIZE_64 32
#define FAT_HEADER_SIZE 8
#define COMMAND_HEAD 8
#define THREAD_HEAD 16
#define NAME_SIZE 16

enum { COMMAND_SEGMENT = 0x1, COMMAND_UNIXTHREAD = 0x5, COMMAND_SEGMENT_64 = 0x19 };
#define COMMAND_MAIN UINT32_C(0x80000028)

struct reader {
	struct macho *m;
	struct arena *arena;
	size_t room;			/* of segments */
};

uint32_t macho_u32(const struct macho *m, struct cursor *c)
{
	return m->big_endian ? cursor_u32be(c) : cursor_u32le(c);
}

uint64_t macho_u64(const struct macho *m, struct cursor *c)
{
	return m->big_endian ? cursor_u64be(c) : cursor_u64le(c);
}

static uint64_t read_word(const struct macho *m, struct cursor *c, bool wide)
{
	return wide ? macho_u64(m, c) : macho_u32(m, c);
}

static struct span read_name(struct cursor *c)
{
	struct span name = cursor_take(c, NAME_SIZE);
	size_t end = span_find_byte(name, 0, 0);

	return end == SIZE_MAX ? name : span_sub(name, 0, end);
}

bool macho_is_single(struct span file)
{
	uint32_t le = file.len >= 4 ? load_u32le(file.at) : 0;
	uint32_t be = file.len >= 4 ? load_u32be(file.at) : 0;

	return le == MAGIC_32 || le == MAGIC_64 || be == MAGIC_32 || be == MAGIC_64;
}

bool macho_is_fat(struct span file)
{
	uint32_t le = file.len >= 4 ? load_u32le(file.at) : 0;
	uint32_t be = file.len >= 4 ? load_u32be(file.at) : 0;

	return le == FAT_MAGIC_32 || le == FAT_MAGIC_64 || be == FAT_MAGIC_32 || be == FAT_MAGIC_64;
}

static struct macho_section read_section(const struct macho *m, struct cursor *c, bool wide)
{
	struct macho_section s = { .name = read_name(c), .segment = read_name(c) };

	s.address = read_word(m, c, wide);
	s.size = read_word(m, c, wide);
	s.offset = macho_u32(m, c);
	s.align = macho_u32(m, c);
	s.relocations_offset = macho_u32(m, c);
	s.relocations = macho_u32(m, c);
	s.flags = macho_u32(m, c);
	for (int i = 0; i < (wide ? 3 : 2); i++)
		s.reserved[i] = macho_u32(m, c);
	return s;
}

static void read_segment(struct reader *r, struct cursor c, bool wide)
{
	const struct macho *m = r->m;
	struct macho_segment segment = { .wide = wide }, *added;
	size_t section_size = wide ? 80 : 68, fitting;

	cursor_skip(&c, COMMAND_HEAD);
	segment.name = read_name(&c);
	segment.address = read_word(m, &c, wide);
	segment.memory_size = read_word(m, &c, wide);
	segment.offset = read_word(m, &c, wide);
	segment.size = read_word(m, &c, wide);
	segment.max_protection = macho_u32(m, &c);
	segment.protection = macho_u32(m, &c);
	segment.declared_sections = macho_u32(m, &c);
	segment.flags = macho_u32(m, &c);
	if (c.short_read)
		return;
	fitting = cursor_left(&c) / section_size;
	if (fitting > segment.declared_sections)
		fitting = segment.declared_sections;
	segment.sections = ARENA_ARRAY(r->arena, fitting, struct macho_section);
	for (size_t i = 0; segment.sections && i < fitting; i++)
		segment.sections[segment.section_count++] = read_section(m, &c, wide);
	added = arena_push(r->arena, (void **)&r->m->segments, &r->m->segment_count, &r->room,
			   sizeof *added);
	if (added)
		*added = segment;
}

/* Where the program counter stands in the thread state of each architecture. */
static const struct thread_state {
	uint32_t cpu_type;
	uint16_t size, counter;
	bool wide;
} thread_states[] = {
	{ 6, 72, 68, false },			/* 68000 */
	{ 13, 136, 124, false },		/* 88000 */
	{ 14, 76, 4, false },			/* SPARC */
	{ 18, 160, 0, false },			/* PowerPC */
	{ 7, 64, 40, false },			/* x86 */
	{ 12, 68, 60, false },			/* ARM */
	{ 0x1000007, 168, 128, true },		/* x86-64 */
	{ 0x100000c, 268, 256, true },		/* ARM64 */
	{ 0x1000012, 304, 0, true },		/* PowerPC 64 */
};

static void read_thread(struct macho *m, struct cursor c)
{
	cursor_skip(&c, THREAD_HEAD);
	for (size_t i = 0; i < sizeof thread_states / sizeof *thread_states; i++) {
		const struct thread_state *state = &thread_states[i];

		if (state->cpu_type != m->cpu_type || cursor_left(&c) < state->size)
			continue;
		cursor_skip(&c, state->counter);
		m->entry = read_word(m, &c, state->wide);
		m->entry_kind = MACHO_ENTRY_ADDRESS;
		return;
	}
}

static void read_main(struct macho *m, struct cursor c)
{
	uint64_t entry, stack;

	cursor_skip(&c, COMMAND_HEAD);
	entry = macho_u64(m, &c);
	stack = macho_u64(m, &c);
	if (c.short_read)
		return;
	m->entry = entry;
	m->entry_kind = MACHO_ENTRY_OFFSET;
	m->stack_size = stack;
	m->has_stack_size = true;
}

static void read_command(struct reader *r, uint32_t command, struct span bytes)
{
	switch (command) {
	case COMMAND_SEGMENT:
		read_segment(r, cursor_of(bytes), false);
		break;
	case COMMAND_SEGMENT_64:
		read_segment(r, cursor_of(bytes), true);
		break;
	case COMMAND_UNIXTHREAD:
		read_thread(r->m, cursor_of(bytes));
		break;
	case COMMAND_MAIN:
		read_main(r->m, cursor_of(bytes));
		break;
	default:
		break;
	}
}

struct cursor macho_commands(const struct macho *m)
{
	struct cursor c = cursor_of(m->file);

	cursor_skip(&c, m->wide ? HEADER_SIZE_64 : HEADER_SIZE_32);
	return c;
}

bool macho_next_command(const struct macho *m, struct cursor *c, uint32_t *command,
			struct span *bytes)
{
	struct cursor head = *c;
	uint32_t size;

	*command = macho_u32(m, &head);
	size = macho_u32(m, &head);
	if (head.short_read || size < COMMAND_HEAD)
		return false;
	*bytes = cursor_take(c, size);
	return !c->short_read;
}

static void read_commands(struct reader *r)
{
	struct cursor c = macho_commands(r->m);
	struct span bytes;
	uint32_t command;

	for (uint32_t i = 0; i < r->m->commands && i < MACHO_MAX_COMMANDS &&
	     macho_next_command(r->m, &c, &command, &bytes); i++)
		read_command(r, command, bytes);
}

bool macho_parse(struct span file, struct arena *arena, struct macho *out, struct err *err)
{
	struct reader r = { .m = out, .arena = arena };
	struct cursor c = cursor_of(file);

	*out = (struct macho){ .file = file };
	if (!macho_is_single(file))
		return err_set(err, ERR_UNSUPPORTED, 0, "no Mach-O header");
	if (file.len < HEADER_SIZE_64)
		return err_set(err, ERR_CORRUPT, file.len, "Mach-O header cut short");
	out->magic = cursor_u32le(&c);
	out->big_endian = file.at[0] == 0xfe;
	out->wide = file.at[out->big_endian ? 3 : 0] == 0xcf;
	out->cpu_type = macho_u32(out, &c);
	out->cpu_subtype = macho_u32(out, &c);
	out->file_type = macho_u32(out, &c);
	out->commands = macho_u32(out, &c);
	out->commands_size = macho_u32(out, &c);
	out->flags = macho_u32(out, &c);
	if (out->wide)
		out->reserved = macho_u32(out, &c);
	read_commands(&r);
	return true;
}

static struct macho_architecture read_architecture(struct cursor *c, bool wide)
{
	struct macho_architecture a;

	a.cpu_type = cursor_u32be(c);
	a.cpu_subtype = cursor_u32be(c);
	a.offset = wide ? cursor_u64be(c) : cursor_u32be(c);
	a.size = wide ? cursor_u64be(c) : cursor_u32be(c);
	a.align = cursor_u32be(c);
	a.reserved = wide ? cursor_u32be(c) : 0;
	return a;
}

bool macho_fat_parse(struct span file, struct arena *arena, struct macho_fat *out, struct err *err)
{
	struct cursor c = cursor_of(file);
	size_t count;
	bool wide;

	*out = (struct macho_fat){ 0 };
	if (!macho_is_fat(file))
		return err_set(err, ERR_UNSUPPORTED, 0, "no fat Mach-O header");
	if (file.len < FAT_HEADER_SIZE)
		return err_set(err, ERR_CORRUPT, file.len, "fat Mach-O header cut short");
	wide = file.at[3] != 0xbe;
	out->magic = cursor_u32be(&c);
	out->declared = cursor_u32be(&c);
	if (cursor_left(&c) / (wide ? 32 : 20) < out->declared)
		return true;
	count = out->declared < MACHO_MAX_ARCHITECTURES ? out->declared : MACHO_MAX_ARCHITECTURES;
	out->list = ARENA_ARRAY(arena, count, struct macho_architecture);
	for (size_t i = 0; out->list && i < count; i++)
		out->list[out->count++] = read_architecture(&c, wide);
	return true;
}

bool macho_offset(const struct macho *m, uint64_t address, uint64_t *offset)
{
	for (size_t i = 0; i < m->segment_count; i++) {
		const struct macho_segment *s = &m->segments[i];

		if (address >= s->address && address - s->address < s->memory_size) {
			*offset = s->offset + (address - s->address);
			return true;
		}
	}
	return false;
}

bool macho_address(const struct macho *m, uint64_t offset, uint64_t *address)
{
	for (size_t i = 0; i < m->segment_count; i++) {
		const struct macho_segment *s = &m->segments[i];

		if (offset >= s->offset && offset - s->offset < s->size) {
			*address = s->address + (offset - s->offset);
			return true;
		}
	}
	return false;
}
