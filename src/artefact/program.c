#include "artefact/program.h"

#include "base/buf.h"
#include "codec/digest.h"
#include "formats/elf/elf.h"
#include "formats/macho/macho.h"
#include "formats/pe/pe.h"
#include "formats/pe/pe_signature.h"

#include <math.h>

#define TEXT_MOST 512
#define NOTES_MOST 64

/* ---- digests and entropy ---- */

static void hex_of(char *to, struct span digest)
{
	for (size_t i = 0; i < digest.len; i++) {
		to[2 * i] = "0123456789abcdef"[digest.at[i] >> 4];
		to[2 * i + 1] = "0123456789abcdef"[digest.at[i] & 15];
	}
	to[2 * digest.len] = 0;
}

/* Four tables, so that equal bytes in a row do not wait for each other. */
static void count_bytes(struct span piece, uint64_t counts[4][256])
{
	size_t i = 0;

	for (; i + 4 <= piece.len; i += 4)
		for (size_t k = 0; k < 4; k++)
			counts[k][piece.at[i + k]]++;
	for (; i < piece.len; i++)
		counts[0][piece.at[i]]++;
}

static double entropy_of(uint64_t counts[4][256], size_t total)
{
	double sum = 0;

	for (size_t i = 0; i < 256; i++) {
		uint64_t n = counts[0][i] + counts[1][i] + counts[2][i] + counts[3][i];
		double share = total ? (double)n / (double)total : 0;

		if (n)
			sum -= share * log2(share);
	}
	return sum;
}

void program_look_at(struct span bytes, const struct digests *digests, struct program_look *out)
{
	uint64_t counts[4][256] = { { 0 } };
	struct digests own;

	if (!digests) {
		digests_of(bytes, &own);
		digests = &own;
	}
	memcpy(out->md5, "md5:", 4);
	hex_of(out->md5 + 4, span_of(digests->md5, sizeof digests->md5));
	hex_of(out->sha1, span_of(digests->sha1, sizeof digests->sha1));
	count_bytes(bytes, counts);
	out->entropy = entropy_of(counts, bytes.len);
}

/* ---- a trace and its detail ---- */

struct telling {
	const struct artefact *a;
	struct trace trace;
	struct program_look look;
	struct buf detail;
	struct json_write json;
};

static void begin(struct telling *t, const struct artefact *a, const char *what)
{
	*t = (struct telling){ .a = a, .trace = trace_new(TRACE_PROGRAM, what),
			       .detail = buf_new((size_t)32 << 10) };
	program_look_at(a->bytes, a->digests, &t->look);
	t->trace.path = a->path;
	t->trace.time = a->modified;
	t->trace.source = a->modified == TIME_NONE ? SPAN("") : SPAN("file modified");
	t->trace.digest = span_text(t->look.md5);
	t->trace.bytes_in = a->bytes.len;
	t->json = json_write_to(&t->detail);
	json_object(&t->json);
	json_key(&t->json, "sha1");
	json_text(&t->json, t->look.sha1);
	json_key(&t->json, "entropy");
	json_double(&t->json, round(t->look.entropy * 1000) / 1000);
}

static void add_text(struct telling *t, const char *key, struct span value)
{
	if (!value.len)
		return;
	json_key(&t->json, key);
	json_span(&t->json, span_sub(value, 0, TEXT_MOST));
}

static bool end(struct telling *t)
{
	json_object_end(&t->json);
	t->trace.detail = t->detail.overflow ? SPAN("") : buf_span(&t->detail);
	t->a->trace(t->a->context, &t->trace);
	buf_free(&t->detail);
	return true;
}

/* ---- ELF ---- */

enum { SEGMENT_INTERPRETER = 3, SEGMENT_NOTE = 4, NOTE_BUILD_ID = 3, TYPE_RELOCATABLE = 1,
       TYPE_SHARED = 3, TYPE_CORE = 4 };
enum { TAG_STRINGS = 5, TAG_RPATH = 15, TAG_RUNPATH = 29 };

static uint32_t read_u32(const struct elf *elf, struct cursor *c)
{
	return elf->big_endian ? cursor_u32be(c) : cursor_u32le(c);
}

