#include "rules/yara/mod_pe.h"

#include "codec/digest.h"

#define STANDARD 1
#define DELAYED 2
#define ANY_VERSION (-1)

static struct pe_module *module_of(const struct yara_call *c)
{
	return pe_module_of(c->root);
}

static int64_t integer(const struct yara_call *c, size_t i)
{
	return c->arguments[i].integer;
}

static struct span string(const struct yara_call *c, size_t i)
{
	return c->arguments[i].string;
}

static void calculate_checksum(struct yara_call *c)
{
	if (module_of(c))
		yara_return_integer(c, (int64_t)pe_checksum(&module_of(c)->pe));
}

const struct yara_function pe_checksum_overloads[] = { { "", 'i', calculate_checksum }, { 0 } };

static struct span hex_md5(struct span text, struct arena *arena)
{
	uint8_t digest[DIGEST_MAX];
	char hex[33];

	digest_of(DIGEST_MD5, text, digest);
	for (int i = 0; i < 16; i++) {
		hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
	}
	return arena_copy(arena, span_of(hex, 32));
}

static void imphash(struct yara_call *c)
{
	struct pe_module *m = module_of(c);

	if (!m)
		return;
	if (!m->has_imphash)
		m->imphash = hex_md5(pe_imphash_text(pe_module_imports(m), m->arena), m->arena);
	m->has_imphash = true;
	if (m->imphash.at)
		yara_return_string(c, m->imphash);
}

const struct yara_function pe_imphash_overloads[] = { { "", 's', imphash }, { 0 } };

static void section_index_name(struct yara_call *c)
{
	struct pe_module *m = module_of(c);

	for (unsigned i = 0; m && i < m->pe.section_count; i++) {
		if (span_eq(pe_text(m->pe.sections[i].name, 8), string(c, 0))) {
			yara_return_integer(c, i);
			return;
		}
	}
}

static void section_index_address(struct yara_call *c)
{
	struct pe_module *m = module_of(c);
	int64_t address = integer(c, 0);

	for (unsigned i = 0; m && i < m->pe.section_count; i++) {
		const struct pe_section *s = &m->pe.sections[i];
		int64_t start = m->is_memory ? s->virtual_address : s->raw_offset;
		int64_t size = m->is_memory ? s->virtual_size : s->raw_size;

		if (address >= start && address < start + size) {
			yara_return_integer(c, i);
			return;
		}
	}
}

const struct yara_function pe_section_index_overloads[] = {
	{ "s", 'i', section_index_name }, { "i", 'i', section_index_address }, { 0 },
};

/* Which export the first argument names, by its type; SIZE_MAX: none. */
static size_t find_export(struct yara_call *c)
{
	const struct pe_exports *exports = pe_module_exports(module_of(c));
	struct yara_value wanted = c->arguments[0];

	if (wanted.type == YARA_INTEGER && (uint64_t)wanted.integer > exports->count)
		return SIZE_MAX;
	for (size_t i = 0; i < exports->count; i++) {
		const struct pe_export *export = &exports->list[i];

		if (wanted.type == YARA_INTEGER ? export->ordinal == (uint64_t)wanted.integer
		    : !export->name.at		? false
		    : wanted.type == YARA_STRING ? span_eq_nocase(export->name, wanted.string)
						 : yara_call_matches(c, wanted.regex, export->name))
			return i;
	}
	return SIZE_MAX;
}

static void exports(struct yara_call *c)
{
	if (module_of(c))
		yara_return_integer(c, find_export(c) != SIZE_MAX);
}

static void exports_index(struct yara_call *c)
{
	size_t found = module_of(c) ? find_export(c) : SIZE_MAX;

	if (found != SIZE_MAX)
		yara_return_integer(c, (int64_t)found);
}

const struct yara_function pe_exports_overloads[] = {
	{ "s", 'i', exports }, { "r", 'i', exports }, { "i", 'i', exports }, { 0 },
};

const struct yara_function pe_exports_index_overloads[] = {
	{ "s", 'i', exports_index }, { "i", 'i', exports_index }, { "r", 'i', exports_index },
	{ 0 },
};

static bool is_text(struct yara_call *c, struct yara_value wanted, struct span text)
{
	return wanted.type == YARA_REGEX ? yara_call_matches(c, wanted.regex, text)
					 : span_eq_nocase(wanted.string, text);
}

/* How many functions of the list fit; `function` NULL stands for all. */
static int64_t count_imports(struct yara_call *c, const struct pe_imports *imports,
			     struct yara_value library, const struct yara_value *function)
{
	int64_t count = 0;

	for (size_t i = 0; i < imports->count; i++) {
		const struct pe_library *in = &imports->libraries[i];

		if (!is_text(c, library, in->name))
			continue;
		for (size_t j = 0; j < in->count; j++) {
			const struct pe_function *f = &in->functions[j];

			if (!function)
				count++;
			else if (function->type == YARA_INTEGER)
				count += f->by_ordinal && f->ordinal == function->integer;
			else
				count += is_text(c, *function, f->name);
		}
	}
	return count;
}

/*
 * Arguments from `first` on are a library and, maybe, a function. With a regex
 * or no function the answer is how many there are, else whether there is one.
 */
static void count_in(struct yara_call *c, int64_t which, size_t first)
{
	struct pe_module *m = module_of(c);
	const struct yara_value *function = first + 1 < c->count ? &c->arguments[first + 1] : NULL;
	int64_t count = 0;

	if (!m)
		return;
	if (which & STANDARD)
		count += count_imports(c, pe_module_imports(m), c->arguments[first], function);
	if (which & DELAYED)
		count += count_imports(c, pe_module_delayed(m), c->arguments[first], function);
	if (function && function->type != YARA_REGEX)
		count = count > 0;
	yara_return_integer(c, count);
}

