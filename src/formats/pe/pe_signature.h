/* pe_signature: Authenticode of a PE: where it lies, and whether it is about this file. */
#ifndef KANSHIKI_FORMATS_PE_PE_SIGNATURE_H
#define KANSHIKI_FORMATS_PE_PE_SIGNATURE_H

#include "codec/authenticode.h"
#include "formats/pe/pe.h"

struct pe_signature {
	const struct signature *signature;
	struct span file_digest;	/* bytes; .at NULL: unknown algorithm */
	bool verified;			/* the signature holds, and is about this file */
};

struct pe_signatures {
	struct pe_signature *list;
	size_t count;
};

/* Reads the whole file once for each digest algorithm in use. */
void pe_signatures_read(const struct pe *pe, struct arena *arena, struct pe_signatures *out);

#endif
