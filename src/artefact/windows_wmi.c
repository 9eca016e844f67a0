/*
 * WMI's permanent subscriptions, carved out of the repository (OBJECTS.DATA) or any
 * dump of it: bindings name a consumer and a filter; instances of both keep their
 * texts one behind the other, each between NULs. The index is not followed, nor the maps
 * of pages, so it does not matter whether they are whole, and what was deleted is found
 * too. The table of records at the beginning of a page says whether a place in it belongs
 * to one: what lies in none was deleted, unless a record of the page before goes on there.
 * A byte before a text says how it is written: 0 in one byte a character, 1 in UTF-16,
 * where any letter is beyond Latin. Before the texts stands the digest of the class's name
 * in 64 digits (32 in Windows XP), and two times.
 */
#include "artefact/windows.h"
#include "base/map.h"

#define MAX_BINDINGS 2000
#define MAX_INSTANCES 5000
#define MAX_TEXTS 12
#define REACH ((size_t)64 << 10)	/* of an instance's texts */
#define LONG_TEXT 256			/* as much in one piece is a text, even if its end is elsewhere */
#define PAGE ((size_t)8192)
#define RECORD 16			/* of the table: number, offset, size, checksum */
#define HEAD ((size_t)1200)		/* how far before the class's name its digest is looked for */

struct instance {
	struct span class, texts[MAX_TEXTS];
	size_t count;
	timestamp time;
	bool is_bound, is_cut, is_free;
};

struct wmi {
	const struct artefact *a;
	struct instance *consumers, *filters;
	size_t consumer_count, consumer_room, filter_count, filter_room;
	struct map told;		/* consumer and filter, told already */
	size_t bindings;
};

static bool is_printable(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] < 32 && s.at[i] != '\t' && s.at[i] != '\r' && s.at[i] != '\n')
			return false;
	return s.len;
}

static bool is_plain(uint8_t c)
{
	return c >= 32 && c < 127;
}

/* No control characters and no marks alone; not Latin of one byte read as twos, which would be Chinese. */
static bool looks_wide(struct span wide)
{
	size_t twos = 0;

	for (size_t i = 0; i + 1 < wide.len; i += 2) {
		uint16_t unit = load_u16le(wide.at + i);

		if (unit < 32 || (unit >= 0x7f && unit < 0xa0) || (unit >= 0x300 && unit < 0x370) || unit >= 0xe000)
			return false;
		twos += is_plain(wide.at[i]) && is_plain(wide.at[i + 1]);
	}
	return twos * 4 < wide.len;
}

/* Behind its mark, with the NUL that ends it. *used: bytes of all three; empty: none begins here. */
static struct span wide_text(struct span rest, struct arena *arena, size_t *used)
{
	struct span wide = span_from(rest, 1), text;
	size_t end = 0;

	if (!rest.len || rest.at[0] != 1)
		return (struct span){ 0 };
	while (end + 1 < wide.len && (wide.at[end] || wide.at[end + 1]))
		end += 2;
	if (end < 4 || end + 1 >= wide.len || !looks_wide(span_sub(wide, 0, end)))
		return (struct span){ 0 };
	text = tell_utf16(arena, span_sub(wide, 0, end));
	*used = end + 3;
	return is_printable(text) ? text : (struct span){ 0 };
}

static bool is_digit(struct span file, size_t at)
{
	uint8_t c = file.at[at];

	return !file.at[at + 1] && ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'));
}

/* The first time behind the digest that stands nearest before `at`. */
static timestamp time_before(struct span file, size_t at)
{
	for (size_t end = at; end >= 2 && at - end < HEAD; end--) {
		size_t digits = 0, begin = end;
		struct cursor c = cursor_of(file);
		timestamp time;

		while (begin >= 2 && digits < 64 && is_digit(file, begin - 2)) {
			begin -= 2;
			digits++;
		}
		if (digits != 64 && digits != 32)
			continue;
		cursor_seek(&c, end);
		time = timestamp_of_filetime(cursor_u64le(&c));
		if (time > timestamp_of_civil(2001, 1, 1, 0, 0, 0, 0) && time < timestamp_of_civil(2100, 1, 1, 0, 0, 0, 0))
			return time;
	}
	return TIME_NONE;
}

/* In no record of its page, whose table begins as tables do: right behind it the first record. */
static bool is_free(struct span file, size_t at)
{
	struct span page = span_sub(file, at / PAGE * PAGE, PAGE);
	struct cursor c = cursor_of(page);
	size_t first = 0, place = at % PAGE, count = 0;

	for (; count < PAGE / RECORD; count++) {
		uint32_t number = cursor_u32le(&c), offset = cursor_u32le(&c), size = cursor_u32le(&c);

		cursor_skip(&c, 4);
		if (!number && !offset && !size)
			break;
		if (c.short_read || offset >= PAGE || !size || size > file.len)
			return false;
		first = count ? first : offset;
		if (place >= offset && place - offset < size)
			return false;
	}
	return count && first == (count + 1) * RECORD;
}

/* The beginning of a text whose end is on another page, or out of reach. */
static struct span cut_text(struct span rest)
{
	size_t len = 0;

