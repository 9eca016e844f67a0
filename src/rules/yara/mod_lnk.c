#include "rules/yara/module.h"

#include "formats/lnk/lnk.h"

static void set_text(struct yara_object *to, const char *name, struct span text)
{
	if (text.at)
		yara_set_string(to, name, text);
}

static void set_guid(struct yara_object *to, const char *name, struct span guid)
{
	if (to && guid.at)
		set_text(to, name, lnk_guid_text(guid, to->arena));
}

static void set_time(struct yara_object *to, const char *name, timestamp t)
{
	if (t != TIME_NONE && t >= 0)
		yara_set_integer(to, name, t / TIME_SECOND);
}

static void set_item(struct yara_object *to, const struct lnk_item *item)
{
	yara_set_integer(to, "item_type", item->type);
	yara_set_string(to, "data", item->data);
	switch (item->type) {
	case LNK_CONTROL_PANEL_FILE:
		set_text(to, "cpl_file_path", item->cpl_path);
		break;
	case LNK_ROOT_FOLDER:
		set_guid(to, "root_folder_id", item->id);
		break;
	case LNK_VOLUME:
		set_text(to, "volume_name", item->name);
		set_guid(to, "volume_id", item->id);
		break;
	case LNK_FILE_ENTRY:
		set_text(to, "file_entry_name", item->name);
		break;
	case LNK_NETWORK_LOCATION:
		set_text(to, "network_location", item->name);
		break;
	default:
		break;
	}
}

static void set_tracker(struct yara_object *to, const struct lnk_tracker *t)
{
	yara_set_integer(to, "version", t->version);
	set_text(to, "machine_id", t->machine);
	set_guid(to, "droid_volume_id", t->droid_volume);
	set_guid(to, "droid_file_id", t->droid_file);
	set_guid(to, "droid_birth_volume_id", t->birth_volume);
	set_guid(to, "droid_birth_file_id", t->birth_file);
}

static void set_target(struct yara_object *root, const struct lnk *l)
{
	struct yara_object *list = yara_array(root, "target_id_list");

	for (size_t i = 0; list && i < l->item_count; i++)
		set_item(yara_array_add_struct(list), &l->items[i]);
	if (l->has_volume) {
		yara_set_integer(root, "drive_type", l->drive_type);
		yara_set_integer(root, "drive_serial_number", l->drive_serial);
	}
	set_text(root, "volume_label", l->volume_label);
	set_text(root, "local_base_path", l->base_path);
	set_text(root, "common_path_suffix", l->path_suffix);
}

static bool load(struct yara_load *l)
{
	struct yara_object *root = l->root;
	struct lnk lnk;
	struct err err;

	yara_set_integer(root, "is_lnk", 0);
	if (!lnk_parse(l->data, l->arena, &lnk, &err))
		return false;
	yara_set_integer(root, "is_lnk", 1);
	yara_set_integer(root, "file_attributes", lnk.file_attributes);
	set_time(root, "creation_time", lnk.created);
	set_time(root, "access_time", lnk.accessed);
	set_time(root, "write_time", lnk.written);
	yara_set_integer(root, "file_size", lnk.file_size);
	yara_set_integer(root, "icon_index", lnk.icon_index);
	yara_set_integer(root, "show_command", lnk.show_command);
	set_target(root, &lnk);
	set_text(root, "name", lnk.name);
	set_text(root, "relative_path", lnk.relative_path);
	set_text(root, "working_dir", lnk.working_directory);
	set_text(root, "cmd_line_args", lnk.arguments);
	set_text(root, "icon_location", lnk.icon_location);
	if (lnk.has_tracker)
		set_tracker(yara_struct(root, "tracker_data"), &lnk.tracker);
	if (lnk.whole)
		yara_set_integer(root, "overlay_size", (int64_t)(l->data.len - lnk.overlay));
	if (lnk.whole && lnk.overlay < l->data.len)
		yara_set_integer(root, "overlay_offset", (int64_t)lnk.overlay);
	return true;
}

static const struct yara_field tracker_data[] = {
	YARA_INTEGER_FIELD("version"), YARA_STRING_FIELD("machine_id"),
	YARA_STRING_FIELD("droid_volume_id"), YARA_STRING_FIELD("droid_file_id"),
	YARA_STRING_FIELD("droid_birth_volume_id"), YARA_STRING_FIELD("droid_birth_file_id"),
	YARA_END,
};

static const struct yara_field shell_item[] = {
	YARA_INTEGER_FIELD("item_type"), YARA_STRING_FIELD("data"),
	YARA_STRING_FIELD("cpl_file_path"), YARA_STRING_FIELD("root_folder_id"),
	YARA_STRING_FIELD("volume_name"),
	YARA_STRING_FIELD("volume_id"), YARA_STRING_FIELD("file_entry_name"),
	YARA_STRING_FIELD("network_location"), YARA_END,
};