static void imports(struct yara_call *c)
{
	count_in(c, STANDARD, 0);
}

static void imports_of_kind(struct yara_call *c)
{
	count_in(c, integer(c, 0), 1);
}

const struct yara_function pe_imports_overloads[] = {
	{ "ss", 'i', imports }, { "si", 'i', imports }, { "s", 'i', imports },
	{ "rr", 'i', imports }, { "iss", 'i', imports_of_kind }, { "isi", 'i', imports_of_kind },
	{ "is", 'i', imports_of_kind }, { "irr", 'i', imports_of_kind }, { 0 },
};

static void return_rva(struct yara_call *c, const struct pe_imports *list)
{
	struct yara_value wanted = c->arguments[1];

	for (size_t i = 0; i < list->count; i++) {
		const struct pe_library *in = &list->libraries[i];

		for (size_t j = 0; span_eq_nocase(in->name, string(c, 0)) && j < in->count; j++) {
			const struct pe_function *f = &in->functions[j];

			if (wanted.type == YARA_STRING ? !span_eq_nocase(f->name, wanted.string)
						       : !f->by_ordinal || f->ordinal != wanted.integer)
				continue;
			if (f->rva)
				yara_return_integer(c, (int64_t)f->rva);
			return;
		}
	}
}

static void import_rva(struct yara_call *c)
{
	if (module_of(c))
		return_rva(c, pe_module_imports(module_of(c)));
}

static void delayed_import_rva(struct yara_call *c)
{
	if (module_of(c))
		return_rva(c, pe_module_delayed(module_of(c)));
}

const struct yara_function pe_import_rva_overloads[] = {
	{ "ss", 'i', import_rva }, { "si", 'i', import_rva }, { 0 },
};

const struct yara_function pe_delayed_import_rva_overloads[] = {
	{ "ss", 'i', delayed_import_rva }, { "si", 'i', delayed_import_rva }, { 0 },
};

static void return_language(struct yara_call *c, int64_t mask)
{
	struct pe_module *m = module_of(c);
	const struct pe_resources *resources;
	bool found = false;

	if (!m)
		return;
	resources = pe_module_resources(m);
	for (size_t i = 0; i < resources->count && !found; i++) {
		const struct pe_resource_name *language = &resources->list[i].language;

		found = !language->text.at && (language->number & mask) == integer(c, 0);
	}
	yara_return_integer(c, found);
}

static void locale(struct yara_call *c)
{
	return_language(c, 0xffff);
}

static void language(struct yara_call *c)
{
	return_language(c, 0xff);
}

const struct yara_function pe_locale_overloads[] = { { "i", 'i', locale }, { 0 } };
const struct yara_function pe_language_overloads[] = { { "i", 'i', language }, { 0 } };

static void is_dll(struct yara_call *c)
{
	if (module_of(c))
		yara_return_integer(c, module_of(c)->pe.characteristics & PE_FILE_DLL);
}

static void is_32bit(struct yara_call *c)
{
	if (module_of(c))
		yara_return_integer(c, !module_of(c)->pe.wide);
}

static void is_64bit(struct yara_call *c)
{
	if (module_of(c))
		yara_return_integer(c, module_of(c)->pe.wide);
}

static void rva_to_offset(struct yara_call *c)
{
	size_t offset;

	if (module_of(c) && pe_offset(&module_of(c)->pe, (uint64_t)integer(c, 0), &offset))
		yara_return_integer(c, (int64_t)offset);
}

const struct yara_function pe_is_dll_overloads[] = { { "", 'i', is_dll }, { 0 } };
const struct yara_function pe_is_32bit_overloads[] = { { "", 'i', is_32bit }, { 0 } };
const struct yara_function pe_is_64bit_overloads[] = { { "", 'i', is_64bit }, { 0 } };
const struct yara_function pe_rva_to_offset_overloads[] = { { "i", 'i', rva_to_offset }, { 0 } };

static void return_rich(struct yara_call *c, int64_t version, int64_t tool)
{
	const struct pe_rich *rich = module_of(c) ? pe_module_rich(module_of(c)) : NULL;

	if (rich)
		yara_return_integer(c, (int64_t)pe_rich_count(rich, version, tool));
}

static void rich_version(struct yara_call *c)
{
	return_rich(c, integer(c, 0), c->count > 1 ? integer(c, 1) : ANY_VERSION);
}

static void rich_toolid(struct yara_call *c)
{
	return_rich(c, c->count > 1 ? integer(c, 1) : ANY_VERSION, integer(c, 0));
}

const struct yara_function pe_rich_version_overloads[] = {
	{ "i", 'i', rich_version }, { "ii", 'i', rich_version }, { 0 },
};

const struct yara_function pe_rich_toolid_overloads[] = {
	{ "i", 'i', rich_toolid }, { "ii", 'i', rich_toolid }, { 0 },
};

static void valid_on(struct yara_call *c)
{
	struct yara_value from = yara_get(c->self, "not_before");
	struct yara_value to = yara_get(c->self, "not_after");

	if (from.type == YARA_INTEGER && to.type == YARA_INTEGER)
		yara_return_integer(c, integer(c, 0) >= from.integer && integer(c, 0) <= to.integer);
}

const struct yara_function pe_valid_on_overloads[] = { { "i", 'i', valid_on }, { 0 } };
