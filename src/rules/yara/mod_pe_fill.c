#include "rules/yara/mod_pe.h"

#include "formats/pe/pe_debug.h"

const struct pe_imports *pe_module_imports(struct pe_module *m)
{
	if (!m->has_imports)
		pe_imports_read(&m->pe, m->arena, &m->imports);
	m->has_imports = true;
	return &m->imports;
}

const struct pe_imports *pe_module_delayed(struct pe_module *m)
{
	if (!m->has_delayed)
		pe_delayed_imports_read(&m->pe, m->arena, &m->delayed);
	m->has_delayed = true;
	return &m->delayed;
}

const struct pe_exports *pe_module_exports(struct pe_module *m)
{
	if (!m->has_exports)
		pe_exports_read(&m->pe, m->arena, &m->exports);
	m->has_exports = true;
	return &m->exports;
}

const struct pe_resources *pe_module_resources(struct pe_module *m)
{
	if (!m->has_resources)
		pe_resources_read(&m->pe, m->arena, &m->resources);
	m->has_resources = true;
	return &m->resources;
}

const struct pe_rich *pe_module_rich(struct pe_module *m)
{
	if (!m->has_rich)
		m->is_rich = pe_rich_parse(&m->pe, m->arena, &m->rich);
	m->has_rich = true;
	return m->is_rich ? &m->rich : NULL;
}

void pe_fill_directories(struct yara_object *root)
{
	struct pe_module *m = pe_module_of(root);
	struct yara_object *list = m ? yara_array(root, "data_directories") : NULL;

	for (uint32_t i = 0; list && i < PE_DIRECTORIES && i < m->pe.declared_directories; i++) {
		struct yara_object *to = yara_array_add_struct(list);

		yara_set_integer(to, "virtual_address", m->pe.directories[i].rva);
		yara_set_integer(to, "size", m->pe.directories[i].size);
	}
}

static void set_section(struct yara_object *to, const struct pe *pe,
			const struct pe_section *section)
{
	struct span full_name;

	yara_set_string(to, "name", section->name);
	if (pe_section_full_name(pe, section, &full_name))
		yara_set_string(to, "full_name", full_name);
	yara_set_integer(to, "characteristics", section->characteristics);
	yara_set_integer(to, "virtual_address", section->virtual_address);
	yara_set_integer(to, "virtual_size", section->virtual_size);
	yara_set_integer(to, "raw_data_offset", section->raw_offset);
	yara_set_integer(to, "raw_data_size", section->raw_size);
	yara_set_integer(to, "pointer_to_relocations", section->relocations_offset);
	yara_set_integer(to, "pointer_to_line_numbers", section->line_numbers_offset);
	yara_set_integer(to, "number_of_relocations", section->relocations);
	yara_set_integer(to, "number_of_line_numbers", section->line_numbers);
}

void pe_fill_sections(struct yara_object *root)
{
	struct pe_module *m = pe_module_of(root);
	struct yara_object *list = m ? yara_array(root, "sections") : NULL;

	for (unsigned i = 0; list && i < m->pe.section_count; i++)
		set_section(yara_array_add_struct(list), &m->pe, &m->pe.sections[i]);
}

void pe_fill_overlay(struct yara_object *root)
{
	struct pe_module *m = pe_module_of(root);
	struct yara_object *to = m ? yara_struct(root, "overlay") : NULL;
	uint64_t offset;

	if (!to)
		return;
	offset = pe_overlay(&m->pe);
	yara_set_integer(to, "offset", (int64_t)offset);
	yara_set_integer(to, "size", offset ? (int64_t)(m->pe.file.len - offset) : 0);
}

static void set_rich_tools(struct yara_object *list, const struct pe_rich *rich)
{
	struct cursor c = pe_rich_entries(rich);
	struct pe_rich_tool tool;

	while (pe_rich_next(&c, &tool)) {
		struct yara_object *to = yara_array_add_struct(list);

		yara_set_integer(to, "toolid", tool.id);
		yara_set_integer(to, "version", tool.version);
		yara_set_integer(to, "times", tool.times);
	}
}

void pe_fill_rich(struct yara_object *root)
{
	struct pe_module *m = pe_module_of(root);
	struct yara_object *to = m ? yara_struct(root, "rich_signature") : NULL;
	const struct pe_rich *rich = to ? pe_module_rich(m) : NULL;

	if (!rich)
		return;
	yara_set_integer(to, "offset", (int64_t)(m->base + rich->offset));
	yara_set_integer(to, "length", (int64_t)rich->raw.len);
	yara_set_integer(to, "key", rich->key);
	yara_set_string(to, "raw_data", rich->raw);
	yara_set_string(to, "clear_data", rich->clear);
	yara_set_string(to, "version_data", rich->versions);
	set_rich_tools(yara_array(to, "tools"), rich);
}

static void set_function(struct yara_object *to, const struct pe_function *function)
{
	yara_set_string(to, "name", function->name);
	if (function->by_ordinal)
		yara_set_integer(to, "ordinal", function->ordinal);
	if (function->rva)
		yara_set_integer(to, "rva", (int64_t)function->rva);
}

