/*
 * dex: Dalvik executables of Android, versions 035 to 041. Fields and sources:
 * docs/formats/dex.md.
 *
 * dex_header_parse reads the header alone; dex_parse everything else, in file
 * order, and stops where a table does not fit in the file (as YARA does):
 * `whole` tells that it got to the end. Lists live in the arena, text in the
 * file. Bounded: DEX_MAX_ITEMS of each table, DEX_MAX_MEMBERS fields and
 * methods over all classes.
 */
#ifndef KANSHIKI_FORMATS_DEX_DEX_H
#define KANSHIKI_FORMATS_DEX_DEX_H

#include "base/arena.h"
#include "base/err.h"

#define DEX_MAX_ITEMS 0x80000
#define DEX_MAX_MEMBERS 0x80000
#define DEX_CONTAINER_VERSION 41

struct dex_table {
	uint32_t size;			/* items */
	uint32_t offset;
};

struct dex_header {
	struct span magic;		/* without the NUL */
	uint32_t version;		/* 35 to 41 */
	uint32_t checksum;
	struct span signature;		/* up to its first NUL: so YARA shows it */
	uint32_t file_size, header_size, endian_tag;
	struct dex_table link;
	uint32_t map_offset;
	struct dex_table strings, types, protos, fields, methods, classes, data;
	uint32_t container_size, header_offset;	/* from DEX_CONTAINER_VERSION on */
};

struct dex_string {
	uint32_t offset, size;
	struct span value;		/* as YARA cuts it; .at NULL: broken */
	struct span text;		/* up to its NUL; .at NULL: broken */
};

struct dex_proto {
	uint32_t shorty, return_type, parameters_offset;
};

/* A field or method: class, type or prototype, name. */
struct dex_id {
	uint16_t class, type;
	uint32_t name;
};

struct dex_map_item {
	uint16_t type, unused;
	uint32_t size, offset;
};

struct dex_class {
	uint32_t class, access_flags, super_class, interfaces_offset, source_file;
	uint32_t annotations_offset, class_data_offset, static_values_offset;
};

struct dex_class_data {
	uint32_t static_fields, instance_fields, direct_methods, virtual_methods;
};

struct dex_code {
	uint16_t registers, ins, outs, tries;
	uint32_t debug_info_offset, instructions;
	struct span bytes;		/* .at NULL: not in the file */
};

/* A field or method that a class defines; names .at NULL: broken. */
struct dex_member {
	struct span class_name, name, proto;
	uint32_t index_difference, access_flags;
	bool is_direct;			/* methods: direct or virtual */
	uint32_t code_offset;
	const struct dex_code *code;	/* NULL: none */
};

struct dex {
	struct span file;
	struct dex_header header;
	struct dex_string *strings;
	uint32_t *types;
	struct dex_proto *protos;
	struct dex_id *field_ids, *method_ids;
	struct dex_map_item *map;
	struct dex_class *classes;
	struct dex_class_data *class_data;
	struct dex_member *fields, *methods;
	/* One behind the last that names an id which is not there: its numbers. As in YARA. */
	struct dex_member broken_field, broken_method;
	bool has_broken_field, has_broken_method;
	size_t string_count, type_count, proto_count, field_id_count, method_id_count, map_count,
		class_count, class_data_count, field_count, method_count;
	bool has_map;
	uint32_t declared_map;
	bool whole;
};

bool dex_header_parse(struct span file, struct dex_header *out, struct err *err);
bool dex_parse(struct span file, struct arena *arena, struct dex *out, struct err *err);

/* Text and type name by index, whole; .at NULL: there is none, or it is broken. */
struct span dex_text(const struct dex *d, uint32_t string);
struct span dex_type_name(const struct dex *d, uint32_t type);

/* The type indexes of a prototype's parameters, two bytes each; none where broken. */
struct cursor dex_parameters(const struct dex *d, uint32_t proto);
bool dex_next_parameter(struct cursor *c, uint16_t *type);

#endif
