#include "base/utf8.h"
#include "codec/escape.h"
#include "test.h"

typedef void escape_fn(struct buf *to, struct span text);

static void check(escape_fn *escape, struct span in, const char *expected)
{
	struct buf b = buf_new(1000);

	escape(&b, in);
	assert_span(buf_span(&b), expected);
	buf_free(&b);
}

TEST(escape_leaves_no_control_byte_for_any_sink)
{
	escape_fn *const sinks[] = { escape_terminal, escape_html, escape_csv };

	for (size_t sink = 0; sink < 3; sink++) {
		for (uint32_t code = 0; code < 0x2100; code++) {
			struct buf in = buf_new(8), out = buf_new(100);
			struct span rest;
			uint32_t got;

			utf8_add(&in, code);
			sinks[sink](&out, buf_span(&in));
			for (rest = buf_span(&out); rest.len; rest = span_from(rest, 1)) {
				size_t len = utf8_next(rest, &got);

				assert_true(len > 0);
				assert_true(!escape_is_unsafe(got) ||
					    (sink == 1 && (got == '\n' || got == '\t')));
				rest = span_from(rest, len - 1);
			}
			buf_free(&in);
			buf_free(&out);
		}
	}
}

TEST(escape_csv_disarms_formulas)
{
	check(escape_csv, SPAN("=cmd|'/c calc'!A0"), "\"'=cmd|'/c calc'!A0\"");
	check(escape_csv, SPAN("say \"hi\", you"), "\"say \"\"hi\"\", you\"");
}

TEST(escape_html_disarms_markup)
{
	check(escape_html, SPAN("<img src=x onerror='a()'>\"&"),
	      "&lt;img src=x onerror=&#39;a()&#39;&gt;&quot;&amp;");
}

TEST(escape_terminal_shows_ill_formed_bytes)
{
	check(escape_terminal, SPAN("a\xff\x1b[2Jb"), "a\\xff\\x1b[2Jb");
}

TEST(escape_terminal_fit_cuts_in_the_middle)
{
	struct buf b = buf_new(1000);

	assert_int_equal(escape_terminal_fit(&b, SPAN("C:\\Windows\\Temp\\evil.exe"), 13), 13);
	assert_span(buf_span(&b), "C:\\W…evil.exe");
	buf_free(&b);
}