/* Notes: sizes of name and description, type, then both, each padded to four. */
static struct span build_id(const struct elf *elf, const struct elf_segment *s)
{
	struct cursor c = cursor_of(span_sub(elf->file, (size_t)s->offset, (size_t)s->file_size));

	for (int i = 0; i < NOTES_MOST && cursor_left(&c) >= 12; i++) {
		uint32_t name_len = read_u32(elf, &c), len = read_u32(elf, &c), type = read_u32(elf, &c);
		struct span name = cursor_take(&c, name_len), value;

		cursor_skip(&c, -name_len & 3);
		value = cursor_take(&c, len);
		cursor_skip(&c, -len & 3);
		if (!c.short_read && type == NOTE_BUILD_ID && span_starts(name, SPAN("GNU")))
			return value;
	}
	return (struct span){ 0 };
}

static struct span text_at(struct span file, uint64_t at)
{
	struct span text = at < file.len ? span_sub(file, (size_t)at, TEXT_MOST) : (struct span){ 0 };

	return span_sub(text, 0, span_find_byte(text, 0, 0));
}

/* Where an executable looks for its libraries, other than where all do. */
static void add_library_path(struct telling *t, const struct elf *elf)
{
	struct elf_dynamics entries;
	uint64_t strings = 0, offset;

	if (!elf_dynamic(elf, t->a->arena, &entries))
		return;
	for (size_t i = 0; i < entries.in_last; i++)
		if (entries.list[i].tag == TAG_STRINGS)
			strings = entries.list[i].value;
	if (!elf_offset(elf, strings, &offset) || offset >= elf->file.len)
		return;
	for (size_t i = 0; i < entries.in_last; i++) {
		const struct elf_dynamic *e = &entries.list[i];

		if ((e->tag == TAG_RPATH || e->tag == TAG_RUNPATH) && e->value < elf->file.len - offset)
			add_text(t, e->tag == TAG_RPATH ? "rpath" : "runpath",
				 text_at(elf->file, offset + e->value));
	}
}

static const char *elf_type(const struct elf *elf)
{
	switch (elf->type) {
	case TYPE_RELOCATABLE: return "object or module";
	case ELF_TYPE_EXEC: return "executable";
	case TYPE_SHARED: return "shared or position independent";
	case TYPE_CORE: return "core";
	}
	return "other";
}

static void add_elf(struct telling *t, const struct elf *elf)
{
	bool told = false;

	json_key(&t->json, "type");
	json_text(&t->json, elf_type(elf));
	json_key(&t->json, "machine");
	json_u64(&t->json, elf->machine);
	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *s = &elf->segments[i];
		struct span id = s->type == SEGMENT_NOTE && !told && s->offset < elf->file.len
					 ? build_id(elf, s) : (struct span){ 0 };

		if (s->type == SEGMENT_INTERPRETER)
			add_text(t, "interpreter", text_at(elf->file, s->offset));
		if (id.len && id.len <= 64) {
			json_key(&t->json, "build_id");
			json_hex(&t->json, id);
			told = true;
		}
	}
	add_library_path(t, elf);
	if (!elf->section_count) {
		json_key(&t->json, "sections");
		json_u64(&t->json, 0);
	}
}

bool program_elf(const struct artefact *a, struct err *err)
{
	struct telling t;
	struct elf elf;
	struct err broken;

	begin(&t, a, "elf");
	if (elf_parse(a->bytes, a->arena, &elf, &broken))
		add_elf(&t, &elf);
	else
		add_text(&t, "broken", span_text(broken.text));
	if (span_find(span_sub(a->bytes, 0, 1024), 0, SPAN("UPX!")) != SIZE_MAX)
		add_text(&t, "packed", SPAN("upx"));
	if (span_ends(a->bytes, SPAN("~Module signature appended~\n")))
		add_text(&t, "module_signature", SPAN("appended, not verified"));
	return end(&t);
}

/* ---- PE ---- */

struct span program_common_name(struct span subject)
{
	size_t at = span_find(subject, 0, SPAN("/CN="));
	struct span name = at == SIZE_MAX ? subject : span_from(subject, at + 4);