	while (len < rest.len && is_printable(span_sub(rest, len, 1)))
		len++;
	return len >= LONG_TEXT ? span_sub(rest, 0, len) : (struct span){ 0 };
}

/* The texts behind `at`: each ended by NUL, with at most a few bytes that are none in between. */
static void read_instance(struct span file, size_t at, struct arena *arena, struct instance *out)
{
	struct span rest = span_sub(file, at, REACH);

	while (rest.len && out->count < MAX_TEXTS) {
		size_t end = span_find_byte(rest, 0, 0), used;
		struct span text = wide_text(rest, arena, &used);

		if (text.len) {
			out->texts[out->count++] = text;
			rest = span_from(rest, used);
			continue;
		}
		text = span_sub(rest, 0, end);
		if (end != SIZE_MAX && (text.len < 2 || is_printable(text))) {
			if (text.len > 1)
				out->texts[out->count++] = text;
			rest = span_from(rest, end + 1);
			continue;
		}
		text = cut_text(rest);
		out->is_cut = text.len;
		if (text.len)
			out->texts[out->count++] = text;
		break;
	}
}

static void find_instances(struct wmi *w, const char *class, struct instance **items, size_t *count, size_t *room)
{
	struct span file = w->a->bytes, name = span_text(class);

	for (size_t at = span_find(file, 0, name); at != SIZE_MAX && *count < MAX_INSTANCES;
	     at = span_find(file, at + name.len, name)) {
		struct instance *to;
		struct instance read = { .class = name };

		/* A class name as a text of its own: NUL before and behind. */
		if (!at || file.at[at - 1] || at + name.len >= file.len || file.at[at + name.len])
			continue;
		read_instance(file, at + name.len + 1, w->a->arena, &read);
		if (read.count < 2)
			continue;
		read.time = time_before(file, at);
		read.is_free = is_free(file, at);
		to = arena_push(w->a->arena, (void **)items, count, room, sizeof *to);
		if (!to)
			return;
		*to = read;
	}
}

static bool has_text(const struct instance *i, struct span text)
{
	for (size_t t = 0; t < i->count; t++)
		if (span_eq(i->texts[t], text))
			return true;
	return false;
}

static struct instance *named(struct instance *items, size_t count, struct span name)
{
	for (size_t i = 0; i < count; i++)
		if (has_text(&items[i], name))
			return &items[i];
	return NULL;
}

/* What it does: the longest text that is not its name. */
static struct span action_of(const struct instance *i, struct span name)
{
	struct span best = { 0 };

	for (size_t t = 0; i && t < i->count; t++)
		if (!span_eq(i->texts[t], name) && i->texts[t].len > best.len)
			best = i->texts[t];
	return best;
}

static struct span query_of(const struct instance *i)
{
	for (size_t t = 0; i && t < i->count; t++)
		if (tell_find_nocase(span_sub(i->texts[t], 0, 8), "select") != SIZE_MAX)
			return i->texts[t];
	return (struct span){ 0 };
}

static struct span source_of(const struct wmi *w, struct span filter, const struct instance *consumer, bool is_deleted)
{
	return tell_summary(w->a->arena, "WMI repository, carved%s%s; the time is %s",
			    is_deleted ? " from a place that no record holds any more" : "",
			    filter.len ? "" : ", no binding seen",
			    consumer && consumer->time != TIME_NONE ? "that of the consumer's record" : "the file's");
}

static bool tell_subscription(struct wmi *w, struct span class, struct span name, struct span filter,
			      const struct instance *consumer, bool is_deleted)
{
	struct arena *arena = w->a->arena;
	const struct instance *f = filter.len ? named(w->filters, w->filter_count, filter) : NULL;
	struct trace t = trace_new(TRACE_AUTOSTART, "wmi");
	struct tell_detail d;

	t.path = w->a->path;
	t.name = name;
	t.command = action_of(consumer, name);
	if (tell_find_nocase(class, "commandline") != SIZE_MAX)
		t.program = tell_program_of(t.command);
	t.technique = SPAN("T1546.003");
	t.time = consumer && consumer->time != TIME_NONE ? consumer->time : w->a->modified;
	t.source = source_of(w, filter, consumer, is_deleted);
	tell_detail_begin(&d);
	tell_detail_text(&d, "consumer", class);
	tell_detail_text(&d, "filter", filter);
	tell_detail_text(&d, "query", query_of(f));
	if (consumer && consumer->is_cut)
		tell_detail_text(&d, "command", SPAN("its end was not found"));
	if (is_deleted)
		tell_detail_text(&d, "state", SPAN("in no record: deleted"));
	t.detail = tell_detail_end(&d, arena);
	t.summary = tell_summary(arena, "WMI: %.*s, when %.*s, does %.*s", SPAN_ARG(name),
				 SPAN_ARG(query_of(f).len ? query_of(f) : filter), SPAN_ARG(t.command));
	return w->a->trace(w->a->context, &t);
}

