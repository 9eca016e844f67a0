#include "codec/xml_read.h"

#include "base/buf.h"
#include "test.h"

static struct arena arena;

static const struct xml *read(const char *text, bool *whole)
{
	struct xml *x = NULL;
	struct err err;

	arena_free(&arena);
	arena = arena_new(1 << 20);
	return xml_read(span_text(text), &arena, &x, whole, &err) ? x : NULL;
}

TEST(elements_attributes_and_text)
{
	bool whole;
	const struct xml *x = read("\n<?xml version='1.0'?><!DOCTYPE a><a:Task b=\"1&amp;>2\" c = 'd'><!-- <x> -->"
				   "<One>p<Two/>q &lt;&#65;&#x42;&none;</One><one><![CDATA[<&]]></one></a:Task>", &whole);

	assert_non_null(x);
	assert_true(whole);
	assert_span(x->name, "Task");
	assert_span(xml_attribute(x, "B"), "1&>2");
	assert_span(xml_attribute(x, "c"), "d");
	assert_span(xml_text(x, "one"), "pq <AB&none;");
	assert_span(xml_child(x, "one")->next->text, "<&");
	assert_non_null(xml_child(xml_child(x, "one"), "two"));
	assert_span(xml_text(x, "one/three"), "");
}

TEST(a_space_is_text_and_indentation_is_none)
{
	bool whole;
	const struct xml *x = read("<a>\n  <b> </b>\n\t<c>\n  </c><d>x<![CDATA[ ]]>y</d></a>", &whole);

	assert_span(x->text, "");
	assert_span(xml_child(x, "b")->text, " ");
	assert_span(xml_child(x, "c")->text, "");
	assert_span(xml_child(x, "d")->text, "x y");
}

TEST(what_breaks_off_is_read_until_there)
{
	bool whole = true;
	const struct xml *x = read("<a><b>text</b><c>more", &whole);

	assert_non_null(x);
	assert_false(whole);
	assert_span(xml_text(x, "b"), "text");
	x = read("<a><b>text</a>", &whole);
	assert_non_null(x);
	assert_false(whole);
	assert_null(read("no xml", &whole));
	assert_null(read("", &whole));
	arena_free(&arena);
}

TEST(depth_is_bounded)
{
	struct buf deep = buf_new(4096);
	bool whole = true;

	for (int i = 0; i < 200; i++)
		buf_text(&deep, "<a>");
	assert_non_null(read((char *)deep.at, &whole));
	assert_false(whole);
	buf_free(&deep);
	arena_free(&arena);
}

TEST(many_pieces_of_text_cost_no_more_than_their_length)
{
	struct buf pieces = buf_new(1 << 16);
	const struct xml *x;
	bool whole = false;

	buf_text(&pieces, "<a>");
	for (int i = 0; i < 3000; i++)
		buf_text(&pieces, "x<b/>");
	buf_text(&pieces, "</a>");
	buf_add_u8(&pieces, 0);
	x = read((char *)pieces.at, &whole);
	assert_non_null(x);
	assert_true(whole);
	assert_int_equal(x->text.len, 3000);
	assert_int_equal(x->text.at[2999], 'x');
	buf_free(&pieces);
	arena_free(&arena);
}
