/*
 * log_writer: makes an EVTX log of events that standard input describes.
 *
 * usage: log_writer OUT < EVENTS
 *
 * One line a property, an empty line behind each event:
 *
 *     provider NAME | channel NAME | computer NAME | event_id N | level N | task N | keywords N
 *     user_data ELEMENT
 *     KIND NAME<tab>VALUE        KIND: text ansi int uint hex bool float bytes guid sid time null list
 *
 * In values \n, \t and \\ are escapes; bytes, guid and sid are hexadecimal; the texts of a
 * list are separated by \t. A field named - is a <Data> without a name.
 */
#include <stdio.h>
#include <stdlib.h>

#include "formats/evtx/evtx_write.h"

#define LOG_MAX ((size_t)512 << 20)
#define LIST_MAX 64

struct description {
	struct arena memory;
	struct evtx_event event;
	struct evtx_field fields[EVTX_WRITE_FIELDS_MAX];
	bool begun;
};

static int failed(const char *what, struct span line)
{
	fprintf(stderr, "log_writer: %s: %.*s\n", what, SPAN_ARG(line));
	return 2;
}

static struct span unescaped(struct arena *memory, struct span text)
{
	struct span out = arena_copy(memory, text);
	uint8_t *to = (uint8_t *)(uintptr_t)out.at;
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.at[i];

		if (c == '\\' && i + 1 < text.len) {
			c = text.at[++i];
			c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
		}
		to[len++] = c;
	}
	return span_sub(out, 0, len);
}

static struct span bytes_of(struct arena *memory, struct span hex)
{
	struct span out = arena_copy(memory, hex);
	uint8_t *to = (uint8_t *)(uintptr_t)out.at;
	size_t len = 0;

	for (; len * 2 + 1 < hex.len; len++) {
		char pair[3] = { (char)hex.at[2 * len], (char)hex.at[2 * len + 1], 0 };

		to[len] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return span_sub(out, 0, len);
}

static struct value list_of(struct arena *memory, struct span text)
{
	struct value *items = ARENA_ARRAY(memory, LIST_MAX, struct value);
	struct value list = { .kind = VALUE_LIST, .list = items };
	bool more = true;

	while (more && list.count < LIST_MAX) {
		more = span_find_byte(text, 0, '\t') != SIZE_MAX;
		items[list.count++] = (struct value){ .kind = VALUE_TEXT, .bytes = span_split(&text, '\t') };
	}
	return list;
}

static bool value_of(struct arena *memory, struct span kind, struct span text, struct value *out)
{
	static const struct { const char *name; enum value_kind kind; } kinds[] = {
		{ "text", VALUE_TEXT }, { "ansi", VALUE_BYTES }, { "int", VALUE_INT }, { "uint", VALUE_UINT },
		{ "hex", VALUE_HEX }, { "bool", VALUE_BOOL }, { "float", VALUE_FLOAT },
		{ "bytes", VALUE_BYTES }, { "guid", VALUE_GUID }, { "sid", VALUE_SID }, { "time", VALUE_TIME },
		{ "null", VALUE_NULL }, { "list", VALUE_LIST },
	};
	const char *number = arena_text(memory, text);
	size_t i = 0;

	while (i < sizeof kinds / sizeof *kinds && !span_eq(kind, span_text(kinds[i].name)))
		i++;
	if (i == sizeof kinds / sizeof *kinds)
		return false;
	*out = (struct value){ .kind = kinds[i].kind };
	if (out->kind == VALUE_INT || out->kind == VALUE_TIME)
		out->i = strtoll(number, NULL, 0);
	else if (out->kind == VALUE_UINT || out->kind == VALUE_HEX || out->kind == VALUE_BOOL)
		out->u = strtoull(number, NULL, 0);
	else if (out->kind == VALUE_FLOAT)
		out->f = strtod(number, NULL);
	else if (out->kind == VALUE_LIST)
		*out = list_of(memory, text);
	else if (out->kind == VALUE_TEXT)
		out->bytes = text;
	else
		out->bytes = bytes_of(memory, text);
	return true;
}

static bool take_field(struct description *d, struct span kind, struct span rest)
{
	struct evtx_field *field = &d->fields[d->event.field_count];
	struct span name = span_split(&rest, '\t');

	if (d->event.field_count == EVTX_WRITE_FIELDS_MAX ||
	    !value_of(&d->memory, kind, unescaped(&d->memory, rest), &field->value))
		return false;
	field->name = span_eq(name, SPAN("-")) ? NULL
		      : arena_text(&d->memory, name);
	d->event.bytes_are_ansi |= span_eq(kind, SPAN("ansi"));
	d->event.field_count++;
	return true;
}

static bool take_line(struct description *d, struct span line)
{
	struct span rest = arena_copy(&d->memory, line), key = span_split(&rest, ' ');
	uint64_t n = strtoull(arena_text(&d->memory, rest), NULL, 0);

	d->begun = true;
	if (span_eq(key, SPAN("provider")))
		d->event.provider = rest;
	else if (span_eq(key, SPAN("channel")))
		d->event.channel = rest;
	else if (span_eq(key, SPAN("computer")))
		d->event.computer = rest;
	else if (span_eq(key, SPAN("event_id")))
		d->event.event_id = (uint16_t)n;
	else if (span_eq(key, SPAN("level")))
		d->event.level = (uint8_t)n;
	else if (span_eq(key, SPAN("task")))
		d->event.task = (uint16_t)n;
	else if (span_eq(key, SPAN("keywords")))
		d->event.keywords = n;
	else if (span_eq(key, SPAN("user_data")))
		d->event.user_data = arena_text(&d->memory, rest);
	else
		return take_field(d, key, rest);
	return true;
}

static bool end_event(struct description *d, struct evtx_writer *w, struct err *err)
{
	bool ok = !d->begun;

	d->event.fields = d->fields;
	d->event.time = timestamp_of_unix(1735689600, 123456700);
	if (d->begun)
		ok = evtx_writer_add(w, &d->event, err);
	arena_reset(&d->memory);
	d->event = (struct evtx_event){ 0 };
	d->begun = false;
	return ok;
}

int main(int argc, char **argv)
{
	static struct description d;
	struct evtx_writer *w = evtx_writer_new(LOG_MAX);
	struct err err = { 0 };
	struct span whole;
	char *text = NULL;
	size_t room = 0;
	ssize_t got;
	FILE *out;

	if (argc != 2 || !w)
		return 2;
	d.memory = arena_new((size_t)64 << 20);
	while ((got = getline(&text, &room, stdin)) > 0) {
		struct span line = span_of((uint8_t *)text, (size_t)got - (text[got - 1] == '\n'));

		if (line.len ? !take_line(&d, line) : !end_event(&d, w, &err))
			return failed(err.code ? err.text : "not understood", line);
	}
	if (!end_event(&d, w, &err) || !evtx_writer_finish(w, &whole, &err))
		return failed(err.text, SPAN("at the end"));
	out = fopen(argv[1], "wb");
	if (!out || fwrite(whole.at, 1, whole.len, out) != whole.len || fclose(out))
		return failed("cannot write", span_text(argv[1]));
	free(text);
	arena_free(&d.memory);
	evtx_writer_free(w);
	return 0;
}
