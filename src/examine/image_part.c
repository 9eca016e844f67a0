#include "examine/image_part.h"

void image_part_write_head(uint8_t to[IMAGE_PART_HEAD], const struct image_part *part)
{
	to[0] = (uint8_t)part->kind;
	for (unsigned i = 0; i < 4; i++) {
		to[1 + i] = (uint8_t)(part->volume >> 8 * i);
		to[5 + i] = (uint8_t)(part->count >> 8 * i);
	}
	for (unsigned i = 0; i < 8; i++)
		to[9 + i] = (uint8_t)(part->bytes >> 8 * i);
	memset(to + 17, 0, IMAGE_PART_NAME);
	memcpy(to + 17, part->name, strnlen(part->name, IMAGE_PART_NAME - 1));
	to += 17 + IMAGE_PART_NAME;
	for (size_t i = 0; i < DISK_LUKS_MAX; i++, to += 1 + LUKS_KEY_MOST) {
		to[0] = (uint8_t)part->keys[i].len;
		memcpy(to + 1, part->keys[i].bytes, LUKS_KEY_MOST);
	}
}

bool image_part_write_entry(struct buf *to, const struct fs_entry *e)
{
	buf_add_u64le(to, e->place.inode);
	buf_add_u32le(to, e->place.stream_type);
	buf_add_u32le(to, e->place.stream_id);
	buf_add_u64le(to, e->folder);
	buf_add_u64le(to, e->size);
	buf_add_u64le(to, (uint64_t)e->modified);
	buf_add_u64le(to, (uint64_t)e->changed);
	buf_add_u64le(to, (uint64_t)e->accessed);
	buf_add_u64le(to, (uint64_t)e->created);
	buf_add_u32le(to, e->mode);
	buf_add_u8(to, (uint8_t)e->kind);
	buf_add_u8(to, e->is_deleted);
	buf_add_u8(to, e->is_name);
	buf_add_u8(to, (uint8_t)e->damage);
	buf_add_u32le(to, (uint32_t)e->path.len);
	return buf_add(to, e->path) && !to->overflow;
}

bool image_part_read_head(struct cursor *from, struct image_part *out, struct err *err)
{
	uint8_t kind = cursor_u8(from);
	struct span name;

	*out = (struct image_part){ .kind = (enum image_part_kind)kind, .volume = cursor_u32le(from) };
	out->count = cursor_u32le(from);
	out->bytes = cursor_u64le(from);
	name = cursor_take(from, IMAGE_PART_NAME);
	memcpy(out->name, name.at, name.len < IMAGE_PART_NAME ? name.len : IMAGE_PART_NAME - 1);
	for (size_t i = 0; i < DISK_LUKS_MAX; i++) {
		struct span key;

		out->keys[i].len = cursor_u8(from);
		key = cursor_take(from, LUKS_KEY_MOST);
		memcpy(out->keys[i].bytes, key.at, key.len);
		from->short_read |= out->keys[i].len > LUKS_KEY_MOST;
	}
	if (from->short_read || kind < IMAGE_PART_FILES_OF || kind > IMAGE_PART_CHECK)
		return err_set(err, ERR_CORRUPT, from->at, "malformed share of an image");
	return true;
}

bool image_part_read_entry(struct cursor *from, struct fs_entry *out, struct err *err)
{
	uint8_t kind, damage;

	*out = (struct fs_entry){ .place.inode = cursor_u64le(from) };
	out->place.stream_type = cursor_u32le(from);
	out->place.stream_id = cursor_u32le(from);
	out->folder = cursor_u64le(from);
	out->size = cursor_u64le(from);
	out->modified = (timestamp)cursor_u64le(from);
	out->changed = (timestamp)cursor_u64le(from);
	out->accessed = (timestamp)cursor_u64le(from);
	out->created = (timestamp)cursor_u64le(from);
	out->mode = cursor_u32le(from);
	kind = cursor_u8(from);
	out->kind = (enum fs_kind)kind;
	out->is_deleted = cursor_u8(from);
	out->is_name = cursor_u8(from);
	damage = cursor_u8(from);
	out->damage = (enum fs_damage)damage;
	out->path = cursor_take(from, cursor_u32le(from));
	if (from->short_read || kind > FS_SPECIAL || damage > FS_TABLE_LOST || out->path.len > FS_PATH_MAX * 2)
		return err_set(err, ERR_CORRUPT, from->at, "malformed share of an image");
	return true;
}

bool image_part_path(const char *volume, const struct fs_entry *e, struct buf *to)
{
	buf_clear(to);
	buf_text(to, volume);
	buf_text(to, "/");
	buf_add(to, e->path);
	if (e->is_deleted) {
		buf_text(to, " (deleted ");
		buf_decimal(to, e->place.inode);
		buf_text(to, ")");
	}
	if (e->is_name)
		buf_text(to, " ($FILE_NAME)");
	return !to->overflow;
}
