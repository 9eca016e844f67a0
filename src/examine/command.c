#include "examine/command.h"

static void put_span(struct buf *to, struct span s)
{
	buf_add_u32le(to, (uint32_t)s.len);
	buf_add(to, s);
}

bool command_write(struct buf *to, const struct command *command)
{
	put_span(to, command->path);
	buf_add_u64le(to, command->size);
	buf_add_u64le(to, command->allocated);
	buf_add_u64le(to, (uint64_t)command->modified);
	buf_add_u64le(to, (uint64_t)command->changed);
	buf_add_u64le(to, (uint64_t)command->accessed);
	buf_add_u32le(to, command->mode);
	put_span(to, command->marks.capability);
	put_span(to, command->marks.acl);
	buf_add_u32le(to, command->marks.attributes);
	buf_add_u32le(to, command->marks.user);
	buf_add_u32le(to, command->marks.group);
	buf_add_u8(to, command->marks.has_owner);
	buf_add_u8(to, command->no_rights);
	buf_add_u8(to, command->is_cut);
	buf_add_u32le(to, command->beside_count);
	buf_add_u32le(to, command->part_bytes);
	buf_add_u64le(to, command->room_bytes);
	buf_add_u8(to, command->is_room_ours);
	buf_add_u8(to, command->is_relisted);
	buf_add_u8(to, command->is_only_size);
	buf_add_u8(to, command->is_cached);
	buf_add_u8(to, command->is_companion);
	buf_add_u8(to, command->is_careful);
	buf_add_u8(to, (uint8_t)command->refused_count);
	for (size_t i = 0; i < command->refused_count; i++)
		put_span(to, command->refused[i]);
	return !to->overflow;
}

bool command_read(struct span in, struct command *out, struct err *err)
{
	struct cursor c = cursor_of(in);

	*out = (struct command){ .path = cursor_take(&c, cursor_u32le(&c)) };
	out->size = cursor_u64le(&c);
	out->allocated = cursor_u64le(&c);
	out->modified = (timestamp)cursor_u64le(&c);
	out->changed = (timestamp)cursor_u64le(&c);
	out->accessed = (timestamp)cursor_u64le(&c);
	out->mode = cursor_u32le(&c);
	out->marks.capability = cursor_take(&c, cursor_u32le(&c));
	out->marks.acl = cursor_take(&c, cursor_u32le(&c));
	out->marks.attributes = cursor_u32le(&c);
	out->marks.user = cursor_u32le(&c);
	out->marks.group = cursor_u32le(&c);
	out->marks.has_owner = cursor_u8(&c);
	out->no_rights = cursor_u8(&c);
	out->is_cut = cursor_u8(&c);
	out->beside_count = cursor_u32le(&c);
	out->part_bytes = cursor_u32le(&c);
	out->room_bytes = cursor_u64le(&c);
	out->is_room_ours = cursor_u8(&c);
	out->is_relisted = cursor_u8(&c);
	out->is_only_size = cursor_u8(&c);
	out->is_cached = cursor_u8(&c);
	out->is_companion = cursor_u8(&c);
	out->is_careful = cursor_u8(&c);
	out->refused_count = cursor_u8(&c);
	if (out->refused_count > COMMAND_REFUSED_MAX)
		c.short_read = true;
	for (size_t i = 0; !c.short_read && i < out->refused_count; i++)
		out->refused[i] = cursor_take(&c, cursor_u32le(&c));
	return c.short_read ? err_set(err, ERR_CORRUPT, c.at, "malformed command") : true;
}

bool command_write_beside(struct buf *to, const struct command_beside *beside)
{
	buf_add_u8(to, (uint8_t)beside->count);
	for (size_t i = 0; i < beside->count; i++) {
		put_span(to, beside->files[i].name);
		buf_add_u64le(to, beside->files[i].size);
	}
	return !to->overflow;
}

bool command_read_beside(struct span in, struct command_beside *out, struct err *err)
{
	struct cursor c = cursor_of(in);

	*out = (struct command_beside){ .count = cursor_u8(&c) };
	if (out->count > COMMAND_BESIDE_MAX)
		c.short_read = true;
	for (size_t i = 0; !c.short_read && i < out->count; i++) {
		out->files[i].name = cursor_take(&c, cursor_u32le(&c));
		out->files[i].size = cursor_u64le(&c);
	}
	return c.short_read ? err_set(err, ERR_CORRUPT, c.at, "malformed list of files beside") : true;
}
