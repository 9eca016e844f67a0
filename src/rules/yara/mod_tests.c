#include "rules/yara/module.h"

/*
 * YARA's builds carry a module "tests": one field of each kind, with fixed
 * values, and a few functions. Rules that try out an engine import it; it says
 * nothing of the data.
 */
static void match(struct yara_call *c)
{
	size_t end;

	if (yara_call_match_end(c, c->arguments[0].regex, c->arguments[1].string, &end))
		yara_return_integer(c, (int64_t)end);
	else
		yara_return_integer(c, -1);
}

static void integer_sum(struct yara_call *c)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < c->count; i++)
		sum += (uint64_t)c->arguments[i].integer;
	yara_return_integer(c, (int64_t)sum);
}

static void float_sum(struct yara_call *c)
{
	double sum = 0;

	for (size_t i = 0; i < c->count; i++)
		sum += c->arguments[i].real;
	yara_return_float(c, sum);
}

/* Up to the first NUL, other than string.length. */
static void length(struct yara_call *c)
{
	struct span text = c->arguments[0].string;

	yara_return_integer(c, (int64_t)span_split(&text, 0).len);
}

static void empty(struct yara_call *c)
{
	yara_return_string(c, SPAN(""));
}

static void foobar(struct yara_call *c)
{
	int64_t n = c->arguments[0].integer;

	yara_return_string(c, n == 1 ? SPAN("foo") : n == 2 ? SPAN("bar") : SPAN("oops"));
}

static const struct yara_function match_overloads[] = { { "rs", 'i', match }, { 0 } };
static const struct yara_function isum_overloads[] = {
	{ "ii", 'i', integer_sum }, { "iii", 'i', integer_sum }, { 0 },
};
static const struct yara_function fsum_overloads[] = {
	{ "ff", 'f', float_sum }, { "fff", 'f', float_sum }, { 0 },
};
static const struct yara_function length_overloads[] = { { "s", 'i', length }, { 0 } };
static const struct yara_function empty_overloads[] = { { "", 's', empty }, { 0 } };
static const struct yara_function foobar_overloads[] = { { "i", 's', foobar }, { 0 } };

static const struct yara_field constants[] = {
	YARA_CONSTANT("one", 1), YARA_CONSTANT("two", 2), YARA_TEXT_CONSTANT("foo", "foo"),
	YARA_TEXT_CONSTANT("empty", ""), YARA_END,
};
static const struct yara_field undefined[] = {
	YARA_INTEGER_FIELD("i"), YARA_FLOAT_FIELD("f"), YARA_END,
};
static const struct yara_field pair[] = {
	YARA_INTEGER_FIELD("i"), YARA_STRING_FIELD("s"), YARA_END,
};
static const struct yara_field unused_text[] = { YARA_STRING_FIELD("unused"), YARA_END };
static const struct yara_field unused_number[] = { YARA_INTEGER_FIELD("unused"), YARA_END };
static const struct yara_field nested[] = {
	YARA_ARRAY_OF_STRUCTS("struct_array", unused_text),
	YARA_DICTIONARY_OF_STRUCTS("struct_dict", unused_text), YARA_END,
};

static const struct yara_field fields[] = {
	YARA_STRUCT_FIELD("constants", constants),
	YARA_STRUCT_FIELD("undefined", undefined),
	YARA_STRING_FIELD("module_data"),
	YARA_ARRAY_OF("integer_array", YARA_INTEGER),
	YARA_ARRAY_OF("string_array", YARA_STRING),
	YARA_DICTIONARY_OF("integer_dict", YARA_INTEGER),
	YARA_DICTIONARY_OF("string_dict", YARA_STRING),
	YARA_ARRAY_OF_STRUCTS("struct_array", pair),
	YARA_DICTIONARY_OF_STRUCTS("struct_dict", pair),
	YARA_ARRAY_OF_STRUCTS("empty_struct_array", nested),
	YARA_DICTIONARY_OF_STRUCTS("empty_struct_dict", unused_number),
	YARA_FUNCTION_FIELD("match", match_overloads),
	YARA_FUNCTION_FIELD("isum", isum_overloads),
	YARA_FUNCTION_FIELD("fsum", fsum_overloads),
	YARA_FUNCTION_FIELD("length", length_overloads),
	YARA_FUNCTION_FIELD("empty", empty_overloads),
	YARA_FUNCTION_FIELD("foobar", foobar_overloads),
	YARA_END,
};

static void fill_arrays(struct yara_object *root)
{
	struct yara_object *numbers = yara_array(root, "integer_array");
	struct yara_object *texts = yara_array(root, "string_array");
	struct yara_object *pairs = yara_array(root, "struct_array");

	for (int64_t i = 0; i <= 256; i++) {
		struct yara_value *one = yara_array_add(numbers);

		if (i < 3 || i == 256)
			yara_value_integer(one, i);
	}
	yara_value_string(yara_array_add(texts), SPAN("foo"));
	yara_value_string(yara_array_add(texts), SPAN("bar"));
	yara_value_string(yara_array_add(texts), SPAN("baz"));
	yara_value_string(yara_array_add(texts), SPAN("foo\0bar"));
	yara_array_add_struct(pairs);
	yara_set_integer(yara_array_add_struct(pairs), "i", 1);
}

static void fill_dictionaries(struct yara_object *root)
{
	struct yara_object *texts = yara_dictionary(root, "string_dict");
	struct yara_object *pair_of_foo;

	yara_value_string(yara_dictionary_add(texts, SPAN("foo")), SPAN("foo"));
	yara_value_string(yara_dictionary_add(texts, SPAN("bar")), SPAN("bar"));
	pair_of_foo = yara_dictionary_add_struct(yara_dictionary(root, "struct_dict"), SPAN("foo"));
	yara_set_string(pair_of_foo, "s", SPAN("foo"));
	yara_set_integer(pair_of_foo, "i", 1);
}

static bool load(struct yara_load *l)
{
	if (l->module_data.len)
		yara_set_string(l->root, "module_data", l->module_data);
	fill_arrays(l->root);
	fill_dictionaries(l->root);
	return true;
}

const struct yara_module yara_module_tests = { .name = "tests", .fields = fields, .load = load };
