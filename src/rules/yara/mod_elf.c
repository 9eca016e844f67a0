#include "rules/yara/module.h"

#include <stdlib.h>

#include "codec/digest.h"
#include "codec/tlsh.h"
#include "formats/elf/elf.h"
#include "rules/yara/mod_elf_constants.h"

struct state {
	struct elf elf;
	struct arena *arena;
	struct span telfhash, import_md5;	/* .at NULL: not asked for yet, or undefined */
};

static struct state *state_of(const struct yara_object *root)
{
	return root->state;
}

static void fill_sections(struct yara_object *root)
{
	struct state *s = state_of(root);
	struct yara_object *list = s ? yara_array(root, "sections") : NULL;

	for (size_t i = 0; list && i < s->elf.section_count; i++) {
		const struct elf_section *from = &s->elf.sections[i];
		struct yara_object *to = yara_array_add_struct(list);

		yara_set_integer(to, "type", from->type);
		yara_set_integer(to, "flags", (int64_t)from->flags);
		yara_set_integer(to, "address", (int64_t)from->address);
		yara_set_integer(to, "size", (int64_t)from->size);
		yara_set_integer(to, "offset", (int64_t)from->offset);
		if (from->name.at)
			yara_set_string(to, "name", from->name);
	}
}

static void fill_segments(struct yara_object *root)
{
	struct state *s = state_of(root);
	struct yara_object *list = s ? yara_array(root, "segments") : NULL;

	for (size_t i = 0; list && i < s->elf.segment_count; i++) {
		const struct elf_segment *from = &s->elf.segments[i];
		struct yara_object *to = yara_array_add_struct(list);

		yara_set_integer(to, "type", from->type);
		yara_set_integer(to, "flags", from->flags);
		yara_set_integer(to, "offset", (int64_t)from->offset);
		yara_set_integer(to, "virtual_address", (int64_t)from->virtual_address);
		yara_set_integer(to, "physical_address", (int64_t)from->physical_address);
		yara_set_integer(to, "file_size", (int64_t)from->file_size);
		yara_set_integer(to, "memory_size", (int64_t)from->memory_size);
		yara_set_integer(to, "alignment", (int64_t)from->alignment);
	}
}

static void fill_dynamic(struct yara_object *root)
{
	struct state *s = state_of(root);
	struct elf_dynamics entries;
	struct yara_object *list;

	if (!s || yara_get_object(root, "dynamic"))
		return;
	list = yara_array(root, "dynamic");
	if (!elf_dynamic(&s->elf, s->arena, &entries))
		return;
	yara_set_integer(root, "dynamic_section_entries", (int64_t)entries.in_last);
	for (size_t i = 0; list && i < entries.count; i++) {
		struct yara_object *to = yara_array_add_struct(list);

		yara_set_integer(to, "type", (int64_t)entries.list[i].tag);
		yara_set_integer(to, "val", (int64_t)entries.list[i].value);
	}
}

static void fill_symbols(struct yara_object *root, uint32_t type, const char *name,
			 const char *count_name)
{
	struct state *s = state_of(root);
	struct elf_symbol *symbols;
	struct yara_object *list;
	size_t count;

	if (!s || yara_get_object(root, name))
		return;
	list = yara_array(root, name);
	if (!elf_symbols(&s->elf, type, s->arena, &symbols, &count))
		return;
	yara_set_integer(root, count_name, (int64_t)count);
	for (size_t i = 0; list && i < count; i++) {
		struct yara_object *to = yara_array_add_struct(list);

		if (symbols[i].name.at)
			yara_set_string(to, "name", symbols[i].name);
		yara_set_integer(to, "bind", symbols[i].bind);
		yara_set_integer(to, "type", symbols[i].type);
		yara_set_integer(to, "shndx", symbols[i].section);
		yara_set_integer(to, "value", (int64_t)symbols[i].value);
		yara_set_integer(to, "size", (int64_t)symbols[i].size);
		yara_set_integer(to, "visibility", symbols[i].visibility);
	}
}

static void fill_symtab(struct yara_object *root)
{
	fill_symbols(root, ELF_SECTION_SYMTAB, "symtab", "symtab_entries");
}

static void fill_dynsym(struct yara_object *root)
{
	fill_symbols(root, ELF_SECTION_DYNSYM, "dynsym", "dynsym_entries");
}

