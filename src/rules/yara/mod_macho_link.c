#include <stdlib.h>

#include "base/buf.h"
#include "codec/certificate.h"
#include "codec/digest.h"
#include "rules/yara/mod_macho.h"

#define JOINED_MAX ((size_t)64 << 20)

static const struct macho_link *link_of(struct macho_part *p)
{
	if (!p->has_link) {
		p->has_link = true;
		macho_link_parse(&p->macho, p->arena, &p->link);
	}
	return &p->link;
}

static struct macho_names read_names(struct macho_part *p, enum macho_list which)
{
	const struct macho_link *l = link_of(p);
	struct macho_names names = { 0 };

	switch (which) {
	case MACHO_LIST_RPATHS:
		return l->rpaths;
	case MACHO_LIST_ENTITLEMENTS:
		return macho_entitlements(&p->macho, l, p->arena);
	case MACHO_LIST_IMPORTS:
		return macho_imports(&p->macho, l, p->arena);
	case MACHO_LIST_EXPORTS:
		return macho_exports(&p->macho, l, p->arena);
	case MACHO_LIST_UNDEFINED:
		return macho_symbols(&p->macho, l, p->arena, true);
	default:
		for (size_t i = 0; i < l->dylib_count; i++)
			macho_names_add(&names, p->arena, l->dylibs[i].name);
		return names;
	}
}

static const struct macho_names *names_of(struct macho_part *p, enum macho_list which)
{
	if (!p->has_list[which]) {
		p->has_list[which] = true;
		p->lists[which] = read_names(p, which);
	}
	return &p->lists[which];
}

static void set_names(struct yara_object *to, const char *name, const struct macho_names *names)
{
	struct yara_object *list = to ? yara_array(to, name) : NULL;

	for (size_t i = 0; list && i < names->count; i++)
		yara_value_string(yara_array_add(list), names->list[i]);
}

/* X.Y.Z in 16, 8 and 8 bits. */
static void set_version(struct yara_object *to, const char *name, uint32_t v)
{
	if (to)
		yara_set_string(to, name, arena_printf(to->arena, "%u.%u.%u", (unsigned)(v >> 16),
						       (unsigned)(v >> 8 & 255),
						       (unsigned)(v & 255)));
}

static void set_dylibs(struct yara_object *to, const struct macho_link *l)
{
	struct yara_object *list = yara_array(to, "dylibs");

	for (size_t i = 0; list && i < l->dylib_count; i++) {
		struct yara_object *dylib = yara_array_add_struct(list);

		yara_set_string(dylib, "name", l->dylibs[i].name);
		yara_set_integer(dylib, "timestamp", l->dylibs[i].timestamp);
		set_version(dylib, "compatibility_version", l->dylibs[i].compatibility);
		set_version(dylib, "current_version", l->dylibs[i].current);
	}
}

static void set_numbers(struct yara_object *to, const uint32_t *numbers, size_t count)
{
	for (size_t i = 0; to && i < count; i++)
		yara_value_integer(&to->items[i], numbers[i]);
}

static void set_uuid(struct yara_object *to, struct span uuid)
{
	struct buf text = buf_new(64);

	if (uuid.len != 16)
		return;
	for (size_t i = 0; i < 16; i++)
		buf_printf(&text, "%s%02X", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
			   (unsigned)uuid.at[i]);
	yara_set_string(to, "uuid", arena_copy(to->arena, buf_span(&text)));
	buf_free(&text);
}

static void set_source(struct yara_object *to, uint64_t v)
{
	yara_set_string(to, "source_version",
			arena_printf(to->arena, "%u.%u.%u.%u.%u", (unsigned)(v >> 40),
				     (unsigned)(v >> 30 & 1023), (unsigned)(v >> 20 & 1023),
				     (unsigned)(v >> 10 & 1023), (unsigned)(v & 1023)));
}

/* As YARA-X writes it: without a third number that is 0. */
static void set_tool_version(struct yara_object *to, uint32_t v)
{
	if (v & 255)
		set_version(to, "version", v);
	else if (to)
		yara_set_string(to, "version", arena_printf(to->arena, "%u.%u", (unsigned)(v >> 16),
							    (unsigned)(v >> 8 & 255)));
}

