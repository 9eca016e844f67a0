#include "cli/hunt.h"
#include "codec/escape.h"
#include "codec/json_read.h"

#define FIELDS_MAX 64
#define KEY_MOST 40		/* columns */
#define VALUE_LEAST 16		/* columns: with fewer a value says nothing */

struct fields {
	struct span keys[FIELDS_MAX], values[FIELDS_MAX];
	size_t widths[FIELDS_MAX];	/* of values, in columns */
	size_t keys_width;		/* of all keys, with what stands between */
	size_t count;
};

static size_t width_of(struct span text)
{
	struct buf shown = buf_new((size_t)1 << 20);
	size_t width = escape_terminal_fit(&shown, text, SIZE_MAX / 2);

	buf_free(&shown);
	return width;
}

static size_t key_width(struct span key)
{
	size_t width = width_of(key);

	return width < KEY_MOST ? width : KEY_MOST;
}

/* The items of a list with a bar between them. */
static struct span value_of(struct arena *arena, const struct json *value)
{
	struct buf all = buf_new((size_t)1 << 20);
	struct span text;

	if (value->kind != JSON_ARRAY)
		return value->text;
	for (const struct json *item = value->first; item; item = item->next)
		buf_printf(&all, "%s%.*s", item == value->first ? "" : " | ", SPAN_ARG(item->text));
	text = arena_copy(arena, buf_span(&all));
	buf_free(&all);
	return text;
}

static void read_fields(struct fields *f, struct arena *arena, const struct json *all)
{
	for (const struct json *member = all->first; member && f->count < FIELDS_MAX; member = member->next) {
		f->keys[f->count] = member->key;
		f->values[f->count] = value_of(arena, member);
		f->widths[f->count] = width_of(f->values[f->count]);
		f->keys_width += key_width(member->key) + (f->count ? 3 : 1);
		f->count++;
	}
}

/* What each of the values may have that are longer: short ones leave them their room. */
static size_t share_of(const struct fields *f, size_t columns)
{
	size_t share = 0, before, left, longer;

	do {
		before = share;
		left = columns;
		longer = 0;
		for (size_t i = 0; i < f->count; i++) {
			if (f->widths[i] <= share)
				left -= f->widths[i] < left ? f->widths[i] : left;
			else
				longer++;
		}
		share = longer ? left / longer : columns;
	} while (share > before && longer);
	return share;
}

/* Fields are left out from the end until each of the others has room to say something. */
static size_t leave_out(struct fields *f, size_t columns)
{
	size_t all = f->count;

	while (f->count > 1 && (f->keys_width + f->count * VALUE_LEAST > columns)) {
		size_t needed = f->keys_width;

		for (size_t i = 0; i < f->count; i++)
			needed += f->widths[i] < VALUE_LEAST ? f->widths[i] : VALUE_LEAST;
		if (needed <= columns)
			break;
		f->count--;
		f->keys_width -= key_width(f->keys[f->count]) + 3;
	}
	return all - f->count;
}

static void show(struct buf *to, struct fields *f, size_t columns)
{
	size_t left_out = leave_out(f, columns > 8 ? columns - 8 : 0), share;

	if (left_out)
		columns -= 8;
	share = share_of(f, columns > f->keys_width ? columns - f->keys_width : 1);
	for (size_t i = 0; i < f->count; i++) {
		buf_text(to, i ? ", " : "");
		escape_terminal_fit(to, f->keys[i], KEY_MOST);
		buf_text(to, "=");
		escape_terminal_fit(to, f->values[i], share);
	}
	if (left_out)
		buf_printf(to, ", +%zu", left_out);
}

void hunt_matched(struct buf *to, struct span matched, size_t columns)
{
	struct arena arena = arena_new((size_t)8 << 20);
	struct fields fields = { .count = 0 };
	struct err err = { 0 };
	struct json *all = NULL;

	if (json_read(matched, &arena, &all, &err) && all->kind == JSON_OBJECT) {
		read_fields(&fields, &arena, all);
		show(to, &fields, columns);
	} else {
		escape_terminal_fit(to, matched, columns);
	}
	arena_free(&arena);
}