/* Trend Micro's exclusions: what compilers and architectures change by themselves. */
static bool counts_for_telfhash(const struct elf_symbol *symbol)
{
	static const char *const excluded[] = {
		"__libc_start_main", "main", "abort", "cachectl", "cacheflush", "puts", "atol",
		"malloc_trim",
	};
	struct span name = symbol->name;

	if (symbol->bind != ELF_BIND_GLOBAL || symbol->type != ELF_SYMBOL_FUNCTION ||
	    symbol->visibility != 0)
		return false;
	if (span_starts(name, SPAN(".")) || span_starts(name, SPAN("_")) ||
	    span_ends(name, SPAN("64")) || span_starts(name, SPAN("str")) ||
	    span_starts(name, SPAN("mem")))
		return false;
	for (size_t i = 0; i < sizeof excluded / sizeof *excluded; i++) {
		if (span_eq(name, span_text(excluded[i])))
			return false;
	}
	return true;
}

static bool counts_for_import_md5(const struct elf_symbol *symbol)
{
	return symbol->section == 0 && symbol->name.len > 0;
}

static int compare_names(const void *a, const void *b)
{
	return span_cmp(*(const struct span *)a, *(const struct span *)b);
}

static struct span lower(struct arena *arena, struct span name)
{
	uint8_t *text = arena_alloc(arena, name.len);

	for (size_t i = 0; text && i < name.len; i++)
		text[i] = name.at[i] >= 'A' && name.at[i] <= 'Z' ? name.at[i] | 0x20 : name.at[i];
	return span_of(text, text ? name.len : 0);
}

static struct span joined(struct arena *arena, const struct span *names, size_t count)
{
	size_t len = 0;
	uint8_t *text, *to;

	for (size_t i = 0; i < count; i++)
		len += names[i].len + 1;
	text = to = arena_alloc(arena, len);
	for (size_t i = 0; text && i < count; i++) {
		if (i)
			*to++ = ',';
		if (names[i].len)
			memcpy(to, names[i].at, names[i].len);
		to += names[i].len;
	}
	return span_of(text, (size_t)(to - text));
}

/* Names of the symbols that count, in lower case, sorted and joined by commas. */
static struct span symbol_list(struct state *s, bool counts(const struct elf_symbol *))
{
	struct elf_symbol *symbols;
	struct span *names;
	size_t count, kept = 0;

	if (!elf_symbols(&s->elf, ELF_SECTION_DYNSYM, s->arena, &symbols, &count) &&
	    !elf_symbols(&s->elf, ELF_SECTION_SYMTAB, s->arena, &symbols, &count))
		return (struct span){ 0 };
	names = ARENA_ARRAY(s->arena, count, struct span);
	for (size_t i = 0; names && i < count; i++) {
		if (symbols[i].name.at && counts(&symbols[i]))
			names[kept++] = lower(s->arena, symbols[i].name);
	}
	if (kept == 0)
		return (struct span){ 0 };
	qsort(names, kept, sizeof *names, compare_names);
	return joined(s->arena, names, kept);
}

static void telfhash(struct yara_call *c)
{
	struct state *s = state_of(c->root);
	char hash[TLSH_LENGTH];
	struct span list;

	if (!s)
		return;
	if (!s->telfhash.at) {
		list = symbol_list(s, counts_for_telfhash);
		if (!list.at)
			return;
		s->telfhash = arena_copy(s->arena, span_of(hash, tlsh_of(list, hash)));
	}
	yara_return_string(c, s->telfhash);
}

static void import_md5(struct yara_call *c)
{
	struct state *s = state_of(c->root);
	uint8_t digest[DIGEST_MAX];
	struct buf hex = buf_new(64);
	struct span list;

	if (!s)
		return;
	if (!s->import_md5.at) {
		list = symbol_list(s, counts_for_import_md5);
		if (!list.at)
			return;
		buf_hex(&hex, span_of(digest, digest_of(DIGEST_MD5, list, digest)));
		s->import_md5 = arena_copy(s->arena, buf_span(&hex));
		buf_free(&hex);
	}
	yara_return_string(c, s->import_md5);
}

static const struct yara_function telfhash_overloads[] = { { "", 's', telfhash }, { 0 } };
static const struct yara_function import_md5_overloads[] = { { "", 's', import_md5 }, { 0 } };

static const struct yara_field section[] = {
	YARA_INTEGER_FIELD("type"), YARA_INTEGER_FIELD("flags"), YARA_INTEGER_FIELD("address"),
	YARA_STRING_FIELD("name"), YARA_INTEGER_FIELD("size"), YARA_INTEGER_FIELD("offset"),
	YARA_END,
};

