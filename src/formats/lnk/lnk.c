#include "formats/lnk/lnk.h"

#include "base/utf8.h"

#define HEADER_SIZE 0x4c
#define UNICODE_OFFSETS 0x24	/* LinkInfo headers of at least this size have them */
#define LABEL_IS_UNICODE 0x14
#define TRACKER_SIGNATURE UINT32_C(0xa0000003)
#define ENVIRONMENT_SIGNATURE UINT32_C(0xa0000001)
#define FILE_EXTENSION UINT32_C(0xbeef0004)
#define MAX_TEXT ((size_t)256 << 10)

enum { HAS_ID_LIST = 1, HAS_LINK_INFO = 2, HAS_NAME = 4, HAS_RELATIVE_PATH = 8,
       HAS_WORKING_DIRECTORY = 0x10, HAS_ARGUMENTS = 0x20, HAS_ICON_LOCATION = 0x40,
       IS_UNICODE = 0x80 };
enum { INFO_VOLUME = 1, INFO_NETWORK = 2 };

static struct span from_utf16(struct span utf16, struct arena *arena)
{
	struct buf b = buf_new(MAX_TEXT);
	struct span text;

	utf8_add_utf16le(&b, utf16);
	text = arena_copy(arena, buf_span(&b));
	buf_free(&b);
	return text;
}

/* Bytes up to a NUL, which must be there. */
static struct span narrow_text(struct span bytes)
{
	size_t end = span_find_byte(bytes, 0, 0);

	return end == SIZE_MAX ? (struct span){ 0 } : span_sub(bytes, 0, end);
}

static struct span wide_text(struct span bytes, struct arena *arena)
{
	for (size_t i = 0; i + 1 < bytes.len && i < MAX_TEXT; i += 2) {
		if (bytes.at[i] == 0 && bytes.at[i + 1] == 0)
			return from_utf16(span_sub(bytes, 0, i), arena);
	}
	return (struct span){ 0 };
}

/* The last two bytes say where in the item the extension begins; it says where its name does. */
static struct span extended_name(struct span data, struct arena *arena)
{
	struct cursor c = cursor_of(data);
	size_t at;

	if (data.len < 2)
		return (struct span){ 0 };
	at = load_u16le(data.at + data.len - 2);
	if (at < 3)
		return (struct span){ 0 };
	c = cursor_of(span_from(data, at - 3));
	cursor_skip(&c, 4);
	if (cursor_u32le(&c) != FILE_EXTENSION)
		return (struct span){ 0 };
	cursor_skip(&c, 8);
	return wide_text(span_from(c.in, cursor_u16le(&c)), arena);
}

/* Told in bytes behind the head, or in UTF-16 behind three words more where there are none. */
static struct span control_panel_file(struct span data, struct arena *arena)
{
	struct span narrow = span_from(data, 9), wide = span_from(data, 21);
	size_t end = span_find_byte(narrow, 0, 0);

	if (narrow.len && end != 0)
		return span_sub(narrow, 0, end == SIZE_MAX ? narrow.len : end);
	if (data.len < 21)
		return (struct span){ 0 };
	for (end = 0; end + 1 < wide.len && (wide.at[end] || wide.at[end + 1]); )
		end += 2;
	return from_utf16(span_sub(wide, 0, end), arena);
}

static void read_item(struct lnk_item *item, uint8_t class, struct span data, struct arena *arena)
{
	uint8_t range = class & 0x70;

	item->type = class;
	item->data = data;
	if (class == LNK_ROOT_FOLDER) {
		item->id = span_sub(data, 1, 16);
	} else if (range == LNK_VOLUME) {
		item->type = LNK_VOLUME;
		if (class & 1)
			item->name = narrow_text(data);
		else
			item->id = span_sub(data, 1, 16);
	} else if (range == LNK_FILE_ENTRY) {
		item->type = LNK_FILE_ENTRY;
		item->name = class & 4 ? wide_text(span_from(data, 11), arena)
				       : narrow_text(span_from(data, 11));
		item->long_name = extended_name(data, arena);
	} else if (range == LNK_NETWORK_LOCATION) {
		item->type = LNK_NETWORK_LOCATION;
		item->name = narrow_text(span_from(data, 2));
	} else if (class == LNK_CONTROL_PANEL_FILE) {
		item->cpl_path = control_panel_file(data, arena);
	}
	if (item->id.len != 16)
		item->id = (struct span){ 0 };
}

