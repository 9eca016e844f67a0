/*
 * note: signed notes and checkpoints (c2sp.org/signed-note, c2sp.org/tlog-checkpoint).
 *
 *     kanshiki.case/5d…            origin of the log
 *     42                           its size
 *     CsUYapGGPo4dkMgIAUqom/Xa…=   its Merkle root
 *                                  (an empty line, then one line a signature)
 *     — kanshiki/host Az3grlgt…    key name, base64 of key id and Ed25519 signature
 *
 * A verifier key reads NAME+ID+BASE64, a signing key PRIVATE+KEY+NAME+ID+BASE64,
 * as other tools for such notes write them.
 */
#ifndef KANSHIKI_CODEC_NOTE_H
#define KANSHIKI_CODEC_NOTE_H

#include "base/buf.h"
#include "base/err.h"
#include "codec/digest.h"

#define NOTE_NAME_MAX 255
#define NOTE_MAX 65536		/* bytes of a whole note */
#define NOTE_SIGNATURES_MAX 16
#define NOTE_SECRET_SIZE 64

struct note_key {
	char name[NOTE_NAME_MAX + 1];
	uint8_t id[4];
	uint8_t bytes[32];	/* the Ed25519 public key */
};

/* Without spaces, '+' and controls, not empty. */
bool note_name_is_valid(struct span name);
bool note_key_parse(struct span text, struct note_key *out, struct err *err);
void note_key_text(struct buf *to, const struct note_key *key);
bool note_key_equal(const struct note_key *a, const struct note_key *b);

/*
 * A signing key lives in memory of note_secret_new only: locked, out of core
 * dumps, wiped by note_secret_free.
 */
struct note_secret {
	struct note_key key;
	uint8_t bytes[NOTE_SECRET_SIZE];
};

struct note_secret *note_secret_new(void);	/* NULL: no memory */
void note_secret_free(struct note_secret *secret);	/* NULL-safe */
bool note_secret_make(struct note_secret *secret, struct span name, struct err *err);
bool note_secret_parse(struct note_secret *secret, struct span text, struct err *err);
/* The caller wipes `to`. */
void note_secret_text(struct buf *to, const struct note_secret *secret);

/* Appends the whole note: `text` (ends in a newline), empty line, signature. */
bool note_sign(struct buf *to, struct span text, const struct note_secret *secret,
	       struct err *err);

/*
 * True where one signature is of `key` and right; *text is then the signed part
 * of `note`. ERR_DENIED: no signature of that key; ERR_CORRUPT: not a note, or
 * a signature of that key is wrong.
 */
bool note_verify(struct span note, const struct note_key *key, struct span *text,
		 struct err *err);

struct checkpoint {
	struct span origin;
	uint64_t size;
	uint8_t root[SHA256_SIZE];
};

void checkpoint_text(struct buf *to, const struct checkpoint *checkpoint);
/* Of a note's text, or of a whole note. Exactly three lines: we write no extensions. */
bool checkpoint_parse(struct span text, struct checkpoint *out, struct err *err);

#endif
