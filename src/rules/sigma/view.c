#include "rules/sigma/scan.h"

#include "match/fold.h"

#define LIST_MAX 4096

static struct span rendered(struct sigma_scanner *s, const struct value *value)
{
	struct buf text = buf_new(1 << 16);
	struct span kept;

	value_text(&text, value);
	kept = arena_copy(&s->memory, buf_span(&text));
	buf_free(&text);
	return kept;
}

/* Small numbers are what most routing fields hold: no buffer for them. */
static struct span decimal(struct sigma_scanner *s, uint64_t n)
{
	uint8_t *room = arena_alloc(&s->memory, 24);
	size_t at = 24;

	if (!room)
		return (struct span){ 0 };
	do
		room[--at] = (uint8_t)('0' + n % 10);
	while (n /= 10);
	return span_of(room + at, 24 - at);
}

static struct span hex(struct sigma_scanner *s, uint64_t n)
{
	uint8_t *room = arena_alloc(&s->memory, 24);
	size_t at = 24;

	if (!room)
		return (struct span){ 0 };
	do
		room[--at] = (uint8_t)"0123456789abcdef"[n % 16];
	while (n /= 16);
	room[--at] = 'x';
	room[--at] = '0';
	return span_of(room + at, 24 - at);
}

static struct span utf8_of(struct sigma_scanner *s, struct span utf16, bool fold)
{
	uint8_t *room = arena_alloc(&s->memory, FOLD_ROOM(utf16.len));

	if (!room)
		return (struct span){ 0 };
	return span_of(room, fold ? fold_utf16(room, utf16) : utf8_of_utf16(room, utf16));
}

static struct span text_of(struct sigma_scanner *s, const struct value *value)
{
	switch (value->kind) {
	case VALUE_TEXT:
		return value->bytes;
	case VALUE_UTF16:
		return utf8_of(s, value->bytes, false);
	case VALUE_UINT:
		return decimal(s, value->u);
	case VALUE_HEX:
		return hex(s, value->u);
	case VALUE_NULL:
		return span_of("", 0);
	default:
		return rendered(s, value);
	}
}

static struct span folded_of(struct sigma_scanner *s, const struct value *value, struct span text,
			     bool have_text)
{
	uint8_t *room;

	if (value->kind == VALUE_UTF16 && !have_text)
		return utf8_of(s, value->bytes, true);
	if (!have_text)
		text = text_of(s, value);
	if (value->kind == VALUE_UINT || value->kind == VALUE_NULL || value->kind == VALUE_HEX)
		return text;
	room = arena_alloc(&s->memory, text.len + 1);
	if (!room)
		return (struct span){ 0 };
	fold_utf8(room, text);
	return span_of(room, text.len);
}

static const struct value *value_at(const struct value *value, uint32_t i)
{
	return value->kind == VALUE_LIST ? &value->list[i] : value;
}

/* Room for the pieces of the value; forgets those of the event before. */
static void begin_view(struct sigma_scanner *s, struct view *view, const struct value *value)
{
	if (view->text_stamp == s->stamp || view->folded_stamp == s->stamp)
		return;
	view->pieces = &view->one;
	view->count = value->kind == VALUE_ABSENT ? 0 : 1;
	if (value->kind != VALUE_LIST)
		return;
	view->count = value->count < LIST_MAX ? value->count : LIST_MAX;
	view->pieces = ARENA_ARRAY(&s->memory, view->count ? view->count : 1, struct piece);
	if (!view->pieces)
		view->count = 0;
}

const struct view *view_text(struct sigma_scanner *s, uint32_t slot)
{
	struct view *view = &s->views[slot];
	const struct value *value = &s->event->values[slot];

	if (view->text_stamp == s->stamp)
		return view;
	begin_view(s, view, value);
	for (uint32_t i = 0; i < view->count; i++)
		view->pieces[i].text = text_of(s, value_at(value, i));
	view->text_stamp = s->stamp;
	return view;
}

const struct view *view_folded(struct sigma_scanner *s, uint32_t slot)
{
	struct view *view = &s->views[slot];
	const struct value *value = &s->event->values[slot];

	if (view->folded_stamp == s->stamp)
		return view;
	begin_view(s, view, value);
	for (uint32_t i = 0; i < view->count; i++)
		view->pieces[i].folded = folded_of(s, value_at(value, i), view->pieces[i].text,
						   view->text_stamp == s->stamp);
	view->folded_stamp = s->stamp;
	return view;
}
