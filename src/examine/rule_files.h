/*
 * rule_files: the texts of rules from files and folders.
 *
 * A folder is read with all folders below it; in it, *.yar, *.yara and *.rule are
 * YARA and *.yml, *.yaml are Sigma, everything else is passed over. A file that
 * is named itself is taken as YARA unless its name says Sigma. Links are not
 * followed below a named folder. The order is that of the arguments and, in a
 * folder, of the names' bytes, so that the same rules have the same digest.
 */
#ifndef KANSHIKI_EXAMINE_RULE_FILES_H
#define KANSHIKI_EXAMINE_RULE_FILES_H

#include "base/arena.h"
#include "base/err.h"

enum rule_language { RULE_YARA, RULE_SIGMA };

struct rule_file {
	enum rule_language language;
	const char *path;
	struct span text;
};

struct rule_files {
	struct arena arena;		/* paths and texts */
	struct rule_file *files;
	size_t count, room;
};

#define RULE_FILE_BYTES ((size_t)64 << 20)	/* of one file */
#define RULE_FILES_BYTES ((size_t)1 << 30)	/* of all */
#define RULE_FOLDER_DEPTH 32

struct rule_files rule_files_new(void);
void rule_files_free(struct rule_files *files);
/*
 * Adds what `path` names; of a folder all rules, not the log sources that stand beside
 * Sigma's (their first key is "sources" or "joined"). Failure names the file that could
 * not be read.
 */
bool rule_files_add(struct rule_files *files, const char *path, struct err *err);
/* One whole regular file into the arena; never a device or a pipe. */
bool rule_files_text(struct arena *arena, const char *path, struct span *out, struct err *err);

#endif
