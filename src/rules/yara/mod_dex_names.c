#include "rules/yara/mod_dex.h"

#include "base/buf.h"
#include "codec/digest.h"

#define CHECKSUM_FROM 12
#define SIGNATURE_FROM 32
#define PARAMETERS_MAX 0x80000		/* of all lists together: many may share one */

void mod_dex_fill_types(struct yara_object *root)
{
	const struct dex *d;
	struct yara_object *list = mod_dex_list(root, "types", &d);

	for (size_t i = 0; list && i < d->type_count; i++) {
		struct yara_value *to = yara_array_add(list);
		struct span name = dex_type_name(d, (uint32_t)i);

		if (name.at)
			yara_value_string(to, name);
	}
}

static void set_proto(struct yara_object *to, const struct dex *d, uint32_t index, size_t *budget)
{
	struct yara_object *list;
	struct cursor c;
	uint16_t type;

	if (!to || index >= d->proto_count)
		return;
	mod_dex_set_text(to, "shorty", dex_text(d, d->protos[index].shorty));
	mod_dex_set_text(to, "return_type", dex_type_name(d, d->protos[index].return_type));
	c = dex_parameters(d, index);
	yara_set_integer(to, "parameters_count", (int64_t)(cursor_left(&c) / 2));
	list = yara_array(to, "parameters");
	while (*budget && dex_next_parameter(&c, &type)) {
		struct span name = dex_type_name(d, type);
		struct yara_value *one = yara_array_add(list);

		--*budget;
		if (name.at)
			yara_value_string(one, name);
	}
}

void mod_dex_fill_protos(struct yara_object *root)
{
	const struct dex *d;
	struct yara_object *list = mod_dex_list(root, "protos", &d);
	size_t budget = PARAMETERS_MAX;

	for (size_t i = 0; list && i < d->proto_count; i++)
		set_proto(yara_array_add_struct(list), d, (uint32_t)i, &budget);
}

void mod_dex_fill_fields(struct yara_object *root)
{
	const struct dex *d;
	struct yara_object *list = mod_dex_list(root, "fields", &d);

	for (size_t i = 0; list && i < d->field_id_count; i++) {
		struct yara_object *to = yara_array_add_struct(list);

		mod_dex_set_text(to, "class", dex_type_name(d, d->field_ids[i].class));
		mod_dex_set_text(to, "type", dex_type_name(d, d->field_ids[i].type));
		mod_dex_set_text(to, "name", dex_text(d, d->field_ids[i].name));
	}
}

void mod_dex_fill_methods(struct yara_object *root)
{
	const struct dex *d;
	struct yara_object *list = mod_dex_list(root, "methods", &d);
	size_t budget = PARAMETERS_MAX;

	for (size_t i = 0; list && i < d->method_id_count; i++) {
		struct yara_object *to = yara_array_add_struct(list);

		if (!to)
			return;
		mod_dex_set_text(to, "class", dex_type_name(d, d->method_ids[i].class));
		set_proto(yara_struct(to, "proto"), d, d->method_ids[i].type, &budget);
		mod_dex_set_text(to, "name", dex_text(d, d->method_ids[i].name));
	}
}

static uint32_t adler32(struct span data)
{
	uint32_t a = 1, b = 0;

	for (size_t i = 0; i < data.len; i++) {
		a = (a + data.at[i]) % 65521;
		b = (b + a) % 65521;
	}
	return b << 16 | a;
}

static void checksum(struct yara_call *c)
{
	if (mod_dex_of(c->root, c->arena))
		yara_return_integer(c, adler32(span_from(c->data, CHECKSUM_FROM)));
}

static void signature(struct yara_call *c)
{
	uint8_t digest[DIGEST_MAX];
	struct buf hex = buf_new(64);

	if (!mod_dex_of(c->root, c->arena))
		return;
	buf_hex(&hex, span_of(digest, digest_of(DIGEST_SHA1, span_from(c->data, SIGNATURE_FROM),
						digest)));
	yara_return_string(c, arena_copy(c->arena, buf_span(&hex)));
	buf_free(&hex);
}

static void contains_string(struct yara_call *c)
{
	const struct dex *d = mod_dex_of(c->root, c->arena);
	bool found = false;

	for (size_t i = 0; d && i < d->string_count && !found; i++)
		found = span_eq(dex_text(d, (uint32_t)i), c->arguments[0].string);
	if (d)
		yara_return_integer(c, found);
}

static void contains_method(struct yara_call *c)
{
	const struct dex *d = mod_dex_of(c->root, c->arena);
	bool found = false;

	for (size_t i = 0; d && i < d->method_id_count && !found; i++)
		found = span_eq(dex_text(d, d->method_ids[i].name), c->arguments[0].string);
	if (d)
		yara_return_integer(c, found);
}

static void contains_class(struct yara_call *c)
{
	const struct dex *d = mod_dex_of(c->root, c->arena);
	bool found = false;

	for (size_t i = 0; d && i < d->class_count && !found; i++)
		found = span_eq(dex_type_name(d, d->classes[i].class), c->arguments[0].string);
	if (d)
		yara_return_integer(c, found);
}

const struct yara_function mod_dex_checksum[] = { { "", 'i', checksum }, { 0 } };
const struct yara_function mod_dex_signature[] = { { "", 's', signature }, { 0 } };
const struct yara_function mod_dex_contains_string[] = { { "s", 'i', contains_string }, { 0 } };
const struct yara_function mod_dex_contains_method[] = { { "s", 'i', contains_method }, { 0 } };
const struct yara_function mod_dex_contains_class[] = { { "s", 'i', contains_class }, { 0 } };

const struct yara_field mod_dex_proto[] = {
	YARA_STRING_FIELD("shorty"), YARA_STRING_FIELD("return_type"),
	YARA_INTEGER_FIELD("parameters_count"), YARA_ARRAY_OF("parameters", YARA_STRING), YARA_END,
};

const struct yara_field mod_dex_field[] = {
	YARA_STRING_FIELD("class"), YARA_STRING_FIELD("type"), YARA_STRING_FIELD("name"), YARA_END,
};

const struct yara_field mod_dex_method[] = {
	YARA_STRING_FIELD("class"), YARA_STRUCT_FIELD("proto", mod_dex_proto),
	YARA_STRING_FIELD("name"), YARA_END,
};
