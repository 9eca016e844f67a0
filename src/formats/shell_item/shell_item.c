#include "formats/shell_item/shell_item.h"

#include "base/utf8.h"

#define MOST_ITEMS 128
#define MOST_PATH ((size_t)32 << 10)

static const struct { const char *id, *name; } folders[] = {
	{ "20d04fe0-3aea-1069-a2d8-08002b30309d", "My Computer" },
	{ "208d2c60-3aea-1069-a2d7-08002b30309d", "Network" },
	{ "f02c1a0d-be21-4350-88b0-7367fc96ef3c", "Network" },
	{ "645ff040-5081-101b-9f08-00aa002f954e", "Recycle Bin" },
	{ "26ee0668-a00a-44d7-9371-beb064c98683", "Control Panel" },
	{ "031e4825-7b94-4dc3-b131-e946b44c8dd5", "Libraries" },
	{ "679f85cb-0220-4080-b29b-5540cc05aab6", "Quick access" },
	{ "018d5c66-4533-4307-9b53-224de2ed1fe6", "OneDrive" },
	{ "59031a47-3f72-44a7-89c5-5595fe6b30ee", "User's files" },
	{ "450d8fba-ad25-11d0-98a8-0800361b1103", "Documents" },
	{ "fdd39ad0-238f-46af-adb4-6c85480369c7", "Documents" },
	{ "d3162b92-9365-467a-956b-92703aca08af", "Documents" },
	{ "b4bfcc3a-db2c-424c-b029-7fe99a87c641", "Desktop" },
	{ "374de290-123f-4565-9164-39c4925e467b", "Downloads" },
	{ "088e3905-0323-4b02-9826-5d99428e115f", "Downloads" },
	{ "33e28130-4e1e-4676-835a-98395c3bc3bb", "Pictures" },
	{ "24ad3ad4-a569-4530-98e1-ab02f9417aa8", "Pictures" },
};

static struct span wide(struct span utf16, struct arena *arena)
{
	size_t len = 0;
	uint8_t *to;

	while (len + 1 < utf16.len && (utf16.at[len] || utf16.at[len + 1]))
		len += 2;
	to = arena_alloc(arena, len / 2 * 3 + 1);
	return to ? span_of(to, utf8_of_utf16le(to, span_sub(utf16, 0, len))) : (struct span){ 0 };
}

static struct span narrow(struct span bytes)
{
	size_t end = span_find_byte(bytes, 0, 0);

	return span_sub(bytes, 0, end);
}

static timestamp fat_time(uint16_t date, uint16_t time)
{
	if (!date)
		return TIME_NONE;
	return timestamp_of_civil(1980 + (date >> 9), date >> 5 & 15, date & 31, time >> 11, time >> 5 & 63,
				  (time & 31) * 2, 0);
}

/* The block 0xbeef0004 keeps the long name; what stands before it grew with its version. */
static void read_extension(struct span item, struct arena *arena, struct shell_item *out)
{
	size_t at = span_find(item, 0, SPAN("\x04\x00\xef\xbe"));
	struct cursor c = cursor_of(item);
	uint16_t version, date, time;
	struct span name;

	if (at == SIZE_MAX || at < 4)
		return;
	cursor_seek(&c, at - 2);
	version = cursor_u16le(&c);
	cursor_skip(&c, 4);
	date = cursor_u16le(&c);
	time = cursor_u16le(&c);
	out->created = fat_time(date, time);
	date = cursor_u16le(&c);
	time = cursor_u16le(&c);
	out->accessed = fat_time(date, time);
	cursor_skip(&c, 2);
	if (version >= 7) {
		cursor_skip(&c, 2);
		out->mft_reference = cursor_u64le(&c);
		cursor_skip(&c, 8);
	}
	if (version < 3)
		return;
	cursor_skip(&c, version >= 9 ? 10 : version >= 8 ? 6 : 2);
	name = wide(span_from(item, c.at), arena);
	if (!c.short_read && name.len)
		out->name = name;
}

