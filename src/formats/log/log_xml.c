#include "formats/log/log_reader.h"

#include <stdio.h>

#include "base/utf8.h"
#include "codec/xml_read.h"

/*
 * Windows events as XML: what wevtutil and Get-WinEvent print, what Event Viewer
 * saves and other decoders write, whatever stands around and between the events;
 * and as Export-Clixml writes what Get-WinEvent answers.
 */

#define START SPAN("<Event")
#define END SPAN("</Event>")
#define OBJECT SPAN("<Obj ")
#define OBJECT_END SPAN("</Obj>")
#define DEPTH_MAX 16

enum section { SECTION_EVENT, SECTION_SYSTEM, SECTION_DATA, SECTION_RENDERING };

struct walk {
	struct log_reader *r;
	struct log_row *row;
};

static void add(const struct walk *w, struct span name, struct span text)
{
	struct value value = { .kind = text.len ? VALUE_TEXT : VALUE_NULL };

	if (text.len)
		value.bytes = text;
	log_row_add(w->r, w->row, name, value);
}

static bool is_namespace(struct span name)
{
	return span_eq(name, SPAN("xmlns")) || span_eq(name, SPAN("space"));
}

/* As the reader of JSON calls it. */
static struct span name_of_attribute(const struct walk *w, struct span element, struct span name)
{
	if (span_eq(element, SPAN("TimeCreated")) && span_eq(name, SPAN("SystemTime")))
		return element;
	return arena_printf(&w->r->memory, "%.*s_%.*s", SPAN_ARG(element), SPAN_ARG(name));
}

static void add_attributes(const struct walk *w, const struct xml *x, struct span name, bool but_name)
{
	for (const struct xml_attribute *a = x->attributes; a; a = a->next)
		if (!is_namespace(a->name) && !(but_name && span_eq(a->name, SPAN("Name"))))
			add(w, name_of_attribute(w, name, a->name), a->value);
}

static void add_leaf(const struct walk *w, const struct xml *x, enum section section)
{
	struct span called = section == SECTION_DATA ? xml_attribute(x, "Name") : (struct span){ 0 };
	struct span name = called.len ? log_without_spaces(&w->r->memory, called) : x->name;

	if (section == SECTION_RENDERING && !span_eq(x->name, SPAN("Message")))
		name = arena_printf(&w->r->memory, "RenderingInfo_%.*s", SPAN_ARG(x->name));
	if (section != SECTION_SYSTEM || x->text.len || !x->attributes)
		add(w, name, x->text);
	add_attributes(w, x, name, called.len);
}

static enum section section_of(const struct xml *x, enum section outer)
{
	if (outer != SECTION_EVENT)
		return outer;
	return span_eq(x->name, SPAN("System"))		 ? SECTION_SYSTEM
	       : span_eq(x->name, SPAN("RenderingInfo")) ? SECTION_RENDERING
							 : SECTION_DATA;
}

static void add_children(const struct walk *w, const struct xml *of, enum section section, int depth)
{
	for (const struct xml *x = of->first; x && depth < DEPTH_MAX; x = x->next) {
		if (x->first)
			add_children(w, x, section_of(x, section), depth + 1);
		else if (section != SECTION_EVENT || x->text.len)
			add_leaf(w, x, section);
	}
}

/* "_x000A_" is how Export-Clixml writes a line end, "_x005F_" the line that could be taken for one. */
static struct span without_escapes(struct arena *arena, struct span text)
{
	struct buf out = buf_new(text.len + 1);
	struct span plain = text;
	size_t at = 0, found;

	while ((found = span_find(text, at, SPAN("_x"))) != SIZE_MAX) {
		struct span digits = span_sub(text, found + 2, 5);
		uint8_t unit[2];
		uint64_t n;
		char hex[8];

		snprintf(hex, sizeof hex, "0x%.4s", digits.len == 5 ? (const char *)digits.at : "");
		if (digits.len < 5 || digits.at[4] != '_' || !span_to_u64(span_text(hex), &n)) {
			buf_add(&out, span_sub(text, at, found + 1 - at));
			at = found + 1;
			continue;
		}
		buf_add(&out, span_sub(text, at, found - at));
		unit[0] = (uint8_t)n;
		unit[1] = (uint8_t)(n >> 8);
		utf8_add_utf16le(&out, span_of(unit, sizeof unit));
		at = found + 7;
	}
	if (at) {
		buf_add(&out, span_from(text, at));
		plain = arena_copy(arena, buf_span(&out));
	}
	buf_free(&out);
	return plain;
}