static void set_build(struct yara_object *to, const struct macho_link *l)
{
	struct yara_object *tools = to ? yara_array(to, "tools") : NULL;

	yara_set_integer(to, "platform", l->platform);
	set_version(to, "minos", l->build_minimum);
	set_version(to, "sdk", l->build_sdk);
	yara_set_integer(to, "ntools", l->declared_tools);
	for (size_t i = 0; tools && i < l->tool_count; i++) {
		struct yara_object *tool = yara_array_add_struct(tools);

		yara_set_integer(tool, "tool", l->tools[i].tool);
		set_tool_version(tool, l->tools[i].version);
	}
}

static void set_tables(struct yara_object *to, const struct macho_link *l)
{
	struct yara_object *place;

	if (l->has_dysymtab)
		set_numbers(yara_struct(to, "dysymtab"), l->dysymtab, MACHO_DYSYMTAB_NUMBERS);
	if (l->has_dyld_info)
		set_numbers(yara_struct(to, "dyld_info"), l->dyld_info, MACHO_DYLD_INFO_NUMBERS);
	if (!l->signature.is_there)
		return;
	place = yara_struct(to, "code_signature_data");
	yara_set_integer(place, "dataoff", l->signature.offset);
	yara_set_integer(place, "datasize", l->signature.size);
}

static void set_versions(struct yara_object *to, const struct macho_link *l)
{
	struct yara_object *minimum;

	set_uuid(to, l->uuid);
	if (l->has_source)
		set_source(to, l->source);
	if (l->has_build)
		set_build(yara_struct(to, "build_version"), l);
	if (!l->device)
		return;
	minimum = yara_struct(to, "min_version");
	yara_set_integer(minimum, "device", l->device);
	set_version(minimum, "version", l->minimum);
	set_version(minimum, "sdk", l->sdk);
}

void macho_fill_link(struct yara_object *of)
{
	struct macho_part *p = of->state;
	const struct macho_link *l;

	if (!p || p->has_filled_link)
		return;
	p->has_filled_link = true;
	l = link_of(p);
	set_dylibs(of, l);
	set_names(of, "rpaths", &l->rpaths);
	set_names(of, "linker_options", &l->options);
	if (l->linker.at)
		yara_set_string(of, "dynamic_linker", l->linker);
	set_tables(of, l);
	set_versions(of, l);
}

static void fill_symbols(struct yara_object *symtab)
{
	struct macho_part *p = symtab->state;
	struct yara_object *list = p ? yara_array(symtab, "nlists") : NULL;
	struct macho_symbol *symbols;
	size_t count = list ? macho_symbol_list(&p->macho, &p->link, p->arena, &symbols) : 0;

	for (size_t i = 0; i < count; i++) {
		struct yara_object *one = yara_array_add_struct(list);

		yara_set_integer(one, "n_strx", symbols[i].name);
		yara_set_integer(one, "n_type", symbols[i].type);
		yara_set_integer(one, "n_sect", symbols[i].section);
		yara_set_integer(one, "n_desc", symbols[i].description);
		yara_set_integer(one, "n_value", (int64_t)symbols[i].value);
	}
}

void macho_fill_symtab(struct yara_object *of)
{
	struct macho_part *p = of->state;
	struct macho_names names;
	struct yara_object *to;

	if (!p || !link_of(p)->has_symtab)
		return;
	to = yara_struct(of, "symtab");
	set_numbers(to, p->link.symtab, MACHO_SYMTAB_NUMBERS);
	names = macho_symbols(&p->macho, &p->link, p->arena, false);
	set_names(to, "entries", &names);
	if (to)
		to->state = p;
}

static void fill_names(struct yara_object *of, enum macho_list which, const char *name)
{
	if (of->state)
		set_names(of, name, names_of(of->state, which));
}

void macho_fill_imports(struct yara_object *of)
{
	fill_names(of, MACHO_LIST_IMPORTS, "imports");
}

void macho_fill_exports(struct yara_object *of)
{
	fill_names(of, MACHO_LIST_EXPORTS, "exports");
}

void macho_fill_entitlements(struct yara_object *of)
{
	fill_names(of, MACHO_LIST_ENTITLEMENTS, "entitlements");
}

void macho_fill_certificates(struct yara_object *of)
{
	struct macho_part *p = of->state;
	struct yara_object *list = p ? yara_array(of, "certificates") : NULL;
	struct certificate_names *names;
	size_t count = list ? certificate_names_of(macho_signature(&p->macho, link_of(p)),
						   p->arena, &names) : 0;

	for (size_t i = 0; i < count; i++) {
		struct yara_object *one = yara_array_add_struct(list);

		yara_set_string(one, "issuer", names[i].issuer);
		yara_set_string(one, "subject", names[i].subject);
		yara_set_integer(one, "is_self_signed",
				 span_eq(names[i].issuer, names[i].subject));
	}
}

