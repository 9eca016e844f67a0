#include "rules/yara/module.h"

#include "codec/digest.h"
#include "rules/yara/mod_macho.h"
#include "rules/yara/mod_macho_constants.h"

#define OVERLAP 4

static void set_section(struct yara_object *to, const struct macho_section *s, bool wide)
{
	yara_set_string(to, "sectname", s->name);
	yara_set_string(to, "segname", s->segment);
	yara_set_integer(to, "addr", (int64_t)s->address);
	yara_set_integer(to, "size", (int64_t)s->size);
	yara_set_integer(to, "offset", s->offset);
	yara_set_integer(to, "align", s->align);
	yara_set_integer(to, "reloff", s->relocations_offset);
	yara_set_integer(to, "nreloc", s->relocations);
	yara_set_integer(to, "flags", s->flags);
	yara_set_integer(to, "reserved1", s->reserved[0]);
	yara_set_integer(to, "reserved2", s->reserved[1]);
	if (wide)
		yara_set_integer(to, "reserved3", s->reserved[2]);
}

static void set_segment(struct yara_object *to, const struct macho_segment *s)
{
	struct yara_object *list = to ? yara_array(to, "sections") : NULL;

	yara_set_string(to, "segname", s->name);
	yara_set_integer(to, "vmaddr", (int64_t)s->address);
	yara_set_integer(to, "vmsize", (int64_t)s->memory_size);
	yara_set_integer(to, "fileoff", (int64_t)s->offset);
	yara_set_integer(to, "fsize", (int64_t)s->size);
	yara_set_integer(to, "maxprot", s->max_protection);
	yara_set_integer(to, "initprot", s->protection);
	yara_set_integer(to, "nsects", s->declared_sections);
	yara_set_integer(to, "flags", s->flags);
	for (size_t i = 0; list && i < s->section_count; i++)
		set_section(yara_array_add_struct(list), &s->sections[i], s->wide);
}

static void set_segments(struct yara_object *to, const struct macho *m)
{
	struct yara_object *list = to ? yara_array(to, "segments") : NULL;

	for (size_t i = 0; list && i < m->segment_count; i++)
		set_segment(yara_array_add_struct(list), &m->segments[i]);
}

static void set_entry_point(struct yara_object *to, const struct macho *m, bool is_memory,
			    uint64_t base)
{
	uint64_t entry = m->entry;
	bool is_known = m->entry_kind != MACHO_NO_ENTRY;

	if (m->entry_kind == MACHO_ENTRY_ADDRESS && is_memory)
		entry += base;
	else if (m->entry_kind == MACHO_ENTRY_ADDRESS)
		is_known = macho_offset(m, m->entry, &entry);
	else if (is_known && is_memory)
		is_known = macho_address(m, m->entry, &entry);
	if (is_known)
		yara_set_integer(to, "entry_point", (int64_t)entry);
}

static void set_header(struct yara_object *to, const struct macho *m, const struct yara_load *l)
{
	yara_set_integer(to, "magic", m->magic);
	yara_set_integer(to, "cputype", m->cpu_type);
	yara_set_integer(to, "cpusubtype", m->cpu_subtype);
	yara_set_integer(to, "filetype", m->file_type);
	yara_set_integer(to, "ncmds", m->commands);
	yara_set_integer(to, "sizeofcmds", m->commands_size);
	yara_set_integer(to, "flags", m->flags);
	if (m->wide)
		yara_set_integer(to, "reserved", m->reserved);
	yara_set_integer(to, "number_of_segments", (int64_t)m->segment_count);
	set_entry_point(to, m, l->is_memory, l->base);
	if (m->has_stack_size)
		yara_set_integer(to, "stack_size", (int64_t)m->stack_size);
}

static void fill_segments(struct yara_object *root)
{
	struct macho_part *s = root->state;

	if (s && s->is_macho)
		set_segments(root, &s->macho);
}

