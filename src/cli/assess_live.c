#include "cli/assess_live.h"

#include "cli/collect.h"

#include <errno.h>
#include <mntent.h>
#include <stdio.h>
#include <sys/stat.h>

#define SOURCES_MOST 4096

/* File systems that hold files of this machine. */
static bool holds_files(const char *type)
{
	static const char *const types[] = { "ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "jfs",
		"reiserfs", "bcachefs", "vfat", "exfat", "ntfs", "ntfs3", "overlay", "tmpfs", "iso9660",
		"udf", "hfsplus", "ubifs", "erofs" };

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (!strcmp(type, types[i]))
			return true;
	return false;
}

static bool add_path(struct live_sources *s, const char *path, struct err *err)
{
	const char **slot = arena_push(&s->arena, (void **)&s->paths, &s->count, &s->room,
				       sizeof *slot);

	if (!slot || !(*slot = arena_text(&s->arena, span_text(path))))
		return err_errno(err, ENOMEM, "sources");
	return true;
}

/* One file system mounted at two places is walked once. */
static bool is_new_device(dev_t seen[SOURCES_MOST], size_t *count, dev_t device)
{
	for (size_t i = 0; i < *count; i++)
		if (seen[i] == device)
			return false;
	if (*count < SOURCES_MOST)
		seen[(*count)++] = device;
	return true;
}

static bool add_mounts(struct live_sources *s, struct err *err)
{
	dev_t seen[SOURCES_MOST];
	size_t count = 0;
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	struct mntent *entry, room;
	char text[8192];
	bool ok = mounts || err_errno(err, errno, "/proc/self/mounts");

	while (ok && s->count < SOURCES_MOST && (entry = getmntent_r(mounts, &room, text, sizeof text))) {
		struct stat st;

		if (holds_files(entry->mnt_type) && strncmp(entry->mnt_dir, "/dev", 5) &&
		    !lstat(entry->mnt_dir, &st) && is_new_device(seen, &count, st.st_dev))
			ok = add_path(s, entry->mnt_dir, err);
	}
	if (mounts)
		endmntent(mounts);
	return ok;
}

bool assess_live_sources(const char *case_name, int given, char **argv, struct live_sources *out,
			 struct err *err)
{
	struct collect_options how = { .root = "/", .only_live = true };
	struct collection_totals totals;
	char path[4096];
	bool ok;

	*out = (struct live_sources){ .arena = arena_new((size_t)64 << 20) };
	snprintf(path, sizeof path, "%s.live.zip", case_name);
	ok = collect_to(path, &how, &totals, err) && add_path(out, path, err);
	for (int i = 0; ok && i < given; i++)
		ok = add_path(out, argv[i], err);
	return ok && (given || add_mounts(out, err));
}

void assess_live_free(struct live_sources *s)
{
	if (s)
		arena_free(&s->arena);
}