/* The parts of what is scanned, one after the other: the file, or those of a fat file. */
static struct macho_part *part_at(const struct yara_call *c, size_t i)
{
	struct macho_part *root = c->root->state;
	struct yara_object *files;

	if (!root || !root->is_fat)
		return i == 0 ? root : NULL;
	files = yara_get_object(c->root, "file");
	if (!files || i >= files->count || files->items[i].type != YARA_STRUCT)
		return NULL;
	return files->items[i].object->state;
}

static bool has_name(const struct macho_names *names, struct span name)
{
	for (size_t i = 0; i < names->count; i++) {
		if (span_eq_nocase(names->list[i], name))
			return true;
	}
	return false;
}

static void return_has(struct yara_call *c, enum macho_list which)
{
	struct macho_part *p;
	bool found = false;

	for (size_t i = 0; !found && (p = part_at(c, i)); i++)
		found = has_name(names_of(p, which), c->arguments[0].string);
	if (c->root->state)
		yara_return_integer(c, found);
}

static int compare(const void *a, const void *b)
{
	return span_cmp(*(const struct span *)a, *(const struct span *)b);
}

static struct span lower(struct arena *arena, struct span name)
{
	struct span trimmed = span_trim(name);
	uint8_t *copy = arena_alloc(arena, trimmed.len);

	for (size_t i = 0; copy && i < trimmed.len; i++)
		copy[i] = trimmed.at[i] >= 'A' && trimmed.at[i] <= 'Z' ? trimmed.at[i] | 0x20 :
									 trimmed.at[i];
	return span_of(copy, copy ? trimmed.len : 0);
}

/* MD5 of the names, each once, sorted and joined by commas. */
static struct span hash_names(struct arena *arena, const struct macho_names *names, bool lowered)
{
	struct span *list = ARENA_ARRAY(arena, names->count, struct span), hash = { 0 };
	struct buf text = buf_new(JOINED_MAX), hex = buf_new(64);
	uint8_t digest[DIGEST_MAX];

	for (size_t i = 0; list && i < names->count; i++)
		list[i] = lowered ? lower(arena, names->list[i]) : names->list[i];
	if (list)
		qsort(list, names->count, sizeof *list, compare);
	for (size_t i = 0; list && i < names->count; i++) {
		if (i && span_eq(list[i], list[i - 1]))
			continue;
		if (i)
			buf_add(&text, SPAN(","));
		buf_add(&text, list[i]);
	}
	if (list && !text.overflow) {
		buf_hex(&hex, span_of(digest, digest_of(DIGEST_MD5, buf_span(&text), digest)));
		hash = arena_copy(arena, buf_span(&hex));
	}
	buf_free(&text);
	buf_free(&hex);
	return hash;
}

/* Of the first part that has such names; undefined where none has. */
static void return_hash(struct yara_call *c, enum macho_list which)
{
	struct macho_part *p;

	for (size_t i = 0; (p = part_at(c, i)); i++) {
		const struct macho_names *names = names_of(p, which);

		if (!names->count)
			continue;
		if (!p->hashes[which].at)
			p->hashes[which] = hash_names(p->arena, names,
						      which != MACHO_LIST_UNDEFINED);
		if (p->hashes[which].at)
			yara_return_string(c, p->hashes[which]);
		return;
	}
}