static void read_file(struct span item, bool is_wide, struct arena *arena, struct shell_item *out)
{
	struct cursor c = cursor_of(item);
	uint16_t date, time;

	cursor_skip(&c, 2);
	out->size = cursor_u32le(&c);
	date = cursor_u16le(&c);
	time = cursor_u16le(&c);
	out->modified = fat_time(date, time);
	cursor_skip(&c, 2);
	out->name = is_wide ? wide(span_from(item, c.at), arena) : narrow(span_from(item, c.at));
	read_extension(item, arena, out);
}

/* By the name that Windows shows, else by its GUID. */
static void read_folder(struct span id, struct arena *arena, struct shell_item *out)
{
	struct cursor c = cursor_of(id);
	uint32_t first = cursor_u32le(&c);
	uint16_t second = cursor_u16le(&c), third = cursor_u16le(&c);
	struct span rest = cursor_take(&c, 8), text;

	out->is_folder_of_shell = true;
	if (c.short_read)
		return;
	text = arena_printf(arena, "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", first, second, third,
			    rest.at[0], rest.at[1], rest.at[2], rest.at[3], rest.at[4], rest.at[5], rest.at[6],
			    rest.at[7]);
	out->name = arena_printf(arena, "{%.*s}", SPAN_ARG(text));
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (span_eq(text, span_text(folders[i].id)))
			out->name = span_text(folders[i].name);
}

/* `item` from its class byte on. */
static void read_item(struct span item, struct arena *arena, struct shell_item *out)
{
	uint8_t type = out->type;

	if (type == 0x1f || type == 0x2e)
		read_folder(span_sub(item, 2, 16), arena, out);
	else if (type == 0x71)
		read_folder(span_sub(item, 12, 16), arena, out);
	else if (type == 0x74 && span_eq(span_sub(item, 4, 4), SPAN("CFSF")))
		read_file(span_from(item, 10), false, arena, out);
	else if ((type & 0x70) == 0x20)
		out->name = type & 1 ? narrow(span_from(item, 1)) : (struct span){ 0 };
	else if ((type & 0x70) == 0x30)
		read_file(item, type & 4, arena, out);
	else if ((type & 0x70) == 0x40)
		out->name = narrow(span_from(item, 3));
	else if (type == 0x61)
		out->name = item.len > 5 && item.at[1] & 0x80 ? wide(span_from(item, 6), arena)
							      : narrow(span_from(item, 6));
	else
		read_extension(item, arena, out);
}

bool shell_item_next(struct span *list, struct arena *arena, struct shell_item *out)
{
	struct cursor c = cursor_of(*list);
	uint16_t size = cursor_u16le(&c);
	struct span item;

	*out = (struct shell_item){ .modified = TIME_NONE, .created = TIME_NONE, .accessed = TIME_NONE };
	if (size < 3)
		return false;
	item = cursor_take(&c, (size_t)size - 2);
	if (c.short_read)
		return false;
	*list = span_from(*list, size);
	out->type = item.at[0];
	read_item(item, arena, out);
	return true;
}

struct span shell_item_join(struct span parent, const struct shell_item *item, struct arena *arena)
{
	struct span name = item->name.len ? item->name : SPAN("?");
	bool has_slash = !parent.len || span_ends(parent, SPAN("\\"));

	if (item->is_folder_of_shell && span_eq(name, SPAN("My Computer")))
		return (struct span){ 0 };
	if (span_starts(name, SPAN("\\\\")) || parent.len > MOST_PATH)
		return name;
	return arena_printf(arena, "%.*s%s%.*s", SPAN_ARG(parent), has_slash ? "" : "\\", SPAN_ARG(name));
}

struct span shell_item_path(struct span list, struct arena *arena)
{
	struct span path = { 0 };
	struct shell_item item;

	for (int i = 0; i < MOST_ITEMS && shell_item_next(&list, arena, &item); i++)
		path = shell_item_join(path, &item, arena);
	return path;
}
