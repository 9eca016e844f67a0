/*
 * program: what is said of an executable file for the ledger: the digests by which
 * package databases and hash sets know it, how random it looks, who signed it, and
 * what it says of itself.
 *
 * "signed" is said only where the Authenticode signature is about this very file,
 * its cryptography holds, and its chain reaches a certificate of which the
 * thumbprint is in our short list of roots and issuers (program_anchor.c).
 * "signed, issuer not known" holds but for the last: anybody can make such a
 * chain. Expiry and revocation are not judged.
 *
 * What has an execute bit and begins like text is a script, whatever it looks like: a
 * shell runs what the kernel refuses.
 */
#ifndef KANSHIKI_ARTEFACT_PROGRAM_H
#define KANSHIKI_ARTEFACT_PROGRAM_H

#include "artefact/artefact.h"
#include "codec/authenticode.h"
#include "codec/json_write.h"

struct program_look {
	char md5[40], sha1[48];		/* "md5:…", "…" */
	double entropy;			/* bits a byte, 0 to 8 */
};

/* `digests` NULL: they are not known yet. */
void program_look_at(struct span bytes, const struct digests *digests, struct program_look *out);
/* Kinds of identify() that the decoders of programs take by content. */
bool program_is_kind(const char *kind);
/* A SHA-1 thumbprint (hex) of a certificate that chains may end at. */
bool program_is_anchor(struct span thumbprint);
/* The signature holds, its signer may sign code, and every link up to one of those does. */
bool program_is_anchored(const struct signature *s);

/*
 * Whether compiled Python has names that its source beside it has not: the first of them, in
 * the artefact's arena, and how many. False where there is no source to be had.
 */
bool program_is_not_of_source(const struct artefact *a, struct span *name, size_t *count);

/* "CN" of a one-line name of X.509, else all of it. */
struct span program_common_name(struct span subject);

artefact_fn program_elf, program_pe, program_macho, program_script, program_text, program_catalogue,
	program_compiled, program_archive;
/* Of no kind and no place: asked of each file with an execute bit. */
extern const struct artefact_decoder program_allowed;

#endif
