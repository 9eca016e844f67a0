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

TEST(of_a_key_that_stands_twice_the_last_counts_and_the_first_is_told)
{
	struct arena arena = arena_new(1 << 26);
	struct err err = { 0 };
	const struct yaml_node *doc = parse(&arena, "a: &x {k: 1}\nb: 2\na: [*x]\nb: 3\nb: 4\n", &err);
	const struct yaml_double *d = doc->doubles;
	struct buf large = buf_new(1 << 20);

	assert_int_equal(doc->count, 2);
	assert_int_equal(yaml_get(doc, "a")->kind, YAML_LIST);
	assert_span(yaml_get_text(yaml_get(doc, "a")->first, "k"), "1");
	assert_span(yaml_get_text(doc, "b"), "4");
	assert_span(d->key, "a");
	assert_int_equal(d->lost.line, 1);
	assert_int_equal(d->kept.line, 3);
	assert_int_equal(d->next->lost.line, 2);
	assert_int_equal(d->next->next->lost.line, 4);
	assert_int_equal(d->next->next->kept.line, 5);
	assert_null(d->next->next->next);
	for (int i = 0; i < 40000; i++)
		buf_printf(&large, "k%d: %d\n", i % 20000, i);
	doc = parse(&arena, (const char *)large.at, &err);
	assert_int_equal(doc->count, 20000);
	assert_span(yaml_get_text(doc, "k7"), "20007");
	doc = parse(&arena, "a: 1\n---\na: 2\n", &err);
	assert_null(doc->doubles);
	assert_null(doc->next->doubles);
	buf_free(&large);
	arena_free(&arena);
}

TEST(deep_nesting_is_refused_and_so_are_doubled_keys_where_keys_stand_once)
{
	struct arena arena = arena_new(1 << 20);
	struct err err = { 0 };
	const struct yaml_node *first;
	struct yaml_place place;
	char deep[201];

	memset(deep, '[', 200);
	deep[200] = 0;
	assert_null(parse(&arena, deep, &err));
	assert_int_equal(err.code, ERR_LIMIT);
	assert_false(yaml_parse(&arena, SPAN("a: 1\nb:\n  c: 2\n  c: 2\n"), &(struct yaml_limits){ .keys_once = true },
				&first, &place, &err));
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_int_equal(place.line, 4);
	arena_free(&arena);
}

/* As `python3 -c "import yaml; yaml.safe_load(...)"` answers; dates apart. */
TEST(numbers_are_those_of_yaml_1_1)
{
	static const struct { const char *text; double real; bool whole; } numbers[] = {
		{ "10", 10, true }, { "-3", -3, true }, { "+5", 5, true }, { "0", 0, true }, { "010", 8, true },
		{ "0x1F", 31, true }, { "0b11", 3, true }, { "1_000", 1000, true }, { "1:30", 90, true },
		{ "190:20:30", 685230, true }, { "1.50", 1.5, false }, { ".5", 0.5, false }, { "5.", 5, true },
		{ "1.0e+3", 1000, true }, { "1.5e-3", 0.0015, false }, { "18446744073709551615", 1.8446744073709552e19, true },
		{ "123456789012345678901234567890", 1.2345678901234568e29, false }, { "1_0.2_5", 10.25, false },
	};
	static const char *const texts[] = { "09", "0o10", "1e3", "1.0e3", "1:75", "0:10", "1:", "1.2.3", "-", ".", "..", "_1",
					     "0x", "0b2", ".inf", ".nan", "inf", "2024-01-02", "1-2", "--1", "1 2", "'10'" };
	struct arena arena = arena_new(1 << 20);
	struct err err = { 0 };
	struct yaml_number got;

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		assert_true(yaml_number_of(parse(&arena, numbers[i].text, &err), &got));
		assert_true(got.real == numbers[i].real);
		assert_int_equal(got.whole, numbers[i].whole);
		assert_true(!got.whole || (double)got.n == (got.negative ? -got.real : got.real));
	}
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_false(yaml_number_of(parse(&arena, texts[i], &err), &got));
	arena_free(&arena);
}

TEST(words_are_special_in_three_spellings_and_tags_decide)
{
	struct arena arena = arena_new(1 << 20);
	struct err err = { 0 };
	const struct yaml_node *doc = parse(&arena, "[yes, On, TRUE, no, Off, y, tRUE, YeS, Null, nULL, None, !!str 1, ! 2, "
					    "!!int '3', !!str '']", &err), *n = doc->first;
	static const enum yaml_scalar want[] = {
		YAML_BOOL, YAML_BOOL, YAML_BOOL, YAML_BOOL, YAML_BOOL, YAML_STRING, YAML_STRING, YAML_STRING,
		YAML_NULL, YAML_STRING, YAML_STRING, YAML_STRING, YAML_STRING, YAML_NUMBER, YAML_STRING,
	};

	for (size_t i = 0; n; i++, n = n->next) {
		assert_int_equal(yaml_scalar_kind(n), want[i]);
		assert_int_equal(yaml_is_true(n), i < 3);
	}
	arena_free(&arena);
}

TEST(merge_keys_give_what_a_map_has_not_itself)
{
	struct arena arena = arena_new(1 << 20);
	struct err err = { 0 };
	const struct yaml_node *doc = parse(&arena, "base: &b {x: 1, y: 2}\none: {<<: *b, x: 3}\n"
					    "two:\n  <<: [{x: 5}, *b]\n  z: 6\nthree: {'<<': *b, <<: {q: 1}}\n", &err);
	const struct yaml_node *two = yaml_get(doc, "two");

	/* Both are taken, and of what both have the later one's, as in PyYAML. */
	assert_null(doc->doubles);
	assert_int_equal(yaml_get(doc, "three")->count, 3);
	doc = parse(&arena, "base: &b {x: 1, y: 2}\none: {<<: *b, x: 3}\ntwo:\n  <<: [{x: 5}, *b]\n  z: 6\n"
		    "four: &f {<<: *b}\nfive: {<<: *f}\n", &err);
	two = yaml_get(doc, "two");
	assert_span(yaml_get_text(yaml_get(doc, "one"), "x"), "3");
	assert_span(yaml_get_text(yaml_get(doc, "one"), "y"), "2");
	assert_int_equal(yaml_get(doc, "one")->count, 2);
	assert_span(yaml_get_text(two, "x"), "5");
	assert_span(yaml_get_text(two, "y"), "2");
	assert_span(yaml_get_text(two, "z"), "6");
	assert_null(yaml_get(two, "<<"));
	assert_span(yaml_get_text(yaml_get(doc, "five"), "y"), "2");
	assert_span(yaml_get_text(yaml_get(doc, "base"), "x"), "1");
	assert_null(yaml_get(yaml_get(doc, "base"), "z"));
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
