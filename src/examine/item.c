#include "examine/item.h"

#include "artefact/artefact.h"
#include "artefact/linux_link.h"
#include "codec/digest.h"
#include "disk/blocks.h"
#include "evidence/beside.h"
#include "evidence/identify.h"
#include "examine/artefacts.h"
#include "examine/beside.h"
#include "examine/digester.h"
#include "examine/events.h"
#include "examine/images.h"
#include "examine/matching.h"
#include "examine/pages.h"

/* Of a path that a link leads to. */
#define LINK_MAX ((size_t)64 << 10)
#define DIGEST_WAIT_MS 50
/* Digested without a look at the clock: a quarter of a second. */
#define AT_ONCE ((size_t)64 << 20)
/* What is shorter and lies in something is a boot sector kept apart, not a volume. */
#define IMAGE_LEAST ((size_t)64 << 10)
/* Of an image as such rules see its start; its files are matched one by one. */
#define IMAGE_START ((size_t)1 << 20)
#define VMDK_TEXT_MOST ((size_t)64 << 10)
#define EWF_NUMBER 9	/* of a segment, behind the signature */
#define WIPED_LEAST ((size_t)1 << 20)

static void begin(struct examination *x, struct item *item, const struct item_origin *origin)
{
	x->entries++;
	item->mode = origin->begin.mode & (origin->no_rights ? ~07113u : ~0u);
	examination_enter(x, item);
	examination_tell(x, &(struct record){ .type = RECORD_BEGIN, .begin = origin->begin });
}

