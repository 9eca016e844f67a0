#include "formats/dotnet/dotnet_type.h"

#include "base/buf.h"

#include <inttypes.h>

#define MAX_DEPTH 10
#define MAX_NAMESPACE_DEPTH 10
#define MAX_RANK 255
#define MAX_GENERIC_ARGUMENTS 255
#define MAX_PARAMETERS 255
#define MAX_STEPS ((size_t)1 << 20)
#define MAX_BYTES ((size_t)64 << 20)
#define MAX_NAME ((size_t)64 << 10)

enum { ELEMENT_PTR = 0x0f, ELEMENT_BYREF = 0x10, ELEMENT_VALUETYPE = 0x11, ELEMENT_CLASS = 0x12,
       ELEMENT_VAR = 0x13, ELEMENT_ARRAY = 0x14, ELEMENT_GENERICINST = 0x15, ELEMENT_FNPTR = 0x1b,
       ELEMENT_SZARRAY = 0x1d, ELEMENT_MVAR = 0x1e, ELEMENT_CMOD_REQD = 0x1f,
       ELEMENT_CMOD_OPT = 0x20 };

static const char *const plain[] = {
	[0x01] = "void", [0x02] = "bool", [0x03] = "char", [0x04] = "sbyte", [0x05] = "byte",
	[0x06] = "short", [0x07] = "ushort", [0x08] = "int", [0x09] = "uint", [0x0a] = "long",
	[0x0b] = "ulong", [0x0c] = "float", [0x0d] = "double", [0x0e] = "string",
	[0x16] = "TypedReference", [0x18] = "IntPtr", [0x19] = "UIntPtr", [0x1c] = "object",
};

#define NOTHING ((struct span){ 0 })

/* The buf's content in the arena, within the budget for names. */
static struct span finish(struct dotnet_reader *r, struct buf *b)
{
	struct span text = NOTHING;

	r->bytes += b->len;
	if (!b->overflow && r->bytes <= MAX_BYTES)
		text = arena_copy(r->arena, buf_span(b));
	buf_free(b);
	return text;
}

uint32_t dotnet_compressed(struct cursor *c)
{
	struct cursor start = *c;
	uint8_t first = cursor_u8(c);
	uint32_t n = first;

	if ((first & 0xc0) == 0x80) {
		n = (uint32_t)(first & 0x3f) << 8 | cursor_u8(c);
	} else if ((first & 0xe0) == 0xc0) {
		n = (uint32_t)(first & 0x1f) << 8 | cursor_u8(c);
		n = n << 16 | cursor_u16be(c);
	} else if (first & 0x80) {
		c->short_read = true;
	}
	if (c->short_read) {
		*c = start;
		return 0;
	}
	return n;
}

/*
 * Signed numbers are rotated by one bit. YARA does not carry the sign of the
 * two-byte form into 32 bits; nobody has such arrays, so we do not either.
 */
static int32_t compressed_signed(struct cursor *c)
{
	size_t before = c->at;
	uint32_t n = dotnet_compressed(c);
	bool negative = n & 1;

	n >>= 1;
	switch (c->at - before) {
	case 1:
		return (int8_t)(n | (negative ? 0xc0 : 0));
	case 2:
		return (uint16_t)(n | (negative ? 0xe000 : 0));
	default:
		return (int32_t)(n | (negative ? 0xf0000000 : 0));
	}
}

struct span dotnet_full_name(struct dotnet_reader *r, struct span name, struct span name_space)
{
	struct buf b = buf_new(MAX_NAME);
	size_t tick;

	if (name.len == 0)
		return name_space;
	if (name_space.len == 0)
		return span_sub(name, 0, span_find_byte(name, 0, '`'));
	buf_add(&b, name_space);
	buf_add_u8(&b, '.');
	buf_add(&b, name);
	tick = span_find_byte(buf_span(&b), 0, '`');
	if (tick != SIZE_MAX)
		b.len = tick;
	return finish(r, &b);
}

bool dotnet_is_nested(uint32_t flags)
{
	return (flags & 7) >= 2;
}

struct span dotnet_enclosing_name(struct dotnet_reader *r, uint32_t row, unsigned depth)
{
	uint32_t outer = r->encloser[row];
	struct span name, name_space;

