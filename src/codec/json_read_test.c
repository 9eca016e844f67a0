#include "codec/json_read.h"
#include "test.h"

static struct arena arena;

static bool reads(struct span text, struct json **out)
{
	struct err err;

	arena_reset(&arena);
	return json_read(text, &arena, out, &err);
}

TEST(json_read_makes_a_tree)
{
	struct json *root;

	arena = arena_new(1 << 20);
	assert_true(reads(SPAN(" {\"a\": [1, -2.5e3, true, null], \"b\": {\"c\": \"x\"}} "), &root));
	assert_int_equal(json_member(root, "a")->kind, JSON_ARRAY);
	assert_span(json_member(root, "a")->first->next->text, "-2.5e3");
	assert_int_equal(json_member(root, "a")->first->next->next->kind, JSON_BOOL);
	assert_span(json_member_text(json_member(root, "b"), "c"), "x");
	assert_null(json_member(root, "z"));
	assert_null(json_member(NULL, "z"));
	assert_true(json_member_text(root, "a").at == NULL);
	arena_free(&arena);
}

TEST(json_read_unescapes)
{
	struct json *root;

	arena = arena_new(1 << 20);
	assert_true(reads(SPAN("\"a\\n\\u00e9\\ud83d\\ude00\\/\""), &root));
	assert_span(root->text, "a\n\xc3\xa9\xf0\x9f\x98\x80/");
	arena_free(&arena);
}

TEST(json_read_refuses_what_is_no_json)
{
	static const char *const broken[] = { "", "{", "[1", "{\"a\"}", "[1,]", "\"a", "nul", "1 2",
					      "{a:1}", "\"\\x\"", "\"\\u12\"" };
	struct json *root;

	arena = arena_new(1 << 20);
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
		assert_false(reads(span_text(broken[i]), &root));
	arena_free(&arena);
}

TEST(json_read_bounds_depth)
{
	struct json *root;
	uint8_t deep[4096];

	arena = arena_new(1 << 20);
	memset(deep, '[', sizeof deep);
	assert_false(reads(span_of(deep, sizeof deep), &root));
	arena_free(&arena);
}
