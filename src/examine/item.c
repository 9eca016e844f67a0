#include "examine/item.h"

#include "artefact/linux_link.h"
#include "codec/digest.h"
#include "evidence/identify.h"
#include "examine/artefacts.h"
#include "examine/events.h"
#include "examine/images.h"
#include "examine/matching.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

/* Of a path that a link leads to. */
#define LINK_MAX ((size_t)64 << 10)
#define PIECE ((size_t)4 << 20)
#define ZEROS ((size_t)64 << 10)
/* Of an image as such rules see its start; its files are matched one by one. */
/* What is shorter and lies in something is a boot sector kept apart, not a volume. */
#define IMAGE_LEAST ((size_t)64 << 10)
#define IMAGE_START ((size_t)1 << 20)

static void begin(struct examination *x, struct item *item, const struct item_origin *origin)
{
	x->entries++;
	item->mode = origin->begin.mode & (origin->no_rights ? ~07111u : ~0u);
	examination_enter(x, item);
	examination_tell(x, &(struct record){ .type = RECORD_BEGIN, .begin = origin->begin });
}

static void end(struct examination *x, struct item *item)
{
	struct record record = { .type = RECORD_END };

	record.end.fate = item->fate     ? item->fate
			: item->is_known ? FATE_DUPLICATE : FATE_EXAMINED;
	record.end.reason = item->short_of;
	record.end.is_bounded = item->is_bounded;
	examination_tell(x, &record);
	examination_leave(x);
	/* Whatever happens next in the archive is not this member's doing. */
	if (item->depth)
		examination_mark(x);
}

static void tell_link(struct examination *x, const struct item *item, struct span reason)
{
	struct record r = { .type = RECORD_TRACE };
	struct buf room = buf_new(LINK_MAX);

	if (linux_link_trace(item->path, linux_link_of_reason(reason), &room, &r.trace)) {
		r.trace.time = item->modified;
		examination_tell(x, &r);
	}
	buf_free(&room);
}

void item_dismiss(struct examination *x, struct item *item, const struct item_origin *origin,
		  enum fate fate, struct span reason)
{
	begin(x, item, origin);
	examination_short(x, fate, "%.*s", SPAN_ARG(reason));
	tell_link(x, item, reason);
	end(x, item);
}

/*
 * How much of a mapped file from `at` on is a hole: its pages would be made to be
 * read, and cost more than the digest of as many zeros.
 */
static size_t hole_at(const struct examination *x, size_t at, size_t most)
{
	off_t data = lseek(x->file, (off_t)at, SEEK_DATA);

	if (data < 0)
		return errno == ENXIO ? most : 0;
	return (size_t)data - at < most ? (size_t)data - at : most;
}

static void digest_zeros(struct digest *d, size_t len)
{
	static const uint8_t zeros[ZEROS];

	for (; len; len -= len < ZEROS ? len : ZEROS)
		digest_add(d, span_of(zeros, len < ZEROS ? len : ZEROS));
}

/* False where time ran out: then there is no digest. */
static bool digest_bytes(struct examination *x, struct span bytes, bool is_mapped,
			 uint8_t out[SHA256_SIZE])
{
	struct digest *d = digest_new(DIGEST_SHA256);
	size_t len = bytes.len;
	bool in_time = d;

	while (in_time && bytes.len) {
		struct span piece = span_sub(bytes, 0, PIECE);
		size_t hole = is_mapped ? hole_at(x, len - bytes.len, piece.len) : 0;

		digest_zeros(d, hole);
		piece = span_from(piece, hole);
		bytes = span_from(bytes, hole);
		digest_add(d, piece);
		/* Of a mapped file only what is being read stays in memory. */
		if (is_mapped && piece.len)
			madvise((void *)(uintptr_t)piece.at, piece.len, MADV_DONTNEED);
		bytes = span_from(bytes, piece.len);
		in_time = !examination_over(x);
	}
	if (in_time)
		digest_done(d, out);
	digest_free(d);
	return in_time;
}

/* Whether to look into the content: not where an equal one was looked into. */
static bool is_new(struct examination *x, struct item *item, const struct item_origin *origin)
{
	struct record_content content = { .size = item->bytes.len };
	enum record_answer answer;

	if (origin->cut || !digest_bytes(x, item->bytes, item->is_mapped, content.sha256))
		return true;
	answer = examination_ask(x, &content);
	item->is_known = answer != ANSWER_EXAMINE;
	if (answer == ANSWER_LOOP)
		examination_short(x, FATE_DUPLICATE, "contains itself");
	return !item->is_known;
}