	return span_sub(name, 0, span_find_byte(name, 0, '/'));
}

static void add_signature(struct telling *t, const struct pe_signatures *all)
{
	const struct pe_signature *best = &all->list[0];

	for (size_t i = 1; i < all->count; i++)
		if (all->list[i].verified && (!best->verified || program_is_anchored(all->list[i].signature)))
			best = &all->list[i];
	t->trace.protocol = !best->verified ? SPAN("bad signature")
			    : program_is_anchored(best->signature) ? SPAN("signed")
							   : SPAN("signed, issuer not known");
	if (best->signature->chain.count) {
		const struct certificate *last =
			&best->signature->chain.list[best->signature->chain.count - 1];

		t->trace.name = program_common_name(best->signature->chain.list[0].subject);
		add_text(t, "issuer", last->issuer);
		add_text(t, "thumbprint", best->signature->chain.list[0].thumbprint);
	}
	if (best->file_digest.len) {
		json_key(&t->json, "authentihash");
		json_hex(&t->json, best->file_digest);
	}
}

/*
 * By which catalogues know the file, signed by itself or not: without its checksum and
 * its signatures, filled up to eight bytes as it would be to hold one.
 */
static void add_authentihash(struct telling *t, const struct pe *pe, enum digest_kind kind, const char *key)
{
	const struct pe_directory *signatures = pe_directory(pe, PE_DIR_SECURITY);
	size_t checksum = pe->optional_offset + 64;
	size_t entry = pe->optional_offset + (pe->wide ? 144 : 128);
	struct span file = signatures && signatures->rva ? span_sub(pe->file, 0, signatures->rva) : pe->file;
	const struct span pieces[] = {
		span_sub(file, 0, checksum),
		span_sub(file, checksum + 4, entry - checksum - 4),
		span_from(file, entry + 8),
		span_sub(SPAN("\0\0\0\0\0\0\0"), 0, -file.len & 7),
	};
	uint8_t digest[DIGEST_MAX];
	struct digest *d = digest_new(kind);

	if (!d || entry + 8 > file.len) {
		digest_free(d);
		return;
	}
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
		digest_add(d, pieces[i]);
	json_key(&t->json, key);
	json_hex(&t->json, span_of(digest, digest_done(d, digest)));
	digest_free(d);
}

bool program_pe(const struct artefact *a, struct err *err)
{
	struct pe_signatures signatures;
	struct telling t;
	struct pe pe;
	struct err broken;

	/* "MZ" alone: a DOS program, or data that happens to begin so. */
	if (!pe_parse(a->bytes, &pe, &broken)) {
		begin(&t, a, "dos");
		add_text(&t, "broken", span_text(broken.text));
		return end(&t);
	}
	begin(&t, a, "pe");
	json_key(&t.json, "machine");
	json_u64(&t.json, pe.machine);
	json_key(&t.json, "library");
	json_bool(&t.json, pe.characteristics & PE_FILE_DLL);
	pe_signatures_read(&pe, a->arena, &signatures);
	if (signatures.count) {
		add_signature(&t, &signatures);
	} else {
		t.trace.protocol = SPAN("unsigned");
	}
	if (!span_eq(t.trace.protocol, SPAN("signed"))) {
		add_authentihash(&t, &pe, DIGEST_SHA1, "authentihash_sha1");
		add_authentihash(&t, &pe, DIGEST_SHA256, "authentihash_sha256");
	}
	if (span_find(span_sub(a->bytes, 0, 1024), 0, SPAN("UPX")) != SIZE_MAX)
		add_text(&t, "packed", SPAN("upx"));
	return end(&t);
}

/* ---- the rest ---- */

bool program_macho(const struct artefact *a, struct err *err)
{
	struct telling t;

	begin(&t, a, a->kind[0] == 'm' ? "mach-o" : "java class or fat mach-o");
	return end(&t);
}

static void tell_script(const struct artefact *a, const char *what)
{
	struct telling t;
	struct span first = a->bytes;

	begin(&t, a, what);
	first = span_trim(span_sub(span_split(&first, '\n'), 0, TEXT_MOST));
	if (span_starts(first, SPAN("#!")))
		add_text(&t, "interpreter", span_trim(span_from(first, 2)));
	end(&t);
}