static void set_libraries(struct yara_object *list, const struct pe_imports *imports)
{
	for (size_t i = 0; list && i < imports->count; i++) {
		const struct pe_library *library = &imports->libraries[i];
		struct yara_object *to = yara_array_add_struct(list);
		struct yara_object *functions = to ? yara_array(to, "functions") : NULL;

		yara_set_string(to, "library_name", library->name);
		yara_set_integer(to, "number_of_functions", (int64_t)library->count);
		for (size_t j = 0; functions && j < library->count; j++)
			set_function(yara_array_add_struct(functions), &library->functions[j]);
	}
}

void pe_fill_imports(struct yara_object *root)
{
	struct pe_module *m = pe_module_of(root);
	const struct pe_imports *imports;

	if (!m)
		return;
	imports = pe_module_imports(m);
	yara_set_integer(root, "number_of_imports", (int64_t)imports->count);
	yara_set_integer(root, "number_of_imported_functions", (int64_t)imports->functions);
	set_libraries(yara_array(root, "import_details"), imports);
}

void pe_fill_delayed(struct yara_object *root)
{
	struct pe_module *m = pe_module_of(root);
	const struct pe_imports *imports;

	if (!m)
		return;
	imports = pe_module_delayed(m);
	yara_set_integer(root, "number_of_delayed_imports", (int64_t)imports->count);
	yara_set_integer(root, "number_of_delayed_imported_functions", (int64_t)imports->functions);
	set_libraries(yara_array(root, "delayed_import_details"), imports);
}

static void set_export(struct yara_object *to, const struct pe_export *export)
{
	if (export->offset != SIZE_MAX)
		yara_set_integer(to, "offset", (int64_t)export->offset);
	if (export->name.at)
		yara_set_string(to, "name", export->name);
	if (export->forward.at)
		yara_set_string(to, "forward_name", export->forward);
	yara_set_integer(to, "ordinal", (int64_t)export->ordinal);
	yara_set_integer(to, "rva", export->rva);
}

void pe_fill_exports(struct yara_object *root)
{
	struct pe_module *m = pe_module_of(root);
	const struct pe_exports *exports;
	struct yara_object *list;

	/* dll_name and export_timestamp may stay undefined: fill the list once only. */
	if (!m || yara_get(root, "number_of_exports").type != YARA_UNDEFINED)
		return;
	exports = pe_module_exports(m);
	yara_set_integer(root, "number_of_exports", (int64_t)exports->count);
	if (exports->found)
		yara_set_integer(root, "export_timestamp", exports->timestamp);
	if (exports->dll_name.at)
		yara_set_string(root, "dll_name", exports->dll_name);
	list = yara_array(root, "export_details");
	for (size_t i = 0; list && i < exports->count; i++)
		set_export(yara_array_add_struct(list), &exports->list[i]);
}

static void set_name(struct yara_object *to, const struct pe_resource_name *name,
		     const char *number_field, const char *text_field)
{
	if (name->text.at)
		yara_set_string(to, text_field, name->text);
	else if (name->number != -1)
		yara_set_integer(to, number_field, name->number);
}

static void set_resource(struct yara_object *to, const struct pe_resource *resource)
{
	yara_set_integer(to, "rva", resource->rva);
	if (resource->offset != SIZE_MAX)
		yara_set_integer(to, "offset", (int64_t)resource->offset);
	yara_set_integer(to, "length", resource->size);
	set_name(to, &resource->type, "type", "type_string");
	set_name(to, &resource->name, "id", "name_string");
	set_name(to, &resource->language, "language", "language_string");
}

/* Of strings with the same key the last one counts; the list has them all. */
static void set_version_strings(struct yara_object *root, const struct pe_resources *resources)
{
	struct yara_object *dictionary = yara_dictionary(root, "version_info");
	struct yara_object *list = yara_array(root, "version_info_list");

	for (size_t i = 0; dictionary && list && i < resources->string_count; i++) {
		const struct pe_version_string *string = &resources->strings[i];
		struct yara_object *to = yara_array_add_struct(list);
		size_t later = i + 1;

		yara_set_string(to, "key", string->key);
		yara_set_string(to, "value", string->value);
		while (later < resources->string_count &&
		       !span_eq(resources->strings[later].key, string->key))
			later++;
		if (later == resources->string_count)
			yara_value_string(yara_dictionary_add(dictionary, string->key),
					  string->value);
	}
}

void pe_fill_resources(struct yara_object *root)
{
	struct pe_module *m = pe_module_of(root);
	const struct pe_resources *resources;
	struct yara_object *list, *resource_version;

	if (!m || yara_get(root, "number_of_resources").type != YARA_UNDEFINED)
		return;
	resources = pe_module_resources(m);
	yara_set_integer(root, "number_of_resources", (int64_t)resources->count);
	yara_set_integer(root, "number_of_version_infos", (int64_t)resources->string_count);
	resource_version = yara_struct(root, "resource_version");
	if (resources->found) {
		yara_set_integer(root, "resource_timestamp", resources->timestamp);
		yara_set_integer(resource_version, "major", resources->version.major);
		yara_set_integer(resource_version, "minor", resources->version.minor);
	}
	list = yara_array(root, "resources");
	for (size_t i = 0; list && i < resources->count; i++)
		set_resource(yara_array_add_struct(list), &resources->list[i]);
	set_version_strings(root, resources);
}

void pe_fill_pdb(struct yara_object *root)
{
	struct pe_module *m = pe_module_of(root);
	struct span path;

	if (m && pe_pdb_path(&m->pe, &path))
		yara_set_string(root, "pdb_path", path);
}