static void read_id_list(struct cursor *c, struct arena *arena, struct lnk *out)
{
	struct cursor list = cursor_of(cursor_take(c, cursor_u16le(c)));
	size_t room = 0;

	while (!list.short_read && out->item_count < LNK_MAX_ITEMS) {
		uint16_t size = cursor_u16le(&list);
		struct cursor bytes;
		struct lnk_item *item;

		if (size < 3)
			return;
		bytes = cursor_of(cursor_take(&list, (size_t)size - 2));
		if (list.short_read)
			return;
		item = arena_push(arena, (void **)&out->items, &out->item_count, &room, sizeof *item);
		if (!item)
			return;
		read_item(item, cursor_u8(&bytes), span_from(bytes.in, 1), arena);
	}
}

static void read_volume(struct span bytes, struct arena *arena, struct lnk *out)
{
	struct cursor c = cursor_of(bytes);
	uint32_t size = cursor_u32le(&c), drive = cursor_u32le(&c), serial = cursor_u32le(&c);
	uint32_t label = cursor_u32le(&c);

	if (c.short_read)
		return;
	out->has_volume = true;
	out->drive_type = drive;
	out->drive_serial = serial;
	if (size > bytes.len)
		return;
	bytes = span_sub(bytes, 0, size);
	if (label == LABEL_IS_UNICODE)
		out->volume_label = wide_text(span_from(bytes, cursor_u32le(&c)), arena);
	else
		out->volume_label = narrow_text(span_from(bytes, label));
}

static struct span info_text(struct span info, uint32_t offset, uint32_t wide_offset,
			     struct arena *arena)
{
	return wide_offset ? wide_text(span_from(info, wide_offset), arena)
			   : narrow_text(span_from(info, offset));
}

/* CommonNetworkRelativeLink. */
static void read_network(struct span bytes, struct arena *arena, struct lnk *out)
{
	struct cursor c = cursor_of(bytes);
	uint32_t size = cursor_u32le(&c), flags = cursor_u32le(&c), share = cursor_u32le(&c);
	uint32_t device = cursor_u32le(&c), wide_share = 0, wide_device = 0;

	cursor_skip(&c, 4);
	if (share > 0x14) {
		wide_share = cursor_u32le(&c);
		wide_device = cursor_u32le(&c);
	}
	if (c.short_read || size > bytes.len)
		return;
	bytes = span_sub(bytes, 0, size);
	out->share = info_text(bytes, share, wide_share, arena);
	if (flags & 1)
		out->device = info_text(bytes, device, wide_device, arena);
}

static void read_link_info(struct cursor *c, struct arena *arena, struct lnk *out)
{
	struct cursor head = *c;
	uint32_t size = cursor_u32le(&head), header_size = cursor_u32le(&head);
	uint32_t flags = cursor_u32le(&head), volume = cursor_u32le(&head);
	uint32_t base = cursor_u32le(&head), network = cursor_u32le(&head);
	uint32_t suffix, wide_base = 0, wide_suffix = 0;
	struct span info;

	suffix = cursor_u32le(&head);
	if (header_size >= UNICODE_OFFSETS) {
		wide_base = cursor_u32le(&head);
		wide_suffix = cursor_u32le(&head);
	}
	info = cursor_take(c, size);
	if (head.short_read || c->short_read) {
		c->short_read = true;
		return;
	}
	if (flags & INFO_VOLUME) {
		read_volume(span_from(info, volume), arena, out);
		out->base_path = info_text(info, base, wide_base, arena);
		out->local_suffix = info_text(info, suffix, wide_suffix, arena);
	}
	if (flags & INFO_NETWORK) {
		out->path_suffix = info_text(info, suffix, wide_suffix, arena);
		read_network(span_from(info, network), arena, out);
	}
}

static void read_text(struct cursor *c, struct arena *arena, const struct lnk *l, uint32_t flag,
		      struct span *out)
{
	bool is_wide = l->flags & IS_UNICODE;
	struct span bytes;
	size_t count;

	if (!(l->flags & flag))
		return;
	count = cursor_u16le(c);
	bytes = cursor_take(c, is_wide ? count * 2 : count);
	if (!c->short_read)
		*out = is_wide ? from_utf16(bytes, arena) : bytes;
}

static void read_tracker(struct cursor c, struct lnk *out)
{
	struct lnk_tracker t = { 0 };

	cursor_skip(&c, 4);
	t.version = cursor_u32le(&c);
	t.machine = narrow_text(cursor_take(&c, 16));
	t.droid_volume = cursor_take(&c, 16);
	t.droid_file = cursor_take(&c, 16);
	t.birth_volume = cursor_take(&c, 16);
	t.birth_file = cursor_take(&c, 16);
	if (c.short_read || !t.machine.at)
		return;
	out->has_tracker = true;
	out->tracker = t;
}

