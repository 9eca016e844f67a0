/*
 * marks: what Linux' file systems keep of a file beside its mode and times.
 */
#ifndef KANSHIKI_BASE_MARKS_H
#define KANSHIKI_BASE_MARKS_H

#include "base/span.h"

#define MARKS_CAPABILITY_MAX 24
#define MARKS_ACL_MAX 516		/* 64 entries: what does not fit is left out */

/* Of `attributes`, as FS_IOC_GETFLAGS and ext's inodes have them. */
enum { MARK_IMMUTABLE = 0x10, MARK_APPEND_ONLY = 0x20 };

struct marks {
	struct span capability;		/* security.capability, as stored; empty: none, or not known */
	struct span acl;		/* system.posix_acl_access in the kernel's form, or empty */
	uint32_t attributes;
	uint32_t user, group;		/* by number; mean something where has_owner */
	bool has_owner;
};

/* Where the spans of marks lie that were read from somewhere. */
struct marks_room {
	uint8_t capability[MARKS_CAPABILITY_MAX], acl[MARKS_ACL_MAX];
};

#endif
