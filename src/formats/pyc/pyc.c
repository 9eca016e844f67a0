#include "formats/pyc/pyc.h"

#define HEADER 16
#define DEPTH_MOST 200
#define FLAG_REFERENCE 0x80

/* From these on a code object has another number for arguments by place, and another order. */
enum { WITH_PLACES = 3400, WITH_LOCALS = 3450 };

struct reader {
	struct cursor c;
	struct arena *arena;
	const struct pyc_sink *sink;
	struct err *err;
	struct span *known;		/* texts that may be referred to; empty: another object */
	size_t known_count, known_room;
	uint16_t version;
	bool is_stopped;
};

bool pyc_is_compilers(struct span name)
{
	return span_is_one_of(name, "__module__|__qualname__|__doc__|__annotations__|__class__|__classcell__|__classdict__|"
			      "__classdictcell__|__static_attributes__|__firstlineno__|__type_params__|__build_class__|"
			      "__debug__|__name__|__conditional_annotations__|__annotate__|return|format|*") ||
	       (name.len && (name.at[0] == '<' || name.at[0] == '.'));
}

static bool corrupt(struct reader *r, const char *what)
{
	return err_set(r->err, ERR_CORRUPT, HEADER + r->c.at, "%s", what);
}

static bool object(struct reader *r, bool is_name, unsigned depth);

/* `count` objects; each has a byte at least. */
static bool objects(struct reader *r, uint64_t count, bool is_name, unsigned depth)
{
	if (count > cursor_left(&r->c))
		return corrupt(r, "more objects than bytes");
	while (count-- && !r->is_stopped)
		if (!object(r, is_name, depth))
			return false;
	return true;
}

static bool code(struct reader *r, unsigned depth)
{
	/* 'o': an object, 'n': one with names in it, '4': a number. */
	const char *parts = r->version >= WITH_LOCALS ? "44444oonnoono4oo"
			  : r->version >= WITH_PLACES ? "444444oonnnnon4o" : "44444oonnnnon4o";

	/* In the newer form the name is followed by its long form. */
	for (; *parts && !r->is_stopped; parts++)
		if (*parts == '4')
			cursor_skip(&r->c, 4);
		else if (!object(r, *parts == 'n', depth))
			return false;
	return true;
}

/* Keys and values up to a NULL. */
static bool dictionary(struct reader *r, unsigned depth)
{
	while (!r->is_stopped && cursor_left(&r->c)) {
		if (r->c.in.at[r->c.at] == '0') {
			cursor_skip(&r->c, 1);
			return true;
		}
		if (!object(r, false, depth))
			return false;
	}
	return r->is_stopped || corrupt(r, "a dictionary without an end");
}

static bool text(struct reader *r, size_t len, bool is_name, size_t slot)
{
	struct span s = cursor_take(&r->c, len);

	if (slot != SIZE_MAX)
		r->known[slot] = s;
	if (is_name && s.len && !r->sink->name(r->sink->context, s))
		r->is_stopped = true;
	return true;
}

static bool reference(struct reader *r, bool is_name)
{
	uint32_t number = cursor_u32le(&r->c);

	if (number >= r->known_count)
		return corrupt(r, "a reference to what is not there");
	if (is_name && r->known[number].len && !r->sink->name(r->sink->context, r->known[number]))
		r->is_stopped = true;
	return true;
}

/* Its place among those that may be referred to; SIZE_MAX: none is kept. */
static bool keep_place(struct reader *r, bool is_kept, size_t *slot)
{
	struct span *s;

	*slot = SIZE_MAX;
	if (!is_kept)
		return true;
	s = arena_push(r->arena, (void **)&r->known, &r->known_count, &r->known_room, sizeof *s);
	if (!s)
		return err_set(r->err, ERR_LIMIT, HEADER + r->c.at, "out of memory for objects");
	*s = (struct span){ 0 };
	*slot = r->known_count - 1;
	return true;
}

/* Numbers of 15 bits each; how many, with a sign. */
static size_t size_of_long(struct reader *r)
{
	int32_t digits = (int32_t)cursor_u32le(&r->c);

	return 2 * (size_t)(digits < 0 ? -(int64_t)digits : digits);
}

static bool body(struct reader *r, uint8_t type, bool is_name, size_t slot, unsigned depth)
{
	switch (type) {
	case '0': case 'N': case 'F': case 'T': case 'S': case '.':
		return true;
	case 'i':
		cursor_skip(&r->c, 4);
		return true;
	case 'I': case 'g':
		cursor_skip(&r->c, 8);
		return true;
	case 'y':
		cursor_skip(&r->c, 16);
		return true;
	case 'f':
		cursor_skip(&r->c, cursor_u8(&r->c));
		return true;
	case 'x':
		cursor_skip(&r->c, cursor_u8(&r->c));
		cursor_skip(&r->c, cursor_u8(&r->c));
		return true;
	case 'l':
		cursor_skip(&r->c, size_of_long(r));
		return true;
	case 's':
		cursor_skip(&r->c, cursor_u32le(&r->c));
		return true;
	case 't': case 'u': case 'a': case 'A':
		return text(r, cursor_u32le(&r->c), is_name, slot);
	case 'z': case 'Z':
		return text(r, cursor_u8(&r->c), is_name, slot);
	case ')':
		return objects(r, cursor_u8(&r->c), is_name, depth);
	case '(': case '[': case '<': case '>':
		return objects(r, cursor_u32le(&r->c), is_name, depth);
	case '{':
		return dictionary(r, depth);
	case 'r':
		return reference(r, is_name);
	case 'c':
		return code(r, depth);
	}
	return corrupt(r, "an object of no known type");
}

static bool object(struct reader *r, bool is_name, unsigned depth)
{
	uint8_t type = cursor_u8(&r->c);
	size_t slot;

	if (depth > DEPTH_MOST)
		return err_set(r->err, ERR_LIMIT, HEADER + r->c.at, "objects more than %d deep", DEPTH_MOST);
	if (!keep_place(r, type & FLAG_REFERENCE, &slot) ||
	    !body(r, type & (uint8_t)~FLAG_REFERENCE, is_name, slot, depth + 1))
		return false;
	return !r->c.short_read || corrupt(r, "it is cut off");
}

bool pyc_names(struct span bytes, struct arena *arena, const struct pyc_sink *sink, struct err *err)
{
	struct reader r = { .c = cursor_of(span_from(bytes, HEADER)), .arena = arena, .sink = sink, .err = err };

	if (bytes.len <= HEADER || bytes.at[2] != '\r' || bytes.at[3] != '\n')
		return err_set(err, ERR_UNSUPPORTED, 0, "no compiled Python");
	r.version = load_u16le(bytes.at);
	if (r.version < PYC_FIRST || r.version >= PYC_END)
		return err_set(err, ERR_UNSUPPORTED, 0, "compiled Python of number %u", r.version);
	return object(&r, false, 0);
}
