#include "formats/pe/pe_resource.h"

#include "formats/pe/pe_version_info.h"

#define DIRECTORY_SIZE 16
#define ENTRY_SIZE 8
#define LEAF_SIZE 16
#define MAX_NAME 1000			/* characters */
#define MAX_SIZE 0x3fffffff
#define HIGH_BIT UINT32_C(0x80000000)
#define MAX_ENTRIES (4 * PE_MAX_RESOURCES)
#define MAX_ENTRIES_EACH 32768
#define LEVELS 3
#define TYPE_VERSION 16

struct walk {
	const struct pe *pe;
	struct arena *arena;
	struct pe_resources *out;
	struct span section;		/* from the root directory on */
	size_t room;
	size_t entries;
	struct pe_resource_name path[LEVELS];
	struct pe_version_budget budget;
};

/* Text where the high bit says so and it is there, else the number as it stands. */
static struct pe_resource_name read_name(const struct walk *w, uint32_t field)
{
	struct pe_resource_name name = { .number = (int32_t)field };
	struct cursor c = cursor_of(w->section);
	struct span text;
	size_t len;

	if (!(field & HIGH_BIT))
		return name;
	cursor_seek(&c, field & ~HIGH_BIT);
	len = cursor_u16le(&c);
	text = cursor_take(&c, 2 * len);
	if (!c.short_read && len <= MAX_NAME)
		name.text = text;
	return name;
}

/* False: stop the walk. What is no entry, or of no possible size, is left out. */
static bool add_leaf(struct walk *w, uint32_t at)
{
	struct cursor c = cursor_of(span_sub(w->section, at, LEAF_SIZE));
	uint32_t rva = cursor_u32le(&c), size = cursor_u32le(&c);
	struct pe_resource *leaf;

	cursor_skip(&c, 8);
	if (c.short_read || size == 0 || size > MAX_SIZE)
		return true;
	if (w->out->count >= PE_MAX_RESOURCES)
		return false;
	leaf = arena_push(w->arena, (void **)&w->out->list, &w->out->count, &w->room, sizeof *leaf);
	if (!leaf)
		return false;
	leaf->rva = rva;
	leaf->size = size;
	if (!pe_offset(w->pe, rva, &leaf->offset))
		leaf->offset = SIZE_MAX;
	leaf->type = w->path[0];
	leaf->name = w->path[1];
	leaf->language = w->path[2];
	if (leaf->type.number == TYPE_VERSION && leaf->offset != SIZE_MAX)
		pe_version_info_read(span_from(w->pe->file, leaf->offset), w->arena, &w->budget,
				     w->out);
	return true;
}

static bool walk_directory(struct walk *w, uint32_t at, int level);

static bool walk_entry(struct walk *w, uint32_t name, uint32_t target, int level)
{
	if (++w->entries > MAX_ENTRIES)
		return false;
	w->path[level] = read_name(w, name);
	if ((target & HIGH_BIT) && level < LEVELS - 1)
		return walk_directory(w, target & ~HIGH_BIT, level + 1);
	return add_leaf(w, target & ~HIGH_BIT);
}

/* A directory whose table is not there whole has no entries; one that leads nowhere ends it. */
static bool walk_directory(struct walk *w, uint32_t at, int level)
{
	struct cursor c = cursor_of(span_from(w->section, at));
	uint32_t characteristics = cursor_u32le(&c);
	unsigned named, numbered;

	cursor_skip(&c, 8);
	named = cursor_u16le(&c);
	numbered = cursor_u16le(&c);
	if (c.short_read || characteristics != 0 || named > MAX_ENTRIES_EACH ||
	    numbered > MAX_ENTRIES_EACH)
		return true;
	c = cursor_of(cursor_take(&c, (size_t)(named + numbered) * ENTRY_SIZE));
	while (cursor_left(&c) >= ENTRY_SIZE) {
		uint32_t name = cursor_u32le(&c), target = cursor_u32le(&c);

		if (target == 0)
			break;
		if (!walk_entry(w, name, target, level))
			return false;
	}
	/* What is left of a name on a deeper level must not stick to a leaf above it. */
	w->path[level].text = (struct span){ 0 };
	return true;
}

void pe_resources_read(const struct pe *pe, struct arena *arena, struct pe_resources *out)
{
	const struct pe_directory *directory = pe_directory(pe, PE_DIR_RESOURCE);
	struct walk w = { .pe = pe, .arena = arena, .out = out };
	struct cursor c;

	*out = (struct pe_resources){ 0 };
	for (int i = 0; i < LEVELS; i++)
		w.path[i].number = -1;
	if (directory->rva == 0)
		return;
	w.section = pe_at_rva(pe, directory->rva);
	if (w.section.len < DIRECTORY_SIZE)
		return;
	c = cursor_of(w.section);
	cursor_skip(&c, 4);
	out->found = true;
	out->timestamp = cursor_u32le(&c);
	out->version.major = cursor_u16le(&c);
	out->version.minor = cursor_u16le(&c);
	walk_directory(&w, 0, 0);
}
