/*
 * rpm: what RPM's database knows of installed packages: the headers of packages,
 * and the two stores that are not SQLite: Berkeley DB's hash (RHEL up to 8) and
 * ndb (SUSE). Fields and sources: docs/formats/rpm.md.
 *
 * Everything is borrowed from the header's bytes but what is said to be in the
 * arena. Nothing is trusted: counts and offsets are checked where they are used.
 */
#ifndef KANSHIKI_FORMATS_RPM_RPM_H
#define KANSHIKI_FORMATS_RPM_RPM_H

#include "base/arena.h"
#include "base/err.h"

#define RPM_MAX_ENTRIES 65536u
#define RPM_MAX_HEADER ((size_t)64 << 20)

enum rpm_tag {
	RPM_SHA256_OF_HEADER = 273, RPM_NAME = 1000, RPM_VERSION = 1001, RPM_RELEASE = 1002,
	RPM_EPOCH = 1003, RPM_INSTALL_TIME = 1008, RPM_ARCH = 1022,
};

/* Bits of rpm_file.flags */
#define RPM_FILE_CONFIG 1u
#define RPM_FILE_GHOST 64u

struct rpm_header {
	struct span entries;		/* 16 bytes each: tag, type, offset, count */
	struct span data;		/* what they point into */
};

/* A header as the database keeps it: without the magic of a package file. */
bool rpm_header_open(struct span blob, struct rpm_header *out, struct err *err);
/* The first text of a tag; empty where it has none. */
struct span rpm_header_text(const struct rpm_header *h, uint32_t tag);
bool rpm_header_number(const struct rpm_header *h, uint32_t tag, uint32_t *out);

/*
 * A header carries the SHA-256 of the part that the packager made. BROKEN: it was
 * changed since, by somebody who did not mend the digest too.
 */
enum rpm_seal { RPM_SEAL_NONE, RPM_SEAL_HOLDS, RPM_SEAL_BROKEN };
enum rpm_seal rpm_header_seal(const struct rpm_header *h);

struct rpm_file {
	struct span folder, name;	/* "/usr/bin/", "ls" */
	struct span digest;		/* hex, as it is spelled; empty: a folder or a link */
	struct span link;
	uint32_t flags;
	uint16_t mode;
	bool is_installed;		/* else left out, or replaced by another package's */
};

struct rpm_files {
	struct span *folders;		/* in the arena */
	size_t folder_count, index, count;
	struct span names, digests, links;	/* texts not yet read */
	struct span folder_numbers, flags, modes, states;
	const char *algorithm;		/* "md5", "sha256", …: of all digests of this package */
};

/* False: no memory for the folders' names. */
bool rpm_files_open(const struct rpm_header *h, struct arena *arena, struct rpm_files *out);
bool rpm_files_next(struct rpm_files *it, struct rpm_file *out);

/*
 * Every header of a store that is not SQLite. `each` gets bytes that live until it
 * returns; false from it ends. *damaged counts what could not be put together.
 * ERR_UNSUPPORTED: neither store.
 */
bool rpm_store_each(struct span file, bool (*each)(void *context, struct span blob), void *context,
		    uint64_t *damaged, struct err *err);

#endif