/* Sets what is in a fat file; a part that is no Mach-O has an empty entry. */
static void set_architecture(struct yara_load *l, struct yara_object *list,
			     struct yara_object *file_list, const struct macho_architecture *a,
			     bool may_read)
{
	struct yara_object *to = yara_array_add_struct(list), *file;
	struct macho_part *part = ARENA_NEW(l->arena, struct macho_part);
	struct err err;

	yara_set_integer(to, "cputype", a->cpu_type);
	yara_set_integer(to, "cpusubtype", a->cpu_subtype);
	yara_set_integer(to, "offset", (int64_t)a->offset);
	yara_set_integer(to, "size", (int64_t)a->size);
	yara_set_integer(to, "align", a->align);
	yara_set_integer(to, "reserved", a->reserved);
	file = yara_array_add_struct(file_list);
	if (!file || !part)
		return;
	part->arena = l->arena;
	file->state = part;
	part->is_macho = may_read && a->offset <= l->data.len && a->size <= l->data.len - a->offset &&
			 macho_parse(span_sub(l->data, a->offset, a->size), l->arena, &part->macho,
				     &err);
	if (!part->is_macho)
		return;
	set_header(file, &part->macho, l);
	set_segments(file, &part->macho);
}

static bool load_fat(struct yara_load *l, struct macho_part *s)
{
	struct yara_object *list, *files;
	uint64_t read = 0;
	struct err err;

	if (!macho_fat_parse(l->data, l->arena, &s->fat, &err))
		return false;
	s->is_fat = true;
	yara_set_integer(l->root, "fat_magic", s->fat.magic);
	yara_set_integer(l->root, "nfat_arch", s->fat.declared);
	list = yara_array(l->root, "fat_arch");
	files = yara_array(l->root, "file");
	for (size_t i = 0; list && files && i < s->fat.count; i++) {
		struct macho_architecture *a = &s->fat.list[i];

		/* Parts that lie over each other would be read again and again. */
		read += a->size < l->data.len ? a->size : l->data.len;
		set_architecture(l, list, files, a, read <= OVERLAP * (uint64_t)l->data.len);
	}
	return true;
}

static bool load(struct yara_load *l)
{
	struct macho_part *s = ARENA_NEW(l->arena, struct macho_part);
	struct err err;

	if (!s)
		return false;
	s->arena = l->arena;
	l->root->state = s;
	if (macho_is_fat(l->data))
		return load_fat(l, s);
	if (!macho_parse(l->data, l->arena, &s->macho, &err)) {
		l->root->state = NULL;
		return false;
	}
	s->is_macho = true;
	set_header(l->root, &s->macho, l);
	return true;
}

/* The first architecture with that type and, where it is given, that subtype. */
static bool find_architecture(const struct yara_call *c, size_t *found)
{
	const struct macho_part *s = c->root->state;

	for (size_t i = 0; s && s->is_fat && i < s->fat.count; i++) {
		const struct macho_architecture *a = &s->fat.list[i];

		if (a->cpu_type == c->arguments[0].integer &&
		    (c->count < 2 || a->cpu_subtype == c->arguments[1].integer)) {
			*found = i;
			return true;
		}
	}
	return false;
}

static void file_index(struct yara_call *c)
{
	size_t found;

	if (find_architecture(c, &found))
		yara_return_integer(c, (int64_t)found);
}

static void entry_point(struct yara_call *c)
{
	const struct macho_part *s = c->root->state;
	struct yara_object *files = yara_get_object(c->root, "file");
	struct yara_value entry;
	size_t found;

	if (!files || !find_architecture(c, &found) || found >= files->count ||
	    files->items[found].type != YARA_STRUCT)
		return;
	entry = yara_get(files->items[found].object, "entry_point");
	if (entry.type == YARA_INTEGER)
		yara_return_integer(c, (int64_t)(s->fat.list[found].offset +
						 (uint64_t)entry.integer));
}

