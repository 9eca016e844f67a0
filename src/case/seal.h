/*
 * seal: a signature over all that the case holds (docs/case-file.md).
 *
 * The custody log gets two entries: "contents" (rows and SHA-256 of each table)
 * and "sealed" (the key). Its Merkle root is signed as a checkpoint. The signing
 * key is only ever in the memory of a helper process that is forked here, and that
 * has ended before there are examiners, or begins after the last of them.
 */
#ifndef KANSHIKI_CASE_SEAL_H
#define KANSHIKI_CASE_SEAL_H

#include "case/case.h"
#include "codec/note.h"

/* Name of the log in its checkpoints: this and the case's id. */
#define SEAL_ORIGIN "kanshiki.case/"

struct seal {
	struct note_key key;		/* that signed */
	bool made_key;			/* for the first time: tell the user where it is */
	char key_path[4096];
	struct buf note;		/* the checkpoint; seal_free */
};

/*
 * `key_path` NULL: ~/.config/kanshiki/key, which is made where there is none.
 * A file that is named must be there (kanshiki key make). After case_end; the
 * checkpoint is durable when this returns true.
 */
bool case_seal(struct case_file *c, const char *key_path, struct seal *out, struct err *err);
void seal_free(struct seal *seal);	/* NULL-safe */

/* The default's path into `room`; false where there is no home. */
bool seal_default_key_path(char *room, size_t size, bool make_folder);
/* Loads the key at `path` (NULL: the default) in a helper; `make` it if missing. */
bool seal_key(const char *path, bool make, struct seal *out, struct err *err);

/* The checkpoint `number` (0: the last): its note appended to `note`, its token to `token`. */
bool case_checkpoint(struct case_file *c, uint64_t number, uint64_t *found, struct buf *note,
		     struct buf *token, struct err *err);
/* Stores an RFC 3161 token of that checkpoint, which the caller has verified. */
bool case_add_token(struct case_file *c, uint64_t checkpoint, struct span token,
		    struct err *err);

#endif