static void match(struct examination *x, struct item *item, bool is_image)
{
	struct span all = item->bytes;

	if (is_image)
		item->bytes = span_sub(all, 0, IMAGE_START);
	matching_examine(x, item);
	item->bytes = all;
}

static void look_into(struct examination *x, struct item *item, const struct identity *identity,
		      bool is_new_content)
{
	enum reader reader = identity->reader;

	if (x->misbehave && item->depth) {
		char name[64] = { 0 };
		struct span tail = span_from(item->path, item->path.len > 63 ? item->path.len - 63 : 0);

		memcpy(name, tail.at, tail.len);
		x->misbehave(name, x->records);
	}
	/* What rules say may depend on the name, what a log says does not. */
	if (is_new_content || matching_needs_names(x->matching))
		match(x, item, identity->reader == READER_IMAGE);
	if (is_new_content &&
	    (reader == READER_EVTX || reader == READER_EVT || reader == READER_TEXT ||
	     reader == READER_JOURNAL))
		events_examine(x, item, reader);
	artefacts_examine(x, item, identity->kind, is_new_content);
	if (reader == READER_ARCHIVE && (is_new_content || matching_needs_names(x->matching)))
		members_examine(x, item);
	if (reader == READER_IMAGE && item->depth && is_new_content && item->bytes.len > IMAGE_LEAST)
		images_inside(x, item);
	else if (reader == READER_IMAGE && !item->depth)
		images_verify(x, item);
}

static bool is_refused(const struct examination *x, const struct item *item)
{
	for (size_t i = 0; i < x->command->refused_count; i++)
		if (span_eq(item->path, x->command->refused[i]))
			return true;
	return false;
}

/*
 * Compiled rules have all the words in them that rules search for. Those of our own cache are
 * passed over; what only looks like them is not matched either, but then nobody may say "no sign".
 */
static bool passes_over_rules(struct examination *x, const struct item *item, const struct identity *identity)
{
	size_t cut = item->path.len < 80 ? 0 : item->path.len - 80;

	if (strcmp(identity->kind, "compiled rules"))
		return false;
	if (x->command->is_cached && !item->depth) {
		examination_short(x, FATE_SKIPPED, "compiled rules of this program");
		return true;
	}
	if (!span_ends(item->path, SPAN(".rules")) ||
	    span_find(span_from(item->path, cut), 0, SPAN("/kanshiki/")) == SIZE_MAX)
		return false;
	examination_short(x, FATE_PARTLY, "looks like compiled rules of this program, and was not matched");
	return true;
}

void item_examine(struct examination *x, struct item *item, struct item_origin *origin)
{
	struct identity identity;
	struct record kind = { .type = RECORD_KIND };
	bool new_content;

	begin(x, item, origin);
	if (is_refused(x, item)) {
		examination_short(x, FATE_FAILED, "was the end of an examiner");
		end(x, item);
		return;
	}
	if (x->limits->names_only && origin->fill) {
		examination_short(x, FATE_SKIPPED, "%s", EXAMINE_NAMES_ONLY);
		end(x, item);
		return;
	}
	if (origin->fill) {
		examination_mark(x);
		origin->fill(origin->fill_context, item, origin);
	}
	if (origin->cut && origin->is_cut_by_limit)
		examination_limit(x, "%s", origin->cut);
	else if (origin->cut)
		examination_short(x, origin->fill && !item->bytes.len ? FATE_FAILED : FATE_PARTLY, "%s", origin->cut);
	identity = identify(item->bytes);
	kind.kind.evidence_class = identity.evidence_class;
	kind.kind.kind = span_text(identity.kind);
	examination_tell(x, &kind);
	/* What only looks like an image is matched like any other file. */
	if (identity.reader == READER_IMAGE && !item->depth && !images_survey(x, item))
		identity.reader = READER_NONE;
	if (identity.is_locked && identity.reader != READER_IMAGE)
		examination_short(x, FATE_LOCKED, "encrypted: %s", identity.kind);
	if (x->limits->names_only)
		examination_short(x, FATE_SKIPPED, "%s", EXAMINE_NAMES_ONLY);
	if (passes_over_rules(x, item, &identity) || x->command->is_relisted || x->limits->names_only) {
		end(x, item);
		return;
	}
	new_content = is_new(x, item, origin);
	/* What contains itself has been looked into from its outermost place. */
	if (item->fate != FATE_DUPLICATE && !examination_over(x))
		look_into(x, item, &identity, new_content);
	end(x, item);
}