/* Properties of an object as Export-Clixml writes it; what holds others has no text. */
static void add_properties(const struct walk *w, const struct xml *object)
{
	static const char *const lists[] = { "Props", "MS" };

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		const struct xml *list = xml_child(object, lists[i]);

		for (const struct xml *x = list ? list->first : NULL; x; x = x->next)
			if (!x->first && xml_attribute(x, "N").len)
				add(w, xml_attribute(x, "N"), without_escapes(&w->r->memory, x->text));
	}
}

bool log_xml_into(struct log_reader *r, struct log_row *row, struct span text)
{
	struct walk w = { r, row };
	struct err err = { 0 };
	struct xml *root;
	bool whole;

	if (!xml_read(text, &r->memory, &root, &whole, &err))
		return false;
	if (span_eq(root->name, SPAN("Obj")))
		add_properties(&w, root);
	else
		add_children(&w, root, span_eq(root->name, SPAN("Event")) ? SECTION_EVENT : SECTION_DATA, 0);
	return whole;
}

static size_t find_event(struct span block, size_t from)
{
	for (; (from = span_find(block, from, START)) != SIZE_MAX; from += START.len) {
		uint8_t next = from + START.len < block.len ? block.at[from + START.len] : ' ';

		if (next == '>' || next <= ' ')
			return from;
	}
	return SIZE_MAX;
}

/* Where the next event and the next object begin, as far as they were looked for; SIZE_MAX: nowhere. */
struct starts {
	size_t event, object;
};

/* The first that begins at or behind `from`. */
static size_t next_start(struct starts *s, struct span block, size_t from)
{
	if (s->event < from || !from)
		s->event = find_event(block, from);
	if (s->object < from || !from)
		s->object = span_find(block, from, OBJECT);
	return s->event < s->object ? s->event : s->object;
}

/* Behind the end of what begins there; of an object, which may hold others, of the outermost. */
static size_t find_end(struct span block, size_t start)
{
	size_t open, close = start, depth = 0;

	if (!span_starts(span_from(block, start), OBJECT)) {
		close = span_find(block, start, END);
		return close == SIZE_MAX ? SIZE_MAX : close + END.len;
	}
	open = start;
	do {
		close = span_find(block, close, OBJECT_END);
		if (close == SIZE_MAX)
			return SIZE_MAX;
		for (; open < close; depth++) {
			open = span_find(block, open + OBJECT.len, OBJECT);
		}
		close += OBJECT_END.len;
	} while (--depth);
	return close;
}

static size_t last_start(struct span text)
{
	size_t last = 0;

	for (size_t at = 0; (at = find_event(text, at)) != SIZE_MAX; at += START.len)
		last = at;
	return last;
}

static bool read_event(struct log_reader *r, struct log_row *row, struct span text)
{
	r->line++;
	arena_reset(&r->memory);
	*row = log_row_begin(r);
	if (log_xml_into(r, row, text))
		return true;
	log_bad_line(r);
	return false;
}

/* Where one event broke off before the next, the next stands at the end of the text. */
static bool one_event(struct log_reader *r, struct span text)
{
	struct log_row row;
	size_t last;

	if (read_event(r, &row, text))
		return log_row_end(r, &row, TIME_NONE);
	last = last_start(text);
	return !last || !read_event(r, &row, span_from(text, last)) || log_row_end(r, &row, TIME_NONE);
}

bool log_xml_block(struct log_reader *r, struct span block, bool last, size_t *used)
{
	struct starts starts = { 0 };
	size_t at = 0, start, end = SIZE_MAX;

	*used = 0;
	while ((start = next_start(&starts, block, at)) != SIZE_MAX) {
		end = find_end(block, start);
		if (end == SIZE_MAX)
			break;
		log_pass(r, span_sub(block, at, start - at));
		if (!one_event(r, span_sub(block, start, end - start)))
			return false;
		log_pass(r, span_sub(block, start, end - start));
		at = end;
	}
	*used = last ? block.len : start != SIZE_MAX ? start : block.len - (block.len < 8 ? block.len : 8);
	if (*used < at)
		*used = at;
	if (last && start != SIZE_MAX) {
		r->line++;
		log_bad_line(r);
	}
	log_pass(r, span_sub(block, at, *used - at));
	return true;
}