#define LIST_FUNCTIONS(name, which) \
	static void has_##name(struct yara_call *c) { return_has(c, which); } \
	static void hash_##name(struct yara_call *c) { return_hash(c, which); } \
	const struct yara_function macho_has_##name##_overloads[] = { \
		{ "s", 'i', has_##name }, { 0 } }; \
	const struct yara_function macho_##name##_hash_overloads[] = { \
		{ "", 's', hash_##name }, { 0 } };

LIST_FUNCTIONS(dylib, MACHO_LIST_DYLIBS)
LIST_FUNCTIONS(entitlement, MACHO_LIST_ENTITLEMENTS)
LIST_FUNCTIONS(import, MACHO_LIST_IMPORTS)
LIST_FUNCTIONS(export, MACHO_LIST_EXPORTS)

static void has_rpath(struct yara_call *c)
{
	return_has(c, MACHO_LIST_RPATHS);
}

static void symhash(struct yara_call *c)
{
	return_hash(c, MACHO_LIST_UNDEFINED);
}

const struct yara_function macho_has_rpath_overloads[] = { { "s", 'i', has_rpath }, { 0 } };
const struct yara_function macho_symhash_overloads[] = { { "", 's', symhash }, { 0 } };

const struct yara_field macho_dylib_fields[] = {
	YARA_STRING_FIELD("name"), YARA_INTEGER_FIELD("timestamp"),
	YARA_STRING_FIELD("compatibility_version"), YARA_STRING_FIELD("current_version"),
	YARA_END,
};

const struct yara_field macho_certificate_fields[] = {
	YARA_STRING_FIELD("issuer"), YARA_STRING_FIELD("subject"),
	YARA_INTEGER_FIELD("is_self_signed"), YARA_END,
};

static const struct yara_field symbol_fields[] = {
	YARA_INTEGER_FIELD("n_strx"), YARA_INTEGER_FIELD("n_type"), YARA_INTEGER_FIELD("n_sect"),
	YARA_INTEGER_FIELD("n_desc"), YARA_INTEGER_FIELD("n_value"), YARA_END,
};

/* The numbers of these three stand in the order of their load commands. */
const struct yara_field macho_symtab_fields[] = {
	YARA_INTEGER_FIELD("symoff"), YARA_INTEGER_FIELD("nsyms"), YARA_INTEGER_FIELD("stroff"),
	YARA_INTEGER_FIELD("strsize"), YARA_ARRAY_OF("entries", YARA_STRING),
	{ .name = "nlists", .type = YARA_ARRAY, .element = YARA_STRUCT, .fields = symbol_fields,
	  .fill = fill_symbols }, YARA_END,
};

const struct yara_field macho_dysymtab_fields[] = {
	YARA_INTEGER_FIELD("ilocalsym"), YARA_INTEGER_FIELD("nlocalsym"),
	YARA_INTEGER_FIELD("iextdefsym"), YARA_INTEGER_FIELD("nextdefsym"),
	YARA_INTEGER_FIELD("iundefsym"), YARA_INTEGER_FIELD("nundefsym"),
	YARA_INTEGER_FIELD("tocoff"), YARA_INTEGER_FIELD("ntoc"),
	YARA_INTEGER_FIELD("modtaboff"), YARA_INTEGER_FIELD("nmodtab"),
	YARA_INTEGER_FIELD("extrefsymoff"), YARA_INTEGER_FIELD("nextrefsyms"),
	YARA_INTEGER_FIELD("indirectsymoff"), YARA_INTEGER_FIELD("nindirectsyms"),
	YARA_INTEGER_FIELD("extreloff"), YARA_INTEGER_FIELD("nextrel"),
	YARA_INTEGER_FIELD("locreloff"), YARA_INTEGER_FIELD("nlocrel"), YARA_END,
};

const struct yara_field macho_dyld_info_fields[] = {
	YARA_INTEGER_FIELD("rebase_off"), YARA_INTEGER_FIELD("rebase_size"),
	YARA_INTEGER_FIELD("bind_off"), YARA_INTEGER_FIELD("bind_size"),
	YARA_INTEGER_FIELD("weak_bind_off"), YARA_INTEGER_FIELD("weak_bind_size"),
	YARA_INTEGER_FIELD("lazy_bind_off"), YARA_INTEGER_FIELD("lazy_bind_size"),
	YARA_INTEGER_FIELD("export_off"), YARA_INTEGER_FIELD("export_size"), YARA_END,
};

const struct yara_field macho_place_fields[] = {
	YARA_INTEGER_FIELD("dataoff"), YARA_INTEGER_FIELD("datasize"), YARA_END,
};

static const struct yara_field tool_fields[] = {
	YARA_INTEGER_FIELD("tool"), YARA_STRING_FIELD("version"), YARA_END,
};

const struct yara_field macho_build_fields[] = {
	YARA_INTEGER_FIELD("platform"), YARA_STRING_FIELD("minos"), YARA_STRING_FIELD("sdk"),
	YARA_INTEGER_FIELD("ntools"), YARA_ARRAY_OF_STRUCTS("tools", tool_fields), YARA_END,
};

const struct yara_field macho_minimum_fields[] = {
	YARA_INTEGER_FIELD("device"), YARA_STRING_FIELD("version"), YARA_STRING_FIELD("sdk"),
	YARA_END,
};