	if (depth > MAX_NAMESPACE_DEPTH || !dotnet_has_row(r->d, DOTNET_TYPE_DEF, outer))
		return NOTHING;
	name = dotnet_cell_string(r->d, DOTNET_TYPE_DEF, outer, TYPE_DEF_NAME);
	if (span_eq(name, SPAN("<Module>")))
		return NOTHING;
	name_space = dotnet_cell_string(r->d, DOTNET_TYPE_DEF, outer, TYPE_DEF_NAMESPACE);
	if (dotnet_is_nested(dotnet_value(r->d, DOTNET_TYPE_DEF, outer, TYPE_DEF_FLAGS)) &&
	    outer != row)
		name_space = dotnet_full_name(r, name_space,
					      dotnet_enclosing_name(r, outer, depth + 1));
	return dotnet_full_name(r, name, name_space);
}

static struct span defined_name(struct dotnet_reader *r, uint32_t row)
{
	struct span name, name_space;

	if (!dotnet_has_row(r->d, DOTNET_TYPE_DEF, row))
		return NOTHING;
	name = dotnet_cell_string(r->d, DOTNET_TYPE_DEF, row, TYPE_DEF_NAME);
	name_space = dotnet_cell_string(r->d, DOTNET_TYPE_DEF, row, TYPE_DEF_NAMESPACE);
	if (dotnet_is_nested(dotnet_value(r->d, DOTNET_TYPE_DEF, row, TYPE_DEF_FLAGS)))
		name_space = dotnet_full_name(r, name_space, dotnet_enclosing_name(r, row, 1));
	return dotnet_full_name(r, name, name_space);
}

struct span dotnet_type_name(struct dotnet_reader *r, uint32_t coded,
			     const struct dotnet_generics *generics, unsigned depth)
{
	struct dotnet_generics of_class = { generics->of_class, NULL };
	uint32_t row = coded >> 2, index;
	struct cursor c = { 0 };

	if (row == 0)
		return NOTHING;
	switch (coded & 3) {
	case 0:
		return defined_name(r, row);
	case 1:
		if (!dotnet_has_row(r->d, DOTNET_TYPE_REF, row))
			return NOTHING;
		return dotnet_full_name(r, dotnet_cell_string(r->d, DOTNET_TYPE_REF, row, 1),
					dotnet_cell_string(r->d, DOTNET_TYPE_REF, row, 2));
	case 2:
		if (!dotnet_cell(r->d, DOTNET_TYPE_SPEC, row, 0, &index) ||
		    !dotnet_blob(r->d, index, &c.in))
			return NOTHING;
		return dotnet_signature_type(r, &c, &of_class, depth);
	default:
		return NOTHING;
	}
}

/* The next type between `before` and `after`. */
static struct span wrapped(struct dotnet_reader *r, struct cursor *c,
			   const struct dotnet_generics *generics, unsigned depth,
			   const char *before, const char *after)
{
	struct span inner = dotnet_signature_type(r, c, generics, depth + 1);
	struct buf b = buf_new(MAX_NAME);

	if (!inner.at)
		return NOTHING;
	buf_text(&b, before);
	buf_add(&b, inner);
	buf_text(&b, after);
	return finish(r, &b);
}

static void add_dimension(struct buf *b, bool has_low, int32_t low, bool has_size, int32_t size)
{
	if (has_low && low != 0)
		buf_printf(b, "%" PRId32 "...", low);
	if (has_size && size != 0)
		buf_printf(b, "%" PRId32, size);
}

static struct span array_type(struct dotnet_reader *r, struct cursor *c,
			      const struct dotnet_generics *generics, unsigned depth)
{
	struct span inner = dotnet_signature_type(r, c, generics, depth + 1);
	uint32_t size[MAX_RANK] = { 0 }, rank, sizes, lows;
	int32_t low[MAX_RANK] = { 0 };
	struct buf b = buf_new(MAX_NAME);

	if (!inner.at)
		return NOTHING;
	rank = dotnet_compressed(c);
	if (rank == 0 || rank > MAX_RANK)
		return NOTHING;
	sizes = dotnet_compressed(c);
	for (uint32_t i = 0; i < sizes && i < rank; i++)
		size[i] = dotnet_compressed(c);
	if (sizes > rank)
		return NOTHING;
	lows = dotnet_compressed(c);
	if (lows > rank)
		return NOTHING;
	buf_add(&b, inner);
	buf_add_u8(&b, '[');
	for (uint32_t i = 0; i < lows; i++) {
		low[i] = compressed_signed(c);
		size[i] += (uint32_t)low[i];
	}
	for (uint32_t i = 0; i < rank; i++) {
		add_dimension(&b, i < lows, low[i], i < sizes, (int32_t)size[i]);
		if (i + 1 != rank)
			buf_add_u8(&b, ',');
	}
	buf_add_u8(&b, ']');
	return finish(r, &b);
}