static void end(struct examination *x, struct item *item)
{
	struct record record = { .type = RECORD_END };
	uint64_t first, lost = item->is_mapped ? pages_lost(&first) : 0;

	if (lost)
		examination_short(x, FATE_PARTLY, "%llu bytes from offset %llu on cannot be read, or the file became "
				  "shorter: zeros stand for them", (unsigned long long)lost, (unsigned long long)first);
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

static struct digest_work digest_work(const struct examination *x, const struct item *item)
{
	return (struct digest_work){ .bytes = item->bytes, .file = item->is_mapped ? x->file : -1,
				     .gives_back = item->is_mapped };
}

/* False where time ran out: then there is no digest. */
static bool digest_bytes(struct examination *x, const struct item *item, uint8_t out[SHA256_SIZE])
{
	struct digest_work work = digest_work(x, item);
	struct digest *d = digest_new(DIGEST_SHA256);
	bool in_time = d;

	while (in_time && digest_work_step(&work, d))
		in_time = !examination_over(x);
	if (in_time)
		digest_done(d, out);
	digest_free(d);
	return in_time;
}

/* What is told of a program is made in the same pass. */
static bool digest_program(struct item *item, uint8_t out[SHA256_SIZE])
{
	if (item->is_mapped || item->bytes.len > AT_ONCE || !artefacts_is_program(item))
		return false;
	digests_of(item->bytes, &item->digests);
	item->has_digests = true;
	memcpy(out, item->digests.sha256, SHA256_SIZE);
	return true;
}

/* Whether to look into the content: not where an equal one was looked into. */
static bool is_new(struct examination *x, struct item *item, const struct item_origin *origin)
{
	struct record_content content = { .size = item->bytes.len };
	enum record_answer answer;

	if (origin->cut || (!digest_program(item, content.sha256) && !digest_bytes(x, item, content.sha256)))
		return true;
	answer = examination_ask(x, &content);
	item->is_known = answer != ANSWER_EXAMINE;
	if (answer == ANSWER_LOOP)
		examination_short(x, FATE_DUPLICATE, "contains itself");
	return !item->is_known;
}

static void match(struct examination *x, struct item *item, bool is_image)
{
	matching_examine(x, item, is_image ? span_sub(item->bytes, 0, IMAGE_START) : item->bytes);
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
}

static void look_into_as_known(struct examination *x, struct item *item, const struct item_origin *origin,
			       const struct identity *identity)
{
	bool is_new_content = is_new(x, item, origin);

	/* What contains itself has been looked into from its outermost place. */
	if (item->fate != FATE_DUPLICATE && !examination_over(x))
		look_into(x, item, identity, is_new_content);
}

/*
 * Nothing else of that size was met: it is looked into while another thread digests it.
 * Not where that decides what is looked into, as of members.
 */
static bool is_looked_into_first(const struct examination *x, const struct item *item,
				 const struct item_origin *origin, const struct identity *identity)
{
	return x->digester && x->command->is_only_size && item->is_mapped && !item->depth && !origin->cut &&
	       identity->reader != READER_IMAGE && identity->reader != READER_ARCHIVE;
}

static void look_into_first(struct examination *x, struct item *item, const struct identity *identity)
{
	struct digest_work work = digest_work(x, item);

	work.gives_back = false;
	digester_start(x->digester, &work);
	x->digested = item;
	if (!examination_over(x))
		look_into(x, item, identity, true);
	/* It is told from there. */
	while (!examination_over(x) && x->digested)
		digester_wait(x->digester, DIGEST_WAIT_MS);
	if (x->digested)
		digester_stop(x->digester);
	x->digested = NULL;
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

/* A disk whose beginning was wiped, with zeros or a text, is known by its name or by being a device. */
static bool may_be_wiped(const struct item *item, const struct item_origin *origin, enum reader reader)
{
	static const char *const names[] = { ".raw", ".dd", ".img", ".image", ".001" };
	bool is = (origin->begin.mode & 0170000) == 0060000;

	if ((reader != READER_NONE && reader != READER_TEXT) || item->depth || item->bytes.len < WIPED_LEAST)
		return false;
	for (size_t i = 0; i < sizeof names / sizeof *names && !is; i++) {
		size_t len = strlen(names[i]);

		is = item->path.len > len && span_eq_nocase(span_from(item->path, item->path.len - len),
							    span_text(names[i]));
	}
	return is;
}

/* The text of a VMDK that lies beside one of its extents names that. */
static bool is_named_in(const struct beside_file *file, struct span extent)
{
	struct blocks *bytes = file ? blocks_of_fd(file->fd, file->size, NULL) : NULL;
	struct buf text = buf_new(VMDK_TEXT_MOST), name = buf_new(LINK_MAX);
	uint8_t *room = buf_reserve(&text, VMDK_TEXT_MOST);
	struct err ignored;
	bool is = bytes && room && blocks_read(bytes, 0, room, VMDK_TEXT_MOST, &text.len, &ignored) &&
		  span_starts(buf_span(&text), SPAN("# Disk DescriptorFile")) &&
		  buf_printf(&name, "\"%.*s\"", SPAN_ARG(extent)) &&
		  span_find(buf_span(&text), 0, buf_span(&name)) != SIZE_MAX;

	buf_free(&text);
	buf_free(&name);
	blocks_close(bytes);
	return is;
}

/* A further segment of an EWF image, or an extent of a VMDK, whose first file lies beside it, and is the image. */
static bool is_further_segment(struct examination *x, const struct item *item, bool is_ewf)
{
	struct buf name = buf_new(LINK_MAX);
	struct span own = span_after_last(item->path, '/');
	bool is = !item->depth && beside_first_segment(own, &name) && beside_find(x->beside, buf_span(&name));

	if (is_ewf)
		is = is && item->bytes.len > EWF_NUMBER + 1 && load_u16le(item->bytes.at + EWF_NUMBER) > 1;
	else
		is = is && is_named_in(beside_find(x->beside, buf_span(&name)), own);

	if (is)
		examination_short(x, FATE_SKIPPED, "a further segment of %.200s, which is examined as a whole",
				  (char *)name.at);
	buf_free(&name);
	return is;
}

/* What only looks like an image is matched like any other file. */
static struct identity identity_of(struct examination *x, struct item *item, const struct item_origin *origin)
{
	struct identity found = identify(item->bytes);

	if (x->command->is_companion ||
	    (found.reader == READER_IMAGE && is_further_segment(x, item, !strcmp(found.kind, "ewf"))))
		return found;
	if (found.reader == READER_IMAGE && !item->depth && !images_survey(x, item))
		found.reader = READER_NONE;
	else if (may_be_wiped(item, origin, found.reader) && images_survey(x, item))
		found = (struct identity){ CLASS_DISK_IMAGE, "disk, beginning destroyed", READER_IMAGE, false };
	return found;
}

void item_examine(struct examination *x, struct item *item, struct item_origin *origin)
{
	struct identity identity;
	struct artefact_list fitting;
	struct record kind = { .type = RECORD_KIND };

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
	identity = identity_of(x, item, origin);
	artefact_find(identity.kind, item->path, &fitting);
	item->fitting = &fitting;
	kind.kind.evidence_class = identity.evidence_class;
	kind.kind.kind = span_text(identity.kind);
	examination_tell(x, &kind);
	if (identity.is_locked && identity.reader != READER_IMAGE)
		examination_short(x, FATE_LOCKED, "encrypted: %s", identity.kind);
	if (x->limits->names_only)
		examination_short(x, FATE_SKIPPED, "%s", EXAMINE_NAMES_ONLY);
	if (x->command->is_companion) {
		is_new(x, item, origin);
		examination_short(x, FATE_SKIPPED, "belongs to the file that was named, and is read with it");
	}
	if (x->command->is_companion || x->command->is_relisted || x->limits->names_only ||
	    passes_over_rules(x, item, &identity)) {
		end(x, item);
		return;
	}
	if (is_looked_into_first(x, item, origin, &identity))
		look_into_first(x, item, &identity);
	else
		look_into_as_known(x, item, origin, &identity);
	end(x, item);
}
