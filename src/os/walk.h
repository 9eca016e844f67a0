/*
 * walk: everything below a path, without touching it.
 *
 * Goes depth first, in byte order of the paths of files, so that two walks of the
 * same folder give the same order. Symbolic links are told, never followed (the root alone
 * may be one: that is the user's own word); devices, sockets and pipes are told,
 * never opened. Files are opened O_RDONLY|O_NOATIME|O_NOFOLLOW below the root
 * (openat2 where the kernel has it); where the system does not let us keep the
 * access time (not the owner), the file is opened without and that is told.
 */
#ifndef KANSHIKI_OS_WALK_H
#define KANSHIKI_OS_WALK_H

#include <sys/stat.h>

#include "base/err.h"
#include "base/span.h"

enum walk_kind {
	WALK_FILE,		/* regular; .fd is open, unless only listing */
	WALK_FOLDER,		/* entered; told before what is in it */
	WALK_LINK,		/* .target */
	WALK_SPECIAL,		/* device, socket, pipe, /proc and its like below a root: .reason says which */
	WALK_REFUSED,		/* could not be opened or entered: .error, .reason */
	WALK_BEYOND,		/* not entered by our own bounds: .reason */
};

struct walk_entry {
	enum walk_kind kind;
	struct span path;	/* raw bytes, the root as given in front */
	struct stat stat;	/* st_mode 0 where not even that could be read */
	int fd;			/* the caller's to close, or -1 */
	int error;		/* errno of WALK_REFUSED */
	const char *reason;
	struct span target;	/* of a link; empty where reading it would move its access time */
	bool atime_may_move;
};

struct walk_options {
	bool list_only;		/* open no files */
	bool one_file_system;
	uint64_t depth;		/* folders inside folders; 0: 200 */
};

struct walk;

/* ERR_IO where the root is not there or memory is out. `root` is copied. */
struct walk *walk_open(const char *root, const struct walk_options *options, struct err *err);
/* False at the end. What the entry borrows lives until the next call. */
bool walk_next(struct walk *w, struct walk_entry *out);
/*
 * Opens a regular file of that name in the folder of the entry that was just
 * answered, or with "../" before it, once or more, in a folder above where that is still
 * below the root (the name may go down from there), as files are opened. -1: there is none.
 */
int walk_open_beside(struct walk *w, const char *name, struct stat *st);
/*
 * Names in the folder of the entry at hand, one a call, in no order that means something;
 * NULL: no more. `at` begins with 0.
 */
const char *walk_name_beside(struct walk *w, size_t *at);
void walk_free(struct walk *w);		/* NULL-safe */

#endif
