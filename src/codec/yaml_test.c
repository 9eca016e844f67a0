#include "codec/yaml.h"

#include "base/buf.h"

#include "test.h"

static const struct yaml_node *parse(struct arena *arena, const char *text, struct err *err)
{
	const struct yaml_node *first;
	struct yaml_place place;

	return yaml_parse(arena, span_text(text), NULL, &first, &place, err) ? first : NULL;
}

TEST(a_document_keeps_order_kinds_and_places)
{
	struct arena arena = arena_new(1 << 20);
	struct err err = { 0 };
	const struct yaml_node *doc = parse(&arena, "a: 1\nb:\n  - x\n  - 'y'\n", &err);
	const struct yaml_node *b = yaml_get(doc, "b");

	assert_non_null(b);
	assert_span(yaml_get_text(doc, "a"), "1");
	assert_int_equal(yaml_scalar_kind(yaml_get(doc, "a")), YAML_NUMBER);
	assert_int_equal(b->kind, YAML_LIST);
	assert_int_equal(b->count, 2);
	assert_int_equal(b->key_line, 2);
	assert_int_equal(b->first->line, 3);
	assert_int_equal(b->first->column, 5);
	assert_int_equal(yaml_scalar_kind(b->first->next), YAML_STRING);
	arena_free(&arena);
}

TEST(documents_before_a_fault_are_kept_and_the_fault_is_placed)
{
	struct arena arena = arena_new(1 << 20);
	const struct yaml_node *first;
	struct yaml_place place;
	struct err err = { 0 };

	assert_false(yaml_parse(&arena, SPAN("a: 1\n---\nb: [1\nc: 2\n"), NULL, &first, &place, &err));
	assert_span(yaml_get_text(first, "a"), "1");
	assert_int_equal(place.line, 4);
	assert_int_equal(err.code, ERR_CORRUPT);
	arena_free(&arena);
}

TEST(aliases_share_and_a_billion_laughs_is_refused)
{
	struct arena arena = arena_new(1 << 20);
	struct err err = { 0 };
	const struct yaml_node *doc = parse(&arena, "a: &x [1, 2]\nb: *x\n", &err);
	struct buf laughs = buf_new(1 << 16);

	assert_int_equal(yaml_get(doc, "b")->count, 2);
	buf_text(&laughs, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 10; i++) {
		buf_printf(&laughs, "a%d: &a%d [", i, i);
		for (int k = 0; k < 10; k++)
			buf_printf(&laughs, "*a%d,", i - 1);
		buf_text(&laughs, "]\n");
	}
	assert_null(parse(&arena, (const char *)laughs.at, &err));
	assert_int_equal(err.code, ERR_LIMIT);
	assert_null(parse(&arena, "a: &a [*a]\n", &err));
	assert_int_equal(err.code, ERR_CORRUPT);
	buf_free(&laughs);
	arena_free(&arena);
}

TEST(deep_nesting_and_doubled_keys_are_refused)
{
	struct arena arena = arena_new(1 << 20);
	struct err err = { 0 };
	char deep[201];

	memset(deep, '[', 200);
	deep[200] = 0;
	assert_null(parse(&arena, deep, &err));
	assert_int_equal(err.code, ERR_LIMIT);
	assert_null(parse(&arena, "a: 1\na: 2\n", &err));
	assert_int_equal(err.code, ERR_CORRUPT);
	arena_free(&arena);
}

TEST(plain_scalars_are_told_apart)
{
	struct arena arena = arena_new(1 << 20);
	struct err err = { 0 };
	const struct yaml_node *doc = parse(&arena, "[null, ~, '', \"1\", 0x10, -3, 1.5, yes, 1.2.3, -]",
					    &err);
	static const enum yaml_scalar want[] = { YAML_NULL, YAML_NULL, YAML_STRING, YAML_STRING,
						 YAML_NUMBER, YAML_NUMBER, YAML_NUMBER, YAML_BOOL,
						 YAML_STRING, YAML_STRING };
	size_t i = 0;

	assert_non_null(doc);
	for (const struct yaml_node *n = doc->first; n; n = n->next)
		assert_int_equal(yaml_scalar_kind(n), want[i++]);
	arena_free(&arena);
}