static bool is_of_class(uint8_t c)
{
	return c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* `Class.Name="name"`: the class before `at`, where `.Name="` stands, and the name. */
static bool reference(struct span file, size_t at, struct span *class, struct span *name)
{
	size_t start = at, end = span_find_byte(span_sub(file, at + 7, 512), 0, '"');

	while (start && is_of_class(file.at[start - 1]) && at - start < 64)
		start--;
	*class = span_sub(file, start, at - start);
	*name = end == SIZE_MAX ? (struct span){ 0 } : span_sub(file, at + 7, end);
	return class->len && name->len;
}

/* The same in UTF-16: `at` is where its full stop stands. */
static bool wide_reference(struct span file, size_t at, struct arena *arena, struct span *class, struct span *name)
{
	struct span rest = span_sub(file, at + 2 * 7, 1024);
	size_t start = at, end = 0;

	while (start >= 2 && at - start < 128 && !file.at[start - 1] && is_of_class(file.at[start - 2]))
		start -= 2;
	while (end + 1 < rest.len && (rest.at[end] != '"' || rest.at[end + 1]))
		end += 2;
	*class = tell_utf16(arena, span_sub(file, start, at - start));
	*name = end + 1 < rest.len ? tell_utf16(arena, span_sub(rest, 0, end)) : (struct span){ 0 };
	return class->len && name->len;
}

#define NARROW SPAN(".Name=\"")
#define WIDE SPAN(".\0N\0a\0m\0e\0=\0\"\0")

/* References of both kinds, in order. */
struct references {
	size_t narrow, wide;		/* the next of each, or SIZE_MAX */
};

static size_t next_reference(struct references *r, struct span file, bool *is_wide)
{
	size_t at = r->narrow < r->wide ? r->narrow : r->wide;

	*is_wide = at == r->wide && at != SIZE_MAX;
	if (*is_wide)
		r->wide = span_find(file, at + WIDE.len, WIDE);
	else if (at != SIZE_MAX)
		r->narrow = span_find(file, at + NARROW.len, NARROW);
	return at;
}

static bool tell_binding(struct wmi *w, struct span class, struct span name, struct span filter, size_t at)
{
	struct span key = arena_printf(w->a->arena, "%.*s|%.*s|%.*s", SPAN_ARG(class), SPAN_ARG(name), SPAN_ARG(filter));
	struct instance *consumer = named(w->consumers, w->consumer_count, name);
	void **slot = map_slot(&w->told, key);

	if (!slot || *slot)
		return slot;
	*slot = w;
	w->bindings++;
	if (consumer)
		consumer->is_bound = true;
	return tell_subscription(w, class, name, filter, consumer, is_free(w->a->bytes, at));
}

/* A binding holds both references close to each other, in either order. */
static void find_bindings(struct wmi *w)
{
	struct span file = w->a->bytes, class, name, last_class = { 0 }, last_name = { 0 };
	struct references all = { span_find(file, 0, NARROW), span_find(file, 0, WIDE) };
	size_t last = SIZE_MAX, at;
	bool is_wide;

	while ((at = next_reference(&all, file, &is_wide)) != SIZE_MAX && w->bindings < MAX_BINDINGS) {
		bool is_filter, was_filter;

		if (!(is_wide ? wide_reference(file, at, w->a->arena, &class, &name) : reference(file, at, &class, &name)))
			continue;
		is_filter = span_eq(class, SPAN("__EventFilter"));
		was_filter = span_eq(last_class, SPAN("__EventFilter"));
		if (last != SIZE_MAX && at - last < 1024 && is_filter != was_filter &&
		    tell_find_nocase(is_filter ? last_class : class, "consumer") != SIZE_MAX) {
			if (!tell_binding(w, is_filter ? last_class : class, is_filter ? last_name : name,
					  is_filter ? name : last_name, at))
				return;
			last = SIZE_MAX;
			continue;
		}
		last = at;
		last_class = class;
		last_name = name;
	}
}

bool windows_wmi(const struct artefact *a, struct err *err)
{
	struct wmi w = { .a = a, .told = map_new(a->arena) };

	find_instances(&w, "CommandLineEventConsumer", &w.consumers, &w.consumer_count, &w.consumer_room);
	find_instances(&w, "ActiveScriptEventConsumer", &w.consumers, &w.consumer_count, &w.consumer_room);
	find_instances(&w, "NTEventLogEventConsumer", &w.consumers, &w.consumer_count, &w.consumer_room);
	find_instances(&w, "LogFileEventConsumer", &w.consumers, &w.consumer_count, &w.consumer_room);
	find_instances(&w, "SMTPEventConsumer", &w.consumers, &w.consumer_count, &w.consumer_room);
	find_instances(&w, "__EventFilter", &w.filters, &w.filter_count, &w.filter_room);
	find_bindings(&w);
	for (size_t i = 0; i < w.consumer_count; i++) {
		const struct instance *c = &w.consumers[i];

		/* The class definition itself reads like an instance; those that only log are harmless. */
		if (!c->is_bound && tell_find_nocase(c->class, "log") == SIZE_MAX && !has_text(c, SPAN("__EventConsumer")) &&
		    !tell_subscription(&w, c->class, c->texts[c->count - 1], (struct span){ 0 }, c, c->is_free))
			break;
	}
	return true;
}
