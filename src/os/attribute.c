#include "os/attribute.h"

#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#define NTFS_MAGIC 0x5346544e
#define NTFS3_MAGIC 0x7366746e
#define UDF_MAGIC 0x15013346
#define VBOXSF_MAGIC 0x786f4256
#define VMHGFS_MAGIC 0xbacbacbc

static struct span attribute(int fd, const char *name, uint8_t *out, size_t most)
{
	ssize_t got = fgetxattr(fd, name, out, most);

	return span_of(out, got > 0 ? (size_t)got : 0);
}

struct marks attribute_marks(int fd, bool can_run, struct marks_room *room)
{
	struct marks marks = { 0 };
	struct stat st;
	int flags = 0;

	if (!fstat(fd, &st)) {
		marks.user = st.st_uid;
		marks.group = st.st_gid;
		marks.has_owner = true;
	}
	if (can_run)
		marks.capability = attribute(fd, "security.capability", room->capability, sizeof room->capability);
	marks.acl = attribute(fd, "system.posix_acl_access", room->acl, sizeof room->acl);
	if (!ioctl(fd, FS_IOC_GETFLAGS, &flags))
		marks.attributes = (uint32_t)flags & (MARK_IMMUTABLE | MARK_APPEND_ONLY);
	return marks;
}

/* ntfs-3g and others that have no rights of their own give all to all. */
static bool gives_all(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && (st.st_mode & 0777) == 0777;
}

bool attribute_has_rights(int fd)
{
	static const unsigned long without[] = { NTFS_MAGIC, NTFS3_MAGIC, MSDOS_SUPER_MAGIC, EXFAT_SUPER_MAGIC,
		ISOFS_SUPER_MAGIC, UDF_MAGIC, CIFS_SUPER_MAGIC, SMB2_SUPER_MAGIC, VBOXSF_MAGIC, VMHGFS_MAGIC };
	struct statfs fs;

	if (fstatfs(fd, &fs))
		return true;
	for (size_t i = 0; i < sizeof without / sizeof *without; i++)
		if ((unsigned long)fs.f_type == without[i])
			return false;
	return (unsigned long)fs.f_type != FUSE_SUPER_MAGIC || !gives_all(fd);
}
