/*
 * lnk: Windows shortcuts ([MS-SHLLINK]). Fields and sources: docs/formats/lnk.md.
 *
 * Text is UTF-8 in the arena, or the file's own bytes where it is not Unicode.
 * .at NULL: not there. A part that is cut short ends the reading; what was read
 * until then stands, and `whole` is false.
 */
#ifndef KANSHIKI_FORMATS_LNK_LNK_H
#define KANSHIKI_FORMATS_LNK_LNK_H

#include "base/arena.h"
#include "base/err.h"
#include "base/timestamp.h"

#define LNK_MAX_ITEMS 1024
#define LNK_MAX_BLOCKS 1024

enum lnk_item_type { LNK_CONTROL_PANEL_FILE = 0, LNK_ROOT_FOLDER = 0x1f, LNK_VOLUME = 0x20,
		     LNK_FILE_ENTRY = 0x30, LNK_NETWORK_LOCATION = 0x40 };

/* One step of the path to the target through the shell's name space. */
struct lnk_item {
	uint8_t type;			/* class, without the flags of a ranged one */
	struct span data;		/* behind the class byte */
	struct span name;		/* of a volume, file entry or network location */
	struct span long_name;		/* of a file entry, from its extension block, or empty */
	struct span cpl_path;		/* of a control panel file; in items of another kind with its class, what stands there */
	struct span id;			/* GUID, 16 bytes, of a root folder or volume */
};

struct lnk_tracker {
	uint32_t version;
	struct span machine;
	struct span droid_volume, droid_file;		/* GUIDs, 16 bytes */
	struct span birth_volume, birth_file;
};

struct lnk {
	uint32_t flags;
	uint32_t file_attributes;
	timestamp created, accessed, written;
	uint32_t file_size;
	uint32_t icon_index;
	uint32_t show_command;
	struct lnk_item *items;
	size_t item_count;
	bool has_volume;
	uint32_t drive_type, drive_serial;
	struct span volume_label, base_path, path_suffix;
	struct span local_suffix;	/* what follows base_path */
	struct span share, device;	/* "\\\\server\\share", drive letter it had */
	struct span environment;	/* target with %variables%, where the link has that block */
	struct span name, relative_path, working_directory, arguments, icon_location;
	bool has_tracker;
	struct lnk_tracker tracker;
	bool whole;
	size_t overlay;			/* where the link ends */
};

bool lnk_parse(struct span file, struct arena *arena, struct lnk *out, struct err *err);

/*
 * The target as well as the link tells it: its local path, else share and path,
 * else the names of its items joined, else what stands in `environment` or
 * `relative_path`.
 */
struct span lnk_target(const struct lnk *l, struct arena *arena);

/* "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx" of 16 bytes, in the arena. */
struct span lnk_guid_text(struct span guid, struct arena *arena);

#endif
