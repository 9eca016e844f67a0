#include "formats/sdb/sdb.h"

#include "base/utf8.h"

#define MAX_DEPTH 16
#define MAX_TAGS 4000000
#define MAX_TEXT ((size_t)64 << 10)

enum { KIND_NULL = 1, KIND_BYTE, KIND_WORD, KIND_DWORD, KIND_QWORD, KIND_REFERENCE, KIND_LIST, KIND_TEXT, KIND_BINARY };
enum { TAG_DATABASE = 0x7001, TAG_EXE = 0x7007, TAG_FIX = 0x7009, TAG_PATCH = 0x700a, TAG_TEXTS = 0x7801,
       TAG_TEXT = 0x8801, TAG_NAME = 0x6001, TAG_APPLICATION = 0x6006, TAG_COMMAND = 0x6008 };

struct reader {
	struct span texts;		/* the list of texts, from its tag on: references count from there */
	struct arena *arena;
	bool (*each)(void *context, const struct sdb_fix *fix);
	void *context;
	uint32_t tags;
	bool whole, stopped;
};

/* The next tag of `c` with its content. False: the end, or it reaches beyond. */
static bool next_tag(struct reader *r, struct cursor *c, uint16_t *tag, struct span *content)
{
	uint32_t size;
	unsigned kind;

	if (cursor_left(c) < 2)
		return false;
	*tag = cursor_u16le(c);
	kind = *tag >> 12;
	size = kind == KIND_BYTE ? 1 : kind == KIND_WORD ? 2 : kind == KIND_DWORD || kind == KIND_REFERENCE ? 4
	       : kind == KIND_QWORD ? 8 : 0;
	if (kind == KIND_LIST || kind == KIND_TEXT || kind == KIND_BINARY)
		size = cursor_u32le(c);
	*content = cursor_take(c, size);
	if (c->short_read || !kind || kind > KIND_BINARY || r->tags++ >= MAX_TAGS) {
		r->whole = false;
		return false;
	}
	if (size % 2 && cursor_left(c))
		cursor_skip(c, 1);
	return true;
}

/* The text that a reference of four bytes leads to. */
static struct span text_of(struct reader *r, struct span reference)
{
	struct cursor c = cursor_of(r->texts);
	struct span utf16;
	size_t len = 0;
	uint8_t *to;

	if (reference.len != 4)
		return (struct span){ 0 };
	cursor_seek(&c, load_u32le(reference.at));
	if (cursor_u16le(&c) != TAG_TEXT)
		return (struct span){ 0 };
	utf16 = cursor_take(&c, cursor_u32le(&c));
	if (c.short_read || utf16.len > MAX_TEXT)
		return (struct span){ 0 };
	while (len + 1 < utf16.len && (utf16.at[len] || utf16.at[len + 1]))
		len += 2;
	to = arena_alloc(r->arena, len / 2 * 3 + 1);
	return to ? span_of(to, utf8_of_utf16le(to, span_sub(utf16, 0, len))) : (struct span){ 0 };
}

static void take_fix(struct reader *r, struct span list, struct sdb_fix fix)
{
	struct cursor c = cursor_of(list);
	struct span content;
	uint16_t tag;

	while (next_tag(r, &c, &tag, &content)) {
		if (tag == TAG_NAME)
			fix.fix = text_of(r, content);
		else if (tag == TAG_COMMAND)
			fix.command = text_of(r, content);
	}
	r->stopped = r->stopped || !r->each(r->context, &fix);
}

/* Its name and application stand before its fixes. */
static void take_program(struct reader *r, struct span list)
{
	struct cursor c = cursor_of(list);
	struct sdb_fix fix = { 0 };
	struct span content;
	uint16_t tag;

	while (!r->stopped && next_tag(r, &c, &tag, &content)) {
		fix.is_patch = tag == TAG_PATCH;
		if (tag == TAG_NAME && !fix.program.len)
			fix.program = text_of(r, content);
		else if (tag == TAG_APPLICATION)
			fix.application = text_of(r, content);
		else if (tag == TAG_FIX || tag == TAG_PATCH)
			take_fix(r, content, fix);
	}
}

static void walk(struct reader *r, struct span list, int depth)
{
	struct cursor c = cursor_of(list);
	struct span content;
	uint16_t tag;

	while (!r->stopped && next_tag(r, &c, &tag, &content)) {
		if (tag == TAG_EXE)
			take_program(r, content);
		else if (tag == TAG_DATABASE && depth < MAX_DEPTH)
			walk(r, content, depth + 1);
	}
}

/* Texts stand behind the database; both are lists of the file itself. */
static struct span find_texts(struct reader *r, struct span lists)
{
	struct cursor c = cursor_of(lists);
	struct span content;
	uint16_t tag;

	for (size_t at = 0; next_tag(r, &c, &tag, &content); at = c.at)
		if (tag == TAG_TEXTS)
			return span_sub(lists, at, c.at - at);
	return (struct span){ 0 };
}

bool sdb_fixes(struct span file, struct arena *arena, bool (*each)(void *context, const struct sdb_fix *fix),
	       void *context, bool *whole, struct err *err)
{
	struct reader r = { .arena = arena, .each = each, .context = context, .whole = true };
	struct span lists = span_from(file, 12);

	if (!span_eq(span_sub(file, 8, 4), SPAN("sdbf")))
		return err_set(err, ERR_UNSUPPORTED, 8, "no database of fixes");
	r.texts = find_texts(&r, lists);
	walk(&r, lists, 0);
	*whole = r.whole && r.texts.len;
	return true;
}