/* Blocks up to the terminal one, whose size is below 4. */
static void read_extra_data(struct cursor *c, struct arena *arena, struct lnk *out)
{
	for (int i = 0; i < LNK_MAX_BLOCKS; i++) {
		uint32_t size = cursor_u32le(c);
		struct cursor block;
		uint32_t signature;

		if (c->short_read || size < 4) {
			out->whole = !c->short_read;
			return;
		}
		block = cursor_of(cursor_take(c, size - 4));
		signature = cursor_u32le(&block);
		if (signature == TRACKER_SIGNATURE)
			read_tracker(block, out);
		else if (signature == ENVIRONMENT_SIGNATURE)
			out->environment = wide_text(span_from(block.in, 264), arena);
	}
}

bool lnk_parse(struct span file, struct arena *arena, struct lnk *out, struct err *err)
{
	struct cursor c = cursor_of(file);

	*out = (struct lnk){ 0 };
	if (!span_starts(file, SPAN("L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0F")) ||
	    file.len < HEADER_SIZE)
		return err_set(err, ERR_UNSUPPORTED, 0, "no shell link header");
	cursor_skip(&c, 20);
	out->flags = cursor_u32le(&c);
	out->file_attributes = cursor_u32le(&c);
	out->created = timestamp_of_filetime(cursor_u64le(&c));
	out->accessed = timestamp_of_filetime(cursor_u64le(&c));
	out->written = timestamp_of_filetime(cursor_u64le(&c));
	out->file_size = cursor_u32le(&c);
	out->icon_index = cursor_u32le(&c);
	out->show_command = cursor_u32le(&c);
	cursor_seek(&c, HEADER_SIZE);
	if (out->flags & HAS_ID_LIST)
		read_id_list(&c, arena, out);
	if (out->flags & HAS_LINK_INFO)
		read_link_info(&c, arena, out);
	read_text(&c, arena, out, HAS_NAME, &out->name);
	read_text(&c, arena, out, HAS_RELATIVE_PATH, &out->relative_path);
	read_text(&c, arena, out, HAS_WORKING_DIRECTORY, &out->working_directory);
	read_text(&c, arena, out, HAS_ARGUMENTS, &out->arguments);
	read_text(&c, arena, out, HAS_ICON_LOCATION, &out->icon_location);
	read_extra_data(&c, arena, out);
	out->overlay = c.at;
	return true;
}

static struct span joined(struct span a, struct span b, struct arena *arena)
{
	bool has_slash = (a.len && a.at[a.len - 1] == '\\') || (b.len && b.at[0] == '\\');

	return arena_printf(arena, "%.*s%s%.*s", SPAN_ARG(a), b.len && a.len && !has_slash ? "\\" : "", SPAN_ARG(b));
}

static struct span joined_items(const struct lnk *l, struct arena *arena)
{
	struct buf b = buf_new(MAX_TEXT);
	struct span path;

	for (size_t i = 0; i < l->item_count; i++) {
		struct span name = l->items[i].long_name.len ? l->items[i].long_name : l->items[i].name;

		if (!name.len)
			continue;
		if (b.len && b.at[b.len - 1] != '\\')
			buf_text(&b, "\\");
		buf_add(&b, name);
	}
	/* Only where nothing has a name: a control panel, a library. */
	for (size_t i = 0; i < l->item_count && !b.len; i++)
		if (l->items[l->item_count - 1 - i].id.len)
			buf_printf(&b, "::{%.*s}", SPAN_ARG(lnk_guid_text(l->items[l->item_count - 1 - i].id, arena)));
	path = b.len ? arena_copy(arena, buf_span(&b)) : (struct span){ 0 };
	buf_free(&b);
	return path;
}

struct span lnk_target(const struct lnk *l, struct arena *arena)
{
	struct span path;

	if (l->base_path.len)
		return joined(l->base_path, l->local_suffix, arena);
	if (l->share.len)
		return joined(l->share, l->path_suffix, arena);
	path = joined_items(l, arena);
	if (path.len)
		return path;
	return l->environment.len ? l->environment : l->relative_path;
}

struct span lnk_guid_text(struct span guid, struct arena *arena)
{
	struct cursor c = cursor_of(guid);
	uint32_t a = cursor_u32le(&c);
	uint16_t b = cursor_u16le(&c), d = cursor_u16le(&c);
	struct span rest = cursor_take(&c, 8);

	if (c.short_read)
		return (struct span){ 0 };
	return arena_printf(arena, "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", a, b, d,
			    rest.at[0], rest.at[1], rest.at[2], rest.at[3], rest.at[4], rest.at[5],
			    rest.at[6], rest.at[7]);
}
