/* files: the harmless marker files of the example, and archives of them. */
#ifndef KANSHIKI_EXAMPLES_FILES_H
#define KANSHIKI_EXAMPLES_FILES_H

#include "base/buf.h"

/* Writes a file below `root`, making folders; ends the program where it cannot. */
void put_file(const char *root, const char *path, struct span content);

/* A program header without code, followed by the marks of a beacon and a loader. */
void make_library(struct buf *to);
/* Scripts and pages whose text a rule knows; each says that it is harmless. */
struct span startup_script(void);
struct span web_page(void);
struct span collection_script(void);
/* The first bytes of an archive with encrypted names. */
void make_archive_head(struct buf *to);

struct packed_file {
	const char *path;
	struct span content;
};

/* In memory, with fixed times, so that the bytes are always the same. */
enum archive_form { ARCHIVE_TAR_GZ, ARCHIVE_ZIP };
void make_archive(struct buf *to, enum archive_form form, const struct packed_file *entries,
		  size_t count);
/* A zip with one member that asks for a password (and holds noise only). */
void make_locked_zip(struct buf *to, const char *name);

#endif