static const struct yara_function file_index_overloads[] = {
	{ "i", 'i', file_index }, { "ii", 'i', file_index }, { 0 },
};
static const struct yara_function entry_point_overloads[] = {
	{ "i", 'i', entry_point }, { "ii", 'i', entry_point }, { 0 },
};

static const struct yara_field section[] = {
	YARA_STRING_FIELD("sectname"), YARA_STRING_FIELD("segname"), YARA_INTEGER_FIELD("addr"),
	YARA_INTEGER_FIELD("size"), YARA_INTEGER_FIELD("offset"), YARA_INTEGER_FIELD("align"),
	YARA_INTEGER_FIELD("reloff"), YARA_INTEGER_FIELD("nreloc"), YARA_INTEGER_FIELD("flags"),
	YARA_INTEGER_FIELD("reserved1"), YARA_INTEGER_FIELD("reserved2"),
	YARA_INTEGER_FIELD("reserved3"), YARA_END,
};

static const struct yara_field segment[] = {
	YARA_STRING_FIELD("segname"), YARA_INTEGER_FIELD("vmaddr"), YARA_INTEGER_FIELD("vmsize"),
	YARA_INTEGER_FIELD("fileoff"), YARA_INTEGER_FIELD("fsize"), YARA_INTEGER_FIELD("maxprot"),
	YARA_INTEGER_FIELD("initprot"), YARA_INTEGER_FIELD("nsects"),
	YARA_INTEGER_FIELD("flags"), YARA_ARRAY_OF_STRUCTS("sections", section), YARA_END,
};

static const struct yara_field architecture[] = {
	YARA_INTEGER_FIELD("cputype"), YARA_INTEGER_FIELD("cpusubtype"),
	YARA_INTEGER_FIELD("offset"), YARA_INTEGER_FIELD("size"), YARA_INTEGER_FIELD("align"),
	YARA_INTEGER_FIELD("reserved"), YARA_END,
};

#define HEADER_FIELDS \
	YARA_INTEGER_FIELD("magic"), YARA_INTEGER_FIELD("cputype"), \
	YARA_INTEGER_FIELD("cpusubtype"), YARA_INTEGER_FIELD("filetype"), \
	YARA_INTEGER_FIELD("ncmds"), YARA_INTEGER_FIELD("sizeofcmds"), \
	YARA_INTEGER_FIELD("flags"), YARA_INTEGER_FIELD("reserved"), \
	YARA_INTEGER_FIELD("number_of_segments"), YARA_INTEGER_FIELD("entry_point"), \
	YARA_INTEGER_FIELD("stack_size")

static const struct yara_field file[] = {
	HEADER_FIELDS, MACHO_LINK_FIELDS, YARA_ARRAY_OF_STRUCTS("segments", segment), YARA_END,
};

static const struct yara_field fields[] = {
	HEADER_FIELDS, MACHO_LINK_FIELDS,
	{ .name = "segments", .type = YARA_ARRAY, .element = YARA_STRUCT, .fields = segment,
	  .fill = fill_segments },
	YARA_INTEGER_FIELD("fat_magic"), YARA_INTEGER_FIELD("nfat_arch"),
	YARA_ARRAY_OF_STRUCTS("fat_arch", architecture), YARA_ARRAY_OF_STRUCTS("file", file),
	YARA_FUNCTION_FIELD("file_index_for_arch", file_index_overloads),
	YARA_FUNCTION_FIELD("entry_point_for_arch", entry_point_overloads),
	MACHO_LINK_FUNCTIONS,
	MACHO_CONSTANTS,
	YARA_CONSTANT("MACOSX", 0x24), YARA_CONSTANT("IPHONEOS", 0x25),
	YARA_CONSTANT("TVOS", 0x2f), YARA_CONSTANT("WATCHOS", 0x30),
	YARA_END,
};

const struct yara_module yara_module_macho = {
	.name = "macho", .fields = fields, .load = load,
	.prepare = digest_prepare,
};
