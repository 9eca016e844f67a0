#include "formats/pe/pe_signature.h"

#define CERTIFICATE_HEAD 8
#define CHECKSUM_AT 64
#define SECURITY_ENTRY_32 128	/* of the optional header */
#define SECURITY_ENTRY_64 144

/* The first attribute certificate; empty where the directory is broken or there is none. */
static struct span find_blob(const struct pe *pe)
{
	const struct pe_directory *directory = pe_directory(pe, PE_DIR_SECURITY);
	struct cursor c = cursor_of(pe->file);
	uint32_t len;

	/* This directory alone holds a file offset, not an address. */
	if (directory->rva == 0 || directory->size < CERTIFICATE_HEAD)
		return (struct span){ 0 };
	if (directory->rva > pe->file.len || directory->size > pe->file.len - directory->rva)
		return (struct span){ 0 };
	cursor_seek(&c, directory->rva);
	len = cursor_u32le(&c);
	cursor_skip(&c, 4);
	return len <= CERTIFICATE_HEAD ? (struct span){ 0 } : cursor_take(&c, len - CERTIFICATE_HEAD);
}

/* Everything but the checksum, the directory entry and the signatures themselves. */
static struct span file_digest(const struct pe *pe, struct span algorithm, struct arena *arena)
{
	size_t checksum = pe->optional_offset + CHECKSUM_AT;
	size_t entry = pe->optional_offset + (pe->wide ? SECURITY_ENTRY_64 : SECURITY_ENTRY_32);
	struct span file = span_sub(pe->file, 0, pe->directories[PE_DIR_SECURITY].rva);
	struct span pieces[] = {
		span_sub(file, 0, checksum),
		span_sub(file, checksum + 4, entry - checksum - 4),
		span_from(file, entry + 8),
	};

	if (entry + 8 > file.len)
		return (struct span){ 0 };
	return authenticode_digest(algorithm, pieces, 3, arena);
}

/* The digest of the file as the signature takes it; of signatures of one algorithm the same. */
static struct span digest_for(const struct pe *pe, const struct signature *s, struct arena *arena,
			      const struct pe_signatures *before)
{
	if (s->digest.len == 0)
		return (struct span){ 0 };
	for (size_t i = 0; i < before->count; i++) {
		if (span_eq(before->list[i].signature->digest_algorithm, s->digest_algorithm) &&
		    before->list[i].file_digest.at)
			return before->list[i].file_digest;
	}
	return file_digest(pe, s->digest_algorithm, arena);
}

void pe_signatures_read(const struct pe *pe, struct arena *arena, struct pe_signatures *out)
{
	struct span blob = find_blob(pe);
	struct signatures found;

	*out = (struct pe_signatures){ 0 };
	authenticode_parse(blob, arena, &found);
	out->list = ARENA_ARRAY(arena, found.count, struct pe_signature);
	for (size_t i = 0; out->list && i < found.count; i++) {
		const struct signature *s = &found.list[i];
		struct pe_signature one = { .signature = s };

		one.file_digest = digest_for(pe, s, arena, out);
		one.verified = s->verified && one.file_digest.len &&
			       span_eq(one.file_digest, s->digest);
		/* Without its signer YARA tells only of one for another file. */
		if (s->is_told || (one.file_digest.len && !span_eq(one.file_digest, s->digest)))
			out->list[out->count++] = one;
	}
}