/* `count` types with `between` before all but the first; unreadable ones left out. */
static void add_types(struct dotnet_reader *r, struct cursor *c,
		      const struct dotnet_generics *generics, unsigned depth, uint32_t count,
		      const char *between, struct buf *b)
{
	for (uint32_t i = 0; i < count; i++) {
		struct span type = dotnet_signature_type(r, c, generics, depth + 1);

		if (!type.at)
			continue;
		if (i > 0)
			buf_text(b, between);
		buf_add(b, type);
	}
}

static struct span generic_type(struct dotnet_reader *r, struct cursor *c,
				const struct dotnet_generics *generics, unsigned depth)
{
	struct span base = dotnet_signature_type(r, c, generics, depth + 1);
	struct buf b = buf_new(MAX_NAME);
	uint32_t count;

	if (!base.at)
		return NOTHING;
	count = dotnet_compressed(c);
	if (count > MAX_GENERIC_ARGUMENTS)
		return NOTHING;
	buf_add(&b, base);
	buf_add_u8(&b, '<');
	add_types(r, c, generics, depth, count, ",", &b);
	buf_add_u8(&b, '>');
	return finish(r, &b);
}

static struct span function_pointer(struct dotnet_reader *r, struct cursor *c,
				    const struct dotnet_generics *generics, unsigned depth)
{
	struct buf b = buf_new(MAX_NAME);
	struct span type;
	uint32_t count;

	if (cursor_left(c) == 0)
		return NOTHING;
	cursor_skip(c, 1);
	count = dotnet_compressed(c);
	if (count > MAX_PARAMETERS)
		return NOTHING;
	type = dotnet_signature_type(r, c, generics, depth + 1);
	if (!type.at)
		return NOTHING;
	buf_text(&b, "FnPtr<");
	buf_add(&b, type);
	buf_add_u8(&b, '(');
	add_types(r, c, generics, depth, count, ", ", &b);
	buf_text(&b, ")>");
	return finish(r, &b);
}

static struct span generic_variable(const struct dotnet_names *names, uint32_t index)
{
	return names && index < names->count ? names->list[index] : NOTHING;
}

struct span dotnet_signature_type(struct dotnet_reader *r, struct cursor *c,
				  const struct dotnet_generics *generics, unsigned depth)
{
	uint8_t element;

	if (cursor_left(c) == 0 || depth > MAX_DEPTH || ++r->steps > MAX_STEPS)
		return NOTHING;
	element = cursor_u8(c);
	if (element < sizeof plain / sizeof *plain && plain[element])
		return span_text(plain[element]);
	switch (element) {
	case ELEMENT_PTR:
		return wrapped(r, c, generics, depth, "Ptr<", ">");
	case ELEMENT_BYREF:
		return wrapped(r, c, generics, depth, "ref ", "");
	case ELEMENT_SZARRAY:
		return wrapped(r, c, generics, depth, "", "[]");
	case ELEMENT_VALUETYPE:
	case ELEMENT_CLASS:
		return dotnet_type_name(r, dotnet_compressed(c), generics, depth + 1);
	case ELEMENT_VAR:
		return generic_variable(generics->of_class, dotnet_compressed(c));
	case ELEMENT_MVAR:
		return generic_variable(generics->of_method, dotnet_compressed(c));
	case ELEMENT_ARRAY:
		return array_type(r, c, generics, depth);
	case ELEMENT_GENERICINST:
		return generic_type(r, c, generics, depth);
	case ELEMENT_FNPTR:
		return function_pointer(r, c, generics, depth);
	case ELEMENT_CMOD_REQD:
	case ELEMENT_CMOD_OPT:
		dotnet_compressed(c);
		return dotnet_signature_type(r, c, generics, depth + 1);
	default:
		return NOTHING;
	}
}