static const struct yara_field segment[] = {
	YARA_INTEGER_FIELD("type"), YARA_INTEGER_FIELD("flags"), YARA_INTEGER_FIELD("offset"),
	YARA_INTEGER_FIELD("virtual_address"), YARA_INTEGER_FIELD("physical_address"),
	YARA_INTEGER_FIELD("file_size"), YARA_INTEGER_FIELD("memory_size"),
	YARA_INTEGER_FIELD("alignment"), YARA_END,
};

static const struct yara_field dynamic[] = {
	YARA_INTEGER_FIELD("type"), YARA_INTEGER_FIELD("val"), YARA_END,
};

static const struct yara_field symbol[] = {
	YARA_STRING_FIELD("name"), YARA_INTEGER_FIELD("value"), YARA_INTEGER_FIELD("size"),
	YARA_INTEGER_FIELD("type"), YARA_INTEGER_FIELD("bind"), YARA_INTEGER_FIELD("shndx"),
	YARA_INTEGER_FIELD("visibility"), YARA_END,
};

#define INTEGER(n, how) { .name = (n), .type = YARA_INTEGER, .fill = (how) }
#define ARRAY(n, its, how) \
	{ .name = (n), .type = YARA_ARRAY, .element = YARA_STRUCT, .fields = (its), .fill = (how) }

static const struct yara_field fields[] = {
	YARA_INTEGER_FIELD("type"), YARA_INTEGER_FIELD("machine"), YARA_INTEGER_FIELD("osabi"),
	YARA_INTEGER_FIELD("entry_point"), YARA_INTEGER_FIELD("number_of_sections"),
	YARA_INTEGER_FIELD("sh_offset"), YARA_INTEGER_FIELD("sh_entry_size"),
	YARA_INTEGER_FIELD("number_of_segments"), YARA_INTEGER_FIELD("ph_offset"),
	YARA_INTEGER_FIELD("ph_entry_size"),
	ARRAY("sections", section, fill_sections), ARRAY("segments", segment, fill_segments),
	INTEGER("dynamic_section_entries", fill_dynamic), ARRAY("dynamic", dynamic, fill_dynamic),
	INTEGER("symtab_entries", fill_symtab), ARRAY("symtab", symbol, fill_symtab),
	INTEGER("dynsym_entries", fill_dynsym), ARRAY("dynsym", symbol, fill_dynsym),
	YARA_FUNCTION_FIELD("telfhash", telfhash_overloads),
	YARA_FUNCTION_FIELD("import_md5", import_md5_overloads),
	ELF_CONSTANTS,
	ELF_CONSTANTS_X,
	YARA_END,
};

static void set_header(struct yara_object *root, const struct elf *elf, const struct yara_load *l)
{
	uint64_t offset;

	yara_set_integer(root, "type", elf->type);
	yara_set_integer(root, "machine", elf->machine);
	yara_set_integer(root, "osabi", elf->os_abi);
	yara_set_integer(root, "number_of_sections", elf->declared_sections);
	yara_set_integer(root, "sh_offset", (int64_t)elf->sections_offset);
	yara_set_integer(root, "sh_entry_size", elf->section_entry_size);
	yara_set_integer(root, "number_of_segments", elf->declared_segments);
	yara_set_integer(root, "ph_offset", (int64_t)elf->segments_offset);
	yara_set_integer(root, "ph_entry_size", elf->segment_entry_size);
	if (elf->entry && l->is_memory)
		yara_set_integer(root, "entry_point", (int64_t)(l->base + elf->entry));
	else if (elf->entry && elf_offset(elf, elf->entry, &offset))
		yara_set_integer(root, "entry_point", (int64_t)offset);
}

static bool load(struct yara_load *l)
{
	struct state *s = ARENA_NEW(l->arena, struct state);
	struct err err;

	/* In a process the program is meant, not one of its libraries. */
	if (!s || !elf_parse(l->data, l->arena, &s->elf, &err) ||
	    (l->is_memory && s->elf.type != ELF_TYPE_EXEC))
		return false;
	s->arena = l->arena;
	l->root->state = s;
	set_header(l->root, &s->elf, l);
	return true;
}

const struct yara_module yara_module_elf = {
	.name = "elf", .fields = fields, .load = load,
	.mask = 0xffffffff, .value = 0x464c457f, .prepare = digest_prepare,
};
