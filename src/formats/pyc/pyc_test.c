#include "formats/pyc/pyc.h"

#include "base/buf.h"
#include "test.h"

/* Of 3.11: a module with a function in it; numbers, a dictionary, a set, references among the constants. */
static void small(struct buf *b, const char *text)
{
	buf_text(b, "Z");
	buf_add_u8(b, (uint8_t)strlen(text));
	buf_text(b, text);
}

static void empty(struct buf *b)
{
	buf_text(b, "s");
	buf_add_u32le(b, 0);
}

static void begin(struct buf *b, int numbers)
{
	buf_text(b, "c");
	for (int i = 0; i < numbers; i++)
		buf_add_u32le(b, 0);
	empty(b);
}

/* Names, then locals: the second is a reference to the first text that was kept. */
static void function(struct buf *b)
{
	begin(b, 5);
	buf_text(b, ")");
	buf_add_u8(b, 0);
	buf_text(b, ")");
	buf_add_u8(b, 1);
	buf_text(b, "r");
	buf_add_u32le(b, 0);
	buf_text(b, ")");
	buf_add_u8(b, 1);
	small(b, "local");
	empty(b);
	small(b, "f.py");
	small(b, "inner");
	small(b, "f.<locals>.inner");
	buf_add_u32le(b, 3);
	empty(b);
	empty(b);
}

static void constants(struct buf *b)
{
	static const uint8_t rest[] = "i\1\0\0\0l\xfe\xff\xff\xff\1\0\2\0g01234567{z\1kN0<\1\0\0\0.f\3" "1.5x\1" "1\1" "2";

	buf_text(b, ")");
	buf_add_u8(b, 9);
	/* A text of the constants that is a name elsewhere, kept as the first. */
	buf_add_u8(b, 'Z' | 0x80);
	buf_add_u8(b, 6);
	buf_text(b, "shared");
	function(b);
	buf_add(b, span_of(rest, sizeof rest - 1));
}

static struct span module(struct buf *b)
{
	buf_add_u8(b, 3495 & 0xff);
	buf_add_u8(b, 3495 >> 8);
	buf_text(b, "\r\n");
	for (int i = 0; i < 3; i++)
		buf_add_u32le(b, 0);
	begin(b, 5);
	constants(b);
	buf_text(b, ")");
	buf_add_u8(b, 1);
	small(b, "os.path");
	buf_text(b, ")");
	buf_add_u8(b, 0);
	empty(b);
	small(b, "f.py");
	small(b, "<module>");
	small(b, "<module>");
	buf_add_u32le(b, 1);
	empty(b);
	empty(b);
	return buf_span(b);
}

static bool gather(void *context, struct span name)
{
	buf_add(context, name);
	return buf_text(context, " ");
}

static bool names_of(struct span bytes, struct buf *to, struct err *err)
{
	struct arena arena = arena_new((size_t)1 << 20);
	const struct pyc_sink sink = { gather, to };
	bool ok;

	buf_clear(to);
	ok = pyc_names(bytes, &arena, &sink, err);
	arena_free(&arena);
	return ok;
}

TEST(pyc_tells_names_and_no_constants)
{
	struct buf b = buf_new(4096), names = buf_new(4096);
	struct err err = { 0 };

	if (!names_of(module(&b), &names, &err))
		fail_msg("%s at %llu", err.text, (unsigned long long)err.offset);
	assert_span(buf_span(&names), "shared local inner os.path <module> ");
	assert_true(pyc_is_compilers(SPAN("<module>")) && pyc_is_compilers(SPAN(".0")));
	assert_false(pyc_is_compilers(SPAN("os")));
	buf_free(&b);
	buf_free(&names);
}

TEST(pyc_that_is_cut_or_damaged_is_refused)
{
	struct buf b = buf_new(4096), names = buf_new(4096);
	struct span whole = module(&b);
	struct err err = { 0 };

	for (size_t len = 0; len < whole.len; len++)
		assert_false(names_of(span_sub(whole, 0, len), &names, &err));
	/* Every byte turned: whatever it says, it ends. */
	for (size_t i = 0; i < whole.len; i++) {
		b.at[i] ^= 0xff;
		names_of(buf_span(&b), &names, &err);
		b.at[i] ^= 0xff;
	}
	buf_free(&b);
	buf_free(&names);
}

TEST(pyc_is_not_followed_too_deep)
{
	struct buf b = buf_new(8192), names = buf_new(64);
	struct err err = { 0 };

	buf_add(&b, SPAN("\xa7\r\r\n............"));
	for (int i = 0; i < 2000; i++)
		buf_add(&b, SPAN(")\1"));
	buf_text(&b, "N");
	assert_false(names_of(buf_span(&b), &names, &err));
	assert_int_equal(err.code, ERR_LIMIT);
	buf_free(&b);
	buf_free(&names);
}