bool program_script(const struct artefact *a, struct err *err)
{
	tell_script(a, a->kind);
	return true;
}

/* Of the system's own folders: who vouches for an archive vouches for what is in it. */
bool program_archive(const struct artefact *a, struct err *err)
{
	if (!a->bytes.len || a->rest || program_is_kind(a->kind) || span_find(a->path, 0, SPAN("/usr/")) == SIZE_MAX)
		return err_set(err, ERR_UNSUPPORTED, 0, "no archive of the system");
	tell_script(a, "archive");
	return true;
}

/* Named like a script: where the content does not say so. */
bool program_text(const struct artefact *a, struct err *err)
{
	if (!a->bytes.len || program_is_kind(a->kind))
		return err_set(err, ERR_UNSUPPORTED, 0, "told by its content");
	tell_script(a, "script");
	return true;
}

/* ---- compiled Python ---- */

/* PEP 552: bit 0, made from a source of that digest; bit 1, the source is to be compared. */
enum { PYC_BY_DIGEST = 1, PYC_COMPARE = 2 };
enum { PYC_WITH_FLAGS = 3390, PYC_THREE_ENDS = 4000 };

static bool is_never_compared(struct span bytes)
{
	struct cursor c = cursor_of(bytes);
	uint16_t version = cursor_u16le(&c);
	uint32_t flags;

	cursor_skip(&c, 2);
	flags = cursor_u32le(&c);
	return version >= PYC_WITH_FLAGS && version < PYC_THREE_ENDS &&
	       (flags & (PYC_BY_DIGEST | PYC_COMPARE)) == PYC_BY_DIGEST;
}

/*
 * In "__pycache__" Python takes one only where its source stands beside the folder, and compares
 * their times, or the digest, unless it is told not to; elsewhere it takes one without a source.
 * The code in it is not compared by Python: that is done here, by the names in it.
 */
bool program_compiled(const struct artefact *a, struct err *err)
{
	bool is_open = is_never_compared(a->bytes), is_strange;
	struct telling t;
	struct span name;
	size_t count;

	if (a->bytes.len < 16 || a->bytes.at[2] != '\r' || a->bytes.at[3] != '\n')
		return err_set(err, ERR_UNSUPPORTED, 0, "not compiled Python");
	is_strange = program_is_not_of_source(a, &name, &count);
	if (!is_open && !is_strange && span_find(a->path, 0, SPAN("/__pycache__/")) != SIZE_MAX)
		return true;
	begin(&t, a, "compiled python");
	if (is_strange) {
		add_text(&t, "source", SPAN("another"));
		add_text(&t, "strange", arena_printf(a->arena, "%.*s%s", SPAN_ARG(name), count > 1 ? " and others" : ""));
	} else if (is_open) {
		add_text(&t, "source", SPAN("never compared"));
	}
	return end(&t);
}

/* ---- texts ---- */

/* Shells look at the first line: text, and no NUL. */
static bool begins_like_text(struct span bytes)
{
	struct span line = span_sub(bytes, 0, TEXT_MOST);

	if (span_starts(line, SPAN("\xef\xbb\xbf")))
		line = span_from(line, 3);
	if (!line.len || line.at[0] >= 0x80)
		return false;
	line = span_split(&line, '\n');
	for (size_t i = 0; i < line.len; i++)
		if (line.at[i] == 0x7f || (line.at[i] < ' ' && line.at[i] != '\t' && line.at[i] != '\r'))
			return false;
	return true;
}

static bool program_bits(const struct artefact *a, struct err *err)
{
	if (!(a->mode & 0111) || program_is_kind(a->kind) || !begins_like_text(a->bytes))
		return err_set(err, ERR_UNSUPPORTED, 0, "not allowed to run, or told by its content");
	tell_script(a, "script");
	return true;
}

const struct artefact_decoder program_allowed = {
	.name = "scripts", .evidence_class = CLASS_SCRIPT, .decode = program_bits, .of_place = true,
};