static const struct yara_field show_command[] = {
	YARA_CONSTANT("NORMAL", 1), YARA_CONSTANT("MAXIMIZED", 3),
	YARA_CONSTANT("MIN_NO_ACTIVE", 7), YARA_END,
};

static const struct yara_field drive_type[] = {
	YARA_CONSTANT("UNKNOWN", 0), YARA_CONSTANT("NO_ROOT_DIR", 1),
	YARA_CONSTANT("REMOVABLE", 2), YARA_CONSTANT("FIXED", 3), YARA_CONSTANT("REMOTE", 4),
	YARA_CONSTANT("CDROM", 5), YARA_CONSTANT("RAMDISK", 6), YARA_END,
};

static const struct yara_field shell_item_type[] = {
	YARA_CONSTANT("CONTROL_PANEL_CPL", 0), YARA_CONSTANT("CONTROL_PANEL_CATEGORY", 1),
	YARA_CONSTANT("ROOT_FOLDER", 0x1f), YARA_CONSTANT("VOLUME", 0x20),
	YARA_CONSTANT("FILE_ENTRY", 0x30), YARA_CONSTANT("NETWORK_LOCATION", 0x40),
	YARA_CONSTANT("COMPRESSED_FOLDER", 0x52), YARA_CONSTANT("URI", 0x61),
	YARA_CONSTANT("CONTROL_PANEL", 0x71), YARA_CONSTANT("PRINTERS", 0x72),
	YARA_CONSTANT("COMMON_PLACES_FOLDER", 0x73), YARA_CONSTANT("USERS_FILES_FOLDER", 0x74),
	YARA_END,
};

static const struct yara_field fields[] = {
	YARA_INTEGER_FIELD("is_lnk"), YARA_STRING_FIELD("name"),
	YARA_INTEGER_FIELD("creation_time"), YARA_INTEGER_FIELD("access_time"),
	YARA_INTEGER_FIELD("write_time"), YARA_INTEGER_FIELD("file_size"),
	YARA_INTEGER_FIELD("file_attributes"), YARA_STRING_FIELD("icon_location"),
	YARA_INTEGER_FIELD("icon_index"), YARA_INTEGER_FIELD("show_command"),
	YARA_INTEGER_FIELD("drive_type"), YARA_INTEGER_FIELD("drive_serial_number"),
	YARA_STRING_FIELD("volume_label"), YARA_STRING_FIELD("local_base_path"),
	YARA_STRING_FIELD("common_path_suffix"), YARA_STRING_FIELD("relative_path"),
	YARA_STRING_FIELD("working_dir"), YARA_STRING_FIELD("cmd_line_args"),
	YARA_INTEGER_FIELD("overlay_size"), YARA_INTEGER_FIELD("overlay_offset"),
	YARA_STRUCT_FIELD("tracker_data", tracker_data),
	YARA_ARRAY_OF_STRUCTS("target_id_list", shell_item),

	YARA_CONSTANT("FILE_ATTRIBUTE_READONLY", 0x1), YARA_CONSTANT("FILE_ATTRIBUTE_HIDDEN", 0x2),
	YARA_CONSTANT("FILE_ATTRIBUTE_SYSTEM", 0x4), YARA_CONSTANT("RESERVED_1", 0x8),
	YARA_CONSTANT("FILE_ATTRIBUTE_DIRECTORY", 0x10),
	YARA_CONSTANT("FILE_ATTRIBUTE_ARCHIVE", 0x20), YARA_CONSTANT("RESERVED_2", 0x40),
	YARA_CONSTANT("FILE_ATTRIBUTE_NORMAL", 0x80),
	YARA_CONSTANT("FILE_ATTRIBUTE_TEMPORARY", 0x100),
	YARA_CONSTANT("FILE_ATTRIBUTE_SPARSE_FILE", 0x200),
	YARA_CONSTANT("FILE_ATTRIBUTE_REPARSE_POINT", 0x400),
	YARA_CONSTANT("FILE_ATTRIBUTE_COMPRESSED", 0x800),
	YARA_CONSTANT("FILE_ATTRIBUTE_OFFLINE", 0x1000),
	YARA_CONSTANT("FILE_ATTRIBUTE_NOT_CONTENT_INDEXED", 0x2000),
	YARA_CONSTANT("FILE_ATTRIBUTE_ENCRYPTED", 0x4000),
	YARA_STRUCT_FIELD("ShowCommand", show_command),
	YARA_STRUCT_FIELD("DriveType", drive_type),
	YARA_STRUCT_FIELD("ShellItemType", shell_item_type),
	YARA_END,
};

const struct yara_module yara_module_lnk = { .name = "lnk", .fields = fields, .load = load };
